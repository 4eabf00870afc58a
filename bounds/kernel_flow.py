r"""Gradient flow of kernel regression on noisy labels: its risk at every time, and when to stop it.

At m points the labels are y = s + ε, s the values of the true function, ε independent of mean 0 and
variance c given the points. Kernel regression by gradient flow from 0 fits f(τ) with

    df/dτ = −(1/m) K (f − y),   f(0) = 0,   so   f(τ) = (I − e^{−Kτ/m}) y.

With K/m = Σ_k Λ_k u_k u_kᵀ and a_k = (u_kᵀ s)²/m, the risk at the points, R = E|f(τ) − s|²/m, is

    R(τ) = Σ_k e^{−2Λ_k τ} a_k + (c/m) Σ_k (1 − e^{−Λ_k τ})²,

exactly, for every kernel and given the points: bias, and what is learned of the noise. Gradient
descent with step η has (1 − ηΛ)^n in the place of e^{−Λτ}. For outputs in R^d with one kernel for
all of them, a_k is summed over the outputs and c is the trace of the label's covariance.

**When to stop.** Each direction by itself has its least risk (a c/m)/(a + c/m) where e^{−Λτ} =
(c/m)/(a + c/m), at

    τ_k = ln(1 + m a_k/c)/Λ_k,

and the risk of all has its least between the smallest and the largest τ_k. Never stopping leaves c
times the rank of K over m, and a_k where Λ_k = 0.

**Power laws.** For a_k = k^{−β}, Λ_k = k^{−α}, β, α > 1, and n = m/c large, sums are integrals:

    R(τ) = B τ^{−(β−1)/α} + (V/n) τ^{1/α},
    B = 2^{−(β−1)/α} Γ((β − 1)/α)/α,   V = 2 (1 − 2^{1/α−1}) Γ(1 − 1/α),

least at τ = ((β − 1) B n/V)^{α/β}: the risk falls like n^{−(β−1)/β}, whatever α is.

The risk at new points differs from R in the next order; it is not here.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import gamma

from bounds.check import (
    Array,
    InvalidInput,
    finite,
    none_negative,
    not_negative,
    positive,
    symmetric,
    whole,
)

GRID = 400
"""Points of each of the grids, one inside the other, by which a best time is found."""


class Spectrum(NamedTuple):
    """What the risk needs to know of kernel and target.

    Attributes
    ----------
    eigenvalues : Λ_k of K/m, shape (m,), rising
    signal : a_k, shape (m,), their sum the mean square of the target
    """

    eigenvalues: Array
    signal: Array


class Stop(NamedTuple):
    """Where to stop.

    Attributes
    ----------
    time : τ, which may be 0 or infinite
    risk : there
    """

    time: float
    risk: float


def spectrum(kernel: ArrayLike, target: ArrayLike) -> Spectrum:
    """Λ_k and a_k of a kernel matrix and of the true values at its points.

    Parameters
    ----------
    kernel : K, shape (m, m), symmetric and positive semidefinite; eigenvalues that rounding could
        have made count as 0
    target : s, shape (m,), or (m, d) for outputs in R^d

    Raises
    ------
    InvalidInput
        If K is no such matrix, or the target has another m.

    Notes
    -----
    Cost: one symmetric eigendecomposition, about 9 m³ flops and 3 m² numbers.

    Examples
    --------
    >>> spectrum([[2.0, 0.0], [0.0, 4.0]], [3.0, 1.0])
    Spectrum(eigenvalues=array([1., 2.]), signal=array([4.5, 0.5]))
    """
    matrix = symmetric("kernel", kernel)
    if matrix.ndim != 2 or not matrix.size:
        raise InvalidInput("kernel", f"must have shape (m, m), but has {matrix.shape}")
    m = len(matrix)
    values = finite("target", target)
    if values.ndim not in (1, 2) or len(values) != m or not values.size:
        raise InvalidInput("target", f"must have shape ({m},) or ({m}, d), but has {values.shape}")
    eigenvalues, directions = np.linalg.eigh(matrix / m)
    rounding = m * np.finfo(float).eps * np.abs(eigenvalues).max()
    if eigenvalues[0] < -10 * rounding:
        raise InvalidInput(
            "kernel",
            f"is not positive semidefinite: K/m has the eigenvalue {eigenvalues[0]:g}",
        )
    eigenvalues = np.where(eigenvalues > rounding, eigenvalues, 0.0)
    along = directions.T @ values.reshape(m, -1)
    return Spectrum(eigenvalues, np.asarray(np.sum(along**2, axis=1) / m))


def _checked(
    eigenvalues: ArrayLike, signal: ArrayLike, noise: float, samples: float
) -> tuple[Array, Array, float]:
    """Λ, a and c/m."""
    values, held = none_negative("eigenvalues", eigenvalues), none_negative("signal", signal)
    if values.ndim != 1 or not values.size or values.shape != held.shape:
        raise InvalidInput(
            "eigenvalues, signal",
            f"must be two lists of one length, but have shapes {values.shape} and {held.shape}",
        )
    return values, held, not_negative("noise", noise) / whole("samples", samples)


def risk(
    eigenvalues: ArrayLike, signal: ArrayLike, noise: float, samples: float, time: ArrayLike
) -> Array:
    """R(τ) = Σ e^{−2Λτ} a + (c/m) Σ (1 − e^{−Λτ})².

    Parameters
    ----------
    eigenvalues, signal : Λ_k ≥ 0 and a_k ≥ 0, shape (k,)
    noise : c ≥ 0, the variance of a label given its point; its trace for several outputs
    samples : m ≥ 1
    time : τ ≥ 0, any shape

    Returns
    -------
    Array of the shape of `time`.

    Raises
    ------
    InvalidInput
        If one of them is not as it must be.

    Examples
    --------
    Without noise the risk falls to what the kernel does not see, here 0.5:

    >>> risk([1.0, 0.0], [2.0, 0.5], 0.0, 10, [0.0, 100.0])
    array([2.5, 0.5])
    """
    values, held, each = _checked(eigenvalues, signal, noise, samples)
    tau = none_negative("time", time)[..., None]
    return np.asarray(
        np.exp(-2 * values * tau) @ held + each * np.sum(np.expm1(-values * tau) ** 2, axis=-1)
    )


def descent_risk(
    eigenvalues: ArrayLike,
    signal: ArrayLike,
    noise: float,
    samples: float,
    step: float,
    steps: float,
) -> float:
    """R after n steps of gradient descent with step η: (1 − ηΛ)^n in the place of e^{−Λτ}.

    Parameters
    ----------
    eigenvalues, signal, noise, samples : as in `risk`
    step : η > 0, at most 2 over the largest Λ: beyond, descent diverges
    steps : n ≥ 0

    Raises
    ------
    InvalidInput
        If one of them is not as it must be.

    Examples
    --------
    >>> descent_risk([1.0, 0.5], [2.0, 2.0], 0.0, 10, 1.0, 1)
    0.5
    """
    values, held, each = _checked(eigenvalues, signal, noise, samples)
    eta = positive("step", step)
    if eta * values.max() > 2 * (1 + 1e-12):
        raise InvalidInput(
            "step", f"must be at most 2/Λ = {2 / values.max():g}, or descent diverges: {eta:g}"
        )
    left = (1 - eta * values) ** whole("steps", steps, 0)
    return float(left**2 @ held + each * np.sum((1 - left) ** 2))


def limit(eigenvalues: ArrayLike, signal: ArrayLike, noise: float, samples: float) -> float:
    """R(∞): c · rank/m, and a_k where Λ_k = 0.

    Parameters and refusals are those of `risk`.

    Examples
    --------
    >>> limit([1.0, 2.0, 0.0], [5.0, 5.0, 0.5], 3.0, 10)
    1.1
    """
    values, held, each = _checked(eigenvalues, signal, noise, samples)
    return float(each * np.count_nonzero(values) + held[values == 0].sum())


def stopping_times(
    eigenvalues: ArrayLike, signal: ArrayLike, noise: float, samples: float
) -> Array:
    """τ_k = ln(1 + m a_k/c)/Λ_k: when each direction by itself has learned enough.

    Parameters and refusals are those of `risk`, and the noise must be positive. Infinite where Λ_k
    = 0 and a_k > 0.

    Examples
    --------
    >>> stopping_times([2.0], [0.1], 1.0, 10)
    array([0.34657359])
    """
    values, held, each = _checked(eigenvalues, signal, positive("noise", noise), samples)
    learned = np.log1p(held / each)
    return np.asarray(
        np.divide(learned, values, out=np.where(learned > 0, np.inf, 0.0), where=values > 0)
    )


def best_stop(eigenvalues: ArrayLike, signal: ArrayLike, noise: float, samples: float) -> Stop:
    """The time of least risk, and that risk.

    Parameters and refusals are those of `risk`.

    Returns
    -------
    Stop; time 0 where no direction that the kernel sees has signal, infinite where there is no
    noise. Risk may have several minima; the grid, 400 points from a bound below the time to one
    above it, tells apart those that lie a step or more from one another.

    Notes
    -----
    At a minimum Σ Λ a e^{−2Λτ} = (c/m) Σ Λ e^{−Λτ}(1 − e^{−Λτ}) ≤ (c/m) τ Σ Λ². So τ is at least
    the smaller of 1/(2 Λ_max) and (m/(e c)) Σ Λ a/Σ Λ², and at most the largest τ_k.

    Examples
    --------
    >>> time, least = best_stop([2.0], [0.1], 1.0, 10)
    >>> round(time, 6), round(least, 12)
    (0.346574, 0.05)
    """
    values, held, each = _checked(eigenvalues, signal, noise, samples)
    seen = values > 0
    pull = float(values @ held)
    if pull == 0:
        return Stop(0.0, float(held.sum()))
    if each == 0:
        return Stop(np.inf, limit(values, held, noise, samples))
    low = min(1 / (2 * values.max()), pull / (np.e * each * np.sum(values**2)))
    high = float(stopping_times(values[seen], held[seen], noise, samples).max())
    found = Stop(low, np.inf)
    for _ in range(5):
        times = np.geomspace(low, max(high, low), GRID)
        risks = risk(values, held, noise, samples, times)
        k = int(np.argmin(risks))
        found = Stop(float(times[k]), float(risks[k]))
        low, high = float(times[max(k - 1, 0)]), float(times[min(k + 1, GRID - 1)])
    return found


def power_law_stop(alpha: float, beta: float, per_noise: float) -> Stop:
    """Time and risk of the best stop as n = m/c → ∞.

    Parameters
    ----------
    alpha, beta : of Λ_k = k^{−α} and a_k = k^{−β}, both above 1
    per_noise : n = m/c > 0

    Raises
    ------
    InvalidInput
        If an exponent is not above 1 or n is not positive.

    Examples
    --------
    >>> one, two = power_law_stop(2, 3, 1e6), power_law_stop(2, 3, 8e6)
    >>> round(one.risk / two.risk, 12)  # 8^{2/3}
    4.0
    """
    n = positive("per_noise", per_noise)
    bias, variance = power_law_constants(alpha, beta)
    a, b = float(alpha), float(beta)
    time = ((b - 1) * bias * n / variance) ** (a / b)
    return Stop(float(time), float(bias * time ** (-(b - 1) / a) + variance / n * time ** (1 / a)))


def power_law_constants(alpha: float, beta: float) -> tuple[float, float]:
    """B and V of the power laws.

    Parameters
    ----------
    alpha, beta : above 1

    Raises
    ------
    InvalidInput
        If one is not.

    Examples
    --------
    >>> B, V = power_law_constants(2, 2)
    >>> round(B, 6), round(V, 6)  # √(π/8) and √π(2 − √2)
    (0.626657, 1.038279)
    """
    a, b = positive("alpha", alpha), positive("beta", beta)
    if min(a, b) <= 1:
        raise InvalidInput("alpha, beta", f"must exceed 1, but are {a:g} and {b:g}")
    power = (b - 1) / a
    bias = 2**-power * gamma(power) / a
    return float(bias), float(2 * (1 - 2 ** (1 / a - 1)) * gamma(1 - 1 / a))
