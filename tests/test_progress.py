"""What a run says while it lasts."""

import re

import pytest

from studies import progress
from studies.progress import Report
from studies.study import Cell


def test_a_line_at_each_quarter_and_nothing_unasked(capsys: pytest.CaptureFixture[str]) -> None:
    """In steps of three to twenty: four lines, the last at the end.
    Catches a line a step, and one too few.
    """
    for wanted in (True, False):
        say = Report("toy", wanted)
        with say.bar(20):
            for count in (3, 3, 3, 3, 3, 3, 2):
                say.step(count)
        lines = capsys.readouterr().err.splitlines()
        assert lines == [f"toy: {done} of 20 done" for done in (6, 12, 15, 20) if wanted]


def test_cells_pass_and_only_slow_ones_are_told(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """All cells come through in order;
    where no time may pass in silence there is a line for each.
    """
    cells: list[Cell] = [{"d": d} for d in range(3)]
    assert list(Report("toy", True).through(cells, "listed")) == cells
    assert capsys.readouterr().err == ""
    monkeypatch.setattr(progress, "SECONDS_BETWEEN_LINES", -1.0)
    assert list(Report("toy", True).through(cells, "listed")) == cells
    told = re.findall(r"^toy: (\d) of 3 cells listed$", capsys.readouterr().err, re.MULTILINE)
    assert told == ["0", "1", "2"]


def test_what_is_counted_passes(capsys: pytest.CaptureFixture[str]) -> None:
    """All items come through in order, and a line at each half of two; of none there is none."""
    assert list(Report("pictures", True).count(iter("ab"), 2)) == ["a", "b"]
    assert capsys.readouterr().err == "pictures: 1 of 2 done\npictures: 2 of 2 done\n"
    assert list(Report("pictures", True).count([], 0)) == []
    assert capsys.readouterr().err == ""
