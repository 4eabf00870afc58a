r"""Where theory and measurement meet, once: tables joined with formulas, claims with verdicts.

    table → joined tables of a figure → drawing;     table → measurements of a claim → verdict.

A measurement turns a study's table into numbers with standard errors; it knows no formula of the claim that it
serves. Means are over replicates; intervals are Student's t at 95 %.
"""

import json
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from bounds import rates, risk
from bounds.bootstrap import optimal_weights
from bounds.check import Array, InvalidInput
from bounds.claim import Claim, Measured, Verdict, verify
from bounds.gaussian import Gaussian
from bounds.joint import Scheme, joint_risk
from bounds.ledger import CLAIMS
from bounds.path import path_risk
from bounds.process import weights
from studies import mixture_bootstrap, regression
from studies.bootstrap_map import MapSettings
from studies.bootstrap_weights import WeightsSettings, grid
from studies.joint_time import JointSettings
from studies.linear_score import LinearScoreSettings, Spectrum
from studies.study import parse_settings
from studies.tables import Table

LEVEL = 0.95
MARGIN = 0.02
ANCHOR = 16
Fact = str | int | float | bool
SCALINGS = tuple(regression.SCALINGS)


@dataclass(frozen=True)
class Joined:
    """What one figure draws and the report tells.

    Attributes
    ----------
    tables : by name, for the figure
    facts : provenance, for the figure
    findings : numbers for the report, JSON values
    """

    tables: Mapping[str, pd.DataFrame]
    facts: Mapping[str, Fact]
    findings: Mapping[str, Any]


# --- summaries --------------------------------------------------------------------------------------------


def settings_of(table: Table) -> LinearScoreSettings:
    """The settings that a base study's manifest records."""
    return parse_settings(LinearScoreSettings, table.manifest["config"], f"{table.manifest['study']}.json")


def law_of(settings: LinearScoreSettings, d: int) -> Gaussian:
    """The data's law in that dimension."""
    return settings.spectrum.law(d)


def _groups(frame: pd.DataFrame, by: str | list[str]) -> Iterator[tuple[Any, pd.DataFrame]]:
    """groupby, with keys that mypy does not take for mere hashables."""
    yield from frame.groupby(by)


def _summary(values: pd.Series) -> dict[str, float]:
    """n, mean, standard error, 95 % interval of the mean, and the 5 % and 95 % quantiles of replicates."""
    n = len(values)
    if n < 2:
        raise InvalidInput("replicates", "an interval needs at least 2 of them")
    mean, se = float(values.mean()), float(values.std(ddof=1)) / np.sqrt(n)
    half = float(stats.t.isf((1 - LEVEL) / 2, n - 1)) * se
    return {
        "n": n,
        "mean": mean,
        "se": se,
        "low": mean - half,
        "high": mean + half,
        "q05": float(values.quantile(0.05)),
        "q95": float(values.quantile(0.95)),
    }


def _ratio(a: Array, b: Array) -> tuple[float, float]:
    """mean(a)/mean(b) of paired samples, and its standard error by the delta method."""
    mean = float(a.mean() / b.mean())
    return mean, float((a - mean * b).std(ddof=1) / np.sqrt(a.size) / b.mean())


def joint_empirical_risk(table: Table) -> pd.DataFrame:
    """Σ_j γ_j × empirical risk at t_j of DSM, γ_j = t_j − t_{j−1}, for each d, m, replicate."""
    frame = table.frame[table.frame["estimator"] == "dsm"]
    if frame.empty:
        raise InvalidInput("estimators", "the joint error is that of dsm, which the results do not hold")
    times = settings_of(table).times
    gamma = dict(zip(times, weights(times), strict=True))
    weighted = frame.assign(error=frame["empirical_risk"] * frame["t"].map(gamma))
    return weighted.groupby(["d", "m", "replicate"])["error"].sum().reset_index()


def joint_expected(settings: LinearScoreSettings, d: int, m: int) -> float:
    """The exact expectation of the same: Σ_j γ_j tr(C_j) d/m."""
    law, times = law_of(settings, d), settings.times
    return float(
        sum(g * risk.dsm_empirical_risk(law, t, m) for g, t in zip(weights(times), times, strict=True))
    )


# --- figures ----------------------------------------------------------------------------------------------


