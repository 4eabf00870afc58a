"""Risk along kernel gradient flow for three kernels,
and what the best stop takes off the risk of a linear score.
"""

import matplotlib.figure
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import LogLocator, NullFormatter, NullLocator

from figures import style
from figures.data import FigureData
from figures.told import Figure, Findings, at, number, ran

KERNELS = {
    "linear": "linear kernel",
    "radial": "radial kernel, width 0.5",
    "tangent": "tangent kernel of a network",
}
CURVES = {"kernel-flow-bias": "bias", "kernel-flow-noise": "noise learned"}
LOWEST = 2e-4
"""Where the panels of risk end: below, nothing is to be seen."""


def _flow(axes: Axes, parts: dict[str, pd.DataFrame], kernel: str, ceiling: float) -> None:
    """Bias, noise and their sum against time."""
    both = parts["bias"].merge(parts["noise learned"], on="time", suffixes=("", "_more"))
    total = pd.DataFrame(
        {
            "time": both["time"],
            **{c: both[c] + both[f"{c}_more"] for c in ("measured", "predicted")},
        }
    )
    for k, (name, frame) in enumerate({**parts, "risk": total}.items()):
        shown = frame[frame["predicted"] > LOWEST / 4]
        colour = style.COLOURS[k]
        axes.plot(
            shown["time"],
            shown["predicted"],
            "-" if name == "risk" else "--",
            color=colour,
            lw=1.6 if name == "risk" else 0.9,
            gid=f"line-{kernel}-{name}",
        )
        axes.plot(
            shown["time"],
            shown["measured"],
            style.MARKERS[k],
            color=colour,
            ms=2.8,
            gid=f"points-{kernel}-{name}",
            label=name,
        )
    axes.axhline(ceiling, color=style.INK, ls=":", lw=1.0, gid=f"ceiling-{kernel}")
    axes.text(
        total["time"].min(),
        ceiling * 1.15,
        "the label's noise c",
        fontsize=style.SMALLEST_FONT,
        va="bottom",
    )
    _log(axes)
    axes.set_ylim(LOWEST, 6 * ceiling)
    axes.set_xlabel("training time τ")
    axes.set_ylabel("risk")
    axes.set_title(KERNELS[kernel], loc="left")


def _log(axes: Axes) -> None:
    axes.set_xscale("log")
    axes.set_yscale("log")
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_locator(LogLocator(numticks=7))
        axis.set_minor_locator(NullLocator())
        axis.set_minor_formatter(NullFormatter())


