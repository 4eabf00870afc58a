r"""Least squares of the denoising target over linear classes smaller
than all matrices, from Gram matrices alone.

    Â = argmin over A ∈ 𝒜 of  ‖X Aᵀ − Y‖²,   Y = −ε_t/σ_t (rows are paths),   f(x) = A x.

With xx = XᵀX and XᵀY = −xz/σ_t this is a quadratic in A, whatever 𝒜 is. Three kinds of 𝒜 are
solved:

    supported   A_ij = 0 off a mask (diagonal, banded, blocks, any sparsity): each row on its own
                columns
    spanned     A = Σ_k a_k B_k (multiples of I, circulants, symmetric matrices, …): p normal
                equations
    low rank    A = −I + D with rank D ≤ r, no linear space: truncation of D̂ L, where xx = L Lᵀ

The first two fit p parameters linearly, p the number of ones in the mask or of the B_k.
"""

from collections.abc import Sequence

import numpy as np

from bounds.check import Array, InvalidInput, finite, how_many, whole
from bounds.estimators import dsm_step, solve
from bounds.gram import Gram
from bounds.process import noise_variance


def banded_mask(dimension: int, width: int) -> Array:
    """1 where |i − j| ≤ width, else 0; shape (d, d). Width 0 is the diagonal, d − 1 everything."""
    place, width = np.arange(how_many("dimension", dimension, 1, 2**16)), whole("width", width, 0)
    return np.asarray(np.abs(place[:, None] - place) <= width, dtype=np.float64)


def block_mask(dimension: int, size: int) -> Array:
    """1 on diagonal blocks of `size` rows (the last may be smaller), else 0; shape (d, d)."""
    place = np.arange(how_many("dimension", dimension, 1, 2**16)) // whole("size", size)
    return np.asarray(place[:, None] == place, dtype=np.float64)


def scalar_basis(dimension: int) -> Array:
    """The identity alone: A = a I; shape (1, d, d)."""
    return np.eye(how_many("dimension", dimension, 1, 2**16))[None]


def circulant_basis(dimension: int) -> Array:
    """The d cyclic shifts: A_ij depends on i − j modulo d; shape (d, d, d)."""
    dimension = how_many("dimension", dimension, 1, 1000)
    return np.stack([np.roll(np.eye(dimension), shift, axis=1) for shift in range(dimension)])


def symmetric_basis(dimension: int) -> Array:
    """E_ij + E_ji for i < j and E_ii; shape (d(d + 1)/2, d, d)."""
    dimension = how_many("dimension", dimension, 1, 200)
    rows, columns = np.triu_indices(dimension)
    basis = np.zeros((rows.size, dimension, dimension))
    basis[np.arange(rows.size), rows, columns] = 1.0
    basis[np.arange(rows.size), columns, rows] = 1.0
    return basis


def supported(gram: Gram, mask: Array) -> Array:
    """Least squares over {A : A_ij = 0 where the mask is 0}.

    Parameters
    ----------
    gram : of the step, with leading replicate axes or none
    mask : shape (d, d), nonzero where A may be

    Returns
    -------
    Â, shape (…, d, d).

    Raises
    ------
    InvalidInput
        If the mask has another shape, or XᵀX is singular.

    Notes
    -----
    Row i is the regression of Y_i on the columns S_i of X: A_{i,S} = (xx_SS)^{-1} (XᵀY)_{S,i}. Rows
    of equal S are solved at once. Cost: Σ over different S of 2/3 |S|³ flops, and 2 |S|² a row.
    Source: derived.
    """
    d = gram.xx.shape[-1]
    mask = finite("mask", np.asarray(mask) + 0 if np.asarray(mask).dtype == bool else mask)
    if mask.shape != (d, d):
        raise InvalidInput("mask", f"must have shape ({d}, {d}), not {mask.shape}")
    xy = gram.xz / -np.sqrt(noise_variance(gram.step.t))
    supports, group = np.unique(mask != 0, axis=0, return_inverse=True)
    out = np.zeros(gram.xx.shape)
    for place, support in enumerate(supports):
        columns, rows = np.flatnonzero(support), np.flatnonzero(group.ravel() == place)
        solved = solve(gram.xx[..., columns[:, None], columns], xy[..., columns[:, None], rows])
        out[..., rows[:, None], columns] = np.swapaxes(solved, -1, -2)
    return out


