"""The claims on mixtures: formulas and evidence by routes of their own."""

import numpy as np
import pandas as pd
import pytest

from bounds.mixture import Mixture
from bounds.papers.kumar_2025 import mixture as claims
from studies import quantities
from studies.papers.kumar_2025 import evidence_mixture as evidence
from studies.papers.kumar_2025 import mixture_bootstrap
from studies.tables import Table
from tests.measured import quick


@pytest.fixture(scope="module")
def table():
    return quick(evidence.STUDY.name)


@pytest.fixture(scope="module")
def measured(table):
    name = mixture_bootstrap.STUDY.name
    return {evidence.STUDY.name: table, name: quick(name)}


def test_formulas_at_points_by_differences():
    """The 50-digit score is ∇log of Σ π_k N by differences in float64, C_t is I/σ² + ∇²log p:
    on the one-dimensional cells. Catches a formula that shares its mistake with the library.
    """
    for cell in (c for c in evidence.CELLS if c["part"] == "point" and len(c["x"]) == 1):
        law = Mixture(*(np.array(cell[name]) for name in ("weights", "means", "covariances")))
        t, u, h = cell["t"], cell["u"][0], 1e-4
        e, noise = np.exp(-t), -np.expm1(-2 * t)
        spreads = e**2 * law.covariances[:, 0, 0] + noise

        def log_p(x, e=e, law=law, spreads=spreads):
            each = np.exp(-((x - e * law.means[:, 0]) ** 2) / (2 * spreads)) / np.sqrt(
                2 * np.pi * spreads
            )
            return np.log(law.weights @ each)

        x = cell["x"][0]
        slope = (log_p(x + h) - log_p(x - h)) / (2 * h)
        bend = (log_p(x + h) - 2 * log_p(x) + log_p(x - h)) / h**2
        assert claims.score(cell) == pytest.approx(u * slope, rel=1e-5, abs=1e-6)
        assert claims.residual(cell) == pytest.approx(u**2 * (1 / noise + bend), rel=1e-4)
        tweedie = (x + noise * slope) / e
        assert claims.posterior(cell) == pytest.approx(u * tweedie, rel=1e-5)


def test_target_variance_of_one_gaussian_is_theory_mds():
    """Both modes at 0: w² Var T2 + (1 − w)² Var T3 + 2w(1 − w) Cov given X_t,
    with Cov = −1/v, since E⟨T2, T3⟩ = 0.

    The decoy has Cov = 0. Catches a wrong weight or sign of the part that they share.
    """
    t_prev, t, w = 0.2, 0.5, 0.3
    before, v = (np.exp(-2 * s) * 0.25 + 1 - np.exp(-2 * s) for s in (t_prev, t))
    transported = np.exp(2 * (t - t_prev)) / before - 1 / v
    local = 1 / (1 - np.exp(-2 * (t - t_prev))) - 1 / v
    apart = w**2 * transported + (1 - w) ** 2 * local
    cell = {"separation": 0.0, "minor": 0.15, "t_prev": t_prev, "t": t, "w": w}
    assert claims.target_variance(cell) == pytest.approx(apart - 2 * w * (1 - w) / v, rel=1e-9)
    assert claims.target_variance(cell, cross=True) == pytest.approx(apart, rel=1e-9)


def test_ratios_are_paired(table):
    """`measure_over_dsm` against a jackknife over replicates; the unpaired error is the decoy."""
    (found,) = quantities.measure_over_dsm("score-error", "bsm")(table)
    by = {
        m: table.frame.loc[table.frame["quantity"] == f"score-error/{m}"]
        .sort_values("replicate")["value"]
        .to_numpy()
        for m in ("bsm", "dsm")
    }
    a, b = by["bsm"], by["dsm"]
    left = np.array([np.delete(a, i).mean() / np.delete(b, i).mean() for i in range(a.size)])
    error = np.sqrt((a.size - 1) * np.mean((left - left.mean()) ** 2))
    assert found.value == pytest.approx(a.mean() / b.mean(), rel=1e-12)
    assert found.error == pytest.approx(error, rel=0.03)
    unpaired = found.value * np.hypot(a.std() / a.mean(), b.std() / b.mean()) / np.sqrt(a.size)
    assert unpaired > 1.5 * found.error


