"""The claims on linear classes: formulas and evidence by routes of their own."""

from typing import Any

import numpy as np
import pytest

from bounds.gaussian import Gaussian
from bounds.gram import Gram
from bounds.papers.kumar_2025 import classes as claims
from bounds.process import Step
from bounds.risk import bootstrap_risk
from bounds.targets import control_weight
from studies import quantities
from studies.papers.kumar_2025 import evidence_classes as evidence
from tests.measured import quick
from tests.reference import plain_estimates, plain_paths


@pytest.fixture(scope="module")
def table():
    return quick(evidence.STUDY.name)


def test_parameters_are_counted():
    """The closed forms against the rank of the class's span,
    built entry by entry. Catches a wrong corner count.
    """
    for d, kind, width in ((7, "banded", 2), (6, "block", 3), (5, "diagonal", 0), (5, "dense", 0)):
        inside = {
            "banded": lambda i, j: abs(i - j) <= 2,
            "block": lambda i, j: i // 3 == j // 3,
            "diagonal": lambda i, j: i == j,
            "dense": lambda i, j: True,
        }[kind]
        count = sum(inside(i, j) for i in range(d) for j in range(d))
        assert claims.parameters({"d": d, "class": kind, "width": width}) == count
    assert claims.parameters({"d": 7, "class": "banded", "width": 2}) != 7 * 5  # decoy


def test_the_decoy_of_the_collapse_counts_entries():
    """c = 1/(e^{2t} − 1) times the entries that may differ from 0: 12 where a band has 10
    parameters at d = 4, 576 where it has 556 at d = 64, as the note says; 25 for a circulant matrix
    of 5 and a symmetric one of 15."""
    (claim,) = (one for one in claims.CLAIMS if one.name == "class-collapse")
    c = 1 / np.expm1(0.6)
    for d, kind, width, entries, true in (
        *((4, "banded", 1, 12, 10), (64, "banded", 4, 576, 556)),
        *((6, "block", 3, 18, 18), (5, "dense", 0, 25, 25), (5, "diagonal", 0, 5, 5)),
        *((5, "symmetric", 0, 25, 15), (5, "circulant", 0, 25, 5), (5, "scalar", 0, 5, 1)),
    ):
        cell = {"d": d, "class": kind, "width": width, "t": 0.3}
        assert claim.decoy(cell) == pytest.approx(c * entries, rel=1e-12)
        assert claim.formula(cell) == pytest.approx(c * true, rel=1e-12)


def test_the_tail_is_chi_squares(table):
    """P(χ²_2 > q) = e^{−q/2} at the level of p = 2;
    the level measured at is p + 2√(2p), of the parameters by counting.
    """
    (claim,) = (one for one in claims.CLAIMS if one.name == "class-chi-square")
    cell = {"d": 2, "class": "diagonal", "width": 0, "level": 6.0}
    assert claim.formula(cell) == pytest.approx(np.exp(-3), rel=1e-12)
    assert claim.decoy(cell) == pytest.approx(0.02275013, rel=1e-6)
    measured = quantities.measured_by(claim)[1](table)
    assert len(measured) == 14
    for one in measured:
        p = claims.parameters(one.cell)
        assert one.cell["level"] == pytest.approx(p + 2 * np.sqrt(2 * p), rel=1e-12)


def test_top_share_ends_and_middle():
    """All of the mass has ∫ s² = 1; at share 1/2 by sorting the singular values of one 400 × 400
    normal matrix (self-averaging: fluctuations of order 1/d). The decoy is the parameter count
    ρ(2 − ρ) = 0.75."""
    assert claims.top_share(1 - 1e-12) == pytest.approx(1, abs=1e-9)
    s = (
        np.linalg.svd(np.random.default_rng(0).standard_normal((400, 400)), compute_uv=False) ** 2
        / 400**2
    )
    assert s[:200].sum() == pytest.approx(claims.top_share(0.5), rel=0.01)
    assert s[:200].sum() != pytest.approx(0.75, rel=0.1)


def test_regular_is_a_projection():
    """Tangent space of the rank-r matrices at UVᵀ:
    {U Aᵀ + B Vᵀ}, by the rank and projection of explicit vectors.
    """
    cell = {"eigenvalues": [6.0, 4.0, 1.0, 1.0, 1.0], "t": 0.5, "rank": 2}
    c = Gaussian(np.array(cell["eigenvalues"])).conditional_variances(0.5)
    unit = np.eye(5)
    tangent = [
        np.outer(unit[i], unit[j]).ravel() for i in range(5) for j in range(5) if i < 2 or j < 2
    ]
    q, _ = np.linalg.qr(np.array(tangent).T)
    assert q.shape[1] == 2 * (10 - 2)
    noise = np.repeat(c, 5)  # Cov of vec(√C G), rows first
    assert claims.regular(cell) == pytest.approx(np.trace(q.T @ (noise[:, None] * q)))
    assert claims.regular(cell, twice=True) != pytest.approx(claims.regular(cell), rel=1e-2)


