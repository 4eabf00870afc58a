"""README.md and the teaching guide:
what they tell to run runs, and where they point there is something.
"""

import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import dimfree
from bounds.catalog import ESTIMATORS
from studies import own

ROOT = Path(dimfree.__file__).parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
# What is marked `py` needs a cluster to run on.
BLOCKS = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
SCREEN = 40  # lines


def test_code_blocks(capsys: pytest.CaptureFixture[str]) -> None:
    """The bound of one's own holds and its decoy does not;
    the library's mean risk is what theory says, to 1 %.
    """
    for block in BLOCKS:
        exec(compile(block, "README.md", "exec"), {})
    first, second, third = capsys.readouterr().out.splitlines()
    assert first.startswith("mine: HOLDS. At the worst of 3 cells: measured ")
    assert "Decoy (without the 1.5) rejected, at 3 of 3 cells." in first
    measured, predicted = map(float, second.split())
    assert abs(measured / predicted - 1) < 0.01
    traces = dict(one.split() for one in third.split(", "))
    assert set(traces) == set(ESTIMATORS)
    assert all(abs(float(trace) + 8) < 0.2 for trace in traces.values())


def test_your_own_sweep(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The section's config with its estimator and a covariance from a file, smaller."""
    monkeypatch.chdir(tmp_path)
    section = README.partition("\n## Your own sweep\n")[2].partition("\n## ")[0]
    (code,) = re.findall(r"```python\n(.*?)```", section, re.DOTALL)
    (config,) = re.findall(r"```toml\n(.*?)```", section, re.DOTALL)
    (spectrum,) = re.findall(r"`(spectrum = .*?)`", section)
    (estimators,) = re.findall(r"mine.py: (.*)\n", code)
    swaps = {"spectrum": spectrum, "estimators": estimators, "dims": "dims = [3]"}
    lines = [swaps.get(line.split(" ")[0], line) for line in config.splitlines()]
    Path("mine.py").write_text(code)
    Path("mine.toml").write_text("\n".join(lines).replace("replicates = 100", "replicates = 2"))
    np.save("cov.npy", np.diag([1.0, 2.0, 3.0]))
    words = ["run", "error-vs-timestep", "--config", "mine.toml", "--out", "out", "--workers", "1"]
    assert dimfree.main(words) == 0
    assert "mine:shrunk" in Path("out/error-vs-timestep.csv").read_text()
    sys.modules.pop("mine")
    own._imported.cache_clear()


def test_your_own_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The command line of that section, word for word, and the files that it names."""
    monkeypatch.chdir(tmp_path)
    rows = np.random.default_rng(0).standard_normal((60, 3))
    np.savetxt("my.csv", rows, delimiter=",", header="a,b,c", comments="")
    section = README.partition("\n## Your own data\n")[2].partition("\n## ")[0]
    assert section.count("\n") <= 25
    (line,) = re.findall(r"```sh\n(.*?)\n```", section, re.DOTALL)
    program, *words = line.split()
    assert program.endswith("dimfree") and dimfree.main(words) == 0
    named = re.findall(r"`(\w+\.(?:npz|json))`", section)
    assert sorted(named) == sorted(path.name for path in Path("results/mine").iterdir())


def section(heading: str) -> str:
    """What stands under a heading."""
    return README.split(f"## {heading}\n")[1].split("\n## ")[0]


def shell(folder: Path, heading: str) -> str:
    """What the lines for the shell in a section print, run in a folder of their own."""
    (lines,) = re.findall(r"```sh\n(.*?)```", section(heading), re.DOTALL)
    done = subprocess.run(
        ["bash", "-ec", re.sub("^dimfree", f"{sys.executable} -m dimfree", lines, flags=re.M)],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout


def test_errors_of_your_own(tmp_path: Path) -> None:
    """The example's table gives the numbers that the text tells, and a picture."""
    said, told = shell(tmp_path, "Errors of your own"), section("Errors of your own")
    assert (tmp_path / "errors.png").read_bytes().startswith(b"\x89PNG")
    slope, low, high = map(float, re.findall(r"-?\d+\.\d+", said.splitlines()[0])[:3])
    assert f"is −{-slope:.3f}, between −{-low:.3f} and {high:.3f}, and so within ±0.02" in told
    assert "is shown to be within ±0.02 of 0" in said
    assert all(law in said.split("law: undecided")[1] for law in ("constant", "log log d"))
    assert "constant 0.05" in said and "with probability 0.05 they would name" in told
    assert "6 times the replicates, or dimensions up to 1.64e+04" in said
    assert "six runs at each d, or dimensions up to 16384" in told
    assert len(told.splitlines()) <= 25


def test_the_bound_in_numbers(tmp_path: Path) -> None:
    """Both examples give the numbers that the text tells."""
    said, told = shell(tmp_path, "The bound in numbers"), section("The bound in numbers")
    kappas = re.findall(r"κ = (\S+)", said)
    assert f"{float(kappas[0]):.3g} (times" in told
    risk = re.findall(r"\|² ≤ (\S+)", said)[0]
    assert f"a risk of at most {float(risk):.2g}" in told
    assert re.findall(r"m = (\d+)", said)[1] in told
    assert len(told.splitlines()) <= 25


@pytest.mark.parametrize("page", ["README.md", "lessons/README.md"])
def test_links(page: str) -> None:
    """Every link leads to a file of ours or to a heading."""
    text = (ROOT / page).read_text(encoding="utf-8")
    anchors = {
        re.sub(r"[^a-z0-9 -]", "", heading.lower()).replace(" ", "-")
        for heading in re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    }
    links = re.findall(r"\]\(([^)]+)\)", text)
    assert len(links) > 3
    for link in links:
        if link.startswith("#"):
            assert link[1:] in anchors, link
        else:
            assert ((ROOT / page).parent / link).exists(), link


def test_three_newcomers() -> None:
    """Each finds the way on the first screen: the figures, a bound of one's own, teaching."""
    screen = "\n".join(README.splitlines()[:SCREEN])
    for way in ("make reproduce", "#a-bound-of-your-own", "make lessons", "lessons/README.md"):
        assert way in screen, way
    assert screen.index("make lessons") < screen.index("![")
