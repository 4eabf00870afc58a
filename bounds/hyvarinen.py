r"""Score matching without noise: Hyvärinen's loss of an exponential family, which is quadratic.

    p_θ(x) ∝ h(x) exp(Σ_k θ_k f_k(x)),   s_θ = ∇ log p_θ,   F_i,k = ∂_i f_k,
    loss_i(θ, x) = ∂_i² log p_θ + ½ (∂_i log p_θ)²,

summed over a set of coordinates i, the rows: one for the loss of a vertex of a graphical model, all
for the full loss. Its mean is ½ θᵀHθ + gᵀθ plus what does not depend on θ, with

    H = E Σ_i F_i F_iᵀ,   g = E Σ_i [∂_i² f + F_i ∂_i log h],   θ̂ = −Ĥ^{-1} ĝ,
    α(x) = Σ_i [∂_i² f + F_i s_i],   Γ = Cov α,   M Cov θ̂ → H^{-1} Γ H^{-1}, the sandwich.

E is a mean over a sample or under a quadrature rule, by the weights. α is a sample's gradient of
the loss, and E α = 0 at the true θ (one s_i, not two: the loss holds half of its square).

What implementations are known to stumble over, and what is done here. Signs: log p = + Σ θ f, so
that f = −x_a x_b has Ω_ab as its θ. A parameter that two rows share enters both, once: H and g are
sums over the rows. Nothing scales the diagonal of H, and no mean is profiled out: to fit a mean,
have x_i among the f. Then nothing changes where the data are shifted but what must. Variances are
the sandwich, neither Γ^{-1} nor H^{-1}, and Γ is a mean, with M and not M − 1. On a set with a
boundary, truncated data say, this loss is biased; it needs a density that vanishes at the ends.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
import scipy
from numpy.typing import ArrayLike

from bounds.check import Array, InvalidInput, finite, positive, symmetric, whole

SINGULAR = 1e-13
"""Least eigenvalue of H, scaled to a diagonal of ones, that is told from 0 in float64."""
GAP = 1e-9
"""What a constrained minimum may be off, of the size of the loss."""


class Family(NamedTuple):
    """The derivatives of an exponential family, functions of x (N, n): ∂_i f_k and ∂_i² f_k, shape
    (N, n, p), and ∂_i log h, shape (N, n), or None where h is constant.
    """

    first: Callable[[Array], Array]
    second: Callable[[Array], Array]
    base: Callable[[Array], Array] | None = None


class Terms(NamedTuple):
    """What a loss needs to know of a sample: F (…, M, r, p) for r rows,
    Σ_i ∂_i² f (…, M, p), ∂_i log h (…, M, r).
    """

    first: Array
    second: Array
    base: Array


class Quadratic(NamedTuple):
    """The loss ½ θᵀHθ + gᵀθ: H of shape (…, p, p), g of shape (…, p)."""

    H: Array
    g: Array


def terms(family: Family, x: ArrayLike, rows: Sequence[int] | None = None) -> Terms:
    """The terms of the loss at points x (…, M, n), in as many samples side by side as one likes;
    `rows` are the coordinates whose losses are summed, all by default.

    Raises
    ------
    InvalidInput
        If x is not finite or empty, a row is not one of 0 … n − 1 or comes twice, or a derivative
        is not finite or has another shape than it should.
    """
    points = finite("x", x)
    if points.ndim < 2 or points.size == 0:
        raise InvalidInput("x", f"must have shape (…, M, n) and hold points: {points.shape}")
    *lead, n = points.shape
    chosen = list(range(n)) if rows is None else [whole("rows", row, 0) for row in rows]
    if not chosen or max(chosen) >= n or len(set(chosen)) < len(chosen):
        raise InvalidInput("rows", f"must be different ones of 0 … {n - 1}, but are {chosen}")
    flat = points.reshape(-1, n)
    first, second = finite("first", family.first(flat)), finite("second", family.second(flat))
    base = np.zeros_like(flat) if family.base is None else finite("base", family.base(flat))
    if first.ndim != 3 or first.shape[:2] != flat.shape:
        raise InvalidInput("first", f"must have shape {flat.shape} and p, but has {first.shape}")
    for key, found, wanted in (("second", second, first.shape), ("base", base, flat.shape)):
        if found.shape != wanted:
            raise InvalidInput(key, f"must have shape {wanted}, but has {found.shape}")
    p = first.shape[2]
    return Terms(
        first[:, chosen].reshape(*lead, len(chosen), p),
        second[:, chosen].sum(axis=1).reshape(*lead, p),
        base[:, chosen].reshape(*lead, len(chosen)),
    )


def _weights(found: Terms, weights: ArrayLike | None) -> Array:
    m = found.second.shape[-2]
    if weights is None:
        return np.full(m, 1 / m)
    held = finite("weights", weights)
    if held.shape != (m,) or held.min() < 0 or abs(held.sum() - 1) > 1e-9:
        raise InvalidInput("weights", f"must be {m} numbers ≥ 0 with sum 1")
    return held


def quadratic(found: Terms, weights: ArrayLike | None = None) -> Quadratic:
    """H and g, in M r p² flops; `weights` (M,) of the points, those of a quadrature rule, say, have
    sum 1 and are even by default.
    """
    w = _weights(found, weights)
    H = np.einsum("m,...mrp,...mrq->...pq", w, found.first, found.first, optimize=True)
    g = w @ (found.second + np.einsum("...mr,...mrp->...mp", found.base, found.first))
    return Quadratic(H, np.asarray(g))


def gradients(found: Terms, theta: ArrayLike) -> Array:
    """α, each point's gradient of the loss at θ (p,), or one θ a sample: shape (…, M, p)."""
    at = finite("theta", theta)
    p = found.second.shape[-1]
    if at.shape[-1:] != (p,) or at.shape[:-1] not in ((), found.second.shape[:-2]):
        raise InvalidInput("theta", f"must have shape ({p},), but has {at.shape}")
    score = found.base + np.einsum("...mrp,...p->...mr", found.first, at)
    return np.asarray(found.second + np.einsum("...mr,...mrp->...mp", score, found.first))


