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
from functools import partial

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


_LINE = (
    "Two Gaussians on the line, exact denoiser and start, log σ from 3 to −3; W2; N = 30, 60, 120 "
    "even steps in log σ, the first states of a multistep solver exact."
)
_PLANE = (
    "Gaussian data, eigenvalues 4 and ¼, exact denoiser and start, log σ from 3 to −3; W2; N = {} "
    "even steps in log σ."
)
_FEW = (
    "Two Gaussians on the line, and a Gaussian in the plane (eigenvalues 4 and ¼, rotated by 45°); "
    "exact denoiser and start, log σ from 3 to −3; eight solvers of the flow and two with noise, 4 "
    "to 96 answers."
)
_derived = partial(
    Claim,
    origin="derived",
    source="theory.md, Orders of fast samplers; "
    "bounds/papers/zheng_2023_dpm_solver_v3/orders.py, derived",
)


def _order(
    name: str,
    statement: str,
    order: float,
    wrong: float,
    decoy_note: str,
    why: str,
    assumptions: str = _LINE,
    tolerance: float = 0.12,
    uses: tuple[str, ...] = (),
) -> Claim:
    """A sampler's W2 falls like N to the −order."""
    return _derived(
        name=name,
        statement=statement,
        assumptions=assumptions,
        kind="rate",
        measurement=f"samplers:{name}",
        formula=_power(order),
        decoy=_power(wrong),
        decoy_note=decoy_note,
        tolerance=tolerance,
        why=why,
        uses=uses,
    )


