"""Laws on the line: against quadrature,
mpmath and one normal, out to the far tails. Nothing is random.
"""

from types import SimpleNamespace
from typing import Any

import mpmath as mp
import numpy as np
import pytest
from scipy import integrate, special, stats

from bounds.check import InvalidInput
from bounds.line import Line, flow, total_variation, w2


def line(*lists: Any) -> Line:
    """A law from lists."""
    return Line(*map(np.array, lists))


TWO = line([0.85, 0.15], [-2.0, 2.0], [0.25, 0.25])
THREE = line([0.5, 0.3, 0.2], [0.0, 1.0, -4.0], [1.0, 9.0, 0.04])


def exact(law, x, upper):
    """log of a tail in 60 digits."""
    with mp.workdps(60):
        parts = zip(law.weights, law.means, law.variances, strict=True)
        side = 1 if upper else -1
        return float(
            mp.log(mp.fsum(w * mp.erfc(side * (x - m) / mp.sqrt(2 * v)) / 2 for w, m, v in parts))
        )


@pytest.mark.parametrize("law", [TWO, THREE], ids=["two", "three"])
def test_density_moments_and_score(law):
    """Mass, mean and variance by adaptive quadrature of the density;
    the score by differences of its logarithm.
    """

    def moment(power):
        spots = sorted(law.means)
        return integrate.quad(
            lambda x: x**power * np.exp(law.log_density(x)),
            -60,
            60,
            points=spots,
            epsabs=1e-12,
            limit=400,
        )[0]

    assert moment(0) == pytest.approx(1, rel=1e-10)
    assert moment(1) == pytest.approx(law.mean, rel=1e-9)
    assert moment(2) - moment(1) ** 2 == pytest.approx(law.variance, rel=1e-9)
    x, h = np.linspace(-7, 7, 29), 1e-5
    slope = (law.log_density(x + h) - law.log_density(x - h)) / (2 * h)
    np.testing.assert_allclose(law.score(x), slope, rtol=1e-7, atol=1e-8)


@pytest.mark.parametrize("law", [TWO, THREE], ids=["two", "three"])
def test_tails_keep_their_digits(law):
    """log F and log(1 − F) where they are small, to 1e-12 relative,
    as far as 1e-300000: F itself is 0 or 1 there.
    """
    for x in (-2000.0, -60.0, -9.0, -3.0):
        assert law.log_cdf(x) == pytest.approx(exact(law, x, upper=False), rel=1e-12)
    for x in (2.9, 9.0, 60.0, 2000.0):
        assert law.log_sf(x) == pytest.approx(exact(law, x, upper=True), rel=1e-12)


@pytest.mark.parametrize("law", [TWO, THREE], ids=["two", "three"])
def test_there_and_back(law):
    """z → x → z, at levels of which Φ is 1e-1000000 and 1 − 1e-1000000;
    the decoy, ppf of a cdf, ends at 38.
    """
    z = np.array([-2000.0, -40.0, -9.0, -2.0, -0.3, 0.0, 0.7, 1.9, 9.0, 40.0, 2000.0])
    np.testing.assert_allclose(law.to_normal(law.from_normal(z)), z, rtol=1e-10, atol=1e-10)
    assert np.isinf(stats.norm.ppf(stats.norm.cdf(40.0)))


