"""Gaussian marginals against their defining matrices, in an eigenbasis that is not the axes."""

import math
from typing import Any

import numpy as np
import pytest
from scipy import linalg, stats

from bounds.check import InvalidInput
from bounds.gaussian import Gaussian, spectrum, symmetric_root
from tests.reference import random_covariance


def test_marginal_and_score_match_the_density():
    """V_t, and −V_t^{-1} x as the numerical gradient of scipy's log density.
    Catches a lost e^{-2t} or Qᵀ for Q.
    """
    sigma = random_covariance(4, 1)
    law, t = Gaussian.from_covariance(sigma), 0.37
    v = np.exp(-2 * t) * sigma + (1 - np.exp(-2 * t)) * np.eye(4)
    np.testing.assert_allclose(law.matrix(law.variances(t)), v, atol=1e-13)
    density, x, h = stats.multivariate_normal(np.zeros(4), v), np.array([0.3, -1.0, 0.8, 2.0]), 1e-5
    gradient = [
        (density.logpdf(x + h * e) - density.logpdf(x - h * e)) / (2 * h) for e in np.eye(4)
    ]
    np.testing.assert_allclose(law.score_matrix(t) @ x, gradient, rtol=1e-7)
    # decoy: the score of the data
    assert not np.allclose(-np.linalg.inv(sigma) @ x, gradient, rtol=1e-3)


def test_conditional_variance_is_the_schur_complement():
    """C_t = Cov(Z_t/σ_t² | X_t) from the joint covariance of (Z_t, X_t).
    Catches a missing e^{-2t} or σ_t².
    """
    sigma = random_covariance(3, 2)
    law, t = Gaussian.from_covariance(sigma), 0.6
    s2 = 1 - np.exp(-2 * t)
    v = np.exp(-2 * t) * sigma + s2 * np.eye(3)
    schur = (s2 * np.eye(3) - s2**2 * np.linalg.inv(v)) / s2**2
    np.testing.assert_allclose(law.matrix(law.conditional_variances(t)), schur, atol=1e-12)


def test_sampling_has_the_covariance():
    """Six entries of the sample covariance of 200 000 draws,
    each within 6.3 deviations (3e-10 each).
    """
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


EPS = float(np.finfo(np.float64).eps)


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (
            lambda: Gaussian.from_covariance([[1.0, 2.0], [2.0, 1.0]]),
            "covariance: is not positive definite: its smallest eigenvalue is -1",
        ),
        (
            lambda: Gaussian.from_covariance(np.diag([1.0, 4.0, 12 * EPS])),
            "covariance: is not positive definite: its smallest eigenvalue is 2.66454e-15",
        ),
        (
            lambda: Gaussian.from_covariance([[1.0, np.nan], [np.nan, 1.0]]),
            "covariance: holds NaN or an infinity",
        ),
        (lambda: Gaussian.from_covariance([["a"]]), "covariance: must be numbers, but holds 'a'"),
        (
            lambda: Gaussian.from_covariance([[1.0, 0.5], [0.0, 1.0]]),
            "covariance: must be symmetric, but S − S.T reaches 0.5 of the largest entry",
        ),
        (
            lambda: Gaussian.from_covariance([[1.0, 0.5], [0.5 + 1e-10, 1.0]]),
            "covariance: must be symmetric, but S − S.T reaches 1e-10 of the largest entry"
            ", as in float32: use float64, or (S + S.T) / 2",
        ),
        (
            lambda: Gaussian.from_covariance([[1.0, 0.0], [2e-13, 1.0]]),
            "covariance: must be symmetric, but S − S.T reaches 2e-13 of the largest entry"
            ", as in float32: use float64, or (S + S.T) / 2",
        ),
        (
            lambda: Gaussian.from_covariance([1.0, 2.0]),
            "covariance: must be a square matrix, but has shape (2,)",
        ),
        (
            lambda: Gaussian.from_covariance(np.ones((0, 0))),
            "covariance: must be a square matrix, but has shape (0, 0)",
        ),
        (lambda: spectrum("identity", 0), "dimension: must be at least 1, but is 0"),
        (
            lambda: Gaussian.from_covariance(np.ones((2, 3))),
            "covariance: must be a square matrix, but has shape (2, 3)",
        ),
        (
            lambda: Gaussian(np.array([1.0, 0.0])),
            "covariance: is not positive definite: its smallest eigenvalue is 0",
        ),
        (lambda: Gaussian(np.array([])), "covariance: its eigenvalues must be a non-empty list"),
        (lambda: Gaussian(np.ones((1, 1))), "covariance: its eigenvalues must be a non-empty list"),
        (lambda: Gaussian(np.array([np.inf])), "covariance: holds NaN or an infinity"),
        (
            lambda: Gaussian(np.ones(2), np.eye(3)),
            "basis: must have shape (2, 2), but has (3, 3)",
        ),
        (
            lambda: Gaussian(np.ones(2), (1 + 1e-9) * np.eye(2)),
            "basis: must be orthogonal, but Q.T Q differs from I by 2e-09",
        ),
        (
            lambda: Gaussian(np.ones(2)).matrix(np.ones(3)),
            "eigenvalues: must have shape (2,), but have (3,)",
        ),
        (
            lambda: Gaussian(np.ones(2)).to_eigenbasis(np.eye(3)),
            "matrix: must have shape (…, 2, 2), but has (3, 3)",
        ),
        (
            lambda: Gaussian(np.ones(2)).sample(-1, np.random.default_rng(1)),
            "size: must be at least 0, but is -1",
        ),
        (
            lambda: spectrum("power", 2, exponent=np.nan),
            "spectrum.exponent: holds NaN or an infinity",
        ),
        (
            lambda: spectrum("cubic", 3),
            "spectrum.kind: 'cubic' is not one of identity, linear, power, explicit",
        ),
        (
            lambda: spectrum("explicit", 3, values=[1, 2]),
            "spectrum.values: holds 2 eigenvalues where the dimension is 3",
        ),
        (
            lambda: spectrum("explicit", 1, values=[np.nan]),
            "spectrum.values: holds NaN or an infinity",
        ),
        (
            lambda: spectrum("linear", 3, low=0.0),
            "spectrum: linear has an eigenvalue that is not finite and positive",
        ),
        (
            lambda: spectrum("linear", 3, high=np.nan),
            "spectrum.high: holds NaN or an infinity",
        ),
        (
            lambda: spectrum("explicit", 2, values=[2, -1]),
            "spectrum: explicit has an eigenvalue that is not finite and positive",
        ),
    ],
)
def test_bad_laws_are_named(call, sentence):
    """The one sentence, whole, with the eigenvalue or shape
    that is at fault; the borders themselves are outside.
    """
    with pytest.raises(InvalidInput) as caught:
        call()
    assert str(caught.value) == sentence


