"""The claims on reverse-time sampling: formulas and evidence by routes of their own."""

from typing import Any

import numpy as np
import pytest

from bounds.divergence import Normal, kl
from bounds.gaussian import Gaussian
from bounds.papers.kumar_2025 import reverse as claims
from bounds.process import Step, noise_variance
from bounds.reverse import SAMPLERS, error_split, exact_scores
from studies.papers.kumar_2025 import evidence_reverse as evidence
from tests.measured import quick


@pytest.fixture(scope="module")
def table():
    return quick(evidence.STUDY.name)


@pytest.mark.parametrize("sampler", SAMPLERS)
@pytest.mark.parametrize("eigenvalue", [0.2, 1.0, 4.0])
def test_local_errors_are_the_second_difference_of_a_step(sampler, eigenvalue):
    """ℓ by one short step of the sampler itself, (a − b/v)² v + q against v(t − g), over g²,
    extrapolated to g = 0. The decoy has the opposite sign of 1/v: c = 1/σ² + 1/v, or 4/v with −.
    """
    law, t = Gaussian(np.array([eigenvalue])), 0.7

    def second(g):
        a, b, q = SAMPLERS[sampler](Step(t - g, t))
        v = law.variances(t)
        return ((a - b / v) ** 2 * v + q - law.variances(t - g)) / g**2

    v, c = law.variances(t), law.conditional_variances(t)
    limit = 2 * second(5e-4) - second(1e-3)
    assert claims.LOCAL[sampler](v, c) == pytest.approx(limit, rel=1e-4, abs=1e-4)
    assert claims.LOCAL[sampler](-v, c + 2 / v) != pytest.approx(limit, rel=1e-2, abs=1e-2)


def test_plug_in_kl_is_that_of_empirical_covariances():
    """KL(p_t ‖ plug-in) of 4000 empirical covariances, m = 20 000, by Bartlett's triangle: within 6
    standard errors (0.9 % each), which hold the next order in 1/m; fixed seed, false alarms 2e-9.
    The decoy leaves δ_ij out."""
    cell: dict[str, Any] = {"eigenvalues": [0.5, 1.0, 3.0], "ends": [0.1, 2.0]}
    law, m = Gaussian(np.array(cell["eigenvalues"])), 20_000
    rng = np.random.default_rng(8)
    triangle = np.tril(rng.standard_normal((4000, 3, 3)), -1)
    for i in range(3):
        triangle[:, i, i] = np.sqrt(rng.chisquare(m - i, size=4000))
    coloured = np.sqrt(law.eigenvalues)[:, None] * triangle
    empirical = coloured @ np.swapaxes(coloured, -1, -2) / m
    plug_in = np.exp(-0.2) * empirical + noise_variance(0.1) * np.eye(3)
    truth = Normal(np.zeros(3), np.diag(law.variances(0.1)))
    values = m * kl(truth, Normal(np.zeros(3), plug_in))
    error = values.std() / np.sqrt(values.size)
    assert claims.plug_in_kl(cell) == pytest.approx(values.mean(), abs=6 * error)
    x = np.exp(-0.2) * law.eigenvalues / law.variances(0.1)
    assert x.sum() ** 2 / 4 != pytest.approx(values.mean(), abs=6 * error)


def test_plug_in_kl_by_hand():
    """One λ: KL = δ²/(4v²) to leading order, Var δ = 2 e^{−4t} λ²/m. White data in d dimensions:
    d(d + 1)/4, half a parameter's worth each, shrunk by e^{−4t}. Catches a wrong power or factor of
    the diagonal's part, which the drawn covariances see to 5 % only."""
    t, value = 0.5, 3.0
    v = np.exp(-2 * t) * value + 1 - np.exp(-2 * t)
    by_hand = 2 * np.exp(-4 * t) * value**2 / (4 * v**2)
    assert claims.plug_in_kl({"eigenvalues": [value], "ends": [t, 2.0]}) == pytest.approx(
        by_hand, rel=1e-12
    )
    white = claims.plug_in_kl({"eigenvalues": [1.0] * 5, "ends": [t, 2.0]})
    assert white == pytest.approx(np.exp(-4 * t) * 30 / 4, rel=1e-12)


