"""Errors of score matching against samples, with two guarantees;
how loose one is; and score matching against maximum likelihood in a double well.
"""

from collections.abc import Mapping
from typing import Any

import matplotlib.figure
import pandas as pd
from matplotlib.ticker import NullLocator

from figures import style
from figures.data import FigureData
from figures.told import Figure, Findings, at, number, ran

FAMILIES = {
    ("quartic", 1.0): "exp(−x⁴)",
    ("quartic", 2.0): "exp(−x⁴ − y⁴), pair",
    ("gaussian", 2.0): "N(0, I₂), pair",
}
LINES = {
    "smedira-error": ("-", "sandwich"),
    "smedira-fast-rate-split": ("-.", "fast rate, best split"),
    "smedira-fast-rate": ("--", "fast rate"),
    "smedira-guarantee": (":", "Lemma 9, repaired"),
}
LAWS = {"quartic": "quartic", "gaussian": "Gaussian"}


def draw(data: FigureData) -> matplotlib.figure.Figure:
    """The figure.

    Parameters
    ----------
    data : a table for each claim of LINES (law, vars, M, n, measured, low, high, predicted), for
        smedira-loose (law, vars, measured) and for smedira-fisher-well (a, measured, predicted,
        decoy)

    Raises
    ------
    BadTable
        If a table is missing or not finite, a number is not positive, an interval does not hold its
        middle, replicate counts differ, or a law is unknown.
    """
    columns = ["vars", "M", "measured", "predicted"]
    errors = {
        claim: data.table(
            claim,
            ["law", "vars", "M"],
            numbers=["n", "low", "high"],
            positive=columns,
            words=["law"],
        )
        for claim in LINES
    }
    loose = data.table(
        "smedira-loose", ["law", "vars"], positive=["vars", "measured"], words=["law"]
    )
    well = data.table(
        "smedira-fisher-well", ["a"], numbers=["a"], positive=["measured", "predicted", "decoy"]
    )
    for name, frame in errors.items():
        data.check_order(name, frame, "low", "measured", "high")
    for name, frame in {**errors, "smedira-loose": loose}.items():
        if not set(frame["law"]) <= set(LAWS):
            raise data.bad(name, f"column law must hold {', '.join(LAWS)}, and nothing else")
    n = data.replicates(errors)
    with style.look():
        figure = matplotlib.figure.Figure(figsize=(style.DOUBLE_COLUMN, 4.2), layout="constrained")
        first, second, third = figure.subplots(1, 3)
        for k, ((law, size), label) in enumerate(FAMILIES.items()):
            for claim, (dashes, _) in LINES.items():
                mine = errors[claim]
                mine = mine[(mine["law"] == law) & (mine["vars"] == size)]
                gid = f"{claim}-{law}-{size:g}"
                first.plot(
                    mine["M"], mine["predicted"], dashes, color=style.COLOURS[k], gid=gid, lw=1.0
                )
            first.vlines(mine["M"], mine["low"], mine["high"], color=style.COLOURS[k], lw=2.0)
            look = {"color": style.COLOURS[k], "mec": "white", "mew": 0.4}
            points = f"points-{law}-{size:g}"
            first.plot(
                mine["M"], mine["measured"], style.MARKERS[k], **look, gid=points, label=label
            )
        for dashes, label in LINES.values():
            first.plot([], [], dashes, color=style.FAINT, lw=1.0, label=label)
        first.set_xlabel("samples M")
        first.set_ylabel("squared error")
        for k, (law, label) in enumerate(LAWS.items()):
            mine = loose[loose["law"] == law]
            spot = 2 * k  # the colours of the first panel
            second.plot(
                mine["vars"],
                mine["measured"],
                f"{style.MARKERS[spot]}-",
                color=style.COLOURS[spot],
                gid=f"loose-{law}",
                label=label,
            )
        second.set_xlabel("variables n")
        second.set_ylabel("samples asked for / needed")
        second.set_xticks([1, 2, 3], labels=["1", "2", "3"])
        third.plot(
            well["a"],
            well["predicted"],
            color=style.COLOURS[0],
            gid="well",
            label="E x²(3E x² − a)",
        )
        third.plot(
            well["a"], well["decoy"], ":", color=style.FAINT, gid="barrier", label="exp(a²/4)"
        )
        third.plot(
            well["a"], well["measured"], "o", color=style.COLOURS[0], mec="white", gid="ratio"
        )
        third.set_xlabel("depth a of the double well")
        third.set_ylabel("variance / maximum likelihood's")
        for axes in (first, second, third):
            axes.set_yscale("log")
            axes.legend(loc="upper center", bbox_to_anchor=(0.45, -0.16), handletextpad=0.4)
        first.set_xscale("log")
        first.set_xticks([250, 500, 1000], labels=["250", "500", "1000"])
        first.xaxis.set_minor_locator(NullLocator())
        style.letters(first, second, third)
        style.note(
            figure,
            "(a) Marks are measured, solid lines predicted by the sandwich: the quantile of the "
            "largest squared error that a guarantee speaks of, "
            f" 95 % intervals of n = {n} replicates of 11 data sets, "
            f"{style.widths(errors['smedira-error'], 'measured')}. (b) At ε = 0.01, Lemma 9 as "
            "printed with its largest constant Cₚ. (c) To leading order; dots by quadrature.",
        )
    return figure


