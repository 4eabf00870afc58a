"""Exact and leading-order risks against measurements and second derivations."""

from functools import cache

import mpmath
import numpy as np
import pytest
from scipy import stats
from scipy.linalg import expm

from bounds import risk as r
from bounds.check import InvalidInput
from bounds.estimators import bootstrap, bsm, dsm
from bounds.gaussian import Gaussian, spectrum
from bounds.gram import Gram, exact, simulated
from bounds.process import noise_variance, steps, weights
from tests.reference import EIGENVALUES, TIMES, plain_paths, random_covariance

LAW = Gaussian(EIGENVALUES)


def z_of_mean(values, expected):
    return float((values.mean() - expected) / (values.std(ddof=1) / np.sqrt(values.size)))


def test_risk_is_the_population_average():
    """The quadratic form against an average over 400 000 fresh points; 6.2 deviations, 6e-10.

    A basis left out or V for V^{-1} moves it by more than 50 deviations.
    """
    sigma = random_covariance(3, 1)
    law, t, rng = Gaussian.from_covariance(sigma), 0.4, np.random.default_rng(1)
    a = rng.standard_normal((3, 3))
    v = np.exp(-2 * t) * sigma + (1 - np.exp(-2 * t)) * np.eye(3)
    x = rng.multivariate_normal(np.zeros(3), v, size=400_000)
    losses = ((x @ (a + np.linalg.inv(v)).T) ** 2).sum(axis=1)
    assert abs(z_of_mean(losses, float(r.risk(law, t, a)))) < 6.2
    # basis forgotten
    assert abs(z_of_mean(losses, float(r.risk(Gaussian(law.eigenvalues), t, a)))) > 6.2
    np.testing.assert_allclose(
        r.empirical_risk(law, Gram(steps([t])[0], len(x), x.T @ x, x.T @ x, x.T @ x), a),
        losses.mean(),
        rtol=1e-10,
    )


# 24 cells; m from d + 8 up, so that the risk has a finite variance and its standard error means
# something.
CELLS = [
    (d, m, t, kind)
    for d, m in ((4, 24), (4, 200), (8, 40), (8, 400), (16, 64), (16, 500))
    for t, kind in ((0.05, "identity"), (0.5, "linear"), (1.5, "power"), (0.3, "linear"))
]


@pytest.mark.parametrize(("d", "m", "t", "kind"), CELLS)
def test_simulated_dsm_risk_is_exact(d, m, t, kind, measured):
    """Mean simulated risk against tr(C_t) d/(m − d − 1):
    24 cells, within 4 standard errors, each below 2 %.

    4 deviations in 24 cells, two quantities: 0.3 % of fresh seeds would fail; the seed is fixed,
    and `test_all_cells_together` holds the budget. Forgetting the −1 is caught where it matters
    (next test).
    """
    law = Gaussian(spectrum(kind, d))
    population, empirical = measured(d, m, t, kind)
    for values, expected in (
        (population, r.dsm_risk(law, t, m)),
        (empirical, r.dsm_empirical_risk(law, t, m)),
    ):
        assert values.std(ddof=1) / np.sqrt(values.size) < 0.02 * expected
        assert abs(z_of_mean(values, expected)) < 4


@pytest.fixture(scope="module")
def measured():
    """Population and empirical DSM risk of simulated replicates, once and seeded by the cell."""

    @cache
    def of(d, m, t, kind):
        law, count = Gaussian(spectrum(kind, d)), 1600 if d < 16 else 800
        rngs = [np.random.default_rng([d, m, int(100 * t), i]) for i in range(count)]
        (gram,) = simulated(law, m, [t], rngs)
        (estimate,) = dsm([gram])
        return r.risk(law, t, estimate), r.empirical_risk(law, gram, estimate)

    return of


def test_all_cells_together(measured):
    """Sum of z² over the 24 cells (population risk) is χ²_24:
    level 1e-9; forgetting the −1 is rejected by it.
    """

    def statistic(offset):
        total = 0.0
        for d, m, t, kind in CELLS:
            law = Gaussian(spectrum(kind, d))
            expected = r.dsm_risk(law, t, m) * (m - d - 1) / (m - d - 1 + offset)
            total += z_of_mean(measured(d, m, t, kind)[0], expected) ** 2
        return total

    limit = stats.chi2.isf(1e-9, len(CELLS))
    assert statistic(0) < limit
    assert statistic(1) > limit  # decoy: tr(C_t) d/(m − d)


