"""Scalings, slopes, equivalence and the tilt of log log d; each check also meets the false variant
it must reject.

Single tables carry a fixed wobble, no draw. Stochastic tests have fixed seeds; each bound is set so
that a right implementation fails a fresh seed with probability at most 1e-9 (an exact binomial
quantile).
"""

import json
from collections.abc import Callable
from dataclasses import asdict

import numpy as np
import pytest
from scipy import stats

from bounds.check import Array, InvalidInput
from studies.least_squares import SlopeFit, fit_line
from studies.slopes import equivalence, fit_slope, local_tilt, predicted_tilt, scaled, summarise

DIMS = np.array([16.0, 32.0, 64.0, 128.0, 256.0, 512.0, 1024.0])
UNEVEN = np.array([0.20, 0.01, 0.03, 0.15, 0.02, 0.08, 0.05])


# --- scalings ---


def test_scalings_divide_by_the_stated_class() -> None:
    """Hand-computed at d = 16; d for d², or log d for log log d, would be caught."""
    error = np.array([512.0])
    assert scaled(error, [16.0], "log|H|") == pytest.approx([2.0], rel=1e-15)
    by_hand = 2.0 / 1.0197814405382262  # ln(ln 16) = ln 2.772588722239781
    value = scaled(error, [16.0], "log|H| log log d")
    assert value == pytest.approx([by_hand], rel=1e-12)
    for decoy in (512 / 16 / 1.0197814405382262, 512 / 256 / 2.772588722239781):
        assert value != pytest.approx([decoy], rel=1e-3)


@pytest.mark.parametrize("d", [1.0, 2.0, 2.7])
def test_log_log_is_refused_where_it_is_not_positive(d: float) -> None:
    """log log 2 = −0.37 would turn the scaled error's sign; log|H| alone is fine there, and so is
    d = 3."""
    with pytest.raises(InvalidInput, match=r"^dims: log log d is not positive for d ≤ e"):
        scaled([1.0, 1.0], [d, 8.0], "log|H| log log d")
    assert scaled([1.0], [d], "log|H|") == pytest.approx([d**-2])
    assert scaled([1.0], [3.0], "log|H| log log d")[0] > 0


# --- slopes ---


def test_the_slope_is_the_power_of_d() -> None:
    """error ∝ d^1.5: slope 1.5, with relative errors as standard deviations; not the 3/2 of d's
    logarithm to base 10, and not the power of log d."""
    mean = 2 * DIMS**1.5
    for se in (0.01 * mean, None):
        assert fit_slope(DIMS, mean, se).slope == pytest.approx(1.5, rel=1e-10)
    by_hand = np.polyfit(np.log(DIMS), np.log(mean * (1 + 0.1 * UNEVEN)), 1, w=1 / UNEVEN)[0]
    bent = mean * (1 + 0.1 * UNEVEN)
    assert fit_slope(DIMS, bent, 0.01 * UNEVEN * bent).slope == pytest.approx(by_hand, rel=1e-9)
    assert fit_slope(DIMS, bent, 0.01 * UNEVEN).slope != pytest.approx(by_hand, rel=1e-4)


def test_runs_become_means_and_standard_errors() -> None:
    """By hand: d = 8 with runs 1, 3 (mean 2, se 1), d = 16 with 2, 2, 5 (mean 3, se 1); the order
    is free.

    The decoy, division by R in the variance, has se √(1/2) at d = 8.
    """
    d, mean, se, replicates = summarise([16, 8, 16, 8, 16], [2, 1, 5, 3, 2])
    assert se is not None and replicates is not None
    assert [list(column) for column in (d, mean, replicates)] == [[8, 16], [2, 3], [2, 3]]
    assert se == pytest.approx([1, 1], rel=1e-12)
    assert se[0] != pytest.approx(np.sqrt(1 / 2), rel=0.1)
    single = summarise([16, 8], [2, 1])
    assert [list(column) for column in single[:2] if column is not None] == [[8, 16], [1, 2]]
    assert single[2:] == (None, None)


def fits(seed: int, draws: int, slope: float, true_sd: Array, sd: Array) -> list[SlopeFit]:
    """Fits of lines through noise of standard deviation `true_sd`, told that it is `sd`."""
    rng, x = np.random.default_rng(seed), np.log(DIMS)
    return [fit_line(x, slope * x + true_sd * rng.standard_normal(7), sd) for _ in range(draws)]


# --- equivalence ---


def test_equivalence_by_hand() -> None:
    """p-values from their definition, for a fit with φ > 1 and one with φ < 1; the interval says
    the same."""
    for seed in range(6, 18):
        fit = fits(seed, 1, 0.0, UNEVEN, UNEVEN)[0]
        for margin in (0.01, 0.03, 0.1):
            answer = equivalence(fit, margin)
            upper = (margin - fit.slope) / fit.se
            root = np.sqrt(fit.chi_square / 5)
            by_hand = max(
                0.5 - 0.5 * float(stats.chi.cdf(upper, 1)), float(stats.t.cdf(-upper / root, 5))
            )
            if upper > 0:
                assert answer.p_high == pytest.approx(by_hand, rel=1e-9)
            assert answer.equivalent == (-margin < answer.low and answer.high < margin)
            assert answer.p == max(answer.p_low, answer.p_high)


