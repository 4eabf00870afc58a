"""One function over all noise levels: joint risk against the number B of time basis functions."""

from typing import Any

import matplotlib.figure
import pandas as pd
from matplotlib.lines import Line2D
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

from figures import style
from figures.data import Fact, FigureData
from figures.told import Figure, Findings, number, ran_beyond

TARGETS = {"T1": "-", "T3": "--"}
LEVELS = {"DSM": (5, 2), "BSM": (1, 1), "path fit": (4, 1, 1, 1)}


def draw(data: FigureData) -> matplotlib.figure.Figure:
    """The figure.

    Parameters
    ----------
    data : tables
        points: m, basis, target ("T1", "T3"), count (B), n, mean, low, high (95 % interval of the
        mean), predicted;
        levels: m, curve, value (joint risk of other estimators). Facts: d, spectrum, delta, steps.

    Raises
    ------
    BadTable
        If a table or fact is missing or not finite, a number is not positive, replicate counts
        differ, a target or level is unknown, or the tables hold different m.
    """
    points = data.table(
        "points",
        ["m", "basis", "target", "count"],
        numbers=["n"],
        positive=["m", "count", "mean", "low", "high", "predicted"],
        words=["basis", "target"],
    )
    levels = data.table("levels", ["m", "curve"], positive=["m", "value"], words=["curve"])
    data.check_order("points", points, "low", "mean", "high")
    data.check_cells({"points": points, "levels": levels}, ["m"])
    n = data.replicates({"points": points})
    if set(points["target"]) != set(TARGETS):
        raise data.bad(
            "points", f"column target must hold {' and '.join(TARGETS)}, and nothing else"
        )
    if set(levels["curve"]) != set(LEVELS):
        raise data.bad("levels", f"column curve must hold {', '.join(LEVELS)}, and nothing else")
    bases = sorted(set(points["basis"]))
    with style.look():
        figure = matplotlib.figure.Figure(figsize=(style.DOUBLE_COLUMN, 3.8), layout="constrained")
        panels = figure.subplots(1, points["m"].nunique(), squeeze=False)[0]
        for axes, (m, group) in zip(panels, points.groupby("m"), strict=True):
            for k, basis in enumerate(bases):
                for target, dash in TARGETS.items():
                    marks = group[(group["basis"] == basis) & (group["target"] == target)]
                    name = f"{m:g}-{basis}-{target}"
                    colour = style.COLOURS[k]
                    # the local target stands back
                    pale: dict[str, Any] = {"alpha": 0.5, "lw": 0.8} if target != "T1" else {}
                    line = (marks["count"], marks["predicted"], dash)
                    axes.plot(*line, color=colour, gid=f"theory-{name}", **pale)
                    axes.vlines(marks["count"], marks["low"], marks["high"], color=colour, lw=1.5)
                    axes.plot(
                        marks["count"],
                        marks["mean"],
                        style.MARKERS[k],
                        color=colour,
                        mfc=colour if target == "T1" else "white",
                        mec="white" if target == "T1" else colour,
                        mew=0.4,
                        ms=3.8 if target == "T1" else 2.6,
                        gid=f"points-{name}",
                    )
            for curve, dashes in LEVELS.items():
                value = float(
                    levels.loc[(levels["m"] == m) & (levels["curve"] == curve), "value"].iloc[0]
                )
                axes.axhline(value, color=style.FAINT, lw=0.8, ls=(0, dashes), zorder=1)
                axes.annotate(
                    curve,
                    (1.0, value),
                    xycoords=("axes fraction", "data"),
                    xytext=(2, 0),
                    textcoords="offset points",
                    va="top" if curve == "BSM" else "bottom",
                    fontsize=style.SMALLEST_FONT,
                    color=style.FAINT,
                )
            axes.set_xscale("log")
            axes.set_yscale("log")
            counts = sorted(set(points["count"]))
            axes.xaxis.set_major_locator(FixedLocator(counts))
            axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
            axes.xaxis.set_minor_locator(NullLocator())
            axes.set_title(f"m = {m:g}", loc="left")
            axes.set_xlabel("number of time functions B")
        panels[0].set_ylabel("joint risk  (dimensionless)")
        keys = [
            Line2D(
                [], [], color=style.COLOURS[k], marker=style.MARKERS[k], mec="white", label=basis
            )
            for k, basis in enumerate(bases)
        ]
        for target, dash in TARGETS.items():
            words = f"target {target.translate(style.SUBSCRIPTS)}"
            keys.append(Line2D([], [], color=style.FAINT, ls=dash, label=words))
        figure.legend(handles=keys, loc="outside upper center", ncols=len(keys), columnspacing=1.2)
        style.letters(*panels)
        style.note(
            figure,
            f"Gaussian data, d = {data.fact('d')}, spectrum {data.fact('spectrum')}; Δ = "
            f"{data.fact('delta')}, N = {data.fact('steps')}. Full lines and markers: denoising "
            "target T₁ (the paper's objective); dashed, pale, open: local target T₃. Lines: bias "
            f"and variance to leading order. n = {n} replicates, 95 % intervals of "
            f"{style.widths(points, 'mean')}. Beyond the paper: settings are ours.",
        )
    return figure


