"""One's own data: Gram matrices against plain arrays, what is refused, and the held-out loss
against the risk.
"""

import re
from typing import Any

import numpy as np
import pandas as pd
import pytest

from bounds import data
from bounds.check import InvalidInput
from bounds.data import grams_of, held_out_losses, rows_of
from bounds.estimators import dsm, plug_in
from bounds.gaussian import Gaussian, spectrum
from bounds.gram import MIN_MEAN_RISK
from bounds.process import Slice, decay, noise_variance, simulate
from bounds.risk import dsm_risk, risk
from tests.reference import random_covariance

TIMES = [0.1, 0.3, 1.0]
X = np.random.default_rng(0).standard_normal((40, 3)) @ np.diag([0.5, 1.0, 2.0]) + 5


def rng(seed: int = 1) -> np.random.Generator:
    return np.random.default_rng(seed)


def test_sums_equal_plain_arrays(monkeypatch: pytest.MonkeyPatch) -> None:
    """In blocks of 9 with K = 2, against whole arrays fed the same draws. Catches a lost last
    block, ε for Z, a mean that was not subtracted.
    """
    monkeypatch.setattr(data, "BLOCK", 9)
    found = grams_of(X, TIMES, rng(), redraws=2)
    rows, again = X - X.mean(axis=0), rng()
    blocks: list[list[Slice]] = []
    for start in range(0, 40, 9):
        for _ in range(2):
            blocks.append(list(simulate(rows[start : start + 9], TIMES, again)))
    for k, gram in enumerate(found):
        x, z, w = (np.vstack([getattr(one[k], name) for one in blocks]) for name in "xzw")
        unit = z / np.sqrt(noise_variance(TIMES[k]))
        for product, other in ((gram.xx, x), (gram.xz, unit), (gram.xw, w)):
            np.testing.assert_allclose(product, x.T @ other, atol=1e-10)
        assert gram.data is not None
        np.testing.assert_allclose(gram.data, rows.T @ rows, atol=1e-10)
        assert (gram.samples, gram.paths, gram.redraws) == (40, 80, 2)


def test_gaussian_rows_have_dsm_s_risk() -> None:
    """Mean risk over 400 data sets against the closed form with n − 1 for the centred rows' and n
    for the noise's freedom, between which 2 % lie: within 4 standard errors of either or between.
    Without centring, on the same data, it is more than five times as much.
    """
    law, n, t = Gaussian(spectrum("linear", 3)), 60, 0.3

    def mean_risk(centre: bool) -> tuple[float, float]:
        found = []
        for seed in range(400):
            source = rng(seed)
            x = law.sample(n, source) + 5
            grams = grams_of(x, [t], source, centre=centre)
            found.append(float(risk(law, t, next(dsm(grams)))))
        return float(np.mean(found)), float(np.std(found, ddof=1) / 20)

    mean, error = mean_risk(True)
    assert dsm_risk(law, t, n) - 4 * error < mean < dsm_risk(law, t, n - 1) + 4 * error
    assert error < 0.05 * mean
    assert mean_risk(False)[0] > 5 * mean


def test_the_plug_in_is_the_sample_covariance() -> None:
    """To rounding: −(e² Ĉ + σ² I)^{-1} with numpy's own covariance."""
    (score,) = plug_in(grams_of(X, [0.3], rng()))
    covariance = np.cov(X.T, bias=True)
    marginal = decay(0.6) * covariance + noise_variance(0.3) * np.eye(3)
    np.testing.assert_allclose(score @ marginal, -np.eye(3), atol=1e-12)


WHOLE = np.round(10 * X)


@pytest.mark.parametrize(
    "same",
    [
        WHOLE.tolist(),
        WHOLE.astype(int),
        WHOLE.astype(np.float32),
        WHOLE.astype(np.int8),
        pd.DataFrame(WHOLE, columns=["a", "b", "c"]),
        pd.DataFrame(WHOLE.astype(int)),
        np.asfortranarray(WHOLE),
    ],
    ids=["lists", "integers", "float32", "int8", "table", "table of integers", "by columns"],
)
def test_data_in_other_clothes(same: object) -> None:
    """The same numbers however they are held: integers that overflow would show."""
    one, other = grams_of(WHOLE, TIMES, rng()), grams_of(same, TIMES, rng())  # type: ignore[arg-type]
    for a, b in zip(one, other, strict=True):
        np.testing.assert_array_equal(a.xx, b.xx)


