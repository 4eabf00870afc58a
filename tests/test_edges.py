"""Intervals for an edge: against the inverse covariance, ordinary least squares, formulas by hand,
soft thresholds; and what is no data matrix.
"""

import sys

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from scipy import stats

from bounds.check import InvalidInput
from bounds.data import rows_of
from bounds.edges import (
    edge_interval,
    neighbours,
    null_p_value,
    pair_block,
    plain_interval,
    repaired_interval,
)

CHAIN = np.array([[1.0, 0.4, 0.0, 0.0], [0.4, 1.2, 0.5, 0.0], [0.0, 0.5, 1.5, 0.3], [0, 0, 0.3, 1]])


def drawn(n: int = 60, seed: int = 5):
    rng = np.random.default_rng(seed)
    return rng.multivariate_normal([3.0, -1.0, 0.0, 10.0], np.linalg.inv(CHAIN), size=n)


def test_the_block_is_that_of_the_inverse():
    """Two matrices side by side, in units that differ by 10⁶; the others in another order."""
    x = np.random.default_rng(1).standard_normal((2, 30, 5)) * [1.0, 1e-3, 1e3, 1.0, 5.0]
    gram = np.swapaxes(x, 1, 2) @ x
    found = pair_block(gram, 30)
    np.testing.assert_allclose(found, 30 * np.linalg.inv(gram)[:, :2, :2], rtol=1e-9)
    order = [0, 1, 4, 2, 3]
    np.testing.assert_allclose(pair_block(gram[:, order][:, :, order], 30), found, rtol=1e-9)


def test_a_block_is_refused_for_its_columns_and_not_for_its_units():
    """[[1, c], [c, 1]] leaves 1 − c² of a column: with 2.5e-12 of it the inverse is still told,
    with 5e-13 it is refused; columns in units of 1e-8 and 1e8 that differ otherwise are taken.
    Another scale, another border, or the wrong axis of a batch would not do so.
    """
    for share in (2.5e-12, 5e-13):
        c = 1 - share / 2
        gram = np.array([[[1, c], [c, 1]]] * 2)
        if share > 1e-12:
            expected = 9 / ((1 - c) * (1 + c)) * np.array([[1, -c], [-c, 1]])
            np.testing.assert_allclose(pair_block(gram, 9), [expected] * 2, rtol=1e-3)
        else:
            with pytest.raises(InvalidInput, match="gram: is singular"):
                pair_block(gram, 9)
    units = np.array([1e-8, 1.0, 1e8])
    gram = np.array([[2.0, 1.0, 0.0], [1.0, 2.0, 1.0], [0.0, 1.0, 2.0]]) * units[:, None] * units
    expected = np.array([[3.0, -2.0], [-2.0, 4.0]]) / (units[:2, None] * units[:2])
    np.testing.assert_allclose(pair_block(gram, 4), expected, rtol=1e-9)
    assert pair_block(np.ones((3, 1, 2, 2)) + np.eye(2), 4).shape == (3, 1, 2, 2)
    assert pair_block(np.empty((0, 3, 3)), 4).shape == (0, 2, 2)


def test_intervals_by_hand():
    """Level 0.9; 2 · 3 + 1² = 7, half a width 1.644854 √(7/50), and f = 40/50 of it with 41."""
    block = np.array([[2.0, -1.0], [-1.0, 3.0]])
    low, high = plain_interval(block, 50, level=0.9)
    half = 1.6448536269514722 * (7 / 50) ** 0.5
    np.testing.assert_allclose([low, high], [-1 - half, -1 + half])
    low, high = repaired_interval(block, 50, 9, level=0.9)
    half = 0.8 * 1.6448536269514722 * (7 / 41) ** 0.5
    np.testing.assert_allclose([low, high], [-0.8 - half, -0.8 + half])
    half = 1.959963984540054 * (7 / 50) ** 0.5
    np.testing.assert_allclose(plain_interval(block, 50), [-1 - half, -1 + half])


@pytest.mark.parametrize(("m", "k"), [(10, 8), (4, 2)])
def test_one_degree_of_freedom_more_than_columns_is_enough(m, k):
    """The largest k for m, and the least k there is: f = 1/m and Student's law
    with three degrees of freedom, by hand.
    """
    block = np.array([[2.0, -1.0], [-1.0, 3.0]])
    f = 1 / m
    half = 1.959963984540054 * f * (7 / 2) ** 0.5
    np.testing.assert_allclose(repaired_interval(block, m, k), [-f - half, -f + half])
    s = (1 / 5) ** 0.5
    p = 1 - 2 / np.pi * (np.arctan(s) + s / (1 + s * s))
    assert null_p_value(block, m, k) == pytest.approx(p, rel=1e-12)


