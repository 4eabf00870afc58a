"""The straight line by weighted least squares, against second routes; each check also meets the
false variant it must reject.

Single tables carry a fixed wobble, no draw. Stochastic tests have fixed seeds; each bound is set so
that a right implementation fails a fresh seed with probability at most 1e-9 (an exact binomial
quantile).
"""

import json
from collections.abc import Callable
from dataclasses import asdict

import numpy as np
import pytest
from scipy import optimize, stats

from bounds.check import Array, InvalidInput
from studies import least_squares
from studies.least_squares import SlopeFit, fit_line
from studies.slopes import fit_slope

DIMS = np.array([16.0, 32.0, 64.0, 128.0, 256.0, 512.0, 1024.0])
UNEVEN = np.array([0.20, 0.01, 0.03, 0.15, 0.02, 0.08, 0.05])
WOBBLE = np.array([1.0, -1.0, 0.5, -1.0, 1.0, -0.5, 0.3])


def noisy(mean: Array, sd: Array) -> Array:
    """`mean` with each point off by up to one standard deviation: a typical table, without a
    draw."""
    return np.asarray(mean + sd * WOBBLE[: mean.size])


def by_normal_equations(x: Array, y: Array, sd: Array) -> tuple[float, float]:
    """(slope, se) by Cramer's rule on the 2 × 2 normal equations."""
    w = sd**-2.0
    s0, s1, s2 = w.sum(), (w * x).sum(), (w * x * x).sum()
    determinant = s0 * s2 - s1 * s1
    return float((s0 * (w * x * y).sum() - s1 * (w * y).sum()) / determinant), float(
        np.sqrt(s0 / determinant)
    )


def test_slope_by_three_routes() -> None:
    """fit_slope against normal equations by hand and against scipy's curve_fit on the log-log
    points.

    The decoys, an unweighted fit and weights turned upside down (se² for 1/se²), miss by far more
    than the tolerance.
    """
    mean = noisy(3.0 * DIMS**-0.15, 3.0 * DIMS**-0.15 * UNEVEN)
    se = mean * UNEVEN
    fit = fit_slope(DIMS, mean, se)
    x, y = np.log(DIMS), np.log(mean)

    def close(slope: float, error: float) -> bool:
        return slope == pytest.approx(fit.slope, rel=1e-7) and error == pytest.approx(
            fit.se, rel=1e-7
        )

    assert close(*by_normal_equations(x, y, UNEVEN))
    beta, covariance = optimize.curve_fit(
        lambda t, a, b: a + b * t, x, y, sigma=UNEVEN, absolute_sigma=True
    )
    assert close(float(beta[1]), float(np.sqrt(covariance[1, 1])))
    assert beta[0] == pytest.approx(fit.intercept, rel=1e-7)
    assert fit.chi_square == pytest.approx(
        np.sum(((y - beta[0] - beta[1] * x) / UNEVEN) ** 2), rel=1e-7
    )
    assert not close(*by_normal_equations(x, y, np.ones(7)))
    assert not close(*by_normal_equations(x, y, 1 / UNEVEN))
    assert abs(by_normal_equations(x, y, np.ones(7))[0] - fit.slope) > 0.1 * fit.se


def test_the_fit_is_checked_against_itself() -> None:
    """Both routes agree to rounding, also on a badly conditioned grid."""
    for d in (DIMS, np.array([1000.0, 1001.0, 1002.0, 1003.0])):
        fit = fit_slope(d, noisy(np.ones(d.size), np.full(d.size, 0.01)), np.full(d.size, 0.01))
        assert fit.discrepancy <= 64 * d.size * least_squares.EPS * fit.condition
    assert fit.condition > 1e4


