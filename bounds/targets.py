r"""Three regression targets for the score at t, made from a level t' < t of the same path.

    T1 = −Z_t/σ_t²                    denoising
    T2 = e^{g} s(t', X_{t'})          transported score
    T3 = −(X_t − e^{-g} X_{t'})/τ²    local denoising

Given X_t = x, each has mean s(t, x) for every data law (theory.md, identities 1, 2, 4). With the
denoising residual U_{t'} = Z_{t'}/σ_{t'}² + s(t', X_{t'}), T1 + α U_{t'} has that mean too, for
every α; the variance is least at α* = e^{-g} σ_{t'}²/σ_t², and there T1 + α* U_{t'} = w
T2 + (1 − w) T3 with w = e^{-2g} σ_{t'}²/σ_t².
"""

import numpy as np

from bounds.check import Array
from bounds.gaussian import Gaussian
from bounds.process import Slice, Step, noise_variance


def denoising(slice_: Slice) -> Array:
    """T1 = −Z_t/σ_t², shape (m, d). Source: identity 1 (derived)."""
    return np.asarray(-slice_.z / noise_variance(slice_.step.t))


def transported(step: Step, previous_score: Array) -> Array:
    """T2 = e^{g} s(t', X_{t'}), shape (m, d), from the scores at X_{t'}.
    Source: identity 2 (derived).
    """
    return np.asarray(previous_score / step.carry)


def local(slice_: Slice) -> Array:
    """T3 = −w/τ, shape (m, d), with the step's own noise w. Source: identity 4 (derived)."""
    return np.asarray(-slice_.w / slice_.step.fresh)


def control_weight(step: Step) -> float:
    """α* = e^{-g} σ_{t'}²/σ_t², the best scalar in T1 + α U_{t'}, for every data law.

    Source: identity 5 (derived). It cuts E tr Cov by α*² E‖U_{t'}‖².
    """
    return float(step.carry * noise_variance(step.t_prev) / noise_variance(step.t))


def denoising_variances(law: Gaussian, step: Step) -> Array:
    """Eigenvalues of Cov(T1 | X_t): c_i(t) = 1/σ_t² − 1/v_i;
    shape (d,). Gaussian data (derived).
    """
    return law.conditional_variances(step.t)


def transported_variances(law: Gaussian, step: Step) -> Array:
    """Eigenvalues of Cov(T2 | X_t): e^{2g}/v'_i − 1/v_i; shape (d,). Gaussian data (derived).

    Written τ² e^{2g}/(v_i v'_i), which does not cancel at small gaps. At t' = 0, v'_i = λ_i.
    """
    v, previous = law.variances(step.t), law.variances(step.t_prev)
    return np.asarray(step.fresh_variance / (step.carry**2 * v * previous))


def local_variances(law: Gaussian, step: Step) -> Array:
    """h_i, the eigenvalues of Cov(T3 | X_t): 1/τ² − 1/v_i; shape (d,). Gaussian data (derived).

    Written e^{-2g} v'_i/(τ² v_i), which does not cancel at small gaps.
    """
    v, previous = law.variances(step.t), law.variances(step.t_prev)
    return np.asarray(step.carry**2 * previous / (step.fresh_variance * v))
