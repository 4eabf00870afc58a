"""Averages of candidates: the solver against scipy's, its certificate, and the door for a user's
scores.

Random problems have fixed seeds: no test can raise a false alarm.
"""

import numpy as np
import pytest
from scipy.optimize import brentq, minimize
from scipy.special import xlogy

from bounds import averaging
from bounds.averaging import average, exponential_weights, q_aggregation
from bounds.check import InvalidInput


def problem(seed, count, dimension, scale=2.0):
    """Candidates, data and a prior; losses and distances by plain sums."""
    rng = np.random.default_rng(seed)
    candidates, y = scale * rng.standard_normal((count, dimension)), rng.standard_normal(dimension)
    losses = [((f - y) ** 2).sum() for f in candidates]
    distances = [[((f - g) ** 2).sum() for g in candidates] for f in candidates]
    return candidates, y, rng.dirichlet(np.ones(count)), np.array(losses), np.array(distances)


def objective(theta, candidates, y, prior, kappa):
    """By the definition: ½ loss of the average + ½ average of the losses + 4κ KL."""
    mixed = ((theta @ candidates - y) ** 2).sum()
    separate = theta @ ((candidates - y) ** 2).sum(axis=1)
    return (mixed + separate) / 2 + 4 * kappa * xlogy(theta, theta / prior).sum()


@pytest.mark.parametrize(("seed", "count", "dimension"), [(1, 2, 1), (2, 4, 2), (3, 6, 8)])
def test_the_minimum_is_scipys(seed, count, dimension):
    """SLSQP over the simplex with the objective by its definition: same weights to 1e-5, and no
    lower. Decoy: the weights for twice the κ are others."""
    candidates, y, prior, losses, distances = problem(seed, count, dimension)
    found = q_aggregation(losses, distances, 0.3, prior).weights
    best = minimize(
        lambda theta: objective(np.abs(theta), candidates, y, prior, 0.3),
        prior,
        method="SLSQP",
        bounds=[(1e-12, 1)] * count,
        constraints={"type": "eq", "fun": lambda theta: theta.sum() - 1},
        options={"ftol": 1e-14, "maxiter": 500},
    )
    np.testing.assert_allclose(found, best.x, atol=1e-5)
    assert objective(found, candidates, y, prior, 0.3) <= best.fun + 1e-9
    other = q_aggregation(losses, distances, 0.6, prior).weights
    assert np.abs(other - best.x).max() > 1e-2


def test_two_candidates_by_their_first_order_condition():
    """By hand, |f − g|² = 9, losses 1 and 4, κ = 1: 3 − 9/2 (1 − 2θ) + 4 log(θ/(1 − θ)) = 0."""
    root = brentq(lambda p: 3 - 4.5 * (1 - 2 * p) + 4 * np.log(p / (1 - p)), 0.01, 0.99)
    found = q_aggregation([1.0, 4.0], [[0.0, 9.0], [9.0, 0.0]], 1.0).weights
    np.testing.assert_allclose(found, [1 - root, root], atol=1e-5)


@pytest.mark.parametrize("kappa", [0.2, 5.0])
@pytest.mark.parametrize("tolerance", [1.0, 1e-2, 1e-10])
def test_the_gap_is_a_certificate(monkeypatch, tolerance, kappa):
    """Stopped early or not: the objective is at most the gap above its minimum, the average within
    √(2 gap) of the best. Decoy: a hundredth of the gap is too little for what stops early."""
    candidates, y, prior, losses, distances = problem(5, 5, 4)
    best = q_aggregation(losses, distances, kappa, prior).weights
    monkeypatch.setattr(averaging, "TOLERANCE", tolerance)
    monkeypatch.setattr(averaging, "ON_THE_WAY", 10.0)
    found = q_aggregation(losses, distances, kappa, prior)
    above = objective(found.weights, candidates, y, prior, kappa) - objective(
        best, candidates, y, prior, kappa
    )
    apart = (((found.weights - best) @ candidates) ** 2).sum()
    assert above <= found.gap + 1e-9 and apart <= 2 * found.gap + 1e-9
    assert found.gap <= 4 * kappa * tolerance
    if tolerance == 1.0:
        assert above > found.gap / 100 > 1e-6


def test_sets_of_losses_are_solved_one_by_one():
    prior, losses, distances = problem(7, 4, 3)[2:]
    many = losses + np.random.default_rng(1).standard_normal((2, 3, 4))
    together = q_aggregation(many, distances, 0.5, prior)
    assert together.weights.shape == (2, 3, 4) and together.gap.shape == (2, 3)
    np.testing.assert_allclose(together.weights.sum(axis=-1), 1, rtol=1e-12)
    alone = q_aggregation(many[1, 2], distances, 0.5, prior).weights
    np.testing.assert_allclose(together.weights[1, 2], alone, atol=1e-6)


def test_candidates_far_apart_are_solved_or_refused():
    """Distances of 10⁷ κ: the first-order conditions hold where there is weight. At 10¹³ κ float64
    has not the digits, and says so."""
    prior, losses, distances = problem(11, 8, 3, scale=1000.0)[2:]
    theta = q_aggregation(losses, distances, 1.0, prior).weights
    slopes = losses - distances @ theta / 2 + 4 * np.log(np.maximum(theta, 1e-300) / prior)
    kept = theta > 1e-12
    assert 2 <= kept.sum() < 8
    np.testing.assert_allclose(slopes[kept], slopes[kept][0], atol=1e-3, rtol=1e-12)
    losses, distances = problem(11, 20, 5, scale=1e6)[3:]
    with pytest.raises(InvalidInput, match=r"losses: leave a duality gap of .* too large beside"):
        q_aggregation(losses, distances, 0.7)


