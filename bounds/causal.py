r"""An order of causes and effects from data: leaves by the variance of the score's Jacobian.

In x_i = f_i(parents of i) + ε_i with Gaussian noises, ∂_jj log p is constant exactly where j causes
nothing more: j is a leaf. SCORE (Rolland et al. 2022) estimates ∂_jj log p at the data, calls the
column of the least variance a leaf, takes it away, and goes on. Data without any order, linear
Gaussian ones say, get one too: there the noise of the estimate decides, which is the smaller the
smaller the column's precision, (Σ^{-1})_jj. `causal_order` says where that may be all.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy.linalg import cho_factor, cho_solve

from bounds.check import Array, InvalidInput, finite, how_many, positive

MOST_ROWS = 5000
"""A few matrices of so many rows squared are a gigabyte."""
ALONE = 1e-12
"""Eigenvalue of the columns' correlations below which one column follows from the others."""


class Order(NamedTuple):
    """What `causal_order` found.

    Attributes
    ----------
    order : columns, causes before effects
    variances : Var ∂_jj log p of each column when it was taken, NaN for the last one left, in the
        order of the columns
    shares : of the Gaussian samples, which have no order, the part that takes the same column by
        as wide a gap; the places as in `variances`
    warning : one sentence where the data's own precision, or chance, decides; "" where it does not
    """

    order: tuple[int, ...]
    variances: Array
    shares: Array
    warning: str


def table(data: ArrayLike) -> Array:
    """Data of shape (n, d), if they can be ordered.

    Raises
    ------
    InvalidInput
        If they are not finite or no table, have fewer than d + 2 rows or more than 5000, or a
        column is constant or follows from the others.
    """
    x = finite("data", data)
    if x.ndim != 2 or x.shape[1] == 0:
        raise InvalidInput("data", f"must have shape (n, d), but has shape {x.shape}")
    n, d = x.shape
    if n < d + 2:
        raise InvalidInput("data", f"has {n} rows for {d} columns: at least {d + 2} are needed")
    if n > MOST_ROWS:
        raise InvalidInput("data", f"has {n} rows: more than {MOST_ROWS} do not fit into memory")
    flat = np.flatnonzero(np.ptp(x, axis=0) == 0)
    if flat.size:
        raise InvalidInput("data", f"column {flat[0]} is constant: it has no place in an order")
    if np.linalg.eigvalsh(np.atleast_2d(np.corrcoef(x, rowvar=False)))[0] < ALONE:
        raise InvalidInput("data", "one column follows from the others: it has no noise of its own")
    return x


def bandwidth(data: ArrayLike) -> float:
    """The median of all n² distances between rows, the n zeros among them; of an even number the
    lower one.

    Raises
    ------
    InvalidInput
        If it is 0, or the data cannot be ordered.
    """
    return _median(_squares(table(data)))


def _median(squares: Array) -> float:
    middle = (squares.size - 1) // 2
    found = float(np.sqrt(np.partition(squares.ravel(), middle)[middle]))
    if found == 0:
        raise InvalidInput("data", "half of all pairs of rows are the same: their scale is 0")
    return found


def _squares(x: Array) -> Array:
    """Squared distances between rows, without the cancellation of |a|² + |b|² − 2ab."""
    out = np.zeros((len(x), len(x)))
    for column in x.T:
        out += np.subtract.outer(column, column) ** 2
    return out


