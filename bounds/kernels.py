"""κ of a law and a grid: the kernels M of the dimension-free bounds and their largest eigenvalues.

    M_jl = √(γ_j γ_l) a_j a_l W_min(j,l),   a_t = e_t/σ_t² = 1/(2 sinh t),   W_k = w_1 + … + w_k.

bounds.concentration has the theorem and its proof, and says which law has which W.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike
from scipy.linalg import eigh

from bounds.check import (
    Array,
    InvalidInput,
    finite,
    increasing_times,
    not_negative,
    positive,
    real,
)
from bounds.process import decay, noise_variance

MOST = 1e100
"""Largest γ: products of two and sums over times stay far inside float64."""


def grid_of(times: ArrayLike, gamma: ArrayLike) -> tuple[Array, Array]:
    """Times and weights, both of shape (N,), checked."""
    t, weights = increasing_times("times", times), np.atleast_1d(finite("gamma", gamma))
    if weights.shape != t.shape:
        raise InvalidInput(
            "gamma", f"must have shape {t.shape}, one weight a time, but has {weights.shape}"
        )
    if weights.min() <= 0 or weights.max() > MOST:
        at_fault = weights.min() if weights.min() <= 0 else weights.max()
        raise InvalidInput(
            "gamma", f"must be positive and at most {MOST:g}, but holds {at_fault:g}"
        )
    return t, weights


# The kernels M and their largest eigenvalues


def kernel_gaussian(times: ArrayLike, gamma: ArrayLike, eigenvalue: float) -> Array:
    """M_jl = √(γ_j γ_l) e_j e_l λ/(σ²_{max} v(t_min)), shape (N, N), for one eigenvalue λ of Σ.

    Source: theory.md, "Dimension-free bounds" (derived).
    """
    t, weights = grid_of(times, gamma)
    value = positive("eigenvalues", eigenvalue)
    later, earlier = np.maximum.outer(t, t), np.minimum.outer(t, t)
    v = decay(2 * earlier) * value + noise_variance(earlier)
    kernel = decay(later + earlier) * value / (noise_variance(later) * v)
    return np.asarray(np.sqrt(np.outer(weights, weights)) * kernel)


def kernel_log_concave(times: ArrayLike, gamma: ArrayLike) -> Array:
    """M_jl = √(γ_j γ_l) e^{t_min}/(2 sinh t_max) = √(γ_j γ_l)
    e^{−|t_j − t_l|}/σ²_{max}, shape (N, N).

    The second form neither overflows for large t nor cancels for small t.

    Source: theory.md, "Dimension-free bounds" (derived).
    """
    t, weights = grid_of(times, gamma)
    kernel = decay(np.abs(np.subtract.outer(t, t))) / noise_variance(np.maximum.outer(t, t))
    return np.asarray(np.sqrt(np.outer(weights, weights)) * kernel)


def kernel_profile(
    times: ArrayLike, gamma: ArrayLike, profile: Callable[[Array], ArrayLike]
) -> Array:
    """M_jl = √(γ_j γ_l) a_j a_l W_min(j,l), shape (N, N), with W_k = w_1 + … + w_k,

        w_k = min( b(t_k), ∫_{t_{k−1}}^{t_k} 2 e^{2s} (1 + σ_s² L₊(s))² ds ),
        b(t) = e^{2t} σ_t² (1 + σ_t² L₊(t)).

    Parameters
    ----------
    times, gamma : shape (N,)
    profile : L₊, from an array of times (P,) to an array (P,): ∇²log p_s ≤ L₊(s) I for all s > 0.
        L₊ = 0 is log-concave, L₊(s) = −1/v(s) Gaussian; `Mixture.curvature_bound` is one for
        mixtures, `bounds.cauchy.curvature_bound` for Cauchy data.

    Raises
    ------
    InvalidInput
        If 1 + σ_s² L₊(s) is negative somewhere, which no law allows, or not finite.

    Notes
    -----
    The integral by 16 Gauss-Legendre nodes on panels that halve towards 0 (down to 2^{−60} t_1) and
    are nowhere wider than 1/2: close to machine precision for a profile that is smooth on each
    octave of s. W is carried as e^{−2t} W, which stays bounded when L₊ does. Cost: 16 (N + 60 + 2
    t_N) evaluations of L₊ and N² numbers.

    Source: the theorem of bounds.concentration with the profile of the law (derived).
    """
    t, weights = grid_of(times, gamma)
    octaves = t[0] * 2.0 ** np.arange(-60, 1 + np.ceil(np.log2(t[-1] / t[0])))
    edges = np.unique(
        np.concatenate([[0.0], octaves[octaves < t[-1]], np.arange(0.5, t[-1], 0.5), t])
    )
    nodes, node_weights = np.polynomial.legendre.leggauss(16)
    widths = np.diff(edges)
    s = edges[:-1, None] + widths[:, None] * (nodes + 1) / 2

    def tilt(s: Array) -> Array:
        """1 + σ_s² L₊(s)."""
        values = np.reshape(finite("profile", profile(s.ravel())), s.shape)
        return np.asarray(1 + noise_variance(s) * values)

    inner, ends = tilt(s), tilt(t)
    if min(inner.min(), ends.min()) < 0:
        raise InvalidInput("profile", "falls below −1/σ², which no law allows")
    # Each panel's integral and each b, both times e^{−2t} at the end of the gap that they belong
    # to.
    gap = np.searchsorted(t, edges[1:])
    shrunk = decay(2 * (t[gap][:, None] - s)) * inner**2
    integrals = np.bincount(gap, weights=widths * (shrunk @ node_weights), minlength=t.size)
    # b(t_k) a little up, by what 1 + σ²L₊ may have lost where it cancels: never below the true one.
    noise = noise_variance(t)
    steps = np.minimum(integrals, noise * (ends + 1e-15 * (2 + np.abs(ends))))
    W = np.empty_like(steps)
    carried = 0.0
    for k, gone in enumerate(decay(2 * np.diff(t, prepend=0.0))):
        W[k] = carried = carried * float(gone) + float(steps[k])
    W_min = W[np.minimum.outer(np.arange(t.size), np.arange(t.size))]
    kernel = decay(np.abs(np.subtract.outer(t, t))) * W_min / np.outer(noise, noise)
    return np.asarray(np.sqrt(np.outer(weights, weights)) * kernel)


def kernel_bounded(times: ArrayLike, gamma: ArrayLike, radius: float) -> Array:
    """M_jl = √(γ_j γ_l) a_j a_l W_min(j,l), shape (N, N), for a law of bounded support.

    w_1 = R², w_k = min(R², R⁴ (1/x_{k−1} − 1/x_k)) with x = e^{2t} − 1, and W_k = w_1 + … + w_k.

    Parameters
    ----------
    times, gamma : shape (N,)
    radius : R, positive: for every unit v, ⟨v, X_0⟩ keeps within an interval of length 2R. Atoms
        are welcome.

    Source: the theorem of bounds.concentration with b = R² (derived).
    """
    t, weights = grid_of(times, gamma)
    square = positive("radius", radius) ** 2
    tau = decay(2 * t) / noise_variance(t)  # 1/x
    steps = np.concatenate([[square], np.minimum(square, square**2 * -np.diff(tau))])
    W = np.cumsum(steps)
    a = np.sqrt(weights) * decay(t) / noise_variance(t)
    W_min = W[np.minimum.outer(np.arange(t.size), np.arange(t.size))]
    return np.asarray(np.outer(a, a) * W_min)


def _norm(kernel: Array) -> float:
    """Largest eigenvalue of a symmetric matrix.
    Cost: (4/3) N³ flops, N² numbers: N = 2000 takes seconds.
    """
    last = kernel.shape[0] - 1
    return float(eigh(kernel, eigvals_only=True, subset_by_index=[last, last])[0])


def kappa_gaussian(times: ArrayLike, gamma: ArrayLike, eigenvalues: ArrayLike) -> float:
    """κ for Gaussian data: the largest eigenvalue of M at the largest λ_i.

    Parameters
    ----------
    times, gamma : shape (N,)
    eigenvalues : λ, shape (d,), positive

    Notes
    -----
    Cost: (4/3) N³ flops whatever d is. Source: theory.md, "Dimension-free bounds" (derived).
    """
    values = np.atleast_1d(finite("eigenvalues", eigenvalues))
    if values.size == 0 or values.min() <= 0:
        raise InvalidInput("eigenvalues", "must be a non-empty list of positive numbers")
    return _norm(kernel_gaussian(times, gamma, values.max()))


def kappa_log_concave(times: ArrayLike, gamma: ArrayLike) -> float:
    """κ for every log-concave law in every dimension. Cost: (4/3) N³ flops.

    Source: theory.md, "Dimension-free bounds" (derived).
    """
    return _norm(kernel_log_concave(times, gamma))


def kappa_strongly_log_concave(times: ArrayLike, gamma: ArrayLike, alpha: float) -> float:
    """κ for every law with −∇²log p_0 ≥ α I: the Gaussian's of variance 1/α. Cost: (4/3) N³ flops.

    Parameters
    ----------
    times, gamma : shape (N,)
    alpha : α, positive

    Source: "The laws" in the proof in bounds.concentration (derived).
    """
    return kappa_gaussian(times, gamma, [1 / positive("alpha", alpha)])


def kappa_bounded(times: ArrayLike, gamma: ArrayLike, radius: float) -> float:
    """κ for every law of directional half-width at most R:
    the largest eigenvalue of `kernel_bounded`.

    Examples
    --------
    >>> round(kappa_bounded([0.4], [0.4], 1.0), 4)  # at one time γ R²/(4 sinh² t)
    0.5927
    """
    return _norm(kernel_bounded(times, gamma, radius))


def kappa_semi_log_concave(times: ArrayLike, gamma: ArrayLike, L_plus: float) -> float:
    """(1 + L₊)² κ_log-concave, for every law with ∇²log p_t ≤ L₊ I at all t > 0.

    Crude: for two modes with variance v at distance 2a it grows like (a/v)⁴. Where the profile
    L₊(t) is known use `kappa_profile`.

    Raises
    ------
    InvalidInput
        If L₊ is negative, where (1 + L₊)² no longer bounds (1 + σ²L₊)²: use `kappa_profile`.

    Source: theory.md, "Dimension-free bounds" (derived).
    """
    return (1 + not_negative("L_plus", L_plus)) ** 2 * kappa_log_concave(times, gamma)


def kappa_profile(
    times: ArrayLike, gamma: ArrayLike, profile: Callable[[Array], ArrayLike]
) -> float:
    """κ for every law with ∇²log p_t ≤ L₊(t) I at all t > 0:
    the largest eigenvalue of `kernel_profile`.

    At a single time it is γ (1/σ_t² + L₊(t)) or less, the least κ that there is if L₊(t) is
    attained.
    """
    return _norm(kernel_profile(times, gamma, profile))


def _largest(gamma: ArrayLike) -> float:
    weights = np.atleast_1d(finite("gamma", gamma))
    if weights.size == 0 or weights.min() <= 0:
        raise InvalidInput("gamma", "must be a non-empty list of positive weights")
    return float(weights.max())


def kappa_universal(gamma: ArrayLike) -> float:
    """2 e^{max γ} ≥ κ_log-concave for γ_j ≤ t_j − t_{j−1} (t_0 = 0), whatever the grid.

    Source: (a) of the proof in bounds.concentration; theory.md, "Dimension-free bounds" (derived).
    """
    largest = _largest(gamma)
    if largest > 700:
        raise InvalidInput(
            "gamma", f"must be at most 700, where e^γ leaves float64, but holds {largest:g}"
        )
    return 2 * float(np.exp(largest))


def kappa_schur(gamma: ArrayLike) -> float:
    """1 + φ(max γ) ≥ κ_log-concave for γ_j ≤ t_j − t_{j−1},
    with φ(γ) = γ/(1 − e^{−γ}); at most 2 + max γ.

    The condition is needed: where weights exceed their gaps, κ can be any number. Sharper than
    `kappa_universal` for every γ; both tend to 2, the best constant, as max γ → 0.

    Source: (b) of the proof in bounds.concentration (derived here).
    """
    largest = _largest(gamma)
    return 1 + largest / float(noise_variance(largest / 2))


def kappa_separate(times: ArrayLike, gamma: ArrayLike, eigenvalue: float = np.inf) -> float:
    """Σ_j γ_j c_j, the trace of M: what is left of κ if the joint law of the times is not used.

    It is the κ from |S| ≤ Σ_j γ_j |ζ_j| |U_j| and Cauchy-Schwarz over j, and also the sum of the
    bounds for each time by itself. With γ_j = t_j − t_{j−1} on a fine grid it grows like ½
    log(1/t_1) (and like t_N if λ = ∞). Not to be confused with independent residuals, for which κ
    would be max_j γ_j c_j.

    Parameters
    ----------
    times, gamma : shape (N,)
    eigenvalue : λ, positive; infinity is the log-concave kernel, c_j = 1/σ_j²

    Source: theory.md, "Dimension-free bounds" (derived).
    """
    t, weights = grid_of(times, gamma)
    if real("eigenvalue", eigenvalue).tolist() == np.inf:
        return float(np.sum(weights / noise_variance(t)))
    value = positive("eigenvalue", eigenvalue)
    signal = decay(2 * t) * value
    return float(np.sum(weights * signal / (noise_variance(t) * (signal + noise_variance(t)))))
