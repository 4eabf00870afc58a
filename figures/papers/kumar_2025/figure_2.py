"""Figure 2: what uses what, on the way to the explicit bound and to the form of Theorem 1.

Nodes are claims in a few words, coloured by what they rest on; an arrow goes from a claim to one
whose derivation uses it. Premises stand to the left of what they carry, and arrows pass between
boxes.

Longer than 350 lines: where boxes stand and how arrows pass between them is decided here.
"""

from collections.abc import Collection, Hashable, Mapping, Sequence
from graphlib import CycleError, TopologicalSorter
from itertools import pairwise
from textwrap import fill
from typing import Any, TypeVar

import matplotlib.figure
import numpy as np
import pandas as pd
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch, Patch
from matplotlib.path import Path

from figures import style
from figures.data import FigureData
from figures.told import Figure, Findings, missing, number

FILLS = {
    "proven": "#bfe3d2",
    "computed": "#cfe1f5",
    "sampled": "#fbdfae",
    "cited": "#eeeeee",
}
"""What a claim rests on: symbolic proof, numbers without noise, samples, or a text that is cited or
read."""
HATCHES = {"HOLDS": "", "REFUTED": "////", "UNDECIDED": "...."}
ORIGINS = ("cited", "reading", "derived")
SHORT = {
    "tweedie-symbolic": "both targets have the score as mean",
    "residual-covariance-symbolic": "the residual's covariance",
    "residual-regression-symbolic": "the residual is the datum's prediction error",
    "posterior-covariance-mixture": "covariance of the datum given its noisy copy",
    "reverse-martingale-mixture": "steps back in time have mean zero",
    "reverse-decomposition-paths": "errors split into steps back in time",
    "kappa": "κ is the largest quadratic variation",
    "log-concave-residual": "log-concave data: residuals are bounded",
    "gaussian-supermartingale": "Gaussian data: exponential moments",
    "log-concave-supermartingale": "log-concave data: exponential moments",
    "gaussian-bound": "Gaussian data: explicit risk bound",
    "log-concave-bound": "log-concave data: explicit risk bound",
    "bimodal-profile": "two modes: exponential moments",
    "kappa-schur": "κ is bounded on every grid",
    "theorem-1-dimension-cost": "Theorem 1: cost of the dimension",
}
"""What stands in a claim's box; others have their names."""
LETTERS = 17
ROW = 0.47
"""Height of a box with its gap, inches."""
HALF = 0.405
"""Half the width of a box, in columns."""
LANE = 0.3
"""Height of the lane of an arrow that passes a column, in rows."""


def layers(
    nodes: Sequence[str], edges: Sequence[tuple[str, str]], goals: Collection[str]
) -> list[list[str]]:
    """Columns from left to right:
    a node stands one column after the last of its premises, goals in the last.

    Raises
    ------
    CycleError
        If the arrows run in a circle.
    """
    premises: dict[str, set[str]] = {node: set() for node in nodes}
    for source, target in edges:
        premises[target].add(source)
    column: dict[str, int] = {}
    for node in TopologicalSorter(premises).static_order():
        column[node] = 1 + max((column[p] for p in premises[node]), default=-1)
    column |= dict.fromkeys((n for n in nodes if n in goals), max(column.values()))
    # A premise with nothing before it stands right before the first claim that needs it.
    for node in nodes:
        needs = [column[t] for s, t in edges if s == node]
        if not premises[node] and needs:
            column[node] = min(needs) - 1
    columns = [sorted(n for n in nodes if column[n] == k) for k in range(max(column.values()) + 1)]
    columns = [c for c in columns if c]
    return ordered(columns, edges)


N = TypeVar("N", bound=Hashable)


