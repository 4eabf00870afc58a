r"""Path fitting: one covariance Λ for all times, fitted to every step's own noise.

    A_k = −(e^{-2t_k} Λ + σ_k² I)^{-1},
    T3_k = −w_k/τ_k = A_k x_k − (residual of variance h_i(t_k) in direction i).

The residuals of different steps are uncorrelated (the reverse martingale), of known variance
h_i = 1/τ² − 1/v_i, and A_k moves by s_k,ij δΛ_ij with s_k,ij = e^{-2t_k}/(v_i v_j) in the
eigenbasis of Λ. So weighted least squares asks that

    Ψ_ij = Σ_k (s_k,ij/h_i(t_k)) (T3_kᵀX_k − A_k X_kᵀX_k)_ij,     Ψ_ij + Ψ_ji = 0,

and one round of scoring moves Λ_ij by (Ψ_ij + Ψ_ji)/(m (I_ij + I_ji)), I_ij = Σ_k s_k,ij²
v_j(t_k)/h_i(t_k).

What it attains. With x_k = e^{2t_k} − 1, x_0 = 0 and a_k,i = 1/(λ_i + x_k), the information
telescopes,

    I_ij = Σ_k (a_{k−1,i} − a_k,i) a_k,j,
    I_ij + I_ji = 1/(λ_i λ_j) − a_N,i a_N,j − Σ_k (a_{k−1,i} − a_k,i)(a_{k−1,j} − a_k,j),

whose first term alone is the information that the data hold. The other two are what the fit leaves
in the marginal law of X_{t_N} and in the conditional variances of X_{t_{k−1}} given X_{t_k}: they
vanish as t_N → ∞ and the gaps → 0. For one eigenvalue λ the best N times are x_k = λ k/(N + 1 − k),
and they hold N/(N + 1) of the information.

Where a round starts hardly matters. For data of any law with mean 0 and covariance Λ_true,
E T3_kᵀX_k = −m I and A_k E X_kᵀX_k = −m (I + e^{-2t_k} V_k^{-1} (Λ_true − Λ)), so that exactly
E Ψ_ij = m I_ij (Λ_true − Λ)_ij, from any Λ however far. One round is consistent for the best linear
score, and the second efficient if the data are Gaussian.
"""

from collections.abc import Iterable, Iterator

import numpy as np
from numpy.typing import ArrayLike

from bounds.bootstrap import spectrum_estimate
from bounds.check import (
    Array,
    InvalidInput,
    finite,
    how_many,
    increasing_times,
    matrices,
    positive,
    symmetric,
    whole,
)
from bounds.estimators import Estimator
from bounds.gaussian import Gaussian
from bounds.gram import Gram, along, some
from bounds.process import clock, decay, noise_variance

ROUNDS = 4
# I_ij falls as λ^{-3} and must stay a normal number: (10⁹⁰)^{-3} times a gap of 10^{-15} does.
MAX_EIGENVALUE = 1e90
# Units of information on the log of the largest eigenvalue; its standard error is 1/√units.
LEAST = 1.0  # that a law must leave the path, before anything is drawn
LEAST_SEEN = 0.25  # by the data's own estimate, which may be a few times the eigenvalue
LEAST_LEFT = 1e-5  # at the fit itself: what is below has run off

# --- the estimator --------------------------------------------------------------------------------


