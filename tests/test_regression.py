"""The regression of error on dimension, against second routes; each check also meets the false
variant it must reject.

Single tables carry a fixed wobble, no draw. Stochastic tests have fixed seeds; each bound is set so that a
right implementation fails a fresh seed with probability at most 1e-9 (about 6.1 standard deviations, or an
exact binomial quantile).
"""

import json
from collections.abc import Callable
from dataclasses import asdict
from itertools import pairwise

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import optimize, stats

from bounds.check import Array, InvalidInput
from studies import regression
from studies.regression import (
    LAWS,
    NAME_DELTA,
    SlopeFit,
    compare_laws,
    deciding_design,
    equivalence,
    fit_line,
    fit_slope,
    local_tilt,
    naming_probability,
    power,
    predicted_tilt,
    scaled,
)

DIMS = np.array([16.0, 32.0, 64.0, 128.0, 256.0, 512.0, 1024.0])
UNEVEN = np.array([0.20, 0.01, 0.03, 0.15, 0.02, 0.08, 0.05])
SIX_SIGMA = 6.11


WOBBLE = np.array([1.0, -1.0, 0.5, -1.0, 1.0, -0.5, 0.3])


def noisy(mean: Array, sd: Array) -> Array:
    """`mean` with each point off by up to one standard deviation: a typical table, without a draw."""
    return np.asarray(mean + sd * WOBBLE[: mean.size])


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
    """log log 2 = −0.37 would turn the scaled error's sign; log|H| alone is fine there, and so is d = 3."""
    with pytest.raises(InvalidInput, match=r"^dims: log log d is not positive for d ≤ e"):
        scaled([1.0, 1.0], [d, 8.0], "log|H| log log d")
    assert scaled([1.0], [d], "log|H|") == pytest.approx([d**-2])
    assert scaled([1.0], [3.0], "log|H| log log d")[0] > 0


# --- slopes ---


def by_normal_equations(x: Array, y: Array, sd: Array) -> tuple[float, float]:
    """(slope, se) by Cramer's rule on the 2 × 2 normal equations."""
    w = sd**-2.0
    s0, s1, s2 = w.sum(), (w * x).sum(), (w * x * x).sum()
    determinant = s0 * s2 - s1 * s1
    return float((s0 * (w * x * y).sum() - s1 * (w * y).sum()) / determinant), float(
        np.sqrt(s0 / determinant)
    )


def test_slope_by_three_routes() -> None:
    """fit_slope against normal equations by hand and against scipy's curve_fit on the log-log points.

    The decoys, an unweighted fit and weights turned upside down (se² for 1/se²), miss by far more
    than the tolerance.
    """
    mean = noisy(3.0 * DIMS**-0.15, 3.0 * DIMS**-0.15 * UNEVEN)
    se = mean * UNEVEN
    fit = fit_slope(DIMS, mean, se)
    x, y = np.log(DIMS), np.log(mean)

    def close(slope: float, error: float) -> bool:
        return slope == pytest.approx(fit.slope, rel=1e-7) and error == pytest.approx(fit.se, rel=1e-7)

    assert close(*by_normal_equations(x, y, UNEVEN))
    beta, covariance = optimize.curve_fit(lambda t, a, b: a + b * t, x, y, sigma=UNEVEN, absolute_sigma=True)
    assert close(float(beta[1]), float(np.sqrt(covariance[1, 1])))
    assert beta[0] == pytest.approx(fit.intercept, rel=1e-7)
    assert fit.chi_square == pytest.approx(np.sum(((y - beta[0] - beta[1] * x) / UNEVEN) ** 2), rel=1e-7)
    assert not close(*by_normal_equations(x, y, np.ones(7)))
    assert not close(*by_normal_equations(x, y, 1 / UNEVEN))
    assert abs(by_normal_equations(x, y, np.ones(7))[0] - fit.slope) > 0.1 * fit.se


def test_axis_log_log_reads_the_power_of_log_d() -> None:
    """error ∝ (log d)^1.5 has slope 1.5 against log log d; against log d it has not."""
    mean = np.log(DIMS) ** 1.5
    assert fit_slope(DIMS, mean, 0.01 * mean, axis="log log d").slope == pytest.approx(1.5, rel=1e-10)
    assert fit_slope(DIMS, mean, 0.01 * mean).slope != pytest.approx(1.5, abs=0.5)


