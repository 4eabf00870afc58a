"""Flow and SDE under a wrong score: their variances by the moment equation; residuals by finite
differences of the model's log density.
"""

from collections.abc import Callable

import numpy as np
import scipy

from bounds.affine import Affine, moments
from bounds.check import Array
from bounds.divergence import Normal, w2
from studies.evidence import Parts, Seeds, computed, evidence, measured, row
from studies.study import Cell, Row, Study

Curve = Callable[[float], float]


def _variance(cell: Cell, t: float) -> float:
    """e^{−2t} λ + 1 − e^{−2t}."""
    kept = np.exp(-2 * t)
    return float(kept * cell["lambda"] + 1 - kept)


def _precision(cell: Cell) -> Curve:
    """A(t) = 1/v + ε(t) of the cell's shape."""
    size, place, shape = cell["size"], cell["place"], cell["shape"]

    def wrong(t: float) -> float:
        if shape == "constant":
            return float(size)
        if shape == "sine":
            return float(size * np.sin(place * t))
        return float(size * np.exp(-50 * (t - place) ** 2))

    return lambda t: 1 / _variance(cell, t) + wrong(t)


def _law(v: float) -> Normal:
    return Normal(np.zeros(1), np.array([[v]]))


def _carried(sampler: str, precision: Curve, begin: Normal, times: list[float]) -> Normal:
    """What flow or SDE makes of a law between the times, downwards."""
    if sampler == "flow":
        flow = Affine(lambda t: 1 - precision(t))
    else:
        flow = Affine(lambda t: 1 - 2 * precision(t), noise=2.0)
    return moments(flow, begin, times)[-1].law


def _samples(cell: Cell, sampler: str, precision: Curve) -> Normal:
    last = cell["last"]
    # A stop at a bump, so that no step leaps over it.
    stops = [cell["place"]] if cell.get("shape") == "bump" else []
    return _carried(sampler, precision, _law(_variance(cell, last)), [last, *stops, 0.0])


def _var(law: Normal) -> float:
    return float(law.covariance[0, 0])


def _gaps(cell: Cell) -> list[Row]:
    flow, sde = (_samples(cell, name, _precision(cell)) for name in ("flow", "sde"))
    of = {name: cell[name] for name in ("lambda", "last", "shape", "size", "place")}
    signed = np.sqrt(_var(sde)) - np.sqrt(_var(flow))
    return [
        row("flow", of, _var(flow)),
        row("gap", of, float(signed)),
        row("distance", of, float(w2(flow, sde))),
    ]


def _log_density(cell: Cell, t: float, x: Array) -> Array:
    """Of the model, N(0, 1/A)."""
    return np.asarray(scipy.stats.norm.logpdf(x, scale=_precision(cell)(t) ** -0.5))


def _slope(of: Callable[[float], Array], h: float) -> Array:
    """The derivative at 0, to fourth order."""
    return np.asarray((8 * (of(h) - of(-h)) - of(2 * h) + of(-2 * h)) / (12 * h))


def _bend(of: Callable[[float], Array], h: float) -> Array:
    """The second derivative at 0, to fourth order."""
    return np.asarray((16 * (of(h) + of(-h)) - of(2 * h) - of(-2 * h) - 30 * of(0.0)) / (12 * h**2))


def _residual_at(cell: Cell, t: float, x: Array) -> Array:
    """∂_t log q − (1 + x s + s' + s²), s = ∂_x log q, by differences."""
    s = _slope(lambda h: _log_density(cell, t, x + h), 2e-3)
    bend = _bend(lambda h: _log_density(cell, t, x + h), 2e-3)
    moved = _slope(lambda h: _log_density(cell, t + h, x), 3e-4)
    return np.asarray(moved - (1 + x * s + bend + s**2))


def _residual(cell: Cell) -> list[Row]:
    """E_q R² by Gauss and Hermite's rule."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(12)
    x = nodes / np.sqrt(_precision(cell)(cell["t"]))
    squares = _residual_at(cell, cell["t"], x) ** 2
    of = {name: cell[name] for name in ("lambda", "size", "t")}
    return [row("residual", of, float(weights @ squares / weights.sum()))]


def _density(cell: Cell) -> list[Row]:
    found = _var(_samples(cell, "sde", _precision(cell))) - 1 / _precision(cell)(0.0)
    return [row("density", {name: cell[name] for name in ("lambda", "last", "size")}, found)]


def _blind(cell: Cell) -> list[Row]:
    """W2 from the data under the model u = v + δ e^{−2t}."""

    def precision(t: float) -> float:
        return float(1 / (_variance(cell, t) + cell["delta"] * np.exp(-2 * t)))

    data = _law(cell["lambda"])
    of = {name: cell[name] for name in ("lambda", "delta")}
    return [
        row("blind", {**of, "sampler": name}, float(w2(data, _samples(cell, name, precision))))
        for name in ("flow", "sde")
    ]


def _felt(cell: Cell, sampler: str, t: float) -> float:
    """−∂Var/∂κ for the error κ at the instant t: it multiplies a variance by e^{−2κ} under the
    flow, by e^{−4κ} under the SDE. The exact score carries the rest.
    """
    h, power = 1e-4, 2.0 if sampler == "flow" else 4.0

    def end(kick: float) -> float:
        begin = _law(_variance(cell, t) * np.exp(-power * kick))
        return _var(_carried(sampler, lambda s: 1 / _variance(cell, s), begin, [t, 0.0]))

    return (end(-h) - end(h)) / (2 * h)


def _kernels(cell: Cell) -> list[Row]:
    of = {name: cell[name] for name in ("lambda", "t")}
    return [
        row(quantity, of, _felt(cell, sampler, cell["t"]))
        for quantity, sampler in (("ode", "flow"), ("sde", "sde"))
    ]


def _crossing(cell: Cell) -> list[Row]:
    """The time at which both feel an instant's error alike."""
    found = scipy.optimize.brentq(
        lambda t: _felt(cell, "sde", t) / _felt(cell, "flow", t) - 1, 0.01, 3.0, xtol=1e-9
    )
    return [row("crossing", {"lambda": cell["lambda"]}, float(found))]


