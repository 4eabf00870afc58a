r"""The mean-reverting process of MRS: a shifted and scaled process of the usual kind.

    dx = θ (μ − x) dt + g dW,   g² = 2 θ σ_∞²,

in the time ∫θ dt, written t again. Then y = (x − μ)/σ_∞ follows dy = −y dt + √2 dW, the variance
preserving process. With α = e^{−t} and σ² = σ_∞² (1 − α²),

    x_t = α x_0 + (1 − α) μ + σ z.

**One step.** DDIM in y is y' = (σ'/σ) y + (α' − α σ'/σ) ŷ_0. Multiplied by σ_∞ and shifted by μ,

    x' = (σ'/σ) x + (α' − α σ'/σ) x̂_0 + (1 − σ'/σ + α σ'/σ − α') μ.

**Flow.** Data N(m_0, v_0): x_t ~ N(m_t, v_t), m_t = μ + α (m_0 − μ), v_t = α² v_0 + σ². The
probability flow keeps (x_t − m_t)/√v_t. Started from N(μ, σ_∞²) in place of N(m_T, v_T) it ends
with the mean off by √(v_0/v_T) (μ − m_T), m_T − μ = e^{−T} (m_0 − μ).
"""

from functools import partial

import numpy as np

from bounds.claim import Cell, Claim


def _scales(t: float) -> tuple[float, float]:
    """α and σ/σ_∞."""
    return float(np.exp(-t)), float(np.sqrt(-np.expm1(-2 * t)))


def _denoised(cell: Cell, x: float) -> float:
    """E[x_0 | x_t = x] for two atoms."""
    alpha, noise = _scales(cell["t"])
    sigma = noise * cell["scale"]
    means = [alpha * a + (1 - alpha) * cell["mu"] for a in cell["atoms"]]
    logs = np.log(cell["weights"]) - (x - np.array(means)) ** 2 / (2 * sigma**2)
    shares = np.exp(logs - logs.max())
    return float(shares @ cell["atoms"] / shares.sum())


def ddim_in_y(cell: Cell) -> float:
    """μ + σ_∞ y', y' by DDIM."""
    (alpha, noise), (after, less) = (_scales(cell[k]) for k in ("t", "to"))
    y, known = (
        (one - cell["mu"]) / cell["scale"] for one in (cell["x"], _denoised(cell, cell["x"]))
    )
    noisy = (y - alpha * known) / noise
    return float(cell["mu"] + cell["scale"] * (after * known + less * noisy))


def _short(cell: Cell) -> float:
    """The decoy: with 1 − σ'/σ alone before μ."""
    (alpha, noise), (after, less) = (_scales(cell[k]) for k in ("t", "to"))
    known = _denoised(cell, cell["x"])
    ratio = less / noise
    return float(ratio * cell["x"] + (after - alpha * ratio) * known + (1 - ratio) * cell["mu"])


def _moments(cell: Cell, t: float) -> tuple[float, float]:
    """m_t and v_t."""
    alpha, noise = _scales(t)
    mean = cell["mu"] + alpha * (cell["mean"] - cell["mu"])
    return mean, alpha**2 * cell["variance"] + (noise * cell["scale"]) ** 2


def flow(cell: Cell, root: float = 0.5) -> float:
    """m_t + (v_t/v_T)^½ (x_T − m_T)."""
    (m, v), (m_T, v_T) = (_moments(cell, cell[k]) for k in ("to", "t"))
    return float(m + (v / v_T) ** root * (cell["x"] - m_T))


def _expected(cell: Cell) -> float:
    """The decoy: E[x_t | x_T]."""
    (m, v), (m_T, v_T) = (_moments(cell, cell[k]) for k in ("to", "t"))
    return float(m + np.exp(cell["to"] - cell["t"]) * v / v_T * (cell["x"] - m_T))


def start_error(cell: Cell, power: float = 1.0) -> float:
    """√(v_0/v_T) (μ − m_T)."""
    v_T = _moments(cell, cell["t"])[1]
    gap = (cell["mu"] - cell["mean"]) * np.exp(-power * cell["t"])
    return float(np.sqrt(cell["variance"] / v_T) * gap)


_STUDY = "evidence-dpm-solver-v3"
_derived = partial(
    Claim,
    origin="derived",
    source="zheng_2023_dpm_solver_v3, abstract of MRS, statement unread; "
    "bounds/papers/zheng_2023_dpm_solver_v3/mean_reverting.py, derived",
    kind="identity",
)
_GAUSSIAN = "Data N(2, ¼), μ = −1, σ_∞ = 0.7"
CLAIMS: tuple[Claim, ...] = (
    _derived(
        name="mrs-step",
        statement="The first-order step of MRS, x' = (σ'/σ) x + (α' − α σ'/σ) x̂_0 + (1 − σ'/σ + α "
        "σ'/σ − α') μ, is DDIM in y = (x − μ)/σ_∞.",
        assumptions="Two atoms as data, μ = 0.5, σ_∞ = 0.7; three steps from two places each.",
        measurement=f"{_STUDY}:mrs-step",
        formula=ddim_in_y,
        decoy=_short,
        decoy_note="(1 − σ'/σ) μ: the terms of x̂_0's own shift forgotten",
        tolerance=1e-12,
        why="The process is the usual one in y.",
    ),
    _derived(
        name="mrs-flow",
        statement="On Gaussian data the probability flow of the mean-reverting process is x_t = "
        "m_t + √(v_t/v_T) (x_T − m_T).",
        assumptions=f"{_GAUSSIAN}; from 1.5 down to 0.5 and 0.05, from three places.",
        measurement=f"{_STUDY}:mrs-flow",
        formula=flow,
        decoy=_expected,
        decoy_note="E[x_t | x_T]",
        tolerance=1e-9,
        why="In one dimension the flow keeps quantiles.",
    ),
    _derived(
        name="mrs-start-error",
        statement="Started from N(μ, σ_∞²) the flow ends with its mean off by √(v_0/v_T) (μ − "
        "m_T), m_T − μ = e^{−T} (m_0 − μ).",
        assumptions=f"{_GAUSSIAN}; T = 1, 2, 4.",
        measurement=f"{_STUDY}:mrs-start",
        formula=start_error,
        decoy=lambda c: start_error(c, 2.0),
        decoy_note="e^{−2T} for e^{−T}, the order at which the variance forgets",
        tolerance=1e-9,
        why="The flow carries μ − m_T with the factor √(v_0/v_T).",
        uses=("mrs-flow",),
    ),
)
