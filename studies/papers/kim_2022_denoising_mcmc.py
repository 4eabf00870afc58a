"""A chain over data and noise: drawn step by step; flows by an ODE; expectations carried back."""

import numpy as np
import scipy

from bounds.chain import affine_chain
from bounds.check import Array
from bounds.divergence import Normal
from studies.evidence import Parts, Rng, Seeds, computed, evidence, measured, one_by_one, row
from studies.study import Cell, Row, Study


def _grid(cell: Cell) -> Array:
    low, high = np.log([cell["sigma_low"], cell["sigma_high"]])
    return np.asarray(np.exp(np.linspace(low, high, cell["levels"])))


def _levels_given(square: Array, v: Array, d: int) -> Array:
    """The chances of the levels given |x|², from the densities N(0, v I) at x."""
    log = -square[..., None] / (2 * v) - np.log(v) * d / 2
    share = np.exp(log - log.max(axis=-1, keepdims=True))
    return np.asarray(share / share.sum(axis=-1, keepdims=True))


def _moments(cell: Cell) -> list[Row]:
    """x at nodes of every level, all carried at once by dx/dσ = −σ s, σ = σ_0 (1 − u)."""
    weights, means, variances = (np.array(cell[k]) for k in ("weights", "means", "variances"))
    nodes = np.linspace(-8, 8, 101)  # trapezia: as good as exact for what is smooth and normal
    chances = np.exp(-(nodes**2) / 2)
    sigma = _grid(cell)[:, None, None] + np.zeros((1, means.size, nodes.size))
    x = means[:, None] + np.sqrt(variances[:, None] + sigma**2) * nodes

    def rate(u: float, flat: Array) -> Array:
        at = (sigma * (1 - u)).ravel()[:, None]
        off, v = flat[:, None] - means, variances + at**2
        log = np.log(weights) - off**2 / (2 * v) - np.log(v) / 2
        share = np.exp(log - log.max(axis=1, keepdims=True))
        score = (share * -off / v).sum(axis=1) / share.sum(axis=1)
        return np.asarray(sigma.ravel() ** 2 * (1 - u) * score)

    end = scipy.integrate.solve_ivp(rate, (0.0, 1.0), x.ravel(), "DOP853", rtol=1e-9, atol=1e-10).y[
        :, -1
    ]
    each = weights[:, None] * chances / chances.sum() / len(sigma)
    of = {
        name: cell[name]
        for name in ("weights", "means", "variances", "sigma_low", "sigma_high", "levels")
    }
    return [
        row("moment", {**of, "power": power}, float(np.sum(each * end.reshape(x.shape) ** power)))
        for power in (2, 4)
    ]


def smallest_of(cell: Cell, rng: Rng, *, alone: bool = False) -> list[Row]:
    """Chains in turn x | σ and σ | x; z² of the least σ so far. `alone`: each pair drawn afresh."""
    d, n, lam = cell["d"], cell["chains"], cell["lambda"]
    sigma = _grid(cell)
    v = lam + sigma**2
    now = np.asarray(rng.integers(sigma.size, size=n))
    best, z2 = now, rng.chisquare(d, n) * lam / d
    rows = []
    for step in range(1, max(cell["windows"]) + 1):
        before = rng.integers(sigma.size, size=n) if alone else now
        square = v[before] * rng.chisquare(d, n)
        total = np.cumsum(_levels_given(square, v, d), axis=1)
        now = np.minimum((total < rng.random((n, 1))).sum(axis=1), sigma.size - 1)
        fresh = now < best
        z2 = np.where(fresh, square * lam / v[now] / d, z2)
        best = np.where(fresh, now, best)
        if step in cell["windows"]:
            of = {name: cell[name] for name in ("d", "lambda", "sigma_low", "sigma_high", "levels")}
            rows.append(row("smallest", {**of, "window": step}, float(z2.mean() / lam)))
    return rows


def _smallest(cell: Cell, rng: Rng) -> list[Row]:
    return smallest_of(cell, rng)


def _langevin(cell: Cell) -> list[Row]:
    v, eta = cell["v"], cell["eta"]
    steps = int(28 * v / eta) + 60
    law = affine_chain([(1 - eta / (2 * v), 0.0, eta)] * steps, Normal(np.zeros(1), np.eye(1)))
    return [row("langevin", {"v": v, "eta": eta}, float(law.covariance[0, 0]))]