def test_integrated_gain_is_the_recursion_added_up():
    """By theory.md's recursion entry by entry.
    The decoy averages the ratios of the steps instead of their sums.
    """
    values, times = [0.3, 1.0, 3.0], [0.1, 0.4, 0.7, 1.0]
    noise = [1 - np.exp(-2 * t) for t in times]
    v = [[np.exp(-2 * t) * x + n for x in values] for t, n in zip(times, noise, strict=True)]
    dsm = [[1 / n - 1 / v_i for v_i in at] for n, at in zip(noise, v, strict=True)]
    r = [[c] * 3 for c in dsm[0]]
    bsm = []
    grow, fresh = np.exp(0.6), 1 - np.exp(-0.6)
    for k in (1, 2, 3):
        w = noise[k - 1] / noise[k] / grow
        r = [
            [
                w**2 * grow / v[k - 1][i]
                + (1 - w) ** 2 / fresh
                - 1 / v[k][i]
                + w**2 * v[k - 1][j] / v[k][j] * r[i][j]
                for j in range(3)
            ]
            for i in range(3)
        ]
        bsm.append(sum(map(sum, r)))
    plain = [3 * sum(at) for at in dsm[1:]]
    gain = claims.integrated_gain({"eigenvalues": values, "ends": [0.1, 1.0], "steps": 4})
    assert gain == pytest.approx(sum(bsm) / sum(plain), rel=1e-12)
    assert gain != pytest.approx(np.mean(np.divide(bsm, plain)), rel=1e-2)


def test_a_start_at_the_right_law_and_exact_scores_leave_no_part():
    """The evidence on a law that is N(0, I) at all times: exact scores draw it but for the step's
    own error, and the initialisation part, which is a distance of equal laws, vanishes. Catches a
    start at the wrong time."""
    rows = evidence._start({"eigenvalues": [1.0, 1.0], "first": 0.1, "spacing": 0.1, "last": 1.1})
    assert len(rows) == len(SAMPLERS)
    assert all(float(r["value"]) < 1e-12 for r in rows)
    rows = evidence._start({"eigenvalues": [1.0, 2.0], "first": 0.1, "spacing": 0.1, "last": 1.1})
    assert all(float(r["value"]) > 1e-3 for r in rows)


@pytest.mark.parametrize("part", ["samples", "flow", "thin", "wide"])
def test_replicates_do_not_see_their_batch(part):
    """A replicate's rows are the same alone and beside others. Catches means taken over a batch."""
    cell = next(c for c in evidence.CELLS if c["part"] == part)

    def seeds():
        return [np.random.SeedSequence(9, spawn_key=(k,)) for k in range(3)]

    together = evidence.measure(cell, seeds())
    for k in range(3):
        (alone,) = evidence.measure(cell, seeds()[k : k + 1])
        for a, b in zip(alone, together[k], strict=True):
            assert (a["quantity"], a["cell"]) == (b["quantity"], b["cell"])
            assert a["value"] == pytest.approx(b["value"], rel=1e-8)


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_parts_of_the_split_one_eigenvalue_at_a_time(sampler):
    """The formulas' own chain of variances against the library's matrices, in a basis
    that is nobody's axes. Catches a sampler's noise or slope written wrongly on either side.
    """
    cell = {
        "eigenvalues": [0.3, 1.0, 3.0],
        "last": 1.1,
        "steps": 11,
        "factor": 1.2,
        "sampler": sampler,
    }
    law, times = evidence._law(*cell["eigenvalues"]), np.linspace(0.1, 1.1, 11)
    wrong = Gaussian(1.2 * law.eigenvalues, law.basis)
    found = error_split(law, times, exact_scores(wrong, times), sampler).w2
    parts = [found.discretisation, found.initialisation, found.score]
    assert claims.split_parts(cell) == pytest.approx(np.array(parts), rel=1e-7)


def test_cells_of_the_rate_have_draws_of_their_own():
    """Eight replicates: each sampler has two of them, and no two samplers share one."""
    cell = next(c for c in evidence.CELLS if c.get("rate"))
    seeds = [np.random.SeedSequence(9, spawn_key=(k,)) for k in range(8)]
    of = [
        [r["cell"] for r in rows if r["quantity"] == "estimation-w2"]
        for rows in evidence.measure(cell, seeds)
    ]
    assert [len(mine) for mine in of] == [1] * 8
    assert of[:4] == of[4:]
    assert len({mine[0] for mine in of[:4]}) == 4