def covariance_rounds(
    grams: Iterable[Gram],
    rounds: int = ROUNDS,
    *,
    start: ArrayLike | None = None,
    family: Array | None = None,
) -> list[Array]:
    """Λ̂ before the first round of scoring, and after each.

    Parameters
    ----------
    grams : of the whole path, with leading replicate axes or none
    rounds : of scoring, ≥ 0
    start : symmetric, broadcast to shape (…, d, d); by default `bounds.bootstrap.spectrum_estimate`
        at t_1
    family : symmetric matrices E_1 … E_P, shape (P, d, d): the class Λ = Σ_p θ_p E_p (`banded`, …);
        None is all symmetric matrices

    Returns
    -------
    rounds + 1 arrays of shape (…, d, d), symmetric and positive definite.

    Raises
    ------
    InvalidInput
        If the Gram matrices are not those of one path from the data on, step after step,
        or the family is not symmetric, or an eigenvalue of Λ̂, at the start or after a
        round, is above 10⁹⁰. Or if there is a round, and the path holds less than a quarter
        of a unit of information on the largest eigenvalue, by the moment estimate at t_1
        (see `check_information`), or next to none on the one that is found.

    Notes
    -----
    A round solves for Λ itself, not for its change: (I_ij + I_ji) Λ_ij = sym(Ψ/m + I ∘ Λ_old)_ij,
    or in a family Σ_q J_pq θ_q = Σ_ij E_p,ij (Ψ/m + I ∘ Λ_old)_ij with J_pq = Σ_ij E_p,ij I_ij
    E_q,ij.

    Where there are few units of information the fit has long tails: at one unit, one fit in a
    hundred is off by a factor of a hundred.

    With K noise paths for each datum m stands for mK here: all is a mean over paths.

    Safeguard: eigenvalues below (e^{2t_1} − 1)/m, the resolution of m noisy samples at t_1, are
    raised to it. It acts at m near d, where λ is not resolved, or in the first round from a far
    start; by the statement at the top of this module, what it changes in one round the next
    forgets. Only in a family, and only where it acts, does the last round's result leave the
    family.

    Cost of a round: 8 N d³ flops and one eigendecomposition; with a family 4 P d³ + 2 P² d² + P³
    more. Memory: 4 N d² numbers. Source: theory.md, "Fitting along the whole path" (derived).
    """
    path = list(along(grams, from_the_data=True))
    rounds = whole("rounds", rounds, 0)
    family = _checked(family, path[0].xx.shape[-1])
    paths = path[0].paths
    # T3ᵀX and XᵀX, the steps beside one another: a basis turns all of them in two products.
    products = [-_transpose(gram.xw) / gram.step.fresh for gram in path]
    both = np.stack([*products, *(gram.xx for gram in path)], axis=-2) / paths
    x = np.array([0.0, *clock([gram.step.t for gram in path])])
    eigenvalues, basis = moments = spectrum_estimate(path[0])
    if start is not None:
        eigenvalues, basis = _positive(
            np.broadcast_to(finite("start", start), path[0].xx.shape), x, paths
        )
    _in_range(eigenvalues)
    if rounds:
        _check_information(moments[0].max(), paths, x[-1], LEAST_SEEN)
    estimates = [(basis * eigenvalues[..., None, :]) @ _transpose(basis)]
    for _ in range(rounds):
        held, early, late, shrink = _sensitivities(eigenvalues, x)
        local, xx = np.split(_turned(both, basis), 2, axis=-2)
        moved = shrink * xx
        moved += local
        moved *= late
        wanted = (early[..., None, :] @ moved)[..., 0, :] + held * _diagonal(eigenvalues)
        if family is None:
            new = (
                basis
                @ ((wanted + _transpose(wanted)) / (held + _transpose(held)))
                @ _transpose(basis)
            )
        else:
            turned = _transpose(basis)[..., None, :, :] @ family @ basis[..., None, :, :]
            pull = (turned * wanted[..., None, :, :]).sum(axis=(-2, -1))
            theta = np.linalg.solve(_family_information(turned, held), pull[..., None])
            new = (theta[..., None] * family).sum(axis=-3)
        eigenvalues, basis = _positive(new, x, paths)
        estimates.append((basis * eigenvalues[..., None, :]) @ _transpose(basis))
    if rounds:
        _check_information(eigenvalues.max(), paths, x[-1], LEAST_LEFT)
    return estimates


def path_fit(
    rounds: int = ROUNDS, *, start: ArrayLike | None = None, family: Array | None = None
) -> Estimator:
    """The estimator Â_k = −(e^{-2t_k} Λ̂ + σ_k² I)^{-1} with Λ̂ from `covariance_rounds`.

    It reads the whole path before it yields the first Â_k. The default start is a moment estimate,
    for linear scores no worse than the fit where λ ≫ e^{2t_1} − 1; the root of the equations does
    not depend on it.
    """

    def estimate(grams: Iterable[Gram]) -> Iterator[Array]:
        kept = list(some(grams))
        covariance = covariance_rounds(kept, rounds, start=start, family=family)[-1]
        eigenvalues, basis = np.linalg.eigh(covariance)
        for gram in kept:
            v = decay(2 * gram.step.t) * eigenvalues + noise_variance(gram.step.t)
            yield -(basis / v[..., None, :]) @ _transpose(basis)

    return estimate


