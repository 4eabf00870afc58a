"""What bootstrapping still buys with endless noise draws: the excess risk at which stochastic
gradient descent ends, by target.
"""

import matplotlib.figure
import numpy as np
import pandas as pd
from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator

from figures import style
from figures.data import FigureData
from figures.told import Figure, Findings, at, number, ran

TARGETS = {"T2": "T₂", "T3": "T₃", "TB": "T_B, control-variate w", "w0": "w° of least variance"}
BOOTSTRAPPED = "the bootstrapped target"  # T_B where nothing is typeset
FROZEN = ("TB", "w0")
DASHES = ("-", "--", ":")
DIMENSION = 8


def draw(data: FigureData) -> matplotlib.figure.Figure:
    """The figure.

    Parameters
    ----------
    data : tables sgd-order: d, t, target ("T2", "T3", "TB", "w0"), measured, predicted; and
        sgd-frozen: t, target ("TB", "w0"), step_size, measured, predicted. Excess risk over T1's.
        Of the first the rows at d = 8 are drawn.

    Raises
    ------
    BadTable
        If a table is missing or not finite, a number is not positive, or a target is unknown.
    """
    columns = ["measured", "predicted"]
    order = data.table(
        "sgd-order", ["d", "t", "target"], positive=["d", "t", *columns], words=["target"]
    )
    frozen = data.table(
        "sgd-frozen",
        ["t", "target", "step_size"],
        positive=["t", "step_size", *columns],
        words=["target"],
    )
    for name, frame, known in (("sgd-order", order, TARGETS), ("sgd-frozen", frozen, FROZEN)):
        if not set(frame["target"]) <= set(known):
            raise data.bad(name, f"the targets must be among {', '.join(known)}")
    order = order[order["d"] == DIMENSION]
    sizes = sorted(set(frozen["step_size"]))
    if len(sizes) > len(DASHES):
        raise data.bad("sgd-frozen", "has more than 3 step sizes")
    with style.look():
        figure = matplotlib.figure.Figure(figsize=(style.DOUBLE_COLUMN, 3.2), layout="constrained")
        left, right = figure.subplots(1, 2)
        for axes, title in ((left, "true score at t'"), (right, "frozen iterate at t'")):
            axes.axhline(1.0, color=style.INK, lw=0.8, ls="--", label="T₁")
            axes.set_title(title, loc="left")
            axes.set_yscale("log")
            axes.set_xlabel("diffusion time t (dimensionless)")
            axes.yaxis.set_minor_locator(NullLocator())
            axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
        left.set_ylabel("excess risk over that of T₁")
        for k, (target, words) in enumerate(TARGETS.items()):
            colour, mine = style.COLOURS[k], order[order["target"] == target]
            left.plot(mine["t"], mine["predicted"], color=colour, gid=f"order-{target}")
            left.plot(
                *(mine["t"], mine["measured"], style.MARKERS[k]),
                color=colour,
                label=words.replace("T_B", "$T_B$"),
            )
            for size, dashes in zip(sizes, DASHES, strict=False):
                one = frozen[(frozen["target"] == target) & (frozen["step_size"] == size)]
                if one.empty:
                    continue
                right.plot(
                    *(one["t"], one["predicted"], dashes),
                    color=colour,
                    gid=f"frozen-{target}-{size:g}",
                )
                right.plot(
                    *(one["t"], one["measured"], style.MARKERS[k]),
                    color=colour,
                    mfc="white" if size != sizes[0] else colour,
                )
        for size, dashes in zip(sizes, DASHES, strict=False):
            right.plot([], [], dashes, color=style.FAINT, label=f"b: η = {size:g}")
        for axes in (left, right):
            low, high = axes.get_ylim()
            axes.yaxis.set_major_locator(LogLocator(numticks=6))
            axes.set_ylim(low, high)
        handles, names = left.get_legend_handles_labels()
        more, words_of = right.get_legend_handles_labels()
        figure.legend(handles + more[1:], names + words_of[1:], loc="outside upper center", ncols=4)
        style.letters(left, right)
        style.note(
            figure,
            "Gaussian data, λ = linspace(0.3, 3, 8), levels Δ = 0.1 apart; a constant step η and "
            "one fresh pair a step, where descent becomes stationary. Marks: the linear system of "
            "the second moments; lines: the formula. (a) The order is that of the targets' "
            "variances, at every η. (b) Each level bootstraps from one iterate of the level "
            "before. Nothing here is sampled. Beyond the paper: settings are ours.",
        )
    return figure


