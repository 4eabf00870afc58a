r"""Claims on reverse-time sampling: the form of Theorem 3, measured on exact laws.

    total error = discretisation + initialisation + estimation,

each a distance between Gaussian laws in closed form. To first order in the step g a sampler's
variance goes wrong by ℓ(t) g² a step, which the mean map of the exact dynamics carries to t_1:

    Σ_k ℓ(t_k) g² K(t_k) → g ∫ ℓ K dt,
    SDE: K = (e^{t_1 − t} v_1/v)²,    probability flow: K = v_1/v,

with ℓ = 4/v − 2 − v (Euler-Maruyama), 4/v − 2 (exponential), −4c (ancestral), −c (flow),
c = 1/σ² − 1/v.
"""

from collections.abc import Callable, Mapping
from itertools import pairwise

import numpy as np
import scipy

from bounds.check import Array
from bounds.claim import Cell, Claim
from bounds.gaussian import Gaussian
from bounds.process import Step, clock, noise_variance
from bounds.risk import bootstrap_risk

LOCAL: Mapping[str, Callable[[Array, Array], Array]] = {
    "euler-maruyama": lambda v, c: 4 / v - 2 - v,
    "exponential": lambda v, c: 4 / v - 2,
    "ancestral": lambda v, c: -4 * c,
    "flow": lambda v, c: -c,
}


def _law(cell: Cell) -> Gaussian:
    return Gaussian(np.asarray(cell["eigenvalues"], dtype=np.float64))


def leading_constant(cell: Cell, factor: float = 1.0) -> float:
    """lim N W2: T − t_1 times the length of ∫ ℓ K dt/(2 √v_1), since √(v + ε) − √v ≈ ε/(2 √v)."""
    law, (first, last), sampler = _law(cell), cell["ends"], str(cell["sampler"])
    start = law.variances(first)

    def integrand(t: float) -> Array:
        v = law.variances(t)
        carry = start / v if sampler == "flow" else (np.exp(first - t) * start / v) ** 2
        return np.asarray(LOCAL[sampler](v, factor / noise_variance(t) - 1 / v) * carry)

    bias = scipy.integrate.quad_vec(integrand, first, last)[0]
    return float((last - first) * np.linalg.norm(bias / (2 * np.sqrt(start))))


def ancestral_lack(cell: Cell, power: int = 4) -> float:
    """e^{2g} τ⁴ c, what an ancestral step from p_t lacks of v_{t'}."""
    step = Step(cell["t_prev"], cell["t"])
    c = Gaussian(np.array([cell["eigenvalue"]])).conditional_variances(step.t)[0]
    return float(c * step.fresh**power / step.carry**2)


def _mean_map(cell: Cell) -> float:
    law, g = Gaussian(np.array([cell["eigenvalue"]])), cell["t"] - cell["t_first"]
    return float(np.exp(-g) * law.variances(cell["t_first"])[0] / law.variances(cell["t"])[0])


def _order_if_exact(cell: Cell) -> float:
    order = {"w2": 1.0, "kl": 2.0}[cell["divergence"]]
    return order if cell["sampler"] == "euler-maruyama" else 2 * order


def plug_in_kl(cell: Cell) -> float:
    """m KL(p_{t_1} ‖ plug-in) = ¼ Σ_ij e_1⁴ λ_i λ_j
    (1 + δ_ij)/(v_i v_j), leading order: Σ̂ for Σ in p_{t_1}.
    """
    law, first = _law(cell), cell["ends"][0]
    x = np.exp(-2 * first) * law.eigenvalues / law.variances(first)
    return float((x.sum() ** 2 + (x**2).sum()) / 4)


def integrated_gain(cell: Cell) -> float:
    """Σ_k risk(BSM)/Σ_k risk(DSM) over t_2 … t_N, leading order in 1/m."""
    law, (first, last) = _law(cell), cell["ends"]
    times = np.linspace(first, last, cell["steps"])
    plain = [law.dimension * law.conditional_variances(float(t)).sum() for t in times[1:]]
    return float(bootstrap_risk(law, times, 1)[1:].sum() / np.sum(plain))