def test_settings_of_figure_3b_are_ratios_of_means():
    """Settings of two replicates by hand: trained ones on the line with one fit a step, and
    networks of at most 10 iterations; the others belong to neither."""
    rows = []
    short, trained = {"dsm": (1.0, 3.0), "bsm": (2.0, 3.0)}, {"dsm": (1.0, 1.0), "bsm": (0.5, 0.7)}
    for learner, fit, budget, d, values in (
        ("network", "step", 3, 1, short),
        ("network", "step", 30, 1, trained),
        ("features", "step", 0, 1, {"dsm": (1.0, 1.0), "bsm": (0.8, 0.6)}),
        ("features", "step", 0, 2, short),
        ("network", "joint", 30, 1, short),
        ("network", "joint", 3, 1, short),
    ):
        setting = {"learner": learner, "fit": fit, "budget": budget, "d": d}
        key = dict.fromkeys(mixture_bootstrap.KEYS, 1) | setting
        for method, found in values.items():
            for k, value in enumerate(found):
                record = {"method": method, "replicate": k, "quantity": "score-error"}
                rows.append({**key, **record, "value": value})
    frame = Table(pd.DataFrame(rows), {})
    ratios = {
        m.cell["learner"]: m for m in quantities.measurements()["figure-3b/settings"][1](frame)
    }
    assert {place: one.value for place, one in ratios.items()} == pytest.approx(
        {"network": 0.6, "features": 0.7}
    )
    (of_short,) = quantities.measurements()["figure-3b/short-training"][1](frame)
    assert of_short.value == pytest.approx(1.25)
    # Paired: deviations of bsm − 1.25 dsm are ± 0.75, so √2 · 0.75/√2/2. Unpaired: larger.
    assert of_short.error == pytest.approx(0.375)
    assert of_short.replicates == 2
    said = {place: claims._at_setting(one.cell) for place, one in ratios.items()}
    assert said == {"network": 0.87, "features": 0.72}


def test_variances_added_up_for_one_gaussian():
    """Both modes at 0, so s = −x/v: Σ of theory.md's target variances over Σ (1/σ² − 1/v), two
    steps, d = 1, with and without what the level before hands on. Catches a step's gap taken for
    its time."""
    cell = {"minor": 0.15, "separation": 0.0, "horizon": 1.0, "steps": 2}
    noise = 1 - np.exp(-2 * np.array([0.5, 1.0]))
    v = np.exp(-2 * np.array([0.5, 1.0])) * 0.25 + noise
    plain, fresh = 1 / noise - 1 / v, 1 - np.exp(-1.0)
    for half, w in ((False, noise[0] / noise[1] * np.exp(-1.0)), (True, 0.5)):
        second = w**2 * np.exp(1.0) / v[0] + (1 - w) ** 2 / fresh - 1 / v[1]
        for kept in (0.0, 1.0):
            wanted = (plain[0] + second + kept * w**2 * plain[0]) / plain.sum()
            assert claims._over_denoising(cell, half, kept=kept) == pytest.approx(wanted, rel=1e-9)


def test_least_variance_weights_are_those_written_down():
    """w°, the variance there and at the control-variate weight: .7264 (.4502), .2409 (.8203); .0902
    (.2008): printed before this code. For a point mass, whose J' is 1/σ_{t'}², the two weights
    agree."""
    law = {"weights": [0.85, 0.15], "means": [-0.8, 2.0], "variances": [0.36, 0.25]}
    for (before, t), weight, least, control in (
        ((0.1, 0.2), 0.7264, 0.2409, 0.8203),
        ((0.3, 0.7), 0.4312, 0.0902, 0.2008),
    ):
        cell = {**law, "t_prev": before, "t": t}
        assert claims._stam(cell) == pytest.approx((weight, least), abs=6e-5)
        assert claims._stam(cell, claims._control(cell))[1] == pytest.approx(control, abs=6e-5)
    point = {
        "weights": [0.5, 0.5],
        "means": [0.0, 0.0],
        "variances": [0.0, 0.0],
        "t_prev": 0.3,
        "t": 0.7,
    }
    assert claims._stam(point) == pytest.approx((claims._control(point), 0.0), abs=1e-9)
