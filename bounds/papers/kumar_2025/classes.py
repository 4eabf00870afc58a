r"""Claims on linear classes of every size, on population
against empirical risk, and on the additivity of BSM.

Fixed X, a p-dimensional space of matrices predicts inside a p-dimensional space of R^{m × d}. White
data have residuals of covariance c I, c = e_t²/σ_t², so what least squares fits of them is

    m · empirical risk / c ~ χ²_p,

whatever the space, d, m and t: one curve, one constant, log|H| = p up to a constant.
"""

import numpy as np
import scipy

from bounds.claim import Cell, Claim
from bounds.gaussian import Gaussian
from bounds.process import Step, noise_variance, steps


def parameters(cell: Cell) -> int:
    """p of a class, by counting: banded d(2b + 1) − b(b + 1), blocks of s: ds where s divides d."""
    d, width = int(cell["d"]), int(cell["width"])
    return {
        "scalar": 1,
        "circulant": d,
        "diagonal": d,
        "banded": d * (2 * width + 1) - width * (width + 1),
        "block": d * width,
        "symmetric": d * (d + 1) // 2,
        "dense": d * d,
    }[str(cell["class"])]


def white_residual(t: float) -> float:
    """c = 1/σ_t² − 1 = e_t²/σ_t², the variance of U_t's coordinates for white data."""
    return float(np.exp(-2 * t) / noise_variance(t))


def _entries(cell: Cell) -> float:
    """c times the entries that may differ from 0, free or not, 2b + 1 in each row of a band."""
    d = int(cell["d"])
    full = {
        "scalar": d,
        "circulant": d * d,
        "symmetric": d * d,
        "banded": d * (2 * int(cell["width"]) + 1),
    }
    return white_residual(cell["t"]) * full.get(str(cell["class"]), parameters(cell))


def population(cell: Cell, lost: int = 1) -> float:
    """m · E risk = c Σ_i s_i m/(m − s_i − 1),
    s_i the number of entries that row i of the class has.
    """
    d, m, width = int(cell["d"]), int(cell["m"]), int(cell["width"])
    place = np.arange(d)
    rows = {
        "diagonal": np.ones(d),
        "banded": np.minimum(place, width) + np.minimum(d - 1 - place, width) + 1.0,
        "block": np.full(d, float(width)),
        "dense": np.full(d, float(d)),
    }[str(cell["class"])]
    return float(white_residual(cell["t"]) * (rows * m / (m - rows - lost)).sum())


def top_share(share: float) -> float:
    """∫_q^2 s² √(4 − s²)/π ds with ∫_q^2 √(4 − s²)/π ds = share:
    the quarter-circle law of s_k(G)/√d.
    """

    def moment(power: int, low: float) -> float:
        return float(
            scipy.integrate.quad(lambda s: s**power * np.sqrt(4 - s * s) / np.pi, low, 2)[0]
        )

    return moment(2, float(scipy.optimize.brentq(lambda q: moment(0, q) - share, 0, 2)))


def regular(cell: Cell, twice: bool = False) -> float:
    """Σ of c_i over the tangent space {M : (I − P) M (I − P) = 0} at a score −I + D of rank r."""
    law = Gaussian(np.asarray(cell["eigenvalues"], dtype=np.float64))
    c = law.conditional_variances(cell["t"])
    d, r = law.dimension, int(cell["rank"])
    return float(d * c[:r].sum() + r * c[r:].sum() + (r * c[:r].sum() if twice else 0.0))


def _best(step: Step) -> float:
    """α* = e^{−g} σ_{t'}²/σ_t²."""
    return float(
        np.exp(step.t_prev - step.t) * noise_variance(step.t_prev) / noise_variance(step.t)
    )


def _residual_covariance(law: Gaussian, late: float, early: float) -> np.ndarray:
    """Cov(U_late, U_early) = e^{−(late − early)} σ_early²/σ_late² c_i(early)."""
    if early == 0.0:
        return np.zeros(law.dimension)
    kept = np.exp(early - late) * noise_variance(early) / noise_variance(late)
    return np.asarray(kept * law.conditional_variances(early))