def path(grams: Iterable[Gram]) -> Iterator[Array]:
    """`path_fit` as it comes: all symmetric matrices,
    four rounds, started from the Gram matrix at t_1.
    """
    return path_fit()(grams)


def banded(dimension: int, width: int) -> Array:
    """The family of symmetric matrices with Λ_ij = 0 for |i − j| > width; 0 is the diagonal ones.

    Returns
    -------
    Shape (P, d, d), P = Σ_{b ≤ width} (d − b).
    """
    width = whole("width", width, 0)
    dimension = how_many("dimension", dimension, 1, 1000)
    members = [(i, i + b) for b in range(width + 1) for i in range(dimension - b)]
    family = np.zeros((len(members), dimension, dimension))
    for member, (i, j) in zip(family, members, strict=True):
        member[i, j] = member[j, i] = 1.0
    return family


def _positive(covariance: Array, x: Array, paths: int) -> tuple[Array, Array]:
    """Eigenvalues, at least x_1 over the number of paths,
    and eigenvectors of the symmetric part.
    """
    _in_range(covariance)
    eigenvalues, basis = np.linalg.eigh((covariance + _transpose(covariance)) / 2)
    return np.maximum(eigenvalues, x[1] / paths), basis


def _in_range(numbers: Array) -> None:
    """Entries of Λ̂ or its eigenvalues."""
    largest = np.abs(numbers).max(initial=0.0)
    if not largest <= MAX_EIGENVALUE:
        raise InvalidInput(
            "covariance",
            f"the path fit came upon an estimate of {largest:.2g}, and it is computed in float64 "
            f"up to "
            f"{MAX_EIGENVALUE:g}: the spectrum is too large, or so much larger than m (e^{{2t}} − "
            f"1) at the last time "
            "that the path holds no information on it",
        )


def check_information(law: Gaussian, samples: int, times: ArrayLike) -> None:
    """Whether a path of these times can tell the law's largest eigenvalue at all.

    The information that m samples hold on log λ is m λ² I_ii ≤ m (1 − (1 + x_N/λ)^{-2}) ≈ 2 m x_N/λ
    with x_N = e^{2t_N} − 1: where λ ≫ x_N every X_t is data and next to no noise, and the noise is
    what is fitted.

    Raises
    ------
    InvalidInput
        If that is below 1, so that the standard error of λ̂ is beyond λ, or λ is above 10⁹⁰.
    """
    last = float(increasing_times("times", times)[-1])
    largest = float(law.eigenvalues.max())
    _check_information(largest, whole("samples", samples), float(clock(last)), LEAST)
    _in_range(law.eigenvalues)


def _check_information(largest: float, samples: int, x: float, least: float) -> None:
    """On one eigenvalue, at x = e^{2t} − 1 of the last time."""
    held = -samples * np.expm1(-2 * np.log1p(x / largest))
    if held < least:
        raise InvalidInput(
            "covariance",
            f"the path fit cannot tell an eigenvalue of {largest:.2g} from m = {samples} samples "
            f"up to t = {np.log1p(x) / 2:.3g}: they hold {held:.1g} units of information on it (a "
            "standard error of λ needs 1)",
        )


def _turned(many: Array, basis: Array) -> Array:
    """Bᵀ A_k B of matrices A_k that lie beside one another; shape (…, d, K, d) to the same."""
    *leading, d, count, _ = many.shape
    left = _transpose(basis) @ many.reshape(*leading, d, count * d)
    return (left.reshape(*leading, d * count, d) @ basis).reshape(many.shape)


def _sensitivities(eigenvalues: Array, x: Array) -> tuple[Array, Array, Array, Array]:
    """I_ij, shape (…, d, d); s_k,ij/h_i as a factor of i and k, shape (…, d, N), times one of k and
    j, shape (…, 1, N, d); 1/v_i(t_k), shape (…, d, N, 1).
    """
    p = eigenvalues[..., None] + x
    early = np.diff(x) / p[..., :-1]
    late = 1 / np.swapaxes(p[..., 1:], -1, -2)
    shrink = (1 + x[1:]) / p[..., 1:]
    return information(eigenvalues, x), early, late[..., None, :, :], shrink[..., None]


def _diagonal(eigenvalues: Array) -> Array:
    return np.asarray(eigenvalues[..., None] * np.eye(eigenvalues.shape[-1]))


