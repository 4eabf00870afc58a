r"""Evidence on the dimension-free bounds: data sets drawn,
losses compared, κ measured; no bound is known here.

    R* = max_h (2 S_h/m)₊²

Among s + ε w_j F_h with |F_h| = 1 and Σ γ w² = 1, the loss of alternative h is below that of s
where m ε² + 2 ε S_h < 0. So R* is the largest ε² at which the DSM minimiser goes wrong, and its
(1 − δ)-quantile is what a bound at level δ must cover to hold at every scale ε.

Gaussian data and constant F along eigenvectors see those coordinates alone, which are independent
of the rest: they are all that is simulated ("span"). What the supermartingale needs of κ is
computed in studies.supermartingale.

Longer than 350 lines: one function for each kind of cell, and the cells, most of them lists.
"""

from decimal import Decimal, localcontext
from typing import Any

import numpy as np

from bounds.check import Array
from bounds.process import geometric_grid, simulate, uniform_grid, weights
from studies.evidence import Parts, Rng, Seeds, computed, evidence, measured, one_by_one, row
from studies.papers.kumar_2025.log_concave_laws import RHOS, measure_law
from studies.papers.kumar_2025.quadratic_variation import (
    measure_climb,
    measure_separate,
    measure_variation,
    measure_weights,
)
from studies.papers.kumar_2025.supermartingale import (
    FAR_MODES,
    measure_adversary,
    measure_need,
    measure_one_time,
    worst_constants,
)
from studies.study import Cell, Row

# --- Gaussian data --------------------------------------------------------------------------------


def path_sums(x0: Array, eigenvalues: Array, times: Array, w: Array, rng: Rng) -> Array:
    """Σ_j γ_j w_j U_j of every path and coordinate,
    U_j = Z_j/σ_j² + s(t_j, X_j); shape of `x0`, (n, d).
    """
    total = np.zeros_like(x0)
    for part, gamma, each in zip(simulate(x0, times, rng), weights(times), w, strict=True):
        noise = -np.expm1(-2 * part.step.t)
        v = np.exp(-2 * part.step.t) * eigenvalues + noise
        total += gamma * each * (part.z / noise - part.x / v)
    return total


def span(cell: Cell, rng: Rng) -> Array:
    """(−2 S_h/m)₊ of each data set,
    for alternatives along the |H| − 1 widest eigendirections; (n, |H| − 1).
    """
    times, size = np.array(cell["times"]), cell["hypotheses"] - 1
    low, high = cell["spectrum"]
    eigenvalues = np.linspace(low, high, cell["d"])[-size:]
    x0 = rng.standard_normal((cell["sets"] * cell["m"], size)) * np.sqrt(eigenvalues)
    sums = path_sums(x0, eigenvalues, times, worst_constants(times, high)[1], rng)
    over_paths = sums.reshape(cell["sets"], cell["m"], size).sum(axis=1)
    return np.asarray(np.maximum(-2 * over_paths / cell["m"], 0))


def measure_span(cell: Cell, rng: Rng) -> list[Row]:
    """The (1 − δ)-quantile of R*; once more under another name
    where |H| is large enough for half the constant.
    """
    largest = span(cell, rng).max(axis=1) ** 2
    value = float(np.quantile(largest, 1 - cell["delta"], method="higher"))
    known = {k: cell[k] for k in ("d", "hypotheses", "m", "times", "spectrum", "delta")}
    rows = [row("gaussian-quantile", known, value)]
    if cell["hypotheses"] >= 16:
        rows.append(row("gaussian-quantile-many", known, value))
    return rows


def measure_prior(cell: Cell, rng: Rng) -> list[Row]:
    """The (1 − δ)-quantile of max_h (2 S_h/m)₊²/log(1/(π_h δ)) with π_h = 1/(h (h + 1)):
    alternative h at ε² = c log(1/(π_h δ)) beats s where c is below its term.
    """
    found = span(cell, rng) ** 2
    h = np.arange(1, found.shape[1] + 1)
    largest = (found / np.log(h * (h + 1) / cell["delta"])).max(axis=1)
    value = float(np.quantile(largest, 1 - cell["delta"], method="higher"))
    known = {k: cell[k] for k in ("d", "hypotheses", "m", "times", "spectrum", "delta")}
    return [row("prior-quantile", known, value)]