def reference_measurement():
    """theory.md's example with simulated paths:
    risks of DSM and BSM, shape (N, replicates), m = 2000.
    """
    rngs = [np.random.default_rng([17, i]) for i in range(600)]
    grams = list(simulated(LAW, 2000, TIMES, rngs, block=2000))

    def risks(estimate):
        return np.array(
            [r.risk(LAW, g.step.t, a) for g, a in zip(grams, estimate(grams), strict=True)]
        )

    return risks(dsm), risks(bsm), risks(bootstrap(lambda step: 0.5))


def test_bsm_recursion_and_reference_ratios():
    """BSM/DSM at t = 0.2, 0.4, 1.0, 1.4, 2.0:
    theory.md's numbers, the recursion, and simulated paths agree.

    The recursion reproduces the printed ratios to 0.0006. The measured ratios (600 simulated
    replicates, 4 standard errors, each below 2 %) match the recursion; they reject w = 1/2 pushed
    through it, and a simulated w = 1/2 matches its own recursion. At 4 deviations 5 ratios
    false-alarm in 0.03 % of fresh seeds; the seed is fixed. (At t = 0.2 the control-variate w is
    0.45, too near 1/2 to tell.)
    """
    printed = {0.2: 0.917, 0.4: 0.778, 1.0: 0.448, 1.4: 0.286, 2.0: 0.131}
    predicted = r.bootstrap_risk(LAW, TIMES, 1) / [
        LAW.conditional_variances(t).sum() * 8 for t in TIMES
    ]
    half = r.bootstrap_risk(LAW, TIMES, 1, lambda step: 0.5) / r.bootstrap_risk(LAW, TIMES, 1)
    risk_dsm, risk_bsm, risk_half = reference_measurement()

    def ratio(a, b):
        mean = a.mean() / b.mean()
        return mean, (a - mean * b).std(ddof=1) / np.sqrt(a.size) / b.mean()

    rejected = 0
    for t, number in printed.items():
        k = int(np.argmin(abs(TIMES - t)))
        assert predicted[k] == pytest.approx(number, abs=6e-4)
        mean, deviation = ratio(risk_bsm[k], risk_dsm[k])
        assert deviation < 0.02 * mean
        assert abs(mean - predicted[k]) < 4 * deviation
        rejected += abs(mean - predicted[k] * half[k]) > 4 * deviation
        mean, deviation = ratio(risk_half[k], risk_bsm[k])
        # leading order: a 2 % budget at m = 2000
        assert abs(mean - half[k]) < 4 * deviation + 0.02 * mean
    assert rejected == len(printed) - 1


def test_recursion_from_conditional_variances():
    """The recursion re-derived: Var of one least-squares step
    by the law of total variance, coordinates apart.

    Given X_t, entry (i, j) of δ_k has variance (residual variance of target i)/(m v_j), the
    residual being that of the mixed target with T̂2 = T2 + e^{g} δ_{k−1} X_{t'}; δ_{k−1} enters as
    w e^{2g}·δ·(e^{-2g} v'_j/v_j).
    """
    w, (first, step) = 0.37, steps([0.3, 0.5])
    v, before = LAW.variances(step.t), LAW.variances(step.t_prev)
    g = step.gap
    for i in range(8):
        # target = w e^{g}(−1/v') X' − (1 − w) n/τ with X_t = e^{-g} X' + τ n, by the 2 × 2
        # covariance of (X', n)
        target = np.array([-w * np.exp(g) / before[i], -(1 - w) / step.fresh])
        x = np.array([np.exp(-g), step.fresh])
        cov = np.diag([before[i], 1.0])
        residual = target @ cov @ target - (target @ cov @ x) ** 2 / (x @ cov @ x)
        for j in range(8):
            # regression of e^{g} X'_j on X_j
            carried = w * np.exp(g) * np.exp(-g) * before[j] / v[j]
            expected = (
                residual + v[j] * carried**2 * LAW.conditional_variances(first.t)[i] / before[j]
            )
            got = r.bootstrap_recursion(LAW, [first.t, step.t], lambda s: w)[1][i, j]
            assert got == pytest.approx(expected, rel=1e-12)


