r"""ScoreMD: consistent sampling and simulation. What the abstract says, derived here.

A score model serves twice: it samples, over all times, and its value at t = 0 serves as the force
of a simulation, Langevin's dX = s(0, X) dt + √2 dW.

**One error, two sizes.** On the line, data N(0, λ), v = 1 + (λ − 1) e^{−2t}, score −(1/v + ε) x at
t < τ and exact above. The samples' variances are off by

    flow:      λ (1 − e^{−2τε}) = 2λτε + …,
    SDE:       4ελ² ∫_0^τ e^{−2t − 4εt}/v dt = 4λτε + …,   as (w − v)' = 2 (1 − 2A)(w − v) − 4εv,
    Langevin:  λ − 1/(1/λ + ε) = λ²ε/(1 + λε),

all downwards. The sampler feels the error for a time τ, the simulation for ever. So

    simulation/SDE → λ/(4τ) · 1/(1 + λε)   as τ → 0:

"samples fine, simulation wrong" needs no more than an error that sits at very small times.

**Wells.** Data ½ N(−a, 1) + ½ N(a, 1), and the model's log density off by φ(x) = κ Φ(x/b) at t < τ:
a step between the wells, where there are hardly any data. The score is off by φ', whose mean square
under the data is, as the square of a normal density is one of half the variance,

    E φ'² = κ²/(2b√π) · N(a; 0, 1 + b²/2),

and the simulation rests at p e^φ: on the right with probability 1/(1 + e^{−κ}), but for the data
near the step. The flow carries over the step what passes 0 within τ: p(0) φ'(0) τ = κ p(0) τ/(b√2π)
to leading order in τ.

**What the scalar residual sees.** R = ∂_t log q − (d + x·s + ∇·s + |s|²), s = ∇ log q. With log q +
c(t) in place of log q it is R + c'; s and the vector residual ∇R stay. For q = N(0, u I), ρ =
∂_t u − 2 (1 − u),

    E_q R² = dρ²/(2u²) + c'²,   E_q|∇R|² = dρ²/u³.

The part c'² trains the normalisation, which neither samples nor forces feel. And both are 0 at
u = v + δe^{−2t}: sampling and simulation agree, and both return λ + δ.

**A square with probes.** With R̂ = a + (g²/2) νᵀJν for R = a + (g²/2) tr J, E ννᵀ = I, the mean of
R̂² exceeds R² by (g²/2)² Var νᵀJν. Only J_s = (J + Jᵀ)/2 enters:

    Rademacher: (g²/2)² · 2 Σ_{i≠j} (J_s)_ij²,   Gaussian: (g²/2)² · 2 ‖J_s‖²_F.

The mean of n probes has 1/n of it, and the product of two independent R̂ none.
"""

import numpy as np
import scipy

from bounds.claim import Cell, Claim, Paper

PAPER = Paper(
    stem="scoremd_2025",
    title="Consistent Sampling and Simulation: Molecular Dynamics with Energy-Based Diffusion "
    "Models",
    authors=("Plainer", "Wu", "Klein", "Günnemann", "Noé"),
    venue="NeurIPS 2025",
    link="https://arxiv.org/abs/2506.17139",
    have="the abstract, and the public code at one commit; every formula here is derived by us, "
    "and their statements are unread",
    unknown=(
        "abstract read; statements unread: how large the inaccuracies at small times are, and in "
        "which systems",
        "how far the regularisation reduces them",
    ),
    about={
        "scores and laws": (
            "simulation-scalar",
            "simulation-vector",
        ),
        "bias": (
            "simulation-square",
            "simulation-probes",
        ),
        "variance": (
            "simulation-square",
            "simulation-probes",
        ),
        "risk": ("simulation-unseen",),
        "sampled law": (
            "simulation-window",
            "simulation-langevin",
            "simulation-ratio",
            "simulation-wells",
            "simulation-carried",
            "simulation-agree",
        ),
    },
)


def _variance(lam: float, t: float) -> float:
    return float(1 + (lam - 1) * np.exp(-2 * t))