def measure_mean(cell: Cell, rng: Rng) -> list[Row]:
    """Mean risk of the minimiser over s and s + ε w_j v_h, ε² = fraction · 8 Var(S)/m · log|H|."""
    variance, _ = worst_constants(np.array(cell["times"]), cell["spectrum"][1])
    square = cell["fraction"] * 8 * variance * np.log(cell["hypotheses"]) / cell["m"]
    wrong = (span(cell, rng) > np.sqrt(square)).any(axis=1)
    known = {k: cell[k] for k in ("d", "hypotheses", "m", "times", "spectrum", "fraction")}
    return [row("mean-risk", known, float(square * np.mean(wrong)))]


def measure_wrong(cell: Cell, rng: Rng) -> list[Row]:
    """How often the minimiser is not s,
    at ε² = fraction · 8 Var(S)/m · log(|H|/δ), which is the class's own size.
    """
    variance, _ = worst_constants(np.array(cell["times"]), cell["spectrum"][1])
    log_ratio = np.log(cell["hypotheses"] / cell["delta"])
    epsilon = np.sqrt(cell["fraction"] * 8 * variance * log_ratio / cell["m"])
    known = {k: cell[k] for k in ("d", "hypotheses", "m", "times", "delta", "fraction")}
    return [row("wrong-choice", known, float(np.mean(span(cell, rng).max(axis=1) > epsilon)))]


def measure_linear(cell: Cell, rng: Rng) -> list[Row]:
    """The (1 − δ)-quantile of the empirical risk of the minimiser among s and f_h(t, x) = s + ε_h
    B_h x, the DSM loss taken by its definition in all d coordinates; N(0, λI) data.
    """
    d, m, sets, size = (cell[k] for k in ("d", "m", "sets", "hypotheses"))
    times, value = np.array(cell["times"]), cell["spectrum"][1]
    drawn = np.random.default_rng(cell["class"]).standard_normal((size, d, d)) / d
    matrices = drawn * np.geomspace(0.1, 3.0, size)[:, None, None]
    matrices[0] = 0
    x0 = rng.standard_normal((sets * m, d)) * np.sqrt(value)
    loss, error = np.zeros((size, sets * m)), np.zeros((size, sets * m))
    for part, gamma in zip(simulate(x0, times, rng), weights(times), strict=True):
        noise = -np.expm1(-2 * part.step.t)
        score = -part.x / (np.exp(-2 * part.step.t) * value + noise)
        zeta = part.x @ matrices.swapaxes(1, 2)
        loss += gamma * np.sum((score + zeta + part.z / noise) ** 2, axis=2)
        error += gamma * np.sum(zeta**2, axis=2)
    risk = risk_of_minimiser(loss.reshape(size, sets, m), error.reshape(size, sets, m))
    known = {k: cell[k] for k in ("d", "hypotheses", "m", "times", "spectrum", "delta", "class")}
    quantile = float(np.quantile(risk, 1 - cell["delta"], method="higher"))
    return [row("gaussian-quantile", known, quantile)]


def risk_of_minimiser(loss: Array, error: Array) -> Array:
    """(1/m) Σ_i Σ_j γ_j |f̂ − s|² of each data set; both (|H|, sets, m) to (sets,)."""
    best = loss.sum(axis=2).argmin(axis=0)
    return np.asarray(error.mean(axis=2)[best, np.arange(best.size)])


# --- Theorem 1's own factor -----------------------------------------------------------------------


def measure_log_factor(cell: Cell) -> list[Row]:
    """What log B of Theorem 1, B = C log((L+1) d m N log(1/δ)/Δ),
    grows by from d = 10; in 40 digits.
    """

    def number(name: str) -> Decimal:
        return Decimal(str(cell[name]))

    def factor(d: int) -> Decimal:
        size: Decimal = (
            (number("lipschitz") + 1) * d * cell["m"] * cell["steps"] * -number("delta").ln()
        )
        inner: Decimal = number("constant") * (size / number("spacing")).ln()
        return inner.ln()

    with localcontext() as context:
        context.prec = 40
        known = {
            k: cell[k] for k in ("constant", "lipschitz", "d", "m", "steps", "delta", "spacing")
        }
        growth = factor(cell["d"]) - factor(10)
    return [row("log-factor-growth", known, float(growth))]


# --- the cells ------------------------------------------------------------------------------------

