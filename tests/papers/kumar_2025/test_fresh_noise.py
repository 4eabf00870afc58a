"""Networks whose noise is drawn once, four times, or anew: what they are given, their errors by a
second route, and the join.
"""

import json
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import integrate, stats

from bounds import networks
from studies.papers.kumar_2025 import evidence_networks, joins, network_quantities
from studies.papers.kumar_2025.mixture_bootstrap import mixture
from studies.tables import Table

LAW = mixture(1, 0.15, 2.0)
CELL = {"part": "training", "t": 0.3, "m": 40, "minor": 0.15, "separation": 2.0}
SHORT = CELL | {"kept": [4, 8], "early": 4}


def told(rows: Any) -> list[tuple[str, dict[str, Any], float]]:
    """Quantity, cell and value of each row."""
    return [(row["quantity"], json.loads(row["cell"]), float(row["value"])) for row in rows]


def seeds(count):
    return [np.random.SeedSequence(3, spawn_key=(k,)) for k in range(count)]


def test_what_the_networks_see():
    """X = e^{-t} x₀ + Z and −Z/σ² with σ² = 1 − e^{-2t}, normal and independent among draws and
    replicates. Catches −Z/σ and noise shared among them.
    """
    rngs = [np.random.default_rng(1), np.random.default_rng(2)]
    x0 = np.tile(rngs[0].standard_normal((2, 3000, 1)), (1, 4, 1))
    x, y = evidence_networks._noised(x0, 0.3, rngs)
    noise = 1 - np.exp(-0.6)
    z = x - np.exp(-0.3) * x0
    np.testing.assert_allclose(y, -z / noise)
    assert stats.kstest(z.ravel() / np.sqrt(noise), "norm").pvalue > 1e-4
    draws = z.reshape(8, 3000)
    assert np.abs(np.corrcoef(draws) - np.eye(8)).max() < 6 / np.sqrt(3000)


def test_the_error_is_an_integral():
    """Against scipy's quadrature with the density written out and its log differentiated by finite
    differences; the error at another time is another.
    """
    rng = np.random.default_rng(2)
    weights = networks.initial(1, 1, rng)[None]

    def log_density(x):
        v = np.exp(-0.6) * 0.25 + 1 - np.exp(-0.6)
        each = (0.85, -2 * np.exp(-0.3)), (0.15, 2 * np.exp(-0.3))
        return np.log(sum(p * np.exp(-((x - a) ** 2) / (2 * v)) for p, a in each)) - 0.5 * np.log(
            2 * np.pi * v
        )

    def integrand(x):
        slope = (log_density(x + 1e-5) - log_density(x - 1e-5)) / 2e-5
        off = networks.predict(weights, np.array([[[x]]]))[0, 0, 0] - slope
        return np.exp(log_density(x)) * off**2

    wanted = integrate.quad(integrand, -6.4, 6.4, limit=200)[0]
    assert evidence_networks._errors(weights, LAW, 0.3) == pytest.approx(wanted, rel=1e-5)
    assert evidence_networks._errors(weights, LAW, 0.5) != pytest.approx(wanted, rel=1e-2)


