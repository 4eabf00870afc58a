r"""Risk: measured as the exact quadratic form, and predicted in closed form.

    risk(A)           = E‖A X_t − s(t, X_t)‖²                = tr((A + V_t^{-1}) V_t (A + V_t^{-1})ᵀ)
    empirical risk(A) = (1/m) Σ_i ‖A x^{(i)} − s(t, x^{(i)})‖² = (1/m) tr((A + V_t^{-1}) XᵀX (A + V_t^{-1})ᵀ)

Never a Monte Carlo average over test points. The risk has the units of a squared score, 1/x²: dimensionless
here, as X_t is.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike
from scipy import optimize, stats

from bounds.check import Array, InvalidInput
from bounds.gaussian import Gaussian
from bounds.gram import Gram
from bounds.process import Step, steps
from bounds.targets import local_variances, transported_variances

# --- measured ---------------------------------------------------------------------------------------------


def error(law: Gaussian, t: float, estimate: Array) -> Array:
    """δ = Â + V_t^{-1}, the error of x ↦ Â x against the score; shape (…, d, d)."""
    delta = estimate.copy()
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
    t : dimensionless time
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
    """Empirical risk of x ↦ Â x at the step's time, over the m points that made the Gram matrix.

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
    return np.asarray((delta * (delta @ gram.xx)).sum(axis=(-2, -1)) / gram.samples)


# --- DSM, one time step, exactly --------------------------------------------------------------------------


def dsm_risk(law: Gaussian, t: float, samples: int) -> float:
    """E risk of DSM with a linear score: tr(C_t) d/(m − d − 1), exact for every m > d + 1.

    Parameters
    ----------
    law : the data's law N(0, Σ)
    t : dimensionless time
    samples : m > d + 1

    Raises
    ------
    InvalidInput
        If m < d + 2: the expectation is infinite.

    Source: theory.md, "DSM with a linear score" (derived): Gaussian residuals are independent of X_t, and
    E (XᵀX)^{-1} = V_t^{-1}/(m − d − 1).
    """
    d = law.dimension
    if samples < d + 2:
        raise InvalidInput(
            "samples",
            f"m = {samples} is below d + 2 = {d + 2}, where the expected population risk is infinite "
            "(the formula divides by m − d − 1); the empirical risk stays available for m > d",
        )
    return float(law.conditional_variances(t).sum() * d / (samples - d - 1))


def dsm_empirical_risk(law: Gaussian, t: float, samples: int) -> float:
    """E empirical risk of DSM with a linear score: tr(C_t) d/m, exact for every m ≥ d. Source: theory.md."""
    return float(law.conditional_variances(t).sum() * law.dimension / samples)


def draw_dsm_risk(law: Gaussian, t: float, samples: int, rng: np.random.Generator) -> float:
    """One draw from the exact law of DSM's population risk at a single time step, in O(d²).

    risk = Σ_i c_i ‖B^{-ᵀ} g_i‖² in law, with g_i standard normal and B the upper bidiagonal of the Laguerre
    ensemble: diagonal χ_m, χ_{m−1}, …, χ_{m−d+1}, above it χ_{d−1}, …, χ_1, all independent. BᵀB has the
    eigenvalues of Wishart_d(m, I), and the g_i do not see a rotation.

    Parameters
    ----------
    law : the data's law N(0, Σ)
    t : dimensionless time
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
    Cost: d² normals and 5 d² flops, one row at a time: 4 d numbers of memory. Source: theory.md (derived).
    """
    d = law.dimension
    if samples <= d:
        raise InvalidInput("samples", f"m = {samples} must exceed d = {d}")
    diagonal = np.sqrt(rng.chisquare(samples - np.arange(d)))
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


# --- the law of DSM's empirical risk: a weighted sum of χ² -------------------------------------------------


def dsm_empirical_risk_cdf(law: Gaussian, t: float, samples: int, value: ArrayLike) -> Array:
    """P(empirical risk ≤ value) of DSM at one step: the law of (1/m) Σ_i c_i χ²_{d,(i)}, no drawing at all.

    Parameters
    ----------
    law : the data's law N(0, Σ)
    t : dimensionless time
    samples : m > d
    value : any shape

    Returns
    -------
    Array of value's shape; absolute error below 1e-9.

    Raises
    ------
    InvalidInput
        If m ≤ d, where the empirical risk is not defined by least squares.

    Source: theory.md (derived). Inversion of the characteristic function by the trapezoidal rule: Davies,
    "Numerical inversion of a characteristic function", Biometrika 60 (1973).
    """
    if samples <= law.dimension:
        raise InvalidInput("samples", f"m = {samples} must exceed d = {law.dimension}")
    scales = law.conditional_variances(t) / samples
    return _weighted_chi2_cdf(scales, law.dimension, np.asarray(value, dtype=np.float64))


