"""The curvature of Cauchy data's log-density, by second routes."""

import mpmath as mp
import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy import optimize

from bounds import cauchy
from bounds.check import InvalidInput


def exact(t: float, x: float, scale: float) -> float:
    """(log p_t)''(x) in 60 digits: p_t ∝ Re e^{−z²} erfc(−iz), differentiated numerically."""
    with mp.workdps(60):
        time = mp.mpf(t)
        width, sigma = scale * mp.exp(-time), mp.sqrt(-mp.expm1(-2 * time))

        def log_density(y: mp.mpf) -> mp.mpf:
            z = (y + 1j * width) / (sigma * mp.sqrt(2))
            return mp.log(mp.re(mp.exp(-(z**2)) * mp.erfc(-1j * z)))

        return float(mp.diff(log_density, mp.mpf(x), 2, h=mp.mpf(10) ** -15))


@pytest.mark.parametrize("t", [0.004, 0.1, 0.8, 3.0])
@pytest.mark.parametrize("scale", [0.2, 1.0])
def test_curvature_in_60_digits(t: float, scale: float) -> None:
    """At places on either side of where the series takes over,
    to 1e-9 of the largest. Catches a term of it too few.
    """
    x = np.array([0.0, 0.3, 1.7, 2.9, 9.0])
    wanted = [exact(t, float(y), scale) for y in x]
    found = cauchy.log_density_curvature(t, x, scale)
    assert_allclose(found, wanted, rtol=1e-8, atol=1e-9)


def test_the_series_joins_the_function() -> None:
    """Just below and just above |z| = FAR the curvature is the same to 1e-10;
    the series cut to six terms is not.
    """
    t, scale = 0.1, 1.0
    sigma = np.sqrt(-np.expm1(-2 * t))
    edge = np.sqrt(2 * sigma**2 * cauchy.FAR**2 - np.exp(-2 * t))
    x = edge * np.array([1 - 1e-9, 1 + 1e-9])
    near, far = cauchy.log_density_curvature(t, x, scale)
    assert near == pytest.approx(far, rel=1e-8)
    assert abs(far - 2 / edge**2) > 1e-4  # the tail's own curvature is not yet all there is


def test_far_out_it_is_a_power_law() -> None:
    """2/x² for a tail like x^{−2}; positive, hence no time at which p_t is log-concave."""
    for t in (0.1, 0.8, 2.0):
        assert cauchy.log_density_curvature(t, np.array([1e3])) == pytest.approx(2e-6, rel=1e-3)


def test_curvature_bound() -> None:
    """sup of −2(1 − x²)/(1 + x²)², which is ¼ at x = √3, in the limit t → 0, and over c² for scale
    c; at later times against a brute-force grid. Catches a search that stops on its first grid.
    """
    assert cauchy.curvature_bound([1e-9])[0] == pytest.approx(0.25, rel=1e-8)
    assert cauchy.curvature_bound([1e-9], 0.5)[0] == pytest.approx(1.0, rel=1e-8)
    times = np.array([0.01, 0.4, 0.8, 2.5])
    brute = [cauchy.log_density_curvature(t, np.linspace(0, 20, 200_001)).max() for t in times]
    found = cauchy.curvature_bound(times)
    assert_allclose(found, brute, rtol=1e-7)
    assert found[2] == pytest.approx(0.4409, abs=1e-4)


def test_curvature_bound_at_any_scale_and_time() -> None:
    """1/(4c²) for scales far from 1, and scipy's search at 40 times: catches a
    unit of x that does not follow c, and a grid too coarse for the next one.
    """
    for scale, t in ((1e-3, 1e-16), (1e3, 1e-9)):
        wanted = 1 / (4 * scale**2)
        assert cauchy.curvature_bound([t], scale)[0] == pytest.approx(wanted, rel=1e-8, abs=0)
    times = np.linspace(0.05, 8, 40)
    found = cauchy.curvature_bound(times)
    for t, one in zip(times, found, strict=True):
        best = optimize.minimize_scalar(
            lambda x, t=t: -float(cauchy.log_density_curvature(t, x)),
            bounds=(1, 7),
            method="bounded",
            options={"xatol": 1e-8},
        )
        assert one == pytest.approx(-best.fun, rel=1e-8)


def test_refusals() -> None:
    for call, sentence in (
        (lambda: cauchy.log_density_curvature(0.0, [1.0]), "t: must be positive, but is 0"),
        (lambda: cauchy.log_density_curvature(1.0, [np.nan]), "x: holds NaN or an infinity"),
        (lambda: cauchy.curvature_bound([0.1], 0.0), "scale: must be positive, but is 0"),
        (lambda: cauchy.curvature_bound([np.inf]), "times: holds NaN or an infinity"),
    ):
        with pytest.raises(InvalidInput) as refused:
            call()
        assert str(refused.value) == sentence
