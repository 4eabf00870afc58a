r"""Rows for claims that no figure needs: one number, of a quantity, at a cell.

    row = (quantity, cell as JSON, value)

A claim names its measurement as "STUDY:QUANTITY". A cell names its part of the study, and the part
says how it is measured and whether it is sampled: then it has as many replicates as the settings
say, and a claim takes their mean; what is computed has one, and no standard error.

>>> def area(cell: Cell) -> list[Row]:
...     return [row("area", {"side": cell["side"]}, cell["side"] ** 2)]
>>> seeds = [np.random.SeedSequence(1)]
>>> measured({"area": computed(area, "area")}, {"part": "area", "side": 3.0}, seeds)
[[{'quantity': 'area', 'cell': '{"side":3.0}', 'value': 9.0}]]
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from pydantic import field_validator

from studies.study import Cell, Row, Settings, Study, at_most, canonical

Seeds = Sequence[np.random.SeedSequence]
Rng = np.random.Generator

COLUMNS = ("study", "quantity", "cell", "replicate", "value")
DIGITS = 10
"""Significant digits of what is sampled: far below its noise, and above most of what processors
differ in.
"""


class EvidenceSettings(Settings):
    """Config of a study of evidence:
    its cells stand in its file, so only replicates and seed are left.
    """


class ComputedSettings(EvidenceSettings):
    """Of a study in which nothing is sampled: another replicate would be the same numbers again."""

    @field_validator("replicates")
    @classmethod
    def _one(cls, replicates: int) -> int:
        if replicates != 1:
            raise ValueError("must be 1: nothing here is sampled")
        return replicates


@dataclass(frozen=True)
class Part:
    """One of the things that a study of evidence measures.
    Made by `together`, `one_by_one`, `drawn_once` or `computed`.

    Attributes
    ----------
    rows : (cell, seeds) → the rows of each seed
    sampled : whether a replicate is one draw of many
    quantities : all that its rows may hold as "quantity", so that a claim is measured at its own
        cells alone
    seeded : whether it is handed a seed
    """

    rows: Callable[[Cell, Seeds], list[list[Row]]]
    sampled: bool
    quantities: tuple[str, ...]
    seeded: bool = True


Parts = Mapping[str, Part]


def together(rows: Callable[[Cell, Seeds], list[list[Row]]], *quantities: str) -> Part:
    """Sampled, the replicates of a batch side by side."""
    return Part(rows, sampled=True, quantities=quantities)


def one_by_one(rows: Callable[[Cell, Rng], list[Row]], *quantities: str) -> Part:
    """Sampled, one replicate after the other."""
    return Part(
        lambda cell, seeds: [rows(cell, np.random.default_rng(seed)) for seed in seeds],
        sampled=True,
        quantities=quantities,
    )


def drawn_once(rows: Callable[[Cell, Rng], list[Row]], *quantities: str) -> Part:
    """Computed, at an example that is drawn: what is claimed of it holds without noise."""
    return Part(
        lambda cell, seeds: [rows(cell, np.random.default_rng(seed)) for seed in seeds],
        sampled=False,
        quantities=quantities,
    )


def computed(rows: Callable[[Cell], list[Row]], *quantities: str) -> Part:
    """Computed from the cell alone."""
    return Part(
        lambda cell, seeds: [rows(cell) for _ in seeds],
        sampled=False,
        quantities=quantities,
        seeded=False,
    )


def part_of(parts: Parts, cell: Cell) -> Part:
    """The part that a cell names, under "part" or "kind"."""
    return parts[cell["part"] if "part" in cell else cell["kind"]]


def measured(parts: Parts, cell: Cell, seeds: Seeds) -> list[list[Row]]:
    """The rows of a cell by its part: what the `measure` of a study of evidence returns.

    Raises
    ------
    ValueError
        If a row holds a quantity that the part does not name: a claim on it would miss this cell.
    """
    part = part_of(parts, cell)
    batches = part.rows(cell, seeds)
    found = {str(one["quantity"]) for batch in batches for one in batch}
    unnamed = found - set(part.quantities)
    if unnamed:
        raise ValueError(
            f"{', '.join(sorted(unnamed))}: not among the part's {', '.join(part.quantities)}"
        )
    return batches


def row(quantity: str, cell: Mapping[str, Any], value: float) -> Row:
    """One row of evidence; `cell` holds JSON values, all that a formula needs to know of it."""
    return {"quantity": quantity, "cell": canonical(dict(cell)), "value": float(value)}


def evidence(
    name: str,
    about: str,
    cells: Sequence[Cell],
    measure: Callable[[Cell, Seeds], list[list[Row]]],
    parts: Parts,
    *,
    seed: int,
    replicates: int = 1,
    quick: int | None = None,
    deep: int | None = None,
    batch: int = 64,
    needs: Mapping[str, str] | None = None,
) -> Study:
    """A study of evidence.

    Parameters
    ----------
    name, about : as in Study
    cells : all of them, the same in every preset. A sampled one may hold its own limit of
        replicates, "most"
    measure : as in Study; module-level in the study's own file, it returns `measured(parts, …)`
    parts : by the name in a cell
    seed : of the presets
    replicates : of the preset paper, where a cell is sampled
    quick, deep : of these presets; the same as in paper by default. Fewer in quick where they still
        tell each claim from its decoy
    batch : replicates per task
    needs : as in Study; nothing by default
    """
    sampled = any(part_of(parts, cell).sampled for cell in cells)
    settings = EvidenceSettings if sampled else ComputedSettings

    def preset(count: int) -> Settings:
        return settings(replicates=count, seed=seed)

    def needed(cell: Cell, asked: Settings) -> int:
        return at_most(cell, asked) if part_of(parts, cell).sampled else 1

    return Study(
        name=name,
        about=about,
        settings=settings,
        cells=lambda settings: list(cells),
        measure=measure,
        columns=COLUMNS,
        batch=lambda cell: batch,
        presets={
            "quick": preset(quick or replicates),
            "paper": preset(replicates),
            "deep": preset(deep or replicates),
        },
        replicates=needed,
        normalised=("cell",),
        digits=DIGITS,
        quantities=lambda cell: part_of(parts, cell).quantities,
        needs=needs or {},
    )