def figure_1a(table: Table) -> Joined:
    """Scaled joint empirical error against d, under both scalings, with fits, equivalence tests and power.

    Raises
    ------
    InvalidInput
        If d ≤ 2 (log log d is not positive there), or there are fewer than three dimensions.
    """
    settings = settings_of(table)
    errors = joint_empirical_risk(table)
    points, fits, lines, theory = [], [], [], []
    laws: list[dict[str, Any]] = []
    for scaling in SCALINGS:
        for m, group in _groups(errors, "m"):
            rows = []
            for d, mine in _groups(group, "d"):
                scaled = pd.Series(
                    regression.scaled(mine["error"].to_numpy(), np.full(len(mine), d), scaling)
                )
                rows.append({"scaling": scaling, "m": m, "d": d, **_summary(scaled)})
                exact = regression.scaled([joint_expected(settings, int(d), int(m))], [d], scaling)[0]
                theory.append({"scaling": scaling, "m": m, "d": d, "value": float(exact)})
            points += rows
            frame = pd.DataFrame(rows)
            d, mean, se = (frame[c].to_numpy(dtype=np.float64) for c in ("d", "mean", "se"))
            n = int(frame["n"].min())
            fit = regression.fit_slope(d, mean, se, replicates=n)
            test = regression.equivalence(fit, MARGIN)
            flat = scaling == SCALINGS[0]
            predicted = 0.0 if flat else regression.predicted_tilt(d, se / mean)
            fits.append(
                {
                    "scaling": scaling,
                    "m": m,
                    "slope": fit.slope,
                    "slope_low": fit.low,
                    "slope_high": fit.high,
                    "margin": MARGIN,
                    "equivalent": test.equivalent,
                    "p": test.p,
                    "predicted_slope": predicted,
                    "condition": fit.condition,
                    "discrepancy": fit.discrepancy,
                }
            )
            lines += _band(scaling, m, d, mean, se, fit)
            if flat:
                laws.append(_laws(int(m), d, mean, se, n))
    gaps = weights(settings.times)
    facts: dict[str, Fact] = {
        "quantity": "empirical L2 error",
        "spectrum": describe_spectrum(settings),
        "delta": float(gaps[0]) if np.ptp(gaps) < 1e-9 * gaps[0] else "not constant",
        "steps": len(settings.times),
        "engine": settings.engine,
    }
    tables = {
        "points": pd.DataFrame(points),
        "fits": pd.DataFrame(fits),
        "lines": pd.DataFrame(lines),
        "theory": pd.DataFrame(theory),
    }
    return Joined(tables, facts, {"fits": fits, "laws": laws, **provenance(table)})


def _band(
    scaling: str, m: Any, d: Array, mean: Array, se: Array, fit: regression.SlopeFit
) -> list[dict[str, Any]]:
    """The fitted line with the pointwise interval of its value."""
    grid = np.geomspace(d.min(), d.max(), 60)
    x, w = np.log(d), (mean / se) ** 2
    centre = np.average(x, weights=w)
    # The slope's variance is 1/Σ w (x − centre)² and the level's 1/Σ w, both with the fit's own weights.
    spread = np.average((x - centre) ** 2, weights=w)
    half = (fit.high - fit.low) / 2 * np.sqrt(spread + (np.log(grid) - centre) ** 2)
    value = fit.intercept + fit.slope * np.log(grid)
    return [
        {"scaling": scaling, "m": m, "d": a, "value": b, "low": low, "high": high}
        for a, b, low, high in zip(
            grid, np.exp(value), np.exp(value - half), np.exp(value + half), strict=True
        )
    ]


def _laws(m: int, d: Array, mean: Array, se: Array, n: int) -> dict[str, Any]:
    """The rival laws of error/log|H| at one m: verdict, fits, the fitter's power on this grid and noise."""
    comparison = regression.compare_laws(d, mean, se, replicates=n)
    relative = se / mean
    power = regression.power(d, relative, np.random.default_rng([2502, 10354, m]), draws=4000)
    design = regression.deciding_design(d, relative)
    return {
        "m": m,
        "verdict": comparison.verdict,
        "standing": list(comparison.standing),
        "fits": [vars(fit) for fit in comparison.fits],
        "nested": [vars(fit) for fit in comparison.nested],
        "power": [vars(one) for one in power],
        "design": vars(design),
    }


