r"""How a measured error grows with the dimension: slopes, equivalence, rival laws, and what a table can tell.

    error/log|H| = a · law(d),   law(d) ∈ {1, log log d, log d, d},   log|H| = d²  up to a constant.

log|H| = d² is **our reading**: a linear score has d² entries, and a cover of them has a logarithm
proportional to d²; the constant moves no slope. The class behind Figure 1 of the paper is unknown to us.

One table is n dimensions d, the mean error at each, and the standard error of that mean over replicates,
independent across dimensions. Every fit is weighted least squares with weights 1/se², solved by statsmodels
and again by plain least squares on the whitened system; a difference beyond rounding raises.

Intervals. Two accounts of the noise are both respectable: the standard errors are right (quantile z), or they
are right up to one common factor, √φ with φ = χ²/dof, that the scatter about the line tells (quantile t on n
− p degrees of freedom). Each interval here is the wider of the two, each p-value the larger: at its level
under either account, conservative under both, and never narrower than the replicates alone allow, however
well the points line up. Over seven points and right standard errors, 95 % intervals cover 97.5 %.

Estimated standard errors. se² from R replicates is too small too often: E 1/se² = (R − 1)/(R − 3) · 1/σ².
Where `replicates` is given, se² is enlarged by that factor, which gives weights and χ² their right means.
Without it, at R = 10 over seven points, a true line fails its χ² test of level 0.01 in 4.3 % of tables; with
it, in 1.7 %.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import optimize, stats
from statsmodels.regression.linear_model import WLS

from bounds.check import Array, InvalidInput, finite, positive

EPS = float(np.finfo(np.float64).eps)

NAME_DELTA = 10.0
"""By how much a law's AICc must beat every rival's before it is named.

The AICc difference of a true law over a false one, at separation δ, is close to N(δ², 4δ²), so the false one
is named with probability at most max_δ Φ(−(Δ + δ²)/(2δ)) = Φ(−√Δ): 8e-4 a rival for Δ = 10, whatever the grid
and the noise. The usual χ² test of every rival would demand more data for the same safety: it looks in all
directions, the difference only in the one that separates the two laws.
"""

FIT_LEVEL = 0.01
"""Level of the χ² test that a law must survive before it is named."""

UNDECIDED = "UNDECIDED"
NONE = "NONE"


def _dimensions(d: ArrayLike) -> Array:
    dims = np.atleast_1d(finite("dims", d))
    if dims.ndim != 1 or dims.size == 0 or dims.min() < 1:
        raise InvalidInput("dims", "must be a non-empty list of dimensions, each at least 1")
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
        raise InvalidInput(
            "dims",
            f"log log d is not positive for d ≤ e, so d = {dims[dims <= np.e].flat[0]:g} cannot be used",
        )
    return np.asarray(np.log(np.log(dims)))


SCALINGS: dict[str, Callable[[Array], Array]] = {
    "log|H|": lambda d: d**2,
    "log|H| log log d": lambda d: d**2 * log_log(d),
}
"""What the error is divided by; log|H| = d² is our reading. The second is Figure 1's (cited)."""

LAWS: dict[str, Callable[[Array], Array]] = {
    "constant": np.ones_like,
    "log log d": log_log,
    "log d": np.log,
    "d": lambda d: d,
}
"""Rival laws of error/log|H|, up to a factor."""

AXES: dict[str, Callable[[Array], Array]] = {"log d": np.log, "log log d": log_log}
"""Horizontal axes for the fit of log(error): its slope is the exponent of d, or of log d."""


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
    return finite("error", error) / SCALINGS[scaling](_dimensions(d))


# --- weighted least squares, twice --------------------------------------------------------------------------


def _by_statsmodels(design: Array, y: Array, sd: Array) -> tuple[Array, Array]:
    fit = WLS(y, design, weights=sd**-2).fit()
    return np.asarray(fit.params, dtype=np.float64), np.asarray(fit.normalized_cov_params, dtype=np.float64)


def _by_lstsq(design: Array, y: Array, sd: Array) -> tuple[Array, Array]:
    whitened = design / sd[:, None]
    inverse = np.linalg.inv(np.linalg.qr(whitened, mode="r"))
    return np.asarray(np.linalg.lstsq(whitened, y / sd)[0], dtype=np.float64), inverse @ inverse.T


