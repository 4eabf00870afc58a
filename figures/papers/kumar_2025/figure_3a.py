"""Figure 3a: the L2 error of DSM and BSM at each time step, and their ratio.

E‖f(X_t) − s(t, X_t)‖² against t, with the theory's curves through the points and the information
bound below.
"""

import matplotlib.figure
import numpy as np
import pandas as pd

from figures import style
from figures.data import Fact, FigureData
from figures.told import Figure, Findings, number, ran_linear

ESTIMATORS = {"dsm": "DSM", "bsm": "BSM"}
LOOKS: dict[str, dict[str, object]] = {
    "DSM, exact": {"color": style.COLOURS[0], "ls": "-"},
    "BSM, leading order": {"color": style.COLOURS[1], "ls": "--"},
    "information bound": {"color": style.INK, "ls": ":", "lw": 1.4},
}


def checked(data: FigureData) -> dict[str, pd.DataFrame]:
    """The three tables after their checks, which are those that `draw` names."""
    frames = {
        "points": data.table(
            "points",
            ["estimator", "t"],
            numbers=["n", "low"],
            positive=["t", "mean", "high"],
            words=["estimator"],
        ),
        "theory": data.table("theory", ["curve", "t"], positive=["t", "value"], words=["curve"]),
        "ratio": data.table(
            "ratio", ["t"], numbers=["n", "low"], positive=["t", "ratio", "high", "predicted"]
        ),
    }
    points, theory, ratio = frames.values()
    for name, column, wanted in (("points", "estimator", ESTIMATORS), ("theory", "curve", LOOKS)):
        if set(frames[name][column]) != set(wanted):
            raise data.bad(
                name, f"column {column} must hold {' and '.join(wanted)}, and nothing else"
            )
    data.check_grid("points", points, ["estimator"], "t")
    data.check_order("points", points, "low", "mean", "high")
    data.check_order("ratio", ratio, "low", "ratio", "high")
    if not set(ratio["t"]) <= set(points["t"]):
        raise data.bad("ratio", "has a time t that the table points lacks")
    for curve, group in theory.groupby("curve"):
        if group["t"].min() > points["t"].min() or group["t"].max() < points["t"].max():
            raise data.bad(
                "theory", f"the curve {curve} does not cover the times of the table points"
            )
    return frames


def draw(data: FigureData) -> matplotlib.figure.Figure:
    """The figure.

    Parameters
    ----------
    data : tables
        points: t, estimator ("dsm", "bsm"), n, mean, low, high (95 % interval of the mean);
        theory: t, curve ("DSM, exact", "BSM, leading order", "information bound"), value;
        ratio: t, n, ratio (BSM/DSM), low, high, predicted. Facts: d, m, n, spectrum, engine.

    Raises
    ------
    BadTable
        If a table or fact is missing or not finite; a number is not positive; replicate counts
        differ; the estimators or curves are not those named; the estimators' times differ; a ratio
        has a time without points; a curve ends before the points do; an estimate lies outside its
        interval.
    """
    frames = checked(data)
    points, theory, ratio = frames.values()
    n = data.replicates({"points": points, "ratio": ratio})
    with style.look():
        figure = matplotlib.figure.Figure(figsize=(style.SINGLE_COLUMN, 4.7), layout="constrained")
        upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=[2.2, 1.0])
        for k, (curve, look) in enumerate(LOOKS.items()):
            line = theory[theory["curve"] == curve]
            upper.plot(line["t"], line["value"], gid=f"theory-{k}", label=curve, **look)
        for k, (estimator, name) in enumerate(ESTIMATORS.items()):
            marks = points[points["estimator"] == estimator]
            colour = style.COLOURS[k]
            upper.vlines(
                marks["t"],
                marks["low"],
                marks["high"],
                color=colour,
                lw=2.2,
                gid=f"interval-{estimator}",
            )
            upper.plot(
                marks["t"],
                marks["mean"],
                style.MARKERS[k],
                color=colour,
                mec="white",
                mew=0.4,
                gid=f"points-{estimator}",
                label=f"{name}, measured (n = {n})",
            )
        upper.set_yscale("log")
        upper.set_ylabel("L2 error E‖f − s‖²  (dimensionless)")
        upper.legend(loc="upper right")

        lower.axhline(1.0, color=style.FAINT, lw=0.5)
        lower.plot(
            ratio["t"],
            ratio["predicted"],
            color=style.INK,
            ls="--",
            gid="predicted",
            label="predicted",
        )
        lower.vlines(
            ratio["t"],
            ratio["low"],
            ratio["high"],
            color=style.COLOURS[3],
            lw=2.2,
            gid="interval-ratio",
        )
        lower.plot(
            ratio["t"],
            ratio["ratio"],
            style.MARKERS[3],
            color=style.COLOURS[3],
            mec="white",
            mew=0.4,
            gid="ratio",
            label=f"measured (n = {n})",
        )
        lower.set_ylim(0.0, 1.08 * max(1.0, ratio["high"].max()))
        lower.set_ylabel("BSM / DSM")
        lower.set_xlabel("diffusion time t  (dimensionless)")
        lower.legend(loc="lower left")
        figure.align_ylabels()
        style.letters(upper, lower)
        style.note(
            figure,
            f"Gaussian data, d = {data.fact('d')}, spectrum {data.fact('spectrum')}; m = "
            f"{data.fact('m')}; engine {data.fact('engine')}. Bars: 95 % intervals of the mean of "
            f"n = {n} replicates, {style.widths(points, 'mean')} (ratio: "
            f"{style.widths(ratio, 'ratio')}); where no bar shows, it lies inside the marker. "
            "Settings are ours; the paper's are unknown.",
        )
    return figure