def draw(data: FigureData) -> matplotlib.figure.Figure:
    """The figure.

    Parameters
    ----------
    data : tables kernel-flow-bias and kernel-flow-noise (kernel, time, measured, predicted),
        never-stopping (features, m, predicted) and linear-score-stop (t, m, n, measured, low, high,
        predicted)

    Raises
    ------
    BadTable
        If a table is missing or not finite, a kernel is unknown or its times differ, an interval
        does not hold its middle, or no kernel fits any labels.
    """
    curves = {
        label: data.table(
            claim,
            ["kernel", "time"],
            numbers=["measured", "predicted"],
            positive=["time"],
            words=["kernel"],
        )
        for claim, label in CURVES.items()
    }
    ends = data.table("never-stopping", ["features", "m"], positive=["features", "m", "predicted"])
    columns = ["t", "m", "measured", "low", "high", "predicted"]
    gains = data.table("linear-score-stop", ["t"], numbers=["n"], positive=columns)
    data.check_order("linear-score-stop", gains, "low", "measured", "high")
    data.check_cells({claim: curves[label] for claim, label in CURVES.items()}, ["kernel", "time"])
    n = data.replicates({"linear-score-stop": gains})
    known = set(curves["bias"]["kernel"])
    if known != set(KERNELS):
        raise data.bad("kernel-flow-bias", f"column kernel must hold {', '.join(KERNELS)}")
    full = ends[ends["features"] == ends["m"]]
    if full.empty:
        raise data.bad("never-stopping", "holds no kernel that fits any labels")
    ceiling = float(full["predicted"].iloc[0])
    with style.look():
        figure = matplotlib.figure.Figure(figsize=(style.DOUBLE_COLUMN, 4.7), layout="constrained")
        panels = figure.subplots(2, 2).ravel()
        for axes, kernel in zip(panels, KERNELS, strict=False):
            mine = {
                name: frame[frame["kernel"] == kernel].reset_index(drop=True)
                for name, frame in curves.items()
            }
            _flow(axes, mine, kernel, ceiling)
        last = panels[3]
        colour = style.COLOURS[3]
        last.plot(gains["t"], gains["predicted"], "--", color=colour, gid="line-gain")
        last.vlines(gains["t"], gains["low"], gains["high"], color=colour, lw=2.2)
        last.plot(gains["t"], gains["measured"], style.MARKERS[3], color=colour, gid="points-gain")
        _log(last)
        last.set_xlabel("diffusion time t")
        last.set_ylabel("share of the risk")
        last.set_title("what the best stop saves, linear kernel", loc="left")
        handles, labels = panels[0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside upper center", ncols=3)
        style.letters(*panels)
        style.note(
            figure,
            "Denoising labels of Gaussian data on the line, variance 1; regression from 0. "
            "(a–c) t = 0.1, 100 given points; marks: moments of flow and labels carried by "
            "a matrix exponential; lines: by the kernel's eigenvalues. (d) m = "
            f"{gains['m'].iloc[0]:g} drawn points, n = {n} replicates, 95 % intervals of "
            f"{style.widths(gains, 'measured')}; dashes 1/(1 + m (e²ᵗ − 1)/λ).",
        )
    return figure


def sample() -> FigureData:
    """Three kernels at three times, and two gains."""
    times = [0.1, 1.0, 10.0]

    def curve(values: list[float]) -> pd.DataFrame:
        return pd.concat(
            [
                pd.DataFrame({"kernel": k, "time": times, "measured": values, "predicted": values})
                for k in KERNELS
            ]
        )

    gain = {"t": [0.01, 0.1], "m": 1000, "n": 40, "measured": [0.05, 0.0045]}
    return FigureData(
        "han",
        {
            "kernel-flow-bias": curve([0.8, 0.1, 1e-5]),
            "kernel-flow-noise": curve([0.001, 0.01, 0.1]),
            "never-stopping": pd.DataFrame(
                {"features": [4, 24], "m": [24, 24], "predicted": [1.0, 4.5]}
            ),
            "linear-score-stop": pd.DataFrame(
                {
                    **gain,
                    "low": [0.048, 0.0042],
                    "high": [0.052, 0.0048],
                    "predicted": [0.05, 0.004],
                }
            ),
        },
        {},
    )


def _risks(f: Findings, kernel: str) -> dict[float, float]:
    """Measured risk by time."""
    noise = {r["time"]: r["measured"] for r in f.points["kernel-flow-noise"] if _is(r, kernel)}
    bias = {r["time"]: r["measured"] for r in f.points["kernel-flow-bias"] if _is(r, kernel)}
    return {time: bias[time] + noise[time] for time in sorted(bias)}


def _is(row: dict[str, object], kernel: str) -> bool:
    return row["kernel"] == kernel


def _course(f: Findings, kernel: str) -> tuple[float, float, float]:
    """Best time of the grid, the risk there, and the risk at the last time."""
    risks = _risks(f, kernel)
    best = min(risks, key=lambda time: risks[time])
    return best, risks[best], risks[max(risks)]


def _found(f: Findings) -> str:
    told = []
    for kernel, words in KERNELS.items():
        time, least, end = _course(f, kernel)
        told.append(
            f"{words[0].upper()}{words[1:]}: least risk {number(least)} near τ = {time:g}, "
            f"{number(end)} at τ = {max(_risks(f, kernel)):g}"
        )
    ceiling = at(f, "never-stopping", features=24)
    gain = {t: number(100 * at(f, "linear-score-stop", t=t), 2) for t in (0.001, 0.01, 0.1, 1.0)}
    return (
        "Denoising is regression on a noisy label, −Z/σ_t². Given X_t its mean is the score and "
        "its variance, for Gaussian data, is one number c at every point. Kernel regression "
        "trained by gradient flow then has an exact risk at every training time τ. Its bias "
        "decays like e^{−2Λτ} in each direction of the kernel, Λ its eigenvalue; its noise is "
        "learned like (1 − e^{−Λτ})². "
        f"Here c is {number(ceiling)}. Three kernels on the same 100 points. {'. '.join(told)}.\n\n"
        "A kernel that can fit any labels comes to c in the end: it has then learned all noise "
        "(`never-stopping`). The network's kernel is on its way there. The radial kernel can fit "
        "any labels as well, but most of its eigenvalues are so small that no training lasts long "
        "enough. The linear kernel has one direction and nothing to overfit with. The best stop "
        f"takes {gain[0.001]} % off its risk at t = 0.001, {gain[0.01]} % at 0.01, {gain[0.1]} % "
        f"at 0.1 and {gain[1.0]} % at 1, with 1000 points (`linear-score-stop`). So early stopping "
        "is a cure for directions in which a kernel can fit noise, and not for the noise itself."
        "\n\n"
        "One clock stops all directions. Its least risk lies above that of stopping each direction "
        "at its own time (`best-stop-risk`). With eigenvalues k^{−α} and a target whose squares "
        "fall like k^{−β}, the best risk falls like (c/m)^{(β−1)/β}: the kernel's α moves the time "
        "to stop, and not the rate (`power-law-stop-risk`, `power-law-stop-time`). A network of "
        "ours stays within about 1/√width of its kernel (`network-follows-kernel`)."
    )


def _headline(f: Findings) -> str:
    _, least, end = _course(f, "tangent")
    return (
        "Trained for too long, a network's tangent kernel learns the labels' noise: its risk falls "
        f"to {number(least)} and rises again to {number(end)}."
    )


def _alt(f: Findings) -> str:
    time, least, end = _course(f, "tangent")
    return (
        "Four log-log panels. (a–c) Risk against training time for a linear, a radial and a "
        "network's tangent kernel: bias falls, learned noise rises, marks on their lines. The "
        f"linear kernel's risk falls and stays. The tangent kernel's falls to {number(least, 2)} "
        f"near time {time:g} and rises to {number(end, 2)}, towards the dotted line of "
        "the label's noise; the radial one's rises less. (d) What the best stop "
        "saves for the linear kernel falls against diffusion time, from more than a tenth to a few "
        "ten-thousandths."
    )


FIGURE = Figure(
    name="han",
    paper="han_2024",
    title="Risk along kernel gradient flow, and when stopping early pays",
    studies=("evidence-han",),
    draw=draw,
    sample=sample,
    heading="Early stopping on noisy labels",
    shows=(
        "The abstract: score matching by denoising is regression with noisy labels, with unbounded "
        "inputs, vector outputs and a time variable. A network's evolution under gradient descent "
        "is modelled by a series of kernel regressions. With an early-stopping rule this gives the "
        "first sample complexity bounds for learning scores with networks"
    ),
    unknown=(
        "the theorems, the network's parametric form, the kernel, the stopping rule and the rates; "
        "the settings here are ours"
    ),
    claims=(
        "kernel-flow-bias",
        "kernel-flow-noise",
        "kernel-descent-risk",
        "one-direction-stop",
        "one-direction-ratio",
        "never-stopping",
        "best-stop-risk",
        "power-law-stop-risk",
        "power-law-stop-time",
        "linear-score-stop",
        "network-follows-kernel",
    ),
    headline=_headline,
    found=_found,
    ran=ran,
    alt=_alt,
)
FIGURES: tuple[Figure, ...] = (FIGURE,)
