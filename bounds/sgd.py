r"""Stochastic gradient descent with a constant step on a linear score at one time: exact second
moments, for each target.

With endless fresh draws every target has the same minimum, A = −V^{-1}. What is left to tell them
apart is the noise of the steps. Data N(0, Σ); a step draws B fresh pairs (X, T) of a point and its
target, independent of the past, and moves

    A_{n+1} = A_n − (η/B) Σ (A_n X − T) Xᵀ.

For T1, T2, T3 and w T2 + (1 − w) T3 with the true score at t', T = A X + ξ with ξ ~ N(0, C)
independent of X, C diagonal in the eigenbasis. With δ = A_n − A and H = Σ X Xᵀ/B the rows of δ move
by δ_i ← (I − η H) δ_i + (η/B) Σ ξ_i X, and Isserlis' formula gives

    E H S H = (1 + 1/B) V S V + (1/B) tr(VS) V,

so that in the eigenbasis r_ij = v_j E δ_ij², whose sum is the excess risk, obeys

    r_ij ← (1 − 2 η v_j + η² (1 + 1/B) v_j²) r_ij + (η²/B) v_j² (Σ_l r_il + c_i).

It has a limit if and only if η (1 + 1/B) v_j < 2 for all j and φ = Σ_j φ_j < 1, where

    φ_j = (η/B) v_j/(2 − η (1 + 1/B) v_j);     the limit is then c_i φ_j/(1 − φ).

Bootstrapping needs a score at t'. Where it is a stationary iterate Â' of the same descent, frozen
while the level t runs, A_n gathers about A + w δ' V' V^{-1}, and ξ is larger by what Â' makes of
X_{t'} − E[X_{t'} | X_t], of covariance τ² V' V^{-1}:

    r_ij = w² (v'_j/v_j) r'_ij + (c_i + w² e^{2g} τ² Σ_l r'_il/v_l) φ_j/(1 − φ).

No noise of order is left out: all of this is exact for every η and B that have a limit.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from bounds.check import Array, InvalidInput, finite, matrices, none_negative, positive, whole
from bounds.gaussian import Gaussian
from bounds.process import Step, decay, noise_variance, steps
from bounds.targets import local_variances, transported_variances

MAX_DRAWS = 10**8


@dataclass(frozen=True)
class Descent:
    """A constant step and a batch.

    Attributes
    ----------
    step_size : η > 0
    batch : B ≥ 1, fresh pairs a step

    Raises
    ------
    InvalidInput
        If η is not positive or B no whole number ≥ 1.
    """

    step_size: float
    batch: int = 1

    def __post_init__(self) -> None:
        object.__setattr__(self, "step_size", positive("step_size", self.step_size))
        object.__setattr__(self, "batch", whole("batch", self.batch))

    def next(self, r: Array, v: Array, noise: Array) -> Array:
        """r_ij = v_j E δ_ij² after one more step.

        Parameters
        ----------
        r : shape (d, d)
        v : eigenvalues of V_t, shape (d,), positive
        noise : c_i, variances of T given X_t in the eigenbasis, shape (d,)

        Returns
        -------
        Array of shape (d, d). Cost: 5 d² flops.
        """
        v, noise = _shapes(v, noise)
        r = matrices("r", r, v.size)
        eta, share = self.step_size, 1 / self.batch
        kept = (1 - eta * v) ** 2 + eta**2 * share * v**2
        return np.asarray(kept * r + eta**2 * share * v**2 * (r.sum(axis=1) + noise)[:, None])

    def stationary(self, v: Array, noise: Array) -> Array:
        """The fixed point of `next`, shape (d, d), from the linear system itself.

        Raises
        ------
        InvalidInput
            If there is none: the step is too large.

        Notes
        -----
        Cost: 8/3 d³ flops. Source: theory.md, "Stochastic gradient steps" (derived).
        """
        v, noise = _shapes(v, noise)
        eta, share = self.step_size, 1 / self.batch
        lost = 2 * eta * v - eta**2 * (1 + share) * v**2
        fresh = eta**2 * share * v**2
        if lost.min() <= 0 or (fresh / lost).sum() >= 1:
            raise InvalidInput(
                "step_size",
                f"{eta:g} is too large for V_t and a batch of {self.batch}: second moments grow "
                "without end",
            )
        return np.outer(noise, np.linalg.solve(np.diag(lost) - fresh[:, None], fresh))


def _shapes(v: Array, noise: Array) -> tuple[Array, Array]:
    v, noise = finite("v", v), none_negative("noise", noise)
    if v.ndim != 1 or v.size == 0 or v.min() <= 0 or noise.shape != v.shape:
        raise InvalidInput("v, noise", "must have one shape (d,), v positive")
    return v, noise


def mixed_noise(law: Gaussian, step: Step, weight: float) -> Array:
    """c_i of w T2 + (1 − w) T3 with the true score at t'; shape (d,). T2 at w = 1, T3 at w = 0.

    T1's is `Gaussian.conditional_variances`.
    """
    w = float(weight)
    each = w**2 * transported_variances(law, step) + (1 - w) ** 2 * local_variances(law, step)
    # Where the target has no noise at all, rounding can leave less than nothing.
    return np.maximum(each - 2 * w * (1 - w) / law.variances(step.t), 0.0)


def chain(
    law: Gaussian, times: ArrayLike, weight: Callable[[Step], ArrayLike], descent: Descent
) -> list[Array]:
    """Stationary r_ij of the bootstrap by descent, each level from a frozen iterate of the level
    before; T1 at t_1.

    Parameters
    ----------
    law : the data's law N(0, Σ)
    times : shape (N,), strictly increasing and positive
    weight : w of each step but the first, one number
    descent : step size and batch, the same at each level

    Returns
    -------
    List of N arrays of shape (d, d), in the eigenbasis; the excess risk at t_k is their sum.

    Raises
    ------
    InvalidInput
        If the times are not positive and strictly increasing, or the step is too large.

    Source: theory.md, "Stochastic gradient steps" (derived).
    """
    found: list[Array] = []
    for step in steps(times):
        v = law.variances(step.t)
        if step.is_first:
            found.append(descent.stationary(v, law.conditional_variances(step.t)))
            continue
        w, old = float(finite("weight", weight(step))), found[-1]
        more = w**2 / step.carry**2 * step.fresh_variance * (old / v).sum(axis=1)
        about = descent.stationary(v, mixed_noise(law, step, w) + more)
        found.append(w**2 * (law.variances(step.t_prev) / v) * old + about)
    return found


def descend(
    law: Gaussian,
    step: Step,
    weight: float | None,
    descent: Descent,
    steps: int,
    start: Array,
    rng: np.random.Generator,
    previous: Array | None = None,
) -> tuple[Array, Array]:
    """Run the descent from `start`, for many replicates side by side, in the eigenbasis.

    Parameters
    ----------
    law : the data's law N(0, Σ); only its eigenvalues are used
    step : t' → t
    weight : w of T2 against T3; None is T1
    descent : step size and batch
    steps : how many, ≥ 1
    start : A_0, shape (R, d, d)
    rng : source of the draws
    previous : Â', the score at t' that T2 uses, shape (R, d, d); None is the true one

    Returns
    -------
    The last iterates, shape (R, d, d), and the excess risk of each iterate, shape (steps, R).

    Raises
    ------
    InvalidInput
        If the shapes do not fit, or more than 10⁸ numbers would be drawn.

    Notes
    -----
    Cost: 3 B d normals and 4 B d² flops a step and replicate.
    """
    lam, a = law.eigenvalues, matrices("start", start, law.dimension)
    if a.ndim != 3:
        raise InvalidInput("start", f"must have shape (R, d, d), but has {a.shape}")
    count, shape = whole("steps", steps), (len(a), descent.batch, lam.size)
    if count * 3 * int(np.prod(shape)) > MAX_DRAWS:
        raise InvalidInput("steps", f"× R × B × d may be at most {MAX_DRAWS // 3:.2g}")
    v = law.variances(step.t)
    before = -np.diag(1 / law.variances(step.t_prev)) if previous is None else previous
    before = np.swapaxes(matrices("previous", before, lam.size), -1, -2)
    spread, noise = (float(np.sqrt(noise_variance(s))) for s in (step.t_prev, step.t))
    risks = np.empty((count, len(a)))
    for n in range(count):
        x0, own, fresh = rng.standard_normal((3, *shape))
        old = float(decay(step.t_prev)) * np.sqrt(lam) * x0 + spread * own
        x = step.carry * old + step.fresh * fresh
        if weight is None:
            target = -(step.carry * spread * own + step.fresh * fresh) / noise**2
        else:
            target = weight / step.carry * (old @ before) - (1 - weight) / step.fresh * fresh
        off = x @ np.swapaxes(a, -1, -2) - target
        a = a - descent.step_size / descent.batch * (np.swapaxes(off, -1, -2) @ x)
        risks[n] = ((a + np.diag(1 / v)) ** 2 * v).sum(axis=(-2, -1))
    return a, risks
