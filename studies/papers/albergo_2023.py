"""Interpolants between Gaussians: their fields by regression, their samplers by moments."""

from collections.abc import Callable, Sequence

import numpy as np
import scipy
from numpy.typing import ArrayLike

from bounds.affine import Affine, moments
from bounds.chain import affine_chain
from bounds.check import Array
from bounds.divergence import Normal, kl, w2
from studies.evidence import Parts, Seeds, computed, evidence, measured, row, together
from studies.study import Cell, Row, Study

FIRST, LAST = [[1.0, 0.2], [0.2, 0.5]], [[0.3, -0.1], [-0.1, 2.0]]


def fields(
    t: float, first: ArrayLike, last: ArrayLike, latent: float = 1.0, cross: float = 0.0
) -> tuple[Array, Array, Array]:
    """Cov X_t, and the matrices of b and s: covariances with dX/dt, over Cov X_t.

    γ² = latent · t (1 − t); cross is the ends' covariance, on the line.
    """
    C0, C1 = np.asarray(first), np.asarray(last)
    eye = np.eye(len(C0))
    covariance = (1 - t) ** 2 * C0 + t**2 * C1 + t * (1 - t) * (2 * cross + latent) * eye
    moved = t * C1 - (1 - t) * C0 + (0.5 - t) * (2 * cross + latent) * eye
    inverse = np.asarray(np.linalg.inv(covariance), np.float64)
    return covariance, np.asarray(moved @ inverse), -inverse


def _regressed(cell: Cell, seeds: Seeds) -> list[list[Row]]:
    """Least squares of dX/dt and of −Z/γ on X_t, entry by entry."""
    t, n = cell["t"], cell["n"]
    gamma = np.sqrt(t * (1 - t))
    roots = [np.linalg.cholesky(np.array(C)) for C in (FIRST, LAST)]
    rows = []
    for seed in seeds:
        draws = np.random.default_rng(seed).standard_normal((3, n, 2))
        x0, x1, z = draws[0] @ roots[0].T, draws[1] @ roots[1].T, draws[2]
        X = (1 - t) * x0 + t * x1 + gamma * z
        answers = np.hstack([x1 - x0 + (0.5 - t) / gamma * z, -z / gamma])
        found = np.linalg.lstsq(X, answers, rcond=None)[0].T
        rows.append(
            [
                row(
                    "field",
                    {"t": t, "first": FIRST, "last": LAST, "field": name, "i": i, "j": j},
                    float(found[i + 2 * k, j]),
                )
                for k, name in enumerate("bs")
                for i, j in ((0, 0), (0, 1), (1, 1))
            ]
        )
    return rows


def sampled(eps: float, weight: float, first: ArrayLike, last: ArrayLike) -> Normal:
    """The last law of dX = (b + weight s) dt + √(2ε) dW, about the mean of X_t."""

    def drift(t: float) -> Array:
        _, b, s = fields(t, first, last)
        return b + weight * s

    d = len(np.asarray(first))
    start = Normal(np.zeros(d), np.asarray(first))
    return moments(Affine(drift, 2 * eps), start, [0.0, 1.0])[-1].law


def _weight(cell: Cell) -> list[Row]:
    """The weight of the score at which the samples' total variance is the target's."""
    eps = cell["eps"]

    def excess(weight: float) -> float:
        law = sampled(eps, weight, FIRST, LAST)
        return float(np.trace(law.covariance) / np.trace(LAST) - 1)

    found = scipy.optimize.root_scalar(
        excess, x0=0.9 * eps, x1=1.2 * eps, xtol=1e-10 * eps, method="secant"
    )
    return [row("weight", {"eps": eps}, found.root)]


Errors = tuple[Callable[[float], float], Callable[[float], float]]


def _errors(cell: Cell) -> Errors:
    """δb and δs, factors of x, as functions of t."""
    return (
        lambda t: cell["b_size"] * np.exp(-cell["b_rate"] * (1 - t)),
        lambda t: cell["s_size"] * np.cos(cell["s_rate"] * t),
    )


def _variance(cell: Cell, t: float) -> float:
    return float(fields(t, [[cell["c0"]]], [[cell["c1"]]])[0][0, 0])