def test_one_normal_is_a_line():
    """With one component everything is x = μ + √v z, exactly; the flow is the Gaussian's."""
    law, z = line([1.0], [3.0], [4.0]), np.linspace(-50, 50, 11)
    np.testing.assert_allclose(law.from_normal(z), 3 + 2 * z, rtol=1e-13)
    np.testing.assert_allclose(law.to_normal(3 + 2 * z), z, rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(
        flow(law.blurred(5), law, 3 + z), 3 + z * 2 / np.sqrt(29), rtol=1e-12
    )


def test_shapes_and_ends():
    """Any shape goes through, a number too;
    the flow to the same law moves nothing, and there and back is where it was.
    """
    x = np.linspace(-5, 5, 12).reshape(3, 4)
    assert TWO.log_cdf(x).shape == TWO.score(x).shape == flow(TWO, THREE, x).shape == (3, 4)
    assert np.shape(TWO.from_normal(0.3)) == ()
    np.testing.assert_allclose(flow(TWO, TWO, x), x, atol=1e-9)
    np.testing.assert_allclose(flow(THREE, TWO, flow(TWO, THREE, x)), x, atol=1e-7)
    assert TWO.blurred(0).variance == TWO.variance
    assert TWO.blurred(3).variance == pytest.approx(11.29)
    assert repr(TWO) == "Line(2 components, mean -1.4, variance 2.29)"


def test_what_is_given_is_kept_as_numbers():
    """Lists become arrays of float64, and the weights sum to 1."""
    law = Line([0.25, 0.75 + 6e-10], [0, 1], [1, 4])  # type: ignore[arg-type]
    for values in (law.weights, law.means, law.variances):
        assert values.dtype == np.float64
    assert abs(law.weights.sum() - 1) < 1e-15


def test_score_far_out_beside_a_point_near_by():
    """At 90, 176 deviations from the nearer mode, the score is that mode's own."""
    near, far = TWO.score(np.array([0.0, 90.0]))
    assert near == pytest.approx(float(TWO.score(0.0)), rel=1e-12)
    assert far == pytest.approx(-352, rel=1e-12)


def test_a_level_between_two_modes_is_found():
    """In the gap rounding of F moves Newton's step from one end of the bracket to the other and
    back: this level never came to an end while a step onto an end counted as inside.
    """
    law = line([0.85, 0.15], [-2.0, 2.0], [0.01, 0.01])
    level = 1.0364320667686295
    assert law.to_normal(law.from_normal(level)) == pytest.approx(level, abs=3e-16)


def total_by_quadrature(p, q):
    """½ ∫|p − q| by the trapezoid rule; its kinks cost h²."""
    x = np.linspace(-60, 60, 400_001)
    return np.sum(np.abs(np.exp(p.log_density(x)) - np.exp(q.log_density(x)))) * (x[1] - x[0]) / 2


@pytest.mark.parametrize(
    ("p", "q"), [(TWO, THREE), (THREE, TWO.blurred(2)), (TWO, line([1.0], [-1.4], [2.29]))]
)
def test_total_variation_is_half_of_the_integral(p, q):
    """By quadrature, in both orders; with four crossings in the last pair."""
    assert total_variation(p, q) == pytest.approx(total_by_quadrature(p, q), abs=1e-8)
    assert total_variation(q, p) == pytest.approx(total_variation(p, q), abs=1e-14)
    assert total_variation(p, p) == 0


def test_w2_on_the_line():
    """One normal from another by the closed form; two mixtures by the mean of (T(x) − x)² on a
    grid in x, the other way to write it; across a gap by hand: between the levels .8 and .85 the
    distance is that of the modes' ends.
    """
    wide = line([1.0], [3.0], [4.0])
    assert w2(wide, line([1.0], [-1.0], [0.25])) == pytest.approx(np.sqrt(16 + 1.5**2), rel=1e-11)
    x = np.linspace(-30, 30, 60_001)
    mass = np.exp(THREE.log_density(x)) * (x[1] - x[0])
    truth = np.sqrt(mass @ (flow(THREE, TWO, x) - x) ** 2)
    assert w2(TWO, THREE) == pytest.approx(truth, rel=1e-6)
    assert w2(TWO, TWO) == 0
    p, q = (line([1 - w, w], [-2.0, 2.0], [1e-8, 1e-8]) for w in (0.15, 0.2))
    assert w2(p, q) == pytest.approx(np.sqrt(16 * 0.05), rel=1e-3)


def test_w2_of_quantiles_that_run_off_at_a_level():
    """Apart by |z|^{-1/4}: 40 halvings leave 1e-6 of ∫ |z|^{-1/2} φ = 2^{-1/4} Γ(1/4)/√π in the
    panels at 0, which must count, too.
    """
    apart: Any = SimpleNamespace(from_normal=lambda z: np.abs(z) ** -0.25)
    still: Any = SimpleNamespace(from_normal=lambda z: 0.0 * z)
    truth = np.sqrt(2**-0.25 * special.gamma(0.25) / np.sqrt(np.pi))
    assert w2(apart, still) == pytest.approx(truth, rel=2e-7)


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda: line([0.5, 0.4], [0, 1], [1, 1]), "weights: must sum to 1, but sum to 0.9"),
        (
            lambda: line([1.5, -0.5], [0, 1], [1, 1]),
            "weights: must be a non-empty list of positive numbers",
        ),
        (
            lambda: line([1.0, 0.0], [0, 1], [1, 1]),
            "weights: must be a non-empty list of positive numbers",
        ),
        (lambda: line([], [], []), "weights: must be a non-empty list of positive numbers"),
        (
            lambda: line([0.5, 0.5], [0], [1, 1]),
            "means: must have shape (2,) like weights, but has (1,)",
        ),
        (
            lambda: line([0.5, 0.5], [0, 1], [1]),
            "variances: must have shape (2,) like weights, but has (1,)",
        ),
        (lambda: line([1.0], [0], [-1.0]), "variances: must not be negative, but holds -1"),
        (lambda: line([1.0], [np.nan], [1.0]), "means: holds NaN or an infinity"),
        (lambda: TWO.blurred(-1), "sigma: must not be negative, but is -1"),
        (lambda: TWO.from_normal(np.inf), "z: holds NaN or an infinity"),
        (lambda: TWO.score("many"), "x: must be numbers, but holds 'many'"),
        (
            lambda: line([1.0], [0.0], [0.0]).score(0.0),
            "variances: must be positive here: an atom has no density; blur it first",
        ),
    ],
)
def test_bad_input_is_one_sentence(make, sentence):
    with pytest.raises(InvalidInput) as refused:
        make()
    assert str(refused.value) == sentence