@pytest.mark.parametrize("centre", [True, False])
def test_an_edge_against_least_squares(centre):
    """The p-value is that of b in ordinary least squares of a on b and the neighbours, the estimate
    minus that coefficient over the residual variance, with m for the degrees of freedom.
    """
    x = drawn()
    found = edge_interval(x, 1, 2, centre=centre, selected=([0], [3]))
    assert found.samples == 60 - centre
    others = x[:, [2, 0, 3]]
    fit = sm.OLS(x[:, 1], sm.add_constant(others, prepend=False) if centre else others).fit()
    assert found.p_value == pytest.approx(fit.pvalues[0], rel=1e-9)
    estimate = -fit.params[0] * found.samples / fit.ssr
    assert found.double.estimate == pytest.approx(estimate, rel=1e-9)
    assert found.repaired.estimate == pytest.approx(
        estimate * (found.samples - 5) / found.samples, rel=1e-9
    )
    assert found.double.columns == found.repaired.columns == (1, 2, 0, 3)
    assert found.naive.columns == (1, 2, 0)
    fit = sm.OLS(x[:, 1], sm.add_constant(x[:, [2, 0]], prepend=False) if centre else x[:, [2, 0]])
    alone = -fit.fit().params[0] * found.samples / fit.fit().ssr
    assert found.naive.estimate == pytest.approx(alone, rel=1e-9)


def test_ends_belong_to_the_estimates():
    """Each interval lies evenly about its estimate, at the level that was asked for."""
    found = edge_interval(drawn(), 1, 2, level=0.8, selected=([0], [3]))
    x = drawn() - drawn().mean(axis=0)
    inverse = 59 * np.linalg.inv(x.T @ x)
    half = stats.norm.ppf(0.9) * np.sqrt((inverse[1, 1] * inverse[2, 2] + inverse[1, 2] ** 2) / 59)
    middle = inverse[1, 2]
    np.testing.assert_allclose(found.double[1:3], [middle - half, middle + half])
    block = 59 * np.linalg.inv(x[:, :3].T @ x[:, :3])[1:, 1:]
    width = stats.norm.ppf(0.9) * np.sqrt((block[0, 0] * block[1, 1] + block[0, 1] ** 2) / 59)
    np.testing.assert_allclose(found.naive[1:3], [block[0, 1] - width, block[0, 1] + width])
    f = 54 / 59
    half *= f * np.sqrt(59 / 55)
    np.testing.assert_allclose(found.repaired[1:3], [f * middle - half, f * middle + half])


def test_what_must_not_matter_does_not():
    """The place of the data, which of a and b is first, and units, by which ω_ab is divided."""
    pytest.importorskip("sklearn")
    x = drawn()
    found = edge_interval(x, 1, 2)
    moved = edge_interval(x + 100, 1, 2)
    np.testing.assert_allclose(moved.repaired[:3], found.repaired[:3], rtol=1e-9)
    np.testing.assert_allclose(edge_interval(x, 2, 1).double[:3], found.double[:3], rtol=1e-9)
    scaled = edge_interval(pd.DataFrame(x * [1, 4, 0.5, 7]), 1, 2)
    np.testing.assert_allclose(scaled.double[:3], np.array(found.double[:3]) / 2, rtol=1e-9)
    assert scaled.p_value == pytest.approx(found.p_value, rel=1e-8)


# The 63 columns of Hadamard's matrix that are no constant: orthogonal, of mean 0 and square 1.
SIGNS = np.array([[(-1.0) ** bin(i & j).count("1") for j in range(1, 64)] for i in range(64)])


