"""Evidence of every study: what is drawn has an error bar, and what is stored as computed does not know the seed."""

import json
from collections import Counter

import numpy as np
import pandas as pd
import pytest

from studies.catalog import STUDIES
from studies.evidence import COLUMNS, row
from studies.study import Row, Study, replicate_seed
from studies.summary import groups
from tests.measured import quick

EVIDENCE = [study for study in STUDIES if study.columns == COLUMNS]
FEWEST = 5
"""A standard error from fewer replicates is no basis for Student's t at a billionth."""


def again(study: Study, entropy: int) -> list[Row]:
    """All rows of replicate 0 of each cell, from another seed."""
    return [
        one
        for cell in study.cells(study.presets["quick"])
        for rows in study.measure(cell, [replicate_seed(entropy, cell, 0)])
        for one in rows
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
    assert complaints(table.frame, again(study, 12345)) == []


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
