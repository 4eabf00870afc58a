"""The bootstrap with the weight of least variance: estimator and weights, by a second route."""

import numpy as np
import pytest

from bounds import features
from bounds.check import InvalidInput
from bounds.gaussian import Gaussian
from bounds.gram import Gram
from bounds.process import Step, decay, noise_variance, simulate
from bounds.stam import known_weight, least_variance_weight, stam
from tests.reference import random_covariance

LAM = np.array([0.3, 1.1, 2.6])
GRID = [0.1, 0.3, 0.7, 1.2]


def grams_of(path):
    """Products of the path's rows, written out."""
    return [
        Gram(
            now.step,
            len(now.x),
            now.x.T @ now.x,
            now.x.T @ now.z / np.sqrt(noise_variance(now.step.t)),
            now.x.T @ now.w,
        )
        for now in path
    ]


@pytest.fixture(scope="module")
def path():
    """Forty paths in three correlated dimensions."""
    rng = np.random.default_rng(4)
    x0 = rng.standard_normal((40, 3)) @ np.linalg.cholesky(random_covariance(3, 8)).T
    return list(simulate(x0, GRID, rng))


def by_least_squares(path, weight_of):
    """Targets written out path by path, and numpy's least squares."""
    found, before = [], None
    for now in path:
        if before is None:
            target = -now.z / noise_variance(now.step.t)
        else:
            score = before @ found[-1].T
            w = weight_of(now.step, score)
            target = w * np.exp(now.step.gap) * score - (1 - w) * now.w / now.step.fresh
        found.append(np.linalg.lstsq(now.x, target, rcond=None)[0].T)
        before = now.x
    return found


def estimated(step, score):
    """(d/τ²)/(d/τ² + e^{2g} · mean square of the scores at hand)."""
    local = 3 / (1 - np.exp(-2 * step.gap))
    return local / (local + np.exp(2 * step.gap) * (score**2).sum(axis=1).mean())


def test_the_estimator_is_least_squares_on_written_out_targets(path):
    """To 1e-9, with weights of the data and of the law; the two differ at m = 40."""
    got = list(stam()(grams_of(path)))
    for mine, wanted in zip(got, by_least_squares(path, estimated), strict=True):
        np.testing.assert_allclose(mine, wanted, rtol=1e-9, atol=1e-10)
    law = Gaussian.from_covariance(random_covariance(3, 8))
    oracle = known_weight(law)
    wanted = by_least_squares(path, lambda step, score: float(oracle(step)))
    for mine, one in zip(stam(law)(grams_of(path)), wanted, strict=True):
        np.testing.assert_allclose(mine, one, rtol=1e-9, atol=1e-10)
    assert abs(got[-1] - wanted[-1]).max() > 1e-4


def test_on_features_that_are_x_it_is_the_linear_one(path):
    grams = [
        features.FeatureGram(
            now.step,
            len(now.x),
            now.x.T @ now.x,
            now.x.T @ now.z / np.sqrt(noise_variance(now.step.t)),
            now.x.T @ now.w,
            now.x.T @ ((now.x - now.step.fresh * now.w) / now.step.carry),
        )
        for now in path
    ]
    found = features.bsm_stam(grams, np.zeros(3))
    for mine, wanted in zip(found, stam()(grams_of(path)), strict=True):
        np.testing.assert_allclose(mine.T, wanted, rtol=1e-8, atol=1e-9)


@pytest.mark.parametrize("replicates", [2, 3])
def test_replicates_have_weights_of_their_own(path, replicates):
    """Two data sets side by side are the two by themselves: a weight that is averaged over them is
    seen.
    """
    many = [grams_of(path) for _ in range(replicates)]
    rng = np.random.default_rng(9)
    many[1] = grams_of(list(simulate(2 * rng.standard_normal((40, 3)), GRID, rng)))
    side = [
        Gram(
            one[0].step,
            40,
            np.stack([g.xx for g in one]),
            np.stack([g.xz for g in one]),
            np.stack([g.xw for g in one]),
        )
        for one in zip(*many, strict=True)
    ]
    together = list(stam()(side))[-1]
    for k, alone in enumerate(many):
        np.testing.assert_allclose(together[k], list(stam()(alone))[-1], rtol=1e-10)


def test_the_weight_is_the_least_of_the_variance():
    """Against the minimum over a fine grid of weights, from the targets' covariances."""
    law, step = Gaussian(LAM), Step(0.3, 0.7)
    before = decay(2 * 0.3) * LAM + noise_variance(0.3)
    w = np.linspace(0, 1, 100_001)
    spread = w**2 * (np.exp(0.8) / before).sum() + (1 - w) ** 2 * 3 / (1 - np.exp(-0.8))
    assert known_weight(law)(step) == pytest.approx(w[spread.argmin()], abs=1e-5)
    with pytest.raises(InvalidInput, match=r"^information: "):
        least_variance_weight(step, np.array(np.inf), 3)


def test_white_targets_have_no_noise():
    """With the true score w° T2 + (1 − w°) T3 is −X_t/v_t, path by path; with the control-variate
    weight it is not.
    """
    rng, value = np.random.default_rng(3), 1.7
    x0 = np.sqrt(value) * rng.standard_normal((6, 2))
    first, second = simulate(x0, [0.2, 0.5], rng)
    v, before = (np.exp(-2 * t) * value + 1 - np.exp(-2 * t) for t in (0.5, 0.2))
    t2 = -np.exp(0.3) * first.x / before
    t3 = -second.w / second.step.fresh

    def off(w):
        return abs(w * t2 + (1 - w) * t3 + second.x / v).max()

    assert off(float(known_weight(Gaussian(np.full(2, value)))(second.step))) < 1e-12
    assert off(second.step.bootstrap_weight) > 0.1
