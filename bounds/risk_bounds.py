r"""Bounds on risk that follow from the supermartingale of the dimension-free theorem.

    E exp(−ρS − ρ²κ Σ_j γ_j |ζ_j|²/2) ≤ 1   per path, for each fixed ζ and every ρ

is all that they use. So they hold for every law with a κ (bounds.kernels), whatever its dimension:

- classes with P parameters, H = {f_0 + φᵀθ}, with W = Σ_i Σ_j γ_j ⟨φ_ij, U_ij⟩ in R^P and
  G = Σ_i Σ_j γ_j ⟨φ_ij, φ_ij⟩: κ for each parameter stands where 8 log|H| stood;
- the population risk R(f) = E Y_f, Y_f = Σ_j γ_j |f − s|² on one path, in place of the mean over
  the training paths;
- a true score outside the class.

The proofs are in theory.md, Extensions of the bound.
"""

import numpy as np
from numpy.typing import ArrayLike

from bounds.check import (
    Array,
    InvalidInput,
    matrices,
    not_negative,
    number,
    positive,
    symmetric,
    whole,
)
from bounds.concentration import log_inverse, risk_bound

THETA_GAUSSIAN = 3.0
"""θ with E Y² ≤ θ (E Y)², for Gaussian data and f − s affine in x, of any mean."""
THETA_LOG_CONCAVE = 6.0
"""θ for symmetric log-concave data and f − s linear in x; Laplace is extremal."""


# --- classes with P parameters


def log_determinant(gram: ArrayLike, prior: ArrayLike) -> Array:
    """log det(I + G_0^{-1} G), by Cholesky factors of G_0 + G and of G_0.

    Parameters
    ----------
    gram : G, shape (…, P, P), symmetric, not negative
    prior : G_0, shape (P, P), symmetric, positive definite

    Returns
    -------
    Array of shape (…).

    Raises
    ------
    InvalidInput
        If G_0 is not positive definite, or G so negative that G_0 + G is not.

    Notes
    -----
    Cost: P³/3 flops a matrix.
    """
    fixed = symmetric("prior", matrices("prior", prior))
    if fixed.ndim != 2:
        raise InvalidInput("prior", f"must be one matrix, but has shape {fixed.shape}")
    given = symmetric("gram", matrices("gram", gram, len(fixed)))

    def log_det(key: str, matrix: Array) -> Array:
        try:
            factor = np.linalg.cholesky(matrix)
        except np.linalg.LinAlgError:
            raise InvalidInput(key, "must be positive definite, but is not") from None
        diagonal = np.diagonal(factor, axis1=-2, axis2=-1)
        return np.asarray(2 * np.log(diagonal).sum(axis=-1))

    # G_0 + G is no less than G_0 where G is not negative, as a Gram matrix is not.
    alone = log_det("prior", fixed)
    return np.asarray(log_det("gram", fixed + given) - alone)


def self_normalised_bound(kappa: float, gram: ArrayLike, prior: ArrayLike, delta: float) -> Array:
    """κ [log det(I + G_0^{-1} G) + 2 log(1/δ)], a bound on Wᵀ (G + G_0)^{-1} W.

    It holds with probability at least 1 − δ, for every m and any features of x and t, for each
    fixed G_0. With V = Σ_i Φ_iᵀ (M ⊗ I) Φ_i for G, V_0 for G_0 and κ = 1 it bounds
    Wᵀ (V + V_0)^{-1} W (the trace form): sharper where few features lie along the top of M.

    Parameters
    ----------
    kappa : κ, positive
    gram : G, shape (…, P, P)
    prior : G_0, shape (P, P), positive definite, fixed before the data
    delta : δ in (0, 1)

    Returns
    -------
    Array of shape (…).

    Source: theory.md, Classes with P parameters (derived).

    Examples
    --------
    >>> import numpy as np
    >>> float(self_normalised_bound(1.0, np.diag([3.0, 3.0]), np.eye(2), 0.05).round(4))
    8.7641
    """
    size = 2 * log_inverse(delta)
    return np.asarray(positive("kappa", kappa) * (log_determinant(gram, prior) + size))


