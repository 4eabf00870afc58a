"""Claims on the identities of the theory, in symbols.

They are algebra: each residual is brought to zero (bounds.gaussian_algebra.vanishes), for Gaussian
data with free eigenvalues, or for every law by integrands and path by path. Where a step is taken
from probability (the tower property, an integral that vanishes) and not from algebra, `assumptions`
says so. bounds.identities holds the residuals.
"""

from functools import cache, partial
from typing import TYPE_CHECKING

from bounds.check import InvalidInput
from bounds.claim import Cell, Claim

if TYPE_CHECKING:
    import sympy as sp


def _nothing(cell: Cell) -> float:
    return 0.0


@cache
def _concrete(derivation: str) -> "sp.Expr":
    """The residual of a derivation's decoy; an undefined function becomes exp(−y⁴/3)."""
    # sympy takes half a second to import, and the ledger is imported by every command
    import sympy as sp

    from bounds.identities import DERIVATIONS

    found = next((one for one in DERIVATIONS if one.name == derivation), None)
    if found is None:
        raise InvalidInput("derivation", f"{derivation!r} is none of this dimfree's: measure anew")
    concrete = found.decoy().replace(
        lambda e: isinstance(e, sp.core.function.AppliedUndef),
        lambda e: sp.exp(-(e.args[0] ** 4) / 3),
    )
    return concrete.doit()


def _symbolic_decoy(cell: Cell) -> float:
    """|residual of the decoy| at the cell's rational point."""
    import sympy as sp

    concrete = _concrete(cell["derivation"])
    names = sorted(concrete.free_symbols, key=str)
    point = {
        s: sp.Rational(n, 1000) for s, n in zip(names, cell["point"][: len(names)], strict=True)
    }
    return float(abs(sp.N(concrete.subs(point), 30)))


# 50 digits are computed, and what algebra does not bring to zero adds 1.
_proof = partial(
    Claim,
    origin="derived",
    kind="identity",
    formula=_nothing,
    decoy=_symbolic_decoy,
    tolerance=1e-30,
    scale=1.0,
    certified=True,
)

_GAUSSIAN = "Gaussian data, one coordinate of the eigenbasis, λ > 0 free; 0 < t' < t free"
_ANY = "every law p_0 with derivatives taken under the integral (the kernel is Gaussian)"
_BSM = "Gaussian data, coordinates i and j, leading order in 1/m"

