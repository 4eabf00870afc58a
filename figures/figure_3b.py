"""Figure 3b: what the reverse SDE draws with DSM and BSM scores of a mixture, and the minor mode's share of it.

The true density beside the drawn ones, the share against the training budget, and the improvement of the share by
bootstrapping at every setting.
"""

from itertools import product

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, NullLocator, PercentFormatter

from figures import style
from figures.data import FigureData

CURVES = {"dsm": "DSM", "bsm": "BSM"}
RIVALS = {"bsm": "BSM, variance-optimal weight", "bsm-half": "BSM, weight 1/2"}
FITS = {"step": "a network a step", "joint": "one network for all t"}


def checked(data: FigureData) -> dict[str, pd.DataFrame]:
    """The three tables after their checks, which are those that `draw` names."""
    frames = {
        "densities": data.table(
            "densities", ["curve", "x"], numbers=["x", "n", "value", "q05", "q95"], words=["curve"]
        ),
        "budgets": data.table(
            "budgets",
            ["fit", "method", "budget"],
            numbers=["n", "exact"],
            positive=["budget", "share", "low", "high"],
            words=["fit", "method"],
        ),
        "gains": data.table(
            "gains",
            ["place", "method"],
            numbers=["place", "gain", "low", "high"],
            positive=["sets"],
            words=["method", "case"],
        ),
    }
    densities, budgets, gains = frames.values()
    if set(densities["curve"]) != {"truth", "exact", *CURVES}:
        raise data.bad("densities", "column curve must hold truth, exact, dsm and bsm, and nothing else")
    if set(budgets["method"]) != set(CURVES) or not set(budgets["fit"]) <= set(FITS):
        raise data.bad("budgets", "must hold dsm and bsm, fitted by step or jointly, and nothing else")
    if not set(gains["method"]) <= set(RIVALS):
        raise data.bad("gains", f"column method must hold {' and '.join(RIVALS)}, and nothing else")
    data.check_grid("densities", densities, ["curve"], "x")
    for _, mine in budgets.groupby("fit"):
        data.check_grid("budgets", mine, ["method"], "budget")
    data.check_order("budgets", budgets, "low", "share", "high")
    data.check_order("gains", gains, "low", "gain", "high")
    drawn = densities[densities["curve"].isin(list(CURVES))]
    if (drawn["q05"] > drawn["q95"]).any():
        raise data.bad("densities", "q05 lies above q95")
    return frames


def draw(data: FigureData) -> Figure:
    """The figure.

    Parameters
    ----------
    data : tables
        densities: curve ("truth", "exact", "dsm", "bsm"), x, n, value (mean), q05, q95 (quantiles of replicates);
        budgets: fit ("step", "joint"), method ("dsm", "bsm"), budget, n, share (mean), low, high (95 % interval),
        exact (share with exact scores); gains: place (of the setting, from 0), case (what of it
        differs), method ("bsm", "bsm-half"), sets (of training), gain (share of DSM's mean absolute error that
        bootstrapping removes), low, high. Facts: case, base (the first setting), minor, exact (its share), n, sampler,
        and mean, low, high of the share by DSM and BSM as "dsm-mean" and so on.

    Raises
    ------
    BadTable
        If a table or fact is missing or not finite; curves, methods or fits are not those named; grids or
        replicate counts differ; an estimate lies outside its interval.
    """
    frames = checked(data)
    densities, budgets, gains = frames.values()
    n = data.replicates({"budgets": budgets, "densities": densities})
    minor = data.number("minor")
    cases = gains.drop_duplicates("place")
    with style.look():
        height = 4.2 + 0.155 * len(cases)
        figure = Figure(figsize=(style.DOUBLE_COLUMN, height), layout="constrained")
        ratios = [2.9, 0.6 + 0.155 * len(cases)]
        top, bottom = np.asarray(figure.subfigures(2, 1, height_ratios=ratios)).tolist()
        left, right = top.subplots(1, 2, width_ratios=[1.35, 1.0])
        _density(left, data, densities)
        _budget(right, budgets, minor, n)
        _gains(bottom.subplots(), gains, cases)
        style.note(
            figure,
            f"Above left: {data.fact('case')}; {data.fact('sampler')} from N(0, I), the density on a grid, without "
            f"sampling noise. Bands: 5 % to 95 % of n = {n} training sets; bars: 95 % intervals of the mean; below, of "
            "the ratio of mean errors, all of them at once. Budget: iterations of L-BFGS (a network a step) or "
            "epochs of Adam (one for all t). ± is half the distance of the modes. Below, what differs "
            f"from {data.fact('base')}. Settings are ours; the paper's "
            "are unknown.",
        )
    return figure


