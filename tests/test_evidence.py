"""Evidence of every study: what is drawn has an error bar,
and what is stored as computed does not know the seed.
"""

import json
from collections import Counter

import numpy as np
import pandas as pd
import pytest

from bounds.check import InvalidInput
from studies.catalog import STUDIES
from studies.evidence import (
    COLUMNS,
    Parts,
    computed,
    drawn_once,
    evidence,
    measured,
    one_by_one,
    part_of,
    row,
)
from studies.progress import Report
from studies.study import Row, Study, parse_settings, replicate_seed
from studies.summary import groups
from studies.sweep import Interrupted, run
from tests import toy_studies
from tests.measured import quick

EVIDENCE = [study for study in STUDIES if study.columns == COLUMNS]
FEWEST = 5
"""A standard error from fewer replicates is no basis for Student's t at a billionth."""


def parts_of(study: Study) -> Parts:
    """The one mapping that a study's `measure` looks its parts up in."""
    code, module = study.measure.__code__, study.measure.__globals__
    found: Parts
    (found,) = (module[name] for name in code.co_names if name.isupper())
    return found


def drawn(study: Study) -> set[str]:
    """The quantities that some part draws. No other part is handed a seed; that what those compute
    is the same whenever it is computed, test_committed says of every cell.
    """
    seeded = [part for part in parts_of(study).values() if part.seeded]
    return {quantity for part in seeded for quantity in part.quantities}


def again(study: Study, entropy: int) -> list[Row]:
    """All rows of replicate 0 of each cell that has something drawn, from another seed."""
    parts, of = parts_of(study), drawn(study)
    return [
        one
        for cell in study.cells(study.presets["quick"])
        if of & set(part_of(parts, cell).quantities)
        for rows in study.measure(cell, [replicate_seed(entropy, cell, 0)])
        for one in rows
    ]


def complaints(frame: pd.DataFrame, other: list[Row]) -> list[str]:
    """Which numbers of a table have too few replicates
    for what is drawn, given the same cells from another seed.

    Where the place itself is drawn, and so stands in the cell, the other seed has another place:
    there it must have as many numbers of that quantity, and what they are is between the cell and
    the formula.
    """
    second = {(one["quantity"], one["cell"]): float(one["value"]) for one in other}
    elsewhere = Counter(str(quantity) for quantity, _ in second)
    out = []
    for (quantity, cell), group in groups(frame, ["quantity", "cell"]):
        elsewhere[quantity] -= 1
        if len(group) == 1:
            first, value = float(group["value"].iloc[0]), second.get((quantity, cell))
            if value is not None and abs(first - value) > 1e-12 * abs(first):
                out.append(
                    f"{quantity} at {cell} is stored as computed and is {first!r} or {value!r}"
                )
        elif len(group) < FEWEST:
            out.append(f"{quantity} at {cell} has {len(group)} replicates")
    single = frame.groupby(["quantity", "cell"]).size() == 1
    for quantity in single[single].index.get_level_values("quantity").unique():
        if elsewhere[quantity] != 0:
            out.append(f"{quantity} is at {abs(elsewhere[quantity])} cells of one seed only")
    return out


@pytest.mark.parametrize("study", EVIDENCE, ids=lambda study: study.name)
def test_what_is_drawn_has_an_error(study):
    """Each cell from the preset's seed and from another.
    Catches a drawn number with error 0, in no budget.
    """
    frame = quick(study.name).frame
    assert complaints(frame[frame["quantity"].isin(drawn(study))], again(study, 12345)) == []


@pytest.mark.parametrize("study", EVIDENCE, ids=lambda study: study.name)
def test_no_preset_has_fewer_replicates_than_quick(study):
    """So that what quick decides, the others do; a cell's own limit is the same in all of them."""
    few = study.presets["quick"].replicates
    assert all(settings.replicates >= few for settings in study.presets.values())


def test_a_draw_stored_as_computed_is_seen():
    """One draw alone, and four of them: both are named.
    A computed number and five draws are not.
    """

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


# --- parts ----------------------------------------------------------------------------------------


