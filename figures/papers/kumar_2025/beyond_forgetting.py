"""What bootstrapping wins: risk of BSM over DSM's against what the features keep from level to
level.
"""

import matplotlib.figure
import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from figures import style
from figures.data import FigureData
from figures.told import Figure, Findings, number, ran_beyond

PANELS = ("linear scores", "one feature")
NAMED = (10.0, 100.0, 10000.0)
"""The λ that are written beside their points at the last time."""


def _series(axes: Axes, k: int, place: str, curve: pd.DataFrame, marks: pd.DataFrame) -> None:
    """One curve with its points and their intervals."""
    colour = style.COLOURS[k]
    axes.plot(curve["kept"], curve["value"], color=colour, gid=f"theory-{place}-{k}")
    axes.vlines(
        marks["kept"], marks["low"], marks["high"], color=colour, lw=2.2, gid=f"bars-{place}-{k}"
    )
    axes.plot(
        marks["kept"],
        marks["ratio"],
        style.MARKERS[k],
        color=colour,
        mec="white",
        mew=0.4,
        gid=f"points-{place}-{k}",
        label=marks["series"].iloc[0],
    )


def draw(data: FigureData) -> matplotlib.figure.Figure:
    """The figure.

    Parameters
    ----------
    data : tables points: panel ("linear scores", "one feature"), series, mark (λ or ω), kept (ρ² of
        the features between the levels), n, ratio (BSM/DSM), low, high (95 % interval), predicted;
        theory: panel, series, kept, value. Facts: first (t_1 of the linear scores), before, after
        (the levels of the one feature).

    Raises
    ------
    BadTable If a table or fact is missing or not finite, a number is not positive, replicate counts
        differ, a panel is missing or unknown, a series lacks its curve, or an estimate lies outside
        its interval.
    """
    points = data.table(
        "points",
        ["panel", "series", "mark"],
        numbers=["n", "mark", "low"],
        positive=["kept", "ratio", "high", "predicted"],
        words=["panel", "series"],
    )
    theory = data.table(
        "theory", ["panel", "series", "kept"], positive=["kept", "value"], words=["panel", "series"]
    )
    data.check_order("points", points, "low", "ratio", "high")
    data.check_cells({"points": points, "theory": theory}, ["panel", "series"])
    n = data.replicates({"points": points})
    if set(points["panel"]) != set(PANELS):
        raise data.bad("points", f"column panel must hold {' and '.join(PANELS)}, and nothing else")
    with style.look():
        figure = matplotlib.figure.Figure(figsize=(style.DOUBLE_COLUMN, 3.9), layout="constrained")
        panels = figure.subplots(1, 2, sharey=True)
        for panel, name in enumerate(PANELS):
            axes = panels[panel]
            here, lines = (f[f["panel"] == name] for f in (points, theory))
            axes.axhline(1.0, color=style.FAINT, lw=0.5)
            axes.plot([0, 1], [0, 1], color=style.FAINT, lw=0.7, ls=":")
            for k, series in enumerate(dict.fromkeys(here["series"])):
                mine = here[here["series"] == series]
                _series(axes, k, str(panel), lines[lines["series"] == series], mine)
            axes.set_xlim(-0.02, 1.02)
            axes.set_ylim(0.0, 1.05 * max(1.0, points["high"].max()))
            axes.legend(loc="lower right")
        last = points[(points["panel"] == PANELS[0])]
        last = last[last["series"] == last["series"].iloc[-1]]
        for row in last[last["mark"].isin(NAMED)].itertuples():
            panels[0].annotate(
                f"λ = {row.mark:g}",
                (row.kept, row.ratio),
                xytext=(-4, 5),
                ha="right",
                textcoords="offset points",
                fontsize=style.SMALLEST_FONT,
                color=style.INK,
            )
        panels[0].set_title("linear scores, all eigenvalues λ", loc="left")
        panels[1].set_title("one feature cos(ωx), two levels", loc="left")
        panels[0].set_xlabel(f"ρ² of the features between t = {data.fact('first')} and t")
        panels[1].set_xlabel(
            f"ρ² of the feature between t = {data.fact('before')} and {data.fact('after')}"
        )
        panels[0].set_ylabel("risk of BSM / risk of DSM")
        style.letters(*panels)
        style.note(
            figure,
            "ρ: correlation of the features between the levels. (a) Gaussian data, steps of "
            f"{data.fact('first')}. Lines: theory to leading order, through all λ in (a) and "
            "all ω in (b). Dotted: risk in proportion to ρ². At ρ² = 1 nothing is forgotten, "
            f"and BSM is DSM. Bars: 95 % intervals of the ratio of means of n = {n} replicates, "
            f"{style.widths(points, 'ratio')}; where no bar shows, it lies inside the marker. "
            "Beyond the paper: settings are ours.",
        )
    return figure


