"""The theorem and what follows from it, in one table: assumption, statement, constant, what is
known to be tight, what is open; how near the measurements come to each bound is read from the
results.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from figures.told import number


@dataclass(frozen=True)
class Extension:
    """One row.

    Attributes
    ----------
    assumed, shown : in words
    constant : of the bound
    tight, unknown : what is known to be the best constant, and what is not known
    bound : the claim that holds the row, an upper bound
    beside : claims that say what is said of tightness, and of what fails
    """

    assumed: str
    shown: str
    constant: str
    tight: str
    unknown: str
    bound: str
    beside: tuple[str, ...] = ()


EXTENSIONS = (
    Extension(
        "log-concave data, finite H with s in it, all times together, no γ_j above its gap",
        "risk ≤ 8κ log(|H|/δ)/m",
        "κ ≤ 1 + γ/(1 − e^{−γ}) ≤ 2 + γ, γ = max γ_j, whatever d and N",
        "8, for picking by least loss, as |H| grows (Gaussian data, one time)",
        "small |H|",
        "log-concave-bound",
        ("kappa-schur", "gaussian-bound-half-fails"),
    ),
    Extension(
        "any law with a curvature profile, no moments",
        "E S² ≤ κ E‖ζ‖², and with it the bound of the first row",
        "κ of the profile",
        "κ at one time, in step 4",
        "the best κ at several times",
        "heavy-tails-profile",
        ("heavy-tails-wide",),
    ),
    Extension(
        "bounded support, atoms or not",
        "E S² ≤ κ E‖ζ‖², and with it the bound of the first row",
        "κ from R² and the grid",
        "κ at one time, for two atoms",
        "the best κ at several times",
        "bounded-support-need",
    ),
    Extension(
        "a prior π in place of counting",
        "risk ≤ 8κ log(1/(π(f̂)δ))/m",
        "8κ",
        "not known",
        "",
        "prior-bound",
    ),
    Extension(
        "in the mean",
        "E risk ≤ 8κ log|H|/m",
        "8κ",
        "8, as |H| grows",
        "small |H|",
        "mean-risk-bound",
    ),
    Extension(
        "P parameters, one time, any features, s in the class",
        "m · risk ≤ κ(P + 2√(P L) + 2L), L = log 1/δ",
        "κ for each parameter; P = d² for linear scores",
        "white Gaussian data, P → ∞",
        "",
        "parameters-one-time",
        ("parameters-one-time-mean",),
    ),
    Extension(
        "P parameters, times together, Gram matrix within (1 ± η) of its mean, s in the class",
        "m · risk ≤ κ q(√P + √(2L))², q = (1 + η)/(1 − η)",
        "κ for each parameter",
        "not known at several times",
        "what holds in the mean at every m: E risk ≤ κP/m does not",
        "parameters-joint",
        ("parameters-self-normalised", "parameters-joint-mean"),
    ),
    Extension(
        "population risk, E Y² ≤ θ (E Y)² for Y = Σ γ_j |f − s|² of one path",
        "risk ≤ 8κL/(1 − √(2θL)), L = log(|H|/δ)/m",
        "8κ",
        "not known; without a condition it fails",
        "the best θ",
        "population-bound",
        ("population-no-condition",),
    ),
    Extension(
        "s outside H, f* in H fixed",
        "risk ≤ (1 + η) risk(f*) + 8κ(1 + 1/η)L",
        "8κ",
        "a class of two, as log(1/δ) → ∞",
        "",
        "outside-bound",
        ("pickers-outside",),
    ),
    Extension(
        "averaging instead of picking (Q-aggregation), s in H or not",
        "risk ≤ risk(f*) + 4κ log(1/(π(f*)δ))/m",
        "4κ, and factor 1",
        "not known; 2 is least for any estimator (Gaussian data, one time, s in H, |H| → ∞)",
        "whether 4 can fall",
        "q-aggregation-bound",
        ("bayes-risk-two", "least-loss-factor-one"),
    ),
    Extension(
        "K noise draws a datum",
        "the bound of the first row, with the risk averaged over them",
        "8κ, whatever K",
        "not known; never like 1/K",
        "the best κ at K = ∞",
        "redraws-theorem",
    ),
    Extension(
        "bootstrapping, posterior covariance at most b, B = ∫2a²b² finite, s in the class at every "
        "level, control-variate weight, any features and m",
        "E risk ≤ P a²B/m",
        "a²B, 1/σ² for log-concave data",
        "log-concave data at the first time; features that forget nothing",
        "K > 1, estimated weights, s outside the class",
        "every-m-mean",
        ("every-m-tail", "forgetting-none"),
    ),
    Extension(
        "bootstrapping, Gaussian data, linear scores, m > d + 1",
        "mean population risk at most denoising's, tr(C) d/(m − d − 1)",
        "1",
        "not known; other features can lose",
        "",
        "every-m-population",
        ("every-m-order", "every-m-turned"),
    ),
)


def table(verdicts: Mapping[str, Mapping[str, Any]]) -> str:
    """The table as Markdown.

    Parameters
    ----------
    verdicts : by the claims' names, with the fields of `dimfree verify --json`
    """
    rows = [
        "| assumed | shown | constant | reached | known tight | open | claims |",
        "|---|---|---|---|---|---|---|",
    ]
    for one in EXTENSIONS:
        cells = [one.assumed, one.shown, one.constant, _reached(one, verdicts)]
        cells += [one.tight, one.unknown or "—", _claims(one, verdicts)]
        rows.append(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |")
    return (
        "### The theorem and what follows from it\n\n*Reached* is the largest measured number over "
        "the bound, over the cells of the first claim named: 1 would be all of it. In the second "
        "and third row that is what step 4 of the proof needs, E S²/E‖ζ‖², over κ, and not a risk. "
        "The proofs are in bounds/theory.md; a claim that is not as expected in these results is "
        "named in bold.\n\n" + "\n".join(rows) + "\n\n"
    )


def _reached(one: Extension, verdicts: Mapping[str, Mapping[str, Any]]) -> str:
    found = verdicts.get(one.bound)
    return "not measured" if found is None else number(found["reached"], 2)


def _claims(one: Extension, verdicts: Mapping[str, Mapping[str, Any]]) -> str:
    names = []
    for name in (one.bound, *one.beside):
        found = verdicts.get(name)
        held = found is not None and found["verdict"] == found["expected"]
        said = "" if found is None or found["verdict"] == "HOLDS" else f" {found['verdict']}"
        names.append(f"`{name}`{said}" if held else f"**`{name}` not as expected**")
    return ", ".join(names)
