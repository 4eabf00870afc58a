"""Samples and simulations under a score that is wrong at small times; residuals by differences;
squares of residuals by all probes there are.
"""

from collections.abc import Callable
from itertools import product

import numpy as np
import scipy
from scipy.special import ndtr

from bounds.affine import Affine, moments
from bounds.check import Array
from bounds.divergence import Normal
from studies.evidence import Parts, Seeds, computed, evidence, measured, row
from studies.study import Cell, Row, Study

Curve = Callable[[float], float]
Field = Callable[[float, Array], Array]
AT_REST = 40.0


def _variance(cell: Cell, t: float) -> float:
    kept = np.exp(-2 * t)
    return float(kept * cell["lambda"] + 1 - kept)


def _end(flow: Affine, begin: float, times: list[float]) -> float:
    start = Normal(np.zeros(1), np.array([[begin]]))
    return float(moments(flow, start, times)[-1].law.covariance[0, 0])


def _sampled(sampler: str, precision: Curve, begin: float, last: float) -> float:
    """The variance at 0 of flow or SDE with the score −A x, from a variance at the last time."""
    if sampler == "flow":
        return _end(Affine(lambda t: 1 - precision(t)), begin, [last, 0.0])
    return _end(Affine(lambda t: 1 - 2 * precision(t), noise=2.0), begin, [last, 0.0])


def _simulated(cell: Cell, precision: float) -> float:
    """Langevin's variance after a long time, from the data's."""
    return _end(Affine(-precision, noise=2.0), cell["lambda"], [0.0, AT_REST])


def _window(cell: Cell) -> list[Row]:
    """λ less the variance, by sampler, and by the simulation; with their ratio at small τ."""
    lam, size, tau = cell["lambda"], cell["size"], cell["tau"]
    of = {"lambda": lam, "size": size, "tau": tau}
    lost = {
        name: lam
        - _sampled(name, lambda t: 1 / _variance(cell, t) + size, _variance(cell, tau), tau)
        for name in ("flow", "sde")
    }
    rows = [row("window", {**of, "sampler": name}, value) for name, value in lost.items()]
    if tau <= 0.01:
        rows.append(row("ratio", of, (lam - _simulated(cell, 1 / lam + size)) / lost["sde"]))
    return rows


def _langevin(cell: Cell) -> list[Row]:
    lam, size = cell["lambda"], cell["size"]
    found = lam - _simulated(cell, 1 / lam + size)
    return [row("langevin", {"lambda": lam, "size": size}, found)]


def _wells(cell: Cell) -> list[Row]:
    """The step's mean square, what rests on the right by quadrature, what the flow carries over."""
    a, b, kappa = cell["a"], cell["b"], cell["kappa"]
    of = {"a": a, "b": b, "kappa": kappa}
    x = np.linspace(-a - 12, a + 12, 8001)
    p = (scipy.stats.norm.pdf(x, a) + scipy.stats.norm.pdf(x, -a)) / 2
    slope = kappa * scipy.stats.norm.pdf(x, scale=b)
    rows = [row("unseen", of, float(np.trapezoid(slope**2 * p, x)))]
    if a >= 4:
        halves = [
            scipy.integrate.quad(
                lambda y: (
                    (scipy.stats.norm.pdf(y, a) + scipy.stats.norm.pdf(y, -a))
                    * np.exp(kappa * ndtr(y / b))
                ),
                *ends,
                epsrel=1e-10,
                limit=200,
            )[0]
            for ends in ((-a - 12, 0.0), (0.0, a + 12))
        ]
        rows.append(row("wells", of, float(halves[1] / sum(halves))))
    return rows