def _noise_covariance(law: Gaussian, a: Step, b: Step, theta: float) -> np.ndarray:
    """Cov(η_a, η_b) for η_k = −U_k + α_k U_{k−1}, α_k = θ α*_k and b ≤ a; by coordinate i."""
    total = np.zeros(law.dimension)
    for one, late in ((-1.0, a.t), (theta * _best(a), a.t_prev)):
        for other, early in ((-1.0, b.t), (theta * _best(b), b.t_prev)):
            high, low = max(late, early), min(late, early)
            total += one * other * _residual_covariance(law, high, low)
    return total


def control_risk(cell: Cell, cross: bool = True) -> float:
    """m · risk at t_N of the bootstrap on T1 + α Û_{t'}, α = θ α*, to leading order; `cross` keeps
    what the noises of different steps have in common, without which this is the recursion of BSM.

    δ_N = Σ_l a_l N_l, N_l = (1/m) Σ η_l X_lᵀ V_l^{-1}, a_l,j = Π_{k>l} α_k e^{−g_k}
    v_j(k − 1)/v_j(k).
    """
    law = Gaussian(np.asarray(cell["eigenvalues"], dtype=np.float64))
    theta = float(cell["theta"])
    path = steps(cell["times"])
    v = [law.variances(step.t) for step in path]
    carry = [np.ones(law.dimension)]
    for k in range(len(path) - 1, 0, -1):
        factor = theta * _best(path[k]) * path[k].carry * v[k - 1] / v[k]
        carry.insert(0, carry[0] * factor)
    total = 0.0
    for a, late in enumerate(path):
        for b, early in enumerate(path[: a + 1]):
            if a != b and not cross:
                continue
            left = _noise_covariance(law, late, early, theta).sum()
            right = (v[-1] * carry[a] * carry[b] * np.exp(early.t - late.t) / v[a]).sum()
            total += (1 if a == b else 2) * float(left * right)
    return total


def fresh_times_carried(cell: Cell) -> float:
    """2 m Σ_ij v_j Cov(fresh, carried)_ij at t_2: 2 Σ_i α(α* − α) c'_i Σ_j e^{−2g} v'_j/v_j."""
    law = Gaussian(np.asarray(cell["eigenvalues"], dtype=np.float64))
    step = steps(cell["times"])[1]
    best = _best(step)
    alpha = float(cell["theta"]) * best
    carried = step.carry**2 * (law.variances(step.t_prev) / law.variances(step.t)).sum()
    return float(
        2 * alpha * (best - alpha) * law.conditional_variances(step.t_prev).sum() * carried
    )


_WHITE = "White data, Σ = I, so that s is in every class; t = 0.3, m = 5 d, d = 4, 12, 64"

