r"""Confidence intervals for one edge of a Gaussian graphical model, from a data matrix.

Rows x ~ N(μ, Ω^{-1}); the edge of columns a and b is ω_ab, and 0 where the two are independent
given the others. With A ⊇ {a, b}, k = |A|, S the covariance of the rows and m = n − 1 its degrees
of freedom (n, if the mean is known), score matching of rows a and b on A estimates

    ω̂ = ((S_AA)^{-1})_ab,   standard error √((ω̂_aa ω̂_bb + ω̂_ab²)/m), the sandwich.

If A holds all neighbours of a and of b, the block of a and b is m W^{-1} with W ~ W_2(m − k + 2,
(Ω_{ab})^{-1}), exactly: so ω̂_ab is m/(m − k − 1) times too large in the mean. The *plain* interval
ω̂ ± z · standard error ignores that; it needs k = o(√m), at ω_ab = 0 k = o(m). The *repaired* one
has

    f = (m − k − 1)/m,   f ω̂ ± z f √((ω̂_aa ω̂_bb + ω̂_ab²)/(m − k)),

whose coverage tends to the level whenever m − k grows. All of this takes A as given before the
data. Neighbours of a alone, selected on the same data (*naive*), lose those that are weak at a and
strong at b, and with them the coverage; the union of a's and b's (*double selection*) keeps them.
Where that may fail, a strong prior guess of the neighbours is worth more than any selection.
"""

import warnings
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import scipy
from numpy.typing import ArrayLike

from bounds.check import Array, InvalidInput, matrices, number, positive, symmetric, whole
from bounds.data import rows_of

SINGULAR = 1e-12
"""Share of a column's variance that the columns before it must leave, to be told from 0."""


class Interval(NamedTuple):
    """An estimate of ω_ab and its confidence interval; `columns` are those of A, a and b first."""

    estimate: float
    low: float
    high: float
    columns: tuple[int, ...]


class EdgeIntervals(NamedTuple):
    """What is said of an edge.

    Attributes
    ----------
    naive : plain interval; the neighbours are those selected for a alone
    double : plain interval; those of a and those of b
    repaired : the same columns, without the bias of many columns. The one to report
    p_value : of the hypothesis ω_ab = 0, two-sided, by Student's t of the partial correlation
        given the columns of `double`: exact, were these not selected on the data
    samples : m, the degrees of freedom of the covariance
    """

    naive: Interval
    double: Interval
    repaired: Interval
    p_value: float
    samples: int


def pair_block(gram: ArrayLike, samples: float) -> Array:
    """Score matching's estimate of the block of a and b in Ω: m (G^{-1}) at the first two columns.

    Parameters
    ----------
    gram : G = Σ_i x_i x_iᵀ over the columns of A, those of a and b first, shape (…, k, k)
    samples : m, the degrees of freedom of G

    Returns
    -------
    Shape (…, 2, 2).

    Raises
    ------
    InvalidInput
        If G is not symmetric, has fewer than two columns, or is singular to twelve digits.

    Notes
    -----
    Cost: k³/3 flops a matrix, by Schur's complement: the block of the inverse is the inverse of
    what the other columns leave of a and b.

    Examples
    --------
    >>> pair_block([[2.0, 1.0, 0.0], [1.0, 2.0, 1.0], [0.0, 1.0, 2.0]], 4).round(12)
    array([[ 3., -2.],
           [-2.,  4.]])
    """
    held, m = symmetric("gram", gram), positive("samples", samples)
    if held.shape[-1] < 2:
        raise InvalidInput("gram", f"must have two columns or more, but has shape {held.shape}")
    diagonal = np.diagonal(held, axis1=-2, axis2=-1)
    if diagonal.min(initial=1.0) <= 0:
        raise InvalidInput("gram", "must have a positive diagonal")
    scale = 1 / np.sqrt(diagonal)
    # Backwards, so that a and b come last: the last corner of the factor is what is left of them.
    scaled = (held * scale[..., :, None] * scale[..., None, :])[..., ::-1, ::-1]
    try:
        factor = np.linalg.cholesky(scaled)
    except np.linalg.LinAlgError:
        factor = np.zeros_like(scaled)
    if np.diagonal(factor, axis1=-2, axis2=-1).min(initial=1.0) ** 2 < SINGULAR:
        raise InvalidInput(
            "gram", "is singular: some columns are sums of multiples of others, or rows are too few"
        )
    # What is left of b and a is [[p², pq], [pq, q² + r²]].
    p, q, r = factor[..., -2, -2], factor[..., -1, -2], factor[..., -1, -1]
    block = np.empty((*held.shape[:-2], 2, 2))
    block[..., 0, 0], block[..., 1, 1] = 1 / r**2, (1 + (q / r) ** 2) / p**2
    block[..., 0, 1] = block[..., 1, 0] = -q / (p * r**2)
    return m * block * scale[..., :2, None] * scale[..., None, :2]


