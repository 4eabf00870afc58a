"""Beyond the paper: efficiency, the map, and joint-time fitting, joined with theory."""

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import pandas as pd

from bounds import risk
from bounds.bootstrap import optimal_weights
from bounds.check import Array
from bounds.gaussian import Gaussian
from bounds.joint import Scheme, joint_risk
from bounds.path import path_risk
from bounds.process import weights
from studies.joined import Fact, Joined
from studies.papers.kumar_2025.bootstrap_map import MapSettings
from studies.papers.kumar_2025.bootstrap_weights import WeightsSettings, grid
from studies.papers.kumar_2025.joins.settings import (
    Run,
    describe_spectrum,
    describe_spectrum_of,
    run_of,
)
from studies.papers.kumar_2025.joint_time import JointSettings
from studies.study import parse_settings
from studies.summary import groups, half_width, ratio_of_means, summary
from studies.tables import Table

FITS: Mapping[str, str] = {
    "dsm": "DSM",
    "bsm": "BSM",
    "bsm-optimal-scalar": "BSM, risk-optimal scalar",
    "bsm-optimal": "BSM, risk-optimal matrix",
    "path": "path fit",
}


@dataclass(frozen=True)
class Efficiency:
    """Risk over the information bound of one estimator
    at one time and spacing, measured and predicted.
    """

    spacing: float
    t: float
    estimator: str
    mean: float
    low: float
    high: float
    predicted: float


@dataclass(frozen=True)
class EfficiencyFound:
    """What the figure of efficiencies found."""

    run: Run
    d: int
    m: int
    rows: tuple[Efficiency, ...]


@dataclass(frozen=True)
class Place:
    """An estimator's joint risk over DSM's at one place of the map."""

    estimator: str
    spectrum: str
    first: float
    spacing: float
    m_over_d: float
    ratio: float
    low: float
    high: float


@dataclass(frozen=True)
class MapFound:
    """What the map found: for each estimator its worst
    and best place, and all places where it loses.
    """

    run: Run
    d: int
    cells: int
    worst: tuple[Place, ...]
    best: tuple[Place, ...]
    loses: tuple[Place, ...]


@dataclass(frozen=True)
class JointFit:
    """The joint fit of least risk at one spacing, m and target."""

    spacing: float
    m: int
    basis: str
    target: str
    count: int
    mean: float
    low: float
    high: float
    predicted: float
    bias: float


@dataclass(frozen=True)
class Level:
    """Another estimator's joint risk, by theory."""

    spacing: float
    m: int
    curve: str
    value: float


@dataclass(frozen=True)
class BasisFound:
    """What joint-time fitting found."""

    run: Run
    best: tuple[JointFit, ...]
    levels: tuple[Level, ...]


T = TypeVar("T")


def typed(kind: Callable[..., T], frame: pd.DataFrame) -> tuple[T, ...]:
    """The rows of a frame as objects of a data class, of whose fields it has a column each."""
    names = inspect.signature(kind).parameters
    return tuple(kind(**{name: row[name] for name in names}) for row in frame.to_dict("records"))


def predicted_risk(estimator: str, law: Gaussian, times: Sequence[float], m: int) -> Array:
    """Risk of an estimator at each time:
    exact for DSM, to leading order for the others; shape (N,).

    Raises
    ------
    KeyError
        If there is no formula for that estimator.
    """
    if estimator == "dsm":
        return np.array([risk.dsm_risk(law, t, m) for t in times])
    if estimator == "bsm":
        return risk.bootstrap_risk(law, times, m)
    if estimator == "path":
        return path_risk(law, times, m)
    scalar = {"bsm-optimal": False, "bsm-optimal-scalar": True}[estimator]
    return risk.bootstrap_risk(
        law, times, m, optimal_weights(law, times, scalar=scalar).__getitem__
    )


