"""Redraws: risk over the information bound against K, measured and predicted, and what an estimator is worth in redraws."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from bounds.papers.kumar_2025 import redraws as theory
from studies.joined import Fact, Joined
from studies.papers.kumar_2025.joins.beyond import FITS
from studies.papers.kumar_2025.joins.settings import describe_spectrum, provenance_beyond
from studies.papers.kumar_2025.quantities import redraws_risks, redraws_settings_of
from studies.summary import ratio_of_means, summary
from studies.tables import Table

LABELS: Mapping[str, str] = {
    "dsm": FITS["dsm"],
    "bsm": FITS["bsm"],
    "bsm-optimal": FITS["bsm-optimal"],
    "joint": "joint fit",
    "path": FITS["path"],
}
MOST = 1000


def beyond_redraws(table: Table) -> Joined:
    """Risk over the information bound at each K and t; K × excess over the plug-in on the same data; worth at K = 1."""
    settings = redraws_settings_of(table)
    names = [name for name in LABELS if name in settings.estimators]
    points, excesses, curves, worth = [], [], [], []
    for cell, by in redraws_risks(table):
        t, redraws = cell["t"], cell["redraws"]
        bound = float(theory.bound_entries(cell).sum())
        for name in names:
            place = {"t": t, "estimator": LABELS[name], "redraws": redraws}
            points.append({**place, **summary(pd.Series(by[name] / bound))})
            if "plug-in" in by and name in theory.ONE_DRAW:
                above = redraws * (by[name] - by["plug-in"]) / bound
                predicted = theory.excess({**cell, "estimator": name}) / bound
                excesses.append({**place, **summary(pd.Series(above)), "predicted": predicted})
        if redraws > min(settings.redraws):
            continue
        for name in names:
            for k in np.geomspace(1, MOST, 61):
                at = {**cell, "estimator": name, "redraws": float(k)}
                value = theory.joint_split(at) if name == "joint" else theory.split(at)
                curves.append(
                    {"t": t, "estimator": LABELS[name], "redraws": float(k), "value": value / bound}
                )
            if name not in theory.ONE_DRAW or name == "dsm":
                continue
            at = {**cell, "estimator": name, "redraws": 1}
            found = {"t": t, "estimator": LABELS[name], "redraws": theory.worth(at)}
            if {"dsm", "plug-in"} <= set(by):
                ratio, se = ratio_of_means(by["dsm"] - by["plug-in"], by[name] - by["plug-in"])
                found |= {"measured": ratio, "se": se}
            worth.append({**found, "value": theory.split(at) / bound})
    marked = [row for row in worth if row["estimator"] in (LABELS["bsm"], LABELS["path"])]
    facts: dict[str, Fact] = {"d": settings.d, "m": settings.samples, "spectrum": describe_spectrum(settings)}
    findings = {
        **{key: facts[key] for key in ("d", "m")},
        "worth": worth,
        "excesses": excesses,
        **provenance_beyond(table, describe_spectrum(settings)),
    }
    tables = {"points": pd.DataFrame(points), "theory": pd.DataFrame(curves), "worth": pd.DataFrame(marked)}
    return Joined(tables, facts, findings)