def _density(axes: Axes, data: FigureData, densities: pd.DataFrame) -> None:
    truth = densities[densities["curve"] == "truth"]
    shown = {
        "truth": (":", f"truth: share {100 * data.number('minor'):.1f} %"),
        "exact": ("-.", f"exact scores, the same steps: {100 * data.number('exact'):.1f} %"),
    }
    for curve, (dash, label) in shown.items():
        mine = densities[densities["curve"] == curve]
        axes.plot(mine["x"], mine["value"], color=style.INK, lw=1.0, ls=dash, gid=curve, label=label)
    for k, (curve, name) in enumerate(CURVES.items()):
        mine = densities[densities["curve"] == curve]
        share, low, high = (100 * data.number(f"{curve}-{part}") for part in ("mean", "low", "high"))
        axes.fill_between(
            mine["x"], mine["q05"], mine["q95"], color=style.COLOURS[k], alpha=0.25, lw=0, gid=f"band-{curve}"
        )
        axes.plot(
            mine["x"],
            mine["value"],
            color=style.COLOURS[k],
            ls=("-", "--")[k],
            gid=f"density-{curve}",
            label=f"{name}: {share:.1f} % [{low:.1f}, {high:.1f}]",
        )
    inside = truth.loc[truth["value"] > 1e-4 * truth["value"].max(), "x"]
    axes.set_xlim(inside.min(), inside.max())
    axes.set_ylim(0, None)
    axes.set_xlabel("x  (dimensionless)")
    axes.set_ylabel("density at t₁")
    axes.legend(loc="lower left", bbox_to_anchor=(0, 1))


def _budget(axes: Axes, budgets: pd.DataFrame, minor: float, n: int) -> None:
    axes.axhline(100 * minor, color=style.INK, lw=1.0, ls=":", gid="weight", label="true weight")
    axes.axhline(
        100 * budgets["exact"].iloc[0], color=style.FAINT, lw=0.7, gid="exact", label="exact scores, N steps"
    )
    for fit, method in product(FITS, CURVES):
        mine = budgets[(budgets["fit"] == fit) & (budgets["method"] == method)]
        if mine.empty:
            continue
        k = list(CURVES).index(method)
        joint = fit == "joint"
        # A hair aside, so that one interval does not hide the other.
        place = mine["budget"] * 1.06 ** (2 * joint + k)
        axes.vlines(
            place,
            100 * mine["low"],
            100 * mine["high"],
            color=style.COLOURS[k],
            lw=1.6,
            gid=f"interval-{fit}-{method}",
        )
        axes.plot(
            place,
            100 * mine["share"],
            style.MARKERS[k],
            ls="--" if joint else "-",
            lw=0.8,
            color=style.COLOURS[k],
            mfc="white" if joint else style.COLOURS[k],
            gid=f"share-{fit}-{method}",
            label=f"{CURVES[method]}, {FITS[fit]}",
        )
    axes.set_xscale("log")
    axes.xaxis.set_major_locator(FixedLocator(sorted(budgets["budget"].unique())))
    axes.xaxis.set_major_formatter("{x:g}")
    axes.xaxis.set_minor_locator(NullLocator())
    axes.yaxis.set_major_formatter(PercentFormatter(decimals=0))
    axes.set_xlabel("training budget")
    axes.set_ylabel(f"minor mode's share (n = {n})")
    axes.legend(loc="lower left", bbox_to_anchor=(-0.1, 1))


def _gains(axes: Axes, gains: pd.DataFrame, cases: pd.DataFrame) -> None:
    axes.axvline(0.0, color=style.FAINT, lw=0.5)
    for k, (method, name) in enumerate(RIVALS.items()):
        mine = gains[gains["method"] == method]
        if mine.empty:
            continue
        place = mine["place"] + (-0.18, 0.18)[k]
        colour = style.COLOURS[k + 1]
        fewest, most = mine["sets"].min(), mine["sets"].max()
        axes.hlines(place, mine["low"], mine["high"], color=colour, lw=1.6, gid=f"interval-{method}")
        axes.plot(
            mine["gain"],
            place,
            style.MARKERS[k + 1],
            color=colour,
            ms=3.2,
            gid=f"gain-{method}",
            label=f"{name} (n = {fewest:g}{f' to {most:g}' if most > fewest else ''})",
        )
    axes.set_yticks(cases["place"], cases["case"])
    axes.set_ylim(cases["place"].max() + 0.6, cases["place"].min() - 0.6)
    axes.xaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
    axes.set_xlabel("DSM's mean absolute error of the share removed (left of 0: added)")
    axes.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=2)
