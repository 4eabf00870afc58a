"""CLAIMS of rigor: inequalities that hold on continuous boxes
of parameters, certified by ball arithmetic.

What is measured is a rigorous end of the range over a whole box. What comes before the formula on
the box is algebra that the evidence does again, or a named theorem; see bounds.certify, and what
subdivision does not reach.
"""

from bounds import kernels
from bounds.claim import Claim

# Less than a unit in the last place: no slack, but a finite margin to report.
_EXACT = 1e-16

CLAIMS: tuple[Claim, ...] = (
    Claim(
        name="information-below-bsm",
        statement="On the diagonal, i = j, the information bound is at most 0.81456 of BSM's "
        "leading-order risk, for every λ_i, every t and every grid.",
        assumptions="Gaussian data; leading order in 1/m; control-variate weight. Balls on u = "
        "(e^{2t} − 1)/λ_i in [0.5, 20]; below, the ratio is at most 2u/(1 + u) by log(1 + u) ≥ "
        "u/(1 + u), and above, at most 2/log(1 + u).",
        source="theory.md, Closed form in the clock",
        origin="derived",
        kind="upper",
        measurement="evidence-rigor:information-over-bootstrap",
        formula=lambda c: 0.81456,
        decoy=lambda c: 0.8145,
        decoy_note="0.8145: the fourth digit rounded down; false at a certified point",
        tolerance=_EXACT,
        why="The closed form subtracts a sum over the left ends of an increasing function, so "
        "every grid's r_ii is above its limit for fine grids, c_i log(1 + u)/u, against which the "
        "bound is 2u²/((1 + u)² log(1 + u)).",
        certified=True,
        uses=("bsm-closed-form",),
    ),
    Claim(
        name="kappa-uniform-certified",
        statement="κ_log-concave ≤ 1 + Δ/(1 − e^{−Δ}) on the uniform grid, for every Δ in [0.05, "
        "2] and every N.",
        assumptions="γ_j = Δ, t_j = jΔ. Each cell's bound is taken at its lower end, so it holds "
        "at every Δ of the cell. Δ < 0.05 is not subdivided: the number of rows grows like 4/Δ and "
        "no subdivision reaches 0.",
        source="theory.md, Kappa on a uniform grid",
        origin="derived",
        kind="upper",
        measurement="evidence-rigor:kappa-uniform",
        formula=lambda c: kernels.kappa_schur([c["spacing"][0]]),
        decoy=lambda c: 2.0,
        decoy_note="2, the continuum's constant, with nothing for the spacing: false, κ > 2.08 at "
        "Δ = 1, N = 24",
        tolerance=_EXACT,
        why="Schur's test with h = 1/σ: all rows of the infinite matrix, the first by balls, the "
        "rest by one bound.",
        certified=True,
    ),
    Claim(
        name="kappa-gaussian-certified",
        statement="κ ≤ 2 e^Δ for Gaussian data on the uniform grid, for every (Δ, λ) in the cells "
        "and every N ≤ 24.",
        assumptions="γ_j = Δ, t_j = jΔ; Δ in [0.1, 0.2], λ in [0.1, 1000]; Δ in [0.5, 1], λ in "
        "[0.1, 1000]. The bound is taken at the cell's lowest Δ.",
        source="theory.md, Kappa for Gaussian data",
        origin="derived",
        kind="upper",
        measurement="evidence-rigor:kappa-gaussian",
        formula=lambda c: kernels.kappa_universal([c["spacing"][0]]),
        decoy=lambda c: kernels.kappa_universal([c["spacing"][0]]) / 2,
        decoy_note="e^Δ: half the constant; false at certified points of Δ in [0.1, 0.2], λ in "
        "[10, 1000]",
        tolerance=_EXACT,
        why="Collatz-Wielandt: any positive vector bounds the largest eigenvalue of a positive "
        "matrix from both sides.",
        certified=True,
        uses=("kappa-uniform-certified",),
    ),
)