def test_control_variate_off_its_optimum_breaks_the_recursion():
    """T1 + α U with α = α*/2 needs X_0:
    errors add along the path, and the recursion's number is far too low.

    At t = 2 the least-squares BSM with α*/2 has a risk at least 1.2 times what a recursion that
    treats its target's variance as fresh would say; at α* they agree (the tests above).
    """
    rng = np.random.default_rng(4)
    m, count = 2000, 40
    total = np.zeros(len(TIMES))
    for _ in range(count):
        x0, xs, _ = plain_paths(LAW.covariance, m, TIMES, rng)
        previous = None
        for k, (step, x) in enumerate(zip(steps(TIMES), xs, strict=True)):
            target = -(x - np.exp(-step.t) * x0) / noise_variance(step.t)
            if previous is not None:
                before = noise_variance(step.t_prev)
                residual = (xs[k - 1] - np.exp(-step.t_prev) * x0) / before + xs[k - 1] @ previous.T
                target = target + 0.5 * step.carry * before / noise_variance(step.t) * residual
            previous = np.linalg.lstsq(x, target, rcond=None)[0].T
            total[k] += float(r.risk(LAW, step.t, previous))
    measured_risk = m * total / count
    wrong = []
    for step in steps(TIMES):
        v, c = LAW.variances(step.t), LAW.conditional_variances(step.t)[:, None]
        if step.is_first:
            wrong.append(np.repeat(c, 8, axis=1))
            continue
        before, cb = noise_variance(step.t_prev), LAW.conditional_variances(step.t_prev)[:, None]
        best = step.carry * before / noise_variance(step.t)
        fresh = c - (best**2 - (best / 2) ** 2) * cb  # target's own conditional variance
        carried = (best / 2 * step.carry) ** 2 * (LAW.variances(step.t_prev) / v)[None, :]
        wrong.append(fresh + carried * wrong[-1])
    assert measured_risk[-1] > 1.2 * wrong[-1].sum()


def test_information_bound():
    """theory.md's ratios, and the measured plug-in score
    of the empirical covariance, which attains it.

    1500 draws of Wishart(20 000): relative deviation about 0.8 %; 1 % budget for the leading order
    at m = 20 000. Leaving out the diagonal's factor 2 lowers the bound by 11 % at t = 0.2 and is
    rejected.
    """
    printed = {0.2: 0.203, 0.4: 0.250, 1.0: 0.171, 1.4: 0.096, 2.0: 0.033}
    m, rng = 20_000, np.random.default_rng(8)
    covariances = stats.wishart(df=m, scale=np.diag(EIGENVALUES)).rvs(1500, random_state=rng) / m
    for t, number in printed.items():
        bound = r.information_bound(LAW, t, m)
        assert bound / (LAW.conditional_variances(t).sum() * 8 / m) == pytest.approx(
            number, abs=6e-4
        )
        fitted = -np.linalg.inv(np.exp(-2 * t) * covariances + (1 - np.exp(-2 * t)) * np.eye(8))
        values = r.risk(LAW, t, fitted)
        deviation = values.std() / np.sqrt(values.size)
        assert abs(values.mean() - bound) < 6.2 * deviation + 0.01 * bound
    x, v, t = EIGENVALUES / LAW.variances(0.2), LAW.variances(0.2), 0.2
    decoy = np.exp(-4 * t) / m * (x / v).sum() * x.sum()
    fitted = -np.linalg.inv(np.exp(-2 * t) * covariances + (1 - np.exp(-2 * t)) * np.eye(8))
    values = r.risk(LAW, t, fitted)
    assert abs(values.mean() - decoy) > 6.2 * values.std() / np.sqrt(values.size) + 0.01 * decoy


def test_no_bootstrap_beats_the_information_bound():
    """Sandwich: bound ≤ BSM ≤ DSM at every time, to leading order."""
    bootstrapped = r.bootstrap_risk(LAW, TIMES, 1)
    for k, t in enumerate(TIMES):
        assert r.information_bound(LAW, t, 1) < bootstrapped[k]
        assert bootstrapped[k] <= LAW.conditional_variances(t).sum() * 8 * (1 + 1e-12)


