r"""Evidence on the population risk, a score outside the class, and redraws: losses compared on
paths; no bound is known here.

    R*_h = (E Y_h/m) (−2 S_h/Y_h)₊²,   Y_h = Σ_i Σ_j γ_j |g_h|²,   S_h = Σ_i Σ_j γ_j ⟨g_h, U⟩

Among s + ε g_h the loss of alternative h is below that of s where ε² Y_h + 2 ε S_h < 0: R*_h is its
largest population risk at which that happens. For Gaussian data at one time and ζ linear
there, S given X_t is normal with variance κY, so

    P(f̂ = f) = E Φ(−½ √(R χ²_m/κ)),

κ the variance of the worst constants: one integral.
"""

from collections.abc import Callable

import numpy as np
import scipy
from scipy.special import log_ndtr, logsumexp

from bounds.check import Array
from bounds.process import simulate, uniform_grid, weights
from studies.evidence import Parts, Rng, Seeds, computed, evidence, measured, one_by_one, row
from studies.papers.kumar_2025.class_laws import drawn, law_of, residual
from studies.papers.kumar_2025.evidence_parameters import profile, quantile
from studies.papers.kumar_2025.supermartingale import worst_constants
from studies.study import Cell, Row


def _variance(cell: Cell) -> float:
    """The largest variance of S over Σ_j γ_j w_j² = 1, Gaussian data."""
    return worst_constants(np.array(cell["times"]), cell["eigenvalue"])[0]


# --- probabilities computed


def log_wrong_linear(ratio: float, m: int) -> float:
    """log E Φ(−½ √(ratio · χ²_m)), by the trapezoid rule in log χ²."""
    y = np.linspace(-12, 3, 6001)
    density = scipy.stats.gamma.logpdf(np.exp(y), m / 2, scale=2 / m) + y
    terms = density + log_ndtr(-np.sqrt(ratio * m * np.exp(y)) / 2)
    return float(logsumexp(terms) + np.log(y[1] - y[0]))


def log_wrong_spike(ratio: float, m: int, q: float) -> float:
    """log E Φ(−½ √(ratio · n/q)), n of m paths in a set of probability q: a tie falls to a coin."""
    n = np.arange(m + 1)
    terms = scipy.stats.binom.logpmf(n, m, q) + log_ndtr(-np.sqrt(ratio * n / q) / 2)
    return float(logsumexp(terms))


def largest_risk(log_wrong: Callable[[float], float], level: float) -> float:
    """R/κ at which log P(f̂ = f) = −level."""
    found = scipy.optimize.brentq(
        lambda y: log_wrong(float(np.exp(y))) + level, np.log(1e-6), np.log(1e9), xtol=1e-12
    )
    return float(np.exp(found))


def _needed(cell: Cell) -> list[Row]:
    """R at which one alternative of the class is picked so often that one of all |H| − 1, which are
    independent, is with probability δ.
    """
    m, size = cell["m"], cell["log_alternatives"]
    level = -np.log(-np.expm1(np.log1p(-cell["delta"]) * np.exp(-size)))
    found = _variance(cell) * largest_risk(lambda r: log_wrong_linear(r, m), level)
    known = {**law_of(cell), "class": "linear"}
    known |= {key: cell[key] for key in ("times", "m", "log_alternatives", "delta")}
    return [row(cell["quantity"], known, found)]


def _spike(cell: Cell) -> list[Row]:
    """P(f̂ = f) at R = over · 8 κ log(1/δ)/m, f − s ≠ 0 in a set of probability q alone."""
    m, q = cell["m"], cell["q"]
    ratio = cell["over"] * 8 * -np.log(cell["delta"]) / m
    known = {**law_of(cell), **{key: cell[key] for key in ("times", "m", "q", "delta", "over")}}
    return [row("spike", known, float(np.exp(log_wrong_spike(ratio, m, q))))]


def _choice(cell: Cell) -> list[Row]:
    """P(f̂ = f) at R = 8 κ k/m, f − s constant in x or linear at one time."""
    ratio, m = 8 * cell["k"] / cell["m"], cell["m"]
    constant = float(log_ndtr(-np.sqrt(ratio * m) / 2))
    value = constant if cell["class"] == "constant" else log_wrong_linear(ratio, m)
    known = {**law_of(cell), **{key: cell[key] for key in ("times", "m", "k", "class")}}
    return [row("choice", known, float(np.exp(value)))]


# --- probabilities by paths


