r"""AFDPS 2025: a posterior by weighted particles. What the abstract says, derived here.

The derivations stand in theory.md, "Posterior by weighted particles" and the two headings after it.
Their notation: r is the variance of the noise that is added, and runs down from S² to 0; p_r is the
prior with that noise, s its score, V = |x − y|²/(2σ_y²) the misfit, q ∝ p_r e^{−V}.

    dX = (s − ∇V) du + dW for each unit u by which r falls, weight exp ∫U du,
    U = ½ (|∇V|² − ΔV) − s·∇V.

On the line, with prior N(0, λ), k = 1/σ_y², a = 1/(λ + r):

    q = N(k y/(a + k), 1/(a + k)),   Z = ∫p_r e^{−V} = N(y; 0, λ + r + σ_y²) √(2π σ_y²).
"""

import numpy as np
import scipy

from bounds.claim import Cell, Claim, Paper

PAPER = Paper(
    stem="afdps_2025",
    title="Solving Inverse Problems via Diffusion-Based Priors: An Approximation-Free Ensemble "
    "Sampling Approach",
    authors=("Chen", "Ren", "Min", "Ying", "Izzo"),
    venue="arXiv 2025",
    link="https://arxiv.org/abs/2506.03979",
    have="the abstract; every formula here is derived by us, and their statements are unread",
    unknown=(
        "abstract read; statements unread: the form of the PDE, and the bound in the score's "
        "error and the number of particles with its assumptions",
        "how the ensemble is resampled, and how often",
        "the imaging problems and their settings",
    ),
    about={
        "scores and laws": ("afdps-law", "afdps-evidence", "afdps-annealed"),
        "bias": ("afdps-unweighted",),
        "variance": (
            "afdps-infinite",
            "afdps-ess",
            "afdps-particles",
            "afdps-annealed-infinite",
            "afdps-step",
            "afdps-grid",
        ),
        "risk": ("afdps-resampled",),
        "sample size": ("afdps-ess", "afdps-resampled"),
        "sampled law": ("afdps-law", "afdps-unweighted", "afdps-annealed"),
        "discretisation": ("afdps-step", "afdps-grid"),
    },
)


def noise(cell: Cell, r: float) -> float:
    """σ_y² + γ² r, of the misfit that is used at r; γ = 0 unless the cell says."""
    return float(cell["sy2"] + cell.get("gamma", 0.0) ** 2 * r)


def posterior(cell: Cell) -> float:
    """Mean or variance of q, by the precisions of prior and measurement."""
    k = 1 / noise(cell, cell["r"])
    variance = 1 / (1 / (cell["lambda"] + cell["r"]) + k)
    return float(variance if cell["moment"] == "variance" else k * cell["y"] * variance)


def _start(cell: Cell) -> dict[str, object]:
    return {**cell, "r": cell["last"] ** 2}


def altered(cell: Cell, *, cross: float = 1.0, moving: float = 1.0) -> float:
    """Mean or variance of the weighted law where U has `cross` · s·∇V and `moving` · ∂_r V."""
    lam, y, gamma2 = cell["lambda"], cell["y"], cell.get("gamma", 0.0) ** 2
    top = cell["last"] ** 2

    def rate(u: float, state: list[float]) -> list[float]:
        m, P = state
        k, a = 1 / noise(cell, top - u), 1 / (lam + top - u)
        own = k * k * (1 - moving * gamma2)
        second, first = own + 2 * cross * k * a, -y * (own + cross * k * a)
        return [
            -(a + k) * m + k * y + P * (second * m + first),
            -2 * (a + k) * P + 1 + P * P * second,
        ]

    begin = [posterior({**_start(cell), "moment": name}) for name in ("mean", "variance")]
    path = scipy.integrate.solve_ivp(
        rate, (0.0, top - cell["r"]), begin, "LSODA", rtol=1e-10, atol=1e-12
    )
    return float(path.y[1 if cell["moment"] == "variance" else 0, -1])


