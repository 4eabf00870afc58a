r"""Horvat and Pfister 2024: gauge freedom of score models. What the abstract says, derived here.

An estimate of a Gaussian's score, s(t, x) = (−V_t^{-1} + E(t)) x, with an error E of any shape.
theory.md's process: v_i = e_t² λ_i + σ_t². The flow is dY = (Y + s) ds, the SDE dY = (Y + 2s) ds +
√2 dW, down from p_T. Under either the covariance P moves by E only through E P + P Eᵀ.

**The gauge.** R x moves no mass of N(0, V) iff R V + V Rᵀ = 0 iff R = V A with A antisymmetric. If
E(t) = κ V_t A the solution P = V_t stays one: samples are exact at every κ, while ∫E|E x|² dt grows
like κ². Not so if E is merely antisymmetric. In two dimensions, E = κ W J with W = diag(w_1, w_2)
and J = ((0, 1), (−1, 0)), to first order in κ, under the flow,

    P_12(0) = κ ∫ √(λ_1 λ_2/(v_1 v_2)) (w_1 v_2 − v_1 w_2) dt,

since E V + V Eᵀ has this entry and the flow carries x_i by √(λ_i/v_i).

**The split.** In L2(p) every E is S + R, S symmetric with S_ij = (E_ij v_j + E_ji v_i)/(v_i + v_j),
R of the gauge, ‖E‖² = ‖S‖² + ‖R‖² (bounds/fields.py).

**A gauge heals.** In y = V^{-1/2} x the gauge κ V J is the rotation κ √(v_1 v_2) J. Let E = a G(t)
+ κ V J, G symmetric, κ → ∞: the rotation keeps the whitened covariance at ρ I, and of G only the
trace is left, (log ρ)' = 2 a tr G/d. So the samples have the covariance λ_i exp((2/d) ∫ a tr G dt),
where without the gauge a diagonal G leaves λ_i exp(2 ∫ a G_ii dt).

**Its price.** An Euler step Y' = (I + h (F + κ V J)) Y, F = diag(f_i), f_i = 1 − 1/v_i, has the
determinant (1 + h f_1)(1 + h f_2) + h² κ² v_1 v_2. So the samples' log determinant exceeds that
without a gauge by exactly

    2 Σ_k log(1 + h² κ² v_1 v_2/((1 + h f_1)(1 + h f_2))),

to leading order 2 h κ² ∫v_1 v_2 dt: N steps over T cost κ² T/N ∫v_1 v_2 dt of each variance, and
half of it times (tr Σ)^{1/2} in W2. The gauge is free in continuous time alone.

**Dimension.** Data in a plane with noise of variance w: V = diag(1, 1, w). The score's Jacobian has
singular values (1/w, 1, 1), and the gap tells that two directions are along the data. A gauge in
the plane makes them (1/w, √(1 + κ²), √(1 + κ²)); from κ² > 1/w² − 1 on the gap stands on the other
side. Samples are as before.
"""

from collections.abc import Callable

import numpy as np
import scipy

from bounds.check import Array
from bounds.claim import Cell, Claim, Paper

PAPER = Paper(
    stem="horvat_2024",
    title="On gauge freedom, conservativity and intrinsic dimensionality estimation in diffusion "
    "models",
    authors=("Horvat", "Pfister"),
    venue="arXiv 2024",
    link="https://arxiv.org/abs/2402.03845",
    have="the abstract; every formula here is derived by us, and their statements are unread",
    unknown=(
        "abstract read; statements unread: the gauge condition as they write it, and what their "
        "three results assume",
        "how they infer the dimension of a data manifold, and on which data",
    ),
    about={
        "scores and laws": (
            "gauge-energy",
            "gauge-split",
            "gauge-dimension",
        ),
        "sampled law": (
            "gauge-keeps-*",
            "gauge-antisymmetric",
            "gauge-heals",
            "gauge-euler-*",
            "gauge-dimension",
        ),
        "dimension": ("gauge-dimension",),
        "discretisation": ("gauge-euler-*",),
    },
)


