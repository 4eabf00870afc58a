"""What the claims on networks are measured by: logs of ratios of their score errors, replicate by
replicate.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from operator import itemgetter
from typing import Any

import numpy as np

from bounds.check import Array
from bounds.claim import Measured
from bounds.replicates import mean
from studies.papers.kumar_2025.evidence_networks import FEW, FRESH, ONCE
from studies.summary import groups
from studies.tables import Table

Logs = dict[Any, Array]
"""Of the score errors by (kind of noise, number of passes), a number a replicate."""


def _networks(table: Table) -> Iterator[tuple[dict[str, Any], Logs]]:
    """The logs of each time."""
    errors = table.frame[table.frame["quantity"] == "score-error"]
    cells = errors["cell"].map(json.loads)
    frame = errors.assign(
        **{key: cells.map(itemgetter(key)) for key in ("t", "m", "noise", "passes")}
    )
    for (t, m), group in groups(frame, ["t", "m"]):
        wide = group.pivot(index="replicate", columns=["noise", "passes"], values="value")
        whole = wide.dropna()
        logs = {column: np.log(whole[column].to_numpy()) for column in whole.columns}
        yield {"t": float(t), "m": int(m)}, logs


def measure_gain(table: Table) -> list[Measured]:
    """Log of the score error on noise drawn once over that on other noise, after the last pass."""
    out = []
    for cell, logs in _networks(table):
        last = max(passes for _, passes in logs)
        for noise in (FEW, FRESH):
            gain = logs[ONCE, last] - logs[noise, last]
            out.append(mean({**cell, "noise": noise, "passes": last}, gain))
    return out


def measure_growth(table: Table) -> list[Measured]:
    """Log of the score error after the last pass over that after the last but one."""
    out = []
    for cell, logs in _networks(table):
        *_, early, last = sorted({passes for _, passes in logs})
        for noise in (ONCE, FRESH):
            grown = logs[noise, last] - logs[noise, early]
            of = {**cell, "noise": noise, "early": early, "passes": last}
            out.append(mean(of, grown))
    return out


NETWORKS: Mapping[str, Callable[[Table], list[Measured]]] = {
    "gain": measure_gain,
    "growth": measure_growth,
}
