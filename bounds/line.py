r"""Laws on the line, exactly, out to the far tails; mixtures of Gaussians above all.

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

Distances of two laws: total variation by the points where the densities cross, and

    W2² = ∫ (F_p^{-1}(u) − F_q^{-1}(u))² du = ∫ (x_p(z) − x_q(z))² φ(z) dz,   x(z) = F^{-1}(Φ(z)).
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import log_ndtr, logsumexp, ndtri_exp

from bounds.check import Array, InvalidInput, finite, none_negative, not_negative, positive


class OnLine(ABC):
    """A law on the line with a density, by its log density and the logs of its two tails.

    What a class needs beside them is `between`: for each level z a bracket of the x with F(x) =
    Φ(z).
    """

    @abstractmethod
    def log_density(self, x: ArrayLike) -> Array:
        """log p(x), any shape."""

    @abstractmethod
    def log_cdf(self, x: ArrayLike) -> Array:
        """log F(x), any shape; its relative error is small wherever F is not near 1."""

    @abstractmethod
    def log_sf(self, x: ArrayLike) -> Array:
        """log(1 − F(x)), any shape; its relative error is small wherever F is not near 0."""

    @abstractmethod
    def between(self, level: Array) -> tuple[Array, Array]:
        """Ends of an interval, for each level z, with F(low) ≤ Φ(z) ≤ F(high)."""

    def to_normal(self, x: ArrayLike) -> Array:
        """z(x) = Φ^{-1}(F(x)), any shape: from log F on the left, from log(1 − F) on the right."""
        left, right = self.log_cdf(x), self.log_sf(x)
        z = ndtri_exp(np.minimum(left, right))
        return np.asarray(np.where(left < right, z, -z))

    def from_normal(self, z: ArrayLike) -> Array:
        """The x with F(x) = Φ(z), any shape: the quantile,
        by Newton's steps in z(x) and bisection where one leaves its bracket.

        To 1e-13 of x and of the width of the bracket, or as near as F itself is known.
        """
        level = finite("z", z)
        low, high = self.between(level)
        enough = 1e-13 * (high - low + np.abs(low) + np.abs(high))
        x = low + (high - low) / 2
        while True:
            here = self.to_normal(x)
            low, high = np.where(here < level, x, low), np.where(here < level, high, x)
            density = np.exp(np.minimum(self.log_density(x) + here**2 / 2, 700)) * np.sqrt(
                2 * np.pi
            )
            step = (level - here) / np.maximum(density, 1e-300)
            # Not on an end, where rounding of F could send the next step back to the other one.
            inside = (low < x + step) & (x + step < high)
            new = np.where(inside, x + step, low + (high - low) / 2)
            done = (np.abs(new - x) <= enough) | (high - low <= enough)
            x = new
            if done.all():
                return np.asarray(x)


@dataclass(frozen=True, eq=False)
class Line(OnLine):
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

    def _given(self, sigma: float, x: ArrayLike) -> tuple[Array, Array, Array]:
        """Weights, means and variances of X's law given X + σ N(0, 1) = x, shape (…, K)."""
        noise = positive("sigma", sigma) ** 2
        total = self.variances + noise
        far = finite("x", x)[..., None] - self.means
        exponents = np.log(self.weights) - np.log(total) / 2 - far**2 / (2 * total)
        r = np.exp(exponents - exponents.max(axis=-1, keepdims=True))
        share = self.variances / total
        return r / r.sum(axis=-1, keepdims=True), self.means + share * far, share * noise

    def posterior_mean(self, sigma: float, x: ArrayLike) -> Array:
        """E[X | X + σ N(0, 1) = x], any shape, for σ > 0."""
        r, means, _ = self._given(sigma, x)
        return np.asarray((r * means).sum(axis=-1))

    def posterior_variance(self, sigma: float, x: ArrayLike) -> Array:
        """Var(X | X + σ N(0, 1) = x), any shape, for σ > 0."""
        r, means, variances = self._given(sigma, x)
        centred = means - (r * means).sum(axis=-1, keepdims=True)
        return np.asarray((r * (variances + centred**2)).sum(axis=-1))

    def log_cdf(self, x: ArrayLike) -> Array:
        """log F(x), any shape; its relative error is small wherever F is not near 1."""
        return np.asarray(logsumexp(np.log(self.weights) + log_ndtr(self._standard(x)), axis=-1))

    def log_sf(self, x: ArrayLike) -> Array:
        """log(1 − F(x)), any shape; its relative error is small wherever F is not near 0."""
        return np.asarray(logsumexp(np.log(self.weights) + log_ndtr(-self._standard(x)), axis=-1))

    def between(self, level: Array) -> tuple[Array, Array]:
        """The least and the largest of the components' quantiles."""
        ends = self.means + np.sqrt(self.variances) * level[..., None]
        return ends.min(axis=-1), ends.max(axis=-1)


