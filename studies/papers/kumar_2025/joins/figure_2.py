"""Figure 2: the claims that the explicit bounds rest on, with their verdicts."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from bounds.claim import Verdict
from bounds.ledger import CLAIMS
from studies.graph import ancestry
from studies.joined import Joined
from studies.quantities import measure_quantity, study_of
from studies.tables import Table
from studies.verdicts import judge

GOALS = (
    "gaussian-bound",
    "log-concave-bound",
    "bimodal-profile",
    "kappa-schur",
    "theorem-1-dimension-cost",
)
"""What the graph of Figure 2 leads to: the explicit bounds, and the form of Theorem 1."""


SETTINGS = ("constant", "lipschitz", "m", "steps", "spacing", "delta", "d")


@dataclass(frozen=True)
class LogFactor:
    """What Theorem 1's log B adds from d = 10 to d in one setting, and B at d over B at 10."""

    constant: float
    lipschitz: float
    m: int
    steps: int
    spacing: float
    delta: float
    d: int
    growth: float
    times: float


@dataclass(frozen=True)
class Found:
    """What Figure 2 found: the size of the graph, its verdicts, and the log factor beside it."""

    nodes: int
    edges: int
    counts: Mapping[str, int]
    evidence: Mapping[str, int]
    claims: int
    log_factor: tuple[LogFactor, ...]
    missing: int


def evidence(verdict: Verdict) -> str:
    """What a claim rests on: "proven" by algebra for all of its statement, "computed" without
    noise at its cells, or "sampled" there.
    """
    if verdict.claim.certified:
        return "proven"
    return "sampled" if verdict.detectable else "computed"


def figure_2(tables: Mapping[str, Table]) -> Joined:
    """The dependency graph of the claims that lead
    to the explicit bounds and to the form of Theorem 1.
    """
    judged = judge(ancestry(CLAIMS, GOALS), tables)
    nodes = [
        {
            "name": v.claim.name,
            "verdict": v.status,
            "origin": v.claim.origin,
            "evidence": evidence(v),
            "goal": v.claim.name in GOALS,
        }
        for v in judged
    ]
    edges = [{"source": used, "target": v.claim.name} for v in judged for used in v.claim.uses]
    counts = {
        status: sum(v.status == status for v in judged)
        for status in ("HOLDS", "REFUTED", "UNDECIDED")
    }
    used = [tables[name] for name in dict.fromkeys(study_of(v.claim) for v in judged)]
    growth = measure_quantity(tables["evidence-concentration"], "log-factor-growth")
    # At the settings of each cell, B's inner logarithm at d over that at 10, as the claim measures
    # it.
    factors = tuple(
        LogFactor(
            **{k: one.cell[k] for k in SETTINGS}, growth=one.value, times=float(np.exp(one.value))
        )
        for one in growth
    )
    found = Found(
        nodes=len(nodes),
        edges=len(edges),
        counts=counts,
        evidence={
            one: sum(node["evidence"] == one for node in nodes)
            for one in ("proven", "computed", "sampled")
        },
        claims=len(CLAIMS),
        log_factor=factors,
        missing=sum(t.manifest["counts"]["cells_missing"] for t in used),
    )
    tables_drawn = {"nodes": pd.DataFrame(nodes), "edges": pd.DataFrame(edges)}
    return Joined(tables_drawn, {"claims": len(CLAIMS)}, found)
