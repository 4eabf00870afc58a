"""Figure 1a: scaled error against dimension, joined with fits, laws and power."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from bounds import risk
from bounds.check import Array
from bounds.process import weights
from studies import designs, laws, slopes
from studies.joined import Fact, Joined
from studies.least_squares import SlopeFit
from studies.papers.kumar_2025.joins.settings import BaseRun, base_run_of, describe_spectrum
from studies.papers.kumar_2025.linear_score import LinearScoreSettings
from studies.papers.kumar_2025.quantities import joint_empirical_risk, law_of, settings_of
from studies.summary import groups, summary
from studies.tables import Table

MARGIN = 0.02


SCALINGS = tuple(slopes.SCALINGS)


@dataclass(frozen=True)
class ScaledFit:
    """The slope of one scaling at one m, its interval and the test of its equivalence with 0."""

    scaling: str
    m: int
    slope: float
    slope_low: float
    slope_high: float
    margin: float
    equivalent: bool
    p: float
    predicted_slope: float
    condition: float
    discrepancy: float


@dataclass(frozen=True)
class LawsAt:
    """Which law the error follows at one m,
    and how often the rule is right on that grid and noise.
    """

    m: int
    verdict: str
    standing: tuple[str, ...]
    flat_factor: float
    fits: tuple[laws.LawFit, ...]
    power: tuple[designs.Power, ...]
    design: designs.Design


@dataclass(frozen=True)
class Found:
    """What Figure 1a found."""

    run: BaseRun
    fits: tuple[ScaledFit, ...]
    laws: tuple[LawsAt, ...]


def joint_expected(settings: LinearScoreSettings, d: int, m: int) -> float:
    """The exact expectation of the same: Σ_j γ_j tr(C_j) d/m."""
    law, times = law_of(settings, d), settings.times
    return float(
        sum(
            g * risk.dsm_empirical_risk(law, t, m)
            for g, t in zip(weights(times), times, strict=True)
        )
    )


def figure_1a(table: Table) -> Joined:
    """Scaled joint empirical error against d,
    under both scalings, with fits, equivalence tests and power.

    Raises
    ------
    InvalidInput
        If d ≤ 2 (log log d is not positive there), or there are fewer than three dimensions.
    """
    settings = settings_of(table)
    errors = joint_empirical_risk(table)
    points, fits, lines, theory = [], [], [], []
    rivals: list[LawsAt] = []
    for scaling in SCALINGS:
        for m, group in groups(errors, "m"):
            rows = []
            for d, mine in groups(group, "d"):
                scaled = pd.Series(
                    slopes.scaled(mine["error"].to_numpy(), np.full(len(mine), d), scaling)
                )
                rows.append({"scaling": scaling, "m": m, "d": d, **summary(scaled)})
                exact = slopes.scaled([joint_expected(settings, int(d), int(m))], [d], scaling)[0]
                theory.append({"scaling": scaling, "m": m, "d": d, "value": float(exact)})
            points += rows
            frame = pd.DataFrame(rows)
            d, mean, se = (frame[c].to_numpy(dtype=np.float64) for c in ("d", "mean", "se"))
            n = int(frame["n"].min())
            fit = slopes.fit_slope(d, mean, se, replicates=n)
            test = slopes.equivalence(fit, MARGIN)
            flat = scaling == SCALINGS[0]
            predicted = 0.0 if flat else slopes.predicted_tilt(d, se / mean)
            fits.append(
                ScaledFit(
                    scaling=scaling,
                    m=int(m),
                    slope=fit.slope,
                    slope_low=fit.low,
                    slope_high=fit.high,
                    margin=MARGIN,
                    equivalent=test.equivalent,
                    p=test.p,
                    predicted_slope=predicted,
                    condition=fit.condition,
                    discrepancy=fit.discrepancy,
                )
            )
            lines += _band(scaling, m, d, mean, se, fit)
            if flat:
                rivals.append(_laws(int(m), d, mean, se, n))
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
        "fits": pd.DataFrame([vars(fit) for fit in fits]),
        "lines": pd.DataFrame(lines),
        "theory": pd.DataFrame(theory),
    }
    return Joined(tables, facts, Found(base_run_of(table), tuple(fits), tuple(rivals)))


def _band(
    scaling: str, m: Any, d: Array, mean: Array, se: Array, fit: SlopeFit
) -> list[dict[str, Any]]:
    """The fitted line with the pointwise interval of its value."""
    grid = np.geomspace(d.min(), d.max(), 60)
    x, w = np.log(d), (mean / se) ** 2
    centre = np.average(x, weights=w)
    # The slope's variance is 1/Σ w (x − centre)² and the level's 1/Σ w, both with the fit's own
    # weights.
    spread = np.average((x - centre) ** 2, weights=w)
    half = (fit.high - fit.low) / 2 * np.sqrt(spread + (np.log(grid) - centre) ** 2)
    value = fit.intercept + fit.slope * np.log(grid)
    return [
        {"scaling": scaling, "m": m, "d": a, "value": b, "low": low, "high": high}
        for a, b, low, high in zip(
            grid, np.exp(value), np.exp(value - half), np.exp(value + half), strict=True
        )
    ]


def _laws(m: int, d: Array, mean: Array, se: Array, n: int) -> LawsAt:
    """The rival laws of error/log|H| at one m:
    verdict, fits, the fitter's power on this grid and noise.
    """
    comparison = laws.compare_laws(d, mean, se, replicates=n, margin=MARGIN)
    relative, rng = se / mean, np.random.default_rng([2502, 10354, m])
    power = designs.power(d, relative, rng, draws=4000, replicates=n, margin=MARGIN)
    design = designs.deciding_design(d, relative, rng, replicates=n, margin=MARGIN)
    return LawsAt(
        m=m,
        verdict=comparison.verdict,
        standing=comparison.standing,
        flat_factor=comparison.flat_factor,
        fits=comparison.fits,
        power=power,
        design=design,
    )