def spoiled(row: int, column: int, value: float) -> np.ndarray:
    """X with another number in one place."""
    found = X.copy()
    found[row, column] = value
    return found


BAD = [
    (spoiled(2, 1, np.nan), "holds NaN or an infinity, or has nothing, in row 3, column 2: fill"),
    (spoiled(39, 0, np.inf), "in row 40, column 1"),
    (spoiled(2, 1, np.nan) * spoiled(5, 0, np.inf), "in row 3, column 2, and 1 more: fill"),
    (np.where(X > 6, np.nan, X), r"column \d, and \d+ more: fill"),
    (X[:, 0], r"must be a matrix.*\(40,\); one variable is a matrix of one column, x\[:, None\]$"),
    (X[0, 0], r"must be a matrix.*shape \(\)$"),
    (X[None], r"must be a matrix.*shape \(1, 40, 3\)$"),
    (np.empty((0, 3)), "must be a matrix"),
    (X[:3], "has 3 rows and 3 columns: too few rows"),
    (X.T, "has 3 rows and 40 columns: too few rows"),
    (
        np.column_stack([X, np.ones(40)]),
        "^column 4 of 4 is constant, without variance to fit: leave it out$",
    ),
    (np.column_stack([np.zeros(40), X, 1e8 + 1e-8 * X[:, 0]]), "columns 1, 5 of 5 are constant"),
    (np.column_stack([X, 1e-60 * X[:, 0]]), "column 4 of 4 is constant"),
    (
        np.hstack([X, np.zeros((40, 12))]),
        "columns 4, 5, 6, 7, 8, 9, 10, 11, 12, 13 and 2 more of 15 are",
    ),
    (
        np.hstack([X, np.zeros((40, 11))]),
        "^columns 4, 5, 6, 7, 8, 9, 10, 11, 12, 13 and 1 more of 14 are constant, without variance "
        "to fit: leave them out$",
    ),
    (np.hstack([X, np.zeros((40, 10))]), "columns 4, 5, 6, 7, 8, 9, 10, 11, 12, 13 of 13 are"),
    (1e50 * X, r"holds \d\.\de\+50, above 1e\+40: use other units"),
    (pd.DataFrame({"a": X[:, 0], "b": ["x"] * 40}), "must be numbers"),
    (X > 5, "must be numbers"),
    (X.astype(str), "must be numbers"),
    (X + 1j, "imaginary"),
]


@pytest.mark.parametrize(("bad", "says"), BAD)
def test_what_is_no_data_is_one_sentence(bad: object, says: str) -> None:
    """Each is refused under x, by the door and by what it is made of; X itself is taken."""
    for call in (lambda: rows_of(bad), lambda: grams_of(bad, TIMES, rng())):  # type: ignore[arg-type]
        with pytest.raises(InvalidInput) as refused:
            call()
        assert refused.value.key == "x"
        assert re.search(says, refused.value.reason), refused.value.reason
        assert "\n" not in str(refused.value)
    assert len(grams_of(X, TIMES, rng())) == 3


def test_what_is_just_data() -> None:
    """Entries of exactly 1e40; a column 1e20 times smaller than its neighbours; one of range
    1.5e-40, and not one of half of that.
    """
    assert rows_of(1e40 * X / np.abs(X).max())[0].shape == (40, 3)
    assert rows_of(X * [1e-20, 1.0, 1.0])[0].shape == (40, 3)
    unit = (np.arange(40) / 39)[:, None]
    assert rows_of(1.5e-40 * unit)[0].shape == (40, 1)
    with pytest.raises(InvalidInput, match="column 1 of 1 is constant"):
        rows_of(0.75e-40 * unit)