PARTS: Parts = {
    "span": one_by_one(measure_span, "gaussian-quantile", "gaussian-quantile-many"),
    "wrong": one_by_one(measure_wrong, "wrong-choice"),
    "prior": one_by_one(measure_prior, "prior-quantile"),
    "mean": one_by_one(measure_mean, "mean-risk"),
    "linear": one_by_one(measure_linear, "gaussian-quantile"),
    "law": one_by_one(measure_law, "law-moment", "law-quantile"),
    "variation": computed(measure_variation, "variation", "variation-log-concave"),
    "weights": computed(measure_weights, "variation-any-weights"),
    "climb": computed(measure_climb, "variation-log-concave"),
    "separate": computed(measure_separate, "joint-variation", "separate-growth"),
    "adversary": computed(
        measure_adversary,
        "needed-bimodal",
        "needed-far-modes",
        "needed-gaussian",
        "needed-log-concave",
    ),
    "need": computed(
        measure_need,
        "need-bounded",
        "need-cauchy",
        "need-heavy-narrow",
        "need-heavy-wide",
        "need-strong",
    ),
    "one-time": computed(measure_one_time, "need-one-time"),
    "log-factor": computed(measure_log_factor, "log-factor-growth"),
}
SHORT = [0.1, 0.2, 0.4, 0.8]


def measure(cell: Cell, seeds: Seeds) -> list[list[Row]]:
    """Rows of one kind of cell."""
    return measured(PARTS, cell, seeds)


def _class(
    kind: str,
    d: int,
    hypotheses: int,
    m: int,
    times: Array,
    spectrum: tuple[float, float],
    sets: int,
    **more: Any,
) -> Cell:
    known = {"kind": kind, "d": d, "hypotheses": hypotheses, "m": m, "times": times.tolist()}
    return {**known, "spectrum": list(spectrum), "sets": sets, "delta": 0.05, **more}


def _cells() -> list[Cell]:
    unit = (1.0, 1.0)
    cells: list[Cell] = [
        _class("span", 4, 2, 4, uniform_grid(0.1, 3), unit, 200),
        _class("span", 4, 4, 1, uniform_grid(0.5, 4), (30.0, 30.0), 200),
        _class("span", 64, 16, 4, uniform_grid(0.1, 4), unit, 100),
        _class("span", 64, 64, 2, uniform_grid(0.02, 5), (0.1, 0.1), 60),
        _class("span", 1024, 16, 16, uniform_grid(0.01, 4), (0.3, 3.0), 40),
        _class("span", 4096, 64, 1, geometric_grid(1e-3, 2.0, 6), (0.3, 3.0), 60),
        _class("span", 4096, 256, 2, uniform_grid(0.2, 2), unit, 60),
        _class("span", 4096, 16, 4, uniform_grid(1.0, 3), (1e3, 1e3), 100, delta=0.2),
        _class("wrong", 64, 64, 1, uniform_grid(0.1, 2), unit, 500, fraction=0.5),
        _class("wrong", 16, 16, 2, uniform_grid(0.5, 2), (3.0, 3.0), 300, fraction=0.25),
        _class("wrong", 64, 64, 2, uniform_grid(0.1, 30), unit, 12, fraction=0.5),
        _class("prior", 64, 64, 2, uniform_grid(0.1, 3), unit, 60),
        _class("prior", 512, 512, 1, uniform_grid(0.5, 2), (30.0, 30.0), 40),
        _class("prior", 256, 256, 1, geometric_grid(1e-3, 2.0, 4), unit, 40),
        _class("mean", 4, 4, 4, uniform_grid(0.1, 3), unit, 100, fraction=0.59),
        _class("mean", 1024, 1024, 1, uniform_grid(0.5, 2), (3.0, 3.0), 24, fraction=0.57),
        _class("mean", 4096, 4096, 1, uniform_grid(0.1, 2), unit, 5, fraction=0.62),
        _class("mean", 4096, 4096, 1, np.array([0.3]), (30.0, 30.0), 5, fraction=0.62),
        _class("linear", 4, 16, 5, uniform_grid(0.1, 3), unit, 40, **{"class": 1}),
        _class("linear", 32, 4, 5, uniform_grid(0.3, 2), (3.0, 3.0), 20, **{"class": 2}),
    ]
    grids = [
        uniform_grid(0.1, 30),
        uniform_grid(0.02, 150),
        uniform_grid(0.5, 60),
        uniform_grid(2.0, 2),
        geometric_grid(1e-4, 4.0, 80),
        geometric_grid(1e-9, 10.0, 300),
        np.cumsum([4.0] * 3 + [0.08] * 40),
        np.array([0.7]),
    ]
    cells += [
        {"kind": "variation", "times": times.tolist(), "eigenvalue": value}
        for times in grids
        for value in (None, 1.0, 1000.0)
    ]
    cells += [
        {"kind": "climb", "largest": largest, "seed": 17} for largest in (0.03, 0.5, 1.0, 3.0)
    ]
    cells += _weights() + _computed()
    cells += [
        {"kind": "law", "law": law, "d": d, "m": 4, "sets": 50, "times": SHORT, "delta": 0.1}
        for law, d in (
            ("uniform", 8),
            ("laplace", 16),
            ("exponential", 8),
            ("logistic", 4),
            ("ball", 8),
            ("correlated", 8),
        )
    ]
    first: Cell = {"lipschitz": 0.0, "m": 1, "steps": 1, "delta": float(np.exp(-1)), "spacing": 1.0}
    usual: Cell = {"lipschitz": 1.0, "m": 1000, "steps": 30, "delta": 0.05, "spacing": 0.1}
    settings = [
        {"constant": 1.0, **first},
        {"constant": 1000.0, **first},
        {"constant": 1.0, **usual},
    ]
    dims = (100, 10**4, 10**6, 10**9)
    return cells + [{"kind": "log-factor", **one, "d": d} for one in settings for d in dims]