def test_bidiagonal_draws_have_the_law_of_the_full_engine():
    """Two-sample KS of 3000 bidiagonal draws
    and 3000 exact-Gram DSM risks, d = 5, m = 9; level 1e-9.

    The decoy, χ_{m+1} at the head of the diagonal and so on (m off by two), is rejected.
    """
    law, t = Gaussian(spectrum("linear", 5)), 0.4
    (gram,) = exact(law, 9, [t], [np.random.default_rng([1, i]) for i in range(3000)])
    (estimate,) = dsm([gram])
    full = r.risk(law, t, estimate)
    rng = np.random.default_rng(2)
    assert (
        stats.ks_2samp([r.draw_dsm_risk(law, t, 9, rng) for _ in range(3000)], full).pvalue > 1e-9
    )
    assert (
        stats.ks_2samp([r.draw_dsm_risk(law, t, 11, rng) for _ in range(3000)], full).pvalue < 1e-9
    )


def test_bidiagonal_draws_have_the_exact_mean():
    """6000 draws at d = 4, m = 40 against tr(C_t) d/(m − d − 1):
    6.2 deviations, 6e-10; 5 % off is 10 of them.
    """
    law, t, rng = Gaussian(spectrum("linear", 4)), 0.4, np.random.default_rng(12)
    draws = np.array([r.draw_dsm_risk(law, t, 40, rng) for _ in range(6000)])
    assert abs(z_of_mean(draws, r.dsm_risk(law, t, 40))) < 6.2
    assert abs(z_of_mean(1.05 * draws, r.dsm_risk(law, t, 40))) > 6.2


def test_empirical_risk_law():
    """The weighted χ² law: against scipy where the weights agree,
    against draws, and against exact tails.

    4000 draws of the sum: level 1e-9 catches a KS distance of 0.06; the decoy d − 1 for d is
    rejected.
    """
    flat = Gaussian(np.ones(4))
    scale = flat.conditional_variances(0.3)[0] / 50
    q = r.dsm_empirical_risk_quantile(flat, 0.3, 50, 0.9)
    assert q == pytest.approx(scale * stats.chi2.ppf(0.9, 16), rel=1e-10)
    two = Gaussian(np.array([1.0, 4.0]))
    a, b = 2 * two.conditional_variances(0.3) / 50  # χ²_2 scaled: exponentials of means a and b
    x = np.array([0.3, 1.0, 4.0]) * (a + b)
    hypoexponential = 1 - (a * np.exp(-x / a) - b * np.exp(-x / b)) / (a - b)
    np.testing.assert_allclose(
        r.dsm_empirical_risk_cdf(two, 0.3, 50, x), hypoexponential, atol=1e-9
    )
    law = Gaussian(spectrum("linear", 3))
    draws = np.random.default_rng(3).chisquare(3, (4000, 3)) @ (law.conditional_variances(0.5) / 40)
    assert stats.ks_1samp(draws, lambda v: r.dsm_empirical_risk_cdf(law, 0.5, 40, v)).pvalue > 1e-9
    decoy = np.random.default_rng(3).chisquare(2, (4000, 3)) @ (law.conditional_variances(0.5) / 40)
    assert stats.ks_1samp(decoy, lambda v: r.dsm_empirical_risk_cdf(law, 0.5, 40, v)).pvalue < 1e-9


def test_empirical_risk_of_least_squares_follows_that_law():
    """4000 exact-engine DSM fits at d = 3, m = 10:
    KS against the cdf, level 1e-9. Not only its mean is right.
    """
    law = Gaussian(spectrum("linear", 3))
    (gram,) = exact(law, 10, [0.5], [np.random.default_rng([6, i]) for i in range(4000)])
    (estimate,) = dsm([gram])
    values = r.empirical_risk(law, gram, estimate)
    assert stats.ks_1samp(values, lambda v: r.dsm_empirical_risk_cdf(law, 0.5, 10, v)).pvalue > 1e-9
    assert stats.ks_1samp(values, lambda v: r.dsm_empirical_risk_cdf(law, 0.5, 11, v)).pvalue < 1e-9


def test_error_over_log_cardinality_is_flat_and_log_log_d_tilts_it():
    """Σ_j γ_j E empirical risk/d² does not move over d = 4 … 1024 (identity spectrum); divided by
    log log d it falls with slope −1/(log d · log log d), about −0.15 over 16 … 1024 as theory.md
    says."""
    gammas, m = weights(TIMES), 4096
    dims = np.array([4, 16, 64, 256, 1024])
    flat = np.array(
        [
            sum(
                g * r.dsm_empirical_risk(Gaussian(np.ones(d)), t, m)
                for g, t in zip(gammas, TIMES, strict=True)
            )
            / d**2
            for d in dims
        ]
    )
    np.testing.assert_allclose(flat, flat[0], rtol=1e-12)
    tilted = np.log(flat[1:] / np.log(np.log(dims[1:])))
    slope = np.polyfit(np.log(dims[1:]), tilted, 1)[0]
    assert slope == pytest.approx(-0.15, abs=0.01)