def _off(cell: Cell) -> list[Row]:
    """KL from the right end to that of the sampler with errors."""
    in_b, in_s = _errors(cell)
    eps, ends = cell["eps"], ([[cell["c0"]]], [[cell["c1"]]])

    def drift(t: float) -> Array:
        _, b, s = fields(t, *ends)
        return np.asarray(b + eps * s + in_b(t) + eps * in_s(t))

    start, right = (Normal(np.zeros(1), np.array(C)) for C in ends)
    law = moments(Affine(drift, 2 * eps), start, [0.0, 1.0])[-1].law
    of = {key: value for key, value in cell.items() if key != "part"}
    return [row("kl", of, float(kl(right, law)))]


def _best(cell: Cell) -> list[Row]:
    """The bound's least value over ε, by a search, and where it is."""
    in_b, in_s = _errors(cell)

    def bound(log_eps: float) -> float:
        eps = np.exp(log_eps)
        square = scipy.integrate.quad(
            lambda t: (in_b(t) + eps * in_s(t)) ** 2 * _variance(cell, t), 0, 1
        )[0]
        return float(square / (4 * eps))

    least = scipy.optimize.minimize_scalar(bound, bracket=(-2.0, 0.0), options={"xtol": 1e-9})
    of = {key: value for key, value in cell.items() if key != "part"}
    return [row("best-noise", of, np.exp(least.x)), row("best-bound", of, least.fun)]


def _flow(cell: Cell) -> list[Row]:
    """The flow without noise or latent variable, with an error on its last √δ: energy and KL."""
    delta, k = cell["delta"], cell["k"]
    a = delta**0.5

    def drift(size: float) -> Affine:
        return Affine(lambda t: fields(t, [[1.0]], [[delta]], latent=0.0)[1] + size * np.eye(1))

    law = Normal(np.zeros(1), np.eye(1))
    for size, times in ((0.0, [0.0, 1 - a]), (k / a, [1 - a, 1.0])):
        law = moments(drift(size), law, times)[-1].law
    right = Normal(np.zeros(1), np.array([[delta]]))
    energy = scipy.integrate.quad(
        lambda t: (k / a) ** 2 * fields(t, [[1.0]], [[delta]], latent=0.0)[0][0, 0], 1 - a, 1
    )[0]
    of = {"x": delta, "k": k}
    rows = [row("flow-kl", of, float(kl(right, law)))]
    return [*rows, row("flow-energy", of, energy)] if delta < 0.005 else rows


def _loss(cell: Cell) -> list[Row]:
    """Variances over X_0, X_1 and Z by Gauss and Hermite's rule, exact for these polynomials."""
    t, c0, c1 = cell["t"], cell["c0"], cell["c1"]
    nodes, weights = np.polynomial.hermite_e.hermegauss(6)
    x0, x1, z = np.meshgrid(np.sqrt(c0) * nodes, np.sqrt(c1) * nodes + cell["m1"], nodes)
    share = np.einsum("i,j,k->ijk", *(weights,) * 3) / (2 * np.pi) ** 1.5
    gamma, between = np.sqrt(t * (1 - t)), (1 - t) * x0 + t * x1
    slope = fields(t, [[c0]], [[c1]])[2][0, 0]

    def term(sign: float) -> Array:
        score = slope * (between + sign * gamma * z - t * cell["m1"])
        return np.asarray(sign * z / gamma * score)

    of = {"t": t, "c0": c0, "c1": c1}
    rows = []
    for loss, values in (("plain", term(1.0)), ("paired", (term(1.0) + term(-1.0)) / 2)):
        mean = np.sum(share * values)
        spread = float(np.sum(share * (values - mean) ** 2))
        rows.append(row("loss-variance", {**of, "loss": loss}, spread))
    return rows


