"""The quadratic variation of the dimension-free bounds,
and what treating each time by itself would cost; nothing sampled.
"""

from itertools import pairwise

import numpy as np
import scipy

from bounds.check import Array
from bounds.process import weights
from studies.evidence import row
from studies.study import Cell, Row


def largest_variation(times: Array, eigenvalue: float | None, gamma: Array | None = None) -> float:
    """sup of Σ_k w_k G_k² over Σ_j γ_j ζ_j² = 1, w_k = ∫_{t_{k−1}}^{t_k} 2 (e_s/σ_s²)² b(s)² ds.

    By quadrature, and Lanczos iteration on ζ ↦ G and its adjoint: no kernel is formed. b = λσ²/v,
    or e^{2s} − 1 where λ is None. The weights are the gaps unless they are given.
    """
    nodes, mass = np.polynomial.legendre.leggauss(12)
    # Panels: 8 pieces of each gap, the first gap halving towards 0 instead.
    start = times[0] * np.concatenate([[0.0], 2.0 ** np.arange(-24, 1)])
    pieces = [start, *(np.linspace(a, b, 9) for a, b in pairwise(times))]

    def integral(edges: Array) -> float:
        width = np.diff(edges)[:, None]
        s = edges[:-1, None] + width * (nodes + 1) / 2
        noise = -np.expm1(-2 * s)
        b = (
            np.expm1(2 * s)
            if eigenvalue is None
            else eigenvalue * noise / (np.exp(-2 * s) * eigenvalue + noise)
        )
        return float(np.sum(width / 2 * mass * 2 * (b / (2 * np.sinh(s))) ** 2))

    w = np.array([integral(edges) for edges in pieces])
    factor = np.sqrt(weights(times) if gamma is None else gamma) / (2 * np.sinh(times))

    def apply(u: Array) -> Array:
        g = np.cumsum((factor * u.ravel())[::-1])[::-1]
        return np.asarray(factor * np.cumsum(w * g))

    if times.size < 3:
        return float(
            np.linalg.eigvalsh(np.column_stack([apply(e) for e in np.eye(times.size)]))[-1]
        )
    operator = scipy.sparse.linalg.LinearOperator(
        (times.size, times.size), matvec=apply, dtype=np.float64
    )
    start_vector = np.ones(times.size)
    return float(
        scipy.sparse.linalg.eigsh(
            operator, k=1, v0=start_vector, tol=1e-11, return_eigenvectors=False
        )[0]
    )


def measure_variation(cell: Cell) -> list[Row]:
    """The largest quadratic variation on a grid;
    without an eigenvalue also as the log-concave case of the bounds.
    """
    times = np.array(cell["times"])
    value = largest_variation(times, cell["eigenvalue"])
    known = {"times": cell["times"], "eigenvalue": cell["eigenvalue"]}
    rows = [row("variation", known, value)]
    if cell["eigenvalue"] is None:
        rows.append(row("variation-log-concave", {"largest": float(weights(times).max())}, value))
    return rows


def measure_weights(cell: Cell) -> list[Row]:
    """The log-concave variation where the weights are not the gaps."""
    gamma = np.array(cell["gamma"])
    value = largest_variation(np.array(cell["times"]), None, gamma)
    return [
        row("variation-any-weights", {"case": cell["case"], "largest": float(gamma.max())}, value)
    ]


def measure_climb(cell: Cell) -> list[Row]:
    """An adversary on the grid: hill climbing on 16 gaps,
    none above `largest`, that enlarges the variation.

    The search has a generator of its own, seeded by the cell: where it ends is computed, not
    sampled.
    """
    own = np.random.default_rng(cell["seed"])

    def variation(gaps: Array) -> float:
        times = np.cumsum(gaps)
        # w_k = e^{2 t_k} − e^{2 t_{k−1}}: the log-concave integrand is 2 e^{2s}.
        w = np.diff(np.exp(2 * times), prepend=1.0)
        map_ = np.triu(np.tile(np.sqrt(gaps) / (2 * np.sinh(times)), (16, 1)))
        return float(np.linalg.norm(np.sqrt(w)[:, None] * map_, 2) ** 2)

    gaps = cell["largest"] * own.uniform(0.2, 1.0, 16)
    best = variation(gaps)
    for _ in range(600):
        trial = np.minimum(
            gaps * np.exp(own.standard_normal(16) * own.choice([0.05, 0.5])), cell["largest"]
        )
        value = variation(trial)
        if value > best:
            gaps, best = trial, value
    return [row("variation-log-concave", {"largest": cell["largest"], "climbed": True}, best)]


STEPS = 60


def decades(count: int) -> Array:
    """60 geometric steps a decade, from 10^{−count} to 10^{0.6}."""
    return np.asarray(10.0 ** (-count + np.arange(STEPS * count + 36 + 1) / STEPS))


def measure_separate(cell: Cell) -> list[Row]:
    """What one more decade of t_1 adds to Σ_j γ_j Var(U_j), and the joint variation."""

    def cost(decade: int) -> float:
        times = decades(decade)
        noise = -np.expm1(-2 * times)
        # Var(X_0|X_t) by regression, with nothing subtracted: 1/Var = 1/λ + e²/σ².
        variance = 1 / (1 / cell["eigenvalue"] + np.exp(-2 * times) / noise)
        return float(np.sum(weights(times) * np.exp(-2 * times) / noise**2 * variance))

    decade = cell["decade"]
    joint = largest_variation(decades(decade), cell["eigenvalue"])
    known = {"decade": decade, "eigenvalue": cell["eigenvalue"], "steps": STEPS}
    return [
        row("separate-growth", known, cost(decade) - cost(decade - 1)),
        row("joint-variation", known, joint),
    ]