def test_bidiagonal_draw_is_the_solve_with_b():
    """The same stream through the matrix B itself:
    Σ_i c_i ‖B^{-ᵀ} g_i‖² by a general solve, to 1e-10.

    In order: d χ² with m, m − 1, …, then χ² with d − 1, …, 1, then the g's, coordinate k of all of
    them at a time. Catches a recursion that is wrong in one draw and nearly right on average, and
    pins the stream. Decoy: B for Bᵀ.
    """
    for values in (np.array([0.7]), np.array([0.5, 1.0]), EIGENVALUES):
        law, d, m, t = Gaussian(values), len(values), len(values) + 3, 0.4
        rng = np.random.default_rng(21)
        b = np.diag([np.sqrt(rng.chisquare(m - k)) for k in range(d)])
        for k in range(d - 1):
            b[k, k + 1] = np.sqrt(rng.chisquare(d - 1 - k))
        g = rng.standard_normal((d, d))  # column i is g_i
        c = 1 / (1 - np.exp(-2 * t)) - 1 / (np.exp(-2 * t) * values + 1 - np.exp(-2 * t))
        right, wrong = (float(c @ (np.linalg.solve(a, g) ** 2).sum(axis=0)) for a in (b.T, b))
        got = r.draw_dsm_risk(law, t, m, np.random.default_rng(21))
        assert got == pytest.approx(right, rel=1e-10)
        assert d == 1 or got != pytest.approx(wrong, rel=1e-3)


def test_risks_of_replicates_and_bases():
    """tr(δ V δᵀ) and its empirical twin as plain traces,
    for 2 × 3 estimates, with and without a basis, to 1e-12.

    The estimates are left as they were. Catches δ written into the caller's array, and a basis on
    the wrong side.
    """
    sigma, t = random_covariance(3, 11), 0.6
    rng = np.random.default_rng(22)
    estimates, x = rng.standard_normal((2, 3, 3, 3)), rng.standard_normal((7, 3))
    kept = estimates.copy()
    gram = Gram(steps([t])[0], 7, x.T @ x, x.T @ x, x.T @ x)
    for law in (Gaussian.from_covariance(sigma), Gaussian(np.array([0.2, 1.0, 4.0]))):
        v = np.exp(-2 * t) * law.covariance + (1 - np.exp(-2 * t)) * np.eye(3)
        population, empirical = r.risk(law, t, estimates), r.empirical_risk(law, gram, estimates)
        assert population.shape == empirical.shape == (2, 3)
        for i, j in np.ndindex(2, 3):
            delta = kept[i, j] + np.linalg.inv(v)
            np.testing.assert_allclose(r.error(law, t, estimates)[i, j], delta, atol=1e-12)
            assert population[i, j] == pytest.approx(np.trace(delta @ v @ delta.T), rel=1e-12)
            assert empirical[i, j] == pytest.approx(
                (np.linalg.norm(x @ delta.T) ** 2) / 7, rel=1e-12
            )
        np.testing.assert_array_equal(estimates, kept)


def phases(scales, x):
    """P(Σ a_i χ²_4 ≤ x): each χ²_4 is two exponential waits
    of mean 2 a_i, one after the other; by a matrix exponential.
    """
    rates = np.repeat(1 / (2 * scales), 2)
    generator = np.diag(-rates) + np.diag(rates[:-1], k=1)
    return 1 - expm(generator * x)[0].sum()


