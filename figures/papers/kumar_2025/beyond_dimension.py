"""Population risk of the isotropic case from d = 4 to 10⁸, with and without log log d."""

import matplotlib.figure
import numpy as np
import pandas as pd
from matplotlib.ticker import FixedLocator, FuncFormatter, LogLocator, NullLocator

from figures import style
from figures.data import FigureData
from figures.told import Figure, Findings, missing, number

FLAT, TILTED = "log|H|", "log|H| log log d"


def draw(data: FigureData) -> matplotlib.figure.Figure:
    """The figure.

    Parameters
    ----------
    data : table points: scaling ("log|H|", "log|H| log log d"), ratio (m/d), d, draws, mean,
        low, high (95 % interval) of risk × (m − d − 1)/(c × scaling). Fact: t.

    Raises
    ------
    BadTable
        If the table or the fact is missing or not finite, a number is not positive, d is below 3,
        a mean lies outside its interval, or there are other scalings or more m/d than looks.
    """
    points = data.table(
        "points",
        ["scaling", "ratio", "d"],
        words=["scaling"],
        positive=["ratio", "d", "draws", "mean", "low", "high"],
    )
    data.check_order("points", points, "low", "mean", "high")
    data.check_grid("points", points, ["scaling", "ratio"], "d")
    if set(points["scaling"]) != {FLAT, TILTED}:
        raise data.bad("points", f"the scalings must be {FLAT} and {TILTED}")
    ratios = sorted(set(points["ratio"]))
    if len(ratios) > len(style.COLOURS):
        raise data.bad("points", f"has more than {len(style.COLOURS)} values of m/d")
    if points["d"].min() < 3:
        raise data.bad("points", "log log d needs d ≥ 3")
    t = data.number("t")
    dense = np.geomspace(points["d"].min(), points["d"].max(), 200)
    with style.look():
        figure = matplotlib.figure.Figure(figsize=(style.DOUBLE_COLUMN, 3.4), layout="constrained")
        axes = figure.subplots()
        axes.axhline(1.0, color=style.INK, lw=0.8, ls="--", gid="flat", label="exact mean")
        axes.plot(
            dense,
            1 / np.log(np.log(dense)),
            color=style.INK,
            lw=0.8,
            ls=":",
            gid="tilted",
            label="1/log log d",
        )
        for k, ratio in enumerate(ratios):
            for scaling in (FLAT, TILTED):
                mine = points[(points["ratio"] == ratio) & (points["scaling"] == scaling)]
                # A hair aside: the two m/d have the same mean.
                place = mine["d"] * 1.06 ** (2 * k - 1)
                plain = scaling == FLAT
                colour = style.COLOURS[k]
                axes.vlines(place, mine["low"], mine["high"], color=colour, lw=1.6)
                axes.plot(
                    place,
                    mine["mean"],
                    style.MARKERS[k],
                    color=colour,
                    mfc=colour if plain else "white",
                    gid=f"points-{ratio:g}-{scaling}",
                    label=f"m = {ratio:g} d, over {scaling}",
                )
        axes.set_xscale("log")
        axes.set_yscale("log")
        axes.xaxis.set_major_locator(LogLocator(numticks=12))
        axes.xaxis.set_minor_locator(NullLocator())
        axes.yaxis.set_major_locator(FixedLocator([0.3, 0.5, 1, 2, 3]))
        axes.yaxis.set_minor_locator(NullLocator())
        axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
        axes.set_xlabel("dimension d")
        axes.set_ylabel("population risk × (m − d − 1) / c\nover the scaling (dimensionless)")
        axes.legend(loc="upper right", ncols=2)
        fewest, most = points["draws"].min(), points["draws"].max()
        style.note(
            figure,
            f"Gaussian data, Σ = I, linear scores, one time t = {t:g}; c is the eigenvalue of Cₜ, "
            f"log|H| = d². Means of n = {fewest:g} to {most:g} draws of the exact law, fewer where "
            "d is large; bars: 95 % intervals by the law's own variance; where none shows, it lies "
            "inside the marker. Filled: over log|H|. Open: over log|H| log log d as well, which "
            "tilts it. Beyond the paper: settings are ours.",
        )
    return figure


