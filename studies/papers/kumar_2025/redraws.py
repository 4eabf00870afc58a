"""Redraws: risk of every estimator with K noise paths for each datum;
and evidence, entry by entry, at small m and for features.
"""

from collections.abc import Sequence
from itertools import tee
from typing import Annotated

import numpy as np
from pydantic import Field, model_validator

from bounds import features
from bounds.catalog import estimator
from bounds.check import InvalidInput, increasing_times
from bounds.features import feature_grams
from bounds.gaussian import Gaussian
from bounds.gram import check_range, exact
from bounds.process import weights
from bounds.risk import error, risk
from studies.evidence import DIGITS, Parts, Seeds, evidence, measured, row, together
from studies.papers.kumar_2025.linear_score import Spectrum
from studies.papers.kumar_2025.mixture_bootstrap import RIDGE, truth
from studies.study import Cell, Lazy, Row, Settings, Study, different, under

FITS = ("dsm", "bsm", "bsm-optimal", "joint", "path", "plug-in")
COLUMNS = ("study", "d", "m", "redraws", "t", "estimator", "replicate", "risk")


class RedrawsSettings(Settings):
    """Config of `redraws`.

    Attributes
    ----------
    d : dimension
    samples : m > d, data
    redraws : K, noise paths for each datum; mK ≤ 10¹²
    times : t_1 < … < t_N, dimensionless
    kept : the times whose risks are written down
    draws : independent data sets whose mean risk is one replicate, so that the table stays small
    spectrum : of the covariance
    estimators : names out of bounds.catalog.ESTIMATORS
    """

    d: Annotated[int, Field(ge=1, le=2**16)] = 8
    samples: Annotated[int, Field(ge=1)] = 100_000
    redraws: Annotated[tuple[Annotated[int, Field(ge=1)], ...], Field(min_length=1)] = (1, 2, 5, 20)
    times: tuple[float, ...] = tuple(round(0.1 * k, 1) for k in range(1, 21))
    kept: tuple[float, ...] = (0.5, 1.0, 2.0)
    draws: Annotated[int, Field(ge=1, le=1000)] = 10
    spectrum: Spectrum = Spectrum(kind="linear", low=0.3, high=3.0)
    estimators: Annotated[tuple[str, ...], Field(min_length=1)] = FITS

    @model_validator(mode="after")
    def _consistent(self) -> "RedrawsSettings":
        different(self, "redraws", "estimators")
        increasing_times("times", self.times)
        increasing_times("kept", self.kept)
        if not set(self.kept) <= set(self.times):
            raise InvalidInput("kept", "holds a time that is not among times")
        for name in self.estimators:
            estimator(name)
        with under(covariance="spectrum"):
            check_range(self.spectrum.law(self.d), self.samples, self.times, max(self.redraws))
        return self


def cells(settings: RedrawsSettings) -> Lazy:
    """One cell for each K."""
    shared = {
        "d": settings.d,
        "m": settings.samples,
        "times": list(settings.times),
        "kept": list(settings.kept),
        "draws": settings.draws,
        "spectrum": settings.spectrum.parameters(),
        "estimators": list(settings.estimators),
    }
    return Lazy.over(lambda redraws: {"redraws": redraws, **shared}, settings.redraws)


def spawned(seed: np.random.SeedSequence, count: int) -> list[np.random.SeedSequence]:
    """The first children of a seed; asked again, the same (spawn would go on)."""
    return [
        np.random.SeedSequence(seed.entropy, spawn_key=(*seed.spawn_key, k)) for k in range(count)
    ]


def measure(cell: Cell, seeds: Sequence[np.random.SeedSequence]) -> list[list[Row]]:
    """Population risk of each estimator at the kept times,
    on the same Gram matrices: the mean over a replicate's draws.
    """
    law, draws = Spectrum(**cell["spectrum"]).law(cell["d"]), cell["draws"]
    generators = [np.random.default_rng(one) for seed in seeds for one in spawned(seed, draws)]
    grams = exact(law, cell["m"], cell["times"], generators, redraws=cell["redraws"])
    names = cell["estimators"]
    seen, *fed = tee(grams, 1 + len(names))
    estimates = [estimator(name)(stream) for name, stream in zip(names, fed, strict=True)]
    rows: list[list[Row]] = [[] for _ in seeds]
    for gram, *at_time in zip(seen, *estimates, strict=True):
        if gram.step.t not in cell["kept"]:
            continue
        shared = {"d": cell["d"], "m": cell["m"], "redraws": cell["redraws"], "t": gram.step.t}
        for name, estimate in zip(names, at_time, strict=True):
            means = np.reshape(risk(law, gram.step.t, estimate), (len(seeds), draws)).mean(axis=1)
            for mine, value in zip(rows, means, strict=True):
                mine.append({**shared, "estimator": name, "risk": float(value)})
    return rows


