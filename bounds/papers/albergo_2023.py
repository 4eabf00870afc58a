r"""Albergo, Boffi and Vanden-Eijnden 2023: stochastic interpolants. What the abstract says, derived
here for Gaussian ends, where every number can be had.

Between X_0 and X_1 stands X_t = (1 − t) X_0 + t X_1 + γ Z, Z standard normal, γ² = t (1 − t), the
ends independent where nothing else is said. A law ρ_t, its score s and its velocity b(x) = E[dX/dt
| X_t = x] belong to it. With X_i ~ N(m_i, C_i), and D = X_t − E X_t,

    C_t = (1 − t)² C_0 + t² C_1 + γ² I,   s = −C_t^{-1} D,   b = m_1 − m_0 + K D,
    K = (t C_1 − (1 − t) C_0 + γγ' I) C_t^{-1},   γγ' = ½ − t.

Both are regressions, of dX/dt and of −Z/γ on X_t. Only the product γγ' is finite at the ends.

**Any noise.** ∂ρ = −div(b ρ), and div(s ρ) = Δρ: dX = (b + ε s) dt + √(2ε) dW has the laws ρ_t for
every ε ≥ 0. Write b_F = b + ε s.

**Control.** Let ρ̂ belong to b̂_F and the same ε, from the same ρ_0, and g = ∇log(ρ/ρ̂). By parts,

    d/dt KL(ρ‖ρ̂) = ∫∂ρ log(ρ/ρ̂) − ∫(ρ/ρ̂) ∂ρ̂
                 = E[g·b_F] − ε E[g·∇log ρ] − E[g·b̂_F] + ε E[g·∇log ρ̂],
    KL(ρ_1‖ρ̂_1) = ∫ E[g·(b_F − b̂_F)] dt − ε ∫ E|g|² dt,

and g·δ − ε|g|² ≤ |δ|²/(4ε), so that

    KL(ρ_1‖ρ̂_1) ≤ (1/4ε) ∫ E|b_F − b̂_F|² dt.

Equality needs g = (b_F − b̂_F)/(2ε) throughout. It is approached by an error that grows towards the
end as fast as the noise forgets: a start that is forgotten, and a change of the end alone.

**Best noise.** With errors δb, δs and norms over time and law, ‖δb + ε δs‖²/(4ε) is least at ε* =
‖δb‖/‖δs‖, where it is ½ (‖δb‖ ‖δs‖ + ⟨δb, δs⟩).

**No noise, no such control.** γ = 0, C_0 = 1, C_1 = δ, the error (k/a) x of b on the last a = √δ.
There C_t is near (1 − t)² + δ, so ∫E|error|² dt is (4/3) k² √δ to leading order. But the flow's
last variance is e^{2k} δ, and KL = ½ (e^{−2k} − 1 + 2k) whatever δ is.

**Loss of the score.** On the line, with ŝ = s and J = (1 − t) X_0 + t X_1 less its mean, the term
(Z/γ) ŝ(X_t) is −(Z J + γ Z²)/(γ C_t): variance (Var J/γ² + 2)/C_t², without limit at both ends. Its
mean over Z and −Z is −Z²/C_t: variance 2/C_t².

**Schrödinger's bridge** with the reference √(2ε) W. The coupling of covariance c minimises the
static KL, −½ log(c_0 c_1 − c²) + (c_0 + c_1 − 2c)/(4ε) + const: c² + 2ε c = c_0 c_1, so that

    c* = √(c_0 c_1 + ε²) − ε.

The interpolant with γ² = 2ε t (1 − t) pins the reference at both ends. Its Markov process with the
drift b_F has path KL (1/4ε) ∫E|b_F|² dt to the reference, and the bridge has the least of all with
these ends. So c* is also where ∫E|b_F|² dt is least.

**A Heun step that is late.** With both stages at t + h a step multiplies by 1 + h K(t + h) + …:
order 1, where Heun's own, at t and t + h, has order 2. These are the times of `step_forward_heun`,
as we read malbergo/stochastic-interpolants@c9bc956, interflow/stochastic_interpolant.py: there the
noise comes first. With noise, whether it or Euler is nearer depends on the example.
"""

