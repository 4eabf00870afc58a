"""README.md and the teaching guide:
what they tell to run runs, and where they point there is something.
"""

import re
from pathlib import Path

import pytest

import dimfree

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
    first, second = capsys.readouterr().out.splitlines()
    assert first.startswith("mine: HOLDS. At the worst of 3 cells: measured ")
    assert "Decoy (without the 1.5) rejected, at 3 of 3 cells." in first
    measured, predicted = map(float, second.split())
    assert abs(measured / predicted - 1) < 0.01


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
