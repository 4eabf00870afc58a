"""Solvers of linear classes against least squares
on the samples themselves, and against a general optimiser.
"""

from dataclasses import replace

import numpy as np
import pytest
from scipy import optimize

from bounds.check import InvalidInput
from bounds.classes import (
    banded_mask,
    block_mask,
    circulant_basis,
    low_rank,
    low_ranks,
    scalar_basis,
    spanned,
    supported,
    symmetric_basis,
)
from bounds.estimators import dsm_step
from bounds.gram import Gram
from bounds.process import Step
from tests.reference import batched, plain_paths, random_covariance

T = 0.4
SIGMA = np.sqrt(1 - np.exp(-2 * T))


def _paths(d, m, seed):
    """X_t, the target Y = −Z_t/σ_t², and their Gram matrices."""
    _, (x,), (z,) = plain_paths(
        random_covariance(d, 7), m, np.array([T]), np.random.default_rng(seed)
    )
    w = z / SIGMA
    return x, -z / SIGMA**2, Gram(Step(0.0, T), m, x.T @ x, x.T @ w, x.T @ w)


def _plain(x, y, basis):
    """One long regression: the column of parameter k is vec(X B_kᵀ)."""
    columns = np.stack([(x @ B.T).ravel() for B in basis], axis=1)
    return np.tensordot(np.linalg.lstsq(columns, y.ravel(), rcond=None)[0], basis, axes=1)


def _units(mask):
    return np.stack(
        [np.outer(np.eye(len(mask))[i], np.eye(len(mask))[j]) for i, j in np.argwhere(mask)]
    )


@pytest.mark.parametrize(
    "mask", [banded_mask(5, 0), banded_mask(5, 1), block_mask(5, 2), banded_mask(5, 4)]
)
def test_supported_is_the_long_regression(mask):
    """By lstsq on vec(X B_kᵀ), B_k the unit matrices of the mask. Catches a transposed Â and rows
    mixed up; the decoy cuts the mask out of the full solution, which is not the constrained one.
    """
    x, y, gram = _paths(5, 30, 1)
    assert supported(gram, mask) == pytest.approx(_plain(x, y, _units(mask)), abs=1e-10)
    if not mask.all():
        assert dsm_step(gram) * mask != pytest.approx(supported(gram, mask), abs=1e-2)


@pytest.mark.parametrize("basis", [scalar_basis, circulant_basis, symmetric_basis])
def test_spanned_is_the_long_regression(basis):
    """The same for shared parameters.
    The decoy projects the full solution onto the span: another metric.
    """
    x, y, gram = _paths(4, 30, 2)
    mine = spanned(gram, basis(4))
    assert mine == pytest.approx(_plain(x, y, basis(4)), abs=1e-10)
    flat = basis(4).reshape(-1, 16)
    projected = np.linalg.lstsq(flat.T, dsm_step(gram).ravel(), rcond=None)[0] @ flat
    assert projected.reshape(4, 4) != pytest.approx(mine, abs=1e-2)