def _carried(cell: Cell) -> list[Row]:
    """The mass between 0 and the point at τ that the flow brings to 0."""
    a, b, kappa, tau = cell["a"], cell["b"], cell["kappa"], cell["tau"]

    def velocity(t: float, x: Array) -> Array:
        """Of the flow in t, so upwards in time from 0: −(x + s + φ')."""
        mean = a * np.exp(-t)
        s = mean * np.tanh(mean * x) - x
        return np.asarray(-(x + s + kappa * scipy.stats.norm.pdf(x, scale=b)))

    path = scipy.integrate.solve_ivp(
        velocity, (0.0, tau), [0.0], method="DOP853", rtol=1e-11, atol=1e-16
    )
    # Below 0, as the error pushes to the right.
    passed = float(path.y[0, -1])
    mean = a * np.exp(-tau)
    found = scipy.integrate.quad(
        lambda x: (scipy.stats.norm.pdf(x, mean) + scipy.stats.norm.pdf(x, -mean)) / 2,
        passed,
        0.0,
        epsabs=0,
    )
    of = {"a": a, "b": b, "kappa": kappa, "tau": tau}
    return [row("carried", of, float(found[0]))]


def _along(of: Callable[[float], Array], h: float) -> Array:
    """The derivative at 0, to fourth order."""
    return np.asarray((8 * (of(h) - of(-h)) - of(2 * h) + of(-2 * h)) / (12 * h))


def _gradient(field: Field, t: float, x: Array) -> Array:
    """∇ of a field at points, shape (n, d); log q is quadratic, so a long step is exact."""

    def slope(axis: Array) -> Array:
        return _along(lambda h: field(t, x + h * axis), 0.1)

    return np.stack([slope(axis) for axis in np.eye(x.shape[-1])], axis=-1)


def _residuals(cell: Cell) -> list[Row]:
    """Mean squares of the scalar and of the vector residual under the model."""
    d, t, size, kappa = cell["d"], cell["t"], cell["size"], cell["kappa"]

    def log_q(s: float, x: Array) -> Array:
        spread = (1 / _variance(cell, s) + size) ** -0.5
        return np.asarray(
            scipy.stats.norm.logpdf(x, scale=spread).sum(axis=-1) + kappa * np.sin(3 * s)
        )

    def score(s: float, x: Array) -> Array:
        return _gradient(log_q, s, x)

    def rest(s: float, x: Array) -> Array:
        """d + x·s + ∇·s + |s|²."""
        at = score(s, x)
        bend = np.trace(_gradient(score, s, x), axis1=-2, axis2=-1)
        return np.asarray(d + np.sum(x * at + at**2, axis=-1) + bend)

    nodes, chances = np.polynomial.hermite_e.hermegauss(5)
    spread = (1 / _variance(cell, t) + size) ** -0.5
    x = spread * np.array(list(product(nodes, repeat=d)))
    weights = np.array([np.prod(w) for w in product(chances, repeat=d)])
    weights /= weights.sum()
    R = _along(lambda h: log_q(t + h, x), 1e-3) - rest(t, x)
    vector = _along(lambda h: score(t + h, x), 1e-3) - _gradient(rest, t, x)
    of = {name: cell[name] for name in ("lambda", "size", "kappa", "t", "d")}
    return [
        row("scalar", of, float(weights @ R**2)),
        row("vector", of, float(weights @ (vector**2).sum(axis=-1))),
    ]


def _agree(cell: Cell) -> list[Row]:
    lam, delta, last = cell["lambda"], cell["delta"], cell["last"]

    def model(t: float) -> float:
        return float(_variance(cell, t) + delta * np.exp(-2 * t))

    found = {
        name: _sampled(name, lambda t: 1 / model(t), model(last), last) for name in ("flow", "sde")
    }
    found["langevin"] = _simulated(cell, 1 / model(0.0))
    of = {"lambda": lam, "delta": delta}
    return [row("agree", {**of, "sampler": name}, value) for name, value in found.items()]