CLAIMS: tuple[Claim, ...] = (
    _order(
        name="euler-order",
        statement="Euler's method in the time of the process has order 1.",
        order=1.0,
        wrong=2.0,
        decoy_note="N^{−2}, the order of KL",
        why="The local error is of order h².",
    ),
    _order(
        name="frozen-score-order",
        statement="The exponential integrator with a frozen score has order 1.",
        order=1.0,
        wrong=2.0,
        decoy_note="N^{−2}, the order of KL",
        why="The local error is of order h².",
    ),
    _order(
        name="ddim-order",
        statement="DDIM, D frozen in each step, has order 1.",
        order=1.0,
        wrong=2.0,
        decoy_note="N^{−2}, the order of KL",
        why="The local error is h² D'/2.",
    ),
    _order(
        name="heun-order",
        statement="Heun's method in σ has order 2, at two answers a step.",
        order=2.0,
        wrong=3.0,
        decoy_note="N^{−3}, its local error",
        why="The local error is of order h³.",
    ),
    _order(
        name="2m-order",
        statement="DPM-Solver++(2M) has order 2, at one answer a step.",
        order=2.0,
        wrong=3.0,
        decoy_note="N^{−3}, its local error",
        why="The slope is taken at the middle of the last step.",
    ),
    _order(
        name="3m-published-order",
        statement="The multistep third-order update as public code has it has order 2.",
        order=2.0,
        wrong=3.0,
        decoy_note="N^{−3}, as its name says",
        why="φ_3 multiplies h² D''/2 where the expansion has h² D''.",
    ),
    _order(
        name="3m-order",
        statement="With 2 φ_3 D2 for φ_3 D2 the same update has order 3.",
        order=3.0,
        wrong=2.0,
        decoy_note="N^{−2}, as published",
        why="All of the parabola is integrated.",
        uses=("3m-published-order",),
    ),
    _order(
        name="3m-own-start-order",
        statement="Left to make its first states itself, the repaired third order has order 2.",
        order=2.0,
        wrong=3.0,
        decoy_note="N^{−3}, as with exact first states",
        assumptions=_PLANE.format("100, 200, 400"),
        why="Its first step has one answer, and an error of order h² that stays.",
        uses=("3m-order",),
    ),
    _derived(
        name="3m-published-over-2m",
        statement="Its W2 is a fifth of that of 2M of the Taylor type, as N → ∞.",
        assumptions=f"{_LINE} At N = 120, to 10 % of it.",
        kind="identity",
        measurement="samplers:published-over-2m",
        formula=lambda c: 1 / 5,
        decoy=lambda c: 1 / 3,
        decoy_note="1/3: the curvature that 2M lacks forgotten",
        tolerance=0.1,
        why="h³ D''/12 is left out in each step, and 5 h³ D''/12 by 2M.",
        uses=("3m-published-order",),
    ),
    _order(
        name="v3-one-order",
        statement="DPM-Solver-v3's predictor of one answer has order 1.",
        order=1.0,
        wrong=2.0,
        decoy_note="N^{−2}",
        why="g is frozen in each step.",
    ),
    _order(
        name="v3-two-order",
        statement="DPM-Solver-v3's predictor of two answers has order 2.",
        order=2.0,
        wrong=3.0,
        decoy_note="N^{−3}",
        why="g is linear in each step.",
    ),
    _order(
        name="v3-three-order",
        statement="DPM-Solver-v3's predictor of three answers has order 3.",
        order=3.0,
        wrong=2.0,
        decoy_note="N^{−2}, as the multistep third order that was published before",
        tolerance=0.2,
        why="g is a parabola in each step, with its second derivative whole.",
    ),
    _order(
        name="ancestral-order",
        statement="Ancestral sampling (DDPM) has order 1, and no floor.",
        order=1.0,
        wrong=0.5,
        decoy_note="N^{−1/2}, the strong order of Euler and Maruyama's method",
        assumptions=_PLANE.format("200, 400, 800"),
        why="A step has the right mean and lacks a variance of order h².",
    ),
    _order(
        name="churn-order",
        statement="EDM's stochastic sampler with γ = S_churn/N below its cap has order 2.",
        order=2.0,
        wrong=1.0,
        decoy_note="N^{−1}, as with γ fixed",
        assumptions=_PLANE.format("200, 400, 800") + " S_churn = 10.",
        why="The noise is exact, and Heun's error in each step of order h³.",
    ),
    _order(
        name="churn-capped-order",
        statement="With γ at its cap √2 − 1 in every step it has order 1.",
        order=1.0,
        wrong=2.0,
        decoy_note="N^{−2}, as without noise",
        assumptions=_PLANE.format("50, 100, 200"),
        tolerance=0.15,
        why="What is not forgotten are the levels with σ² of order 1/N; so is their error.",
        uses=("churn-order",),
    ),
    _derived(
        name="churn-floor",
        statement="As N → ∞ with γ fixed, the deviation at the end is off by √v_∞ − √(v + σ²), v_∞ "
        "= M² σ² (2γ + γ²)/(1 − M²).",
        assumptions="Data N(0, v), v = 1, ¼, 0.05, down to σ = 0.5; γ = √2 − 1, 0.2. From the "
        "exact law at 4 σ; N → ∞ by extrapolation from 80, 160, 320 steps, to 2 %.",
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
        name="w2-above-moments",
        statement="W2 is at least √Σ gaps²: of the means and the deviations on the line, of the "
        "deviations along the axes of the target in the plane.",
        assumptions=_FEW,
        source="theory.md, W2 and the moments",
        origin="derived",
        kind="lower",
        measurement="samplers:w2",
        formula=moments_part,
        decoy=lambda c: moments_part(c, 1.0),
        decoy_note="Σ gaps",
        tolerance=1e-6,
        why="Gelbrich's bound on each axis, and W2² is at least the sum of its projections'.",
    ),
    _derived(
        name="v3-rank",
        statement="DPM-Solver-v3 of third order is the best of eight solvers on the rotated "
        "Gaussian, and the third on the two Gaussians.",
        assumptions=f"{_FEW} At 8 answers, among the solvers of the flow. The cells were chosen "
        "after looking.",
        kind="identity",
        measurement="samplers:v3-rank",
        formula=lambda c: {"gaussian": 1.0, "mixture": 3.0}[c["target"]],
        decoy=lambda c: 1.0,
        decoy_note="first on both",
        tolerance=1e-9,
        description=True,
        why="Its coefficients are exact for linear denoisers along the axes.",
    ),
    _derived(
        name="3m-published-first",
        statement="With few answers the third-order update as published is the best of the eight "
        "solvers of the flow on the two Gaussians, before the repaired one.",
        assumptions=f"{_FEW} At 12 and 16 answers. The cells were chosen after looking.",
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
