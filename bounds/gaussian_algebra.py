"""Gaussian data in symbols: one coordinate, its moments, and residuals that vanish identically.

In the symbols e_{t'} and e^{-g}, with e_t = e_{t'} e^{-g}, every variance is a polynomial, and
nearly all else a rational function of these two and of the variance λ of X_0. All decouples in the
eigenbasis: a random variable is its row of coefficients on (X_0, Z', N), an expectation given X a
regression. bounds.identities says what each residual is of.
"""

import re
from collections import defaultdict
from typing import TypeAlias

import sympy as sp

from bounds.certify import information_over_bootstrap

LAM, LAM_J = sp.symbols("lambda lambda_j", positive=True)
E_PREV, CARRY = sp.symbols("e_prev carry", positive=True)  # e_{t'} and e^{-g}, both in (0, 1)
# a weight, and the risk coefficient r_{k−1} of the step before
W, RHO = sp.symbols("w rho", positive=True)

E_T = E_PREV * CARRY
S_PREV, S_T, TAU = 1 - E_PREV**2, 1 - E_T**2, 1 - CARRY**2  # σ_{t'}², σ_t², τ²
V_PREV, V_T = E_PREV**2 * LAM + S_PREV, E_T**2 * LAM + S_T
ODDS_PREV, ODDS = S_PREV / E_PREV**2, S_T / E_T**2  # x' = e^{2t'} − 1 and x = e^{2t} − 1


# Gaussian data: rows of coefficients on (X_0, Z', N).

Row: TypeAlias = sp.ImmutableDenseMatrix
X0, Z_PREV, N = (Row([[int(i == k) for i in range(3)]]) for k in range(3))
X_PREV = E_PREV * X0 + Z_PREV
X = CARRY * X_PREV + N
Z = CARRY * Z_PREV + N
SCORE_PREV, SCORE = -X_PREV / V_PREV, -X / V_T
U_PREV, U_T = Z_PREV / S_PREV + SCORE_PREV, Z / S_T + SCORE
T1, T2, T3 = -Z / S_T, SCORE_PREV / CARRY, -N / TAU


def cov(a: Row, b: Row, lam: sp.Expr = LAM) -> sp.Expr:
    """Cov(a, b)."""
    return (a * sp.diag(lam, S_PREV, TAU) * b.T)[0, 0]


def given(a: Row, x: Row = X) -> Row:
    """E[a | x], a regression."""
    return cov(a, x) / cov(x, x) * x


def conditional(a: Row, b: Row, x: Row = X) -> sp.Expr:
    """Cov(a, b | x)."""
    return cov(a, b) - cov(a, x) * cov(b, x) / cov(x, x)


def scalar(row: Row) -> sp.Expr:
    """A row as one expression, zero if and only if the row is: its entries times free symbols."""
    return sum(sp.Symbol(f"y{i}") * entry for i, entry in enumerate(row))


def vanishes(expression: sp.Expr) -> bool:
    """Whether it is zero identically: for each of `scalar`'s symbols, over one denominator and
    multiplied out. So is a rational function, also of exponentials; of roots that are nested, say,
    it may be zero unseen.

    Examples
    --------
    >>> vanishes(1 / S_T - 1 / V_T - E_T**2 * LAM / (S_T * V_T)), vanishes(1 / S_T - 1 / V_T)
    (True, False)
    """
    parts: defaultdict[frozenset[sp.Symbol], sp.Expr] = defaultdict(lambda: sp.Integer(0))
    for term in sp.Add.make_args(expression):
        parts[frozenset(s for s in term.free_symbols if re.fullmatch(r"y\d", s.name))] += term
    return all(sp.expand(sp.numer(sp.together(part))) == 0 for part in parts.values())


def tweedie_matrix(scale: sp.Expr) -> sp.Expr:
    """In two dimensions with a full Σ:
    E[Z | X] from E[X_0 | X], the score by differentiating log p_t.
    """
    a, b, c = sp.symbols("a b c", positive=True)
    x = sp.Matrix(sp.symbols("x1 x2"))
    sigma = sp.Matrix([[a, b], [b, c]])
    inverse = (E_T**2 * sigma + S_T * sp.eye(2)).inv()
    log_density = -(x.T * inverse * x)[0, 0] / 2
    noise = x - E_T * (E_T * sigma * inverse * x)
    return scalar((-noise / scale).T - sp.Matrix([[sp.diff(log_density, xi) for xi in x]]))


def martingale(power: int) -> sp.Expr:
    """s less e^{−g} to that power times E[s' | X]; −1 is the identity."""
    return scalar(SCORE - CARRY**power * given(SCORE_PREV))


def conditional_variance_of_u(noise: sp.Expr) -> sp.Expr:
    """Var(U | X) less e_t² λ/(noise · v)."""
    return conditional(U_T, U_T) - E_T**2 * LAM / (noise * V_T)


def trace(target: Row, second_moment: sp.Expr) -> sp.Expr:
    """Var(target | X) less its second moment, given, and plus 1/v."""
    return conditional(target, target) - (second_moment - 1 / V_T)