def test_selection_by_soft_thresholds():
    """Orthogonal columns: w is the product with y, soft-thresholded at the penalty; by default at
    σ̂ √(2 log d/n) with what is left of y. Catches another scale or another number of columns.
    """
    pytest.importorskip("sklearn")
    n = 64
    signs = SIGNS[:, :8]
    y = signs[:, :7] @ np.array([3.0, 1.0, 0.5, 0.2, 0.1, 0.0, 0.0])
    x = np.column_stack([signs[:, :7] * 5, y])
    correlations = np.array([3.0, 1.0, 0.5, 0.2, 0.1, 0, 0]) / np.sqrt(np.mean(y**2))
    for penalty in (0.02, 0.05, 0.1, 0.2, 0.5):
        expected = tuple(np.flatnonzero(correlations > penalty).tolist())
        assert neighbours(x, 7, penalty) == expected
    sigma = 1.0
    for _ in range(200):
        threshold = sigma * np.sqrt(2 * np.log(8) / n)
        left = np.minimum(correlations, threshold)
        sigma = float(np.sqrt(np.sum(left**2)))
    assert neighbours(x, 7) == tuple(np.flatnonzero(correlations > threshold).tolist())
    assert sigma < 0.5  # so that one step, at the first σ̂ = 1, would keep fewer


def test_the_number_of_columns_and_the_mean_enter_as_documented():
    """Correlations like 0, 1, …, 19: 6 of them are kept at √(2 log 21/64), one more or less at
    a factor 5 % off. Rows that are not centred are taken about 0: 1 ± 1 twice have the correlation
    1/2 there, and 0 about their means.
    """
    pytest.importorskip("sklearn")
    weights = np.arange(20.0)
    y = SIGNS[:, :20] @ weights
    correlations = weights / np.sqrt(np.sum(weights**2))
    sigma = 1.0
    for _ in range(200):
        threshold = sigma * np.sqrt(2 * np.log(21) / 64)
        sigma = float(np.sqrt(np.sum(np.minimum(correlations, threshold) ** 2)))
    assert np.flatnonzero(correlations > threshold).tolist() == [14, 15, 16, 17, 18, 19]
    assert neighbours(np.column_stack([SIGNS[:, :20], y]), 20) == (14, 15, 16, 17, 18, 19)
    about = 1 + SIGNS[:, :2]
    assert neighbours(about, 1, 0.4) == (0,)
    assert neighbours(about - 1, 1, 0.4) == neighbours(about, 1, 0.6) == ()


def test_little_noise_is_found_as_well():
    """Three columns and 1/2000 of noise: σ̂ comes down to that before the rounds end, and so
    does the penalty, below 1/500.
    """
    pytest.importorskip("sklearn")
    y = SIGNS[:, [0, 1, 2, 9]] @ [1.0, 0.004, 0.002, 0.0005]
    assert neighbours(np.column_stack([SIGNS[:, :3], y]), 3) == (0, 1, 2)


def test_a_penalty_holds_for_the_edge():
    """Above every correlation it leaves a and b alone, far below it takes all columns."""
    pytest.importorskip("sklearn")
    assert edge_interval(drawn(), 1, 2, penalty=1.01).double.columns == (1, 2)
    assert edge_interval(drawn(), 1, 2, penalty=1e-6).double.columns == (1, 2, 0, 3)


def test_columns_alike_are_refused_where_the_lasso_does_not_converge():
    """a ± 0.03 b are told apart, after 2,334 sweeps, and a ± 0.001 b are not, after 10,000."""
    pytest.importorskip("sklearn")
    a, b = SIGNS[:16, 0], SIGNS[:16, 1]
    assert neighbours(np.column_stack([a + 0.03 * b, a - 0.03 * b, b]), 2, 0.01) == (0, 1)
    with pytest.raises(InvalidInput) as refused:
        neighbours(np.column_stack([a + 1e-3 * b, a - 1e-3 * b, b]), 2, 1e-4)
    assert (
        str(refused.value)
        == "data: has columns so alike that the Lasso does not converge: leave some out"
    )


def test_more_columns_than_rows():
    """A chain among 120 columns of 80 rows: the neighbours are found, and not all columns taken."""
    pytest.importorskip("sklearn")
    x = np.random.default_rng(2).standard_normal((80, 120))
    x[:, 1] += x[:, 0]
    x[:, 2] += x[:, 1]
    found = edge_interval(x, 0, 1)
    assert 2 in found.double.columns
    assert len(found.double.columns) < 20
    assert found.naive.columns[:2] == found.double.columns[:2] == (0, 1)
    assert found.p_value < 1e-6
    with pytest.raises(InvalidInput, match="80 rows and 120 columns: too few"):
        rows_of(x)


