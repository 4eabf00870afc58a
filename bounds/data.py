r"""One's own data as Gram matrices: a matrix of n rows in place of a law.

    rows x_i − x̄, K noise paths each  →  X_tᵀX_t, X_tᵀε_t, X_tᵀW  at every step,

which is all that the estimators take. The scores are those of centred data: for the data themselves
s(t, x) = Â (x − e_t x̄). Without centring, data whose mean is far from 0 are fitted with scores that
belong to no such law: linear scores through the origin know nothing of a mean.

Centred rows are not independent, and X_0ᵀX_0 has the degrees of freedom of n − 1 rows. `samples` is
n all the same: what a mean over n − 1 would change is of the relative size 1/n.
"""

import numpy as np
from numpy.typing import ArrayLike

from bounds.check import Array, InvalidInput, finite, matrices, positive, real, whole
from bounds.gaussian import Gaussian
from bounds.gram import Gram, check_range
from bounds.process import decay, noise_variance, simulate, steps

LARGEST = 1e40
"""Of an entry: the fourth powers that losses' errors hold are far within float64."""
CONSTANT = 1e-12
"""A column's range over its largest entry, below which centring leaves rounding."""
BLOCK = 8192


def rows_of(x: ArrayLike, *, centre: bool = True, wide: bool = False) -> tuple[Array, Array]:
    """A data matrix, checked, and its mean.

    Parameters
    ----------
    x : shape (n, d), n > d: a row for each datum. Arrays, lists of lists and tables, of integers or
        floats of any width
    centre : whether to subtract the mean of the rows
    wide : whether there may be as many columns as rows, or more

    Returns
    -------
    The rows as float64, shape (n, d), centred or as they are, and what was subtracted, shape (d,).

    Raises
    ------
    InvalidInput If it is no matrix of real numbers, holds NaN, an infinity or a number above 1e40,
        has no more rows than columns, or a column that is constant to twelve digits.

    Notes
    -----
    Cost: 5 n d flops. Memory: the rows once more.
    """
    array = real("x", x)
    if array.ndim != 2 or not array.size:
        hint = "; one variable is a matrix of one column, x[:, None]" if array.ndim == 1 else ""
        raise InvalidInput(
            "x", f"must be a matrix, n rows × d columns, but has shape {array.shape}{hint}"
        )
    wrong = np.argwhere(~np.isfinite(array))
    if len(wrong):
        row, column = wrong[0] + 1
        more = f", and {len(wrong) - 1} more" if len(wrong) > 1 else ""
        raise InvalidInput(
            "x",
            f"holds NaN or an infinity, or has nothing, in row {row}, column {column}{more}: fill "
            "such entries or leave their rows out",
        )
    n, d = array.shape
    if n <= d and not wide:
        raise InvalidInput(
            "x",
            f"has {n} rows and {d} columns: too few rows, since least squares needs more data, "
            "the rows, than dimensions, the columns",
        )
    largest = np.abs(array).max(axis=0)
    if largest.max() > LARGEST:
        raise InvalidInput("x", f"holds {largest.max():.2g}, above {LARGEST:g}: use other units")
    constant = np.flatnonzero(np.ptp(array, axis=0) <= np.maximum(CONSTANT * largest, 1 / LARGEST))
    if constant.size:
        named = ", ".join(str(k + 1) for k in constant[:10])
        more = f" and {constant.size - 10} more" if constant.size > 10 else ""
        words = ("columns", "are", "them") if constant.size > 1 else ("column", "is", "it")
        raise InvalidInput(
            "x",
            f"{words[0]} {named}{more} of {d} {words[1]} constant, without variance to fit: leave "
            f"{words[2]} out",
        )
    mean = array.mean(axis=0) if centre else np.zeros(d)
    return array - mean, mean


