"""Figure 1a: scaled error against dimension, both scalings side by side.

    left: error/log|H|,   right: error/(log|H| log log d),   log|H| ∝ d² for linear scores.

The left is flat. The right then falls, with local slope −1/(log d · log log d).

Longer than 350 lines: two panels, the words of fits and laws, and their sample data stand together.
"""

from collections.abc import Callable
from typing import Any

import matplotlib.figure
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from figures import style
from figures.data import Fact, FigureData
from figures.told import Figure, Findings, listed, number, ran_linear

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
        "lines": data.table(
            "lines", cell, words=["scaling"], positive=["m", "d", "value", "low", "high"]
        ),
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
            points["d"],
            points["q05"],
            points["q95"],
            color=colour,
            lw=5.0,
            alpha=0.25,
            gid=f"spread-{name}",
        )
        axes.vlines(
            points["d"], points["low"], points["high"], color=colour, lw=2.2, gid=f"interval-{name}"
        )
        axes.plot(
            points["d"],
            points["mean"],
            marker,
            color=colour,
            mec="white",
            mew=0.4,
            gid=f"points-{name}",
        )
        axes.plot(
            theory["d"],
            theory["value"],
            "--",
            color=style.INK,
            lw=0.8,
            gid=f"theory-{name}",
            zorder=4,
        )
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
    # its row has the height already, and its width must not squeeze the panel
    legend.set_in_layout(False)
    key.set_axis_off()


def draw(data: FigureData) -> matplotlib.figure.Figure:
    """The figure.

    Parameters
    ----------
    data : tables
        points: scaling, m, d, n, mean, low, high (95 % interval of the mean), q05, q95 (of the
        replicates);
        fits: scaling, m, slope, slope_low, slope_high, margin, equivalent (to zero, within the
        margin), predicted_slope;
        lines: scaling, m, d, value, low, high (the fit and its interval);
        theory: scaling, m, d, value (the exact expectation).
        Facts: quantity, spectrum, delta, steps, engine.

    Raises
    ------
    BadTable
        If a table or fact is missing or not finite; a number on a log axis is not positive;
        replicate counts differ; the tables disagree on (scaling, m); there are more m's than looks;
        the d's differ between cells; an estimate lies outside its interval; the margin is not
        unique, or a slope beyond it is marked equivalent to zero.
    """
    frames = checked(data)
    n = data.replicates({"points": frames["points"]})
    quantity = data.fact("quantity")
    setting = (
        f"Gaussian data, spectrum {data.fact('spectrum')}; Δ = {data.fact('delta')}, N = "
        f"{data.fact('steps')} time steps; engine {data.fact('engine')}."
    )
    with style.look():
        rows = 2 + frames["points"]["m"].nunique()
        figure = matplotlib.figure.Figure(
            figsize=(style.DOUBLE_COLUMN, 3.4 + 0.16 * rows), layout="constrained"
        )
        grid = figure.add_gridspec(2, 2, height_ratios=[2.5, 0.16 * rows])
        left = figure.add_subplot(grid[0, 0])
        upper = (left, figure.add_subplot(grid[0, 1], sharey=left))
        titles = ("divided by log|H|", "by log log d as well: no line can fit")
        for k, (axes, scaling, title) in enumerate(zip(upper, SCALINGS, titles, strict=True)):
            panel(axes, figure.add_subplot(grid[1, k]), frames, scaling)
            divisor = scaling if scaling == SCALINGS[0] else f"({scaling})"
            axes.set_ylabel(f"{quantity} / {divisor}\n(dimensionless)")
            axes.set_title(title, loc="left")
        upper[1].tick_params(which="both", labelleft=False)
        style.letters(*upper)
        style.note(
            figure,
            f"{setting} Markers: means of n = {n} replicates. Thick bars: their 95 % intervals "
            f"({style.widths(frames['points'], 'mean')}; where no bar shows, it lies inside the "
            "marker). Pale bars: 5–95 % of the replicates. Lines with bands: least-squares fits "
            "with 95 % intervals. log|H| ∝ d² for linear scores. (b) The expected value has "
            "the slope −1/(log d · log log d), which changes along the curve: a straight line "
            "cannot fit, and its slope is a mean over these d. (a) needs no log log d. Settings "
            "are ours; the paper's are unknown.",
        )
    return figure


