r"""Risk: measured as the exact quadratic form, and predicted in closed form.

    risk(A)           = E‖A X_t − s(t, X_t)‖²
                      = tr((A + V_t^{-1}) V_t (A + V_t^{-1})ᵀ)
    empirical risk(A) = (1/m) Σ_i ‖A x^{(i)} − s(t, x^{(i)})‖²
                      = (1/m) tr((A + V_t^{-1}) XᵀX (A + V_t^{-1})ᵀ)

Never a Monte Carlo average over test points. The risk has the units of a squared score, 1/x²:
dimensionless here, as X_t is.
"""

from collections.abc import Callable
from itertools import product

import numpy as np
import scipy
from numpy.typing import ArrayLike

from bounds.check import Array, InvalidInput, finite, matrices, not_negative, number, real, whole
from bounds.gaussian import Gaussian
from bounds.gram import Gram
from bounds.process import Step, steps
from bounds.targets import local_variances, transported_variances

# --- measured -------------------------------------------------------------------------------------


def error(law: Gaussian, t: float, estimate: Array) -> Array:
    """δ = Â + V_t^{-1}, the error of x ↦ Â x against the score; shape (…, d, d)."""
    delta = matrices("estimate", estimate, law.dimension).copy()
    if law.basis is None:
        diagonal = np.arange(law.dimension)
        delta[..., diagonal, diagonal] += 1.0 / law.variances(t)
    else:
        delta -= law.score_matrix(t)
    return delta


def risk(law: Gaussian, t: float, estimate: Array) -> Array:
    """Population risk of x ↦ Â x at time t.

    Parameters
    ----------
    law : the data's law
    t : dimensionless time ≥ 0
    estimate : Â, shape (…, d, d)

    Returns
    -------
    Array of the leading shape (a scalar array without replicates).

    Notes
    -----
    Cost: 3 d² flops where Σ is diagonal, 2 d³ more where it is not.
    """
    delta = error(law, t, estimate)
    if law.basis is not None:
        delta = delta @ law.basis
    return np.asarray(((delta * delta) @ law.variances(t)).sum(axis=-1))


def empirical_risk(law: Gaussian, gram: Gram, estimate: Array) -> Array:
    """Empirical risk of x ↦ Â x at the step's time, over the mK points that made the Gram matrix.

    Parameters
    ----------
    law : the data's law
    gram : of the step
    estimate : Â, shape (…, d, d)

    Returns
    -------
    Array of the leading shape.

    Notes
    -----
    Cost: 2 d³ flops.
    """
    delta = error(law, gram.step.t, estimate)
    return np.asarray((delta * (delta @ gram.xx)).sum(axis=(-2, -1)) / gram.paths)


# --- DSM, one time step, exactly ------------------------------------------------------------------


def dsm_risk(law: Gaussian, t: float, samples: int) -> float:
    """E risk of DSM with a linear score: tr(C_t) d/(m − d − 1), exact for every m > d + 1.

    Parameters
    ----------
    law : the data's law N(0, Σ)
    t : dimensionless time > 0
    samples : m > d + 1

    Raises
    ------
    InvalidInput
        If m < d + 2: the expectation is infinite.

    Source: theory.md, "DSM with a linear score" (derived): Gaussian residuals are independent of
    X_t, and E (XᵀX)^{-1} = V_t^{-1}/(m − d − 1).
    """
    d, m = law.dimension, whole("samples", samples)
    if m < d + 2:
        raise InvalidInput(
            "samples",
            f"m = {m} is below d + 2 = {d + 2}, where the expected population risk is infinite "
            "(the formula divides by m − d − 1); the empirical risk stays available for m > d",
        )
    return float(law.conditional_variances(t).sum() * d / (m - d - 1))


def dsm_empirical_risk(law: Gaussian, t: float, samples: int) -> float:
    """E empirical risk of DSM with a linear score:
    tr(C_t) d/m, exact for every m ≥ d. Source: theory.md.
    """
    return float(law.conditional_variances(t).sum() * law.dimension / whole("samples", samples))


