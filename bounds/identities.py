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

from bounds.certify import information_over_bootstrap

LAM, LAM_J = sp.symbols("lambda lambda_j", positive=True)
E_PREV, CARRY = sp.symbols("e_prev carry", positive=True)  # e_{t'} and e^{-g}, both in (0, 1)
W, RHO = sp.symbols("w rho", positive=True)  # a weight, and the risk coefficient r_{k−1} of the step before

E_T = E_PREV * CARRY
S_PREV, S_T, TAU = 1 - E_PREV**2, 1 - E_T**2, 1 - CARRY**2  # σ_{t'}², σ_t², τ²
V_PREV, V_T = E_PREV**2 * LAM + S_PREV, E_T**2 * LAM + S_T
ODDS_PREV, ODDS = S_PREV / E_PREV**2, S_T / E_T**2  # x' = e^{2t'} − 1 and x = e^{2t} − 1


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


def _conditional_variance_of_u(noise: sp.Expr) -> sp.Expr:
    return _conditional(U_T, U_T) - E_T**2 * LAM / (noise * V_T)


def _trace(target: Row, second_moment: sp.Expr) -> sp.Expr:
    return _conditional(target, target) - (second_moment - 1 / V_T)


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


def _factored(target: Row, in_units_of_v: sp.Expr) -> sp.Expr:
    """v Var(target | X_t) less the factored form."""
    return V_T * _conditional(target, target) - in_units_of_v


def _combined(power: int) -> sp.Expr:
    """B = w T2 + (1 − w) T3 against (λ/x)² (x − x')/(λ + x') (power = 2)."""
    target = WEIGHT * T2 + (1 - WEIGHT) * T3
    return _factored(target, (LAM / ODDS) ** power * (ODDS - ODDS_PREV) / (LAM + ODDS_PREV))


def _fresh_and_past(control: bool) -> sp.Expr:
    """Covariances of a step's noise with that of any earlier step and with U there; one coordinate, r < s ≤ t' < t.

    X_r = e_r X_0 + …, X_s = c_1 X_r + …, X_{t'} = c_2 X_s + …, X_t = c_3 X_{t'} + …; c_2 = 1 is s = t'. `control` takes
    T1 + α U_{t'} for the step's target, which depends on X_0 as well.
    """
    first, carried = sp.Symbol("e_r", positive=True), sp.symbols("c1:4", positive=True)
    weights, alpha = sp.symbols("w1:3"), sp.Symbol("alpha")
    fresh = [Row([[int(i == k) for i in range(5)]]) for k in range(5)]
    spread = sp.diag(LAM, 1 - first**2, *(1 - c**2 for c in carried))
    kept, path = first, [first * fresh[0] + fresh[1]]
    for c, one in zip(carried, fresh[2:], strict=True):
        kept *= c
        path.append(c * path[-1] + one)
    decay = [first, *(first * sp.prod(carried[:k]) for k in (1, 2, 3))]
    score = [-x / (e**2 * LAM + 1 - e**2) for x, e in zip(path, decay, strict=True)]
    residual = [(x - e * fresh[0]) / (1 - e**2) + s for x, e, s in zip(path, decay, score, strict=True)]

    def noise(weight: sp.Expr, step: int) -> Row:
        """w T2 + (1 − w) T3 less the score, from the level before to this one."""
        local = -fresh[step + 1] / (1 - carried[step - 1] ** 2)
        return weight * score[step - 1] / carried[step - 1] + (1 - weight) * local - score[step]

    late = -residual[3] + alpha * residual[2] if control else noise(weights[1], 3)
    covariances = [(late * spread * past.T)[0, 0] for past in (noise(weights[0], 1), residual[1])]
    return covariances[0] * sp.Symbol("y0") + covariances[1] * sp.Symbol("y1")


def _fourth(a: Row, b: Row, c: Row, d: Row, same: bool) -> sp.Expr:
    """E[a b c d], a and c in coordinate i, b and d in coordinate j, independent of it or the same (Isserlis)."""
    if not same:
        return _cov(a, c) * _cov(b, d, LAM_J)
    return _cov(a, b) * _cov(c, d) + _cov(a, c) * _cov(b, d) + _cov(a, d) * _cov(b, c)


