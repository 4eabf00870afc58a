"""Polynomial laws on grids, and their features."""

from itertools import product
from typing import Any

import numpy as np

from bounds.check import Array
from bounds.hyvarinen import Family, quadratic, terms
from bounds.quadrature import Grid, Monomials, grid


def pure(d: int, n: int) -> Monomials:
    """x_i^d of each variable."""
    return Monomials(d * np.eye(n))


def base(d: int, n: int, box: float | None = None) -> Grid:
    """exp(−Σ x_i^d), given ‖x‖_∞ ≤ box if there is one."""
    if box is not None:
        return grid(pure(d, n), -np.ones(n), [-box, 0, box], 40, cut=True)
    reach = 40 ** (1 / d)
    edges = [-reach, -reach / 3, reach / 3, reach]
    return grid(pure(d, n), -np.ones(n), edges, 24 if n < 3 else 16)


def vertex(exponents: Any, degree: int | None = None) -> Family:
    """Those monomials, with the base exp(−Σ x_i^degree) or none."""
    f = Monomials(exponents)
    if degree is None:
        return Family(f.first, f.second)
    return Family(f.first, f.second, lambda x: -degree * x ** (degree - 1))


def curvature_of(law: Grid, exponents: Any) -> Array:
    """H of the first row."""
    return quadratic(terms(vertex(exponents), law.x, [0]), law.p).H


def factors_of(n: int, d: int) -> list[tuple[int, ...]]:
    """K_0: exponents of total degree ≤ d in which x_0 occurs."""
    every = product(range(d + 1), repeat=n)
    return [k for k in every if k[0] > 0 and sum(k) <= d]
