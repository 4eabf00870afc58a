"""Weighted particles for a posterior: their law by the moment equation, the moments of their
weights by the equation of the precision, and particles that are drawn.
"""

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np
import scipy

from bounds.affine import Affine, Moments, Quadratic, moments
from bounds.check import Array
from bounds.divergence import Normal
from studies.evidence import Parts, Rng, Seeds, computed, evidence, measured, one_by_one, row
from studies.study import Cell, Row, Study

Curve = Callable[[float], float]


def _pulls(cell: Cell) -> tuple[Curve, Curve]:
    """1/(λ + r), which is 0 under a constant prior, and 1/(σ_y² + γ² r), by r."""
    flat, gamma2 = "lambda" not in cell, cell.get("gamma", 0.0) ** 2
    prior: Curve = (lambda r: 0.0) if flat else (lambda r: 1 / (cell["lambda"] + r))
    return prior, lambda r: 1 / (cell["sy2"] + gamma2 * r)


def _carried(cell: Cell, stops: list[float], power: float = 1.0) -> list[Moments]:
    """The weights' nth moment as a measure at each of the r, down from S²."""
    a, k = _pulls(cell)
    y, moving = cell.get("y", 0.0), 1 - cell.get("gamma", 0.0) ** 2
    top = cell["last"] ** 2
    precision = a(top) + k(top)
    start = Normal(np.array([k(top) * y / precision]), np.array([[1 / precision]]))
    flow = Affine(lambda r: -a(r) - k(r), noise=1.0, shift=lambda r: k(r) * y)
    rate = Quadratic(
        hessian=lambda r: k(r) ** 2 * moving + 2 * k(r) * a(r),
        slope=lambda r: -y * (k(r) ** 2 * moving + k(r) * a(r)),
        constant=lambda r: (k(r) ** 2 * y**2 * moving - k(r)) / 2,
    )
    return moments(flow, start, [top, *stops], rate, power)[1:]


def _two(quantity: str, of: dict[str, Any], law: Normal) -> list[Row]:
    found = {"mean": law.mean[0], "variance": law.covariance[0, 0]}
    return [row(quantity, {**of, "moment": name}, float(x)) for name, x in found.items()]


def _problem(cell: Cell) -> dict[str, Any]:
    return {name: cell[name] for name in ("lambda", "y", "sy2", "last", "gamma") if name in cell}


def _laws(cell: Cell) -> list[Row]:
    """Weighted at each r of the cell; unweighted at its last two."""
    stops, rows = cell["stops"], []
    for r, found in zip(stops, _carried(cell, stops), strict=True):
        of = {**_problem(cell), "r": r}
        rows += [*_two("law", of, found.law), row("evidence", of, found.log_mass)]
    for r, found in zip(stops[-2:], _carried(cell, stops[-2:], 0.0), strict=True):
        rows += _two("unweighted", {**_problem(cell), "r": r}, found.law)
    return rows


def _annealed(cell: Cell) -> list[Row]:
    rows = []
    for r, found in zip(cell["stops"], _carried(cell, cell["stops"]), strict=True):
        rows += _two("annealed", {**_problem(cell), "r": r}, found.law)
    return rows


def infinite_at(cell: Cell, power: float) -> float | None:
    """The fall of r at which the precision of the nth moment reaches 0, as its variance grows
    without limit: L' = 2(a + k)L − L² − n U_2. None if it does not before r = 0.
    """
    a, k = _pulls(cell)
    top, moving = cell["last"] ** 2, 1 - cell.get("gamma", 0.0) ** 2

    def rate(u: float, state: Array) -> Array:
        r, L = top - u, state
        bend = k(r) ** 2 * moving + 2 * k(r) * a(r)
        return np.asarray(2 * (a(r) + k(r)) * L - L**2 - power * bend)

    def gone(u: float, state: Array) -> float:
        return float(state[0])

    gone.terminal = True  # type: ignore[attr-defined]
    begin = [a(top) + k(top)]
    path = scipy.integrate.solve_ivp(
        rate, (0.0, top), begin, "DOP853", rtol=1e-12, atol=1e-14, events=gone
    )
    return float(path.t[-1]) if path.status == 1 else None