def test_the_fit_is_checked_against_itself() -> None:
    """Both routes agree to rounding, also on a badly conditioned grid."""
    for d in (DIMS, np.array([1000.0, 1001.0, 1002.0, 1003.0])):
        fit = fit_slope(d, noisy(np.ones(d.size), np.full(d.size, 0.01)), np.full(d.size, 0.01))
        assert fit.discrepancy <= 64 * d.size * regression.EPS * fit.condition
    assert fit.condition > 1e4


@pytest.mark.parametrize("power_of_sd", [0.0, 0.5, -1.0], ids=["unweighted", "root weights", "upside down"])
def test_a_wrong_second_route_raises(monkeypatch: pytest.MonkeyPatch, power_of_sd: float) -> None:
    """If either route forgot the weights, took their root, or turned them round, the fit would not come back."""
    right: Callable[[Array, Array, Array], tuple[Array, Array]] = regression._by_lstsq
    mean = noisy(np.ones(7), UNEVEN)
    fit_slope(DIMS, mean, mean * UNEVEN)
    monkeypatch.setattr(regression, "_by_lstsq", lambda design, y, sd: right(design, y, sd**power_of_sd))
    with pytest.raises(ArithmeticError, match="two least-squares routes differ"):
        fit_slope(DIMS, mean, mean * UNEVEN)


def fits(seed: int, draws: int, slope: float, true_sd: Array, sd: Array) -> list[SlopeFit]:
    """Fits of lines through noise of standard deviation `true_sd`, told that it is `sd`."""
    rng, x = np.random.default_rng(seed), np.log(DIMS)
    return [fit_line(x, slope * x + true_sd * rng.standard_normal(7), sd) for _ in range(draws)]


@pytest.mark.parametrize(("factor", "most"), [(1.0, 0.99), (3.0, 0.975)], ids=["right", "understated"])
def test_intervals_cover_under_both_accounts(factor: float, most: float) -> None:
    """Coverage of 95 % intervals over 2000 tables, with right and with understated standard deviations.

    Binomial bound at 1e-9: an interval whose coverage is below 0.89 is caught with high probability,
    and so is one that covers always. Decoys: z alone, for understated deviations (0.49); intervals
    twice as wide (above 0.99).
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
    """Standard errors from six replicates: a true line fails its own χ² test at 0.01 about as often as that.

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
            failures[replicates] += fit_line(x, runs.mean(0), se, replicates=replicates).p_fit < 0.01
    assert failures[6] <= most < failures[None]


# --- equivalence ---


def test_equivalence_by_hand() -> None:
    """p-values from their definition, for a fit with φ > 1 and one with φ < 1; the interval says the same."""
    for seed in range(6, 18):
        fit = fits(seed, 1, 0.0, UNEVEN, UNEVEN)[0]
        for margin in (0.01, 0.03, 0.1):
            answer = equivalence(fit, margin)
            upper = (margin - fit.slope) / fit.se
            root = np.sqrt(fit.chi_square / 5)
            by_hand = max(0.5 - 0.5 * float(stats.chi.cdf(upper, 1)), float(stats.t.cdf(-upper / root, 5)))
            if upper > 0:
                assert answer.p_high == pytest.approx(by_hand, rel=1e-9)
            assert answer.equivalent == (-margin < answer.low and answer.high < margin)
            assert answer.p == max(answer.p_low, answer.p_high)


