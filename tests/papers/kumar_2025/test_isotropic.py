"""Large dimensions: formulas by the dense law's closed forms, the engine's rows, the join."""

import numpy as np
import pandas as pd
import pytest

from bounds import risk
from bounds.check import InvalidInput
from bounds.gaussian import Gaussian
from bounds.isotropic import isotropic_risk_variance
from bounds.papers.kumar_2025 import isotropic as claims
from studies.papers.kumar_2025 import large_dimensions
from studies.papers.kumar_2025.joins import beyond_dimension
from studies.papers.kumar_2025.linear_score import LinearScoreSettings, cells, measure
from studies.study import parse_settings, replicate_seed
from studies.tables import Table


@pytest.mark.parametrize(("d", "m", "t"), [(4, 8, 0.5), (7, 70, 1.3)])
def test_formulas_are_the_dense_laws(d: int, m: int, t: float) -> None:
    """Means by bounds.risk, the spread by the variance of the trace; each decoy differs."""
    law, cell = Gaussian(np.ones(d)), {"d": d, "m": m, "t": t}
    assert claims.population(cell) == pytest.approx(risk.dsm_risk(law, t, m), rel=1e-12)
    assert claims.empirical(cell) == pytest.approx(risk.dsm_empirical_risk(law, t, m), rel=1e-12)
    relative = isotropic_risk_variance(d, m) / (d * d / (m - d - 1)) ** 2
    assert claims.spread(cell) == pytest.approx(relative, rel=1e-12)
    assert claims.spread(cell, pooled=False) < 0.95 * relative


SETTINGS = {
    "dims": [40, 10**5],
    "samples": [3 * 10**5],
    "times": [0.5],
    "estimators": ["dsm"],
    "engine": "isotropic",
    "replicates": 2,
    "seed": 3,
}


def test_the_engine_measures_both_risks() -> None:
    """Within six standard deviations of their means, which at d = 10⁵ are 1e-4 of them."""
    settings = parse_settings(LinearScoreSettings, SETTINGS, "x.toml")
    for cell in cells(settings):
        seeds = [replicate_seed(3, cell, k) for k in range(2)]
        d, m = cell["d"], cell["m"]
        for (row,) in measure(cell, seeds):
            spread = 6 * np.sqrt(claims.spread({"d": d, "m": m}))
            assert row["risk"] == pytest.approx(claims.population({**row}), rel=spread)
            assert row["empirical_risk"] == pytest.approx(
                claims.empirical({**row}), rel=6 * np.sqrt(2) / d
            )


@pytest.mark.parametrize(
    ("change", "key"),
    [
        ({"times": [0.5, 0.6]}, "times"),
        ({"estimators": ["dsm", "bsm"]}, "estimators"),
        ({"spectrum": {"kind": "linear"}}, "spectrum"),
        ({"redraws": [2]}, "redraws"),
        ({"samples": [10**5]}, "samples"),
        ({"dims": [10**9 + 1]}, "dimension"),
        ({"engine": "exact"}, "dims"),
    ],
)
def test_what_the_engine_refuses(change: dict[str, object], key: str) -> None:
    """One sentence each; the last is d = 10⁵ for an engine that would need 80 GB."""
    with pytest.raises(InvalidInput) as said:
        parse_settings(LinearScoreSettings, SETTINGS | change, "x.toml")
    assert key in str(said.value)


def table() -> Table:
    rows = []
    for ratio in (2, 10):
        for d in (4, 16, 1000, 10**6):
            cell = {"d": d, "m": ratio * d, "t": 0.5}
            unit = claims.population(cell)
            for replicate in range(1 if d > 1000 else 401):
                value = unit * (1 + 1e-5 * (replicate - 200 if d < 10**6 else 0) / d)
                rows.append({**cell, "replicate": replicate, "risk": value})
    manifest = {"study": "large-dimensions", "seed": 1, "code": "c"}
    manifest |= {"config": {"replicates": 3}, "counts": {"cells_missing": 0}}
    return Table(pd.DataFrame(rows), manifest)


def test_the_join_divides_by_the_exact_mean() -> None:
    """Flat at 1, tilted by log log d, the constant law named; a table that grows is not flat."""
    joined = beyond_dimension(table())
    points = joined.tables["points"]
    flat = points[points["scaling"] == "log|H|"]
    np.testing.assert_allclose(flat["mean"], 1.0, atol=1e-3)
    tilted = points[points["scaling"] != "log|H|"]
    np.testing.assert_allclose(tilted["mean"] * np.log(np.log(tilted["d"])), 1.0, atol=1e-3)
    assert {one.verdict for one in joined.findings.laws} == {"constant"}
    found = {(fit.scaling, fit.ratio): fit for fit in joined.findings.fits}
    assert all(found["log|H|", ratio].equivalent for ratio in (2, 10))
    grown = table()
    grown.frame["risk"] *= np.log(np.log(grown.frame["d"]))
    laws = beyond_dimension(grown).findings.laws
    assert {one.verdict for one in laws} == {"log log d"}


def test_draws_are_few_where_d_is_large() -> None:
    """At most `steps` dimensions a cell, one draw at least."""
    settings = large_dimensions.STUDY.presets["paper"]
    counts = {
        cell["d"]: large_dimensions.STUDY.replicates(cell, settings)
        for cell in large_dimensions.STUDY.cells(settings)
    }
    assert counts[4] == 2000 and counts[10**5] == 100 and counts[10**8] == 1
