r"""Entropy and Fisher information of mixtures of Gaussians on the line, alone and against another
law; and such a mixture tilted by the exponential of a quadratic.

    h(p) = −∫p log p,   I(p) = ∫p (log p)'²,
    KL(p|q) = ∫p log(p/q),   I(p|q) = ∫p ((log p)' − (log q)')².

All are means over p, by Gauss and Legendre's rule on panels one deviation wide, twelve deviations
to both sides of each component.
"""

from typing import NamedTuple

import numpy as np

from bounds.check import Array, InvalidInput, number
from bounds.line import Line
from bounds.quadrature import panels

REACH = 12.0
"""Deviations of a component that its panels cover: the mass beyond is 4e-33."""
POINTS = 12


class Rule(NamedTuple):
    """A law as nodes x (n,) with masses p (n,): E f = p @ f(x)."""

    x: Array
    p: Array


def rule(law: Line) -> Rule:
    """The quadrature rule of a law without atoms.

    Parameters
    ----------
    law : K components

    Raises
    ------
    InvalidInput
        If the law has an atom.

    Notes
    -----
    At most 300 K nodes; cost: K of them times the density. For f as smooth as the density itself,
    log p and its derivative among them, the relative error is about 1e-13.

    Examples
    --------
    >>> x, p = rule(Line([0.5, 0.5], [-1.0, 1.0], [0.1, 0.1]))
    >>> round(float(p @ x**2), 12)
    1.1
    """
    deviations = np.sqrt(law.variances)
    if deviations.min() == 0:
        raise InvalidInput("variances", "must be positive here: an atom has no density")
    steps = np.arange(-REACH, REACH + 1)
    edges = np.unique(law.means[:, None] + deviations[:, None] * steps)
    # Two edges that rounding alone sets apart would make a panel of no width.
    edges = edges[np.append(True, np.diff(edges) > 1e-9 * deviations.min())]
    x, weights = panels(edges, POINTS)
    return Rule(x, weights * np.exp(law.log_density(x)))


def entropy(law: Line) -> float:
    """h(p) = −∫p log p, in nats.

    Examples
    --------
    >>> round(entropy(Line([1.0], [3.0], [1.0])), 6), round(float(np.log(2 * np.pi * np.e) / 2), 6)
    (1.418939, 1.418939)
    """
    x, p = rule(law)
    return float(-p @ law.log_density(x))


def fisher(law: Line) -> float:
    """I(p) = ∫p (log p)'², per unit of x²; 1/v for N(m, v)."""
    x, p = rule(law)
    return float(p @ law.score(x) ** 2)


def relative_entropy(law: Line, base: Line) -> float:
    """KL(p|q), p the law, q the base, in nats; infinite never, as no Gaussian mixture's is."""
    x, p = rule(law)
    return float(p @ (law.log_density(x) - base.log_density(x)))


def relative_fisher(law: Line, base: Line) -> float:
    """I(p|q) = ∫p ((log p)' − (log q)')²."""
    x, p = rule(law)
    return float(p @ (law.score(x) - base.score(x)) ** 2)


def tilted(law: Line, linear: float, quadratic: float) -> Line:
    """The law with density ∝ p(x) e^{b x + c x²/2}: again a mixture, component by component

        1/v' = 1/v − c,   μ' = v' (μ/v + b),
        log π' = log π + ½ (log(v'/v) + μ'²/v' − μ²/v) + const.

    Parameters
    ----------
    law : p, without atoms
    linear, quadratic : b and c

    Raises
    ------
    InvalidInput
        If 1/v ≤ c for a component: then the integral of p e^r is infinite.

    Examples
    --------
    >>> tilted(Line([1.0], [0.0], [1.0]), 2.0, -1.0)
    Line(1 components, mean 1, variance 0.5)
    """
    b, c = number("linear", linear), number("quadratic", quadratic)
    if law.variances.min() == 0:
        raise InvalidInput("variances", "must be positive here: an atom has no density")
    precision = 1 / law.variances - c
    if precision.min() <= 0:
        raise InvalidInput(
            "quadratic", f"must be below {1 / law.variances.max():g}: else E e^r is infinite"
        )
    means = (law.means / law.variances + b) / precision
    exponent = precision * means**2 - law.means**2 / law.variances
    logs = np.log(law.weights) + (exponent - np.log(law.variances * precision)) / 2
    weights = np.exp(logs - logs.max())
    return Line(weights / weights.sum(), means, 1 / precision)