def sampler(cell: Cell, *, exchanged: bool = False) -> float:
    """λ less the samples' variance; `exchanged`: flow for SDE, SDE for flow."""
    lam, tau, size = cell["lambda"], cell["tau"], cell["size"]
    if (cell["sampler"] == "flow") != exchanged:
        return float(-lam * np.expm1(-2 * tau * size))
    found = scipy.integrate.quad(
        lambda t: np.exp(-2 * t - 4 * size * t) / _variance(lam, t), 0, tau, epsabs=0, epsrel=1e-12
    )
    return float(4 * size * lam**2 * found[0])


def simulation(cell: Cell) -> float:
    """λ less the variance of the simulation: λ²ε/(1 + λε)."""
    lam, size = cell["lambda"], cell["size"]
    return float(lam**2 * size / (1 + lam * size))


def ratio(cell: Cell, share: float = 4.0) -> float:
    """λ/(4τ(1 + λε))."""
    return float(cell["lambda"] / (share * cell["tau"] * (1 + cell["lambda"] * cell["size"])))


def _normal(x: float, variance: float) -> float:
    return float(np.exp(-(x**2) / (2 * variance)) / np.sqrt(2 * np.pi * variance))


def unseen(cell: Cell, part: float = 0.5) -> float:
    """E φ'²; `part`: of b², the variance of the squared density."""
    a, b, kappa = cell["a"], cell["b"], cell["kappa"]
    return float(kappa**2 / (2 * b * np.sqrt(np.pi)) * _normal(a, 1 + part * b**2))


def right(cell: Cell) -> float:
    """Mass of the right well in the simulation."""
    return float(1 / (1 + np.exp(-cell["kappa"])))


def carried(cell: Cell, times: float = 1.0) -> float:
    """Mass that the flow carries over the step."""
    slope = cell["kappa"] / (cell["b"] * np.sqrt(2 * np.pi))
    return float(times * cell["tau"] * _normal(cell["a"], 1.0) * slope)


def _model(cell: Cell) -> tuple[float, float]:
    """u and ρ for u = 1/(1/v + ε)."""
    v = _variance(cell["lambda"], cell["t"])
    u = 1 / (1 / v + cell["size"])
    return u, 2 * u**2 / v**2 * (1 - v) - 2 * (1 - u)


def scalar(cell: Cell, *, rate: bool = True) -> float:
    """E_q R² for log q + c, c = κ sin 3t; `rate`: with c', else with c."""
    u, rho = _model(cell)
    t, kappa = cell["t"], cell["kappa"]
    c = 3 * kappa * np.cos(3 * t) if rate else kappa * np.sin(3 * t)
    return float(cell["d"] * rho**2 / (2 * u**2) + c**2)


def vector(cell: Cell, *, gauge: bool = False) -> float:
    """E_q|∇R|²."""
    u, rho = _model(cell)
    seen = (3 * cell["kappa"] * np.cos(3 * cell["t"])) ** 2 if gauge else 0.0
    return float(cell["d"] * rho**2 / u**3 + seen)


def squared(cell: Cell, *, symmetric: bool = True, other: bool = False) -> float:
    """E R̂² with n probes, or of the product of two residuals."""
    J, half, rest = np.array(cell["jacobian"]), cell["g"] ** 2 / 2, cell["rest"]
    used = (J + J.T) / 2 if symmetric else J
    spread = 2 * float((used**2).sum())
    if (cell["probe"] == "rademacher") != other:
        spread -= 2 * float((np.diag(used) ** 2).sum())
    left = 0.0 if cell["way"] == "product" else 1 / cell["probes"]
    return float((rest + half * np.trace(J)) ** 2 + left * half**2 * spread)