def test_equivalence_has_its_size_and_its_power() -> None:
    """At the margin's edge at most 5 % are called equivalent (bound at 1e-9); in the middle, nearly
    all.

    The decoy is "not significant, hence equal": at the edge it calls most tables equivalent as soon
    as they are noisy.
    """
    draws, alpha = 1000, 0.05
    most = float(stats.binom.isf(1e-9, draws, alpha))
    se = fits(18, 1, 0.0, UNEVEN, UNEVEN)[0].se
    for edge in (1, -1):
        for margin in (0.7 * se, 8 * se):
            sample = fits(19, draws, edge * margin, UNEVEN, UNEVEN)
            assert sum(equivalence(f, margin, alpha).equivalent for f in sample) <= most
            if margin < se:
                assert sum(f.low <= 0 <= f.high for f in sample) > most
    flat = fits(20, 300, 0.0, UNEVEN, UNEVEN)
    assert sum(equivalence(f, 8 * se, alpha).equivalent for f in flat) >= 290
    assert not any(equivalence(f, 0.1 * se, alpha).equivalent for f in flat[:50])


def test_equivalence_around_another_slope() -> None:
    """A slope of −0.15 is equivalent to the tilt, not to zero; and the sides are not mixed up."""
    fit = fits(21, 1, -0.15, UNEVEN / 100, UNEVEN / 100)[0]
    assert equivalence(fit, 0.01, around=-0.15).equivalent
    at_zero = equivalence(fit, 0.01)
    assert not at_zero.equivalent
    assert at_zero.p_low > 0.99 > 0.01 > at_zero.p_high


# --- tilt ---


def test_local_tilt_is_the_derivative() -> None:
    """Central differences of −log log log d in log d; −1/log d and 1/(log d log log d) are
    rejected."""
    h = 1e-5

    def minus_lll(x: Array) -> Array:
        return np.asarray(-np.log(np.log(x)))

    numeric = (minus_lll(np.log(DIMS) + h) - minus_lll(np.log(DIMS) - h)) / (2 * h)
    assert local_tilt(DIMS) == pytest.approx(numeric, rel=1e-7)
    for decoy in (-1 / np.log(DIMS), -local_tilt(DIMS)):
        assert decoy != pytest.approx(numeric, rel=1e-2)


def test_predicted_tilt_is_what_the_fit_finds() -> None:
    """A flat error, scaled by log|H| log log d and fitted: the closed form, to rounding; about
    −0.15 over 16 … 1024.

    Decoys: the same with equal weights, and the local tilt at the grid's geometric middle.
    """
    error = 7.0 * DIMS**2
    y = scaled(error, DIMS, "log|H| log log d")
    slope = fit_slope(DIMS, y, UNEVEN * y).slope
    assert predicted_tilt(DIMS, UNEVEN) == pytest.approx(slope, rel=1e-10)
    for decoy in (predicted_tilt(DIMS, 0.1), float(local_tilt(128.0))):
        assert decoy != pytest.approx(slope, rel=1e-3)
    # Half a unit of the last digit that theory.md gives.
    assert predicted_tilt(DIMS, 0.1) == pytest.approx(-0.15, abs=0.005)


# --- what comes in and what goes out ---


ONES, TENTHS = np.ones(7), np.full(7, 0.1)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: scaled(ONES, DIMS, "log"), "scaling: 'log' is not one of"),
        (lambda: scaled([np.nan], [8.0], "log|H|"), "error: holds NaN or an infinity"),
        (lambda: fit_slope(-DIMS, ONES, TENTHS), "dims: must be positive, but one is -1024"),
        (lambda: fit_slope(0 * DIMS, ONES, TENTHS), "dims: must be positive, but one is 0"),
        (lambda: fit_slope([], [], []), "dims: must be a non-empty list"),
        (
            lambda: fit_slope(DIMS, -ONES, TENTHS),
            "mean: must be positive, for logarithms, but one is -1",
        ),
        (
            lambda: fit_slope(DIMS, 0 * ONES),
            "mean: must be positive, for logarithms, but one is 0",
        ),
        (
            lambda: fit_slope(DIMS, ONES, 6 * TENTHS),
            "se: exceeds half the mean at d = 16: too noisy",
        ),
        (lambda: equivalence(fit_slope(DIMS, ONES, TENTHS), 0.0), "margin: must be positive"),
        (
            lambda: equivalence(fit_slope(DIMS, ONES, TENTHS), 0.1, 0.5),
            "alpha: must lie strictly between",
        ),
        (lambda: local_tilt(2.0), "dims: log log d is not positive for d ≤ e, so d = 2"),
        (lambda: predicted_tilt(DIMS, 0.0), "relative_se: must be one positive number"),
        (
            lambda: summarise([8, 8, 16], [1, 2, 3]),
            "error: d = 16 has one run, and other d have several",
        ),
        (lambda: summarise([8, 8], [1, 2, 3]), "error: must be one for each d"),
    ],
)
def test_bad_input_is_one_sentence(call: Callable[[], object], message: str) -> None:
    """Each names what is wrong, and why."""
    with pytest.raises(InvalidInput, match=f"^{message}"):
        call()


def test_answers_go_to_json() -> None:
    """Plain numbers and words all the way down: no numpy scalar, no NaN."""
    record = asdict(equivalence(fit_slope(DIMS, ONES, TENTHS), 0.1))
    assert json.loads(json.dumps(record, allow_nan=False)) == record