def ordered(columns: Sequence[Sequence[N]], edges: Sequence[tuple[N, N]]) -> list[list[N]]:
    """The columns with each node near its neighbours, after a few sweeps to and fro."""
    found = [list(one) for one in columns]
    place = {n: i - (len(c) - 1) / 2 for c in found for i, n in enumerate(c)}
    for sweep in range(8):
        for one in found if sweep % 2 == 0 else found[::-1]:
            near = {
                n: [place[a] for a, b in edges if b == n] + [place[b] for a, b in edges if a == n]
                for n in one
            }
            one.sort(key=lambda n: (float(np.mean(near[n])) if near[n] else 0.0, str(n)))
            place |= {n: i - (len(one) - 1) / 2 for i, n in enumerate(one)}
    return found


Stop = tuple[str, int]
"""A claim and a column: the claim itself where it stands, else a lane of its arrows."""


def routed(
    columns: Sequence[Sequence[str]], edges: Sequence[tuple[str, str]]
) -> tuple[list[list[Stop]], list[tuple[Stop, Stop]]]:
    """The columns with a lane in each that an arrow passes, and the arrows from column to column.

    The arrows of one claim share their lanes and part where they have to.
    """
    home = {n: k for k, one in enumerate(columns) for n in one}
    stops: dict[Stop, None] = dict.fromkeys(home.items())
    steps: dict[tuple[Stop, Stop], None] = {}
    for source, target in edges:
        way = [(source, k) for k in range(home[source], home[target])] + [(target, home[target])]
        stops |= dict.fromkeys(way)
        steps |= dict.fromkeys(pairwise(way))
    filled = [[stop for stop in stops if stop[1] == k] for k in range(len(columns))]
    return ordered(filled, list(steps)), list(steps)


def heights(column: Sequence[Stop], home: Mapping[str, int]) -> dict[Stop, float]:
    """The middle of each stop of a column, from the top, the whole centred at 0."""
    sizes = [1.0 if home[name] == k else LANE for name, k in column]
    middles = sum(sizes) / 2 - np.cumsum(sizes) + np.array(sizes) / 2
    return dict(zip(column, map(float, middles), strict=True))


def draw(data: FigureData) -> matplotlib.figure.Figure:
    """The figure.

    Parameters
    ----------
    data : tables
        nodes: name, verdict, origin ("cited", "reading", "derived"), evidence ("proven",
        "computed", "sampled"), goal (True or False);
        edges: source, target, names of nodes. Facts: claims (how many the ledger has).

    Raises
    ------
    BadTable
        If a table is missing, a verdict, origin or evidence is unknown, an edge ends nowhere, or
        the edges run in a circle.
    """
    kinds = {"verdict": HATCHES, "origin": ORIGINS, "evidence": list(FILLS)[:3]}
    nodes = data.table("nodes", ["name"], words=["name", *kinds], flags=["goal"])
    edges = data.table("edges", ["source", "target"], words=["source", "target"])
    for column, known in kinds.items():
        if not set(nodes[column]) <= set(known):
            raise data.bad(
                "nodes", f"column {column} must hold {', '.join(known)}, and nothing else"
            )
    loose = (set(edges["source"]) | set(edges["target"])) - set(nodes["name"])
    if loose:
        raise data.bad("edges", f"{min(loose)} is not a node")
    pairs = list(zip(edges["source"], edges["target"], strict=True))
    try:
        columns = layers(list(nodes["name"]), pairs, set(nodes.loc[nodes["goal"], "name"]))
    except CycleError as error:
        raise data.bad("edges", f"run in a circle: {' → '.join(error.args[1])}") from None
    home = {n: k for k, one in enumerate(columns) for n in one}
    filled, steps = routed(columns, pairs)
    place = {stop: (k, y) for k, one in enumerate(filled) for stop, y in heights(one, home).items()}
    reach = max(abs(y) for _, y in place.values()) + 0.5
    nodes = nodes.assign(rests=nodes["evidence"].where(nodes["origin"] == "derived", "cited"))
    with style.look():
        figure = matplotlib.figure.Figure(
            figsize=(style.DOUBLE_COLUMN, 0.5 + 2 * ROW * reach), layout="constrained"
        )
        axes = figure.subplots()
        axes.set_axis_off()
        axes.set_xlim(-0.45, len(columns) - 0.55)
        axes.set_ylim(-reach, reach)
        for source, target in steps:
            _arrow(axes, place[source], place[target], ends=home[target[0]] == target[1])
        ends = set(home.items())
        for name, k in (stop for stop in place if stop not in ends):
            y = place[name, k][1]
            axes.plot([k - HALF, k + HALF], [y, y], color=style.FAINT, lw=0.6, zorder=1)
        for node in nodes.to_dict("records"):
            _box(axes, place[node["name"], home[node["name"]]], node)
        keys: list[Artist] = [
            Patch(facecolor=FILLS[rests], edgecolor=style.FAINT, lw=0.5, label=rests)
            for rests in FILLS
            if rests in set(nodes["rests"])
        ]
        keys += [
            Patch(facecolor="none", hatch=hatch, edgecolor=style.FAINT, lw=0.5, label=verdict)
            for verdict, hatch in HATCHES.items()
            if hatch and verdict in set(nodes["verdict"])
        ]
        keys.append(Line2D([], [], color=style.INK, lw=2.0, label="goal"))
        figure.legend(handles=keys, loc="outside upper center", ncols=len(keys), columnspacing=1.2)
        style.note(
            figure,
            f"{len(nodes)} of the ledger's {data.fact('claims')} claims: those that the goals rest "
            "on, in a few words each. An arrow goes from a claim to one whose derivation uses it. "
            "Colour: proven by symbolic algebra, computed without noise, or sampled; a hatched "
            "claim does not hold. The paper's own list "
            "of lemmas, and its Figure 2, are not in our sources: this is the graph as we can "
            "establish it.",
        )
    return figure


