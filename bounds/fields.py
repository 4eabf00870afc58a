r"""Linear vector fields and Gaussians: what of a field moves the law, and where Langevin rests.

A field x ↦ R x keeps N(0, V) as it is when div(p R x) = 0, that is R V + V Rᵀ = 0: R = V S' with S'
antisymmetric. Every linear field is the sum of such a one and of a gradient,

    E = S + R,   S = Sᵀ,   S V + V S = E V + V Eᵀ,   ‖E‖² = ‖S‖² + ‖R‖²,

in L2(p), ‖E‖² = E|E X|² = tr(E V Eᵀ). In V's eigenbasis S_ij = (E_ij v_j + E_ji v_i)/(v_i + v_j).
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy import linalg

from bounds.check import Array, InvalidInput, finite, matrices
from bounds.divergence import Normal


class Split(NamedTuple):
    """A linear field as a gradient and a rest that does not move the law.

    Attributes
    ----------
    gradient : S, symmetric, shape (…, d, d)
    solenoidal : R with R V + V Rᵀ = 0, shape (…, d, d)
    """

    gradient: Array
    solenoidal: Array


def _law(covariance: ArrayLike, dimension: int) -> Normal:
    matrix = matrices("covariance", covariance, dimension)
    law = Normal(np.zeros(dimension), matrix)
    if np.any(law.spectrum[0] <= 0):
        raise InvalidInput("covariance", "must be positive definite: a point mass has no field")
    return law


def energy(field: ArrayLike, covariance: ArrayLike) -> Array:
    """E|E X|² = tr(E V Eᵀ) for X ~ N(0, V).

    Parameters
    ----------
    field : E, shape (…, d, d)
    covariance : V, shape (…, d, d); batches broadcast

    Returns
    -------
    Array of the batch's shape, ≥ 0.

    Raises
    ------
    InvalidInput
        If the matrices are not square and of one d, or V is not positive definite.
    """
    E = matrices("field", field)
    return np.asarray(((E @ _law(covariance, E.shape[-1]).factor) ** 2).sum(axis=(-2, -1)))


def solenoidal(field: ArrayLike, covariance: ArrayLike) -> Split:
    """The orthogonal split of a linear field in L2 of N(0, V).

    Parameters
    ----------
    field : E, shape (…, d, d), symmetric or not
    covariance : V, shape (…, d, d), positive definite; batches broadcast

    Returns
    -------
    Split with E = gradient + solenoidal.

    Raises
    ------
    InvalidInput
        If the matrices are not square and of one d, or V is not positive definite.

    Notes
    -----
    Cost: one symmetric eigendecomposition and four products, about 17 d³ flops.

    Examples
    --------
    >>> turn = np.array([[0.0, 1.0], [-1.0, 0.0]])
    >>> split = solenoidal(turn, np.eye(2))
    >>> float(np.abs(split.gradient).max())
    0.0
    """
    E = matrices("field", field)
    values, basis = _law(covariance, E.shape[-1]).spectrum
    back = np.swapaxes(basis, -1, -2)
    weighted = (back @ E @ basis) * values[..., None, :]
    both = weighted + np.swapaxes(weighted, -1, -2)
    gradient = basis @ (both / (values[..., :, None] + values[..., None, :])) @ back
    gradient = (gradient + np.swapaxes(gradient, -1, -2)) / 2
    return Split(gradient, E - gradient)


def langevin_law(matrix: ArrayLike, shift: ArrayLike = 0.0) -> Normal:
    """The law at which dX = (A X + b) dt + √2 dW comes to rest.

    Its mean is −A^{-1} b, its covariance C solves A C + C Aᵀ + 2 I = 0: −A^{-1} where A is
    symmetric.

    Parameters
    ----------
    matrix : A, shape (d, d), each eigenvalue with a negative real part; symmetric or not
    shift : b, shape (d,), or one number for every coordinate

    Raises
    ------
    InvalidInput
        If A is not square, b does not fit, or the process has no law at rest.

    Notes
    -----
    Cost: a real Schur decomposition, about 25 d³ flops.

    Examples
    --------
    >>> langevin_law([[-4.0]], 2.0).mean, langevin_law([[-4.0]]).covariance
    (array([0.5]), array([[0.25]]))
    """
    A = matrices("matrix", matrix)
    if A.ndim != 2:
        raise InvalidInput("matrix", f"must be one matrix, but has shape {A.shape}")
    b = finite("shift", shift)
    if b.ndim > 1 or b.size not in (1, len(A)):
        raise InvalidInput("shift", f"must have shape ({len(A)},), but has {b.shape}")
    largest = float(np.linalg.eigvals(A).real.max())
    if largest >= 0:
        raise InvalidInput(
            "matrix",
            f"has an eigenvalue with real part {largest:.3g}: the process does not come to rest",
        )
    covariance = np.asarray(linalg.solve_continuous_lyapunov(A, -2 * np.eye(len(A))), np.float64)
    mean = -np.linalg.solve(A, np.full(len(A), b))
    return Normal(mean, (covariance + covariance.T) / 2)
