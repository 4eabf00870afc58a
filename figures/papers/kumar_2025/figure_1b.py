"""Figure 1b: the measured dependence on dimension beside linear dependence and published rates.

All curves pass through 1 at one dimension, so that only their shape in d can be compared: the
constants of the published rates are not known.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from textwrap import fill
from typing import Any

import matplotlib.figure
import numpy as np
import pandas as pd
from matplotlib.patches import ConnectionPatch

from figures import style
from figures.data import Fact, FigureData
from figures.told import Figure, Findings, number, ran_linear

GROUPS = ("linear", "published", "paper")
# How far above the measured and the linear curves the plot reaches; what rises higher is cut and
# said to be.
HEADROOM = 30.0
# Of the labels beside the curves: letters per line, and a line's height as a share of the plot's.
NOTE_LETTERS = 46
LINE_HEIGHT = 0.05


def checked(data: FigureData) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The tables measured and rivals after their checks, which are those that `draw` names."""
    measured = data.table(
        "measured", ["d"], numbers=["n"], positive=["d", "m", "value", "low", "high"]
    )
    rivals = data.table(
        "rivals", ["label", "d"], positive=["d", "value"], words=["label", "style_group", "note"]
    )
    data.check_order("measured", measured, "low", "value", "high")
    if set(measured["m"]) != {data.number("m")}:
        raise data.bad("measured", f"m must be {data.fact('m')} throughout, as the facts say")
    unknown = set(rivals["style_group"]) - set(GROUPS)
    if unknown:
        raise data.bad(
            "rivals", f"style_group must be one of {', '.join(GROUPS)}, not {min(unknown)}"
        )
    if "linear" not in set(rivals["style_group"]):
        raise data.bad("rivals", "the linear dependence is missing")
    if len(rivals.drop_duplicates(["label", "style_group", "note"])) > rivals["label"].nunique():
        raise data.bad("rivals", "a label comes with two notes or two style groups")
    anchor = data.number("anchor_d")
    curves = {"measured": [measured], "rivals": [group for _, group in rivals.groupby("label")]}
    for name, groups in curves.items():
        for group in groups:
            if not np.isclose(group.loc[group["d"] == anchor, "value"].sum(), 1.0, rtol=1e-9):
                curve = "" if name == "measured" else f"{group['label'].iloc[0]} "
                raise data.bad(name, f"{curve}must be 1 at the anchor d = {anchor:g}")
    return measured, rivals


@dataclass(frozen=True)
class Curve:
    """One curve and how it looks.

    Attributes
    ----------
    label, note : what stands beside it, above and below
    points : columns d and value, sorted by d
    look : properties of its line
    """

    label: str
    note: str
    points: pd.DataFrame
    look: dict[str, Any]

    def end(self, top: float) -> str:
        """What the note adds if the curve rises above `top`: from where on it is cut."""
        above = self.points[self.points["value"] > top]
        if above.empty:
            return self.note
        cut = f"off the plot from d\u00a0=\u00a0{above['d'].iloc[0]:g}"
        return f"{self.note}; {cut}" if self.note else cut


def curves(measured: pd.DataFrame, rivals: pd.DataFrame, n: int) -> list[Curve]:
    """The measured curve, then the rivals by label: linear, the paper's, published."""
    made = [
        Curve(
            "measured, scaled by log|H|",
            f"n = {n} replicates, 95 % intervals",
            measured,
            {"color": style.COLOURS[0], "marker": style.MARKERS[0], "ls": "-", "lw": 1.6},
        )
    ]
    published = 0
    for label, points in rivals.groupby("label"):
        look: dict[str, Any]
        match points["style_group"].iloc[0]:
            case "linear":
                look = {"color": style.INK, "ls": "--", "lw": 1.6}
            case "paper":
                look = {"color": style.COLOURS[1], "ls": "-", "lw": 1.6}
            case _:
                # Three cycles of different lengths: no two looks agree before 210 of them.
                look = {
                    "color": style.COLOURS[2 + published % 5],
                    "marker": style.MARKERS[1 + published % 6],
                    "ls": (0, style.DASHES[published % 7]),
                    "lw": 1.0,
                }
                published += 1
        made.append(
            Curve(str(label), points["note"].iloc[0], points, {"mec": "white", "mew": 0.4, **look})
        )
    return made


