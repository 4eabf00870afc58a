r"""Scores on fixed features of x, through feature Gram matrices:
the linear case's normal equations, p features for x.

    f(t_k, x) = A_kᵀ φ(x),   φ: R^d → R^p,   A_k of shape (p, d).

With Φ_t the m rows φ(X_t), ε_t = Z_t/σ_t and W the step's own noise, a step t' → t leaves behind

    ff = Φ_tᵀ Φ_t,   fz = Φ_tᵀ ε_t,   fw = Φ_tᵀ W,   fp = Φ_tᵀ Φ_{t'},

and with a penalty m P, P diagonal,

    DSM:  (ff + m P) A = −fz/σ_t,
    BSM:  (ff + m P) A = w e^{g} fp A' − ((1 − w)/τ) fw,   DSM at t_1.

With K noise paths for each datum the rows are mK and the penalty is mK P. At φ(x) = x, P = 0 these
are bounds.estimators' (there fp follows from xx and xw).

**The weight.** For every data law E⟨T2, T3⟩ = 0, since X_{t'} and the step's noise are independent.
With J = E‖s(t, X_t)‖² the target w T2 + (1 − w) T3 therefore has conditional variance

    E tr Cov = w² e^{2g} J' + (1 − w)² d/τ² − J,

where the scores at t' are exact, least among w T2 + (1 − w) T3 at

    w° = (d/τ²)/(d/τ² + e^{2g} J'),     where it is   1/(τ²/d + e^{-2g}/J') − J ≥ 0,

Stam's inequality for p_t, which is p_{t'} scaled and smoothed. The control-variate weight e^{-2g}
σ_{t'}²/σ_t² is the best of T1 + α U_{t'}, a family that meets this one there only; the two weights
agree where J' = d/σ_{t'}², for a point mass.

To leading order, and taking the error of the scores at t' as passed on without loss, ρ = m risk/p
obeys ρ = E tr Cov + w² ρ', so the best scalar is the gain

    w* = (d/τ²)/(d/τ² + e^{2g} J' + ρ').

For linear scores of Gaussian data it is theory.md's scalar but for a factor v'_j/v_j on ρ'. J' is
replaced by its estimate (1/m) Σ‖f(t', X_{t'})‖²: no oracle.

**Jointly in t.** f(t, x) = Σ_b β_b(t) A_bᵀ φ(x), normal equations Σ_j γ_j (β_j β_jᵀ ⊗ (ff_j + m
P)). BSM's targets need f itself at the level before: the fit by DSM makes the first, each round's
fit the next round's.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from bounds.check import (
    Array,
    InvalidInput,
    finite,
    none_negative,
    not_negative,
    number,
    positive,
    whole,
)
from bounds.gram import along, some
from bounds.process import Step, noise_variance, simulate
from bounds.stam import least_variance_weight

Features = Callable[[Array], Array]


@dataclass(frozen=True)
class Radial:
    """φ(x) = (1, x, exp(−‖x − c_1‖²/2ℓ²), …):
    far out, where no centre is, a score on them is affine.

    Attributes
    ----------
    centres : c, shape (q, d)
    width : ℓ > 0

    Raises
    ------
    InvalidInput
        If the centres are not a finite (q, d) array, or the width is not positive.
    """

    centres: Array
    width: float

    def __repr__(self) -> str:
        count, d = np.shape(self.centres)
        return f"Radial({count} centres, d = {d}, width {self.width:g})"

    def __post_init__(self) -> None:
        centres = finite("centres", self.centres)
        if centres.ndim != 2:
            raise InvalidInput("centres", f"must have shape (q, d), but have {centres.shape}")
        object.__setattr__(self, "centres", centres)
        positive("width", self.width)

    def __call__(self, x: Array) -> Array:
        """Φ, shape (n, 1 + d + q), of points (n, d).
        Cost: n q (d + 1) flops and n q exponentials.
        """
        x = finite("x", x)
        if x.ndim != 2 or x.shape[1] != self.centres.shape[1]:
            raise InvalidInput(
                "x", f"must have shape (n, {self.centres.shape[1]}), but has {x.shape}"
            )
        squares = (
            np.sum(x**2, axis=1)[:, None] - 2 * x @ self.centres.T + np.sum(self.centres**2, axis=1)
        )
        return np.hstack([np.ones((len(x), 1)), x, np.exp(squares / (-2 * self.width**2))])

    def penalty(self, ridge: float) -> Array:
        """The diagonal of P, shape (1 + d + q,):
        nothing on 1 and x, `ridge` ≥ 0 on the radial functions.
        """
        count, dimension = self.centres.shape
        return np.concatenate(
            [np.zeros(1 + dimension), np.full(count, not_negative("ridge", ridge))]
        )


@dataclass(frozen=True)
class FeatureGram:
    """What mK paths of m data leave behind of one step, for p features.

    Attributes
    ----------
    step : the step t' → t
    samples : m
    ff : Φ_tᵀ Φ_t, shape (p, p)
    fz : Φ_tᵀ ε_t with ε_t = Z_t/σ_t, shape (p, d)
    fw : Φ_tᵀ W with W the step's unit noise, shape (p, d)
    fp : Φ_tᵀ Φ_{t'}, shape (p, p); X_{t'} = X_0 at the first step
    redraws : K, noise paths for each datum

    Raises
    ------
    InvalidInput
        If m or K is no whole number ≥ 1, or a product is not finite or not of its shape.
    """

    step: Step
    samples: int
    ff: Array
    fz: Array
    fw: Array
    fp: Array
    redraws: int = 1

    def __post_init__(self) -> None:
        object.__setattr__(self, "samples", whole("samples", self.samples))
        object.__setattr__(self, "redraws", whole("redraws", self.redraws))
        for name in ("ff", "fz", "fw", "fp"):
            object.__setattr__(self, name, finite(name, getattr(self, name)))
        p, d = self.fz.shape if self.fz.ndim == 2 else (0, 0)
        for name, shape in (("ff", (p, p)), ("fz", (p, d)), ("fw", (p, d)), ("fp", (p, p))):
            if getattr(self, name).shape != shape:
                raise InvalidInput(
                    name, "does not fit: ff and fp have shape (p, p), fz and fw (p, d)"
                )

    @property
    def paths(self) -> int:
        """mK, the number of rows that were summed over."""
        return self.samples * self.redraws

    def __repr__(self) -> str:
        p, d = np.shape(self.fz)
        return (
            f"FeatureGram({self.step.t_prev:g} → {self.step.t:g}, m = {self.samples}, p = {p}, "
            f"d = {d})"
        )


def feature_grams(
    x0: Array, times: Array, features: Features, rng: np.random.Generator, redraws: int = 1
) -> Iterator[FeatureGram]:
    """Feature Gram matrices of K simulated paths from each row of x0.

    Parameters
    ----------
    x0 : the data, shape (m, d)
    times : shape (N,), strictly increasing and positive
    features : points (m, d) to features (m, p)
    rng : source of the noise
    redraws : K, noise paths for each datum

    Yields
    ------
    FeatureGram
        N of them, each as soon as it is simulated.

    Raises
    ------
    InvalidInput
        If the times are not positive and strictly increasing, or K is no whole number ≥ 1.

    Notes
    -----
    Cost: 4 mK p² + 4 mK p d flops a step, plus the features. Memory: 2 mK p + 2 p² numbers.
    """
    redraws, data = whole("redraws", redraws), finite("x0", x0)
    x0 = np.repeat(data, redraws, axis=0)
    before = finite("features", features(x0))
    for now in simulate(x0, times, rng):
        phi = finite("features", features(now.x))
        unit = now.z / np.sqrt(noise_variance(now.step.t))
        yield FeatureGram(
            now.step,
            len(data),
            phi.T @ phi,
            phi.T @ unit,
            phi.T @ now.w,
            phi.T @ before,
            redraws,
        )
        before = phi


def _solve(matrix: Array, right: Array) -> Array:
    try:
        return np.asarray(np.linalg.solve(matrix, right))
    except np.linalg.LinAlgError:
        raise InvalidInput(
            "samples", "the features' Gram matrix is singular; a ridge would do"
        ) from None


def _penalty(penalty: Array) -> Array:
    """The diagonal of P, checked."""
    return none_negative("penalty", penalty)


def _penalised(gram: FeatureGram, penalty: Array) -> Array:
    """ΦᵀΦ + mK P, shape (p, p)."""
    features = gram.ff.shape[0]
    if penalty.shape != (features,):  # numpy would make something of a number, or of a matrix
        raise InvalidInput("penalty", f"must have shape ({features},), but has {penalty.shape}")
    return np.asarray(gram.ff + gram.paths * np.diag(penalty))


def _denoising(gram: FeatureGram) -> Array:
    """Φᵀ T1, shape (p, d)."""
    return np.asarray(-gram.fz / np.sqrt(noise_variance(gram.step.t)))


def _bootstrapped(gram: FeatureGram, previous: Array, weight: float) -> Array:
    """Φᵀ (w T̂2 + (1 − w) T3), shape (p, d)."""
    step = gram.step
    return np.asarray(
        weight / step.carry * (gram.fp @ previous) - (1 - weight) / step.fresh * gram.fw
    )


def dsm(grams: Iterable[FeatureGram], penalty: Array) -> Iterator[Array]:
    """Denoising score matching at every step, each on its own.

    Parameters
    ----------
    grams : of the path
    penalty : the diagonal of P, shape (p,), not negative

    Yields
    ------
    A_k, shape (p, d).

    Raises
    ------
    InvalidInput
        If the penalised Gram matrix is singular.

    Notes
    -----
    Cost: 2/3 p³ + 2 p² d flops a step.
    """
    penalty = _penalty(penalty)
    for gram in some(grams):
        yield _solve(_penalised(gram, penalty), _denoising(gram))


def bsm(
    grams: Iterable[FeatureGram],
    penalty: Array,
    weight: Callable[[Step], float] = lambda step: step.bootstrap_weight,
    lag: int = 1,
) -> Iterator[Array]:
    """Bootstrapped score matching, by default with the control-variate weight.

    Parameters
    ----------
    grams, penalty : as for `dsm`
    weight : w of T̂2, by step
    lag : 1, the level t_{k−1}; another (the decoy) takes the score of level t_{k−lag}, t_1 at the
        least, and transports it as if it were that of t_{k−1}

    Yields
    ------
    A_k, shape (p, d).

    Raises
    ------
    InvalidInput
        As `dsm`; or if the lag is below 1, or the steps are not consecutive.
    """
    lag, penalty = whole("lag", lag), _penalty(penalty)
    found: list[Array] = []
    for gram in along(grams):
        right = (
            _bootstrapped(
                gram, found[max(0, len(found) - lag)], number("weight", weight(gram.step))
            )
            if found
            else _denoising(gram)
        )
        found.append(_solve(_penalised(gram, penalty), right))
        yield found[-1]


def bsm_optimal(grams: Iterable[FeatureGram], penalty: Array) -> Iterator[Array]:
    """Bootstrapped score matching with the gain w* of the module's docstring, estimated on the way.

    Parameters, yields, raises: as `dsm`. Cost: 2 p² d flops a step more.
    """
    previous: Array | None = None
    information = spread = 0.0
    penalty = _penalty(penalty)
    for gram in along(grams):
        step, d = gram.step, gram.fz.shape[1]
        if previous is None:
            right, target = _denoising(gram), d / float(noise_variance(step.t))
            weight = 0.0
        else:
            local, carried = d / step.fresh_variance, information / step.carry**2
            weight = local / (local + carried + spread)
            right = _bootstrapped(gram, previous, weight)
            target = weight**2 * carried + (1 - weight) ** 2 * local
        previous = _solve(_penalised(gram, penalty), right)
        information = float(np.sum(previous * (gram.ff @ previous)) / gram.paths)
        spread = max(target - information, 0.0) + weight**2 * spread
        yield previous


def bsm_stam(grams: Iterable[FeatureGram], penalty: Array) -> Iterator[Array]:
    """Bootstrapped score matching with w° of the module's docstring, J' estimated on the way.

    Parameters, yields, raises: as `dsm`. Cost: 2 p² d flops a step more.
    """
    previous: Array | None = None
    information = 0.0
    penalty = _penalty(penalty)
    for gram in along(grams):
        if previous is None:
            right = _denoising(gram)
        else:
            weight = least_variance_weight(gram.step, np.asarray(information), gram.fz.shape[1])
            right = _bootstrapped(gram, previous, float(weight))
        previous = _solve(_penalised(gram, penalty), right)
        information = float(np.sum(previous * (gram.ff @ previous)) / gram.paths)
        yield previous


def joint(
    grams: Sequence[FeatureGram], penalty: Array, basis: Array, gamma: Array, rounds: int = 0
) -> list[Array]:
    """One function f(t, x) over all times: by DSM, or by rounds of BSM after it.

    Parameters
    ----------
    grams : of the path, N of them
    penalty : as for `dsm`
    basis : β_b(t_j), shape (N, B); B = N and the identity is step by step
    gamma : γ_j, shape (N,)
    rounds : of BSM; 0 is DSM

    Returns
    -------
    A(t_j) = Σ_b β_b(t_j) A_b, N arrays of shape (p, d).

    Raises
    ------
    InvalidInput
        If shapes do not fit, the normal equations are singular, or, with rounds, the steps are not
        consecutive.

    Notes
    -----
    Cost: N B² p² + 2/3 (B p)³ flops, then N p² d a round.
    """
    penalty, basis, gamma = _penalty(penalty), finite("basis", basis), none_negative("gamma", gamma)
    rounds = whole("rounds", rounds, 0)
    grams = list(along(grams) if rounds else some(grams))
    if basis.ndim != 2 or basis.shape[:1] != (len(grams),) or gamma.shape != (len(grams),):
        raise InvalidInput("basis, gamma", f"must have one row for each of the {len(grams)} steps")
    blocks = np.stack([_penalised(g, penalty) for g in grams])
    count, p, d = basis.shape[1], *grams[0].fz.shape
    normal = np.einsum("j,jb,jc,jpq->bpcq", gamma, basis, basis, blocks, optimize=True)
    normal = normal.reshape(count * p, count * p)

    def fit(rights: list[Array]) -> list[Array]:
        right = np.einsum("j,jb,jpd->bpd", gamma, basis, np.stack(rights)).reshape(count * p, d)
        return list(np.einsum("jb,bpd->jpd", basis, _solve(normal, right).reshape(count, p, d)))

    first = _denoising(grams[0])
    found = fit([_denoising(g) for g in grams])
    for _ in range(rounds):
        later = [
            _bootstrapped(g, a, g.step.bootstrap_weight)
            for g, a in zip(grams[1:], found[:-1], strict=True)
        ]
        found = fit([first, *later])
    return found
