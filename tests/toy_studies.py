"""Small studies for the tests of the runner,
importable by worker processes; `python -m` runs one of them.
"""

import ctypes
import os
import signal
import sys
import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import BaseModel, Field, field_validator
from threadpoolctl import threadpool_info

from bounds.check import InvalidInput, increasing_times
from studies.evidence import Parts, computed, evidence, measured, one_by_one, row
from studies.executors import Dask
from studies.study import Cell, Lazy, Row, Settings, Study
from studies.sweep import Interrupted, run


class Shape(BaseModel, frozen=True, extra="forbid"):
    """A nested model, one of two kinds."""

    kind: Literal["box"]
    width: float


class Ball(BaseModel, frozen=True, extra="forbid"):
    """The other kind."""

    kind: Literal["ball"]
    radius: float


class ToySettings(Settings):
    """A config with each sort of field."""

    dims: tuple[int, ...] = (2, 40)
    estimators: tuple[str, ...] = ("mean", "norm")
    times: tuple[float, ...] = (0.1, 0.2)
    shape: Annotated[Shape | Ball, Field(discriminator="kind")] | None = None
    trouble: str = ""  # what the cell of the first dimension does
    pause: float = 0.0  # seconds that a replicate takes

    @field_validator("times")
    @classmethod
    def _increasing(cls, times: tuple[float, ...]) -> tuple[float, ...]:
        increasing_times("times", times)
        return times


def cells(settings: ToySettings) -> list[Cell]:
    """One cell per dimension."""
    return [
        {
            "d": d,
            "estimators": list(settings.estimators),
            "pause": settings.pause,
            "trouble": settings.trouble if d == settings.dims[0] else "",
        }
        for d in settings.dims
    ]


def measure(cell: Cell, seeds: Sequence[np.random.SeedSequence]) -> list[list[Row]]:
    """Statistics of the spectrum of a random matrix:
    floats that show any change in BLAS or in the seeds.
    """
    return [_replicate(cell, seed) for seed in seeds]


def _replicate(cell: Cell, seed: np.random.SeedSequence) -> list[Row]:
    rng = np.random.default_rng(seed)
    _trouble(cell["trouble"], seed.spawn_key[-1])
    time.sleep(cell["pause"])
    A = rng.standard_normal((cell["d"], cell["d"]))
    statistics: dict[str, Any] = {
        "mean": np.mean(A @ A),
        "norm": np.linalg.norm(np.linalg.inv(A @ A.T), 2),
        "count": np.int64(3),
    }
    return [Row(d=cell["d"], estimator=name, value=statistics[name]) for name in cell["estimators"]]


def _trouble(trouble: str, replicate: int) -> None:
    kind, _, argument = trouble.partition(":")
    if kind == "raise":
        raise np.linalg.LinAlgError("matrix is\nsingular")
    if kind == "raise from 2" and replicate >= 2:
        raise InvalidInput("d", "is too large")
    if kind == "note":
        Path(argument, str(os.getpid())).touch()
    if kind == "die":
        os.kill(os.getpid(), signal.SIGKILL)
    if kind == "die once" and not Path(argument).exists():
        Path(argument).touch()
        os.kill(os.getpid(), signal.SIGKILL)


def awkward(cell: Cell, seeds: Sequence[np.random.SeedSequence]) -> list[list[Row]]:
    """Values that are hard to write down, all of them finite."""
    names = ("None", "NA", 'a,"b"', "π", "", "null")
    values = (0.1 + 0.2, 1.7976931348623157e308, 1e23, -5e-324, 1 / 3, -0.0)
    rows = [
        Row(d=cell["d"], estimator=name, value=value)
        for name, value in zip(names, values, strict=True)
    ]
    return [rows for _ in seeds]


def shared(cell: Cell, seeds: Sequence[np.random.SeedSequence]) -> list[list[Row]]:
    """Wrong: one generator for the whole batch."""
    rng = np.random.default_rng(seeds[0])
    return [[{"d": cell["d"], "estimator": "mean", "value": rng.standard_normal()}] for _ in seeds]


def threads(cell: Cell, seeds: Sequence[np.random.SeedSequence]) -> list[list[Row]]:
    """How many threads BLAS may use."""
    most = max(pool["num_threads"] for pool in threadpool_info())
    return [[{"d": cell["d"], "estimator": "threads", "value": most}] for _ in seeds]