def batch(cell: Cell) -> int:
    """Replicates per task: about 0.3 s of work."""
    d, steps = cell["d"], len(cell["times"])
    seconds = cell["draws"] * steps * len(cell["estimators"]) * (1e-5 + 60 * d**3 / 2e10)
    return int(max(1, min(256, 0.3 / seconds, 2e7 / (cell["draws"] * steps * d**2))))


STUDY = Study(
    name="redraws",
    about="Risk of every estimator with K noise paths for each datum, and of the plug-in score, K "
    "= ∞.",
    settings=RedrawsSettings,
    cells=cells,
    measure=measure,
    columns=COLUMNS,
    batch=batch,
    digits=DIGITS,
    presets={
        "quick": RedrawsSettings(replicates=80, seed=37),
        "paper": RedrawsSettings(replicates=400, seed=37),
        "deep": RedrawsSettings(redraws=(1, 2, 5, 20, 100, 1000), replicates=4000, seed=37),
    },
)

# --- evidence -------------------------------------------------------------------------------------

ENTRIES = ("dsm", "bsm", "bsm-optimal", "path")


def _risks(cell: Cell, seeds: Seeds) -> list[list[Row]]:
    """m v_j δ_ij² at the last time, entry by entry ("entries"),
    or their sum ("scarce"), the mean of a replicate's draws.
    """
    law, m, redraws = Gaussian(np.array(cell["eigenvalues"])), cell["m"], cell["redraws"]
    generators = [
        np.random.default_rng(one) for seed in seeds for one in spawned(seed, cell["draws"])
    ]
    grams = list(exact(law, m, cell["times"], generators, redraws=redraws))
    t = cell["times"][-1]
    rows: list[list[Row]] = [[] for _ in seeds]
    for name in cell["estimators"]:
        off = error(law, t, list(estimator(name)(grams))[-1])
        each = m * law.variances(t) * (off * off)
        means = each.reshape(len(seeds), cell["draws"], *off.shape[1:]).mean(axis=1)
        shared = {key: cell[key] for key in ("eigenvalues", "times", "m", "redraws")}
        of = {**shared, "t": t, "estimator": name}
        for mine, found in zip(rows, means, strict=True):
            if cell["part"] == "scarce":
                mine.append(row("scarce", of, found.sum()))
                continue
            for (i, j), value in np.ndenumerate(found):
                mine.append(row("entries", {**of, "i": i, "j": j}, value))
    return rows


FEATURES = ("bsm-1", "dsm-2", "dsm-4", "dsm-10")


def _features(cell: Cell, seeds: Seeds) -> list[list[Row]]:
    """Score error on a mixture with features, on the same data with other noise: methods of
    FEATURES, a name and its K.
    """
    known = truth(1, cell["minor"], cell["separation"], cell["steps"])
    penalty, phi = known.features.penalty(RIDGE), known.features(known.grid.points)
    out = []
    for seed in seeds:
        rng = np.random.default_rng(seed)
        x0 = known.law.sample(cell["m"], rng)
        rows = []
        for method in FEATURES:
            name, _, redraws = method.partition("-")
            grams = feature_grams(x0, known.times, known.features, rng, int(redraws))
            found = features.bsm(grams, penalty) if name == "bsm" else features.dsm(grams, penalty)
            each = [
                np.sum((phi @ a - s) ** 2, axis=1) @ p * known.grid.cell
                for a, s, p in zip(found, known.scores, known.densities, strict=True)
            ]
            of = {key: cell[key] for key in ("m", "minor", "separation", "steps")}
            rows.append(row(f"score-error/{method}", of, float(weights(known.times) @ each)))
        out.append(rows)
    return out


PARTS: Parts = {
    "entries": together(_risks, "entries"),
    "scarce": together(_risks, "scarce"),
    "features": together(_features, *(f"score-error/{method}" for method in FEATURES)),
}


def measure_evidence(cell: Cell, seeds: Seeds) -> list[list[Row]]:
    """The rows of one part."""
    return measured(PARTS, cell, seeds)


EVIDENCE = evidence(
    "evidence-redraws",
    "Redraws entry by entry, at m near d, where the leading order is no guide, and for features.",
    (
        *(
            {
                "part": "entries",
                "eigenvalues": [0.4, 2.5],
                "times": [0.3, 0.6, 1.0],
                "m": 100_000,
                "redraws": redraws,
                "estimators": list(ENTRIES),
                "draws": 100,
            }
            for redraws in (2, 5, 20)
        ),
        *(
            {
                "part": "scarce",
                "eigenvalues": np.linspace(0.3, 3.0, 8).tolist(),
                "times": [round(0.1 * k, 1) for k in range(1, 11)],
                "m": 12,
                "redraws": redraws,
                "estimators": ["dsm", "bsm", "path", "plug-in"],
                "draws": 50,
            }
            for redraws in (2, 20, 100)
        ),
        {"part": "features", "m": 500, "minor": 0.15, "separation": 2.0, "steps": 10},
    ),
    measure_evidence,
    PARTS,
    seed=41,
    replicates=60,
    quick=45,
    batch=8,
)
