"""The claims on mixtures, judged on their study; formulas and evidence by routes of their own."""

import numpy as np
import pytest

from bounds.mixture import Mixture
from bounds.papers.kumar_2025 import mixture as claims
from studies import quantities, verdicts
from studies.papers.kumar_2025 import evidence_mixture as evidence
from tests.measured import quick


@pytest.fixture(scope="module")
def table():
    return quick(evidence.STUDY.name)


@pytest.mark.parametrize("claim", claims.CLAIMS, ids=lambda claim: claim.name)
def test_claim_has_its_expected_verdict(claim, table):
    """False alarms: 1e-9 a claim, by its own budget. The decoys are rejected with a margin of 1.5 or more."""
    (verdict,) = verdicts.judge([claim], {evidence.STUDY.name: table})
    assert verdict.status == claim.expected
    assert verdict.decoy.answer == "contradicted"
    assert verdict.decoy.margin > 1.5


def test_claims_are_well_formed():
    """Names are unique; what a claim uses is here or in the ledger, and comes first."""
    known = {"reverse-orders"}
    for claim in claims.CLAIMS:
        assert claim.name not in known
        assert set(claim.uses) <= known
        known.add(claim.name)


def test_formulas_at_points_by_differences():
    """The 50-digit score is ∇log of Σ π_k N by differences in float64, C_t is I/σ² + ∇²log p: on the one-dimensional
    cells. Catches a formula that shares its mistake with the library."""
    for cell in (c for c in evidence.CELLS if c["part"] == "point" and len(c["x"]) == 1):
        law = Mixture(*(np.array(cell[name]) for name in ("weights", "means", "covariances")))
        t, u, h = cell["t"], cell["u"][0], 1e-4
        e, noise = np.exp(-t), -np.expm1(-2 * t)
        spreads = e**2 * law.covariances[:, 0, 0] + noise

        def log_p(x, e=e, law=law, spreads=spreads):
            each = np.exp(-((x - e * law.means[:, 0]) ** 2) / (2 * spreads)) / np.sqrt(2 * np.pi * spreads)
            return np.log(law.weights @ each)

        x = cell["x"][0]
        slope = (log_p(x + h) - log_p(x - h)) / (2 * h)
        bend = (log_p(x + h) - 2 * log_p(x) + log_p(x - h)) / h**2
        assert claims.score(cell) == pytest.approx(u * slope, rel=1e-5, abs=1e-6)
        assert claims.residual(cell) == pytest.approx(u**2 * (1 / noise + bend), rel=1e-4)
        tweedie = (x + noise * slope) / e
        assert claims.posterior(cell) == pytest.approx(u * tweedie, rel=1e-5)


def test_target_variance_of_one_gaussian_is_theory_mds():
    """Both modes at 0: w² Var T2 + (1 − w)² Var T3 + 2w(1 − w) Cov given X_t, with Cov = −1/v, since E⟨T2, T3⟩ = 0.

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
