"""Gaussian marginals against their defining matrices, in an eigenbasis that is not the axes."""

import numpy as np
import pytest
from scipy import stats

from bounds.check import InvalidInput
from bounds.gaussian import Gaussian, spectrum
from tests.reference import random_covariance


def test_marginal_and_score_match_the_density():
    """V_t, and −V_t^{-1} x as the numerical gradient of scipy's log density. Catches a lost e^{-2t} or Qᵀ for Q."""
    sigma = random_covariance(4, 1)
    law, t = Gaussian.from_covariance(sigma), 0.37
    v = np.exp(-2 * t) * sigma + (1 - np.exp(-2 * t)) * np.eye(4)
    np.testing.assert_allclose(law.matrix(law.variances(t)), v, atol=1e-13)
    density, x, h = stats.multivariate_normal(np.zeros(4), v), np.array([0.3, -1.0, 0.8, 2.0]), 1e-5
    gradient = [(density.logpdf(x + h * e) - density.logpdf(x - h * e)) / (2 * h) for e in np.eye(4)]
    np.testing.assert_allclose(law.score_matrix(t) @ x, gradient, rtol=1e-7)
    assert not np.allclose(-np.linalg.inv(sigma) @ x, gradient, rtol=1e-3)  # decoy: the score of the data


def test_conditional_variance_is_the_schur_complement():
    """C_t = Cov(Z_t/σ_t² | X_t) from the joint covariance of (Z_t, X_t). Catches a missing e^{-2t} or σ_t²."""
    sigma = random_covariance(3, 2)
    law, t = Gaussian.from_covariance(sigma), 0.6
    s2 = 1 - np.exp(-2 * t)
    v = np.exp(-2 * t) * sigma + s2 * np.eye(3)
    schur = (s2 * np.eye(3) - s2**2 * np.linalg.inv(v)) / s2**2
    np.testing.assert_allclose(law.matrix(law.conditional_variances(t)), schur, atol=1e-12)


def test_sampling_has_the_covariance():
    """Six entries of the sample covariance of 200 000 draws, each within 6.3 deviations (3e-10 each)."""
    sigma = random_covariance(3, 3)
    law, n = Gaussian.from_covariance(sigma), 200_000
    x = law.sample(n, np.random.default_rng(5))
    deviation = np.sqrt((np.outer(np.diag(sigma), np.diag(sigma)) + sigma**2) / n)
    assert np.all(np.abs(x.T @ x / n - sigma) < 6.3 * deviation)
    np.testing.assert_allclose(law.colour.T @ law.colour, sigma, atol=1e-13)
    wrong = law.eigenvalues * np.eye(3)  # decoy: the basis forgotten
    assert not np.all(np.abs(x.T @ x / n - wrong) < 6.3 * deviation)


def test_spectra():
    np.testing.assert_array_equal(spectrum("identity", 3), [1, 1, 1])
    np.testing.assert_allclose(spectrum("linear", 4, low=1, high=4), [1, 2, 3, 4])
    np.testing.assert_allclose(spectrum("power", 3, exponent=2), [1, 1 / 4, 1 / 9])
    np.testing.assert_array_equal(spectrum("explicit", 2, values=[3, 1]), [3, 1])


@pytest.mark.parametrize(
    ("matrix", "reason"),
    [
        ([[1.0, 2.0], [2.0, 1.0]], "not positive definite"),
        ([[1.0, 1.0], [1.0, 1.0]], "not positive definite"),
        ([[1.0, np.nan], [np.nan, 1.0]], "NaN"),
        ([[1.0, 0.5], [0.0, 1.0]], "symmetric"),
        ([1.0, 2.0], "square"),
    ],
)
def test_bad_covariances_are_named(matrix, reason):
    with pytest.raises(InvalidInput, match=f"covariance.*{reason}"):
        Gaussian.from_covariance(matrix)


def test_bad_spectra_are_named():
    for call, reason in (
        (lambda: spectrum("cubic", 3), "cubic"),
        (lambda: spectrum("explicit", 3, values=[1, 2]), "2 eigenvalues where the dimension is 3"),
        (lambda: spectrum("linear", 3, low=-1), "positive"),
        (lambda: spectrum("explicit", 1, values=[np.nan]), "NaN"),
        (lambda: Gaussian(np.array([1.0, 0.0])), "positive definite"),
        (lambda: Gaussian(np.array([])), "non-empty"),
    ):
        with pytest.raises(InvalidInput, match=reason):
            call()
