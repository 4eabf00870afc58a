r"""The forward process.

    X_t = e_t X_0 + Z_t,   Z_t ~ N(0, σ_t² I),   e_t = e^{-t},   σ_t² = 1 − e^{-2t},

an Ornstein-Uhlenbeck process. From t' to t > t', with g = t − t' and τ² = 1 − e^{-2g},

    X_t = e^{-g} X_{t'} + τ w,   Z_t = e^{-g} Z_{t'} + τ w,   w ~ N(0, I) independent of the past.

Time is dimensionless throughout: one unit is the relaxation time of the process.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike

from bounds.check import (
    Array,
    InvalidInput,
    finite,
    how_many,
    increasing_times,
    none_negative,
    not_negative,
    number,
    positive,
)


def decay(t: ArrayLike) -> Array:
    """e_t = e^{-t}, the factor by which X_0 survives to time t.

    Parameters
    ----------
    t : array_like, any shape, dimensionless time ≥ 0

    Returns
    -------
    Array of the same shape, in (0, 1].

    Raises
    ------
    InvalidInput
        If a time is negative or not finite.

    Source: theory.md, "What is known of the paper" (cited).
    """
    return np.asarray(np.exp(-none_negative("t", t)))


def noise_variance(t: ArrayLike) -> Array:
    """σ_t² = 1 − e^{-2t}, per coordinate; by expm1,
    so that it keeps full relative accuracy as t → 0.

    Parameters
    ----------
    t : array_like, any shape, dimensionless time ≥ 0

    Returns
    -------
    Array of the same shape, in [0, 1).

    Raises
    ------
    InvalidInput
        If a time is negative or not finite.

    Source: theory.md, "What is known of the paper" (cited).
    """
    return np.asarray(-np.expm1(-2.0 * none_negative("t", t)))


def uniform_grid(spacing: float, steps: int) -> Array:
    """t_j = Δ j for j = 1 … N, the grid of Theorem 1.

    Parameters
    ----------
    spacing : Δ > 0, dimensionless time
    steps : N ≥ 1

    Returns
    -------
    Array of shape (N,).

    Raises
    ------
    InvalidInput
        If Δ is not positive or N < 1.
    """
    return positive("spacing", spacing) * np.arange(
        1, how_many("steps", steps) + 1, dtype=np.float64
    )


def geometric_grid(first: float, last: float, steps: int) -> Array:
    """N times in geometric progression from t_1 to t_N.

    Parameters
    ----------
    first, last : 0 < t_1 < t_N, dimensionless time
    steps : N ≥ 2

    Returns
    -------
    Array of shape (N,).

    Raises
    ------
    InvalidInput
        If the ends are not positive and increasing, or N < 2.
    """
    ends = increasing_times("first, last", [number("first", first), number("last", last)])
    return np.geomspace(ends[0], ends[1], how_many("steps", steps, 2))


def weights(times: ArrayLike) -> Array:
    """γ_j = t_j − t_{j−1} with t_0 = 0; on a uniform grid, γ_j = Δ as in Theorem 1.

    Parameters
    ----------
    times : array_like of shape (N,), strictly increasing and positive

    Returns
    -------
    Array of shape (N,), the weights of the joint loss Σ_j γ_j (…).

    Raises
    ------
    InvalidInput
        If the times are not positive and strictly increasing.
    """
    return np.diff(increasing_times("times", times), prepend=0.0)


def clock(t: ArrayLike) -> Array:
    """x = e^{2t} − 1 = σ_t²/e_t², in which noise grows linearly; by expm1, exact as t → 0.

    Parameters
    ----------
    t : array_like, any shape, dimensionless time in [0, 350]

    Returns
    -------
    Array of the same shape, ≥ 0.

    Raises
    ------
    InvalidInput
        If a time is negative or not finite, or exceeds 350: e^{2t} then leaves float64's range.
    """
    times = none_negative("t", t)
    if times.size and times.max() > 350:
        raise InvalidInput(
            "t", f"must be at most 350, where e^(2t) leaves float64, but holds {times.max():g}"
        )
    return np.asarray(np.expm1(2 * times))


@dataclass(frozen=True)
class Step:
    """One step of the forward process from t' (0 for the first) to t.

    Attributes
    ----------
    t_prev, t : the times t' < t

    Raises
    ------
    InvalidInput
        If they are not finite numbers, t' is negative, or t is not later.
    """

    t_prev: float
    t: float

    def __post_init__(self) -> None:
        before, t = not_negative("t_prev", self.t_prev), number("t", self.t)
        if t <= before:
            raise InvalidInput("t", f"must be later than t' = {before:g}, but is {t:g}")

    def __repr__(self) -> str:
        return f"Step({self.t_prev!r} → {self.t!r})"

    @property
    def is_first(self) -> bool:
        """Whether the step starts from the data themselves, t' = 0."""
        return self.t_prev == 0.0

    @property
    def gap(self) -> float:
        """g = t − t'."""
        return self.t - self.t_prev

    @property
    def carry(self) -> float:
        """e^{-g}, the factor by which X_{t'} survives to t."""
        return float(np.exp(-self.gap))

    @property
    def fresh_variance(self) -> float:
        """τ² = 1 − e^{-2g}, the variance of the step's own noise."""
        # noise_variance of a time that has been looked at: steps ask for it in every loop
        return float(-np.expm1(-2.0 * self.gap))

    @property
    def fresh(self) -> float:
        """τ."""
        return float(np.sqrt(self.fresh_variance))

    @property
    def bootstrap_weight(self) -> float:
        """w = e^{-2g} σ_{t'}²/σ_t², the control-variate weight
        of T2 against T3; 0 at the first step.

        Source: theory.md, identity 5 (derived; Algorithm 1's own weights are unknown).
        """
        return float(np.exp(-2 * self.gap) * np.expm1(-2 * self.t_prev) / np.expm1(-2 * self.t))


