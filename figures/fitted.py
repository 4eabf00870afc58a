"""The picture of `dimfree fit`: measured errors against dimension, and each group's line."""

import pandas as pd
from matplotlib.figure import Figure

from figures import style
from figures.data import FigureData

MOST_NAMED = 12
"""Groups in the legend."""


def draw(points: pd.DataFrame, words: pd.DataFrame, x: str, y: str) -> Figure:
    """Log-log: one marker per dimension with its interval, a dashed line per group.

    Parameters
    ----------
    points : group, d, mean, low, high (all but group positive), line (the fitted value)
    words : group, told (the legend's entry); in the order of drawing
    x, y : names of the axes

    Raises
    ------
    BadTable
        If a column is missing or not positive.
    """
    data = FigureData("fit", {"points": points, "words": words}, {})
    table = data.table("points", ["group", "d"], positive=["d", "mean", "low", "high", "line"])
    data.check_order("points", table, "low", "mean", "high")
    with style.look():
        figure = Figure(figsize=(style.DOUBLE_COLUMN, 4.2), layout="constrained")
        axes = figure.subplots()
        for k, (group, told) in enumerate(zip(words["group"], words["told"], strict=True)):
            rows = table[table["group"] == group]
            colour = style.COLOURS[k % len(style.COLOURS)]
            axes.errorbar(
                rows["d"],
                rows["mean"],
                yerr=[rows["mean"] - rows["low"], rows["high"] - rows["mean"]],
                fmt=style.MARKERS[k % len(style.MARKERS)],
                color=colour,
                capsize=2,
                elinewidth=0.8,
                label=told if k < MOST_NAMED else None,
            )
            axes.plot(rows["d"], rows["line"], color=colour, linestyle="--")
        style.dimension_axis(axes, sorted(table["d"].unique()))
        axes.set_yscale("log")
        if table["high"].max() < 10 * table["low"].min():  # powers of ten would say nothing
            axes.yaxis.set_major_formatter(lambda value, _: f"{value:g}")
            axes.yaxis.set_minor_formatter(lambda value, _: f"{value:g}")
        axes.set_xlabel(x)
        axes.set_ylabel(y)
        left = len(words) - MOST_NAMED
        figure.legend(
            loc="outside lower center",
            title="Bars: 1.96 standard errors, where there are any. Dashed: the fitted power of d."
            + (f" {left} groups more are drawn and not named." if left > 0 else ""),
        )
    return figure