def figure_1b(table: Table) -> Joined:
    """The measured law beside linear dependence and the published rates, all 1 at one dimension.

    At the largest m. Rates are drawn where their dependence on d at fixed n is quoted in full; the others are
    listed with the reason.
    """
    settings = settings_of(table)
    errors = joint_empirical_risk(table)
    m = int(errors["m"].max())
    dims = sorted(int(d) for d in errors.loc[errors["m"] == m, "d"].unique())
    anchor = min(dims, key=lambda d: abs(np.log(d / ANCHOR)))
    rows = []
    for d, mine in _groups(errors[errors["m"] == m], "d"):
        scaled = pd.Series(regression.scaled(mine["error"].to_numpy(), np.full(len(mine), d), SCALINGS[0]))
        rows.append({"d": d, "m": m, **_summary(scaled)})
    measured = pd.DataFrame(rows)
    level = float(measured.loc[measured["d"] == anchor, "mean"].iloc[0])
    value = measured["mean"] / level
    relative = (measured["high"] - measured["low"]) / 2 / measured["mean"]
    at_anchor = measured["d"] == anchor
    # Divided by a measured number, a value carries that number's error too; the anchor itself is 1 by definition.
    half = value * np.hypot(relative, np.where(at_anchor, 0.0, relative[at_anchor].iloc[0]))
    measured = measured.assign(value=value, low=value - half, high=value + half)
    measured = measured[["d", "m", "n", "value", "low", "high"]]
    grid = np.array([float(d) for d in dims])
    drawn: list[tuple[str, str, str, dict[str, Any]]] = [
        ("kumar_2025_linear_reference", "linear in d", "linear", {}),
        ("kumar_2025_log_log", "log log d (the paper's factor)", "paper", {}),
        ("wibisono_2024_squared_error", "Wibisono et al. 2024", "published", {"n": float(m)}),
        ("zhang_2024_squared_error", "Zhang et al. 2024, t = 0.5", "published", {"n": float(m), "t": 0.5}),
    ]
    rivals = []
    for name, label, group, parameters in drawn:
        values = rates.curve(name, grid, float(anchor), **parameters)
        note = {"linear": "", "paper": "", "published": "constant unknown; not divided by log|H|"}[group]
        rivals += [
            {"label": label, "d": d, "value": float(v), "style_group": group, "note": note}
            for d, v in zip(grid, values, strict=True)
            if np.isfinite(v) and v > 0
        ]
    last = measured.iloc[-1]
    findings = {
        "m": m,
        "anchor": anchor,
        "largest": int(last["d"]),
        "measured": {k: float(last[k]) for k in ("value", "low", "high")},
        "linear": float(last["d"] / anchor),
        "not_drawn": [
            {"source": r.source, "quantity": r.quantity, "note": r.note, "recalled": r.recalled}
            for r in rates.RATES
            if not r.comparable
        ],
        **provenance(table),
    }
    facts: dict[str, Fact] = {
        "anchor_d": anchor,
        "m": m,
        "n": settings.replicates,
        "spectrum": describe_spectrum(settings),
    }
    return Joined({"measured": measured, "rivals": pd.DataFrame(rivals)}, facts, findings)


def figure_3a(table: Table) -> Joined:
    """Risk of DSM and BSM at each time step, their ratio, the theory's curves and the information bound.

    At the first d and m of the settings.
    """
    settings = settings_of(table)
    if not {"dsm", "bsm"} <= set(settings.estimators):
        raise InvalidInput("estimators", "Figure 3a compares dsm and bsm, and the results lack one of them")
    d, m = settings.dims[0], settings.samples[0]
    law, times = law_of(settings, d), settings.times
    here = table.frame[(table.frame["d"] == d) & (table.frame["m"] == m)]
    points, ratios, theory = [], [], []
    bsm_leading = risk.bootstrap_risk(law, times, m)
    for k, t in enumerate(times):
        at = here[here["t"] == t]
        by = {e: at[at["estimator"] == e].sort_values("replicate")["risk"].to_numpy() for e in ("dsm", "bsm")}
        points += [{"t": t, "estimator": e, **_summary(pd.Series(v))} for e, v in by.items()]
        exact = risk.dsm_risk(law, t, m)
        leading = float(law.conditional_variances(t).sum() * d / m)
        theory += [
            {"t": t, "curve": "DSM, exact", "value": exact},
            {"t": t, "curve": "BSM, leading order", "value": float(bsm_leading[k])},
            {"t": t, "curve": "information bound", "value": risk.information_bound(law, t, m)},
        ]
        if k:
            ratio, se = _ratio(by["bsm"], by["dsm"])
            half = float(stats.t.isf((1 - LEVEL) / 2, by["dsm"].size - 1)) * se
            ratios.append(
                {
                    "t": t,
                    "n": by["dsm"].size,
                    "ratio": ratio,
                    "low": ratio - half,
                    "high": ratio + half,
                    "predicted": float(bsm_leading[k]) / leading,
                    "bound": risk.information_bound(law, t, m) / leading,
                }
            )
    facts: dict[str, Fact] = {
        "d": d,
        "m": m,
        "n": settings.replicates,
        "spectrum": describe_spectrum(settings),
        "engine": settings.engine,
    }
    tables = {"points": pd.DataFrame(points), "theory": pd.DataFrame(theory), "ratio": pd.DataFrame(ratios)}
    return Joined(tables, facts, {"ratios": ratios, "d": d, "m": m, **provenance(table)})


