"""SCORE's estimate against a plain version with an explicit inverse, Hermite's polynomials, exact
symmetries; the order; the warning on data without an order; and what is refused.
"""

import numpy as np
import pandas as pd
import pytest

from bounds.causal import bandwidth, causal_order, jacobian_diagonal, table
from bounds.check import InvalidInput


def draw(n=40, seed=3):
    """A cause and x²/2 + ε."""
    rng = np.random.default_rng(seed)
    x = rng.standard_normal(n)
    return np.column_stack([x, x**2 / 2 + rng.standard_normal(n)])


def plainly(x, ridge):
    """As Rolland et al. write it, with all differences in one array and an inverse."""
    apart = x[:, None] - x[None]
    distances = np.sqrt((apart**2).sum(axis=2))
    s = np.sort(distances.ravel())[(len(x) ** 2 - 1) // 2]
    K = np.exp(-(distances**2) / (2 * s**2)) / s
    inverse = np.linalg.inv(K + ridge * np.eye(len(x)))
    G = inverse @ -np.einsum("kij,ik->kj", apart, K) / s**2
    return -(G**2) + inverse @ np.einsum("kij,ik->kj", -1 / s**2 + apart**2 / s**4, K)


@pytest.mark.parametrize("ridge", [1e-3, 1.0])
def test_the_estimate_by_an_inverse(ridge):
    x = draw()
    found = jacobian_diagonal(x, ridge=ridge)
    np.testing.assert_allclose(found, plainly(x, ridge), rtol=1e-9, atol=1e-9)


def test_the_bandwidth_counts_the_zeros():
    """Of 0, 0, 0, 0, 1, 1, 2, 2, …: rows 0, 1, 3, 7 have the distances 1, 2, 3, 4, 6, 7 twice."""
    assert bandwidth([[0.0], [1.0], [3.0], [7.0]]) == 2.0
    assert jacobian_diagonal(draw(), scale=bandwidth(draw())) == pytest.approx(
        jacobian_diagonal(draw())
    )


def test_units_and_shifts():
    """H(cX + b; η/c) = H(X; η)/c²; at the same η it is something else."""
    x, c = draw(), 10.0
    before = jacobian_diagonal(x)
    np.testing.assert_allclose(
        jacobian_diagonal(c * x + [5.0, -70.0], ridge=1e-3 / c) * c**2, before, rtol=1e-6, atol=1e-6
    )
    other = jacobian_diagonal(c * x) * c**2
    assert np.abs(other - before).max() > 0.1 * np.abs(before).max()


def test_a_chain_is_ordered():
    """Three columns, mixed: 2 → 0 → 1. The first variance by the plain version."""
    rng = np.random.default_rng(5)
    root = rng.standard_normal(100)
    middle = 2 * np.sin(2 * root) + 0.5 * rng.standard_normal(100)
    last = 3 * np.cos(middle) + 0.5 * rng.standard_normal(100)
    found = causal_order(pd.DataFrame({"m": middle, "l": last, "r": root}), rng, ridge=0.1)
    assert found.order == (2, 0, 1)
    assert np.isnan(found.variances[2]) and np.isnan(found.shares[2])
    by_hand = np.var(plainly(np.column_stack([middle, last, root]), 0.1), axis=0)
    assert found.variances[1] == pytest.approx(by_hand.min(), rel=1e-8)
    assert np.argmin(by_hand) == 1


def test_a_strong_effect_goes_without_a_warning():
    """x_2 = 2 x_1² + ε: no Gaussian sample of that covariance does the same."""
    rng = np.random.default_rng(6)
    x = rng.standard_normal(120)
    found = causal_order(np.column_stack([2 * x**2 + rng.standard_normal(120), x]), rng)
    assert found[0] == (1, 0)
    assert found.warning == "" and found.shares[0] == 0


def test_the_warning_on_data_without_an_order():
    """A pair of linear Gaussian columns goes without it in 1 of 10 draws at most. Of 30, more than
    13 do with probability 1e-6; a warning that never comes makes 30.
    """
    rng = np.random.default_rng(11)
    silent = 0
    for _ in range(30):
        x = rng.standard_normal(40)
        data = np.column_stack([x, x + rng.standard_normal(40)])
        found = causal_order(data, rng)
        silent += found.warning == ""
        assert (found.warning == "") == (np.nanmax(found.shares) <= 0.05)
    assert silent <= 13


@pytest.mark.parametrize(
    ("data", "says"),
    [
        ([[1.0, np.nan]] * 9, "NaN"),
        ([1.0, 2.0, 3.0], "must have shape"),
        ([[1.0, 2.0], [3.0, 5.0]], "2 rows for 2 columns"),
        (np.zeros((6000, 1)), "do not fit into memory"),
        ([[float(k), 4.0] for k in range(9)], "column 1 is constant"),
        ([[float(k), 2.0 * k] for k in range(9)], "follows from the others"),
        (np.repeat([[0.0, 1.0], [1.0, 0.0], [2.0, 2.0]], [20, 1, 1], axis=0), "their scale is 0"),
        ([[float(k)] for k in range(9)], "one column, which has no order"),
    ],
)
def test_what_cannot_be_ordered_is_one_sentence(data, says):
    with pytest.raises(InvalidInput, match=says):
        causal_order(data, np.random.default_rng(0))


def test_settings_out_of_range():
    twice = np.repeat(draw(), 2, axis=0)
    for how, says in (
        ({"ridge": 0.0}, "positive"),
        ({"scale": -1.0}, "positive"),
        ({"ridge": 1e-300}, "singular"),
    ):
        with pytest.raises(InvalidInput, match=says):
            jacobian_diagonal(twice, **how)
    with pytest.raises(InvalidInput, match="at least 19"):
        causal_order(draw(), np.random.default_rng(0), surrogates=5)
    np.testing.assert_array_equal(table(draw()), draw())


def test_shares_and_warning_by_hand():
    """White columns: the Gaussian samples are drawn anew from the same source and counted, step by
    step; a warning names both columns. Catches a share of other samples, and a gap turned over.
    """
    rng, again = np.random.default_rng(0), np.random.default_rng(0)
    x = rng.standard_normal((30, 3))
    again.standard_normal((30, 3))
    found = causal_order(x, rng)
    left = [0, 1, 2]
    for column in (0, 2):  # the leaf, and the leaf of what is left
        kept = x[:, left]
        root = np.linalg.cholesky(np.cov(kept.T))

        def pick(data):
            variances = np.var(jacobian_diagonal(data), axis=0)
            least, second = np.sort(variances)[:2]
            return int(np.argmin(variances)), second / least

        place, gap = pick(kept)
        assert left[place] == column
        drawn = [pick(again.standard_normal(kept.shape) @ root.T) for _ in range(19)]
        same = sum(other == place and wide >= gap for other, wide in drawn)
        assert found.shares[column] == same / 19
        left.remove(column)
    assert found.order == (1, 2, 0)
    assert found.warning == (
        "at column 0, 2 Gaussian data of the same covariance, which have no order, do the same by "
        "as wide a gap: there the data's own precision, or chance, decides"
    )


def test_one_in_twenty_is_no_doubt():
    rng = np.random.default_rng(2)
    x = rng.standard_normal(40)
    found = causal_order(np.column_stack([x, x + rng.standard_normal(40)]), rng, surrogates=20)
    assert found.shares[1] == 1 / 20
    assert found.warning == ""


def test_the_fewest_and_the_most_rows():
    """d + 2 of d columns, and 5000."""
    assert table(draw(4)).shape == (4, 2)
    assert table(np.arange(5000.0)[:, None]).shape == (5000, 1)
