"""What the claims of this paper are measured by, beyond the means of its evidence."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from bounds.check import Array, InvalidInput
from bounds.claim import Measured
from bounds.gaussian import Gaussian
from bounds.process import weights
from bounds.replicates import mean, ratio
from studies.papers.kumar_2025.evidence_mixture import LEARNT
from studies.papers.kumar_2025.linear_score import LinearScoreSettings
from studies.papers.kumar_2025.mixture_bootstrap import KEYS
from studies.papers.kumar_2025.network_quantities import NETWORKS
from studies.papers.kumar_2025.real_quantities import REAL
from studies.papers.kumar_2025.redraws import FEATURES, RedrawsSettings
from studies.quantities import measure_over_dsm
from studies.study import parse_settings
from studies.summary import groups
from studies.tables import Table


def settings_of(table: Table) -> LinearScoreSettings:
    """The settings that a base study's manifest records."""
    return parse_settings(
        LinearScoreSettings, table.manifest["config"], f"{table.manifest['study']}.json"
    )


def law_of(settings: LinearScoreSettings, d: int) -> Gaussian:
    """The data's law in that dimension."""
    return settings.spectrum.law(d)


def one_draw(table: Table) -> pd.DataFrame:
    """The rows of a base study with one noise path for each datum, K = 1:
    what this paper's figures and claims are about.

    Raises
    ------
    InvalidInput
        If there are none.
    """
    frame = table.frame[table.frame["redraws"] == 1]
    if frame.empty:
        raise InvalidInput(
            "redraws",
            "must hold 1 for this: one noise path for each datum, which the results do not have",
        )
    return frame


def joint_empirical_risk(table: Table) -> pd.DataFrame:
    """Σ_j γ_j × empirical risk at t_j of DSM, γ_j = t_j − t_{j−1}, for each d, m, replicate."""
    frame = one_draw(table)
    frame = frame[frame["estimator"] == "dsm"]
    if frame.empty:
        raise InvalidInput(
            "estimators", "the joint error is that of dsm, which the results do not hold"
        )
    times = settings_of(table).times
    gamma = dict(zip(times, weights(times), strict=True))
    weighted = frame.assign(error=frame["empirical_risk"] * frame["t"].map(gamma))
    return weighted.groupby(["d", "m", "replicate"])["error"].sum().reset_index()


def _cells(table: Table, estimator: str) -> list[tuple[dict[str, Any], pd.DataFrame]]:
    """Each (d, m, t) of one estimator with its replicates,
    and what a formula needs to know of it.
    """
    settings = settings_of(table)
    frame = one_draw(table)
    frame = frame[frame["estimator"] == estimator]
    return [
        (
            {
                "d": int(d),
                "m": int(m),
                "t": float(t),
                "times": list(settings.times),
                "eigenvalues": law_of(settings, int(d)).eigenvalues.tolist(),
            },
            group.sort_values("replicate"),
        )
        for (d, m, t), group in groups(frame, ["d", "m", "t"])
    ]


def measure_risk(column: str) -> Callable[[Table], list[Measured]]:
    """Mean of a risk column of DSM at each cell."""
    return lambda table: [mean(cell, g[column].to_numpy()) for cell, g in _cells(table, "dsm")]


def measure_ratio(table: Table) -> list[Measured]:
    """Paired ratio of the mean risks of BSM and DSM after the first step, at each (d, m, t)."""
    out = []
    for (cell, b), (_, a) in zip(_cells(table, "bsm"), _cells(table, "dsm"), strict=True):
        if cell["t"] > cell["times"][0]:
            out.append(ratio(cell, b["risk"], a["risk"]))
    return out


def measure_scaled_error(table: Table) -> list[Measured]:
    """Joint empirical error over d² at each d, at the largest m; x is d."""
    errors = joint_empirical_risk(table)
    errors = errors[errors["m"] == errors["m"].max()]
    return [
        mean(
            {"x": float(d), "d": int(d), "m": int(g["m"].iloc[0])},
            g["error"].to_numpy() / float(d) ** 2,
        )
        for d, g in groups(errors, "d")
    ]


