"""Least squares at every level on the same paths, for many data sets at once; no formula is known
here.

The class at a level is s + φᵀθ, or all linear scores, which holds s; s is exact. DSM regresses T1,
and BSM w T̂2 + (1 − w) T3 with T̂2 = e^g ŝ(t', X_{t'}).
"""

from collections.abc import Callable, Sequence

import numpy as np

from bounds.check import Array
from bounds.process import Slice, simulate
from studies.evidence import Rng
from studies.papers.kumar_2025.scalar_laws import posterior_mean

Score = Callable[[float, Array], Array]


def least_squares(basis: Array, target: Array) -> Array:
    """What a fit predicts at its own samples, from an orthonormal basis of its columns; (sets, n,
    P) and (sets, n, q) to (sets, n, q).
    """
    return np.asarray(basis @ (basis.swapaxes(1, 2) @ target))


def denoising(part: Slice) -> Array:
    """T1."""
    return np.asarray(-part.z / -np.expm1(-2 * part.step.t))


def bootstrapped(part: Slice, before: Array) -> Array:
    """w T̂2 + (1 − w) T3, from the fit at the level before; at the first level T1."""
    now, old, gap = part.step.t, part.step.t_prev, part.step.t - part.step.t_prev
    w = np.exp(-2 * gap) * np.expm1(-2 * old) / np.expm1(-2 * now)
    if w == 0:
        return denoising(part)
    local = -part.w / np.sqrt(-np.expm1(-2 * gap))
    return np.asarray(w * np.exp(gap) * before + (1 - w) * local)


class Paths:
    """Many data sets and their paths.

    Attributes
    ----------
    levels : by level the slice, all data sets' points below one another, and the exact scores
    x : by level the points, shape (sets, m, d)
    """

    def __init__(self, x0: Array, times: list[float], score: Score, rng: Rng) -> None:
        self.shape = x0.shape
        parts = list(simulate(x0.reshape(-1, x0.shape[2]), times, rng))
        self.levels = [(part, score(part.step.t, part.x)) for part in parts]
        self.x = [part.x.reshape(self.shape) for part in parts]

    def fits(self, bases: Sequence[Array]) -> tuple[Array, Array]:
        """Errors of DSM and of BSM at the samples of the last level, shape (sets, m, d).

        Parameters
        ----------
        bases : by level an orthonormal basis of the columns, shape (sets, n, P); n is m, each
            coordinate of the target fitted by itself, or m d, all coordinates in one
        """
        before = np.zeros_like(self.levels[0][1])
        for (part, exact), basis in zip(self.levels, bases, strict=True):
            off = self._off(bootstrapped(part, before) - exact, basis)
            before = exact + off.reshape(exact.shape)
        return self._off(denoising(part) - exact, basis), off

    def _off(self, noise: Array, basis: Array) -> Array:
        return least_squares(basis, noise.reshape(*basis.shape[:2], -1)).reshape(self.shape)


def basis(columns: Array) -> Array:
    """An orthonormal basis of the columns, one after the other; (sets, n, P) to the same."""
    return np.asarray(np.linalg.qr(columns)[0])


def scalar_score(law: str, scale: float) -> Score:
    """The exact score of a law on the line, from its posterior mean."""

    def score(t: float, x: Array) -> Array:
        mean = posterior_mean(law, scale, t, x)
        return np.asarray((np.exp(-t) * mean - x) / -np.expm1(-2 * t))

    return score


def linear_score(eigenvalues: Array) -> Score:
    """Of N(0, diag λ)."""
    return lambda t, x: np.asarray(-x / (np.exp(-2 * t) * eigenvalues - np.expm1(-2 * t)))


def squares(off: Array) -> Array:
    """m · empirical risk of each data set."""
    return np.asarray(np.sum(off**2, axis=(1, 2)))
