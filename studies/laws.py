r"""Which law a measured error follows: rival laws with offsets, and a rule that names one of them.

    error(d) = a + b f(d),   f ∈ {log log d, log d, d},  any a, any b > 0;   or error(d) = a.

Offsets belong to the laws: a measured error has a part that does not grow. With offsets every law
is near a constant for small b, and no table excludes that. So the laws are divided by a stated
margin: "constant" are all, of whatever f, that change from the smallest d to the largest by a
factor below (d_max/d_min)^margin, either way: an average slope below `margin` on log-log axes. The
law "f" is all a + b f(d) that change by more.

The rule. With se_i estimated from R_i replicates, the true law μ makes

    χ²(μ) = Σ_i ((y_i − μ(d_i))/se_i)²

a sum of independent squares of Student's t with R_i − 1 degrees of freedom (of normals, where the
se are known). Let q be its 99 % point. The laws with χ²(μ) ≤ q, an ellipse of (a, b) for each f,
make a confidence set that holds the true law, its offset included, with probability at least 99 %.
Each of "constant", "log log d", "log d" and "d" stands if the set holds a law of that name. The one
that stands alone is named. "NONE" if nothing stands, or what stands alone falls (b < 0); else
"UNDECIDED".

Its guarantee. Whatever the law, offset, grid and replicates: a table whose truth is one of the laws
gets a wrong name with probability at most 1 %. Proof: unless the set misses the truth, in 1 %, the
truth's name stands, and no other stands alone. "NONE" is not said of it either: the set's part of
one f is convex, so if it held a falling law and the rising truth, it held a constant, which then
stands too.

It supposes normal errors, independent across d, and a truth among the laws. A power of d has no
such guarantee: d^0.1 over 8 … 256 at 1 % noise is called log d, at 0.1 % it is called nothing. It
is conservative: q has n degrees of freedom, and each fit uses up to two of them. With few
replicates it is very conservative (n = 6: q = 17 for known se, 67 for R = 5, 624 for R = 3).

Single runs. Without standard errors, the runs' own scatter tells the noise: one relative scatter at
all d. χ²(μ) is weighted by 1/y_i², and (χ²(μ) − χ²_full)/4 over χ²_full/(n − 4), where "full" fits
all four shapes at once, is F(4, n − 4): the same kind of set. The noise in the weights makes this
approximate; it is simulated, not proved.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import scipy
from numpy.typing import ArrayLike, NDArray

from bounds.check import Array, InvalidInput, finite, positive
from studies.least_squares import ROUNDING, columns
from studies.slopes import log_log

LEVEL = 0.99
"""Of the confidence set; 1 − LEVEL bounds the probability of a wrong name."""

MARGIN = 0.02
"""Of "constant", the same that a flat slope is judged by."""

UNDECIDED = "UNDECIDED"
NONE = "NONE"

LAWS: dict[str, Callable[[Array], Array]] = {
    "constant": np.ones_like,
    "log log d": log_log,
    "log d": np.log,
    "d": lambda d: d,
}
"""The shapes f; the constant one is first."""


# --- the confidence set ---------------------------------------------------------------------------


@lru_cache(maxsize=4096)
def radius(dof: tuple[float, ...], level: float = LEVEL) -> float:
    """The `level` point of Σ_i t_i², t_i independent Student's t with `dof`[i] degrees of freedom.

    From above, by less than 1 % up to 18 dimensions: each t² is rounded up to a grid of 2^15 steps,
    and the laws are convolved. The grid ends at Σ_i t_i², t_i the point of two-sided level
    1 − (1 − level)/n, which bounds the answer (Bonferroni). Infinite `dof` are normals.
    """
    n = len(dof)
    if np.all(np.isinf(dof)):
        return float(scipy.stats.chi2.isf(1 - level, n))
    top = float(np.sum(scipy.stats.t.isf((1 - level) / (2 * n), dof) ** 2))
    edges = np.linspace(0, top, 2**15 + 1)
    total = np.zeros(edges.size)
    total[0] = 1
    steps = {
        one: np.diff(1 - 2 * scipy.stats.t.sf(np.sqrt(edges), one), prepend=0.0)
        for one in set(dof)  # most often the same for all
    }
    for one in dof:
        total = scipy.signal.fftconvolve(total, steps[one])[: edges.size]
    above = np.flatnonzero(np.cumsum(total) >= level)
    return float(edges[above[0]]) if above.size else top


def _squares(design: Array, y: Array, sd: Array) -> Array:
    """Σ (residual/sd)² of tables y, sd (T, n) fitted by `design` (n, p)."""
    q = np.linalg.qr(design / sd[..., None])[0]
    z = y / sd
    return np.asarray(np.sum((z - np.einsum("tnp,tmp,tm->tn", q, q, z)) ** 2, -1))


@dataclass(frozen=True)
class _Set:
    """The confidence sets of T tables. But for q (T,), shape (T, L), laws in the order of LAWS.

    a, b : the best fit's; a_half, b_half : half their width in the set
    chi_square, q : the best fit's χ², and its limit in the set
    low, high : the least and largest error(d_max)/error(d_min) in the set, NaN where they have no
        bound
    stands : the module's rule
    """

    a: Array
    b: Array
    a_half: Array
    b_half: Array
    chi_square: Array
    q: Array
    low: Array
    high: Array
    stands: NDArray[np.bool_]

    @property
    def names(self) -> NDArray[np.intp]:
        """Per table the place of the law that is named; −1 for UNDECIDED, −2 for NONE."""
        count, best = self.stands.sum(-1), np.argmax(self.stands, -1)
        falls = np.take_along_axis(self.b, best[:, None], -1)[:, 0] < 0
        return np.where(count == 0, -2, np.where(count > 1, -1, np.where(falls, -2, best)))


def _confidence_set(dims: Array, y: Array, sd: Array, q: Array, margin: float) -> _Set:
    """For tables y, sd of shape (T, n), with χ² at most q (T,)."""
    first, last = int(np.argmin(dims)), int(np.argmax(dims))
    w = sd**-2
    weight = w.sum(-1)
    level = (w * y).sum(-1) / weight
    residual = y - level[:, None]
    flat = (w * residual**2).sum(-1)
    a, b, a_half, b_half, least, low, high = (np.zeros((y.shape[0], len(LAWS))) for _ in range(7))
    a[:, 0], least[:, 0], low[:, 0], high[:, 0] = level, flat, 1, 1
    a_half[:, 0] = np.sqrt(np.maximum(q - flat, 0) / weight)
    for k, shape in enumerate(list(LAWS.values())[1:], start=1):
        f = shape(dims)
        middle = (w * f).sum(-1) / weight
        centred = f - middle[:, None]  # laws on a narrow grid are all but constant
        spread = (w * centred**2).sum(-1)
        b[:, k] = (w * centred * residual).sum(-1) / spread
        a[:, k] = level - b[:, k] * middle
        least[:, k] = (w * (residual - b[:, [k]] * centred) ** 2).sum(-1)
        rho = np.maximum(q - least[:, k], 0)
        b_half[:, k] = np.sqrt(rho / spread)
        a_half[:, k] = np.sqrt(rho * (1 / weight + middle**2 / spread))
        # All r with (y₁ − r y₀)² ≤ ρ Var(y₁ − r y₀), Fieller's interval of a ratio: the roots of
        # A r² − 2 B r + C, whose B² − AC is factored so that nothing cancels.
        g0, g1 = centred[:, first], centred[:, last]
        y0, y1 = level + b[:, k] * g0, level + b[:, k] * g1
        top = y0 * y1 - rho * (1 / weight + g0 * g1 / spread)
        bottom = y0**2 - rho * (1 / weight + g0**2 / spread)
        inner = b[:, k] ** 2 / weight + level**2 / spread - rho / (weight * spread)
        root = (g1 - g0) * np.sqrt(np.maximum(rho * inner, 0))
        bounded = (bottom > 0) & (y0 > 0)
        divisor = np.where(bounded, bottom, 1)
        low[:, k] = np.where(bounded, (top - root) / divisor, np.nan)
        high[:, k] = np.where(bounded, (top + root) / divisor, np.nan)
    inside = least <= q[:, None]
    most = (dims[last] / dims[first]) ** margin
    unbounded = np.isnan(high)
    stands = inside & (unbounded | (high >= most) | (low <= 1 / most))
    # Any law in the set that changes by less is a constant; the first column is exactly flat.
    stands[:, 0] = np.any(inside & (unbounded | ((low < most) & (high > 1 / most))), -1)
    return _Set(a, b, a_half, b_half, least, q, low, high, stands)


def judge(dims: Array, y: Array, sd: Array | None, counts: Array | None, margin: float) -> _Set:
    """The confidence sets of tables y (T, n): by standard errors sd (T, n), estimated from `counts`
    (n,) replicates or known; or, without, by the tables' own scatter."""
    n = dims.size
    if sd is not None:
        dof = np.full(n, np.inf) if counts is None else counts - 1
        q = np.full(y.shape[0], radius(tuple(dof.tolist())))
        return _confidence_set(dims, y, sd, q, margin)
    shapes = np.column_stack([shape(dims) / shape(dims).max() for shape in LAWS.values()])
    p = shapes.shape[1]
    q = _squares(shapes, y, y) * (1 + p / (n - p) * scipy.stats.f.isf(1 - LEVEL, p, n - p))
    # A table without any scatter is still rounded.
    return _confidence_set(dims, y, y, np.maximum(q, n * ROUNDING**2), margin)