@pytest.mark.parametrize(
    "values", [[1.0, 1.0 + 1e-6, 1.0 - 1e-6, 1.0], [0.3, 1.2, 2.1, 3.0], [0.01, 0.1, 1.0, 5.0]]
)
def test_cdf_against_exponential_waits(values):
    """d = 4, m = 30: to 1e-9 (the docstring's) from 1e-3
    to 12 means, tail included; as an array, and one x alone.

    Catches a window too short (aliasing), a series cut off too early, a modulus or angle wrong by a
    factor, and the equal-scales shortcut taken where the scales differ by 1e-6. At and below 0 it
    is exactly 0.
    """
    law, m = Gaussian(np.array(values)), 30
    scales = (1 / (1 - np.exp(-0.8)) - 1 / (np.exp(-0.8) * law.eigenvalues + 1 - np.exp(-0.8))) / m
    x = np.geomspace(1e-3, 12, 8).reshape(2, 4) * 4 * scales.sum()
    got = r.dsm_empirical_risk_cdf(law, 0.4, m, x)
    expected = np.reshape([phases(scales, one) for one in x.ravel()], x.shape)
    np.testing.assert_allclose(got, expected, rtol=0, atol=1e-9)
    alone = r.dsm_empirical_risk_cdf(law, 0.4, m, float(x[1, 2]))
    assert alone.shape == ()
    assert float(alone) == pytest.approx(expected[1, 2], abs=1e-9)
    np.testing.assert_array_equal(r.dsm_empirical_risk_cdf(law, 0.4, m, [-1.0, 0.0]), 0.0)
    assert got.min() >= 0
    assert got.max() <= 1


@pytest.mark.parametrize("m", [5, 10**9])
def test_quantiles_invert_the_law(m):
    """d = 4: at the quantile the matrix exponential
    gives back the probability, in both tails, to 1e-9.

    Catches a bracket that stops short, and a tolerance at the wrong scale (at m = 10⁹ the quantiles
    are near 1e-8).
    """
    law = Gaussian(np.array([0.3, 1.2, 2.1, 3.0]))
    scales = law.conditional_variances(0.4) / m
    for p in (1e-5, 0.5, 1 - 1e-5):
        q = r.dsm_empirical_risk_quantile(law, 0.4, m, p)
        assert phases(scales, q) == pytest.approx(p, abs=2e-9)


@pytest.mark.parametrize("d", [1, 3, 300])
def test_quantiles_where_the_scales_agree(d):
    """They are χ²'s with d² degrees of freedom, by scipy, from p = 10⁻⁹ to 1 − 10⁻¹⁴.

    Catches an upper tail that is lost at d = 1, which is scipy's own, or at d = 300, where the mean
    is 90 000: cut off too early, or taken as 1 minus the lower one far above the mean.
    """
    law = Gaussian(np.ones(d))
    scale = law.conditional_variances(0.5)[0] / 1000
    for p in (1e-9, 0.3, 0.52, 1 - 1e-9, 1 - 1e-14):
        expected = stats.chi2.ppf(p, d * d) if p < 0.5 else stats.chi2.isf(1 - p, d * d)
        found = r.dsm_empirical_risk_quantile(law, 0.5, 1000, p)
        assert found == pytest.approx(scale * expected, rel=1e-9, abs=0)


def test_scales_that_vanish_beside_others_leave_a_chi_square():
    """Five of ten scales are 1e-12 of the others: χ² with 50 degrees of freedom, at 200 values.

    Catches a search for the saddle point that strays across the singularities between it and 0.
    """
    law = Gaussian(np.repeat([1.0, 1e-12], 5))
    ratio = np.linspace(20.0, 60.0, 200)
    found = r.dsm_empirical_risk_cdf(law, 0.5, 30, ratio * law.conditional_variances(0.5)[0] / 30)
    np.testing.assert_allclose(found, stats.chi2.cdf(ratio, 50), rtol=1e-9)


def test_both_tails_at_the_ends_of_the_line():
    """Nothing lies below what float64 tells from 0, nothing above infinity; logarithms, exactly."""
    found = r._log_tails(np.array([0.5, 1.0]), 3, np.array([-np.inf, 0.0, 1e-300, np.inf]))
    nothing, everything = -np.inf, 0.0
    np.testing.assert_array_equal(found[0], [nothing, nothing, nothing, everything])
    np.testing.assert_array_equal(found[1], [everything, everything, everything, nothing])


def test_an_integral_that_is_not_reached_is_refused():
    """No law here has as few as 0.002 degrees of freedom, whose integrand falls off too slowly:
    a sentence, no NaN.
    """
    with pytest.raises(InvalidInput, match="covariance: makes a law of the empirical risk"):
        r._saddle_integral(np.array([1.0]), np.array([0.001]), np.array([0.003]))


