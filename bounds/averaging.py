r"""Averages of finitely many candidate scores, weighted by their losses on held-out data.

Candidates f_1, …, f_H (checkpoints of a network, say) are fixed before the data are seen. With m
noised paths, times t_j, weights γ_j and targets T1 put

    ℓ_f = Σ_i Σ_j γ_j |f(t_j, x_j^(i)) − T1_j^(i)|²          the loss, summed over paths,
    D_fg = Σ_i Σ_j γ_j |f − g|²(t_j, x_j^(i))                the distances,   f_θ = Σ_f θ_f f.

Exponential weights are θ_f ∝ π_f exp(−ℓ_f/T); at T = 2κ they are the posterior, if the noise is
Gaussian of variance κ. Q-aggregation minimises over the simplex

    ½ ℓ(f_θ) + ½ Σ_f θ_f ℓ_f + 4κ KL(θ‖π) = Σ_f θ_f ℓ_f − ¼ Σ_fg θ_f θ_g D_fg + 4κ KL(θ‖π),

which is strictly convex and has, for each fixed f*, with probability at least 1 − δ

    risk(f_θ) ≤ risk(f*) + 4κ log(1/(π(f*) δ))/m          (theory.md, Averaging candidates).

The risk is the mean over those m paths of Σ_j γ_j |f − s|². Outputs of networks are averaged, not
their parameters.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import log_softmax

from bounds.check import Array, InvalidInput, finite, positive, symmetric
from bounds.kernels import grid_of

TOLERANCE = 1e-10  # of the duality gap, in units of 4κ
ON_THE_WAY = 0.01  # the same for the problems that lead to it
STEPS = 200  # of Newton for one λ, at most; five are usual


@dataclass(frozen=True)
class Aggregate:
    """Weights with a certificate.

    Attributes
    ----------
    weights : θ, shape (…, H), positive up to underflow, with sum 1
    gap : shape (…), the objective at θ is at most this above its minimum, and Σ_i Σ_j γ_j |f_θ −
        f_θ*|² at most twice this, θ* the minimiser
    """

    weights: Array
    gap: Array


@dataclass(frozen=True)
class Averaged:
    """The average of a user's candidates.

    Attributes
    ----------
    weights : θ, shape (H,)
    scores : Σ_f θ_f f at the data, shape (m, N, d)
    losses : ℓ_f, summed over paths, shape (H,)
    gap : as in Aggregate, one number
    """

    weights: Array
    scores: Array
    losses: Array
    gap: float


def _losses(losses: ArrayLike) -> Array:
    array = finite("losses", losses)
    if array.ndim == 0 or array.shape[-1] == 0:
        raise InvalidInput(
            "losses", f"must have shape (…, H), one a candidate, but has {array.shape}"
        )
    return array


def _log_prior(prior: ArrayLike | None, count: int) -> Array:
    """log π, shape (H,); uniform if there is none."""
    if prior is None:
        return np.full(count, -np.log(count))
    array = finite("prior", prior)
    if array.shape != (count,):
        raise InvalidInput("prior", f"must have shape ({count},), but has {array.shape}")
    if array.min() <= 0:
        raise InvalidInput("prior", f"must be positive, but holds {array.min():g}")
    if abs(array.sum() - 1) > 1e-9:
        raise InvalidInput("prior", f"must have sum 1, but has {array.sum():.10g}")
    return np.asarray(np.log(array))


def exponential_weights(
    losses: ArrayLike, temperature: float, prior: ArrayLike | None = None
) -> Array:
    """θ_f ∝ π_f exp(−ℓ_f/T).

    Parameters
    ----------
    losses : ℓ_f, summed over paths, shape (…, H)
    temperature : T, positive; 2κ is the posterior of Gaussian noise, 4κ is twice as careful
    prior : π, positive with sum 1, shape (H,); uniform by default

    Returns
    -------
    θ, shape (…, H).

    Raises
    ------
    InvalidInput If losses are not finite, the temperature is not positive, or π is no prior.

    Notes
    -----
    A few flops and one exponential a loss. Source: theory.md, Minimax constants.

    Examples
    --------
    >>> exponential_weights([0.0, 2.0], temperature=2.0).round(3)
    array([0.731, 0.269])
    """
    array = _losses(losses)
    log_prior = _log_prior(prior, array.shape[-1])
    # The least loss is taken off before the division: what is left may overflow to −∞, weight 0.
    with np.errstate(over="ignore"):
        above = (array - array.min(axis=-1, keepdims=True)) / positive("temperature", temperature)
    return np.asarray(np.exp(log_softmax(log_prior - above, axis=-1)))


def q_aggregation(
    losses: ArrayLike, distances: ArrayLike, kappa: float, prior: ArrayLike | None = None
) -> Aggregate:
    """The minimiser of Σ_f θ_f ℓ_f − ¼ Σ_fg θ_f θ_g D_fg + 4κ KL(θ‖π) over the simplex, certified.

    Parameters
    ----------
    losses : ℓ_f, summed over paths, shape (…, H)
    distances : D_fg, squared and summed over paths, shape (H, H): the same for all losses
    kappa : κ, positive; see bounds.kernels for the κ of a class of laws
    prior : π, positive with sum 1, shape (H,); uniform by default

    Returns
    -------
    Aggregate, with a gap of at most 1e-10 · 4κ.

    Raises
    ------
    InvalidInput If shapes or signs are wrong, the distances are not those of any vectors, or the
        gap is not reached in float64: losses or distances too large beside κ.

    Notes
    -----
    With vectors f that have these distances, c_f = ℓ_f − ½|f|² and λ = 4κ, the dual problem is to
    minimise Ψ(u) = ½|u|² + λ log Σ_f π_f exp(−(c_f + ⟨u, f⟩)/λ). It is smooth and 1-strongly
    convex, so Newton's method with step halving converges from any start; λ is halved from the
    size of |f|² down to 4κ, so that each problem starts near its solution. At each u the weights
    θ_f ∝ π_f exp(−(c_f + ⟨u, f⟩)/λ) have the duality gap ½|f_θ − u|² exactly, which is returned.
    Cost: 5 H³ flops for each step and each set of losses, about five steps for each halving, and
    as many H × H matrices at once as there are sets of losses.
    Source: derived.

    Examples
    --------
    >>> found = q_aggregation([0.0, 2.0], [[0.0, 1.0], [1.0, 0.0]], kappa=0.5)
    >>> found.weights.round(3), bool(found.gap < 1e-9)
    (array([0.71, 0.29]), True)
    """
    array = _losses(losses)
    count = array.shape[-1]
    scale = 4 * positive("kappa", kappa)
    log_prior = _log_prior(prior, count)
    vectors = _vectors(distances, count) / np.sqrt(scale)  # columns are candidates, λ = 1 from here
    with np.errstate(over="ignore"):
        above = (array - array.min(axis=-1, keepdims=True)) / scale
    costs = (above - (vectors * vectors).sum(axis=0) / 2).reshape(-1, count)
    if not np.isfinite(costs).all():
        raise InvalidInput("losses", "differ by more than float64 holds, in units of kappa")
    # The divergence is made weak step by step: from one solution the next is a few steps away.
    stages = max(0, int(np.ceil(np.log2((vectors * vectors).sum(axis=0).max() + 1e-300))))
    u = np.broadcast_to(np.exp(log_prior) @ vectors.T, costs.shape)
    for k in range(stages, -1, -1):
        allowed = TOLERANCE if k == 0 else ON_THE_WAY
        u, log_weights, gap = _newton(costs, vectors, log_prior, 2.0**k, u, allowed)
    if gap.max(initial=0.0) > TOLERANCE:
        raise InvalidInput(
            "losses",
            f"leave a duality gap of {gap.max():.1g} · 4 kappa after {STEPS} steps: losses or "
            "distances are too large beside kappa for float64",
        )
    return Aggregate(
        np.exp(log_weights).reshape(array.shape), (gap * scale).reshape(array.shape[:-1])
    )


def _vectors(distances: ArrayLike, count: int) -> Array:
    """Vectors with these squared distances, centred: columns of an H × H matrix."""
    squares = symmetric("distances", distances)
    if squares.shape != (count, count):
        raise InvalidInput(
            "distances", f"must have shape ({count}, {count}), but has {squares.shape}"
        )
    largest = float(np.abs(squares).max())
    if squares.min() < 0 or np.abs(np.diag(squares)).max() > 1e-12 * largest:
        raise InvalidInput("distances", "must not be negative, and 0 from a candidate to itself")
    rows = squares - squares.mean(axis=0)
    values, axes = np.linalg.eigh(-(rows - rows.mean(axis=1, keepdims=True)) / 2)
    if values.min() < -1e-9 * largest:
        raise InvalidInput(
            "distances",
            "are not squared distances of any vectors: of Euclidean norms, not their squares?",
        )
    return np.asarray(np.sqrt(np.maximum(values, 0))[:, None] * axes.T)


def _newton(
    costs: Array, vectors: Array, log_prior: Array, strength: float, u: Array, allowed: float
) -> tuple[Array, Array, Array]:
    """The dual problem for λ = strength, from u to a gap of λ · allowed: u, log θ and the gap of
    each row.
    """

    def at(u: Array) -> tuple[Array, Array]:
        exponents = log_prior - (costs + u @ vectors) / strength
        largest = exponents.max(axis=1, keepdims=True)
        total = largest + np.log(np.exp(exponents - largest).sum(axis=1, keepdims=True))
        return exponents - total, (u * u).sum(axis=1) / 2 + strength * total[:, 0]

    log_weights, value = at(u)
    for _ in range(STEPS):
        theta = np.exp(log_weights)
        mean = theta @ vectors.T
        slope = u - mean
        gap = (slope * slope).sum(axis=1) / 2
        left = gap > allowed * strength
        if not left.any():
            break
        second = (vectors * theta[:, None, :]) @ vectors.T - mean[:, :, None] * mean[:, None, :]
        step = -np.linalg.solve(second / strength + np.eye(len(vectors)), slope[..., None])[..., 0]
        descent = (slope * step).sum(axis=1)
        length = np.where(left, 1.0, 0.0)
        for _ in range(60):
            new = u + length[:, None] * step
            new_weights, new_value = at(new)
            # A full step near the end may be lost in the rounding of the value.
            worse = new_value > value + 1e-4 * length * descent + 1e-14 * np.abs(value)
            if not worse.any():
                break
            length = np.where(worse, length / 2, length)
        u, log_weights, value = new, new_weights, new_value
    slope = u - np.exp(log_weights) @ vectors.T
    return u, log_weights, np.asarray((slope * slope).sum(axis=1) / 2)


def average(
    scores: ArrayLike,
    targets: ArrayLike,
    times: ArrayLike,
    gamma: ArrayLike,
    kappa: float,
    prior: ArrayLike | None = None,
) -> Averaged:
    """Q-aggregation of candidate scores from their values at held-out noised data.

    Parameters
    ----------
    scores : f(t_j, x_j^(i)) of each candidate, shape (H, m, N, d); none of them has seen the data
    targets : T1 = −z_j/σ_j² of the same paths, shape (m, N, d): z_j = x_j − e^{−t_j} x_0
    times, gamma : t_j and γ_j, shape (N,)
    kappa : κ of the law of the data on this grid, e.g. bounds.kernels.kappa_log_concave(times,
        gamma) for log-concave laws
    prior : π, positive with sum 1, shape (H,); uniform by default

    Returns
    -------
    Averaged: the weights, and Σ_f θ_f f at the data. Elsewhere average the candidates' outputs with
    the same weights.

    Raises
    ------
    InvalidInput If shapes do not fit, or as in q_aggregation.

    Notes
    -----
    The empirical risk is at most that of any fixed candidate plus 4κ log(1/(π δ))/m, with
    probability at least 1 − δ, whether or not a candidate is the true score.
    Cost: H² m N d flops beside q_aggregation's; memory: three times the scores.
    Source: theory.md, Averaging candidates.

    Examples
    --------
    Two scores for N(0, 1) data, one too steep and one too flat:

    >>> from bounds.kernels import kappa_gaussian
    >>> from bounds.process import noise_variance, simulate, weights
    >>> times, rng = np.array([0.5, 1.0]), np.random.default_rng(1)
    >>> path = list(simulate(rng.standard_normal((1000, 1)), times, rng))
    >>> x = np.stack([part.x for part in path], axis=1)
    >>> z = np.stack([part.z for part in path], axis=1)
    >>> targets = -z / noise_variance(times)[:, None]
    >>> kappa = kappa_gaussian(times, weights(times), [1.0])
    >>> found = average([-1.4 * x, -0.6 * x], targets, times, weights(times), kappa)
    >>> found.weights.round(2), found.scores.shape
    (array([0.52, 0.48]), (1000, 2, 1))
    """
    t, weights = grid_of(times, gamma)
    values, aims = finite("scores", scores), finite("targets", targets)
    if aims.ndim != 3 or aims.shape[1] != t.size or aims.size == 0:
        raise InvalidInput("targets", f"must have shape (m, {t.size}, d), but has {aims.shape}")
    if values.ndim != 4 or values.shape[1:] != aims.shape or len(values) == 0:
        wanted = ", ".join(map(str, aims.shape))
        raise InvalidInput("scores", f"must have shape (H, {wanted}), but has {values.shape}")
    root = np.sqrt(weights)[:, None]
    # Distances are taken about the plain mean, so that they keep their digits beside the noise.
    flat = ((values - values.mean(axis=0)) * root).reshape(len(values), -1)
    losses = np.array([(((one - aims) * root) ** 2).sum() for one in values])
    gram = flat @ flat.T
    squares = np.diag(gram)
    distances = np.maximum(squares[:, None] + squares - 2 * gram, 0)
    np.fill_diagonal(distances, 0)
    found = q_aggregation(losses, distances, kappa, prior)
    return Averaged(
        found.weights, np.tensordot(found.weights, values, axes=1), losses, float(found.gap)
    )