def test_how_the_noise_is_drawn(monkeypatch):
    """Once and four times: the same data in all epochs; every epoch: other noise on the same data.
    The number of steps is the same for all, from the same first weights.
    """
    seen: dict[int, list[Any]] = {}
    plain = networks.adam

    def spy(course, x, y, budget, rate, rngs, renewed):
        made = []

        def told():
            made.append(renewed())
            return made[-1]

        found = plain(course, x, y, budget, rate, rngs, told)
        seen.setdefault(x.shape[1], []).append((course, made, found))
        return found

    monkeypatch.setattr(networks, "adam", spy)
    (rows,) = evidence_networks.measure(SHORT, seeds(1))
    once, fresh = seen[40][:2], seen[40][2:]
    few = seen[160]
    starts = [courses[0][0].weights for courses in (once, fresh, few)]
    np.testing.assert_array_equal(starts[0], starts[1])
    np.testing.assert_array_equal(starts[0], starts[2])
    assert [courses[-1][2].steps[0] for courses in (once, fresh, few)] == [8, 8, 2]

    def data(courses):
        return [
            x[0, :, 0] - y[0, :, 0] * -(1 - np.exp(-0.6)) for _, made, _ in courses for x, y in made
        ]

    def noises(courses):
        return np.stack([y[0, :, 0] for _, made, _ in courses for _, y in made])

    assert np.ptp(noises(once), axis=0).max() == np.ptp(noises(few), axis=0).max() == 0
    assert np.ptp(noises(fresh), axis=0).min() > 0
    for one in data(fresh):
        np.testing.assert_allclose(one, data(once)[0], atol=1e-12)
    errors = {
        (cell["noise"], cell["passes"]): value
        for quantity, cell, value in told(rows)
        if quantity == "score-error"
    }
    assert len(errors) == len(rows) == 6


def table(found: Any) -> Table:
    """What was measured, as it is read back."""
    frame = pd.DataFrame([row | {"replicate": k} for k, rows in enumerate(found) for row in rows])
    manifest = {
        "study": "evidence-networks",
        "config": {"replicates": len(found)},
        "seed": 1,
        "code": "x",
        "counts": {"cells_missing": 0},
    }
    return Table(frame, manifest)


def test_what_is_claimed_of_the_errors():
    """Means and standard errors of log-ratios, each replicate with itself, by plain numpy; of other
    rows' order the same.
    """
    found = evidence_networks.measure(SHORT, seeds(3))
    logs = {
        (cell["noise"], cell["passes"]): np.log([told(rows)[k][2] for rows in found])
        for k, (_, cell, _) in enumerate(told(found[0]))
    }
    whole = table(found)
    shuffled = Table(whole.frame.sample(frac=1, random_state=1), whole.manifest)
    for read in (whole, shuffled):
        gains = network_quantities.measure_gain(read)
        assert [one.cell["noise"] for one in gains] == ["4 draws", "every epoch"]
        for one in gains:
            wanted = logs["once", 8] - logs[one.cell["noise"], 8]
            assert (one.value, one.error) == pytest.approx((wanted.mean(), stats.sem(wanted)))
        grown = network_quantities.measure_growth(read)
        assert [one.cell["noise"] for one in grown] == ["once", "every epoch"]
        for one in grown:
            wanted = logs[one.cell["noise"], 8] - logs[one.cell["noise"], 4]
            assert (one.value, one.error) == pytest.approx((wanted.mean(), stats.sem(wanted)))
            assert (one.cell["early"], one.cell["passes"], one.cell["t"]) == (4, 8, 0.3)


def test_joined_figure():
    """Means and intervals by plain numpy; the law from one draw and four, (4 r_4 − r_1)/3."""
    found = evidence_networks.measure(SHORT, seeds(3))
    joined = joins.beyond_networks(table(found))
    points = joined.tables["points"]
    assert len(points) == 6
    mean = {}
    for p in points.to_dict("records"):
        values = [
            value
            for rows in found
            for quantity, cell, value in told(rows)
            if quantity == "score-error"
            and (cell["noise"], cell["passes"]) == (p["noise"], p["passes"])
        ]
        mean[p["noise"], p["passes"]] = np.mean(values)
        half = stats.t.ppf(0.975, 2) * np.std(values, ddof=1) / np.sqrt(3)
        assert p["mean"] == pytest.approx(np.mean(values))
        assert p["high"] - p["mean"] == pytest.approx(half)
    (law,) = joined.findings.laws
    assert law.fresh == pytest.approx(mean["every epoch", 8])
    assert law.extrapolated == pytest.approx((4 * mean["4 draws", 8] - mean["once", 8]) / 3)
