r"""The lean adjoint ã_t = J_tᵀ ∇r(X_0) of a diffusion with the laws p_t, for the target π ∝ p e^r.

J_t is the Jacobian of X_0 in X_t along the base's reverse flow with its noise held fixed: J_0 = I
and dJ/dt = J (I + 2 ∇²log p_t(X_t)). Under the path law of π, E[ã_t | X_t] = ∇log(π_t/p_t)(X_t):
theory.md, "Lean adjoint" and "What adjoint matching cannot learn away".
"""

import numpy as np

from bounds.claim import Cell, Claim
from bounds.information import relative_entropy, relative_fisher, rule, tilted
from bounds.line import Line

MEASURED = "evidence-lean-adjoint"


def _gaussian(lam: float) -> Line:
    return Line(np.ones(1), np.zeros(1), np.array([lam]))


def _at(law: Line, t: float) -> Line:
    e = np.exp(-t)
    return Line(law.weights, e * law.means, e**2 * law.variances + 1 - e**2)


def jacobian(lam: float, t: float) -> float:
    """J_t = e^{-t} λ/v_t for the base N(0, λ)."""
    e = np.exp(-t)
    return float(e * lam / (1 + (lam - 1) * e**2))


def peak(lam: float) -> float:
    """max_t J_t for λ > 2."""
    return float(lam / (2 * np.sqrt(lam - 1)))


def _target(cell: Cell) -> Line:
    return Line(*(np.array(cell[key]) for key in ("weights", "means", "variances")))


def adjoint_variance(cell: Cell, lam: float | None = None) -> float:
    """J_t² I(π|p) − I(π_t|p_t); the decoy takes the J of λ = 1."""
    law, base, t = _target(cell), _gaussian(cell["lam"]), cell["t"]
    factor = jacobian(cell["lam"] if lam is None else lam, t)
    return factor**2 * relative_fisher(law, base) - relative_fisher(_at(law, t), _at(base, t))


def irreducible(cell: Cell, lam: float | None = None) -> float:
    """½ λ E_π r'² − KL(π|p)."""
    law, base = _target(cell), _gaussian(cell["lam"])
    size = cell["lam"] if lam is None else lam
    return size * relative_fisher(law, base) / 2 - relative_entropy(law, base)


def _laws(cell: Cell) -> tuple[Line, Line]:
    """The base ½N(±a, s²) and its tilt by b x + c x²/2."""
    base = Line(np.full(2, 0.5), np.array([-cell["a"], cell["a"]]), np.full(2, cell["s2"]))
    return base, tilted(base, cell["b"], cell["c"])


def _reward(cell: Cell) -> float:
    """E_π r'²."""
    x, p = rule(_laws(cell)[1])
    return float(p @ (cell["b"] + cell["c"] * x) ** 2)


def mean_control(cell: Cell) -> float:
    """E ∇log(π_t/p_t)(X_t), X_t ~ π_t."""
    base, law = (_at(one, cell["t"]) for one in _laws(cell))
    x, p = rule(law)
    return float(p @ (law.score(x) - base.score(x)))


def _mean_decayed(cell: Cell) -> float:
    """The decoy: e^{-t} E r'(X_0), the Jacobian of a standard normal base."""
    x, p = rule(_laws(cell)[1])
    return float(np.exp(-cell["t"]) * (p @ (cell["b"] + cell["c"] * x)))


def divergence(cell: Cell, share: float = 1.0) -> float:
    """KL(π|p)."""
    base, law = _laws(cell)
    return share * relative_entropy(law, base)


def concave_bound(cell: Cell) -> float:
    """J_t² E|∇r|², J of the Gaussian with variance 1/α, α = (s² − a²)/s⁴."""
    alpha = (cell["s2"] - cell["a"] ** 2) / cell["s2"] ** 2
    return jacobian(1 / alpha, cell["t"]) ** 2 * _reward(cell)


def component_bound(cell: Cell) -> float:
    """The decoy: α = 1/s², that of each component."""
    return jacobian(cell["s2"], cell["t"]) ** 2 * _reward(cell)


