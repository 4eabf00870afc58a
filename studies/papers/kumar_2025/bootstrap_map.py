"""Should I bootstrap, and with which weight? Joint risk
over DSM's, against m/d, Δ, t_1 and the spectrum.
"""

from collections.abc import Sequence
from itertools import tee
from typing import Annotated

import numpy as np
from pydantic import Field, model_validator

from bounds.catalog import check_estimator, estimator
from bounds.check import InvalidInput, increasing_times, positive
from bounds.gram import MAX_SAMPLES, check_range, exact
from bounds.process import weights
from bounds.risk import risk
from studies.papers.kumar_2025.bootstrap_weights import batch, steps_to
from studies.papers.kumar_2025.linear_score import Spectrum
from studies.study import Cell, Lazy, Row, Settings, Study, different, under

COLUMNS = ("study", "d", "m", "spectrum", "spacing", "first", "estimator", "replicate", "risk")


class MapSettings(Settings):
    """Config of `bootstrap-map`.

    Attributes
    ----------
    d : dimension
    ratios : m/d
    spacings : Δ after t_1
    firsts : t_1
    last : dimensionless; t_N is the time t_1 + k Δ that is next to it
    spectra : of the covariance, of different kinds, by which the table names them
    estimators : names out of bounds.catalog.ESTIMATORS
    """

    d: Annotated[int, Field(ge=2, le=2**16)] = 16
    ratios: Annotated[tuple[float, ...], Field(min_length=1)] = (
        1.5,
        2.0,
        3.0,
        5.0,
        10.0,
        30.0,
        100.0,
    )
    spacings: Annotated[tuple[float, ...], Field(min_length=1)] = (0.05, 0.2)
    firsts: Annotated[tuple[float, ...], Field(min_length=1)] = (0.02, 0.2)
    last: float = 2.0
    spectra: Annotated[tuple[Spectrum, ...], Field(min_length=1)] = (
        Spectrum(kind="identity"),
        Spectrum(kind="linear"),
        Spectrum(kind="power", exponent=1.5),
    )
    estimators: Annotated[tuple[str, ...], Field(min_length=1)] = (
        "dsm",
        "bsm",
        "bsm-optimal",
        "path",
    )

    @model_validator(mode="after")
    def _consistent(self) -> "MapSettings":
        for key in ("ratios", "spacings", "firsts", "last"):
            for value in np.atleast_1d(getattr(self, key)):
                positive(key, float(value))
        different(self, "ratios", "spacings", "firsts", "spectra", "estimators")
        for name in self.estimators:
            estimator(name)
        if len({spectrum.kind for spectrum in self.spectra}) < len(self.spectra):
            raise InvalidInput(
                "spectra", "names the same kind twice, and the table tells spectra by their kind"
            )
        for ratio in self.ratios:
            if ratio * self.d > MAX_SAMPLES:
                raise InvalidInput(
                    "ratios", f"{ratio:g} makes m = {ratio * self.d:.3g}, beyond m ≤ 10¹²"
                )
        counts = [round(ratio * self.d) for ratio in self.ratios]
        if len(set(counts)) < len(counts):
            raise InvalidInput("ratios", f"two of them make the same m at d = {self.d}")
        for first in self.firsts:
            for spacing in self.spacings:
                if first > self.last or steps_to(self.last, spacing) < 0.5:
                    raise InvalidInput(
                        "last",
                        f"{self.last:g} leaves no room for t_1 = {first:g} and Δ = {spacing:g}",
                    )
        for cell in cells(self):
            increasing_times("firsts", cell["times"])
            if cell["m"] < self.d + 2:
                raise InvalidInput(
                    "ratios",
                    f"m = {cell['m']} is below d + 2 = {self.d + 2}, where risks have no mean",
                )
            with under(spectrum="spectra", covariance="spectra", times="last", samples="ratios"):
                law = Spectrum(**cell["law"]).law(self.d)
                check_range(law, cell["m"], cell["times"])
                for name in self.estimators:
                    check_estimator(name, law, cell["m"], cell["times"])
        return self


def cells(settings: MapSettings) -> Lazy:
    """One cell for each m/d, Δ, t_1 and spectrum."""

    def cell(spectrum: Spectrum, first: float, spacing: float, ratio: float) -> Cell:
        return {
            "d": settings.d,
            "m": round(ratio * settings.d),
            "spacing": spacing,
            "first": first,
            "times": [
                round(float(t), 12) for t in np.arange(first, settings.last + spacing / 2, spacing)
            ],
            "law": spectrum.parameters(),
            "estimators": list(settings.estimators),
        }

    return Lazy.over(cell, settings.spectra, settings.firsts, settings.spacings, settings.ratios)


def measure(cell: Cell, seeds: Sequence[np.random.SeedSequence]) -> list[list[Row]]:
    """Σ_k γ_k × population risk of each estimator, on the same Gram matrices."""
    law = Spectrum(**cell["law"]).law(cell["d"])
    grams = exact(law, cell["m"], cell["times"], [np.random.default_rng(s) for s in seeds])
    names = cell["estimators"]
    fed = tee(grams, len(names))
    gamma = weights(cell["times"])
    rows: list[list[Row]] = [[] for _ in seeds]
    for name, stream in zip(names, fed, strict=True):
        joint = sum(
            g * risk(law, t, estimate)
            for g, t, estimate in zip(gamma, cell["times"], estimator(name)(stream), strict=True)
        )
        for mine, value in zip(rows, np.asarray(joint), strict=True):
            shared = {"d": cell["d"], "m": cell["m"], "spectrum": cell["law"]["kind"]}
            place = {"spacing": cell["spacing"], "first": cell["first"]}
            mine.append({**shared, **place, "estimator": name, "risk": float(value)})
    return rows


STUDY = Study(
    name="bootstrap-map",
    about="Joint risk of the bootstraps and of path fitting over DSM's, against m/d, Δ, t_1 and "
    "the spectrum.",
    settings=MapSettings,
    cells=cells,
    measure=measure,
    columns=COLUMNS,
    batch=batch,
    presets={
        "quick": MapSettings(ratios=(1.5, 5.0, 30.0), replicates=45, seed=23),
        "paper": MapSettings(replicates=50, seed=23),
        "deep": MapSettings(d=64, replicates=2000, seed=23),
    },
)
