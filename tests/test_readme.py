"""README.md and the teaching guide:
what they tell to run runs, and where they point there is something.
"""

import re
import sys
from pathlib import Path

import numpy as np
import pytest

import dimfree
from figures import minute
from figures.catalog import FIGURES
from figures.told import anchor
from studies import options, own
from tests.measured import committed

ROOT = Path(dimfree.__file__).parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
LIBRARY = (ROOT / "docs" / "library.md").read_text(encoding="utf-8")
SCREEN = 40  # lines


def blocks(text: str, language: str = "python") -> list[str]:
    """The code of a page."""
    return re.findall(rf"```{language}\n(.*?)```", text, re.DOTALL)


def test_code_blocks(capsys: pytest.CaptureFixture[str]) -> None:
    """The bound of one's own holds and its decoy does not;
    the library's mean risk is what theory says, to 1 %.
    """
    for block in (*blocks(README), *blocks(LIBRARY)):
        exec(compile(block, "README.md", "exec"), {})
    first, second = capsys.readouterr().out.splitlines()
    assert first.startswith("mine: HOLDS. At the worst of 3 cells: measured ")
    assert "Decoy (without the 1.5) rejected, at 3 of 3 cells." in first
    measured, predicted = map(float, second.split())
    assert abs(measured / predicted - 1) < 0.01


def test_the_findings_are_those_of_the_committed_results() -> None:
    """Between the two marks stands what the report has, with links to it."""
    figures = []
    for one in (one for one in FIGURES if one.name in minute.MINUTE):
        results = {name: committed(name) for name in one.studies}
        figures.append((one, dimfree._join(one, results).findings))
    wanted = minute.markdown(figures, "paper_repro.md")
    found = README.split("<!-- findings -->\n")[1].split("\n<!-- /findings -->")[0]
    assert found == wanted


def test_it_is_short() -> None:
    """What is for few stands in docs/."""
    assert len(README.splitlines()) <= 150


def test_commands_are_understood() -> None:
    """Every line of README that begins with dimfree is one that the parser takes."""
    lines = [line for block in blocks(README, "sh") for line in block.splitlines()]
    ours = [line.partition(" #")[0].split() for line in lines if "dimfree " in line]
    for words in ours:
        if words[0].endswith("dimfree"):
            assert options.parser().parse_args(words[1:]).command == words[1]
    assert len(ours) >= 5


def test_an_estimator_of_yours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The guide's config with its estimator and a covariance from a file, smaller."""
    monkeypatch.chdir(tmp_path)
    guide = (ROOT / "docs" / "sweep.md").read_text(encoding="utf-8")
    (code,) = (block for block in blocks(guide) if "def shrunk" in block)
    (config,) = blocks(guide, "toml")
    (spectrum,) = re.findall(r"`(spectrum = .*?)`", guide)
    (estimators,) = re.findall(r"mine.py: (.*)\n", code)
    swaps = {"spectrum": spectrum, "estimators": estimators, "dims": "dims = [3]"}
    lines = [swaps.get(line.split(" ")[0], line) for line in config.splitlines()]
    Path("mine.py").write_text(code)
    Path("mine.toml").write_text("\n".join(lines).replace("replicates = 20", "replicates = 2"))
    np.save("cov.npy", np.diag([1.0, 2.0, 3.0]))
    words = ["run", "error-vs-timestep", "--config", "mine.toml", "--out", "out", "--workers", "1"]
    assert dimfree.main(words) == 0
    assert "mine:shrunk" in Path("out/error-vs-timestep.csv").read_text()
    sys.modules.pop("mine")
    own._imported.cache_clear()


@pytest.mark.parametrize("page", ["README.md", "lessons/README.md"])
def test_links(page: str) -> None:
    """Every link leads to a file of ours or to a heading."""
    file = ROOT / page
    links = re.findall(r"\]\(([^)]+)\)", file.read_text(encoding="utf-8"))
    assert len(links) > 3
    for link in links:
        path, _, place = link.partition("#")
        there = file.parent / path if path else file
        assert there.exists(), link
        if place:
            headings = re.findall(r"^#+ (.*)$", there.read_text(encoding="utf-8"), re.MULTILINE)
            assert place in {anchor(heading) for heading in headings}, link


def test_three_newcomers() -> None:
    """Each finds the way on the first screen: the figures, a bound of one's own, teaching."""
    screen = "\n".join(README.splitlines()[:SCREEN])
    for way in ("make reproduce", "#a-bound-of-your-own", "make lessons", "lessons/README.md"):
        assert way in screen, way
    assert screen.index("make lessons") < screen.index("![")