def _arrow(axes: Axes, start: tuple[float, float], end: tuple[float, float], *, ends: bool) -> None:
    """From the right side of one stop to the left side of the next; a head where it is a claim."""
    (x0, y0), (x1, y1) = (start[0] + HALF, start[1]), (end[0] - HALF, end[1])
    middle = (x0 + x1) / 2
    curve = [Path.MOVETO, Path.CURVE4, Path.CURVE4, Path.CURVE4]
    axes.add_patch(
        FancyArrowPatch(
            path=Path([(x0, y0), (middle, y0), (middle, y1), (x1, y1)], curve),
            arrowstyle="-|>" if ends else "-",
            mutation_scale=5,
            lw=0.6,
            color=style.FAINT,
            shrinkA=0,
            shrinkB=0,
            zorder=1,
        )
    )


def _box(axes: Axes, centre: tuple[float, float], node: Mapping[Any, Any]) -> None:
    """A claim in a few words: coloured by what it rests on, hatched unless it holds, heavy if a
    goal.
    """
    colour, hatch = FILLS[str(node["rests"])], HATCHES[str(node["verdict"])]
    axes.add_patch(
        FancyBboxPatch(
            (centre[0] - HALF, centre[1] - 0.42),
            2 * HALF,
            0.84,
            boxstyle="round,pad=0,rounding_size=0.05",
            facecolor=colour,
            hatch=hatch,
            edgecolor=style.INK,
            lw=1.8 if node["goal"] else 0.6,
            zorder=2,
        )
    )
    name = str(node["name"])
    axes.text(
        *centre,
        fill(SHORT.get(name, name.replace("-", " ")), LETTERS),
        ha="center",
        va="center",
        fontsize=style.SMALLEST_FONT,
        linespacing=1.05,
        color="black",  # and not ink: its ground is pale on a dark page as well
        zorder=3,
        gid=f"claim-{name}",
        bbox={"facecolor": colour, "edgecolor": "none", "pad": 0.5} if hatch else None,
    )


