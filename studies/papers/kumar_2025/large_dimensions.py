"""DSM's risks for Σ = I from d = 4 to 10⁸, m a multiple of d: log log d from 0.33 to 2.91."""

from collections.abc import Sequence
from typing import Annotated

import numpy as np
from pydantic import Field, model_validator

from bounds.gram import check_range
from bounds.isotropic import check_traces, draw_isotropic_risks
from studies.evidence import DIGITS
from studies.papers.kumar_2025.linear_score import UNIT, isotropic_batch
from studies.study import Cell, Lazy, Row, Settings, Study, at_most, different

COLUMNS = ("study", "d", "m", "t", "replicate", "risk", "empirical_risk")


class LargeSettings(Settings):
    """Config of `large-dimensions`.

    Attributes
    ----------
    dims : dimensions d ≤ 10⁹
    ratios : m/d, each with each d
    t : the time, dimensionless
    steps : d × draws of a cell, at most; but one draw at least
    """

    dims: Annotated[tuple[Annotated[int, Field(ge=1)], ...], Field(min_length=1)]
    ratios: Annotated[tuple[Annotated[int, Field(ge=2)], ...], Field(min_length=1)] = (2, 10)
    t: float = 0.5
    steps: Annotated[int, Field(ge=1)] = 10**7

    @model_validator(mode="after")
    def _consistent(self) -> "LargeSettings":
        different(self, "dims", "ratios")
        for d in self.dims:
            for ratio in self.ratios:
                check_traces(d, ratio * d)
        check_range(UNIT, max(self.ratios) * max(self.dims), [self.t])
        return self


def cells(settings: LargeSettings) -> Lazy:
    """One cell for each d and m/d."""

    def cell(d: int, ratio: int) -> Cell:
        draws = max(1, min(settings.replicates, settings.steps // d))
        return {"d": d, "m": ratio * d, "t": settings.t, "most": draws}

    return Lazy.over(cell, settings.dims, settings.ratios)


def measure(cell: Cell, seeds: Sequence[np.random.SeedSequence]) -> list[list[Row]]:
    """Population and empirical risk of DSM, a draw a seed; 0.2 µs for each dimension and draw."""
    generators = [np.random.default_rng(seed) for seed in seeds]
    found = draw_isotropic_risks(cell["d"], cell["m"], cell["t"], generators)
    of = {name: cell[name] for name in ("d", "m", "t")}
    return [
        [{**of, "risk": float(risk), "empirical_risk": float(empirical)}]
        for risk, empirical in zip(*found, strict=True)
    ]


def batch(cell: Cell) -> int:
    """Draws per task."""
    return isotropic_batch(cell["d"])


SMALL = (4, 8, 16, 32, 64, 128, 256, 1000)


def _settings(replicates: int, steps: int, most: int) -> LargeSettings:
    powers = tuple(10**k for k in range(4, most + 1))
    return LargeSettings(dims=(*SMALL, *powers), replicates=replicates, steps=steps, seed=43)


STUDY = Study(
    name="large-dimensions",
    about="Both risks of DSM at one time for the identity, m = 2 d and 10 d, up to d = 10⁸.",
    settings=LargeSettings,
    cells=cells,
    measure=measure,
    columns=COLUMNS,
    batch=batch,
    replicates=at_most,
    digits=DIGITS,
    presets={
        "quick": _settings(1200, 10**6, 5),
        "paper": _settings(2000, 10**7, 8),
        "deep": _settings(40_000, 10**9, 8),
    },
)
