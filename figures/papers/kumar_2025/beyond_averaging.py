"""Risk of averages of candidates and of picks over κ log|H|/m, against how many candidates there
are.
"""

import matplotlib.figure
import numpy as np
import pandas as pd
from matplotlib.ticker import FuncFormatter, NullLocator

from figures import style
from figures.data import FigureData
from figures.told import Figure, Findings, number, ran_beyond

BASE, ANY_PICK = "least loss", "any pick, at least"
LIMITS = {8.0: "least loss, |H| → ∞", 4.0: "any pick, |H| → ∞", 2.0: "any estimator, |H| → ∞"}


def draw(data: FigureData) -> matplotlib.figure.Figure:
    """The figure.

    Parameters
    ----------
    data : tables points: rule, hypotheses (|H|), n, mean, low, high (95 % interval of the mean);
        theory: rule, hypotheses, value; all over κ log|H|/m. A rule may lack its theory, and what
        any pick has at least its points.

    Raises
    ------
    BadTable If a table is missing or not finite, a number is not positive, an interval does not
        hold its middle, or replicate counts differ.
    """
    key = ["rule", "hypotheses"]
    points = data.table(
        "points",
        key,
        numbers=["n"],
        positive=["hypotheses", "mean", "low", "high"],
        words=["rule"],
    )
    theory = data.table("theory", key, positive=["hypotheses", "value"], words=["rule"])
    data.check_order("points", points, "low", "mean", "high")
    n = data.replicates({"points": points})
    with style.look():
        figure = matplotlib.figure.Figure(figsize=(style.SINGLE_COLUMN, 4.0), layout="constrained")
        axes = figure.subplots()
        for level, words in LIMITS.items():
            axes.axhline(level, color=style.FAINT, ls=":", lw=0.9, zorder=1)
            left = level == 4  # least loss passes on the other side
            axes.annotate(
                f"{level:g}: {words}",
                (0.02 if left else 1.0, level),
                xycoords=("axes fraction", "data"),
                xytext=(0, 2),
                textcoords="offset points",
                ha="left" if left else "right",
                fontsize=style.SMALLEST_FONT,
                color=style.FAINT,
            )
        floor = theory[theory["rule"] == ANY_PICK]
        axes.plot(
            *(floor["hypotheses"], floor["value"], "-."),
            color=style.INK,
            lw=0.9,
            gid="picks",
            label=ANY_PICK,
        )
        for k, rule in enumerate(dict.fromkeys(data.tables["points"]["rule"])):
            colour = style.COLOURS[k]
            marks, line = points[points["rule"] == rule], theory[theory["rule"] == rule]
            axes.plot(line["hypotheses"], line["value"], color=colour, gid=f"theory-{k}")
            axes.vlines(marks["hypotheses"], marks["low"], marks["high"], color=colour, lw=2.2)
            axes.plot(
                *(marks["hypotheses"], marks["mean"], style.MARKERS[k]),
                color=colour,
                mec="white",
                mew=0.4,
                gid=f"points-{k}",
                label=rule,
            )
        axes.set_xscale("log")
        axes.set_yscale("log")
        axes.set_ylim(0.7, 9.5)
        axes.set_yticks([1, 2, 4, 8])
        axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
        axes.yaxis.set_minor_locator(NullLocator())
        axes.set_xlabel("candidates |H|")
        axes.set_ylabel("worst risk / (κ log|H|/m)")
        figure.legend(loc="outside upper center", ncols=2, columnspacing=1.0, handletextpad=0.4)
        style.note(
            figure,
            "Gaussian data, one time; candidates f and f + ε v in orthonormal directions v, one "
            "of them the score, at the worst ε and truth of each rule. Lines: by quadrature; "
            "Q-aggregation has none, its proven bound is 4. Dash-dotted: what any pick of one of "
            "|H| such directions has at least for some truth. Bars: 95 % intervals of the mean of "
            f"n = {n} replicates, {style.widths(points, 'mean')}; where no bar shows, it lies "
            "inside the marker. Beyond the paper: settings are ours.",
        )
    return figure