def sample() -> FigureData:
    """Errors that fall like 1/M under guarantees that do so or not, and two short curves."""
    rows = [
        {"law": law, "vars": int(size), "M": m, "n": 20, "measured": scale / m}
        for scale, (law, size) in zip((2.0, 5.0, 1.0), FAMILIES, strict=True)
        for m in (250, 500, 1000)
    ]
    frame = pd.DataFrame(rows)
    frame = frame.assign(low=0.9 * frame["measured"], high=1.1 * frame["measured"])
    times = {"smedira-error": 1.0, "smedira-fast-rate-split": 20.0, "smedira-fast-rate": 50.0}
    tables = {name: frame.assign(predicted=k * frame["measured"]) for name, k in times.items()}
    tables["smedira-guarantee"] = frame.assign(predicted=1e5 / frame["M"] ** 0.5)
    tables["smedira-loose"] = pd.DataFrame(
        [
            {"law": law, "vars": size, "measured": 10.0 ** (5 + 2 * size + k)}
            for k, law in enumerate(LAWS)
            for size in (1, 2, 3)
        ]
    )
    tables["smedira-fisher-well"] = pd.DataFrame(
        {
            "a": [0.0, 2.0, 4.0],
            "measured": [1.4, 5.0, 26.0],
            "predicted": [1.4, 5.0, 26.0],
            "decoy": [1.0, 2.7, 55.0],
        }
    )
    return FigureData("smedira", tables, {})


def _pair(row: Mapping[str, Any]) -> bool:
    """Whether a cell is of the quartic pair at the largest number of samples."""
    return (row["law"], row["vars"], row["M"]) == ("quartic", 2, 1000)


