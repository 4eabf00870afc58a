r"""Gaussians carried by steps: chains with noise, and multistep schemes.

    chain:      X_{k+1} = M_k X_k + b_k + w_k,   w_k ~ N(0, Q_k),
    multistep:  X_{k+1} = a_k X_k + Σ_j b_kj A_{k−j} X_{k−j},

where A_k X is what a linear model answers at X on the kth level. A sampler with a linear score is
one or the other: Euler, Heun and ancestral steps are chains; DDIM of two or three steps, DPM-Solver
and its relatives keep a history of answers.
"""

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import ArrayLike

from bounds.check import Array, InvalidInput, finite, matrices
from bounds.divergence import Normal

Link = tuple[ArrayLike, ArrayLike, ArrayLike]
"""M, b, Q of a step."""


def affine_chain(links: Iterable[Link], start: Normal) -> Normal:
    """The law of X_n after n steps X ↦ M X + b + N(0, Q).

    Parameters
    ----------
    links : (M, b, Q) of each step, in order: M of shape (…, d, d), b of shape (…, d), Q of shape
        (…, d, d); one number stands for that times I (M, Q), or for every coordinate (b)
    start : the law of X_0; its batch broadcasts against the links'

    Returns
    -------
    Normal, with the batch's shape; `start` itself without a link.

    Raises
    ------
    InvalidInput
        If a link is not finite or of the wrong shape, or the chain leaves float64.

    Notes
    -----
    Cost: 4 d³ flops a step and batch member; 3 d² numbers of memory beside the links.

    Examples
    --------
    >>> start = Normal(np.ones(1), np.eye(1))
    >>> end = affine_chain([(0.5, 0.0, 0.75)] * 3, start)
    >>> float(end.mean[0]), float(end.covariance[0, 0])
    (0.125, 1.0)
    """
    mean, covariance, d = start.mean, start.covariance, start.dimension
    identity = np.eye(d)
    for matrix, shift, noise in links:
        M = _matrix("matrix", matrix, d)
        b = finite("shift", shift)
        if b.ndim and b.shape[-1] != d:
            raise InvalidInput("shift", f"must have shape (…, {d}), but has {b.shape}")
        q = finite("noise", noise)
        Q = q * identity if q.ndim == 0 else matrices("noise", q, d)
        with np.errstate(over="ignore", invalid="ignore"):
            mean = (M @ mean[..., None])[..., 0] + b
            covariance = M @ covariance @ np.swapaxes(M, -1, -2) + Q
        covariance = (covariance + np.swapaxes(covariance, -1, -2)) / 2
    if not (np.all(np.isfinite(mean)) and np.all(np.isfinite(covariance))):
        raise InvalidInput("links", "make the chain overflow")
    return Normal(mean, covariance)


def multistep(
    answers: Sequence[ArrayLike],
    rows: Iterable[tuple[ArrayLike, Sequence[ArrayLike]]],
    begin: Sequence[ArrayLike] = (1.0,),
) -> Array:
    """The linear map X_0 ↦ X_n of a multistep scheme.

    Parameters
    ----------
    answers : A_0 … A_{n−1}, shape (d, d) each: the model's answer on level k is A_k X_k
    rows : (a, (b_0, b_1, …)) of each step: X_{k+1} = a X_k + b_0 A_k X_k + b_1 A_{k−1} X_{k−1} + …;
        each a number, or a matrix that stands on the left
    begin : the maps X_0 ↦ X_0, X_0 ↦ X_1, … that are given; the first row makes what follows them.
        One number stands for that times I. A scheme of several steps has its order only from a
        start that is as exact.

    Returns
    -------
    Array of shape (d, d).

    Raises
    ------
    InvalidInput
        If a matrix is not square and of one d, a row reaches behind the start or past the answers,
        or the map leaves float64.

    Notes
    -----
    A law with mean: add a coordinate that is always 1. Cost: 2 d³ flops for each answer used.

    Examples
    --------
    Adams and Bashforth's second step for x' = −x, from an exact start: e^{-1} to 1e-5.

    >>> h = 1 / 200
    >>> rows = [(1.0, (1.5 * h, -0.5 * h))] * 199
    >>> x = multistep([[[-1.0]]] * 200, rows, begin=(1.0, [[np.exp(-h)]]))
    >>> bool(0 < x[0, 0] - np.exp(-1) < 1e-5)
    True
    """
    models = [matrices("answers", one) for one in answers]
    if not models:
        raise InvalidInput("answers", "must not be empty")
    d = models[0].shape[-1]
    models = [matrices("answers", one, d) for one in models]
    states = [_matrix("begin", one, d) for one in begin]
    given: list[Array] = [M @ P for M, P in zip(models, states[:-1], strict=False)]
    for scale, weights in rows:
        k = len(states) - 1
        if k >= len(models):
            raise InvalidInput("rows", f"are more than the {len(models)} answers serve")
        if len(weights) > k + 1:
            raise InvalidInput("rows", f"step {k} uses {len(weights)} answers and has {k + 1}")
        with np.errstate(over="ignore", invalid="ignore"):
            given.append(models[k] @ states[-1])
            new = _matrix("rows", scale, d) @ states[-1]
            for weight, answer in zip(weights, reversed(given), strict=False):
                new = new + _matrix("rows", weight, d) @ answer
        states.append(new)
    if not np.isfinite(states[-1]).all():
        raise InvalidInput("rows", "make the scheme overflow")
    return states[-1]


def _matrix(key: str, value: ArrayLike, d: int) -> Array:
    """A matrix; a number stands for that times I."""
    array = finite(key, value)
    return array * np.eye(d) if array.ndim == 0 else matrices(key, array, d)