def _bsm_first_step(old_error_on_itself: bool) -> sp.Expr:
    """m v_j Var δ_ij at the first step after DSM, both errors on the same paths, less the formula at r_{k−1,ij} = c'_i.

    δ_ij is a mean over paths of noise_i X_j/v_j − w e^g (Cov(X'_j, X_j)/v_j) U'_i X'_j/v'_j. Off the diagonal, and on it.
    """
    total = sp.Integer(0)
    noise = W * T2 + (1 - W) * T3 - SCORE
    for place, same in enumerate((False, True)):
        lam = LAM if same else LAM_J
        v_j, v_prev_j = _cov(X, X, lam), _cov(X_PREV, X_PREV, lam)
        carry = W / CARRY * _cov(X_PREV, X_PREV if old_error_on_itself else X, lam) / v_j
        terms = [(noise / v_j, X), (-carry * U_PREV / v_prev_j, X_PREV)]
        square = sum(_fourth(a, b, c, d, same) for a, b in terms for c, d in terms)
        mean = sum(_cov(a, b) for a, b in terms) if same else sp.Integer(0)
        formula = _bsm_formula().subs(RHO, 1 / S_PREV - 1 / V_PREV).subs(LAM_J, lam)
        total += sp.Symbol(f"y{place}") * (v_j * (square - mean**2) - formula)
    return total