def _checked(block: ArrayLike, samples: float, level: float) -> tuple[Array, float, float]:
    found, m = matrices("block", block, 2), positive("samples", samples)
    inside = number("level", level)
    if not 0 < inside < 1:
        raise InvalidInput("level", f"must lie between 0 and 1, but is {inside:g}")
    return found, m, float(scipy.stats.norm.isf((1 - inside) / 2))


def _spread(block: Array) -> Array:
    """√(ω̂_aa ω̂_bb + ω̂_ab²)."""
    return np.asarray(np.sqrt(block[..., 0, 0] * block[..., 1, 1] + block[..., 0, 1] ** 2))


def plain_interval(block: ArrayLike, samples: float, level: float = 0.95) -> tuple[Array, Array]:
    """ω̂ ± z √((ω̂_aa ω̂_bb + ω̂_ab²)/m), low and high, of blocks of shape (…, 2, 2).

    Raises
    ------
    InvalidInput
        If the blocks are not 2 × 2, m is not positive, or the level is not between 0 and 1.

    Examples
    --------
    >>> low, high = plain_interval([[2.0, 0.0], [0.0, 2.0]], 100)
    >>> print(round(float(low), 3), round(float(high), 3))
    -0.392 0.392
    """
    found, m, z = _checked(block, samples, level)
    half = z * _spread(found) / np.sqrt(m)
    return np.asarray(found[..., 0, 1] - half), np.asarray(found[..., 0, 1] + half)


def repaired_interval(
    block: ArrayLike, samples: float, columns: int, level: float = 0.95
) -> tuple[Array, Array]:
    """f ω̂ ± z f √((ω̂_aa ω̂_bb + ω̂_ab²)/(m − k)), f = (m − k − 1)/m, of blocks (…, 2, 2).

    Raises
    ------
    InvalidInput
        As `plain_interval` says, or if m ≤ k + 1.

    Examples
    --------
    >>> low, high = repaired_interval([[2.0, 0.5], [0.5, 2.0]], 100, 49)
    >>> print(round(float(low), 3), round(float(high), 3))
    -0.033 0.533
    """
    found, m, z = _checked(block, samples, level)
    k = whole("columns", columns, 2)
    if m <= k + 1:
        raise InvalidInput("columns", f"must be fewer than m − 1 = {m - 1:g}, but are {k}")
    f = (m - k - 1) / m
    middle = f * found[..., 0, 1]
    half = z * f * _spread(found) / np.sqrt(m - k)
    return np.asarray(middle - half), np.asarray(middle + half)


