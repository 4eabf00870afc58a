"""The committed results of the paper preset: what the code computes, and what the report and figures say."""

from pathlib import Path

import numpy as np
import pytest

import dimfree
from bounds.ledger import CLAIMS
from figures.catalog import FIGURES
from studies import tables, verdicts
from studies.catalog import STUDIES
from studies.study import Settings, replicate_seed

ROOT = Path(dimfree.__file__).parent
RESULTS = {study.name: tables.read(dimfree.COMMITTED, study.name, study.columns) for study in STUDIES}


def test_report_has_the_committed_bytes():
    """paper_repro.md is a function of the committed tables and of the templates; nothing was typed into it."""
    joined = {figure.name: dimfree._join(figure, RESULTS) for figure in FIGURES}
    judged = verdicts.judge(CLAIMS, RESULTS)
    text = dimfree.report_text(joined, judged, "figures/paper", "paper")
    assert text == (ROOT / "paper_repro.md").read_text(encoding="utf-8")
    assert text != dimfree.report_text(joined, judged[1:], "figures/paper", "paper")


def test_all_figures_are_committed():
    for figure in FIGURES:
        for suffix in ("svg", "pdf", "png"):
            assert (dimfree.COMMITTED / f"{figure.name}.{suffix}").is_file()


@pytest.mark.parametrize("study", STUDIES, ids=lambda study: study.name)
def test_committed_numbers_are_what_the_code_computes(study):
    """The first replicate of every cell that is quick to measure, recomputed: 1e-7 relative, room for another BLAS.

    A committed table that another code made, or that was edited together with its checksum, differs by far more.
    """
    table = RESULTS[study.name]
    settings: Settings = study.presets["paper"]
    assert table.manifest["counts"]["cells_missing"] == 0
    first = table.frame[table.frame["replicate"] == 0]
    fresh = []
    cells = [c for c in study.cells(settings) if c.get("d", 0) <= 64]
    for cell in cells:
        (rows,) = study.measure(cell, [replicate_seed(settings.seed, cell, 0)])
        fresh += rows
    keys = [
        c for c in study.measured if isinstance(fresh[0][c], str | int) and not isinstance(fresh[0][c], float)
    ]
    wanted = first if len(cells) == len(study.cells(settings)) else first[first["d"] <= 64]
    assert len(fresh) == len(wanted)
    for row, kept in zip(fresh, wanted.to_dict("records"), strict=True):
        for column in study.measured:
            if column in keys:
                assert row[column] == kept[column]
            else:
                np.testing.assert_allclose(kept[column], row[column], rtol=1e-7, atol=1e-12)