def _bsm_recursion(old_error_on_itself: bool) -> sp.Expr:
    """m v_j Var δ_ij to leading order in 1/m, coordinate i of the target regressed on X_j, less the formula.

    δ_ij = (mean over paths of noise_i X_j)/v_j + w e^g δ'_ij Cov(X'_j, X_j)/v_j, where
    Var δ'_ij = r_{k−1,ij}/(m v'_j), and the two terms are uncorrelated (`_fresh_and_past`).
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


AFTER_DSM = {RHO: 1 / S_PREV - 1 / V_PREV}  # r_{k−1,ij} = c'_i
SHARE = (ODDS - ODDS_PREV) / ODDS_PREV  # (x − x')/x'


def _weight_over_optimal(exchanged: bool) -> sp.Expr:
    """w/w*_ij after DSM less 1 − 1/((1 + x'/(x − x'))² (1 + x'/λ_i)(1 + λ_j/x)); w* where dr/dw = 0."""
    slope = sp.diff(_bsm_formula(), W)
    optimum = -slope.subs(W, 0) / sp.diff(slope, W)
    i, j = (LAM_J, LAM) if exchanged else (LAM, LAM_J)
    excess = 1 / ((1 + 1 / SHARE) ** 2 * (1 + ODDS_PREV / i) * (1 + j / ODDS))
    return (WEIGHT / optimum).subs(AFTER_DSM) - (1 - excess)


def _gain(level: sp.Expr) -> sp.Expr:
    """Growth of x² v_j (c_i − r_ij) over a step from any r_{k−1,ij}, less (x − x') · level · λ_i/(λ_i + level)."""
    v_j, v_prev_j = V_T.subs(LAM, LAM_J), V_PREV.subs(LAM, LAM_J)
    late = ODDS**2 * v_j * (1 / S_T - 1 / V_T - _bsm_formula().subs(W, WEIGHT))
    early = ODDS_PREV**2 * v_prev_j * (1 / S_PREV - 1 / V_PREV - RHO)
    return late - early - (ODDS - ODDS_PREV) * level * LAM / (LAM + level)


def _transport_alone(memory: sp.Expr) -> sp.Expr:
    """r_ij/c_i after DSM with w = 1 less the sum of `fresh` and `kept`; the old error times `memory`."""
    step = ODDS - ODDS_PREV
    ratio = _bsm_formula().subs(W, 1).subs(RHO, memory * AFTER_DSM[RHO]) / (1 / S_T - 1 / V_T)
    fresh = step * ODDS / (LAM * (ODDS_PREV + LAM))
    kept = (1 + step / (ODDS_PREV + LAM)) * (1 + LAM_J * step / (ODDS_PREV * (ODDS + LAM_J)))
    return ratio - fresh - kept


def _information(symmetric: int) -> sp.Expr:
    """The information bound over the limit of fine grids of r_ii less 2u²/((1 + u)² log(1 + u)), u = x/λ; and that
    λx − λ² log(1 + x/λ) has the derivative xλ/(λ + x), and that the derivative (λ/(λ + x))²."""
    u, y = sp.symbols("u y", positive=True)
    lam = ODDS / u
    v, c = V_T.subs(LAM, lam), (1 / S_T - 1 / V_T).subs(LAM, lam)
    limit = c - (lam * ODDS - lam**2 * sp.log(1 + u)) / (ODDS**2 * v)
    bound = symmetric * E_T**4 * lam**2 / v**3
    integral, term = LAM * y - LAM**2 * sp.log(1 + y / LAM), y * LAM / (LAM + y)
    checks = (
        bound / limit - information_over_bootstrap(u, sp.log(1 + u)),
        sp.diff(integral, y) - term,
        sp.diff(term, y) - (LAM / (LAM + y)) ** 2,
    )
    return sum(sp.Symbol(f"y{place}") * check for place, check in enumerate(checks))


def _ancestral_lack(power: int) -> sp.Expr:
    """Cov(X' | X) − σ_{t'}² τ²/σ_t² against e^{2g} τ⁴ C_t (power = 2)."""
    lack = _conditional(X_PREV, X_PREV) - S_PREV * TAU / S_T
    return lack - TAU**power / CARRY**2 * _conditional(U_T, U_T)


# Every data law: pathwise algebra, with scores and conditional means as free symbols.

_X, _Y, _B = sp.symbols("x y b", real=True)  # x, the datum y, and a point b of X_{t'}


def _posterior_mean(x: sp.Expr, y: sp.Expr) -> sp.Expr:
    """E[X' | X = x, X_0 = y] = (e_{t'} τ² y + e^{-g} σ_{t'}² x)/σ_t²."""
    return (E_PREV * TAU * y + CARRY * S_PREV * x) / S_T


def _noise(target: sp.Expr, rest: sp.Expr) -> sp.Expr:
    """A target less s(t, X_t), less `rest`: any law, with x_0, z', n and M = E[X_0|X_t], M' = E[X_0|X_{t'}] free.

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


def _residual_any_law(scale: sp.Expr) -> sp.Expr:
    """z/σ_t² + s − (e_t/scale)(E[X_0|X_t = x] − x_0), s = ∂_x p_t/p_t with p_t = M0 and ∫ y (integrand) dy = M1."""
    x0 = sp.Symbol("x_0")
    moments = sp.symbols("M0:2", positive=True)
    slope = sp.expand(sp.simplify(sp.diff(_JOINT, _X) / _JOINT))
    score = sum(slope.coeff(_Y, k) * moments[k] / moments[0] for k in range(2))
    return (_X - E_T * x0) / S_T + score - E_T / scale * (moments[1] / moments[0] - x0)


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


_GAUSSIAN = "Gaussian data, one coordinate of the eigenbasis; 0 < t' < t"
_PATHS = "any data law, path by path; scores by Tweedie"
_SMOOTH = "any data law p_0; derivatives under the integral over y (true for t > 0: the kernel is "
"Gaussian)"

DERIVATIONS: tuple[Derivation, ...] = (
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
        "w T2 + (1 − w) T3 − s(t, X_t) = −(e_t/σ_t²)(E[X_0|X_t] − E[X_0|X_{t'}]), w = e^{−2g} σ_{t'}²/σ_t²",
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
        "factored-t1",
        "v Var(T1 | X_t) = λ/x",
        _GAUSSIAN,
        partial(_factored, T1, LAM / ODDS),
        partial(_factored, T1, LAM / ODDS_PREV),
        "x' in place of x",
    ),
    Derivation(
        "factored-t2",
        "v Var(T2 | X_t) = (x − x')/(λ + x')",
        _GAUSSIAN,
        partial(_factored, T2, (ODDS - ODDS_PREV) / (LAM + ODDS_PREV)),
        partial(_factored, T2, (ODDS - ODDS_PREV) / LAM),
        "(x − x')/λ: the limit t' → 0",
    ),
    Derivation(
        "factored-t3",
        "v Var(T3 | X_t) = (λ + x')/(x − x')",
        _GAUSSIAN,
        partial(_factored, T3, (LAM + ODDS_PREV) / (ODDS - ODDS_PREV)),
        partial(_factored, T3, LAM / (ODDS - ODDS_PREV)),
        "λ/(x − x'): the limit t' → 0",
    ),
    Derivation(
        "factored-combined",
        "v Var(w T2 + (1 − w) T3 | X_t) = (λ/x)² (x − x')/(λ + x')",
        _GAUSSIAN,
        partial(_combined, 2),
        partial(_combined, 1),
        "λ/x once, not squared",
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
        "control-variate-gain",
        "Var(T1 | X_t) − Var(T1 + α* U_{t'} | X_t) = α*² E U_{t'}²",
        _GAUSSIAN,
        partial(_variance_cut, ALPHA, 1),
        partial(_variance_cut, ALPHA, 2),
        "twice the gain",
    ),
    Derivation(
        "fresh-noise-is-fresh",
        "At r < s ≤ t' < t: w T2 + (1 − w) T3 − s(t, X_t) is uncorrelated with U_s and with the "
        "noise of the step r → s, for every two weights",
        _GAUSSIAN,
        partial(_fresh_and_past, False),
        partial(_fresh_and_past, True),
        "T1 + α U_{t'} for every α, which depends on X_0 as well",
    ),
    Derivation(
        "bsm-first-step",
        "m v_j Var δ_ij = w² e^{2g}/v'_i + (1−w)²/τ² − 1/v_i + w² (v'_j/v_j) c'_i after DSM at t', "
        "i ≠ j and i = j",
        "Gaussian data, leading order in 1/m; fourth moments of the paths, nothing taken to be uncorrelated",
        partial(_bsm_first_step, False),
        partial(_bsm_first_step, True),
        "the old error carried by Var X'_j in place of Cov(X'_j, X_j)",
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
        "weight-over-optimal",
        "w/w*_ij = 1 − 1/((1 + x'/(x − x'))² (1 + x'/λ_i)(1 + λ_j/x)) after DSM at t'",
        "as bsm-recursion",
        partial(_weight_over_optimal, False),
        partial(_weight_over_optimal, True),
        "i and j exchanged",
    ),
    Derivation(
        "bsm-gain",
        "x² v_j (c_i − r_k,ij) − x'² v'_j (c'_i − r_{k−1,ij}) = (x − x') x' λ_i/(λ_i + x')",
        "as bsm-recursion, with the control-variate weight; any r_{k−1,ij}",
        partial(_gain, ODDS_PREV),
        partial(_gain, ODDS),
        "(x − x') x λ_i/(λ_i + x): the step's other end",
    ),
    Derivation(
        "transport-alone",
        "r_ij/c_i = (x − x') x/(λ_i (x' + λ_i)) + (1 + (x − x')/(x' + λ_i))(1 + λ_j (x − x')/(x' "
        "(x + λ_j))) after DSM at t', w = 1",
        "as bsm-recursion",
        partial(_transport_alone, sp.Integer(1)),
        partial(_transport_alone, CARRY**2),
        "the old error shrunk by e^{−2g} once more, as X_{t'} is",
    ),
    Derivation(
        "information-over-fine-grid",
        "information bound/limit of r_ii = 2u²/((1 + u)² log(1 + u)), u = x/λ; the limit's "
        "integrand increases",
        "Gaussian data, leading order in 1/m; sums over a grid's left ends against the integral",
        partial(_information, 2),
        partial(_information, 1),
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