def describe_spectrum(settings: LinearScoreSettings | WeightsSettings | JointSettings) -> str:
    """The spectrum in words, for captions."""
    return describe_spectrum_of(settings.spectrum)


def describe_spectrum_of(s: Spectrum) -> str:
    """A spectrum in words."""
    return {
        "identity": "λ_i = 1",
        "linear": f"λ = linspace({s.low:g}, {s.high:g}, d)",
        "power": f"λ_i = i^(−{s.exponent:g})",
        "explicit": "λ given one by one",
    }[s.kind]


def provenance(table: Table) -> dict[str, Any]:
    """What the report says of where a table is from."""
    manifest, settings = table.manifest, settings_of(table)
    return {
        "study": manifest["study"],
        "dims": list(settings.dims),
        "samples": list(settings.samples),
        "times": list(settings.times),
        "spectrum": describe_spectrum(settings),
        "engine": settings.engine,
        "replicates": settings.replicates,
        "seed": settings.seed,
        "code": manifest["code"],
        "missing": manifest["counts"]["cells_missing"],
    }


WORDS = {
    "helps": "the interval lies above 0",
    "hurts": "below it",
    "nothing": "it holds 0 and stays within ± 10 %",
    "undecided": "it does neither",
}
NOTHING = 0.1
"""How near to 0 an improvement of Figure 3b must be shown to be, relative to DSM's error, to count as none."""


def _case(values: Mapping[str, Any]) -> str:
    """A setting of `mixture-bootstrap` in a few words."""
    trained = f", budget {values['budget']}" if values["budget"] else ""
    jointly = ", joint in t" if values["fit"] == "joint" else ""
    return (
        f"{values['learner']}{jointly}{trained}: d = {values['d']}, m = {values['m']}, π = {values['minor']:g}, "
        f"± {values['separation']:g}, N = {values['steps']}"
    )


def _short(values: Mapping[str, Any], base: Mapping[str, Any]) -> str:
    """What of a setting is not as in the first."""
    words = [str(values["learner"])]
    words += ["joint in t"] if values["fit"] == "joint" else []
    words += [f"budget {values['budget']}"] if values["budget"] else []
    names = {"d": "d = ", "m": "m = ", "minor": "π = ", "separation": "± ", "steps": "N = "}
    words += [f"{name}{values[key]:g}" for key, name in names.items() if values[key] != base[key]]
    return ", ".join(words)


def _improvement(dsm: Array, other: Array, comparisons: int) -> dict[str, Any]:
    """1 − mean(other)/mean(dsm), paired, with an interval that holds for all comparisons at once; and its word."""
    ratio, se = _ratio(other, dsm)
    half = float(stats.t.isf((1 - LEVEL) / 2 / comparisons, dsm.size - 1)) * se
    gain, low, high = 1 - ratio, 1 - ratio - half, 1 - ratio + half
    if low > 0:
        word = "helps"
    elif high < 0:
        word = "hurts"
    else:
        word = "nothing" if max(-low, high) < NOTHING else "undecided"
    return {"gain": gain, "low": low, "high": high, "word": word}


