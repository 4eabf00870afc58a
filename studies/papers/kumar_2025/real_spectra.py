"""Scikit-learn's bundled sets: their covariances as Gaussian laws,
their rows as a law of their own, and rows held out.

Everything that a linear estimator sees of m rows, once they are noised, depends on them through
X_0ᵀX_0 alone (`bounds.gram.exact`, `data`). So noise paths cost nothing here, however many: rows
are drawn, and the rest is drawn from its exact law given them.

- "gaussian": m data of N(0, Σ), Σ the set's covariance.
- "rows": m draws, with replacement, of the set's n rows, which are the law: mean 0 and Σ are known.
- "held-out": m of the n rows, without replacement, centred by their own mean. The loss is that of
  the other rows, their noise integrated out; it is taken less the loss there of the best linear
  score of all n rows, −V_t^{-1}.

Sources, as scikit-learn's descriptions have them: digits, a copy of the test set of the UCI ML
hand-written digits (E. Alpaydin, C. Kaynak); breast cancer, a copy of UCI ML's Breast Cancer
Wisconsin (Diagnostic) (W. H. Wolberg, W. N. Street, O. L. Mangasarian); wine, a copy of UCI ML's
Wine recognition (Forina et al.); diabetes, from Efron, Hastie, Johnstone, Tibshirani, "Least Angle
Regression", 2004; iris, from Fisher, 1936. The descriptions name no licence; nothing is copied
here.
"""

from collections.abc import Sequence
from functools import cache
from typing import Annotated, Literal, NamedTuple

import numpy as np
from pydantic import Field, model_validator

from bounds.catalog import estimator
from bounds.check import Array, InvalidInput, increasing_times
from bounds.gaussian import Gaussian
from bounds.gram import exact
from bounds.process import decay, noise_variance
from bounds.risk import risk
from studies.evidence import DIGITS, Seeds
from studies.papers.kumar_2025.redraws import spawned
from studies.study import Cell, Lazy, Row, Settings, Study, canonical, different

ESTIMATORS = ("dsm", "bsm", "path", "plug-in")
COLUMNS = ("study", "law", "estimator", "cell", "replicate", "risk")
LAWS = ("gaussian", "rows", "held-out")
Name = Literal["iris", "diabetes", "wine", "breast cancer", "digits"]
SHAPES: dict[Name, tuple[int, int]] = {
    "iris": (150, 4),
    "diabetes": (442, 10),
    "wine": (178, 13),
    "breast cancer": (569, 30),
    "digits": (1797, 61),
}
"""n and d: all of scikit-learn's columns, but for the three pixels that are 0 in every digit."""


class Bundled(NamedTuple):
    """A bundled set.

    Attributes
    ----------
    x : its rows, centred, shape (n, d)
    law : the Gaussian of their covariance
    """

    x: Array
    law: Gaussian


@cache
def bundled(name: Name) -> Bundled:
    """A set of scikit-learn's, centred by the mean of all rows.

    Columns have a variance of 1 each, since their units differ: those of breast cancer are 10⁵
    apart in scale. Digits are divided by one number instead, such that the mean variance of a pixel
    is 1: pixels share a unit, and one that three digits ink would be made as large as any. The
    three pixels without variance are left out: there is nothing to fit.

    Raises
    ------
    InvalidInput
        If scikit-learn is not installed, or its set is of another shape.
    """
    try:
        from sklearn import datasets
    except ImportError:
        raise InvalidInput(
            name, "comes with scikit-learn: install the extra [data], pip install 'dimfree[data]'"
        ) from None
    raw = np.asarray(getattr(datasets, f"load_{name.replace(' ', '_')}")().data, dtype=np.float64)
    x = raw[:, np.ptp(raw, axis=0) > 0]
    if x.shape != SHAPES[name]:
        raise InvalidInput(name, f"has shape {x.shape} here, and is known as {SHAPES[name]}")
    x = x - x.mean(axis=0)
    variances = (x**2).mean(axis=0)
    x = x / np.sqrt(variances.mean() if name == "digits" else variances)
    return Bundled(x, Gaussian.from_covariance(x.T @ x / len(x)))