def _choice_paths(cell: Cell, rng: Rng) -> list[Row]:
    """P(f̂ = f) at R = 8 κ k/m, f − s = a w_j x/√v_j at joint times, N(0, λ) on the line."""
    times, m, sets = np.array(cell["times"]), cell["m"], cell["sets"]
    s, y = np.zeros(sets), np.zeros(sets)
    w, gamma = profile(cell), weights(times)
    parts = simulate(drawn(cell, sets * m, 1, rng), times, rng)
    for part, each, weight in zip(parts, w, gamma, strict=True):
        v = 1 + (cell["eigenvalue"] - 1) * np.exp(-2 * part.step.t)
        zeta = each * part.x[:, 0] / np.sqrt(v)
        s += weight * (zeta * residual(cell, part)[:, 0]).reshape(sets, m).sum(axis=1)
        y += weight * (zeta**2).reshape(sets, m).sum(axis=1)
    rows = []
    for k in cell["k"]:
        size = np.sqrt(8 * _variance(cell) * k / m)
        known = {**law_of(cell), "times": cell["times"], "m": m, "k": k, "class": "linear"}
        rows.append(row("choice", known, float(np.mean(size * y + 2 * s < 0))))
    return rows


def _direction(cell: Cell, t: float, x: Array) -> Array:
    """g_h(t, x) for h = 1 … d, along the axis h: the coordinate, or a wave of it; shape (n, d)."""
    y = np.exp(t) * x
    return np.asarray(y if cell["class"] == "linear" else np.sin(cell["frequency"] * y + 0.5))


def _class(cell: Cell, rng: Rng) -> list[Row]:
    """The quantile of max_h R*_h; E Y_h from all paths of the replicate, which are as good as
    fresh.
    """
    times, d, m, sets = np.array(cell["times"]), cell["d"], cell["m"], cell["sets"]
    s, y = np.zeros((sets, d)), np.zeros((sets, d))
    parts = simulate(drawn(cell, sets * m, d, rng), times, rng)
    for part, each, gamma in zip(parts, profile(cell), weights(times), strict=True):
        g = each * _direction(cell, part.step.t, part.x)
        s += gamma * (g * residual(cell, part)).reshape(sets, m, d).sum(axis=1)
        y += gamma * (g**2).reshape(sets, m, d).sum(axis=1)
    largest = np.max(y.mean() / m * np.maximum(-2 * s / y, 0) ** 2, axis=1)
    keys = ("times", "m", "delta", "class", *(["frequency"] if "frequency" in cell else []))
    known = {**law_of(cell), "log_alternatives": float(np.log(d)), **{k: cell[k] for k in keys}}
    return [row("population-quantile", known, quantile(largest, cell["delta"]))]


def _constants(cell: Cell, rng: Rng) -> Array:
    """Σ_j γ_j w_j U_j of each path, averaged over the redraws of a datum; (sets · m, d)."""
    times, d, redraws = np.array(cell["times"]), cell["d"], cell.get("redraws", 1)
    count = cell["sets"] * cell["m"]
    x0 = np.repeat(drawn(cell, count, d, rng), redraws, axis=0)
    total = np.zeros_like(x0)
    parts = simulate(x0, times, rng)
    for part, each, gamma in zip(parts, profile(cell), weights(times), strict=True):
        total += gamma * each * residual(cell, part)
    return np.asarray(total.reshape(count, redraws, d).mean(axis=1))


def _outside(cell: Cell, rng: Rng) -> list[Row]:
    """f* = s + α w_j v and f = s − β w_j v: the quantile of the largest β² at which f is picked.

    Its loss is below that of f* where β − α < −2 S/m, S of the direction of f − f*.
    """
    sums = _constants(cell, rng).reshape(cell["sets"], cell["m"], cell["d"]).sum(axis=1)
    gap = np.maximum(-2 * sums.ravel() / cell["m"], 0)
    return [
        row(
            "outside",
            {**law_of(cell), "times": cell["times"], "m": cell["m"], "delta": cell["delta"]}
            | {"alpha": alpha},
            quantile((alpha + gap) ** 2, cell["delta"]),
        )
        for alpha in cell["alphas"]
    ]


def _outside_exact(cell: Cell) -> list[Row]:
    """The same for Gaussian data, where S is normal."""
    keys = ("times", "m", "delta", "alpha")
    gap = 2 * np.sqrt(_variance(cell) / cell["m"]) * scipy.stats.norm.isf(cell["delta"])
    known = {**law_of(cell), **{key: cell[key] for key in keys}}
    return [row("outside", known, float((cell["alpha"] + gap) ** 2))]