DIMS = (4, 8, 16, 32, 64, 128, 256)  # of the sample
DIVISOR: dict[str, Callable[[Any], Any]] = {
    "log|H|": lambda d: np.ones_like(d),
    "log|H| log log d": lambda d: np.log(np.log(d)),
}


def sample() -> FigureData:
    """Flat error 2/m at n = 100, its spread that of a mean of d² squares;
    drawn by hand, not by a study.
    """
    rng = np.random.default_rng(11)
    n, d = 100, np.asarray(DIMS, dtype=float)
    tables: dict[str, list[pd.DataFrame]] = {"points": [], "fits": [], "lines": [], "theory": []}
    for m in (1000, 4000, 16000):
        draws = 2 / m * rng.chisquare(d**2 / 3, size=(n, d.size)) / (d**2 / 3)
        for scaling, divisor in DIVISOR.items():
            scaled = draws / divisor(d)
            mean, half = scaled.mean(0), 1.96 * scaled.std(0) / np.sqrt(n)
            low, high = np.quantile(scaled, [0.05, 0.95], axis=0)
            cell = {"scaling": scaling, "m": m}
            tables["points"].append(
                pd.DataFrame(
                    {
                        **cell,
                        "d": DIMS,
                        "n": n,
                        "mean": mean,
                        "low": mean - half,
                        "high": mean + half,
                    }
                ).assign(q05=low, q95=high)
            )
            slope, offset = np.polyfit(np.log(d), np.log(mean), 1)
            line = np.exp(offset) * d**slope
            tables["lines"].append(
                pd.DataFrame(
                    {**cell, "d": DIMS, "value": line, "low": line * 0.97, "high": line * 1.03}
                )
            )
            tables["theory"].append(pd.DataFrame({**cell, "d": DIMS, "value": 2 / m / divisor(d)}))
            predicted = np.polyfit(np.log(d), -np.log(divisor(d)), 1)[0]
            tables["fits"].append(
                pd.DataFrame(
                    [
                        {
                            **cell,
                            "slope": slope,
                            "slope_low": slope - 0.004,
                            "slope_high": slope + 0.004,
                            "margin": 0.02,
                            "equivalent": bool(abs(slope) < 0.016),
                            "predicted_slope": predicted,
                        }
                    ]
                )
            )
    facts: dict[str, Fact] = {
        "spectrum": "linear 0.3 … 3",
        "delta": 0.1,
        "steps": 10,
        "engine": "exact",
        "quantity": "empirical risk",
    }
    return FigureData(
        "figure-1a", {name: pd.concat(parts) for name, parts in tables.items()}, facts
    )


def _law_fit(one: Findings) -> str:
    """One law's fit: its χ² if it is excluded, else how much it may change."""
    shape = "b = 0" if one.law == "constant" else one.law
    if one.chi_square > one.limit:
        return f"{shape}: excluded, χ² = {number(one.chi_square)} above {number(one.limit)}"
    if one.law == "constant":
        return f"b = 0: a = {number(one.a, 4)} [{number(one.a_low, 4)}, {number(one.a_high, 4)}]"
    factor = (
        f"a factor {number(one.factor_low, 4)} to {number(one.factor_high, 4)} over the grid"
        if one.factor_high is not None
        else "no bound on the factor over the grid"
    )
    return f"{shape}: b = {number(one.b)} [{number(one.b_low)}, {number(one.b_high)}], {factor}"


def _unlucky(law: Findings) -> str:
    """What to say where the exact law, which is known here, is among the excluded."""
    if all(one.law != "constant" or one.chi_square <= one.limit for one in law.fits):
        return ""
    return (
        " The exact law, b = 0 (`dsm-empirical-risk`), is among the excluded: an unlucky table, of "
        "which there is at most one in a hundred under normal errors."
    )


