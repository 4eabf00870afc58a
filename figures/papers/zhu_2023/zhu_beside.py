"""SCORE beside public implementations of other methods: how often each takes the second of two
columns for the effect, on the same data.
"""

import matplotlib.figure
import pandas as pd

from figures import style
from figures.data import FigureData
from figures.told import Figure, Findings, at, number, ran

LAWS = {
    "sine": "x₂ = 1.2 sin x₁ + ε",
    "two modes": "x₂ = x₁/2 + ε of two modes",
    "line": "x₂ = x₁ + ε, no order",
}
METHODS = ("SCORE", "SCORE, ridge 1", "nine functions", "additive noise", "DirectLiNGAM")


def draw(data: FigureData) -> matplotlib.figure.Figure:
    """The figure.

    Parameters
    ----------
    data : table zhu-beside (law, method, rows, n, measured, low, high), of three laws

    Raises
    ------
    BadTable
        If it is missing or not finite, an interval does not hold its middle, or a method is missing
        at a law.
    """
    shares = data.table(
        "zhu-beside", ["law", "method"], numbers=["rows", "n", "measured", "low", "high"],
        words=["law", "method"],
    )  # fmt: skip
    data.check_order("zhu-beside", shares, "low", "measured", "high")
    n = data.replicates({"zhu-beside": shares})
    with style.look():
        figure = matplotlib.figure.Figure(figsize=(style.DOUBLE_COLUMN, 2.5), layout="constrained")
        panels = figure.subplots(1, 3, sharey=True)
        for axes, (law, title) in zip(panels, LAWS.items(), strict=True):
            mine = shares[shares["law"] == law].set_index("method")
            if set(mine.index) != set(METHODS):
                raise data.bad("zhu-beside", f"needs all five methods at the law '{law}'")
            mine = mine.loc[list(METHODS)]
            places = range(len(METHODS))
            colours = [style.COLOURS[0]] * 3 + [style.COLOURS[1]] * 2
            axes.hlines(places, mine["low"], mine["high"], color=colours, lw=2.0)
            axes.scatter(mine["measured"], places, color=colours, zorder=3, gid=f"shares-{law}")
            axes.axvline(0.5, color=style.FAINT, ls=":", lw=0.9)
            axes.set_xlim(0, 1)
            axes.set_yticks(list(places), labels=METHODS)
            axes.set_ylim(4.5, -0.5)
            axes.set_title(title, loc="left")
            axes.set_xlabel("share that takes x₂ for the effect")
        style.letters(*panels)
        style.note(
            figure,
            f"{shares['rows'].iloc[0]:g} rows, the same data for all methods; bars: 95 % intervals "
            f"of n = {n} replicates. Blue: by the score, ours. Orange: causal-learn. Dotted: a "
            "coin, which is right in (c).",
        )
    return figure


def sample() -> FigureData:
    """Shares that differ by law and method."""
    shares = pd.DataFrame(
        [
            {"law": law, "method": method, "rows": 60, "measured": 0.2 + 0.1 * k + 0.15 * j}
            for k, law in enumerate(LAWS)
            for j, method in enumerate(METHODS)
        ]
    )
    low, high = (shares["measured"] + step for step in (-0.05, 0.05))
    tables = {"zhu-beside": shares.assign(n=20, low=low, high=high)}
    return FigureData("zhu-beside", tables, {})


def _share(f: Findings, law: str, method: str) -> str:
    return number(at(f, "zhu-beside", law=law, method=method), 2)


def _found(f: Findings) -> str:
    rows = "\n".join(
        f"| {method} | " + " | ".join(_share(f, law, method) for law in LAWS) + " |"
        for method in METHODS
    )
    return (
        "No public package installs SCORE, as far as we could find. So our SCORE stands beside "
        "other methods of causal-learn, on the same data: two columns, 60 rows. Additive noise "
        "models (Hoyer et al. 2009) fit a curve each way, and ask in which direction the residuals "
        "do not depend on the cause. DirectLiNGAM (Shimizu et al. 2011) fits lines, and uses that "
        "the noise is not Gaussian. The share of data sets of which each takes x₂, the effect, for "
        "the effect:\n\n"
        "| method | 1.2 sin x₁ + ε | x₁/2 + ε of two modes | x₁ + ε |\n|---|---|---|---|\n"
        f"{rows}\n\n"
        "Nobody wins everywhere. Where a curve and Gaussian noises make the order (the first "
        "column), the score sees it best, and lines are worse than a coin: "
        f"{_share(f, 'sine', 'DirectLiNGAM')}. Where a line and a noise of two modes make it, "
        f"lines do: {_share(f, 'two modes', 'DirectLiNGAM')}. There SCORE's rule is wrong even "
        "with endless data (`zhu-wrong-leaf`). In the last column nothing can be known. "
        "The two other methods toss a coin, as they should. SCORE takes x₂ in "
        f"{_share(f, 'line', 'SCORE')} of the sets, with the larger ridge in "
        f"{_share(f, 'line', 'SCORE, ridge 1')}: x₂ has the smaller precision "
        "(`zhu-not-a-coin`). The larger ridge leans that way in all three, so that it is "
        "right in the first two is no merit: there the effect has the smaller precision as well."
    )


def _headline(f: Findings) -> str:
    return (
        "Where a curve makes the order SCORE finds the effect in "
        f"{_share(f, 'sine', 'SCORE')} of the sets and DirectLiNGAM in "
        f"{_share(f, 'sine', 'DirectLiNGAM')}; where a line does, DirectLiNGAM wins."
    )


def _alt(f: Findings) -> str:
    return (
        "Three panels, one for each law: (a) a sine, (b) a noise of two modes, (c) no order. Each "
        "has five methods one below the other and the share that takes the second column for the "
        "effect from 0 to 1. On the sine the three methods by the "
        f"score lie right, DirectLiNGAM left at {_share(f, 'sine', 'DirectLiNGAM')}. On two modes "
        "SCORE and the nine functions lie left of one half, DirectLiNGAM right. On the line the "
        "two methods of causal-learn lie at one half, those by the score right of it."
    )


FIGURE = Figure(
    name="zhu-beside",
    paper="zhu_2023",
    title="Which of two columns is the cause: SCORE beside public implementations",
    studies=("evidence-zhu-beside",),
    draw=draw,
    sample=sample,
    heading="SCORE beside other methods, on the same data",
    shows="",
    unknown="",
    claims=("zhu-beside",),
    headline=_headline,
    found=_found,
    ran=ran,
    alt=_alt,
)