def jacobian_diagonal(data: ArrayLike, *, ridge: float = 1e-3, scale: float | None = None) -> Array:
    """∂_jj log p at each row of the data, shape (n, d), by Stein's identity with a Gaussian kernel.

    With K = exp(−|x_k − x_i|²/(2s²))/s, the score is G = −(K + ηI)^{-1} Σ_i ∂K, from
    E[K(x, ·)∇log p + ∇K] = 0. The second derivatives of p over p are likewise R =
    (K + ηI)^{-1} Σ_i ∂²K, and the diagonal is R − G². The 1/s in K, which is SCORE's, makes the
    ridge a length: in units c times as large it means the same as η/c.

    Parameters
    ----------
    data : (n, d)
    ridge : η > 0, added to the diagonal of K
    scale : s > 0; by default `bandwidth(data)`

    Raises
    ------
    InvalidInput
        As `bandwidth`; or where ridge or scale is not positive, or K + ηI is singular to float64.

    Notes
    -----
    n³/3 + 4 n² d flops and three n × n matrices.
    """
    x, eta = table(data), positive("ridge", ridge)
    squares = _squares(x)
    s = _median(squares) if scale is None else positive("scale", scale)
    K = np.exp(-squares / (2 * s**2)) / s
    slopes, bends = np.empty_like(x), np.empty_like(x)
    for j, column in enumerate(x.T):
        apart = np.subtract.outer(column, column)
        slopes[:, j] = -np.sum(apart * K, axis=1) / s**2
        bends[:, j] = np.sum((apart**2 / s**2 - 1) * K, axis=1) / s**2
    K[np.diag_indices_from(K)] += eta
    try:
        factor = cho_factor(K, overwrite_a=True, check_finite=False)
    except np.linalg.LinAlgError:
        raise InvalidInput("ridge", f"{eta:g} is too small: the matrix is singular") from None
    G, R = cho_solve(factor, slopes), cho_solve(factor, bends)
    return np.asarray(R - G**2)


def causal_order(
    data: ArrayLike, rng: np.random.Generator, *, ridge: float = 1e-3, surrogates: int = 19
) -> Order:
    """The order of the columns by SCORE, with a warning where the data's own precision decides.

    At each step Gaussian samples of the same size and covariance are looked at, too. They have no
    order to be found, and yet one column is picked, mostly that of least precision. Where a share
    of them above 1/20 takes the same column by as wide a gap, (second least variance)/(least), the
    data do not show that more than that decides, and the warning names the column. On Gaussian data
    a step with k columns left goes without a warning with probability k/20 at most. A column that
    is warned of may be right: data of equal noises, say, have small precisions at their leaves.

    Parameters
    ----------
    data : (n, d), rows independent; nothing is scaled: standardising the columns changes the order
    rng : for the Gaussian samples
    ridge : η of `jacobian_diagonal`
    surrogates : how many Gaussian samples for each step, at least 19

    Raises
    ------
    InvalidInput
        As `jacobian_diagonal`; or where there is one column, or fewer surrogates.

    Notes
    -----
    (d − 1)(surrogates + 1) times the cost of `jacobian_diagonal`. The order is not a graph: which
    earlier columns are causes is not asked here. Noises that are not Gaussian, or hidden causes,
    make it wrong even with endless data.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> cause = rng.standard_normal(200)
    >>> effect = 2 * cause**2 + rng.standard_normal(200)
    >>> found = causal_order(np.column_stack([effect, cause]), rng)
    >>> found.order, found.warning
    ((1, 0), '')
    """
    x, count = table(data), how_many("surrogates", surrogates, least=19)
    d = x.shape[1]
    if d < 2:
        raise InvalidInput("data", "has one column, which has no order: at least 2 are needed")
    left, taken = list(range(d)), []
    variances, shares = np.full(d, np.nan), np.full(d, np.nan)
    doubted = []
    while len(left) > 1:
        kept = x[:, left]
        pick, gap, variance = _leaf(kept, ridge)
        column = left.pop(pick)
        root = np.linalg.cholesky(np.cov(kept, rowvar=False))
        same = 0
        for _ in range(count):
            other, wide, _ = _leaf(rng.standard_normal(kept.shape) @ root.T, ridge)
            same += other == pick and wide >= gap
        share = same / count
        variances[column], shares[column] = variance, share
        if share > 1 / 20:
            doubted.append(column)
        taken.append(column)
    order = (*left, *reversed(taken))
    named = ", ".join(map(str, doubted))
    warning = (
        f"at column {named} Gaussian data of the same covariance, which have no order, do the same "
        "by as wide a gap: there the data's own precision, or chance, decides"
        if doubted
        else ""
    )
    return Order(order, variances, shares, warning)


def _leaf(x: Array, ridge: float) -> tuple[int, float, float]:
    """The place of the least variance, by how many times it is below the next, and itself.

    The bandwidth is of the columns that are left.
    """
    found = np.var(jacobian_diagonal(x, ridge=ridge), axis=0)
    least, second = np.partition(found, 1)[:2]
    return int(np.argmin(found)), float(second / least), float(least)