def measure_growth(table: Table) -> list[Measured]:
    """Scaled error at each d over that at the smallest, at the largest m."""
    scaled = measure_scaled_error(table)
    first = scaled[0]
    return [
        Measured(
            {**one.cell, "smallest": first.cell["d"]},
            one.value / first.value,
            one.value
            / first.value
            * float(np.hypot(one.error / one.value, first.error / first.value)),
            one.replicates,
        )
        for one in scaled[1:]
    ]


def redraws_settings_of(table: Table) -> RedrawsSettings:
    """The settings that the manifest of `redraws` records."""
    return parse_settings(RedrawsSettings, table.manifest["config"], "the manifest of redraws")


def redraws_risks(table: Table) -> list[tuple[dict[str, Any], dict[str, Array]]]:
    """Each (K, t) of `redraws`: what a formula needs to know,
    and m · risk of each estimator, paired by replicate.
    """
    settings = redraws_settings_of(table)
    law = settings.spectrum.law(settings.d)
    shared = {
        "d": settings.d,
        "m": settings.samples,
        "times": list(settings.times),
        "eigenvalues": law.eigenvalues.tolist(),
    }
    found = []
    for (redraws, t), group in groups(
        table.frame.sort_values("replicate", kind="stable"), ["redraws", "t"]
    ):
        by = {e: settings.samples * g["risk"].to_numpy() for e, g in groups(group, "estimator")}
        found.append(({**shared, "redraws": int(redraws), "t": float(t)}, by))
    return found


def measure_redraws(*estimators: str) -> Callable[[Table], list[Measured]]:
    """m · risk of the estimators at each K and t."""
    return lambda table: [
        mean({**cell, "estimator": name}, by[name])
        for cell, by in redraws_risks(table)
        for name in estimators
    ]


def measure_redraws_excess(*estimators: str) -> Callable[[Table], list[Measured]]:
    """K · m · (risk − risk of the plug-in on the same data) of the estimators at each K and t."""
    return lambda table: [
        mean({**cell, "estimator": name}, cell["redraws"] * (by[name] - by["plug-in"]))
        for cell, by in redraws_risks(table)
        for name in estimators
    ]


def measure_redraws_worth(*estimators: str) -> Callable[[Table], list[Measured]]:
    """The mean excess of DSM over that of the plug-in,
    divided by the estimator's, on the same data at each K and t.
    """

    def measured(table: Table) -> list[Measured]:
        out = []
        for cell, by in redraws_risks(table):
            for name in estimators:
                below = by[name] - by["plug-in"]
                out.append(ratio({**cell, "estimator": name}, by["dsm"] - by["plug-in"], below))
        return out

    return measured


def measure_map(estimator: str) -> Callable[[Table], list[Measured]]:
    """Paired ratio of an estimator's mean joint risk to DSM's at each cell of the map."""

    def measured(table: Table) -> list[Measured]:
        out = []
        for place, group in groups(table.frame, ["spectrum", "first", "spacing", "d", "m"]):
            by = {
                e: g.sort_values("replicate")["risk"].to_numpy()
                for e, g in groups(group, "estimator")
            }
            cell = dict(zip(("spectrum", "first", "spacing", "d", "m"), place, strict=True))
            out.append(ratio(cell, by[estimator], by["dsm"]))
        return out

    return measured


def large(table: Table, least: int, fewest: int) -> list[tuple[dict[str, Any], pd.DataFrame]]:
    """The draws of `large-dimensions` at d ≥ `least`, where a cell has `fewest` of them or more."""
    found = groups(table.frame[table.frame["d"] >= least], ["d", "m", "t"])
    return [
        (dict(zip(("d", "m", "t"), place, strict=True)), group)
        for place, group in found
        if len(group) >= fewest
    ]


def measure_large(column: str, least: int) -> Callable[[Table], list[Measured]]:
    """A mean risk at each d and m from d = `least` on, where there are at least ten draws."""
    return lambda table: [
        mean(cell, group[column].to_numpy(dtype=np.float64))
        for cell, group in large(table, least, 10)
    ]


def measure_large_spread(table: Table) -> list[Measured]:
    """Relative variance of population risk at d = 64 … 1000; its error by the fourth moment."""
    out = []
    for cell, group in large(table, 64, 1000):
        if cell["d"] <= 1000:
            values = group["risk"].to_numpy(dtype=np.float64)
            off = (values / values.mean() - 1) ** 2
            # Of a variance found about the estimated mean: n/(n − 1), and the delta method.
            found = mean(cell, off * off.size / (off.size - 1))
            out.append(found)
    return out