def sample() -> FigureData:
    """Three rules, one of them without a line."""
    sizes = np.array([10, 100, 1000])
    first = {BASE: 1.8, "Bayes": 0.93, "Q-aggregation": 1.12}
    points, theory = [], []
    for k, (rule, start) in enumerate(first.items()):
        mean = start * np.array([1, 1.2, 1.2 + 0.1 * k])
        points.append(
            pd.DataFrame({"rule": rule, "hypotheses": sizes, "n": 40, "mean": mean}).assign(
                low=0.98 * mean, high=1.02 * mean
            )
        )
        if rule != "Q-aggregation":
            theory.append(pd.DataFrame({"rule": rule, "hypotheses": sizes, "value": 1.01 * mean}))
    theory.append(
        pd.DataFrame({"rule": ANY_PICK, "hypotheses": sizes, "value": [1.14, 1.36, 1.53]})
    )
    tables = {"points": pd.concat(points), "theory": pd.concat(theory)}
    return FigureData("beyond-averaging", tables, {})


def gains(f: Findings, rule: str) -> list[float]:
    """Least loss's worst risk over a rule's, at each |H| that both have, in order."""
    base = {r.hypotheses: r.mean for r in f.worst if r.rule == BASE}
    mine = sorted((r.hypotheses, r.mean) for r in f.worst if r.rule == rule)
    return [base[size] / mean for size, mean in mine if size in base]


def _range(f: Findings, rule: str) -> str:
    ratios = gains(f, rule)
    return f"{number(min(ratios), 2)} to {number(max(ratios), 2)}"


def _found(f: Findings) -> str:
    lines = [
        "| rule | candidates | measured | 95 % interval | by quadrature |",
        "|---|---|---|---|---|",
    ]
    lines += [
        f"| {r.rule} | {r.hypotheses} | {number(r.mean)} | {number(r.low)} … {number(r.high)} | "
        f"{'' if r.predicted is None else number(r.predicted)} |"
        for r in f.worst
    ]
    others = [rule for rule in dict.fromkeys(r.rule for r in f.worst) if rule != BASE]
    told = ", ".join(f"{_range(f, rule)} times that of {rule}" for rule in others)
    return (
        "Of several candidate scores, checkpoints say, one usually keeps the one with the least "
        "loss on held-out data. Averaging them is safer: least loss's worst risk is "
        f"{told}. Q-aggregation's bound has 4κ where least loss's has 8κ, holds at joint times, "
        "and has factor 1 where no candidate is the score, which no rule that picks can have. "
        "In the limit |H| → ∞, derived and not measured, the best constants are 2 for any "
        "estimator, 4 for any pick and 8 for least loss; finite classes are far from them. "
        "`bounds.averaging.average` averages a user's "
        "candidates.\n\n" + "\n".join(lines)
    )


def _headline(f: Findings) -> str:
    rules = dict.fromkeys(r.rule for r in f.worst if r.rule != BASE)
    most = max(max(gains(f, rule)) for rule in rules)
    return (
        "Keeping the candidate of least loss has up to "
        f"{number(most)} times the worst risk of averaging the candidates."
    )


def _alt(f: Findings) -> str:
    last = {r.rule: r for r in sorted(f.worst, key=lambda r: r.hypotheses)}
    told = "; ".join(f"{r.rule} {number(r.mean)} at {r.hypotheses}" for r in last.values())
    return (
        "Worst risk over κ log|H|/m against the number of candidates, log axes: curves that rise "
        f"slowly, at the right end {told}. Dotted lines at 2, 4 and 8."
    )


FIGURE = Figure(
    name="beyond-averaging",
    paper="kumar_2025",
    title="Worst risk of averages of candidates and of picks, against how many candidates there "
    "are",
    studies=("evidence-averaging",),
    draw=draw,
    sample=sample,
    heading="Beyond the paper: why pick one of the candidates?",
    shows="",
    unknown="",
    claims=(
        "averaging-finite",
        "q-aggregation-finite",
        "pickers-inside",
        "q-aggregation-bound",
        "q-aggregation-mean",
        "pickers-outside",
        "least-loss-factor-one",
        "posterior-draw-twice",
        "information-integral",
        "bayes-risk-two",
    ),
    headline=_headline,
    found=_found,
    ran=ran_beyond,
    alt=_alt,
)
