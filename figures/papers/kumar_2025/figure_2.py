"""Figure 2: what uses what, on the way to the explicit bound and to the form of Theorem 1.

Nodes are claims, coloured by verdict; an arrow goes from a claim to one whose derivation uses it.
Premises stand to the left of what they carry.
"""

from collections.abc import Collection, Mapping, Sequence
from graphlib import CycleError, TopologicalSorter
from typing import Any

import matplotlib.figure
import numpy as np
import pandas as pd
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch, Patch

from figures import style
from figures.data import FigureData
from figures.told import Figure, Findings, missing, number

# Fill and hatch, so that grey paper tells verdicts apart too.
LOOKS: dict[str, tuple[str, str]] = {
    "HOLDS": ("#cfe8dc", ""),
    "REFUTED": ("#f6d3b8", "////"),
    "UNDECIDED": ("#e6e6e6", "...."),
}
LETTERS = 13
ROW = 0.36
"""Height of a row, inches."""


def layers(
    nodes: Sequence[str], edges: Sequence[tuple[str, str]], goals: Collection[str]
) -> list[list[str]]:
    """Columns from left to right:
    a node stands one column after the last of its premises, goals in the last.

    Within a column, nodes are ordered by the mean place of their neighbours in the column before
    and after, in a few sweeps, which keeps most arrows short and is the same every time.

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
    for sweep in range(8):
        place = {n: i - (len(c) - 1) / 2 for c in columns for i, n in enumerate(c)}
        for one in columns if sweep % 2 == 0 else columns[::-1]:
            near = {
                n: [place[a] for a, b in edges if b == n] + [place[b] for a, b in edges if a == n]
                for n in one
            }
            one.sort(key=lambda n: (float(np.mean(near[n])) if near[n] else 0.0, n))
            place |= {n: i - (len(one) - 1) / 2 for i, n in enumerate(one)}
    return columns


def wrap(name: str) -> str:
    """A claim's name in at most three lines, broken at its hyphens."""
    lines = [""]
    for k, part in enumerate(name.split("-")):
        piece = part if k == 0 else f"-{part}"
        if len(lines[-1]) + len(piece) > LETTERS and lines[-1]:
            lines[-1] += "-"
            lines.append(part)
        else:
            lines[-1] += piece
    return "\n".join(lines)


def draw(data: FigureData) -> matplotlib.figure.Figure:
    """The figure.

    Parameters
    ----------
    data : tables
        nodes: name, verdict, origin ("cited", "reading", "derived"), certified (True or False),
        goal (True or False);
        edges: source, target, names of nodes. Facts: claims (how many the ledger has).

    Raises
    ------
    BadTable
        If a table is missing, a verdict or origin is unknown, an edge ends nowhere, or the edges
        run in a circle.
    """
    nodes = data.table(
        "nodes", ["name"], words=["name", "verdict", "origin"], flags=["certified", "goal"]
    )
    edges = data.table("edges", ["source", "target"], words=["source", "target"])
    for column, known in (("verdict", set(LOOKS)), ("origin", {"cited", "reading", "derived"})):
        if not set(nodes[column]) <= known:
            raise data.bad(
                "nodes", f"column {column} must hold {', '.join(sorted(known))}, and nothing else"
            )
    loose = (set(edges["source"]) | set(edges["target"])) - set(nodes["name"])
    if loose:
        raise data.bad("edges", f"{min(loose)} is not a node")
    pairs = list(zip(edges["source"], edges["target"], strict=True))
    try:
        columns = layers(list(nodes["name"]), pairs, set(nodes.loc[nodes["goal"], "name"]))
    except CycleError as error:
        raise data.bad("edges", f"run in a circle: {' → '.join(error.args[1])}") from None
    rows = max(len(c) for c in columns)
    with style.look():
        figure = matplotlib.figure.Figure(
            figsize=(style.DOUBLE_COLUMN, 1.2 + ROW * rows), layout="constrained"
        )
        axes = figure.subplots()
        axes.set_axis_off()
        axes.set_xlim(-0.5, len(columns) - 0.5)
        axes.set_ylim(-rows / 2, rows / 2)
        place = {
            n: (k, (len(c) - 1) / 2 - i) for k, c in enumerate(columns) for i, n in enumerate(c)
        }
        for source, target in pairs:
            _arrow(axes, place[source], place[target])
        for node in nodes.to_dict("records"):
            _box(axes, place[node["name"]], node)
        keys: list[Artist] = [
            Patch(facecolor=colour, hatch=hatch, edgecolor=style.FAINT, lw=0.5, label=verdict)
            for verdict, (colour, hatch) in LOOKS.items()
            if verdict in set(nodes["verdict"])
        ]
        keys += [
            Line2D([], [], color=style.INK, lw=0.8, label="derived"),
            Line2D([], [], color=style.INK, lw=0.8, ls=(0, (3, 2)), label="cited, or our reading"),
            Line2D([], [], color=style.INK, lw=2.0, label="goal"),
            Line2D([], [], color="none", label="✓ proven, not sampled"),
        ]
        figure.legend(handles=keys, loc="outside upper center", ncols=len(keys), columnspacing=1.2)
        style.note(
            figure,
            f"{len(nodes)} of the ledger's {data.fact('claims')} claims: those that the goals rest "
            "on. An arrow goes from a claim to one whose derivation uses it. The paper's own list "
            "of lemmas, and its Figure 2, are not in our sources: this is the graph as we can "
            "establish it.",
        )
    return figure