def spread(found: Terms, theta: ArrayLike, weights: ArrayLike | None = None) -> Array:
    """Γ = Cov α at θ over the weights, shape (…, p, p)."""
    w = _weights(found, weights)
    alpha = gradients(found, theta)
    alpha = alpha - (w @ alpha)[..., None, :]
    return np.asarray(np.einsum("m,...mp,...mq->...pq", w, alpha, alpha, optimize=True))


def _solved(H: ArrayLike, right: Array) -> Array:
    """H^{-1} right, H scaled to a diagonal of ones; right has shape (…, p, k)."""
    held = symmetric("H", H)
    if right.shape[-2] != held.shape[-1]:
        raise InvalidInput("H", f"is {held.shape[-1]} wide, and g is {right.shape[-2]} long")
    diagonal = np.diagonal(held, axis1=-2, axis2=-1)
    scale = 1 / np.sqrt(np.where(diagonal > 0, diagonal, 1.0))
    scaled = held * scale[..., :, None] * scale[..., None, :]
    if np.linalg.eigvalsh(scaled).min(initial=1.0) < SINGULAR:
        raise InvalidInput("H", "is singular: some features' gradients depend on others' here")
    return np.asarray(scale[..., None] * np.linalg.solve(scaled, scale[..., None] * right))


def estimate(loss: Quadratic) -> Array:
    """θ̂ = −H^{-1} g, shape (…, p), the minimum of the loss without a constraint.

    Raises
    ------
    InvalidInput
        If H is singular to float64: too few points, or features that depend on one another.

    Examples
    --------
    f = −x_a²/2 and −x_a x_b make the row of a of S^{-1}, with S = XᵀX/M:

    >>> x = np.random.default_rng(0).standard_normal((50, 2))
    >>> pair = Family(
    ...     first=lambda x: -np.stack([x * [1, 0], x[:, ::-1]], axis=2),
    ...     second=lambda x: -np.broadcast_to([[1.0, 0.0], [0.0, 0.0]], (len(x), 2, 2)),
    ... )
    >>> row = estimate(quadratic(terms(pair, x, rows=[0])))
    >>> np.allclose(row, np.linalg.inv(x.T @ x / 50)[0])
    True
    """
    return np.asarray(-_solved(loss.H, finite("g", loss.g)[..., None])[..., 0])