def steps(times: ArrayLike) -> list[Step]:
    """The N steps 0 → t_1 → … → t_N.

    Raises
    ------
    InvalidInput
        If the times are not positive and strictly increasing.
    """
    grid = [0.0, *map(float, increasing_times("times", times))]
    return [Step(a, b) for a, b in pairwise(grid)]


@dataclass(frozen=True)
class Slice:
    """One time slice of simulated paths.

    Attributes
    ----------
    step : the step that led here
    x : X_t, shape (m, d)
    z : Z_t = X_t − e_t X_0, shape (m, d)
    w : the step's standard normal noise, shape (m, d)
    """

    step: Step
    x: Array
    z: Array
    w: Array

    def __repr__(self) -> str:
        m, d = self.x.shape
        return f"Slice({self.step.t_prev:g} → {self.step.t:g}, m = {m}, d = {d})"


def simulate(x0: Array, times: ArrayLike, rng: np.random.Generator) -> Iterator[Slice]:
    """Exact paths of the forward process, one time slice after the other.

    Parameters
    ----------
    x0 : shape (m, d), the data
    times : shape (N,), strictly increasing and positive
    rng : source of the noise

    Yields
    ------
    Slice
        N of them. X_t and Z_t are made anew each time, so a caller may keep what it needs;
        a caller that keeps nothing holds two slices of x, z and w at most.

    Raises
    ------
    InvalidInput
        If the times are not positive and strictly increasing, or the data are not finite.

    Notes
    -----
    Cost: m d normals and 4 m d flops a slice. Memory: 6 m d numbers at most.
    """
    x = finite("x0", x0)
    if x.ndim != 2:
        raise InvalidInput("x0", f"must have shape (m, d), but has {x.shape}")
    z = np.zeros_like(x)
    for step in steps(times):
        w = rng.standard_normal(x.shape)
        noise = step.fresh * w
        x, z = step.carry * x + noise, step.carry * z + noise
        yield Slice(step, x, z, w)
