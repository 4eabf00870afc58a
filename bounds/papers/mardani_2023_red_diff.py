r"""Mardani and others 2023, RED-diff: what a sum of denoisers regularises, for Gaussian data.

The derivations stand in theory.md, "Denoisers as a regulariser". With x_t = e_t μ + σ_t ε and the
true noise prediction ε_θ = −σ_t s(t, ·), the mean of ε_θ(x_t) − ε is (σ_t/e_t) ∇_μ KL(q_t‖p_t),
where q_t = N(e_t μ, σ_t² I). With weights ω'(t) on the KL and data N(0, Σ) they make ½ μᵀPμ,

    P = ∫ω' e_t² V_t^{-1} dt,   and for ω' = e^{−t/τ}/τ, b = 1/(2τ), in a direction of variance λ

    P = b/(b + 1) ₂F₁(1, b + 1; b + 2; 1 − λ),   λP ≤ 1.

The weight .25 σ_t/e_t on ε_θ − ε, at evenly spread levels, gives P = .25 mean σ_t²/(e_t² λ + σ_t²).
"""

import numpy as np
from scipy.special import hyp2f1

from bounds.check import Array
from bounds.claim import Cell, Claim, Paper

PAPER = Paper(
    stem="mardani_2023_red_diff",
    title="A Variational Perspective on Solving Inverse Problems with Diffusion Models",
    authors=("Mardani", "Song", "Kautz", "Vahdat"),
    venue="arXiv 2023",
    link="https://arxiv.org/abs/2305.04391",
    have="the abstract; every formula here is derived by us, and their statements are unread",
    unknown=(
        "abstract read; statements unread: the variational family and how its covariance is set",
        "the weighting by the signal-to-noise ratio, as the text has it",
        "the restoration tasks and their settings",
    ),
    about={
        "scores and laws": ("red-gradient", "red-precision"),
        "bias": (
            "red-precision",
            "red-fixed-point",
            "red-default",
            "red-bounded",
            "red-implied-*",
            "red-isotropic",
        ),
        "variance": ("red-isotropic", "red-noise"),
        "optimisation": ("red-gradient", "red-fixed-*", "red-default"),
    },
)

LEVELS = np.cumprod(1 - np.linspace(1e-4, 0.02, 1000))
"""e_t² at a thousand levels of the linear schedule."""


def prediction(cell: Cell) -> tuple[Array, Array, Array, Array]:
    """ε_θ at the nodes of ε, its slope there, the nodes and their weights; mixtures on the line."""
    keep, noise = np.exp(-cell["t"]), -np.expm1(-2 * cell["t"])
    nodes, chances = np.polynomial.hermite_e.hermegauss(80)
    x = keep * cell["mu"] + np.sqrt(noise) * nodes
    v = keep**2 * np.array(cell["variances"]) + noise
    off = x[:, None] - keep * np.array(cell["means"])
    log = np.log(np.array(cell["weights"])) - off**2 / (2 * v) - np.log(v) / 2
    share = np.exp(log - log.max(1, keepdims=True))
    share /= share.sum(1, keepdims=True)
    pulls = -off / v
    score = (share * pulls).sum(1)
    slope = (share * (pulls**2 - 1 / v)).sum(1) - score**2
    root = np.sqrt(noise)
    return -root * score, -root * slope, nodes, chances / chances.sum()


def direction(cell: Cell, *, through: bool = False) -> float:
    """E[ε_θ(x_t) − ε]; `through` the network: e_t E[ε_θ'(x_t)(ε_θ − ε)]."""
    found, slope, nodes, chances = prediction(cell)
    if through:
        return float(np.exp(-cell["t"]) * chances @ (slope * (found - nodes)))
    return float(chances @ found)


def precision(lam: float, tau: float) -> float:
    """P in a direction of variance λ, for ω' = e^{−t/τ}/τ."""
    b = 1 / (2 * tau)
    return float(b / (b + 1) * hyp2f1(1, b + 1, b + 2, 1 - lam))


