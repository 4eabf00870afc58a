"""Linear fields against Gaussians: the split by least squares, Langevin by its own chain."""

import numpy as np
import pytest
from scipy import linalg

from bounds.affine import Affine, moments
from bounds.check import Array, InvalidInput
from bounds.divergence import Normal
from bounds.fields import energy, langevin_law, solenoidal

V = np.array([[1.5, 0.4, 0.0], [0.4, 0.8, -0.2], [0.0, -0.2, 0.3]])
E = np.array([[0.3, 1.0, -0.4], [0.2, -0.5, 0.7], [0.1, 0.0, 0.6]])


def test_the_gradient_is_the_nearest_symmetric_matrix() -> None:
    """Least squares of E F on S F over the six symmetric matrices, F Fᵀ = V. Decoy: (E + Eᵀ)/2,
    nearest in Frobenius' norm.
    """
    factor = linalg.cholesky(V, lower=True)
    basis = []
    for i in range(3):
        for j in range(i + 1):
            one = np.zeros((3, 3))
            one[i, j] = one[j, i] = 1.0
            basis.append(one)
    columns = np.stack([(one @ factor).ravel() for one in basis], axis=1)
    weights = np.linalg.lstsq(columns, (E @ factor).ravel(), rcond=None)[0]
    nearest = np.tensordot(weights, np.array(basis), 1)
    split = solenoidal(E, V)
    np.testing.assert_allclose(split.gradient, nearest, atol=1e-12)
    assert np.abs((E + E.T) / 2 - nearest).max() > 0.05
    np.testing.assert_allclose(split.gradient + split.solenoidal, E, atol=1e-15)


def test_the_rest_does_not_move_the_law_and_is_orthogonal() -> None:
    """R V + V Rᵀ = 0, so N(0, V) is at rest under dX = R X ds: by the moment equation. Energies
    add up, and each is tr(E V Eᵀ).
    """
    gradient, rest = solenoidal(E, V)
    np.testing.assert_allclose(rest @ V + V @ rest.T, 0, atol=1e-14)
    start = Normal(np.zeros(3), V)
    moved = moments(Affine(drift=rest), start, [0.0, 5.0])[-1].law
    np.testing.assert_allclose(moved.covariance, V, atol=1e-10)
    assert np.abs(rest).max() > 0.2
    assert energy(E, V) == pytest.approx(np.trace(E @ V @ E.T), rel=1e-13)
    assert energy(gradient, V) + energy(rest, V) == pytest.approx(energy(E, V), rel=1e-12)


def test_batches_of_fields() -> None:
    """Each by itself, with one covariance or with as many."""
    fields, laws = np.stack([E, E.T, V]), np.stack([V, np.eye(3), V + np.eye(3)])
    for covariance in (V, laws):
        split = solenoidal(fields, covariance)
        for k, field in enumerate(fields):
            single = solenoidal(field, covariance if covariance is V else laws[k])
            np.testing.assert_allclose(split.gradient[k], single.gradient, atol=1e-14)
            assert energy(fields, covariance)[k] == pytest.approx(
                float(energy(field, covariance if covariance is V else laws[k])), rel=1e-13
            )


@pytest.mark.parametrize(
    "A", [np.diag([-1.0, -4.0]), np.array([[-1.0, 3.0], [-2.0, -0.5]])], ids=["gradient", "turning"]
)
def test_langevin_comes_to_rest_there(A: Array) -> None:
    """By the moment equation from another law, after 40 units of time; where A is not symmetric
    the decoy −A^{-1} is no covariance.
    """
    law = langevin_law(A, [0.3, -1.0])
    flow = Affine(drift=A, noise=2.0, shift=np.array([0.3, -1.0]))
    rest = moments(flow, Normal(np.ones(2), np.eye(2)), [0.0, 40.0])[-1].law
    np.testing.assert_allclose(law.covariance, rest.covariance, atol=1e-10)
    np.testing.assert_allclose(law.mean, rest.mean, atol=1e-10)
    assert (np.abs(law.covariance + np.linalg.inv(A)).max() < 1e-12) == bool(A[0, 1] == 0)


def test_langevin_without_a_shift_and_with_one_number() -> None:
    """About 0 without one; a number is that for every coordinate: A m + b = 0."""
    A = -V - np.eye(3)
    np.testing.assert_array_equal(langevin_law(A).mean, 0)
    np.testing.assert_allclose(A @ langevin_law(A, 0.7).mean, -0.7 * np.ones(3), rtol=1e-12)


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: energy(np.ones((2, 3)), V), "field: must have shape (…, d, d), but has (2, 3)"),
        (
            lambda: solenoidal(np.eye(2), V),
            "covariance: must have shape (…, 2, 2), but has (3, 3)",
        ),
        (
            lambda: solenoidal(np.eye(2), np.diag([1.0, 0.0])),
            "covariance: must be positive definite: a point mass has no field",
        ),
        (
            lambda: langevin_law(np.eye(1)),
            "matrix: has an eigenvalue with real part 1: the process does not come to rest",
        ),
        (
            lambda: langevin_law(np.diag([-1.0, 0.5])),
            "matrix: has an eigenvalue with real part 0.5: the process does not come to rest",
        ),
        (
            lambda: langevin_law([[0.0, 1.0], [-1.0, 0.0]]),
            "matrix: has an eigenvalue with real part 0: the process does not come to rest",
        ),
        (
            lambda: langevin_law(-np.eye(3), np.ones((1, 3))),
            "shift: must have shape (3,), but has (1, 3)",
        ),
        (
            lambda: langevin_law(np.zeros((1, 2, 2))),
            "matrix: must be one matrix, but has shape (1, 2, 2)",
        ),
        (
            lambda: langevin_law(-np.eye(2), np.ones(3)),
            "shift: must have shape (2,), but has (3,)",
        ),
    ],
)
def test_bad_input_is_one_sentence(call, sentence):
    with pytest.raises(InvalidInput) as refused:
        call()
    assert str(refused.value) == sentence
