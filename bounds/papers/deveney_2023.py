r"""Deveney and others 2023: the gap between flow and SDE. What the abstract says, derived here.

On the line: data N(0, λ), v = 1 + (λ − 1) e^{−2t}, an estimated score −A(t) x, A = 1/v + ε(t). Let
z and w be the variances of flow and SDE, started at v(T), ' against time:

    z' = 2 (1 − A) z,   w' = 2 (1 − 2A) w + 2.

∫_0^t 1/v = t + ½ log(v/λ), so with I(t) = ∫_0^t ε

    g(t) = exp ∫_0^t (1 − A) = √(λ/v) e^{−I},   exp ∫_0^t 2 (1 − 2A) = e^{−2t} (λ/v)² e^{−4I}.

**The flow** returns z(0) = λ e^{−2 I(T)}, whatever the shape of ε.

**The gap.** (√w − √z)' = (1 − A)(√w − √z) + (1/w − A) √w, so

    √w − √z = ∫_0^T g (1/w − A) √w dt   at t = 0,

with its sign; 1/w − A is the estimated score less the score of the SDE's own law.

**The bound**, in every dimension and for every score s_θ. The SDE's law moves as under the velocity
x + s_θ + (s_θ − ∇log p^{SDE}), Fokker and Planck's equation read as one of transport. The flow's
velocity is x + s_θ. Couple the two by the same start; the distance D of a pair grows at most at the
rate L D + |s_θ − ∇log p^{SDE}|, L the one-sided Lipschitz constant of x + s_θ. By Minkowski's and
Gronwall's inequalities

    W2(flow, SDE) ≤ ∫_0^T e^{∫_0^t L} ‖s_θ − ∇log p_t^{SDE}‖ dt,   ‖·‖ in L2(p_t^{SDE}).

On the line it is the signed identity with |1/w − A|: equal to the gap while that keeps its sign.

**The residual** of the model's own density q = N(0, u), u = 1/A, normalised, in Fokker and Planck's
equation for log q:

    R = ∂_t log q − (1 + x s + s' + s²) = ½ ρ (x²/u² − 1/u),   ρ = ∂_t u − 2 (1 − u),

    E_q R² = ρ²/(2u²),   mean over the box |x| ≤ B: ¼ ρ² (B⁴/(5u⁴) − 2B²/(3u³) + 1/u²).

Over the box it is ½ (b⁴/5 − 2b²/3 + 1) times as large, b = B/√u: a box weights the times at which
the law is narrow. In d dimensions, u I, the mean square is ¼ ρ² (d V + d² M²)/u² in place of
¼ ρ² 2d/u², with M = b²/3 − 1, V = 4b⁴/45.

The SDE's law differs from the model's own density by what the residual leaves behind:

    (w − u)' = 2 (1 − 2/u)(w − u) + ρ.

**A residual of 0 is no proof.** ρ = 0 iff u = v + δ e^{−2t}. Such a model is an exact one, of other
data: flow and SDE agree, and both return λ + δ.

**Who feels an error when.** To first order in ε

    δz = −2λ ∫ε dt,   δw = −4λ² ∫(e^{−2t}/v) ε dt:

the flow weights all times alike, the SDE forgets late errors, and is twice as sensitive at t → 0.
They are alike at t = ½ log(1 + λ). Constant ε, T → ∞: δw = −2λ² log λ/(λ − 1) ε, δz = −2λ T ε.
"""

import numpy as np
import scipy
from scipy.special import erf

from bounds.check import Array
from bounds.claim import Cell, Claim, Paper

PAPER = Paper(
    stem="deveney_2023",
    title="Closing the ODE-SDE gap in score-based diffusion models through the Fokker-Planck "
    "equation",
    authors=("Deveney", "Stanczuk", "Kreusser", "Budd", "Schönlieb"),
    venue="arXiv 2023",
    link="https://arxiv.org/abs/2311.15996",
    have="the abstract; every formula here is derived by us, and their statements are unread",
    unknown=(
        "abstract read; statements unread: the form of the bound, its constant and its assumptions",
        "how the residual is weighted in training, and by how much the gap closes",
    ),
    about={
        "scores and laws": (
            "odesde-residual",
            "odesde-box",
            "odesde-density",
        ),
        "bias": ("odesde-blind",),
        "sampled law": (
            "odesde-flow",
            "odesde-gap",
            "odesde-bound",
            "odesde-density",
            "odesde-blind",
            "odesde-forgets",
            "odesde-alike",
            "odesde-crossing",
        ),
    },
)