import numpy as np
import scipy

from bounds.check import Array
from bounds.claim import Cell, Claim, Paper

PAPER = Paper(
    stem="albergo_2023",
    title="Stochastic Interpolants: A Unifying Framework for Flows and Diffusions",
    authors=("Albergo", "Boffi", "Vanden-Eijnden"),
    venue="arXiv 2023",
    link="https://arxiv.org/abs/2303.08797",
    have="the abstract; every formula here is derived by us, and their statements are unread",
    unknown=(
        "abstract read; statements unread: constants and assumptions of the likelihood control, "
        "for stochastic and for deterministic dynamics",
        "which interpolants are optimised over to reach the Schrödinger bridge",
        "the numerical examples",
    ),
    about={
        "scores and laws": (
            "interpolant-fields",
            "bridge-*",
        ),
        "variance": ("interpolant-antithetic",),
        "sampled law": (
            "interpolant-any-noise",
            "interpolant-control",
            "interpolant-entropy",
            "interpolant-best-*",
            "interpolant-flow-*",
            "heun-*",
        ),
        "discretisation": ("heun-*",),
        "optimisation": ("bridge-interpolant",),
    },
)

NODES = np.linspace(0.0, 1.0, 4001)


def _fields(cell: Cell, latent: float = 1.0) -> tuple[Array, Array]:
    """K and s as matrices; latent = 0 forgets Z."""
    t, first, last = cell["t"], np.array(cell["first"]), np.array(cell["last"])
    extra = latent * np.eye(len(first))
    inverse = np.linalg.inv((1 - t) ** 2 * first + t**2 * last + t * (1 - t) * extra)
    return (t * last - (1 - t) * first + (0.5 - t) * extra) @ inverse, -inverse


def field_entry(cell: Cell, latent: float = 1.0) -> float:
    """The (i, j) entry of b's matrix or of s's."""
    K, s = _fields(cell, latent)
    return float((K if cell["field"] == "b" else s)[cell["i"], cell["j"]])


def _errors(cell: Cell) -> tuple[Array, Array, Array]:
    """C_t, δb and δs (factors of x, added to b and s) at the nodes."""
    t = NODES
    variance = (1 - t) ** 2 * cell["c0"] + t**2 * cell["c1"] + t * (1 - t)
    in_b = cell["b_size"] * np.exp(-cell["b_rate"] * (1 - t))
    return variance, in_b, cell["s_size"] * np.cos(cell["s_rate"] * t)


def control(cell: Cell, factor: float = 0.25) -> float:
    """(factor/ε) ∫E|b_F − b̂_F|² dt."""
    variance, in_b, in_s = _errors(cell)
    square = scipy.integrate.simpson((in_b + cell["eps"] * in_s) ** 2 * variance, x=NODES)
    return float(factor * square / cell["eps"])


def production(cell: Cell, second: float = 1.0) -> float:
    """∫E[g·(b_F − b̂_F)] dt − second ε ∫E|g|² dt, with ρ̂'s variance by variation of constants."""
    variance, in_b, in_s = _errors(cell)
    eps, difference = cell["eps"], in_b + cell["eps"] * in_s
    rest = scipy.integrate.cumulative_simpson(difference - eps / variance, x=NODES, initial=0.0)
    grown = np.sqrt(variance / variance[0]) * np.exp(rest)
    gathered = scipy.integrate.cumulative_simpson(2 * eps / grown**2, x=NODES, initial=0.0)
    g = 1 / (grown**2 * (variance[0] + gathered)) - 1 / variance
    rate = (-g * difference - second * eps * g**2) * variance
    return float(scipy.integrate.simpson(rate, x=NODES))


