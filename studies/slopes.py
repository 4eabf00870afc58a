"""How an error grows with the dimension: scalings, slopes, equivalence, the tilt of log log d.

    log(error/log|H|) against log d,   log|H| = d²  up to a constant.

log|H| = d² is **our reading**: a linear score has d² entries, and a cover of them has a logarithm
proportional to d²; the constant moves no slope. The class behind Figure 1 of the paper is unknown
to us.

One table is n dimensions d, the mean error at each, and the standard error of that mean over
replicates, independent across dimensions; the fit and its interval are those of `least_squares`.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from bounds.check import Array, InvalidInput, finite, positive
from studies.least_squares import SlopeFit, columns, critical, fit_line, tail_probability


def dimensions(d: ArrayLike) -> Array:
    """d as a list of finite positive numbers."""
    dims = np.atleast_1d(finite("dims", d))
    if dims.ndim != 1 or dims.size == 0:
        raise InvalidInput("dims", "must be a non-empty list")
    if dims.min() <= 0:
        raise InvalidInput("dims", f"must be positive, but one is {dims.min():g}")
    return dims


def log_log(d: ArrayLike) -> Array:
    """log log d, shape as d.

    Raises
    ------
    InvalidInput
        If some d ≤ e (1 and 2): log log d is not positive there, and nothing can be divided by it.
    """
    dims = finite("dims", d)
    if np.any(dims <= np.e):
        first = dims[dims <= np.e].flat[0]
        reason = f"log log d is not positive for d ≤ e, so d = {first:g} cannot be used"
        raise InvalidInput("dims", reason)
    return np.asarray(np.log(np.log(dims)))


SCALINGS: dict[str, Callable[[Array], Array]] = {
    "log|H|": lambda d: d**2,
    "log|H| log log d": lambda d: d**2 * log_log(d),
}
"""What the error is divided by; log|H| = d² is our reading. The second is Figure 1's (cited)."""


def scaled(error: ArrayLike, d: ArrayLike, scaling: str) -> Array:
    """`error` (or its standard error: the divisor is exact) divided by one of SCALINGS.

    Parameters
    ----------
    error : shape (…, n)
    d : shape (n,), dimensions
    scaling : a key of SCALINGS

    Returns
    -------
    Array of shape (…, n).

    Raises
    ------
    InvalidInput
        If the scaling is unknown, or log log d is asked for where it is not positive.
    """
    if scaling not in SCALINGS:
        raise InvalidInput("scaling", f"{scaling!r} is not one of {', '.join(SCALINGS)}")
    return finite("error", error) / SCALINGS[scaling](dimensions(d))


def summarise(d: ArrayLike, error: ArrayLike) -> tuple[Array, Array, Array | None, Array | None]:
    """Runs, one a row, as the fits take them: (d, mean, se, replicates), sorted by d.

    Parameters
    ----------
    d, error : shape (N,), the dimension and the error of each run

    Returns
    -------
    Shapes (n,). If every d has one run, se and replicates are None: scatter must tell the noise.

    Raises
    ------
    InvalidInput
        If the columns do not match, or some d have one run and others several.
    """
    dims, errors = dimensions(d), finite("error", error)
    if errors.shape != dims.shape:
        raise InvalidInput("error", f"must be one for each d, but {errors.size} for {dims.size}")
    found, where, counts = np.unique(dims, return_inverse=True, return_counts=True)
    mean = np.bincount(where, errors) / counts
    if counts.max() == 1:
        return found, mean, None, None
    if counts.min() == 1:
        single = found[counts == 1][0]
        raise InvalidInput("error", f"d = {single:g} has one run, and other d have several")
    variance = np.bincount(where, (errors - mean[where]) ** 2) / (counts - 1)
    return found, mean, np.sqrt(variance / counts), counts.astype(np.float64)


def fit_slope(
    d: ArrayLike,
    mean: ArrayLike,
    se: ArrayLike | None = None,
    *,
    level: float = 0.95,
    replicates: ArrayLike | None = None,
) -> SlopeFit:
    """Slope of log(mean) against log d: the exponent of d.

    The standard deviation of log(mean) is se/mean, by the delta method. What that leaves out is a
    bias of −(se/mean)²/2, that is se/mean/2 of a standard deviation.

    Parameters
    ----------
    d : shape (n,), positive, at least three different ones
    mean : shape (n,), the (scaled) mean error
    se : shape (n,), its standard error; None: one relative error at all d, which the scatter about
        the line tells
    level, replicates : as in `fit_line`

    Raises
    ------
    InvalidInput
        As `fit_line`; if a mean is not positive, or some se exceeds half its mean (no delta method
        there).
    """
    given = np.ones(np.shape(mean)) if se is None else se
    dims, means, ses = columns(dimensions(d), mean, given, least=3)
    if means.min() <= 0:
        raise InvalidInput("mean", f"must be positive, for logarithms, but one is {means.min():g}")
    x, y = np.log(dims), np.log(means)
    if se is None:
        return fit_line(x, y, level=level, replicates=replicates)
    if np.any(ses > means / 2):
        worst = dims[np.argmax(ses / means)]
        raise InvalidInput("se", f"exceeds half the mean at d = {worst:g}: too noisy for logs")
    return fit_line(x, y, ses / means, level=level, replicates=replicates)


