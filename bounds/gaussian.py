r"""Gaussian data and everything that is linear about it.

    X_0 ~ N(0, Σ):   V_t = e_t² Σ + σ_t² I,   s(t, x) = −V_t^{-1} x,   v_i(t) = e_t² λ_i + σ_t².

All of it is diagonal in the eigenbasis of Σ. A law keeps that basis to itself: the estimators never
see it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike

from bounds.check import (
    Array,
    InvalidInput,
    finite,
    how_many,
    matrices,
    not_negative,
    number,
    positive,
    symmetric,
)
from bounds.process import decay, noise_variance


@dataclass(frozen=True, eq=False)
class Gaussian:
    """The law N(0, Σ) with Σ = Q diag(λ) Qᵀ.

    Attributes
    ----------
    eigenvalues : λ, shape (d,), positive
    basis : Q, shape (d, d), orthogonal; None means the identity (Σ diagonal), which spares the
        products

    Raises
    ------
    InvalidInput
        If an eigenvalue is not finite and positive, or the basis is not an orthogonal matrix, to
        1e-10, of the same d.
    """

    eigenvalues: Array
    basis: Array | None = None

    def __repr__(self) -> str:
        low, high = self.eigenvalues.min(), self.eigenvalues.max()
        rotated = "" if self.basis is None else ", rotated"
        return f"Gaussian(d = {self.dimension}, eigenvalues {low:g} … {high:g}{rotated})"

    def __post_init__(self) -> None:
        values = finite("covariance", self.eigenvalues)
        if values.ndim != 1 or values.size == 0:
            raise InvalidInput("covariance", "its eigenvalues must be a non-empty list")
        if values.min() <= 0:
            raise InvalidInput(
                "covariance",
                f"is not positive definite: its smallest eigenvalue is {values.min():g}",
            )
        object.__setattr__(self, "eigenvalues", values)
        if self.basis is not None:
            basis = finite("basis", self.basis)
            if basis.shape != (values.size, values.size):
                raise InvalidInput(
                    "basis",
                    f"must have shape ({values.size}, {values.size}), but has {basis.shape}",
                )
            off = float(np.abs(basis.T @ basis - np.eye(values.size)).max())
            if off > 1e-10:
                raise InvalidInput(
                    "basis", f"must be orthogonal, but Q.T Q differs from I by {off:.1g}"
                )
            object.__setattr__(self, "basis", basis)

    @classmethod
    def from_covariance(cls, covariance: ArrayLike) -> "Gaussian":
        """The law with a full covariance matrix.

        Parameters
        ----------
        covariance : Σ, shape (d, d), symmetric positive definite

        Raises
        ------
        InvalidInput
            If Σ holds NaN or nothing, is not square and symmetric, or is not positive definite in
            float64 (smallest eigenvalue at most d · 2.2e-16 times the largest).

        Notes
        -----
        Cost: one symmetric eigendecomposition, about 9 d³ flops and 3 d² numbers.
        """
        matrix = finite("covariance", covariance)
        if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1] or not matrix.size:
            raise InvalidInput(
                "covariance", f"must be a square matrix, but has shape {matrix.shape}"
            )
        eigenvalues, basis = np.linalg.eigh(symmetric("covariance", matrix))
        if eigenvalues[0] <= matrix.shape[0] * np.finfo(float).eps * eigenvalues[-1]:
            raise InvalidInput(
                "covariance",
                f"is not positive definite: its smallest eigenvalue is {eigenvalues[0]:g}",
            )
        return cls(eigenvalues, basis)

    @property
    def dimension(self) -> int:
        """d."""
        return int(self.eigenvalues.size)

    @cached_property
    def colour(self) -> Array:
        """C with CᵀC = Σ, so that a row of standard normals times C has the law; shape (d, d)."""
        root = np.sqrt(self.eigenvalues)
        return np.diag(root) if self.basis is None else root[:, None] * self.basis.T

    def paint(self, normals: Array) -> Array:
        """Standard normal rows turned into rows of the law:
        `normals` @ C, shape (…, d) to (…, d).
        """
        scaled = finite("normals", normals) * np.sqrt(self.eigenvalues)
        return scaled if self.basis is None else scaled @ self.basis.T

    def sample(self, size: int, rng: np.random.Generator) -> Array:
        """`size` independent draws, shape (size, d)."""
        return self.paint(rng.standard_normal((how_many("size", size, 0), self.dimension)))

    def variances(self, t: float) -> Array:
        """v_i(t) = e_t² λ_i + σ_t², the eigenvalues of V_t, t ≥ 0; shape (d,)."""
        time = not_negative("t", t)
        return np.asarray(decay(2 * time) * self.eigenvalues + noise_variance(time))

    def conditional_variances(self, t: float) -> Array:
        """c_i(t) = e_t² λ_i/(σ_t² v_i), the eigenvalues of C_t = Cov(U_t | X_t), t > 0; shape (d,).

        The form without subtraction, so that it stays accurate where 1/σ_t² and 1/v_i nearly
        cancel.
        """
        time = positive("t", t)
        return np.asarray(
            decay(2 * time) * self.eigenvalues / (noise_variance(time) * self.variances(time))
        )

    def matrix(self, eigenvalues: Array) -> Array:
        """Q diag(eigenvalues) Qᵀ, shape (d, d): a function of Σ from its values on the spectrum."""
        values = finite("eigenvalues", eigenvalues)
        if values.shape != (self.dimension,):
            raise InvalidInput(
                "eigenvalues", f"must have shape ({self.dimension},), but have {values.shape}"
            )
        if self.basis is None:
            return np.diag(values)
        return np.asarray((self.basis * values) @ self.basis.T)

    @cached_property
    def covariance(self) -> Array:
        """Σ, shape (d, d)."""
        return self.matrix(self.eigenvalues)

    def score_matrix(self, t: float) -> Array:
        """−V_t^{-1}, shape (d, d): s(t, x) = score_matrix(t) @ x."""
        return self.matrix(-1.0 / self.variances(t))

    def to_eigenbasis(self, matrix: Array) -> Array:
        """Qᵀ A Q for A of shape (…, d, d). Cost: 4 d³ flops each, none where Σ is diagonal."""
        held = matrices("matrix", matrix, self.dimension)
        return held if self.basis is None else np.asarray(self.basis.T @ held @ self.basis)


def symmetric_root(data: ArrayLike) -> Array:
    """The symmetric R ≥ 0 with R² = S, for S = XᵀX: unique, as eigenvectors' signs are not.

    Parameters
    ----------
    data : S, shape (…, d, d), symmetric, singular or not

    Raises
    ------
    InvalidInput
        If S is not symmetric, or has an eigenvalue below −1e-9 of its largest.

    Notes
    -----
    Cost: one symmetric eigendecomposition, about 9 d³ flops each.

    Examples
    --------
    >>> symmetric_root([[4.0, 0.0], [0.0, 9.0]])
    array([[2., 0.],
           [0., 3.]])
    """
    values, basis = np.linalg.eigh(symmetric("data", data))
    if values.min() < -1e-9 * np.abs(values).max():
        raise InvalidInput("data", f"is no X.T X: it has the eigenvalue {values.min():.3g}")
    root = basis * np.sqrt(np.maximum(values, 0))[..., None, :]
    return np.asarray(root @ np.swapaxes(basis, -1, -2))


SPECTRA = ("identity", "linear", "power", "explicit")


def spectrum(
    kind: str,
    dimension: int,
    *,
    low: float = 0.3,
    high: float = 3.0,
    exponent: float = 1.0,
    values: Sequence[float] = (),
) -> Array:
    """Eigenvalues of Σ by name.

    Parameters
    ----------
    kind : "identity" (λ_i = 1), "linear" (linspace(low, high, d); `low` alone when d = 1),
        "power" (λ_i = i^(−exponent), i = 1 … d) or "explicit" (`values`)
    dimension : d ≥ 1
    low, high : ends of the linear spectrum
    exponent : of the power law
    values : the eigenvalues of the explicit spectrum, d of them

    Returns
    -------
    Array of shape (d,), positive.

    Raises
    ------
    InvalidInput
        If d < 1, the kind is unknown, `values` has another length than d, or an eigenvalue is not
        positive.
    """
    count = how_many("dimension", dimension)
    if kind == "identity":
        eigenvalues = np.ones(count)
    elif kind == "linear":
        eigenvalues = np.linspace(number("spectrum.low", low), number("spectrum.high", high), count)
    elif kind == "power":
        eigenvalues = np.arange(1, count + 1, dtype=np.float64) ** -number(
            "spectrum.exponent", exponent
        )
    elif kind == "explicit":
        eigenvalues = finite("spectrum.values", values)
        if eigenvalues.shape != (count,):
            raise InvalidInput(
                "spectrum.values",
                f"holds {eigenvalues.size} eigenvalues where the dimension is {count}",
            )
    else:
        raise InvalidInput("spectrum.kind", f"{kind!r} is not one of {', '.join(SPECTRA)}")
    if not np.all(np.isfinite(eigenvalues)) or eigenvalues.min() <= 0:
        raise InvalidInput("spectrum", f"{kind} has an eigenvalue that is not finite and positive")
    return eigenvalues
