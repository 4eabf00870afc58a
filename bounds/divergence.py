r"""How far apart two Gaussians are, in closed form.

    KL(p ‖ q) = ½ Σ_i φ(ε_i) + ½ (μ_p − μ_q)ᵀ Σ_q^{-1} (μ_p − μ_q),   φ(ε) = ε − log(1 + ε),
    W2²(p, q) = ‖μ_p − μ_q‖² + min_U ‖F_p − F_q U‖²,   Σ = F Fᵀ, U orthogonal,

with ε_i the eigenvalues of Σ_q^{-1/2} (Σ_p − Σ_q) Σ_q^{-1/2}. The textbook forms (a log determinant
less a trace; tr Σ_p + tr Σ_q − 2 tr (Σ_p^{1/2} Σ_q Σ_p^{1/2})^{1/2}) are the same numbers, but
subtract nearly equal terms where p is close to q: they lose a distance of 1e-8 altogether, these do
not.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.special import ndtr

from bounds.check import Array, InvalidInput, finite, symmetric


@dataclass(frozen=True, eq=False)
class Normal:
    """The law N(μ, Σ), or a batch of them.

    Attributes
    ----------
    mean : μ, shape (…, d)
    covariance : Σ, shape (…, d, d), symmetric, positive semidefinite; its leading dimensions
        broadcast against the mean's

    Raises
    ------
    InvalidInput
        If either is not finite, the shapes do not fit, or a covariance is not symmetric, or has an
        eigenvalue below −1e-12 times its largest.

    Notes
    -----
    Cost: one symmetric eigendecomposition each, about 9 d³ flops, kept.
    """

    mean: Array
    covariance: Array

    def __repr__(self) -> str:
        batch = np.broadcast_shapes(np.shape(self.mean)[:-1], np.shape(self.covariance)[:-2])
        of = f"{'×'.join(map(str, batch))} laws, " if batch else ""
        return f"Normal({of}d = {np.shape(self.mean)[-1]})"

    def __post_init__(self) -> None:
        mean, matrix = finite("mean", self.mean), finite("covariance", self.covariance)
        if matrix.ndim < 2 or matrix.shape[-1] != matrix.shape[-2] or matrix.shape[-1] == 0:
            raise InvalidInput(
                "covariance", f"must be a square matrix, but has shape {matrix.shape}"
            )
        if mean.ndim < 1 or mean.shape[-1] != matrix.shape[-1]:
            raise InvalidInput(
                "mean", f"has shape {mean.shape} where the covariance's is {matrix.shape}"
            )
        try:
            np.broadcast_shapes(mean.shape[:-1], matrix.shape[:-2])
        except ValueError:
            raise InvalidInput(
                "mean",
                f"its batch {mean.shape[:-1]} does not fit the covariance's {matrix.shape[:-2]}",
            ) from None
        matrix = symmetric("covariance", matrix)
        object.__setattr__(self, "mean", mean)
        object.__setattr__(self, "covariance", matrix)
        values = self.spectrum[0]
        if np.any(values[..., 0] < -1e-12 * np.abs(values[..., -1])):
            raise InvalidInput(
                "covariance",
                f"is not positive semidefinite: an eigenvalue is {values[..., 0].min():g}",
            )

    @property
    def dimension(self) -> int:
        """d."""
        return int(self.covariance.shape[-1])

    @cached_property
    def spectrum(self) -> tuple[Array, Array]:
        """Eigenvalues in ascending order, shape (…, d),
        and the basis that goes with them, (…, d, d).
        """
        values, basis = np.linalg.eigh(self.covariance)
        return values, basis

    @property
    def factor(self) -> Array:
        """F with F Fᵀ = Σ, shape (…, d, d); defined where Σ is singular, too."""
        values, basis = self.spectrum
        return np.asarray(basis * np.sqrt(np.maximum(values, 0.0))[..., None, :])

    def require_definite(self, key: str) -> None:
        """Raise InvalidInput unless every covariance is positive definite in float64."""
        values = self.spectrum[0]
        if np.any(values[..., 0] <= self.dimension * np.finfo(float).eps * values[..., -1]):
            raise InvalidInput(
                key,
                f"has a singular covariance: an eigenvalue is {values[..., 0].min():g}, KL is "
                f"infinite",
            )


def _same_dimension(p: Normal, q: Normal) -> None:
    if p.dimension != q.dimension:
        raise InvalidInput("q", f"has dimension {q.dimension} where p has {p.dimension}")


def _excess(epsilon: Array) -> Array:
    """φ(ε) = ε − log(1 + ε), to full relative accuracy: its series (to ε⁹) where ε is small."""
    small = np.abs(epsilon) < 1e-2
    near = np.where(small, epsilon, 0.0)
    series = np.polynomial.polynomial.polyval(
        near, [(-1) ** k / k if k > 1 else 0.0 for k in range(1, 10)]
    )
    far = np.where(small, 0.0, epsilon)
    return np.where(small, near * series, far - np.log1p(far))


def kl(p: Normal, q: Normal) -> Array:
    """KL(p ‖ q) in nats, E_p log(p/q).

    Parameters
    ----------
    p, q : laws with positive definite covariances and the same d; batches broadcast

    Returns
    -------
    Array of the batch's shape, ≥ 0.

    Raises
    ------
    InvalidInput
        If the dimensions differ or a covariance is singular.

    Notes
    -----
    Cost: 4 d³ flops for two products and one more symmetric eigendecomposition. With relative
    rounding errors η in Σ_p − Σ_q, the result's is about 2η: no loss as p → q.

    Source: textbook (derived here as in the module's opening lines).
    """
    _same_dimension(p, q)
    p.require_definite("p")
    q.require_definite("q")
    values, basis = q.spectrum
    whiten = np.swapaxes(basis, -1, -2) / np.sqrt(values)[..., :, None]
    relative = whiten @ (p.covariance - q.covariance) @ np.swapaxes(whiten, -1, -2)
    epsilon = np.asarray(
        np.linalg.eigvalsh((relative + np.swapaxes(relative, -1, -2)) / 2), np.float64
    )
    # Where p is far narrower than q, 1 + ε is a small number that ε has forgotten: it is a squared
    # singular value.
    ratio = np.linalg.svd(whiten @ p.factor, compute_uv=False)[..., ::-1] ** 2
    spread = np.where(epsilon < -0.5, ratio - 1 - np.log(ratio), _excess(np.maximum(epsilon, -0.5)))
    shift = (whiten @ (p.mean - q.mean)[..., None])[..., 0]
    return np.asarray(0.5 * (spread.sum(axis=-1) + (shift**2).sum(axis=-1)))


def frechet(p: Normal, q: Normal) -> Array:
    """W2²(p, q) = ‖μ_p − μ_q‖² + tr(Σ_p + Σ_q − 2 (Σ_p^{1/2} Σ_q Σ_p^{1/2})^{1/2}),
    the Fréchet distance as image scores quote it: squared.

    Parameters
    ----------
    p, q : laws with the same d, singular covariances allowed; batches broadcast

    Returns
    -------
    Array of the batch's shape, ≥ 0.

    Raises
    ------
    InvalidInput
        If the dimensions differ.

    Notes
    -----
    The Procrustes form: with F_qᵀ F_p = W S Vᵀ, the best U is W Vᵀ. Errors in U enter squared.
    Cost: one singular value decomposition and two products, about 25 d³ flops.

    Source: Dowson and Landau 1982; Olkin and Pukelsheim 1982 (recalled, not read; tested here).
    """
    _same_dimension(p, q)
    f, g = p.factor, q.factor
    left, _, right = np.linalg.svd(np.swapaxes(g, -1, -2) @ f)
    shift = ((p.mean - q.mean) ** 2).sum(axis=-1)
    return np.asarray(shift + ((f - g @ (left @ right)) ** 2).sum(axis=(-1, -2)))


def w2(p: Normal, q: Normal) -> Array:
    """W2(p, q), the 2-Wasserstein distance:
    the square root of `frechet`. Same arguments and errors.
    """
    return np.sqrt(frechet(p, q))


def tv(p: Normal, q: Normal) -> Array:
    r"""Total variation ½ ∫|p − q| of two Gaussians on the line, by the points where p = q.

    With D the difference of the means, u = x − μ_p at such a point solves

        u² (b − a)/(a b) − 2 u D/b − D²/b − log(b/a) = 0,   a = Var p, b = Var q,

    and the total variation is |P − Q| of what lies between the two roots. With equal variances
    one of them is infinite.

    Parameters
    ----------
    p, q : laws with d = 1 and positive variances; batches broadcast

    Returns
    -------
    Array of the batch's shape, from 0 to 1; its absolute error is about 1e-15.

    Raises
    ------
    InvalidInput
        If d is not 1 or a variance is 0.

    Examples
    --------
    >>> wide = Normal(np.zeros(1), np.array([[4.0]]))
    >>> round(float(tv(Normal(np.zeros(1), np.eye(1)), wide)), 6)
    0.322675
    """
    _same_dimension(p, q)
    if p.dimension != 1:
        raise InvalidInput("p", f"must have d = 1, but has d = {p.dimension}")
    p.require_definite("p")
    q.require_definite("q")
    a, b = p.covariance[..., 0, 0], q.covariance[..., 0, 0]
    a, b, D = np.broadcast_arrays(a, b, p.mean[..., 0] - q.mean[..., 0])
    curvature, rest = (b - a) / (a * b), -(D**2) / b - np.log1p((b - a) / a)
    # curvature u² − 2 (D/b) u + rest = 0, its roots without cancellation.
    reach = D / b + np.where(D < 0, -1.0, 1.0) * np.sqrt(
        np.maximum((D / b) ** 2 - curvature * rest, 0.0)
    )
    equal = reach == 0
    safe = np.where(equal, 1.0, reach)
    with np.errstate(divide="ignore"):
        ends = np.sort(np.stack([safe / curvature, rest / safe]), axis=0)
    between = [
        np.diff(ndtr((ends + shift) / np.sqrt(v)), axis=0)[0] for shift, v in ((0.0, a), (D, b))
    ]
    return np.where(equal, 0.0, np.abs(between[0] - between[1]))