@pytest.mark.parametrize("sigma", [0.3, 2.0])
def test_posterior_moments(sigma):
    """E[X | X + σ z = x] and its variance by quadrature over X; an atom is allowed as data."""
    law = line([0.6, 0.4], [-1.0, 1.0], [0.2, 0.12])
    for x in (-1.5, 0.1, 3.0):

        def moment(power, x=x):
            def of(y):
                return y**power * np.exp(law.log_density(y) - (x - y) ** 2 / (2 * sigma**2))

            return integrate.quad(of, -8, 8, points=[-1, 1, x], epsabs=1e-14, limit=300)[0]

        mean = moment(1) / moment(0)
        assert law.posterior_mean(sigma, x) == pytest.approx(mean, rel=1e-9)
        spread = moment(2) / moment(0) - mean**2
        assert law.posterior_variance(sigma, x) == pytest.approx(spread, rel=1e-8)
    # Many points at once are each by themselves, the nearest mode's where that is far.
    many = np.array([[-1.5], [0.1], [300.0]])
    means, variances = law.posterior_mean(sigma, many), law.posterior_variance(sigma, many)
    for x, mean, spread in zip(many[:2, 0], means[:2, 0], variances[:2, 0], strict=True):
        assert mean == pytest.approx(float(law.posterior_mean(sigma, x)), rel=1e-12)
        assert spread == pytest.approx(float(law.posterior_variance(sigma, x)), rel=1e-12)
    total = 0.2 + sigma**2
    assert means[2, 0] == pytest.approx(-1 + 0.2 / total * 301, rel=1e-12)
    assert variances[2, 0] == pytest.approx(0.2 * sigma**2 / total, rel=1e-12)
    atoms = line([0.3, 0.7], [-1.0, 2.0], [0.0, 0.0])
    share = 1 / (1 + 0.3 / 0.7 * np.exp(((0.4 - 2) ** 2 - 1.4**2) / (2 * sigma**2)))
    assert atoms.posterior_mean(sigma, 0.4) == pytest.approx(-1 + 3 * share, rel=1e-12)
    assert atoms.posterior_variance(sigma, 0.4) == pytest.approx(9 * share * (1 - share), rel=1e-12)