def _norms(cell: Cell) -> tuple[float, float, float]:
    """‖δb‖, ‖δs‖ and ⟨δb, δs⟩."""
    variance, in_b, in_s = _errors(cell)
    pairs = ((in_b, in_b), (in_s, in_s), (in_b, in_s))
    b, s, both = (float(scipy.integrate.simpson(u * v * variance, x=NODES)) for u, v in pairs)
    return b**0.5, s**0.5, both


def best_noise(cell: Cell) -> float:
    """ε* = ‖δb‖/‖δs‖."""
    b, s, _ = _norms(cell)
    return b / s


def best_control(cell: Cell, correlated: float = 1.0) -> float:
    """½ (‖δb‖ ‖δs‖ + ⟨δb, δs⟩)."""
    b, s, both = _norms(cell)
    return (b * s + correlated * both) / 2


def flow_kl(cell: Cell) -> float:
    """½ (e^{−2k} − 1 + 2k)."""
    k = cell["k"]
    return float((np.expm1(-2 * k) + 2 * k) / 2)


def _noisy_control(cell: Cell) -> float:
    """The decoy: what noise ε = 1 would grant, ¼ ∫E|error|² dt, in closed form."""
    k, delta = cell["k"], cell["x"]
    a = np.sqrt(delta)
    return float(k**2 / delta * (a**3 + delta * (1 - (1 - a) ** 3)) / 3 / 4)


def loss_variance(cell: Cell, *, halved: bool = False) -> float:
    """Variance of (Z/γ)·s, and of its mean over ±Z; `halved`: as for two independent draws."""
    t = cell["t"]
    ends = (1 - t) ** 2 * cell["c0"] + t**2 * cell["c1"]
    pure = t * (1 - t)
    plain, paired = ends / pure + 2, 2.0
    value = plain if cell["loss"] == "plain" else plain / 2 if halved else paired
    return float(value / (ends + pure) ** 2)


def bridge_coupling(cell: Cell, eps: float | None = None) -> float:
    """c* = √(c_0 c_1 + ε²) − ε."""
    of = cell["eps"] if eps is None else eps
    return float(np.sqrt(cell["c0"] * cell["c1"] + of**2) - of)