def _bridge(cell: Cell) -> list[Row]:
    """The coupling nearest the reference, and the one whose interpolant costs the least drift."""
    c0, c1, eps = cell["c0"], cell["c1"], cell["eps"]
    most = (c0 * c1) ** 0.5
    reference = Normal(np.zeros(2), np.array([[c0, c0], [c0, c0 + 2 * eps]]))

    def static(c: float) -> float:
        return float(kl(Normal(np.zeros(2), np.array([[c0, c], [c, c1]])), reference))

    def rate(t: float, c: float) -> float:
        variance, b, s = fields(t, [[c0]], [[c1]], latent=2 * eps, cross=c)
        return float((b + eps * s)[0, 0] ** 2 * variance[0, 0])

    def energy(c: float) -> float:
        return float(scipy.integrate.quad(rate, 0, 1, args=(c,), epsabs=1e-12, epsrel=1e-12)[0])

    of = {"c0": c0, "c1": c1, "eps": eps}
    return [
        row(
            what,
            of,
            scipy.optimize.minimize_scalar(
                cost, bounds=(-most, most), method="bounded", options={"xatol": 1e-9}
            ).x,
        )
        for what, cost in (("static", static), ("dynamic", energy))
    ]


def late_steps(n: int, late: bool = True) -> Normal:
    """n Heun steps of the flow from N(0, 1) to N(0, 0.3); late: both stages at t + h."""
    h = 1 / n

    def velocity(t: float) -> float:
        return float(fields(t, [[1.0]], [[0.3]])[1][0, 0])

    def factor(k: int) -> float:
        one, two = velocity((k + late) * h), velocity((k + 1) * h)
        return 1 + h / 2 * (one + two * (1 + h * one))

    start = Normal(np.zeros(1), np.eye(1))
    return affine_chain((([[factor(k)]], 0.0, 0.0) for k in range(n)), start)


def _late(cell: Cell) -> list[Row]:
    right = Normal(np.zeros(1), np.array([[0.3]]))
    return [row("late", {"x": 1 / cell["steps"]}, float(w2(late_steps(cell["steps"]), right)))]


PARTS: Parts = {
    "regressed": together(_regressed, "field"),
    "weight": computed(_weight, "weight"),
    "off": computed(_off, "kl"),
    "best": computed(_best, "best-noise", "best-bound"),
    "flow": computed(_flow, "flow-kl", "flow-energy"),
    "loss": computed(_loss, "loss-variance"),
    "bridge": computed(_bridge, "static", "dynamic"),
    "late": computed(_late, "late"),
}


def measure(cell: Cell, seeds: Seeds) -> list[list[Row]]:
    """Rows of one part."""
    return measured(PARTS, cell, seeds)


def _erring(part: str, b: Sequence[float], s: Sequence[float], **rest: float) -> Cell:
    sizes = {"b_size": b[0], "b_rate": b[1], "s_size": s[0], "s_rate": s[1]}
    return {"part": part, "c0": 1.0, "c1": 0.3, **sizes, **rest}


EXAMPLE = ((0.3, 0.0), (0.2, 3.0))
CELLS: list[Cell] = [
    *({"part": "regressed", "t": t, "n": 100} for t in (0.3, 0.7)),
    *({"part": "weight", "eps": eps} for eps in (0.1, 1.0, 5.0)),
    *(_erring("off", *EXAMPLE, eps=eps) for eps in (0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 4.0)),
    *(
        _erring("off", (0.1, round(2 * eps / 0.3, 6)), (0.0, 0.0), eps=eps)
        for eps in (1.0, 2.0, 3.0, 4.0)
    ),
    *(
        _erring("best", b, s)
        for b, s in (EXAMPLE, ((0.1, 2.0), (0.3, 1.0)), ((0.4, 1.0), (-0.1, 1.5)))
    ),
    *({"part": "flow", "delta": 10.0**-n, "k": 0.5} for n in range(1, 7)),
    *({"part": "loss", "t": t, "c0": 1.0, "c1": 0.3, "m1": 2.0} for t in (0.01, 0.1, 0.5, 0.9)),
    *(
        {"part": "bridge", "c0": c0, "c1": c1, "eps": eps}
        for c0, c1, eps in ((1.0, 0.3, 0.3), (1.0, 0.3, 0.05), (1.0, 1.0, 1.0), (0.2, 2.0, 0.5))
    ),
    *({"part": "late", "steps": n} for n in (50, 100, 200, 400)),
]
STUDY = evidence(
    "evidence-interpolants",
    "Interpolants between Gaussians: fields, samplers with and without noise, couplings.",
    CELLS,
    measure,
    PARTS,
    seed=104,
    replicates=1000,
    quick=150,
    batch=500,
)
STUDIES: tuple[Study, ...] = (STUDY,)
