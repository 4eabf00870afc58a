r"""How many samples are asked for, and how many are needed.

Laws: quartic, exp(−Σ x_i⁴), and Gaussian, N(0, I_n); factors of x_0: f = x_0^d and the pairs
x_0 x_j; the errors are those of the pairs, and for n = 1 of the one factor. With m_q = E x^q all is
in closed form:

    H = diag(d² m_{2d−2}, m_2, …),   V = H^{-1} Γ H^{-1} diagonal,   τ = tr(H^{-1} Γ),
    a = E(Fᵀ H^{-1} F)² − p,   h = the largest (H^{-1})_kk of the targets.

The fast rate (theory.md): with probability 1 − δ every target's squared error is at most

    8 h τ/(δM) once M ≥ 8a/δ,   and   h τ/((δM)^{1/3} − a^{1/3})³ once δM > a.
"""

from math import sqrt

import numpy as np
import scipy
from numpy.polynomial.legendre import leggauss
from scipy.special import betainc, erf, ndtri

from bounds.claim import Cell, Claim
from bounds.papers.smedira_2026.lemmas import moment_factor
from bounds.papers.smedira_2026.moments import moment

SETS = 11
"""Data sets of which one is the (1 − δ)-quantile: that of rank 12 (1 − δ)."""


def _law(cell: Cell) -> tuple[int, float]:
    """d, and c of exp(−c x^d)."""
    return (4, 1.0) if cell["law"] == "quartic" else (2, 0.5)


def own_score(cell: Cell) -> tuple[float, float]:
    """H and Γ of f = x^d under exp(−c x^d), whose score is −c d x^{d−1}."""
    d, c = _law(cell)
    first = d**2 * moment(d, 2 * d - 2, c)
    # α = d(d − 1) x^{d−2} − c d² x^{2d−2}, of mean 0
    near, cross, far = (moment(d, q, c) for q in (2 * d - 4, 3 * d - 4, 4 * d - 4))
    spread = (d * (d - 1)) ** 2 * near - 2 * d * (d - 1) * c * d**2 * cross + (c * d**2) ** 2 * far
    return first, spread


def pair_score(cell: Cell) -> tuple[float, float]:
    """H and Γ of f = x_0 x_j: α = x_j s_0."""
    d, c = _law(cell)
    return moment(d, 2, c), moment(d, 2, c) * (c * d) ** 2 * moment(d, 2 * d - 2, c)


def target(cell: Cell) -> tuple[float, float]:
    """H and Γ of a target."""
    return pair_score(cell) if cell["vars"] > 1 else own_score(cell)


def variance(cell: Cell) -> float:
    """V of a target."""
    H, spread = target(cell)
    return spread / H**2


def trace(cell: Cell) -> float:
    """h τ."""
    own, pair = (spread / H for H, spread in (own_score(cell), pair_score(cell)))
    return float((own + (cell["vars"] - 1) * pair) / target(cell)[0])


def excess(cell: Cell) -> float:
    """a = E(Fᵀ H^{-1} F)² − p."""
    (d, c), others = _law(cell), cell["vars"] - 1
    own = moment(d, 4 * d - 4, c) / moment(d, 2 * d - 2, c) ** 2
    pair = moment(d, 4, c) / moment(d, 2, c) ** 2
    return float(own + 2 * others + others * pair + others * (others - 1) - (others + 1))


def fast(cell: Cell) -> float:
    """The fast rate's squared error; needs M ≥ 8a/δ, which all cells have."""
    return float(8 * trace(cell) / (cell["delta"] * cell["M"]))


def faster(cell: Cell) -> float:
    """The same with the best split of H's and g's shares."""
    return float(trace(cell) / (np.cbrt(cell["delta"] * cell["M"]) - np.cbrt(excess(cell))) ** 3)


def by_variance(cell: Cell, v: float) -> float:
    """The mean of the order statistic that is measured, of max |N(0, v/M)|² over the targets."""
    rank, targets = round((SETS + 1) * (1 - cell["delta"])), max(cell["vars"] - 1, 1)
    z, weight = leggauss(60)
    root = 4.5 * (1 + z)  # of the squared error over v/M; beyond 9 nothing is left
    below = betainc(rank, SETS + 1 - rank, erf(root / sqrt(2)) ** targets)
    return float(v / cell["M"] * 4.5 * weight @ (2 * root * (1 - below)))