def _moved(cell: Cell, wrong: float, start: Array) -> Array:
    """Variances that a sampler draws, one for each λ,
    from variances at t_N and the scores of λ · wrong.

    Each sampler is written as what it does to a variance: Y − e^{…} = (drift) + noise, from the
    equation that it solves.
    """
    lam, times = (
        np.asarray(cell["eigenvalues"], dtype=np.float64),
        np.linspace(0.1, cell["last"], cell["steps"]),
    )
    x = clock(times)
    variance = start
    for k in range(times.size - 1, 0, -1):
        g = times[k] - times[k - 1]
        s = -(1 + x[k]) / (lam * wrong + x[k])  # A_k
        if cell["sampler"] == "euler-maruyama":  # dY = (Y + 2 s) dt + √2 dW
            slope, noise = 1 + g + 2 * g * s, 2 * g
        elif cell["sampler"] == "exponential":  # ∫_0^g e^u du and ∫_0^g 2 e^{2u} du
            slope, noise = np.exp(g) + 2 * (np.exp(g) - 1) * s, np.exp(2 * g) - 1
        else:
            # x̂_0 = e^t (Y + σ² s); ancestral: the mean and variance of X_{t'} given X_0 = x̂_0 and
            # X_t = Y, in the clock x, where X √(1 + x) is a Brownian motion from X_0; flow: Y keeps
            # its noise, (Y − e^{−t} x̂_0)/σ = −σ s.
            origin = np.sqrt(1 + x[k]) * (1 + x[k] / (1 + x[k]) * s)
            share = x[k - 1] / x[k]
            if cell["sampler"] == "ancestral":
                slope = ((1 - share) * origin + share * np.sqrt(1 + x[k])) / np.sqrt(1 + x[k - 1])
                noise = x[k - 1] * (1 - share) / (1 + x[k - 1])
            else:
                spread = np.sqrt(x[k - 1] / (1 + x[k - 1]) * x[k] / (1 + x[k]))
                slope, noise = origin / np.sqrt(1 + x[k - 1]) - spread * s, 0.0
        variance = slope**2 * variance + noise
    return np.asarray(variance)


def split_parts(cell: Cell) -> Array:
    """Discretisation, initialisation and estimation part in W2,
    all laws having one eigenbasis: distances of deviations.
    """
    lam, (first, last) = np.asarray(cell["eigenvalues"], dtype=np.float64), (0.1, cell["last"])
    truth, end = (np.exp(-2 * t) * lam + 1 - np.exp(-2 * t) for t in (first, last))
    chain = (
        truth,
        _moved(cell, 1.0, end),
        _moved(cell, 1.0, np.ones_like(lam)),
        _moved(cell, cell["factor"], np.ones_like(lam)),
    )
    return np.array([np.linalg.norm(np.sqrt(a) - np.sqrt(b)) for a, b in pairwise(chain)])


_EXACT = "Gaussian data N(0, Σ), scores −V_t^{-1}, uniform grids"
_DRAWN = "Gaussian data, d = 8, λ = linspace(0.3, 3, 8), linear scores from m samples"