def test_masks_and_bases_are_the_classes():
    """By their definitions, entry by entry; p counts the parameters."""
    d = 5
    for i in range(d):
        for j in range(d):
            assert banded_mask(d, 2)[i, j] == (abs(i - j) <= 2)
            assert block_mask(d, 2)[i, j] == (i // 2 == j // 2)
    circulant = np.tensordot(np.arange(1.0, 6.0), circulant_basis(d), axes=1)
    assert all(circulant[i, j] == circulant[0, (j - i) % d] for i in range(d) for j in range(d))
    symmetric = np.tensordot(np.arange(15.0), symmetric_basis(d), axes=1)
    assert np.array_equal(symmetric, symmetric.T)
    assert np.linalg.matrix_rank(symmetric_basis(d).reshape(-1, 25)) == 15
    for basis in (scalar_basis, circulant_basis, symmetric_basis):
        assert set(np.unique(basis(d))) == {0.0, 1.0}  # the span alone does not see their size


def test_low_rank_beats_a_general_optimiser_and_interpolates():
    """Rank 0 is −I, rank d is DSM; in between no descent over D = U Vᵀ from random starts gets
    lower, and the best of them gets as low. The decoy truncates Â + I itself: the wrong metric, and
    a loss that is larger."""
    x, y, gram = _paths(4, 20, 3)

    def loss(A):
        return float(((x @ A.T - y) ** 2).sum())

    assert low_rank(gram, 0) == pytest.approx(-np.eye(4), abs=1e-12)
    assert low_rank(gram, 4) == pytest.approx(dsm_step(gram), abs=1e-10)
    rng = np.random.default_rng(4)

    def factored(p):
        return loss(-np.eye(4) + p[:8].reshape(4, 2) @ p[8:].reshape(2, 4))

    found = [
        optimize.minimize(factored, rng.standard_normal(16), method="BFGS").fun for _ in range(6)
    ]
    mine = loss(low_rank(gram, 2))
    for rank, one in zip((3, 0, 2), low_ranks(gram, (3, 0, 2)), strict=True):
        np.testing.assert_array_equal(one, low_rank(gram, rank))
    assert min(found) == pytest.approx(mine, rel=1e-7)
    left, values, right = np.linalg.svd(dsm_step(gram) + np.eye(4))
    assert loss(-np.eye(4) + (left[:, :2] * values[:2]) @ right[:2]) > mine * 1.0001


def test_replicates_are_solved_on_their_own():
    """Leading axes are replicates. Catches axes mixed up in a batch."""
    grams = [_paths(4, 30, seed)[2] for seed in (5, 6, 7)]
    batch = batched(grams, 3)
    for solve in (
        lambda g: supported(g, banded_mask(4, 1)),
        lambda g: spanned(g, circulant_basis(4)),
        lambda g: low_rank(g, 2),
    ):
        assert solve(batch) == pytest.approx(np.stack([solve(g) for g in grams]), abs=1e-12)


def test_two_leading_axes():
    """2 × 3 replicates of d = 4, one by one the same. Catches d read off a leading axis."""
    grams = [_paths(4, 30, seed)[2] for seed in range(6)]
    batch = batched(grams, 2, 3)
    for solve in (
        lambda g: supported(g, banded_mask(4, 1)),
        lambda g: spanned(g, symmetric_basis(4)),
        lambda g: low_rank(g, 4),
    ):
        got = solve(batch)
        assert got.shape == (2, 3, 4, 4)
        assert got.reshape(6, 4, 4) == pytest.approx(np.stack([solve(g) for g in grams]), abs=1e-12)


def test_one_dimension():
    """Every class is all numbers."""
    for one in (banded_mask(1, 0), block_mask(1, 1)):
        assert one.tolist() == [[1.0]]
    for basis in (scalar_basis, circulant_basis, symmetric_basis):
        assert basis(1).tolist() == [[[1.0]]]


def test_masks_of_truth_values_are_masks():
    gram = _paths(4, 30, 9)[2]
    mask = banded_mask(4, 1)
    np.testing.assert_array_equal(supported(gram, mask == 1), supported(gram, mask))


def test_a_basis_of_any_size_and_of_all_matrices():
    """A span does not depend on the size of what spans it; d² members span every matrix, and more
    are too many.
    """
    gram = _paths(4, 30, 10)[2]
    wanted = spanned(gram, circulant_basis(4))
    for size in (1e-7, 1e7):
        np.testing.assert_allclose(spanned(gram, size * circulant_basis(4)), wanted, rtol=1e-9)
    everything = _units(np.ones((4, 4)))
    np.testing.assert_allclose(spanned(gram, everything), dsm_step(gram), rtol=1e-9, atol=1e-10)


def test_masks_are_numbers():
    """Ones and zeros that can be negated and added up, which an array of truth values cannot."""
    np.testing.assert_array_equal(-banded_mask(3, 0) - banded_mask(3, 0), -2 * np.eye(3))
    np.testing.assert_array_equal(-block_mask(3, 1) - block_mask(3, 1), -2 * np.eye(3))


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda g: supported(g, banded_mask(3, 1)), "mask: must have shape (4, 4), not (3, 3)"),
        (lambda g: supported(g, np.ones((4, 3))), "mask: must have shape (4, 4), not (4, 3)"),
        (lambda g: spanned(g, scalar_basis(3)), "basis: must have shape (p, 4, 4), not (1, 3, 3)"),
        (lambda g: spanned(g, np.eye(4)), "basis: must have shape (p, 4, 4), not (4, 4)"),
        (lambda g: spanned(g, np.full((1, 4, 4), np.nan)), "basis: holds NaN or an infinity"),
        (
            lambda g: supported(g, [["a"] * 4] * 4),  # type: ignore[arg-type]
            "mask: must be numbers, but holds 'a'",
        ),
        (
            lambda g: supported(g, np.ma.masked_equal(np.eye(4), 0)),
            "mask: has masked entries: fill them or leave them out",
        ),
        (
            lambda g: spanned(g, np.stack([np.eye(4), 2 * np.eye(4)])),
            "basis: must be linearly independent",
        ),
        (lambda g: spanned(g, np.zeros((1, 4, 4))), "basis: must be linearly independent"),
        (
            lambda g: spanned(g, np.concatenate([_units(np.ones((4, 4))), [np.eye(4)]])),
            "basis: must be linearly independent",
        ),
        (lambda g: banded_mask(0, 0), "dimension: must be at least 1, but is 0"),
        (lambda g: banded_mask(3, -1), "width: must be at least 0, but is -1"),
        (lambda g: block_mask(0, 1), "dimension: must be at least 1, but is 0"),
        (lambda g: scalar_basis(0), "dimension: must be at least 1, but is 0"),
        (lambda g: circulant_basis(0), "dimension: must be at least 1, but is 0"),
        (lambda g: symmetric_basis(0), "dimension: must be at least 1, but is 0"),
        (lambda g: low_rank(g, 5), "rank: must lie between 0 and d = 4, but is 5"),
        (
            lambda g: low_rank(replace(g, xx=-g.xx), 2),
            "samples: the Gram matrix XᵀX is singular or not positive definite",
        ),
        (lambda g: low_rank(g, -1), "rank: must lie between 0 and d = 4, but is -1"),
    ],
)
def test_refusals_are_one_sentence(call, sentence):
    """Key and reason, word for word; the ranks next to them,
    0 and 4, are allowed (interpolation, above).
    """
    with pytest.raises(InvalidInput) as refusal:
        call(_paths(4, 30, 8)[2])
    assert str(refusal.value) == sentence