@dataclass(frozen=True)
class _Solution:
    """Coefficients β (p,), their covariance (p, p) for the sd given, and the scatter about the fit."""

    coefficients: Array
    covariance: Array
    chi_square: float
    dof: int
    condition: float
    discrepancy: float

    @property
    def dispersion(self) -> float:
        return self.chi_square / self.dof

    def se(self, k: int) -> float:
        return float(np.sqrt(self.covariance[k, k]))

    def interval(self, k: int, level: float) -> tuple[float, float]:
        beta = float(self.coefficients[k])
        half = self.se(k) * _critical((1 - level) / 2, self.dispersion, self.dof)
        return beta - half, beta + half


def _critical(tail: float, dispersion: float, dof: int) -> float:
    """The wider of the two quantiles of the module's docstring, in units of the standard error."""
    return float(max(stats.norm.isf(tail), np.sqrt(dispersion) * stats.t.isf(tail, dof)))


def _tail(distance: float, dispersion: float, dof: int) -> float:
    """P(noise ≥ `distance` standard errors), the larger of the two accounts; dual to `_critical`."""
    return float(max(stats.norm.sf(distance), stats.t.sf(distance / max(np.sqrt(dispersion), EPS), dof)))


def _solve(design: Array, y: Array, sd: Array) -> _Solution:
    """Weighted least squares of y (n,) on `design` (n, p), by both routes.

    Raises
    ------
    ArithmeticError
        If they differ by more than 64 n ε κ, relative to ‖A⁺‖‖y/sd‖ for the coefficients and to its own norm
        for the covariance; A is the whitened design and κ its condition number.
    """
    n, p = design.shape
    singular = np.linalg.svd(design / sd[:, None], compute_uv=False)
    condition = float(singular[0] / singular[-1]) if singular[-1] > 0 else np.inf
    if condition * n * EPS > 1e-4:
        raise InvalidInput("dims", "must hold enough different dimensions for the fit")
    (beta, covariance), (other_beta, other_covariance) = (
        _by_statsmodels(design, y, sd),
        _by_lstsq(design, y, sd),
    )
    discrepancy = max(
        float(np.linalg.norm(beta - other_beta) * singular[-1] / (np.linalg.norm(y / sd) or 1.0)),
        float(np.linalg.norm(covariance - other_covariance) / np.linalg.norm(other_covariance)),
    )
    if not discrepancy <= 64 * n * EPS * condition:
        raise ArithmeticError(
            f"two least-squares routes differ by {discrepancy:.1e} at condition number {condition:.1e}"
        )
    chi_square = float(np.sum(((y - design @ beta) / sd) ** 2))
    return _Solution(beta, covariance, chi_square, n - p, condition, discrepancy)


def _enlarged(sd: Array, replicates: ArrayLike | None) -> Array:
    """sd √((R − 1)/(R − 3)), so that E 1/sd² is the true weight; `sd` itself if R is None."""
    if replicates is None:
        return sd
    counts = finite("replicates", replicates)
    if counts.shape not in ((), sd.shape) or counts.min() < 5:
        raise InvalidInput("replicates", "must be one number or one per dimension, each at least 5")
    return np.asarray(sd * np.sqrt((counts - 1) / (counts - 3)))


def _level(key: str, value: float) -> float:
    if not 0 < value < 1:
        raise InvalidInput(key, f"must lie strictly between 0 and 1, but is {value:g}")
    return value


def _columns(x: ArrayLike, y: ArrayLike, sd: ArrayLike, least: int) -> tuple[Array, Array, Array]:
    """Three finite columns of one length, sd > 0, with `least` different x."""
    xs, ys, sds = finite("dims", x), finite("mean", y), finite("se", sd)
    if xs.ndim != 1 or ys.shape != xs.shape or sds.shape != xs.shape:
        raise InvalidInput("mean", f"dims, mean and se differ in shape: {xs.shape}, {ys.shape}, {sds.shape}")
    if np.unique(xs).size < least:
        raise InvalidInput("dims", f"must hold at least {least} different dimensions")
    if sds.min() <= 0:
        raise InvalidInput("se", "must be positive everywhere")
    return xs, ys, sds


