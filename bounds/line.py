r"""Mixtures of Gaussians on the line, exactly, out to the far tails.

    X ~ Σ_k π_k N(μ_k, v_k),   F(x) = Σ_k π_k Φ((x − μ_k)/√v_k).

Everything goes by the normal score z(x) = Φ^{-1}(F(x)): it is a number of ordinary size where F and
1 − F have left float64, since log F serves on the left and log(1 − F) on the right. The increasing
map that carries one law to another is

    flow(x) = z_target^{-1}(z_source(x)) = F_target^{-1}(F_source(x)).

A quantile of a mixture lies between the least and the largest of its components' quantiles of the
same level, so the search for it starts from a bracket.

With X + σN(0, 1) in place of X (`blurred`: variances v_k + σ²) these are the laws that a process of
exploding variance goes through, and the flow between two of them is the map of its probability flow
ODE, dx/dσ = −σ s(σ, x): in one dimension that flow keeps F_σ(x_σ) as it is.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import log_ndtr, logsumexp, ndtri_exp

from bounds.check import Array, InvalidInput, finite, none_negative, not_negative


@dataclass(frozen=True, eq=False)
class Line:
    """The law Σ_k π_k N(μ_k, v_k) on the line.

    Attributes
    ----------
    weights : π, shape (K,), positive, with sum 1 within 1e-9
    means : μ, shape (K,)
    variances : v, shape (K,), not negative; 0 is an atom, which `blurred` gives a density

    Raises
    ------
    InvalidInput
        If an entry is not finite, shapes do not fit, a weight is not positive, the weights do not
        sum to 1, or a variance is negative.

    Examples
    --------
    >>> law = Line([0.85, 0.15], [-2.0, 2.0], [0.25, 0.25])
    >>> law.mean, law.variance
    (-1.4, 2.29)
    >>> wide = law.blurred(80)
    >>> float(flow(wide, law, wide.from_normal(3.0))) == float(law.from_normal(3.0))
    True
    """

    weights: Array
    means: Array
    variances: Array

    def __post_init__(self) -> None:
        weights, means = finite("weights", self.weights), finite("means", self.means)
        variances = none_negative("variances", self.variances)
        if weights.ndim != 1 or weights.size == 0 or weights.min() <= 0:
            raise InvalidInput("weights", "must be a non-empty list of positive numbers")
        if abs(weights.sum() - 1) > 1e-9:
            raise InvalidInput("weights", f"must sum to 1, but sum to {weights.sum():.10g}")
        for key, values in (("means", means), ("variances", variances)):
            if values.shape != weights.shape:
                raise InvalidInput(
                    key, f"must have shape {weights.shape} like weights, but has {values.shape}"
                )
        for key, values in (
            ("weights", weights / weights.sum()),
            ("means", means),
            ("variances", variances),
        ):
            object.__setattr__(self, key, values)

    def __repr__(self) -> str:
        return (
            f"Line({self.weights.size} components, mean {self.mean:g}, variance {self.variance:g})"
        )

    @property
    def mean(self) -> float:
        """E X."""
        return float(self.weights @ self.means)

    @property
    def variance(self) -> float:
        """Var X."""
        return float(self.weights @ (self.variances + (self.means - self.mean) ** 2))

    def blurred(self, sigma: float) -> "Line":
        """The law of X + σ N(0, 1), for σ ≥ 0."""
        return Line(self.weights, self.means, self.variances + not_negative("sigma", sigma) ** 2)

    def _standard(self, x: ArrayLike) -> Array:
        """(x − μ_k)/√v_k, shape (…, K)."""
        if self.variances.min() == 0:
            raise InvalidInput(
                "variances", "must be positive here: an atom has no density; blur it first"
            )
        return np.asarray((finite("x", x)[..., None] - self.means) / np.sqrt(self.variances))

    def log_density(self, x: ArrayLike) -> Array:
        """log p(x), any shape."""
        volume = np.log(self.weights) - np.log(2 * np.pi * self.variances) / 2
        return np.asarray(logsumexp(volume - self._standard(x) ** 2 / 2, axis=-1))

    def score(self, x: ArrayLike) -> Array:
        """(log p)'(x), any shape."""
        y = self._standard(x)
        exponents = np.log(self.weights) - np.log(self.variances) / 2 - y**2 / 2
        r = np.exp(exponents - exponents.max(axis=-1, keepdims=True))
        return np.asarray(-np.sum(r * y / np.sqrt(self.variances), axis=-1) / r.sum(axis=-1))

    def log_cdf(self, x: ArrayLike) -> Array:
        """log F(x), any shape; its relative error is small wherever F is not near 1."""
        return np.asarray(logsumexp(np.log(self.weights) + log_ndtr(self._standard(x)), axis=-1))

    def log_sf(self, x: ArrayLike) -> Array:
        """log(1 − F(x)), any shape; its relative error is small wherever F is not near 0."""
        return np.asarray(logsumexp(np.log(self.weights) + log_ndtr(-self._standard(x)), axis=-1))

    def to_normal(self, x: ArrayLike) -> Array:
        """z(x) = Φ^{-1}(F(x)), any shape: from log F on the left, from log(1 − F) on the right."""
        left, right = self.log_cdf(x), self.log_sf(x)
        z = ndtri_exp(np.minimum(left, right))
        return np.asarray(np.where(left < right, z, -z))

    def from_normal(self, z: ArrayLike) -> Array:
        """The x with F(x) = Φ(z), any shape: the quantile,
        by Newton's steps in z(x) and bisection where one leaves its bracket.

        To 1e-13 of x and of the distance of the components' quantiles, or as near as F itself is
        known.
        """
        level = finite("z", z)
        ends = self.means + np.sqrt(self.variances) * level[..., None]
        low, high = ends.min(axis=-1), ends.max(axis=-1)
        enough = 1e-13 * (high - low + np.abs(low) + np.abs(high))
        x = low + (high - low) / 2
        while True:
            here = self.to_normal(x)
            low, high = np.where(here < level, x, low), np.where(here < level, high, x)
            density = np.exp(np.minimum(self.log_density(x) + here**2 / 2, 700)) * np.sqrt(
                2 * np.pi
            )
            step = (level - here) / np.maximum(density, 1e-300)
            inside = (low <= x + step) & (x + step <= high)
            new = np.where(inside, x + step, low + (high - low) / 2)
            done = np.abs(new - x) <= enough
            x = new
            if done.all():
                return np.asarray(x)


def flow(source: Line, target: Line, x: ArrayLike) -> Array:
    """F_target^{-1}(F_source(x)), any shape: the increasing map that carries one law to the other.

    Parameters
    ----------
    source, target : laws without atoms
    x : points of the source

    Raises
    ------
    InvalidInput
        If a law has an atom, or a point is not finite.

    Notes
    -----
    Cost: ten to fifty evaluations of the target's density and distribution function a point. Where
    the target has a gap between modes, an error of F by ε moves the quantile by ε/p, however it is
    computed.
    """
    return target.from_normal(source.to_normal(x))
