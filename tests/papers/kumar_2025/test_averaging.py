"""Averages against picks: quadratures by a second route, the separable solution, real paths, and
the join.
"""

import json

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from scipy.optimize import minimize_scalar

from bounds.averaging import average, q_aggregation
from bounds.kernels import kappa_gaussian
from bounds.papers.kumar_2025 import averaging as theory
from bounds.process import decay, noise_variance, simulate, weights
from studies.papers.kumar_2025 import evidence_averaging as evidence
from studies.papers.kumar_2025.evidence_concentration import path_sums
from studies.papers.kumar_2025.joins import beyond_averaging
from studies.papers.kumar_2025.supermartingale import worst_constants
from studies.study import replicate_seed
from studies.tables import Table

PLANE = np.linspace(-9, 9, 601)
MASS = stats.norm.pdf(PLANE) * (PLANE[1] - PLANE[0])


@pytest.mark.parametrize(("b", "first"), [(1.0, 0.0), (0.5, 1 / 3), (1.0, 0.5)])
def test_weights_of_two_directions_on_a_grid_of_the_plane(b, first):
    """E of (1 − w_1)² + w_2² by summing over both g at once; 1e-9. Decoy: the other temperature."""
    epsilon, rest = 1.7, (1 - first) / 2
    one = rest * np.exp(b * epsilon * (PLANE[:, None] + epsilon / 2))
    two = rest * np.exp(b * epsilon * (PLANE - epsilon / 2))
    total = first + one + two
    wanted = epsilon**2 * MASS @ ((1 - one / total) ** 2 + (two / total) ** 2) @ MASS
    assert theory.weighted(2, epsilon, b, first, rest) == pytest.approx(wanted, rel=1e-9)
    assert theory.weighted(2, epsilon, 1.5 - b, first, rest) != pytest.approx(wanted, rel=1e-2)


@pytest.mark.parametrize(
    ("rule", "b", "first", "rest"),
    [("exponential weights", 0.5, 1 / 3, 1 / 3), ("Bayes", 1.0, 0.5, 0.25)],
)
def test_each_rule_has_its_prior_and_its_temperature(rule, b, first, rest):
    """Of s and two directions, in units of log 3; what the weights risk is tested above."""
    wanted = theory.weighted(2, np.sqrt(2 * np.log(3)), b, first, rest) / np.log(3)
    found = theory.finite({"hypotheses": 3, "ratio": 2.0, "rule": rule})
    assert found == pytest.approx(wanted, rel=1e-12)


def test_the_bound_is_in_units_of_kappa():
    """With times it is κ times what it is without, κ the largest eigenvalue of the kernel."""
    cell = {"prior": [0.5, 0.5], "star": 1, "delta": 0.1}
    times = np.array([0.2, 0.4, 0.6])
    kappa = theory._aggregation_bound(
        cell | {"times": times.tolist(), "eigenvalue": 1.0}
    ) / theory._aggregation_bound(cell)
    assert kappa == pytest.approx(kappa_gaussian(times, weights(times), [1.0]), rel=1e-12)
    assert kappa != pytest.approx(1.0, rel=0.1)


def test_picks_of_few_directions():
    """Least loss of one and the likeliest of two are normal tails; of three by a grid."""
    assert theory.least_loss(1, 1.3) == pytest.approx(1.3**2 * stats.norm.sf(0.65), rel=1e-12)
    assert theory.likeliest(2, 1.3) == pytest.approx(
        2 * 1.3**2 * stats.norm.sf(1.3 / 2**0.5), rel=1e-9
    )
    right = MASS @ stats.norm.cdf(PLANE + 1.3) ** 2
    assert theory.likeliest(3, 1.3) == pytest.approx(2 * 1.3**2 * (1 - right), rel=1e-9)


@pytest.mark.parametrize("size", [2, 10, 1000])
def test_the_two_quadratures_of_the_mmse(size):
    """The study's E(1 − w_1) and the formula's E|mean − truth|²: equal for a posterior alone."""
    for square in (0.5, 3.0, 12.0):
        by_formula = theory.weighted(size, square**0.5, 1.0, 0.0, 1 / size) / square
        assert evidence.mmse(size, square) == pytest.approx(by_formula, rel=1e-7)


