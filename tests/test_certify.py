"""Formulas for balls: they are the library's, at points and on boxes around them."""

import math
from itertools import pairwise

import numpy as np
import pytest
from numpy.testing import assert_allclose

from bounds import certify, kernels, risk
from bounds.gaussian import Gaussian
from bounds.intervals import Interval, maximum
from bounds.process import uniform_grid, weights
from studies.papers.kumar_2025.evidence_rigor import information


def holds(interval, value, slack=1e-9):
    """Whether the interval holds a float up to its rounding, and is itself no wider than that."""
    room = slack * max(abs(value), 1.0)
    return (
        interval.lower - room <= value <= interval.upper + room
        and interval.upper - interval.lower < room
    )


# --- the information bound ---


def closed_form(values, times):
    """r_N,ij by the sum over steps of claim bsm-closed-form, written out."""
    x = np.expm1(2 * np.asarray(times))
    last = x[-1]
    v = (values + last) / (1 + last)
    gained = sum((b - a) * a * values / (values + a) for a, b in pairwise(x)) + 0 * values
    return ((1 + last) / last - 1 / v)[:, None] - np.outer(gained, 1 / v) / last**2


def test_the_closed_form_is_the_recursion_and_below_dsm():
    """Random spectra and grids; later steps' r stay below c_i, and above the limit of fine grids
    and the information bound, entry by entry. Catches a step's other end in the sum, and the
    induction left at its first step."""
    rng = np.random.default_rng(5)
    for _ in range(30):
        law = Gaussian(np.exp(rng.uniform(-4, 4, 4)))
        times = np.cumsum(np.exp(rng.uniform(-4, -0.5, 8)))
        r = risk.bootstrap_recursion(law, times)
        for k in range(1, 9):
            found = closed_form(law.eigenvalues, times[:k])
            assert_allclose(found, r[k - 1], rtol=1e-7)
        c, x, values = (
            law.conditional_variances(times[-1]),
            np.expm1(2 * times[-1]),
            law.eigenvalues,
        )
        assert np.all(found < c[:, None])
        integral = values * x - values**2 * np.log1p(x / values)
        limit = c[:, None] - integral[:, None] / (x**2 * law.variances(times[-1]))
        assert np.all(found > limit)
        information = np.exp(-4 * times[-1]) * np.outer(values, values)
        information /= np.outer(law.variances(times[-1]) ** 2, law.variances(times[-1]))
        assert np.all(found > information * (1 + np.eye(4)))


def test_the_limit_of_fine_grids():
    """r_ii → c_i log(1 + u)/u:
    2000 steps from 1e-4 agree to a thousandth; not log(1 + u)/(1 + u).
    """
    law, t = Gaussian(np.array([0.4, 3.0])), 1.0
    r = risk.bootstrap_recursion(law, np.linspace(1e-4, t, 2000))[-1]
    u = np.expm1(2 * t) / law.eigenvalues
    ratio = np.diag(r) / law.conditional_variances(t)
    assert_allclose(ratio, np.log1p(u) / u, rtol=2e-3)
    assert np.all(np.abs(ratio / (np.log1p(u) / (1 + u)) - 1) > 0.05)


@pytest.mark.parametrize("value", [0.05, 1.0, 30.0])
def test_information_over_bootstrap_is_the_library_s_bound(value):
    """In one dimension, where the diagonal is all there is;
    a forgotten 1 + δ_ij would be half of it.
    """
    law, t = Gaussian(np.array([value])), 0.7
    u = math.expm1(2 * t) / value
    bootstrap = law.conditional_variances(t)[0] * math.log1p(u) / u
    exact = risk.information_bound(law, t, 1) / bootstrap
    assert_allclose(certify.information_over_bootstrap(u, math.log1p(u)), exact, rtol=1e-12)
    assert holds(information(Interval(u)), exact)


def test_information_over_bootstrap_outside_the_box():
    """What is left out of u in [0.5, 20] is bounded by hand;
    the same bounds are true inside, and useless there.
    """
    for u in np.geomspace(1e-6, 1e6, 200).tolist():
        ratio = certify.information_over_bootstrap(u, math.log1p(u))
        assert ratio <= min(2 * u / (1 + u), 2 / math.log1p(u)) + 1e-15
    assert max(2 * 0.5 / 1.5, 2 / math.log1p(20)) < 0.67
    assert min(2 * 2.5 / 3.5, 2 / math.log1p(2.5)) > 0.8146


# --- κ --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("spacing", [0.05, 0.3, 1.0, 2.0])
def test_kappa_of_every_length(spacing):
    """Above the largest eigenvalue of long grids,
    by numpy, and within 0.2 % of the limit Δ coth(Δ/2).
    """
    bound = certify.kappa_every_length(spacing, math.ceil(4 / spacing))
    limit = spacing / math.tanh(spacing / 2)
    assert limit < bound < 1.002 * limit
    for steps in (1, 7, 400):
        times = uniform_grid(spacing, steps)
        assert kernels.kappa_log_concave(times, weights(times)) < bound
    assert holds(certify.kappa_every_length(Interval(spacing), math.ceil(4 / spacing)), bound)


