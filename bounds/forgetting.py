r"""Bootstrapping at every sample size: what holds for every m, and what bootstrapping forgets.

One noise path for each datum; at level k the class is f_0 + φ_kᵀθ with P parameters, the score is
in it, the weight is the control-variate weight, and least squares is done on the same m paths at
every level. With y_k = (ŝ_k − s_k)/a_k at the samples, a_k = 1/(2 sinh t_k), R_k = E[X_0|X_{t_k}] −
E[X_0|X_{t_{k−1}}] and Π_k the projection on the columns φ_k(X_{t_k}),

    y_k = Π_k (y_{k−1} − R_k),   so   y_N = −Σ_k Π_N Π_{N−1} ⋯ Π_k R_k,

where DSM has −Σ_k Π_N R_k: bootstrapping inserts the intermediate projections and does nothing
else.

>>> round(bound(1, 0.5, 100), 4)  # log-concave data, one parameter: 1/(σ² m)
0.0158
"""

from collections.abc import Callable

import numpy as np
import scipy
from numpy.typing import ArrayLike

from bounds.check import Array, InvalidInput, number, positive, whole
from bounds.gaussian import Gaussian
from bounds.process import clock, noise_variance, steps


def variation(t: float, curvature: Callable[[float], float] | None = None) -> float:
    """B(t) = ∫_0^t 2 a_s² b(s)² ds where Cov(X_0|X_s) ≤ b(s) I: the most that E[X_0|X_s] varies
    from 0 to t.

    Parameters
    ----------
    t : dimensionless time > 0
    curvature : s ↦ L₊(s) with ∇²log p_s ≤ L₊(s) I, so that b = e^{2s} σ_s² (1 + σ_s² L₊); None is
        0, log-concave data, where B is the clock x = e^{2t} − 1

    Raises
    ------
    InvalidInput
        If t is not positive, or the profile is not finite.

    Source: theory.md, Theorem A (derived).
    """
    t = positive("t", t)
    if curvature is None:
        return float(clock(t))

    def rate(s: float) -> float:
        tilt = number("curvature", curvature(s))
        return float(2 * np.exp(2 * s) * (1 + noise_variance(s) * tilt) ** 2)

    return float(scipy.integrate.quad(rate, 0, t, epsabs=0, epsrel=1e-10, limit=200)[0])


def bound(
    parameters: int,
    t: float,
    samples: int,
    *,
    delta: float | None = None,
    curvature: Callable[[float], float] | None = None,
) -> float:
    """What the empirical risk of BSM, and of DSM, at t is at most: in the mean, or with probability
    1 − δ.

        mean: P a² B/m,      1 − δ: a² B (P + 2 √(P L) + 2 L)/m,   L = log(1/δ).

    Parameters
    ----------
    parameters : P ≥ 1, of the class at t, with any features
    t : the level's time > 0
    samples : m ≥ 1
    delta : δ in (0, 1); None is the mean
    curvature : as for `variation`

    Raises
    ------
    InvalidInput
        If a number is out of its range.

    Source: theory.md, Theorem A (derived).
    """
    count, m = whole("parameters", parameters), whole("samples", samples)
    proxy = variation(t, curvature) * float(np.exp(-2 * t) / noise_variance(t) ** 2)
    if delta is None:
        return count * proxy / m
    if not 0 < number("delta", delta) < 1:
        raise InvalidInput("delta", f"must lie between 0 and 1, but is {delta:g}")
    tail = -np.log(delta)
    return float(proxy * (count + 2 * np.sqrt(count * tail) + 2 * tail) / m)


def empirical_risk(
    law: Gaussian, times: ArrayLike, samples: int, draws: int, rng: np.random.Generator
) -> float:
    """Mean empirical risk of BSM with full linear scores at the last time, exact in m:

        a_N² Σ_k Σ_i (β_i(x_k) − β_i(x_{k−1})) E‖Π_N ⋯ Π_k‖_F²/m,   β_i(x) = λ_i x/(λ_i + x).

    Parameters
    ----------
    law : of the data
    times : shape (N,)
    samples : m ≥ d
    draws : of the paths X_{t_1}, …, X_{t_N}, over which the squared norms are averaged; ‖·‖² lies
        between 0 and d, and is d at k = N
    rng : their source

    Raises
    ------
    InvalidInput
        If m is below d, or the times are not positive and strictly increasing.

    Notes
    -----
    Cost: N draws of (m, d) and as many QR decompositions, 2 m d² flops each, N² draws m d² for the
    products. Source: theory.md, Theorem B (derived).
    """
    lam, d = law.eigenvalues, law.dimension
    m, many = whole("samples", samples, d), whole("draws", draws)
    x = rng.standard_normal((many, m, d)) * np.sqrt(lam)
    products: list[Array] = []  # Q_kᵀ Q_{k+1} ⋯ of what lies below the level, one for each k
    before = np.zeros(0)
    for step in steps(times):
        x = step.carry * x + step.fresh * rng.standard_normal(x.shape)
        basis = np.linalg.qr(x)[0]
        if products:
            turn = basis.swapaxes(1, 2) @ before
            products = [turn @ one for one in products]
        products.append(np.broadcast_to(np.eye(d), (many, d, d)))
        before = basis
    norms = np.array([np.mean(np.sum(one**2, axis=(1, 2))) for one in products])
    x_k = clock(np.concatenate([[0.0], np.atleast_1d(np.asarray(times, dtype=np.float64))]))
    beta = lam * x_k[:, None] / (lam + x_k[:, None])
    fresh = np.diff(beta, axis=0).sum(axis=1)
    return float((1 + x_k[-1]) / x_k[-1] ** 2 * (fresh @ norms) / m)