def sample() -> FigureData:
    """Two premises, one of them refuted and cited, a conclusion, and a goal two steps on."""
    nodes = pd.DataFrame(
        {
            "name": ["tweedie-symbolic", "some-cited-premise", "their-conclusion", "the-goal"],
            "verdict": ["HOLDS", "REFUTED", "UNDECIDED", "HOLDS"],
            "origin": ["derived", "cited", "derived", "derived"],
            "evidence": ["proven", "sampled", "computed", "sampled"],
            "goal": [False, False, False, True],
        }
    )
    edges = pd.DataFrame(
        {
            "source": [
                "tweedie-symbolic",
                "some-cited-premise",
                "their-conclusion",
                "tweedie-symbolic",
            ],
            "target": ["their-conclusion", "their-conclusion", "the-goal", "the-goal"],
        }
    )
    return FigureData("figure-2", {"nodes": nodes, "edges": edges}, {"claims": 7})


def _ran(f: Findings) -> str:
    return (
        f"The ledger, {f.claims} claims; drawn are the {f.nodes} that the explicit bounds and the "
        f"form of Theorem 1 rest on.{missing(f)}"
    )


def _found(f: Findings) -> str:
    counts = ", ".join(f"{count} {status}" for status, count in f.counts.items() if count)
    rows = [
        "| C | L | m | N | Δ | δ | d | log B at d less log B at 10 | B at d / B at 10 |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for one in f.log_factor:
        rows.append(
            f"| {number(one.constant)} | {number(one.lipschitz)} | {one.m} | {one.steps} | "
            f"{number(one.spacing)} | {number(one.delta)} | {one.d} | {number(one.growth)} | "
            f"{number(one.times)} |"
        )
    return (
        f"{f.nodes} claims, {f.edges} arrows: {counts}. The graph has no circle.\n\n"
        "*Theorem 1's own form beside it.* There the dimension enters through log B, B = C "
        "log((L+1) d m N log(1/δ)/Δ); C, the theorem's right-hand side and the power of log B in "
        "it are unknown. What it adds from d = 10 on, by its definition, is below. In our bounds, "
        "which are for other laws, κ has no such factor; log|H| holds the dimension there as well, "
        "d² for the linear class:\n\n" + "\n".join(rows)
    )


def _headline(f: Findings) -> str:
    proven, computed, sampled = (f.evidence[one] for one in ("proven", "computed", "sampled"))
    return (
        f"Of the {f.nodes} claims behind the explicit bounds {f.counts['HOLDS']} hold: {proven} "
        f"proven by algebra, {computed} computed without noise, {sampled} sampled."
    )


def _alt(f: Findings) -> str:
    counts = ", ".join(f"{count} {status}" for status, count in f.counts.items() if count)
    rests = ", ".join(f"{count} {one}" for one, count in f.evidence.items())
    return (
        f"A graph of {f.nodes} claims ({counts}; {rests}) in boxes, {f.edges} arrows from each to "
        "those that use it, from left to right: from the meaning of the targets over κ and "
        "exponential moments to the bounds."
    )


FIGURE = Figure(
    name="figure-2",
    paper="kumar_2025",
    title="What uses what, on the way to the explicit bounds",
    studies=("evidence-identities", "evidence-concentration"),
    draw=draw,
    sample=sample,
    heading="Figure 2: what uses what",
    shows="The dependency graph of the key lemmas leading to Theorem 1 (caption).",
    unknown="The lemmas: their names, statements and number on the graph. The paper's own list is "
    "not in our sources; this is the graph as we can establish it, with our own explicit bounds as "
    "its goals.",
    claims=(
        "gaussian-bound",
        "log-concave-bound",
        "bimodal-profile",
        "kappa-schur",
        "theorem-1-dimension-cost",
    ),
    headline=_headline,
    found=_found,
    ran=_ran,
    alt=_alt,
)
