"""Risk over the information bound against time, for every estimator, on a coarse and on a fine grid of times."""

from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator

from figures import style
from figures.data import FigureData


def draw(data: FigureData) -> Figure:
    """The figure.

    Parameters
    ----------
    data : tables
        points: spacing, t, estimator, n, mean, low, high (95 % interval of the mean of risk/bound);
        theory: spacing, t, estimator, value. Facts: d, m, spectrum.

    Raises
    ------
    BadTable
        If a table or fact is missing or not finite, a number is not positive, replicate counts differ, or the tables
        hold different estimators or spacings.
    """
    points = data.table(
        "points",
        ["spacing", "estimator", "t"],
        numbers=["n"],
        positive=["spacing", "t", "mean", "low", "high"],
        words=["estimator"],
    )
    theory = data.table(
        "theory", ["spacing", "estimator", "t"], positive=["spacing", "t", "value"], words=["estimator"]
    )
    data.check_order("points", points, "low", "mean", "high")
    data.check_cells({"points": points, "theory": theory}, ["spacing", "estimator"])
    n = data.replicates({"points": points})
    estimators = list(dict.fromkeys(data.tables["theory"]["estimator"]))
    spacings = sorted(set(points["spacing"]), reverse=True)
    with style.look():
        figure = Figure(figsize=(style.DOUBLE_COLUMN, 3.6), layout="constrained")
        panels = figure.subplots(1, len(spacings), sharey=True, squeeze=False)[0]
        for axes, spacing in zip(panels, spacings, strict=True):
            for k, estimator in enumerate(estimators):
                colour = style.COLOURS[k]
                marks = points[(points["spacing"] == spacing) & (points["estimator"] == estimator)]
                line = theory[(theory["spacing"] == spacing) & (theory["estimator"] == estimator)]
                axes.plot(line["t"], line["value"], color=colour, gid=f"theory-{spacing:g}-{k}")
                axes.vlines(marks["t"], marks["low"], marks["high"], color=colour, lw=2.2)
                axes.plot(
                    marks["t"],
                    marks["mean"],
                    style.MARKERS[k],
                    color=colour,
                    mec="white",
                    mew=0.4,
                    gid=f"points-{spacing:g}-{k}",
                    label=estimator if axes is panels[0] else None,
                )
            axes.axhline(1.0, color=style.INK, ls=":", lw=1.2)
            axes.set_yscale("log")
            axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
            axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
            axes.yaxis.set_minor_locator(NullLocator())
            axes.set_title(f"Δ = {spacing:g}", loc="left")
            axes.set_xlabel("diffusion time t  (dimensionless)")
        panels[0].set_ylabel("risk / information bound")
        figure.legend(loc="outside upper center", ncols=len(estimators), columnspacing=1.0, handletextpad=0.3)
        style.note(
            figure,
            f"Gaussian data, d = {data.fact('d')}, spectrum {data.fact('spectrum')}, m = {data.fact('m')}. Lines: "
            "theory, exact for DSM and to leading order for the rest; dotted: the information bound. Bars: 95 % "
            f"intervals of the mean of n = {n} replicates, {style.widths(points, 'mean')}; where no bar shows, it lies "
            "inside the marker. No estimator is told the covariance. Beyond the paper: settings are ours.",
        )
    return figure
