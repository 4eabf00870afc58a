r"""The identities of the theory, derived symbolically:
residuals that vanish identically, decoys that do not.

    X' = e_{t'} X_0 + Z',   X = e^{-g} X' + N,   Z = e^{-g} Z' + N,
    Var Z' = σ_{t'}²,   Var N = τ².

In the symbols e_{t'} and e^{-g}, with e_t = e_{t'} e^{-g}, every variance is a polynomial, and
nearly all else a rational function of these two and of the variance λ of X_0. A first part holds
for Gaussian data, one coordinate at a time (all decouples in the eigenbasis): a random variable is
its row of coefficients on (X_0, Z', N), an expectation given X a regression. A second part holds
for every data law: either path by path, with scores and conditional means as free symbols, or with
p_0 an undefined function, p_t the integral of p_0 against the kernel, and an identity between
integrals shown between integrands, up to a total derivative.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import sympy as sp

from bounds.gaussian_algebra import (
    ALPHA,
    CARRY,
    E_PREV,
    E_T,
    LAM,
    ODDS,
    ODDS_PREV,
    RHO,
    S_PREV,
    S_T,
    T1,
    T2,
    T3,
    TAU,
    V_PREV,
    WEIGHT,
    ancestral_lack,
    best_alpha,
    bsm_first_step,
    bsm_optimum,
    bsm_recursion,
    combined,
    conditional_variance_of_u,
    factored,
    fresh_and_past,
    gain,
    information,
    martingale,
    trace,
    transport_alone,
    tweedie_matrix,
    variance_cut,
    weight_over_optimal,
)


@dataclass(frozen=True)
class Derivation:
    """An identity as a residual.

    Attributes
    ----------
    name : permanent
    statement : one line, in the notation of theory.md
    assumptions : what it is shown for, and what is taken for granted
    residual : the left side less the right side, built anew at each call; identically zero
    decoy : the same for the smallest false variant; not zero
    decoy_note : which error the decoy is
    """

    name: str
    statement: str
    assumptions: str
    residual: Callable[[], sp.Expr]
    decoy: Callable[[], sp.Expr]
    decoy_note: str


# Every data law: pathwise algebra, with scores and conditional means as free symbols.

_X, _Y, _B = sp.symbols("x y b", real=True)  # x, the datum y, and a point b of X_{t'}


def _posterior_mean(x: sp.Expr, y: sp.Expr) -> sp.Expr:
    """E[X' | X = x, X_0 = y] = (e_{t'} τ² y + e^{-g} σ_{t'}² x)/σ_t²."""
    return (E_PREV * TAU * y + CARRY * S_PREV * x) / S_T


def _noise(target: sp.Expr, rest: sp.Expr) -> sp.Expr:
    """A target less s(t, X_t), less `rest`: any law, with x_0,
    z', n and M = E[X_0|X_t], M' = E[X_0|X_{t'}] free.

    The scores are −(x − e_t M)/σ_t² and −(x' − e_{t'} M')/σ_{t'}², by Tweedie.
    """
    return target + (CARRY * X_PREV_PATH + _N - E_T * _M) / S_T - rest


_X0, _Z_PREV, _N, _M, _M_PREV = sp.symbols("x_0 z_prev n M M_prev")
X_PREV_PATH = E_PREV * _X0 + _Z_PREV
SCORE_PATH = -(X_PREV_PATH - E_PREV * _M_PREV) / S_PREV
U_PATH = _Z_PREV / S_PREV + SCORE_PATH


def _control_noise(best: sp.Expr) -> sp.Expr:
    """T1 + α U' − s less −(e_t/σ_t²)(M − M') + (α − best) U', for every α."""
    alpha = sp.Symbol("alpha")
    t1 = -(CARRY * _Z_PREV + _N) / S_T
    return _noise(t1 + alpha * U_PATH, -E_T / S_T * (_M - _M_PREV) + (alpha - best) * U_PATH)


def _increment(scale: sp.Expr) -> sp.Expr:
    """w T2 + (1 − w) T3 − s less −scale · (M − M')."""
    target = WEIGHT * SCORE_PATH / CARRY + (1 - WEIGHT) * (-_N / TAU)
    return _noise(target, -scale * (_M - _M_PREV))


def _carried(power: int) -> sp.Expr:
    """w e^{g · power} less sinh t'/sinh t."""
    return WEIGHT / CARRY**power - (1 / E_PREV - E_PREV) / (1 / E_T - E_T)


def _ancestral_mean(growth: int) -> sp.Expr:
    """The posterior mean at x̂_0 less e^g (x + τ² s), x̂_0 = (x + σ_t² s)/e_t."""
    x, score = sp.symbols("x s")
    x0 = (x + S_T * score) / E_T
    return _posterior_mean(x, x0) - CARRY ** (-growth) * (x + TAU * score)


def _ancestral_lack_any_law(power: int) -> sp.Expr:
    """The posterior mean's share of Var(X' | X):
    its slope in x_0, squared, times (σ_t²/e_t)² C_t.
    """
    c = sp.Symbol("C", positive=True)
    share = sp.diff(_posterior_mean(_X, _Y), _Y) ** 2 * (S_T / E_T) ** 2 * c
    return share - TAU**power / CARRY**2 * c


# Every data law: integrands.

_P0, _P_PREV = sp.Function("p_0"), sp.Function("p_prev")


def _kernel(x: sp.Expr, mean: sp.Expr, variance: sp.Expr) -> sp.Expr:
    return sp.exp(-((x - mean) ** 2) / (2 * variance)) / sp.sqrt(2 * sp.pi * variance)


_JOINT = _P0(_Y) * _kernel(_X, E_T * _Y, S_T)  # integrates over y to p_t(x)


def _tweedie_integrand(scale: sp.Expr) -> sp.Expr:
    """∂_x of the integrand of p_t(x) less −(z/σ_t²) times it, over the kernel; z = x − e_t y."""
    return sp.expand(
        (sp.diff(_JOINT, _X) + (_X - E_T * _Y) / scale * _JOINT) / _kernel(_X, E_T * _Y, S_T)
    )


def _second_order(constant: sp.Expr) -> sp.Expr:
    """Var(Z | x)/σ_t⁴ − constant − ∂²log p_t,
    derivatives of p_t as moments M_k = ∫ z^k (integrand) dy.
    """
    z = sp.Symbol("z", real=True)
    moments = sp.symbols("M0:3", positive=True)

    def integral(order: int) -> sp.Expr:
        ratio = sp.expand(sp.simplify(sp.diff(_JOINT, _X, order) / _JOINT).subs(_Y, (_X - z) / E_T))
        return sum(ratio.coeff(z, k) * moments[k] for k in range(3))

    p, slope, curvature = (integral(order) for order in range(3))
    log_curvature = curvature / p - (slope / p) ** 2
    spread = moments[2] / moments[0] - (moments[1] / moments[0]) ** 2
    return spread / S_T**2 - constant - log_curvature


def _residual_any_law(scale: sp.Expr) -> sp.Expr:
    """z/σ_t² + s − (e_t/scale)(E[X_0|X_t = x] − x_0),
    s = ∂_x p_t/p_t with p_t = M0 and ∫ y (integrand) dy = M1.
    """
    x0 = sp.Symbol("x_0")
    moments = sp.symbols("M0:2", positive=True)
    slope = sp.expand(sp.simplify(sp.diff(_JOINT, _X) / _JOINT))
    score = sum(slope.coeff(_Y, k) * moments[k] / moments[0] for k in range(2))
    return (_X - E_T * x0) / S_T + score - E_T / scale * (moments[1] / moments[0] - x0)


def _transport_integrand(growth: int) -> sp.Expr:
    """∂_x(k p) − e^g k ∂_b p + ∂_b(e^g k p),
    p the density of X' at b, k the kernel from there to x, over k.
    """
    k = _kernel(_X, CARRY * _B, TAU)
    joint, factor = k * _P_PREV(_B), CARRY ** (-growth)
    residual = (
        sp.diff(joint, _X) - factor * k * sp.diff(_P_PREV(_B), _B) + factor * sp.diff(joint, _B)
    )
    return sp.expand(residual / k)


def _local_integrand(scale: sp.Expr) -> sp.Expr:
    """∂_x of the integrand of p_t(x) = ∫ p_{t'}(b) k(x, b) db less T3 times it, over k."""
    k = _kernel(_X, CARRY * _B, TAU)
    return sp.expand(
        (sp.diff(_P_PREV(_B) * k, _X) + (_X - CARRY * _B) / scale * _P_PREV(_B) * k) / k
    )


def _posterior(variance: sp.Expr) -> sp.Expr:
    """2 log[k_τ(x|b) k_{t'}(b|y)] − 2 log[k_t(x|y) N(b; posterior mean, variance)]."""
    exponents = (
        (_X - CARRY * _B) ** 2 / TAU
        + (_B - E_PREV * _Y) ** 2 / S_PREV
        - (_X - E_T * _Y) ** 2 / S_T
        - (_B - _posterior_mean(_X, _Y)) ** 2 / variance
    )
    return sp.log((S_T * variance) / (TAU * S_PREV)) - exponents


_GAUSSIAN = "Gaussian data, one coordinate of the eigenbasis; 0 < t' < t"
_PATHS = "any data law, path by path; scores by Tweedie"
_SMOOTH = "any data law p_0; derivatives under the integral over y (true for t > 0: the kernel is "
"Gaussian)"

DERIVATIONS: tuple[Derivation, ...] = (
    Derivation(
        "tweedie-gaussian-matrix",
        "E[−Z_t/σ_t² | X_t] = ∇ log p_t(X_t)",
        "Gaussian data in two dimensions, any positive definite Σ",
        partial(tweedie_matrix, S_T),
        partial(tweedie_matrix, sp.sqrt(S_T)),
        "σ_t in place of σ_t²",
    ),
    Derivation(
        "tweedie-any-law",
        "∂_x p_t(x) = ∫ −(z/σ_t²) p_0(y) N(x; e_t y, σ_t²) dy, z = x − e_t y: E[−Z_t/σ_t² | X_t] = "
        "s(t, X_t)",
        _SMOOTH,
        partial(_tweedie_integrand, S_T),
        partial(_tweedie_integrand, sp.sqrt(S_T)),
        "σ_t in place of σ_t²",
    ),
    Derivation(
        "martingale-gaussian",
        "s(t, X_t) = e^g E[s(t', X_{t'}) | X_t]",
        _GAUSSIAN,
        partial(martingale, -1),
        partial(martingale, 1),
        "e^{-g} in place of e^g",
    ),
    Derivation(
        "martingale-any-law",
        "∂_x p_t(x) = e^g ∫ k(x, b) ∂_b p_{t'}(b) db: s(t, x) = e^g E[s(t', X_{t'}) | X_t = x]",
        "any data law; derivatives under the integral over b = X_{t'}; k p_{t'} vanishes at "
        "infinity",
        partial(_transport_integrand, 1),
        partial(_transport_integrand, -1),
        "e^{-g} in place of e^g",
    ),
    Derivation(
        "local-tweedie-any-law",
        "∂_x p_t(x) = ∫ −((x − e^{-g} b)/τ²) k(x, b) p_{t'}(b) db: E[T3 | X_t] = s(t, X_t)",
        "any data law; derivatives under the integral over b = X_{t'}",
        partial(_local_integrand, TAU),
        partial(_local_integrand, S_T),
        "σ_t² in place of τ²",
    ),
    Derivation(
        "residual-covariance-gaussian",
        "Var(U_t | X_t) = e^{−2t} λ/(σ_t² v)",
        _GAUSSIAN,
        partial(conditional_variance_of_u, S_T),
        partial(conditional_variance_of_u, S_T**2),
        "σ_t⁴ in place of σ_t²",
    ),
    Derivation(
        "residual-covariance-any-law",
        "C_t = 1/σ_t² + ∂² log p_t",
        _SMOOTH + "; one dimension",
        partial(_second_order, 1 / S_T),
        partial(_second_order, sp.Integer(0)),
        "C_t = ∇² log p_t, the term 1/σ_t² forgotten",
    ),
    Derivation(
        "residual-is-regression",
        "U_t = (e_t/σ_t²)(E[X_0|X_t] − X_0)",
        _SMOOTH,
        partial(_residual_any_law, S_T),
        partial(_residual_any_law, TAU),
        "τ² in place of σ_t²",
    ),
    Derivation(
        "noise-of-control-variate",
        "T1 + α U_{t'} − s(t, X_t) = −(e_t/σ_t²)(E[X_0|X_t] − E[X_0|X_{t'}]) + (α − α*) U_{t'}",
        _PATHS,
        partial(_control_noise, ALPHA),
        partial(_control_noise, S_PREV / S_T),
        "the factor e^{−g} dropped from α*",
    ),
    Derivation(
        "noise-is-increment",
        "w T2 + (1 − w) T3 − s(t, X_t) = −(e_t/σ_t²)(E[X_0|X_t] − E[X_0|X_{t'}]), w = e^{−2g} "
        "σ_{t'}²/σ_t²",
        _PATHS,
        partial(_increment, E_T / S_T),
        partial(_increment, E_PREV / S_PREV),
        "the increment scaled as at the level before, e_{t'}/σ_{t'}²",
    ),
    Derivation(
        "carried-factor",
        "w e^g = sinh t'/sinh t",
        "none",
        partial(_carried, 1),
        partial(_carried, 0),
        "w itself, e^g dropped",
    ),
    Derivation(
        "variance-of-t1",
        "Var(T1 | X_t) = 1/σ_t² − 1/v",
        _GAUSSIAN,
        partial(trace, T1, 1 / S_T),
        partial(trace, T1, 1 / TAU),
        "τ² in place of σ_t²",
    ),
    Derivation(
        "variance-of-t2",
        "Var(T2 | X_t) = e^{2g}/v' − 1/v",
        _GAUSSIAN,
        partial(trace, T2, 1 / (CARRY**2 * V_PREV)),
        partial(trace, T2, 1 / (CARRY * V_PREV)),
        "e^g in place of e^{2g}",
    ),
    Derivation(
        "variance-of-t3",
        "Var(T3 | X_t) = 1/τ² − 1/v",
        _GAUSSIAN,
        partial(trace, T3, 1 / TAU),
        partial(trace, T3, 1 / S_T),
        "σ_t² in place of τ²",
    ),
    Derivation(
        "factored-t1",
        "v Var(T1 | X_t) = λ/x",
        _GAUSSIAN,
        partial(factored, T1, LAM / ODDS),
        partial(factored, T1, LAM / ODDS_PREV),
        "x' in place of x",
    ),
    Derivation(
        "factored-t2",
        "v Var(T2 | X_t) = (x − x')/(λ + x')",
        _GAUSSIAN,
        partial(factored, T2, (ODDS - ODDS_PREV) / (LAM + ODDS_PREV)),
        partial(factored, T2, (ODDS - ODDS_PREV) / LAM),
        "(x − x')/λ: the limit t' → 0",
    ),
    Derivation(
        "factored-t3",
        "v Var(T3 | X_t) = (λ + x')/(x − x')",
        _GAUSSIAN,
        partial(factored, T3, (LAM + ODDS_PREV) / (ODDS - ODDS_PREV)),
        partial(factored, T3, LAM / (ODDS - ODDS_PREV)),
        "λ/(x − x'): the limit t' → 0",
    ),
    Derivation(
        "factored-combined",
        "v Var(w T2 + (1 − w) T3 | X_t) = (λ/x)² (x − x')/(λ + x')",
        _GAUSSIAN,
        partial(combined, 2),
        partial(combined, 1),
        "λ/x once, not squared",
    ),
    Derivation(
        "optimal-control-variate-gaussian",
        "α* = e^{−g} σ_{t'}²/σ_t² minimises Var(T1 + α U_{t'} | X_t)",
        _GAUSSIAN,
        partial(best_alpha, ALPHA),
        partial(best_alpha, S_PREV / S_T),
        "the factor e^{−g} dropped",
    ),
    Derivation(
        "control-variate-gain",
        "Var(T1 | X_t) − Var(T1 + α* U_{t'} | X_t) = α*² E U_{t'}²",
        _GAUSSIAN,
        partial(variance_cut, ALPHA, 1),
        partial(variance_cut, ALPHA, 2),
        "twice the gain",
    ),
    Derivation(
        "fresh-noise-is-fresh",
        "At r < s ≤ t' < t: w T2 + (1 − w) T3 − s(t, X_t) is uncorrelated with U_s and with the "
        "noise of the step r → s, for every two weights",
        _GAUSSIAN,
        partial(fresh_and_past, False),
        partial(fresh_and_past, True),
        "T1 + α U_{t'} for every α, which depends on X_0 as well",
    ),
    Derivation(
        "bsm-first-step",
        "m v_j Var δ_ij = w² e^{2g}/v'_i + (1−w)²/τ² − 1/v_i + w² (v'_j/v_j) c'_i after DSM at t', "
        "i ≠ j and i = j",
        "Gaussian data, leading order in 1/m; fourth moments of the paths, nothing taken to be "
        "uncorrelated",
        partial(bsm_first_step, False),
        partial(bsm_first_step, True),
        "the old error carried by Var X'_j in place of Cov(X'_j, X_j)",
    ),
    Derivation(
        "bsm-recursion",
        "r_k,ij = w² e^{2g}/v'_i + (1−w)²/τ² − 1/v_i + w² (v'_j/v_j) r_{k−1,ij}",
        "Gaussian data, coordinates i and j, leading order in 1/m; fresh noise uncorrelated with "
        "the past",
        partial(bsm_recursion, False),
        partial(bsm_recursion, True),
        "the old error carried by Var X'_j in place of Cov(X'_j, X_j)",
    ),
    Derivation(
        "bsm-optimal-weight",
        "w* = (1/τ²)/(1/τ² + e^{2g}/v'_i + (v'_j/v_j) r_{k−1,ij}) minimises r_k,ij",
        "as bsm-recursion",
        partial(bsm_optimum, RHO),
        partial(bsm_optimum, sp.Integer(0)),
        "the old error left out: the weight of a known score",
    ),
    Derivation(
        "weight-over-optimal",
        "w/w*_ij = 1 − 1/((1 + x'/(x − x'))² (1 + x'/λ_i)(1 + λ_j/x)) after DSM at t'",
        "as bsm-recursion",
        partial(weight_over_optimal, False),
        partial(weight_over_optimal, True),
        "i and j exchanged",
    ),
    Derivation(
        "bsm-gain",
        "x² v_j (c_i − r_k,ij) − x'² v'_j (c'_i − r_{k−1,ij}) = (x − x') x' λ_i/(λ_i + x')",
        "as bsm-recursion, with the control-variate weight; any r_{k−1,ij}",
        partial(gain, ODDS_PREV),
        partial(gain, ODDS),
        "(x − x') x λ_i/(λ_i + x): the step's other end",
    ),
    Derivation(
        "transport-alone",
        "r_ij/c_i = (x − x') x/(λ_i (x' + λ_i)) + (1 + (x − x')/(x' + λ_i))(1 + λ_j (x − x')/(x' "
        "(x + λ_j))) after DSM at t', w = 1",
        "as bsm-recursion",
        partial(transport_alone, sp.Integer(1)),
        partial(transport_alone, CARRY**2),
        "the old error shrunk by e^{−2g} once more, as X_{t'} is",
    ),
    Derivation(
        "information-over-fine-grid",
        "information bound/limit of r_ii = 2u²/((1 + u)² log(1 + u)), u = x/λ; the limit's "
        "integrand increases",
        "Gaussian data, leading order in 1/m; sums over a grid's left ends against the integral",
        partial(information, 2),
        partial(information, 1),
        "the factor 1 + δ_ij of the symmetric pair forgotten",
    ),
    Derivation(
        "ancestral-posterior",
        "N(x; e^{-g} b, τ²) N(b; e_{t'} y, σ_{t'}²) = N(x; e_t y, σ_t²) N(b; μ, β̃), "
        "μ = (e_{t'} τ² y + e^{-g} σ_{t'}² x)/σ_t², β̃ = σ_{t'}² τ²/σ_t²",
        "any y, b, x: Bayes' rule, and integrated over b the kernels' composition",
        partial(_posterior, S_PREV * TAU / S_T),
        partial(_posterior, TAU),
        "DDPM's β = τ² in place of β̃",
    ),
    Derivation(
        "ancestral-mean",
        "(e_{t'} τ² x̂_0 + e^{-g} σ_{t'}² x)/σ_t² = e^g (x + τ² s), x̂_0 = (x + σ_t² s)/e_t",
        "any x and s",
        partial(_ancestral_mean, 1),
        partial(_ancestral_mean, -1),
        "e^{-g} in place of e^g",
    ),
    Derivation(
        "ancestral-lack",
        "Var(X_{t'} | X_t) − σ_{t'}² τ²/σ_t² = e^{2g} τ⁴ C_t",
        _GAUSSIAN,
        partial(ancestral_lack, 2),
        partial(ancestral_lack, 1),
        "τ² in place of τ⁴",
    ),
    Derivation(
        "ancestral-lack-any-law",
        "Var(X_{t'} | X_t) − σ_{t'}² τ²/σ_t² = e^{2g} τ⁴ C_t",
        "any data law, one coordinate; the law of total variance given X_0",
        partial(_ancestral_lack_any_law, 2),
        partial(_ancestral_lack_any_law, 1),
        "τ² in place of τ⁴",
    ),
)