def _arrow(axes: Axes, start: tuple[float, float], end: tuple[float, float]) -> None:
    """From the right side of one box to the left side of another."""
    axes.add_patch(
        FancyArrowPatch(
            (start[0] + 0.45, start[1]),
            (end[0] - 0.45, end[1]),
            connectionstyle="arc3,rad=0.04",
            arrowstyle="-|>",
            mutation_scale=5,
            lw=0.5,
            color=style.FAINT,
            shrinkA=0,
            shrinkB=0,
            zorder=1,
        )
    )


def _box(axes: Axes, centre: tuple[float, float], node: Mapping[Any, Any]) -> None:
    """A claim: its name, coloured by verdict, dashed if cited or read, heavy if a goal."""
    colour, hatch = LOOKS[str(node["verdict"])]
    axes.add_patch(
        FancyBboxPatch(
            (centre[0] - 0.44, centre[1] - 0.4),
            0.88,
            0.8,
            boxstyle="round,pad=0.01,rounding_size=0.06",
            facecolor=colour,
            hatch=hatch,
            edgecolor=style.INK,
            lw=1.8 if node["goal"] else 0.6,
            ls=(0, (3, 2)) if node["origin"] != "derived" else "-",
            zorder=2,
        )
    )
    mark = " ✓" if node["certified"] else ""
    axes.text(
        *centre,
        wrap(str(node["name"])) + mark,
        ha="center",
        va="center",
        fontsize=style.SMALLEST_FONT,
        linespacing=1.05,
        zorder=3,
        bbox={"facecolor": colour, "edgecolor": "none", "pad": 0.5} if hatch else None,
    )


def sample() -> FigureData:
    """Two premises, one of them refuted and cited, a conclusion, and a goal two steps on."""
    nodes = pd.DataFrame(
        {
            "name": ["alpha-star-symbolic", "some-cited-premise", "their-conclusion", "the-goal"],
            "verdict": ["HOLDS", "REFUTED", "UNDECIDED", "HOLDS"],
            "origin": ["derived", "cited", "derived", "derived"],
            "certified": [True, False, False, False],
            "goal": [False, False, False, True],
        }
    )
    edges = pd.DataFrame(
        {
            "source": ["alpha-star-symbolic", "some-cited-premise", "their-conclusion"],
            "target": ["their-conclusion", "their-conclusion", "the-goal"],
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
    counts = ", ".join(f"{count} {status}" for status, count in f.counts.items() if count)
    return (
        f"The explicit bounds rest on {f.nodes} claims, of which {counts}; {f.edges} arrows say "
        "which uses which, without a circle."
    )


def _alt(f: Findings) -> str:
    counts = ", ".join(f"{count} {status}" for status, count in f.counts.items() if count)
    return (
        f"A graph of {f.nodes} claims ({counts}), {f.edges} arrows from each to those that use it, "
        "no circle."
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