# --- one table ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class LawFit:
    """error = a + b f(d), by weighted least squares, and what of it the confidence set holds.

    Attributes
    ----------
    law : a key of LAWS; the fit of "constant" has b = 0
    a, b : the best fit
    a_low, a_high, b_low, b_high : their ranges over the set; both a and b where it holds no such
        law
    chi_square, limit : of the best fit, and the set's q: beyond it, no law of this shape is in the
        set
    factor_low, factor_high : error(d_max)/error(d_min) over the set; None where it has no bound
    stands : whether the set holds a law of that name (module docstring)
    """

    law: str
    a: float
    b: float
    a_low: float
    a_high: float
    b_low: float
    b_high: float
    chi_square: float
    limit: float
    factor_low: float | None
    factor_high: float | None
    stands: bool


@dataclass(frozen=True)
class Comparison:
    """Which law a table supports.

    Attributes
    ----------
    verdict : a law, "UNDECIDED" or "NONE"
    standing : the laws that are not excluded, best fit first
    margin : the question's
    flat_factor : (d_max/d_min)^margin: a "constant" error changes by less than this factor
    fits : one per law
    """

    verdict: str
    standing: tuple[str, ...]
    margin: float
    flat_factor: float
    fits: tuple[LawFit, ...]


def grid_of(d: ArrayLike, least: int) -> Array:
    """d as a list of at least `least` different numbers above e."""
    dims = np.atleast_1d(finite("dims", d))
    log_log(dims)
    values, counts = np.unique(dims, return_counts=True)
    if values.size < dims.size:
        twice = values[counts > 1][0]
        raise InvalidInput("dims", f"holds d = {twice:g} more than once: summarise its runs first")
    if values.size < least:
        raise InvalidInput("dims", f"must hold at least {least} different ones, not {values.size}")
    return dims