CLAIMS: tuple[Claim, ...] = (
    Claim(
        name="reverse-orders",
        statement="With exact scores and start, halving the step halves W2 and quarters KL: "
        "observed orders 1 and 2 within 1 %, for Euler-Maruyama, exponential, ancestral and "
        "probability-flow steps.",
        assumptions=_EXACT + "; N = 400 → 800, two spectra.",
        source="theory.md, Discretisation constants",
        origin="derived",
        kind="identity",
        measurement="evidence-reverse:order",
        formula=lambda c: {"w2": 1.0, "kl": 2.0}[c["divergence"]],
        decoy=_order_if_exact,
        decoy_note="twice the order for the three samplers that solve the linear part exactly",
        tolerance=0.01,
        why="The noise is additive and the error of a law is a weak error: each step is wrong by "
        "O(g²), N steps by O(g); KL is quadratic in it.",
    ),
    Claim(
        name="reverse-leading-constant",
        statement="N · W2(p_{t_1}, drawn) tends to (T − t_1) ‖∫ ℓ K dt/(2 √v_1)‖ for each of the "
        "four samplers.",
        assumptions=_EXACT
        + "; Richardson extrapolation of N = 400, 800, so 0.1 % of slack; two spectra.",
        source="theory.md, Discretisation constants",
        origin="derived",
        kind="identity",
        measurement="evidence-reverse:leading-constant",
        formula=leading_constant,
        decoy=lambda c: leading_constant(c, factor=1.1),
        decoy_note="c = 1.1/σ² − 1/v in the ancestral and flow steps: a tenth more ignorance of "
        "X_0",
        tolerance=1e-3,
        why="Taylor expansion of one step's variance to g² against v(t − g) = 1 + (v − 1) e^{2g}, "
        "carried by the exact dynamics.",
        uses=("reverse-orders",),
    ),
    Claim(
        name="ancestral-lack",
        statement="An ancestral step with exact scores from p_t returns V_{t'} − e^{2g} τ⁴ C_t.",
        assumptions="Any data law for the covariance averaged over X_t; measured for Gaussian "
        "data.",
        source="theory.md, Ancestral step",
        origin="derived",
        kind="identity",
        measurement="evidence-reverse:ancestral-lack",
        formula=ancestral_lack,
        decoy=lambda c: ancestral_lack(c, power=2),
        decoy_note="τ² for τ⁴",
        tolerance=1e-9,
        why="Its mean is E[X_{t'} | X_t]; its variance is that of X_{t'} given X_t and X_0, "
        "without what X_0's own uncertainty, (e^{−t'} τ²/σ_t²)² Cov(X_0 | X_t) = e^{2g} τ⁴ C_t, "
        "adds.",
    ),
    Claim(
        name="ancestral-mean",
        statement="The mean of ancestral sampling with exact scores from a point y at T is "
        "E[X_{t_1} | X_T = y], however few the steps.",
        assumptions="Gaussian data; two steps, g from 0.2 to 0.98.",
        source="theory.md, Ancestral step",
        origin="derived",
        kind="identity",
        measurement="evidence-reverse:ancestral-mean",
        formula=_mean_map,
        decoy=lambda c: _mean_map(c) * np.exp(2 * (c["t"] - c["t_first"])),
        decoy_note="e^{g} for e^{−g}",
        tolerance=1e-9,
        why="Each step's mean is e^g (Y + τ² s(t, Y)) = E[X_{t'} | X_t = Y], and conditional means "
        "of a Markov chain compose when they are linear.",
        uses=("ancestral-lack",),
    ),
    Claim(
        name="reverse-start-noise",
        statement="Started from N(0, I) at T, the three stochastic samplers have an initialisation "
        "part in W2 that falls like e^{−4T}: log-log slope against e^T of −4 ± 0.05.",
        assumptions=_EXACT + ", Δ = 0.01, t_1 = 0.1, T = 2 … 4; centred data.",
        source="theory.md, Initialisation error",
        origin="derived",
        kind="rate",
        measurement="evidence-reverse:start-stochastic",
        formula=lambda c: c["x"] ** -4.0,
        decoy=lambda c: c["x"] ** -2.0,
        decoy_note="e^{−2T}, the distance of p_T from N(0, I), as if sampling forgot none of it",
        tolerance=0.05,
        why="1 − v_T = e^{−2T}(1 − λ), and a variance is carried back by (e^{−(T − t_1)} "
        "v_1/v_T)², another e^{−2T}.",
    ),
    Claim(
        name="reverse-start-flow",
        statement="For the probability flow it falls like e^{−2T} only: slope −2 ± 0.05.",
        assumptions="As reverse-start-noise.",
        source="theory.md, Initialisation error",
        origin="derived",
        kind="rate",
        measurement="evidence-reverse:start-flow",
        formula=lambda c: c["x"] ** -2.0,
        decoy=lambda c: c["x"] ** -4.0,
        decoy_note="e^{−4T}, which needs the noise",
        tolerance=0.05,
        why="The flow's map carries a variance by v_1/v_T, which tends to v_1: nothing of 1 − v_T "
        "is forgotten.",
    ),
    Claim(
        name="reverse-split",
        statement="W2(p_{t_1}, drawn) ≤ discretisation + initialisation + estimation.",
        assumptions="Any scores; measured with those of laws whose Σ is 0.8 or 1.2 times the true "
        "one. The total is measured between matrices that are not diagonal; the parts are computed "
        "one eigenvalue at a time.",
        source="theory.md, Error split",
        origin="derived",
        kind="upper",
        measurement="evidence-reverse:split",
        formula=lambda c: float(split_parts(c).sum()),
        decoy=lambda c: float(np.linalg.norm(split_parts(c))),
        decoy_note="the parts added in squares, as if they were never aligned",
        tolerance=1e-9,
        why="W2 is a metric, and the parts are the sides of a chain of laws.",
    ),
    Claim(
        name="reverse-estimation-rate",
        statement="The estimation part of W2 with DSM scores falls like m^{−1/2}: slope −0.5 ± "
        "0.02 over all four samplers.",
        assumptions=_DRAWN
        + "; t = 0.1 … 2, N = 20, m = 10³ … 10⁶. Each sampler and m has draws of its own.",
        source="theory.md, Estimation error of samples",
        origin="derived",
        kind="rate",
        measurement="evidence-reverse:estimation-w2",
        formula=lambda c: c["x"] ** -0.5,
        decoy=lambda c: (c["x"] / np.log(c["x"])) ** -0.5,
        decoy_note="(m/log m)^{−1/2}, the rate with a logarithm",
        tolerance=0.02,
        why="Score errors are of order m^{−1/2}, and the drawn covariance is a smooth function of "
        "them.",
        uses=("dsm-risk",),
    ),
    Claim(
        name="reverse-path-bound",
        statement="Measured: the estimation part of KL is at most Σ_k g risk_k, the weighted score "
        "error, in the mean over runs of their ratio.",
        assumptions=_DRAWN
        + " or λ = 1; Euler-Maruyama and exponential steps, DSM and BSM; m = 10⁵, 10⁶. risk_k "
        "is under p_{t_k}, which the sampler's own law at t_k approaches with g.",
        source="theory.md, Path bound on divergence",
        origin="derived",
        kind="upper",
        measurement="evidence-reverse:kl-over-path",
        formula=lambda c: 1.0,
        decoy=lambda c: 0.25,
        decoy_note="a quarter: the 2 of the drift 2 s forgotten",
        description=True,
        why="Two chains whose drifts differ by 2 δ under noise 2 dt have path KL ∫ E‖δ‖² dt under "
        "the first chain's own law; a marginal of the path has no more. Under p_{t_k} it is "
        "measured.",
    ),
    Claim(
        name="bsm-samples-better",
        statement="Measured at twelve cells: BSM's estimation part of KL is nowhere shown to be "
        "above DSM's, in the mean over runs of their ratio.",
        assumptions=_DRAWN + " or λ = 1; t = 0.1 … 2, N = 20, 40; stochastic samplers and flow.",
        source="theory.md, Estimation error of samples",
        origin="derived",
        kind="upper",
        measurement="evidence-reverse:bsm-over-dsm",
        formula=lambda c: 1.0,
        decoy=integrated_gain,
        decoy_note="BSM gains in samples what it gains in time-integrated score error",
        description=True,
        why="Its scores are better at every time; but what a sampler makes of late errors is "
        "forgotten on the way, and BSM's errors at different times are more alike than DSM's, so "
        "less of the gain arrives.",
        uses=("figure-3a-ratio",),
    ),
    Claim(
        name="plug-in-kl",
        statement="m · E KL of BSM scores under the probability flow is at least that of the "
        "plug-in covariance, ¼ Σ_ij e_1⁴ λ_i λ_j (1 + δ_ij)/(v_i v_j).",
        assumptions=_DRAWN + " or λ = 1; t_1 = 0.1, N = 20, m = 10⁶.",
        source="theory.md, Plug-in divergence",
        origin="derived",
        kind="lower",
        measurement="evidence-reverse:bsm-flow-kl",
        formula=plug_in_kl,
        decoy=lambda c: 1.25 * plug_in_kl(c),
        decoy_note="a quarter more",
        why="No regular estimate of p_{t_1} from m samples of X_0 is better than the empirical "
        "covariance's.",
    ),
    Claim(
        name="bsm-flow-near-optimal",
        statement="Measured at two spectra: BSM scores under the probability flow have m · E KL at "
        "most 1.25 times that of the plug-in covariance.",
        assumptions=_DRAWN + " or λ = 1; t_1 = 0.1, N = 20, m = 10⁶. "
        "Not in general: 1.27 ± 0.04 was measured for λ = 0.01, 0.1, 1, 10.",
        source="theory.md, Plug-in divergence",
        origin="derived",
        kind="upper",
        measurement="evidence-reverse:bsm-flow-kl",
        formula=lambda c: 1.25 * plug_in_kl(c),
        decoy=plug_in_kl,
        decoy_note="that it attains the bound",
        description=True,
        why="The flow integrates the scores over time; BSM's late errors, large against the "
        "information bound, hardly enter at t_1.",
        uses=("plug-in-kl",),
    ),
    Claim(
        name="thinning-discretisation",
        statement="Sampling with every k-th of 257 steps multiplies the discretisation part of W2 "
        "by k, within 10 %, for k = 2, 4, 8 and each sampler.",
        assumptions=_EXACT + ", t = 0.1 … 2.1, d = 8, λ = linspace(0.3, 3, 8).",
        source="theory.md, Discretisation constants",
        origin="derived",
        kind="identity",
        measurement="evidence-reverse:thin-discretisation",
        formula=lambda c: c["every"],
        decoy=lambda c: c["every"] ** 0.5,
        decoy_note="√k: order one half",
        tolerance=0.1,
        why="Order one in k Δ. With an estimation part of order m^{−1/2} that thinning leaves "
        "alone, a number of inference steps of order √m makes them equal, however many were "
        "trained.",
        uses=("reverse-leading-constant",),
    ),
    Claim(
        name="thinning-keeps-estimate",
        statement="Measured: sampling with every k-th of 65 trained steps, k = 2, 4, 8, leaves the "
        "estimation part of W2 within 10 %.",
        assumptions=_DRAWN + ", m = 1000; t = 0.1 … 2.1; exponential and flow steps.",
        source="theory.md, Estimation error of samples",
        origin="derived",
        kind="tight",
        measurement="evidence-reverse:thin-estimation",
        formula=lambda c: 1.0,
        decoy=lambda c: c["every"] ** 0.5,
        decoy_note="√k: errors of neighbouring steps as if independent, so that fewer average less",
        tolerance=0.1,
        description=True,
        why="Cov(U_j, U_k) falls with t_j − t_k only over times of order one: neighbouring steps "
        "err together.",
        uses=("reverse-estimation-rate",),
    ),
    Claim(
        name="reverse-adds-in-squares",
        statement="Measured where discretisation and estimation are of like size: E W2² is the sum "
        "of their squares, within 10 %.",
        assumptions=_DRAWN + ", m = 1000; every 4th of 65 steps, started from p_T.",
        source="theory.md, Error split",
        origin="derived",
        kind="tight",
        measurement="evidence-reverse:thin-squares",
        formula=lambda c: 1.0,
        decoy=lambda c: 4 / 3,
        decoy_note="1 + 2 r a b/(a² + b²) at a = b with r = 1/3: errors that are aligned to a "
        "third",
        description=True,
        tolerance=0.1,
        why="The estimation error has mean near zero and no preferred direction against the "
        "discretisation's.",
        uses=("reverse-split",),
    ),
    Claim(
        name="reverse-dimension",
        statement="At m = 64 d the estimation part of KL per dimension does not grow with d: over "
        "(d + 1)/d its slope is 0 ± 0.03, d = 16 … 128.",
        assumptions="Gaussian data, λ at the d midpoints of [0.3, 3], DSM, exponential steps, N = "
        "4; 32 replicates.",
        source="theory.md, Estimation error of samples",
        origin="derived",
        kind="rate",
        measurement="evidence-reverse:wide",
        formula=lambda c: 1 + 1 / c["x"],
        decoy=lambda c: (1 + 1 / c["x"]) * float(np.log(np.log(c["x"]))),
        decoy_note="growth like log log d",
        tolerance=0.03,
        why="KL is quadratic in the drawn covariance's error, d(d + 1)/2 entries of order "
        "m^{−1/2}: per dimension (d + 1)/m times a constant.",
        uses=("reverse-estimation-rate",),
    ),
)
