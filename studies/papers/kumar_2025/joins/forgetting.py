"""What bootstrapping wins: BSM's risk over DSM's, against what features keep between levels."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from bounds.check import Array
from bounds.claim import Measured
from bounds.papers.kumar_2025 import forgetting as theory
from studies.joined import Joined
from studies.papers.kumar_2025.joins.beyond import typed
from studies.papers.kumar_2025.joins.settings import Run, run_of
from studies.papers.kumar_2025.quantities import MEASUREMENTS
from studies.summary import half_width
from studies.tables import Table

LINEAR, ONE = "linear scores", "one feature"
"""The panels."""


@dataclass(frozen=True)
class Flat:
    """BSM over DSM for linear scores at t, with λ = mark, predicted to leading order."""

    t: float
    mark: float
    kept: float
    ratio: float
    low: float
    high: float
    predicted: float


@dataclass(frozen=True)
class ForgettingFound:
    """What the figure of forgetting found."""

    run: Run
    flat: tuple[Flat, ...]
    points: int
    worst: float


def _bar(one: Measured) -> dict[str, float]:
    half = half_width(one.error, one.replicates)
    low, high = one.value - half, one.value + half
    return {"n": one.replicates, "ratio": one.value, "low": low, "high": high}


def _curve(panel: str, series: str, along: Sequence[tuple[float, float]]) -> list[dict[str, Any]]:
    """Rows of a curve through (kept, value)."""
    return [{"panel": panel, "series": series, "kept": k, "value": v} for k, v in along]


def _linear(measured: Sequence[Measured]) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Points at each λ and t, and a curve through all λ for each t."""
    points, curves = [], []
    for one in measured:
        cell = one.cell
        place = {"panel": LINEAR, "series": f"t = {cell['t']:g}", "mark": float(cell["largest"])}
        predicted = {"kept": theory.linear_kept(cell), "predicted": theory.linear_ratio(cell)}
        points.append({**place, **predicted, **_bar(one)})
    for t in sorted({one.cell["t"] for one in measured}):
        cells = [
            {"times": measured[0].cell["times"], "t": t, "largest": float(largest)}
            for largest in np.geomspace(1e-3, 1e6, 73)
        ]
        along = [(theory.linear_kept(cell), theory.linear_ratio(cell)) for cell in cells]
        curves += _curve(LINEAR, f"t = {t:g}", along)
    return points, curves


def _one_feature(measured: Sequence[Measured]) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Points at each law and ω, and a curve through all ω for each law."""
    points, curves = [], []
    for one in measured:
        cell = one.cell
        where = (cell["law"], cell["scale"], cell["times"])
        found = theory.wave(*where, cell["frequency"])
        place = {"panel": ONE, "series": cell["law"].capitalize(), "mark": float(cell["frequency"])}
        points.append(
            {**place, "kept": found.kept, "predicted": found.bsm / found.dsm, **_bar(one)}
        )
    highest = max(one.cell["frequency"] for one in measured)
    waves: Array = np.linspace(0, highest, 41)
    for law in dict.fromkeys(one.cell["law"] for one in measured):
        first = next(one.cell for one in measured if one.cell["law"] == law)
        found_all = [theory.wave(law, first["scale"], first["times"], float(w)) for w in waves]
        curves += _curve(ONE, law.capitalize(), [(f.kept, f.bsm / f.dsm) for f in found_all])
    return points, curves


def beyond_forgetting(table: Table) -> Joined:
    """BSM/DSM against ρ² of the features: linear scores over λ, one feature over its frequency."""
    linear = MEASUREMENTS["forgetting/linear"][1](table)
    feature = MEASUREMENTS["forgetting/feature"][1](table)
    points, curves = _linear(linear)
    more_points, more_curves = _one_feature(feature)
    frame = pd.DataFrame(points + more_points)
    flat = typed(
        Flat, pd.DataFrame([p | {"t": q.cell["t"]} for p, q in zip(points, linear, strict=True)])
    )
    between = feature[0].cell["times"]
    facts = {
        "first": linear[0].cell["times"][0],
        "before": between[0],
        "after": between[1],
    }
    found = ForgettingFound(
        run_of(table, "all λᵢ = λ, and three laws on the line"),
        flat,
        len(frame),
        float((frame["ratio"] - frame["predicted"]).abs().max()),
    )
    return Joined({"points": frame, "theory": pd.DataFrame(curves + more_curves)}, facts, found)
