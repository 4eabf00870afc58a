r"""Orders of fast samplers, and what noise in every step costs.

**Multistep.** x' = e^{−h} x + ∫_0^h e^{u−h} D(λ + u) du. With even steps the parabola through three
answers has at u = 0 the slope D' + O(h²) and the second derivative D'' + O(h), and D'' enters with
m_2 = ∫ e^{u−h} u²/2 du ≈ h³/6. Public code of a multistep third order has

    D1 = D1_0 + r_0/(r_0 + r_1) (D1_0 − D1_1),   D2 = (D1_0 − D1_1)/(r_0 + r_1),

and ends with ∓ φ_3 D2 (LuChengTHU/dpm-solver@52bc3fb, dpm_solver_pytorch.py, in
multistep_dpm_solver_third_update, both branches, as we read it; public code of MRS that we read has
the same lines). h² φ-weights want h² D'', and D2 is h² D''/2: half of the curvature is left out,
h³ D''/12 in each step, and the order is 2. The single-step Taylor variant in the same file has the
factor 2. 2M of the Taylor type leaves out h³ D''/4 by its slope, taken at the middle of the last
step, and h³ D''/6 by having no curvature, 5 h³ D''/12 in all: five times as much. The first step
of a multistep solver has no history and is DDIM's: h² D'/2 is left out there, once, and stays.

**Churn.** EDM's stochastic sampler raises σ to (1 + γ) σ by noise and steps down by Heun's method
over H = h + log(1 + γ). With γ = S_churn/N the added noise is exact and Heun's error of order H³ in
each of N steps: order 2. With γ fixed, as where its cap √2 − 1 binds, it is not. On data N(0, v)
the law goes to the fixed point of noise and Heun's step M on one level,

    v_∞ = M² σ² (2γ + γ²)/(1 − M²),   M = 1 − ½ γ σ (a + b (1 − γ σ a)),

a = (1 + γ) σ/(v + (1 + γ)² σ²), b = σ/(v + σ²). For σ² ≪ v it is γ² (4 + γ)/(8 + 4γ) σ² above v +
σ², and a step forgets the share γ (2 + γ) σ²/v of the past. N steps so forget all but the levels
with σ² of order v/(γN), whose error is of that order: 1/N, down to a floor, v_∞ on the last level.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from bounds.check import not_negative, positive
from bounds.claim import Cell, Claim


def fixed_point(cell: Cell, corrected: float = 1.0) -> float:
    """√v_∞ − √(v + σ²), M by Heun's step, or by Euler's where `corrected` is 0."""
    v, sigma, gamma = positive("v", cell["v"]), positive("last", cell["last"]), cell["gamma"]
    high = (1 + positive("gamma", gamma)) * sigma
    a, b = high / (v + high**2), sigma / (v + sigma**2)
    ahead = 1 + (sigma - high) * a
    second = b * ahead if corrected else a
    M = 1 + (sigma - high) / 2 * (a + second)
    spread = M**2 * sigma**2 * (2 * gamma + gamma**2) / (1 - M**2)
    return float(np.sqrt(spread) - np.sqrt(v + sigma**2))


def moments_part(cell: Cell, power: float = 2.0) -> float:
    """√Σ gaps², or Σ gaps by a power of 1."""
    gaps = [not_negative("gaps", one) for one in cell["gaps"]]
    return float(np.linalg.norm(gaps, power))


def _power(order: float) -> Callable[[Cell], float]:
    return lambda cell: float(cell["x"] ** -order)


def _sampler(
    name: str, order: float, wrong: float, note: str, tolerance: float, statement: str, **more: Any
) -> Claim:
    """A claim that a sampler has an order."""
    return Claim(
        **{**_COMMON, **more},
        name=f"{name}-order",
        statement=statement,
        kind="rate",
        measurement=f"samplers:order-{name}",
        formula=_power(order),
        decoy=_power(wrong),
        decoy_note=note,
        tolerance=tolerance,
    )


_COMMON: dict[str, Any] = {
    "origin": "derived",
    "source": "theory.md, Orders of fast samplers; "
    "bounds/papers/zheng_2023_dpm_solver_v3/orders.py, derived",
    "assumptions": "Two Gaussians on the line, exact denoiser and start, log σ from 3 to −3; W2; N "
    "= 30, 60, 120 even steps in log σ, the first states of a multistep solver exact.",
}
_PLANE: dict[str, Any] = {
    "assumptions": "Gaussian data, eigenvalues 4 and ¼, exact score and start, log σ from 3 to −3; "
    "W2; N = 200, 400, 800 even steps in log σ.",
}
CLAIMS: tuple[Claim, ...] = (
    _sampler(
        *("euler", 1.0, 2.0, "N^{−2}, the order of KL", 0.12),
        "Euler's method in the time of the process has order 1.",
        why="The local error is of order h².",
    ),
    _sampler(
        *("frozen-score", 1.0, 2.0, "N^{−2}, the order of KL", 0.12),
        "The exponential integrator with a frozen score has order 1.",
        why="The local error is of order h².",
    ),
    _sampler(
        *("ddim", 1.0, 2.0, "N^{−2}, the order of KL", 0.12),
        "DDIM, D frozen in each step, has order 1.",
        why="The local error is h² D'/2.",
    ),
    _sampler(
        *("heun", 2.0, 1.0, "N^{−1}", 0.12),
        "Heun's method in σ has order 2, at two answers a step.",
        why="The local error is of order h³.",
    ),
    _sampler(
        *("2m", 2.0, 3.0, "N^{−3}, its local error", 0.12),
        "DPM-Solver++(2M) has order 2, at one answer a step.",
        why="The slope is taken at the middle of the last step.",
    ),
    _sampler(
        *("3m-published", 2.0, 3.0, "N^{−3}, as its name says", 0.12),
        "The multistep third-order update as public code has it has order 2.",
        why="φ_3 multiplies h² D''/2 where the expansion has h² D''.",
    ),
    _sampler(
        *("3m", 3.0, 2.0, "N^{−2}", 0.12),
        "With 2 φ_3 D2 for φ_3 D2 the same update has order 3.",
        why="All of the parabola is integrated.",
        uses=("3m-published-order",),
    ),
    _sampler(
        *("3m-own-start", 2.0, 3.0, "N^{−3}, as with exact first states", 0.12),
        "Left to make its first states itself, the repaired third order has order 2.",
        assumptions=_PLANE["assumptions"].replace("200, 400, 800", "100, 200, 400"),
        why="Its first step has one answer, and an error of order h² that stays.",
        uses=("3m-order",),
    ),
    Claim(
        **_COMMON,
        name="3m-published-over-2m",
        statement="Its W2 is a fifth of that of 2M of the Taylor type, as N → ∞.",
        kind="identity",
        measurement="samplers:published-over-2m",
        formula=lambda c: 1 / 5,
        decoy=lambda c: 1 / 3,
        decoy_note="1/3: the curvature that 2M lacks forgotten",
        tolerance=0.1,
        why="h³ D''/12 is left out in each step, and 5 h³ D''/12 by 2M.",
        uses=("3m-published-order",),
    ),
    _sampler(
        *("v3-one", 1.0, 2.0, "N^{−2}", 0.12),
        "DPM-Solver-v3's predictor of one answer has order 1.",
        why="g is frozen in each step.",
    ),
    _sampler(
        *("v3-two", 2.0, 3.0, "N^{−3}", 0.12),
        "DPM-Solver-v3's predictor of two answers has order 2.",
        why="g is linear in each step.",
    ),
    _sampler(
        *("v3-three", 3.0, 2.0, "N^{−2}", 0.2),
        "DPM-Solver-v3's predictor of three answers has order 3.",
        why="g is a parabola in each step, with its second derivative whole.",
    ),
    _sampler(
        *("ancestral", 1.0, 0.5, "N^{−1/2}, the strong order of Euler and Maruyama's method", 0.12),
        "Ancestral sampling (DDPM) has order 1, and no floor.",
        **_PLANE,
        why="A step has the right mean and lacks a variance of order h².",
    ),
    _sampler(
        *("churn", 2.0, 1.0, "N^{−1}", 0.12),
        "EDM's stochastic sampler with γ = S_churn/N below its cap has order 2.",
        **_PLANE,
        why="The noise is exact, and Heun's error in each step of order h³.",
    ),
    _sampler(
        *("churn-capped", 1.0, 2.0, "N^{−2}, as without noise", 0.15),
        "With γ at its cap √2 − 1 in every step it has order 1.",
        assumptions=_PLANE["assumptions"].replace("200, 400, 800", "50, 100, 200"),
        why="What is not forgotten are the levels with σ² of order 1/N; so is their error.",
        uses=("churn-order",),
    ),
    Claim(
        **{
            **_COMMON,
            "assumptions": "Data N(0, v), v = 1, ¼, 0.05, down to σ = 0.5; γ = √2 − 1, 0.2. "
            "From the exact law at 4 σ; N → ∞ by extrapolation from 80, 160, 320 steps, to 2 %.",
        },
        name="churn-floor",
        statement="As N → ∞ with γ fixed, the deviation at the end is off by √v_∞ − √(v + σ²), v_∞ "
        "= M² σ² (2γ + γ²)/(1 − M²).",
        kind="identity",
        measurement="samplers:floor",
        formula=fixed_point,
        decoy=lambda c: fixed_point(c, 0.0),
        decoy_note="with Euler's step for Heun's",
        tolerance=0.02,
        why="In the limit infinitely many steps are taken on each level.",
        uses=("churn-capped-order",),
    ),
    Claim(
        **{
            **_COMMON,
            "assumptions": "Two Gaussians on the line, and a Gaussian in the plane (eigenvalues 4 "
            "and ¼, rotated by 45°); exact denoiser and start, log σ from 3 to −3; eight solvers "
            "of the flow and two with noise, 4 to 96 answers.",
            "source": "theory.md, W2 and the moments",
        },
        name="w2-above-moments",
        statement="W2 is at least √Σ gaps²: of the means and the deviations on the line, of the "
        "deviations along the axes of the target in the plane.",
        kind="lower",
        measurement="samplers:w2",
        formula=moments_part,
        decoy=lambda c: moments_part(c, 1.0),
        decoy_note="Σ gaps",
        tolerance=1e-6,
        why="Gelbrich's bound on each axis, and W2² is at least the sum of its projections'.",
    ),
    Claim(
        **{
            **_COMMON,
            "assumptions": "As for w2-above-moments, at 8 answers; ranked among the eight solvers "
            "of the flow. The cells were chosen after looking.",
        },
        name="v3-rank",
        statement="DPM-Solver-v3 of third order is the best of eight solvers on the rotated "
        "Gaussian, and the third on the two Gaussians.",
        kind="identity",
        measurement="samplers:v3-rank",
        formula=lambda c: {"gaussian": 1.0, "mixture": 3.0}[c["target"]],
        decoy=lambda c: 1.0,
        decoy_note="first on both",
        tolerance=1e-9,
        description=True,
        why="Its coefficients are exact for linear denoisers along the axes.",
    ),
    Claim(
        **{
            **_COMMON,
            "assumptions": "Two Gaussians on the line, as for w2-above-moments, at 12 and 16 "
            "answers. The cells were chosen after looking.",
        },
        name="3m-published-first",
        statement="With few answers the third-order update as published is the best of the eight "
        "solvers of the flow on the two Gaussians, before the repaired one.",
        kind="identity",
        measurement="samplers:published-rank",
        formula=lambda c: 1.0,
        decoy=lambda c: 2.0,
        decoy_note="second, behind the repaired one, as by their orders",
        tolerance=1e-9,
        description=True,
        why="An order says nothing of few steps.",
        uses=("3m-published-order",),
    ),
)
