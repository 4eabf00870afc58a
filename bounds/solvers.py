r"""Solvers of the probability flow, and samplers with noise, for any denoiser.

In the coordinates x = X_t/α_t, σ = σ_t/α_t every schedule is the same, X_0 + σ N(0, I), and with
λ = −log σ, half the log signal-to-noise ratio, and the denoiser D(σ, x) = E[X_0 | x] the flow is

    dx/dλ = D(σ, x) − x,   so that   x' = e^{−h} x + ∫_0^h e^{u−h} D(λ + u) du,   h = λ' − λ.

A solver of one step sees D at the ends of a step; a multistep solver puts a polynomial through the
last answers D_0, D_1, D_2 at u = 0, −h_0, −h_0 − h_1, whose moments against e^{u−h} are

    m_0 = 1 − e^{−h},   m_1 = h − m_0,   m_2 = h²/2 − m_1   (of 1, u, u²/2).

A sampler is a list of stages, x ↦ F(x) + √q N(0, I). On the line its law is carried exactly: masses
on a grid go with F and are spread by the noise, by the trapezoid rule, which for smooth integrands
converges faster than any power of the spacing. For linear denoisers and Gaussians each F is a
matrix, `linear`, and bounds.chain carries the law.
"""

from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from types import MappingProxyType
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import ndtr, ndtri

from bounds.check import Array, InvalidInput, finite, how_many, not_negative, positive
from bounds.line import OnLine

Denoiser = Callable[[float, Array], Array]
"""(σ, x) → E[X_0 | x]; x of shape (n,) on the line, (n, d) elsewhere."""
Map = Callable[[Array], Array]
OneStep = Callable[[Denoiser, float, float, Array], Array]
"""(denoiser, σ, σ', x) → x'."""
History = Callable[[float, Sequence[float], Sequence[Array]], Array]
"""(h, (h_0, h_1), (D_0, D_1, D_2)) → the integral; what is given is as long as what is used."""


def even_levels(first: float, last: float, steps: int) -> Array:
    """σ_0 > … > σ_N, even in log σ.

    Raises
    ------
    InvalidInput
        If not first > last > 0, or N < 1.

    Examples
    --------
    >>> even_levels(8.0, 1.0, 3).round(12).tolist()
    [8.0, 4.0, 2.0, 1.0]
    """
    high, low = positive("first", first), positive("last", last)
    if high <= low:
        raise InvalidInput("first", f"must be above last = {low:g}, but is {high:g}")
    return np.geomspace(high, low, how_many("steps", steps) + 1)


def _falling(sigmas: ArrayLike) -> Array:
    levels = finite("sigmas", sigmas)
    if levels.ndim != 1 or levels.size < 2 or levels.min() <= 0 or np.any(np.diff(levels) >= 0):
        raise InvalidInput("sigmas", "must be at least two positive numbers that fall")
    return levels


# --- one step -------------------------------------------------------------------------------------


def ddim(denoiser: Denoiser, sigma: float, to: float, x: Array) -> Array:
    """D frozen: x' = (σ'/σ) x + (1 − σ'/σ) D. Euler's step in σ; DPM-Solver++ of first order."""
    return to / sigma * x + (1 - to / sigma) * denoiser(sigma, x)


def _gap(sigma: float, to: float) -> float:
    """g = t − t' of the Ornstein-Uhlenbeck process, σ² = e^{2t} − 1."""
    return float(np.log1p(sigma**2) - np.log1p(to**2)) / 2


def _score(denoiser: Denoiser, sigma: float, x: Array) -> Array:
    """∇log p_t(X_t)/e_t at X_t = e_t x."""
    return (denoiser(sigma, x) - x) * (1 + sigma**-2)


def euler(denoiser: Denoiser, sigma: float, to: float, x: Array) -> Array:
    """Euler's step of dX = −(X + ∇log p_t) dt in the time t of the process."""
    g = _gap(sigma, to)
    return np.asarray(np.exp(-g) * ((1 + g) * x + g * _score(denoiser, sigma, x)))


def frozen_score(denoiser: Denoiser, sigma: float, to: float, x: Array) -> Array:
    """The exponential integrator of the same equation with the score frozen."""
    return np.asarray(x - np.expm1(-_gap(sigma, to)) * _score(denoiser, sigma, x))


def heun(denoiser: Denoiser, sigma: float, to: float, x: Array) -> Array:
    """Heun's step of dx/dσ = (x − D)/σ: two answers."""
    slope = (x - denoiser(sigma, x)) / sigma
    ahead = x + (to - sigma) * slope
    return x + (to - sigma) / 2 * (slope + (ahead - denoiser(to, ahead)) / to)


ONE_STEP: Mapping[str, OneStep] = MappingProxyType(
    {"euler": euler, "frozen score": frozen_score, "ddim": ddim, "heun": heun}
)

