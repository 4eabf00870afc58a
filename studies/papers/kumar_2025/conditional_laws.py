"""Mixtures of Gaussians given X_t, from their densities alone;
nothing of the library's mixtures goes in.

    p(y | X_t = x) ∝ p_0(y) N(x; e_t y, σ_t²),     p(b | X_t = x) ∝ p_{t'}(b) N(x; e^{-g} b, τ²),

and the moments of both, by the trapezoidal rule on a box: its error falls like exp(−2π²(width/h)²)
for Gaussian integrands and like exp(−2π · distance/h) where a score has a pole off the real line,
far below 1e-11 with the spacings here. Scores are complex-step derivatives of the density, exact to
rounding.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from bounds.check import Array
from bounds.process import decay, noise_variance

Law = Mapping[str, Any]


def log_density(law: Law, t: float, x: np.ndarray) -> np.ndarray:
    """log Σ_k π_k N(x; e_t μ_k, e_t² Σ_k + σ_t² I) at real or complex x, shape (…, d) to (…)."""
    terms = []
    for weight, mean, covariance in zip(
        law["weights"], law["means"], law["covariances"], strict=True
    ):
        V = decay(2 * t) * np.array(covariance) + noise_variance(t) * np.eye(len(mean))
        y = x - decay(t) * np.array(mean)
        form = np.sum((y @ np.linalg.inv(V)) * y, axis=-1)
        terms.append(np.log(weight) - form / 2 - np.log(np.linalg.det(2 * np.pi * V)) / 2)
    top = np.max(np.real(terms), axis=0)
    return np.asarray(top + np.log(np.sum(np.exp(np.array(terms) - top), axis=0)))


def score(law: Law, t: float, x: Array) -> Array:
    """∇log p_t by complex steps, shape (…, d)."""
    steps = 1e-30j * np.eye(x.shape[-1])
    return np.stack([np.imag(log_density(law, t, x + step)) / 1e-30 for step in steps], axis=-1)


def nodes(d: int, reach: float, spacing: float) -> Array:
    """The trapezoidal rule's nodes on [−reach, reach]^d,
    shape (…, d); the weights are equal and cancel.
    """
    line = spacing * np.arange(-round(reach / spacing), round(reach / spacing) + 1)
    return np.stack(np.meshgrid(*[line] * d, indexing="ij"), axis=-1)


def data_moments(law: Law, t: float, x: Array, y: Array) -> tuple[Array, Array]:
    """E[X_0|X_t = x] and E[X_0 X_0ᵀ|X_t = x] from p_0 on the nodes y;
    x (n, d) to (n, d), (n, d, d).

    In the plane the points x are a product of two lines like the nodes, and the kernel a product
    with them.
    """
    d = x.shape[-1]
    p = np.exp(log_density(law, 0.0, y))
    powers = np.stack([p, *(p * y[..., i] for i in range(d))], axis=0)
    squares = np.stack([p * y[..., i] * y[..., j] for i in range(d) for j in range(d)], axis=0)
    fields = np.concatenate([powers, squares])
    for axis in range(d):
        line, target = np.unique(y[..., axis]), np.unique(x[..., axis])
        exponent = -((target[:, None] - decay(t) * line) ** 2) / (2 * noise_variance(t))
        fields = np.moveaxis(np.tensordot(np.exp(exponent), fields, (1, 1 + axis)), 0, 1 + axis)
    flat = fields.reshape(fields.shape[0], -1)
    first, second = flat[1 : d + 1] / flat[0], flat[d + 1 :] / flat[0]
    return first.T, second.T.reshape(-1, d, d)


class Bridge:
    """The law of X_{t'} given X_t = x: nodes b, shape (n, d), and probabilities, shape (n,)."""

    def __init__(self, law: Law, t_prev: float, t: float, x: Array, b: Array) -> None:
        gap = t - t_prev
        self.b = b.reshape(-1, x.size)
        log_weights = log_density(law, t_prev, self.b)
        log_weights = log_weights - np.sum((x - decay(gap) * self.b) ** 2, axis=-1) / (
            2 * noise_variance(gap)
        )
        weights = np.exp(log_weights - log_weights.max())
        self.probabilities = weights / weights.sum()

    def mean(self, values: Array) -> Array:
        """E[values(X_{t'}) | X_t = x], values of shape (n, …)."""
        return np.asarray(np.tensordot(self.probabilities, values, 1))

    def covariance(self, values: Array) -> Array:
        """Cov(values(X_{t'}) | X_t = x), values of shape (n, d)."""
        centred = values - self.mean(values)
        return self.mean(centred[:, :, None] * centred[:, None, :])


SPACING = {1: 0.04, 2: 0.1}
REACH = {1: 9.0, 2: 8.0}


def conditional(
    law: Law, t_prev: float, t: float, x: Array, refine: float = 1.0
) -> dict[str, Array]:
    """What the identities speak of, given X_t = x.

    Parameters
    ----------
    law, t_prev, t, x : p_0, t' < t, a point of shape (d,)
    refine : the nodes are that much closer; the change is the quadrature's error

    Returns
    -------
    name → number, vector (d,) or matrix (d, d).
    """
    d, gap = x.size, t - t_prev
    y = nodes(d, REACH[d], SPACING[d] / refine)
    noise, noise_prev, fresh = noise_variance(t), noise_variance(t_prev), noise_variance(gap)
    first, second = data_moments(law, t, x[None], y)
    posterior = second[0] - np.outer(first[0], first[0])
    bridge = Bridge(law, t_prev, t, x, y)
    b = bridge.b
    score_prev = score(law, t_prev, b)
    transported, local = score_prev / decay(gap), -(x - decay(gap) * b) / fresh
    m, Q = data_moments(law, t_prev, b, y)

    def variance(alpha: float) -> float:
        """tr Cov(T1 + α U_{t'} | X_t = x); given b it is A(b) + c X_0, with c a number."""
        c = decay(t) / noise - alpha * decay(t_prev) / noise_prev
        A = -x / noise + alpha * (b / noise_prev + score_prev)
        square = (
            np.sum(A**2, axis=-1)
            + 2 * c * np.sum(A * m, axis=-1)
            + c**2 * np.trace(Q, axis1=1, axis2=2)
        )
        return float(bridge.mean(square) - np.sum(bridge.mean(A + c * m) ** 2))

    low, middle, high = variance(0.0), variance(0.5), variance(1.0)
    vertex = 0.5 + 0.25 * (low - high) / (low - 2 * middle + high)
    return {
        "T1-mean": -(x - decay(t) * first[0]) / noise,
        "T2-mean": bridge.mean(transported),
        "T3-mean": bridge.mean(local),
        "posterior-covariance": posterior,
        "T2-covariance": bridge.covariance(transported),
        "T3-covariance": bridge.covariance(local),
        "posterior-mean-before": bridge.mean(m),
        "alpha": np.array(vertex),
    }


def residual_norm(law: Law, t: float, x: Array) -> Array:
    """‖C_t(x)‖ by Bayes' rule in each component
    and the spread of their means; shape (…, d) to (…).
    """
    means, within, logs = [], [], []
    for weight, mean, covariance in zip(
        law["weights"], law["means"], law["covariances"], strict=True
    ):
        S = np.array(covariance)
        V = decay(2 * t) * S + noise_variance(t) * np.eye(x.shape[-1])
        gain, y = decay(t) * np.linalg.solve(V, S), x - decay(t) * np.array(mean)
        means.append(mean + y @ gain)
        within.append(S - decay(t) * S @ gain)
        logs.append(
            np.log(weight)
            - (np.sum(np.linalg.solve(V, y[..., None])[..., 0] * y, axis=-1)) / 2
            - np.linalg.slogdet(V)[1] / 2
        )
    r = np.exp(np.array(logs) - np.max(logs, axis=0))
    r /= r.sum(axis=0)
    off = np.array(means) - np.einsum("k...,k...i->...i", r, np.array(means))
    covariance = np.einsum("k...,k...i,k...j->...ij", r, off, off) + np.tensordot(
        r, np.array(within), (0, 0)
    )
    return np.asarray(
        decay(2 * t) / noise_variance(t) ** 2 * np.linalg.eigvalsh(covariance)[..., -1]
    )