def test_a_part_says_how_its_rows_come():
    """A replicate of `one_by_one` and `drawn_once` has
    the generator of its own seed; `computed` gets none.
    """

    def number(cell, rng):
        return [row("number", cell, rng.standard_normal())]

    def square(cell):
        return [row("square", cell, cell["d"] ** 2)]

    parts = {
        "a": one_by_one(number, "number"),
        "b": drawn_once(number, "number"),
        "c": computed(square, "square"),
    }
    seeds = [np.random.SeedSequence(k) for k in range(3)]
    for name in ("a", "b"):
        values = [rows[0]["value"] for rows in measured(parts, {"part": name}, seeds)]
        assert values == [np.random.default_rng(seed).standard_normal() for seed in seeds]
    assert [rows[0]["value"] for rows in measured(parts, {"kind": "c", "d": 3}, seeds)] == [9.0] * 3
    assert [part.sampled for part in parts.values()] == [True, False, False]
    with pytest.raises(KeyError):
        part_of(parts, {"part": "d"})


def test_a_quantity_that_the_part_does_not_name_is_no_row():
    """A claim is measured at the cells that name its quantity;
    one that names it wrongly would be left out in silence.
    """

    def two(cell):
        return [row("square", cell, cell["d"] ** 2), row("cube", cell, cell["d"] ** 3)]

    cell = {"part": "two", "d": 3}
    seeds = [np.random.SeedSequence(1)]
    with pytest.raises(ValueError, match="cube: not among the part's square"):
        measured({"two": computed(two, "square")}, cell, seeds)
    assert len(measured({"two": computed(two, "square", "cube")}, cell, seeds)[0]) == 2


def test_only_the_cells_that_yield_what_is_asked_for():
    """Of the toy's four cells the two of each part; the same cells, so the same seeds."""
    toy, settings = toy_studies.EVIDENCE, toy_studies.EVIDENCE.presets["quick"]
    for asked, part in (
        ({"third"}, "third"),
        ({"positive"}, "drawn"),
        ({"size", "positive"}, "drawn"),
    ):
        cells = toy.only(asked).cells(settings)
        assert cells == [cell for cell in toy.cells(settings) if cell["part"] == part]
    assert list(toy.only({"size", "third"}).cells(settings)) == list(toy.cells(settings))
    assert list(toy.only({"no-such"}).cells(settings)) == []


def test_replicates_are_as_many_as_a_cell_needs(tmp_path, capsys):
    """6 and 1, no more than 3, and 1; with 9 asked for,
    only the cell that is sampled without a limit is gone on with.

    Catches a runner that takes the settings' number for each cell: 24 replicates, and 36.
    """
    toy, settings = toy_studies.EVIDENCE, toy_studies.EVIDENCE.presets["quick"]
    outcome = run(toy, settings, tmp_path)
    assert "toy: 11 replicates in 4 cells: 0 stored, 11 to run (11 new)" in capsys.readouterr().err
    assert (outcome.measured, outcome.missing) == (11, ())
    assert outcome.manifest["counts"]["replicates"] == 11
    more = run(toy, settings.model_copy(update={"replicates": 9}), tmp_path)
    assert "14 replicates in 4 cells: 11 stored, 3 to run" in capsys.readouterr().err
    assert (more.measured, more.manifest["counts"]["replicates"]) == (3, 14)


def test_what_is_stored_is_counted_by_what_is_needed(tmp_path, monkeypatch):
    """Stopped in a folder where more is stored than is asked for:
    2 and 1, 2 of 3, and 1, not all 14.
    """
    toy, settings = toy_studies.EVIDENCE, toy_studies.EVIDENCE.presets["quick"]
    run(toy, settings.model_copy(update={"replicates": 9}), tmp_path, progress=False)

    def stop(self: Report, text: str) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Report, "line", stop)
    with pytest.raises(Interrupted, match="stopped: 6 of 6 replicates of toy"):
        run(toy, settings.model_copy(update={"replicates": 2}), tmp_path)


def test_a_study_that_samples_nothing_has_no_replicates():
    """Two are refused under their key, where a study with a part that is sampled takes them."""
    parts = toy_studies.PARTS
    cells = [cell for cell in toy_studies.EVIDENCE.cells(None) if cell["part"] == "third"]
    still = evidence("still", "Nothing moves.", cells, toy_studies.measure_parts, parts, seed=1)
    with pytest.raises(InvalidInput, match="replicates: must be 1: nothing here is sampled"):
        parse_settings(still.settings, {"replicates": 2, "seed": 1}, "c.toml")
    parse_settings(toy_studies.EVIDENCE.settings, {"replicates": 2, "seed": 1}, "c.toml")