# --- several steps --------------------------------------------------------------------------------


def _slopes(back: Sequence[float], answers: Sequence[Array]) -> tuple[Array, Array]:
    """D' at u = 0, and D''/2, of the parabola through three answers."""
    first = (answers[0] - answers[1]) / back[0]
    second = (first - (answers[1] - answers[2]) / back[1]) / (back[0] + back[1])
    return first + back[0] * second, second


def taylor(h: float, back: Sequence[float], answers: Sequence[Array]) -> Array:
    """The exact integral of the polynomial through one, two or three answers:
    DDIM, 2M of the Taylor type, and 3M with the second derivative whole.
    """
    m0 = -np.expm1(-h)
    m1 = h - m0
    if len(answers) == 1:
        return np.asarray(m0 * answers[0])
    if len(answers) == 2:
        return np.asarray(m0 * answers[0] + m1 * (answers[0] - answers[1]) / back[0])
    slope, half = _slopes(back, answers)
    return np.asarray(m0 * answers[0] + m1 * slope + (h**2 / 2 - m1) * 2 * half)


def half_curvature(h: float, back: Sequence[float], answers: Sequence[Array]) -> Array:
    """3M as public code has it (bounds/papers/zheng_2023_dpm_solver_v3): with D''/2 for D''."""
    if len(answers) < 3:
        return midpoint(h, back, answers)
    slope, half = _slopes(back, answers)
    m0 = -np.expm1(-h)
    m1 = h - m0
    return np.asarray(m0 * answers[0] + m1 * slope + (h**2 / 2 - m1) * half)


def midpoint(h: float, back: Sequence[float], answers: Sequence[Array]) -> Array:
    """2M as it is mostly run: D at the middle of the step, by the line through two answers."""
    m0 = -np.expm1(-h)
    if len(answers) == 1:
        return np.asarray(m0 * answers[0])
    return np.asarray(m0 * (answers[0] + h / 2 * (answers[0] - answers[1]) / back[0]))


MULTISTEP: Mapping[str, History] = MappingProxyType(
    {"2M": midpoint, "2M Taylor": taylor, "3M published": half_curvature, "3M": taylor}
)
ANSWERS: Mapping[str, int] = MappingProxyType({"2M": 2, "2M Taylor": 2, "3M published": 3, "3M": 3})
"""How many answers a multistep solver uses, once there are so many."""


def solve(
    name: str, denoiser: Denoiser, sigmas: ArrayLike, x: ArrayLike, begin: Sequence[ArrayLike] = ()
) -> Array:
    """x_0 carried from σ_0 down to σ_N.

    Parameters
    ----------
    name : in ONE_STEP or MULTISTEP
    denoiser : D
    sigmas : σ_0 > … > σ_N > 0, shape (N + 1,)
    x : x_0; any shape that the denoiser takes
    begin : x_1, x_2, … where they are given; a multistep solver that has to make them itself makes
        them with its lower orders, and their errors may then be the largest

    Returns
    -------
    x_N, of x's shape.

    Raises
    ------
    InvalidInput
        If the levels do not fall to a positive number, there is no such solver, or more states are
        given than there are levels.

    Notes
    -----
    Cost: N answers; 2 N for "heun".

    Examples
    --------
    Data N(0, 1) have D = x/(1 + σ²); the flow ends at √(1 + σ_N²)/√(1 + σ_0²) of its start.

    >>> x = solve("3M", lambda s, x: x / (1 + s**2), even_levels(10, 0.1, 40), np.ones(1))
    >>> bool(abs(x[0] - 0.1) < 1e-3)
    True
    """
    levels, state = _falling(sigmas), finite("x", x)
    steps = levels.size - 1
    if len(begin) > steps:
        raise InvalidInput("begin", f"holds {len(begin)} states for {steps} steps")
    given = [finite("begin", one) for one in begin]
    if name in ONE_STEP:
        state = given[-1] if given else state
        for a, b in pairwise(levels[len(given) :]):
            state = ONE_STEP[name](denoiser, float(a), float(b), state)
        return state
    if name not in MULTISTEP:
        known = ", ".join([*ONE_STEP, *MULTISTEP])
        raise InvalidInput("name", f"{name!r} is not one of {known}")
    integral, most = MULTISTEP[name], ANSWERS[name]
    gaps = -np.diff(np.log(levels))
    answers: list[Array] = []
    for k in range(steps):
        answers = [denoiser(float(levels[k]), state), *answers][:most]
        if k < len(given):
            state = given[k]
            continue
        back = [float(gaps[k - 1 - j]) for j in range(len(answers) - 1)]
        state = levels[k + 1] / levels[k] * state + integral(float(gaps[k]), back, answers)
    return state


# --- stages ---------------------------------------------------------------------------------------


class Stage(NamedTuple):
    """x ↦ move(x) + √noise N(0, I)."""

    move: Map
    noise: float