_STUDY = "evidence-simulation"
_SOURCE = "scoremd_2025, abstract, statement unread; bounds/papers/scoremd_2025.py, derived"
_SETTING = "Data N(0, λ) on the line, score −(1/v + ε) x at t < τ and exact above"
CLAIMS: tuple[Claim, ...] = (
    Claim(
        name="simulation-window",
        statement="An error ε of the score at t < τ lowers the flow's variance by λ (1 − e^{−2τε}) "
        "and the SDE's by 4ελ² ∫_0^τ e^{−2t − 4εt}/v dt: 2λτε and 4λτε to leading order.",
        assumptions=f"{_SETTING}; λ = 0.7 and 2, ε = 0.2 and −0.1, τ = 0.001 … 1.",
        source=_SOURCE,
        origin="derived",
        kind="identity",
        measurement=f"{_STUDY}:window",
        formula=sampler,
        decoy=lambda c: sampler(c, exchanged=True),
        decoy_note="the flow's for the SDE's, and the other way round",
        tolerance=1e-6,
        why="z' = 2 (1 − A) z; (w − v)' = 2 (1 − 2A)(w − v) − 4εv.",
        uses=("odesde-flow", "odesde-forgets"),
    ),
    Claim(
        name="simulation-langevin",
        statement="Langevin's simulation with the force s(0, x) has a variance lower by "
        "λ²ε/(1 + λε), whatever τ.",
        assumptions=f"{_SETTING}; λ = 0.7 and 2, ε = 0.2 and −0.1; run for a time of 40.",
        source=_SOURCE,
        origin="derived",
        kind="identity",
        measurement=f"{_STUDY}:langevin",
        formula=simulation,
        decoy=lambda c: c["lambda"] ** 2 * c["size"],
        decoy_note="λ²ε, first order",
        tolerance=1e-7,
        why="It rests at 1/(1/λ + ε).",
    ),
    Claim(
        name="simulation-ratio",
        statement="As τ → 0 the simulation's variance errs λ/(4τ) · 1/(1 + λε) times as much as "
        "that of the SDE's samples.",
        assumptions=f"{_SETTING}; λ = 0.7 and 2, ε = 0.2 and −0.1, τ = 0.001 … 0.01; 3 % for "
        "higher orders in τ.",
        source=_SOURCE,
        origin="derived",
        kind="identity",
        measurement=f"{_STUDY}:ratio",
        formula=ratio,
        decoy=lambda c: c["lambda"] / (4 * c["tau"]),
        decoy_note="λ/(4τ), first order in ε",
        tolerance=0.03,
        description=True,
        why="λ²ε/(1 + λε) over 4λτε.",
        uses=("simulation-window", "simulation-langevin"),
    ),
    Claim(
        name="simulation-unseen",
        statement="A step κ Φ(x/b) of the log density between the wells ½ N(±a, 1) costs the score "
        "the mean square κ²/(2b√π) N(a; 0, 1 + b²/2).",
        assumptions="a = 3, 4, 5, b = 1 and 0.5, κ = 0.5 … 3, at t = 0.",
        source=_SOURCE,
        origin="derived",
        kind="identity",
        measurement=f"{_STUDY}:unseen",
        formula=unseen,
        decoy=lambda c: unseen(c, part=1.0),
        decoy_note="1 + b²: the density for its square",
        tolerance=1e-8,
        why="The square of a normal density is one of half the variance; two of them convolve.",
    ),
    Claim(
        name="simulation-wells",
        statement="Langevin's simulation with that step rests in the right well with probability "
        "1/(1 + e^{−κ}), where the data have ½.",
        assumptions="a = 4 and 5, b = 1 and 0.5, κ = 0.5 … 3; 0.1 % for data near the step.",
        source=_SOURCE,
        origin="derived",
        kind="identity",
        measurement=f"{_STUDY}:wells",
        formula=right,
        decoy=lambda c: 0.5 + c["kappa"] / 4,
        decoy_note="½ + κ/4, first order",
        tolerance=1e-3,
        why="It rests at p e^φ, and φ is 0 on the left and κ on the right.",
        uses=("simulation-unseen",),
    ),
    Claim(
        name="simulation-carried",
        statement="If that step is there at t < τ alone, the flow carries the mass κ p(0) τ/(b√2π) "
        "over it: to leading order in τ.",
        assumptions="a = 3, 4, 5, b = 1 and 0.5, κ = 0.5 … 3, τ = 0.0003 and 0.001; 3 % for higher "
        "orders.",
        source=_SOURCE,
        origin="derived",
        kind="identity",
        measurement=f"{_STUDY}:carried",
        formula=carried,
        decoy=lambda c: carried(c, times=2.0),
        decoy_note="twice as much, as the SDE uses the score twice",
        tolerance=0.03,
        why="What passes 0 in the time τ at the speed φ'(0).",
    ),
    Claim(
        name="simulation-scalar",
        statement="The scalar residual of log q + c(t), q = N(0, u I), has E_q R² = dρ²/(2u²) + "
        "c'², ρ = ∂_t u − 2 (1 − u).",
        assumptions="u = 1/(1/v + ε), c = κ sin 3t; d = 1 and 2.",
        source=_SOURCE,
        origin="derived",
        kind="identity",
        measurement=f"{_STUDY}:scalar",
        formula=scalar,
        decoy=lambda c: scalar(c, rate=False),
        decoy_note="c² for c'²",
        tolerance=1e-6,
        why="R becomes R + c', and E_q R = 0 without it.",
        uses=("odesde-residual",),
    ),
    Claim(
        name="simulation-vector",
        statement="The vector residual of log q + c(t) has E_q|∇R|² = dρ²/u³ for every c: what the "
        "scalar one has more is felt neither by samples nor by forces.",
        assumptions="u = 1/(1/v + ε), c = κ sin 3t; d = 1 and 2.",
        source=_SOURCE,
        origin="derived",
        kind="identity",
        measurement=f"{_STUDY}:vector",
        formula=vector,
        decoy=lambda c: vector(c, gauge=True),
        decoy_note="with c'² as in the scalar one",
        tolerance=1e-6,
        why="∇R = ρ x/u², and c' has no gradient.",
        uses=("simulation-scalar",),
    ),
    Claim(
        name="simulation-agree",
        statement="At u = v + δ e^{−2t}, where both residuals are 0, flow, SDE and Langevin return "
        "the same variance, λ + δ.",
        assumptions="λ = 0.7 and 2, δ = −0.2, 0.1 and 0.4; samplers started at u(T), T = 4.",
        source=_SOURCE,
        origin="derived",
        kind="identity",
        measurement=f"{_STUDY}:agree",
        formula=lambda c: c["lambda"] + c["delta"],
        decoy=lambda c: c["lambda"],
        decoy_note="λ: that consistent is correct",
        tolerance=1e-8,
        why="It is the exact model of data N(0, λ + δ).",
        uses=("odesde-blind",),
    ),
    Claim(
        name="simulation-square",
        statement="The square of a residual with n averaged probes νᵀJν has the mean R² + (g²/2)² "
        "Var(νᵀJν)/n, the variance 2 Σ_{i≠j} (J_s)_ij² for Rademacher and 2 ‖J_s‖² for Gaussian "
        "probes, J_s = (J + Jᵀ)/2; the product of two residuals has R².",
        assumptions="Three Jacobians, d = 2 and 3, one of them symmetric; n = 1 and 2.",
        source=_SOURCE,
        origin="derived",
        kind="identity",
        measurement=f"{_STUDY}:square",
        formula=squared,
        decoy=lambda c: squared(c, symmetric=False),
        decoy_note="J for J_s",
        tolerance=1e-9,
        why="νᵀJν = νᵀJ_sν; fourth moments of ν.",
    ),
    Claim(
        name="simulation-probes",
        statement="For one probe, symmetric or not, that mean is larger for Gaussian than for "
        "Rademacher probes, by (g²/2)² · 2 Σ J_ii².",
        assumptions="The same three Jacobians.",
        source=_SOURCE,
        origin="derived",
        kind="identity",
        measurement=f"{_STUDY}:probes",
        formula=lambda c: c["g"] ** 4 / 2 * float((np.diag(c["jacobian"]) ** 2).sum()),
        decoy=lambda c: 3 * c["g"] ** 4 / 4 * float((np.diag(c["jacobian"]) ** 2).sum()),
        decoy_note="3 for 2: E ν⁴ for Var ν²",
        tolerance=1e-9,
        why="Var ν_i² is 2 for a Gaussian and 0 for a sign.",
        uses=("simulation-square",),
    ),
)
