r"""A quartic chain, where nothing is Gaussian: variance, efficiency, and a wrong standard error.

log p = Σ_i (−x_i⁴/4 − x_i²/10) + c_12 x_1 x_2 + c_23 x_2 x_3 + const. For an
edge, x⁴ and x² of both its nodes and both products with the third node are nuisances. All of H, Γ
and the information are moments, and a chain's moments are sums over x_2 of products of two sums.
"""

from collections.abc import Mapping
from functools import cache, partial
from math import sqrt

import numpy as np
from scipy.special import ndtr, ndtri

from bounds.check import Array
from bounds.claim import Cell, Claim

Z = -float(ndtri(0.025))
_STUDY = "evidence-yu"

Powers = tuple[int, int, int]
Poly = Mapping[Powers, float]


@cache
def _moments(coupling: tuple[float, float]) -> Array:
    """E x_1^i x_2^j x_3^k, i, j, k ≤ 12, on a lattice, where the trapezoidal rule is spectral."""
    x = np.linspace(-5, 5, 201)
    w = np.exp(-(x**4) / 4 - x**2 / 10)
    powers = x ** np.arange(13)[:, None]
    left, right = ((powers * w) @ np.exp(c * np.outer(x, x)) for c in coupling)
    found = np.einsum("jx,ix,kx->ijk", powers * w, left, right)
    return np.asarray(found / found[0, 0, 0])


def _derived(f: Poly, i: int) -> Poly:
    out = {}
    for powers, c in f.items():
        if powers[i]:
            lower = list(powers)
            lower[i] -= 1
            out[lower[0], lower[1], lower[2]] = c * powers[i]
    return out


def _times(f: Poly, g: Poly) -> Poly:
    out: dict[Powers, float] = {}
    for (a, b, c), x in f.items():
        for (i, j, k), y in g.items():
            out[a + i, b + j, c + k] = out.get((a + i, b + j, c + k), 0.0) + x * y
    return out


def _plus(*terms: Poly) -> Poly:
    out: dict[Powers, float] = {}
    for term in terms:
        for powers, c in term.items():
            out[powers] = out.get(powers, 0.0) + c
    return out


def _features(cell: Cell) -> tuple[list[Poly], list[float], list[int]]:
    """x_a x_b, x⁴ and x² of a and b, x_a x_c, x_b x_c; their θ; the places of a, b, c."""
    a, b = (one - 1 for one in cell["edge"])
    c = 3 - a - b
    first, last = cell["coupling"]
    strength = {(0, 1): first, (1, 2): last, (0, 2): 0.0}
    powers = [{a: 1, b: 1}, {a: 4}, {b: 4}, {a: 2}, {b: 2}, {a: 1, c: 1}, {b: 1, c: 1}]
    pairs = [strength[min(i, j), max(i, j)] for i, j in ((a, b), (a, c), (b, c))]
    theta = [pairs[0], -0.25, -0.25, -0.1, -0.1, pairs[1], pairs[2]]
    return [_monomial(one) for one in powers], theta, [a, b, c]


def _monomial(powers: Mapping[int, int]) -> Poly:
    return {(powers.get(0, 0), powers.get(1, 0), powers.get(2, 0)): 1.0}


def _gram_of(parts: list[Poly], table: Array) -> Array:
    """E f_k f_l."""
    mean = [[sum(c * table[p] for p, c in _times(f, g).items()) for g in parts] for f in parts]
    return np.array(mean)


def _sandwich_parts(cell: Cell, *, apart: bool) -> tuple[Array, Array]:
    """H and Γ; `apart`: the gradients of the two rows taken for uncorrelated."""
    features, theta, (a, b, _) = _features(cell)
    table, p = _moments(tuple(cell["coupling"])), len(features)
    H, rows = np.zeros((p, p)), []
    for i in (a, b):
        first = [_derived(f, i) for f in features]
        score = _plus(
            *({q: t * c for q, c in f.items()} for f, t in zip(first, theta, strict=True))
        )
        H += _gram_of(first, table)
        rows.append([_plus(_derived(f, i), _times(f, score)) for f in first])
    if apart:
        return H, sum((_gram_of(row, table) for row in rows), np.zeros((p, p)))
    return H, _gram_of([_plus(f, g) for f, g in zip(*rows, strict=True)], table)