class SpectraSettings(Settings):
    """Config of `real-spectra`.

    Attributes
    ----------
    data : names of sets
    redraws : K, noise paths for each row
    times : t_1 < … < t_N, dimensionless
    kept : the times whose risks are written down
    samples : draws of rows as a law: many, where the theory is of leading order
    parts : 1/parts of the rows are for training, and as many data drawn of the Gaussian
    effort : effort/d data sets, one at least, are averaged in a replicate, so that sets of few
        columns are not left behind
    """

    data: Annotated[tuple[Name, ...], Field(min_length=1)] = tuple(SHAPES)
    redraws: Annotated[tuple[Annotated[int, Field(ge=1, le=10**6)], ...], Field(min_length=1)] = (
        1,
        4,
        16,
    )
    times: tuple[float, ...] = tuple(round(0.2 * k, 1) for k in range(1, 11))
    kept: tuple[float, ...] = (0.4, 1.0, 2.0)
    samples: Annotated[int, Field(ge=100, le=10**6)] = 100_000
    parts: Annotated[int, Field(ge=2, le=5)] = 5
    effort: Annotated[int, Field(ge=1, le=10**5)] = 60

    @model_validator(mode="after")
    def _consistent(self) -> "SpectraSettings":
        different(self, "data", "redraws")
        increasing_times("times", self.times)
        increasing_times("kept", self.kept)
        if not set(self.kept) <= set(self.times):
            raise InvalidInput("kept", "holds a time that is not among times")
        if self.times[0] < 0.01 or self.times[-1] > 10:
            raise InvalidInput("times", "must lie within 0.01 … 10")
        return self