def _found(f: Findings) -> str:
    def error(claim: str, column: str, law: str, size: int) -> float:
        (row,) = (r for r in f.points[claim] if (r["law"], r["vars"], r["M"]) == (law, size, 1000))
        return float(row[column])

    def ratio(claim: str, column: str) -> str:
        pair = [error(claim, column, "quartic", 2), error(claim, "measured", "quartic", 2)]
        return number(pair[0] / pair[1])

    asked = {
        (law, size): number(at(f, "smedira-loose", law=law, vars=size), 2)
        for law in LAWS
        for size in (1, 2, 3)
    }
    line = [number(at(f, "smedira-fisher-line", d=d)) for d in (2, 4, 6, 12)]
    well = {a: number(at(f, "smedira-fisher-well", a=a)) for a in (0.0, 3.0, 6.0)}
    kept = number(100 * at(f, "smedira-structure", rule="printed", theta=0.4), 2)
    notes = (
        (
            "Equation 7, the step to a uniform law on a small cell",
            at(f, "smedira-cell-curvature", d=6),
            "at least 0.368",
            "the cell's volume is missing; with that factor it holds, M* as before",
        ),
        (
            "Equation 20, E‖x‖^{4d−4} over C_t^{4d−4}",
            max(r["measured"] for r in f.points["smedira-moment"] if r["d"] == 2),
            "at most 3",
            "with 104.4 it holds for all laws of Condition 1, with 3 for those of faster tails",
        ),
        (
            "Lemma 7, a probability",
            max(r["measured"] for r in f.points["smedira-lemma-7"]),
            "at most 0.09996",
            "two points of the ball may be 2B apart; with 2εB² for εB²/2 it holds",
        ),
        (
            "Lemma 8, Var α of x⁸",
            at(f, "smedira-lemma-8", d=8),
            "at most 768",
            "d⁴ for d² holds, and Lemma 9 has d⁴ anyway",
        ),
        (
            "Lemma 6, the variance of exp(4x − x³) on [−5, 5]",
            min(r["measured"] for r in f.points["smedira-variance"] if r["power"] == 3),
            "at least 0.00211",
            "for even powers, all that Theorem 2 needs, it holds",
        ),
        (
            "Lemma 11, the constant",
            at(f, "smedira-lemma-9-constant", gap=0.125),
            "3264",
            "ours is the least that the proof can reach; the text's split, repaired, gives 12480",
        ),
    )
    table = ["| where | our number | printed | what holds |", "|---|---|---|---|"]
    table += [
        f"| {where} | {number(value, 4)} | {said} | {holds} |"
        for where, value, said, holds in notes
    ]
    return (
        "Score matching fits the coefficients θ of log p = Σ θ_k f_k without knowing the "
        "normalising constant. For polynomial f its loss is quadratic, so the estimate solves a "
        "linear system. The work bounds how many samples M it takes until all squared errors of "
        "chosen coefficients are at most ε. Everything here is for its estimator, on "
        "laws small enough to integrate: exp(−Σ x_i⁴) and N(0, I).\n\n"
        f"**How loose.** At ε = 0.01 Lemma 9 asks for {asked['quartic', 1]}, {asked['quartic', 2]} "
        f"and {asked['quartic', 3]} times the samples that are needed, on the quartic laws of one "
        f"to three variables; on Gaussian ones for {asked['gaussian', 1]}, "
        f"{asked['gaussian', 2]} and {asked['gaussian', 3]} times. This is a first bound of its "
        "kind, and constants were not its aim. But its 1/ε² is not the truth's 1/ε: "
        "`smedira-needed`.\n\n"
        "**A fast rate.** Ours. Take H = E FFᵀ of the features' derivatives F, Γ the covariance of "
        "a sample's gradient, and p parameters. Then M ≥ max{8(E(FᵀH^{-1}F)² − p)/δ, 8 max "
        "(H^{-1})_kk tr(H^{-1}Γ)/(εδ)} is enough for probability 1 − δ. No tail condition "
        "and no bound on θ is used. At M = 1000 on the pair of exp(−x⁴ − y⁴) it allows "
        f"{ratio('smedira-fast-rate', 'predicted')} times the error that is measured, with the "
        f"best split {ratio('smedira-fast-rate-split', 'predicted')} times; Lemma 9, repaired, "
        f"{ratio('smedira-guarantee', 'predicted')} times. Medians of blocks make log(1/δ) of "
        "1/δ.\n\n"
        "**Against maximum likelihood.** For exp(−θx^d) score matching has "
        f"{', '.join(line)} times its variance, d = 2, 4, 6, 12. In a double well the mean's "
        f"coefficient costs {well[0.0]}, {well[3.0]} and {well[6.0]} times at a = 0, 3, 6: like "
        "2a², and not like the time to cross the barrier, e^{a²/4}. For Gaussian pairs nothing is "
        "lost.\n\n"
        "**Reader's notes.** Some lines and our numbers differ. Each is small, none touches that "
        "the sample count is polynomial in n, and for each a repaired line holds in all cells. "
        "What we call repaired is our own reading.\n\n"
        + "\n".join(table)
        + "\n\nAlso: page 6 has a sign and page 19 a factor 2 in the gradient that the proofs do "
        "not use. Theorem 1 has n^{d+1} where Lemma 9, on which it rests, has n^{2d+1}; counted "
        "exactly it is n^{2d−1}, which is n^{d+1} at d = 2. Algorithm 1 keeps what exceeds ε: on "
        f"three variables with one edge of 0.4 it finds the structure in {kept} % of runs, and "
        "with |θ̂| > √ε, which its proof uses, in all."
    )