def test_equivalence_has_its_size_and_its_power() -> None:
    """At the margin's edge at most 5 % are called equivalent (bound at 1e-9); in the middle, nearly all.

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
    """Central differences of −log log log d in log d; −1/log d and 1/(log d log log d) are rejected."""
    h = 1e-5

    def minus_lll(x: Array) -> Array:
        return np.asarray(-np.log(np.log(x)))

    numeric = (minus_lll(np.log(DIMS) + h) - minus_lll(np.log(DIMS) - h)) / (2 * h)
    assert local_tilt(DIMS) == pytest.approx(numeric, rel=1e-7)
    for decoy in (-1 / np.log(DIMS), -local_tilt(DIMS)):
        assert decoy != pytest.approx(numeric, rel=1e-2)


def test_predicted_tilt_is_what_the_fit_finds() -> None:
    """A flat error, scaled by log|H| log log d and fitted: the closed form, to rounding; about −0.15
    over 16 … 1024.

    Decoys: the same with equal weights, and the local tilt at the grid's geometric middle.
    """
    error = 7.0 * DIMS**2
    y = scaled(error, DIMS, "log|H| log log d")
    slope = fit_slope(DIMS, y, UNEVEN * y).slope
    assert predicted_tilt(DIMS, UNEVEN) == pytest.approx(slope, rel=1e-10)
    assert predicted_tilt(DIMS, UNEVEN, axis="log log d") == pytest.approx(
        fit_slope(DIMS, y, UNEVEN * y, axis="log log d").slope, rel=1e-10
    )
    for decoy in (predicted_tilt(DIMS, 0.1), float(local_tilt(128.0))):
        assert decoy != pytest.approx(slope, rel=1e-3)
    # Half a unit of the last digit that theory.md gives.
    assert predicted_tilt(DIMS, 0.1) == pytest.approx(-0.15, abs=0.005)


# --- rival laws ---


@pytest.mark.parametrize("law", list(LAWS))
def test_the_true_law_is_named_when_the_noise_is_small(law: str) -> None:
    """Each law in turn at 1 % noise: named, alone, with its coefficient."""
    truth = 0.37 * LAWS[law](DIMS)
    answer = compare_laws(DIMS, noisy(truth, 0.01 * truth), 0.01 * truth)
    assert answer.verdict == law
    assert answer.standing == (law,)
    best = next(f for f in answer.fits if f.law == law)
    assert best.low < 0.37 < best.high
    assert best.high - best.low < 0.02
    assert sum(f.weight for f in answer.fits) == pytest.approx(1)


@pytest.mark.parametrize("law", ["constant", "log log d", "log d"])
@pytest.mark.parametrize(("dims", "noise"), [(DIMS, 0.8), (np.array([64.0, 65, 66, 67, 68]), 0.02)])
def test_undecided_on_a_narrow_grid_or_in_noise(law: str, dims: Array, noise: float) -> None:
    """The truth stands but is not named; the same table is decided at a thousandth of the noise."""
    truth = LAWS[law](dims)
    loud = compare_laws(dims, noisy(truth, noise * truth), noise * truth)
    assert loud.verdict == "UNDECIDED"
    assert law in loud.standing
    assert len(loud.standing) >= 2
    quiet = compare_laws(dims, noisy(truth, noise * truth / 1e3), noise * truth / 1e3)
    assert quiet.verdict == law


def test_no_law_is_named_when_none_fits() -> None:
    """d^−1 and a table with one outlier of 50 standard errors: the best of four bad laws is not a finding."""
    falling = 1 / DIMS
    outlier = np.ones(7)
    outlier[3] += 0.5
    for mean in (falling, outlier):
        answer = compare_laws(DIMS, mean, 0.01 * mean)
        assert answer.verdict == "NONE"
        assert answer.standing == ()


def test_law_fits_by_a_second_route() -> None:
    """χ², coefficients and errors by curve_fit; AICc and Akaike weights from their definitions.

    AICc with the sign of χ² flipped, or without the dispersion where φ > 1, would be caught.
    """
    truth = LAWS["log log d"](DIMS)
    sd = UNEVEN * truth
    mean = noisy(truth, 1.5 * sd)
    answer = compare_laws(DIMS, mean, sd)
    chi = {}
    for fit in answer.fits:
        shape = LAWS[fit.law](DIMS)
        beta, cov = optimize.curve_fit(lambda g, a: a * g, shape, mean, sigma=sd, absolute_sigma=True)
        chi[fit.law] = float(np.sum(((mean - beta[0] * shape) / sd) ** 2))
        assert fit.coefficient == pytest.approx(beta[0], rel=1e-6)
        assert fit.se == pytest.approx(np.sqrt(cov[0, 0]), rel=1e-6)
        assert fit.chi_square == pytest.approx(chi[fit.law], rel=1e-6)
        assert fit.p_fit == pytest.approx(stats.gamma.sf(chi[fit.law] / 2, 3), rel=1e-5)
    phi = max(1.0, min(chi.values()) / 6)
    assert phi > 1.05
    # AICc = −2 log L + 2k + 2k(k+1)/(n − k − 1), constants dropped, k = 1, n = 7.
    aicc = {law: value / phi + 2 + 4 / 5 for law, value in chi.items()}
    total = sum(np.exp(-a / 2) for a in aicc.values())
    for fit in answer.fits:
        assert fit.aicc == pytest.approx(aicc[fit.law], rel=1e-6)
        assert fit.delta == pytest.approx(aicc[fit.law] - min(aicc.values()), rel=1e-6, abs=1e-9)
        assert fit.weight == pytest.approx(np.exp(-aicc[fit.law] / 2) / total, rel=1e-5, abs=1e-300)
        if fit.delta > 1:
            assert fit.delta != pytest.approx(chi[fit.law] - min(chi.values()), rel=1e-3)


def test_nested_fits() -> None:
    """a + b log log d recovered; (b/se)² is the fall of χ²; the share is that over the constant law's χ²."""
    truth = 1.0 + 0.5 * LAWS["log log d"](DIMS)
    sd = 0.005 * truth
    answer = compare_laws(DIMS, noisy(truth, sd), sd)
    flat = next(f for f in answer.fits if f.law == "constant").chi_square
    assert [f.law for f in answer.nested] == ["log log d", "log d", "d"]
    for fit in answer.nested:
        fall = (fit.b / fit.se) ** 2
        assert flat - fit.chi_square == pytest.approx(fall, rel=1e-8)
        assert fit.share == pytest.approx(fall / flat, rel=1e-8)
    assert answer.nested[0].low < 0.5 < answer.nested[0].high
    assert answer.nested[0].share > 0.99
    # Without the constant, the same law is rejected: the two forms are different questions.
    assert next(f for f in answer.fits if f.law == "log log d").p_fit < 1e-9