def log_evidence(cell: Cell, *, bend: float = 1.0) -> float:
    """log Z_r − log Z_{S²}; `bend` · ΔV in U."""
    top = cell["last"] ** 2

    def log_z(r: float) -> float:
        total = cell["lambda"] + r + cell["sy2"]
        return float(-np.log(total) / 2 - cell["y"] ** 2 / (2 * total))

    lost = (1 - bend) * (top - cell["r"]) / (2 * cell["sy2"])
    return float(log_z(cell["r"]) - log_z(top) + lost)


def unweighted(cell: Cell) -> float:
    """Mean or variance of the particles without weights, by variation of constants."""
    lam, k, r, top = cell["lambda"], 1 / cell["sy2"], cell["r"], cell["last"] ** 2

    def kept(before: float) -> float:
        return float((lam + r) / (lam + before) * np.exp(-k * (before - r)))

    begin = posterior(_start(cell))
    reach = min(top, r + 40 / k)  # beyond it nothing is left in float64
    if cell["moment"] == "variance":
        return kept(top) ** 2 * begin + float(
            scipy.integrate.quad(lambda b: kept(b) ** 2, r, reach)[0]
        )
    return float(kept(top) * begin + k * cell["y"] * scipy.integrate.quad(kept, r, reach)[0])


def window(cell: Cell) -> float:
    """Fall of r until the nth moment of the weights is infinite: σ_y² arctan(1/√(n−1))/√(n−1)."""
    root = np.sqrt(cell["order"] - 1)
    return float(cell["sy2"] * np.arctan(1 / root) / root)


def inverse_ess(cell: Cell) -> float:
    """E w²/(E w)² = 1/√(e^u (cos u − sin u)), u the fall of r over σ_y²."""
    u = cell["u"]
    return float(1 / np.sqrt(np.exp(u) * (np.cos(u) - np.sin(u))))


def largest_step(cell: Cell) -> float:
    """1/(P U_2): the h for which a Gaussian of variance P has no mean of e^{hU} any more."""
    k, a = 1 / cell["sy2"], 1 / (cell["lambda"] + cell["last"] ** 2)
    return float((a + k) / (k * k + 2 * k * a))


def fewest_steps(cell: Cell, *, stable: bool = False) -> float:
    """The least N of the grid with ρ = 7 whose first step is short enough;
    `stable` asks only that Euler's step of the drift is stable.
    """
    top, low = cell["last"] ** (1 / 7), cell["least"] ** (1 / 7)
    a = 1 / (cell["lambda"] + cell["last"] ** 2)
    allowed = 2 / (a + 1 / cell["sy2"]) if stable else largest_step(cell)
    # 2 S (S − σ_1) < allowed, σ_1^{1/7} = top − (top − low)/(N − 1)
    ratio = (1 - allowed / (2 * cell["last"] ** 2)) ** (1 / 7)
    return float(np.floor((top - low) / (top * (1 - ratio)) + 1) + 1)


def annealed_window(cell: Cell, *, moving: bool = True) -> float:
    """The r at which the second moment becomes infinite under a flat prior and γ;
    `moving` = False forgets that the misfit's noise falls with r.
    """
    gamma2, top = cell["gamma"] ** 2, cell["last"] ** 2
    begin = noise(cell, top)
    A, B = 2 * (1 - gamma2), 2 - gamma2
    root = np.sqrt(4 * A - B * B)
    u = 2 / root * (np.pi / 2 - np.arctan((2 * A - B) / root))
    if not moving:
        return float(top - np.pi / 4 * begin)
    return float((begin * np.exp(-gamma2 * u) - cell["sy2"]) / gamma2)