def grams_of(
    x: ArrayLike,
    times: ArrayLike,
    rng: np.random.Generator,
    *,
    redraws: int = 1,
    centre: bool = True,
) -> list[Gram]:
    """The Gram matrices of one's own data, noised along the path: every estimator takes them.

    Parameters
    ----------
    x : shape (n, d), n > d, as `rows_of` takes it
    times : shape (N,), strictly increasing and positive
    rng : source of the noise
    redraws : K, noise paths for each row
    centre : whether to subtract the mean of the rows first; if not, the data's mean must be 0

    Returns
    -------
    N of them, with X_0ᵀX_0 as `data`.

    Raises
    ------
    InvalidInput As `rows_of` says; as `bounds.gram.check_range` says of times, redraws and the
        condition number of the noised data's covariance at t_1, with the covariance of the rows for
        the law's; or if rng is no Generator.

    Notes
    -----
    Cost: 6 N n K d² flops and N n K d normals. Memory: 3 N d² numbers for the sums and the rows
    once more. Source: theory.md, "Noise redraws" (derived).
    """
    if not isinstance(rng, np.random.Generator):
        raise InvalidInput(
            "rng", f"must be a numpy Generator, default_rng(0), but is {type(rng).__name__}"
        )
    rows, _ = rows_of(x, centre=centre)
    redraws = whole("redraws", redraws)
    path = steps(times)
    n, d = rows.shape
    data = rows.T @ rows
    # Rows may lie in fewer dimensions than d: what matters is the covariance with noise on it.
    spread = np.linalg.eigvalsh(data / n)
    floor = max(np.finfo(float).eps * spread[-1], np.finfo(float).tiny)
    check_range(Gaussian(np.maximum(spread, floor)), n, [step.t for step in path], redraws)
    sums = np.zeros((len(path), 3, d, d))
    for start in range(0, n, BLOCK):
        for _ in range(redraws):
            slices = simulate(rows[start : start + BLOCK], [step.t for step in path], rng)
            for total, now in zip(sums, slices, strict=True):
                total[0] += now.x.T @ now.x
                total[1] += now.x.T @ now.z / np.sqrt(noise_variance(now.step.t))
                total[2] += now.x.T @ now.w
    return [
        Gram(step, n, xx, xz, xw, redraws, data)
        for step, (xx, xz, xw) in zip(path, sums, strict=True)
    ]


def held_out_losses(x0: ArrayLike, t: float, estimate: ArrayLike) -> Array:
    """The denoising loss of x ↦ Â x at each datum, with the noise integrated out.

        E_ε ‖Â X_t + ε/σ_t‖² = e_t² ‖Â x_0‖² + σ_t² ‖Â‖_F² + 2 tr Â + d/σ_t²

    with X_t = e_t x_0 + σ_t ε.

    Parameters
    ----------
    x0 : data that the estimate has not seen, shape (n, d)
    t : dimensionless time > 0
    estimate : Â, shape (d, d)

    Returns
    -------
    Shape (n,), without the d/σ_t² that all estimates share and that would drown their differences
    at small t: so it may be negative. Its mean over the data's law is the risk, E‖Â X_t − s‖², less
    E‖s‖², a number that no estimate changes.

    Raises
    ------
    InvalidInput If the data are no finite matrix, the time is not positive, or the estimate is not
        of the data's d.

    Notes
    -----
    Cost: 2 n d² flops. Source: theory.md, "Tweedie", consequence (iii) (derived).
    """
    rows = finite("x0", x0)
    if rows.ndim != 2:
        raise InvalidInput("x0", f"must have shape (n, d), but has {rows.shape}")
    a = matrices("estimate", estimate, rows.shape[1])
    if a.ndim != 2:
        raise InvalidInput("estimate", f"must have shape (d, d), but has {a.shape}")
    time = positive("t", t)
    of_the_noise = noise_variance(time) * (a * a).sum() + 2 * np.trace(a)
    return np.asarray(decay(2 * time) * ((rows @ a.T) ** 2).sum(axis=1) + of_the_noise)