LAW4 = Gaussian(np.ones(4))
LAW_LINEAR = Gaussian(spectrum("linear", 4))


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (
            lambda: r.dsm_risk(LAW4, 0.1, 5),
            "samples: m = 5 is below d + 2 = 6, where the expected population risk is infinite "
            "(the formula divides by m − d − 1); the empirical risk stays available for m > d",
        ),
        (
            lambda: r.draw_dsm_risk(LAW4, 0.1, 4, np.random.default_rng(0)),
            "samples: m = 4 must exceed d = 4",
        ),
        (lambda: r.dsm_empirical_risk_cdf(LAW4, 0.1, 4, 1.0), "samples: m = 4 must exceed d = 4"),
        (
            lambda: r.dsm_empirical_risk_quantile(LAW4, 0.1, 4, 0.5),
            "samples: m = 4 must exceed d = 4",
        ),
        (
            lambda: r.dsm_empirical_risk_quantile(LAW4, 0.1, 50, 1.0),
            "probability: must lie strictly between 0 and 1, but is 1",
        ),
        (
            lambda: r.dsm_empirical_risk_quantile(LAW4, 0.1, 50, 0.0),
            "probability: must lie strictly between 0 and 1, but is 0",
        ),
        (lambda: r.bootstrap_risk(LAW4, [0.1], 0), "samples: must be at least 1, but is 0"),
        (
            lambda: r.risk(LAW4, 0.1, np.zeros((2, 3, 3))),
            "estimate: must have shape (…, 4, 4), but has (2, 3, 3)",
        ),
    ],
)
def test_refusals_are_one_sentence(call, sentence):
    """Key and reason, word for word."""
    with pytest.raises(InvalidInput) as refusal:
        call()
    assert str(refusal.value) == sentence


def test_borders_are_allowed():
    """m = d + 2 for the mean, where it is tr(C) d/1,
    m = d + 1 for draws and the law; the empirical mean from m = d on.
    """
    c = LAW_LINEAR.conditional_variances(0.1).sum()
    assert r.dsm_risk(LAW_LINEAR, 0.1, 6) == pytest.approx(4 * c, rel=1e-14)
    assert r.dsm_empirical_risk(LAW_LINEAR, 0.1, 4) == pytest.approx(c, rel=1e-14)
    assert r.draw_dsm_risk(LAW_LINEAR, 0.1, 5, np.random.default_rng(0)) > 0
    assert 0 < r.dsm_empirical_risk_cdf(LAW_LINEAR, 0.1, 5, 4 * c / 5) < 1


def test_bootstrap_risk_falls_as_one_over_m_and_its_weight_may_depend_on_the_step():
    """m = 50: the recursion's sums over 50,
    and a weight w(t) = t/4 equals the two steps done by hand.

    Catches m on the wrong side, and one weight taken for all steps.
    """
    law, times = Gaussian(np.array([0.5, 2.0])), np.array([0.4, 1.0])
    sums = np.array([entries.sum() for entries in r.bootstrap_recursion(law, times)])
    np.testing.assert_allclose(r.bootstrap_risk(law, times, 50), sums / 50, rtol=1e-14)
    found = list(r.bootstrap_recursion(law, times, lambda step: step.t / 4))[1]
    w, g, tau2 = 0.25, 0.6, 1 - np.exp(-1.2)
    before, after = (np.exp(-2 * t) * law.eigenvalues + 1 - np.exp(-2 * t) for t in times)
    start = np.exp(-0.8) * law.eigenvalues / ((1 - np.exp(-0.8)) * before)
    fresh = w**2 * np.exp(2 * g) / before + (1 - w) ** 2 / tau2 - 1 / after
    by_hand = fresh[:, None] + w**2 * (before / after)[None, :] * start[:, None]
    np.testing.assert_allclose(found, by_hand, rtol=1e-12)


# --- the accuracy that is promised of the law of the empirical risk -------------------------------


def hypoexponential(scales, x):
    """P(S ≤ x) and P(S > x) of Σ a_i χ²_2,
    a_i different, in 400 digits: a sum over exponentials.
    """
    with mpmath.workdps(400):
        rates = [1 / (2 * mpmath.mpf(float(a))) for a in scales]
        tail = mpmath.mpf(0)
        for i, one in enumerate(rates):
            others = [rate / (rate - one) for k, rate in enumerate(rates) if k != i]
            tail += mpmath.fprod(others) * mpmath.exp(-one * mpmath.mpf(x))
        return 1 - tail, tail


