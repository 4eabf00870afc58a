"""Risk of every estimator at each time, on a coarse
and on a fine grid of times: beyond the paper's bootstrap.
"""

from collections.abc import Sequence
from itertools import tee
from typing import Annotated

import numpy as np
from pydantic import Field, model_validator

from bounds.catalog import ESTIMATORS, estimator
from bounds.check import InvalidInput, increasing_times, positive
from bounds.gram import check_range, exact
from bounds.process import uniform_grid
from bounds.risk import risk
from studies.papers.kumar_2025.linear_score import Spectrum
from studies.study import Cell, Lazy, Row, Settings, Study, different, under

COLUMNS = ("study", "d", "m", "spacing", "t", "estimator", "replicate", "risk")


class WeightsSettings(Settings):
    """Config of `bootstrap-weights`.

    Attributes
    ----------
    dims : dimensions d
    samples : sample counts m > d
    spacings : Δ of uniform grids t_k = Δ k up to `last`, which they divide
    last : t_N, dimensionless
    kept : the times whose risks are written down, on every grid
    spectrum : of the covariance
    estimators : names out of bounds.catalog.ESTIMATORS
    """

    dims: Annotated[tuple[Annotated[int, Field(ge=1, le=2**16)], ...], Field(min_length=1)] = (8,)
    samples: Annotated[tuple[Annotated[int, Field(ge=1)], ...], Field(min_length=1)] = (20_000,)
    spacings: Annotated[tuple[float, ...], Field(min_length=1)] = (0.1, 0.02)
    last: float = 2.0
    kept: tuple[float, ...] = (0.2, 0.6, 1.0, 1.4, 2.0)
    spectrum: Spectrum = Spectrum(kind="linear", low=0.3, high=3.0)
    estimators: Annotated[tuple[str, ...], Field(min_length=1)] = tuple(ESTIMATORS)

    @model_validator(mode="after")
    def _consistent(self) -> "WeightsSettings":
        different(self, "dims", "samples", "spacings", "estimators")
        increasing_times("kept", self.kept)
        for spacing in self.spacings:
            if not set(self.kept) <= set(grid(spacing, self.last)):
                raise InvalidInput(
                    "kept", f"holds a time that is not on the grid of spacing {spacing:g}"
                )
        for name in self.estimators:
            estimator(name)
        with under(covariance="spectrum", times="last"):
            for d in self.dims:
                for m in (min(self.samples), max(self.samples)):
                    for spacing in self.spacings:
                        check_range(self.spectrum.law(d), m, grid(spacing, self.last))
        return self


MOST_STEPS = 100_000


def steps_to(span: float, spacing: float) -> float:
    """How many steps of Δ there are to the span, whole or not.

    Raises
    ------
    InvalidInput
        If either is not positive, or there are more than 100 000 of them.
    """
    count = positive("last", span) / positive("spacings", spacing)
    if count > MOST_STEPS:
        raise InvalidInput(
            "spacings",
            f"Δ = {spacing:g} takes {count:.3g} steps up to {span:g}, and at most {MOST_STEPS} are "
            f"done",
        )
    return count


def grid(spacing: float, last: float) -> list[float]:
    """t_k = Δ k up to `last`, rounded to twelve digits so that a time has one name on every grid.

    Raises
    ------
    InvalidInput
        If either is not positive, Δ does not divide `last`, to 1e-9, there are more than 100 000
        steps, or Δ is lost to the rounding.
    """
    count = steps_to(last, spacing)
    if round(count) < 1 or abs(count - round(count)) > 1e-9 * count:
        raise InvalidInput("spacings", f"Δ = {spacing:g} does not divide last = {last:g}")
    times = [round(float(t), 12) for t in uniform_grid(spacing, round(count))]
    increasing_times("spacings", times)
    return times


def cells(settings: WeightsSettings) -> Lazy:
    """One cell for each d, m and Δ."""
    shared = {
        "kept": list(settings.kept),
        "spectrum": settings.spectrum.parameters(),
        "estimators": list(settings.estimators),
    }

    def cell(d: int, m: int, spacing: float) -> Cell:
        return {"d": d, "m": m, "spacing": spacing, "times": grid(spacing, settings.last), **shared}

    return Lazy.over(cell, settings.dims, settings.samples, settings.spacings)


def measure(cell: Cell, seeds: Sequence[np.random.SeedSequence]) -> list[list[Row]]:
    """Population risk of each estimator at the kept times, on the same Gram matrices."""
    law = Spectrum(**cell["spectrum"]).law(cell["d"])
    grams = exact(law, cell["m"], cell["times"], [np.random.default_rng(s) for s in seeds])
    names = cell["estimators"]
    seen, *fed = tee(grams, 1 + len(names))
    estimates = [estimator(name)(stream) for name, stream in zip(names, fed, strict=True)]
    rows: list[list[Row]] = [[] for _ in seeds]
    for gram, *at_time in zip(seen, *estimates, strict=True):
        if gram.step.t not in cell["kept"]:
            continue
        for name, estimate in zip(names, at_time, strict=True):
            for mine, value in zip(rows, risk(law, gram.step.t, estimate), strict=True):
                shared = {
                    "d": cell["d"],
                    "m": cell["m"],
                    "spacing": cell["spacing"],
                    "t": gram.step.t,
                }
                mine.append({**shared, "estimator": name, "risk": float(value)})
    return rows


def batch(cell: Cell) -> int:
    """Replicates per task: about 0.3 s of work."""
    d, steps = cell["d"], len(cell["times"])
    seconds = steps * len(cell["estimators"]) * (5e-5 + 60 * d**3 / 2e10)
    return int(max(1, min(256, 0.3 / seconds, 2e7 / (steps * d**2))))


STUDY = Study(
    name="bootstrap-weights",
    about="Risk of DSM, the bootstraps, joint-time and path fitting at each time, on a coarse and "
    "a fine grid.",
    settings=WeightsSettings,
    cells=cells,
    measure=measure,
    columns=COLUMNS,
    batch=batch,
    presets={
        "quick": WeightsSettings(replicates=100, seed=19),
        "paper": WeightsSettings(replicates=600, seed=19),
        "deep": WeightsSettings(
            dims=(8, 64), samples=(200, 20_000, 10**7), replicates=5000, seed=19
        ),
    },
)
