"""Networks whose noise is drawn once, four times or anew: score error against passes over the data,
and what the law of redraws makes of the first two.
"""

import json
from dataclasses import dataclass

import pandas as pd

from studies.joined import Joined
from studies.papers.kumar_2025.evidence_networks import FEW, FRESH, ONCE
from studies.papers.kumar_2025.joins.beyond import typed
from studies.papers.kumar_2025.joins.settings import Run, run_of
from studies.summary import groups, summary
from studies.tables import Table


@dataclass(frozen=True)
class Point:
    """Mean score error at t after so many passes over the data, and its 95 % interval."""

    t: float
    noise: str
    passes: int
    n: int
    mean: float
    low: float
    high: float


@dataclass(frozen=True)
class Law:
    """At t, after the last pass: the error at noise drawn anew, and the K = ∞ that
    bound + (error at K = 1 − bound)/K makes of one draw and of four."""

    t: float
    fresh: float
    extrapolated: float


@dataclass(frozen=True)
class NetworksFound:
    """What the figure of networks found."""

    run: Run
    m: int
    points: tuple[Point, ...]
    laws: tuple[Law, ...]


def beyond_networks(table: Table) -> Joined:
    """Mean score error and its interval at each time, kind of noise and number of passes."""
    frame = table.frame[table.frame["quantity"] == "score-error"]
    rows = []
    for cell, group in groups(frame, "cell"):
        known = json.loads(cell)
        place = {key: known[key] for key in ("t", "noise", "passes")}
        rows.append({**place, **summary(group["value"]), "m": known["m"]})
    points = pd.DataFrame(rows).sort_values(["t", "noise", "passes"], ignore_index=True)
    last = points[points["passes"] == points["passes"].max()]
    laws = []
    for t, here in groups(last, "t"):
        by = here.set_index("noise")["mean"]
        laws.append(Law(float(t), float(by[FRESH]), float((4 * by[FEW] - by[ONCE]) / 3)))
    found = NetworksFound(
        run_of(table, "mixture"),
        int(points["m"].iloc[0]),
        typed(Point, points.drop(columns="m")),
        tuple(laws),
    )
    facts = {"m": found.m}
    return Joined({"points": points.drop(columns="m")}, facts, found)
