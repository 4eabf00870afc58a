"""Figure 1b: the measured dependence on dimension beside linear dependence and published rates.

Divided by log|H| beside what is stated so, and undivided beside the published rates. All curves
pass through 1 at one dimension, so that only their shape in d can be compared: the constants of the
published rates are not known.
"""

from dataclasses import dataclass
from textwrap import fill
from typing import Any

import matplotlib.figure
import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from figures import style
from figures.data import Fact, FigureData
from figures.told import Figure, Findings, number, ran_linear

GROUPS = ("linear", "published", "paper")
SCALED = {"value": "value", "low": "low", "high": "high"}
WHOLE = {"value": "whole", "low": "whole_low", "high": "whole_high"}
"""Columns of the measured curve, divided by log|H| and not."""
# How far above the measured and the linear curves a panel reaches; what rises higher is cut and
# said to be.
HEADROOM = 30.0
LETTERS = 50
"""In a line of the key under a panel."""


def checked(data: FigureData) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The tables measured and rivals after their checks, which are those that `draw` names."""
    measured = data.table(
        "measured", ["d"], numbers=["n"], positive=["d", "m", *SCALED.values(), *WHOLE.values()]
    )
    rivals = data.table(
        "rivals", ["label", "d"], positive=["d", "value"], words=["label", "style_group", "note"]
    )
    for ends in (SCALED, WHOLE):
        data.check_order("measured", measured, ends["low"], ends["value"], ends["high"])
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
    whole = measured.assign(value=measured["whole"])
    curves = {
        "measured": [measured, whole],
        "rivals": [group for _, group in rivals.groupby("label")],
    }
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
    label, note : what is said of it in the key
    group : its style group
    points : columns d and value, sorted by d
    look : properties of its line
    """

    label: str
    note: str
    group: str
    points: pd.DataFrame
    look: dict[str, Any]

    def told(self, top: float) -> str:
        """What the key says of it; from where on it is cut, if it rises above `top`."""
        above = self.points[self.points["value"] > top]
        cut = [] if above.empty else [f"off the plot from d\u00a0=\u00a0{above['d'].iloc[0]:g}"]
        notes = "; ".join(filter(None, [self.note, *cut]))
        return fill(f"{self.label} ({notes})" if notes else self.label, LETTERS)


def curves(rivals: pd.DataFrame) -> list[Curve]:
    """The rivals by label: linear, the paper's, published, each with a look of its own."""
    made = []
    published = 0
    for label, points in rivals.groupby("label"):
        group = str(points["style_group"].iloc[0])
        look: dict[str, Any]
        match group:
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
        look = {"mec": "white", "mew": 0.4, **look}
        made.append(Curve(str(label), points["note"].iloc[0], group, points, look))
    return made


def panel(axes: Axes, measured: pd.DataFrame, rivals: list[Curve], name: str, label: str) -> None:
    """The measured curve with its intervals (columns d, value, low, high) beside its rivals."""
    straight = [one.points["value"].max() for one in rivals if one.group == "linear"]
    shown = max([measured["high"].max(), *straight])
    every = [measured["value"], *(one.points["value"] for one in rivals)]
    top = min(HEADROOM * shown, 1.6 * max(values.max() for values in every))
    bottom = min(measured["low"].min(), *(values.min() for values in every)) / 1.6
    look: dict[str, Any] = {"color": style.COLOURS[0]}
    look |= {"marker": style.MARKERS[0], "mec": "white", "mew": 0.4}
    axes.plot(measured["d"], measured["value"], lw=1.6, gid=f"curve-{name}", label=label, **look)
    axes.vlines(
        measured["d"],
        measured["low"],
        measured["high"],
        color=style.COLOURS[0],
        lw=2.2,
        gid=f"interval-{name}",
    )
    for one in rivals:
        # Markers on a rival say which it is; about six of them do.
        axes.plot(
            one.points["d"],
            one.points["value"],
            gid=f"curve-{one.label}",
            markevery=max(1, len(one.points) // 6),
            label=one.told(top),
            **one.look,
        )
    axes.set_yscale("log")
    style.dimension_axis(axes, list(measured["d"]))
    axes.set_ylim(bottom, top)
    axes.legend(loc="upper left", bbox_to_anchor=(-0.1, -0.2), handlelength=3.0)


def draw(data: FigureData) -> matplotlib.figure.Figure:
    """The figure.

    Parameters
    ----------
    data : tables
        measured: d, m, n, value, low, high (95 % interval), over log|H|, and whole, whole_low,
        whole_high, undivided; each divided by its value at anchor_d;
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
    drawn = curves(rivals)
    anchor = data.fact("anchor_d")
    with style.look():
        figure = matplotlib.figure.Figure(figsize=(style.DOUBLE_COLUMN, 3.9), layout="constrained")
        left, right = figure.subplots(1, 2)
        stated = [one for one in drawn if one.group != "published"]
        panel(left, measured, stated, "measured", "measured, scaled by log|H|")
        undivided = measured[["d", *WHOLE.values()]].set_axis(["d", *WHOLE], axis=1)
        published = [one for one in drawn if one.group == "published"]
        panel(right, undivided, published, "whole", "measured, not divided")
        left.set_title("divided by log|H|", loc="left")
        right.set_title("not divided, as published rates are", loc="left")
        left.set_ylabel(f"scaled error / its value at d = {anchor}\n(dimensionless)")
        right.set_ylabel(f"error / its value at d = {anchor}")
        style.letters(left, right)
        style.note(
            figure,
            f"Gaussian data, spectrum {data.fact('spectrum')}; m = {data.fact('m')}, n = {n} "
            f"replicates; 95 % intervals of {style.widths(measured, 'value')}; where no bar shows, "
            "it lies inside the marker. Every curve is divided by its value at d = "
            f"{anchor}: constants are not known, and may depend on d, so only the shape in d can "
            "be compared. No competitor was measured. Settings are ours; the paper's are unknown.",
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
    ends = {"value": value, "low": value - 0.1 / d, "high": value + 0.1 / d}
    whole = {WHOLE[end]: middle * (d / d[0]) ** 2 for end, middle in ends.items()}
    measured = pd.DataFrame({"d": DIMS, "m": 2000, "n": 100, **ends, **whole})
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
        f"Error against dimension, all curves equal at d = {f.anchor}. (a) Divided by log|H|: up "
        f"to d = {f.largest} the measured one changes by a factor {number(f.value, 3)}, where "
        f"linear growth would make it {number(f.linear, 3)}. (b) Not divided, it grows by a "
        f"factor {number(f.value * f.linear**2, 3)}, beside two published rates."
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
