"""Figure 3b: shares and score errors of each setting, and densities of one."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from bounds.check import Array, InvalidInput
from studies.joined import Fact, Joined
from studies.papers.kumar_2025 import mixture_bootstrap
from studies.summary import LEVEL, groups, ratio_of_means, summary
from studies.tables import Table

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
    ratio, se = ratio_of_means(other, dsm)
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
    cases = [(dict(zip(keys, key, strict=True)), group) for key, group in groups(scalars, keys)]
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
                "share": summary(pd.Series(share)),
                "error": float(np.mean(np.abs(share - minor))),
                "estimation": float(np.sqrt(np.mean((share - exact - own + minor) ** 2))),
                "score": float(column(method, "score-error").mean() / column("dsm", "score-error").mean()),
                "total-variation": float(column(method, "total-variation").mean()),
                "wasserstein": float(column(method, "wasserstein").mean()),
            }
            if case["learner"] == "network":
                found |= {q: float(column(method, q).mean()) for q in ("iterations", "loss", "converged")}
                if method in ("dsm", "bsm"):
                    budgets.append({**case, "method": method, **summary(pd.Series(share)), "exact": exact})
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
        for (method, x), group in groups(
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