def null_p_value(block: ArrayLike, samples: float, columns: int) -> Array:
    """The p-value of ω_ab = 0, two-sided, of blocks (…, 2, 2): uniform on (0, 1) if A was given.

    t = r √(m − k + 1)/√(1 − r²) has Student's law with m − k + 1 degrees of freedom, where
    r² = ω̂_ab²/(ω̂_aa ω̂_bb) is the partial correlation's square.

    Raises
    ------
    InvalidInput
        As `repaired_interval` says.

    Examples
    --------
    >>> round(float(null_p_value([[2.0, 0.5], [0.5, 2.0]], 60, 20)), 4)
    0.1059
    """
    found, m, _ = _checked(block, samples, 0.95)
    k = whole("columns", columns, 2)
    if m <= k + 1:
        raise InvalidInput("columns", f"must be fewer than m − 1 = {m - 1:g}, but are {k}")
    square = found[..., 0, 1] ** 2
    left = found[..., 0, 0] * found[..., 1, 1] - square
    return np.asarray(2 * scipy.stats.t.sf(np.sqrt((m - k + 1) * square / left), m - k + 1))


def neighbours(rows: ArrayLike, node: int, penalty: float | None = None) -> tuple[int, ...]:
    """The columns that the Lasso keeps when it predicts column `node` from all others.

    Columns are scaled to mean square 1. The penalty is λ in ‖y − Xw‖²/(2n) + λ‖w‖₁; by default
    λ = σ̂ √(2 log d/n), σ̂ the root mean square of what is left of y, found together with w (the
    scaled Lasso of Sun and Zhang, Biometrika 2012).

    Parameters
    ----------
    rows : shape (n, d), centred, or with mean 0
    node : which column, 0 … d − 1
    penalty : λ > 0

    Raises
    ------
    InvalidInput
        As `bounds.data.rows_of` says, but that columns may be as many as they like; if the node is
        no column, the penalty is not positive, scikit-learn is missing, or the Lasso does not
        converge.

    Notes
    -----
    Cost: coordinate descent, n d flops a sweep.
    """
    x = _rows("rows", rows, centre=False)
    n, d = x.shape
    at = _column("node", node, d)
    given = None if penalty is None else positive("penalty", penalty)
    others = [k for k in range(d) if k != at]
    if not others:
        return ()
    scaled = x / np.sqrt(np.mean(x**2, axis=0))
    found = _lasso(scaled[:, others], scaled[:, at], given, np.sqrt(2 * np.log(d) / n))
    return tuple(k for k, weight in zip(others, found, strict=True) if weight != 0)


def _lasso(x: Array, y: Array, given: float | None, universal: float) -> Array:
    try:
        from sklearn.exceptions import ConvergenceWarning
        from sklearn.linear_model import Lasso
    except ImportError:
        raise InvalidInput(
            "selected", "selection needs scikit-learn (pip install 'dimfree[data]'), or columns"
        ) from None
    weights, sigma = np.zeros(x.shape[1]), 1.0
    with warnings.catch_warnings():
        warnings.simplefilter("error", ConvergenceWarning)
        for _ in range(30):
            alpha = sigma * universal if given is None else given
            model = Lasso(alpha=alpha, fit_intercept=False, max_iter=10_000)
            try:
                weights = np.asarray(model.fit(x, y).coef_)
            except ConvergenceWarning:
                raise InvalidInput(
                    "data", "has columns so alike that the Lasso does not converge: leave some out"
                ) from None
            left = float(np.sqrt(np.mean((y - x @ weights) ** 2)))
            if given is not None or abs(left - sigma) <= 1e-4 * sigma:
                break
            sigma = left
    return weights


def _rows(key: str, values: ArrayLike, *, centre: bool) -> Array:
    try:
        return rows_of(values, centre=centre, wide=True)[0]
    except InvalidInput as wrong:
        raise InvalidInput(key, wrong.reason) from None


def _column(key: str, value: int, d: int) -> int:
    found = whole(key, value, 0)
    if found >= d:
        raise InvalidInput(key, f"must be a column, 0 … {d - 1}, but is {found}")
    return found