def test_share_by_noise() -> None:
    """Flat tables of three points: the mean share is 1/(n − 1) = 1/2 (±0.11 at 6.1σ), not the decoy 1/n."""
    rng, d = np.random.default_rng(26), np.array([16.0, 64.0, 1024.0])
    sd = np.array([0.01, 0.02, 0.015])
    nested = [
        compare_laws(d, 1 + sd * rng.standard_normal(3), sd, laws=("constant", "log d")).nested[0]
        for _ in range(400)
    ]
    # Beta(1/2, 1/2) has variance 1/8.
    mean, width = np.mean([f.share for f in nested]), SIX_SIGMA * np.sqrt(1 / 8 / 400)
    assert abs(mean - nested[0].share_by_noise) < width
    assert abs(mean - 1 / 3) > width


# --- power and design ---


def brute_verdict(mean: Array, sd: Array, delta: float = NAME_DELTA) -> str:
    """The rule written out again, one table and one law at a time, least squares by numpy."""
    chi = {}
    for law, shape in LAWS.items():
        a = np.linalg.lstsq((shape(DIMS) / sd)[:, None], mean / sd)[0][0]
        chi[law] = float(np.sum(((mean - a * shape(DIMS)) / sd) ** 2))
    best = min(chi, key=lambda law: chi[law])
    if stats.chi2.sf(chi[best], 6) < 0.01:
        return "NONE"
    phi = max(1.0, chi[best] / 6)
    rivals = [law for law in chi if law != best and (chi[law] - chi[best]) / phi < delta]
    return "UNDECIDED" if rivals else best


def test_power_against_brute_force() -> None:
    """Shares of right, wrong, undecided, none from independent tables, where none of the first three
    is trivial.

    1000 tables a law and 20 000 by `power`: differences up to 6.1σ (about 0.1) pass. The decoy, a
    rule that names a law at an AICc difference of 4, breaks the bound. compare_laws gives each table
    the verdict of the written-out rule.
    """
    relative, draws = np.full(7, 0.09), 1000
    table = {p.law: p for p in power(DIMS, relative, np.random.default_rng(27), 20_000)}
    rng = np.random.default_rng(28)
    worst_of_decoy = 0.0
    for law, shape in LAWS.items():
        truth, row = shape(DIMS), table[law]
        means = [truth * (1 + relative * rng.standard_normal(7)) for _ in range(draws)]
        verdicts = [brute_verdict(mean, relative * truth) for mean in means]
        decoys = [brute_verdict(mean, relative * truth, 4.0) for mean in means]
        for mean, verdict in zip(means[:15], verdicts[:15], strict=True):
            assert compare_laws(DIMS, mean, relative * truth).verdict == verdict
        outcomes = {
            "right": row.right,
            "undecided": row.undecided,
            "none": row.none,
            "wrong": row.wrong,
        }

        def share(answers: list[str], outcome: str, law: str = law) -> float:
            names = {"right": {law}, "undecided": {"UNDECIDED"}, "none": {"NONE"}, "wrong": set(LAWS) - {law}}
            return float(np.mean([answer in names[outcome] for answer in answers]))

        for outcome, predicted in outcomes.items():
            # 0.01: what the normal approximation lacks for shares near 0 (a Poisson tail at 1e-9).
            width = SIX_SIGMA * np.sqrt(predicted * (1 - predicted) * (1 / draws + 1 / 20_000)) + 0.01
            assert abs(share(verdicts, outcome) - predicted) < width
            worst_of_decoy = max(worst_of_decoy, abs(share(decoys, outcome) - predicted) / width)
        assert sum(outcomes.values()) == pytest.approx(1)
    assert worst_of_decoy > 1


