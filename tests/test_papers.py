"""Every claim of every work, over the tuples: its verdict,
its decoy, its place in the graph; and nothing measured in vain.
"""

from dataclasses import replace
from graphlib import TopologicalSorter
from typing import Any

import numpy as np
import pandas as pd
import pytest

from bounds.claim import FEW, Verdict
from bounds.ledger import CLAIMS, PAPERS
from studies.catalog import STUDIES
from studies.evidence import COLUMNS
from studies.quantities import measured_by, measurements, study_of
from studies.study import Study
from studies.tables import Table
from studies.verdicts import judge
from tests.measured import committed, quick, verdict

MARGIN = 1.5
"""By how much of what is allowed a decoy is missed at its worst cell, at least: closer, and the
next seed may accept it.
"""
SETTINGS = [study for study in STUDIES if study.presets["quick"] != study.presets["paper"]]
"""Studies whose preset paper has other cells or replicates than quick."""
EVIDENCE = [study for study in STUDIES if study.columns == COLUMNS]


def complaints(found: Verdict) -> list[str]:
    """What is not as it must be of a verdict."""
    one, out = found.claim, []
    if not found.as_expected:
        out.append(f"{found.status}, expected {one.expected}")
    if one.expected != "UNDECIDED" and one.kind != "rate" and found.decoy.margin <= MARGIN:
        out.append(f"the decoy's margin is {found.decoy.margin:.3g}")
    if one.expected == "HOLDS" and found.decoy.share < FEW and not one.decoy_reason:
        out.append(
            f"the decoy falls at {found.decoy_cells} of {found.cells} cells, and there is no "
            f"decoy_reason"
        )
    if not np.isfinite(found.formula.margin):
        out.append("the margin is not finite")
    return out


@pytest.mark.parametrize("claim", CLAIMS, ids=lambda claim: claim.name)
def test_the_verdict_is_the_expected_one(claim):
    """At the preset quick. False alarms:
    each claim's own budget, all of them together below BUDGET.

    Catches a formula and a decoy exchanged, a decoy that falls at a few cells by chance, and one
    that hardly falls.
    """
    assert complaints(verdict(claim.name)) == []


@pytest.mark.parametrize("study", SETTINGS, ids=lambda study: study.name)
def test_the_verdict_is_the_same_at_the_settings_of_the_paper(study):
    """The committed tables of the studies whose preset paper differs from quick, judged again."""
    table = committed(study.name)
    claims = [claim for claim in CLAIMS if study_of(claim) == study.name]
    found = {one.claim.name: complaints(one) for one in judge(claims, {study.name: table})}
    assert {name: told for name, told in found.items() if told} == {}


def test_a_verdict_that_is_not_as_it_must_be_is_seen():
    """Formula and decoy exchanged, and a decoy that is nearly the formula: the words name each."""
    found = verdict("class-collapse")
    assert complaints(found) == []
    assert "REFUTED" in complaints(replace(found, status="REFUTED"))[0]
    near = replace(found, decoy=replace(found.decoy, margin=1.1, share=0.1))
    assert [told.split(" ")[2] for told in complaints(near)] == ["margin", "falls"]
    reasoned = replace(
        near, claim=replace(found.claim, decoy_reason="so", kind="rate", tolerance=0.1)
    )
    assert complaints(reasoned) == []


def test_names_and_graph():
    """A name is permanent and means one thing; nothing rests on itself, or on what is not there."""
    for names in (
        [claim.name for claim in CLAIMS],
        [paper.stem for paper in PAPERS],
        [study.name for study in STUDIES],
    ):
        assert len(set(names)) == len(names)
    order = tuple(TopologicalSorter({claim.name: claim.uses for claim in CLAIMS}).static_order())
    assert set(order) == {claim.name for claim in CLAIMS}


def test_every_measurement_is_used():
    """An entry that no claim names is measured for nobody; a claim's study is there."""
    assert set(measurements()) <= {claim.measurement for claim in CLAIMS}
    assert {study_of(claim) for claim in CLAIMS} <= {study.name for study in STUDIES}
    assert {study.name for study in EVIDENCE} <= {study_of(claim) for claim in CLAIMS}


def unused(study: Study, table: Table) -> set[str]:
    """The quantities of evidence without which every claim's measurement would be the same."""
    claims = [claim for claim in CLAIMS if study_of(claim) == study.name]
    named = {claim.measurement.partition(":")[2] for claim in claims}
    composed = {c.measurement: measured_by(c)[1] for c in claims if c.measurement in measurements()}
    whole = {name: measure(table) for name, measure in composed.items()}
    left = set()
    for quantity in set(table.frame["quantity"]) - named:
        without = Table(table.frame[table.frame["quantity"] != quantity], table.manifest)
        if all(same(measure, without, whole[name]) for name, measure in composed.items()):
            left.add(quantity)
    return left


def same(measure, table: Table, before: list[Any]) -> bool:
    """Whether a measurement of a table is what it was; what fails for want of rows is not."""
    try:
        return bool(measure(table) == before)
    except (ValueError, KeyError, IndexError):
        return False


@pytest.mark.parametrize("study", EVIDENCE, ids=lambda study: study.name)
def test_every_quantity_is_claimed(study):
    """No row is measured for nobody."""
    assert unused(study, quick(study.name)) == set()


def test_a_quantity_for_nobody_is_seen():
    """A row more, of a quantity that no claim names."""
    (study,) = (one for one in EVIDENCE if one.name == "evidence-rigor")
    table = quick(study.name)
    extra = table.frame.iloc[:1].assign(quantity="for-nobody")
    table = Table(pd.concat([table.frame, extra]), table.manifest)
    assert unused(study, table) == {"for-nobody"}