def _box(cell: Cell) -> list[Row]:
    """The residual's mean square over a box, over that over the model's law, at t = 0.02."""
    d, box, u, t = cell["d"], cell["box"], cell["u"], 0.02
    kept = np.exp(-2 * t)
    size = 0.1
    # The λ for which the model with ε = 0.1 has the variance u at t.
    model: Cell = {
        "lambda": 1 + (1 / (1 / u - size) - 1) / kept,
        "size": size,
        "place": 0.0,
        "shape": "constant",
    }

    def mean_square(x: Array, weights: Array) -> float:
        """Of the sum of d coordinates' residuals."""
        r, w = _residual_at(model, t, x), weights / weights.sum()
        if d == 2:
            r, w = r[:, None] + r, w[:, None] * w
        return float(np.sum(w * r**2))

    nodes, weights = np.polynomial.legendre.leggauss(8)
    normal, chances = np.polynomial.hermite_e.hermegauss(8)
    ratio = mean_square(box * nodes, weights) / mean_square(np.sqrt(u) * normal, chances)
    return [row("box", {name: cell[name] for name in ("d", "box", "u")}, ratio)]


PARTS: Parts = {
    "gaps": computed(_gaps, "flow", "gap", "distance"),
    "residual": computed(_residual, "residual"),
    "density": computed(_density, "density"),
    "blind": computed(_blind, "blind"),
    "kernels": computed(_kernels, "ode", "sde"),
    "crossing": computed(_crossing, "crossing"),
    "box": computed(_box, "box"),
}


def measure(cell: Cell, seeds: Seeds) -> list[list[Row]]:
    """Rows of one part: all are computed."""
    return measured(PARTS, cell, seeds)


SIZES = (0.01, 0.02, 0.05, 0.1, 0.2)
CONSTANT: Cell = {"shape": "constant", "place": 0.0}
CELLS: list[Cell] = [
    *(
        {"part": "gaps", "lambda": 0.7, "last": 6.0, **CONSTANT, "size": size}
        for size in (*SIZES, -0.05)
    ),
    *(
        {"part": "gaps", "lambda": 0.7, "last": last, "shape": "sine", "size": 0.3, "place": 4.0}
        for last in (4.0, 6.0)
    ),
    *(
        {"part": "gaps", "lambda": lam, "last": 4.0, "shape": "bump", "size": 0.3, "place": place}
        for lam in (0.7, 2.0)
        for place in (0.5, 2.0)
    ),
    {"part": "gaps", "lambda": 2.0, "last": 4.0, **CONSTANT, "size": 0.1},
    *(
        {"part": "residual", "lambda": lam, **CONSTANT, "size": size, "t": t}
        for lam, size in ((0.7, 0.1), (2.0, -0.05))
        for t in (0.1, 0.5, 1.5)
    ),
    *(
        {"part": "density", "lambda": lam, "last": last, **CONSTANT, "size": size}
        for lam in (0.7, 2.0)
        for last, size in ((4.0, 0.05), (6.0, 0.1))
    ),
    *(
        {"part": "blind", "lambda": lam, "delta": delta, "last": 8.0}
        for lam in (0.7, 2.0)
        for delta in (-0.2, 0.1, 0.4)
    ),
    *(
        {"part": "kernels", "lambda": lam, "t": t}
        for lam in (0.7, 2.0)
        for t in (0.02, 0.1, 0.2, 0.4, 0.7, 1.0, 1.5, 2.0)
    ),
    *({"part": "crossing", "lambda": lam} for lam in (0.2, 0.7, 2.0, 4.0)),
    *(
        {"part": "box", "d": d, "box": 3.5, "u": u}
        for d in (1, 2)
        for u in (0.0845, 0.3, 0.7, 0.95)
    ),
]
STUDY = evidence(
    "evidence-odesde",
    "Flow and SDE under a wrong score: variances, distances, what they feel of an error when; "
    "residuals.",
    CELLS,
    measure,
    PARTS,
    seed=97,
    batch=1,
)
STUDIES: tuple[Study, ...] = (STUDY,)