def _variances(cell: Cell, t: float) -> Array:
    """v_i(t) = 1 + (λ_i − 1) e^{−2t}."""
    return np.asarray(1 + (np.array(cell["eigenvalues"]) - 1) * np.exp(-2 * t))


def _integral(cell: Cell, of: Callable[[Array], float]) -> float:
    """∫_0^T of(v(t)) dt."""
    found = scipy.integrate.quad(
        lambda t: of(_variances(cell, t)), 0, cell["last"], epsabs=1e-12, epsrel=1e-12
    )
    return float(found[0])


def energy(cell: Cell) -> float:
    """∫ E|κ V J x|² dt = κ² ∫ v_1 v_2 (v_1 + v_2) dt."""
    return float(cell["kappa"] ** 2 * _integral(cell, lambda v: float(v.prod() * v.sum())))


def _energy_of_antisymmetric(cell: Cell) -> float:
    """The decoy: of κ J."""
    return float(cell["kappa"] ** 2 * _integral(cell, lambda v: float(v.sum())))


def response(cell: Cell) -> float:
    """∂P_12(0)/∂κ for E = κ V^a J."""

    def entry(v: Array) -> float:
        w = v ** cell["power"]
        return float((w[0] * v[1] - v[0] * w[1]) / np.sqrt(v.prod()))

    return float(np.sqrt(np.prod(cell["eigenvalues"]))) * _integral(cell, entry)


def _response_if_white(cell: Cell) -> float:
    """The decoy: the condition R + Rᵀ = 0, as for V = I."""

    def entry(v: Array) -> float:
        w = v ** cell["power"]
        return float((w[0] - w[1]) * v.mean() / np.sqrt(v.prod()))

    return float(np.sqrt(np.prod(cell["eigenvalues"]))) * _integral(cell, entry)


def felt(cell: Cell, steps: int = 400) -> float:
    """W2 from p_0 of the samples if (E + Eᵀ)/2 of E = κ V J were what counts: the decoy.

    By Runge and Kutta's rule on the covariance; W2² in two dimensions is tr P + tr Σ − 2 (tr PΣ + 2
    det^{1/2} PΣ)^{1/2}.
    """
    twice = 2.0 if cell["sampler"] == "sde" else 1.0
    noise = 2.0 * np.eye(2) if cell["sampler"] == "sde" else 0.0
    turn = np.array([[0.0, 1.0], [-1.0, 0.0]])
    h = cell["last"] / steps

    def rate(s: float, P: Array) -> Array:
        v = _variances(cell, cell["last"] - s)
        E = cell["kappa"] * np.diag(v) @ turn
        moved = (np.eye(2) + twice * ((E + E.T) / 2 - np.diag(1 / v))) @ P
        return np.asarray(moved + moved.T + noise)

    P = np.diag(_variances(cell, cell["last"]))
    for k in range(steps):
        a = rate(k * h, P)
        b = rate((k + 0.5) * h, P + h / 2 * a)
        c = rate((k + 0.5) * h, P + h / 2 * b)
        P = P + h / 6 * (a + 2 * b + 2 * c + rate((k + 1) * h, P + h * c))
    product = P @ np.diag(cell["eigenvalues"])
    root = np.sqrt(np.trace(product) + 2 * np.sqrt(np.linalg.det(product)))
    return float(np.sqrt(np.trace(P) + sum(cell["eigenvalues"]) - 2 * root))


def visible(cell: Cell) -> float:
    """‖S‖² = Σ_ij S_ij² v_j of the gradient part."""
    v, E = np.array(cell["variances"]), np.array(cell["field"])
    S = (E * v + (E * v).T) / (v[:, None] + v)
    return float(((S**2) * v).sum())


def _visible_of_symmetric(cell: Cell) -> float:
    """The decoy: of (E + Eᵀ)/2."""
    v, E = np.array(cell["variances"]), np.array(cell["field"])
    return float(((((E + E.T) / 2) ** 2) * v).sum())


