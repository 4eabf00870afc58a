"""Beyond the paper: efficiency, the map, and joint-time fitting, joined with theory."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from scipy import stats

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
    describe_spectrum,
    describe_spectrum_of,
    provenance_beyond,
)
from studies.papers.kumar_2025.joint_time import JointSettings
from studies.study import parse_settings
from studies.summary import LEVEL, groups, ratio_of_means, summary
from studies.tables import Table

FITS: Mapping[str, str] = {
    "dsm": "DSM",
    "bsm": "BSM",
    "bsm-optimal-scalar": "BSM, risk-optimal scalar",
    "bsm-optimal": "BSM, risk-optimal matrix",
    "path": "path fit",
}


def predicted_risk(estimator: str, law: Gaussian, times: Sequence[float], m: int) -> Array:
    """Risk of an estimator at each time: exact for DSM, to leading order for the others; shape (N,).

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
    return risk.bootstrap_risk(law, times, m, optimal_weights(law, times, scalar=scalar).__getitem__)


def beyond_efficiency(table: Table) -> Joined:
    """Risk over the information bound at each time, measured and predicted, at each spacing; first d and m."""
    settings = parse_settings(WeightsSettings, table.manifest["config"], "the manifest of bootstrap-weights")
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
                    theory.append({"spacing": spacing, "t": t, "estimator": label, "value": efficiency})
    frames = {"points": pd.DataFrame(points), "theory": pd.DataFrame(theory)}
    rows = frames["points"].merge(frames["theory"], on=["spacing", "t", "estimator"])
    findings = {
        "d": d,
        "m": m,
        "rows": rows.to_dict("records"),
        **provenance_beyond(table, describe_spectrum(settings)),
    }
    return Joined(frames, {"d": d, "m": m, "spectrum": describe_spectrum(settings)}, findings)


def beyond_map(table: Table) -> Joined:
    """Joint risk over DSM's, paired, for each estimator at each (m/d, Δ, t_1, spectrum)."""
    settings = parse_settings(MapSettings, table.manifest["config"], "the manifest of bootstrap-map")
    cells = []
    for (spectrum, first, spacing, m), group in groups(table.frame, ["spectrum", "first", "spacing", "m"]):
        by = {e: g.sort_values("replicate")["risk"].to_numpy() for e, g in groups(group, "estimator")}
        for name, label in FITS.items():
            if name == "dsm" or name not in by:
                continue
            ratio, se = ratio_of_means(by[name], by["dsm"])
            half = float(stats.t.isf((1 - LEVEL) / 2, by["dsm"].size - 1)) * se
            place = {"spectrum": spectrum, "first": first, "spacing": spacing, "m_over_d": m / settings.d}
            interval = {"n": by["dsm"].size, "ratio": ratio, "low": ratio - half, "high": ratio + half}
            cells.append({"estimator": label, **place, **interval})
    frame = pd.DataFrame(cells)
    findings = {
        "d": settings.d,
        "cells": len(frame) // frame["estimator"].nunique(),
        "worst": frame.loc[frame.groupby("estimator")["ratio"].idxmax()].to_dict("records"),
        "best": frame.loc[frame.groupby("estimator")["ratio"].idxmin()].to_dict("records"),
        "loses": frame[frame["low"] > 1].to_dict("records"),
        **provenance_beyond(table, "; ".join(describe_spectrum_of(s) for s in settings.spectra)),
    }
    return Joined({"cells": frame}, {"d": settings.d}, findings)


def beyond_basis(table: Table) -> Joined:
    """Joint risk of joint-time fitting against B, measured and predicted; drawn at the first Δ, told at each."""
    settings = parse_settings(JointSettings, table.manifest["config"], "the manifest of joint-time")
    law = settings.spectrum.law(settings.d)
    points, levels = [], []
    for spacing in settings.spacings:
        times = grid(spacing, settings.last)
        gamma = weights(times)
        frame = table.frame[table.frame["spacing"] == spacing]
        for (m, basis, count, local), group in groups(frame, ["m", "basis", "count", "local"]):
            leading = joint_risk(law, times, Scheme(basis=basis, count=int(count), local=bool(local)))
            place = {
                "spacing": spacing,
                "m": m,
                "basis": basis,
                "target": "T3" if local else "T1",
                "count": count,
            }
            sums = {"bias": float(gamma @ leading.bias), "predicted": float(gamma @ leading.at(int(m)))}
            points.append({**place, **summary(group["risk"]), **sums})
        for m in settings.samples:
            for name in ("dsm", "bsm", "path"):
                value = float(gamma @ predicted_risk(name, law, times, m))
                levels.append({"spacing": spacing, "m": m, "curve": FITS[name], "value": value})
    joined, others = pd.DataFrame(points), pd.DataFrame(levels)
    first = settings.spacings[0]
    findings = {
        "best": joined.loc[joined.groupby(["spacing", "m", "target"])["mean"].idxmin()].to_dict("records"),
        "levels": levels,
        **provenance_beyond(table, describe_spectrum(settings)),
    }
    facts: dict[str, Fact] = {
        "d": settings.d,
        "spectrum": describe_spectrum(settings),
        "delta": first,
        "steps": len(grid(first, settings.last)),
    }
    drawn = {name: f[f["spacing"] == first] for name, f in (("points", joined), ("levels", others))}
    return Joined(drawn, facts, findings)