def test_rows_beyond_the_last_are_bounded():
    """Few rows cannot give less than many:
    forgetting the rows beyond J, or the tail of later times, would.
    """
    many = certify.kappa_every_length(0.3, 40)
    for rows in (1, 2, 5, 10):
        assert certify.kappa_every_length(0.3, rows) >= many * (1 - 1e-12)


def test_kappa_of_one_row_by_hand():
    """J = 1 in closed form: Δ (1/(σ² (1 − e^{−Δ})) + 1/(σ³ (e^Δ − 1))),
    σ² = 1 − e^{−2Δ}, where σ is far from 1.
    """
    for spacing in (0.05, 0.3):
        v = 2 * math.exp(-spacing) * math.sinh(spacing)
        first, tail = 1 / (v * (1 - math.exp(-spacing))), 1 / (v**1.5 * (math.exp(spacing) - 1))
        assert certify.kappa_every_length(spacing, 1) == pytest.approx(
            spacing * (first + tail), rel=1e-12
        )


@pytest.mark.parametrize("rows", [3, 40])
def test_every_row_of_schurs_test(rows, monkeypatch):
    """(M h)_j/(Δ h_j) of the kernel e^{t_min}/(2 sinh t_max), summed over 400 times, row by row.
    The rows beyond J give the maximum on every grid tried, so a row that is too low would show in
    no number, only in the proof. Few rows bound the later times by σ_J^{−3}, and are above; 40
    agree with the sums."""
    spacing, seen = 0.3, []
    larger = certify._larger

    def recorded(x, y):
        seen.append(y)
        return larger(x, y)

    monkeypatch.setattr(certify, "_larger", recorded)
    bound = certify.kappa_every_length(spacing, rows)
    found = np.array(seen[1:][::-1])
    assert bound >= spacing * found.max()
    t = uniform_grid(spacing, 400)
    kernel = np.exp(np.minimum.outer(t, t)) / (2 * np.sinh(np.maximum.outer(t, t)))
    h = 1 / np.sqrt(1 - np.exp(-2 * t))
    exact = (kernel @ h / h)[:rows]
    assert found.shape == exact.shape
    assert np.all(found >= exact * (1 - 1e-13))
    sigma = np.sqrt(1 - np.exp(-2 * t[:rows]))
    reach = np.exp(-spacing * np.arange(rows, 0, -1)) / (1 - np.exp(-spacing))
    beyond = (sigma[-1] ** -3 - 1) * reach * sigma  # what the bound on later times may add to row j
    assert np.all(found <= (exact + beyond) * (1 + 1e-12))


def test_kappa_where_the_eigenvector_underflows():
    """Δ = 10, N = 100, λ = 1: h is 0 in floats beyond the first times, and a division by it would
    bound nothing. There κ is the kernel's first entry, 10/(2 sinh 10 (e^{−10} + 2 sinh 10)), up to
    e^{−20}."""
    found = certify.kappa_enclosure(Interval(10.0), Interval(1.0), 100)
    first = 10 / (2 * math.sinh(10) * (math.exp(-10) + 2 * math.sinh(10)))
    assert found.lower <= first <= found.upper < first * (1 + 1e-8)


def test_kappa_is_enclosed():
    """Against the library's eigenvalue at random
    (Δ, λ, N), at points and over small boxes around them.
    """
    rng = np.random.default_rng(6)
    for _ in range(20):
        spacing, value = float(np.exp(rng.uniform(-3, 0))), float(np.exp(rng.uniform(-3, 7)))
        steps = int(rng.integers(1, 30))
        times = uniform_grid(spacing, steps)
        exact = kernels.kappa_gaussian(times, weights(times), [value])
        assert holds(
            certify.kappa_enclosure(Interval(spacing), Interval(value), steps), exact, slack=1e-7
        )
        box = certify.kappa_enclosure(
            Interval(0.999 * spacing, 1.001 * spacing), Interval(0.99 * value, 1.01 * value), steps
        )
        assert box.lower < exact < box.upper < 1.3 * exact


@pytest.mark.parametrize("decline", [0.0, 0.3])
def test_kappa_is_enclosed_whatever_the_vector(decline, monkeypatch):
    """Poor vectors in place of the eigenvector:
    wider, and true from both sides; no single row bounds both ways.
    """
    poor = np.exp(-decline * np.arange(20)).tolist()
    monkeypatch.setattr(certify, "_perron", lambda early, late: poor)
    times = uniform_grid(0.2, 20)
    exact = kernels.kappa_gaussian(times, weights(times), [5.0])
    found = certify.kappa_enclosure(Interval(0.2), Interval(5.0), 20)
    assert found.lower < 0.95 * exact < 1.05 * exact < found.upper


def test_two_is_too_small_and_the_sharp_constant_stays_open():
    """κ > 2.08 at Δ = 1, N = 24 is certified;
    κ ≤ Δ coth(Δ/2) leaves nothing to spare, and bisection says so.
    """
    long = certify.kappa_enclosure(Interval(1.0), Interval(1e12), 24)
    assert 2.08 < long.lower <= long.upper < 1.0 / math.tanh(0.5)

    def excess(spacing):
        sharp = spacing * (1 + 2 / spacing.increasing("expm1"))
        return certify.kappa_every_length(spacing, 8) - sharp

    found = maximum(excess, [(0.5, 0.6)], threshold=0.0, limit=200)
    assert found.status != "certified"
    assert found.open == pytest.approx(1.0)