@pytest.mark.parametrize(
    "matrix",
    [
        np.diag([1.0, 4.0, 12.001 * EPS]),
        [[1.0, 0.5], [0.5 + 4e-11, 1.0]],
        [[1.0, 0.0], [5e-14, 1.0]],
        [[1000.0, 0.0], [5e-11, 1000.0]],
    ],
    ids=["nearly singular", "rounded", "rounded where it is 0", "rounded, in large units"],
)
def test_the_last_covariances_that_are_allowed(matrix):
    """Just inside what the refusals above are just outside of: d · 2.2e-16 of the largest
    eigenvalue, 1e-10 of the entry, or 1e-13 of the largest entry. A border in other units would
    refuse a covariance for being in them."""
    covariance = Gaussian.from_covariance(matrix).covariance
    np.testing.assert_allclose(covariance, matrix, rtol=1e-10, atol=1e-13 * np.max(matrix))


def test_defaults_are_the_running_example():
    """theory.md's λ = linspace(0.3, 3, 8), whose step is 2.7/7, and 1/i for the power law."""
    np.testing.assert_allclose(spectrum("linear", 8), 0.3 + 2.7 / 7 * np.arange(8), rtol=1e-14)
    np.testing.assert_allclose(spectrum("linear", 1), [0.3])
    np.testing.assert_allclose(spectrum("power", 3), [1, 1 / 2, 1 / 3], rtol=1e-15)


def test_a_law_without_a_basis_is_the_law_with_the_identity_for_one():
    """The products that are spared change nothing, in Σ, in draws and in the eigenbasis; nor do
    they where Q is not the identity, by Q and Qᵀ written out: catches Q for Qᵀ, and a basis
    ignored."""
    values, a = np.array([0.5, 4.0]), np.array([[1.0, 2.0], [-3.0, 0.5]])
    plain, same = Gaussian(values), Gaussian(values, np.eye(2))
    np.testing.assert_array_equal(plain.covariance, [[0.5, 0.0], [0.0, 4.0]])
    for law in (plain, same):
        np.testing.assert_array_equal(law.covariance, plain.covariance)
        np.testing.assert_array_equal(law.colour, [[np.sqrt(0.5), 0.0], [0.0, 2.0]])
        np.testing.assert_array_equal(law.paint(a), a * [np.sqrt(0.5), 2.0])
        np.testing.assert_array_equal(law.to_eigenbasis(a), a)
    c, s = 0.8, 0.6
    turned = Gaussian(values, np.array([[c, -s], [s, c]]))
    np.testing.assert_allclose(
        turned.to_eigenbasis(turned.covariance), plain.covariance, atol=1e-15
    )
    listed: Any = [[0.0, -1.0], [1.0, 0.0]]
    quarter = Gaussian(values, listed)
    np.testing.assert_array_equal(quarter.to_eigenbasis(a), [[0.5, 3.0], [-2.0, 1.0]])


def test_single_precision_eigenvalues_are_worked_on_in_double():
    """2 is a float32, √2 is not: drawn with that root, a law would be off in the eighth digit."""
    law = Gaussian(np.array([2.0], dtype=np.float32))
    assert float(law.colour[0, 0]) == pytest.approx(math.sqrt(2), rel=1e-15, abs=0)


def test_symmetric_root():
    """R = Rᵀ ≥ 0 and R² = S by scipy's own root; of a singular S, of a stack, and the same whatever
    the signs of eigenvectors.
    """
    x = np.random.default_rng(3).standard_normal((2, 3, 5))
    for data in (x @ np.swapaxes(x, -1, -2), np.swapaxes(x, -1, -2) @ x):
        root = symmetric_root(data)
        np.testing.assert_allclose(root @ root, data, atol=1e-12)
        np.testing.assert_allclose(root, np.swapaxes(root, -1, -2), atol=1e-12)
        assert np.linalg.eigvalsh(root).min() > -1e-7
        if data.shape[-1] == 3:
            for one, s in zip(root, data, strict=True):
                np.testing.assert_allclose(one, linalg.sqrtm(s), atol=1e-10)
    np.testing.assert_array_equal(symmetric_root(np.zeros((2, 2))), 0)
    # What rounding may leave is in the units of the largest eigenvalue.
    np.testing.assert_allclose(symmetric_root(np.diag([1e4, -1e-7])), np.diag([100.0, 0.0]))
    with pytest.raises(InvalidInput, match=r"data: is no X\.T X: it has the eigenvalue -2"):
        symmetric_root(np.diag([1.0, -2.0]))