@pytest.mark.parametrize("relative", [0.03, 0.08, 0.12, 0.2, 0.4])
def test_a_false_law_is_hardly_ever_named(relative: float) -> None:
    """At most Φ(−√10) = 8e-4 a rival, at any noise; two rivals are near. 40 000 tables a law."""
    draws = 40_000
    most = float(stats.binom.isf(1e-9, draws, 2 * stats.norm.cdf(-np.sqrt(NAME_DELTA)))) / draws
    assert all(p.wrong <= most for p in power(DIMS, relative, np.random.default_rng(29), draws))


def test_the_decoy_threshold_names_false_laws(monkeypatch: pytest.MonkeyPatch) -> None:
    """With an AICc difference of 2, a common rule, the bound of the test above breaks: it can fail."""
    most = float(stats.binom.isf(1e-9, 40_000, 2 * stats.norm.cdf(-np.sqrt(NAME_DELTA)))) / 40_000
    monkeypatch.setattr(regression, "NAME_DELTA", 2.0)
    rows = power(DIMS, 0.2, np.random.default_rng(30), 40_000)
    assert max(p.wrong for p in rows) > most


PAIR = ("constant", "log log d")


@pytest.mark.parametrize("relative", [np.full(7, 0.1), np.full(7, 0.18), np.linspace(0.05, 0.3, 7)])
def test_naming_probability_against_draws(relative: Array) -> None:
    """The integral against `power` with 40 000 tables (6.1σ: ±0.015, plus 0.001 of quadrature).

    Decoys: the truths swapped, and noise a tenth larger.
    """
    rows = power(DIMS, relative, np.random.default_rng(31), 40_000, laws=PAIR)
    for row, pair in zip(rows, (PAIR, PAIR[::-1]), strict=True):
        width = SIX_SIGMA * np.sqrt(row.right * (1 - row.right) / 40_000) + 0.001
        assert abs(naming_probability(DIMS, relative, *pair) - row.right) < width
        assert abs(naming_probability(DIMS, relative, *pair[::-1]) - row.right) > width
        assert abs(naming_probability(DIMS, 1.1 * relative, *pair) - row.right) > width


def test_naming_probability_in_silence() -> None:
    """Without noise to speak of only the χ² test of the truth is left: 1 − FIT_LEVEL; n − 2 for n − 1 gives 0.98."""
    for pair in (PAIR, PAIR[::-1]):
        assert naming_probability(DIMS, 0.01, *pair) == pytest.approx(0.99, abs=0.001)


def test_deciding_design_decides_and_no_less_does() -> None:
    """Its grid and its replicates reach the target by simulation; one dimension fewer, or 3/4 of the
    replicates, do not.

    20 000 tables: ±0.01 at 6.1σ.
    """
    relative, target, width = 0.14, 0.95, 0.01
    design = deciding_design(DIMS, relative, PAIR, target)
    assert design.d_max is not None
    assert design.points is not None
    assert design.replicates_factor is not None
    assert design.probability < 0.7

    def least(dims: NDArray[np.floating], noise: float) -> float:
        rows = power(dims, noise, np.random.default_rng(32), 20_000, laws=PAIR)
        return min(p.right for p in rows)

    assert least(DIMS, relative) == pytest.approx(design.probability, abs=0.022)
    grid = 16.0 * 2.0 ** np.arange(design.points)
    assert grid[-1] == pytest.approx(design.d_max)
    assert least(grid, relative) > target - width
    assert least(grid[:-1], relative) < target
    more = relative / np.sqrt(design.replicates_factor)
    assert least(DIMS, more) == pytest.approx(target, abs=width)
    assert least(DIMS, relative / np.sqrt(0.75 * design.replicates_factor)) < target - width