# --- slopes -------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class SlopeFit:
    """A straight line through n points with known standard deviations.

    Attributes
    ----------
    slope, intercept : the line
    se : standard error of the slope, from the points' own standard deviations
    low, high, level : the slope's interval and its level
    chi_square, dof : Σ (residual/sd)² and n − 2
    p_fit : P(χ²_dof ≥ chi_square): small where the points do not lie on a line
    dispersion : φ = chi_square/dof
    condition, discrepancy : of the whitened system; between the two routes (module docstring)
    """

    slope: float
    intercept: float
    se: float
    low: float
    high: float
    level: float
    chi_square: float
    dof: int
    p_fit: float
    dispersion: float
    condition: float
    discrepancy: float


def fit_line(
    x: ArrayLike, y: ArrayLike, sd: ArrayLike, *, level: float = 0.95, replicates: ArrayLike | None = None
) -> SlopeFit:
    """y = intercept + slope · x by weighted least squares, weights 1/sd².

    Parameters
    ----------
    x, y, sd : shape (n,), n ≥ 3 different x; sd the standard deviations of y
    level : of the interval
    replicates : number, or shape (n,): how many replicates each sd was estimated from, at least 5;
        None takes sd as known

    Raises
    ------
    InvalidInput
        If the columns do not match, some sd is not positive, replicates < 5, or fewer than three x differ.
    ArithmeticError
        If statsmodels and plain least squares disagree beyond rounding.
    """
    _level("level", level)
    xs, ys, sds = _columns(x, y, sd, least=3)
    solution = _solve(np.column_stack([np.ones_like(xs), xs]), ys, _enlarged(sds, replicates))
    low, high = solution.interval(1, level)
    return SlopeFit(
        slope=float(solution.coefficients[1]),
        intercept=float(solution.coefficients[0]),
        se=solution.se(1),
        low=low,
        high=high,
        level=level,
        chi_square=solution.chi_square,
        dof=solution.dof,
        p_fit=float(stats.chi2.sf(solution.chi_square, solution.dof)),
        dispersion=solution.dispersion,
        condition=solution.condition,
        discrepancy=solution.discrepancy,
    )


def fit_slope(
    d: ArrayLike,
    mean: ArrayLike,
    se: ArrayLike,
    *,
    axis: str = "log d",
    level: float = 0.95,
    replicates: ArrayLike | None = None,
) -> SlopeFit:
    """Slope of log(mean) against log d, or against log log d.

    The standard deviation of log(mean) is se/mean, by the delta method. What that leaves out is a bias of
    −(se/mean)²/2, that is se/mean/2 of a standard deviation.

    Parameters
    ----------
    d : shape (n,), dimensions, at least three different ones
    mean, se : shape (n,), the (scaled) mean error and its standard error
    axis : a key of AXES
    level, replicates : as in `fit_line`

    Raises
    ------
    InvalidInput
        As `fit_line`; if a mean is not positive, or some se exceeds half its mean (no delta method there); if
        the axis is unknown, or is log log d with some d ≤ e.
    """
    if axis not in AXES:
        raise InvalidInput("axis", f"{axis!r} is not one of {', '.join(AXES)}")
    dims, means, ses = _columns(_dimensions(d), mean, se, least=3)
    if means.min() <= 0:
        raise InvalidInput("mean", "must be positive everywhere, for its logarithm")
    if np.any(ses > means / 2):
        worst = int(np.argmax(ses / means))
        raise InvalidInput(
            "se", f"exceeds half the mean at d = {dims[worst]:g}: too noisy for a fit of logarithms"
        )
    return fit_line(AXES[axis](dims), np.log(means), ses / means, level=level, replicates=replicates)


