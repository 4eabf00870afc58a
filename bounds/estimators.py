r"""Score estimators f(t_k, x) = Â_k x, as functions of Gram matrices alone.

    DSM: least squares of T1 = −ε_t/σ_t on X_t:     Â_kᵀ = −xx^{-1} xz / σ_t.
    BSM: DSM at t_1; after it, least squares of w T̂2 + (1 − w) T3 on X_t, where T̂2 = e^{g} Â_{k−1}
         X_{t'} takes the place of the transported score and w = e^{-2g} σ_{t'}²/σ_t² is the
         control-variate weight.

With B = xx^{-1} xw, the regression of the step's noise on X_t, least squares of X_{t'} on X_t is
e^{g}(I − τ B), so that BSM needs one solve and one product a step:

    Â_kᵀ = w e^{2g} (I − τ B) Â_{k−1}ᵀ − ((1 − w)/τ) B.

With K noise paths for each datum both are means over mK paths, and the data stay m. As K → ∞ the
mean over the noise of xx/(mK) is e_t² X_0ᵀX_0/m + σ_t² I = V̂, that of XᵀT is −I for T1 and T3, and
for T̂2 as well if Â' = −V̂'^{-1}: DSM, and BSM with any weight, are the plug-in score, which no
noise enters.

    Plug-in: Â_k = −(e_t² X_0ᵀX_0/m + σ_t² I)^{-1}.

An estimator turns a stream of Gram matrices into a stream of Â_k, shape (…, d, d); it holds what it
needs of the past and no more. None is told the covariance or its eigenbasis. One that uses the
level before takes the Gram matrices of consecutive steps only; DSM, which does not, takes any.
"""

from collections.abc import Callable, Iterable, Iterator

import numpy as np

from bounds.check import Array, InvalidInput, matrices, number
from bounds.gram import Gram, along, some
from bounds.process import Step, decay, noise_variance

Estimator = Callable[[Iterable[Gram]], Iterator[Array]]
Weight = Callable[[Step], float]


def _transpose(a: Array) -> Array:
    return np.swapaxes(a, -1, -2)


def solve(xx: Array, xy: Array) -> Array:
    """xx^{-1} xy over the last two axes. Cost: 8/3 d³ flops each (LU).

    Raises
    ------
    InvalidInput
        If xx is singular: fewer samples than dimensions, or a covariance too ill-conditioned.
    """
    try:
        return np.asarray(np.linalg.solve(xx, xy))
    except np.linalg.LinAlgError:
        raise InvalidInput(
            "samples", "the Gram matrix XᵀX is singular, so least squares has no unique solution"
        ) from None


def dsm_step(gram: Gram) -> Array:
    """Denoising score matching at one time step: Â = −(xx^{-1} xz)ᵀ/σ_t.

    Parameters
    ----------
    gram : of the step, with leading replicate axes or none

    Returns
    -------
    Â, shape (…, d, d); the estimated score is x ↦ Â x.

    Raises
    ------
    InvalidInput
        If XᵀX is singular.

    Notes
    -----
    Cost: 8/3 d³ flops. Source: theory.md, "What is known of the paper" (cited): the joint
    objective, which a linear class of its own at each time step minimises step by step.
    """
    sigma = float(np.sqrt(noise_variance(gram.step.t)))
    return _transpose(solve(gram.xx, gram.xz)) / -sigma


def bootstrap_step(gram: Gram, previous: Array, weight: float) -> Array:
    """Least squares of w T̂2 + (1 − w) T3 on X_t, with T̂2 = e^{g} Â' X_{t'} from the level before.

    Parameters
    ----------
    gram : of the step t' → t
    previous : Â', shape (…, d, d), the estimate at t'
    weight : w; any real number is a valid, conditionally unbiased target

    Returns
    -------
    Â, shape (…, d, d).

    Raises
    ------
    InvalidInput
        If XᵀX is singular, or the estimate at t' is not finite or of another d.

    Notes
    -----
    Cost: 14/3 d³ flops. Source: theory.md, identity 5 (derived).
    """
    step = gram.step
    weight = number("weight", weight)
    noise = solve(gram.xx, gram.xw)
    before = _transpose(matrices("previous", previous, gram.xx.shape[-1]))
    carried = before - step.fresh * (noise @ before)
    return _transpose(weight / step.carry**2 * carried - (1 - weight) / step.fresh * noise)


def dsm(grams: Iterable[Gram]) -> Iterator[Array]:
    """DSM at every time step, each on its own (Â_k as in `dsm_step`), in whatever order."""
    for gram in some(grams):
        yield dsm_step(gram)


def bsm(grams: Iterable[Gram]) -> Iterator[Array]:
    """Bootstrapped score matching: DSM at t_1,
    then `bootstrap_step` with the control-variate weight.

    Algorithm 1's own weights, and the step at which its bootstrapping starts, are unknown
    (bounds/papers/kumar_2025); this is our reading.
    """
    return bootstrap(lambda step: step.bootstrap_weight)(grams)


def plug_in(grams: Iterable[Gram]) -> Iterator[Array]:
    """Â_k = −(e_t² X_0ᵀX_0/m + σ_t² I)^{-1}: what DSM,
    BSM and the path fit become at K = ∞ redraws; in whatever order.

    Raises
    ------
    InvalidInput
        If the Gram matrices do not hold X_0ᵀX_0.

    Notes
    -----
    Cost: 2 d³ flops. Source: theory.md, "Noise redraws" (derived).
    """
    for gram in some(grams):
        if gram.data is None:
            raise InvalidInput(
                "grams", "do not hold X_0ᵀX_0 (their `data`), which the plug-in score is made of"
            )
        marginal = decay(2 * gram.step.t) * gram.data / gram.samples
        marginal = marginal + noise_variance(gram.step.t) * np.eye(gram.data.shape[-1])
        yield -np.asarray(np.linalg.inv(marginal))


def bootstrap(weight: Weight) -> Estimator:
    """The bootstrap with another scalar weight on T2, as a function of the step."""

    def estimate(grams: Iterable[Gram]) -> Iterator[Array]:
        previous: Array | None = None
        for gram in along(grams):
            previous = (
                dsm_step(gram)
                if previous is None
                else bootstrap_step(gram, previous, weight(gram.step))
            )
            yield previous

    return estimate