def _window(cell: Cell) -> list[Row]:
    found = infinite_at(cell, cell["order"])
    assert found is not None
    if "gamma" in cell:
        return [row("annealed-window", _problem(cell), cell["last"] ** 2 - found)]
    return [row("window", {"order": cell["order"], "sy2": cell["sy2"]}, found)]


def _inverse_ess(cell: Cell) -> list[Row]:
    """E w²/(E w)² by the masses of the first two moments."""
    falls = cell["falls"]
    stops = [cell["last"] ** 2 - u * cell["sy2"] for u in falls]
    both = zip(falls, _carried(cell, stops), _carried(cell, stops, 2.0), strict=True)
    return [
        row("inverse-ess", {"u": u, "sy2": cell["sy2"]}, np.exp(two.log_mass - 2 * one.log_mass))
        for u, one, two in both
    ]


def _step(cell: Cell, x: Array, h: float) -> float:
    """The bend at 0 of log q + h U on three points: positive where the mean of e^{hU} diverges."""
    variance, sy2, e = cell["lambda"] + cell["last"] ** 2, cell["sy2"], 1e-2

    def prior(x: Array) -> Array:
        return np.asarray(scipy.stats.norm.logpdf(x, scale=np.sqrt(variance)))

    def misfit(x: Array) -> Array:
        return np.asarray((x - cell["y"]) ** 2 / (2 * sy2))

    def slope(f: Callable[[Array], Array]) -> Array:
        return (f(x + e) - f(x - e)) / (2 * e)

    bend = (misfit(x + e) + misfit(x - e) - 2 * misfit(x)) / e**2
    rate = (slope(misfit) ** 2 - bend) / 2 - slope(prior) * slope(misfit)
    log = prior(x) - misfit(x) + h * rate
    return float(log[0] + log[2] - 2 * log[1])


POINTS = np.array([-50.0, 0.0, 50.0])


def _steps(cell: Cell) -> list[Row]:
    """The longest first step with a mean weight, and how few points a grid may have for it."""
    longest = scipy.optimize.brentq(lambda h: _step(cell, POINTS, h), 1e-3, 10.0, xtol=1e-12)
    last, least = cell["last"], cell["least"]

    def fails(n: int) -> bool:
        ends = np.linspace(last ** (1 / 7), least ** (1 / 7), n)[:2] ** 7
        return _step(cell, POINTS, float(2 * last * (last - ends[1]))) >= 0

    low, high = 2, 100_000
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if fails(middle) else (low, middle)
    of = _problem(cell)
    return [row("step", of, longest), row("grid", {**of, "least": least}, high)]


def _squares(cell: Cell, rng: Rng) -> list[Row]:
    """Mean of w² over particles under a constant prior: exact steps of Ornstein and Uhlenbeck."""
    n, steps, u = cell["particles"], cell["steps"], cell["u"]
    h = u / steps
    keep = np.exp(-h)
    noise = np.sqrt(-np.expm1(-2 * h) / 2)
    x = rng.standard_normal(n)
    log_weight = x**2 * h / 4  # σ_y = 1, y = 0; the first point and the last count half
    for _ in range(steps):
        x = keep * x + noise * rng.standard_normal(n)
        log_weight += x**2 * h / 2
    log_weight -= x**2 * h / 4 + u / 2
    return [row("squares", {"u": u}, float(np.mean(np.exp(2 * log_weight))))]