def sample() -> FigureData:
    """A flat truth at five dimensions and two m/d, with hand-made intervals."""
    d = np.array([4.0, 30.0, 1e3, 1e5, 1e8])
    parts = []
    for ratio in (2, 5):
        for scaling, divisor in ((FLAT, np.ones(5)), (TILTED, np.log(np.log(d)))):
            mean = (1 + 0.05 * np.array([1, -1, 0.5, 0.2, 0.0]) / ratio) / divisor
            parts.append(
                pd.DataFrame(
                    {"scaling": scaling, "ratio": ratio, "d": d, "draws": [70, 60, 9, 3, 1]}
                ).assign(mean=mean, low=0.9 * mean, high=1.2 * mean)
            )
    return FigureData("beyond-dimension", {"points": pd.concat(parts)}, {"t": 0.75})


def _ran(f: Findings) -> str:
    run = f.run
    return (
        f"Study `{run.study}`: Gaussian data, {run.spectrum}, d = 4 … {f.largest}, m = 2 d "
        f"and 10 d; up to {run.replicates} draws of the exact law, fewer where d is large; seed "
        f"{run.seed}; code {run.code}.{missing(run)}"
    )


def _found(f: Findings) -> str:
    rows = [
        "| over | m/d | slope against log d | 95 % interval | predicted | within ± margin of 0 |",
        "|---|---|---|---|---|---|",
    ]
    for fit in f.fits:
        rows.append(
            f"| {fit.scaling.replace('|', chr(92) + '|')} | {fit.ratio} | {number(fit.slope, 2)} | "
            f"{number(fit.low, 2)} … {number(fit.high, 2)} | {number(fit.predicted, 2)} | "
            f"{'yes' if fit.equivalent else 'no'}, ± {f.margin:g} |"
        )
    named = "\n".join(
        f"- m = {law.ratio} d: **{law.verdict}**, and whatever is not excluded changes by a factor "
        f"below {number(law.flat_factor, 4)} over the grid. On such grids the rule is right in at "
        f"least {number(100 * law.right)} % and wrong in at most {number(100 * law.wrong, 2)} % of "
        "tables, whichever law holds."
        for law in f.laws
    )
    return "\n\n".join(
        [
            "Population risk times (m − d − 1)/c, over log|H| = d²: its mean is exactly 1 by the "
            "theorem, so this tests the draws. Here log log d grows ninefold, so that a flat line "
            "and one that grows with it cannot be taken for each other. Weights are the exact "
            "variances:",
            "\n".join(rows),
            f"Laws of error/log|H|, a or a + b f(d) with any offset:\n\n{named}",
        ]
    )


def _headline(f: Findings) -> str:
    flat = max((fit for fit in f.fits if fit.scaling == "log|H|"), key=lambda fit: abs(fit.slope))
    return (
        f"Up to dimension {number(f.largest, 1).removeprefix('1·')} the risk over log|H| stays "
        f"flat: its slope against log d is {style.signed(flat.slope)}."
    )


def _alt(f: Findings) -> str:
    return (
        f"Population risk over its exact factor and log|H|, from d = 4 to {f.largest}: flat at 1 "
        "for m = 2 d and 10 d; divided by log log d as well it falls along 1/log log d."
    )


FIGURE = Figure(
    name="beyond-dimension",
    paper="kumar_2025",
    title="Population risk from d = 4 to 10⁸, with and without log log d",
    studies=("large-dimensions",),
    draw=draw,
    sample=sample,
    heading="Beyond the paper: dimensions up to a hundred million",
    shows="",
    unknown="",
    claims=("large-d-population", "large-d-empirical", "large-d-spread"),
    headline=_headline,
    found=_found,
    ran=_ran,
    alt=_alt,
)