def sample() -> FigureData:
    """Two times on the left, two laws on the right, on straight lines."""
    points, theory = [], []
    for panel, series, floor in (
        (PANELS[0], "t = 1", 0.1),
        (PANELS[0], "t = 2", 0.02),
        (PANELS[1], "Gaussian", 0.16),
        (PANELS[1], "Laplace", 0.25),
    ):
        kept, dense = np.array([0.02, 0.3, 0.7, 0.99]), np.linspace(0.01, 1, 9)
        ratio = floor + (1 - floor) * kept
        marks = pd.DataFrame({"panel": panel, "series": series, "mark": [1.0, 10.0, 100.0, 1e4]})
        points.append(
            marks.assign(kept=kept, n=40, ratio=1.01 * ratio, predicted=ratio).assign(
                low=0.97 * ratio, high=1.04 * ratio
            )
        )
        theory.append(
            pd.DataFrame(
                {"panel": panel, "series": series, "kept": dense}
                | {"value": floor + (1 - floor) * dense}
            )
        )
    tables = {"points": pd.concat(points), "theory": pd.concat(theory)}
    return FigureData("beyond-forgetting", tables, {"first": 0.1, "before": 0.5, "after": 0.7})


def _last(f: Findings) -> list[Findings]:
    """The rows of the last time, by λ."""
    t = max(r.t for r in f.flat)
    return sorted((r for r in f.flat if r.t == t), key=lambda r: r.mark)


def _found(f: Findings) -> str:
    rows = [
        "| λ | ρ² from the first level | BSM/DSM measured | 95 % interval | predicted |",
        "|---|---|---|---|---|",
    ]
    rows += [
        f"| {r.mark:g} | {number(r.kept)} | {number(r.ratio)} | {number(r.low)} … {number(r.high)} "
        f"| {number(r.predicted)} |"
        for r in _last(f)
    ]
    return (
        "For any law, any features, any number m of paths, bootstrapping does one thing to "
        "denoising: old errors pass through the projections on the features of every level "
        "between. What it wins is what the features forget. Where they keep all, BSM is DSM on "
        "every data set. With b(s) a bound on the posterior covariance, B(t) = ∫ 2a² b² finite and "
        "the score in the class at every level, BSM's mean empirical risk is at most P a² B/m at "
        "every m. For log-concave data that is the bound that we have for denoising; for other "
        "laws denoising has a smaller one. BSM can lose: counterexamples stand among the claims. "
        f"At t = {_last(f)[0].t:g}, linear scores:\n\n" + "\n".join(rows) + "\n\n"
        f"Of the {f.points} points none lies further than {number(f.worst, 2)} from its curve."
    )


def _headline(f: Findings) -> str:
    first, last = _last(f)[0], _last(f)[-1]
    return (
        "Bootstrapping wins what features forget between noise levels: its risk is "
        f"{number(first.ratio)} of denoising's where they forget most, {number(last.ratio)} where "
        "least."
    )


def _alt(f: Findings) -> str:
    first, last = _last(f)[0], _last(f)[-1]
    return (
        "Risk of BSM over DSM's against the squared correlation of the features between levels. "
        "(a) Linear scores of Gaussian data at several times; (b) one cosine feature "
        "of three laws. Curves rise to 1 where features keep all, with points no further than "
        f"{number(f.worst, 2)} from them: {number(first.ratio)} at λ = {first.mark:g}, "
        f"{number(last.ratio)} at λ = {last.mark:g}, at t = {last.t:g}."
    )


FIGURE = Figure(
    name="beyond-forgetting",
    paper="kumar_2025",
    title="BSM's risk over DSM's against what features keep from level to level",
    studies=("evidence-forgetting",),
    draw=draw,
    sample=sample,
    heading="Beyond the paper: what does bootstrapping win?",
    shows="",
    unknown="",
    claims=(
        "every-m-projections",
        "every-m-mean",
        "every-m-tail",
        "every-m-exact",
        "every-m-order",
        "every-m-population",
        "every-m-turned",
        "every-m-target",
        "forgetting-none",
        "forgetting-flat",
        "forgetting-features",
        "forgetting-worse",
        "forgetting-strong",
        "forgetting-correlation",
    ),
    headline=_headline,
    found=_found,
    ran=ran_beyond,
    alt=_alt,
)