def cells(settings: SpectraSettings) -> Lazy:
    """One cell for each set, law and K."""

    def cell(name: Name, law: str, redraws: int) -> Cell:
        n, d = SHAPES[name]
        return {
            "data": name,
            "law": law,
            "m": settings.samples if law == "rows" else n // settings.parts,
            "redraws": redraws,
            "times": list(settings.times),
            "kept": list(settings.kept),
            "draws": max(1, settings.effort // d),
            "estimators": list(ESTIMATORS),
        }

    return Lazy.over(cell, settings.data, LAWS, settings.redraws)


def fourth_moment(x: Array, v: Array) -> float:
    """E (xᵀV^{-2}x)(xᵀV^{-1}x) over rows in the eigenbasis of V, whose eigenvalues are v."""
    square = x * x
    return float(np.mean((square / v**2).sum(axis=1) * (square / v).sum(axis=1)))


def excess_loss(second: Array, best: Array, t: float, estimate: Array) -> Array:
    """Denoising loss of x ↦ Â x, with the noise integrated out, less a number that no estimate
    changes: e_t² tr(Â S Âᵀ) + σ_t² ‖Â‖² + 2 tr Â.

    Parameters
    ----------
    second : S of the rows as the estimate sees them, shape (…, d, d)
    best : the same loss of the score that the excess is over, shape (…)
    t : dimensionless time > 0
    estimate : Â, shape (…, d, d)
    """
    data = (estimate @ second * estimate).sum(axis=(-2, -1))
    noise = (estimate * estimate).sum(axis=(-2, -1))
    trace = np.trace(estimate, axis1=-2, axis2=-1)
    return np.asarray(decay(2 * t) * data + noise_variance(t) * noise + 2 * trace - best)


class Split(NamedTuple):
    """Rows for training and rows held out, many times.

    Attributes
    ----------
    data : X_0ᵀX_0 of the rows for training, centred
    seen : of the rows held out, less the others' mean, the mean of x xᵀ
    known : the same less the mean of all rows
    """

    data: Array
    seen: Array
    known: Array


def split(x: Array, m: int, rngs: Sequence[np.random.Generator]) -> Split:
    """m rows of n for training, chosen anew by each generator."""
    parts = []
    for rng in rngs:
        order = rng.permutation(len(x))
        training, rest = x[order[:m]], x[order[m:]]
        mean = training.mean(axis=0)
        training, seen = training - mean, rest - mean
        parts.append((training.T @ training, seen.T @ seen / len(rest), rest.T @ rest / len(rest)))
    return Split(*(np.stack(part) for part in zip(*parts, strict=True)))


def measure(cell: Cell, seeds: Seeds) -> list[list[Row]]:
    """m · excess risk of each estimator at the kept times, on the same Gram matrices."""
    x, law = bundled(cell["data"])
    m, draws, times = cell["m"], cell["draws"], cell["times"]
    rngs = [np.random.default_rng(one) for seed in seeds for one in spawned(seed, draws)]
    data, held_out = None, None
    if cell["law"] == "gaussian":
        law = Gaussian(law.eigenvalues)
    elif cell["law"] == "rows":
        even = np.full(len(x), 1 / len(x))
        counts = np.stack([rng.multinomial(m, even) for rng in rngs])
        data = np.stack([(x * count[:, None]).T @ x for count in counts])
    else:
        held_out = split(x, m, rngs)
        data = held_out.data
    grams = list(exact(law, m, times, rngs, redraws=cell["redraws"], data=data))
    rows: list[list[Row]] = [[] for _ in seeds]
    found = {name: list(estimator(name)(grams)) for name in cell["estimators"]}
    for t in cell["kept"]:
        of = canonical(_described(cell, x, t))
        k = times.index(t)
        best = (
            None
            if held_out is None
            else excess_loss(held_out.known, np.zeros(1), t, law.score_matrix(t))
        )
        for name, estimates in found.items():
            if held_out is None or best is None:
                value = risk(law, t, estimates[k])
            else:
                value = excess_loss(held_out.seen, best, t, estimates[k])
            means = m * value.reshape(len(seeds), draws).mean(axis=1)
            for mine, mean in zip(rows, means, strict=True):
                held = {"law": cell["law"], "estimator": name, "cell": of}
                mine.append({**held, "risk": float(mean)})
    return rows


def _described(cell: Cell, x: Array, t: float) -> Cell:
    """What a formula needs to know of a set at t, to ten digits, since processors differ beyond."""
    values, basis = np.linalg.eigh(x.T @ x / len(x))
    v = decay(2 * t) * values + noise_variance(t)
    return {
        "data": cell["data"],
        "rows": len(x),
        "d": len(values),
        "m": cell["m"],
        "redraws": cell["redraws"],
        "t": t,
        "times": cell["times"],
        "eigenvalues": [float(f"{value:.10g}") for value in values],
        "fourth": float(f"{fourth_moment(x @ basis, v):.10g}"),
    }


def batch(cell: Cell) -> int:
    """Replicates per task: about 0.3 s of work."""
    d = SHAPES[cell["data"]][1]
    return int(max(1, 0.3 / (cell["draws"] * len(cell["times"]) * (1e-5 + 6e-9 * d**3))))


STUDY = Study(
    name="real-spectra",
    about="Risk of every estimator on scikit-learn's bundled sets: their covariances as laws, "
    "their rows as laws, and rows held out.",
    settings=SpectraSettings,
    cells=cells,
    measure=measure,
    columns=COLUMNS,
    batch=batch,
    presets={
        "quick": SpectraSettings(
            replicates=60,
            seed=43,
            effort=50,
            data=("iris", "diabetes", "breast cancer"),
            redraws=(1, 4),
        ),
        "paper": SpectraSettings(replicates=45, seed=43),
        "deep": SpectraSettings(replicates=450, seed=43),
    },
    normalised=("cell",),
    digits=DIGITS,
    needs={"sklearn": "data"},
)
