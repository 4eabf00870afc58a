"""Figure 1a: scaled error against dimension, both scalings side by side.

    left: error/log|H|,   right: error/(log|H| log log d),   log|H| ∝ d² for linear scores.

The left is flat. The right then falls, with local slope −1/(log d · log log d).
"""

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from figures import style
from figures.data import FigureData

SCALINGS = ("log|H|", "log|H| log log d")
CELL = ("scaling", "m")


def checked(data: FigureData) -> dict[str, pd.DataFrame]:
    """The four tables after their checks, which are those that `draw` names."""
    cell = (*CELL, "d")
    frames = {
        "points": data.table(
            "points",
            cell,
            words=["scaling"],
            numbers=["n"],
            positive=["m", "d", "mean", "low", "high", "q05", "q95"],
        ),
        "fits": data.table(
            "fits",
            CELL,
            words=["scaling"],
            numbers=["slope", "slope_low", "slope_high", "predicted_slope"],
            positive=["m", "margin"],
            flags=["equivalent"],
        ),
        "lines": data.table("lines", cell, words=["scaling"], positive=["m", "d", "value", "low", "high"]),
        "theory": data.table("theory", cell, words=["scaling"], positive=["m", "d", "value"]),
    }
    points, fits = frames["points"], frames["fits"]
    if set(points["scaling"]) != set(SCALINGS):
        raise data.bad("points", f"the scalings must be {' and '.join(SCALINGS)}")
    if points["m"].nunique() > len(style.COLOURS):
        raise data.bad("points", f"has more than {len(style.COLOURS)} values of m")
    data.check_cells(frames, CELL)
    data.check_grid("points", points, CELL, "d")
    data.check_order("points", points, "low", "mean", "high")
    data.check_order("points", points, "q05", "q05", "q95")
    data.check_order("lines", frames["lines"], "low", "value", "high")
    data.check_order("fits", fits, "slope_low", "slope", "slope_high")
    if fits["margin"].nunique() > 1:
        raise data.bad("fits", "the margin must be the same in all rows")
    if (fits["equivalent"] & (fits["slope"].abs() > fits["margin"])).any():
        raise data.bad("fits", "a slope beyond the margin is marked equivalent to zero")
    return frames


def judgement(equivalent: bool, low: float, high: float, margin: float) -> str:
    """What the fit says about slope zero: flat, tilted, or neither shown."""
    if equivalent:
        return "flat"
    return "tilted" if low > margin or high < -margin else "undecided"


def panel(axes: Axes, key: Axes, frames: dict[str, pd.DataFrame], scaling: str) -> None:
    """One scaling: the marks, fits and theory of every m, and the slopes in the legend in `key`."""
    entries = []
    for k, m in enumerate(sorted(set(frames["points"]["m"]))):
        colour, marker, name = style.COLOURS[k], style.MARKERS[k], f"{m:.0f}"
        points, fits, line, theory = (
            frame[(frame["scaling"] == scaling) & (frame["m"] == m)]
            for frame in (frames["points"], frames["fits"], frames["lines"], frames["theory"])
        )
        axes.fill_between(
            line["d"], line["low"], line["high"], color=colour, alpha=0.25, lw=0, gid=f"band-{name}"
        )
        axes.plot(line["d"], line["value"], color=colour, lw=0.9, gid=f"fit-{name}")
        axes.vlines(
            points["d"], points["q05"], points["q95"], color=colour, lw=5.0, alpha=0.25, gid=f"spread-{name}"
        )
        axes.vlines(points["d"], points["low"], points["high"], color=colour, lw=2.2, gid=f"interval-{name}")
        axes.plot(
            points["d"], points["mean"], marker, color=colour, mec="white", mew=0.4, gid=f"points-{name}"
        )
        axes.plot(theory["d"], theory["value"], "--", color=style.INK, lw=0.8, gid=f"theory-{name}", zorder=4)
        fit = fits.iloc[0]
        entries.append(
            Line2D(
                [],
                [],
                color=colour,
                marker=marker,
                mec="white",
                mew=0.4,
                label=f"m = {name}:  {style.signed(fit['slope'])} "
                f"[{style.signed(fit['slope_low'])}, {style.signed(fit['slope_high'])}]  "
                f"({style.signed(fit['predicted_slope'])}),  "
                + judgement(fit["equivalent"], fit["slope_low"], fit["slope_high"], fit["margin"]),
            )
        )
    entries.append(Line2D([], [], color=style.INK, ls="--", lw=0.8, label="expected value, exact"))
    axes.set_yscale("log")
    style.dimension_axis(axes, sorted(set(frames["points"]["d"])))
    legend = key.legend(
        handles=entries,
        loc="upper left",
        bbox_to_anchor=(-0.2, 1.0),
        alignment="left",
        title=f"slope [95 % interval] (predicted); flat: within ±{fits['margin'].iloc[0]:g}",
    )
    legend.set_in_layout(False)  # its row has the height already, and its width must not squeeze the panel
    key.set_axis_off()


def draw(data: FigureData) -> Figure:
    """The figure.

    Parameters
    ----------
    data : tables
        points: scaling, m, d, n, mean, low, high (95 % interval of the mean), q05, q95 (of the replicates);
        fits: scaling, m, slope, slope_low, slope_high, margin, equivalent (to zero, within the margin),
        predicted_slope; lines: scaling, m, d, value, low, high (the fit and its interval);
        theory: scaling, m, d, value (the exact expectation).
        Facts: quantity, spectrum, delta, steps, engine.

    Raises
    ------
    BadTable
        If a table or fact is missing or not finite; a number on a log axis is not positive; replicate counts
        differ; the tables disagree on (scaling, m); there are more m's than looks; the d's differ between
        cells; an estimate lies outside its interval; the margin is not unique, or a slope beyond it is marked
        equivalent to zero.
    """
    frames = checked(data)
    n = data.replicates({"points": frames["points"]})
    quantity = data.fact("quantity")
    setting = (
        f"Gaussian data, spectrum {data.fact('spectrum')}; Δ = {data.fact('delta')}, "
        f"N = {data.fact('steps')} time steps; engine {data.fact('engine')}."
    )
    with style.look():
        rows = 2 + frames["points"]["m"].nunique()
        figure = Figure(figsize=(style.DOUBLE_COLUMN, 3.4 + 0.16 * rows), layout="constrained")
        grid = figure.add_gridspec(2, 2, height_ratios=[2.5, 0.16 * rows])
        left = figure.add_subplot(grid[0, 0])
        upper = (left, figure.add_subplot(grid[0, 1], sharey=left))
        titles = ("without log log d", "with log log d")
        for k, (axes, scaling, title) in enumerate(zip(upper, SCALINGS, titles, strict=True)):
            panel(axes, figure.add_subplot(grid[1, k]), frames, scaling)
            divisor = scaling if scaling == SCALINGS[0] else f"({scaling})"
            axes.set_ylabel(f"{quantity} / {divisor}\n(dimensionless)")
            axes.set_title(title, loc="left")
        upper[1].tick_params(which="both", labelleft=False)
        style.note(
            figure,
            f"{setting} Markers: means of n = {n} replicates; thick bars: their 95 % intervals "
            f"({style.widths(frames['points'], 'mean')}; where no bar shows, it lies inside the marker); "
            "pale bars: 5–95 % of the replicates; lines with bands: least-squares fits with 95 % intervals. "
            "log|H| ∝ d² for linear scores. The tilt on the right, −1/(log d · log log d) locally, is "
            "expected: the left needs no log log d. Settings are ours; the paper's are unknown.",
        )
    return figure