def flow(source: OnLine, target: OnLine, x: ArrayLike) -> Array:
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


def total_variation(p: OnLine, q: OnLine) -> float:
    """½ ∫|p − q|, from the masses between the points where the densities cross.

    Parameters
    ----------
    p, q : laws without atoms

    Notes
    -----
    Crossings are sought between 1202 points, levels of z between −9 and 9 of both laws. Two in one
    gap are not seen; what they hide is below the mass of the gap, times the relative difference of
    the densities there. Absolute rounding error: 1e-15. Cost: 70 evaluations of both laws.

    Examples
    --------
    >>> sign = Line(np.ones(1), np.array([1.0]), np.ones(1))
    >>> round(total_variation(sign, Line(np.ones(1), np.array([-1.0]), np.ones(1))), 6)
    0.682689
    """
    levels = np.linspace(-9.0, 9.0, 601)
    grid = np.sort(np.concatenate([p.from_normal(levels), q.from_normal(levels)]))

    def above(x: Array) -> Array:
        return np.asarray(p.log_density(x) > q.log_density(x))

    sides = above(grid)
    turns = np.flatnonzero(sides[1:] != sides[:-1])
    low, high, side = grid[turns], grid[turns + 1], sides[turns]
    for _ in range(60):
        middle = low + (high - low) / 2
        same = above(middle) == side
        low, high = np.where(same, middle, low), np.where(same, high, middle)
    masses = [np.diff(np.concatenate([[0.0], np.exp(law.log_cdf(low)), [1.0]])) for law in (p, q)]
    return float(np.abs(masses[0] - masses[1]).sum() / 2)


def w2(p: OnLine, q: OnLine) -> float:
    """W2 of two laws on the line, from their quantiles.

    Parameters
    ----------
    p, q : laws without atoms, with variances; without a variance the number grows with the
        reach of the integral and means nothing

    Notes
    -----
    Gauss and Legendre's rule in z from −37 to 37, on panels that are halved until the halves agree
    with the whole to 1e-11 of the sum. Cost: some thousand quantiles of both laws, and
    more where one has gaps between modes.

    Examples
    --------
    >>> half = Line(np.ones(1), np.zeros(1), np.array([0.25]))
    >>> round(w2(half, half.blurred(np.sqrt(2.0))), 12)
    1.0
    """
    nodes, weights = np.polynomial.legendre.leggauss(10)

    def panels(left: Array, right: Array) -> Array:
        half = (right - left) / 2
        z = (left + half)[:, None] + half[:, None] * nodes
        gap = p.from_normal(z) - q.from_normal(z)
        return np.asarray((gap**2 * np.exp(-(z**2) / 2)) @ weights * half / np.sqrt(2 * np.pi))

    edges = np.concatenate([[-37, -25, -16], np.linspace(-9, 9, 37), [16, 25, 37]])
    left, right = edges[:-1], edges[1:]
    whole, total = panels(left, right), 0.0
    for _ in range(40):
        middle = (left + right) / 2
        first, second = panels(left, middle), panels(middle, right)
        rough = np.abs(first + second - whole) > 1e-11 * (total + np.sum(first + second))
        total += float(np.sum((first + second)[~rough]))
        if not rough.any():
            break
        left, right = (
            np.concatenate([left[rough], middle[rough]]),
            np.concatenate([middle[rough], right[rough]]),
        )
        whole = np.concatenate([first[rough], second[rough]])
    else:
        total += float(whole.sum())
    return float(np.sqrt(total))