def figure_3b(table: Table) -> Joined:
    """Minor-mode share and score error of DSM and BSM at each setting; densities of one; shares against budget.

    Raises
    ------
    InvalidInput
        If no setting keeps its densities, none has a network of two budgets, or a first replicate is missing.
    """
    frame = table.frame.sort_values("replicate", kind="stable")
    keys = list(mixture_bootstrap.KEYS)
    scalars = frame[frame["quantity"] != "density"]
    cases = [(dict(zip(keys, key, strict=True)), group) for key, group in _groups(scalars, keys)]
    order = [tuple(case[k] for k in keys) for case in table.manifest["config"]["cases"]]
    cases.sort(key=lambda one: order.index(tuple(one[0].values())))
    comparisons = sum(group["method"].nunique() - 2 for _, group in cases)
    settings: list[dict[str, Any]] = []
    gains: list[dict[str, Any]] = []
    budgets: list[dict[str, Any]] = []
    for case, group in cases:
        name, minor = _case(case), float(case["minor"])

        def column(method: str, quantity: str, group: pd.DataFrame = group) -> Array:
            mine = (group["method"] == method) & (group["quantity"] == quantity)
            return group.loc[mine, "value"].to_numpy(dtype=np.float64)

        if column("none", "exact").size == 0:
            raise InvalidInput("cases", f"the first replicate of {name} is missing")
        own = column("none", "sample")
        exact, from_start = column("none", "exact")[0], column("none", "exact-start")[0]
        methods = [m for m in mixture_bootstrap.METHODS if m in set(group["method"])]
        entry: dict[str, Any] = {
            "case": name,
            "n": own.size,
            "minor": minor,
            "discretisation": float(from_start - minor),
            "initialisation": float(exact - from_start),
            "sample": float(np.sqrt(np.mean((own - minor) ** 2))),
            "methods": {},
        }
        for method in methods:
            share = column(method, "share")
            found = {
                "share": _summary(pd.Series(share)),
                "error": float(np.mean(np.abs(share - minor))),
                "estimation": float(np.sqrt(np.mean((share - exact - own + minor) ** 2))),
                "score": float(column(method, "score-error").mean() / column("dsm", "score-error").mean()),
                "total-variation": float(column(method, "total-variation").mean()),
                "wasserstein": float(column(method, "wasserstein").mean()),
            }
            if case["learner"] == "network":
                found |= {q: float(column(method, q).mean()) for q in ("iterations", "loss", "converged")}
                if method in ("dsm", "bsm"):
                    budgets.append({**case, "method": method, **_summary(pd.Series(share)), "exact": exact})
            if method != "dsm":
                error = np.abs(column("dsm", "share") - minor)
                found |= _improvement(error, np.abs(share - minor), comparisons)
                one = {k: found[k] for k in ("gain", "low", "high")}
                gains.append(
                    {
                        "place": len(settings),
                        "case": _short(case, cases[0][0]),
                        "method": method,
                        "sets": share.size,
                        **one,
                    }
                )
            entry["methods"][method] = found
        settings.append(entry)
    pictured = frame[frame["quantity"] == "density"]
    if pictured.empty or len({b["budget"] for b in budgets}) < 2:
        raise InvalidInput("cases", "Figure 3b needs one with densities, and a network of two budgets")
    networks = pictured[pictured["learner"] == "network"]
    shown = dict(zip(keys, (networks if len(networks) else pictured)[keys].iloc[0], strict=True))
    at = next(s for s in settings if s["case"] == _case(shown))
    here = pictured[np.logical_and.reduce([pictured[k] == v for k, v in shown.items()])]
    densities = [
        {
            "curve": "truth" if method == "none" else str(method),
            "x": x,
            "n": at["n"],
            "value": float(group["value"].mean()),
            "q05": float(group["value"].quantile(0.05)),
            "q95": float(group["value"].quantile(0.95)),
        }
        for (method, x), group in _groups(
            here[here["method"].isin(["none", "exact", "dsm", "bsm"])], ["method", "x"]
        )
    ]
    like = {k: shown[k] for k in ("d", "m", "minor", "separation", "steps")}
    curves = [b for b in budgets if all(b[k] == v for k, v in like.items())]
    n = int(at["n"])
    facts: dict[str, Fact] = {
        "case": _case(shown),
        "minor": float(shown["minor"]),
        "n": n,
        "base": _case(cases[0][0]),
        "exact": at["minor"] + at["discretisation"] + at["initialisation"],
        "sampler": mixture_bootstrap.SAMPLER,
        **{
            f"{m}-{k}": float(at["methods"][m]["share"][k])
            for m in ("dsm", "bsm")
            for k in ("mean", "low", "high")
        },
    }
    findings = {
        "settings": settings,
        "shown": at,
        "comparisons": comparisons,
        "words": dict(WORDS),
        "replicates": table.manifest["config"]["replicates"],
        "seed": table.manifest["config"]["seed"],
        "code": table.manifest["code"],
        "study": table.manifest["study"],
        "missing": table.manifest["counts"]["cells_missing"],
    }
    tables = {
        "densities": pd.DataFrame(densities),
        "budgets": pd.DataFrame(curves).rename(columns={"mean": "share"}),
        "gains": pd.DataFrame([g for g in gains if g["method"] in ("bsm", "bsm-half")]),
    }
    return Joined(tables, facts, findings)


