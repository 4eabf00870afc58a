r"""Laws of reverse-time samplers with linear scores, exactly.

    dY = (Y + 2 s(t, Y)) ds + √2 dW,   t = T − s running down,   s(t_k, y) = A_k y.

A sampler runs down the grid from t_N to t_1, the score at t_k serving the whole step to t_{k−1}:

    Y_{k−1} = M_k Y_k + √q_k w_k,   M_k = a_k I + b_k A_k,   w_k ~ N(0, I),

so Y_k is Gaussian when its start is, with mean M μ and covariance M C Mᵀ + q I after a step. It
stops early, at t_1 > 0, and is compared with p_{t_1}: the score is never evaluated below t_1 (A_1
is not used), and no last step to 0 is taken.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from types import MappingProxyType
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from bounds.chain import Link, affine_chain
from bounds.check import Array, InvalidInput, finite, how_many, increasing_times, whole
from bounds.divergence import Normal, kl, w2
from bounds.gaussian import Gaussian
from bounds.process import Step, noise_variance


class Move(NamedTuple):
    """One step t → t' of a sampler: Y' = a Y + b s(t, Y) + √q w."""

    a: float
    b: float
    q: float


def euler_maruyama(step: Step) -> Move:
    """Drift and score frozen over the step: a = 1 + g, b = 2g, q = 2g."""
    return Move(1.0 + step.gap, 2.0 * step.gap, 2.0 * step.gap)


def exponential(step: Step) -> Move:
    """The score frozen, the linear part exact: a = e^g, b = 2(e^g − 1), q = e^{2g} − 1."""
    return Move(np.exp(step.gap), 2.0 * np.expm1(step.gap), np.expm1(2.0 * step.gap))


def ancestral(step: Step) -> Move:
    """DDPM: Y' ~ q(x_{t'} | x_t = Y, x_0 = x̂_0) with x̂_0 = e^t (Y + σ_t² s) by Tweedie.

    The posterior's mean (e_{t'} τ² x̂_0 + e^{-g} σ_{t'}² Y)/σ_t² collapses to e^g (Y + τ² s), its
    variance is q = σ_{t'}² τ²/σ_t². With the exact score the mean is E[X_{t'} | X_t]; the variance
    lacks e^{2g} τ⁴ C_t, the part of Cov(X_{t'} | X_t) that comes from not knowing X_0 (for every
    data law).
    """
    grow = np.exp(step.gap)
    q = noise_variance(step.t_prev) * step.fresh_variance / noise_variance(step.t)
    return Move(grow, grow * step.fresh_variance, float(q))


def flow(step: Step) -> Move:
    """The probability-flow equation dY = (Y + s) ds with x̂_0 frozen over the step, also known
    as DDIM: Y' = e_{t'} x̂_0 − σ_{t'} σ_t s, so a = e^g, b = e^g σ_t² − σ_{t'} σ_t, q = 0.
    """
    before, after = noise_variance(step.t), noise_variance(step.t_prev)
    grow = np.exp(step.gap)
    return Move(grow, float(grow * before - np.sqrt(before * after)), 0.0)


# With exact scores and a uniform grid each has order 1 in the covariance and in W2, order 2 in KL
# (measured).
SAMPLERS: Mapping[str, Callable[[Step], Move]] = MappingProxyType(
    {
        "euler-maruyama": euler_maruyama,
        "exponential": exponential,
        "ancestral": ancestral,
        "flow": flow,
    }
)


def thin(count: int, every: int) -> NDArray[np.intp]:
    """Which of t_1 < … < t_N to keep for fast inference: t_N, every k-th below it, and always t_1.

    Parameters
    ----------
    count : N ≥ 1
    every : k ≥ 1; 1 keeps all, and where k does not divide N − 1 the last step, to t_1, is the
        short one

    Returns
    -------
    Array of indices from 0, increasing: `times[i]` and `scores[..., i, :, :]` are the thinned
    sampler's.

    Raises
    ------
    InvalidInput
        If count or every is below 1.
    """
    count, every = how_many("count", count), whole("every", every)
    every = min(every, count)
    return np.union1d([0], np.arange(count - 1, -1, -every)).astype(np.intp)


def marginal(law: Gaussian, t: float) -> Normal:
    """p_t = N(0, V_t)."""
    return Normal(np.zeros(law.dimension), law.matrix(law.variances(t)))


def exact_scores(law: Gaussian, times: ArrayLike) -> Array:
    """−V_{t_k}^{-1} for each time, shape (N, d, d)."""
    return np.stack([law.score_matrix(float(t)) for t in increasing_times("times", times)])


def sampled_law(times: ArrayLike, scores: ArrayLike, start: Normal, sampler: str) -> Normal:
    """The law of what a sampler returns at t_1.

    Parameters
    ----------
    times : shape (N,), 0 < t_1 < … < t_N
    scores : A_k, shape (…, N, d, d); any matrices, symmetric or not
    start : the law at t_N, its batch broadcasting against the scores'
    sampler : a name in SAMPLERS

    Returns
    -------
    Normal, with the batch's shape; `start` itself where N = 1.

    Raises
    ------
    InvalidInput
        If the times are not positive and increasing, the shapes do not fit, the sampler is unknown,
        or the chain overflows (a score so wrong that the sampler diverges).

    Notes
    -----
    Cost: 4 d³ flops a step and batch member, O(N d³) in all, with 3 d² numbers beside the input.

    Source: theory.md, "From score error to samples" (derived).
    """
    grid = increasing_times("times", times)
    matrices = finite("scores", scores)
    d = start.dimension
    if matrices.shape[-3:] != (grid.size, d, d):
        raise InvalidInput(
            "scores", f"must have shape (…, {grid.size}, {d}, {d}), not {matrices.shape}"
        )
    if sampler not in SAMPLERS:
        raise InvalidInput("sampler", f"{sampler!r} is not one of {', '.join(SAMPLERS)}")
    move, identity = SAMPLERS[sampler], np.eye(d)

    def links() -> Iterator[Link]:
        for k in range(grid.size - 1, 0, -1):
            a, b, q = move(Step(float(grid[k - 1]), float(grid[k])))
            yield a * identity + b * matrices[..., k, :, :], 0.0, q

    try:
        return affine_chain(links(), start)
    except InvalidInput as refused:
        if refused.key not in ("links", "matrix"):
            raise
        raise InvalidInput("scores", f"make the {sampler} chain overflow") from None


@dataclass(frozen=True, eq=False)
class Parts:
    """One divergence, in all and by its cause; each of the batch's shape.

    Attributes
    ----------
    total : between p_{t_1} and what is drawn
    discretisation : between p_{t_1} and L_1, the sampler with exact scores and exact start p_{t_N}
    initialisation : between L_1 and L_2, the same with the actual start
    score : between L_2 and what is drawn, the same with the estimated scores
    """

    total: Array
    discretisation: Array
    initialisation: Array
    score: Array

    def __repr__(self) -> str:
        mean = "mean " if np.size(self.total) > 1 else ""
        shown = ", ".join(f"{name} {mean}{np.mean(part):.6g}" for name, part in vars(self).items())
        return f"Parts({shown})"


@dataclass(frozen=True, eq=False)
class ErrorSplit:
    """The error of a sampler by cause.

    Attributes
    ----------
    w2 : 2-Wasserstein distances; a metric, so total ≤ discretisation + initialisation + score
    kl : KL of the law nearer the truth from the other, KL(p_{t_1} ‖ L_1), KL(L_1 ‖ L_2),
        KL(L_2 ‖ drawn), and in all KL(p_{t_1} ‖ drawn); no triangle inequality holds for these
    """

    w2: Parts
    kl: Parts


def error_split(
    law: Gaussian, times: ArrayLike, scores: ArrayLike, sampler: str, start: Normal | None = None
) -> ErrorSplit:
    """The sampler's error against p_{t_1}, split by exchanging one ingredient at a time.

    Parameters
    ----------
    law : the data's
    times : shape (N,), 0 < t_1 < … < t_N
    scores : estimated A_k, shape (…, N, d, d)
    sampler : a name in SAMPLERS
    start : the law at t_N; None means N(0, I)

    Returns
    -------
    ErrorSplit. The order of exchange (grid, then start, then scores) is a convention: another order
    has other parts and the same total.

    Raises
    ------
    InvalidInput
        As `sampled_law`; and where a law is singular, so that KL is infinite.

    Notes
    -----
    Cost: three chains, O(N d³) a batch member, and eight divergences, O(d³) each.

    Source: theory.md, "From score error to samples" (derived).
    """
    grid = increasing_times("times", times)
    d = law.dimension
    begin = Normal(np.zeros(d), np.eye(d)) if start is None else start
    truth, exact = marginal(law, float(grid[0])), exact_scores(law, grid)
    chain = (
        truth,
        sampled_law(grid, exact, marginal(law, float(grid[-1])), sampler),
        sampled_law(grid, exact, begin, sampler),
        sampled_law(grid, scores, begin, sampler),
    )

    def parts(divergence: Callable[[Normal, Normal], Array]) -> Parts:
        return Parts(divergence(truth, chain[-1]), *(divergence(p, q) for p, q in pairwise(chain)))

    return ErrorSplit(parts(w2), parts(kl))
