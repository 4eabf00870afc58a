r"""Moments of the laws that the claims are checked on, in closed form: no quadrature.

X has independent coordinates with density ∝ exp(−c|x|^d), so that c|x|^d is Gamma(1/d):

    E|x|^q = c^{−q/d} Γ((q + 1)/d)/Γ(1/d),

and given |x| ≤ b the same with the regularised lower incomplete gamma functions at c b^d.
"""

from collections.abc import Sequence

import numpy as np
from scipy.special import gamma, gammainc

Polynomial = list[tuple[float, tuple[int, ...]]]
"""Coefficients and exponents."""


def moment(d: int, q: int, c: float = 1.0, box: float = np.inf) -> float:
    """E x^q under exp(−c|x|^d), given |x| ≤ box."""
    if q % 2:
        return 0.0
    kept = gammainc((q + 1) / d, c * box**d) / gammainc(1 / d, c * box**d)
    return float(kept * c ** (-q / d) * gamma((q + 1) / d) / gamma(1 / d))


def slope(exponents: Sequence[Sequence[int]], theta: Sequence[float], i: int) -> Polynomial:
    """∂_i Σ θ_k f_k."""
    out: Polynomial = []
    for k, value in zip(exponents, theta, strict=True):
        if k[i]:
            out.append((value * k[i], tuple(e - (j == i) for j, e in enumerate(k))))
    return out


def mean(polynomial: Polynomial, d: int) -> float:
    """Its mean under exp(−Σ x_i^d)."""
    return sum(a * float(np.prod([moment(d, q) for q in k])) for a, k in polynomial)


def square(polynomial: Polynomial) -> Polynomial:
    """Its square."""
    return [
        (a * b, tuple(x + y for x, y in zip(k, m, strict=True)))
        for a, k in polynomial
        for b, m in polynomial
    ]