def draw_dsm_risk(law: Gaussian, t: float, samples: int, rng: np.random.Generator) -> float:
    """One draw from the exact law of DSM's population risk at a single time step, in O(d²).

    risk = Σ_i c_i ‖B^{-ᵀ} g_i‖² in law, with g_i standard normal and B the upper bidiagonal of the
    Laguerre ensemble: diagonal χ_m, χ_{m−1}, …, χ_{m−d+1}, above it χ_{d−1}, …, χ_1, all
    independent. BᵀB has the eigenvalues of Wishart_d(m, I), and the g_i do not see a rotation.

    Parameters
    ----------
    law : the data's law N(0, Σ)
    t : dimensionless time > 0
    samples : m > d
    rng : source of the draw

    Returns
    -------
    The risk. Only this step's own law comes so cheaply, not the joint law over steps.

    Raises
    ------
    InvalidInput
        If m ≤ d.

    Notes
    -----
    Cost: d² normals and 5 d² flops, one row at a time: 4 d numbers of memory. Source: theory.md
    (derived).
    """
    d, m = law.dimension, whole("samples", samples)
    if m <= d:
        raise InvalidInput("samples", f"m = {m} must exceed d = {d}")
    diagonal = np.sqrt(rng.chisquare(float(m) - np.arange(d)))
    above = np.sqrt(rng.chisquare(np.arange(d - 1, 0, -1))) if d > 1 else np.empty(0)
    column = np.zeros(d)
    squares = np.zeros(d)
    for k in range(d):
        row = rng.standard_normal(d)
        if k:
            row -= above[k - 1] * column
        column = row / diagonal[k]
        squares += column * column
    return float(law.conditional_variances(t) @ squares)


# --- the law of DSM's empirical risk: a weighted sum of χ² ----------------------------------------


def dsm_empirical_risk_cdf(law: Gaussian, t: float, samples: int, value: ArrayLike) -> Array:
    """P(empirical risk ≤ value) of DSM at one step:
    the law of (1/m) Σ_i c_i χ²_{d,(i)}, no drawing at all.

    Parameters
    ----------
    law : the data's law N(0, Σ)
    t : dimensionless time > 0
    samples : m > d
    value : any shape, any numbers, infinities among them; each is answered by itself

    Returns
    -------
    Array of value's shape; absolute error below 1e-9, and for d ≤ 300 relative error below 1e-9
    down to 1e-300.

    Raises
    ------
    InvalidInput
        If m ≤ d, where the empirical risk is not defined by least squares, or a value is NaN.

    Source: theory.md (derived). The Bromwich integral along a parabola through its saddle point,
    after Daniels, "Saddlepoint approximations in statistics", Ann. Math. Stat. 25 (1954), with no
    approximation made.
    """
    scales = _risk_scales(law, t, samples)
    x = real("value", value)
    if np.any(np.isnan(x)):
        raise InvalidInput("value", "holds NaN")
    return np.asarray(np.exp(_log_tails(scales, law.dimension, x.ravel())[0]).reshape(x.shape))


def dsm_empirical_risk_quantile(law: Gaussian, t: float, samples: int, probability: float) -> float:
    """The quantile of DSM's empirical risk at one step: `dsm_empirical_risk_cdf` inverted.

    Parameters
    ----------
    law, t, samples : as there
    probability : p, from 1e-290 to the last float below 1; above 1/2 it is 1 − p that is met

    Returns
    -------
    The quantile, to a relative error of 1e-9 for d ≤ 300.

    Raises
    ------
    InvalidInput
        If the probability is not strictly between 0 and 1 or below 1e-290, m ≤ d, or the quantile
        is too near 0 for float64, as for d = 1 below 1.2e-150.
    """
    scales, p = _risk_scales(law, t, samples), number("probability", probability)
    if not 0 < p < 1:
        raise InvalidInput("probability", f"must lie strictly between 0 and 1, but is {p:g}")
    if p < LEAST_PROBABILITY:
        raise InvalidInput("probability", f"must be at least {LEAST_PROBABILITY:g}, but is {p:g}")
    side, wanted = (0, np.log(p)) if p < 0.5 else (1, np.log1p(-p))

    def excess(log_x: float) -> float:
        return float(_log_tails(scales, law.dimension, np.exp([log_x]))[side, 0] - wanted)

    low = high = float(np.log(law.dimension * scales.sum()))
    least = float(np.log(max(np.finfo(float).tiny, 2 * NEAR_ZERO * scales.max())))
    while np.exp(_log_tails(scales, law.dimension, np.exp([low]))[0, 0]) > p:
        if low == least:
            raise InvalidInput("probability", f"is {p:g}, and its quantile too near 0 for float64")
        low = max(low - 2.0, least)
    while np.exp(_log_tails(scales, law.dimension, np.exp([high]))[0, 0]) < p:
        high += 0.5
    return float(np.exp(scipy.optimize.brentq(excess, low, high, xtol=1e-13, rtol=1e-13)))


