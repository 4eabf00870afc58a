r"""Joint-time fitting: one function over all noise levels,
f(t, x) = Σ_b φ_b(t) A_b x with B functions of time.

    minimise Σ_k γ_k ‖f(t_k, X_{t_k}) − T_k‖²:
    Σ_k γ_k (φ_k φ_kᵀ ⊗ S_k) [A_bᵀ]_b = Σ_k γ_k φ_k ⊗ X_{t_k}ᵀ T_k,

S_k = X_{t_k}ᵀ X_{t_k}, with T = T1 (denoising, the paper's objective) or T3 (local denoising: each
step's own noise). B = N is least squares step by step; B ≪ N shares what the steps learn.

Its risk, to leading order. In the eigenbasis of Σ the true matrix is diagonal, so the best A_b are
diagonal too and solve B × B problems with G_j = Σ_k γ_k v_j(t_k) φ_k φ_kᵀ. What they leave is
ρ_k,i = T_k,i − φ_kᵀa_i x_k,i, with bias β_k,i = φ_kᵀa_i + 1/v_i(t_k). All of x, T and ρ are
Gaussian, so the covariance of the score Σ_k γ_k φ_k ρ_k,i x_k,j is

    M_ij = Σ_kl γ_k γ_l φ_k φ_lᵀ (E ρ_k,i ρ_l,i  E x_k,j x_l,j + δ_ij E ρ_k,i x_l,i  E x_k,i ρ_l,i)

and Var of entry (i, j) at t_k is φ_kᵀ G_j^{-1} M_ij G_j^{-1} φ_k/m: bread and meat. Where β ≠ 0 the
mean of the diagonal entries moves by O(1/m) as well, and so does β² v: a term of the same order
(zero in Σ_k γ_k × risk).

What B costs. With T3 and γ_k = t_k − t_{k−1} the residuals are white, M → G/2 as the gaps → 0, and
without bias

    Σ_k γ_k × risk → B d²/(2m),      whatever the functions, the spectrum and the number of steps.

A fit that knows how A_k moves with Λ (bounds.path) has one function an entry and half the entries:
it is the parametrisation in t, not the joint fit as such, that wins. Without the skip
f = −x + e^{-2t} F(t, x) the uniform weighting spoils the late times, where the score hardly varies:
there even DSM step by step can be better.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from bounds.check import Array, InvalidInput, increasing_times, number, whole
from bounds.estimators import Estimator
from bounds.gaussian import Gaussian
from bounds.gram import Gram, along, some
from bounds.process import decay, noise_variance, steps
from bounds.process import weights as spacing_weights

MAX_CONDITION = 1e6

# --- functions of time ----------------------------------------------------------------------------


def polynomial(times: Array, count: int) -> Array:
    """1, t, …, t^{B−1} on the grid, shape (N, B),
    as orthonormal columns: only their span matters.
    """
    middle, half = (times[-1] + times[0]) / 2, (times[-1] - times[0]) / 2
    if half == 0:  # one time, or several whose e^{-2t} are the same number
        if count > 1:
            raise _too_alike()
        half = 1.0
    return _orthonormal(np.polynomial.chebyshev.chebvander((times - middle) / half, count - 1))


def exponential(times: Array, count: int) -> Array:
    """1, q, …, q^{B−1} with q = e^{-2t}, shape (N, B), as orthonormal columns."""
    return polynomial(decay(2 * times[::-1]), count)[::-1]


def resolvent(times: Array, count: int, low: float = 0.1, high: float = 10.0) -> Array:
    """1/(e^{-2t} ℓ + σ²) at B values of ℓ in geometric progression,
    shape (N, B), as orthonormal columns.

    The score matrix of an eigenvalue ℓ is −1 times such a function exactly, so these span what is
    to be fitted if ℓ covers the spectrum. One function: ℓ = √(low · high).
    """
    levels = np.geomspace(low, high, count) if count > 1 else np.array([np.sqrt(low * high)])
    return _orthonormal(
        1 / (np.multiply.outer(decay(2 * times), levels) + noise_variance(times)[:, None])
    )


def piecewise(times: Array, count: int) -> Array:
    """Indicators of B runs of consecutive steps
    of as nearly equal length as possible, shape (N, B).
    """
    owner = np.arange(times.size) * count // times.size
    return _orthonormal(np.equal.outer(owner, np.arange(count)).astype(np.float64))


BASES: dict[str, Callable[[Array, int], Array]] = {
    "polynomial": polynomial,
    "exponential": exponential,
    "resolvent": resolvent,
    "piecewise": piecewise,
}


def basis(name: str, times: ArrayLike, count: int) -> Array:
    """φ_b(t_k), shape (N, B).

    Raises
    ------
    InvalidInput
        If there is no such basis, B is not in 1 … N, or the B functions are not independent on the
        grid in float64.
    """
    grid = increasing_times("times", times)
    if name not in BASES:
        raise InvalidInput("basis", f"{name!r} is not one of {', '.join(BASES)}")
    count = whole("count", count, None)
    if not 1 <= count <= grid.size:
        raise InvalidInput(
            "count", f"must lie between 1 and the {grid.size} times there are, but is {count}"
        )
    return BASES[name](grid, count)


def _orthonormal(columns: Array) -> Array:
    q, r = np.linalg.qr(columns / np.linalg.norm(columns, axis=0))
    if np.abs(np.diag(r)).min() < 1e-12:
        raise _too_alike()
    return np.asarray(q)


def _too_alike() -> InvalidInput:
    return InvalidInput(
        "count", "so many functions of time cannot be told apart on this grid in float64"
    )


# --- the estimator --------------------------------------------------------------------------------


@dataclass(frozen=True)
class Scheme:
    """Which joint fit.

    Attributes
    ----------
    basis : a name in BASES
    count : B
    local : whether the target is T3 rather than T1
    skip : whether f(t, x) = −x + e^{-2t} Σ_b φ_b(t) A_b x, as the score is −x in the limit: all
        that is fitted then dies out with the data's share of X_t
    power : γ_k = (t_k − t_{k−1}) · (σ_k²)^power; 0 is Theorem 1's weighting

    Raises
    ------
    InvalidInput
        If there is no such basis, B is no whole number ≥ 1, or the power is not finite.
    """

    basis: str
    count: int
    local: bool = False
    skip: bool = False
    power: float = 0.0

    def __post_init__(self) -> None:
        if self.basis not in BASES:
            raise InvalidInput("basis", f"{self.basis!r} is not one of {', '.join(BASES)}")
        whole("count", self.count)
        number("power", self.power)

    def functions(self, times: Array) -> Array:
        """φ, shape (N, B), with the factor e^{-2t} of a skip;
        no more of them than there are times.
        """
        phi = basis(self.basis, times, min(self.count, times.size))
        return phi * decay(2 * times)[:, None] if self.skip else phi

    def weights(self, times: Array) -> Array:
        """γ, shape (N,)."""
        return np.asarray(spacing_weights(times) * noise_variance(times) ** self.power)

    def system(self, times: ArrayLike) -> tuple[Array, Array]:
        """φ and γ, if the normal equations that they make can be solved.

        Raises
        ------
        InvalidInput
            If there are no such functions, or √γ_k φ_b(t_k), with columns of length 1, has a
            condition number above 10⁶, and the normal equations thus 10¹²: times within rounding of
            each other have next to no weight γ_k = t_k − t_{k−1}, and what only they tell apart is
            lost.
        """
        grid = increasing_times("times", times)
        phi, gamma = self.functions(grid), self.weights(grid)
        columns = np.sqrt(gamma)[:, None] * phi
        lengths = np.linalg.norm(columns, axis=0)
        if lengths.min() > 0:
            singular = np.linalg.svd(columns / lengths, compute_uv=False)
            if singular[-1] > singular[0] / MAX_CONDITION:
                return phi, gamma
        k = int(np.argmin(np.diff(grid))) if grid.size > 1 else 0
        close = (
            f"; the closest are {float(grid[k])!r} and {float(grid[k + 1])!r}"
            if grid.size > 1
            else ""
        )
        raise InvalidInput(
            "times",
            f"functions of time, {phi.shape[1]} on a grid of {grid.size}, cannot be fitted jointly "
            f"in float64, under the weights t_k − t_{{k−1}}{close}",
        )


DEFAULT = Scheme("exponential", 4, skip=True)


def joint_fit(scheme: Scheme = DEFAULT) -> Estimator:
    """The joint-time estimator Â_k = Σ_b φ_b(t_k) Â_b;
    it reads the whole path before it yields the first.

    Parameters
    ----------
    scheme : basis, B, target and weighting; by default four powers of e^{-2t} under a skip, T1,
        γ_k = t_k − t_{k−1}

    Notes
    -----
    Cost: N B² d² flops to gather and 2/3 (B d)³ to solve. Memory: (B d)² numbers. Raises
    InvalidInput if the normal equations are singular. Source: theory.md, "Joint-time fitting"
    (cited objective, derived solution).
    """

    def estimate(grams: Iterable[Gram]) -> Iterator[Array]:
        # T3 is of the step's own noise, so its steps must be those of a path; T1 needs times that
        # increase, no more.
        path = list(along(grams) if scheme.local else some(grams))
        phi, gamma = scheme.system([gram.step.t for gram in path])
        if len({(gram.samples, gram.redraws) for gram in path}) > 1:
            raise InvalidInput("grams", "must be of the same paths, but their m or K differ")
        count, d = phi.shape[1], path[0].xx.shape[-1]
        leading = path[0].xx.shape[:-2]
        normal = np.zeros((*leading, count, d, count, d))
        right = np.zeros((*leading, count, d, d))
        for gram, f, g in zip(path, phi, gamma, strict=True):
            target = _local(gram) if scheme.local else _denoising(gram)
            if scheme.skip:
                target = target + gram.xx
            normal += g * f[:, None, None, None] * f[:, None] * gram.xx[..., None, :, None, :]
            right += g * f[:, None, None] * target[..., None, :, :]
        flat = (*leading, count * d)
        try:
            solved = np.linalg.solve(normal.reshape(*flat, count * d), right.reshape(*flat, d))
        except np.linalg.LinAlgError:
            raise InvalidInput("samples", "the joint normal equations are singular") from None
        members = np.swapaxes(solved.reshape(*leading, count, d, d), -1, -2)
        for f in phi:
            yield (f[:, None, None] * members).sum(axis=-3) - (np.eye(d) if scheme.skip else 0.0)

    return estimate


def _denoising(gram: Gram) -> Array:
    """XᵀT1."""
    return np.asarray(gram.xz / -np.sqrt(noise_variance(gram.step.t)))


def _local(gram: Gram) -> Array:
    """XᵀT3."""
    return gram.xw / -gram.step.fresh


joint: Estimator = joint_fit()

# --- the risk -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class JointRisk:
    """Leading-order risk of a joint fit at each time.

    Attributes
    ----------
    bias : Σ_i β_k,i² v_i, shape (N,): the risk at m = ∞
    variance : shape (N,); over m, the variance's share
    shift : shape (N,); over m, what the O(1/m) mean of Â adds to the bias; of either sign
    """

    bias: Array
    variance: Array
    shift: Array

    def __repr__(self) -> str:
        worst = max(
            zip(self.bias, self.variance, strict=True), key=lambda pair: pair[1], default=(0.0, 0.0)
        )
        return (
            f"JointRisk({self.bias.size} times; at the one of largest variance: bias "
            f"{worst[0]:.6g}, variance {worst[1]:.6g}/m)"
        )

    def at(self, samples: int) -> Array:
        """bias + (variance + shift)/m, shape (N,)."""
        return np.asarray(self.bias + (self.variance + self.shift) / whole("samples", samples))


def joint_risk(law: Gaussian, times: ArrayLike, scheme: Scheme = DEFAULT) -> JointRisk:
    """Exact leading-order risk of `joint_fit`.

    Parameters
    ----------
    law : the data's law N(0, Σ)
    times : shape (N,), strictly increasing and positive
    scheme : as for `joint_fit`

    Raises
    ------
    InvalidInput
        As `Scheme.system` does.

    Notes
    -----
    Cost: 2 d² N³ flops and (d + 4) N² numbers. Source: derived; see this module's opening.
    """
    grid = increasing_times("times", times)
    phi, gamma = scheme.system(grid)
    v = np.array([law.variances(float(t)) for t in grid])  # (N, d)
    target_target, target_x = _target_moments(grid, scheme.local)
    x_x = _x_moments(grid, v)
    kept = 1.0 if scheme.skip else 0.0  # what is fitted is T + x
    weighted = gamma[:, None] * phi
    # reach[j], shape (N, N): what the score Σ_l γ_l φ_l ρ_l x_l,j of time l does to entry (·, j) at
    # time k.
    reach = [
        phi @ np.linalg.solve((weighted * v[:, [j]]).T @ phi, weighted.T) for j in range(v.shape[1])
    ]
    variance, shift, bias = np.zeros(grid.size), np.zeros(grid.size), np.zeros(grid.size)
    for i, own in enumerate(reach):
        a = own @ (np.diagonal(target_x) + kept * v[:, i]) - kept  # the best A at each time
        beta = a + 1 / v[:, i]
        crossed = target_x * a
        rho_rho = target_target - crossed - crossed.T + np.outer(a, a) * x_x[i]
        rho_x = target_x - a[:, None] * x_x[i]
        bias += beta**2 * v[:, i]
        for j, hat in enumerate(reach):
            meat = rho_rho * x_x[j] + (rho_x * rho_x.T if i == j else 0.0)
            variance += v[:, j] * ((hat @ meat) * hat).sum(axis=1)
            moved = -(2.0 if i == j else 1.0) * (own @ np.einsum("lk,kl,kl->k", rho_x, x_x[j], hat))
            shift += 2 * beta * v[:, i] * moved
    return JointRisk(bias, variance, shift)


def _x_moments(grid: Array, v: Array) -> Array:
    """E x_k,i x_l,i = e^{-|t_k − t_l|} v_i(min), shape (d, N, N)."""
    gap = np.exp(-np.abs(np.subtract.outer(grid, grid)))
    earlier = np.minimum.outer(np.arange(grid.size), np.arange(grid.size))
    return np.asarray(gap * np.moveaxis(v[earlier], -1, 0))


def _target_moments(grid: Array, local: bool) -> tuple[Array, Array]:
    """E T_k T_l and E T_k x_l of one coordinate, shape (N, N) each; neither knows λ.

    T1: −Z/σ², with E Z_k Z_l = E Z_k x_l = e^{-|t_k − t_l|} σ²(min). T3: −w/τ, white, and w_k
    has a part e^{-(t_l − t_k)} τ_k in x_l for l ≥ k.
    """
    apart = np.subtract.outer(grid, grid)
    if local:
        fresh = np.array([step.fresh_variance for step in steps(grid)])
        return np.diag(1 / fresh), np.where(apart <= 0, -np.exp(-np.abs(apart)), 0.0)
    noise = noise_variance(grid)
    z_z = np.exp(-np.abs(apart)) * np.minimum.outer(noise, noise)
    return z_z / np.outer(noise, noise), -z_z / noise[:, None]
