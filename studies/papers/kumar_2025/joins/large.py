"""Population risk from d = 4 to 10⁸ over its exact factor of m, with slopes, laws and power."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import ndtri

from bounds.isotropic import isotropic_risk_variance
from bounds.papers.kumar_2025.isotropic import population
from studies import designs, laws, slopes
from studies.joined import Joined
from studies.papers.kumar_2025.joins.settings import Run, run_of
from studies.summary import LEVEL, groups
from studies.tables import Table

MARGIN = 0.001
DRAWS = 1000


@dataclass(frozen=True)
class LargeFit:
    """The slope of one scaling at one m/d, and whether it is shown to be within the margin of 0."""

    scaling: str
    ratio: int
    slope: float
    low: float
    high: float
    predicted: float
    equivalent: bool


@dataclass(frozen=True)
class LargeLaw:
    """Which law the error follows at one m/d, and how often the rule is right on that grid."""

    ratio: int
    verdict: str
    flat_factor: float
    right: float
    wrong: float


@dataclass(frozen=True)
class LargeFound:
    """What the figure of large dimensions found."""

    run: Run
    largest: int
    margin: float
    fits: tuple[LargeFit, ...]
    laws: tuple[LargeLaw, ...]


def beyond_dimension(table: Table) -> Joined:
    """Risk (m − d − 1)/(c d²), whose mean is 1 at every d and m, and the same over log log d.

    The standard error is exact: that of the law of tr(W_1^{-1} W_2), not of the draws, of which
    there may be one.

    Raises
    ------
    InvalidInput
        If there are fewer than three dimensions, one is below 3, or m ≤ d + 3.
    """
    points, fits, found = [], [], []
    rng = np.random.default_rng([2502, 10354, 8])
    frame = table.frame.assign(ratio=table.frame["m"] // table.frame["d"])
    half = -ndtri((1 - LEVEL) / 2)
    for ratio, group in groups(frame, "ratio"):
        rows = []
        for (d, m, t), mine in groups(group, ["d", "m", "t"]):
            unit = population({"d": d, "m": m, "t": t})
            scaled = float(mine["risk"].mean()) / unit
            factor = (m - d - 1) / d / d
            sd = float(np.sqrt(isotropic_risk_variance(int(d), int(m)))) * factor
            error = float(sd / np.sqrt(len(mine)))
            rows.append({"d": int(d), "draws": len(mine), "mean": scaled, "se": error})
        here = pd.DataFrame(rows).sort_values("d")
        for scaling in slopes.SCALINGS:
            dims = here["d"].to_numpy(dtype=np.float64)
            over = {
                name: slopes.scaled(here[name].to_numpy() * dims**2, dims, scaling)
                for name in ("mean", "se")
            }
            part = here.assign(scaling=scaling, ratio=int(ratio), **over)
            part = part.assign(low=part["mean"] - half * part["se"])
            points.append(part.assign(high=part["mean"] + half * part["se"]))
            fits.append(_fit(scaling, int(ratio), part))
        d, mean, se = (here[c].to_numpy(dtype=np.float64) for c in ("d", "mean", "se"))
        named = laws.compare_laws(d, mean, se, margin=MARGIN)
        power = designs.power(d, se / mean, rng, draws=DRAWS, margin=MARGIN)
        found.append(
            LargeLaw(
                ratio=int(ratio),
                verdict=named.verdict,
                flat_factor=named.flat_factor,
                right=min(one.right for one in power),
                wrong=max(one.wrong for one in power),
            )
        )
    run = run_of(table, "λᵢ = 1")
    tables = {"points": pd.concat(points).drop(columns="se")}
    facts: dict[str, Any] = {"t": float(table.frame["t"].iloc[0])}
    largest = int(table.frame["d"].max())
    return Joined(tables, facts, LargeFound(run, largest, MARGIN, tuple(fits), tuple(found)))


def _fit(scaling: str, ratio: int, part: pd.DataFrame) -> LargeFit:
    d, mean, se = (part[c].to_numpy(dtype=np.float64) for c in ("d", "mean", "se"))
    fit = slopes.fit_slope(d, mean, se)
    flat = scaling == next(iter(slopes.SCALINGS))
    return LargeFit(
        scaling=scaling,
        ratio=ratio,
        slope=fit.slope,
        low=fit.low,
        high=fit.high,
        predicted=0.0 if flat else slopes.predicted_tilt(d, se / mean),
        equivalent=slopes.equivalence(fit, MARGIN).equivalent,
    )