def variance(lam: float, t: float) -> float:
    """v(t) = 1 + (λ − 1) e^{−2t}."""
    return float(1 + (lam - 1) * np.exp(-2 * t))


def error(cell: Cell, t: float) -> float:
    """ε(t): constant, size · sin(place · t), or a bump size · exp(−50 (t − place)²)."""
    size, place = cell["size"], cell["place"]
    if cell["shape"] == "constant":
        return float(size)
    if cell["shape"] == "sine":
        return float(size * np.sin(place * t))
    return float(size * np.exp(-50 * (t - place) ** 2))


def integrated(cell: Cell, t: float) -> float:
    """I(t) = ∫_0^t ε."""
    size, place = cell["size"], cell["place"]
    if cell["shape"] == "constant":
        return float(size * t)
    if cell["shape"] == "sine":
        return float(size * (1 - np.cos(place * t)) / place)
    root = np.sqrt(50)
    return float(size * np.sqrt(np.pi / 200) * (erf(root * (t - place)) + erf(root * place)))


def flow_variance(cell: Cell, *, power: float = 2.0) -> float:
    """z(0) = λ e^{−2 I(T)}."""
    return float(cell["lambda"] * np.exp(-power * integrated(cell, cell["last"])))


def _sde(cell: Cell) -> tuple[Array, Array, Array, Array]:
    """Nodes and weights on [0, T], and I and w there, w by its solution in closed form but for
    ∫_t^T 2 e^{−2r − 4I}/v² dr, which is added up from the last panel on.
    """
    lam, last = cell["lambda"], cell["last"]
    x, c = np.polynomial.legendre.leggauss(12)
    panels = 240
    half = last / panels / 2
    edges = np.linspace(0, last, panels + 1)[:-1]
    t = edges[:, None] + half * (1 + x)
    levels = np.array([[integrated(cell, s) for s in row] for row in t])
    v = 1 + (lam - 1) * np.exp(-2 * t)
    f = 2 * np.exp(-2 * t - 4 * levels) / v**2
    # From each node to the end of its panel, by the interpolating polynomial's antiderivative.
    powers = np.arange(x.size)
    moments = (1 - x[:, None] ** (powers + 1)) / (powers + 1)
    inside = half * f @ np.linalg.solve(np.vander(x, increasing=True).T, moments.T)
    sums = half * f @ c
    after = np.concatenate([np.cumsum(sums[::-1])[::-1][1:], [0.0]])
    end = np.exp(-2 * last - 4 * integrated(cell, last)) / variance(lam, last)
    w = v**2 * np.exp(2 * t + 4 * levels) * (end + after[:, None] + inside)
    return t.ravel(), np.tile(half * c, panels), levels.ravel(), w.ravel()


def _gaps(cell: Cell, *, carried: bool = True) -> tuple[Array, Array]:
    """The integrand g (1/w − A) √w at nodes, and weights; `carried`: with e^{−I} in g."""
    t, weights, levels, w = _sde(cell)
    v = 1 + (cell["lambda"] - 1) * np.exp(-2 * t)
    A = 1 / v + np.array([error(cell, s) for s in t])
    g = np.sqrt(cell["lambda"] / v) * (np.exp(-levels) if carried else 1.0)
    return g * (1 / w - A) * np.sqrt(w), weights


def gap(cell: Cell, *, carried: bool = True) -> float:
    """√w − √z at t = 0."""
    integrand, weights = _gaps(cell, carried=carried)
    return float(weights @ integrand)


def bound(cell: Cell) -> float:
    """∫ e^{∫L} ‖s_θ − ∇log p^{SDE}‖ dt."""
    integrand, weights = _gaps(cell)
    return float(weights @ np.abs(integrand))


def _model(cell: Cell, t: float, pull: float = 2.0) -> tuple[float, float]:
    """u and ρ = ∂_t u − 2 (1 − u) for a constant ε; `pull` for the 2."""
    v = variance(cell["lambda"], t)
    u = 1 / (1 / v + cell["size"])
    return u, u**2 / v**2 * 2 * (1 - v) - pull * (1 - u)


def residual(cell: Cell, pull: float = 2.0) -> float:
    """E_q R² = ρ²/(2u²)."""
    u, rho = _model(cell, cell["t"], pull)
    return rho**2 / (2 * u**2)


def own_density(cell: Cell, pull: float = 2.0) -> float:
    """w − u at t = 0: ρ carried down, and the gap at the start."""
    lam, last, size = cell["lambda"], cell["last"], cell["size"]

    def carry(t: float) -> float:
        v = variance(lam, t)
        return float(np.exp(-2 * t - 4 * size * t) * (lam / v) ** 2)

    found = scipy.integrate.quad(
        lambda t: carry(t) * _model(cell, t, pull)[1], 0, last, epsabs=1e-13, epsrel=1e-12
    )
    return float(found[0] + carry(last) * (variance(lam, last) - _model(cell, last)[0]))