def dsm_empirical_risk_quantile(law: Gaussian, t: float, samples: int, probability: float) -> float:
    """The quantile of DSM's empirical risk at one step: `dsm_empirical_risk_cdf` inverted.

    Raises
    ------
    InvalidInput
        If the probability is not strictly between 0 and 1, or m ≤ d.
    """
    if not 0 < probability < 1:
        raise InvalidInput("probability", f"must lie strictly between 0 and 1, but is {probability:g}")
    scales = law.conditional_variances(t) / samples
    d = law.dimension
    mean, sd = d * scales.sum(), float(np.sqrt(2 * d * (scales**2).sum()))
    high = mean + sd
    while dsm_empirical_risk_cdf(law, t, samples, high) < probability:
        high += sd

    def excess(x: float) -> float:
        return float(dsm_empirical_risk_cdf(law, t, samples, x)) - probability

    return float(optimize.brentq(excess, 0.0, high, xtol=1e-12 * mean, rtol=1e-12))


def _weighted_chi2_cdf(scales: Array, freedom: int, x: Array) -> Array:
    """P(Σ_i a_i χ²_{ν,(i)} ≤ x). Cost: (terms) × d flops for the characteristic function, terms ≤ 2²⁰."""
    if np.ptp(scales) <= 1e-12 * scales.max():
        return np.asarray(stats.chi2.cdf(x / scales.mean(), freedom * scales.size))
    sd = float(np.sqrt(2 * freedom * (scales**2).sum()))
    mean = freedom * scales.sum()
    # Aliasing: what lies further than 2π/Δ from x. A window of 30 deviations and 80 of the heaviest
    # exponential tail 2 max a leaves less than 1e-12.
    window = np.abs(np.asarray(x) - mean).max(initial=0.0) + 30 * sd + 80 * float(scales.max())
    spacing = 2 * np.pi / window
    total = np.full(x.shape, 0.5)
    block = 512
    for start in range(0, 2**20, block):
        k = np.arange(start, start + block) + 0.5
        u = k * spacing
        turn = 2 * np.outer(u, scales)
        log_modulus = -freedom / 4 * np.log1p(turn**2).sum(axis=1)
        angle = freedom / 2 * np.arctan(turn).sum(axis=1)
        size = np.exp(log_modulus) / (np.pi * k)
        total -= np.sin(angle - np.multiply.outer(x, u)) @ size
        if size[-1] * block < 1e-13:
            break
    return np.where(x <= 0, 0.0, np.clip(total, 0.0, 1.0))


# --- the bootstrap, to leading order in 1/m ---------------------------------------------------------------


def bootstrap_recursion(
    law: Gaussian, times: ArrayLike, weight: Callable[[Step], ArrayLike] | None = None
) -> list[Array]:
    """r_k,ij = m v_j(t_k) Var δ_k,ij of the bootstrap, to leading order in 1/m.

        r_k,ij = w² e^{2g}/v'_i + (1 − w)²/τ² − 1/v_i + w² (v'_j/v_j) r_{k−1,ij},     r_1,ij = c_i(t_1).

    Parameters
    ----------
    law : the data's law N(0, Σ)
    times : shape (N,), strictly increasing and positive
    weight : w of each step, a number or an array that broadcasts to (d, d) as w_ij; by default the
        control-variate weight w = e^{-2g} σ_{t'}²/σ_t²

    Returns
    -------
    List of N arrays of shape (d, d), in the eigenbasis; the risk at t_k is their sum over i, j, over m.

    Raises
    ------
    InvalidInput
        If the times are not positive and strictly increasing.

    Notes
    -----
    Holds only for targets made of (X_{t'}, X_t) alone; with T1 + α U_{t'}, α ≠ α*, the noise of different
    steps no longer adds. The first three terms are w² Var T2 + (1 − w)² Var T3 + 2 w (1 − w) Cov(T2, T3) given X_t,
    where that covariance is −1/v_i. Source: theory.md (derived).
    """
    r: list[Array] = []
    d = law.dimension
    for step in steps(times):
        v = law.variances(step.t)
        if step.is_first:
            r.append(np.repeat(law.conditional_variances(step.t)[:, None], d, axis=1))
            continue
        w = np.asarray(step.bootstrap_weight if weight is None else weight(step), dtype=np.float64)
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
    """Leading-order risk Σ_ij r_k,ij/m of the bootstrap at each time; shape (N,). See `bootstrap_recursion`."""
    return np.array([r.sum() for r in bootstrap_recursion(law, times, weight)]) / samples


def information_bound(law: Gaussian, t: float, samples: int) -> float:
    """Least risk, to leading order, of any regular estimator that sees m samples of X_0:

        (1/m) Σ_ij e_t⁴ λ_i λ_j (1 + δ_ij)/(v_i² v_j),

    the plug-in score of the empirical covariance (the noise added to the data is ancillary).

    Parameters
    ----------
    law : the data's law N(0, Σ)
    t : dimensionless time
    samples : m

    Returns
    -------
    The bound on the population risk.

    Source: theory.md, "Information bound" (derived).
    """
    v = law.variances(t)
    x = law.eigenvalues / v
    shrunk = np.exp(-4 * t) / samples
    return float(shrunk * ((x / v).sum() * x.sum() + (x**2 / v).sum()))