def _family_information(family: Array, held: Array) -> Array:
    flat = family.reshape(*family.shape[:-2], -1)
    return np.asarray((flat * held.reshape(*held.shape[:-2], 1, -1)) @ _transpose(flat))


def _checked(family: Array | None, dimension: int) -> Array | None:
    """The family, if it is symmetric and of that d, or None."""
    if family is None:
        return None
    members = symmetric("family", matrices("family", family, dimension))
    if members.ndim != 3:
        raise InvalidInput("family", f"must have shape (P, d, d), but has {members.shape}")
    return members


def _transpose(a: Array) -> Array:
    return np.swapaxes(a, -1, -2)


# --- what it attains ------------------------------------------------------------------------------


def information(eigenvalues: Array, x: Array) -> Array:
    """I_ij for one sample, shape (…, d, d), from λ of shape (…, d) and x_0 = 0, x_1, …, x_N."""
    eigenvalues, x = finite("eigenvalues", eigenvalues), finite("x", x)
    if eigenvalues.ndim == 0:
        raise InvalidInput("eigenvalues", "must have shape (…, d), but is one number")
    if x.ndim != 1:
        raise InvalidInput("x", f"must have shape (N + 1,), but has {x.shape}")
    p = eigenvalues + x.reshape(-1, *(1,) * eigenvalues.ndim)
    fresh = np.diff(x).reshape(-1, *(1,) * eigenvalues.ndim) / (p[:-1] * p[1:])
    return np.asarray(np.einsum("k...i,k...j->...ij", fresh, 1 / p[1:]))


def covariance_variance(law: Gaussian, times: ArrayLike, family: Array | None = None) -> Array:
    """m Var δΛ_ij in the eigenbasis, to leading order:
    1/(I_ij + I_ji), 1/I_ii on the diagonal; shape (d, d).

    With a family of matrices E_p, Σ_pq E_p,ij (J^{-1})_pq E_q,ij; see `covariance_rounds` for J.

    Raises
    ------
    InvalidInput
        If the times are not positive and strictly increasing, or an eigenvalue is above 10⁹⁰.
    """
    _in_range(law.eigenvalues)
    x = np.concatenate([[0.0], clock(increasing_times("times", times))])
    family = _checked(family, law.dimension)
    held = information(law.eigenvalues, x)
    if family is None:
        pooled = held + held.T
        return np.asarray((1 + np.eye(law.dimension)) / pooled)
    turned = family if law.basis is None else law.basis.T @ family @ law.basis
    inverse = np.linalg.inv(_family_information(turned, held))
    return np.asarray(np.einsum("pij,pq,qij->ij", turned, inverse, turned))


def path_risk(
    law: Gaussian,
    times: ArrayLike,
    samples: int,
    at: ArrayLike | None = None,
    *,
    family: Array | None = None,
) -> Array:
    """Leading-order risk of the path fit, Σ_ij s_ij² v_j Var δΛ_ij.

    Parameters
    ----------
    law : the data's law N(0, Σ); with a family, Σ in it
    times : t_1 … t_N that are fitted
    samples : m
    at : times at which the score is used, need not be fitted; by default all that are
    family : see `covariance_rounds`

    Returns
    -------
    Array with one risk for each time of `at`.

    Raises
    ------
    InvalidInput
        If the times are not positive and strictly increasing.
    """
    variance = covariance_variance(law, times, family)
    where = increasing_times("times", times if at is None else at)
    v = np.array([law.variances(float(t)) for t in where])
    return np.asarray(
        decay(4 * where)
        * np.einsum("ki,ij,kj->k", v**-2, variance, 1 / v)
        / whole("samples", samples)
    )


def best_times(eigenvalue: float, count: int) -> Array:
    """The N times that hold most of the information
    on one eigenvalue: e^{2t_k} = 1 + λ k/(N + 1 − k).

    N/(N + 1) of what the data hold. In y_k = λ/(λ + x_k), which falls from y_0 = 1, the share lost
    is y_N² + Σ (y_{k−1} − y_k)², a sum of N + 1 squares of numbers that add up to 1: least when
    they are equal.

    Parameters
    ----------
    eigenvalue : λ > 0
    count : N ≥ 1

    Raises
    ------
    InvalidInput
        If λ is not positive or N < 1.
    """
    count = how_many("count", count)
    k = np.arange(1, count + 1)
    return np.asarray(np.log1p(positive("eigenvalue", eigenvalue) * k / (count + 1 - k)) / 2)