def _resampled(cell: Cell, rng: Rng) -> list[Row]:
    """Squared error of the weighted mean, resampled where the effective share is below ½."""
    n, lam, y = cell["particles"], cell["lambda"], cell["y"]
    k, top = 1 / cell["sy2"], cell["last"] ** 2
    grid = np.linspace(top, 0.0, cell["steps"] + 1)

    def rate(x: Array, r: float) -> Array:
        return np.asarray((k**2 * (x - y) ** 2 - k) / 2 + k * x * (x - y) / (lam + r))

    precision = 1 / (lam + top) + k
    x = k * y / precision + rng.standard_normal(n) / np.sqrt(precision)
    old, log_weight = rate(x, top), np.zeros(n)
    for before, after in pairwise(grid):
        h = before - after
        a = 1 / (lam + (before + after) / 2) + k
        keep, rest = np.exp(-a * h), k * y / a
        noise = np.sqrt(-np.expm1(-2 * a * h) / (2 * a))
        x = rest + keep * (x - rest) + noise * rng.standard_normal(n)
        new = rate(x, after)
        log_weight += h * (old + new) / 2
        old = new
        w = np.exp(log_weight - log_weight.max())
        total = np.cumsum(w)
        if total[-1] ** 2 < n / 2 * (w @ w) and after > 0:
            places = (np.arange(n) + rng.random()) * total[-1] / n
            chosen = np.minimum(np.searchsorted(total, places), n - 1)
            x, old, log_weight = x[chosen], old[chosen], np.zeros(n)
    w = np.exp(log_weight - log_weight.max())
    precision = 1 / lam + k
    error = w @ x / w.sum() - k * y / precision
    return [row("resampled", {"particles": n, "variance": 1 / precision}, float(error**2))]


PARTS: Parts = {
    "laws": computed(_laws, "law", "evidence", "unweighted"),
    "annealed": computed(_annealed, "annealed"),
    "window": computed(_window, "window", "annealed-window"),
    "ess": computed(_inverse_ess, "inverse-ess"),
    "steps": computed(_steps, "step", "grid"),
    "squares": one_by_one(_squares, "squares"),
    "resampled": one_by_one(_resampled, "resampled"),
}


def measure(cell: Cell, seeds: Seeds) -> list[list[Row]]:
    """Rows of one part."""
    return measured(PARTS, cell, seeds)


FIRST: Cell = {"lambda": 1.0, "y": 1.5, "sy2": 0.25, "last": 4.0}
SECOND: Cell = {"lambda": 3.0, "y": -1.0, "sy2": 1.0, "last": 2.0}
CELLS: list[Cell] = [
    {"part": "laws", **FIRST, "stops": [4.0, 1.0, 0.0]},
    {"part": "laws", **SECOND, "stops": [2.0, 1.0, 0.0]},
    *(
        {"part": "annealed", "lambda": 1.0, "y": 1.5, "sy2": 1.0, "last": 2.0, "gamma": gamma,
         "stops": [1.0, 0.0]}
        for gamma in (0.3, 1.0, 2.0)
    ),
    *(
        {"part": "window", "order": n, "sy2": sy2, "last": 8.0}
        for n in (1.05, 1.5, 2.0, 4.0)
        for sy2 in (0.25, 1.0)
    ),
    *(
        {"part": "window", "order": 2.0, "sy2": 1.0, "last": 8.0, "gamma": gamma}
        for gamma in (0.3, 0.4, 0.5, 0.6, 0.7, 0.8)
    ),
    *(
        {"part": "ess", "sy2": sy2, "last": 2.0, "falls": [0.05, *(k / 10 for k in range(1, 8)),
         0.75]}
        for sy2 in (0.25, 1.0)
    ),
    *(
        {"part": "steps", "lambda": 1.0, "y": 1.5, "sy2": sy2, "last": last, "least": 0.002}
        for sy2, last in ((1.0, 8.0), (0.25, 8.0), (1.0, 2.0), (0.25, 1.0))
    ),
    *({"part": "squares", "u": u, "particles": 20_000, "steps": 8} for u in (0.1, 0.2)),
    *(
        {"part": "resampled", "lambda": 1.0, "y": 1.5, "sy2": 1.0, "last": 8.0, "particles": n,
         "steps": 320, "most": 12}
        for n in (250, 1000)
    ),
]  # fmt: skip
STUDY = evidence(
    "evidence-afdps",
    "Weighted particles for a posterior: their law, the moments of their weights, particles.",
    CELLS,
    measure,
    PARTS,
    seed=101,
    replicates=30,
    batch=8,
)
STUDIES: tuple[Study, ...] = (STUDY,)