def volume(cell: Cell, *, white: bool = False) -> float:
    """By how much N Euler steps with the gauge raise the log determinant; `white`: by κ J."""
    h = cell["last"] / cell["steps"]
    total = 0.0
    for k in range(cell["steps"]):
        v = _variances(cell, cell["last"] - k * h)
        stretch = (1 + h * (1 - 1 / v)).prod()
        total += 2 * np.log1p(h**2 * cell["kappa"] ** 2 * (1.0 if white else v.prod()) / stretch)
    return float(total)


def price(cell: Cell, power: int = 2) -> float:
    """W2 from p_0 by N Euler steps, to leading order: ½ h κ² ∫v_1 v_2 dt (tr Σ)^{1/2}."""
    h = cell["last"] / cell["steps"]
    each = h * cell["kappa"] ** power * _integral(cell, lambda v: float(v.prod()))
    return float(each / 2 * np.sqrt(sum(cell["eigenvalues"])))


def healed(cell: Cell, *, gauge: bool = True) -> float:
    """log(P_ii/λ_i) at the end for G = diag(g): its mean over directions; without a gauge g_i's."""
    size = 2 * cell["last"] * np.array(cell["gradient"])
    return float(size.mean() if gauge else size[cell["direction"]])


def dimension(cell: Cell) -> float:
    """How many singular values stand below the largest gap."""
    return 2.0 if 1 + cell["kappa"] ** 2 < 1 / cell["w"] ** 2 else 1.0