def staggered_threads(cell: Cell, seeds: Sequence[np.random.SeedSequence]) -> list[list[Row]]:
    """The same, at the end of pauses of different length."""
    time.sleep(0.01 * (seeds[0].spawn_key[-1] % 3))
    return threads(cell, seeds)


def misnamed(cell: Cell, seeds: Sequence[np.random.SeedSequence]) -> list[list[Row]]:
    """Wrong: a column that was not announced."""
    return [[{"d": cell["d"], "estimator": "mean", "worth": 1.0}] for _ in seeds]


def tiny(cell: Cell, seeds: Sequence[np.random.SeedSequence]) -> list[list[Row]]:
    """Next to no work."""
    return [[{"d": cell["d"], "estimator": "mean", "value": 0.5}] for _ in seeds]


def many(settings: ToySettings) -> Lazy:
    """As many cells as the first dimension says."""
    return Lazy(settings.dims[0], small_cell)


def many_kept(settings: ToySettings) -> list[Cell]:
    """The same, all at once."""
    return list(many(settings))


def deaf(cell: Cell, seeds: Sequence[np.random.SeedSequence]) -> list[list[Row]]:
    """A call into C that hears no signal for minutes, or for the cell's pause, as a long one of
    LAPACK does.
    """
    print("deaf", file=sys.stderr, flush=True)
    ctypes.CDLL(None).sleep(int(cell["pause"]) or 600)
    return []


def small_cell(place: int) -> Cell:
    """The cell at a place among many."""
    return {"d": place, "estimators": ["mean"], "pause": 0.0, "trouble": ""}


def batch_of_three(cell: Cell) -> int:
    """Replicates per task."""
    return 3


def batch_of_one(cell: Cell) -> int:
    """Replicates per task."""
    return 1


def study(**changes: Any) -> Study:
    """The toy, changed here and there."""
    parts: dict[str, Any] = {
        "name": "toy",
        "about": "Spectra of random matrices.",
        "settings": ToySettings,
        "cells": cells,
        "measure": measure,
        "columns": ("study", "d", "estimator", "replicate", "value"),
        "batch": batch_of_three,
        "presets": {"quick": ToySettings(replicates=2, seed=1)},
    }
    return Study(**(parts | changes))


def drawn(cell: Cell, rng: np.random.Generator) -> list[Row]:
    """A number of many digits, whose cell in the table is not the study's,
    and one for every second replicate alone.
    """
    value = float(rng.standard_normal())
    rows = [row("size", {"d": cell["d"], "name": 'a,"b" π', "at": [0.1 + 0.2, 1e300]}, value)]
    return [*rows, row("positive", {"d": cell["d"]}, 7.0)] if value > 0 else rows


def third(cell: Cell) -> list[Row]:
    """A third of the dimension, which no seed knows of."""
    return [row("third", {"d": cell["d"]}, cell["d"] / 3)]


PARTS: Parts = {"drawn": one_by_one(drawn, "size", "positive"), "third": computed(third, "third")}


def measure_parts(cell: Cell, seeds: Sequence[np.random.SeedSequence]) -> list[list[Row]]:
    """By the cell's part."""
    return measured(PARTS, cell, seeds)


EVIDENCE = evidence(
    "toy",
    "A drawn number and a third.",
    [
        {"part": "drawn", "d": 2},
        {"part": "third", "d": 2},
        {"part": "drawn", "d": 5, "most": 3},
        {"part": "third", "d": 7},
    ],
    measure_parts,
    PARTS,
    seed=4,
    replicates=6,
    batch=4,
)
TOY = study()
SLOW = ToySettings(replicates=20, seed=5, dims=(2, 3), pause=0.03)


def main() -> int:
    """Runs SLOW: arguments DIR, workers, and, for Dask, the address of a scheduler or "own"."""
    out, workers, *address = sys.argv[1:]
    dask = (
        partial(Dask, None if address == ["own"] else address[0], int(workers)) if address else None
    )
    try:
        run(study(batch=batch_of_one), SLOW, Path(out), workers=int(workers), executor=dask)
    except Interrupted as stopped:
        print(stopped)
        return 3
    return 0


if __name__ == "__main__":
    sys.exit(main())