def measure_settings(of: Callable[[Mapping[str, Any]], bool]) -> Callable[[Table], list[Measured]]:
    """Paired ratio of BSM's mean score error to DSM's
    at each setting of Figure 3b that is one `of` them.
    """

    def measured(table: Table) -> list[Measured]:
        out = []
        frame = table.frame[table.frame["quantity"] == "score-error"].sort_values(
            "replicate", kind="stable"
        )
        for key, group in groups(frame, list(KEYS)):
            cell = dict(zip(KEYS, key, strict=True))
            if of(cell):
                by = (group.loc[group["method"] == m, "value"] for m in ("bsm", "dsm"))
                out.append(ratio(cell, *by))
        return out

    return measured


def _trained(cell: Mapping[str, Any]) -> bool:
    """On the line, one fit a step, and no network that has hardly begun."""
    whole = cell["learner"] == "features" or cell["budget"] >= 30
    return bool(cell["d"] == 1 and cell["fit"] == "step" and whole)


def _short_training(cell: Mapping[str, Any]) -> bool:
    return bool(cell["learner"] == "network" and cell["fit"] == "step" and cell["budget"] <= 10)


def measure_features(table: Table) -> list[Measured]:
    """Score error of DSM with K redraws over BSM's with one, at each K."""
    found = []
    for method in FEATURES:
        name, _, redraws = method.partition("-")
        if name == "dsm":
            over = measure_over_dsm("score-error", method, "bsm-1")(table)
            found += [replace(one, cell={**one.cell, "redraws": int(redraws)}) for one in over]
    return found


# measurement name → (study, how)
MEASUREMENTS: Mapping[str, tuple[str, Callable[[Table], list[Measured]]]] = {
    "dsm-risk": ("small-samples", measure_risk("risk")),
    "dsm-empirical-risk": ("small-samples", measure_risk("empirical_risk")),
    "figure-3a-ratio": ("error-vs-timestep", measure_ratio),
    "scaled-error": ("error-vs-dimension", measure_scaled_error),
    "growth": ("error-vs-dimension", measure_growth),
    **{
        f"mixture/{quantity}/{method}": ("evidence-mixture", measure_over_dsm(quantity, method))
        for quantity, methods in LEARNT.items()
        for method in methods
        if method != "dsm"
    },
    **{
        f"stam/score-error/{base}": (
            "evidence-stam",
            measure_over_dsm("score-error", "bsm-stam", base),
        )
        for base in ("bsm", "bsm-half")
    },
    "figure-3b/settings": ("mixture-bootstrap", measure_settings(_trained)),
    **{
        f"forgetting/{quantity}": ("evidence-forgetting", measure_over_dsm(quantity, "bsm"))
        for quantity in ("linear", "feature")
    },
    "figure-3b/short-training": ("mixture-bootstrap", measure_settings(_short_training)),
    "redraws-risk": ("redraws", measure_redraws("dsm", "bsm", "bsm-optimal", "path")),
    "redraws-joint": ("redraws", measure_redraws("joint")),
    "redraws-plug-in": ("redraws", measure_redraws("plug-in")),
    "redraws-excess": ("redraws", measure_redraws_excess("dsm", "bsm", "bsm-optimal", "path")),
    "redraws-worth": ("redraws", measure_redraws_worth("bsm", "bsm-optimal", "path")),
    "redraws-features": ("evidence-redraws", measure_features),
    **{f"networks/{name}": ("evidence-networks", how) for name, how in NETWORKS.items()},
    "large-d/risk": ("large-dimensions", measure_large("risk", 16)),
    "large-d/empirical-risk": ("large-dimensions", measure_large("empirical_risk", 4)),
    "large-d/spread": ("large-dimensions", measure_large_spread),
    "map-bsm": ("bootstrap-map", measure_map("bsm")),
    "map-path": ("bootstrap-map", measure_map("path")),
    **{f"real-{name}": ("real-spectra", how) for name, how in REAL.items()},
}