@pytest.mark.parametrize("ratio", [1 + 1e-9, 1.01, 3.0, 1e3, 1e6, 1e9])
def test_the_law_of_the_empirical_risk_in_both_tails(ratio):
    """d = 2, whose law is a sum of two exponentials:
    to 1e-9 relative from 1e-280 on, far apart or nearly equal.

    The inversion that was here before was off by 1e-6 at a ratio of 1e9, by all there is in the
    lower tail.
    """
    law = Gaussian(np.array([1.0, ratio]))
    scales = law.conditional_variances(1.0) / 50
    x = 2 * scales.sum() * np.array([1e-140, 1e-20, 1e-3, 0.3, 0.9, 1.0, 1.001, 1.2, 3.0, 30.0])
    found = r.dsm_empirical_risk_cdf(law, 1.0, 50, x)
    expected = [float(hypoexponential(scales, one)[0]) for one in x]
    np.testing.assert_allclose(found, expected, rtol=1e-9)
    for one, alone in zip(x, found, strict=True):
        assert r.dsm_empirical_risk_cdf(law, 1.0, 50, one) == alone


@pytest.mark.parametrize("d", [1, 3, 8, 100, 300])
def test_equal_scales_are_a_chi_square(d):
    law = Gaussian(np.ones(d))
    scale = law.conditional_variances(0.5)[0] / 1000
    x = d * d * scale * np.array([0.01, 0.5, 0.9, 1.0, 1.1, 2.0])
    np.testing.assert_allclose(
        r.dsm_empirical_risk_cdf(law, 0.5, 1000, x),
        stats.chi2.cdf(x / scale, d * d),
        rtol=1e-9,
        atol=1e-300,
    )


@pytest.mark.parametrize("far", [1e6, 1e300, np.inf, -np.inf, -1e300, 1.7e308, 1e-300])
def test_a_far_value_is_right_and_spoils_no_neighbour(far):
    """0 or 1 there; what stands beside it in the same call has the bits that it has alone."""
    law = Gaussian(spectrum("linear", 4))
    alone = r.dsm_empirical_risk_cdf(law, 0.5, 40, [0.1, 0.2])
    both = r.dsm_empirical_risk_cdf(law, 0.5, 40, [0.1, far, 0.2])
    assert both[[0, 2]].tolist() == alone.tolist()
    assert both[1] == pytest.approx(float(far > 1), abs=1e-300)
    with pytest.raises(InvalidInput, match="value: holds NaN"):
        r.dsm_empirical_risk_cdf(law, 0.5, 40, [0.1, np.nan])


@pytest.mark.parametrize(
    "p", [1e-290, 1e-100, 1e-14, 1e-5, 0.1, 0.5, 0.9, 1 - 1e-9, 1 - 1e-14, 1 - 2**-53]
)
@pytest.mark.parametrize("ratio", [1.5, 1e4])
def test_quantiles_at_both_ends(p, ratio):
    """In 400 digits, the law at the quantile is p, or 1 − p above 1/2, to 1e-8 relative."""
    law = Gaussian(np.array([1.0, ratio]))
    q = r.dsm_empirical_risk_quantile(law, 1.0, 50, p)
    below, above = hypoexponential(law.conditional_variances(1.0) / 50, q)
    reached, wanted = (below, mpmath.mpf(p)) if p < 0.5 else (above, 1 - mpmath.mpf(p))
    assert abs(reached / wanted - 1) < 1e-8


def test_quantiles_that_float64_cannot_tell_are_refused():
    for p in (1e-291, 5e-324, -0.1, 1.0, np.nan):
        with pytest.raises(InvalidInput, match=r"^probability: "):
            r.dsm_empirical_risk_quantile(LAW, 1.0, 50, p)


def test_a_quantile_that_no_float_can_hold_is_refused() -> None:
    """One coordinate has P(χ²_1 ≤ x) = √(2x/π) (1 − x/6 …), so x = π p²/2: met while x is a number,
    refused beyond, where a number without a word would be of another probability.
    """
    law = Gaussian(np.ones(1))
    scale = float(law.conditional_variances(0.5)[0]) / 10
    for p in (1e-30, 1e-100, 1.2e-150):
        found = r.dsm_empirical_risk_quantile(law, 0.5, 10, p)
        assert found / scale == pytest.approx(np.pi * p**2 / 2, rel=1e-9, abs=0)
    for t, p, many in ((0.5, 1e-151, law), (300.0, 1e-290, Gaussian(np.array([1.0, 2.0])))):
        with pytest.raises(InvalidInput, match="too near 0 for float64"):
            r.dsm_empirical_risk_quantile(many, t, 10, p)
