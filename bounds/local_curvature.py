r"""Score matching with the Jacobian's trace by Stein's identity: two losses, and linear scores.

For z ~ N(0, I) and x' = x + σz, Stein's identity E[z·s(x')/σ] = E[∇·s(x')] spares the trace of the
Jacobian in Hyvärinen's loss E[∇·s + ½|s|²]. The square can be taken at either end:

    variant A:  E[z·s(x')/σ + ½|s(x')|²],
    variant B:  E[z·s(x')/σ + ½|s(x)|²].

A is denoising score matching but for a constant, sample by sample,

    z·s(x')/σ + ½|s(x')|² = ½|s(x') + z/σ|² − ½|z|²/σ²,

so it learns the score of the noisy law and is at least −d/(2σ²). B takes the trace at x' and the
square at x. Their difference is what the noise adds to the square, for s(x) = Mx

    E A − E B = (σ²/2)|M|_F²,   in general   (σ²/2) E[|∇s|_F² + s·Δs] + O(σ⁴).

Among linear scores B is least at −Σ^{-1}, the score of the clean law, whatever σ. Among all
functions its minimiser is s = ∇(p * N_σ)/p, and there is none where ∫ |∇(p * N_σ)|²/p diverges: for
Gaussian p wherever σ² reaches the smallest variance. Two signs of each z together,

    (z·s(x + σz) − z·s(x − σz))/(2σ),

take away the noise z·s(x)/σ of the one-sided trace.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike

from bounds.check import Array, InvalidInput, finite, none_negative, positive

Score = Callable[[Array], Array]
"""Points of shape (…, d) to vectors of that shape."""


def _drawn(x: ArrayLike, z: ArrayLike, sigma: float) -> tuple[Array, Array, float]:
    """Points, noise and σ, where noise may have more axes before those of the points."""
    points, noise = finite("x", x), finite("z", z)
    if not points.ndim or points.shape != noise.shape[noise.ndim - points.ndim :]:
        raise InvalidInput(
            "z", f"must have the shape of x, (…, d), but has {noise.shape} for {points.shape}"
        )
    return points, noise, positive("sigma", sigma)


def _at(score: Score, points: Array) -> Array:
    found = finite("score", score(points))
    if found.shape != points.shape:
        raise InvalidInput(
            "score", f"must return the shape of its points {points.shape}, but has {found.shape}"
        )
    return found


def stein_trace(score: Score, x: ArrayLike, z: ArrayLike, sigma: float) -> Array:
    """z·s(x + σz)/σ, whose mean over z is that of the divergence of s at x + σz.

    Parameters
    ----------
    score : s
    x : shape (…, d)
    z : standard normal, of that shape, or with more axes before it
    sigma : σ > 0

    Returns
    -------
    Array of the shape of z without its last axis.

    Raises
    ------
    InvalidInput
        If x, z or what s returns holds no finite numbers or has another shape, or σ is not
        positive.

    Examples
    --------
    >>> stein_trace(lambda x: -x, [[1.0, 2.0]], [[1.0, 1.0]], 0.5)
    array([-8.])
    """
    points, noise, scale = _drawn(x, z, sigma)
    return np.asarray(np.sum(noise * _at(score, points + scale * noise), axis=-1) / scale)


def antithetic_trace(score: Score, x: ArrayLike, z: ArrayLike, sigma: float) -> Array:
    """The mean of `stein_trace` over z and −z; parameters and refusals are its.

    Examples
    --------
    >>> antithetic_trace(lambda x: -x, [[1.0, 2.0]], [[1.0, 1.0]], 0.5)
    array([-2.])
    """
    points, noise, _ = _drawn(x, z, sigma)
    return (
        stein_trace(score, points, noise, sigma) + stein_trace(score, points, -noise, sigma)
    ) / 2


def variant_a(score: Score, x: ArrayLike, z: ArrayLike, sigma: float) -> Array:
    """z·s(x')/σ + ½|s(x')|²; parameters and refusals are those of `stein_trace`.

    Examples
    --------
    >>> variant_a(lambda x: -x, [[1.0, 2.0]], [[1.0, 1.0]], 0.5)
    array([-3.75])
    """
    points, noise, scale = _drawn(x, z, sigma)
    there = _at(score, points + scale * noise)
    return np.asarray(stein_trace(score, points, noise, scale) + np.sum(there**2, axis=-1) / 2)


def variant_b(score: Score, x: ArrayLike, z: ArrayLike, sigma: float) -> Array:
    """z·s(x')/σ + ½|s(x)|²; parameters and refusals are those of `stein_trace`.

    Examples
    --------
    >>> variant_b(lambda x: -x, [[1.0, 2.0]], [[1.0, 1.0]], 0.5)
    array([-5.5])
    """
    points, noise, scale = _drawn(x, z, sigma)
    here = np.sum(_at(score, points) ** 2, axis=-1) / 2
    return np.asarray(stein_trace(score, points, noise, scale) + here)


def has_minimum(variances: ArrayLike, sigma: float) -> bool:
    """Whether variant B has a minimum among all functions, for Gaussian data of these variances.

    Parameters
    ----------
    variances : eigenvalues of Σ, ≥ 0, at least one
    sigma : σ > 0

    Returns
    -------
    Whether σ² is below all of them. Where it is not, a loss over enough features has no bound;
    among linear scores alone there is a minimum still, if all variances are positive.

    Raises
    ------
    InvalidInput
        If there is no variance, one is negative, or σ is not positive.

    Examples
    --------
    >>> has_minimum([1.0, 2.0], 0.9), has_minimum([1.0, 0.0], 0.01)
    (True, False)
    """
    values = none_negative("variances", variances)
    if not values.size:
        raise InvalidInput("variances", "must hold at least one")
    return bool(positive("sigma", sigma) ** 2 < values.min())


# --- linear scores, s(x) = Mx ---------------------------------------------------------------------


def _solved(cross: Array, gram: Array) -> Array:
    """−cross gram^{-1}."""
    try:
        return np.asarray(-np.linalg.solve(gram, cross.swapaxes(-1, -2)).swapaxes(-1, -2))
    except np.linalg.LinAlgError:
        raise InvalidInput("x", "spans fewer than d directions: a linear score needs all") from None


def _rows(x: ArrayLike, z: ArrayLike, sigma: float) -> tuple[Array, Array, float]:
    """Data (…, m, d) and noise (K, …, m, d)."""
    points, noise, scale = _drawn(x, z, sigma)
    if points.ndim < 2 or noise.ndim != points.ndim + 1 or not len(noise):
        raise InvalidInput(
            "z", f"must have shape (K, …, m, d) for x of (…, m, d), but has {noise.shape}"
        )
    if points.shape[-2] < points.shape[-1]:
        raise InvalidInput("x", f"must hold at least d rows, but has shape {points.shape}")
    return points, noise, scale


def _gram(left: Array, right: Array) -> Array:
    """Σ over rows of left rightᵀ, over their number."""
    return np.asarray(left.swapaxes(-1, -2) @ right / left.shape[-2])


def exact_trace_fit(x: ArrayLike) -> Array:
    """M with the least of Hyvärinen's loss over the data: −(XᵀX/m)^{-1}.

    Parameters
    ----------
    x : data, shape (…, m, d), m ≥ d, in general position; the mean is taken to be 0

    Returns
    -------
    Array of shape (…, d, d).

    Raises
    ------
    InvalidInput
        If x is no such data.

    Examples
    --------
    >>> exact_trace_fit([[1.0], [3.0]])
    array([[-0.2]])
    """
    points = finite("x", x)
    if points.ndim < 2 or points.shape[-2] < points.shape[-1] or not points.shape[-1]:
        raise InvalidInput("x", f"must have shape (…, m, d), m ≥ d ≥ 1, but has {points.shape}")
    gram = _gram(points, points)
    return _solved(np.broadcast_to(np.eye(points.shape[-1]), gram.shape), gram)


def variant_a_fit(x: ArrayLike, z: ArrayLike, sigma: float) -> Array:
    """M with the least of variant A, which is denoising score matching's.

    Parameters
    ----------
    x : data, shape (…, m, d), m ≥ d, in general position; the mean is taken to be 0
    z : standard normal, shape (K, …, m, d): K draws for each datum
    sigma : σ > 0

    Returns
    -------
    Array of shape (…, d, d): an estimate of −(Σ + σ²)^{-1}.

    Raises
    ------
    InvalidInput
        If one of them is not as it must be.

    Examples
    --------
    >>> variant_a_fit([[1.0], [3.0]], [[[1.0], [-1.0]]], 0.5)
    array([[0.23529412]])
    """
    points, noise, scale = _rows(x, z, sigma)
    moved = points + scale * noise
    return _solved(_gram(noise, moved).mean(axis=0) / scale, _gram(moved, moved).mean(axis=0))


def variant_b_fit(x: ArrayLike, z: ArrayLike, sigma: float) -> Array:
    """M with the least of variant B; parameters and refusals are those of `variant_a_fit`.

    Returns
    -------
    Array of shape (…, d, d): an estimate of −Σ^{-1}, whatever σ.

    Examples
    --------
    >>> variant_b_fit([[1.0], [3.0]], [[[1.0], [-1.0]]], 0.5)
    array([[0.2]])
    """
    points, noise, scale = _rows(x, z, sigma)
    cross = _gram(noise, points + scale * noise).mean(axis=0) / scale
    return _solved(cross, _gram(points, points))


def antithetic_fit(x: ArrayLike, z: ArrayLike, sigma: float) -> Array:
    """M with the least of variant B over z and −z; parameters and refusals are those of
    `variant_a_fit`. For linear scores σ drops out.

    Examples
    --------
    >>> antithetic_fit([[1.0], [3.0]], [[[1.0], [-1.0]]], 0.5)
    array([[-0.2]])
    """
    points, noise, _ = _rows(x, z, sigma)
    return _solved(_gram(noise, noise).mean(axis=0), _gram(points, points))