def test_data_too_small_for_their_noise() -> None:
    """One column, whose score at t differs from the noise's by e^{-2t}/σ⁴ times its variance: above
    1e-25 n in float64's reach, below refused. Catches a variance that is a sum over rows.
    """
    t, column = 0.3, X[:, :1] - X[:, :1].mean()
    slope = decay(2 * t) / noise_variance(t) ** 2
    unit = column * np.sqrt(40 * MIN_MEAN_RISK / slope) / column.std()
    grams_of(2 * unit, [t], rng())
    with pytest.raises(InvalidInput, match=r"^times: .* below the resolution of float64"):
        grams_of(unit / 2, [t], rng())


@pytest.mark.parametrize(
    ("change", "key"),
    [
        ({"times": [0.3, 0.1]}, "times"),
        ({"times": []}, "times"),
        ({"times": [1e-16]}, "times"),
        ({"redraws": 0}, "redraws"),
        ({"redraws": 10**12}, "redraws"),
        ({"rng": 7}, "rng"),
        ({"x": X * [1e9, 1.0, 1.0]}, "covariance"),
    ],
)
def test_other_bad_arguments(change: dict[str, Any], key: str) -> None:
    good: dict[str, Any] = {"x": X, "times": TIMES, "rng": rng()}
    with pytest.raises(InvalidInput, match=f"^{key}: "):
        grams_of(**(good | change))


def test_rows_in_fewer_dimensions_are_data() -> None:
    """A column that repeats another is singular without noise, and is fitted with it."""
    grams = grams_of(np.column_stack([X, X[:, 0]]), TIMES, rng())
    assert all(np.isfinite(a).all() for a in dsm(grams))


def test_the_mean_is_handed_back() -> None:
    rows, mean = rows_of(X)
    np.testing.assert_allclose(rows + mean, X)
    np.testing.assert_allclose(rows.mean(axis=0), 0, atol=1e-12)
    untouched, zero = rows_of(X, centre=False)
    np.testing.assert_array_equal(untouched, X)
    assert not zero.any()


def test_held_out_loss_is_the_risk_less_the_score_s() -> None:
    """Over rows whose second moment is Σ itself: mean loss + tr V_t^{-1} is the risk, exactly. A
    lost σ_t², a Â for its transpose or half of the trace would show.
    """
    law, t = Gaussian.from_covariance(random_covariance(4, 3)), 0.4
    rows = 2 * law.colour
    estimate = law.score_matrix(t) + rng().standard_normal((4, 4))
    losses = held_out_losses(rows, t, estimate)
    assert losses.mean() + (1 / law.variances(t)).sum() == pytest.approx(
        float(risk(law, t, estimate)), rel=1e-12
    )


def test_the_noise_is_integrated_out_row_by_row() -> None:
    """Eight noises ±√d e_i have mean 0 and covariance I: over them a quadratic's mean is exact."""
    t, estimate = 0.4, rng().standard_normal((4, 4))
    rows = rng(2).standard_normal((5, 4))
    sigma = float(np.sqrt(noise_variance(t)))
    noises = 2 * np.vstack([np.eye(4), -np.eye(4)])
    x = decay(t) * rows[:, None] + sigma * noises
    plain = ((x @ estimate.T + noises / sigma) ** 2).sum(axis=-1).mean(axis=1)
    np.testing.assert_allclose(held_out_losses(rows, t, estimate) + 4 / sigma**2, plain, rtol=1e-12)


@pytest.mark.parametrize(
    ("change", "key"),
    [
        ({"x0": X[0]}, "x0"),
        ({"x0": spoiled(0, 0, np.nan)}, "x0"),
        ({"t": 0.0}, "t"),
        ({"estimate": np.eye(2)}, "estimate"),
        ({"estimate": np.eye(3)[None]}, "estimate"),
    ],
)
def test_held_out_loss_refuses(change: dict[str, Any], key: str) -> None:
    good: dict[str, Any] = {"x0": X, "t": 0.3, "estimate": np.eye(3)}
    with pytest.raises(InvalidInput, match=f"^{key}: "):
        held_out_losses(**(good | change))