def test_regular_counts_directions():
    """White data: c r(2d − r); 2dr once the r² that rows
    and columns share are counted twice, which is the decoy.
    """
    c = 1 / np.expm1(1.0)
    cell = {"eigenvalues": [1.0] * 7, "t": 0.5, "rank": 3}
    assert claims.regular(cell) == pytest.approx(c * 3 * 11, rel=1e-12)
    assert claims.regular(cell, twice=True) == pytest.approx(c * 2 * 7 * 3, rel=1e-12)


CONTROL: dict[str, Any] = {
    "eigenvalues": [0.3, 1.2, 2.1, 3.0],
    "times": [0.1, 0.3, 0.6, 1.0],
    "theta": 1.0,
}


def test_control_risk_at_the_best_weight_is_the_recursion():
    """Where α = α* the double sum over noises is the recursion of bounds.risk, written in w
    and without U: with cross terms and without. At another α (decoy) the cross terms do not vanish.
    """
    law = Gaussian(np.array(CONTROL["eigenvalues"]))
    recursion = bootstrap_risk(law, CONTROL["times"], 1)[-1]
    assert claims.control_risk(CONTROL) == pytest.approx(recursion, rel=1e-12)
    assert claims.control_risk(CONTROL, cross=False) == pytest.approx(recursion, rel=1e-12)
    off = {**CONTROL, "theta": 1.2}
    assert claims.control_risk(off) != pytest.approx(
        claims.control_risk(off, cross=False), rel=1e-2
    )
    assert claims.control_risk({**CONTROL, "theta": 0.0}, cross=False) == pytest.approx(
        law.conditional_variances(1.0).sum() * 4, rel=1e-12
    )


def test_control_step_is_least_squares_on_the_samples():
    """T1 + α* Û by lstsq on the paths, X_0 in hand, against Gram matrices alone; α*/2 as decoy."""
    times = np.array([0.1, 0.3, 0.7])
    x0, xs, zs = plain_paths(np.diag([0.3, 1.0, 3.0]), 40, times, np.random.default_rng(5))
    _, plain = plain_estimates(times, x0, xs)

    def last(theta):
        estimate, before, past = plain[0], x0, None
        for k, t in enumerate(times):
            step = Step(0.0 if k == 0 else times[k - 1], t)
            w = (xs[k] - step.carry * before) / step.fresh
            unit = zs[k] / np.sqrt(1 - np.exp(-2 * t))
            gram = Gram(step, 40, xs[k].T @ xs[k], xs[k].T @ unit, xs[k].T @ w)
            if past is not None:
                estimate = evidence._control_step(gram, estimate, theta * control_weight(step))
            before, past = xs[k], gram
        return estimate

    assert last(1.0) == pytest.approx(plain[-1], abs=1e-9)
    assert last(0.5) != pytest.approx(plain[-1], abs=1e-2)


def test_simulated_grams_have_the_exact_mean():
    """E xx = m V, E X_tᵀε = m σ_t, over 4000 draws: within 1.2, which is 7 standard errors of the
    widest entry (false alarms below 1e-9, and the seed is fixed). The decoy is σ_t² in place of
    σ_t."""
    law = Gaussian(np.array([0.5, 2.0]))
    gram = evidence._simulated(law, 20, 0.3, 4000, np.random.default_rng(3))
    sigma = np.sqrt(1 - np.exp(-0.6))
    v = np.exp(-0.6) * law.eigenvalues + sigma**2
    assert gram.xx.mean(axis=0) == pytest.approx(20 * np.diag(v), abs=1.2)
    assert gram.xz.mean(axis=0) == pytest.approx(20 * sigma * np.eye(2), abs=1.2)
    assert gram.xz.mean(axis=0) != pytest.approx(20 * sigma**2 * np.eye(2), abs=1.2)


@pytest.mark.parametrize(
    "cell", [evidence.CELLS[0], evidence.CELLS[3], evidence.CELLS[-1]], ids=["w", "r", "c"]
)
def test_replicates_do_not_see_their_batch(cell):
    """A replicate's rows are the same alone and beside others.
    Catches draws that leak between seeds.
    """
    few = {**cell, "draws": 3}

    def seeds():
        return [np.random.SeedSequence(9, spawn_key=(k,)) for k in range(3)]

    together = evidence.measure(few, seeds())
    for k in range(3):
        (alone,) = evidence.measure(few, seeds()[k : k + 1])
        for a, b in zip(alone, together[k], strict=True):
            assert (a["quantity"], a["cell"]) == (b["quantity"], b["cell"])
            assert a["value"] == pytest.approx(b["value"], rel=1e-9, abs=1e-9)