def best_alpha(alpha: sp.Expr) -> sp.Expr:
    """d Var(T1 + α U' | X)/dα, at a given α."""
    free = sp.Symbol("alpha", real=True)
    target = T1 + free * U_PREV
    return sp.diff(conditional(target, target), free).subs(free, alpha)


def variance_cut(alpha: sp.Expr, factor: int) -> sp.Expr:
    """Var(T1 | X) − Var(T1 + α U' | X) less factor · α² Var U'."""
    target = T1 + alpha * U_PREV
    cut = conditional(T1, T1) - conditional(target, target)
    return cut - factor * alpha**2 * cov(U_PREV, U_PREV)


ALPHA = CARRY * S_PREV / S_T
WEIGHT = CARRY**2 * S_PREV / S_T


def factored(target: Row, in_units_of_v: sp.Expr) -> sp.Expr:
    """v Var(target | X_t) less the factored form."""
    return V_T * conditional(target, target) - in_units_of_v


def combined(power: int) -> sp.Expr:
    """B = w T2 + (1 − w) T3 against (λ/x)² (x − x')/(λ + x') (power = 2)."""
    target = WEIGHT * T2 + (1 - WEIGHT) * T3
    return factored(target, (LAM / ODDS) ** power * (ODDS - ODDS_PREV) / (LAM + ODDS_PREV))


def fresh_and_past(control: bool) -> sp.Expr:
    """Covariances of a step's noise with that of any earlier step
    and with U there; one coordinate, r < s ≤ t' < t.

    X_r = e_r X_0 + …, X_s = c_1 X_r + …, X_{t'} = c_2 X_s + …, X_t = c_3 X_{t'} + …; c_2 = 1 is
    s = t'. `control` takes T1 + α U_{t'} for the step's target, which depends on X_0 as well.
    """
    first, carried = sp.Symbol("e_r", positive=True), sp.symbols("c1:4", positive=True)
    weights, alpha = sp.symbols("w1:3"), sp.Symbol("alpha")
    fresh = [Row([[int(i == k) for i in range(5)]]) for k in range(5)]
    spread = sp.diag(LAM, 1 - first**2, *(1 - c**2 for c in carried))
    path = [first * fresh[0] + fresh[1]]
    for c, one in zip(carried, fresh[2:], strict=True):
        path.append(c * path[-1] + one)
    decay = [first, *(first * sp.prod(carried[:k]) for k in (1, 2, 3))]
    score = [-x / (e**2 * LAM + 1 - e**2) for x, e in zip(path, decay, strict=True)]
    residual = [
        (x - e * fresh[0]) / (1 - e**2) + s for x, e, s in zip(path, decay, score, strict=True)
    ]

    def noise(weight: sp.Expr, step: int) -> Row:
        """w T2 + (1 − w) T3 less the score, from the level before to this one."""
        local = -fresh[step + 1] / (1 - carried[step - 1] ** 2)
        return weight * score[step - 1] / carried[step - 1] + (1 - weight) * local - score[step]

    late = -residual[3] + alpha * residual[2] if control else noise(weights[1], 3)
    covariances = [(late * spread * past.T)[0, 0] for past in (noise(weights[0], 1), residual[1])]
    return covariances[0] * sp.Symbol("y0") + covariances[1] * sp.Symbol("y1")


def fourth(a: Row, b: Row, c: Row, d: Row, same: bool) -> sp.Expr:
    """E[a b c d], a and c in coordinate i, b and d in coordinate j,
    independent of it or the same (Isserlis).
    """
    if not same:
        return cov(a, c) * cov(b, d, LAM_J)
    return cov(a, b) * cov(c, d) + cov(a, c) * cov(b, d) + cov(a, d) * cov(b, c)


def bsm_first_step(old_error_on_itself: bool) -> sp.Expr:
    """m v_j Var δ_ij at the first step after DSM, both errors
    on the same paths, less the formula at r_{k−1,ij} = c'_i.

    δ_ij is a mean over paths of noise_i X_j/v_j − w e^g (Cov(X'_j, X_j)/v_j) U'_i X'_j/v'_j. Off
    the diagonal, and on it.
    """
    total = sp.Integer(0)
    noise = W * T2 + (1 - W) * T3 - SCORE
    for place, same in enumerate((False, True)):
        lam = LAM if same else LAM_J
        v_j, v_prev_j = cov(X, X, lam), cov(X_PREV, X_PREV, lam)
        carry = W / CARRY * cov(X_PREV, X_PREV if old_error_on_itself else X, lam) / v_j
        terms = [(noise / v_j, X), (-carry * U_PREV / v_prev_j, X_PREV)]
        square = sum(fourth(a, b, c, d, same) for a, b in terms for c, d in terms)
        mean = sum(cov(a, b) for a, b in terms) if same else sp.Integer(0)
        formula = bsm_formula().subs(RHO, 1 / S_PREV - 1 / V_PREV).subs(LAM_J, lam)
        total += sp.Symbol(f"y{place}") * (v_j * (square - mean**2) - formula)
    return total


