"""Risk over the information bound against the number of noise draws
for each datum, and what a bootstrap is worth in them.
"""

import matplotlib.figure
import numpy as np
import pandas as pd
from matplotlib.ticker import FuncFormatter, NullLocator

from figures import style
from figures.data import FigureData
from figures.told import Figure, Findings, number, ran_beyond

BASE = "DSM"


def draw(data: FigureData) -> matplotlib.figure.Figure:
    """The figure.

    Parameters
    ----------
    data : tables
        points: t, estimator, redraws (K), n, mean, low, high (95 % interval of the mean of
        risk/bound);
        theory: t, estimator, redraws, value;
        worth: t, estimator, redraws (at which DSM has the estimator's risk at K = 1), value (that
        risk over the bound). Facts: d, m, spectrum.

    Raises
    ------
    BadTable
        If a table or fact is missing or not finite, a number is not positive, replicate counts
        differ, or the tables hold different estimators or times.
    """
    key = ["t", "estimator", "redraws"]
    points = data.table(
        "points",
        key,
        numbers=["n"],
        positive=["t", "redraws", "mean", "low", "high"],
        words=["estimator"],
    )
    theory = data.table("theory", key, positive=["t", "redraws", "value"], words=["estimator"])
    worth = data.table("worth", key, positive=["t", "redraws", "value"], words=["estimator"])
    data.check_order("points", points, "low", "mean", "high")
    data.check_cells({"points": points, "theory": theory}, ["t", "estimator"])
    n = data.replicates({"points": points})
    estimators = list(dict.fromkeys(data.tables["theory"]["estimator"]))
    for name in worth["estimator"]:
        if name not in estimators:
            raise data.bad("worth", f"names the estimator {name}, which the table theory lacks")
    times = sorted(set(points["t"]))
    with style.look():
        figure = matplotlib.figure.Figure(figsize=(style.DOUBLE_COLUMN, 3.6), layout="constrained")
        panels = figure.subplots(1, len(times), sharey=True, squeeze=False)[0]
        for axes, t in zip(panels, times, strict=True):
            for k, estimator in enumerate(estimators):
                colour = style.COLOURS[k]
                marks = points[(points["t"] == t) & (points["estimator"] == estimator)]
                line = theory[(theory["t"] == t) & (theory["estimator"] == estimator)]
                label = estimator if axes is panels[0] else None
                style.beside_theory(axes, "redraws", marks, line, k, f"{t:g}-{k}", label)
                mine = worth[(worth["t"] == t) & (worth["estimator"] == estimator)]
                for redraws, value in zip(mine["redraws"], mine["value"], strict=True):
                    axes.plot(
                        [1.0, redraws], [value, value], color=colour, ls=":", lw=0.9, zorder=1
                    )
                    axes.annotate(
                        f"×{redraws:.0f}" if redraws >= 20 else f"×{redraws:.1f}",
                        (redraws, value),
                        xytext=(2, 2),
                        textcoords="offset points",
                        fontsize=style.SMALLEST_FONT,
                        color=colour,
                    )
            style.over_the_bound(axes)
            axes.set_xscale("log")
            axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
            axes.xaxis.set_minor_locator(NullLocator())
            axes.set_title(f"t = {t:g}", loc="left")
            axes.set_xlabel("noise draws for each datum K")
        panels[0].set_ylabel("risk / information bound")
        figure.legend(
            loc="outside upper center", ncols=len(estimators), columnspacing=1.0, handletextpad=0.3
        )
        style.letters(*panels)
        style.note(
            figure,
            f"Gaussian data, d = {data.fact('d')}, spectrum {data.fact('spectrum')}, m = "
            f"{data.fact('m')}. Lines: to leading order, bound + (risk with one draw − bound)/K; a "
            "joint fit of few functions of time keeps its bias. Dotted at 1: the information "
            f"bound, and the plug-in score. ×: how many draws {BASE} needs for the risk that the "
            f"estimator has at K = 1. Bars: 95 % intervals of the mean of n = {n} replicates of "
            f"{data.fact('draws')} data sets each, {style.widths(points, 'mean')}; where no bar "
            "shows, it lies inside the marker. Beyond the paper: settings are ours.",
        )
    return figure