def beyond_efficiency(table: Table) -> Joined:
    """Risk over the information bound at each time,
    measured and predicted, at each spacing; first d and m.
    """
    settings = parse_settings(
        WeightsSettings, table.manifest["config"], "the manifest of bootstrap-weights"
    )
    d, m = settings.dims[0], settings.samples[0]
    law = settings.spectrum.law(d)
    here = table.frame[(table.frame["d"] == d) & (table.frame["m"] == m)]
    points = [
        {
            "spacing": spacing,
            "t": t,
            "estimator": FITS[name],
            **summary(group["risk"] / risk.information_bound(law, t, m)),
        }
        for (spacing, t, name), group in groups(here, ["spacing", "t", "estimator"])
        if name in FITS
    ]
    theory = []
    for spacing in settings.spacings:
        times = grid(spacing, settings.last)
        for name, label in FITS.items():
            for t, value in zip(times, predicted_risk(name, law, times, m), strict=True):
                if t >= settings.kept[0]:
                    efficiency = float(value) / risk.information_bound(law, t, m)
                    theory.append(
                        {"spacing": spacing, "t": t, "estimator": label, "value": efficiency}
                    )
    frames = {"points": pd.DataFrame(points), "theory": pd.DataFrame(theory)}
    rows = frames["points"].merge(frames["theory"], on=["spacing", "t", "estimator"])
    told = typed(Efficiency, rows.rename(columns={"value": "predicted"}))
    found = EfficiencyFound(
        run_of(table, describe_spectrum(settings)),
        d,
        m,
        told,
    )
    return Joined(frames, {"d": d, "m": m, "spectrum": describe_spectrum(settings)}, found)


def beyond_map(table: Table) -> Joined:
    """Joint risk over DSM's, paired, for each estimator at each (m/d, Δ, t_1, spectrum)."""
    settings = parse_settings(
        MapSettings, table.manifest["config"], "the manifest of bootstrap-map"
    )
    cells = []
    for (spectrum, first, spacing, m), group in groups(
        table.frame, ["spectrum", "first", "spacing", "m"]
    ):
        by = {
            e: g.sort_values("replicate")["risk"].to_numpy() for e, g in groups(group, "estimator")
        }
        for name, label in FITS.items():
            if name == "dsm" or name not in by:
                continue
            ratio, se = ratio_of_means(by[name], by["dsm"])
            half = half_width(se, by["dsm"].size)
            place = {
                "spectrum": spectrum,
                "first": first,
                "spacing": spacing,
                "m_over_d": m / settings.d,
            }
            interval = {
                "n": by["dsm"].size,
                "ratio": ratio,
                "low": ratio - half,
                "high": ratio + half,
            }
            cells.append({"estimator": label, **place, **interval})
    frame = pd.DataFrame(cells)
    by_estimator = frame.groupby("estimator")["ratio"]
    found = MapFound(
        run=run_of(table, "; ".join(describe_spectrum_of(s) for s in settings.spectra)),
        d=settings.d,
        cells=len(frame) // frame["estimator"].nunique(),
        worst=typed(Place, frame.loc[by_estimator.idxmax()]),
        best=typed(Place, frame.loc[by_estimator.idxmin()]),
        loses=typed(Place, frame[frame["low"] > 1]),
    )
    return Joined({"cells": frame}, {"d": settings.d}, found)


def beyond_basis(table: Table) -> Joined:
    """Joint risk of joint-time fitting against B,
    measured and predicted; drawn at the first Δ, told at each.
    """
    settings = parse_settings(JointSettings, table.manifest["config"], "the manifest of joint-time")
    law = settings.spectrum.law(settings.d)
    points, levels = [], []
    for spacing in settings.spacings:
        times = grid(spacing, settings.last)
        gamma = weights(times)
        frame = table.frame[table.frame["spacing"] == spacing]
        schemes = {
            (basis, count, local): joint_risk(
                law, times, Scheme(basis=basis, count=int(count), local=bool(local))
            )
            for (basis, count, local), _ in groups(frame, ["basis", "count", "local"])
        }
        for (m, basis, count, local), group in groups(frame, ["m", "basis", "count", "local"]):
            leading = schemes[basis, count, local]
            place = {
                "spacing": spacing,
                "m": m,
                "basis": basis,
                "target": "T3" if local else "T1",
                "count": count,
            }
            sums = {
                "bias": float(gamma @ leading.bias),
                "predicted": float(gamma @ leading.at(int(m))),
            }
            points.append({**place, **summary(group["risk"]), **sums})
        for m in settings.samples:
            for name in ("dsm", "bsm", "path"):
                value = float(gamma @ predicted_risk(name, law, times, m))
                levels.append({"spacing": spacing, "m": m, "curve": FITS[name], "value": value})
    joined, others = pd.DataFrame(points), pd.DataFrame(levels)
    first = settings.spacings[0]
    best = joined.loc[joined.groupby(["spacing", "m", "target"])["mean"].idxmin()]
    found = BasisFound(
        run=run_of(table, describe_spectrum(settings)),
        best=typed(JointFit, best),
        levels=typed(Level, others),
    )
    facts: dict[str, Fact] = {
        "d": settings.d,
        "spectrum": describe_spectrum(settings),
        "delta": first,
        "steps": len(grid(first, settings.last)),
    }
    drawn = {name: f[f["spacing"] == first] for name, f in (("points", joined), ("levels", others))}
    return Joined(drawn, facts, found)
