r"""Four regression targets for the score, all unbiased given X_t.

    CSM = −Z_t/σ_t² = T1,   TSM = e^t ∇log π(X_0) = T2 from level 0,
    NSM = −X_t + e^{-t} (∇log π(X_0) + X_0) = e^{-2t} TSM + σ_t² CSM,   MIX = w TSM + (1 − w) CSM.

Their conditional variances, at each time and over all times, need only Fisher information and
entropy: theory.md, "Targets of a tilt" and "Target noise over all times".
"""

import numpy as np

from bounds.check import Array
from bounds.claim import Cell, Claim
from bounds.information import entropy, fisher, relative_entropy, relative_fisher
from bounds.line import Line
from bounds.process import Step, noise_variance
from bounds.stam import least_variance_weight

NORMAL = Line(np.ones(1), np.zeros(1), np.ones(1))
"""γ = N(0, 1)."""


def law_of(cell: Cell) -> Line:
    """π."""
    return Line(*(np.array(cell[key]) for key in ("weights", "means", "variances")))


def at(law: Line, t: float) -> Line:
    """π_t."""
    e = np.exp(-t)
    return Line(law.weights, e * law.means, e**2 * law.variances + 1 - e**2)


def target_variance(cell: Cell) -> float:
    """E Var(target | X_t)."""
    law, t = law_of(cell), cell["t"]
    later = at(law, t)
    if cell["target"] == "csm":
        return float(1 / noise_variance(t)) - fisher(later)
    if cell["target"] == "tsm":
        return float(np.exp(2 * t)) * fisher(law) - fisher(later)
    return float(np.exp(-2 * t)) * relative_fisher(law, NORMAL) - relative_fisher(later, NORMAL)


def _undecayed(cell: Cell) -> float:
    """The decoy: the same mean squares, each with the factor left out that the target's time has:
    1/σ_t² for the whole of 1/σ_t² − I(π_t), I(π) for e^{2t} I(π), I(π) for I(π|γ).
    """
    law, t = law_of(cell), cell["t"]
    later = at(law, t)
    if cell["target"] == "csm":
        return float(1 / noise_variance(t))
    if cell["target"] == "tsm":
        return fisher(law) - fisher(later)
    return float(np.exp(-2 * t)) * fisher(law) - relative_fisher(later, NORMAL)


def _step(cell: Cell) -> tuple[Step, float]:
    """The step from t' to t, and I(π_{t'})."""
    return Step(cell["start"], cell["t"]), fisher(at(law_of(cell), cell["start"]))


def best_weight(cell: Cell) -> float:
    """w° from level t', 0 or later."""
    step, held = _step(cell)
    return float(least_variance_weight(step, np.array(held), 1))


def novel_weight(cell: Cell) -> float:
    """The decoy: e^{−2g}, with which NSM is made of the two."""
    return Step(cell["start"], cell["t"]).carry ** 2


def best_variance(cell: Cell, w: float | None = None) -> float:
    """The variance at w° or another weight: w² e^{2g} I(π_{t'}) + (1 − w)²/τ² − I(π_t)."""
    step, held = _step(cell)
    share = best_weight(cell) if w is None else w
    mine, other = held / step.carry**2, 1 / step.fresh_variance
    later = fisher(at(law_of(cell), cell["t"]))
    return share**2 * mine + (1 - share) ** 2 * other - later


def control_weight(cell: Cell) -> float:
    """The control-variate weight e^{−2g} σ_{t'}²/σ_t²; from level 0, where it is 0, NSM's."""
    step = Step(cell["start"], cell["t"])
    return novel_weight(cell) if step.is_first else step.bootstrap_weight


def sobolev_deficit(cell: Cell, less: float = 1.0) -> float:
    """½ I(π|γ) − KL(π|γ)."""
    if "eigenvalues" in cell:
        lam = np.array(cell["eigenvalues"])
        relative = ((1 - lam) ** 2 / lam).sum() / 2
        return float(relative - less * (lam - 1 - np.log(lam)).sum() / 2)
    law = law_of(cell)
    return relative_fisher(law, NORMAL) / 2 - less * relative_entropy(law, NORMAL)


def stam_deficit(cell: Cell) -> float:
    """(d/2) log(N(π) I(π)/d)."""
    if "eigenvalues" in cell:
        lam = np.array(cell["eigenvalues"])
        return float(lam.size / 2 * np.log((1 / lam).mean()) + np.log(lam).sum() / 2)
    law = law_of(cell)
    return entropy(law) - float(np.log(2 * np.pi * np.e)) / 2 + float(np.log(fisher(law))) / 2


def information(cell: Cell, *, noised: bool = True) -> float:
    """I(X_0; X_t) = h(π_t) − ½ log(2πe σ_t²), t the first time; the decoy takes h(π)."""
    law, start = law_of(cell), cell["start"]
    held = entropy(at(law, start) if noised else law)
    return held - float(np.log(2 * np.pi * np.e * noise_variance(start))) / 2


def atoms_entropy(cell: Cell) -> float:
    """−Σ π log π."""
    weights = np.array(cell["weights"])
    return float(-weights @ np.log(weights))