def sample() -> FigureData:
    """Three estimators at two times, four K measured and a line through more."""
    points, theory, worth = [], [], []
    for t in (0.5, 2.0):
        first = {"DSM": 3.0 + 10 * t, "BSM": 1.5 + t, "path fit": 0.08}
        for name, above in first.items():
            measured, dense = np.array([1.0, 2.0, 5.0, 20.0]), np.geomspace(1, 1000, 13)
            mean = 1 + above / measured
            points.append(
                pd.DataFrame(
                    {"t": t, "estimator": name, "redraws": measured, "n": 40, "mean": mean}
                ).assign(low=0.98 * mean, high=1.02 * mean)
            )
            theory.append(
                pd.DataFrame(
                    {"t": t, "estimator": name, "redraws": dense, "value": 1 + above / dense}
                )
            )
            if name != BASE:
                worth.append(
                    {"t": t, "estimator": name, "redraws": first[BASE] / above, "value": 1 + above}
                )
    tables = {
        "points": pd.concat(points),
        "theory": pd.concat(theory),
        "worth": pd.DataFrame(worth),
    }
    return FigureData(
        "beyond-redraws", tables, {"d": 8, "m": 100_000, "draws": 7, "spectrum": "linear 0.3 … 3"}
    )


def _worth(f: Findings, estimator: str) -> list[str]:
    """At each time, in order."""
    rows = sorted((r for r in f.worth if r.estimator == estimator), key=lambda r: r.t)
    return [number(r.redraws, 2 if r.redraws < 99.5 else 3) for r in rows]


def _times(f: Findings) -> str:
    return ", ".join(f"{t:g}" for t in sorted({r.t for r in f.worth}))


def _found(f: Findings) -> str:
    rows = [
        "| t | estimator | worth, predicted | measured at the least K | standard error |",
        "|---|---|---|---|---|",
    ]
    rows += [
        f"| {r.t:g} | {r.estimator} | {number(r.redraws)} | {number(r.measured)} | "
        f"{number(r.se, 2)} |"
        for r in sorted(f.worth, key=lambda r: (r.t, r.redraws))
        if r.measured is not None
    ]
    table = [
        "| t | estimator | K | K × excess/bound | 95 % interval | predicted |",
        "|---|---|---|---|---|---|",
    ]
    table += [
        f"| {r.t:g} | {r.estimator} | {r.redraws} | {number(r.mean)} | {number(r.low)} … "
        f"{number(r.high)} | {number(r.predicted)} |"
        for r in f.excesses
    ]
    return (
        f"Noise is free in training, so each of the m = {f.m} data, at d = {f.d}, can have K noise "
        f"draws. Then every "
        "estimator's risk is bound + (risk with one draw − bound)/K. What is left at K = ∞ is the "
        "data's own variance, the information bound. There all are one, the plug-in score; but "
        "a joint fit of few functions of time keeps its bias, which redraws do not touch. "
        f"At t = {_times(f)} bootstrapping is worth {', '.join(_worth(f, 'BSM'))} noise draws "
        f"of DSM for each datum, and the path fit {', '.join(_worth(f, 'path fit'))}. With endless "
        f"draws nothing is left to "
        "win but the noise of the optimiser, which is not measured here.\n\n"
        + "\n".join(rows)
        + "\n\nThe excess is over the plug-in score of the same data, in units of the information "
        "bound.\n\n" + "\n".join(table)
    )


def _headline(f: Findings) -> str:
    t = max(r.t for r in f.worth)
    return (
        f"At time {t:g} bootstrapping is worth {_worth(f, 'BSM')[-1]} noise draws of denoising "
        "for each datum; with endless draws it wins nothing."
    )


def _alt(f: Findings) -> str:
    return (
        "Risk over the information bound against the number of noise draws for each datum, from 1 "
        f"to 1000, on log axes, at t = {_times(f)}. Every estimator falls to 1, but for the joint "
        "fit, which keeps its bias. DSM meets the risk that BSM has at one draw at "
        f"{', '.join(_worth(f, 'BSM'))} draws."
    )


FIGURE = Figure(
    name="beyond-redraws",
    paper="kumar_2025",
    title="Every estimator's risk over the information bound, against the noise draws for each "
    "datum",
    studies=("redraws",),
    draw=draw,
    sample=sample,
    heading="Beyond the paper: why not draw the noise again?",
    shows="",
    unknown="",
    claims=(
        "redraws-split",
        "redraws-entries",
        "redraws-plug-in",
        "redraws-excess",
        "redraws-worth",
        "redraws-joint",
        "redraws-scarce",
    ),
    headline=_headline,
    found=_found,
    ran=ran_beyond,
    alt=_alt,
)
