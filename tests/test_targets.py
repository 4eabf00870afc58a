"""The three targets: conditionally unbiased,
with the stated conditional covariances, on simulated paths.
"""

import numpy as np
import pytest

from bounds import targets
from bounds.gaussian import Gaussian
from bounds.process import Step, noise_variance, simulate
from tests.reference import random_covariance

PREVIOUS, NOW = 0.3, 0.5


def conditional_covariance(sigma, coefficients):
    """Cov(a X_0 + b Z_{t'} + c w | X_t) by the Schur
    complement of the joint law of (X_0, Z_{t'}, w).
    """
    d = len(sigma)
    g = NOW - PREVIOUS
    before, tau = 1 - np.exp(-2 * PREVIOUS), np.sqrt(1 - np.exp(-2 * g))
    joint = np.zeros((3 * d, 3 * d))
    joint[:d, :d] = sigma
    joint[d : 2 * d, d : 2 * d] = before * np.eye(d)
    joint[2 * d :, 2 * d :] = np.eye(d)
    x = np.hstack([np.exp(-NOW) * np.eye(d), np.exp(-g) * np.eye(d), tau * np.eye(d)])
    y = np.hstack(coefficients)
    v = x @ joint @ x.T
    gain = y @ joint @ x.T @ np.linalg.inv(v)
    return gain, y @ joint @ y.T - gain @ v @ gain.T


def coefficients(sigma):
    """T1, T2, T3 and U_{t'} as linear maps of (X_0, Z_{t'}, w), straight from their definitions."""
    d = len(sigma)
    eye, zero = np.eye(d), np.zeros((d, d))
    g = NOW - PREVIOUS
    s2, before = 1 - np.exp(-2 * NOW), 1 - np.exp(-2 * PREVIOUS)
    tau = np.sqrt(1 - np.exp(-2 * g))
    score = -np.linalg.inv(np.exp(-2 * PREVIOUS) * sigma + before * eye)
    t1 = [zero, -np.exp(-g) / s2 * eye, -tau / s2 * eye]
    t2 = [np.exp(g) * np.exp(-PREVIOUS) * score, np.exp(g) * score, zero]
    t3 = [zero, zero, -eye / tau]
    u = [np.exp(-PREVIOUS) * score, eye / before + score, zero]
    return t1, t2, t3, u


def test_unbiased_and_conditional_variances():
    """E[T | X_t] = −V_t^{-1} X_t and the three covariances, exactly, in a hidden eigenbasis.

    Catches e.g. e^{g} for e^{2g} in T2's variance, or σ_t² for τ² in T3's.
    """
    sigma = random_covariance(3, 4)
    law, step = Gaussian.from_covariance(sigma), Step(PREVIOUS, NOW)
    stated = (
        targets.denoising_variances(law, step),
        targets.transported_variances(law, step),
        targets.local_variances(law, step),
    )
    for maps, variances in zip(coefficients(sigma)[:3], stated, strict=True):
        gain, covariance = conditional_covariance(sigma, maps)
        np.testing.assert_allclose(gain, law.score_matrix(NOW), atol=1e-12)
        np.testing.assert_allclose(covariance, law.matrix(variances), atol=1e-11)
        assert not np.allclose(covariance, law.matrix(1.05 * variances), atol=1e-3)  # decoy


def test_control_weight_minimises_and_is_a_mix_of_t2_and_t3():
    """tr Cov(T1 + α U_{t'} | X_t) by brute force over α;
    its minimum is at α*, where X_0 drops out.
    """
    sigma = random_covariance(3, 4)
    step = Step(PREVIOUS, NOW)
    t1, t2, t3, u = coefficients(sigma)

    def cost(alpha):
        mixed = [a + alpha * b for a, b in zip(t1, u, strict=True)]
        return np.trace(conditional_covariance(sigma, mixed)[1])

    best = targets.control_weight(step)
    grid = best + np.linspace(-0.3, 0.3, 61)
    assert np.argmin([cost(a) for a in grid]) == 30
    saved = best**2 * np.trace(conditional_covariance_at_previous(sigma))
    assert cost(0) - cost(best) == pytest.approx(saved, rel=1e-10)
    w = step.bootstrap_weight
    for a, b, c, e in zip(t1, u, t2, t3, strict=True):
        np.testing.assert_allclose(a + best * b, w * c + (1 - w) * e, atol=1e-12)
    decoy = noise_variance(PREVIOUS) / noise_variance(NOW)  # e^{-g} forgotten
    assert np.argmin([cost(a) for a in decoy + np.linspace(-0.3, 0.3, 61)]) != 30


def conditional_covariance_at_previous(sigma):
    """E U U' at t': 1/σ² − V^{-1}."""
    before = 1 - np.exp(-2 * PREVIOUS)
    v = np.exp(-2 * PREVIOUS) * sigma + before * np.eye(len(sigma))
    return np.eye(len(sigma)) / before - np.linalg.inv(v)


def test_targets_of_simulated_slices():
    """The array functions against their definitions in X_0, X_{t'}, X_t alone."""
    law = Gaussian.from_covariance(random_covariance(2, 9))
    rng = np.random.default_rng(0)
    x0 = law.sample(5, rng)
    before, now = list(simulate(x0, [PREVIOUS, NOW], rng))
    g = NOW - PREVIOUS
    np.testing.assert_allclose(
        targets.denoising(now), -(now.x - np.exp(-NOW) * x0) / (1 - np.exp(-2 * NOW)), atol=1e-12
    )
    np.testing.assert_allclose(
        targets.local(now), -(now.x - np.exp(-g) * before.x) / (1 - np.exp(-2 * g)), atol=1e-12
    )
    score = before.x @ law.score_matrix(PREVIOUS).T
    np.testing.assert_allclose(targets.transported(now.step, score), np.exp(g) * score)