@pytest.mark.parametrize(
    "power_of_sd", [0.0, 0.5, -1.0], ids=["unweighted", "root weights", "upside down"]
)
def test_a_wrong_second_route_raises(monkeypatch: pytest.MonkeyPatch, power_of_sd: float) -> None:
    """If either route forgot the weights, took their root, or turned them round, the fit would not
    come back."""
    right: Callable[[Array, Array, Array], tuple[Array, Array]] = least_squares._by_lstsq
    mean = noisy(np.ones(7), UNEVEN)
    fit_slope(DIMS, mean, mean * UNEVEN)
    monkeypatch.setattr(
        least_squares, "_by_lstsq", lambda design, y, sd: right(design, y, sd**power_of_sd)
    )
    with pytest.raises(ArithmeticError, match="two least-squares routes differ"):
        fit_slope(DIMS, mean, mean * UNEVEN)


def fits(seed: int, draws: int, slope: float, true_sd: Array, sd: Array) -> list[SlopeFit]:
    """Fits of lines through noise of standard deviation `true_sd`, told that it is `sd`."""
    rng, x = np.random.default_rng(seed), np.log(DIMS)
    return [fit_line(x, slope * x + true_sd * rng.standard_normal(7), sd) for _ in range(draws)]


@pytest.mark.parametrize(
    ("factor", "most"), [(1.0, 0.99), (3.0, 0.975)], ids=["right", "understated"]
)
def test_intervals_cover_under_both_accounts(factor: float, most: float) -> None:
    """Coverage of 95 % intervals over 2000 tables, with right and with understated standard
    deviations.

    Binomial bound at 1e-9: an interval whose coverage is below 0.89 is caught with high
    probability, and so is one that covers always. Decoys: z alone, for understated deviations
    (0.49); intervals twice as wide (above 0.99).
    """
    draws, least = 2000, float(stats.binom.ppf(1e-9, 2000, 0.95)) / 2000
    sample = fits(4, draws, 0.1, factor * UNEVEN, UNEVEN)
    coverage = np.mean([f.low <= 0.1 <= f.high for f in sample])
    assert least <= coverage <= most
    assert np.mean([abs(f.slope - 0.1) <= (f.high - f.low) for f in sample]) > most
    # Never narrower than the replicates alone allow, however well the points line up.
    assert min((f.high - f.low) / (2 * f.se) for f in sample) >= 1.959963
    z_alone = np.mean([abs(f.slope - 0.1) <= 1.96 * f.se for f in sample])
    assert (z_alone < least) == (factor > 1)


def test_few_replicates_are_allowed_for() -> None:
    """Standard errors from six replicates: a true line fails its own χ² test at 0.01 about as often
    as that.

    2000 tables, bound at 1e-9 about a rate of 0.02 (measured beforehand: 0.017). The decoy,
    `replicates` left out, fails in 8 % of tables and breaks the same bound.
    """
    rng, x, draws = np.random.default_rng(5), np.log(DIMS), 2000
    most = float(stats.binom.isf(1e-9, draws, 0.02))
    failures = {6: 0, None: 0}
    for _ in range(draws):
        runs = UNEVEN * np.sqrt(6) * rng.standard_normal((6, 7))
        se = runs.std(0, ddof=1) / np.sqrt(6)
        for replicates in failures:
            failures[replicates] += (
                fit_line(x, runs.mean(0), se, replicates=replicates).p_fit < 0.01
            )
    assert failures[6] <= most < failures[None]


def test_without_standard_errors_the_scatter_tells() -> None:
    """Half-width t_{n−2} s/√Σ(x − x̄)² by linregress; coverage of 95 % intervals over 2000 tables
    (bound at 1e-9). Decoys: the normal quantile, which covers 0.89, and n for n − 2 in s."""
    rng, x, draws = np.random.default_rng(8), np.log(DIMS), 2000
    sample = [fit_line(x, 0.1 * x + 7 * rng.standard_normal(7)) for _ in range(draws)]
    least, most = (stats.binom.ppf(p, draws, 0.95) / draws for p in (1e-9, 1 - 1e-9))
    assert least <= np.mean([f.low <= 0.1 <= f.high for f in sample]) <= most
    assert np.mean([abs(f.slope - 0.1) <= 1.96 * f.se for f in sample]) < least
    y = np.log(noisy(np.ones(7), 0.1 * np.ones(7)))
    other, fit = stats.linregress(x, y), fit_line(x, y)
    half = float(stats.t.isf(0.025, 5)) * other.stderr
    assert (fit.slope, fit.se) == pytest.approx((other.slope, other.stderr), rel=1e-9)
    assert (fit.low, fit.high) == pytest.approx((other.slope - half, other.slope + half), rel=1e-9)
    assert fit.se != pytest.approx(other.stderr * np.sqrt(5 / 7), rel=0.1)