CLAIMS: tuple[Claim, ...] = (
    Claim(
        name="class-collapse",
        statement="m · E empirical risk = c p for every linear class of p parameters: multiples of "
        "I, circulant, diagonal, banded, block, symmetric and dense matrices, p = 1 … 4096.",
        assumptions=_WHITE
        + "; exact for every m for which the class has a unique least squares fit.",
        source="theory.md, Linear classes of any size",
        origin="derived",
        kind="tight",
        measurement="evidence-classes:error",
        formula=lambda c: white_residual(c["t"]) * parameters(c),
        decoy=_entries,
        decoy_note="entries that may differ from 0 in place of free parameters: d for multiples of "
        "I, d² for circulant and symmetric matrices, and d(2b + 1) for a band, whose corners lack "
        "b(b + 1) (4 % at d = 64, 20 % at d = 4)",
        false_alarm=1e-10,
        why="Given X, the residuals are white noise of variance c in R^{m × d}, and the "
        "predictions of a p-dimensional space of matrices fill a p-dimensional subspace of it: the "
        "projection keeps c χ²_p.",
        uses=("dsm-empirical-risk",),
    ),
    Claim(
        name="class-chi-square",
        statement="P(m · empirical risk > c q) = P(χ²_p > q) for linear classes of p parameters, "
        "at q = p + 2√(2p): two standard deviations above the mean.",
        assumptions="White data, Σ = I, so that s is in every class; t = 0.3, m = 5 d, d = 4 and "
        "12, p = 1 … 144.",
        source="theory.md, Linear classes of any size",
        origin="derived",
        kind="tight",
        measurement="evidence-classes:beyond",
        formula=lambda c: float(scipy.stats.chi2.sf(c["level"], parameters(c))),
        decoy=lambda c: float(scipy.stats.norm.sf(2)),
        # of t, with a standard error from the events themselves: below 1e-9 by Poisson's law
        false_alarm=1e-12,
        decoy_note="the normal law of the same mean and variance: 0.023 for every p, where χ²_p "
        "has 0.038 at p = 16",
        why="As class-collapse: not the mean alone but the whole law depends on p only, so "
        "deviations, too, are free of d once log|H| is given.",
        uses=("class-collapse",),
    ),
    Claim(
        name="class-population",
        statement="m · E risk = c Σ_i s_i m/(m − s_i − 1) where row i of a class has s_i free "
        "entries: population over empirical risk depends on the row's support, not on d.",
        assumptions=_WHITE + "; diagonal, banded, block and dense classes.",
        source="theory.md, Linear classes of any size",
        origin="derived",
        kind="tight",
        measurement="evidence-classes:population",
        formula=population,
        decoy=lambda c: population(c, lost=0),
        decoy_note="m − s_i for m − s_i − 1: the −1 of the inverse Wishart mean forgotten",
        why="Row i is a regression on s_i coordinates of white X_t, and E (X_SᵀX_S)^{-1} = I/(m − "
        "s − 1).",
        uses=("class-collapse",),
    ),
    Claim(
        name="population-over-empirical",
        statement="E (risk/empirical risk) = m/(m − d − 1), as is the ratio of their means, for "
        "the dense class.",
        assumptions="Gaussian data, any covariance, m > d + 1; one time step. Cells: d = 4 and 12, "
        "m = 24 to 48.",
        source="theory.md, DSM risk",
        origin="derived",
        kind="tight",
        measurement="evidence-classes:population-over-empirical",
        formula=lambda c: c["m"] / (c["m"] - c["d"] - 1),
        decoy=lambda c: c["m"] / (c["m"] - c["d"]),
        decoy_note="m/(m − d): the −1 of the inverse Wishart mean forgotten",
        why="The error's row i is √c_i g_i W^{-1/2} with W Wishart and g_i standard normal; the "
        "empirical risk is a function of the lengths |g_i|, the ratio averages over their "
        "directions, which are independent of them.",
        uses=("dsm-risk", "dsm-empirical-risk"),
    ),
    Claim(
        name="dsm-risk-infinite",
        statement="At m = d + 1 the probability that the population risk exceeds x times the mean "
        "empirical risk falls like 1/x, slope −1 ± 0.15: the tail of an infinite mean, where the "
        "empirical risk's mean is tr(C_t) d/m.",
        assumptions="Gaussian data, dense class; cells: d = 3, m = 4, x = 16, 64, 256.",
        source="theory.md, DSM risk",
        origin="derived",
        kind="rate",
        measurement="evidence-classes:tail",
        formula=lambda c: 1 / c["x"],
        decoy=lambda c: c["x"] ** -1.5,
        decoy_note="the tail at m = d + 2, whose mean is finite",
        tolerance=0.15,
        why="P(λ_min(Wishart_d(m)) < ε) is of order ε^{(m − d + 1)/2}, and the risk is of order "
        "1/λ_min.",
        uses=("dsm-risk",),
    ),
    Claim(
        name="low-rank-singular",
        statement="Over {−I + D : rank D ≤ r}, m · E empirical risk is within 4 % of c d² ∫_q^2 s² "
        "√(4 − s²)/π ds, r/d = ∫_q^2 √(4 − s²)/π ds, its limit for large d, at d = 4, 12, 64: up "
        "to 1.75 times what r(2d − r) parameters account for.",
        assumptions=_WHITE
        + "; the score −I is the singular point D = 0 of the class. r = 1 … d/2. The 4 % came "
        "after looking: 0.1 to 1 % at d = 64 and 2.5 % at d = 12, r = 1.",
        source="theory.md, Low-rank classes",
        origin="derived",
        kind="tight",
        measurement="evidence-classes:low-rank",
        formula=lambda c: white_residual(c["t"]) * c["d"] ** 2 * top_share(c["rank"] / c["d"]),
        decoy=lambda c: white_residual(c["t"]) * c["rank"] * (2 * c["d"] - c["rank"]),
        decoy_note="one c a parameter, r(2d − r) of them",
        tolerance=0.04,
        description=True,
        why="(Â_dsm + I)(XᵀX)^{1/2} = √c G with G standard normal, exactly; the fit keeps its r "
        "largest singular values, which are chosen after the noise is seen.",
        uses=("class-collapse",),
    ),
    Claim(
        name="low-rank-regular",
        statement="Where the score is −I + D with rank D = r, the class {rank ≤ r} has m · E "
        "empirical risk = Σ c_i over its tangent space, d Σ_{i≤r} c_i + r Σ_{i>r} c_i: one c a "
        "parameter again.",
        assumptions="Gaussian data, λ = (6, 4, 1, 1, 1, 1), r = 2, t = 0.5; m = 10⁸, to leading "
        "order in 1/m.",
        source="theory.md, Low-rank classes",
        origin="derived",
        kind="tight",
        measurement="evidence-classes:low-rank-regular",
        formula=regular,
        decoy=lambda c: regular(c, twice=True),
        decoy_note="2dr directions for r(2d − r): the r² that rows and columns share counted twice",
        tolerance=1e-3,
        why="For m → ∞ the truncated singular value decomposition is the projection on the tangent "
        "space, which holds the entries with a row or a column among the r.",
        uses=("low-rank-singular",),
    ),
    Claim(
        name="bsm-fresh-noise",
        statement="The fresh noise of a bootstrap step and the error carried into it have "
        "covariance proportional to α(α* − α): zero at α* and not at α*/2 or 3α*/2.",
        assumptions="Gaussian data, λ = (0.3, 1.2, 2.1, 3), step 0.1 → 0.3, m = 10⁸; T1 + α "
        "Û_{t'}.",
        source="theory.md, Wrong control variates",
        origin="derived",
        kind="tight",
        measurement="evidence-classes:fresh-times-carried",
        formula=fresh_times_carried,
        decoy=lambda c: 0.0,
        decoy_note="zero for every α: additivity taken for granted",
        why="Cov(−U_t + α U_{t'}, −U_{t'}) = (α* − α) C_{t'}: with α* the target depends on "
        "(X_{t'}, X_t) alone, and the reverse martingale makes its residual uncorrelated with all "
        "before.",
    ),
    Claim(
        name="control-variate-cross-terms",
        statement="With T1 + α Û_{t'} for the target, m · risk at t_N is the recursion that adds "
        "the fresh noise of each step to what is carried, plus the covariances of the noises of "
        "different steps: none at α*, and some at α*/2 and 3α*/2.",
        assumptions="Gaussian data, λ = (0.3, 1.2, 2.1, 3), times 0.1, 0.3, 0.6, 1, m = 10⁸; from "
        "Gram matrices.",
        source="theory.md, Wrong control variates",
        origin="derived",
        kind="tight",
        measurement="evidence-classes:control-risk",
        formula=control_risk,
        decoy=lambda c: control_risk(c, cross=False),
        decoy_note="the recursion of BSM with that α, which leaves the covariances out (the same "
        "at α*)",
        why="At α* the noise is an increment of the reverse martingale. Off α* the target depends "
        "on X_0 besides (X_{t'}, X_t): each step's noise −U_t + α U_{t'} shares U_{t'} with the "
        "step before.",
        uses=("bsm-fresh-noise",),
    ),
)
