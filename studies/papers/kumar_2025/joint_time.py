"""One function over all noise levels: risk against the number B of time basis functions."""

from collections.abc import Sequence
from itertools import tee
from typing import Annotated

import numpy as np
from pydantic import Field, model_validator

from bounds.check import InvalidInput
from bounds.gram import check_range, exact
from bounds.joint import BASES, Scheme, joint_fit
from bounds.joint import basis as functions
from bounds.process import weights
from bounds.risk import risk
from studies.papers.kumar_2025.bootstrap_weights import grid
from studies.papers.kumar_2025.linear_score import Spectrum
from studies.study import Cell, Lazy, Row, Settings, Study, different, under

COLUMNS = ("study", "d", "m", "spacing", "basis", "count", "local", "replicate", "risk")


class JointSettings(Settings):
    """Config of `joint-time`.

    Attributes
    ----------
    d, samples : dimension and sample counts m > d
    spacings : Δ of uniform grids up to `last`, which they divide
    last : t_N, dimensionless
    spectrum : of the covariance
    bases : names out of bounds.joint.BASES
    counts : B
    """

    d: Annotated[int, Field(ge=1, le=2**12)] = 8
    samples: Annotated[tuple[Annotated[int, Field(ge=1)], ...], Field(min_length=1)] = (500, 20_000)
    spacings: Annotated[tuple[float, ...], Field(min_length=1)] = (0.1,)
    last: float = 2.0
    spectrum: Spectrum = Spectrum(kind="linear", low=0.3, high=3.0)
    bases: Annotated[tuple[str, ...], Field(min_length=1)] = tuple(BASES)
    counts: Annotated[tuple[Annotated[int, Field(ge=1)], ...], Field(min_length=1)] = (
        1,
        2,
        3,
        4,
        5,
        7,
        10,
        20,
    )

    @model_validator(mode="after")
    def _consistent(self) -> "JointSettings":
        different(self, "samples", "spacings", "bases", "counts")
        for name in self.bases:
            if name not in BASES:
                raise InvalidInput("bases", f"{name!r} is not one of {', '.join(BASES)}")
        for spacing in self.spacings:
            times = grid(spacing, self.last)
            if max(self.counts) > len(times):
                raise InvalidInput(
                    "counts",
                    f"{max(self.counts)} functions on {len(times)} times are not independent",
                )
            with under(covariance="spectrum", times="last"):
                for m in (min(self.samples), max(self.samples)):
                    check_range(self.spectrum.law(self.d), m, times)
            with under(count="counts"):
                for name in self.bases:
                    functions(name, times, max(self.counts))
        return self


def cells(settings: JointSettings) -> Lazy:
    """One cell for each m and Δ; all schemes of a cell see the same data."""
    shared = {
        "law": settings.spectrum.parameters(),
        "schemes": [
            [b, c, local]
            for b in settings.bases
            for c in settings.counts
            for local in (False, True)
        ],
    }

    def cell(m: int, spacing: float) -> Cell:
        times = grid(spacing, settings.last)
        return {"d": settings.d, "m": m, "spacing": spacing, "times": times, **shared}

    return Lazy.over(cell, settings.samples, settings.spacings)


def measure(cell: Cell, seeds: Sequence[np.random.SeedSequence]) -> list[list[Row]]:
    """Σ_k γ_k × population risk of each joint fit,
    with the targets T1 (local = 0) and T3 (local = 1).
    """
    law = Spectrum(**cell["law"]).law(cell["d"])
    grams = exact(law, cell["m"], cell["times"], [np.random.default_rng(s) for s in seeds])
    gamma = weights(cell["times"])
    rows: list[list[Row]] = [[] for _ in seeds]
    for (basis, count, local), stream in zip(
        cell["schemes"], tee(grams, len(cell["schemes"])), strict=True
    ):
        fit = joint_fit(Scheme(basis=basis, count=count, local=local))
        joint = sum(
            g * risk(law, t, a) for g, t, a in zip(gamma, cell["times"], fit(stream), strict=True)
        )
        for mine, value in zip(rows, np.asarray(joint), strict=True):
            shared = {"d": cell["d"], "m": cell["m"], "spacing": cell["spacing"]}
            mine.append(
                {
                    **shared,
                    "basis": basis,
                    "count": count,
                    "local": int(local),
                    "risk": float(value),
                }
            )
    return rows


def batch(cell: Cell) -> int:
    """Replicates per task: about 0.3 s of work."""
    wide = max(count for _, count, _ in cell["schemes"]) * cell["d"]
    seconds = len(cell["schemes"]) * (1e-3 + wide**3 / 4e10)
    return int(max(1, min(64, 0.3 / seconds)))


STUDY = Study(
    name="joint-time",
    about="Risk of joint-time fitting against the number B of time functions, for several bases "
    "and both targets.",
    settings=JointSettings,
    cells=cells,
    measure=measure,
    columns=COLUMNS,
    batch=batch,
    presets={
        "quick": JointSettings(counts=(1, 2, 3, 5, 20), replicates=20, seed=29),
        "paper": JointSettings(spacings=(0.1, 0.05), replicates=40, seed=29),
        "deep": JointSettings(
            samples=(50, 500, 20_000, 10**6), spacings=(0.1, 0.05), replicates=1000, seed=29
        ),
    },
)
