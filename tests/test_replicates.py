"""Means and ratios of replicates, with the errors that they turn out to have."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from bounds.check import InvalidInput
from bounds.claim import Claim, verify
from bounds.replicates import mean, ratio
from studies.summary import ratio_of_means


def test_a_mean_as_written_out() -> None:
    """By the sums themselves; from a list or a column as from an array."""
    x = [1.0, 2.0, 4.0, 9.0]
    squares = sum((value - 4.0) ** 2 for value in x)
    for values in (x, np.array(x), pd.Series(x, index=[3, 1, 2, 0])):
        one = mean({"d": 3}, values)
        assert (one.cell, one.value, one.replicates) == ({"d": 3}, 4.0, 4)
        assert one.error == pytest.approx((squares / 3 / 4) ** 0.5, rel=1e-14)


def test_a_ratio_by_leaving_out_one_pair_at_a_time() -> None:
    """The jackknife's standard error is the delta method's to O(1/n); one that forgets the pairs
    is three times as large here. Its sign is not the mean's.
    """
    rng = np.random.default_rng(0)
    below = rng.gamma(4.0, size=2000)
    above = below * (1.5 + 0.1 * rng.standard_normal(2000))
    one = ratio({"d": 3}, above, below)
    n = below.size
    assert (one.cell, one.replicates) == ({"d": 3}, n)
    left = (above.sum() - above) / (below.sum() - below)
    assert one.value == pytest.approx(above.sum() / below.sum(), rel=1e-14)
    jackknife = ((n - 1) / n * np.sum((left - left.mean()) ** 2)) ** 0.5
    assert one.error == pytest.approx(jackknife, rel=0.01)
    apart = one.value * np.hypot(above.std() / above.mean(), below.std() / below.mean()) / n**0.5
    assert apart > 3 * one.error
    assert ratio({}, above, -below).error == pytest.approx(one.error, rel=1e-12)
    assert (one.value, one.error) == pytest.approx(ratio_of_means(above, below), rel=1e-14)


def test_their_errors_are_what_a_verdict_needs() -> None:
    """A mean of exponentials: 1 holds, 1.2 falls, at each of 20 cells of 2000 draws."""
    rng = np.random.default_rng(1)
    claim = Claim(
        name="mean",
        statement="E x = 1.",
        assumptions="",
        source="",
        origin="derived",
        kind="tight",
        measurement="",
        formula=lambda c: 1.0,
        decoy=lambda c: 1.2,
        decoy_note="",
    )
    found = verify(claim, [mean({"k": k}, rng.exponential(size=2000)) for k in range(20)])
    assert found.status == "HOLDS" and found.decoy_cells > 10


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ([1.0], "values: needs 2 replicates or more in one row, not shape (1,)"),
        ([[1.0, 2.0]], "values: needs 2 replicates or more in one row, not shape (1, 2)"),
        (3.0, "values: needs 2 replicates or more in one row, not shape ()"),
        ([1.0, np.nan], "values: holds NaN or an infinity"),
        (["a", "b"], "values: must be numbers"),
        ([True, False], "values: must be numbers"),
    ],
)
def test_what_has_no_mean(values: Any, says: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        mean({}, values)
    assert str(refused.value).startswith(says)


@pytest.mark.parametrize(
    ("above", "below", "says"),
    [
        ([1.0, 2.0], [1.0, 2.0, 3.0], "below: must pair with above, but has 3 and not 2"),
        ([1.0, 2.0], [1.0, -1.0], "below: has mean 0"),
        ([1.0, np.inf], [1.0, 1.0], "above: holds NaN or an infinity"),
        ([1.0], [1.0], "above: needs 2 replicates"),
        ([1.0, 2.0], [1.0], "below: needs 2 replicates"),
    ],
)
def test_what_has_no_ratio(above: Any, below: Any, says: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        ratio({}, above, below)
    assert str(refused.value).startswith(says)