def _found(f: Findings) -> str:
    rows = [
        "| scaled by | m | slope against log d | 95 % interval | predicted | shown to be within ± "
        "margin of 0 (p) |",
        "|---|---|---|---|---|---|",
    ]
    for fit in f.fits:
        shown = "yes" if fit.equivalent else "no"
        rows.append(
            f"| {fit.scaling.replace('|', chr(92) + '|')} | {fit.m} | {number(fit.slope, 2)} | "
            f"{number(fit.slope_low, 2)} … {number(fit.slope_high, 2)} | "
            f"{number(fit.predicted_slope, 2)} | {shown}, ± {fit.margin:g} (p = "
            f"{number(fit.p, 2)}) |"
        )
    parts = [
        "Slopes of log error against log d, weighted least squares; equivalence to zero by two "
        "one-sided tests, never by the absence of significance:",
        "\n".join(rows),
        "Why the second scaling tilts. For the linear class the error is exactly proportional to "
        "d², our log|H|, so error/log|H| is flat without any further factor. For linear scores a "
        "theorem says so (claim `parameters-one-time`, with P = d²). Where the score is in the "
        "class, least squares over P parameters at one time has, with probability at least 1 − δ, "
        "an empirical risk of at most κ (P + 2 √(P log(1/δ)) + 2 log(1/δ))/m. That holds for every "
        "law with a κ. P stands where a finite class has 8 log|H|.",
        "Dividing by log log d as well gives the plot the local slope −1/(log d · log log d), "
        "which over these dimensions averages to the predicted number above. So a flat truth looks "
        "tilted, and a truth that grows like log log d would look flat. A bound with the factor "
        "log log d is not contradicted by this; it is not needed for this class. For d ≤ 2, log "
        "log d is not positive and the scaling means nothing.",
    ]
    for law in f.laws:
        fits = "\n".join(f"- {_law_fit(one)}." for one in law.fits)
        named = {
            "constant": "The table names **constant**: whatever is not excluded changes by a "
            f"factor below {number(law.flat_factor, 4)} from the smallest d to the largest",
            "UNDECIDED": f"**UNDECIDED** between {listed(law.standing)}",
            "NONE": "**NONE** of them describes the table",
        }.get(law.verdict, f"The table names **{law.verdict}**")
        parts.append(
            f"Laws of error/log|H| at m = {law.m}, a or a + b f(d) with any offset a, kept or "
            f"excluded at a joint 99 %. {named}.{_unlucky(law)}"
        )
        parts.append(fits)
        power = "\n".join(
            f"- {one.law}: right {number(100 * one.right)} %, wrong {number(100 * one.wrong, 2)} %"
            for one in law.power
        )
        parts.append(
            "How often that rule names the right law on this grid at this noise "
            f"({law.power[0].draws} synthetic tables a law, without offset; the rest get no name):"
        )
        parts.append(power)
        parts.append(
            "For normal errors a wrong name comes in at most 1 % of tables, whichever of "
            f"these laws holds, with whatever offset; that is proved. {law.design.sentence}"
        )
    parts.append(
        "Every slope was found twice, by statsmodels and by plain least squares on the whitened "
        f"system; they differ by at most {number(max(fit.discrepancy for fit in f.fits), 2)}, "
        f"relative, at condition numbers up to {number(max(fit.condition for fit in f.fits))}."
    )
    return "\n\n".join(parts)


def _headline(f: Findings) -> str:
    largest = max(fit.m for fit in f.fits)
    flat, tilted = (
        style.signed(fit.slope)
        for scaling in SCALINGS
        for fit in f.fits
        if (fit.scaling, fit.m) == (scaling, largest)
    )
    return (
        "Over log|H|, the class's log size, the error does not depend on dimension (slope "
        f"{flat}); over log log d as well it tilts ({tilted})."
    )


def _alt(f: Findings) -> str:
    fits = "; ".join(
        f"{number(fit.slope, 2)} divided by {fit.scaling}, m = {fit.m}" for fit in f.fits
    )
    return (
        f"Scaled error against dimension d = {f.run.dims[0]} to {f.run.dims[-1]}, log-log, (a) "
        "divided by log|H|, on flat lines, (b) by log log d as well, on curves that no line fits. "
        f"Slopes: {fits}."
    )


FIGURE = Figure(
    name="figure-1a",
    paper="kumar_2025",
    title="Scaled error against dimension, with and without log log d",
    studies=("error-vs-dimension",),
    draw=draw,
    sample=sample,
    heading="Figure 1a: scaled error against dimension",
    shows="The empirical L2 error, divided by log|H| · log log d, on log-log axes; a linear fit "
    "has a slope near zero, 'consistent with our log log d dimension dependence' (caption).",
    unknown="Dimensions, m, N, Δ, covariance, the class H and how log|H| was counted, the number "
    "of repetitions, the slope itself. That the paper's log|H| is d² up to a constant for the "
    "linear class is our reading of it.",
    claims=("figure-1a-flat", "figure-1a-tilted", "dsm-empirical-risk", "parameters-one-time"),
    headline=_headline,
    found=_found,
    ran=ran_linear,
    alt=_alt,
)