def test_exponential_weights_by_hand():
    """π e^{−ℓ/T}, also where e^{−ℓ/T} is 0 in float64 by itself."""
    raw = np.array([0.2 * np.exp(-1 / 3), 0.5 * np.exp(-2 / 3), 0.3 * np.exp(-5 / 3)])
    found = exponential_weights([1.0, 2.0, 5.0], 3.0, [0.2, 0.5, 0.3])
    np.testing.assert_allclose(found, raw / raw.sum(), rtol=1e-12)
    far = exponential_weights([[1e6 + 1, 1e6], [0.0, 1e6]], 1.0)
    assert far[0] == pytest.approx([1 / (1 + np.e), np.e / (1 + np.e)], rel=1e-9)
    assert far[1].tolist() == [1.0, 0.0]


def data(seed=3):
    rng = np.random.default_rng(seed)
    return rng.standard_normal((3, 5, 2, 4)), rng.standard_normal((5, 2, 4)), [0.2, 0.7], [0.2, 0.5]


def test_a_users_scores_by_plain_loops():
    """Losses and distances by sums over paths, times and coordinates; the average at the data.

    Decoy: without the weights γ other weights come out.
    """
    scores, targets, times, gamma = data()
    found = average(scores, targets, times, gamma, 0.4, [0.5, 0.3, 0.2])
    each = np.array(gamma)[:, None]
    losses = np.array([(each * (one - targets) ** 2).sum() for one in scores])
    distances = np.array([[(each * (a - b) ** 2).sum() for b in scores] for a in scores])
    wanted = q_aggregation(losses, distances, 0.4, [0.5, 0.3, 0.2]).weights
    np.testing.assert_allclose(found.losses, losses, rtol=1e-12)
    np.testing.assert_allclose(found.weights, wanted, atol=1e-7)
    by_hand = sum(weight * one for weight, one in zip(wanted, scores, strict=True))
    np.testing.assert_allclose(found.scores, by_hand, atol=1e-6)
    assert 0 <= found.gap <= 1.6e-10
    plain = average(scores, targets, times, [1.0, 1.0], 0.4, [0.5, 0.3, 0.2]).weights
    assert np.abs(plain - found.weights).max() > 1e-2


def test_one_candidate_and_twins():
    """One has all the weight; two that are the same share it as the prior does."""
    scores, targets, times, gamma = data()
    assert average(scores[:1], targets, times, gamma, 1.0).weights == pytest.approx([1.0])
    number = average([[[[2.0]]]], [[[1.0]]], [0.5], [1.0], 1.0)
    assert number.losses == pytest.approx([1.0])
    twins = average(scores[[0, 0]], targets, times, gamma, 1.0, [0.25, 0.75])
    np.testing.assert_allclose(twins.weights, [0.25, 0.75], rtol=1e-9)


LOSSES, APART = [1.0, 2.0], [[0.0, 1.0], [1.0, 0.0]]
SCORES, TARGETS, TIMES, GAMMA = data()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: q_aggregation([1.0, np.nan], APART, 1.0), "losses: holds NaN"),
        (lambda: q_aggregation(1.0, APART, 1.0), r"losses: must have shape \(…, H\)"),
        (lambda: q_aggregation(LOSSES, APART, 0.0), "kappa: must be positive"),
        (lambda: q_aggregation(LOSSES, np.zeros((3, 3)), 1.0), r"distances: must have shape"),
        (lambda: q_aggregation(LOSSES, [[0, 1], [2, 0]], 1.0), "distances: must be symmetric"),
        (lambda: q_aggregation(LOSSES, [[1, 1], [1, 1]], 1.0), "distances: must not be negative"),
        (
            lambda: q_aggregation([1, 2, 3], [[0, 1, 9], [1, 0, 1], [9, 1, 0]], 1.0),
            "distances: are not squared distances",
        ),
        (lambda: q_aggregation(LOSSES, APART, 1.0, [0.5, 0.6]), "prior: must have sum 1"),
        (lambda: q_aggregation(LOSSES, APART, 1.0, [1.0, 0.0]), "prior: must be positive"),
        (lambda: q_aggregation(LOSSES, APART, 1.0, [1.0]), r"prior: must have shape \(2,\)"),
        (lambda: q_aggregation([0, 1e300], APART, 1e-300), "losses: differ by more than"),
        (lambda: exponential_weights(LOSSES, -1.0), "temperature: must be positive"),
        (lambda: exponential_weights([], 1.0), "losses: must have shape"),
        (
            lambda: average(SCORES[:, :4], TARGETS, TIMES, GAMMA, 1.0),
            r"scores: must have shape \(H, 5, 2, 4\), but has \(3, 4, 2, 4\)",
        ),
        (lambda: average(SCORES, TARGETS[0], TIMES, GAMMA, 1.0), "targets: must have shape"),
        (lambda: average(SCORES[0], TARGETS[:, :, 0], TIMES, GAMMA, 1.0), "targets: must have"),
        (lambda: average(SCORES[:, :, :1], TARGETS[:, :1], TIMES, GAMMA, 1.0), "targets: must"),
        (lambda: average(SCORES[:, :0], TARGETS[:0], TIMES, GAMMA, 1.0), "targets: must have"),
        (lambda: average(SCORES, TARGETS, [0.7, 0.2], GAMMA, 1.0), "times: must be strictly"),
        (lambda: average(SCORES, TARGETS, TIMES, [1.0, -1.0], 1.0), "gamma: must be positive"),
        (lambda: average(SCORES, TARGETS, TIMES, GAMMA, True), "kappa: must be numbers"),
    ],
)
def test_bad_input_is_named(call, message):
    with pytest.raises(InvalidInput, match=message):
        call()