LEAST_PROBABILITY = 1e-290
NEAR_ZERO = 1e-300  # of the largest scale; below it P(S ≤ x) counts as 0


def _risk_scales(law: Gaussian, t: float, samples: int) -> Array:
    """c_i/m."""
    m = whole("samples", samples)
    if m <= law.dimension:
        raise InvalidInput("samples", f"m = {m} must exceed d = {law.dimension}")
    scales = np.asarray(law.conditional_variances(t) / m)
    if scales.min() < np.finfo(float).tiny:
        raise InvalidInput("t", f"at {t:g} the risk is too near 0 for float64")
    return scales


def _log_tails(scales: Array, freedom: int, x: Array) -> Array:
    """log P(S ≤ x) and log P(S > x) of S = Σ_i a_i χ²_{ν,(i)},
    shape (2, n) from x of shape (n,).
    """
    if scales.size == 1:
        ratio = x / scales[0]
        return np.stack(
            [scipy.stats.chi2.logcdf(ratio, freedom), scipy.stats.chi2.logsf(ratio, freedom)]
        )
    largest = scales.max()
    a, counts = np.unique(scales / largest, return_counts=True)
    half = counts * freedom / 2
    with np.errstate(over="ignore"):
        y = x / largest
    # Laurent and Massart: beyond this P(S > x) < e^{-800}, which no float64 tells from 0.
    end = 2 * (half * a).sum() + 2 * np.sqrt(1600 * (half * a**2).sum()) + 1600
    out = np.empty((2, y.size))
    out[:, y <= NEAR_ZERO] = [[-np.inf], [0.0]]
    out[:, y >= end] = [[0.0], [-np.inf]]
    (inside,) = np.nonzero((y > NEAR_ZERO) & (y < end))
    for start in range(0, inside.size, 256):
        part = inside[start : start + 256]
        out[:, part] = _saddle_integral(a, half, y[part])
    return out


def _saddle_integral(a: Array, half: Array, y: Array) -> Array:
    """log P(S ≤ y) and log P(S > y), from 1/(2πi) ∫ e^{zy} Π_i (1 + 2 a_i z)^{−h_i} dz/z.

    All singularities lie at z ≤ 0, and the real saddle point s of the integrand lies right of 0 for
    y below the mean (the integral is P(S ≤ y)), between 0 and the first of the others for y above
    it (it is −P(S > y)). On z = s + |s| (i v − κ v²) the integrand falls off from s on both sides,
    so nothing cancels in either tail. κ follows the path of steepest descent, and is halved where
    that path, which is no parabola, bends less further out.
    """
    low = y <= 2 * (half * a).sum()
    left, right = np.where(low, 1 / y, -0.5), np.where(low, (half.sum() + 1) / y, 0.0)
    for _ in range(60):
        s = (left + right) / 2
        below = y < (2 * a * half / (1 + 2 * np.multiply.outer(s, a))).sum(axis=1) + 1 / s
        left, right = np.where(below, s, left), np.where(below, right, s)
    s, sign = (left + right) / 2, np.where(low, 1.0, -1.0)
    size = np.abs(s)
    b = 2 * a * size[:, None] / (1 + 2 * np.multiply.outer(s, a))
    step = 1 / (24 * np.sqrt(1 + (half * b**2).sum(axis=1)))
    bend = (half * b**3).sum(axis=1) / (3 * (half * b**2).sum(axis=1))
    integral, open_ = np.full(y.size, np.nan), np.arange(y.size)
    for halvings, reach in product(range(8), (12, 24, 48)):
        v = step[open_, None] * np.arange(24 * reach + 1)
        kappa = bend[open_, None] / 2**halvings
        z = v * 1j - kappa * v**2
        log_f = (y * size)[open_, None] * z - np.log1p(sign[open_, None] * z)
        for rate, power in zip(b[open_].T, half, strict=True):
            log_f -= power * np.log1p(rate[:, None] * z)
        done = (log_f.real.max(axis=1) < 3) & (log_f.real[:, -1] < -38)
        f = np.exp(log_f[done]) * (1 + 2j * kappa[done] * v[done])
        integral[open_[done]] = (f.real.sum(axis=1) - 0.5) * step[open_[done]] / np.pi
        open_ = open_[~done]
        if not open_.size:
            break
    if open_.size:
        raise InvalidInput(
            "covariance", "makes a law of the empirical risk that cannot be computed to 1e-9"
        )
    front = y * s - (half * np.log1p(2 * np.multiply.outer(s, a))).sum(axis=1)
    near = np.minimum(front + np.log(integral), -1e-320)
    far = np.log(-np.expm1(near))
    return np.stack([np.where(low, near, far), np.where(low, far, near)])


