r"""Gaussians carried by affine flows, with or without noise and weights.

    dX = (F X + f) ds + √Q dW,   s = |t − begin|,   weight exp(n ∫U ds),   U = ½ xᵀU₂x + u₁·x + u₀,

t runs from a first time to a last one, up or down; F, f, Q and U are functions of t, and rates for
each unit of time that passes. A Gaussian stays one, N(m, P) of mass e^c (Feynman and Kac), and

    P' = F P + P Fᵀ + Q + n P U₂ P,   m' = F m + f + n P (U₂ m + u₁),
    c' = n (U(m) + ½ tr(U₂ P)).

n = 0 is the law without weights, n = 1 the weighted one, n = 2 the second moment of the weights:
the equation for P is Riccati's, and may reach infinity in finite time: the nth moment is infinite
from there on.

These equations are integrated (DOP853 at a relative tolerance of 1e-12), never solved in closed
form: what a formula says of a flow can be checked against them.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import scipy
from numpy.typing import ArrayLike

from bounds.check import Array, InvalidInput, finite, not_negative
from bounds.divergence import Normal

Coefficient = Callable[[float], ArrayLike] | ArrayLike
"""A function of t, or its value where it is constant."""

TOLERANCE = 1e-12
INFINITE = 1e12
"""A covariance so many times the first one, or 1 if that is larger, counts as infinite."""


@dataclass(frozen=True, eq=False)
class Affine:
    """dX = (F X + f) ds + √Q dW.

    Attributes
    ----------
    drift : F, shape (d, d); one number stands for that times I
    noise : Q, shape (d, d), symmetric and positive semidefinite; one number for that times I
    shift : f, shape (d,); one number for every coordinate
    """

    drift: Coefficient
    noise: Coefficient = 0.0
    shift: Coefficient = 0.0


@dataclass(frozen=True, eq=False)
class Quadratic:
    """The rate U(t, x) = ½ xᵀU₂x + u₁·x + u₀ at which a weight grows.

    Attributes
    ----------
    hessian : U₂, shape (d, d), symmetric; one number stands for that times I
    slope : u₁, shape (d,); one number for every coordinate
    constant : u₀
    """

    hessian: Coefficient = 0.0
    slope: Coefficient = 0.0
    constant: Coefficient = 0.0


class Moments(NamedTuple):
    """Of a weighted law.

    Attributes
    ----------
    law : N(m, P), of mass 1
    log_mass : c, the log of the mass that the weights make; 0 without a reaction
    """

    law: Normal
    log_mass: float


def moments(
    flow: Affine,
    start: Normal,
    times: Sequence[float],
    reaction: Quadratic | None = None,
    power: float = 1.0,
) -> list[Moments]:
    """The laws at each of the times.

    Parameters
    ----------
    flow : the equation; smooth in t between the times
    start : the law at times[0]: one law, not a batch
    times : at least two, increasing or decreasing
    reaction : the rate of the weights; None for none
    power : n ≥ 0, the power to which the weights are raised

    Returns
    -------
    A Moments for each time, the first of which is the start.

    Raises
    ------
    InvalidInput
        If the times are not monotone, a coefficient is not finite or of the wrong shape, the flow
        leaves float64, or a moment becomes infinite on the way (see `blow_up`).

    Notes
    -----
    Cost: about a hundred steps of 12 evaluations for each unit of log time, 10 d³ flops each.

    Examples
    --------
    >>> start = Normal(np.zeros(1), np.array([[4.0]]))
    >>> end = moments(Affine(drift=-1.0, noise=2.0), start, [0.0, 3.0])[-1].law
    >>> bool(abs(end.covariance[0, 0] - (1 + 3 * np.exp(-6))) < 1e-12)
    True
    """
    found, infinite = _integrated(flow, start, times, reaction, power)
    if infinite is not None:
        raise InvalidInput(
            "power",
            f"the moment of order {power:g} of the weights is infinite from t = {infinite:g}",
        )
    return found


def blow_up(
    flow: Affine,
    start: Normal,
    times: Sequence[float],
    reaction: Quadratic,
    power: float = 1.0,
) -> float | None:
    """The time t from which on the nth moment of the weights is infinite; None if it never is.

    Parameters and errors as of `moments`. The covariance has grown to 1e12 times its start, or 1,
    there: for U₂ of order 1 the true time is 1e-12 later.
    """
    return _integrated(flow, start, times, reaction, power)[1]


def _of(key: str, part: Coefficient, t: float, unit: Array) -> Array:
    """A coefficient at a time, of the shape of its unit: I, (1, …, 1) or 1."""
    value = finite(key, part(t) if callable(part) else part)
    if value.ndim == 0:
        return value * unit
    if value.shape != unit.shape:
        raise InvalidInput(key, f"must have shape {unit.shape}, but has {value.shape}")
    return value


def _integrated(
    flow: Affine,
    start: Normal,
    times: Sequence[float],
    reaction: Quadratic | None,
    power: float,
) -> tuple[list[Moments], float | None]:
    grid = finite("times", times)
    moves = np.diff(grid) if grid.ndim == 1 else np.empty(0)
    if not moves.size or not (np.all(moves > 0) or np.all(moves < 0)):
        raise InvalidInput("times", "must be at least two, increasing or decreasing")
    if start.mean.ndim != 1 or start.covariance.ndim != 2:
        raise InvalidInput("start", "must be one law, not a batch")
    n, d = not_negative("power", power), start.dimension
    sign = 1.0 if moves[0] > 0 else -1.0
    identity, ones, one = np.eye(d), np.ones(d), np.ones(())
    most = INFINITE * max(1.0, float(np.abs(start.covariance).max()))

    def rate(t: float, state: Array) -> Array:
        m, P = state[:d], state[d:-1].reshape(d, d)
        F = _of("drift", flow.drift, t, identity)
        spread = F @ P
        moved = F @ m + _of("shift", flow.shift, t, ones)
        grown = spread + spread.T + _of("noise", flow.noise, t, identity)
        mass = 0.0
        if reaction is not None:
            U2 = _of("hessian", reaction.hessian, t, identity)
            u1 = _of("slope", reaction.slope, t, ones)
            pulled = U2 @ m
            moved += n * P @ (pulled + u1)
            grown += n * P @ U2 @ P
            u0 = float(_of("constant", reaction.constant, t, one))
            mass = n * float(m @ pulled / 2 + u1 @ m + u0 + np.sum(U2 * P) / 2)
        return sign * np.concatenate([moved, grown.ravel(), [mass]])

    def large(t: float, state: Array) -> float:
        return float(most - np.abs(state[d:-1]).max())

    large.terminal = True  # type: ignore[attr-defined]
    state = np.concatenate([start.mean, start.covariance.ravel(), [0.0]])
    found = [Moments(start, 0.0)]
    for begin, end in pairwise(grid):
        with np.errstate(over="ignore", invalid="ignore"):
            path = scipy.integrate.solve_ivp(
                rate,
                (begin, end),
                state,
                method="DOP853",
                rtol=TOLERANCE,
                atol=TOLERANCE * 1e-2,
                events=large if reaction is not None else None,
            )
        if path.status == 1:
            return found, float(path.t[-1])
        state = path.y[:, -1]
        if path.status != 0 or not np.isfinite(state).all():
            raise InvalidInput("drift", f"carries the law out of float64 near t = {path.t[-1]:g}")
        P = state[d:-1].reshape(d, d)
        found.append(Moments(Normal(state[:d], (P + P.T) / 2), float(state[-1])))
    return found, None