def ridge_risk_bound(
    kappa: float,
    gram: ArrayLike,
    prior: ArrayLike,
    distance: float,
    delta: float,
    m: int,
) -> Array:
    """(√(self-normalised bound) + |θ* − θ_0|_{G_0})²/m, a bound on the risk of ridge DSM.

    The risk is (1/m) Σ_i Σ_j γ_j |f̂ − s|²; ridge DSM minimises the loss of the m paths plus
    (θ − θ_0)ᵀ G_0 (θ − θ_0). It holds with probability at least 1 − δ, for every m and any
    features; s = f_0 + φᵀθ* is in the class.

    Parameters
    ----------
    kappa, gram, prior, delta : as for `self_normalised_bound`
    distance : |θ* − θ_0| in the norm of G_0, not negative
    m : number of sample paths

    Source: theory.md, Classes with P parameters, (i) (derived).

    Examples
    --------
    >>> import numpy as np
    >>> gram = 100 * np.eye(2)
    >>> float(ridge_risk_bound(1.0, gram, np.eye(2), 0.5, 0.05, 100).round(4))
    0.1937
    """
    noise = self_normalised_bound(kappa, gram, prior, delta)
    bias = not_negative("distance", distance)
    return np.asarray((np.sqrt(noise) + bias) ** 2 / whole("m", m))


def parametric_risk_bound(
    kappa: float, parameters: int, delta: float, m: int, eta: float = 0.0
) -> float:
    """κ (√(qP) + √(2 log(1/δ)))²/m with q = (1 + η)/(1 − η), a bound on the risk of least squares.

    It holds up to probability δ on the event (1 − η) m Γ ≤ G ≤ (1 + η) m Γ, Γ fixed: joint times,
    P parameters, any features, s in the class. η = 0 is a G that is not random, as for features of
    t alone.

    Parameters
    ----------
    kappa : κ, positive
    parameters : P, a whole number
    delta : δ in (0, 1)
    m : number of sample paths
    eta : η in [0, 1)

    Source: theory.md, Classes with P parameters, (ii) (derived).

    Examples
    --------
    >>> round(parametric_risk_bound(1.0, 64, 0.05, 1000), 4)
    0.1092
    """
    eta = not_negative("eta", eta)
    if eta >= 1:
        raise InvalidInput("eta", f"must be below 1, but is {eta:g}")
    spread = (1 + eta) / (1 - eta)
    deviation = np.sqrt(2 * log_inverse(delta))
    root = np.sqrt(spread * float(whole("parameters", parameters))) + deviation
    return float(positive("kappa", kappa) * root**2 / whole("m", m))


def one_time_risk_bound(kappa: float, parameters: int, delta: float, m: int) -> float:
    """κ (P + 2 √(P log(1/δ)) + 2 log(1/δ))/m, a bound on the risk of least squares at one time.

    It holds with probability at least 1 − δ, at every m and for all features, s in the class; the
    mean of the risk is at most κP/m. For linear scores in d dimensions P = d².

    Parameters
    ----------
    kappa, parameters, delta, m : as for `parametric_risk_bound`, κ that of the one time

    Source: theory.md, Classes with P parameters, (iii) (derived).

    Examples
    --------
    >>> round(one_time_risk_bound(1.0, 64, 0.05, 1000), 4)
    0.0977
    """
    size, level = float(whole("parameters", parameters)), log_inverse(delta)
    total = size + 2 * np.sqrt(size * level) + 2 * level
    return float(positive("kappa", kappa) * total / whole("m", m))


def mean_ridge_risk_bound(
    kappa: float, parameters: int, eta: float, distance: float, m: int
) -> float:
    """(√(κP log(1 + 1/η)) + √(ηm) |θ* − θ_0|_Γ)²/m, a bound on the mean risk of ridge DSM.

    Penalty (θ − θ_0)ᵀ η m Γ (θ − θ_0) with Γ = E G/m; joint times, every m, s in the class. The
    plain κP/m is false at joint times.

    Parameters
    ----------
    kappa, parameters, m : as for `parametric_risk_bound`
    eta : η, positive
    distance : |θ* − θ_0| in the norm of Γ, not negative

    Source: theory.md, Joint times in the mean (derived).

    Examples
    --------
    >>> round(mean_ridge_risk_bound(1.0, 10, 0.01, 0.1, 1000), 4)
    0.0505
    """
    size, count = float(whole("parameters", parameters)), whole("m", m)
    noise = positive("kappa", kappa) * size * np.log1p(1 / positive("eta", eta))
    bias = np.sqrt(eta * count) * not_negative("distance", distance)
    return float((np.sqrt(noise) + bias) ** 2 / count)