CLAIMS: tuple[Claim, ...] = (
    _proof(
        name="tweedie-symbolic",
        statement="E[−Z_t/σ_t² | X_t] = s(t, X_t), and E[T3 | X_t] = s(t, X_t) for T3 = −(X_t − "
        "e^{−g} X_{t'})/τ².",
        assumptions=_ANY
        + ", p_{t'} likewise; and Gaussian data in the plane with a full symbolic Σ.",
        source="theory.md, Tweedie",
        measurement="evidence-identities:symbolic-tweedie",
        decoy_note="another noise level: σ_t in place of σ_t², σ_t² in place of τ²",
        why="∂_x N(x; e_t y, σ_t²) = −(z/σ_t²) N(x; e_t y, σ_t²); divide the integral over p_0 by "
        "p_t. T3 has X_{t'} for the datum and τ² for the noise.",
    ),
    _proof(
        name="martingale-symbolic",
        statement="s(t, X_t) = e^g E[s(t', X_{t'}) | X_t].",
        assumptions=_ANY
        + ", where the integral of a total derivative is taken to vanish (k p_{t'} → 0 at "
        "infinity); and Gaussian data.",
        source="theory.md, Score martingale",
        measurement="evidence-identities:symbolic-martingale",
        decoy_note="e^{−g} in place of e^g",
        why="The kernel k(x, b) depends on x − e^{−g} b, so ∂_x k = −e^g ∂_b k; integrate by "
        "parts.",
    ),
    _proof(
        name="residual-covariance-symbolic",
        statement="Cov(U_t | X_t) = 1/σ_t² + ∂²log p_t; for Gaussian data e^{−2t} λ/(σ_t² v).",
        assumptions=_ANY + "; one dimension.",
        source="theory.md, Notation",
        measurement="evidence-identities:symbolic-residual-covariance",
        decoy_note="the term 1/σ_t² forgotten; for Gaussian data σ_t⁴ in place of σ_t²",
        why="The second derivative of the kernel is (z²/σ_t⁴ − 1/σ_t²) times it; subtract the "
        "square of the first.",
        uses=("tweedie-symbolic",),
    ),
    _proof(
        name="residual-regression-symbolic",
        statement="U_t = (e_t/σ_t²)(E[X_0|X_t] − X_0), path by path.",
        assumptions=_ANY + "; s and E[X_0|X_t] both from the integral, one coordinate.",
        source="theory.md, Residual covariance",
        measurement="evidence-identities:symbolic-residual-regression",
        decoy_note="another noise level: τ² in place of σ_t²",
        why="Z_t = X_t − e_t X_0 and s = −(X_t − e_t E[X_0|X_t])/σ_t²: X_t cancels.",
        uses=("tweedie-symbolic",),
    ),
    _proof(
        name="bootstrap-noise-symbolic",
        statement="w T2 + (1 − w) T3 − s(t, X_t) = −(e_t/σ_t²)(E[X_0|X_t] − E[X_0|X_{t'}]), path "
        "by path, at w = e^{−2g} σ_{t'}²/σ_t²; and w e^g = sinh t'/sinh t.",
        assumptions="Every law, by algebra from Tweedie's form of both scores; one coordinate.",
        source="theory.md, Bootstrap noise is the reverse increment",
        measurement="evidence-identities:symbolic-bootstrap-noise",
        decoy_note="the increment in the units of the level before, e_{t'}/σ_{t'}²; e^g dropped",
        why="−U_t + α* U_{t'} with U_t = (e_t/σ_t²)(E[X_0|X_t] − X_0): α* e_{t'}/σ_{t'}² = "
        "e_t/σ_t² = 1/(2 sinh t), so X_0 cancels. BSM's fresh noise is an increment of the reverse "
        "martingale E[X_0|X_t], and nothing else.",
        uses=("residual-regression-symbolic",),
    ),
    _proof(
        name="alpha-star-symbolic",
        statement="T1 + α U_{t'} − s(t, X_t) = −(e_t/σ_t²)(E[X_0|X_t] − E[X_0|X_{t'}]) + (α − α*) "
        "U_{t'} for every α, path by path, α* = e^{−g} σ_{t'}²/σ_t²; for Gaussian data Var(T1 + α "
        "U_{t'} | X_t) is stationary at α*, and α*² E U_{t'}² below T1's there.",
        assumptions="The decomposition for every law, by algebra from Tweedie's form of both "
        "scores; one coordinate.",
        source="theory.md, Control variate",
        measurement="evidence-identities:symbolic-alpha-star",
        decoy_note="the factor e^{−g} dropped from α*; twice the cut",
        why="The two terms are orthogonal given X_t by the tower property, E[U_{t'} | X_{t'}, X_t] "
        "= 0, so that α* is best for every law; the algebra here does not include that step, "
        "alpha-star-pointwise measures its outcome.",
        uses=("bootstrap-noise-symbolic",),
    ),
    _proof(
        name="target-variances-symbolic",
        statement="With x = e^{2t} − 1, x' = e^{2t'} − 1, B = w T2 + (1 − w) T3: v Var(T | X_t) is "
        "λ/x for T1, (x − x')/(λ + x') for T2, (λ + x')/(x − x') for T3, (λ/x)² (x − x')/(λ + x') "
        "for B; and Var(T | X_t) is 1/σ_t² − 1/v, e^{2g}/v' − 1/v, 1/τ² − 1/v for T1, T2, T3. So "
        "Var B < Var T1 < Var T3 always, Var T2 < Var T1 if and only if λ > x − x', and Var B < "
        "Var T2 if and only if λ < x.",
        assumptions=_GAUSSIAN + "; true scores. The order is read off the factors, all positive.",
        source="theory.md, Orders of the targets",
        measurement="evidence-identities:symbolic-target-variances",
        decoy_note="τ² for σ_t² in T1, e^g for e^{2g} in T2, σ_t² for τ² in T3; in the factors x' "
        "for x in T1, the limit t' → 0 of T2 and T3, λ/x once in B",
        why="Var T1/Var T3 = Var B/Var T1 = 1/((1 + x'/λ)(1 + x'/(x − x'))) < 1. The "
        "control-variate weight makes B the best of T1 + α U_{t'}, not the best on the line of T2 "
        "and T3: T2 alone is better where λ > x.",
        uses=("tweedie-symbolic", "martingale-symbolic"),
    ),
    _proof(
        name="bsm-recursion-symbolic",
        statement="r_k,ij = w² e^{2g}/v'_i + (1−w)²/τ² − 1/v_i + w² (v'_j/v_j) r_{k−1,ij} for "
        "every w: the fresh noise is uncorrelated with U and with the noise of every earlier step, "
        "and after DSM the whole of it follows from fourth moments of the paths, for i ≠ j and i = "
        "j.",
        assumptions=_BSM
        + ": δ_ij is linear in means over paths. At later steps the carried error enters by its "
        "variance alone, which the first part of the statement allows.",
        source="theory.md, Bootstrap recursion",
        measurement="evidence-identities:symbolic-bsm-recursion",
        decoy_note="the old error carried by Var X'_j instead of Cov(X'_j, X_j); T1 + α U_{t'} "
        "with α ≠ α*",
        why="The regression's noise is the target's conditional variance over m v_j, and the old "
        "error enters through w e^g Cov(X'_j, X_j)/v_j = w v'_j/v_j.",
        uses=("target-variances-symbolic",),
    ),
    _proof(
        name="bsm-optimal-weight-symbolic",
        statement="w*_ij = (1/τ²)/(1/τ² + e^{2g}/v'_i + (v'_j/v_j) r_{k−1,ij}) makes dr_k,ij/dw "
        "zero; after DSM the control-variate weight is w = w*_ij (1 − 1/((1 + x'/(x − x'))² (1 + "
        "x'/λ_i)(1 + λ_j/x))), smaller in every entry.",
        assumptions=_BSM + "; x = e^{2t} − 1, x' = e^{2t'} − 1.",
        source="theory.md, Risk-optimal weights",
        measurement="evidence-identities:symbolic-bsm-weight",
        decoy_note="the old error left out: the weight of a known score; i and j exchanged in w/w*",
        why="r_k,ij is a convex quadratic in w: a Kalman gain. w would be w* if e^{−2g} v'_j were "
        "v_j; it is v_j − τ², so the error of the level before weighs less, and more of T2 is "
        "worth having.",
        uses=("bsm-recursion-symbolic",),
    ),
    _proof(
        name="bsm-closed-form",
        statement="At each step x² v_j (c_i − r_k,ij) grows by (x − x') x' λ_i/(λ_i + x'), x = "
        "e^{2t} − 1, whatever r_{k−1,ij} is.",
        assumptions=_BSM + "; control-variate weight; every spectrum and grid.",
        source="theory.md, Closed form in the clock",
        measurement="evidence-identities:symbolic-bsm-gain",
        decoy_note="(x − x') x λ_i/(λ_i + x): the step's other end",
        why="The variance saved by the control variate exceeds what the error of the level before "
        "brings in, because e^{−2g} v'_j < v_j. Added up from DSM at t_1: r_N,ij = c_i − Σ_{l<N} "
        "(x_{l+1} − x_l) x_l λ_i/(λ_i + x_l)/(x_N² v_j), so BSM is below DSM at every step after "
        "the first, entry by entry.",
        uses=("bsm-recursion-symbolic",),
    ),
    _proof(
        name="transport-alone-higher",
        statement="With w = 1, the transported score T2 alone, the step after DSM has r_ij/c_i = "
        "(x − x') x/(λ_i (x' + λ_i)) + (1 + (x − x')/(x' + λ_i))(1 + λ_j (x − x')/(x' (x + λ_j))), "
        "above 1 in every entry, for every spectrum and every t' < t.",
        assumptions=_BSM
        + "; x = e^{2t} − 1, x' = e^{2t'} − 1. Above 1: each factor of the second term is.",
        source="theory.md, First bootstrapped step",
        measurement="evidence-identities:symbolic-transport-alone",
        decoy_note="the old error shrunk by e^{−2g} once more, as X_{t'} is",
        why="Carried over whole, the error of the level before is not shrunk, and nothing fresh "
        "averages it out.",
        uses=("bsm-recursion-symbolic",),
    ),
    _proof(
        name="ancestral-step-symbolic",
        statement="X_{t'} given X_t and X_0 is N(μ, β̃ I) with β̃ = σ_{t'}² τ²/σ_t², and μ at x̂_0 "
        "= (x + σ_t² s)/e_t is e^g (x + τ² s).",
        assumptions="Any x, b, x_0 and s; one coordinate.",
        source="theory.md, Ancestral step",
        measurement="evidence-identities:symbolic-ancestral-step",
        decoy_note="β = τ² in place of β̃; e^{−g} in place of e^g",
        why="Bayes' rule for three Gaussian kernels.",
    ),
    _proof(
        name="ancestral-variance-symbolic",
        statement="By the law of total variance Var(X_{t'} | X_t) exceeds the ancestral step's β̃ "
        "by e^{2g} τ⁴ C_t.",
        assumptions=_GAUSSIAN
        + "; and every law, one coordinate, where the law of total variance given X_0 and "
        "Var(X_0|X_t) = (σ_t²/e_t)² C_t are put in.",
        source="theory.md, Ancestral step",
        measurement="evidence-identities:symbolic-ancestral-lack",
        decoy_note="τ² in place of τ⁴",
        why="The step's mean moves with x_0 by e_{t'} τ²/σ_t², and Var(X_0|X_t) = (σ_t²/e_t)² C_t.",
        uses=("ancestral-step-symbolic", "residual-regression-symbolic"),
    ),
)