# --- beyond the paper -------------------------------------------------------------------------------------

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
            **_summary(group["risk"] / risk.information_bound(law, t, m)),
        }
        for (spacing, t, name), group in _groups(here, ["spacing", "t", "estimator"])
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
        **_beyond(table, describe_spectrum(settings)),
    }
    return Joined(frames, {"d": d, "m": m, "spectrum": describe_spectrum(settings)}, findings)


def beyond_map(table: Table) -> Joined:
    """Joint risk over DSM's, paired, for each estimator at each (m/d, Δ, t_1, spectrum)."""
    settings = parse_settings(MapSettings, table.manifest["config"], "the manifest of bootstrap-map")
    cells = []
    for (spectrum, first, spacing, m), group in _groups(table.frame, ["spectrum", "first", "spacing", "m"]):
        by = {e: g.sort_values("replicate")["risk"].to_numpy() for e, g in _groups(group, "estimator")}
        for name, label in FITS.items():
            if name == "dsm" or name not in by:
                continue
            ratio, se = _ratio(by[name], by["dsm"])
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
        **_beyond(table, "; ".join(describe_spectrum_of(s) for s in settings.spectra)),
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
        for (m, basis, count, local), group in _groups(frame, ["m", "basis", "count", "local"]):
            leading = joint_risk(law, times, Scheme(basis=basis, count=int(count), local=bool(local)))
            place = {
                "spacing": spacing,
                "m": m,
                "basis": basis,
                "target": "T3" if local else "T1",
                "count": count,
            }
            sums = {"bias": float(gamma @ leading.bias), "predicted": float(gamma @ leading.at(int(m)))}
            points.append({**place, **_summary(group["risk"]), **sums})
        for m in settings.samples:
            for name in ("dsm", "bsm", "path"):
                value = float(gamma @ predicted_risk(name, law, times, m))
                levels.append({"spacing": spacing, "m": m, "curve": FITS[name], "value": value})
    joined, others = pd.DataFrame(points), pd.DataFrame(levels)
    first = settings.spacings[0]
    findings = {
        "best": joined.loc[joined.groupby(["spacing", "m", "target"])["mean"].idxmin()].to_dict("records"),
        "levels": levels,
        **_beyond(table, describe_spectrum(settings)),
    }
    facts: dict[str, Fact] = {
        "d": settings.d,
        "spectrum": describe_spectrum(settings),
        "delta": first,
        "steps": len(grid(first, settings.last)),
    }
    drawn = {name: f[f["spacing"] == first] for name, f in (("points", joined), ("levels", others))}
    return Joined(drawn, facts, findings)


def _beyond(table: Table, spectrum: str) -> dict[str, Any]:
    """Provenance of a study that is not one of the base two."""
    manifest = table.manifest
    return {
        "study": manifest["study"],
        "spectrum": spectrum,
        "replicates": manifest["config"]["replicates"],
        "seed": manifest["seed"],
        "code": manifest["code"],
        "missing": manifest["counts"]["cells_missing"],
    }


# --- the graph --------------------------------------------------------------------------------------------

GOALS = (
    "gaussian-bound",
    "log-concave-bound",
    "bimodal-crude",
    "kappa-universal",
    "theorem-1-dimension-cost",
)
"""What the graph of Figure 2 leads to: the explicit bounds, and the form of Theorem 1."""


def ancestry(claims: Sequence[Claim], goals: Sequence[str]) -> list[Claim]:
    """The goals and all claims that they rest on, in the order of `claims`.

    Raises
    ------
    KeyError
        If a claim uses one that is not among `claims`.
    """
    by_name = {claim.name: claim for claim in claims}
    needed: set[str] = set()
    pending = list(goals)
    while pending:
        name = pending.pop()
        if name not in needed:
            needed.add(name)
            pending += by_name[name].uses
    return [claim for claim in claims if claim.name in needed]


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