# --- the bootstrap, to leading order in 1/m -------------------------------------------------------


def bootstrap_recursion(
    law: Gaussian, times: ArrayLike, weight: Callable[[Step], ArrayLike] | None = None
) -> list[Array]:
    """r_k,ij = m v_j(t_k) Var δ_k,ij of the bootstrap, to leading order in 1/m.

        r_k,ij = w² e^{2g}/v'_i + (1 − w)²/τ² − 1/v_i + w² (v'_j/v_j) r_{k−1,ij},
        r_1,ij = c_i(t_1).

    Parameters
    ----------
    law : the data's law N(0, Σ)
    times : shape (N,), strictly increasing and positive
    weight : w of each step, a number or an array that broadcasts to (d, d) as w_ij; by default the
        control-variate weight w = e^{-2g} σ_{t'}²/σ_t²

    Returns
    -------
    List of N arrays of shape (d, d), in the eigenbasis; the risk at t_k is their sum over i, j,
    over m.

    Raises
    ------
    InvalidInput
        If the times are not positive and strictly increasing.

    Notes
    -----
    Holds only for targets made of (X_{t'}, X_t) alone; with T1 + α U_{t'}, α ≠ α*, the noise of
    different steps no longer adds. The first three terms are
    w² Var T2 + (1 − w)² Var T3 + 2 w (1 − w) Cov(T2, T3) given X_t, where that covariance
    is −1/v_i. Source: theory.md (derived).
    """
    r: list[Array] = []
    d = law.dimension
    for step in steps(times):
        v = law.variances(step.t)
        if step.is_first:
            r.append(np.repeat(law.conditional_variances(step.t)[:, None], d, axis=1))
            continue
        w = finite("weight", step.bootstrap_weight if weight is None else weight(step))
        previous = law.variances(step.t_prev)
        fresh = (
            w**2 * transported_variances(law, step)[:, None]
            + (1 - w) ** 2 * local_variances(law, step)[:, None]
            - 2 * w * (1 - w) / v[:, None]
        )
        r.append(fresh + w**2 * (previous / v)[None, :] * r[-1])
    return r


def bootstrap_risk(
    law: Gaussian, times: ArrayLike, samples: int, weight: Callable[[Step], ArrayLike] | None = None
) -> Array:
    """Leading-order risk Σ_ij r_k,ij/m of the bootstrap at each time;
    shape (N,). See `bootstrap_recursion`.
    """
    return np.array([r.sum() for r in bootstrap_recursion(law, times, weight)]) / whole(
        "samples", samples
    )


def information_bound(law: Gaussian, t: float, samples: int) -> float:
    """Least risk, to leading order, of any regular estimator that sees m samples of X_0:

        (1/m) Σ_ij e_t⁴ λ_i λ_j (1 + δ_ij)/(v_i² v_j),

    the plug-in score of the empirical covariance (the noise added to the data is ancillary).

    Parameters
    ----------
    law : the data's law N(0, Σ)
    t : dimensionless time > 0
    samples : m

    Returns
    -------
    The bound on the population risk.

    Source: theory.md, "Information bound" (derived).
    """
    v = law.variances(t)
    x = law.eigenvalues / v
    shrunk = np.exp(-4 * not_negative("t", t)) / whole("samples", samples)
    return float(shrunk * ((x / v).sum() * x.sum() + (x**2 / v).sum()))