def sample() -> FigureData:
    """theory.md's shapes at d = 8: DSM falling in t, BSM below it by the reference ratios."""
    rng = np.random.default_rng(13)
    t = np.arange(1, 21) / 10
    knots = [0.1, 0.2, 0.4, 1.0, 1.4, 2.0]
    predicted = np.interp(t, knots, [1.0, 0.917, 0.778, 0.448, 0.286, 0.131])
    bound = np.interp(t, knots, [0.2, 0.203, 0.250, 0.171, 0.096, 0.033])
    dsm = 8 / 2000 * 8 * np.exp(-2 * t) / (1 - np.exp(-2 * t))
    curves = {
        "DSM, exact": dsm,
        "BSM, leading order": dsm * predicted,
        "information bound": dsm * bound,
    }
    noise = 1 + 0.015 * rng.standard_normal((2, t.size))
    points = []
    for k, estimator in enumerate(("dsm", "bsm")):
        mean = list(curves.values())[k] * noise[k]
        points.append(
            pd.DataFrame(
                {"t": t, "estimator": estimator, "n": 150, "mean": mean, "low": 0.97 * mean}
            )
        )
        points[-1]["high"] = 1.03 * mean
    ratio = predicted * noise[1] / noise[0]
    tables = {
        "points": pd.concat(points),
        "theory": pd.concat(
            pd.DataFrame({"t": t, "curve": c, "value": v}) for c, v in curves.items()
        ),
        "ratio": pd.DataFrame(
            {
                "t": t,
                "n": 150,
                "ratio": ratio,
                "low": ratio * 0.96,
                "high": ratio * 1.04,
                "predicted": predicted,
            }
        ),
    }
    facts: dict[str, Fact] = {
        "d": 8,
        "m": 2000,
        "n": 150,
        "spectrum": "linear 0.3 … 3",
        "engine": "exact",
    }
    return FigureData("figure-3a", tables, facts)


def _found(f: Findings) -> str:
    rows = [
        "| t | BSM/DSM measured | 95 % interval | leading order | information bound/DSM |",
        "|---|---|---|---|---|",
    ]
    rows += [
        f"| {r.t:g} | {number(r.ratio)} | {number(r.low)} … {number(r.high)} | "
        f"{number(r.predicted)} | {number(r.bound)} |"
        for r in f.ratios
    ]
    last = f.ratios[-1]
    below = sum(r.high < 1 for r in f.ratios)
    text = (
        f"At d = {f.d}, m = {f.m}, with the control-variate weight; Algorithm 1's own weights are "
        f"unknown. The interval of BSM's risk over DSM's lies below 1 at {below} of the "
        f"{len(f.ratios)} steps after the first. At t = {last.t:g} the ratio is "
        f"{number(last.ratio)}. The information bound there is {number(last.bound)}: BSM leaves a "
        f"factor {number(last.ratio / last.bound, 2)}. That BSM's mean risk is at most DSM's holds "
        "for Gaussian data and linear scores at every m, by Theorem B (`every-m-order`, "
        "`every-m-population`); the ratio's curve is the leading order."
    )
    return text + "\n\n" + "\n".join(rows)


def _headline(f: Findings) -> str:
    last = f.ratios[-1]
    return (
        f"At time {last.t:g} bootstrapping leaves {number(last.ratio)} of the error of denoising "
        f"score matching; the information bound would leave {number(last.bound)}."
    )


def _alt(f: Findings) -> str:
    first, last = f.ratios[0], f.ratios[-1]
    return (
        "(a) The error of DSM and BSM at each time step, on theory's curves; BSM lies lower, "
        f"the information bound lower still. (b) Their ratio: {number(first.ratio)} at t = "
        f"{first.t:g}, {number(last.ratio)} at t = {last.t:g}."
    )


FIGURE = Figure(
    name="figure-3a",
    paper="kumar_2025",
    title="DSM and BSM at each time step, with theory and the information bound",
    studies=("error-vs-timestep",),
    draw=draw,
    sample=sample,
    heading="Figure 3a: bootstrapped score matching",
    shows="L2 error at each time step for a multivariate Gaussian, the least-squares problem "
    "solved exactly without a network; 'BSM significantly enhances the quality of the score "
    "function' (caption).",
    unknown="d, m, N, Δ, the covariance, Algorithm 1's weights and the step at which its "
    "bootstrapping starts.",
    claims=(
        "figure-3a-below",
        "figure-3a-ratio",
        "dsm-risk",
        "every-m-order",
        "every-m-population",
    ),
    headline=_headline,
    found=_found,
    ran=ran_linear,
    alt=_alt,
)