def counts_of(replicates: ArrayLike | None, n: int) -> Array | None:
    """`replicates`, one number or one per dimension, as shape (n,)."""
    if replicates is None:
        return None
    counts = finite("replicates", replicates)
    if counts.shape not in ((), (n,)) or counts.min() < 2:
        raise InvalidInput("replicates", "must be one number or one per dimension, each at least 2")
    return np.broadcast_to(counts, n)


def compare_laws(
    d: ArrayLike,
    mean: ArrayLike,
    se: ArrayLike | None = None,
    *,
    replicates: ArrayLike | None = None,
    margin: float = MARGIN,
) -> Comparison:
    """The law of LAWS, with any offset, that a table names, if it names one (module docstring).

    Parameters
    ----------
    d : shape (n,), different dimensions > e; three or more, five or more without `se`
    mean : shape (n,), positive: the error at each (divided by log|H| or whatever else is known)
    se : shape (n,), standard errors of the means; None for single runs of one relative scatter
    replicates : number, or shape (n,): from how many replicates each se was estimated; None: known
    margin : of "constant", > 0

    Raises
    ------
    InvalidInput
        If the columns do not match; some d ≤ e, or comes twice; there are too few d; a mean or se
        is not positive and finite, an se below 1e-12 or above 1000 times its mean; replicates are
        below 2, or come without se.
    """
    positive("margin", margin)
    dims = grid_of(d, 5 if se is None else 3)
    if se is None and replicates is not None:
        raise InvalidInput("replicates", "are those of standard errors, and there are none")
    _, y, ses = columns(dims, mean, np.ones(dims.size) if se is None else se, least=3)
    if y.min() <= 0:
        raise InvalidInput("mean", f"must be positive, but one is {y.min():g}")
    unit = y.max()
    sd = None if se is None else ses / unit
    if sd is not None and not np.all((sd > ROUNDING * y / unit) & (sd < 1e3 * y / unit)):
        raise InvalidInput("se", "must lie between 1e-12 and 1000 times the mean, everywhere")
    counts = counts_of(replicates, dims.size)
    found = judge(dims, y[None] / unit, None if sd is None else sd[None], counts, margin)
    names = list(LAWS)

    def bound(value: float) -> float | None:
        return None if np.isnan(value) else float(value)

    fits = tuple(
        LawFit(
            law=name,
            a=float(unit * found.a[0, k]),
            b=float(unit * found.b[0, k]),
            a_low=float(unit * (found.a[0, k] - found.a_half[0, k])),
            a_high=float(unit * (found.a[0, k] + found.a_half[0, k])),
            b_low=float(unit * (found.b[0, k] - found.b_half[0, k])),
            b_high=float(unit * (found.b[0, k] + found.b_half[0, k])),
            chi_square=float(found.chi_square[0, k]),
            limit=float(found.q[0]),
            factor_low=bound(found.low[0, k]),
            factor_high=bound(found.high[0, k]),
            stands=bool(found.stands[0, k]),
        )
        for k, name in enumerate(names)
    )
    standing = sorted((fit for fit in fits if fit.stands), key=lambda fit: fit.chi_square)
    return Comparison(
        verdict=[*names, NONE, UNDECIDED][found.names[0]],
        standing=tuple(fit.law for fit in standing),
        margin=margin,
        flat_factor=float((dims.max() / dims.min()) ** margin),
        fits=fits,
    )
