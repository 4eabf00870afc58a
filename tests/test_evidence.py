"""Evidence of every study: what is drawn has an error bar, and what is stored as computed does not know the seed."""

import json
from collections import Counter
from collections.abc import Callable, Collection
from functools import cache

import numpy as np
import pandas as pd
import pytest

from bounds.ledger import CLAIMS, claim
from studies.catalog import STUDIES, study
from studies.evidence import COLUMNS, row
from studies.quantities import needed, study_of
from studies.study import Cell, Row, replicate_seed
from studies.summary import groups
from tests.measured import quick

EVIDENCE = [study for study in STUDIES if study.columns == COLUMNS]
FEWEST = 5
"""A standard error from fewer replicates is no basis for Student's t at a billionth."""


@cache
def again(name: str) -> list[tuple[Cell, list[Row]]]:
    """Each cell of a study with the rows of its replicate 0, from another seed than the preset's."""
    one = study(name)
    return [
        (cell, [line for rows in one.measure(cell, [replicate_seed(12345, cell, 0)]) for line in rows])
        for cell in one.cells(one.presets["quick"])
    ]


def complaints(frame: pd.DataFrame, other: list[Row]) -> list[str]:
    """Which numbers of a table have too few replicates for what is drawn, given the same cells from another seed.

    Where the place itself is drawn, and so stands in the cell, the other seed has another place: there it must have as many
    numbers of that quantity, and what they are is between the cell and the formula.
    """
    second = {(one["quantity"], one["cell"]): float(one["value"]) for one in other}
    elsewhere = Counter(str(quantity) for quantity, _ in second)
    out = []
    for (quantity, cell), group in groups(frame, ["quantity", "cell"]):
        if len(group) == 1:
            first, value = float(group["value"].iloc[0]), second.get((quantity, cell))
            elsewhere[quantity] -= 1
            if value is not None and abs(first - value) > 1e-12 * abs(first):
                out.append(f"{quantity} at {cell} is stored as computed and is {first!r} or {value!r}")
        elif len(group) < FEWEST:
            out.append(f"{quantity} at {cell} has {len(group)} replicates")
    single = frame.groupby(["quantity", "cell"]).size() == 1
    for quantity in single[single].index.get_level_values("quantity").unique():
        if elsewhere[quantity] != 0:
            out.append(f"{quantity} is at {abs(elsewhere[quantity])} cells of one seed only")
    return out


@pytest.mark.parametrize("study", EVIDENCE, ids=lambda study: study.name)
def test_what_is_drawn_has_an_error(study):
    """Each cell from the preset's seed and from another. Catches a drawn number with error 0, in no budget."""
    table = quick(study.name)
    assert complaints(table.frame, [line for _, rows in again(study.name) for line in rows]) == []


def surprises(
    yielded: list[tuple[Cell, list[Row]]], quantities: Callable[[Cell], Collection[str]]
) -> list[str]:
    """Which quantities a cell holds that it should not, or all cells together do not hold that they should."""
    out, never = [], {quantity for cell, _ in yielded for quantity in quantities(cell)}
    for cell, rows in yielded:
        found = {str(line["quantity"]) for line in rows}
        out += [f"{one} is not among those of {cell}" for one in sorted(found - set(quantities(cell)))]
        never -= found
    return out + [f"no cell has {one}" for one in sorted(never)]


@pytest.mark.parametrize("study", EVIDENCE, ids=lambda study: study.name)
def test_a_cell_holds_the_quantities_that_it_says(study):
    """Else a claim would be judged on fewer cells by `dimfree verify NAME` than in the report."""
    assert study.quantities is not None
    assert surprises(again(study.name), study.quantities) == []


def test_a_quantity_that_is_not_said_is_seen():
    """The decoys: one too few for a cell, and one that there is nowhere."""
    yielded = [({"part": "a"}, [row("x", {}, 1.0)]), ({"part": "b"}, [row("x", {}, 1.0), row("y", {}, 1.0)])]
    assert surprises(yielded, lambda cell: ("x", "y")) == []
    assert surprises(yielded, lambda cell: ("x",)) == ["y is not among those of {'part': 'b'}"]
    assert surprises(yielded, lambda cell: ("x", "y", "z")) == ["no cell has z"]


def test_fewer_cells_are_measured_for_one_claim():
    """All cells that hold its quantity and none of another part's; all of them where a quantity is not all it needs."""
    (few,) = needed([claim("kappa")])
    whole = study(few.name)
    cells = [one.cells(one.presets["quick"]) for one in (few, whole)]
    assert cells[0] == [cell for cell in cells[1] if cell["kind"] == "variation"]
    both = needed([claim("kappa"), claim("kappa-schur-any-weights"), claim("dsm-risk")])
    assert [one.name for one in both] == [few.name, "small-samples"]
    assert {cell["kind"] for cell in both[0].cells(both[0].presets["quick"])} == {"variation", "weights"}
    (every,) = needed([one for one in CLAIMS if study_of(one) == "evidence-mixture"])
    assert every is study("evidence-mixture")


@pytest.mark.parametrize("study", EVIDENCE, ids=lambda study: study.name)
def test_no_preset_has_fewer_replicates_than_quick(study):
    """So that what quick decides, the others do; a cell's own limit is the same in all of them."""
    few = study.presets["quick"].replicates
    assert all(settings.replicates >= few for settings in study.presets.values())


def test_a_draw_stored_as_computed_is_seen():
    """One draw alone, and four of them: both are named. A computed number and five draws are not."""

    def rows(seed: int) -> list[Row]:
        rng = np.random.default_rng(seed)
        counts = {"alone": 1, "four": 4, "five": 5}
        return [
            {**row(name, {"d": 2}, rng.standard_normal()), "replicate": k}
            for name, count in counts.items()
            for k in range(count)
        ] + [{**row("computed", {"d": 2}, 3.0), "replicate": 0}]

    found = complaints(pd.DataFrame(rows(1)), rows(2))
    assert [one.split()[0] for one in found] == ["alone", "four"]
    assert json.loads(found[0].split(" at ")[1].split(" is ")[0]) == {"d": 2}
