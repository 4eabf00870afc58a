r"""Rows for claims that no figure needs: one number, of a quantity, at a cell.

    row = (quantity, cell as JSON, value)

A claim names its measurement as "STUDY:QUANTITY". What is computed and not sampled has one replicate and no standard
error; what is sampled has as many as its settings say, and its mean is taken over them.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

import numpy as np
from pydantic import field_validator

from studies.study import Cell, Row, Settings, Study, canonical

COLUMNS = ("study", "quantity", "cell", "replicate", "value")


class EvidenceSettings(Settings):
    """Config of a study of evidence: its cells stand in its file, so only replicates and seed are left."""


class ComputedSettings(EvidenceSettings):
    """Of a study in which nothing is sampled: another replicate would be the same numbers again."""

    @field_validator("replicates")
    @classmethod
    def _one(cls, replicates: int) -> int:
        if replicates != 1:
            raise ValueError("must be 1: nothing here is sampled")
        return replicates


def row(quantity: str, cell: Mapping[str, Any], value: float) -> Row:
    """One row of evidence; `cell` holds JSON values, all that a formula needs to know of it."""
    return {"quantity": quantity, "cell": canonical(dict(cell)), "value": float(value)}


def evidence(
    name: str,
    about: str,
    cells: Sequence[Cell],
    measure: Callable[[Cell, Sequence[np.random.SeedSequence]], list[list[Row]]],
    quantities: Callable[[Cell], Collection[str]],
    *,
    seed: int,
    replicates: int = 1,
    deep: int | None = None,
    batch: int = 64,
) -> Study:
    """A study of evidence.

    Parameters
    ----------
    name, about : as in Study
    cells : all of them, the same in every preset
    measure : as in Study; module-level in the study's own file
    quantities : cell → what its rows may hold as "quantity", so that a claim is measured at its own cells alone
    seed : of the presets
    replicates : of the presets quick and paper; 1 where nothing is sampled
    deep : replicates of the preset deep; the same as the others by default
    batch : replicates per task
    """
    settings = EvidenceSettings if replicates > 1 else ComputedSettings
    few = settings(replicates=replicates, seed=seed)
    return Study(
        name=name,
        about=about,
        settings=settings,
        cells=lambda settings: list(cells),
        measure=measure,
        columns=COLUMNS,
        batch=lambda cell: batch,
        presets={
            "quick": few,
            "paper": few,
            "deep": settings(replicates=deep or replicates, seed=seed),
        },
        quantities=quantities,
    )