@dataclass(frozen=True)
class Equivalence:
    """Two one-sided tests that a slope lies within `margin` of `around`.

    Attributes
    ----------
    margin, around, alpha : the question: |slope − around| < margin, at level alpha
    p_low, p_high : p-values against slope ≤ around − margin and against slope ≥ around + margin
    p : the larger of the two
    low, high : the slope's interval at level 1 − 2 alpha; within the margins when `equivalent`
    equivalent : whether p < alpha. If not, equivalence was not shown; nothing follows about a
        difference.
    """

    margin: float
    around: float
    alpha: float
    p_low: float
    p_high: float
    p: float
    low: float
    high: float
    equivalent: bool


def equivalence(
    fit: SlopeFit,
    margin: float,
    alpha: float = 0.05,
    *,
    around: float = 0.0,
) -> Equivalence:
    """TOST: is the slope shown to be within `margin` of `around`?

    Parameters
    ----------
    fit : from `fit_line` or `fit_slope`
    margin : > 0, in units of the slope, fixed before looking at the data
    alpha : level of each of the two tests, and of both together
    around : the slope that counts as equal; 0 for "flat", or `predicted_tilt`

    Raises
    ------
    InvalidInput
        If the margin is not positive or alpha not in (0, 1/2).

    Source: Schuirmann 1987, the two one-sided tests procedure.
    """
    positive("margin", margin)
    if not 0 < alpha < 0.5:
        raise InvalidInput("alpha", f"must lie strictly between 0 and 1/2, but is {alpha:g}")
    offset = fit.slope - around
    p_low = tail_probability((offset + margin) / fit.se, fit.dispersion, fit.dof)
    p_high = tail_probability((margin - offset) / fit.se, fit.dispersion, fit.dof)
    half = fit.se * critical(alpha, fit.dispersion, fit.dof)
    return Equivalence(
        margin=margin,
        around=around,
        alpha=alpha,
        p_low=p_low,
        p_high=p_high,
        p=max(p_low, p_high),
        low=fit.slope - half,
        high=fit.slope + half,
        equivalent=max(p_low, p_high) < alpha,
    )


def local_tilt(d: ArrayLike) -> Array:
    """−1/(log d · log log d), the log-log slope of 1/log log d at d; shape as d.

    A flat error/log|H| gets this slope when it is divided by log log d as well.

    Raises
    ------
    InvalidInput
        If some d ≤ e.

    Source: theory.md, "DSM with a linear score" (derived).
    """
    return np.asarray(-1.0 / (np.log(finite("dims", d)) * log_log(d)))


def predicted_tilt(d: ArrayLike, relative_se: ArrayLike) -> float:
    """The slope that `fit_slope` finds, noise apart, on error/(log|H| log log d) if error/log|H| is
    flat.

        Σ w_i (x_i − x̄) y_i / Σ w_i (x_i − x̄)²,   y = −log log log d,   w = relative_se⁻²,

    with x = log d and x̄ its weighted mean.

    Parameters
    ----------
    d : shape (n,), dimensions > e
    relative_se : number or shape (n,), standard error over mean, as in the table

    Raises
    ------
    InvalidInput
        If some d ≤ e, a relative_se is not positive, or all d are equal.
    """
    relative = relative_errors(relative_se, d)
    dims = columns(dimensions(d), np.ones(np.shape(d)), relative, least=2)[0]
    x, w = np.log(dims), relative**-2
    centred = x - np.average(x, weights=w)
    return float(-np.sum(w * centred * np.log(log_log(dims))) / np.sum(w * centred**2))


def relative_errors(relative_se: ArrayLike, d: ArrayLike) -> Array:
    """`relative_se`, one number or one per d, as a positive array of d's shape."""
    relative = finite("relative_se", relative_se)
    if relative.shape not in ((), np.shape(d)) or relative.min() <= 0:
        raise InvalidInput("relative_se", "must be one positive number or one per dimension")
    return np.broadcast_to(relative, np.shape(d))