def _chain(cell: Cell) -> list[Row]:
    """E z² after 2^14 steps from x = 0: an expectation as a function of x, carried back a step by
    splines and Gauss's rule, and that map squared over and over.
    """
    v, eta = cell["lambda"] + _grid(cell) ** 2, cell["eta"]
    # Nodes that are dense about 0, where the chances of σ bend.
    x = 7 * np.sqrt(v[-1]) * np.sinh(np.linspace(-4, 4, 111)) / np.sinh(4)
    nodes, weights = np.polynomial.hermite_e.hermegauss(14)
    weights = weights / weights.sum()
    chances = _levels_given(x**2, v, 1)
    spline = scipy.interpolate.CubicSpline(x, np.eye(x.size))
    back = np.zeros((x.size, x.size))
    for chance, one in zip(chances.T, v, strict=True):
        ends = (1 - eta / (2 * one)) * x[:, None] + np.sqrt(eta) * nodes
        back += chance[:, None] * np.einsum("q,xqn->xn", weights, spline(ends))
    for _ in range(14):
        back = back @ back
    found = (back @ (chances * x[:, None] ** 2 / v).sum(axis=1))[x.size // 2]
    of = {name: cell[name] for name in ("eta", "lambda", "sigma_low", "sigma_high", "levels")}
    return [row("chain", of, float(found))]


def _step(cell: Cell) -> list[Row]:
    """Mean square of log σ' from σ = 1: |x|² by Gauss and Legendre's rule on its density, σ' on a
    fine grid of log σ.
    """
    d = cell["d"]
    low, high = np.log(scipy.stats.chi2.ppf([1e-14, 1 - 1e-14], d))
    ends = np.linspace(low, high, 13)
    at, weight = np.polynomial.legendre.leggauss(16)
    half = np.diff(ends)[:, None] / 2
    square = np.exp((ends[:-1, None] + half * (1 + at)).ravel())
    mass = (half * weight).ravel() * square * scipy.stats.chi2.pdf(square, d)
    centre = np.log(square / d)[:, None] / 2
    moves = centre + np.sqrt(1 / d) * np.linspace(-9, 40 if d < 4 else 14, 1201)
    log = -d * moves - square[:, None] * np.exp(-2 * moves) / 2
    share = np.exp(log - log.max(axis=1, keepdims=True))
    share /= share.sum(axis=1, keepdims=True)
    return [row("step", {"d": d}, float(mass @ (share * moves**2).sum(axis=1)))]


PARTS: Parts = {
    "moments": computed(_moments, "moment"),
    "smallest": one_by_one(_smallest, "smallest"),
    "langevin": computed(_langevin, "langevin"),
    "chain": computed(_chain, "chain"),
    "step": computed(_step, "step"),
}


def measure(cell: Cell, seeds: Seeds) -> list[list[Row]]:
    """Rows of one part."""
    return measured(PARTS, cell, seeds)


WIDE: Cell = {"lambda": 1.0, "sigma_low": 0.05, "sigma_high": 10.0, "levels": 60}
CELLS: list[Cell] = [
    {
        "part": "moments",
        "weights": [0.3, 0.7],
        "means": [-0.6, 0.9],
        "variances": [0.4, 0.5],
        "sigma_low": 0.05,
        "sigma_high": 10.0,
        "levels": 12,
    },
    {"part": "smallest", **WIDE, "d": 1, "windows": [1, 3], "chains": 500},
    {"part": "smallest", **WIDE, "d": 4, "windows": [1, 3, 10], "chains": 500},
    *(
        {"part": "langevin", "v": v, "eta": eta}
        for v in (0.3, 1.0, 3.0)
        for eta in (0.05, 0.2, 0.8)
    ),
    *(
        {"part": "chain", **WIDE, "sigma_high": high, "eta": eta}
        for high in (3.0, 10.0)
        for eta in (0.2, 0.8)
    ),
    *({"part": "step", "d": d} for d in (1, 4, 16, 64, 256, 1024, 3072)),
]
STUDY = evidence(
    "evidence-dmcmc",
    "A chain over data and noise: what is kept of it, and how it moves.",
    CELLS,
    measure,
    PARTS,
    seed=107,
    replicates=40,
    batch=20,
)
STUDIES: tuple[Study, ...] = (STUDY,)