def spread(wanted: Sequence[float], room: Sequence[float]) -> list[float]:
    """Heights for labels: near those wanted (falling, at most 1), with `room[k]` below label k."""
    heights: list[float] = []
    ceiling = 1.0
    for height, below in zip(wanted, room, strict=True):
        heights.append(min(height, ceiling))
        ceiling = heights[-1] - below
    floor = 0.0
    for k in reversed(range(len(heights))):
        heights[k] = max(heights[k], floor)
        floor = heights[k] + (room[k - 1] if k else 0.0)
    return heights


def draw(data: FigureData) -> matplotlib.figure.Figure:
    """The figure.

    Parameters
    ----------
    data : tables
        measured: d, m, n, value, low, high (95 % interval), divided by the value at anchor_d;
        rivals: label, d, value (1 at anchor_d), style_group ("linear", "published" or "paper"),
        note (what is not known of it; may be empty). Facts: anchor_d, m, n, spectrum.

    Raises
    ------
    BadTable
        If a table or fact is missing or not finite; a number is not positive; replicate counts
        differ; m differs from the fact; a style group is unknown or "linear" is missing; a label
        has two notes or groups; a curve is not 1 at anchor_d; the measured value lies outside its
        interval.
    """
    measured, rivals = checked(data)
    n = data.replicates({"measured": measured})
    drawn = curves(measured, rivals, n)
    linear = rivals.loc[rivals["style_group"] == "linear", "value"]
    shown = max(linear.max(), measured["high"].max())
    top = min(HEADROOM * shown, 1.6 * max(shown, rivals["value"].max()))
    bottom = min(measured["low"].min(), rivals["value"].min()) / 1.6
    with style.look():
        figure = matplotlib.figure.Figure(figsize=(style.DOUBLE_COLUMN, 3.7), layout="constrained")
        axes, key = figure.subplots(1, 2, width_ratios=[1.25, 1.0])
        key.set_axis_off()
        key.set(xlim=(0, 1), ylim=(0, 1))
        for k, curve in enumerate(drawn):
            # Markers on a rival say which it is; about six of them do.
            every = 1 if k == 0 else max(1, len(curve.points) // 6)
            axes.plot(
                curve.points["d"],
                curve.points["value"],
                gid=f"curve-{k}",
                markevery=every,
                **curve.look,
            )
        axes.vlines(
            measured["d"],
            measured["low"],
            measured["high"],
            color=style.COLOURS[0],
            lw=2.2,
            gid="interval",
        )
        axes.set_yscale("log")
        style.dimension_axis(axes, list(measured["d"]))
        axes.set_ylim(bottom, top)
        axes.set_ylabel(f"scaled error / its value at d = {data.fact('anchor_d')}  (dimensionless)")

        # Those that leave by the top come first, the earliest to leave at the top.
        drawn.sort(key=lambda curve: -float(curve.points["value"].iloc[-1]))
        notes = [fill(curve.end(top), NOTE_LETTERS) for curve in drawn]
        scale = np.log(top / bottom)
        wanted = [float(np.log(curve.points["value"].iloc[-1] / bottom) / scale) for curve in drawn]
        room = [LINE_HEIGHT * (1.2 + len(text.splitlines())) for text in notes]
        for curve, text, place in zip(drawn, notes, spread(wanted, room), strict=True):
            last = curve.points.iloc[-1]
            if last["value"] <= top:
                leader = ConnectionPatch(
                    (last["d"], last["value"]),
                    (0.0, place),
                    axes.transData,
                    key.transAxes,
                    color=curve.look["color"],
                    lw=0.5,
                    shrinkA=3,
                )
                figure.add_artist(leader)
            key.plot([0.0, 0.055, 0.11], [place] * 3, markevery=[1], clip_on=False, **curve.look)
            key.text(0.14, place, curve.label, va="bottom" if text else "center", fontsize=7.5)
            if text:
                key.text(
                    0.14,
                    place - 0.012,
                    text,
                    va="top",
                    fontsize=style.SMALLEST_FONT,
                    color=style.FAINT,
                )
        style.note(
            figure,
            f"Gaussian data, spectrum {data.fact('spectrum')}; m = {data.fact('m')}, n = {n} "
            f"replicates; 95 % intervals of {style.widths(measured, 'value')}; where no bar shows, "
            "it lies inside the marker. Every curve is divided by its value at d = "
            f"{data.fact('anchor_d')}: constants are not known, so only the shape in d can be "
            "compared. No competitor was measured. Settings are ours; the paper's are unknown.",
        )
    return figure


DIMS = (4, 8, 16, 32, 64, 128, 256)  # of the sample


def sample() -> FigureData:
    """A flat measured curve, and rivals with the shapes
    that published rates have (one beyond 1e100).
    """
    rng = np.random.default_rng(12)
    d = np.asarray(DIMS, dtype=float)
    value = 1 + 0.3 / d * rng.standard_normal(d.size)
    value /= value[0]
    measured = pd.DataFrame(
        {
            "d": DIMS,
            "m": 2000,
            "n": 100,
            "value": value,
            "low": value - 0.1 / d,
            "high": value + 0.1 / d,
        }
    )
    dense = np.asarray([4, 6, 8, 11, 16, 23, 32, 45, 64, 91, 128, 181, 256], dtype=float)
    log_n = np.log(2000)
    shapes: list[tuple[str, str, str, Any]] = [
        ("linear in d", "linear", "as in prior work", dense),
        ("Theorem 1, log log d", "paper", "constant C unknown", np.log(np.log(dense * 1e4))),
        (
            "Wibisono, Wu, Yang 2024",
            "published",
            "constant unknown",
            dense * log_n ** (dense / (dense + 4)) * np.exp(-2 * log_n / (dense + 4)),
        ),
        ("Zhang et al. 2024, t = 0.1", "published", "up to logarithms", 10.0 ** ((dense + 2) / 2)),
        ("Gupta et al. 2024", "published", "P = d² parameters, up to logarithms", dense**4),
        (
            "Oko et al. 2023, s = 2",
            "published",
            "recalled; total variation",
            np.exp(-2 * log_n / (4 + dense)),
        ),
        ("Block, Mroueh, Rakhlin 2020", "published", "recalled; power unknown", dense**2),
    ]
    rivals = pd.concat(
        pd.DataFrame({"label": a, "style_group": b, "note": c, "d": dense, "value": v / v[0]})
        for a, b, c, v in shapes
    )
    facts: dict[str, Fact] = {"anchor_d": 4, "m": 2000, "n": 100, "spectrum": "linear 0.3 … 3"}
    return FigureData("figure-1b", {"measured": measured, "rivals": rivals}, facts)


def _found(f: Findings) -> str:
    lines = [
        f"From d = {f.anchor} to d = {f.largest}, at m = {f.m}, error/log|H| changes by a factor "
        f"{number(f.value, 4)} [{number(f.low, 4)}, {number(f.high, 4)}]; linear dependence would "
        f"make it {number(f.linear, 4)}. All curves are normalised at d = {f.anchor}; the "
        "constants of the published rates are unknown, so only shapes are compared, and no "
        "competitor was measured.",
        "Published rates that are not drawn, and why:",
        "\n".join(
            f"- {r.source}{' (recalled, not read)' if r.recalled else ''}: {r.quantity}; {r.note}."
            for r in f.not_drawn
        ),
    ]
    return "\n\n".join(lines)


def _headline(f: Findings) -> str:
    return (
        f"From dimension {f.anchor} to {f.largest} the scaled error changes by a factor "
        f"{number(f.value)}; linear growth would make it {number(f.linear)}."
    )


def _alt(f: Findings) -> str:
    return (
        f"Scaled error against dimension, all curves equal at d = {f.anchor}. Up to d = "
        f"{f.largest} the measured one changes by a factor {number(f.value, 3)}, where linear "
        f"growth would make it {number(f.linear, 3)}."
    )


FIGURE = Figure(
    name="figure-1b",
    paper="kumar_2025",
    title="The measured dependence on dimension beside linear dependence and published rates",
    studies=("error-vs-dimension",),
    draw=draw,
    sample=sample,
    heading="Figure 1b: against a linear dependence on dimension",
    shows="The same scaled error beside what it would be if it depended linearly on d as in prior "
    "work; 'all previous works provide scaled error bounds with atleast a linear dependence' "
    "(caption).",
    unknown="As for Figure 1a, and how the linear reference was anchored.",
    claims=("figure-1b-not-linear",),
    headline=_headline,
    found=_found,
    ran=ran_linear,
    alt=_alt,
)