_STUDY = "evidence-interpolants"
_SOURCE = "albergo_2023, abstract, statement unread; bounds/papers/albergo_2023.py, derived"
_LINE = (
    "On the line, C_0 = 1, C_1 = 0.3, independent ends, errors b̂ − b = k e^{−r(1−t)} x and ŝ − s = "
    "l cos(w t) x"
)
_NUMBERS = "k = 0.3, r = 0, l = 0.2, w = 3 at seven ε from 0.05 to 4"
CLAIMS: tuple[Claim, ...] = (
    Claim(
        name="interpolant-fields",
        statement="The regressions of dX/dt and of −Z/γ on X_t are the matrices K = (t C_1 − (1 − "
        "t) C_0 + γγ' I) C_t^{-1} and −C_t^{-1}, with C_t = (1 − t)² C_0 + t² C_1 + γ² I.",
        assumptions="Independent Gaussian ends, γ² = t (1 − t); measured in two dimensions at t = "
        "0.3 and 0.7, from 100 draws a replicate.",
        source=_SOURCE,
        origin="derived",
        kind="tight",
        measurement=f"{_STUDY}:field",
        formula=field_entry,
        decoy=lambda c: field_entry(c, latent=0.0),
        decoy_note="the same without Z: of the ends' straight line alone",
        why="Means given X_t are linear for Gaussians: covariance with X_t over that of X_t.",
    ),
    Claim(
        name="interpolant-any-noise",
        statement="With the noise √(2ε) dW the weight of the score in the drift at which samples "
        "have the variance of X_1 is ε, for every ε.",
        assumptions="Gaussian ends in two dimensions, ε = 0.1, 1, 5; the trace of the samples' "
        "covariance is what is matched.",
        source=_SOURCE,
        origin="derived",
        kind="identity",
        measurement=f"{_STUDY}:weight",
        formula=lambda c: float(c["eps"]),
        decoy=lambda c: 2.0 * c["eps"],
        decoy_note="2ε, the noise's own factor",
        tolerance=1e-9,
        why="Noise √(2ε) dW adds ε Δρ to ∂ρ, and −div(ε s ρ) = −ε Δρ takes it away.",
        uses=("interpolant-fields",),
    ),
    Claim(
        name="interpolant-control",
        statement="KL(ρ_1‖ρ̂_1) ≤ (1/4ε) ∫E|b_F − b̂_F|² dt.",
        assumptions=f"The same start and ε for both. {_LINE}: {_NUMBERS}, and k = 0.1, r = 2ε/C_1, "
        "l = 0 at four ε.",
        source=_SOURCE,
        origin="derived",
        kind="upper",
        measurement=f"{_STUDY}:kl",
        formula=control,
        decoy=lambda c: control(c, 0.125),
        decoy_note="1/(8ε)",
        why="dKL/dt = E[g·δ] − ε E|g|² with g = ∇log(ρ/ρ̂), δ = b_F − b̂_F; g·δ − ε|g|² ≤ |δ|²/(4ε).",
        uses=("interpolant-entropy",),
    ),
    Claim(
        name="interpolant-entropy",
        statement="KL(ρ_1‖ρ̂_1) = ∫E[g·(b_F − b̂_F)] dt − ε ∫E|g|² dt, with g = ∇log(ρ/ρ̂).",
        assumptions=f"The same start and ε for both. {_LINE}: {_NUMBERS}, and k = 0.1, r = 2ε/C_1, "
        "l = 0 at four ε.",
        source=_SOURCE,
        origin="derived",
        kind="identity",
        measurement=f"{_STUDY}:kl",
        formula=production,
        decoy=lambda c: production(c, 0.5),
        decoy_note="with ε/2 before the second term",
        tolerance=1e-6,
        why="By parts, from both Fokker–Planck equations.",
        uses=("interpolant-any-noise",),
    ),
    Claim(
        name="interpolant-best-noise",
        statement="The bound of `interpolant-control` is least at ε* = ‖δb‖/‖δs‖, norms over time "
        "and law.",
        assumptions=f"{_LINE}, at three (k, r, l, w).",
        source=_SOURCE,
        origin="derived",
        kind="identity",
        measurement=f"{_STUDY}:best-noise",
        formula=best_noise,
        decoy=lambda c: best_noise(c) ** 2,
        decoy_note="ε*², the ratio of the two losses",
        tolerance=1e-6,
        why="(‖δb‖²/ε + 2⟨δb, δs⟩ + ε‖δs‖²)/4: first and last are equal at the least value.",
        uses=("interpolant-control",),
    ),
    Claim(
        name="interpolant-best-bound",
        statement="The least value over ε of the bound of `interpolant-control` is ½ (‖δb‖ ‖δs‖ + "
        "⟨δb, δs⟩).",
        assumptions=f"{_LINE}, at three (k, r, l, w).",
        source=_SOURCE,
        origin="derived",
        kind="identity",
        measurement=f"{_STUDY}:best-bound",
        formula=best_control,
        decoy=lambda c: best_control(c, 0.0),
        decoy_note="½ ‖δb‖ ‖δs‖, as for errors that are uncorrelated",
        tolerance=1e-9,
        why="The value of the bound at ε*.",
        uses=("interpolant-best-noise",),
    ),
    Claim(
        name="interpolant-flow-kl",
        statement="The flow without noise and latent variable, with the error (k/√δ) x of its "
        "velocity on the last √δ, has KL(ρ_1‖ρ̂_1) = ½ (e^{−2k} − 1 + 2k) for every δ.",
        assumptions="On the line, γ = 0, C_0 = 1, C_1 = δ = 0.1 … 1e-6, k = ½.",
        source=_SOURCE,
        origin="derived",
        kind="identity",
        measurement=f"{_STUDY}:flow-kl",
        formula=flow_kl,
        decoy=_noisy_control,
        decoy_note="¼ ∫E|error|² dt, the bound that noise ε = 1 grants",
        tolerance=1e-7,
        why="The error multiplies the last x by e^k.",
    ),
    Claim(
        name="interpolant-flow-energy",
        statement="That error's ∫E|error|² dt is of order √δ: it goes to 0 while the KL stays.",
        assumptions="On the line, γ = 0, C_0 = 1, C_1 = δ = 1e-3 … 1e-6, k = ½.",
        source=_SOURCE,
        origin="derived",
        kind="rate",
        measurement=f"{_STUDY}:flow-energy",
        formula=lambda c: float(c["x"] ** 0.5),
        decoy=lambda c: float(c["x"]),
        decoy_note="order δ, as the last variance",
        tolerance=0.02,
        why="(k²/δ) ∫_0^{√δ} (u² + δ) du = (4/3) k² √δ to leading order.",
        uses=("interpolant-flow-kl",),
    ),
    Claim(
        name="interpolant-antithetic",
        statement="At the true score the loss term (Z/γ) ŝ(X_t) has variance (Var J/γ² + 2)/C_t², "
        "J the ends' part of X_t, and its mean over Z and −Z has 2/C_t².",
        assumptions="On the line, independent Gaussian ends of variances 1 and 0.3, t = 0.01, 0.1, "
        "0.5, 0.9.",
        source=_SOURCE,
        origin="derived",
        kind="identity",
        measurement=f"{_STUDY}:loss-variance",
        formula=loss_variance,
        decoy=lambda c: loss_variance(c, halved=True),
        decoy_note="half of the plain variance for the pair, as for two independent draws",
        tolerance=1e-9,
        why="−(Z J + γ Z²)/(γ C_t): Z J is odd in Z, and drops out of the pair.",
        uses=("interpolant-fields",),
    ),
    Claim(
        name="bridge-coupling",
        statement="The coupling nearest in KL to the reference √(2ε) W has the covariance √(c_0 "
        "c_1 + ε²) − ε.",
        assumptions="Gaussian ends on the line, four (c_0, c_1, ε).",
        source=_SOURCE,
        origin="derived",
        kind="identity",
        measurement=f"{_STUDY}:static",
        formula=bridge_coupling,
        decoy=lambda c: bridge_coupling(c, 2 * c["eps"]),
        decoy_note="√(c_0 c_1 + 4ε²) − 2ε: ε taken for the reference's variance",
        tolerance=1e-6,
        why="The derivative of the KL in c vanishes where c² + 2ε c = c_0 c_1.",
    ),
    Claim(
        name="bridge-interpolant",
        statement="Among Gaussian interpolants with γ² = 2ε t (1 − t) that with the coupling "
        "√(c_0 c_1 + ε²) − ε has the least ∫E|b_F|² dt: optimised over, the interpolant is the "
        "Schrödinger bridge.",
        assumptions="Gaussian ends on the line, four (c_0, c_1, ε).",
        source=_SOURCE,
        origin="derived",
        kind="identity",
        measurement=f"{_STUDY}:dynamic",
        formula=bridge_coupling,
        decoy=lambda c: float((c["c0"] * c["c1"]) ** 0.5),
        decoy_note="√(c_0 c_1), the coupling of optimal transport",
        tolerance=1e-6,
        why="(1/4ε) ∫E|b_F|² dt is the path KL to the reference, least for the bridge.",
        uses=("bridge-coupling", "interpolant-any-noise"),
    ),
    Claim(
        name="heun-late-order",
        statement="Heun's step with both stages at t + h has W2 of order h from the flow's last "
        "law.",
        assumptions="On the line, C_0 = 1, C_1 = 0.3, no noise, 50 to 400 steps.",
        source=_SOURCE,
        origin="derived",
        kind="rate",
        measurement=f"{_STUDY}:late",
        formula=lambda c: float(c["x"]),
        decoy=lambda c: float(c["x"] ** 2),
        decoy_note="h², the order of Heun's own step",
        tolerance=0.02,
        why="To first order in h a step moves by h K(t + h), and not by the mean of K(t) and K(t + "
        "h): an error h² K'/2 each.",
    ),
)