# --- population risk


def choice_bound(kappa: float, m: int, c: float, log_laplace: float) -> float:
    """[E e^{−cY_f}]^{m/(1 + 8κc)}, a bound on the probability that f̂ = f; for each c > 0.

    H finite and fixed before the data, s ∈ H, f̂ the joint DSM minimiser.

    Parameters
    ----------
    kappa : κ, positive
    m : number of sample paths
    c : positive
    log_laplace : log E e^{−cY_f}, not above 0

    Source: theory.md, Population risk (derived).

    Examples
    --------
    >>> round(choice_bound(1.0, 100, 1.0, -0.1), 4)  # e^{−10/9}
    0.3292
    """
    exponent = number("log_laplace", log_laplace)
    if exponent > 0:
        raise InvalidInput("log_laplace", f"must not be above 0, but is {exponent:g}")
    shrink = 1 + 8 * positive("kappa", kappa) * positive("c", c)
    return float(np.exp(whole("m", m) * exponent / shrink))


def population_bound(
    kappa: float, log_cardinality: float, delta: float, m: int, theta: float
) -> float:
    """8κL/(1 − √(2θL)) with L = log(|H|/δ)/m, a bound on the population risk R(f̂).

    It holds with probability at least 1 − δ if E Y_f² ≤ θ (E Y_f)² for all f in H and 2θL < 1: H
    finite and fixed before the data, s ∈ H. Such a condition is needed: a spike of f − s that the
    data miss costs nothing in the loss.

    Parameters
    ----------
    kappa : κ, positive
    log_cardinality : log|H|, not negative
    delta : δ in (0, 1)
    m : number of sample paths
    theta : θ, at least 1. `THETA_GAUSSIAN` for Gaussian data and affine f − s, `THETA_LOG_CONCAVE`
        for symmetric log-concave data and linear ones.

    Raises
    ------
    InvalidInput
        If m is too small for it: 2θL ≥ 1.

    Source: theory.md, Population risk (derived).

    Examples
    --------
    >>> round(population_bound(1.0, 3.0, 0.05, 1000, THETA_GAUSSIAN), 4)
    0.0592
    """
    ratio = number("theta", theta)
    if ratio < 1:
        raise InvalidInput("theta", f"must be at least 1, as E Y² is, but is {ratio:g}")
    empirical = risk_bound(kappa, log_cardinality, delta, m)
    twice = 2 * ratio * (log_cardinality + log_inverse(delta))  # 2θ m L
    # 1 − √(twice/m), which does not cancel; 0 where m and twice are one number to float64.
    spare = (m - twice) / m / (1 + np.sqrt(twice / m))
    if spare <= 0:
        least = int(np.floor(twice)) + 1
        raise InvalidInput("m", f"must be at least {least} for this |H|, δ and θ, but is {m}")
    return float(empirical / spare)


# --- a true score outside the class


def misspecified_bound(
    kappa: float,
    log_cardinality: float,
    delta: float,
    m: int,
    best: float,
    eta: float | None = None,
) -> float:
    """(1 + η) risk(f*) + 8κ(1 + 1/η)L with L = log(|H|/δ)/m, a bound on the empirical risk of f̂.

    It holds with probability at least 1 − δ, for any fixed f* in H, s anywhere. Without η, at the
    best one, it is (√r* + √(8κL))², on the event that risk(f*) ≤ r*, a number fixed beforehand.
    No rule that picks a member of H has the factor 1.

    Parameters
    ----------
    kappa : κ, positive
    log_cardinality : log|H|, not negative
    delta : δ in (0, 1)
    m : number of sample paths
    best : risk(f*), or r*, not negative
    eta : η, positive and fixed before the data, or None for the best one

    Source: theory.md, Score outside the class (derived).

    Examples
    --------
    >>> round(misspecified_bound(1.0, 3.0, 0.05, 1000, 0.1), 4)
    0.2865
    >>> misspecified_bound(1.0, 3.0, 0.05, 1000, 0.0) == risk_bound(1.0, 3.0, 0.05, 1000)
    True
    """
    inside, risk = risk_bound(kappa, log_cardinality, delta, m), not_negative("best", best)
    if eta is None:
        return float(inside + risk + 2 * np.sqrt(risk * inside))
    slack = positive("eta", eta)
    return float((1 + slack) * risk + (1 + 1 / slack) * inside)