@pytest.mark.parametrize("unit", [1e-300, 1e-150, 1.0, 1e150, 1e300])
def test_units_do_not_matter(unit: float) -> None:
    """A slope of 0.3 in units of 1e±300, with its interval: squares of such numbers would be 0 or
    infinite."""
    x = np.log(DIMS)
    y = noisy(0.3 * x, 0.1 * UNEVEN)
    one, other = fit_line(x, y, 0.1 * UNEVEN), fit_line(x, unit * y, unit * 0.1 * UNEVEN)
    for name in ("slope", "se", "low", "high"):
        assert getattr(other, name) == pytest.approx(unit * getattr(one, name), rel=1e-12, abs=0)
    assert other.chi_square == pytest.approx(one.chi_square, rel=1e-9)
    assert other.se > 0


def test_errors_far_above_the_values_say_so() -> None:
    """Standard deviations of 1e300 about values of order 1: an interval of that width, not of 0."""
    fit = fit_line(np.log(DIMS), UNEVEN, np.full(7, 1e300))
    assert 1e299 < fit.se < 1e300
    assert fit.low < -1e299 and fit.high > 1e299


X, ONES, TENTHS = np.log(DIMS), np.ones(7), np.full(7, 0.1)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: fit_line(X[:2], ONES[:2], TENTHS[:2]), "dims: must hold at least 3 different"),
        (lambda: fit_line(ONES, ONES, TENTHS), "dims: must hold at least 3 different"),
        (lambda: fit_line(1 + 1e-13 * X, ONES, TENTHS), "dims: are too close together"),
        (lambda: fit_line(X, ONES[:6], TENTHS), "mean: dims, mean and se differ in shape"),
        (lambda: fit_line(X, np.inf * ONES, TENTHS), "mean: holds NaN or an infinity"),
        (lambda: fit_line(X, ONES, np.inf * ONES), "se: holds NaN or an infinity"),
        (lambda: fit_line(X, ONES, 0 * TENTHS), "se: must be positive everywhere, but one is 0"),
        (lambda: fit_line(X, ONES, -TENTHS), "se: must be positive everywhere, but one is -0.1"),
        (lambda: fit_line(X, ONES, 1e-13 * ONES), "se: spans more than six decades"),
        (lambda: fit_line(X, ONES, np.geomspace(1, 1e7, 7)), "se: spans more than six decades"),
        (lambda: fit_line(X, ONES, TENTHS, level=1.0), "level: must lie strictly between 0 and 1"),
        (
            lambda: fit_line(X, ONES, TENTHS, replicates=4),
            "replicates: must be one number or one per",
        ),
        (
            lambda: fit_line(X, ONES, replicates=9),
            "replicates: are those of standard errors",
        ),
    ],
)
def test_bad_input_is_one_sentence(call: Callable[[], object], message: str) -> None:
    """No traceback from the linear algebra, never a NaN."""
    with pytest.raises(InvalidInput, match=f"^{message}"):
        call()


def test_answers_go_to_json() -> None:
    """Plain numbers all the way down: no numpy scalar, no NaN."""
    for fit in (fit_line(X, UNEVEN, TENTHS), fit_line(X, UNEVEN), fit_line(X, ONES)):
        record = asdict(fit)
        assert json.loads(json.dumps(record, allow_nan=False)) == record