def bsm_recursion(old_error_on_itself: bool) -> sp.Expr:
    """m v_j Var δ_ij to leading order in 1/m,
    coordinate i of the target regressed on X_j, less the formula.

    δ_ij = (mean over paths of noise_i X_j)/v_j + w e^g δ'_ij Cov(X'_j, X_j)/v_j, where
    Var δ'_ij = r_{k−1,ij}/(m v'_j), and the two terms are uncorrelated (`fresh_and_past`).
    """
    v_j, v_prev_j = V_T.subs(LAM, LAM_J), V_PREV.subs(LAM, LAM_J)
    target = W * T2 + (1 - W) * T3
    m = sp.Symbol("m", positive=True)
    carry = W / CARRY * cov(X_PREV, X_PREV if old_error_on_itself else X, LAM_J) / v_j
    variance = conditional(target, target) / (m * v_j) + carry**2 * RHO / (m * v_prev_j)
    return m * v_j * variance - bsm_formula()


def bsm_formula() -> sp.Expr:
    """r_k,ij of theory.md as a function of w."""
    v_j, v_prev_j = V_T.subs(LAM, LAM_J), V_PREV.subs(LAM, LAM_J)
    return W**2 / (CARRY**2 * V_PREV) + (1 - W) ** 2 / TAU - 1 / V_T + W**2 * v_prev_j / v_j * RHO


def bsm_optimum(memory: sp.Expr) -> sp.Expr:
    """dr/dw at w* = (1/τ²)/(1/τ² + e^{2g}/v'_i + (v'_j/v_j) · memory)."""
    ratio = V_PREV.subs(LAM, LAM_J) / V_T.subs(LAM, LAM_J)
    optimum = (1 / TAU) / (1 / TAU + 1 / (CARRY**2 * V_PREV) + ratio * memory)
    return sp.diff(bsm_formula(), W).subs(W, optimum)


AFTER_DSM = {RHO: 1 / S_PREV - 1 / V_PREV}  # r_{k−1,ij} = c'_i
SHARE = (ODDS - ODDS_PREV) / ODDS_PREV  # (x − x')/x'


def weight_over_optimal(exchanged: bool) -> sp.Expr:
    """w/w*_ij after DSM less 1 − 1/((1 + x'/(x − x'))² (1 + x'/λ_i)(1 + λ_j/x));
    w* where dr/dw = 0.
    """
    slope = sp.diff(bsm_formula(), W)
    optimum = -slope.subs(W, 0) / sp.diff(slope, W)
    i, j = (LAM_J, LAM) if exchanged else (LAM, LAM_J)
    excess = 1 / ((1 + 1 / SHARE) ** 2 * (1 + ODDS_PREV / i) * (1 + j / ODDS))
    return (WEIGHT / optimum).subs(AFTER_DSM) - (1 - excess)


def gain(level: sp.Expr) -> sp.Expr:
    """Growth of x² v_j (c_i − r_ij) over a step from any r_{k−1,ij},
    less (x − x') · level · λ_i/(λ_i + level).
    """
    v_j, v_prev_j = V_T.subs(LAM, LAM_J), V_PREV.subs(LAM, LAM_J)
    late = ODDS**2 * v_j * (1 / S_T - 1 / V_T - bsm_formula().subs(W, WEIGHT))
    early = ODDS_PREV**2 * v_prev_j * (1 / S_PREV - 1 / V_PREV - RHO)
    return late - early - (ODDS - ODDS_PREV) * level * LAM / (LAM + level)


def transport_alone(memory: sp.Expr) -> sp.Expr:
    """r_ij/c_i after DSM with w = 1 less the sum of `fresh` and `kept`;
    the old error times `memory`.
    """
    step = ODDS - ODDS_PREV
    ratio = bsm_formula().subs(W, 1).subs(RHO, memory * AFTER_DSM[RHO]) / (1 / S_T - 1 / V_T)
    fresh = step * ODDS / (LAM * (ODDS_PREV + LAM))
    kept = (1 + step / (ODDS_PREV + LAM)) * (1 + LAM_J * step / (ODDS_PREV * (ODDS + LAM_J)))
    return ratio - fresh - kept


def information(symmetric: int) -> sp.Expr:
    """The information bound over the limit of fine grids of r_ii less 2u²/((1 + u)² log(1 + u)),
    u = x/λ; and that λx − λ² log(1 + x/λ) has the derivative xλ/(λ + x), and that the derivative
    (λ/(λ + x))²."""
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


def ancestral_lack(power: int) -> sp.Expr:
    """Cov(X' | X) − σ_{t'}² τ²/σ_t² against e^{2g} τ⁴ C_t (power = 2)."""
    lack = conditional(X_PREV, X_PREV) - S_PREV * TAU / S_T
    return lack - TAU**power / CARRY**2 * conditional(U_T, U_T)
