"""The claims of rigor: each certified end, and each decoy's falsehood, by a second route."""

import dataclasses
import json
import sys
from itertools import pairwise

import numpy as np
import pytest

from bounds import certify, identities, kernels
from bounds.check import InvalidInput
from bounds.intervals import Interval, maximum
from bounds.papers.kumar_2025.rigor import CLAIMS
from bounds.process import uniform_grid, weights
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


def test_every_claim_here_is_certified():
    """A claim that is measured at points alone belongs elsewhere."""
    assert all(claim.certified for claim in CLAIMS)


def test_decoys_are_false_at_certified_points():
    """An end above the decoy does not contradict it;
    a point does. One for each decoy that is a number.
    """
    assert maximum(evidence.information, [(0.5, 20.0)], threshold=0.8145).status == "counterexample"
    half = certify.kappa_enclosure(Interval(0.15), Interval(800.0), 24)
    assert half.lower > kernels.kappa_universal([0.15]) / 2
    assert certify.kappa_enclosure(Interval(1.0), Interval(1e12), 24).lower > 2.0


def test_certified_kappa_is_above_the_library_s(table):
    """Eigenvalues by numpy at random Δ, λ, N of each cell."""
    rng = np.random.default_rng(9)
    for cell, value in measured(table, "kappa-uniform"):
        low, high = cell["spacing"]
        for spacing in rng.uniform(low, high, 3):
            times = uniform_grid(float(spacing), 200)
            assert kernels.kappa_log_concave(times, weights(times)) < value
        assert value < 1.01 * high / np.tanh(high / 2)
    for cell, value in measured(table, "kappa-gaussian"):
        low, high = cell["spacing"]
        for spacing in rng.uniform(low, high, 3):
            times = uniform_grid(float(spacing), cell["steps"])
            assert kernels.kappa_gaussian(times, weights(times), [cell["eigenvalues"][1]]) < value


def test_cells_of_kappa_leave_no_gap():
    """Δ in [0.05, 2] is covered without a hole, as the claim says."""
    ends = evidence.SPACINGS
    assert (ends[0][0], ends[-1][1]) == (0.05, 2.0)
    assert all(a[1] == b[0] for a, b in pairwise(ends))


def test_without_the_extra_the_study_says_so(monkeypatch):
    """One sentence, by way of measure; no row that looks like a result."""
    monkeypatch.setitem(sys.modules, "flint", None)
    for cell in evidence.CELLS:
        with pytest.raises(InvalidInput, match=r"needs python-flint, the extra \[rigor\]"):
            evidence.measure(cell, [np.random.SeedSequence(0)])


def test_algebra_that_fails_is_measured_as_such(monkeypatch):
    """The forgotten factor 1 + δ_ij in the residual's place:
    the row must carry one more, above the claim's number.
    """
    (algebra,) = (one for one in identities.DERIVATIONS if one.name == "information-over-fine-grid")
    planted = dataclasses.replace(algebra, residual=algebra.decoy)
    monkeypatch.setattr(identities, "DERIVATIONS", (planted,))
    ((found,),) = evidence.measure(evidence.CELLS[0], [np.random.SeedSequence(0)])
    assert 1.8 < float(found["value"]) < 1.82


def test_outside_its_box_the_information_bound_is_covered():
    """A box that ends early: the crude bound beyond it,
    2/log(1 + u), is what is returned, not the balls' end inside.
    """
    ((found,),) = evidence.measure(
        {"part": "information", "u": [0.5, 2.0]}, [np.random.SeedSequence(0)]
    )
    assert float(found["value"]) == pytest.approx(2 / np.log(3), rel=1e-12)
    ((found,),) = evidence.measure(
        {"part": "information", "u": [8.0, 20.0]}, [np.random.SeedSequence(0)]
    )
    assert float(found["value"]) == pytest.approx(16 / 9, rel=1e-12)
