r"""The identities of the theory, derived symbolically: residuals that vanish identically, decoys that do not.

    X' = e_{t'} X_0 + Z',   X = e^{-g} X' + N,   Z = e^{-g} Z' + N,   Var Z' = σ_{t'}²,   Var N = τ².

In the symbols e_{t'} and e^{-g}, with e_t = e_{t'} e^{-g}, every variance is a polynomial, and nearly all else
a rational function of these two and of the variance λ of X_0. A first part holds for Gaussian data, one
coordinate at a time (all decouples in the eigenbasis): a random variable is its row of coefficients on
(X_0, Z', N), an expectation given X a regression. A second part holds for every data law: either path by path,
with scores and conditional means as free symbols, or with p_0 an undefined function, p_t the integral of p_0
against the kernel, and an identity between integrals shown between integrands, up to a total derivative.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TypeAlias

import sympy as sp

LAM, LAM_J = sp.symbols("lambda lambda_j", positive=True)
E_PREV, CARRY = sp.symbols("e_prev carry", positive=True)  # e_{t'} and e^{-g}, both in (0, 1)
W, RHO = sp.symbols("w rho", positive=True)  # a weight, and the risk coefficient r_{k−1} of the step before

E_T = E_PREV * CARRY
S_PREV, S_T, TAU = 1 - E_PREV**2, 1 - E_T**2, 1 - CARRY**2  # σ_{t'}², σ_t², τ²
V_PREV, V_T = E_PREV**2 * LAM + S_PREV, E_T**2 * LAM + S_T


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


# Gaussian data: rows of coefficients on (X_0, Z', N).

Row: TypeAlias = sp.ImmutableDenseMatrix
X0, Z_PREV, N = (Row([[int(i == k) for i in range(3)]]) for k in range(3))
X_PREV = E_PREV * X0 + Z_PREV
X = CARRY * X_PREV + N
Z = CARRY * Z_PREV + N
SCORE_PREV, SCORE = -X_PREV / V_PREV, -X / V_T
U_PREV, U_T = Z_PREV / S_PREV + SCORE_PREV, Z / S_T + SCORE
T1, T2, T3 = -Z / S_T, SCORE_PREV / CARRY, -N / TAU


def _cov(a: Row, b: Row, lam: sp.Expr = LAM) -> sp.Expr:
    """Cov(a, b)."""
    return (a * sp.diag(lam, S_PREV, TAU) * b.T)[0, 0]


def _given(a: Row, x: Row = X) -> Row:
    """E[a | x], a regression."""
    return _cov(a, x) / _cov(x, x) * x


def _conditional(a: Row, b: Row, x: Row = X) -> sp.Expr:
    """Cov(a, b | x)."""
    return _cov(a, b) - _cov(a, x) * _cov(b, x) / _cov(x, x)


def _scalar(row: Row) -> sp.Expr:
    """A row as one expression, zero if and only if the row is: its entries times free symbols."""
    return sum(sp.Symbol(f"y{i}") * entry for i, entry in enumerate(row))


def _tweedie(scale: sp.Expr) -> sp.Expr:
    return _scalar(_given(-Z / scale) - SCORE)


def _tweedie_matrix(scale: sp.Expr) -> sp.Expr:
    """In two dimensions with a full Σ: E[Z | X] from E[X_0 | X], the score by differentiating log p_t."""
    a, b, c = sp.symbols("a b c", positive=True)
    x = sp.Matrix(sp.symbols("x1 x2"))
    sigma = sp.Matrix([[a, b], [b, c]])
    inverse = (E_T**2 * sigma + S_T * sp.eye(2)).inv()
    log_density = -(x.T * inverse * x)[0, 0] / 2
    noise = x - E_T * (E_T * sigma * inverse * x)
    return _scalar((-noise / scale).T - sp.Matrix([[sp.diff(log_density, xi) for xi in x]]))


def _martingale(power: int) -> sp.Expr:
    return _scalar(SCORE - CARRY**power * _given(SCORE_PREV))


def _residual_is_regression(scale: sp.Expr) -> sp.Expr:
    return _scalar(U_T - E_T / scale * (_given(X0) - X0))


def _conditional_variance_of_u(noise: sp.Expr) -> sp.Expr:
    return _conditional(U_T, U_T) - E_T**2 * LAM / (noise * V_T)


def _trace(target: Row, second_moment: sp.Expr) -> sp.Expr:
    return _conditional(target, target) - (second_moment - 1 / V_T)


def _cross_time(carry: sp.Expr) -> sp.Expr:
    """Cov(U_t, U_{t'}) against carry · σ_{t'}²/σ_t² · C_{t'}."""
    return _cov(U_T, U_PREV) - carry * S_PREV / S_T * _conditional(U_PREV, U_PREV, X_PREV)


def _best_alpha(alpha: sp.Expr) -> sp.Expr:
    free = sp.Symbol("alpha", real=True)
    target = T1 + free * U_PREV
    return sp.diff(_conditional(target, target), free).subs(free, alpha)


def _variance_cut(alpha: sp.Expr, factor: int) -> sp.Expr:
    target = T1 + alpha * U_PREV
    cut = _conditional(T1, T1) - _conditional(target, target)
    return cut - factor * alpha**2 * _cov(U_PREV, U_PREV)


ALPHA = CARRY * S_PREV / S_T
WEIGHT = CARRY**2 * S_PREV / S_T


def _reverse_differences(against: int) -> sp.Expr:
    """E[R_2 X_{t_2}] (2) or E[R_2 X_{t_1}] (1), R_2 = E[X_0 | X_{t_2}] − E[X_0 | X_{t_1}]."""
    difference = _given(X0, X) - _given(X0, X_PREV)
    return _cov(difference, X if against == 2 else X_PREV)


def _fresh_and_past(target: Row) -> sp.Expr:
    """Cov(target − s(t, X), U_{t'}): zero is what lets noise add up over the steps of BSM."""
    return _cov(target - SCORE, U_PREV)


def _bsm_recursion(old_error_on_itself: bool) -> sp.Expr:
    """m v_j Var δ_ij to leading order in 1/m, coordinate i of the target regressed on X_j, less the formula.

    δ_ij = (mean over paths of noise_i X_j)/v_j + w e^g δ'_ij Cov(X'_j, X_j)/v_j, where
    Var δ'_ij = r_{k−1,ij}/(m v'_j).
    """
    v_j, v_prev_j = V_T.subs(LAM, LAM_J), V_PREV.subs(LAM, LAM_J)
    target = W * T2 + (1 - W) * T3
    m = sp.Symbol("m", positive=True)
    carry = W / CARRY * _cov(X_PREV, X_PREV if old_error_on_itself else X, LAM_J) / v_j
    variance = _conditional(target, target) / (m * v_j) + carry**2 * RHO / (m * v_prev_j)
    return m * v_j * variance - _bsm_formula()


def _bsm_formula() -> sp.Expr:
    """r_k,ij of theory.md as a function of w."""
    v_j, v_prev_j = V_T.subs(LAM, LAM_J), V_PREV.subs(LAM, LAM_J)
    return W**2 / (CARRY**2 * V_PREV) + (1 - W) ** 2 / TAU - 1 / V_T + W**2 * v_prev_j / v_j * RHO


def _bsm_optimum(memory: sp.Expr) -> sp.Expr:
    """dr/dw at w* = (1/τ²)/(1/τ² + e^{2g}/v'_i + (v'_j/v_j) · memory)."""
    ratio = V_PREV.subs(LAM, LAM_J) / V_T.subs(LAM, LAM_J)
    optimum = (1 / TAU) / (1 / TAU + 1 / (CARRY**2 * V_PREV) + ratio * memory)
    return sp.diff(_bsm_formula(), W).subs(W, optimum)


def _ancestral_lack(power: int) -> sp.Expr:
    """Cov(X' | X) − σ_{t'}² τ²/σ_t² against e^{2g} τ⁴ C_t (power = 2)."""
    lack = _conditional(X_PREV, X_PREV) - S_PREV * TAU / S_T
    return lack - TAU**power / CARRY**2 * _conditional(U_T, U_T)


# Every data law: pathwise algebra, with scores and conditional means as free symbols.

_X, _Y, _B = sp.symbols("x y b", real=True)  # x, the datum y, and a point b of X_{t'}


def _posterior_mean(x: sp.Expr, y: sp.Expr) -> sp.Expr:
    """E[X' | X = x, X_0 = y] = (e_{t'} τ² y + e^{-g} σ_{t'}² x)/σ_t²."""
    return (E_PREV * TAU * y + CARRY * S_PREV * x) / S_T


def _residual_any_law(scale: sp.Expr) -> sp.Expr:
    """z/σ_t² + s − (e_t/σ_t²)(M − x_0) with M = E[X_0 | X_t] and s = −(x − e_t M)/σ_t², by Tweedie."""
    x, x0, mean = sp.symbols("x x_0 M")
    return (x - E_T * x0) / S_T - (x - E_T * mean) / S_T - E_T / scale * (mean - x0)


def _abel(forward: bool) -> sp.Expr:
    """Σ_j γ_j ζ_j U_j − Σ_k G_k R_k over three times; M_k stands for E[X_0 | X_{t_k}], M_0 for X_0."""
    gamma, zeta, e, s = (sp.symbols(f"{name}1:4") for name in ("gamma", "zeta", "e", "s"))
    mean = sp.symbols("M0:4")
    size = [gamma[j] * zeta[j] * e[j] / s[j] for j in range(3)]
    left = sum(size[j] * (mean[j + 1] - mean[0]) for j in range(3))
    weight = [sum(size[: k + 1] if forward else size[k:]) for k in range(3)]
    return left - sum(weight[k] * (mean[k + 1] - mean[k]) for k in range(3))


def _mixture_of_targets(weight: sp.Expr) -> sp.Expr:
    """T1 + α* U' − (w T2 + (1 − w) T3) for noises z', n and a score s' that are anything."""
    z_prev, n, score = sp.symbols("z_prev n s_prev")
    corrected = -(CARRY * z_prev + n) / S_T + ALPHA * (z_prev / S_PREV + score)
    return corrected - (weight * score / CARRY + (1 - weight) * (-n / TAU))


def _best_alpha_any_law(alpha: sp.Expr) -> sp.Expr:
    """d/dα E tr Cov(T1 + α U' | X) at α, in terms of the moments of (U', s', N).

    Z' = σ_{t'}² (U' − s'); E⟨U', s'⟩ = 0 by Tweedie, E⟨U', N⟩ = 0 by independence; E[U' | X] = 0, so that
    the conditional mean does not depend on α and second moments stand for conditional variances.
    """
    free, uu, ss, nn = sp.symbols("alpha UU SS NN", positive=True)
    target = sp.Matrix([[free - CARRY * S_PREV / S_T, CARRY * S_PREV / S_T, -1 / S_T]])
    moment = (target * sp.diag(uu, ss, nn) * target.T)[0, 0]
    return sp.diff(moment, free).subs(free, alpha)


def _ancestral_mean(growth: int) -> sp.Expr:
    """The posterior mean at x̂_0 less e^g (x + τ² s), x̂_0 = (x + σ_t² s)/e_t."""
    x, score = sp.symbols("x s")
    x0 = (x + S_T * score) / E_T
    return _posterior_mean(x, x0) - CARRY ** (-growth) * (x + TAU * score)


def _ancestral_lack_any_law(power: int) -> sp.Expr:
    """The posterior mean's share of Var(X' | X): its slope in x_0, squared, times (σ_t²/e_t)² C_t."""
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
    return sp.expand((sp.diff(_JOINT, _X) + (_X - E_T * _Y) / scale * _JOINT) / _kernel(_X, E_T * _Y, S_T))


def _second_order(constant: sp.Expr) -> sp.Expr:
    """Var(Z | x)/σ_t⁴ − constant − ∂²log p_t, derivatives of p_t as moments M_k = ∫ z^k (integrand) dy."""
    z = sp.Symbol("z", real=True)
    moments = sp.symbols("M0:3", positive=True)

    def integral(order: int) -> sp.Expr:
        ratio = sp.expand(sp.simplify(sp.diff(_JOINT, _X, order) / _JOINT).subs(_Y, (_X - z) / E_T))
        return sum(ratio.coeff(z, k) * moments[k] for k in range(3))

    p, slope, curvature = (integral(order) for order in range(3))
    log_curvature = curvature / p - (slope / p) ** 2
    spread = moments[2] / moments[0] - (moments[1] / moments[0]) ** 2
    return spread / S_T**2 - constant - log_curvature


def _transport_integrand(growth: int) -> sp.Expr:
    """∂_x(k p) − e^g k ∂_b p + ∂_b(e^g k p), p the density of X' at b, k the kernel from there to x, over k."""
    k = _kernel(_X, CARRY * _B, TAU)
    joint, factor = k * _P_PREV(_B), CARRY ** (-growth)
    residual = sp.diff(joint, _X) - factor * k * sp.diff(_P_PREV(_B), _B) + factor * sp.diff(joint, _B)
    return sp.expand(residual / k)


def _local_integrand(scale: sp.Expr) -> sp.Expr:
    """∂_x of the integrand of p_t(x) = ∫ p_{t'}(b) k(x, b) db less T3 times it, over k."""
    k = _kernel(_X, CARRY * _B, TAU)
    return sp.expand((sp.diff(_P_PREV(_B) * k, _X) + (_X - CARRY * _B) / scale * _P_PREV(_B) * k) / k)


def _posterior(variance: sp.Expr) -> sp.Expr:
    """2 log[k_τ(x|b) k_{t'}(b|y)] − 2 log[k_t(x|y) N(b; posterior mean, variance)]."""
    exponents = (
        (_X - CARRY * _B) ** 2 / TAU
        + (_B - E_PREV * _Y) ** 2 / S_PREV
        - (_X - E_T * _Y) ** 2 / S_T
        - (_B - _posterior_mean(_X, _Y)) ** 2 / variance
    )
    return sp.log((S_T * variance) / (TAU * S_PREV)) - exponents


# Finite m.


def _inverse_wishart(shift: int) -> sp.Expr:
    """E[1/χ²_k] − 1/(k − 2 + shift), with k = m − d + 1 = q + 2 degrees of freedom, q = m − d − 1 > 0."""
    q, y = sp.symbols("q y", positive=True)
    k = q + 2
    density = y ** (k / 2 - 1) * sp.exp(-y / 2) / (2 ** (k / 2) * sp.gamma(k / 2))
    mean = sp.integrate(sp.powsimp(density / y), (y, 0, sp.oo), conds="none")
    return sp.gammasimp(mean) - 1 / (q + shift)


_GAUSSIAN = "Gaussian data, one coordinate of the eigenbasis; 0 < t' < t"
_ANY = "any data law with finite second moments; 0 < t' < t"
_SMOOTH = "any data law p_0; derivatives under the integral over y (true for t > 0: the kernel is Gaussian)"

DERIVATIONS: tuple[Derivation, ...] = (
    Derivation(
        "tweedie-gaussian",
        "E[−Z_t/σ_t² | X_t] = s(t, X_t)",
        _GAUSSIAN,
        partial(_tweedie, S_T),
        partial(_tweedie, TAU),
        "the step's τ² in place of σ_t²",
    ),
    Derivation(
        "tweedie-gaussian-matrix",
        "E[−Z_t/σ_t² | X_t] = ∇ log p_t(X_t)",
        "Gaussian data in two dimensions, any positive definite Σ",
        partial(_tweedie_matrix, S_T),
        partial(_tweedie_matrix, sp.sqrt(S_T)),
        "σ_t in place of σ_t²",
    ),
    Derivation(
        "tweedie-any-law",
        "∂_x p_t(x) = ∫ −(z/σ_t²) p_0(y) N(x; e_t y, σ_t²) dy, z = x − e_t y: E[−Z_t/σ_t² | X_t] = s(t, X_t)",
        _SMOOTH,
        partial(_tweedie_integrand, S_T),
        partial(_tweedie_integrand, sp.sqrt(S_T)),
        "σ_t in place of σ_t²",
    ),
    Derivation(
        "martingale-gaussian",
        "s(t, X_t) = e^g E[s(t', X_{t'}) | X_t]",
        _GAUSSIAN,
        partial(_martingale, -1),
        partial(_martingale, 1),
        "e^{-g} in place of e^g",
    ),
    Derivation(
        "martingale-any-law",
        "∂_x p_t(x) = e^g ∫ k(x, b) ∂_b p_{t'}(b) db: s(t, x) = e^g E[s(t', X_{t'}) | X_t = x]",
        "any data law; derivatives under the integral over b = X_{t'}; k p_{t'} vanishes at infinity",
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
        partial(_conditional_variance_of_u, S_T),
        partial(_conditional_variance_of_u, S_T**2),
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
        _GAUSSIAN,
        partial(_residual_is_regression, S_T),
        partial(_residual_is_regression, sp.sqrt(S_T)),
        "σ_t in place of σ_t²",
    ),
    Derivation(
        "residual-is-regression-any-law",
        "U_t = (e_t/σ_t²)(E[X_0|X_t] − X_0)",
        "any data law, path by path; Tweedie",
        partial(_residual_any_law, S_T),
        partial(_residual_any_law, TAU),
        "τ² in place of σ_t²",
    ),
    Derivation(
        "reverse-decomposition",
        "Σ_j γ_j ζ_j U_j = Σ_k G_k R_k, G_k = Σ_{j≥k} γ_j (e_j/σ_j²) ζ_j",
        "any data law, N = 3, one coordinate; U_j = (e_j/σ_j²)(E[X_0|X_{t_j}] − X_0)",
        partial(_abel, False),
        partial(_abel, True),
        "G_k summed over j ≤ k: the forward filtration",
    ),
    Derivation(
        "reverse-martingale-differences",
        "E[R_2 X_{t_2}] = 0, R_2 = E[X_0|X_{t_2}] − E[X_0|X_{t_1}]",
        _GAUSSIAN,
        partial(_reverse_differences, 2),
        partial(_reverse_differences, 1),
        "E[R_2 X_{t_1}] = 0, which the forward filtration would need",
    ),
    Derivation(
        "cross-time-covariance",
        "Cov(U_t, U_{t'}) = (e^{−g} σ_{t'}²/σ_t²) C_{t'}",
        _GAUSSIAN,
        partial(_cross_time, CARRY),
        partial(_cross_time, sp.Integer(1)),
        "the factor e^{−g} dropped",
    ),
    Derivation(
        "variance-of-t1",
        "Var(T1 | X_t) = 1/σ_t² − 1/v",
        _GAUSSIAN,
        partial(_trace, T1, 1 / S_T),
        partial(_trace, T1, 1 / TAU),
        "τ² in place of σ_t²",
    ),
    Derivation(
        "variance-of-t2",
        "Var(T2 | X_t) = e^{2g}/v' − 1/v",
        _GAUSSIAN,
        partial(_trace, T2, 1 / (CARRY**2 * V_PREV)),
        partial(_trace, T2, 1 / (CARRY * V_PREV)),
        "e^g in place of e^{2g}",
    ),
    Derivation(
        "variance-of-t3",
        "Var(T3 | X_t) = 1/τ² − 1/v",
        _GAUSSIAN,
        partial(_trace, T3, 1 / TAU),
        partial(_trace, T3, 1 / S_T),
        "σ_t² in place of τ²",
    ),
    Derivation(
        "optimal-control-variate-gaussian",
        "α* = e^{−g} σ_{t'}²/σ_t² minimises Var(T1 + α U_{t'} | X_t)",
        _GAUSSIAN,
        partial(_best_alpha, ALPHA),
        partial(_best_alpha, S_PREV / S_T),
        "the factor e^{−g} dropped",
    ),
    Derivation(
        "optimal-control-variate-any-law",
        "α* = e^{−g} σ_{t'}²/σ_t² minimises E tr Cov(T1 + α U_{t'} | X_t)",
        _ANY + "; Tweedie at t' (E⟨U', s'⟩ = 0) and E[U' | X_t] = 0",
        partial(_best_alpha_any_law, ALPHA),
        partial(_best_alpha_any_law, S_PREV / S_T),
        "the factor e^{−g} dropped",
    ),
    Derivation(
        "control-variate-gain",
        "Var(T1 | X_t) − Var(T1 + α* U_{t'} | X_t) = α*² E U_{t'}²",
        _GAUSSIAN,
        partial(_variance_cut, ALPHA, 1),
        partial(_variance_cut, ALPHA, 2),
        "twice the gain",
    ),
    Derivation(
        "control-variate-is-a-mix",
        "T1 + α* U_{t'} = w T2 + (1 − w) T3, w = e^{−2g} σ_{t'}²/σ_t²",
        "any data law, path by path",
        partial(_mixture_of_targets, WEIGHT),
        partial(_mixture_of_targets, ALPHA),
        "w = α*: e^{−g} in place of e^{−2g}",
    ),
    Derivation(
        "fresh-noise-is-fresh",
        "Cov(w T2 + (1 − w) T3 − s(t, X_t), U_{t'}) = 0 for every w",
        _GAUSSIAN,
        lambda: _fresh_and_past(W * T2 + (1 - W) * T3),
        lambda: _fresh_and_past(T1 + sp.Symbol("alpha", positive=True) * U_PREV),
        "T1 + α U_{t'} with α ≠ α*, which depends on X_0 as well",
    ),
    Derivation(
        "bsm-recursion",
        "r_k,ij = w² e^{2g}/v'_i + (1−w)²/τ² − 1/v_i + w² (v'_j/v_j) r_{k−1,ij}",
        "Gaussian data, coordinates i and j, leading order in 1/m; fresh noise uncorrelated with the past",
        partial(_bsm_recursion, False),
        partial(_bsm_recursion, True),
        "the old error carried by Var X'_j in place of Cov(X'_j, X_j)",
    ),
    Derivation(
        "bsm-optimal-weight",
        "w* = (1/τ²)/(1/τ² + e^{2g}/v'_i + (v'_j/v_j) r_{k−1,ij}) minimises r_k,ij",
        "as bsm-recursion",
        partial(_bsm_optimum, RHO),
        partial(_bsm_optimum, sp.Integer(0)),
        "the old error left out: the weight of a known score",
    ),
    Derivation(
        "dsm-risk-factor",
        "E[1/χ²_{m−d+1}] = 1/(m − d − 1), a diagonal entry of E[W^{-1}], W ~ Wishart_d(m, I)",
        "m > d + 1; 1/(W^{-1})_ii ~ χ²_{m−d+1} taken for granted (Schur complement)",
        partial(_inverse_wishart, 0),
        partial(_inverse_wishart, 1),
        "1/(m − d), one off",
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
        partial(_ancestral_lack, 2),
        partial(_ancestral_lack, 1),
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