def over_box(cell: Cell, fourth: float = 1 / 5) -> float:
    """Mean square of R over the box |x_i| ≤ B, over E_q R²; `fourth`: of x⁴/B⁴."""
    b2, d = cell["box"] ** 2 / cell["u"], cell["d"]
    mean, spread = b2 / 3 - 1, b2**2 * (fourth - 1 / 9)
    return float((d * spread + d**2 * mean**2) / (2 * d))


def kernel(cell: Cell, factor: float = 4.0) -> float:
    """−∂w(0)/∂ε at t: 4λ² e^{−2t}/v."""
    lam, t = cell["lambda"], cell["t"]
    return float(factor * lam**2 * np.exp(-2 * t) / variance(lam, t))


_STUDY = "evidence-odesde"
_SOURCE = "deveney_2023, abstract, statement unread; bounds/papers/deveney_2023.py, derived"
_SETTING = (
    "Gaussian data of mean 0 on the line, score −(1/v + ε(t)) x, started at p_T, continuous time"
)
_ERRORS = "λ = 0.7 and 2, T = 4 and 6, ε constant, a sine and a bump"
CLAIMS: tuple[Claim, ...] = (
    Claim(
        name="odesde-flow",
        statement="With the score −(1/v + ε(t)) x the flow returns the variance λ exp(−2 ∫ε dt): "
        "the shape of ε does not matter.",
        assumptions=f"{_SETTING}; {_ERRORS}.",
        source=_SOURCE,
        origin="derived",
        kind="identity",
        measurement=f"{_STUDY}:flow",
        formula=flow_variance,
        decoy=lambda c: flow_variance(c, power=1.0),
        decoy_note="exp(−∫ε), the factor of a deviation",
        tolerance=1e-8,
        why="z' = 2 (1 − A) z, and the exact score carries v(T) to λ.",
    ),
    Claim(
        name="odesde-gap",
        statement="The standard deviations of SDE and flow differ by ∫_0^T g (1/w − A) √w dt, with "
        "sign, g = exp ∫_0^t (1 − A), w the SDE's variance.",
        assumptions=f"{_SETTING}; {_ERRORS}.",
        source=_SOURCE,
        origin="derived",
        kind="identity",
        measurement=f"{_STUDY}:gap",
        formula=gap,
        decoy=lambda c: gap(c, carried=False),
        decoy_note="carried down by the exact flow, 1/v for A in g",
        tolerance=1e-7,
        scale=0.01,
        why="(√w − √z)' = (1 − A)(√w − √z) + (1/w − A) √w.",
        uses=("odesde-flow",),
    ),
    Claim(
        name="odesde-bound",
        statement="W2(flow, SDE) ≤ ∫_0^T exp(∫_0^t L) ‖s_θ − ∇log p_t^{SDE}‖ dt, L the one-sided "
        "Lipschitz constant of x + s_θ, the norm that of L2(p_t^{SDE}).",
        assumptions="Any dimension and score for which both laws exist; measured on the line: "
        f"{_ERRORS}.",
        source=_SOURCE,
        origin="derived",
        kind="upper",
        measurement=f"{_STUDY}:distance",
        formula=bound,
        decoy=lambda c: bound(c) / 2,
        decoy_note="half of the bound",
        tolerance=1e-7,
        why="The SDE's law moves as under x + 2 s_θ − ∇log p^{SDE}; Gronwall on a coupling.",
        uses=("odesde-gap",),
    ),
    Claim(
        name="odesde-residual",
        statement="The residual R of the model's own density q = N(0, u) in Fokker and Planck's "
        "equation for log q has E_q R² = ρ²/(2u²), ρ = ∂_t u − 2 (1 − u).",
        assumptions="u = 1/(1/v + ε), ε constant; λ = 0.7 and 2, six times.",
        source=_SOURCE,
        origin="derived",
        kind="identity",
        measurement=f"{_STUDY}:residual",
        formula=residual,
        decoy=lambda c: residual(c, pull=1.0),
        decoy_note="ρ with 1 − u for 2 (1 − u)",
        tolerance=1e-6,
        why="R = ½ ρ (x²/u² − 1/u); x²/u has the variance 2.",
    ),
    Claim(
        name="odesde-density",
        statement="The variance w that the SDE returns differs from the model's own, u = 1/A at "
        "t = 0, by the residual carried down: (w − u)' = 2 (1 − 2/u)(w − u) + ρ.",
        assumptions=f"{_SETTING}; ε constant; λ = 0.7 and 2, T = 4 and 6.",
        source=_SOURCE,
        origin="derived",
        kind="identity",
        measurement=f"{_STUDY}:density",
        formula=own_density,
        decoy=lambda c: own_density(c, pull=1.0),
        decoy_note="ρ with 1 − u for 2 (1 − u)",
        tolerance=1e-8,
        why="The two equations for w and u, subtracted.",
        uses=("odesde-residual",),
    ),
    Claim(
        name="odesde-blind",
        statement="The model u = v + δ e^{−2t} has residual 0 at all times and returns the "
        "variance λ + δ by flow and SDE: both are off by W2 = √(λ + δ) − √λ, with no gap.",
        assumptions=f"{_SETTING}; λ = 0.7 and 2, δ = −0.2 … 0.4, T = 8; the start p_T is not the "
        "model's, which leaves less than 1e-6.",
        source=_SOURCE,
        origin="derived",
        kind="identity",
        measurement=f"{_STUDY}:blind",
        formula=lambda c: abs(np.sqrt(c["lambda"] + c["delta"]) - np.sqrt(c["lambda"])),
        decoy=lambda c: 0.0,
        decoy_note="that a residual of 0 makes the samples right",
        tolerance=1e-6,
        scale=1.0,
        why="It is the exact model of data N(0, λ + δ).",
        uses=("odesde-residual",),
    ),
    Claim(
        name="odesde-forgets",
        statement="To first order an error ε at the time t changes the SDE's variance by "
        "−4λ² e^{−2t}/v ε dt: late errors are forgotten.",
        assumptions=f"{_SETTING}; λ = 0.7 and 2; a short error at t = 0.02 … 2.",
        source=_SOURCE,
        origin="derived",
        kind="identity",
        measurement=f"{_STUDY}:sde",
        formula=kernel,
        decoy=lambda c: kernel(c, factor=2.0),
        decoy_note="half of it: that the SDE, too, uses the score once",
        tolerance=1e-6,
        why="(δw)' = 2 (1 − 2/v) δw − 4 ε v.",
    ),
    Claim(
        name="odesde-alike",
        statement="To first order an error ε at the time t changes the flow's variance by "
        "−2λ ε dt: all times weigh alike.",
        assumptions=f"{_SETTING}; λ = 0.7 and 2; a short error at t = 0.02 … 2.",
        source=_SOURCE,
        origin="derived",
        kind="identity",
        measurement=f"{_STUDY}:ode",
        formula=lambda c: 2 * c["lambda"],
        decoy=lambda c: 2 * variance(c["lambda"], c["t"]),
        decoy_note="2 v(t): the change at t, not carried down",
        tolerance=1e-6,
        why="The flow multiplies every deviation at t by √(λ/v).",
        uses=("odesde-flow",),
    ),
    Claim(
        name="odesde-crossing",
        statement="Flow and SDE feel a short error alike at t = ½ log(1 + λ): before it the SDE "
        "feels it more, at t → 0 twice as much; after it the flow.",
        assumptions=f"{_SETTING}; first order in ε; λ = 0.2 … 4.",
        source=_SOURCE,
        origin="derived",
        kind="identity",
        measurement=f"{_STUDY}:crossing",
        formula=lambda c: np.log1p(c["lambda"]) / 2,
        decoy=lambda c: np.log(2) / 2,
        decoy_note="½ log 2, of white data, for every λ",
        tolerance=1e-6,
        why="2λ e^{−2t} = v.",
        uses=("odesde-forgets", "odesde-alike"),
    ),
    Claim(
        name="odesde-box",
        statement="Over the box |x_i| ≤ B the residual of N(0, u I) has ½ (V + d M²) times the "
        "mean square that it has over N(0, u I): M = b²/3 − 1, V = 4b⁴/45, b = B/√u.",
        assumptions="d = 1 and 2, B = 3.5, u = 0.0845 … 1: the ratio grows as the law narrows.",
        source=_SOURCE,
        origin="derived",
        kind="identity",
        measurement=f"{_STUDY}:box",
        formula=over_box,
        decoy=lambda c: over_box(c, fourth=1 / 3),
        decoy_note="x⁴ of a Gaussian of the box's variance, B⁴/3 for B⁴/5",
        tolerance=1e-6,
        why="R = ½ ρ Σ(x_i²/u² − 1/u), moments of a uniform coordinate.",
        uses=("odesde-residual",),
    ),
)