def fixed_point(cell: Cell, *, exact: bool = False) -> float:
    """An entry of (HᵀH/σ_y² + P)^{-1} Hᵀy/σ_y²; `exact` with Σ^{-1} for P."""
    H, values = np.array(cell["H"]), np.array(cell["eigenvalues"])
    cosine, sine = np.cos(cell["angle"]), np.sin(cell["angle"])
    basis = np.array([[cosine, -sine], [sine, cosine]])
    own = 1 / values if exact else np.array([precision(v, cell["tau"]) for v in values])
    matrix = H.T @ H / cell["sy2"] + basis @ np.diag(own) @ basis.T
    return float(np.linalg.solve(matrix, H.T @ np.array(cell["y"]) / cell["sy2"])[cell["i"]])


def default_precision(lam: float) -> float:
    """P = .25 mean σ_t²/(e_t² λ + σ_t²)."""
    return float(0.25 * np.mean((1 - LEVELS) / (LEVELS * lam + 1 - LEVELS)))


def narrowest(cell: Cell) -> float:
    """d/tr C^{-1}, the variance of the best isotropic q in KL(q‖N(m, C))."""
    return float(len(cell["eigenvalues"]) / np.sum(1 / np.array(cell["eigenvalues"])))


def gradient_noise(cell: Cell, power: float = 2.0) -> float:
    """tr (I − σ_t² V_t^{-1})²; to the first power the loss of training."""
    keep, noise = np.exp(-2 * cell["t"]), -np.expm1(-2 * cell["t"])
    left = 1 - noise / (keep * np.array(cell["eigenvalues"]) + noise)
    return float(np.sum(left**power))


