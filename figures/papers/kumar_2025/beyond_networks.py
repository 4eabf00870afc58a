"""Networks trained on noise that was drawn once, four times, or anew in every epoch: score error
against passes over the data.
"""

import matplotlib.figure
import numpy as np
import pandas as pd
from matplotlib.ticker import FuncFormatter, NullLocator

from figures import style
from figures.data import FigureData
from figures.told import Figure, Findings, missing, number

ONCE, FEW, FRESH = "once", "4 draws", "every epoch"
LABELS = {
    ONCE: "noise drawn once",
    FEW: "4 draws for each datum",
    FRESH: "drawn anew in every epoch",
}


def draw(data: FigureData) -> matplotlib.figure.Figure:
    """The figure.

    Parameters
    ----------
    data : table points: t, noise ("once", "4 draws", "every epoch"), passes (over the data), n,
        mean, low, high (95 % interval of the mean score error). Fact: m.

    Raises
    ------
    BadTable
        If a table or fact is missing or not finite, a number is not positive, replicate counts
        differ, or a kind of noise is unknown.
    """
    points = data.table(
        "points",
        ["t", "noise", "passes"],
        numbers=["n"],
        positive=["t", "passes", "mean", "low", "high"],
        words=["noise"],
    )
    data.check_order("points", points, "low", "mean", "high")
    n = data.replicates({"points": points})
    if not set(points["noise"]) <= set(LABELS):
        raise data.bad("points", f"noise must be among {', '.join(LABELS)}")
    times = sorted(set(points["t"]))
    with style.look():
        figure = matplotlib.figure.Figure(figsize=(style.DOUBLE_COLUMN, 3.0), layout="constrained")
        panels = figure.subplots(1, len(times), sharey=True, squeeze=False)[0]
        for axes, t in zip(panels, times, strict=True):
            for k, (noise, label) in enumerate(LABELS.items()):
                mine = points[(points["t"] == t) & (points["noise"] == noise)]
                colour = style.COLOURS[k]
                axes.plot(
                    *(mine["passes"], mine["mean"], f"-{style.MARKERS[k]}"),
                    color=colour,
                    mec="white",
                    mew=0.4,
                    gid=f"points-{t:g}-{k}",
                    label=label if axes is panels[0] else None,
                )
                axes.vlines(mine["passes"], mine["low"], mine["high"], color=colour, lw=1.4)
            axes.set_xscale("log")
            axes.set_yscale("log")
            axes.set_xticks(sorted(set(points["passes"])))
            for axis in (axes.xaxis, axes.yaxis):
                axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
                axis.set_minor_locator(NullLocator())
            axes.set_title(f"t = {t:g}", loc="left")
            axes.set_xlabel("passes over the data")
        panels[0].set_ylabel("score error")
        figure.legend(loc="outside upper center", ncols=3, columnspacing=1.0, handletextpad=0.3)
        style.letters(*panels)
        style.note(
            figure,
            f"Two Gaussians on the line, minor weight 0.15, means ±2, sd 0.5; m = "
            f"{data.fact('m')}; denoising targets at one time t. Two hidden layers of 16 tanh, "
            "Adam, one step a pass; same data, first weights and number of steps for all three. "
            "Score error: ∫ p|f − s|², by quadrature. Bars: 95 % intervals of the mean of "
            f"n = {n} replicates. Beyond the paper: settings are ours.",
        )
    return figure


def sample() -> FigureData:
    """Two times, three kinds of noise, three numbers of passes."""
    passes, parts = np.array([20, 100, 600]), []
    for t in (0.2, 0.6):
        for noise, ends in ((ONCE, 0.3), (FEW, 0.1), (FRESH, 0.06)):
            mean = np.array([1.0, 0.2, ends]) / (10 * t)
            parts.append(
                pd.DataFrame({"t": t, "noise": noise, "passes": passes, "n": 40, "mean": mean})
            )
    points = pd.concat(parts)
    points = points.assign(low=0.9 * points["mean"], high=1.1 * points["mean"])
    return FigureData("beyond-networks", {"points": points}, {"m": 200})


def _ends(f: Findings, t: float, noise: str) -> float:
    """Mean score error after the last pass."""
    last = max(p.passes for p in f.points)
    return next(float(p.mean) for p in f.points if (p.t, p.noise, p.passes) == (t, noise, last))


def _least(f: Findings, t: float) -> float:
    """Of the errors on noise drawn once, the least."""
    return min(float(p.mean) for p in f.points if (p.t, p.noise) == (t, ONCE))


def _times(f: Findings) -> list[float]:
    return sorted({p.t for p in f.points})


def _found(f: Findings) -> str:
    rows = [
        f"| t | passes | {' | '.join(LABELS.values())} |",
        "|---" * (2 + len(LABELS)) + "|",
    ]
    for t in _times(f):
        for passes in sorted({p.passes for p in f.points}):
            here = {p.noise: p.mean for p in f.points if (p.t, p.passes) == (t, passes)}
            rows.append(
                f"| {t:g} | {passes} | {' | '.join(number(here[noise]) for noise in LABELS)} |"
            )
    law = "; ".join(
        f"{number(one.extrapolated, 2)} at t = {one.t:g}, where fresh noise has "
        f"{number(one.fresh, 2)}"
        for one in f.laws
    )
    first = _times(f)[0]
    return (
        f"A network may see new noise on its m = {f.m} data in every epoch, at no cost. Trained on "
        "noise that was drawn once it learns that noise as well: its error is least after some "
        f"passes, and then grows, at t = {first:g} from {number(_least(f, first), 2)} to "
        f"{number(_ends(f, first, ONCE), 2)}. On four draws for each datum it ends at "
        f"{number(_ends(f, first, FEW), 2)}, and on new noise in every epoch at "
        f"{number(_ends(f, first, FRESH), 2)}. New noise costs nothing in training, so a loss from "
        "noise drawn once is one without need.\n\n"
        "The law of redraws, bound + (error with one draw − bound)/K, is proven for linear scores. "
        "Were it true here, too, one draw and four would say what endless draws leave: "
        f"{law}.\n\n" + "\n".join(rows)
    )


def _headline(f: Findings) -> str:
    t = _times(f)[0]
    ratio = _ends(f, t, ONCE) / _ends(f, t, FRESH)
    return (
        f"At time {t:g} a small network that sees new noise in every epoch ends with "
        f"{number(ratio, 2)} times less score error than on noise drawn once."
    )


def _alt(f: Findings) -> str:
    told = "; ".join(
        f"at t = {t:g} "
        + ", ".join(f"{number(_ends(f, t, noise), 2)} ({LABELS[noise]})" for noise in LABELS)
        for t in _times(f)
    )
    return (
        "Score error against passes over the data, log axes, one curve for each kind of noise. All "
        "fall at first; the one on noise drawn once then rises. After the last pass: "
        f"{told}."
    )


def _ran(f: Findings) -> str:
    return (
        f"Study `{f.run.study}`: a mixture on the line, m = {f.m}; {f.run.replicates} replicates, "
        f"seed {f.run.seed}; code {f.run.code}.{missing(f.run)}"
    )


FIGURE = Figure(
    name="beyond-networks",
    paper="kumar_2025",
    title="Score error of a network against passes over the data, by how the noise is drawn",
    studies=("evidence-networks",),
    draw=draw,
    sample=sample,
    heading="Beyond the paper: noise drawn once, or anew in every epoch?",
    shows="",
    unknown="",
    claims=("network-noise-gain", "network-noise-overfits", "redraws-features"),
    headline=_headline,
    found=_found,
    ran=_ran,
    alt=_alt,
)