def _of_study(name: str, join: Callable[[Table], Joined]) -> Callable[[Mapping[str, Table]], Joined]:
    return lambda tables: join(tables[name])


# figure name → what joins it, from the tables of the studies that the figure names
JOINS: Mapping[str, Callable[[Mapping[str, Table]], Joined]] = {
    "figure-1a": _of_study("error-vs-dimension", figure_1a),
    "figure-1b": _of_study("error-vs-dimension", figure_1b),
    "figure-2": figure_2,
    "figure-3a": _of_study("error-vs-timestep", figure_3a),
    "figure-3b": _of_study("mixture-bootstrap", figure_3b),
    "beyond-efficiency": _of_study("bootstrap-weights", beyond_efficiency),
    "beyond-map": _of_study("bootstrap-map", beyond_map),
    "beyond-basis": _of_study("joint-time", beyond_basis),
}


# --- measurements of claims -------------------------------------------------------------------------------


def _cells(table: Table, estimator: str) -> list[tuple[dict[str, Any], pd.DataFrame]]:
    """Each (d, m, t) of one estimator with its replicates, and what a formula needs to know of it."""
    settings = settings_of(table)
    frame = table.frame[table.frame["estimator"] == estimator]
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
        for (d, m, t), group in _groups(frame, ["d", "m", "t"])
    ]


def _mean(cell: dict[str, Any], values: Array) -> Measured:
    return Measured(cell, float(values.mean()), float(values.std(ddof=1) / np.sqrt(values.size)), values.size)


def measure_risk(column: str) -> Callable[[Table], list[Measured]]:
    """Mean of a risk column of DSM at each cell."""
    return lambda table: [_mean(cell, g[column].to_numpy()) for cell, g in _cells(table, "dsm")]


def measure_ratio(table: Table) -> list[Measured]:
    """Paired ratio of the mean risks of BSM and DSM after the first step, at each (d, m, t)."""
    out = []
    for (cell, b), (_, a) in zip(_cells(table, "bsm"), _cells(table, "dsm"), strict=True):
        if cell["t"] > cell["times"][0]:
            ratio, se = _ratio(b["risk"].to_numpy(), a["risk"].to_numpy())
            out.append(Measured(cell, ratio, se, len(a)))
    return out


def measure_scaled_error(table: Table) -> list[Measured]:
    """Joint empirical error over d² at each d, at the largest m; x is d."""
    errors = joint_empirical_risk(table)
    errors = errors[errors["m"] == errors["m"].max()]
    return [
        _mean({"x": float(d), "d": int(d), "m": int(g["m"].iloc[0])}, g["error"].to_numpy() / float(d) ** 2)
        for d, g in _groups(errors, "d")
    ]


def measure_growth(table: Table) -> list[Measured]:
    """Scaled error at each d over that at the smallest, at the largest m."""
    scaled = measure_scaled_error(table)
    first = scaled[0]
    return [
        Measured(
            {**one.cell, "smallest": first.cell["d"]},
            one.value / first.value,
            one.value / first.value * float(np.hypot(one.error / one.value, first.error / first.value)),
            one.replicates,
        )
        for one in scaled[1:]
    ]


def measure_quantity(table: Table, quantity: str) -> list[Measured]:
    """Mean over replicates of a quantity of evidence at each cell; standard error 0 for a single replicate.

    Raises
    ------
    InvalidInput
        If the table has no such quantity: its cells are missing.
    """
    values: dict[str, list[float]] = defaultdict(list)
    frame = table.frame[table.frame["quantity"] == quantity]
    if frame.empty:
        raise InvalidInput(table.manifest["study"], f"has no measurement of {quantity}")
    for cell, value in zip(frame["cell"], frame["value"], strict=True):
        values[cell].append(float(value))
    out = []
    for cell, found in values.items():
        sample = np.array(found)
        error = float(sample.std(ddof=1) / np.sqrt(sample.size)) if sample.size > 1 else 0.0
        out.append(Measured(json.loads(cell), float(sample.mean()), error, sample.size))
    return out


