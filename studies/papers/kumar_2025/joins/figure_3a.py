"""Figure 3a: DSM and BSM at each time step, joined with theory."""

from dataclasses import dataclass

import pandas as pd

from bounds import risk
from bounds.check import InvalidInput
from studies.joined import Fact, Joined
from studies.papers.kumar_2025.joins.settings import BaseRun, base_run_of, describe_spectrum
from studies.papers.kumar_2025.quantities import law_of, one_draw, settings_of
from studies.summary import half_width, ratio_of_means, summary
from studies.tables import Table


@dataclass(frozen=True)
class Ratio:
    """BSM's risk over DSM's at one time,
    with the leading order's and the information bound over DSM's.
    """

    t: float
    n: int
    ratio: float
    low: float
    high: float
    predicted: float
    bound: float


@dataclass(frozen=True)
class Found:
    """What Figure 3a found."""

    run: BaseRun
    d: int
    m: int
    ratios: tuple[Ratio, ...]


def figure_3a(table: Table) -> Joined:
    """Risk of DSM and BSM at each time step, their ratio,
    the theory's curves and the information bound.

    At the first d and m of the settings.
    """
    settings = settings_of(table)
    if not {"dsm", "bsm"} <= set(settings.estimators):
        raise InvalidInput(
            "estimators", "Figure 3a compares dsm and bsm, and the results lack one of them"
        )
    d, m = settings.dims[0], settings.samples[0]
    law, times = law_of(settings, d), settings.times
    frame = one_draw(table)
    here = frame[(frame["d"] == d) & (frame["m"] == m)]
    points, ratios, theory = [], [], []
    bsm_leading = risk.bootstrap_risk(law, times, m)
    for k, t in enumerate(times):
        at = here[here["t"] == t]
        by = {
            e: at[at["estimator"] == e].sort_values("replicate")["risk"].to_numpy()
            for e in ("dsm", "bsm")
        }
        points += [{"t": t, "estimator": e, **summary(pd.Series(v))} for e, v in by.items()]
        exact = risk.dsm_risk(law, t, m)
        leading = float(law.conditional_variances(t).sum() * d / m)
        theory += [
            {"t": t, "curve": "DSM, exact", "value": exact},
            {"t": t, "curve": "BSM, leading order", "value": float(bsm_leading[k])},
            {"t": t, "curve": "information bound", "value": risk.information_bound(law, t, m)},
        ]
        if k:
            ratio, se = ratio_of_means(by["bsm"], by["dsm"])
            half = half_width(se, by["dsm"].size)
            ratios.append(
                Ratio(
                    t=t,
                    n=by["dsm"].size,
                    ratio=ratio,
                    low=ratio - half,
                    high=ratio + half,
                    predicted=float(bsm_leading[k]) / leading,
                    bound=risk.information_bound(law, t, m) / leading,
                )
            )
    facts: dict[str, Fact] = {
        "d": d,
        "m": m,
        "n": settings.replicates,
        "spectrum": describe_spectrum(settings),
        "engine": settings.engine,
    }
    tables = {
        "points": pd.DataFrame(points),
        "theory": pd.DataFrame(theory),
        "ratio": pd.DataFrame([vars(one) for one in ratios]),
    }
    return Joined(tables, facts, Found(base_run_of(table), d, m, tuple(ratios)))
