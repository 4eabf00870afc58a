"""Gaussians and their denoisers, as the studies of fast samplers use them."""

from collections.abc import Sequence

import numpy as np
from scipy.linalg import expm

from bounds.chain import affine_chain
from bounds.check import Array
from bounds.divergence import Normal
from bounds.solvers import Denoiser, Stage, linear


def answer(data: Array) -> Denoiser:
    """The denoiser of N(0, Σ), for rows."""
    values, basis = np.linalg.eigh(data)
    return lambda sigma, x: x @ (basis * (values / (values + sigma**2)) @ basis.T)


def blurred(data: Array, sigma: float) -> Normal:
    """N(0, Σ + σ² I)."""
    return Normal(np.zeros(len(data)), data + sigma**2 * np.eye(len(data)))


def turned(values: Sequence[float], angle: float) -> Array:
    """Σ with these eigenvalues: turned in the plane, or in space about (1, 1, 1)."""
    axis = np.array([[0, -1, 1], [1, 0, -1], [-1, 1, 0]]) / np.sqrt(3)
    plane = np.array([[0.0, -1.0], [1.0, 0.0]])
    R = expm(np.radians(angle) * (plane if len(values) == 2 else axis))
    return np.asarray(R @ np.diag(values) @ R.T)


def carried(stages: Sequence[Stage], start: Normal) -> Normal:
    """The law of what a sampler with linear steps returns."""
    links = [(linear(one.move, start.dimension), 0.0, one.noise) for one in stages]
    return affine_chain(links, start)
