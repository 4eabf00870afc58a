"""The claims of rigor, judged on their study; and each certified end, and each decoy's falsehood, by a second route."""

import json
import sys
from itertools import pairwise

import numpy as np
import pytest

from bounds import certify, concentration, ledger, risk, targets
from bounds.certify import Interval, maximum
from bounds.check import InvalidInput
from bounds.gaussian import Gaussian
from bounds.papers.kumar_2025.rigor import CLAIMS
from bounds.process import Step, uniform_grid, weights
from studies import verdicts
from studies.papers.kumar_2025 import evidence_rigor as evidence
from tests.measured import quick

STUDY = evidence.STUDY


@pytest.fixture(scope="module")
def table():
    return quick(STUDY.name)


def measured(table, quantity):
    """cell → value of a quantity."""
    frame = table.frame[table.frame["quantity"] == quantity]
    return [(json.loads(c), float(v)) for c, v in zip(frame["cell"], frame["value"], strict=True)]


@pytest.mark.parametrize("claim", CLAIMS, ids=lambda claim: claim.name)
def test_claim_has_its_expected_verdict(claim, table):
    """Nothing is sampled: a certified end is on the right side, and the decoy's number on the wrong one, or not."""
    (verdict,) = verdicts.judge([claim], {STUDY.name: table})
    assert verdict.as_expected
    assert np.isfinite(verdict.formula.margin)
    assert claim.certified


def test_claims_are_well_formed():
    """Names are new and unique; what a claim uses stands before it."""
    known = {claim.name for claim in ledger.CLAIMS if claim not in CLAIMS}
    for claim in CLAIMS:
        assert claim.name not in known
        assert set(claim.uses) <= known
        known.add(claim.name)


def test_strict_inequalities_are_strict(table):
    """Upper and lower accept equality; what is stated with < is certified with it."""
    for quantity in ("first-step", "denoising-over-local", "weight-over-optimal"):
        assert all(value < 1 for _, value in measured(table, quantity))
    assert all(value > 1 for _, value in measured(table, "first-step-transport"))


def test_certified_ends_bound_the_library_at_points_of_the_boxes(table):
    """The corners and 500 random (t', g) of each box, 16 entries each, by targets and risk: none is beyond an end.

    The corners come within 0.01 of the ends: a midpoint's value in place of an end would be passed by them.
    """
    rng = np.random.default_rng(8)
    corners = [[a, b] for a in (0.0, 1.0) for b in (0.0, 1.0)]
    quantities = ("first-step", "first-step-transport", "denoising-over-local")
    ends = {q: {json.dumps(c): v for c, v in measured(table, q)} for q in quantities}
    for box in evidence.BOXES:
        key = next(k for k in ends["first-step"] if json.loads(k)["gap"] == box["gap"])
        found = []
        for u, w in [*corners, *rng.random((500, 2)).tolist()]:
            (t0, t1), (g0, g1), (low, high) = box["t_prev"], box["gap"], box["eigenvalues"]
            t_prev, gap = t0 * (t1 / t0) ** u, g0 * (g1 / g0) ** w
            law = Gaussian(low * (high / low) ** np.array([0.0, *rng.random(2), 1.0]))
            step, times = Step(t_prev, t_prev + gap), [t_prev, t_prev + gap]
            c = law.conditional_variances(step.t)[:, None]
            ratio = risk.bootstrap_recursion(law, times)[1] / c
            alone = risk.bootstrap_recursion(law, times, lambda step: 1.0)[1] / c
            local = targets.denoising_variances(law, step) / targets.local_variances(law, step)
            found.append((ratio.max(), alone.min(), local.max()))
        largest, least, greatest = (f([one[k] for one in found]) for k, f in enumerate((max, min, max)))
        assert largest - 1e-9 <= ends["first-step"][key] <= largest + 0.01
        assert least - 0.01 <= ends["first-step-transport"][key] <= least + 1e-9
        assert greatest - 1e-9 <= ends["denoising-over-local"][key] <= greatest + 0.01


def test_decoys_are_false_at_certified_points():
    """An end above the decoy does not contradict it; a point does. One for each decoy that is a number."""
    pair, one = evidence._of_a_pair, evidence._of_one
    for box in evidence.BOXES:
        for f, decoy in (
            (pair(certify.first_step), 0.9),
            (lambda *z: -pair(certify.first_step_transport)(*z), -1.15),
            (pair(certify.weight_over_optimal), 0.9),
        ):
            assert maximum(f, evidence._sides(box, 2), threshold=decoy).status == "counterexample"
    wide = evidence._sides(evidence.BOXES[1], 1)
    for g, sides, decoy in (
        (one(certify.denoising_over_local), wide, 0.9),
        (one(certify.combined_over_transported), wide, 1.0),
        (certify.information_over_bootstrap, [(0.5, 20.0)], 0.8145),
        (certify.smaller_over_larger, [(0.0, 0.9), (0.0, 1.0)], 0.81),
    ):
        assert maximum(g, sides, threshold=decoy).status == "counterexample"
    half = certify.kappa_enclosure(Interval(0.15), Interval(800.0), 24)
    assert half.lower > concentration.kappa_universal([0.15]) / 2
    assert certify.kappa_enclosure(Interval(1.0), Interval(1e12), 24).lower > 2.0


def test_certified_kappa_is_above_the_library_s(table):
    """Eigenvalues by numpy at random Δ, λ, N of each cell."""
    rng = np.random.default_rng(9)
    for cell, value in measured(table, "kappa-uniform"):
        low, high = cell["spacing"]
        for spacing in rng.uniform(low, high, 3):
            times = uniform_grid(float(spacing), 200)
            assert concentration.kappa_log_concave(times, weights(times)) < value
        assert value < 1.01 * high / np.tanh(high / 2)
    for cell, value in measured(table, "kappa-gaussian"):
        low, high = cell["spacing"]
        for spacing in rng.uniform(low, high, 3):
            times = uniform_grid(float(spacing), cell["steps"])
            assert concentration.kappa_gaussian(times, weights(times), [cell["eigenvalues"][1]]) < value


def test_cells_of_kappa_leave_no_gap():
    """Δ in [0.05, 2] is covered without a hole, as the claim says."""
    ends = evidence.SPACINGS
    assert (ends[0][0], ends[-1][1]) == (0.05, 2.0)
    assert all(a[1] == b[0] for a, b in pairwise(ends))


def test_without_the_extra_the_study_says_so(monkeypatch):
    """One sentence, by way of measure; no row that looks like a result."""
    monkeypatch.setitem(sys.modules, "flint", None)
    for cell in evidence.CELLS:
        if cell["part"] != "recursion":
            with pytest.raises(InvalidInput, match=r"needs python-flint, the extra \[rigor\]"):
                evidence.measure(cell, [np.random.SeedSequence(0)])