def _redraws(cell: Cell, rng: Rng) -> list[Row]:
    """The quantile of R* = max_h (2 S_h/m)₊² over s + ε w_j v_h, losses averaged over K paths a
    datum.
    """
    sums = _constants(cell, rng).reshape(cell["sets"], cell["m"], cell["d"]).sum(axis=1)
    largest = np.maximum(-2 * sums.min(axis=1) / cell["m"], 0) ** 2
    keys = ("times", "m", "delta", "redraws")
    known = {**law_of(cell), "hypotheses": cell["d"] + 1, **{key: cell[key] for key in keys}}
    return [row("redraws-quantile", known, quantile(largest, cell["delta"]))]


PARTS: Parts = {
    "needed": computed(_needed, "population-quantile", "population-few"),
    "spike": computed(_spike, "spike"),
    "choice": computed(_choice, "choice"),
    "choice-paths": one_by_one(_choice_paths, "choice"),
    "class": one_by_one(_class, "population-quantile"),
    "outside": one_by_one(_outside, "outside"),
    "outside-exact": computed(_outside_exact, "outside"),
    "redraws": one_by_one(_redraws, "redraws-quantile"),
}


def measure(cell: Cell, seeds: Seeds) -> list[list[Row]]:
    """The rows of one part."""
    return measured(PARTS, cell, seeds)


def _gaussian(value: float) -> Cell:
    return {"law": "gaussian", "eigenvalue": value}


WHITE = _gaussian(1.0)
PAIR = [0.2, 0.8]
CELLS: list[Cell] = [
    *(
        {
            "part": "needed",
            "quantity": "population-quantile",
            **_gaussian(value),
            "times": [t],
            "log_alternatives": size,
            "delta": delta,
            "m": m,
        }
        for value, t in ((1.0, 0.4), (9.0, 1.0))
        for size, delta, m in (
            (0.0, 0.05, 10_000),
            (10.0, 0.05, 10_000),
            (10.0, 1e-6, 100_000),
            (30.0, 1e-6, 1_000_000),
        )
    ),
    *(
        {
            "part": "needed",
            "quantity": "population-few",
            **WHITE,
            "times": [0.4],
            "log_alternatives": size,
            "delta": 1e-6,
            "m": m,
        }
        for size, m in ((10.0, 160), (30.0, 320), (100.0, 800), (600.0, 4200))
    ),
    *(
        {"part": "spike", **WHITE, "times": [0.4], "m": 1000, "delta": 1e-3, "q": q, "over": over}
        for q in (0.001, 0.003)
        for over in (10.0, 1000.0)
    ),
    *(
        {"part": "choice", **WHITE, "times": [0.4], "m": m, "k": k, "class": kind}
        for kind, m in (("constant", 100), ("linear", 100), ("linear", 10_000))
        for k in (1, 2, 4, 8)
    ),
    {
        "part": "choice-paths",
        **WHITE,
        "times": uniform_grid(0.1, 20).tolist(),
        "m": 100,
        "k": [1, 2],
        "sets": 80,
    },
    *(
        {"part": "class", **law, "class": kind, "times": PAIR, "d": 4, "m": 400, "sets": 24}
        | {"delta": 0.05, **more}
        for law, kind, more in (
            (_gaussian(4.0), "linear", {}),
            ({"law": "laplace"}, "linear", {}),
            ({"law": "uniform"}, "linear", {}),
            (_gaussian(4.0), "wave", {"frequency": 0.5}),
            ({"law": "laplace"}, "wave", {"frequency": 0.2}),
            ({"law": "uniform"}, "wave", {"frequency": 0.3}),
        )
    ),
    *(
        {"part": "outside", **law, "times": PAIR, "d": 40, "m": 5, "sets": 10, "delta": 0.05}
        | {"alphas": [1.0, 4.0, 16.0]}
        for law in (
            _gaussian(4.0),
            {"law": "laplace"},
            {"law": "uniform"},
            {"law": "cauchy", "scale": 4.0},
        )
    ),
    *(
        {"part": "outside-exact", **WHITE, "times": uniform_grid(0.1, 10).tolist(), "m": 100}
        | {"delta": float(np.exp(-level)), "alpha": alpha}
        for level in (3, 10, 30, 100)
        for alpha in (0.1, 1.0, 10.0)
    ),
    *(
        {"part": "redraws", **law, "times": times, "d": d, "m": 2, "sets": 60, "delta": 0.05}
        | {"redraws": redraws}
        for law, times, d in (
            (WHITE, uniform_grid(0.2, 8).tolist(), 32),
            (_gaussian(0.2), uniform_grid(0.2, 8).tolist(), 16),
            ({"law": "laplace"}, PAIR, 16),
        )
        for redraws in (2, 6, 20)
    ),
]
STUDY = evidence(
    "evidence-population",
    "Population risk, a score outside the class, and the theorem with redraws.",
    CELLS,
    measure,
    PARTS,
    seed=79,
    replicates=32,
    deep=400,
    batch=8,
)
