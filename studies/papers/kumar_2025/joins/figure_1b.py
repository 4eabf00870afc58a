"""Figure 1b: the measured growth beside published rates."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from bounds.papers.kumar_2025 import published
from studies import slopes
from studies.joined import Fact, Joined
from studies.papers.kumar_2025.joins.figure_1a import SCALINGS
from studies.papers.kumar_2025.joins.settings import BaseRun, base_run_of, describe_spectrum
from studies.papers.kumar_2025.quantities import joint_empirical_risk, settings_of
from studies.summary import groups, summary
from studies.tables import Table

ANCHOR = 16
ENDS = {"": "value", "_low": "low", "_high": "high"}


@dataclass(frozen=True)
class Found:
    """What Figure 1b found: the growth from the anchor to the largest d,
    linear growth, and the rates that are not drawn.
    """

    run: BaseRun
    m: int
    anchor: int
    largest: int
    value: float
    low: float
    high: float
    linear: float
    not_drawn: tuple[published.Rate, ...]


def figure_1b(table: Table) -> Joined:
    """The measured law beside linear dependence and the published rates, all 1 at one dimension.

    At the largest m. Rates are drawn where their dependence on d at fixed n is quoted in full; the
    others are listed with the reason.
    """
    settings = settings_of(table)
    errors = joint_empirical_risk(table)
    m = int(errors["m"].max())
    dims = sorted(int(d) for d in errors.loc[errors["m"] == m, "d"].unique())
    anchor = min(dims, key=lambda d: abs(np.log(d / ANCHOR)))
    rows = []
    for d, mine in groups(errors[errors["m"] == m], "d"):
        scaled = pd.Series(
            slopes.scaled(mine["error"].to_numpy(), np.full(len(mine), d), SCALINGS[0])
        )
        rows.append({"d": d, "m": m, **summary(scaled)})
    measured = pd.DataFrame(rows)
    level = float(measured.loc[measured["d"] == anchor, "mean"].iloc[0])
    value = measured["mean"] / level
    relative = (measured["high"] - measured["low"]) / 2 / measured["mean"]
    at_anchor = measured["d"] == anchor
    # Divided by a measured number, a value carries that number's error too; the anchor itself is 1
    # by definition.
    half = value * np.hypot(relative, np.where(at_anchor, 0.0, relative[at_anchor].iloc[0]))
    measured = measured.assign(value=value, low=value - half, high=value + half)
    # The same undivided by log|H|, as the published rates are.
    divisor = 1 / slopes.scaled(np.ones(len(dims)), np.array(dims), SCALINGS[0])
    times = divisor / divisor[dims.index(anchor)]
    whole = {f"whole{end}": measured[key] * times for end, key in ENDS.items()}
    measured = measured[["d", "m", "n", *ENDS.values()]].assign(**whole)
    grid = np.array([float(d) for d in dims])
    drawn: list[tuple[str, str, str, dict[str, Any]]] = [
        ("kumar_2025_linear_reference", "linear in d", "linear", {}),
        ("kumar_2025_log_log", "log log d (the paper's factor)", "paper", {}),
        ("wibisono_2024_squared_error", "Wibisono et al. 2024", "published", {"n": float(m)}),
        (
            "zhang_2024_squared_error",
            "Zhang et al. 2024, t = 0.5",
            "published",
            {"n": float(m), "t": 0.5},
        ),
    ]
    rivals = []
    for name, label, group, parameters in drawn:
        values = published.curve(name, grid, float(anchor), **parameters)
        note = "constant unknown" if group == "published" else ""
        rivals += [
            {"label": label, "d": d, "value": float(v), "style_group": group, "note": note}
            for d, v in zip(grid, values, strict=True)
            if np.isfinite(v) and v > 0
        ]
    last = measured.iloc[-1]
    findings = Found(
        run=base_run_of(table),
        m=m,
        anchor=anchor,
        largest=int(last["d"]),
        value=float(last["value"]),
        low=float(last["low"]),
        high=float(last["high"]),
        linear=float(last["d"] / anchor),
        not_drawn=tuple(rate for rate in published.RATES if not rate.comparable),
    )
    facts: dict[str, Fact] = {
        "anchor_d": anchor,
        "m": m,
        "n": settings.replicates,
        "spectrum": describe_spectrum(settings),
    }
    return Joined({"measured": measured, "rivals": pd.DataFrame(rivals)}, facts, findings)
