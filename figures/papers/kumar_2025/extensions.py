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
        "log-concave data, finite H with s in it, all times together",
        "risk ≤ 8κ log(|H|/δ)/m",
        "κ ≤ 1 + φ(γ), below 2 + γ, whatever d and N",
        "8, for picking by least loss as |H| grows",
        "small |H|",
        "log-concave-bound",
        ("kappa-schur", "gaussian-bound-half-fails"),
    ),
    Extension(
        "any law with a curvature profile, no moments",
        "the same",
        "κ of the profile",
        "no",
        "the best κ; κ_log-concave is not enough for heavy tails",
        "heavy-tails-profile",
        ("heavy-tails-wide",),
    ),
    Extension(
        "bounded support, atoms or not",
        "the same",
        "κ from R² and the grid",
        "no",
        "the best κ at several times",
        "bounded-support-need",
    ),
    Extension(
        "a prior π in place of counting",
        "risk ≤ 8κ log(1/(π(f̂)δ))/m",
        "8κ",
        "as above",
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
        "P parameters, one time, any features",
        "m · risk ≤ κ(P + 2√(P L) + 2L), L = log 1/δ",
        "κ for each parameter; P = d² for linear scores",
        "white Gaussian data, P → ∞",
        "",
        "parameters-one-time",
        ("parameters-one-time-mean",),
    ),
    Extension(
        "P parameters, times together, Gram matrix within (1 ± η) of its mean",
        "m · risk ≤ κ q(√P + √(2L))², q = (1 + η)/(1 − η)",
        "κ for each parameter",
        "η = 0, white data",
        "the mean: E risk ≤ κP/m fails at every m",
        "parameters-joint",
        ("parameters-self-normalised", "parameters-joint-mean"),
    ),
    Extension(
        "population risk, E Y² ≤ θ (E Y)²",
        "risk ≤ 8κL/(1 − √(2θL)), L = log(|H|/δ)/m",
        "8κ",
        "8, as m grows",
        "θ's own constant; some condition is needed",
        "population-bound",
        ("population-no-condition",),
    ),
    Extension(
        "s outside H",
        "risk ≤ (1 + η) risk(f*) + 8κ(1 + 1/η)L",
        "8κ",
        "a class of two",
        "",
        "outside-bound",
        ("pickers-outside",),
    ),
    Extension(
        "averaging instead of picking (Q-aggregation), s in H or not",
        "risk ≤ risk(f*) + 4κ log(1/(π(f*)δ))/m",
        "4κ, and factor 1",
        "2 is the minimax constant of all estimators",
        "whether 2 is reached at several times",
        "q-aggregation-bound",
        ("bayes-risk-two", "least-loss-factor-one"),
    ),
    Extension(
        "K noise draws a datum",
        "the same bound, with the risk averaged over them",
        "8κ, no better with K",
        "no: the data's own variance stays",
        "the best κ at K = ∞",
        "redraws-theorem",
    ),
    Extension(
        "bootstrapping, any law, features and m",
        "E risk ≤ P a²B/m",
        "denoising's own",
        "the first time; features that forget nothing",
        "K > 1, estimated weights, s outside the class",
        "every-m-mean",
        ("every-m-tail", "forgetting-none"),
    ),
    Extension(
        "bootstrapping, Gaussian data, linear scores, any m",
        "covariance and mean risk at most denoising's",
        "1",
        "m = d",
        "other features: it can lose",
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
        cells = (one.assumed, one.shown, one.constant, _reached(one, verdicts))
        cells += (one.tight, one.unknown or "—", _claims(one, verdicts))
        rows.append(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |")
    return (
        "### The theorem and what follows from it\n\n"
        "*Reached* is the measured number over the bound at its worst cell: 1 would be all of it. "
        "The proofs are in bounds/theory.md; a claim that is not as expected in these results is "
        "named in bold.\n\n" + "\n".join(rows) + "\n\n"
    )


def _reached(one: Extension, verdicts: Mapping[str, Mapping[str, Any]]) -> str:
    found = verdicts.get(one.bound)
    return "not measured" if found is None else number(found["measured"] / found["predicted"], 2)


def _claims(one: Extension, verdicts: Mapping[str, Mapping[str, Any]]) -> str:
    names = []
    for name in (one.bound, *one.beside):
        found = verdicts.get(name)
        held = found is not None and found["verdict"] == found["expected"]
        said = "" if found is None or found["verdict"] == "HOLDS" else f" {found['verdict']}"
        names.append(f"`{name}`{said}" if held else f"**`{name}` not as expected**")
    return ", ".join(names)