def spanned(gram: Gram, basis: Array) -> Array:
    """Least squares over {Σ_k a_k B_k}.

    Parameters
    ----------
    gram : of the step, with leading replicate axes or none
    basis : B_k, linearly independent, shape (p, d, d)

    Returns
    -------
    Â, shape (…, d, d).

    Raises
    ------
    InvalidInput
        If the basis has another shape or its members are not linearly independent, to 1e-12.

    Notes
    -----
    Normal equations Σ_l tr(B_k xx B_lᵀ) a_l = tr(B_k XᵀY). Cost: 2 p d³ + 2 p² d² + 2/3 p³ flops.
    Source: derived.
    """
    d = gram.xx.shape[-1]
    basis = finite("basis", basis)
    if basis.ndim != 3 or basis.shape[1:] != (d, d):
        raise InvalidInput("basis", f"must have shape (p, {d}, {d}), not {basis.shape}")
    singular = np.linalg.svd(basis.reshape(len(basis), d * d), compute_uv=False)
    if len(basis) > d * d or singular[-1] <= 1e-12 * singular[0]:
        raise InvalidInput("basis", "must be linearly independent")
    xy = gram.xz / -np.sqrt(noise_variance(gram.step.t))
    flat = basis.reshape(len(basis), d * d)
    through = basis.reshape(-1, d) @ gram.xx  # B_k xx below one another
    through = through.reshape(*gram.xx.shape[:-2], len(basis), d * d)
    right = np.swapaxes(xy, -1, -2).reshape(*xy.shape[:-2], d * d) @ flat.T
    weights = solve(through @ flat.T, right[..., None])[..., 0]
    return np.asarray((weights @ flat).reshape(gram.xx.shape))


def low_rank(gram: Gram, rank: int) -> Array:
    """Least squares over {−I + D : rank D ≤ r}: −I is the score of white noise.

    Parameters
    ----------
    gram : of the step, m > d, with leading replicate axes or none
    rank : r, from 0 to d

    Returns
    -------
    Â, shape (…, d, d).

    Raises
    ------
    InvalidInput
        If r is out of range or XᵀX singular.

    Notes
    -----
    Up to a constant the loss is ‖(A − Â_dsm) L‖² with xx = L Lᵀ, so D L is the best rank-r
    approximation of (Â_dsm + I) L (Eckart and Young), and rank D = rank D L. Cost: one singular
    value decomposition. Source: derived.
    """
    return low_ranks(gram, [rank])[0]


def low_ranks(gram: Gram, ranks: Sequence[int]) -> list[Array]:
    """`low_rank` for several ranks, from one singular value decomposition.

    Parameters
    ----------
    gram : as for `low_rank`
    ranks : of Â + I, each from 0 to d

    Returns
    -------
    The fits, in the order of the ranks.

    Raises
    ------
    InvalidInput
        As `low_rank`.
    """
    d = gram.xx.shape[-1]
    ranks = [whole("rank", rank, None) for rank in ranks]
    for rank in ranks:
        if not 0 <= rank <= d:
            raise InvalidInput("rank", f"must lie between 0 and d = {d}, but is {rank}")
    try:
        factor = np.linalg.cholesky(gram.xx)
    except np.linalg.LinAlgError:
        raise InvalidInput(
            "samples", "the Gram matrix XᵀX is singular or not positive definite"
        ) from None
    left, values, right = np.linalg.svd((dsm_step(gram) + np.eye(d)) @ factor)
    # D L = (left · values) right, cut at r: `right` is taken through L^{-1} once.
    back = np.linalg.solve(np.swapaxes(factor, -1, -2), np.swapaxes(right, -1, -2))
    scaled, back = left * values[..., None, :], np.swapaxes(back, -1, -2)
    return [scaled[..., :, :rank] @ back[..., :rank, :] - np.eye(d) for rank in ranks]