def test_deciding_design_says_when_nothing_does() -> None:
    """Hopeless noise has no d_max below the limit; a table that decides needs no more, and less would do."""
    assert deciding_design(DIMS, 0.5, limit=1e4).d_max is None
    settled = deciding_design(DIMS, 0.01)
    assert settled.d_max == 1024.0
    assert settled.replicates_factor is not None
    assert settled.replicates_factor < 1
    factors = [deciding_design(DIMS, r, limit=2000.0).replicates_factor for r in (0.1, 0.2, 0.4)]
    # Replicates scale as the square of the noise: the same final precision.
    for a, b in pairwise(factors):
        assert a is not None
        assert b is not None
        assert b / a == pytest.approx(4, rel=0.01)


# --- what comes in and what goes out ---


ONES, TENTHS = np.ones(7), np.full(7, 0.1)


@pytest.mark.parametrize(
    ("call", "key"),
    [
        (lambda: scaled(ONES, DIMS, "log"), "scaling"),
        (lambda: scaled([np.nan], [8.0], "log|H|"), "error"),
        (lambda: fit_slope(DIMS[:2], ONES[:2], TENTHS[:2]), "dims"),
        (lambda: fit_slope(np.full(7, 8.0), ONES, TENTHS), "dims"),
        (lambda: fit_slope(-DIMS, ONES, TENTHS), "dims"),
        (lambda: fit_slope(DIMS, ONES[:6], TENTHS), "mean"),
        (lambda: fit_slope(DIMS, -ONES, TENTHS), "mean"),
        (lambda: fit_slope(DIMS, ONES, 0 * TENTHS), "se"),
        (lambda: fit_slope(DIMS, ONES, 6 * TENTHS), "se"),
        (lambda: fit_slope(DIMS, ONES, TENTHS, axis="d"), "axis"),
        (lambda: fit_slope(DIMS, ONES, TENTHS, level=1.0), "level"),
        (lambda: fit_slope(DIMS, ONES, TENTHS, replicates=4), "replicates"),
        (lambda: equivalence(fit_slope(DIMS, ONES, TENTHS), 0.0), "margin"),
        (lambda: equivalence(fit_slope(DIMS, ONES, TENTHS), 0.1, 0.5), "alpha"),
        (lambda: compare_laws(DIMS, ONES, TENTHS, laws=("constant", "d²")), "laws"),
        (lambda: compare_laws([2.0, 4.0, 8.0], ONES[:3], TENTHS[:3]), "dims"),
        (lambda: local_tilt(2.0), "dims"),
        (lambda: predicted_tilt(DIMS, 0.0), "relative_se"),
        (lambda: power(DIMS, 0.1, np.random.default_rng(0), 0), "draws"),
        (lambda: deciding_design(DIMS, 0.1, target=0.995), "target"),
        (lambda: deciding_design(DIMS[::-1], 0.1), "dims"),
    ],
)
def test_bad_input_names_its_key(call: Callable[[], object], key: str) -> None:
    """One sentence with the name of what is wrong: no traceback from the linear algebra, never a NaN."""
    with pytest.raises(InvalidInput) as caught:
        call()
    assert caught.value.key == key


def test_answers_go_to_json() -> None:
    """Plain numbers and words all the way down: no array, no numpy scalar, no NaN."""
    fit = fit_slope(DIMS, noisy(ONES, TENTHS), TENTHS)
    answers = [
        fit,
        equivalence(fit, 0.1),
        compare_laws(DIMS, ONES + 0.1 * UNEVEN, TENTHS),
        power(DIMS, 0.1, np.random.default_rng(34), 10)[0],
        deciding_design(DIMS, 0.1),
    ]
    for answer in answers:
        record = asdict(answer)  # type: ignore[call-overload]
        text = json.dumps(record, allow_nan=False)
        assert json.loads(text).keys() == record.keys()