def sample() -> FigureData:
    """Four targets, two step sizes."""
    t = np.array([0.2, 0.5, 1.0, 2.0])
    parts, frozen = [], []
    for k, target in enumerate(TARGETS):
        value = np.array([0.3, 0.4, 0.9, 3.0]) / 4.0 ** (k - 1)
        parts.append(pd.DataFrame({"d": 8, "t": t, "target": target, "measured": value}))
    for target in FROZEN:
        for size in (0.01, 0.1):
            value = (0.5 + 4 * size) * np.array([2.0, 1.8, 1.2, 0.4])
            value = value * (2.0 if target == "w0" else 1.0)
            frozen.append(
                pd.DataFrame({"t": t, "target": target, "step_size": size, "measured": value})
            )
    tables = {"sgd-order": pd.concat(parts), "sgd-frozen": pd.concat(frozen)}
    return FigureData(
        "beyond-gradient",
        {k: v.assign(predicted=1.001 * v["measured"]) for k, v in tables.items()},
        {},
    )


def _of(f: Findings, target: str, t: float) -> str:
    return number(at(f, "sgd-order", d=DIMENSION, t=t, target=target), 2)


def _frozen_of(f: Findings, target: str, size: float, t: float) -> str:
    return number(at(f, "sgd-frozen", step_size=size, t=t, target=target), 2)


def times(f: Findings) -> list[float]:
    """The times of the table."""
    return sorted({r["t"] for r in f.points["sgd-order"] if r["d"] == DIMENSION})


def _found(f: Findings) -> str:
    sizes = sorted({r["step_size"] for r in f.points["sgd-frozen"]})
    heads = [*TARGETS.values(), *(f"T_B, frozen, η = {size:g}" for size in sizes)]
    lines = [f"| t | {' | '.join(heads)} |", "|---" * (1 + len(heads)) + "|"]
    for t in times(f):
        cells = [_of(f, target, t) for target in TARGETS]
        cells += [_frozen_of(f, "TB", size, t) for size in sizes]
        lines.append(f"| {t:g} | {' | '.join(cells)} |")
    last, worst = times(f)[-1], max(sizes)
    return (
        "With endless draws all targets have the same minimum, and the optimiser's noise is what "
        "is left. Descent with a constant step ends at an excess risk that is the target's "
        "variance times one factor for all. So its order depends neither on the step nor on the "
        "batch, and w° leaves the least. But bootstrapping needs a score at t'. Where that is "
        "one iterate of the same descent, its error is handed on. At "
        f"t = {last:g}, η = {worst:g} the target T_B then has "
        f"{_frozen_of(f, 'TB', worst, last)} of T₁'s "
        f"excess risk, and the mix with w° {_frozen_of(f, 'w0', worst, last)}. Average the "
        "iterates, or make the step small, before the next level uses them. Excess risk over "
        "T₁'s:\n\n" + "\n".join(lines)
    )


def _headline(f: Findings) -> str:
    first, last = times(f)[0], times(f)[-1]
    return (
        "With endless noise draws a bootstrapped target, if exact, leaves descent "
        f"{_of(f, 'TB', first)} of denoising's excess risk at time {first:g}, and "
        f"{_of(f, 'TB', last)} at {last:g}."
    )


def _alt(f: Findings) -> str:
    first, last = times(f)[0], times(f)[-1]
    told = "; ".join(
        f"{words.replace('T_B', BOOTSTRAPPED)} from {_of(f, target, first)} to "
        f"{_of(f, target, last)}"
        for target, words in TARGETS.items()
    )
    return (
        f"Excess risk over that of T₁ against time, log axis. (a) From t = {first:g} to "
        f"{last:g}: {told}. (b) From a frozen iterate: curves of {BOOTSTRAPPED} and w° for "
        "each step size, higher the larger the step."
    )


FIGURE = Figure(
    name="beyond-gradient",
    paper="kumar_2025",
    title="Excess risk at which stochastic gradient descent ends, by target",
    studies=("evidence-sgd",),
    draw=draw,
    sample=sample,
    heading="Beyond the paper: what bootstrapping buys when noise is free",
    shows="",
    unknown="",
    claims=("sgd-order", "sgd-frozen", "sgd-stationary", "sgd-transient", "sgd-chain"),
    headline=_headline,
    found=_found,
    ran=ran,
    alt=_alt,
)