def test_the_p_value_is_a_correlation_test():
    """Two columns, known mean: scipy's test of a correlation has one degree of freedom less, for
    the mean, so that 12 rows there are 11 here."""
    rng = np.random.default_rng(4)
    x = rng.standard_normal((12, 2))
    x -= x.mean(axis=0)
    block = pair_block(x.T @ x, 11)
    assert null_p_value(block, 11, 2) == pytest.approx(stats.pearsonr(*x.T).pvalue, rel=1e-10)


X = drawn()
BAD = [
    (lambda: edge_interval(X[:, 0], 0, 1), "data: must be a matrix"),
    (lambda: edge_interval(np.where(X > 12, np.nan, X), 0, 1), "data: holds NaN"),
    (lambda: edge_interval([["a", "b"]], 0, 1), "data: must be numbers"),
    (lambda: edge_interval(X * [1, 0, 1, 1], 0, 1), "data: column 2 of 4 is constant"),
    (lambda: edge_interval(X, 0, 4), "b: must be a column, 0 … 3, but is 4"),
    (lambda: edge_interval(X, -1, 1), "a: must be at least 0"),
    (lambda: edge_interval(X, 1, 1), "b: must be another column than a"),
    (lambda: edge_interval(X, 0, 1, level=95), "level: must lie between 0 and 1, but is 95"),
    (lambda: plain_interval(np.eye(2), 9, 1.5), "level: must lie between 0 and 1, but is 1.5"),
    (lambda: plain_interval(np.eye(2), 9, 1), "level: must lie between 0 and 1, but is 1"),
    (lambda: plain_interval(np.eye(2), 9, 0), "level: must lie between 0 and 1, but is 0"),
    (lambda: edge_interval(X, 0, 1, selected=([2],)), "selected: must be two lists"),  # type: ignore[arg-type]
    (lambda: edge_interval(X, 0, 1, selected=([2], [9])), "selected: must be a column"),
    (
        lambda: edge_interval(X[:10], 0, 1, selected=([2], [3])),
        "data: has 10 rows, too few for the 3 columns .*: an interval needs 12",
    ),
    (
        lambda: edge_interval(X[:, [0, 1, 1]], 0, 1, selected=([2], [2])),
        "data: has columns that are sums of multiples of others",
    ),
    (lambda: neighbours(X[:, 0], 0), "rows: must be a matrix"),
    (lambda: neighbours(X, 0, -1.0), "penalty: must be positive"),
    (lambda: neighbours(X, 5), "node: must be a column"),
    (lambda: pair_block(np.ones((3, 3)), 9), "gram: is singular"),
    (lambda: pair_block(-np.eye(3), 9), "gram: must have a positive diagonal"),
    (lambda: pair_block(np.diag([1.0, 0.0, 1.0]), 9), "gram: must have a positive diagonal"),
    (lambda: pair_block([[1.0]], 9), "gram: must have two columns"),
    (lambda: plain_interval(np.eye(3), 9), "block: must have shape"),
    (lambda: repaired_interval(np.eye(2), 9, 8), "columns: must be fewer than m − 1 = 8"),
    (lambda: null_p_value(np.eye(2), 9, 8), "columns: must be fewer than m − 1 = 8"),
    (lambda: repaired_interval(np.eye(2), 9, 1), "columns: must be at least 2"),
    (lambda: null_p_value(np.eye(2), 9, 1), "columns: must be at least 2"),
]


@pytest.mark.parametrize(("call", "sentence"), BAD)
def test_bad_input_is_one_sentence(call, sentence):
    with pytest.raises(InvalidInput, match=sentence):
        call()


def test_the_least_number_of_rows_is_the_one_named():
    """For three columns 12 rows at 0.95, m − k > 2 · 1.96² = 7.7, and 8 at 0.8, where 2 z² = 3.3;
    one row less is refused.
    """
    for level, rows in ((0.95, 12), (0.8, 8)):
        found = edge_interval(X[:rows], 0, 1, level=level, selected=([2], []))
        assert found.samples == rows - 1
        with pytest.raises(InvalidInput, match=f"needs {rows}$"):
            edge_interval(X[: rows - 1], 0, 1, level=level, selected=([2], []))


def test_without_scikit_learn(monkeypatch):
    """One sentence that names the extra, and the way around it."""
    monkeypatch.setitem(sys.modules, "sklearn.linear_model", None)
    with pytest.raises(InvalidInput) as refused:
        edge_interval(X, 0, 1)
    assert (
        str(refused.value)
        == "selected: selection needs scikit-learn (pip install 'dimfree[data]'), or columns"
    )