_STUDY = "evidence-red-diff"
_SOURCE = "theory.md, Denoisers as a regulariser; mardani_2023_red_diff, abstract, statement unread"
_LEVELS = "Gaussian data, exact noise prediction, a thousand levels of the linear schedule"
CLAIMS: tuple[Claim, ...] = (
    Claim(
        name="red-gradient",
        statement="E[ε_θ(x_t) − ε] = (σ_t/e_t) ∇_μ KL(q_t‖p_t): what a denoiser misses, without "
        "any derivative of the network, is an exact gradient.",
        assumptions="Exact noise prediction, x_t = e_t μ + σ_t ε; measured on the line for one and "
        "two Gaussians, three t, two μ.",
        source=_SOURCE,
        origin="derived",
        kind="identity",
        measurement=f"{_STUDY}:gradient",
        formula=direction,
        decoy=lambda c: direction(c, through=True),
        decoy_note="the derivative of ½E|ε_θ − ε|², through the network",
        tolerance=1e-6,
        scale=0.1,
        why="∇_μ KL(q_t‖p_t) = −e_t E s(t, x_t): q_t only moves, its entropy stays.",
    ),
    Claim(
        name="red-precision",
        statement="For data N(0, λ) and weights ω' = e^{−t/τ}/τ on KL(q_t‖p_t) the regulariser "
        "has λP = λ b/(b + 1) ₂F₁(1, b + 1; b + 2; 1 − λ) of the prior's precision, b = 1/(2τ): "
        "never more than all of it, and least in narrow directions.",
        assumptions="Exact noise prediction; τ = 0.02, 0.1, 0.5, λ = 0.01 … 10.",
        source=_SOURCE,
        origin="derived",
        kind="identity",
        measurement=f"{_STUDY}:share",
        formula=lambda c: c["lambda"] * precision(c["lambda"], c["tau"]),
        decoy=lambda c: c["lambda"] / (c["lambda"] + np.expm1(2 * c["tau"])),
        decoy_note="all of the weight at the mean time t = τ",
        tolerance=1e-7,
        why="∫_0^1 b z^b/(1 − (1 − λ)z) dz, z = e^{−2t}; and λz ≤ 1 − z + λz.",
        uses=("red-gradient",),
    ),
    Claim(
        name="red-fixed-point",
        statement="The minimiser is (HᵀH/σ_y² + P)^{-1}Hᵀy/σ_y² with P = ∫ω' e_t² V_t^{-1} dt, and "
        "not the posterior's mean, which has Σ^{-1} for P.",
        assumptions="Data N(0, Σ) in the plane, one linear measurement and two; ω' = e^{−t/τ}/τ.",
        source=_SOURCE,
        origin="derived",
        kind="identity",
        measurement=f"{_STUDY}:minimiser",
        formula=fixed_point,
        decoy=lambda c: fixed_point(c, exact=True),
        decoy_note="the posterior's mean",
        tolerance=1e-7,
        scale=0.1,
        why="The objective is quadratic in μ.",
        uses=("red-precision",),
    ),
    Claim(
        name="red-default",
        statement="The weight .25 σ_t/e_t on ε_θ − ε makes a regulariser of precision "
        "P = .25 mean_t σ_t²/(e_t² λ + σ_t²).",
        assumptions=f"{_LEVELS}, λ = 0.001 … 100.",
        source="theory.md, Denoisers as a regulariser; bounds/papers/mardani_2023_red_diff.py, "
        "derived",
        origin="derived",
        kind="identity",
        measurement=f"{_STUDY}:default",
        formula=lambda c: default_precision(c["lambda"]),
        decoy=lambda c: min(0.25, 1 / c["lambda"]),
        decoy_note="the prior's 1/λ, cut at .25",
        tolerance=1e-8,
        why="(σ_t/e_t) · σ_t e_t/(e_t² λ + σ_t²).",
        uses=("red-gradient",),
    ),
    Claim(
        name="red-bounded",
        statement="That precision is at most .25 for every λ, where the prior's 1/λ has no limit.",
        assumptions=f"{_LEVELS}, λ = 0.001 … 100.",
        source="theory.md, Denoisers as a regulariser; bounds/papers/mardani_2023_red_diff.py, "
        "derived",
        origin="derived",
        kind="upper",
        measurement=f"{_STUDY}:default",
        formula=lambda c: 0.25,
        decoy=lambda c: default_precision(1.0),
        decoy_note="at most that of white data",
        tolerance=1e-9,
        why="Each σ_t²/(e_t² λ + σ_t²) ≤ 1.",
        uses=("red-default",),
    ),
    Claim(
        name="red-implied-noise",
        statement="In a direction of variance λ its minimiser is the posterior's mean for one "
        "noise of the measurement alone, σ_y² = λP(λ), which differs from direction to direction.",
        assumptions=f"{_LEVELS}, H = I and the misfit ½|y − μ|²; λ = 0.001 … 100.",
        source="theory.md, Denoisers as a regulariser; bounds/papers/mardani_2023_red_diff.py, "
        "derived",
        origin="derived",
        kind="identity",
        measurement=f"{_STUDY}:implied",
        formula=lambda c: c["lambda"] * default_precision(c["lambda"]),
        decoy=lambda c: default_precision(1.0),
        decoy_note="that of λ = 1 for all",
        tolerance=1e-7,
        why="1/(1 + P) = λ/(λ + σ_y²).",
        uses=("red-default",),
    ),
    Claim(
        name="red-isotropic",
        statement="The best q = N(μ, s²I) in KL(q‖posterior) has s² = d/tr C^{-1}, the harmonic "
        "mean of the posterior's variances.",
        assumptions="A Gaussian posterior N(m, C); three C in two to four dimensions.",
        source=_SOURCE,
        origin="derived",
        kind="identity",
        measurement=f"{_STUDY}:isotropic",
        formula=narrowest,
        decoy=lambda c: float(np.mean(c["eigenvalues"])),
        decoy_note="tr C/d, their mean",
        tolerance=1e-6,
        why="2KL = s² tr C^{-1} − d log s² + const.",
    ),
    Claim(
        name="red-noise",
        statement="One draw of ε_θ(x_t) − ε has the variance tr (I − σ_t² V_t^{-1})² about its "
        "mean.",
        assumptions="Data N(0, Σ) in three dimensions, t = 0.05, 0.3, 1; 2000 draws a replicate.",
        source=_SOURCE,
        origin="derived",
        kind="tight",
        measurement=f"{_STUDY}:noise",
        formula=gradient_noise,
        decoy=lambda c: gradient_noise(c, 1.0),
        decoy_note="tr (I − σ_t² V_t^{-1}), the loss in training, where x_0 varies as well",
        why="ε_θ(x_t) − ε = σ_t e_t V_t^{-1} μ + (σ_t² V_t^{-1} − I) ε.",
    ),
)