def _squares(cell: Cell) -> list[Row]:
    """Means over all probes: every sign, or Gauss and Hermite's nodes, exact for fourth powers."""
    J, half, rest = np.array(cell["jacobian"]), cell["g"] ** 2 / 2, cell["rest"]
    of = {name: cell[name] for name in ("jacobian", "g", "rest")}
    nodes = {
        "rademacher": (np.array([-1.0, 1.0]), np.ones(2)),
        "gaussian": np.polynomial.hermite_e.hermegauss(3),
    }
    rows, one = [], {}
    for probe, (values, chances) in nodes.items():
        probes = np.array(list(product(values, repeat=len(J))))
        weights = np.array([np.prod(w) for w in product(chances, repeat=len(J))])
        weights /= weights.sum()
        R = rest + half * np.einsum("ni,ij,nj->n", probes, J, probes)
        both = weights[:, None] * weights
        ways = {
            ("mean", 1): float(weights @ R**2),
            ("mean", 2): float(np.sum(both * ((R[:, None] + R) / 2) ** 2)),
            ("product", 2): float(np.sum(both * R[:, None] * R)),
        }
        one[probe] = ways["mean", 1]
        for (way, n), value in ways.items():
            rows.append(row("square", {**of, "probe": probe, "way": way, "probes": n}, value))
    return [*rows, row("probes", of, one["gaussian"] - one["rademacher"])]


PARTS: Parts = {
    "window": computed(_window, "window", "ratio"),
    "langevin": computed(_langevin, "langevin"),
    "wells": computed(_wells, "unseen", "wells"),
    "carried": computed(_carried, "carried"),
    "residuals": computed(_residuals, "scalar", "vector"),
    "agree": computed(_agree, "agree"),
    "squares": computed(_squares, "square", "probes"),
}


def measure(cell: Cell, seeds: Seeds) -> list[list[Row]]:
    """Rows of one part: all are computed."""
    return measured(PARTS, cell, seeds)


MODELS = ((0.7, 0.2), (2.0, -0.1))
CELLS: list[Cell] = [
    *(
        {"part": "window", "lambda": lam, "size": size, "tau": tau}
        for lam, size in MODELS
        for tau in (0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0)
    ),
    *({"part": "langevin", "lambda": lam, "size": size} for lam, size in MODELS),
    *(
        {"part": "wells", "a": a, "b": b, "kappa": kappa}
        for a, b in ((3.0, 1.0), (4.0, 0.5), (5.0, 1.0))
        for kappa in (0.5, 1.0, 2.0, 3.0)
    ),
    *(
        {"part": "carried", "a": a, "b": b, "kappa": kappa, "tau": tau}
        for a, b, tau in ((3.0, 1.0, 0.001), (4.0, 0.5, 0.001), (5.0, 1.0, 0.001), (5.0, 1.0, 3e-4))
        for kappa in (0.5, 1.0, 2.0, 3.0)
    ),
    *(
        {"part": "residuals", "lambda": lam, "size": size, "kappa": kappa, "t": t, "d": d}
        for lam, size in MODELS
        for t, d in ((0.05, 1), (0.3, 2))
        for kappa in (0.1, 0.3)
    ),
    *(
        {"part": "agree", "lambda": lam, "delta": delta, "last": 4.0}
        for lam in (0.7, 2.0)
        for delta in (-0.2, 0.1, 0.4)
    ),
    *(
        {"part": "squares", "jacobian": jacobian, "g": g, "rest": rest}
        for jacobian, g, rest in (
            ([[-2.0, 1.5], [-0.5, -1.0]], 1.0, 0.5),
            ([[-1.0, 2.0, 0.0], [0.5, -3.0, 1.0], [-1.0, 0.2, -0.5]], 1.4, -1.0),
            ([[-2.0, 0.7, 0.3], [0.7, -1.0, -0.4], [0.3, -0.4, -3.0]], 1.4, 4.0),
        )
    ),
]
STUDY = evidence(
    "evidence-simulation",
    "Samples and simulations under a score that is wrong at small times; residuals, and their "
    "squares by probes.",
    CELLS,
    measure,
    PARTS,
    seed=98,
    batch=1,
)
STUDIES: tuple[Study, ...] = (STUDY,)