def sample() -> FigureData:
    """Two bases and both targets against four counts
    at two m, with the levels of other estimators.
    """
    rows = []
    for m in (500, 20_000):
        for k, basis in enumerate(("exponential", "polynomial")):
            for target, factor in (("T1", 1.0), ("T3", 1.4)):
                for count in (1, 2, 5, 20):
                    mean = factor * (0.1 * (k + 1) / count**3 + 30 * count / m)
                    rows.append(
                        [m, basis, target, count, 20, mean, 0.97 * mean, 1.03 * mean, 1.01 * mean]
                    )
    columns = ["m", "basis", "target", "count", "n", "mean", "low", "high", "predicted"]
    levels = [
        (m, curve, value / m)
        for m in (500, 20_000)
        for curve, value in (("DSM", 99.0), ("BSM", 60.0), ("path fit", 9.0))
    ]
    tables = {
        "points": pd.DataFrame(rows, columns=columns),
        "levels": pd.DataFrame(levels, columns=["m", "curve", "value"]),
    }
    facts: dict[str, Fact] = {"d": 8, "spectrum": "linear 0.3 … 3", "delta": 0.1, "steps": 20}
    return FigureData("beyond-basis", tables, facts)


def _found(f: Findings) -> str:
    rows = [
        "| Δ | m | target | best basis | B | joint risk | predicted | of which bias |",
        "|---|---|---|---|---|---|---|---|",
    ]
    rows += [
        f"| {r.spacing:g} | {r.m} | {r.target} | {r.basis} | {r.count} | {number(r.mean)} "
        f"[{number(r.low)}, {number(r.high)}] | {number(r.predicted)} | {number(r.bias)} |"
        for r in f.best
    ]
    levels = "\n".join(
        f"- Δ = {spacing:g}, m = {m}: "
        + ", ".join(
            f"{r.curve} {number(r.value)}" for r in f.levels if (r.spacing, r.m) == (spacing, m)
        )
        for spacing, m in dict.fromkeys((r.spacing, r.m) for r in f.levels)
    )
    return (
        "Few functions leave a bias, many leave each step to itself. The joint risk of others on "
        f"the same grids, by theory:\n\n{levels}\n\n" + "\n".join(rows)
    )


def _headline(f: Findings) -> str:
    best = max(f.best, key=lambda r: (r.m, r.target == "T1", r.spacing))
    beside = [r.value for r in f.levels if (r.spacing, r.m) == (best.spacing, best.m)]
    return (
        f"At {best.m} samples one fit of {best.count} time functions over all noise levels has "
        f"risk {number(best.mean)}; separate fits have {number(max(beside))}."
    )


def _alt(f: Findings) -> str:
    best = "; ".join(
        f"Δ = {r.spacing:g}, m = {r.m}, target {r.target}: {r.basis}, B = {r.count}" for r in f.best
    )
    return (
        "Joint risk against the number B of time functions, two panels for two sample counts: it "
        f"falls while the bias does, then rises or stays. Least at {best}."
    )


FIGURE = Figure(
    name="beyond-basis",
    paper="kumar_2025",
    title="Joint-time fitting: risk against the number of time functions",
    studies=("joint-time",),
    draw=draw,
    sample=sample,
    heading="Beyond the paper: one function over all noise levels",
    shows="",
    unknown="",
    claims=(
        "joint-sandwich",
        "joint-piecewise-is-dsm",
        "mixture-bsm-wins",
        "mixture-matrix-wins",
        "mixture-path-wins",
        "mixture-bsm-true-score",
        "mixture-path-true-score",
        "mixture-path-attains",
    ),
    headline=_headline,
    found=_found,
    ran=ran_beyond,
    alt=_alt,
)
