"""Estimators from Gram matrices against least squares on the samples themselves."""

import numpy as np
import pytest

from bounds.catalog import ESTIMATORS, check_estimator, estimator
from bounds.check import InvalidInput
from bounds.estimators import bootstrap, bootstrap_step, bsm, dsm, plug_in
from bounds.gaussian import Gaussian
from bounds.gram import Gram
from bounds.process import noise_variance, steps
from tests.reference import batched, plain_estimates, plain_paths, random_covariance

TIMES = np.array([0.1, 0.3, 0.7])


def grams_of(times, x0, xs):
    """The library's products, from arrays of a plain simulation."""
    out, before = [], x0
    for step, x in zip(steps(times), xs, strict=True):
        unit = (x - np.exp(-step.t) * x0) / np.sqrt(noise_variance(step.t))
        w = (x - step.carry * before) / step.fresh
        out.append(Gram(step, len(x), x.T @ x, x.T @ unit, x.T @ w))
        before = x
    return out


def test_estimates_equal_least_squares_on_the_samples():
    """DSM by lstsq on T1, BSM by lstsq on T1 + α* Û — its control-variate form, which needs X_0.

    To 1e-9 on full data with a hidden eigenbasis: catches a transposed Â, e^{g} for e^{-g}, w and
    1 − w swapped.
    """
    rng = np.random.default_rng(2)
    x0, xs, _ = plain_paths(random_covariance(4, 7), 50, TIMES, rng)
    plain_dsm, plain_bsm = plain_estimates(TIMES, x0, xs)
    grams = grams_of(TIMES, x0, xs)
    for estimate, plain in ((dsm, plain_dsm), (bsm, plain_bsm)):
        for got, expected in zip(estimate(grams), plain, strict=True):
            np.testing.assert_allclose(got, expected, atol=1e-9)
    swapped = bootstrap(lambda step: 1 - step.bootstrap_weight)
    assert not np.allclose(list(swapped(grams))[-1], plain_bsm[-1], atol=1e-3)  # decoy


def test_estimators_are_equivariant():
    """Rotated data give rotated estimates, so no basis is preferred."""
    rng = np.random.default_rng(3)
    x0, xs, _ = plain_paths(random_covariance(3, 8), 40, TIMES, rng)
    q, _ = np.linalg.qr(rng.standard_normal((3, 3)))
    turned = grams_of(TIMES, x0 @ q, [x @ q for x in xs])
    for estimate in (dsm, bsm):
        for a, b in zip(estimate(grams_of(TIMES, x0, xs)), estimate(turned), strict=True):
            np.testing.assert_allclose(q.T @ a @ q, b, atol=1e-10)


def test_replicates_are_estimated_each_by_itself():
    """Two data sets on a leading axis give the estimates of each alone.
    Catches a transpose over the replicates' axis.
    """
    rng = np.random.default_rng(4)
    alone = [
        grams_of(TIMES, *plain_paths(random_covariance(3, k), 30, TIMES, rng)[:2]) for k in (1, 2)
    ]
    both = [batched(both, 2) for both in zip(*alone, strict=True)]
    for estimate in (dsm, bsm):
        together = list(estimate(both))
        for k, grams in enumerate(alone):
            for one, many in zip(estimate(grams), together, strict=True):
                np.testing.assert_allclose(many[k], one, rtol=1e-9, atol=1e-12)


def test_unknown_estimator_and_singular_gram_are_named():
    with pytest.raises(InvalidInput, match=r"estimators: 'dms' is not one of dsm, bsm"):
        estimator("dms")
    flat = Gram(steps([0.1])[0], 3, np.ones((2, 2)), np.ones((2, 2)), np.ones((2, 2)))
    with pytest.raises(InvalidInput) as refused:
        next(dsm([flat]))
    reason = "the Gram matrix XᵀX is singular, so least squares has no unique solution"
    assert str(refused.value) == f"samples: {reason}"


def test_the_plug_in_inverts_the_noised_covariance():
    """By the eigenbasis of X_0ᵀX_0: e^{-2t} λ/m + 1 − e^{-2t} in each direction, for two data sets
    side by side. Catches a mean that is a sum, another decay and a sign.
    """
    rng, m = np.random.default_rng(5), 20
    data = np.stack([x.T @ x for x in rng.standard_normal((2, m, 3)) * [0.5, 1.0, 2.0]])
    values, basis = np.linalg.eigh(data)
    made = [Gram(step, m, data, data, data, data=data) for step in steps(TIMES)]
    for t, got in zip(TIMES, plug_in(made), strict=True):
        held = np.exp(-2 * t) * values / m - np.expm1(-2 * t)
        wanted = -(basis / held[:, None, :]) @ basis.swapaxes(1, 2)
        np.testing.assert_allclose(got, wanted, rtol=1e-11, atol=1e-12)


def test_what_an_estimator_cannot_be_fitted_on_is_said_before():
    """The joint fit's times, and the path fit's law, samples and times; where one of them refuses
    the others do not, and all take what is within reach.
    """
    times, near = [0.1, 0.3, 0.7, 1.2, 2.0], [0.1, 0.1 + 1e-14, 0.1 + 2e-14, 0.1 + 3e-14]
    plain, vast = Gaussian(np.array([2.0, 1.0])), Gaussian(np.array([1e6, 1.0]))
    for name in ESTIMATORS:
        check_estimator(name, plain, 50, times)
        check_estimator(name, vast, 10**7, times)
        for refuses, law, at, words in (
            ("joint", plain, near, "times: functions of time, 4 on a grid of 4, cannot be"),
            ("path", vast, times, "covariance: the path fit cannot tell an eigenvalue of 1e.06"),
        ):
            if name == refuses:
                with pytest.raises(InvalidInput, match=f"^{words}"):
                    check_estimator(name, law, 50, at)
            else:
                check_estimator(name, law, 50, at)


def test_an_estimate_of_another_dimension_is_refused():
    gram = Gram(steps([0.1])[0], 9, np.eye(3), np.eye(3), np.eye(3))
    with pytest.raises(InvalidInput) as refused:
        bootstrap_step(gram, np.eye(2), 0.5)
    assert str(refused.value) == "previous: must have shape (…, 3, 3), but has (2, 2)"


def test_the_plug_in_needs_the_data():
    gram = Gram(steps([0.1])[0], 9, np.eye(3), np.eye(3), np.eye(3))
    with pytest.raises(InvalidInput) as refused:
        next(plug_in([gram]))
    reason = "do not hold X_0ᵀX_0 (their `data`), which the plug-in score is made of"
    assert str(refused.value) == f"grams: {reason}"