_STUDY = "evidence-gauge"
_SOURCE = "horvat_2024, abstract, statement unread; bounds/papers/horvat_2024.py, derived"
_SETTING = "Gaussian data of mean 0, exact scores but for E, started at p_T, T = 4"
CLAIMS: tuple[Claim, ...] = (
    Claim(
        name="gauge-keeps-law",
        statement="With the error E = κ V_t J of the score, J antisymmetric, probability flow and "
        "SDE return p_0 exactly, for every κ: W2 = 0.",
        assumptions=f"{_SETTING}; d = 2, λ = 1.5, 0.3, κ = 0.5, 2, 8; continuous time.",
        source=_SOURCE,
        origin="derived",
        kind="identity",
        measurement=f"{_STUDY}:law",
        formula=lambda c: 0.0,
        decoy=felt,
        decoy_note="that (E + Eᵀ)/2 acts and the antisymmetric part does not",
        tolerance=1e-6,
        scale=1.0,
        why="V_t stays the solution: E V + V Eᵀ = 0.",
    ),
    Claim(
        name="gauge-energy",
        statement="That error has ∫E|E x|² dt = κ² ∫v_1 v_2 (v_1 + v_2) dt: 1.89 at κ = 0.5, 483 "
        "at κ = 8.",
        assumptions="λ = 1.5, 0.3 and 4, 0.25, T = 4.",
        source=_SOURCE,
        origin="derived",
        kind="identity",
        measurement=f"{_STUDY}:energy",
        formula=energy,
        decoy=_energy_of_antisymmetric,
        decoy_note="κ² ∫(v_1 + v_2) dt, of κ J",
        tolerance=1e-9,
        why="E|V J x|² = tr(V J V Jᵀ V).",
    ),
    Claim(
        name="gauge-antisymmetric",
        statement="An error κ V_t^a J moves the flow's samples to first order in κ unless a = 1: "
        "∂P_12/∂κ = ∫√(λ_1 λ_2/(v_1 v_2)) (v_1^a v_2 − v_1 v_2^a) dt.",
        assumptions=f"{_SETTING}; d = 2, a = −1, 0, 1, 2.",
        source=_SOURCE,
        origin="derived",
        kind="identity",
        measurement=f"{_STUDY}:response",
        formula=response,
        decoy=_response_if_white,
        decoy_note="that a = 0, an antisymmetric matrix, is harmless",
        tolerance=1e-5,
        scale=1.0,
        why="The entry of E V + V Eᵀ, carried down by the flow.",
        uses=("gauge-keeps-law",),
    ),
    Claim(
        name="gauge-split",
        statement="The gradient nearest to x ↦ E x in L2 of N(0, V) is S_ij = (E_ij v_j + E_ji "
        "v_i)/(v_i + v_j), of energy Σ S_ij² v_j.",
        assumptions="V diagonal, d = 2, 3, 5, three fields each.",
        source=_SOURCE,
        origin="derived",
        kind="identity",
        measurement=f"{_STUDY}:visible",
        formula=visible,
        decoy=_visible_of_symmetric,
        decoy_note="(E + Eᵀ)/2, the nearest in Frobenius' norm",
        tolerance=1e-9,
        why="The normal equations are S V + V S = E V + V Eᵀ.",
    ),
    Claim(
        name="gauge-heals",
        statement="A large gauge averages a wrong gradient: with E = G + κ V_t J the flow's "
        "variances tend to λ_i exp((2/d) ∫tr G dt) as κ → ∞, whatever the direction.",
        assumptions=f"{_SETTING}; d = 2, G constant and diagonal, κ = 16, 32; 2 % of slack.",
        source=_SOURCE,
        origin="derived",
        kind="identity",
        measurement=f"{_STUDY}:healed",
        formula=healed,
        decoy=lambda c: healed(c, gauge=False),
        decoy_note="2 ∫G_ii dt, each direction's own, as without the gauge",
        tolerance=0.02,
        scale=0.02,
        why="In y = V^{-1/2} x the gauge is a fast rotation, under which only the trace is left.",
        uses=("gauge-keeps-law",),
    ),
    Claim(
        name="gauge-euler-volume",
        statement="N Euler steps of the flow with the gauge raise the samples' log determinant by "
        "2 Σ log(1 + h² κ² v_1 v_2/((1 + h f_1)(1 + h f_2))), f_i = 1 − 1/v_i.",
        assumptions=f"{_SETTING}; d = 2, N = 50 … 400, κ = 1 … 8.",
        source=_SOURCE,
        origin="derived",
        kind="identity",
        measurement=f"{_STUDY}:volume",
        formula=volume,
        decoy=lambda c: volume(c, white=True),
        decoy_note="with κ J for κ V J",
        tolerance=1e-8,
        why="The determinant of a step; the trace of the gauge is 0, its square's is not.",
    ),
    Claim(
        name="gauge-euler-price",
        statement="To leading order N Euler steps with the gauge err by W2 = (T/2N) κ² ∫v_1 v_2 dt "
        "(tr Σ)^{1/2}: it is free in continuous time alone.",
        assumptions=f"{_SETTING}; d = 2, λ = 1.5, 0.3; N = 400, 1600 and 6400, κ = 1 … 8; "
        "12 % for higher orders and the error of the steps without a gauge.",
        source=_SOURCE,
        origin="derived",
        kind="identity",
        measurement=f"{_STUDY}:euler",
        formula=price,
        decoy=lambda c: price(c, power=1),
        decoy_note="linear in κ",
        tolerance=0.12,
        why="Each step multiplies the covariance by 1 + h² κ² v_1 v_2, in every direction.",
        uses=("gauge-euler-volume",),
    ),
    Claim(
        name="gauge-dimension",
        statement="The largest gap between singular values of the score's Jacobian at V = diag(1, "
        "1, w) has two values below it up to κ² = 1/w² − 1, and one beyond, where samples are as "
        "exact as before.",
        assumptions="w = 0.01 and 0.1; the gauge in the plane of the data, κ V S.",
        source=_SOURCE,
        origin="derived",
        kind="identity",
        measurement=f"{_STUDY}:dimension",
        formula=dimension,
        decoy=lambda c: 2.0,
        decoy_note="that the count is that of the exact score",
        tolerance=1e-9,
        why="Singular values 1/w and twice √(1 + κ²).",
        uses=("gauge-keeps-law",),
    ),
)