def late_integral(cell: Cell) -> float:
    """½ (e^{2T} − 1) I(π) − (h(π_T) − h(π) + T)."""
    law, end = law_of(cell), cell["end"]
    return float(_grown(cell) - (entropy(at(law, end)) - entropy(law) + end))


def _grown(cell: Cell) -> float:
    return float(np.expm1(2 * cell["end"])) / 2 * fisher(law_of(cell))


def spread_of(cell: Cell) -> tuple[Array, Array]:
    """Variances of X_t, and of the target given X_t, by coordinate: data N(0, diag λ)."""
    lam, t = np.array(cell["eigenvalues"]), cell["t"]
    e2, noise = np.exp(-2 * t), noise_variance(t)
    v = e2 * lam + noise
    of = {
        "csm": e2 * lam / (noise * v),
        "tsm": noise / (e2 * v * lam),
        "nsm": e2 * noise * (1 - lam) ** 2 / (lam * v),
    }
    return np.asarray(v), np.asarray(of[cell["target"]])


def regression_risk(cell: Cell) -> float:
    """tr Cov(T | X_t) · d/(m − d − 1)."""
    _, noise = spread_of(cell)
    return float(noise.sum() * noise.size / (cell["m"] - noise.size - 1))


def gradient_variance(cell: Cell, fourth: float = 1.0) -> float:
    """tr C tr V + tr(DVDᵀ) tr V + tr(DV²Dᵀ)."""
    v, noise = spread_of(cell)
    D = np.array(cell["off"])
    total = (noise.sum() + ((D * v) * D).sum()) * v.sum() + fourth * ((D * v**2) * D).sum()
    return float(total)


