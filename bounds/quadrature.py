r"""Laws p(x) ∝ exp(Σ_k c_k Π_i x_i^{e_ki}) in a few variables, by quadrature.

A grid is a product of panels of Gauss and Legendre's rule, as fine as one asks, with the law's
probability of each node; a mean is `law.p @ f(law.x)`. Such densities are entire functions that
fall off fast: three panels of 24 points give exp(−x⁴) to 1e-13. All terms are
positive, so that a tail keeps its relative accuracy: have a panel end where it begins, and sum the
nodes beyond. A grid that ends where the density has not, and was not told to, is refused.

N nodes in n variables cost N n p powers and N n p numbers; 60³ nodes with p = 10 are 50 MB a table.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import logsumexp

from bounds.check import Array, InvalidInput, finite, how_many

CUT = 27.0
"""−log of what the density may still be at a grid's end, of its largest value: 2e-12."""
MOST = 10**7
"""Nodes that a grid may have."""


class Monomials:
    """f_k(x) = Π_i x_i^{e_ki} and its derivatives; e has shape (p, n), whole and not negative.

    Examples
    --------
    >>> f = Monomials([[2, 0], [1, 3]])
    >>> f.value([[2.0, 3.0]]), f.first([[2.0, 3.0]])
    (array([[ 4., 54.]]), array([[[ 4., 27.],
            [ 0., 54.]]]))
    """

    def __init__(self, exponents: ArrayLike) -> None:
        held = finite("exponents", exponents)
        if held.ndim != 2 or held.size == 0:
            raise InvalidInput("exponents", f"must have shape (p, n), but has {held.shape}")
        if np.any(held < 0) or np.any(held != np.floor(held)):
            raise InvalidInput("exponents", "must be whole and not negative")
        self.exponents = held.astype(np.int64)
        self.variables = held.shape[1]

    def __repr__(self) -> str:
        return f"Monomials({len(self.exponents)} in {self.variables} variables)"

    def _derived(self, x: ArrayLike, row: int, order: int) -> Array:
        """∂_row^order f at points (N, n): shape (N, p)."""
        points = finite("x", x)
        if points.ndim != 2 or points.shape[1] != self.variables:
            raise InvalidInput("x", f"must have shape (N, {self.variables}): {points.shape}")
        out = np.ones((len(points), len(self.exponents)))
        for i, powers in enumerate(self.exponents.T):
            times = order if i == row else 0
            for j in range(times):
                out *= np.maximum(powers - j, 0)
            left, place = np.unique(np.maximum(powers - times, 0), return_inverse=True)
            out *= (points[:, [i]] ** left)[:, place]
        return out

    def value(self, x: ArrayLike) -> Array:
        """f_k at points x (N, n): shape (N, p)."""
        return self._derived(x, 0, 0)

    def first(self, x: ArrayLike) -> Array:
        """∂_i f_k at points x (N, n): shape (N, n, p)."""
        return np.stack([self._derived(x, i, 1) for i in range(self.variables)], axis=1)

    def second(self, x: ArrayLike) -> Array:
        """∂_i² f_k at points x (N, n): shape (N, n, p)."""
        return np.stack([self._derived(x, i, 2) for i in range(self.variables)], axis=1)


class Grid(NamedTuple):
    """A law on nodes x (N, n): their probabilities p (N,), and log ∫ exp(Σ c_k f_k) over them."""

    x: Array
    p: Array
    log_mass: float


def panels(edges: ArrayLike, points: int) -> tuple[Array, Array]:
    """Nodes and weights of Gauss and Legendre's rule, so many points between any two edges."""
    ends = finite("edges", edges)
    if ends.ndim != 1 or ends.size < 2 or np.any(np.diff(ends) <= 0):
        raise InvalidInput("edges", "must be at least two increasing numbers")
    z, w = np.polynomial.legendre.leggauss(how_many("points", points, most=1000))
    half = np.diff(ends)[:, None] / 2
    return ((ends[:-1, None] + half) + half * z).ravel(), (half * w).ravel()


def product(x: ArrayLike, w: ArrayLike, n: int) -> tuple[Array, Array]:
    """The n-fold product of a rule with nodes x (N,) and weights w: nodes (N^n, n) and weights."""
    node, weight = finite("x", x), finite("w", w)
    if node.ndim != 1 or node.shape != weight.shape or node.size == 0:
        raise InvalidInput("w", f"must be a list as long as x, but has shape {weight.shape}")
    count = how_many("n", n, most=8)
    if node.size**count > MOST:
        raise InvalidInput("n", f"makes {node.size}^{count} nodes, more than {MOST}")
    nodes, weights = (
        np.stack(np.meshgrid(*[one] * count, indexing="ij"), axis=-1).reshape(-1, count)
        for one in (node, weight)
    )
    return nodes, np.asarray(weights.prod(axis=1))


def normals(points: int, n: int) -> Grid:
    """N(0, I_n) by Gauss and Hermite's rule: exact for polynomials below degree 2 · points."""
    z, w = np.polynomial.hermite_e.hermegauss(how_many("points", points, most=200))
    return Grid(*product(z, w / w.sum(), n), n / 2 * float(np.log(2 * np.pi)))


def grid(
    features: Monomials,
    coefficients: ArrayLike,
    edges: ArrayLike,
    points: int = 20,
    *,
    cut: bool = False,
) -> Grid:
    """The law with log density Σ_k c_k f_k(x) + const on a grid.

    Parameters
    ----------
    features, coefficients : f, and c of shape (p,)
    edges, points : of the panels, the same along each variable
    cut : whether the law is meant to end with the grid: X given that it lies in that box

    Raises
    ------
    InvalidInput
        If shapes do not fit, there are too many nodes, or the law goes on beyond the grid.

    Examples
    --------
    >>> law = grid(Monomials([[2]]), [-0.5], edges=[-9, -3, 3, 9])
    >>> round(float(law.p @ law.x[:, 0] ** 4), 12)
    3.0
    """
    c = finite("coefficients", coefficients)
    if c.shape != features.exponents.shape[:1]:
        raise InvalidInput("coefficients", f"must be as many as the monomials: {c.shape}")
    node, weight = panels(edges, points)
    x, w = product(node, weight, features.variables)
    log = features.value(x) @ c
    ends = np.any((x == node[0]) | (x == node[-1]), axis=1)
    if not cut and log[ends].max() > log.max() - CUT:
        raise InvalidInput(
            "edges", "do not reach the ends of the law, or it has no finite mass: go further"
        )
    mass = float(logsumexp(log, b=w))
    return Grid(x, np.asarray(w * np.exp(log - mass)), mass)