def restricted(cell: Cell) -> float:
    """C_p, the largest: E F_k² of a target in the box."""
    d, c = _law(cell)
    if cell["vars"] > 1:
        return moment(d, 2, c, cell["box"])
    return d**2 * moment(d, 2 * d - 2, c, cell["box"])


def asked(cell: Cell, constant: float) -> float:
    """Lemma 9's M times ε², at ρ = 1 and B = 1."""
    d, n = _law(cell)[0], cell["vars"]
    return float(
        constant * d**4 * cell["box"] ** (4 * d) * n ** (2 * d + 1) / restricted(cell) ** 2
    )


def guarantee(cell: Cell) -> float:
    """The squared error that Lemma 9 allows, with the constant that its proof gives when repaired:
    1280 c(log 2) = 133 622; ρ makes δ of 1/(n C_t).
    """
    rho = 1 / (cell["delta"] * cell["vars"] * cell["box"])
    return sqrt(rho * asked(cell, 1280 * moment_factor(np.log(2))) / cell["M"])


def needed(cell: Cell) -> float:
    """The M at which the sandwich says δ."""
    each = 1 - (1 - cell["delta"]) ** (1 / max(cell["vars"] - 1, 1))
    return float(ndtri(each / 2) ** 2 * variance(cell) / cell["eps"])


def off_diagonal(cell: Cell) -> float:
    """M²/((M − n)(M − n − 1)(M − n − 3)): E of a squared entry of S^{-1} beside the diagonal."""
    m, n = cell["M"], cell["vars"]
    return float(m**2 / ((m - n) * (m - n - 1) * (m - n - 3)))


def line_ratio(cell: Cell) -> float:
    """V_SM/V_MLE of θ x^d: Γ/(H² d), since Var x^d = 1/d under exp(−x^d)."""
    d = cell["d"]
    m = {j: moment(d, j * d - 4) for j in (2, 3, 4)}
    spread = d**2 * ((d - 1) ** 2 * m[2] - 2 * d * (d - 1) * m[3] + d**2 * m[4])
    return float(spread / (d**4 * moment(d, 2 * d - 2) ** 2 * d))


def product_ratio(cell: Cell) -> float:
    """V_SM/V_MLE of a product of w variables at θ = 0: 12 m_2² at a vertex, less with all rows."""
    vertex, w = 12 * moment(4, 2) ** 2, cell["w"]
    return float(vertex if cell["loss"] == "vertex" else (vertex + w - 1) / w)


def well_ratio(cell: Cell) -> float:
    """E x² (3 E x² − a) under exp(a x²/2 − x⁴/4): E s² = E(3x² − a), over 1/Var x."""
    a = cell["a"]

    def of(power: int) -> float:
        value = scipy.integrate.quad(
            lambda x: x**power * np.exp(-((x * x - a) ** 2) / 4), 0, sqrt(a) + 7, epsabs=1e-13
        )
        return float(value[0])

    second = of(2) / of(0)
    return float(second * (3 * second - a))


_ERRORS = (
    "Quartic laws with n = 1, 2, 3 and Gaussian ones with n = 1, 2, M = 250 to 1000, no "
    "constraint; δ = 1/(n C_t), ½ where that says nothing; measured is the 12(1 − δ)-th of 11 "
    "errors"
)