_STUDY = "evidence-afdps"
_SOURCE = "theory.md, Posterior by weighted particles; afdps_2025, abstract, statement unread"
_MOMENTS = "theory.md, Moments of the weights; bounds/papers/afdps_2025.py, derived"
_TILT = "theory.md, Annealed misfit; bounds/papers/afdps_2025.py, derived"
_LINE = "On the line, prior N(0, λ), exact score, started at p_S e^{−V}"
CLAIMS: tuple[Claim, ...] = (
    Claim(
        name="afdps-law",
        statement="Particles with the drift s − ∇V, unit noise and weights exp ∫U, U = ½ (|∇V|² − "
        "ΔV) − s·∇V, have the law p_r e^{−V} at every r: at r = 0 the posterior.",
        assumptions=f"{_LINE}, no error in time; λ = 1, y = 1.5, σ_y² = 0.25, S = 4, and λ = 3, "
        "y = −1, σ_y² = 1, S = 2; mean and variance at three r.",
        source=_SOURCE,
        origin="derived",
        kind="identity",
        measurement=f"{_STUDY}:law",
        formula=posterior,
        decoy=lambda c: altered(c, cross=0.5),
        decoy_note="half of s·∇V in the weights",
        tolerance=1e-8,
        why="−∂_r q = ½Δq − ∇·(q(s − ∇V)) + Uq for q = p_r e^{−V}, from ∂_r p = ½Δp.",
    ),
    Claim(
        name="afdps-evidence",
        statement="The mean weight is Z_r/Z_{S²}, Z_r = ∫p_r e^{−V}: the weights carry the "
        "evidence.",
        assumptions=f"{_LINE}, no error in time; as for `afdps-law`.",
        source=_SOURCE,
        origin="derived",
        kind="identity",
        measurement=f"{_STUDY}:evidence",
        formula=log_evidence,
        decoy=lambda c: log_evidence(c, bend=0.0),
        decoy_note="without ΔV, which is constant here and leaves the law as it is",
        tolerance=1e-8,
        scale=1.0,
        why="The equation of `afdps-law` holds with its mass.",
        uses=("afdps-law",),
    ),
    Claim(
        name="afdps-unweighted",
        statement="The same particles without weights are biased: m = G m_S + (y/σ_y²) ∫G, and "
        "likewise the variance, G(r') = (λ + r)/(λ + r') e^{−(r' − r)/σ_y²}.",
        assumptions=f"{_LINE}, no error in time; as for `afdps-law`, at r = 0 and 1.",
        source=_SOURCE,
        origin="derived",
        kind="identity",
        measurement=f"{_STUDY}:unweighted",
        formula=unweighted,
        decoy=posterior,
        decoy_note="the posterior, as if the modified drift were enough",
        tolerance=1e-6,
        why="Variation of constants.",
    ),
    Claim(
        name="afdps-infinite",
        statement="Under a flat prior the nth moment of the weights is infinite as soon as r has "
        "fallen by σ_y² arctan(1/√(n−1))/√(n−1): by (π/4) σ_y² for their variance.",
        assumptions="On the line, constant prior, particles that are never resampled, n = 1.05 … "
        "4, σ_y² = 1 and 0.25.",
        source=_MOMENTS,
        origin="derived",
        kind="identity",
        measurement=f"{_STUDY}:window",
        formula=window,
        decoy=lambda c: float(c["sy2"] * np.pi / 2 / np.sqrt(c["order"] - 1)),
        decoy_note="(π/2)/√(n−1): half a period of the tangent, wherever it starts",
        tolerance=1e-8,
        why="p' = np² − 2p + 1 from 1, p the variance over σ_y²: a tangent.",
        uses=("afdps-law",),
    ),
    Claim(
        name="afdps-ess",
        statement="Before that E w²/(E w)² = 1/√(e^u (cos u − sin u)), u the fall of r over σ_y²: "
        "the effective share of the particles is its inverse.",
        assumptions="On the line, constant prior, never resampled, u = 0.05 … 0.75.",
        source=_MOMENTS,
        origin="derived",
        kind="identity",
        measurement=f"{_STUDY}:inverse-ess",
        formula=inverse_ess,
        decoy=lambda c: float(np.exp(c["u"] ** 2 / 2)),
        decoy_note="e^{u²/2}, of log weights that are normal",
        tolerance=1e-7,
        why="The mass of the second moment is the integral of the tangent.",
        uses=("afdps-infinite",),
    ),
    Claim(
        name="afdps-particles",
        statement="Particles that are drawn have that second moment of their weights.",
        assumptions="On the line, constant prior, exact steps, the weights by the trapezium rule "
        "on 8 of them; u = 0.1 and 0.2, where w² has a variance.",
        source=_MOMENTS,
        origin="derived",
        kind="tight",
        measurement=f"{_STUDY}:squares",
        formula=inverse_ess,
        decoy=lambda c: float(np.exp(c["u"] ** 2)),
        decoy_note="e^{u²}, twice the leading order of the excess",
        tolerance=2e-4,
        why="As `afdps-ess`; E w = 1 here.",
        uses=("afdps-ess",),
    ),
    Claim(
        name="afdps-step",
        statement="In Euler's scheme the mean weight itself is infinite from the first step on "
        "where its h, the fall of r, reaches 1/(P U_2) = (a + k)/(k² + 2ka), k = 1/σ_y², "
        "a = 1/(λ + S²): about σ_y².",
        assumptions=f"{_LINE}, the weight taken at the old point; four (λ, σ_y², S).",
        source=_MOMENTS,
        origin="derived",
        kind="identity",
        measurement=f"{_STUDY}:step",
        formula=largest_step,
        decoy=lambda c: 2 / (1 / (c["lambda"] + c["last"] ** 2) + 1 / c["sy2"]),
        decoy_note="2/(a + k), up to which Euler's step of the drift is stable",
        tolerance=1e-5,
        why="q e^{hU} is a Gaussian of precision 1/P − h U_2.",
    ),
    Claim(
        name="afdps-grid",
        statement="On the grid σ_i^{1/7} linear from S to 0.002, N points have a first step with a "
        "finite mean weight only from N(σ_y², S) on: hundreds at σ_y = 1, thousands below.",
        assumptions=f"{_LINE}, the step 2 S (S − σ_1) in r; λ = 1, four (σ_y², S).",
        source=_MOMENTS,
        origin="derived",
        kind="identity",
        measurement=f"{_STUDY}:grid",
        formula=fewest_steps,
        decoy=lambda c: fewest_steps(c, stable=True),
        decoy_note="as many as keep the drift's own step stable",
        tolerance=1e-9,
        why="`afdps-step` at the first, largest step.",
        uses=("afdps-step",),
    ),
    Claim(
        name="afdps-annealed",
        statement="With the misfit's noise σ_y² + γ² r the weights need the further rate ∂_r V, "
        "and then the law is p_r e^{−V_r} at every r, the posterior at r = 0, for every γ.",
        assumptions=f"{_LINE}, no error in time; λ = 1, y = 1.5, σ_y² = 1, S = 2, γ = 0.3, 1, 2, "
        "at r = 0 and 1.",
        source=_TILT,
        origin="derived",
        kind="identity",
        measurement=f"{_STUDY}:annealed",
        formula=posterior,
        decoy=lambda c: altered(c, moving=0.0),
        decoy_note="without ∂_r V",
        tolerance=1e-8,
        why="e^{−V_r} changes with r as well: −∂_r adds q ∂_r V.",
        uses=("afdps-law",),
    ),
    Claim(
        name="afdps-annealed-infinite",
        statement="Under a flat prior and γ² < 2√2 − 2 the variance of the weights is infinite "
        "from an r in closed form on, if that is positive; for a larger γ never.",
        assumptions="On the line, constant prior, σ_y = 1, S = 8; γ = 0.3 … 0.8.",
        source=_TILT,
        origin="derived",
        kind="identity",
        measurement=f"{_STUDY}:annealed-window",
        formula=annealed_window,
        decoy=lambda c: annealed_window(c, moving=False),
        decoy_note="the fixed misfit's window with its noise at S",
        tolerance=1e-7,
        why="p' = 2(1 − γ²)p² − (2 − γ²)p + 1 has no zero above 1 only where γ² < 2√2 − 2.",
        uses=("afdps-annealed", "afdps-infinite"),
    ),
    Claim(
        name="afdps-resampled",
        statement="Resampled whenever the effective share falls below ½, N particles had more than "
        "twice the mean square error of N independent draws.",
        assumptions=f"{_LINE}; λ = σ_y = 1, y = 1.5, S = 8, 320 steps, exact but for the drift's "
        "coefficient; N = 250 and 1000.",
        source=_MOMENTS,
        origin="derived",
        kind="lower",
        measurement=f"{_STUDY}:resampled",
        formula=lambda c: c["variance"] * 2 / c["particles"],
        decoy=lambda c: float(c["variance"]),
        decoy_note="no better than one draw",
        description=True,
        why="Between two resamplings r falls by more than (π/4) σ_y²: heavy tails stay.",
        uses=("afdps-infinite",),
    ),
)