def ancestral(denoiser: Denoiser, sigmas: ArrayLike) -> list[Stage]:
    """DDPM: each step draws from the law of x_{σ'} given x_σ and x_0 = D(σ, x_σ).

    x' = x + (1 − σ'²/σ²)(D − x) + σ' √(1 − σ'²/σ²) N(0, I), whatever the schedule.
    """

    def stage(a: float, b: float) -> Stage:
        share = 1 - (b / a) ** 2
        return Stage(lambda x: x + share * (denoiser(a, x) - x), b**2 * share)

    return [stage(float(a), float(b)) for a, b in pairwise(_falling(sigmas))]


def churned(denoiser: Denoiser, sigmas: ArrayLike, gamma: float) -> list[Stage]:
    """EDM's stochastic sampler: noise up to (1 + γ) σ, then Heun's step down to σ'.

    Parameters
    ----------
    denoiser, sigmas : as of `solve`
    gamma : γ ≥ 0, the same at every step; 0 is Heun's method
    """
    levels, gamma = _falling(sigmas), not_negative("gamma", gamma)

    def down(a: float, b: float) -> Map:
        return lambda x: heun(denoiser, (1 + gamma) * a, b, x)

    noises = [float(a**2 * (2 * gamma + gamma**2)) for a in levels[:-1]] + [0.0]
    moves = [down(float(a), float(b)) for a, b in pairwise(levels)]
    first = Stage(lambda x: x, noises[0])
    return [first, *(Stage(m, q) for m, q in zip(moves, noises[1:], strict=True))]


def linear(move: Map, d: int) -> Array:
    """The matrix of a linear map of rows, shape (d, d): F(x) = M x."""
    return np.asarray(move(np.eye(how_many("d", d)))).T


class Reached(NamedTuple):
    """A law on the line, carried.

    Attributes
    ----------
    x : places, rising
    masses : at them, with sum 1
    z : normal scores of the level, Φ^{-1}(F(x))
    """

    x: Array
    masses: Array
    z: Array

    def w2(self, target: OnLine) -> float:
        """W2 to a law on the line: √Σ m (x − F_target^{-1}(Φ(z)))²."""
        return float(np.sqrt(self.masses @ (self.x - target.from_normal(self.z)) ** 2))


def reached(
    stages: Sequence[Stage], start: OnLine, count: int = 1201, fine: float = 0.5
) -> Reached:
    """The law of what a sampler returns on the line.

    Parameters
    ----------
    stages : maps with noise; a solver of the flow is one stage without noise
    start : the law of x_0
    count : of places at the start, even in z from −8.5 to 8.5
    fine : spacing of later grids, in deviations of the smaller noise beside them

    Returns
    -------
    Reached. Where the last map does not rise, as with very few steps, its places are sorted and the
    levels are sums of masses: their error is then of the order of one mass.

    Raises
    ------
    InvalidInput
        If there is no stage, a noise is negative, or a number leaves float64.

    Notes
    -----
    Cost: n² exponentials for each stage with noise, n the number of places: the law's width over
    `fine` times the noise's deviation.
    """
    if not stages:
        raise InvalidInput("stages", "must not be empty")
    z = np.linspace(-8.5, 8.5, how_many("count", count, 3))
    masses = np.exp(-(z**2) / 2)
    masses /= masses.sum()
    x, fine = start.from_normal(z), positive("fine", fine)
    noises = [not_negative("noise", one.noise) for one in stages]
    last = max((k for k, q in enumerate(noises) if q > 0), default=-1)
    for k, (move, _) in enumerate(stages):
        x = finite("x", move(x))
        if noises[k] == 0:
            continue
        root = np.sqrt(noises[k])
        following = next((q for q in noises[k + 1 :] if q > 0), noises[k])
        step = fine * min(root, np.sqrt(following))
        heavy = masses > 1e-24
        places, weights = x[heavy], masses[heavy]
        ends = places.min() - 8 * root, places.max() + 8 * root
        grid = np.arange(ends[0], ends[1] + step, step)
        far = (grid[:, None] - places) / root
        masses = np.exp(-(far**2) / 2) @ weights
        masses /= masses.sum()
        x = grid
        if k == last:
            z = _levels(ndtr(far) @ weights, ndtr(-far) @ weights)
    if np.any(np.diff(x) <= 0):
        order = np.argsort(x, kind="stable")
        x, masses = x[order], masses[order]
        z = _levels(np.cumsum(masses) - masses / 2, np.cumsum(masses[::-1])[::-1] - masses / 2)
    return Reached(x, masses, z)


def _levels(below: Array, above: Array) -> Array:
    """Φ^{-1} of a level, by the smaller of the masses on both sides."""
    small = np.clip(np.minimum(below, above), 1e-300, 0.5)
    return np.asarray(np.where(below < above, 1.0, -1.0) * ndtri(small))
