"""Averages of candidates and picks: worst risk over κ log|H|/m by rule and |H|, measured and by
quadrature.
"""

from dataclasses import dataclass

import pandas as pd

from bounds.papers.kumar_2025 import averaging as theory
from studies.joined import Joined
from studies.papers.kumar_2025.joins.settings import Run, run_of
from studies.quantities import measure_quantity
from studies.summary import half_width
from studies.tables import Table

ANY_PICK = "any pick, at least"
LABELS = {
    "least loss": "least loss",
    "exponential weights": "exponential weights, 4κ",
    "Bayes": "Bayes, π(s) = ½",
    "q-aggregation": "Q-aggregation",
}


@dataclass(frozen=True)
class WorstRisk:
    """Of one rule at one |H|, over κ log|H|/m; `predicted` by quadrature, where there is one."""

    rule: str
    hypotheses: int
    mean: float
    low: float
    high: float
    predicted: float | None


@dataclass(frozen=True)
class AveragingFound:
    """What the figure of averages found."""

    run: Run
    worst: tuple[WorstRisk, ...]


def beyond_averaging(table: Table) -> Joined:
    """Worst risk of each rule at each |H|, and what any pick has at least."""
    worst, points, curves = [], [], []
    for quantity in ("finite-risk", "finite-aggregation"):
        for one in measure_quantity(table, quantity):
            rule, size = LABELS[one.cell["rule"]], int(one.cell["hypotheses"])
            half = half_width(one.error, one.replicates)
            predicted = theory.finite(one.cell) if quantity == "finite-risk" else None
            low, high = one.value - half, one.value + half
            worst.append(WorstRisk(rule, size, one.value, low, high, predicted))
            place = {"rule": rule, "hypotheses": size}
            points.append(
                {**place, "n": one.replicates, "mean": one.value, "low": low, "high": high}
            )
            if predicted is not None:
                curves.append({**place, "value": predicted})
    floors = {
        int(one.cell["hypotheses"]): theory.pick(one.cell)
        for one in measure_quantity(table, "pick-risk")
    }
    curves += [
        {"rule": ANY_PICK, "hypotheses": size, "value": value} for size, value in floors.items()
    ]
    found = AveragingFound(run_of(table, "one time, orthonormal directions"), tuple(worst))
    return Joined({"points": pd.DataFrame(points), "theory": pd.DataFrame(curves)}, {}, found)