def _weights() -> list[Cell]:
    """Grids whose weights exceed their gaps: a cluster,
    the trapezoid's idea of a uniform grid, the next gap.
    """
    crowd = 0.5 + 0.0002 * np.arange(50)
    uniform = uniform_grid(0.05, 60)
    geometric = 10.0 ** np.arange(-8, -1.5, 0.5)
    cases = (
        ("50 times within 0.01, weight 0.3", crowd, np.full(50, 0.3)),
        ("uniform, each weight ten gaps", uniform, np.full(60, 0.5)),
        ("geometric, each weight the next gap", geometric[:-1], np.diff(geometric)),
    )
    return [
        {"kind": "weights", "case": case, "times": t.tolist(), "gamma": g.tolist()}
        for case, t, g in cases
    ]


def _computed() -> list[Cell]:
    """What needs no sampling: laws on the line and adversaries."""
    cells: list[Cell] = [
        {"kind": "separate", "decade": decade, "eigenvalue": v}
        for decade in (6, 9, 12)
        for v in (1.0, 1000.0)
    ]
    laws = [("uniform", 3), ("laplace", 3), ("exponential", 3), ("logistic", 3), ("gaussian", 3)]
    laws += [(FAR_MODES, 12), ("bimodal-1-0.04", 12), ("bimodal-1-0.25", 12)]
    cells += [
        {"kind": "adversary", "law": law, "rho": rho, "times": SHORT, "rounds": rounds}
        for law, rounds in laws
        for rho in RHOS
    ]
    grids = ([0.4], [0.8], SHORT)
    students = (
        ("heavy-wide", 1, 1.0),
        ("heavy-wide", 3, 1.0),
        ("heavy-narrow", 1, 0.01),
        ("heavy-narrow", 3, 0.02),
    )
    cells += [
        {
            "kind": "need",
            "family": family,
            "law": "student",
            "freedom": nu,
            "scale": scale,
            "times": times,
        }
        for family, nu, scale in students
        for times in grids
    ]
    strong = (
        ("gauss-kink", 1.0),
        ("gauss-kink", 9.0),
        ("half-normal", 1.0),
        ("half-normal", 4.0),
        ("quartic", 1.0),
    )
    cells += [
        {"kind": "need", "family": "strong", "law": law, "variance": variance, "times": times}
        for law, variance in strong
        for times in ([0.4], SHORT)
    ]
    atoms = (
        ([-1, 1], [0.5, 0.5]),
        ([-1, 1], [0.9, 0.1]),
        ([-1, 1], [0.98, 0.02]),
        ([-1, 0, 1], [0.1, 0.8, 0.1]),
    )
    cells += [
        {
            "kind": "need",
            "family": "bounded",
            "law": "atoms",
            "places": places,
            "masses": masses,
            "times": times,
        }
        for places, masses in atoms
        for times in ([0.1], [0.4], SHORT)
    ]
    cells += [
        {"kind": "need", "family": "bounded", "law": "uniform", "times": times}
        for times in ([0.4], SHORT)
    ]
    single: list[Cell] = [
        {"law": "student", "freedom": 1, "scale": 1.0},
        {"law": "bimodal", "mean": 1.0, "variance": 0.25},
        {"law": "bimodal", "mean": 2.0, "variance": 0.04},
        {"law": "atoms", "places": [-1, 1], "masses": [0.5, 0.5]},
    ]
    return cells + [
        {"kind": "one-time", **one, "time": t} for one in single for t in (0.1, 0.4, 0.8)
    ]


STUDY = evidence(
    "evidence-concentration",
    "The dimension-free bounds with explicit constants: data sets judged, κ measured, adversaries "
    "let loose.",
    _cells(),
    measure,
    PARTS,
    seed=17,
    replicates=128,
    deep=4096,
    batch=128,
)
