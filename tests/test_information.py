"""Entropy and Fisher information on the line: against adaptive quadrature, and one normal."""

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.stats import norm

from bounds.check import InvalidInput
from bounds.information import (
    entropy,
    fisher,
    relative_entropy,
    relative_fisher,
    rule,
    tilted,
)
from bounds.line import Line


def line(*lists):
    """A law from lists."""
    return Line(*map(np.array, lists))


TWO = line([0.85, 0.15], [-0.8, 2.0], [0.36, 0.25])
FAR = line([0.3, 0.7], [-5.0, 1.0], [0.01, 4.0])
NORMAL = line([1.0], [0.0], [1.0])


def mean(law, function):
    """∫ p f by adaptive quadrature, f of (x, p, p'); p component by component."""
    parts = list(zip(law.weights, law.means, law.variances, strict=True))

    def integrand(x):
        each = [w * norm.pdf(x, m, np.sqrt(v)) for w, m, v in parts]
        slope = sum(-p * (x - m) / v for p, (_, m, v) in zip(each, parts, strict=True))
        return function(x, sum(each), slope) if sum(each) > 0 else 0.0

    spots = [-6.0, -5.0, -4.0, -2.0, -0.8, 0.5, 2.0, 4.0]
    return quad(integrand, -19, 19, points=spots, epsabs=1e-12, epsrel=1e-11, limit=400)[0]


@pytest.mark.parametrize("law", [TWO, FAR], ids=["two", "far"])
def test_against_adaptive_quadrature(law):
    """A twentieth more, or another sign, of any of them is seen."""
    wanted = {
        entropy: mean(law, lambda x, p, dp: -p * np.log(p)),
        fisher: mean(law, lambda x, p, dp: dp**2 / p),
    }
    for function, value in wanted.items():
        assert function(law) == pytest.approx(value, rel=1e-9)
    divergence = mean(law, lambda x, p, dp: p * (np.log(p) - norm.logpdf(x)))
    assert relative_entropy(law, NORMAL) == pytest.approx(divergence, rel=1e-9)
    relative = mean(law, lambda x, p, dp: (dp + x * p) ** 2 / p)
    assert relative_fisher(law, NORMAL) == pytest.approx(relative, rel=1e-9)


def test_one_normal():
    """N(1, 4) against N(0, 1), in closed form."""
    law = line([1.0], [1.0], [4.0])
    assert fisher(law) == pytest.approx(0.25, rel=1e-13)
    assert entropy(law) == pytest.approx(np.log(2 * np.pi * np.e * 4) / 2, rel=1e-13)
    assert relative_entropy(law, NORMAL) == pytest.approx((4 + 1 - 1 - np.log(4)) / 2, rel=1e-13)
    assert relative_fisher(law, NORMAL) == pytest.approx(0.75**2 * 4 + 1, rel=1e-13)


def test_the_rule_has_the_mass_and_the_moments():
    """Of a law with a narrow component far from a wide one."""
    x, p = rule(FAR)
    assert p.sum() == pytest.approx(1, abs=1e-13)
    assert p @ x == pytest.approx(FAR.mean, rel=1e-12)
    assert p @ (x - FAR.mean) ** 2 == pytest.approx(FAR.variance, rel=1e-12)


def test_the_rule_holds_the_tails_on_both_sides():
    """Φ(−10) = 8e-24 to six digits: two thirds of a panel less on either side would lose them."""
    x, p = rule(NORMAL)
    for side in (x < -10, x > 10):
        assert p[side].sum() == pytest.approx(norm.sf(10), rel=1e-6, abs=0)


def test_components_that_are_narrow_and_far_apart():
    """Deviations of 1e-6, a million of them apart: I = 1/v, h that of one normal and log 2. Catches
    panels that are merged because they are narrow and not because they are equal.
    """
    law = line([0.5, 0.5], [0.0, 1.0], [1e-12, 1e-12])
    assert fisher(law) == pytest.approx(1e12, rel=1e-10)
    entropy_of_one = np.log(2 * np.pi * np.e * 1e-12) / 2
    assert entropy(law) == pytest.approx(entropy_of_one + np.log(2), rel=1e-9)


def test_a_tilt_far_out_keeps_its_weights():
    """Two normals a unit apart, tilted by e^{40 x}: they move by 40, and the one on the right is
    e^{40} times as likely as it was, though the mass behind both is e^{800}.
    """
    law = tilted(line([0.6, 0.4], [0.0, 1.0], [1.0, 1.0]), 40.0, 0.0)
    np.testing.assert_allclose(law.means, [40.0, 41.0], rtol=1e-14)
    odds = 1.5 * np.exp(-40.0)
    np.testing.assert_allclose(law.weights, [odds / (1 + odds), 1 / (1 + odds)], rtol=1e-12)


@pytest.mark.parametrize(
    ("linear", "quadratic"), [(0.8, -0.3), (-2.0, 0.2), (0.0, 0.0), (0.3, 2.0)]
)
def test_a_tilt_is_a_density(linear, quadratic):
    """p e^{bx + cx²/2} over its integral, by scipy's quadrature, at points on both sides."""

    def raw(x):
        return np.exp(TWO.log_density(x) + linear * x + quadratic * x**2 / 2)

    mass = quad(raw, -30, 30, points=[-5, 0, 5], epsabs=0, epsrel=1e-12, limit=200)[0]
    x = np.linspace(-3, 4, 15)
    law = tilted(TWO, linear, quadratic)
    np.testing.assert_allclose(np.exp(law.log_density(x)), raw(x) / mass, rtol=1e-10)


@pytest.mark.parametrize(
    ("call", "reason"),
    [
        (lambda: tilted(TWO, 0.0, 3.0), "quadratic: must be below 2.77778"),
        (lambda: tilted(NORMAL, 0.0, 1.0), "quadratic: must be below 1: else"),
        (lambda: tilted(TWO, np.nan, 0.0), "linear: holds NaN"),
        (lambda: tilted(line([1.0], [0.0], [0.0]), 0.0, 0.0), "variances: must be positive"),
        (lambda: fisher(line([0.5, 0.5], [0.0, 1.0], [0.0, 1.0])), "variances: must be positive"),
    ],
)
def test_what_is_refused(call, reason):
    """An infinite integral, and laws whose information is infinite."""
    with pytest.raises(InvalidInput, match=reason):
        call()