CLAIMS: tuple[Claim, ...] = (
    Claim(
        name="smedira-error",
        statement="To leading order the largest squared error of the pairs is that of N(0, V/M), V "
        "= H^{-1} Γ H^{-1}.",
        assumptions=f"{_ERRORS}; 15 % of slack for higher orders.",
        source="theory.md, Quadratic score matching",
        origin="derived",
        kind="tight",
        measurement="evidence-smedira-errors:error",
        formula=lambda c: by_variance(c, variance(c)),
        decoy=lambda c: by_variance(c, 1 / target(c)[0]),
        decoy_note="H^{-1} for the sandwich",
        tolerance=0.15,
        why="θ̂ − θ* = −Ĥ^{-1} times a mean of α.",
    ),
    Claim(
        name="smedira-guarantee",
        statement="Lemma 9, its constant repaired to 133 622: squared errors of at most √(133622 ρ "
        "d⁴B⁴C_t^{4d}n^{2d+1}/(M C_p²)) with probability 1 − 1/(ρnC_t).",
        assumptions=f"{_ERRORS}; B = 1, the largest C_p, ρ so that the probability is 1 − δ.",
        source="smedira_2026, Lemma 9 (p. 20)",
        origin="reading",
        kind="upper",
        measurement="evidence-smedira-errors:error",
        formula=guarantee,
        decoy=lambda c: 1 / c["M"],
        decoy_note="1/M: one over the number of samples",
        why="Lemmas 7 and 8 with what they cost, 3840 for 3120, and 104.4 for 3 in equation 20.",
        uses=("smedira-lemma-7", "smedira-lemma-8", "smedira-lemma-9-constant"),
    ),
    Claim(
        name="smedira-fast-rate",
        statement="With M ≥ max{8(E(FᵀH^{-1}F)² − p)/δ, 8 max_k (H^{-1})_kk tr(H^{-1}Γ)/(εδ)} all "
        "squared errors are at most ε with probability 1 − δ.",
        assumptions=f"{_ERRORS}. Any convex constraint that θ* meets is "
        "allowed; B and C_t play no part.",
        source="theory.md, Fast rate of score matching",
        origin="derived",
        kind="upper",
        measurement="evidence-smedira-errors:error",
        formula=fast,
        decoy=lambda c: fast(c) / 500,
        decoy_note="8/500 for 8",
        why="Chebyshev for Ĥ, Markov for ∇L̂(θ*)ᵀ H^{-1} ∇L̂(θ*), convexity for what is between.",
        uses=("smedira-basic-inequality",),
    ),
    Claim(
        name="smedira-fast-rate-split",
        statement="M ≥ (a^{1/3} + (hτ/ε)^{1/3})³/δ is enough, a = E(FᵀH^{-1}F)² − p, h = max_k "
        "(H^{-1})_kk, τ = tr(H^{-1}Γ): for small ε the 8 is 1.",
        assumptions=f"{_ERRORS}.",
        source="theory.md, Fast rate of score matching",
        origin="derived",
        kind="upper",
        measurement="evidence-smedira-errors:error",
        formula=faster,
        decoy=lambda c: faster(c) / 100,
        decoy_note="a hundredth of the error that it allows",
        why="The same proof on Ĥ ⪰ (1 − η)H, with the best η.",
        uses=("smedira-fast-rate",),
    ),
    Claim(
        name="smedira-needed",
        statement="The M at which P((θ̂ − θ*)² > ε) = δ grows like 1/ε, not like Lemma 9's 1/ε².",
        assumptions="N(0, 1), K = {x²}, δ = ½, ε = 10^-4 to 10^-6; the exact law of χ²; slopes to "
        "± 0.02.",
        source="theory.md, Fast rate of score matching",
        origin="derived",
        kind="rate",
        measurement="evidence-smedira-errors:needed-rate",
        formula=lambda c: float(c["x"]),
        decoy=lambda c: float(c["x"]) ** 2,
        decoy_note="1/ε²",
        tolerance=0.02,
        why="θ̂ − θ* is of order 1/√M.",
    ),
    Claim(
        name="smedira-loose",
        statement="Lemma 9 as printed, with the largest C_p, asks for 10⁷ to 10¹² times the "
        "samples that are needed at ε = 0.01.",
        assumptions="Quartic and Gaussian laws, n = 1, 2, 3, B = 1, C_t = 1 and 2, ρ = 1; needed "
        "by the sandwich at δ = 1/(nC_t), ½ for n C_t ≤ 2.",
        source="smedira_2026, Lemma 9 (p. 20)",
        origin="reading",
        kind="identity",
        measurement="evidence-smedira-errors:loose",
        formula=lambda c: asked(c, 3120.0) / c["eps"] ** 2 / needed(c),
        decoy=lambda c: asked(c, 3120.0) / c["eps"] / needed(c),
        decoy_note="1/ε for 1/ε² in the lemma",
        tolerance=1e-6,
        why="1/ε² for 1/ε; C_t^{4d}, d⁴ and n^{2d+1} from bounds by the largest of everything.",
        uses=("smedira-error",),
    ),
    Claim(
        name="smedira-growth",
        statement="For N(0, I_n) the mean squared error of a pair is M²/((M−n)(M−n−1)(M−n−3)), at "
        "every M > n + 3: so M grows like n.",
        assumptions="K_i of x_i² and all pairs; n = 2 to 20, M = 12 to 40.",
        source="theory.md, Quadratic score matching",
        origin="derived",
        kind="tight",
        measurement="evidence-smedira-errors:growth",
        formula=off_diagonal,
        decoy=lambda c: 1 / (c["M"] - c["vars"] - 1),
        decoy_note="1/(M − n − 1), as in regression with a known noise",
        why="θ̂ is a row of S^{-1}, inverse Wishart.",
    ),
    Claim(
        name="smedira-growth-rate",
        statement="For N(0, I_n) the M at which a pair's mean squared error is ε grows like n once "
        "n is far above 1/ε; Lemma 9 has n^{2d+1} = n^5.",
        assumptions="ε = 0.01, n = 10⁴, 10⁵, 10⁶, by integrals over χ²; slopes to ± 0.1.",
        source="theory.md, Quadratic score matching",
        origin="derived",
        kind="rate",
        measurement="evidence-smedira-errors:growth-rate",
        formula=lambda c: float(c["x"]),
        decoy=lambda c: float(c["x"]) ** 5,
        decoy_note="n^5, the guarantee's",
        tolerance=0.1,
        why="M²/(M − n)³ = ε at large n, so M − n is about (n²/ε)^{1/3}, and M must exceed n, the "
        "number of parameters.",
        uses=("smedira-growth",),
    ),
    Claim(
        name="smedira-fisher-line",
        statement="For exp(−θx^d) score matching has 1, 1.46, 1.81, 2.03, 2.19, 2.30 times the "
        "variance of maximum likelihood, d = 2, 4, …, 12.",
        assumptions="n = 1; to leading order in 1/M.",
        source="theory.md, Sandwich against Fisher",
        origin="derived",
        kind="identity",
        measurement="evidence-smedira-errors:fisher-line",
        formula=line_ratio,
        decoy=lambda c: 1.0,
        decoy_note="1: score matching as good as maximum likelihood",
        tolerance=1e-8,
        why="Gamma moments.",
    ),
    Claim(
        name="smedira-fisher-product",
        statement="On exp(−Σx_i⁴) a product of w variables has 12m² times the variance of maximum "
        "likelihood from one row, and (12m² + w − 1)/w times from all, m = Γ(3/4)/Γ(1/4).",
        assumptions="w = 2, 3, at θ = 0; to leading order in 1/M.",
        source="theory.md, Sandwich against Fisher",
        origin="derived",
        kind="identity",
        measurement="evidence-smedira-errors:fisher-product",
        formula=product_ratio,
        decoy=lambda c: product_ratio({**c, "loss": "vertex"}),
        decoy_note="12m² from all rows too: as if rows beside one said nothing more",
        tolerance=1e-8,
        why="α of two rows are correlated, but not fully.",
    ),
    Claim(
        name="smedira-fisher-well",
        statement="For θ_x in the double well exp(ax²/2 − x⁴/4) the ratio is E x²(3 E x² − a), "
        "which grows like 2a²: not like the barrier's e^{a²/4}.",
        assumptions="K = {x, x², x⁴}, a = 0 to 6; to leading order in 1/M.",
        source="theory.md, Sandwich against Fisher",
        origin="derived",
        kind="identity",
        measurement="evidence-smedira-errors:fisher-well",
        formula=well_ratio,
        decoy=lambda c: float(np.exp(c["a"] ** 2 / 4)),
        decoy_note="e^{a²/4}, the time to cross the barrier",
        tolerance=1e-8,
        why="By symmetry θ_x stands alone: V = E s² = E(3x² − a), against 1/Var x.",
    ),
    Claim(
        name="smedira-fisher-pair",
        statement="For N(0, Ω^{-1}) one row, all rows and maximum likelihood have the same "
        "variance, Ω_ii Ω_jj + Ω_ij².",
        assumptions="n = 2, Ω_ij = 0.5, −0.8; to leading order in 1/M.",
        source="theory.md, Sandwich against Fisher",
        origin="derived",
        kind="identity",
        measurement="evidence-smedira-errors:fisher-pair",
        formula=lambda c: 1.5 + c["omega"] ** 2,
        decoy=lambda c: 1.5 - c["omega"] ** 2,
        decoy_note="Ω_ii Ω_jj − Ω_ij²",
        tolerance=1e-8,
        why="All three are an entry of S^{-1}.",
    ),
)
