"""Redraws: risk over the information bound against K,
measured and predicted, and what an estimator is worth in redraws.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from bounds.papers.kumar_2025 import redraws as theory
from studies.joined import Fact, Joined
from studies.papers.kumar_2025.joins.beyond import FITS, typed
from studies.papers.kumar_2025.joins.settings import Run, describe_spectrum, run_of
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


@dataclass(frozen=True)
class Worth:
    """How many noise draws of DSM give the risk that an estimator has at one,
    predicted and measured at the least K.
    """

    t: float
    estimator: str
    redraws: float
    value: float
    measured: float | None
    se: float | None


@dataclass(frozen=True)
class Excess:
    """K times what an estimator's risk is above the plug-in's
    on the same data, over the information bound.
    """

    t: float
    estimator: str
    redraws: int
    mean: float
    low: float
    high: float
    predicted: float


@dataclass(frozen=True)
class RedrawsFound:
    """What the figure of redraws found."""

    run: Run
    d: int
    m: int
    worth: tuple[Worth, ...]
    excesses: tuple[Excess, ...]


def beyond_redraws(table: Table) -> Joined:
    """Risk over the information bound at each K and t;
    K × excess over the plug-in on the same data; worth at K = 1.
    """
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
            measured: tuple[float, float] | tuple[None, None] = (None, None)
            if {"dsm", "plug-in"} <= set(by):
                measured = ratio_of_means(by["dsm"] - by["plug-in"], by[name] - by["plug-in"])
            worth.append(
                Worth(t, LABELS[name], theory.worth(at), theory.split(at) / bound, *measured)
            )
    marked = [
        {"t": one.t, "estimator": one.estimator, "redraws": one.redraws, "value": one.value}
        for one in worth
        if one.estimator in (LABELS["bsm"], LABELS["path"])
    ]
    facts: dict[str, Fact] = {
        "draws": settings.draws,
        "d": settings.d,
        "m": settings.samples,
        "spectrum": describe_spectrum(settings),
    }
    found = RedrawsFound(
        run_of(table, describe_spectrum(settings)),
        settings.d,
        settings.samples,
        tuple(worth),
        typed(Excess, pd.DataFrame(excesses)),
    )
    tables = {
        "points": pd.DataFrame(points),
        "theory": pd.DataFrame(curves),
        "worth": pd.DataFrame(marked),
    }
    return Joined(tables, facts, found)
