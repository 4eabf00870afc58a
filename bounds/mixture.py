r"""Mixtures of Gaussians under the forward process.

    X_0 ~ Σ_k π_k N(μ_k, Σ_k):   X_t ~ Σ_k π_k N(e_t μ_k, V_k),   V_k = e_t² Σ_k + σ_t² I.

With the responsibilities r_k(x) ∝ π_k N(x; e_t μ_k, V_k) and each component's own score and
posterior,

    g_k = −V_k^{-1}(x − e_t μ_k),
    m_k = μ_k + e_t Σ_k V_k^{-1}(x − e_t μ_k),   P_k = σ_t² Σ_k V_k^{-1},

everything is an average over k (averages with weights r_k, written ⟨·⟩):

    s = ⟨g_k⟩,                 ∇²log p_t = ⟨(g_k − s)(g_k − s)ᵀ⟩ − ⟨V_k^{-1}⟩,
    E[X_0|X_t] = ⟨m_k⟩,        Cov(X_0|X_t) = ⟨P_k⟩ + ⟨(m_k − m)(m_k − m)ᵀ⟩,   m = ⟨m_k⟩,
    C_t = I/σ_t² + ∇²log p_t = (e_t²/σ_t⁴) Cov(X_0|X_t).

Spreads are averaged around the mean, never as a difference of second moments, and C_t is taken from
the posterior covariance: I/σ_t² + ∇²log p_t cancels at large t, and at small t where the law is
narrow.

Points have shape (…, d); results have the same leading shape. With n points, cost and memory of the
log density, the score and the posterior mean are 4 n K d² flops and n (2K d + K) numbers; the
matrix-valued functions add 2 n K d² flops and n d² numbers.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import logsumexp

from bounds.check import (
    Array,
    InvalidInput,
    finite,
    how_many,
    none_negative,
    not_negative,
    positive,
    symmetric,
)
from bounds.process import decay, noise_variance

# of a point from a component, in its smallest deviations: the square is a number
MAX_DISTANCE = 1e150


@dataclass(frozen=True, eq=False)
class Mixture:
    """The law Σ_k π_k N(μ_k, Σ_k).

    Attributes
    ----------
    weights : π, shape (K,), positive; divided by their sum, which must be 1 within 1e-9
    means : μ, shape (K, d)
    covariances : Σ, shape (K, d, d), or (d, d) for one shared by all; symmetric positive
        semi-definite. A singular one (Σ_k = 0 is an atom) is allowed, but has no density at t = 0.

    Raises
    ------
    InvalidInput
        If an entry is not finite, shapes do not fit, a weight is not positive, the weights do not
        sum to 1, or a covariance is not symmetric or has an eigenvalue below −d · 2.2e-16 times its
        largest.

    Notes
    -----
    Cost: K symmetric eigendecompositions (one if shared), 9 d³ flops each, made at the first use.
    """

    weights: Array
    means: Array
    covariances: Array

    def __repr__(self) -> str:
        count, d = self.means.shape
        return (
            f"Mixture({count} components, d = {d}, weights {self.weights.min():g} … "
            f"{self.weights.max():g})"
        )

    def __post_init__(self) -> None:
        weights, means = finite("weights", self.weights), finite("means", self.means)
        covariances = finite("covariances", self.covariances)
        if weights.ndim != 1 or weights.size == 0 or weights.min() <= 0:
            raise InvalidInput("weights", "must be a non-empty list of positive numbers")
        if abs(weights.sum() - 1) > 1e-9:
            raise InvalidInput("weights", f"must sum to 1, but sum to {weights.sum():.12g}")
        if means.ndim != 2 or means.shape[0] != weights.size or means.shape[1] == 0:
            raise InvalidInput(
                "means", f"must have shape ({weights.size}, d), but have {means.shape}"
            )
        count, dimension = means.shape
        if covariances.shape not in ((dimension, dimension), (count, dimension, dimension)):
            raise InvalidInput(
                "covariances",
                f"must have shape ({dimension}, {dimension}) or ({count}, {dimension}, "
                f"{dimension}), but have {covariances.shape}",
            )
        covariances = symmetric("covariances", covariances)
        object.__setattr__(self, "weights", weights / weights.sum())
        object.__setattr__(self, "means", means)
        object.__setattr__(self, "covariances", covariances)
        eigenvalues = self._spectra[0]
        floor = -dimension * np.finfo(float).eps * np.abs(eigenvalues).max(axis=-1)
        if np.any(eigenvalues.min(axis=-1) < floor):
            raise InvalidInput(
                "covariances",
                f"are not positive semi-definite: an eigenvalue is {eigenvalues.min():g}",
            )

    @property
    def dimension(self) -> int:
        """d."""
        return int(self.means.shape[1])

    @property
    def components(self) -> int:
        """K."""
        return int(self.weights.size)

    @property
    def is_shared(self) -> bool:
        """Whether one covariance was given for all components."""
        return self.covariances.ndim == 2

    @cached_property
    def _spectra(self) -> tuple[Array, Array]:
        """Eigenvalues (K, d) and eigenvectors (K, d, d) of Σ_k."""
        eigenvalues, bases = np.linalg.eigh(self.covariances)
        shape = (self.components, self.dimension)
        return np.broadcast_to(eigenvalues, shape), np.broadcast_to(bases, (*shape, self.dimension))

    @cached_property
    def _eigenvalues(self) -> Array:
        """λ_ki, shape (K, d), round-off below zero removed."""
        return np.maximum(self._spectra[0], 0.0)

    def variances(self, t: float) -> Array:
        """v_ki(t) = e_t² λ_ki + σ_t², the eigenvalues of V_k; shape (K, d).

        Raises
        ------
        InvalidInput
            If t is negative or not finite, or t = 0 and a covariance is singular.
        """
        time = not_negative("t", t)
        values = decay(2 * time) * self._eigenvalues + noise_variance(time)
        if values.min() <= 0:
            raise InvalidInput(
                "t", "must be positive where a covariance is singular: there is no density"
            )
        return np.asarray(values)

    def marginal(self, t: float) -> "Mixture":
        """The law of X_t, t ≥ 0: weights π, means e_t μ_k, covariances V_k."""
        time = not_negative("t", t)
        noise = noise_variance(time) * np.eye(self.dimension)
        return Mixture(
            self.weights,
            np.asarray(decay(time) * self.means),
            decay(2 * time) * self.covariances + noise,
        )

    def sample(self, size: int, rng: np.random.Generator) -> Array:
        """`size` independent draws of X_0, shape (size, d). Cost: 2 size K d² flops."""
        size = how_many("size", size, 0)
        labels = rng.choice(self.components, size=size, p=self.weights)
        draws = rng.standard_normal((size, self.dimension))
        for k in range(self.components):
            mine = labels == k
            root = np.sqrt(self._eigenvalues[k])
            draws[mine] = self.means[k] + (draws[mine] * root) @ self._spectra[1][k].T
        return draws

    def _coordinates(self, t: float, x: ArrayLike) -> tuple[Array, Array, Array]:
        """v (K, d); y = Q_kᵀ(x − e_t μ_k), shape (K, …, d);
        log π_k N(x; e_t μ_k, V_k), shape (K, …).
        """
        v = self.variances(t)
        points = finite("x", x)
        if points.ndim == 0 or points.shape[-1] != self.dimension:
            raise InvalidInput(
                "x", f"must have shape (…, {self.dimension}), but has {points.shape}"
            )
        centres = decay(t) * self.means
        y = np.stack([(points - c) @ q for c, q in zip(centres, self._spectra[1], strict=True)])
        if np.abs(y).max(initial=0.0) > MAX_DISTANCE * min(1.0, np.sqrt(v.min())):
            raise InvalidInput(
                "x",
                f"must lie within {MAX_DISTANCE:g} deviations and within {MAX_DISTANCE:g} of each "
                "mean, where log p is a number",
            )
        each = [
            np.log(w) - (np.sum(u**2 / s, axis=-1) + np.sum(np.log(2 * np.pi * s))) / 2
            for w, u, s in zip(self.weights, y, v, strict=True)
        ]
        return v, y, np.stack(each)

    def _turned(self, y: Array) -> Array:
        """Q_k y_k: from each component's eigenbasis back; shape (K, …, d)."""
        return np.stack([u @ q.T for u, q in zip(y, self._spectra[1], strict=True)])

    def _matrices(self, values: Array) -> Array:
        """Q_k diag(values_k) Q_kᵀ, shape (K, d, d)."""
        basis = self._spectra[1]
        return np.asarray((basis * values[:, None, :]) @ basis.swapaxes(-1, -2))

    def log_density(self, t: float, x: ArrayLike) -> Array:
        """log p_t(x), shape (…,), by log-sum-exp:
        finite wherever the largest component's logarithm is.
        """
        return np.asarray(logsumexp(self._coordinates(t, x)[2], axis=0))

    def responsibilities(self, t: float, x: ArrayLike) -> Array:
        """r_k(x) = P(component k | X_t = x), shape (…, K).

        By log-sum-exp: one far below 1e-308 comes out as 0, the others stay exact. Relative error:
        about 2.2e-16 times the components' log densities (exponents are rounded before they are
        subtracted).
        """
        return np.moveaxis(_softmax(self._coordinates(t, x)[2]), 0, -1)

    def score(self, t: float, x: ArrayLike) -> Array:
        """s(t, x) = ∇log p_t(x), shape (…, d)."""
        v, y, log_weights = self._coordinates(t, x)
        return _mean(_softmax(log_weights), self._turned(-y / _beside(v, y)))

    def hessian(self, t: float, x: ArrayLike) -> Array:
        """∇²log p_t(x), shape (…, d, d)."""
        v, y, log_weights = self._coordinates(t, x)
        r = _softmax(log_weights)
        return _spread(r, self._turned(-y / _beside(v, y))) - np.tensordot(
            r, self._matrices(1 / v), (0, 0)
        )

    def posterior_mean(self, t: float, x: ArrayLike) -> Array:
        """E[X_0 | X_t = x], shape (…, d); at t = 0 it is x."""
        v, y, log_weights = self._coordinates(t, x)
        return _mean(_softmax(log_weights), self._posterior_means(t, v, y))

    def posterior_covariance(self, t: float, x: ArrayLike) -> Array:
        """Cov(X_0 | X_t = x), shape (…, d, d); at t = 0 it is 0."""
        v, y, log_weights = self._coordinates(t, x)
        r = _softmax(log_weights)
        within = self._matrices(noise_variance(t) * self._eigenvalues / v)
        return _spread(r, self._posterior_means(t, v, y)) + np.tensordot(r, within, (0, 0))

    def residual_covariance(self, t: float, x: ArrayLike) -> Array:
        """C_t = Cov(U_t | X_t = x) = (e_t²/σ_t⁴) Cov(X_0 | X_t = x), shape (…, d, d), for t > 0.

        Raises
        ------
        InvalidInput
            If t is not positive.
        """
        time = positive("t", t)
        if time < 1e-150:
            raise InvalidInput(
                "t", f"must be at least 1e-150, where 1/t² is a number, but is {time:g}"
            )
        return np.asarray(
            decay(2 * time) / noise_variance(time) ** 2 * self.posterior_covariance(time, x)
        )

    def _posterior_means(self, t: float, v: Array, y: Array) -> Array:
        """m_k, shape (K, …, d)."""
        shift = self._turned(y * _beside(decay(t) * self._eigenvalues / v, y))
        return np.asarray(_beside(self.means, y) + shift)

    def curvature_bound(self, t: ArrayLike) -> Array:
        """L₊(t) with ∇²log p_t(x) ≤ L₊(t) I for all x, for a shared covariance.

        L₊(t) = (e_t²/4) max_{k,l} |V^{-1}(μ_k − μ_l)|² − 1/max_i v_i(t): the variance of ⟨u, g_k⟩
        is at most a quarter of its squared range (Popoviciu), for each unit vector u. With two
        components and Σ ∝ I some x attains it.

        Parameters
        ----------
        t : any shape, times ≥ 0 (> 0 if Σ is singular)

        Raises
        ------
        InvalidInput
            If the covariances are not one shared matrix: then no such bound holds in general.

        Notes
        -----
        Cost: K² d flops a time, plus K² d² once. Source: derived here.
        """
        if not self.is_shared:
            raise InvalidInput(
                "covariances", "must be one shared matrix for the bound on the curvature"
            )
        differences = (self.means[:, None] - self.means[None, :]) @ self._spectra[1][0]

        def at(time: float) -> float:
            v = self.variances(time)[0]
            widest = np.max(np.sum((differences / v) ** 2, axis=-1))
            return float(decay(2 * time) * widest / 4 - 1 / v.max())

        times = none_negative("t", t)
        return np.array([at(time) for time in times.ravel()]).reshape(times.shape)


def _beside(values: Array, y: Array) -> Array:
    """Per-component values of shape (K, d), shaped to go with y of shape (K, …, d)."""
    return values.reshape(values.shape[0], *(1,) * (y.ndim - 2), values.shape[1])


def _softmax(log_weights: Array) -> Array:
    """r_k ∝ exp(log_weights_k) over the first axis."""
    r = np.exp(log_weights - log_weights.max(axis=0))
    return np.asarray(r / r.sum(axis=0))


def _mean(r: Array, vectors: Array) -> Array:
    """⟨a_k⟩: weights (K, …), vectors (K, …, d) to (…, d)."""
    return np.asarray(np.einsum("k...,k...i->...i", r, vectors))


def _spread(r: Array, vectors: Array) -> Array:
    """⟨(a_k − ⟨a⟩)(a_k − ⟨a⟩)ᵀ⟩, shape (…, d, d);
    one component at a time, so that memory stays n d².
    """
    centred = vectors - _mean(r, vectors)
    total = np.zeros((*centred.shape[1:], centred.shape[-1]))
    for weight, a in zip(r, centred, strict=True):
        total += (weight[..., None] * a)[..., :, None] * a[..., None, :]
    return total