def quartic_variance(cell: Cell, *, apart: bool = False) -> float:
    """(H^{-1} Γ H^{-1})_ab."""
    H, gamma = _sandwich_parts(cell, apart=apart)
    row = np.linalg.solve(H, np.eye(len(H))[0])
    return float(row @ gamma @ row)


def quartic_efficiency(cell: Cell, *, known: bool = False) -> float:
    """The information bound over V; `known`: the decoy, x_c⁴ and x_c² with known coefficients."""
    features, _, (_, _, c) = _features(cell)
    table = _moments(tuple(cell["coupling"]))
    more = [] if known else [_monomial({c: 4}), _monomial({c: 2})]
    parts = [_monomial({}), *features, *more]
    # The entry for the constant makes the inverse of second moments that of the covariance.
    bound = np.linalg.inv(_gram_of(parts, table))[1, 1]
    return float(bound / quartic_variance(cell))


def inverse_hessian(cell: Cell) -> float:
    """H^{-1}_ab, which is no variance here."""
    H, _ = _sandwich_parts(cell, apart=False)
    return float(np.linalg.inv(H)[0, 0])


def quartic_wrong(cell: Cell) -> float:
    """2Φ(z √(H^{-1}_ab/V)) − 1: coverage with the inverse Hessian in the sandwich's place."""
    short = sqrt(inverse_hessian(cell) / quartic_variance(cell))
    return float(2 * ndtr(Z * short) - 1)


# --- claims ---------------------------------------------------------------------------------------

_claim = partial(
    Claim, source="bounds/papers/yu_2016/quartic.py, its opening lines", origin="derived"
)
_QUARTIC = (
    "log p = Σ_i (−x_i⁴/4 − x_i²/10) + 0.6 x_1 x_2 + 0.5 x_2 x_3 + const; edges (1, 2) and (1, 3), "
    "the second 0; x⁴ and x² of both nodes and both products with the third node are nuisances"
)
CLAIMS: tuple[Claim, ...] = (
    _claim(
        name="quartic-variance",
        statement="In a quartic chain the estimator's limiting variance is the sandwich of moments "
        "that are sums over the middle node.",
        assumptions=f"{_QUARTIC}.",
        kind="identity",
        measurement=f"{_STUDY}:quartic-variance",
        formula=quartic_variance,
        decoy=partial(quartic_variance, apart=True),
        decoy_note="the two rows' gradients taken for uncorrelated",
        tolerance=1e-6,
        why="θ̂ = −Ĥ^{-1} ĝ is off by −H^{-1} times a mean of gradients, whose variance is Γ.",
    ),
    _claim(
        name="quartic-efficiency",
        statement="Against maximum likelihood with the same unknowns and the third node's, score "
        "matching of the two rows has efficiency 0.8645 and 0.8598.",
        assumptions=f"{_QUARTIC}; the third node's x⁴ and x² have unknown coefficients, too.",
        kind="identity",
        measurement=f"{_STUDY}:quartic-efficiency",
        formula=quartic_efficiency,
        decoy=partial(quartic_efficiency, known=True),
        decoy_note="the third node's coefficients known",
        tolerance=1e-6,
        why="Cramér and Rao's bound from the covariance of the sufficient statistics.",
        uses=("quartic-variance",),
    ),
    _claim(
        name="quartic-error",
        statement="On 1000 data n E(θ̂ − θ)² is that variance, within 5 %.",
        assumptions=f"{_QUARTIC}; n = 1000.",
        kind="tight",
        measurement=f"{_STUDY}:quartic-error",
        formula=quartic_variance,
        decoy=inverse_hessian,
        decoy_note="H^{-1}_ab, as if the loss were a log likelihood",
        tolerance=0.05,
        why="The limit, which 1000 data are near to.",
        uses=("quartic-variance",),
        description=True,
    ),
    _claim(
        name="quartic-hessian",
        statement="Intervals with the inverse Hessian H^{-1} in the sandwich's place cover "
        "2Φ(z √(H^{-1}_ab/V)) − 1 of the time, about two thirds, at level 0.95.",
        assumptions=f"{_QUARTIC}; n = 1000, within 3 %.",
        kind="tight",
        measurement=f"{_STUDY}:quartic-hessian",
        formula=quartic_wrong,
        decoy=lambda c: 0.95,
        decoy_note="0.95",
        tolerance=0.03,
        why="Score matching's loss is no log likelihood: Γ is not H.",
        uses=("quartic-variance",),
        description=True,
    ),
)