def ridge_bound(cell: Cell) -> float:
    """The component's bound times e^{2A}, A = 2 ∫_0^t (a_u/V_u)² du: a path on the ridge."""
    e2 = np.exp(-2 * cell["t"])
    growth = 2 * cell["a"] ** 2 * (1 / cell["s2"] - e2 / (1 + (cell["s2"] - 1) * e2)) / 2
    return float(np.exp(2 * growth)) * component_bound(cell)


_LEAN = "theory.md, Lean adjoint"
_LOSS = "theory.md, What adjoint matching cannot learn away"
_MODES = (
    "On the line, the base ½N(−a, s²) + ½N(a, s²), r = 0.8 x − 0.15 x²; moments by the equation "
    "of Feynman and Kac on a grid"
)
CLAIMS: tuple[Claim, ...] = (
    Claim(
        name="adjoint-jacobian",
        statement="For the base N(0, λ) the lean adjoint's Jacobian is J_t = e^{−t} λ/v_t, v_t = 1 "
        "+ (λ − 1) e^{−2t}.",
        assumptions="λ = 0.5 … 20, t = 0.3 … 2.",
        source=_LEAN,
        origin="derived",
        kind="identity",
        measurement=f"{MEASURED}:jacobian",
        formula=lambda c: jacobian(c["lam"], c["t"]),
        decoy=lambda c: jacobian(1.0, c["t"]),
        decoy_note="e^{−t}, the Jacobian of sampling from N(0, 1), used for fine-tuning another "
        "base",
        tolerance=1e-8,
        why="dJ/dt = J (1 − 2/v_t).",
    ),
    Claim(
        name="adjoint-peak",
        statement="For λ > 2 the largest J_t is λ/(2√(λ − 1)), at t = ½ log(λ − 1); for λ ≤ 2 it "
        "is 1, at t = 0.",
        assumptions="The base N(0, λ); measured at λ = 3, 5, 20.",
        source=_LEAN,
        origin="derived",
        kind="identity",
        measurement=f"{MEASURED}:peak",
        formula=lambda c: peak(c["lam"]),
        decoy=lambda c: float(np.sqrt(c["lam"])) / 2,
        decoy_note="√λ/2, its leading order",
        tolerance=1e-8,
        why="In y = e^{−t}, λ y/(1 + (λ − 1) y²) is largest at y² = 1/(λ − 1).",
        uses=("adjoint-jacobian",),
    ),
    Claim(
        name="adjoint-variance",
        statement="For the base N(0, λ) and any tilt, E Var(ã_t | X_t) = J_t² I(π|p) − I(π_t|p_t).",
        assumptions="The base N(0, 3), π a mixture of two Gaussians on the line, t = 0.003 … 3.",
        source=_LOSS,
        origin="derived",
        kind="identity",
        measurement=f"{MEASURED}:variance",
        formula=adjoint_variance,
        decoy=lambda c: adjoint_variance(c, 1.0),
        decoy_note="with e^{−t} for J_t",
        tolerance=1e-8,
        why="The mean square of ã_t less that of its conditional mean ∇log(π_t/p_t).",
        uses=("adjoint-jacobian",),
    ),
    Claim(
        name="adjoint-irreducible",
        statement="For a Gaussian base N(0, Σ) and any tilt, ∫_0^∞ E tr Cov(ã_t | X_t) dt = ½ "
        "E_π[∇rᵀ Σ ∇r] − KL(π|p): what adjoint matching cannot learn away is the deficit in the "
        "base's logarithmic Sobolev inequality.",
        assumptions="Measured for two mixtures π on the line, λ = 0.5 … 5.",
        source=_LOSS,
        origin="derived",
        kind="identity",
        measurement=f"{MEASURED}:loss",
        formula=irreducible,
        decoy=lambda c: irreducible(c, 1.0),
        decoy_note="without λ, as for a standard normal base",
        tolerance=1e-8,
        why="∫ J_t² dt = λ/2, and dKL(π_t|p_t)/dt = −I(π_t|p_t).",
        uses=("adjoint-variance",),
    ),
    Claim(
        name="adjoint-mean",
        statement="The lean adjoint of a base of two modes has the mean of the control, E ã_t = E "
        "∇log(π_t/p_t)(X_t).",
        assumptions=f"{_MODES}; a = 0.5 … 2, t = 0.1 … 1.",
        source=_LEAN,
        origin="derived",
        kind="identity",
        measurement=f"{MEASURED}:mean",
        formula=mean_control,
        decoy=_mean_decayed,
        decoy_note="e^{−t} E r', with a standard normal base's Jacobian",
        tolerance=1e-4,
        why="π_t/p_t at x is the base's mean of (π/p)(X_0) given X_t = x; differentiate it along "
        "the reverse flow.",
    ),
    Claim(
        name="adjoint-energy",
        statement="∫_0^∞ E|E[ã_t | X_t]|² dt = KL(π|p) for every base.",
        assumptions=f"{_MODES}; a = 0.5 … 2.",
        source=_LOSS,
        origin="derived",
        kind="identity",
        measurement=f"{MEASURED}:energy",
        formula=divergence,
        decoy=lambda c: divergence(c, 0.5),
        decoy_note="½ KL(π|p)",
        tolerance=3e-5,
        why="The conditional mean is ∇log(π_t/p_t), and KL(π_t|p_t) falls at the rate of its mean "
        "square.",
        uses=("adjoint-mean",),
    ),
    Claim(
        name="adjoint-log-concave",
        statement="For an α-strongly log-concave base E|ã_t|² ≤ ((e^{−t}/α)/(e^{−2t}/α + σ_t²))² "
        "E|∇r|².",
        assumptions=f"{_MODES}; a < s, where α = (s² − a²)/s⁴: (a, s²) = (0.7, 1), (0.5, 0.5).",
        source=_LEAN,
        origin="derived",
        kind="upper",
        measurement=f"{MEASURED}:second-concave",
        formula=concave_bound,
        decoy=component_bound,
        decoy_note="with α = 1/s², the curvature of each component",
        tolerance=1e-6,
        why="Noise keeps log-concavity: −∇²log p_t ≥ 1/(e^{−2t}/α + σ_t²), so that J_t is at most "
        "that of the Gaussian with variance 1/α.",
        uses=("adjoint-jacobian",),
    ),
    Claim(
        name="adjoint-two-modes",
        statement="For the base ½N(±a, s²) E|ã_t|² ≤ e^{2A} (e^{−t} s²/V_t)² E|∇r|², with A = a² "
        "(1/s² − e^{−2t}/V_t) and V_t = 1 + (s² − 1) e^{−2t}.",
        assumptions=f"{_MODES}; s² = ¼, a = 1 … 2, t = 0.1 … 1.",
        source=_LEAN,
        origin="derived",
        kind="upper",
        measurement=f"{MEASURED}:second-two-modes",
        formula=ridge_bound,
        decoy=component_bound,
        decoy_note="without e^{2A}: the log-concave bound of the components, applied to their "
        "mixture",
        tolerance=1e-6,
        why="The curvature is largest between the modes, (a e^{−t}/V_t)² − 1/V_t; a path that "
        "stays there has the largest Jacobian. Far from tight: few paths do.",
        uses=("adjoint-log-concave",),
    ),
    Claim(
        name="adjoint-explosion",
        statement="Adjoint matching's irreducible loss grows like e^{1.3 a²/(2s²)} with the "
        "distance of the base's two modes.",
        assumptions=f"{_MODES}; s² = ¼, a = 1 … 2. Measured; no proof.",
        source=_LOSS,
        origin="derived",
        kind="rate",
        measurement=f"{MEASURED}:two-modes-loss",
        formula=lambda c: float(c["x"] ** 1.3),
        decoy=lambda c: float(c["x"]),
        decoy_note="e^{a²/(2s²)}, one over the density between the modes",
        tolerance=0.1,
        why="Paths that start between the modes are e^{−a²/2s²} rare, and their squared Jacobian "
        "is larger than that by far.",
        description=True,
        uses=("adjoint-energy",),
    ),
)
