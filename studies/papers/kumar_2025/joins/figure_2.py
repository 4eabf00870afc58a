"""Figure 2: the claims that the explicit bounds rest on, with their verdicts."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

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


def figure_2(tables: Mapping[str, Table]) -> Joined:
    """The dependency graph of the claims that lead to the explicit bounds and to the form of Theorem 1."""
    judged = judge(ancestry(CLAIMS, GOALS), tables)
    nodes = [
        {
            "name": v.claim.name,
            "verdict": v.status,
            "origin": v.claim.origin,
            "certified": v.claim.certified,
            "goal": v.claim.name in GOALS,
        }
        for v in judged
    ]
    edges = [{"source": used, "target": v.claim.name} for v in judged for used in v.claim.uses]
    counts = {status: sum(v.status == status for v in judged) for status in ("HOLDS", "REFUTED", "UNDECIDED")}
    used = [tables[name] for name in dict.fromkeys(study_of(v.claim) for v in judged)]
    growth = measure_quantity(tables["evidence-concentration"], "log-factor-growth")
    findings = {"nodes": len(nodes), "edges": len(edges), "counts": counts, "claims": len(CLAIMS)}
    # At the settings of each cell, B's inner logarithm at d over that at 10, as the claim measures it.
    factors = [{**one.cell, "growth": one.value, "times": float(np.exp(one.value))} for one in growth]
    return Joined(
        {"nodes": pd.DataFrame(nodes), "edges": pd.DataFrame(edges)},
        {"claims": len(CLAIMS)},
        {
            **findings,
            "log_factor": factors,
            "missing": sum(t.manifest["counts"]["cells_missing"] for t in used),
        },
    )