@dataclass(frozen=True)
class Equivalence:
    """Two one-sided tests that a slope lies within `margin` of `around`.

    Attributes
    ----------
    margin, around, alpha : the question: |slope − around| < margin, at level alpha
    p_low, p_high : p-values against slope ≤ around − margin and against slope ≥ around + margin
    p : the larger of the two
    low, high : the slope's interval at level 1 − 2 alpha; within the margins exactly when `equivalent`
    equivalent : whether p < alpha. If not, equivalence was not shown; nothing follows about a difference.
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


def equivalence(fit: SlopeFit, margin: float, alpha: float = 0.05, *, around: float = 0.0) -> Equivalence:
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
    p_low = _tail((offset + margin) / fit.se, fit.dispersion, fit.dof)
    p_high = _tail((margin - offset) / fit.se, fit.dispersion, fit.dof)
    half = fit.se * _critical(alpha, fit.dispersion, fit.dof)
    p = max(p_low, p_high)
    return Equivalence(
        margin, around, alpha, p_low, p_high, p, fit.slope - half, fit.slope + half, equivalent=p < alpha
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


def predicted_tilt(d: ArrayLike, relative_se: ArrayLike, *, axis: str = "log d") -> float:
    """The slope that `fit_slope` finds, noise apart, on error/(log|H| log log d) if error/log|H| is flat:

        Σ w_i (x_i − x̄) y_i / Σ w_i (x_i − x̄)²,   y = −log log log d,   w = relative_se⁻²,

    with x = log d (or the axis) and x̄ its weighted mean.

    Parameters
    ----------
    d : shape (n,), dimensions > e
    relative_se : number or shape (n,), standard error over mean, as in the table
    axis : a key of AXES

    Raises
    ------
    InvalidInput
        If some d ≤ e, a relative_se is not positive, or all d are equal.
    """
    dims, _, relative = _columns(_dimensions(d), np.ones(np.shape(d)), _relative(relative_se, d), least=2)
    x, w = AXES[axis](dims), relative**-2
    centred = x - np.average(x, weights=w)
    return float(-np.sum(w * centred * np.log(log_log(dims))) / np.sum(w * centred**2))


def _relative(relative_se: ArrayLike, d: ArrayLike) -> Array:
    relative = finite("relative_se", relative_se)
    if relative.shape not in ((), np.shape(d)) or relative.min() <= 0:
        raise InvalidInput("relative_se", "must be one positive number or one per dimension")
    return np.broadcast_to(relative, np.shape(d))


# --- rival laws ---------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class LawFit:
    """error/log|H| = coefficient · law(d).

    Attributes
    ----------
    law : a key of LAWS
    coefficient, se, low, high : with the interval at the comparison's level
    chi_square, p_fit : with n − 1 degrees of freedom
    aicc : χ²/φ + 2 + 4/(n − 2), known variances enlarged by φ = max(1, least χ²/(n − 1)). All laws have one
        coefficient, so differences of AICc are differences of χ²/φ.
    delta : aicc minus the least aicc
    weight : Akaike weight among the laws compared
    condition, discrepancy : of the whitened system; between the two routes
    """

    law: str
    coefficient: float
    se: float
    low: float
    high: float
    chi_square: float
    p_fit: float
    aicc: float
    delta: float
    weight: float
    condition: float
    discrepancy: float


@dataclass(frozen=True)
class NestedFit:
    """error/log|H| = a + b · law(d), which contains the constant law as b = 0.

    Attributes
    ----------
    law : a key of LAWS other than "constant"
    a, b, se, low, high : the coefficients; standard error and interval of b
    chi_square, p_fit : with n − 2 degrees of freedom
    share : 1 − χ²/χ²_constant, the share of the weighted variation between dimensions that b · law(d)
        explains
    share_by_noise : 1/(n − 1), the mean share if there is nothing to explain
    condition, discrepancy : of the whitened system; between the two routes
    """

    law: str
    a: float
    b: float
    se: float
    low: float
    high: float
    chi_square: float
    p_fit: float
    share: float
    share_by_noise: float
    condition: float
    discrepancy: float


@dataclass(frozen=True)
class Comparison:
    """Which law a table supports.

    Attributes
    ----------
    verdict : a law, "UNDECIDED" or "NONE"; the rule is in `compare_laws`
    standing : the laws that are not told apart: best first, those within NAME_DELTA of the least AICc;
        empty where the verdict is "NONE"
    level : of the intervals
    fits, nested : one entry per law, and per law but the constant one
    """

    verdict: str
    standing: tuple[str, ...]
    level: float
    fits: tuple[LawFit, ...]
    nested: tuple[NestedFit, ...]


def _law_names(laws: Sequence[str]) -> tuple[str, ...]:
    if len(laws) < 2 or len(set(laws)) != len(laws) or not set(laws) <= set(LAWS):
        raise InvalidInput("laws", f"must be two or more different ones of {', '.join(LAWS)}")
    return tuple(laws)


def _chi_squares(shapes: Array, y: Array, sd: Array) -> Array:
    """χ² of y = a · shape, for tables y, sd of shape (…, n) and laws `shapes` (L, n); shape (…, L)."""
    u, z = shapes / sd[..., None, :], (y / sd)[..., None, :]
    a = np.sum(u * z, -1, keepdims=True) / np.sum(u * u, -1, keepdims=True)
    return np.asarray(np.sum((z - a * u) ** 2, -1))


def _delta_and_adequacy(chi_squares: Array, n: int) -> tuple[Array, Array, NDArray[np.bool_]]:
    """(AICc differences (…, L), φ (…,), whether the best law survives its χ² test (…,)) from χ² (…, L)."""
    least = chi_squares.min(-1)
    phi = np.maximum(1.0, least / (n - 1))
    return (
        (chi_squares - least[..., None]) / phi[..., None],
        phi,
        np.asarray(least <= stats.chi2.isf(FIT_LEVEL, n - 1)),
    )


def compare_laws(
    d: ArrayLike,
    mean: ArrayLike,
    se: ArrayLike,
    *,
    laws: Sequence[str] = tuple(LAWS),
    level: float = 0.95,
    replicates: ArrayLike | None = None,
) -> Comparison:
    """Rival laws of error/log|H|, each with one free factor.

    A law is named only if it survives its own χ² test at FIT_LEVEL *and* every rival's AICc is larger by
    NAME_DELTA or more (see there for how rarely that names a false law). If the best law fails its χ² test,
    no law of the list describes the table: "NONE". Otherwise "UNDECIDED", and `standing` says between which.

    Parameters
    ----------
    d : shape (n,), dimensions > e, at least three different ones
    mean, se : shape (n,), the mean of error/log|H| (from `scaled`) and its standard error
    laws : keys of LAWS, two or more
    level, replicates : as in `fit_line`

    Raises
    ------
    InvalidInput
        If the columns do not match, some se is not positive, some d ≤ e, or a law is unknown.
    ArithmeticError
        If two least-squares routes disagree beyond rounding.
    """
    names, _ = _law_names(laws), _level("level", level)
    dims, y, ses = _columns(_dimensions(d), mean, se, least=3)
    sd = _enlarged(ses, replicates)
    shapes = np.stack([LAWS[name](dims) for name in names])
    n = dims.size
    solutions = [_solve(shape[:, None], y, sd) for shape in shapes]
    delta, phi, adequate = _delta_and_adequacy(np.array([s.chi_square for s in solutions]), n)
    akaike = np.exp(-delta / 2) / np.exp(-delta / 2).sum()
    fits = tuple(
        LawFit(
            law=name,
            coefficient=float(s.coefficients[0]),
            se=s.se(0),
            low=s.interval(0, level)[0],
            high=s.interval(0, level)[1],
            chi_square=s.chi_square,
            p_fit=float(stats.chi2.sf(s.chi_square, s.dof)),
            aicc=s.chi_square / float(phi) + 2 + 4 / (n - 2),
            delta=float(delta[k]),
            weight=float(akaike[k]),
            condition=s.condition,
            discrepancy=s.discrepancy,
        )
        for k, (name, s) in enumerate(zip(names, solutions, strict=True))
    )
    flat = _solve(np.ones((n, 1)), y, sd).chi_square
    nested = tuple(
        _nested(name, shape, y, sd, flat, level)
        for name, shape in zip(names, shapes, strict=True)
        if name != "constant"
    )
    order = [names[k] for k in np.argsort(delta, kind="stable") if delta[k] < NAME_DELTA]
    standing = tuple(order) if adequate else ()
    verdict = NONE if not standing else standing[0] if len(standing) == 1 else UNDECIDED
    return Comparison(verdict, standing, level, fits, nested)


def _nested(name: str, shape: Array, y: Array, sd: Array, flat: float, level: float) -> NestedFit:
    s = _solve(np.column_stack([np.ones_like(shape), shape]), y, sd)
    low, high = s.interval(1, level)
    return NestedFit(
        law=name,
        a=float(s.coefficients[0]),
        b=float(s.coefficients[1]),
        se=s.se(1),
        low=low,
        high=high,
        chi_square=s.chi_square,
        p_fit=float(stats.chi2.sf(s.chi_square, s.dof)),
        share=1 - s.chi_square / flat if flat > 0 else 0.0,
        share_by_noise=1 / (y.size - 1),
        condition=s.condition,
        discrepancy=s.discrepancy,
    )


# --- what a table can tell ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Power:
    """How `compare_laws` answers tables made from one law: shares of `draws`, which add up to 1."""

    law: str
    right: float
    wrong: float
    undecided: float
    none: float
    draws: int


def power(
    d: ArrayLike,
    relative_se: ArrayLike,
    rng: np.random.Generator,
    draws: int = 10_000,
    *,
    laws: Sequence[str] = tuple(LAWS),
) -> tuple[Power, ...]:
    """The verdict's operating characteristics on a given grid, at a given noise.

    Tables are law(d_i) (1 + relative_se_i ε_i), ε_i standard normal, with the standard error relative_se_i
    law(d_i) known; the factor a drops out. They go through the rule of `compare_laws`.

    Parameters
    ----------
    d : shape (n,), dimensions > e, at least three different ones
    relative_se : number or shape (n,), standard error over mean, as in the table
    rng : source of the noise
    draws : tables per law
    laws : the rivals, and the truths in turn

    Returns
    -------
    One Power per law.

    Raises
    ------
    InvalidInput
        If some d ≤ e, relative_se is not positive, draws < 1, or a law is unknown.

    Notes
    -----
    Cost: about 10 · draws · n · L² flops for L laws.
    """
    names = _law_names(laws)
    if draws < 1:
        raise InvalidInput("draws", f"must be at least 1, but is {draws}")
    dims, _, relative = _columns(_dimensions(d), np.ones(np.shape(d)), _relative(relative_se, d), least=3)
    shapes = np.stack([LAWS[name](dims) for name in names])
    table = []
    for k, (name, truth) in enumerate(zip(names, shapes, strict=True)):
        sd = relative * truth
        y = truth + sd * rng.standard_normal((draws, dims.size))
        delta, _, adequate = _delta_and_adequacy(_chi_squares(shapes, y, sd), dims.size)
        named = adequate & (np.sum(delta < NAME_DELTA, -1) == 1)
        right = named & (np.argmin(delta, -1) == k)
        table.append(
            Power(
                law=name,
                right=float(np.mean(right)),
                wrong=float(np.mean(named & ~right)),
                undecided=float(np.mean(adequate & ~named)),
                none=float(np.mean(~adequate)),
                draws=draws,
            )
        )
    return tuple(table)


def naming_probability(d: ArrayLike, relative_se: ArrayLike, truth: str, rival: str) -> float:
    """P(`compare_laws` names `truth`) when it holds and only `rival` competes: `power`'s `right`, without
    draws.

    In the whitened space let u, v be the unit vectors of truth and rival, ρ = u·v, s² = 1 − ρ², and b the
    length of the true mean. With Y₁ ~ N(b, 1) along u, Y₂ ~ N(0, 1) beside it in their plane, and W ~
    χ²_{n−2} outside it,

        χ²_truth = Y₂² + W,   χ²_rival − χ²_truth = s² (Y₁² − Y₂²) − 2ρs Y₁Y₂ ≥ Δ max(1, (Y₂² + W)/(n − 1))

    is a quadratic in Y₁, solved exactly; Y₂ and W are integrated over 400 × 400 equal-probability cells
    (error below 1e-3).

    Parameters
    ----------
    d, relative_se : as in `power`
    truth, rival : two different keys of LAWS

    Raises
    ------
    InvalidInput
        As `power`.
    """
    _law_names([truth, rival])
    dims, _, relative = _columns(_dimensions(d), np.ones(np.shape(d)), _relative(relative_se, d), least=3)
    n = dims.size
    u = 1 / relative
    v = LAWS[rival](dims) / LAWS[truth](dims) / relative
    b = float(np.linalg.norm(u))
    rho = float(u @ v / (b * np.linalg.norm(v)))
    # s from the part of v beside u: 1 − ρ² would cancel where the laws are alike.
    s = float(np.linalg.norm(v - (u @ v) * u / b**2) / np.linalg.norm(v))
    middles = (np.arange(400) + 0.5) / 400
    y2, w = stats.norm.ppf(middles)[:, None], stats.chi2.ppf(middles, n - 2)
    chi_square = y2**2 + w
    threshold = NAME_DELTA * np.maximum(1.0, chi_square / (n - 1))
    half = np.sqrt(y2**2 + threshold)  # the discriminant, since ρ² + s² = 1
    upper, lower = (rho * y2 + half) / s, (rho * y2 - half) / s
    named = (stats.norm.sf(upper - b) + stats.norm.cdf(lower - b)) * (
        chi_square <= stats.chi2.isf(FIT_LEVEL, n - 1)
    )
    return float(named.mean())


@dataclass(frozen=True)
class Design:
    """What would tell two laws apart with probability `target`, whichever of them holds.

    Attributes
    ----------
    laws, target : the question
    probability : of naming the right one with the grid and noise as they are (the smaller of the two truths)
    d_max, points : the least extension of the grid, at its own mean ratio and its last relative error, that
        does it; None if no d_max up to `limit` does
    limit : the largest d_max tried
    replicates_factor : times the replicates (relative error shrinks as its root) that would do it on the same
        grid; below 1 where fewer would; None if none up to 1e12 does
    """

    laws: tuple[str, str]
    target: float
    probability: float
    d_max: float | None
    points: int | None
    limit: float
    replicates_factor: float | None


def deciding_design(
    d: ArrayLike,
    relative_se: ArrayLike,
    laws: tuple[str, str] = ("constant", "log log d"),
    target: float = 0.95,
    *,
    limit: float = 1e9,
) -> Design:
    """How large a d_max, or how many times the replicates, would decide between two laws.

    Parameters
    ----------
    d : shape (n,), dimensions > e, strictly increasing
    relative_se : number or shape (n,), standard error over mean, as in the table
    laws : the two laws
    target : probability of naming the right one, below 1 − FIT_LEVEL (a true law fails its own χ² test that
        often)
    limit : the largest d_max to try

    Raises
    ------
    InvalidInput
        As `power`; if d does not increase, or the target is out of reach.
    """
    _law_names(laws)
    if not 0 < target < 1 - FIT_LEVEL:
        raise InvalidInput("target", f"must lie between 0 and {1 - FIT_LEVEL:g}, but is {target:g}")
    dims = _dimensions(d)
    if dims.size < 3 or np.any(np.diff(dims) <= 0):
        raise InvalidInput("dims", "must be at least three, strictly increasing")
    relative = _relative(relative_se, dims)

    def probability(grid: Array, noise: Array) -> float:
        return min(naming_probability(grid, noise, *pair) for pair in (laws, laws[::-1]))

    def gap(log_factor: float) -> float:
        return probability(dims, relative * np.exp(-log_factor / 2)) - target

    ratio = (dims[-1] / dims[0]) ** (1 / (dims.size - 1))
    grid, noise = dims, relative
    while probability(grid, noise) < target and grid[-1] * ratio <= limit:
        grid, noise = np.append(grid, grid[-1] * ratio), np.append(noise, noise[-1])
    reached = probability(grid, noise) >= target

    ends = (np.log(1e-12), np.log(1e12))
    factor = None
    if gap(ends[0]) < 0 <= gap(ends[1]):
        factor = float(np.exp(optimize.brentq(gap, *ends, xtol=1e-3)))
    return Design(
        laws=(laws[0], laws[1]),
        target=target,
        probability=probability(dims, relative),
        d_max=float(grid[-1]) if reached else None,
        points=grid.size if reached else None,
        limit=limit,
        replicates_factor=factor,
    )