def sandwich(H: ArrayLike, gamma: ArrayLike) -> Array:
    """H^{-1} Γ H^{-1}, shape (…, p, p): M times the limiting covariance of θ̂."""
    return _solved(H, np.swapaxes(_solved(H, symmetric("gamma", gamma)), -1, -2))


def leverage(found: Terms, weights: ArrayLike | None = None) -> float:
    """E tr (H^{-1} Σ_i F_i F_iᵀ)², for one row E (Fᵀ H^{-1} F)², of one sample.

    Less p and over M it is E‖H^{-1/2} Ĥ H^{-1/2} − I‖_F²: how far Ĥ of M points is from H.
    """
    m, rows, p = found.first.shape
    flat = found.first.reshape(-1, p)
    solved = _solved(quadratic(found, weights).H, flat.T).T.reshape(m, rows, p)
    products = np.einsum("mrp,msp->mrs", found.first, solved)
    return float(_weights(found, weights) @ np.sum(products**2, axis=(1, 2)))


def within(loss: Quadratic, radius: float) -> Array:
    """The minimum of the loss over ‖θ‖₁ ≤ radius, shape (p,); one of them, if H is singular.

    By scipy's SLSQP in the positive and negative parts of θ, and then exactly on the face that it
    found. For convex losses grad·θ + radius ‖grad‖_∞ bounds what the minimum may be off: what is
    returned keeps it below 1e-9 of the loss's size.

    Raises
    ------
    InvalidInput
        If H is not one matrix, has a negative eigenvalue, or the program does not converge.
    """
    H, g, bound = symmetric("H", loss.H), finite("g", loss.g), positive("radius", radius)
    if H.ndim != 2 or g.shape != H.shape[:1]:
        raise InvalidInput("H", f"must be one matrix beside its g, but has shape {H.shape}")
    values = np.linalg.eigvalsh(H)
    if values[0] < -1e-10 * abs(values[-1]):
        raise InvalidInput("H", f"must have no negative eigenvalue, but has {values[0]:g}")
    size = max(bound**2 * np.abs(H).max(), bound * np.abs(g).max(), 1e-300)
    A, b, p = bound**2 * H / size, bound * g / size, g.size

    def of_parts(parts: Array) -> tuple[float, Array]:
        at = parts[:p] - parts[p:]
        slope = A @ at + b
        return float(at @ (slope + b) / 2), np.concatenate([slope, -slope])

    ones = np.ones(2 * p)
    inside = {"type": "ineq", "fun": lambda parts: 1 - parts.sum(), "jac": lambda parts: -ones}
    found = scipy.optimize.minimize(
        of_parts,
        0 * ones,
        jac=True,
        method="SLSQP",
        bounds=[(0, 1)] * (2 * p),
        constraints=inside,
        options={"ftol": 1e-15, "maxiter": 1000},
    ).x
    rough = found[:p] - found[p:]
    tries = [rough, *_on_its_face(A, b, rough)]
    gaps = [float((A @ at + b) @ at + np.abs(A @ at + b).max()) for at in tries]
    if min(gaps) > GAP:
        raise InvalidInput("H", "is too badly scaled for the quadratic program to converge")
    return np.asarray(bound * tries[int(np.argmin(gaps))])


def _on_its_face(A: Array, b: Array, near: Array) -> list[Array]:
    """The minimum on the face of the unit ball that `near` is on, or inside the ball; if any."""
    on = np.flatnonzero(np.abs(near) > 1e-6)
    signs, k = np.sign(near[on]), on.size
    system = np.block([[A[np.ix_(on, on)], signs[:, None]], [signs, np.zeros(1)]])
    right = np.append(-b[on], 1.0)
    if np.abs(near).sum() < 1 - 1e-6:
        system, right = system[:k, :k], right[:k]
    at = np.zeros_like(near)
    at[on] = np.linalg.lstsq(system, right)[0][:k]
    return [at] if np.abs(at).sum() <= 1 + 1e-12 else []