def measure_over_dsm(quantity: str, method: str) -> Callable[[Table], list[Measured]]:
    """Paired ratio of the means of a quantity of evidence, of a method over DSM, at each cell."""

    def measured(table: Table) -> list[Measured]:
        out = []
        frame = table.frame.sort_values("replicate", kind="stable")
        for cell, group in _groups(frame[frame["quantity"].str.startswith(f"{quantity}/")], "cell"):
            by = {m: group.loc[group["quantity"] == f"{quantity}/{m}", "value"] for m in (method, "dsm")}
            a, b = (by[m].to_numpy(dtype=np.float64) for m in (method, "dsm"))
            ratio, se = _ratio(a, b)
            out.append(Measured(json.loads(cell), ratio, se, a.size))
        return out

    return measured


def measure_map(estimator: str) -> Callable[[Table], list[Measured]]:
    """Paired ratio of an estimator's mean joint risk to DSM's at each cell of the map."""

    def measured(table: Table) -> list[Measured]:
        out = []
        for place, group in _groups(table.frame, ["spectrum", "first", "spacing", "d", "m"]):
            by = {e: g.sort_values("replicate")["risk"].to_numpy() for e, g in _groups(group, "estimator")}
            ratio, se = _ratio(by[estimator], by["dsm"])
            cell = dict(zip(("spectrum", "first", "spacing", "d", "m"), place, strict=True))
            out.append(Measured(cell, ratio, se, by["dsm"].size))
        return out

    return measured


def measure_settings(of: Callable[[Mapping[str, Any]], bool]) -> Callable[[Table], list[Measured]]:
    """Paired ratio of BSM's mean score error to DSM's at each setting of Figure 3b that is one `of` them."""

    def measured(table: Table) -> list[Measured]:
        out = []
        frame = table.frame[table.frame["quantity"] == "score-error"].sort_values("replicate", kind="stable")
        for key, group in _groups(frame, list(mixture_bootstrap.KEYS)):
            cell = dict(zip(mixture_bootstrap.KEYS, key, strict=True))
            if of(cell):
                by = (
                    group.loc[group["method"] == m, "value"].to_numpy(dtype=np.float64)
                    for m in ("bsm", "dsm")
                )
                ratio, se = _ratio(*by)
                out.append(Measured(cell, ratio, se, int((group["method"] == "dsm").sum())))
        return out

    return measured


def _short_training(cell: Mapping[str, Any]) -> bool:
    return bool(cell["learner"] == "network" and cell["fit"] == "step" and cell["budget"] <= 10)


# measurement name → (study, how)
MEASUREMENTS: Mapping[str, tuple[str, Callable[[Table], list[Measured]]]] = {
    "dsm-risk": ("small-samples", measure_risk("risk")),
    "dsm-empirical-risk": ("small-samples", measure_risk("empirical_risk")),
    "figure-3a-ratio": ("error-vs-timestep", measure_ratio),
    "scaled-error": ("error-vs-dimension", measure_scaled_error),
    "growth": ("error-vs-dimension", measure_growth),
    **{
        f"mixture/{quantity}/{method}": ("evidence-mixture", measure_over_dsm(quantity, method))
        for quantity in ("score-error", "share-error", "estimation")
        for method in ("bsm", "bsm-half", "wrong-level")
    },
    "figure-3b/settings": ("mixture-bootstrap", measure_settings(lambda cell: True)),
    "figure-3b/short-training": ("mixture-bootstrap", measure_settings(_short_training)),
    "map-bsm": ("bootstrap-map", measure_map("bsm")),
    "map-path": ("bootstrap-map", measure_map("path")),
}


def measured_by(claim: Claim) -> tuple[str, Callable[[Table], list[Measured]]]:
    """The study that a claim is measured by, and how: an entry of MEASUREMENTS, or "STUDY:QUANTITY" of evidence."""
    if claim.measurement in MEASUREMENTS:
        return MEASUREMENTS[claim.measurement]
    name, _, quantity = claim.measurement.partition(":")
    return name, lambda table: measure_quantity(table, quantity)


def study_of(claim: Claim) -> str:
    """The study that a claim is measured by."""
    return measured_by(claim)[0]


def judge(claims: Sequence[Claim], tables: Mapping[str, Table]) -> list[Verdict]:
    """The verdicts on the claims whose study is among the tables, in the order of the claims."""
    return [
        verify(claim, measured_by(claim)[1](tables[study_of(claim)]))
        for claim in claims
        if study_of(claim) in tables
    ]