_STUDY = "evidence-tilt-targets"
_TARGETS = "theory.md, Targets of a tilt"
_TIME = "theory.md, Target noise over all times"
_FINITE = "π with a density, finite I(π) and second moment"
_LAWS = "two mixtures of two Gaussians on the line"
CLAIMS: tuple[Claim, ...] = (
    Claim(
        name="tilt-target-variance",
        statement="E tr Cov given X_t is d/σ_t² − I(π_t) for CSM, e^{2t} I(π) − I(π_t) for TSM, "
        "and e^{−2t} I(π|γ) − I(π_t|γ) for NSM.",
        assumptions=f"{_FINITE}; measured for {_LAWS}, t = 0.003 … 3.",
        source=_TARGETS,
        origin="derived",
        kind="identity",
        measurement=f"{_STUDY}:variance",
        formula=target_variance,
        decoy=_undecayed,
        decoy_note="CSM without − I(π_t), TSM without e^{2t}, NSM with I(π) for I(π|γ)",
        tolerance=1e-8,
        why="The mean square of the target less that of its conditional mean, the score; NSM plus "
        "X_t, which is known, is e^{−t} (∇log π + X_0).",
    ),
    Claim(
        name="tilt-best-weight",
        statement="Among w TSM + (1 − w) CSM the least variance is at w° = (d/σ_t²)/(d/σ_t² + "
        "e^{2t} I(π)); from a level t' > 0, with τ², g and I(π_{t'}) in their place.",
        assumptions=f"{_FINITE}; measured for {_LAWS} from level 0, one of them from 0.1 and 0.3.",
        source=f"{_TARGETS}; theory.md, Least variance scalar weight",
        origin="derived",
        kind="identity",
        measurement=f"{_STUDY}:weight",
        formula=best_weight,
        decoy=novel_weight,
        decoy_note="e^{−2g}, the weight with which NSM mixes the two: right where I = d alone",
        tolerance=1e-8,
        why="E⟨TSM, CSM⟩ = 0: a parabola in w.",
        uses=("least-variance-weight",),
    ),
    Claim(
        name="tilt-best-variance",
        statement="That least variance is 1/(σ_t²/d + e^{−2t}/I(π)) − I(π_t), the gap in Stam's "
        "inequality; likewise from a level t' > 0.",
        assumptions="As tilt-best-weight.",
        source=f"{_TARGETS}; theory.md, Least variance scalar weight",
        origin="derived",
        kind="identity",
        measurement=f"{_STUDY}:mixture",
        formula=best_variance,
        decoy=lambda c: best_variance(c, control_weight(c)),
        decoy_note="the variance at the control-variate weight of bootstrapping; from level 0 at "
        "NSM's weight",
        tolerance=1e-8,
        why="The parabola's least value.",
        uses=("tilt-best-weight", "least-variance-value"),
    ),
    Claim(
        name="tilt-nsm-deficit",
        statement="∫_0^∞ of NSM's variance dt is ½ I(π|γ) − KL(π|γ), the deficit in the "
        "logarithmic Sobolev inequality.",
        assumptions=f"{_FINITE}; measured for five mixtures on the line and Gaussian data in two "
        "and three dimensions.",
        source=_TIME,
        origin="derived",
        kind="identity",
        measurement=f"{_STUDY}:nsm-integral",
        formula=sobolev_deficit,
        decoy=lambda c: sobolev_deficit(c, 0.0),
        decoy_note="½ I(π|γ), without KL",
        tolerance=1e-8,
        why="dKL(π_t|γ)/dt = −I(π_t|γ).",
        uses=("tilt-target-variance",),
    ),
    Claim(
        name="tilt-mixture-deficit",
        statement="∫_0^∞ of the best mixture's variance dt is (d/2) log(N(π) I(π)/d), the deficit "
        "in Stam's isoperimetric inequality for entropies; N = e^{2h/d}/(2πe).",
        assumptions=f"{_FINITE}; measured for five mixtures on the line and Gaussian data in two "
        "and three dimensions.",
        source=_TIME,
        origin="derived",
        kind="identity",
        measurement=f"{_STUDY}:mixture-integral",
        formula=stam_deficit,
        decoy=sobolev_deficit,
        decoy_note="½ I(π|γ) − KL(π|γ), NSM's integral",
        tolerance=1e-8,
        scale=1e-2,
        why="d/dt h(π_t) = I(π_t) − d, for π and for the Gaussian with π's Fisher information.",
        uses=("tilt-best-variance",),
    ),
    Claim(
        name="tilt-csm-information",
        statement="∫_{t_0}^∞ of CSM's variance dt is the mutual information I(X_0; X_{t_0}).",
        assumptions="π with a density, finite entropy and second moment; measured for six "
        "mixtures on the line, t_0 = 1e-5 … 0.1.",
        source=_TIME,
        origin="derived",
        kind="identity",
        measurement=f"{_STUDY}:csm-integral",
        formula=information,
        decoy=lambda c: information(c, noised=False),
        decoy_note="h(π) − (d/2) log(2πe σ_{t_0}²), the data's entropy in place of X_{t_0}'s",
        tolerance=1e-8,
        why="The derivative of h(π_t) − (d/2) log(2πe σ_t²) is I(π_t) − d/σ_t².",
        uses=("tilt-target-variance",),
    ),
    Claim(
        name="tilt-csm-training-set",
        statement="For data on finitely many points ∫_0^∞ of CSM's variance dt is their entropy: "
        "log m for a training set of m different points.",
        assumptions="Measured from t = 1e-7, for 2, 3 and 10 points on the line, with equal "
        "weights and others.",
        source=_TIME,
        origin="derived",
        kind="identity",
        measurement=f"{_STUDY}:atoms-integral",
        formula=atoms_entropy,
        decoy=lambda c: float(np.log(len(c["weights"]))),
        decoy_note="log m whatever the weights",
        tolerance=1e-8,
        why="I(X_0; X_t) is at most H(X_0), and tends to it as t falls: X_t names the point.",
        uses=("tilt-csm-information",),
    ),
    Claim(
        name="tilt-tsm-integral",
        statement="∫_0^T of TSM's variance dt is ½ (e^{2T} − 1) I(π) − (h(π_T) − h(π) + d T).",
        assumptions=f"{_FINITE}; measured for a mixture on the line, T = 1 … 5.",
        source=_TIME,
        origin="derived",
        kind="identity",
        measurement=f"{_STUDY}:tsm-integral",
        formula=late_integral,
        decoy=_grown,
        decoy_note="its first term alone",
        tolerance=1e-8,
        why="∫ e^{2t} dt, and d/dt h(π_t) = I(π_t) − d.",
        uses=("tilt-target-variance",),
    ),
    Claim(
        name="tilt-regression-risk",
        statement="Least squares of a target T on X_t has the mean risk tr Cov(T | X_t) · d/(m − d "
        "− 1): the target's variance is what it costs.",
        assumptions="Data N(0, diag(0.3, 1, 2.5)), T linear in (X_0, Z_t) and unbiased; t = 0.3, "
        "m = 10.",
        source="theory.md, What target noise costs",
        origin="derived",
        kind="tight",
        measurement="evidence-tilt-costs:risk",
        formula=regression_risk,
        decoy=lambda c: spread_of(c)[1].sum() * 3 / c["m"],
        decoy_note="tr Cov(T | X_t) · d/m",
        why="T − s is independent of X_t, and the mean of an inverse Wishart matrix has m − d − 1.",
        uses=("tilt-target-variance", "dsm-risk"),
    ),
    Claim(
        name="tilt-gradient-variance",
        statement="One sample's gradient (A X − T) Xᵀ at A = A* + D has the total variance tr C tr "
        "V + tr(DVDᵀ) tr V + tr(DV²Dᵀ), with C = Cov(T | X_t) and V = Cov X_t.",
        assumptions="Data N(0, diag(0.5, 2)), D = [[1, 0.4], [0, 1]], t = 0.3 and 1.",
        source="theory.md, What target noise costs",
        origin="derived",
        kind="tight",
        measurement="evidence-tilt-costs:gradient",
        formula=gradient_variance,
        decoy=lambda c: gradient_variance(c, 0.0),
        decoy_note="without tr(DV²Dᵀ), as if the gradient's mean had no part in it",
        why="Fourth moments of Gaussians, less the mean DV squared.",
        uses=("tilt-target-variance",),
    ),
)
