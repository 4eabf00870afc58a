"""The committed results of the paper preset:
what the code computes, and what the report and figures say.
"""

from pathlib import Path

import numpy as np
import pytest

import dimfree
from figures import style
from figures.catalog import FIGURES
from studies.catalog import STUDIES
from studies.study import Settings, replicate_seed
from tests.measured import all_committed, committed, committed_verdicts

ROOT = Path(dimfree.__file__).parent


def test_report_has_the_committed_bytes():
    """paper_repro.md is a function of the committed tables
    and of the templates; nothing was typed into it.
    """
    results, judged = all_committed(), committed_verdicts()
    joined = {figure.name: dimfree._join(figure, results) for figure in FIGURES}
    captions = {
        figure.name: style.caption(dimfree._drawn(figure, joined[figure.name], results))
        for figure in FIGURES
    }
    text = dimfree.report_text(joined, captions, judged, "figures/results", "paper")
    assert text == (ROOT / "paper_repro.md").read_text(encoding="utf-8")
    other = dimfree.report_text(joined, captions, judged[1:], "figures/results", "paper")
    assert text != other


def test_all_figures_are_committed():
    for figure in FIGURES:
        for suffix in ("svg", "pdf", "png", "txt"):
            assert (dimfree.COMMITTED / figure.paper / f"{figure.name}.{suffix}").is_file()


NUMBERS = ("risk", "empirical_risk", "value")


@pytest.mark.parametrize("study", STUDIES, ids=lambda study: study.name)
def test_committed_numbers_are_what_the_code_computes(study):
    """The first replicate recomputed, of every cell with d ≤ 64
    and of every third cell of evidence: to 1e-7 relative.

    That leaves room for another BLAS. A committed table that other code made, or that was edited
    together with its checksum, differs by far more.
    """
    table = committed(study.name)
    settings: Settings = study.presets["paper"]
    assert table.manifest["counts"]["cells_missing"] == 0
    keys = [column for column in study.measured if column not in NUMBERS]
    first = table.frame[table.frame["replicate"] == 0].to_dict("records")
    kept = {tuple(row[k] for k in keys): row for row in first}
    cells = study.cells(settings)
    chosen = cells[::3] if "cell" in keys else [c for c in cells if c["d"] <= 64]
    # A network's training follows the last bit of another BLAS to another place.
    chosen = [c for c in chosen if c.get("learner") != "network"]
    for cell in chosen:
        (rows,) = study.measure(cell, [replicate_seed(settings.seed, cell, 0)])
        for row in rows:
            before = kept[tuple(row[k] for k in keys)]
            for number in set(NUMBERS) & set(row):
                np.testing.assert_allclose(before[number], row[number], rtol=1e-7, atol=1e-12)