@pytest.mark.parametrize("rule", ["least loss", "exponential weights", "Bayes"])
@pytest.mark.parametrize("size", [10, 1000])
def test_the_cells_are_at_the_worst_scale(rule, size):
    """The risk at a cell's ε is within 0.1 % of the largest over all ε; a third off it is not."""
    ratio = evidence.RATIOS[rule][evidence.SIZES.index(size)]

    def risk(at):
        return theory.finite({"rule": rule, "hypotheses": size, "ratio": at})

    largest = -minimize_scalar(
        lambda at: -risk(at), bounds=(0.5, 9), method="bounded", options={"xatol": 0.01}
    ).fun
    assert 0.999 * largest < risk(ratio) <= largest * (1 + 1e-6)
    assert risk(1.5 * ratio) < 0.99 * largest


def test_the_worst_truth_of_least_loss_is_the_centre():
    """At |H| = 10 another truth costs it less, at every ε: 2 · 10⁴ draws, the loss of s first."""
    y = np.random.default_rng(4).standard_normal((20_000, 9))
    for ratio in (1.0, 2.0, 3.0, 4.0, 6.0):
        epsilon = (ratio * np.log(10)) ** 0.5
        losses = epsilon**2 - 2 * epsilon * (y + epsilon * (np.arange(9) == 0))
        picked = np.hstack([np.zeros((len(y), 1)), losses]).argmin(axis=1)
        risk = ratio * ((picked == 0).mean() + 2 * (picked > 1).mean())
        worst = {"rule": "least loss", "hypotheses": 10, "ratio": evidence.RATIOS["least loss"][0]}
        assert risk < 0.9 * theory.finite(worst)


@pytest.mark.parametrize("rule", ["exponential weights", "Bayes"])
def test_the_worst_truth_is_a_direction(rule):
    """At |H| = 10 the truth s costs the averages less, at every ε: 2 · 10⁴ draws."""
    y = np.random.default_rng(4).standard_normal((20_000, 9))
    for ratio in (1.0, 2.3, 4.0, 6.0):
        epsilon = (ratio * np.log(10)) ** 0.5
        theta = evidence._averaged({"rule": rule}, y, epsilon)
        risk = ratio * (theta**2).sum(axis=1).mean()
        worst = evidence.RATIOS[rule][0]
        assert risk < 0.9 * theory.finite({"rule": rule, "hypotheses": 10, "ratio": worst})


def test_the_separable_solution_is_the_librarys():
    """Q-aggregation over s and five directions: Newton for one number against Newton for all."""
    epsilon, y = 2.2, np.random.default_rng(8).standard_normal((7, 5))
    y[:, 0] += epsilon
    candidates = np.vstack([np.zeros(5), epsilon * np.eye(5)])
    losses = ((candidates - y[:, None]) ** 2).sum(axis=2)
    distances = ((candidates[:, None] - candidates) ** 2).sum(axis=2)
    wanted = q_aggregation(losses, distances, 1.0).weights
    np.testing.assert_allclose(evidence.separable(y, epsilon), wanted[:, 1:], atol=1e-5)


def test_sums_of_paths_stand_for_losses_of_denoising():
    """Real paths at joint times, N(0, 3) data in two coordinates: scores s + w_j c with their
    denoising losses, through the door for users, have the weights that the sums alone have.

    Decoy: half the noise.
    """
    times, m, value = np.array([0.1, 0.3, 0.7]), 5, 3.0
    kappa, w = worst_constants(times, value)
    assert kappa == pytest.approx(kappa_gaussian(times, weights(times), [value]), rel=1e-9)
    constants = np.array([[0.0, 0.0], [2.0, 0.5], [-1.0, 1.5]])
    x0 = np.random.default_rng(2).standard_normal((m, 2)) * value**0.5
    path = list(simulate(x0, times, np.random.default_rng(9)))
    x, z = (np.stack([getattr(part, key) for part in path], axis=1) for key in ("x", "z"))
    v = decay(times) ** 2 * value + noise_variance(times)
    score = -x / v[:, None]
    scores = score + w[:, None] * constants[:, None, None, :]
    targets = -z / noise_variance(times)[:, None]
    found = average(scores, targets, times, weights(times), kappa)

    sums = path_sums(x0, np.full(2, value), times, w, np.random.default_rng(9)).sum(axis=0)
    candidates = constants * m**0.5  # Σ_j γ_j w_j² = 1: distances over m paths
    apart = ((candidates[:, None] - candidates) ** 2).sum(axis=2)
    for share, same in ((1.0, True), (0.5, False)):
        losses = ((candidates + share * sums / m**0.5) ** 2).sum(axis=1)
        by_sums = q_aggregation(losses, apart, kappa).weights
        assert np.allclose(by_sums, found.weights, atol=1e-5) == same