def edge_interval(
    data: ArrayLike,
    a: int,
    b: int,
    *,
    level: float = 0.95,
    centre: bool = True,
    selected: tuple[Sequence[int], Sequence[int]] | None = None,
    penalty: float | None = None,
) -> EdgeIntervals:
    """Confidence intervals for the edge of columns a and b, ω_ab of Ω = Cov(x)^{-1}.

    Parameters
    ----------
    data : shape (n, d), a row for each datum; Gaussian. d may be larger than n
    a, b : two different columns, counted from 0
    level : of each interval
    centre : whether the mean is estimated; if not, it must be 0
    selected : neighbours of a, and of b, where one knows them; by default the Lasso selects them
    penalty : of the Lasso, as `neighbours` says

    Returns
    -------
    EdgeIntervals. ω_ab is in units of 1/(unit of a · unit of b); a positive one is a negative
    partial correlation.

    Raises
    ------
    InvalidInput
        If the data are no matrix of finite numbers, or have a constant column; a and b are no two
        columns; the level is not between 0 and 1; the rows leave m − k ≤ 2 z² (8 rows at level
        0.95) beside the k columns, where an interval holds 0 whatever the data; the columns
        depend on one another; or as `neighbours` says.

    Notes
    -----
    Cost: two Lassos and two factorisations of k × k. Source: Yu, Gupta and Kolar 2016 for the
    idea, the module's text for the formulas (derived).

    Examples
    --------
    A chain: 0 and 2 are independent given 1.

    >>> rng = np.random.default_rng(3)
    >>> omega = np.array([[1.0, 0.4, 0.0], [0.4, 1.0, 0.4], [0.0, 0.4, 1.0]])
    >>> x = rng.multivariate_normal(np.zeros(3), np.linalg.inv(omega), size=500)
    >>> known = edge_interval(x, 0, 2, selected=([1], [1]))
    >>> print(f"{known.repaired.low:.2f} … {known.repaired.high:.2f}, p = {known.p_value:.2f}")
    -0.11 … 0.08, p = 0.79
    """
    x = _rows("data", data, centre=centre)
    n, d = x.shape
    first, second = _column("a", a, d), _column("b", b, d)
    if first == second:
        raise InvalidInput("b", f"must be another column than a, but both are {first}")
    m = n - int(centre)
    z = _checked(np.eye(2), m, level)[2]
    if selected is None:
        chosen = [neighbours(x, node, penalty) for node in (first, second)]
    elif len(selected) != 2:
        raise InvalidInput("selected", "must be two lists of columns: for a, and for b")
    else:
        chosen = [tuple(_column("selected", one, d) for one in part) for part in selected]
    blocks = []
    for others in (chosen[0], (*chosen[0], *chosen[1])):
        columns = (first, second, *sorted(set(others) - {first, second}))
        k = len(columns)
        if m - k <= 2 * z**2:
            raise InvalidInput(
                "data",
                f"has {n} rows, too few for the {k} columns of the edge and its neighbours: an "
                f"interval needs {k + int(2 * z**2) + 1 + n - m}",
            )
        within = x[:, columns]
        try:
            blocks.append((pair_block(within.T @ within, m), columns))
        except InvalidInput:
            raise InvalidInput(
                "data", "has columns that are sums of multiples of others: leave some out"
            ) from None
    (naive, of_a), (double, of_both) = blocks
    k = len(of_both)
    return EdgeIntervals(
        _interval(naive[0, 1], plain_interval(naive, m, level), of_a),
        _interval(double[0, 1], plain_interval(double, m, level), of_both),
        _interval((m - k - 1) / m * double[0, 1], repaired_interval(double, m, k, level), of_both),
        float(null_p_value(double, m, k)),
        m,
    )


def _interval(estimate: float, ends: tuple[Array, Array], columns: tuple[int, ...]) -> Interval:
    return Interval(float(estimate), float(ends[0]), float(ends[1]), columns)