def _headline(f: Findings) -> str:
    asked = number(at(f, "smedira-loose", law="quartic", vars=2), 2)
    (row,) = (r for r in f.points["smedira-fast-rate"] if _pair(r))
    allowed = number(row["predicted"] / row["measured"])
    return (
        f"For two quartic variables the published guarantee asks for {asked} times the samples "
        f"needed; our bound is {allowed} times the error measured."
    )


def _alt(f: Findings) -> str:
    low = number(at(f, "smedira-error", law="gaussian", vars=2, M=1000), 2)
    return (
        "Three panels with log axes upwards. (a) Squared error against 250 to 1000 samples for "
        "three laws. Marks fall along solid lines, for the Gaussian pair to "
        f"{low} at M = 1000; the fast rate lies above them by 10 to 200 times, and Lemma 9 by a "
        "factor of 10⁴ to 10⁷, and it falls more slowly. (b) What Lemma 9 asks for over what "
        "is needed rises from 10⁷ at one variable to 10¹¹ and 10¹² at three. (c) Dots on a "
        f"curve from {number(at(f, 'smedira-fisher-well', a=0.0))} to "
        f"{number(at(f, 'smedira-fisher-well', a=6.0))}, crossed by the faster exp(a²/4)."
    )


FIGURE = Figure(
    name="smedira",
    paper="smedira_2026",
    title="Errors of score matching against samples, with guarantees; how loose; and a double well",
    studies=("evidence-smedira", "evidence-smedira-errors"),
    draw=draw,
    sample=sample,
    heading="How many samples score matching needs",
    shows=(
        "No figure. The abstract: first finite sample bounds for learning the structure of "
        "exponential families of polynomials by score matching, polynomial in the dimension"
    ),
    unknown=(
        "the constants in the exponents of Theorems 1 and 2; so Theorem 2 is checked by what it is "
        "made of, equation 14 and Lemma 9. Equation 12 is left out: it is short of the truth by "
        "10⁹, and no believable variant of it fails"
    ),
    claims=(
        *LINES,
        "smedira-needed",
        "smedira-loose",
        "smedira-growth",
        "smedira-growth-rate",
        "smedira-loss",
        "smedira-curvature",
        "smedira-gradient-sign",
        "smedira-gradient-factor",
        "smedira-gradient-size",
        "smedira-truncation",
        "smedira-basic-inequality",
        "smedira-tail",
        "smedira-cell-change",
        "smedira-cell-density",
        "smedira-cell-curvature",
        "smedira-cell-moments",
        "smedira-multilinear",
        "smedira-likelihood-order",
        "smedira-structure",
        "smedira-factors",
        "smedira-exponent",
        "smedira-variance",
        "smedira-variance-small",
        "smedira-moment",
        "smedira-lemma-7",
        "smedira-lemma-8",
        "smedira-lemma-9-constant",
        "smedira-fisher-line",
        "smedira-fisher-product",
        "smedira-fisher-well",
        "smedira-fisher-pair",
    ),
    headline=_headline,
    found=_found,
    ran=ran,
    alt=_alt,
)
FIGURES: tuple[Figure, ...] = (FIGURE,)
