r"""Bootstrapping with the weight of T2 that makes the *target's* variance least; its risk for white
data in closed form is in theory.md, "Least variance weight in risk".

For every data law E⟨T2, T3⟩ = 0, so w T2 + (1 − w) T3 has the least conditional variance at

    w° = (d/τ²)/(d/τ² + e^{2g} J'),     J' = E‖s(t', X_{t'})‖²,

where that variance is the gap in Stam's inequality. It needs one number of the law. An estimator
has it from the scores that it carries: the mean of ‖Â' X_{t'}‖² over the training points,

    Ĵ' = tr(Â' xx' Â'ᵀ)/M,   M = mK paths.

−tr Â' would serve as well for Gaussian data, where both tend to tr V_{t'}^{-1}. The mean square is
taken because it is what the derivation asks for, E‖T̂2‖² = e^{2g} Ĵ', on data of any law, and never
negative, so that w lies in (0, 1].

What T̂2 hands on of the error of Â' is left out of w°, by definition. The weight that counts it is
in `bounds.bootstrap`.
"""

from collections.abc import Callable, Iterable, Iterator

import numpy as np

from bounds.check import Array, none_negative, whole
from bounds.estimators import Estimator, bootstrap_step, dsm_step
from bounds.gaussian import Gaussian
from bounds.gram import Gram, along
from bounds.process import Step


def least_variance_weight(step: Step, information: Array, dimension: int) -> Array:
    """w° = (d/τ²)/(d/τ² + e^{2g} J').

    Parameters
    ----------
    step : t' → t, not the first
    information : J' = E‖s(t', X_{t'})‖² ≥ 0, any shape
    dimension : d

    Returns
    -------
    Array of that shape, in (0, 1].

    Raises
    ------
    InvalidInput
        If J' is negative or not finite, or d no whole number ≥ 1.

    Source: theory.md, "Least variance scalar weight" (derived).
    """
    held = none_negative("information", information) / whole("dimension", dimension)
    return np.asarray(1 / (1 + step.fresh_variance / step.carry**2 * held))


def known_weight(law: Gaussian) -> Callable[[Step], Array]:
    """w° of each step for a known Gaussian law, where J' = tr V_{t'}^{-1}: a rule as
    `bounds.risk.bootstrap_recursion` takes one.

    Parameters
    ----------
    law : the data's law N(0, Σ)

    Returns
    -------
    From a step, not the first, to w°, one number.
    """

    def weight(step: Step) -> Array:
        held = np.asarray((1 / law.variances(step.t_prev)).sum())
        return least_variance_weight(step, held, law.dimension)

    return weight


def stam(law: Gaussian | None = None) -> Estimator:
    """The bootstrap with w°: DSM at t_1, then least squares of w° T̂2 + (1 − w°) T3.

    Parameters
    ----------
    law : the law whose weights are used (the oracle); None takes Ĵ' of the module's docstring

    Returns
    -------
    An estimator. Every weight is a valid one; w° is no minimum of the risk, so an error of order ε
    in it moves the risk by order ε, which is of the next order in 1/m where Ĵ' is estimated.

    Notes
    -----
    Cost a step: 9 d³ flops for two fits and 2 d³ for Ĵ'. Memory: the Gram matrix of the level
    before, d² numbers. Source: theory.md, "Least variance scalar weight" (derived).
    """
    rule = None if law is None else known_weight(law)

    def estimate(grams: Iterable[Gram]) -> Iterator[Array]:
        previous: Array | None = None
        information = np.empty(0)
        for gram in along(grams):
            d = gram.xx.shape[-1]
            if previous is None:
                previous = dsm_step(gram)
            else:
                weight = (
                    least_variance_weight(gram.step, information, d)
                    if rule is None
                    else rule(gram.step)
                )
                transported, local = (bootstrap_step(gram, previous, w) for w in (1.0, 0.0))
                previous = local + weight[..., None, None] * (transported - local)
            if rule is None:
                information = ((previous @ gram.xx) * previous).sum(axis=(-2, -1)) / gram.paths
            yield previous

    return estimate