def test_a_pick_between_two_is_a_test():
    """Least loss errs with Φ(−η); the coin with ½: by draws of the study, and exactly by the sign
    of y."""
    cell = {"part": "outside", "apart": 30.0, "shift": 0.75, "draws": 40_000}
    rows = evidence._outside(cell, np.random.default_rng(6))
    values = {json.loads(str(r["cell"])).get("rule", "alone"): r["value"] for r in rows}
    assert values["least loss"] == values["alone"]
    exact = theory.regret(cell)
    assert exact == pytest.approx(4 * 30 * 0.75 * stats.norm.cdf(-0.75), rel=1e-12)
    assert values["least loss"] == pytest.approx(exact, rel=0.04)
    assert values["coin"] == pytest.approx(4 * 30 * 0.75 / 2, rel=0.04)


def table():
    """Five replicates of three cells as the store would have them."""
    cells = [
        one
        for one in evidence.CELLS
        if (one["part"], one.get("hypotheses")) in {("finite", 10), ("pick", 10)}
    ]
    rows = [
        {"study": evidence.STUDY.name, "replicate": k, **one}
        for cell in cells
        for k, batch in enumerate(
            evidence.measure(cell, [replicate_seed(1, cell, k) for k in range(5)])
        )
        for one in batch
    ]
    manifest = {
        "study": evidence.STUDY.name,
        "config": {"replicates": 5},
        "seed": 1,
        "code": "c",
        "counts": {"cells_missing": 0},
    }
    return Table(pd.DataFrame(rows), manifest)


def test_the_join_is_means_and_formulas():
    """Means and half widths by pandas; the quadrature beside them, none for Q-aggregation; what any
    pick has at least. Decoy: the normal quantile in place of Student's."""
    given = table()
    joined = beyond_averaging(given)
    frame = given.frame.assign(
        rule=[json.loads(cell)["rule"] if "rule" in cell else "" for cell in given.frame["cell"]]
    )
    points = joined.tables["points"].set_index("rule")
    assert list(points.index) == [
        "least loss",
        "exponential weights, 4κ",
        "Bayes, π(s) = ½",
        "Q-aggregation",
    ]
    for name in ("least loss", "Bayes"):
        mine = frame[(frame["rule"] == name) & (frame["quantity"] == "finite-risk")]["value"]
        found = points.loc["least loss" if name == "least loss" else "Bayes, π(s) = ½"]
        half = found["high"] - found["mean"]
        assert found["mean"] == pytest.approx(mine.mean(), rel=1e-12) and found["n"] == 5
        assert half == pytest.approx(stats.t.ppf(0.975, 4) * stats.sem(mine), rel=1e-9)
        assert half != pytest.approx(stats.norm.ppf(0.975) * stats.sem(mine), rel=0.2)
    predicted = {one.rule: one.predicted for one in joined.findings.worst}
    assert predicted["Q-aggregation"] is None
    epsilon = (3.67 * np.log(10)) ** 0.5
    by_hand = 3.67 * (1 - stats.norm.cdf(epsilon / 2) ** 9)
    assert predicted["least loss"] == pytest.approx(by_hand, rel=1e-9)
    curve = joined.tables["theory"].set_index("rule")["value"]
    assert curve["any pick, at least"] == pytest.approx(1.1357, abs=1e-4)
    assert curve["least loss"] == predicted["least loss"] and len(curve) == 4
