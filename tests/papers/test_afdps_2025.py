"""AFDPS 2025: the equation for any prior, each formula by another route, the numbers written down
before, the figure.
"""

from dataclasses import replace

import numpy as np
import pytest
from scipy.integrate import quad, solve_ivp
from scipy.stats import norm

from bounds.affine import Affine, Quadratic, blow_up
from bounds.divergence import Normal
from bounds.papers import afdps_2025 as claims
from figures.data import BadTable
from figures.papers import afdps_2025 as figure
from studies.papers import afdps_2025 as study

CLAIM = {claim.name: claim for claim in claims.CLAIMS}
FIRST = {"lambda": 1.0, "y": 1.5, "sy2": 0.25, "last": 8.0, "r": 0.0}


def _missing_rate(x, r, gamma2=0.0):
    """What −∂_r q lacks of ½q'' − (q (s − V'))', over q = p_r e^{−V_r}: by differences, for a prior
    of two Gaussians.
    """

    def prior(x, r):
        return 0.3 * norm.pdf(x, -1.0, np.sqrt(0.2 + r)) + 0.7 * norm.pdf(x, 0.8, np.sqrt(0.5 + r))

    def misfit(x, r):
        return (x - 0.4) ** 2 / (2 * (0.3 + gamma2 * r))

    def q(x, r):
        return prior(x, r) * np.exp(-misfit(x, r))

    h = 1e-3

    def slope(f, x):
        return (f(x + h) - f(x - h)) / (2 * h)

    def flow(x):
        s = slope(lambda z: np.log(prior(z, r)), x)
        return q(x, r) * (s - slope(lambda z: misfit(z, r), x))

    bend = (q(x + h, r) + q(x - h, r) - 2 * q(x, r)) / h**2
    change = -(q(x, r + h) - q(x, r - h)) / (2 * h)
    s = slope(lambda z: np.log(prior(z, r)), x)
    k = 1 / (0.3 + gamma2 * r)
    rate = (k**2 * (x - 0.4) ** 2 - k) / 2 - s * k * (x - 0.4)
    return (change - bend / 2 + slope(flow, x)) / q(x, r), rate, k**2 * (x - 0.4) ** 2 * gamma2 / 2


def test_the_equation_for_a_prior_of_two_modes():
    """`afdps-law` and `afdps-annealed` say every prior: here one that is not Gaussian. A wrong sign
    of s·∇V, or no ∂_r V, is off by 0.5 and more.
    """
    x = np.array([-1.2, -0.3, 0.5, 1.1])
    missing, rate, _ = _missing_rate(x, 0.6)
    assert missing == pytest.approx(rate, rel=1e-5, abs=1e-4)
    missing, rate, moved = _missing_rate(x, 0.6, gamma2=1.0)
    assert missing == pytest.approx(rate - moved, rel=1e-5, abs=1e-4)
    assert np.max(np.abs(moved)) > 0.5


def test_law_and_evidence_as_written_down():
    """Mean and variance off without s·∇V and with half of it; log Z_0 − log Z_S, and without ΔV."""
    for moment, whole, none, half in (
        ("mean", 1.2, -0.154, -0.119),
        ("variance", 0.2, -0.069, -0.053),
    ):
        cell = {**FIRST, "moment": moment}
        assert claims.posterior(cell) == pytest.approx(whole, abs=1e-12)
        assert claims.altered(cell, cross=0.0) - whole == pytest.approx(none, abs=5e-4)
        assert claims.altered(cell, cross=0.5) - whole == pytest.approx(half, abs=5e-4)
        assert claims.altered(cell) == pytest.approx(whole, abs=1e-8)
    assert claims.log_evidence(FIRST) == pytest.approx(1.0947826, abs=5e-8)
    assert claims.log_evidence(FIRST, bend=0.0) == pytest.approx(129.0948, abs=5e-5)


def test_evidence_by_quadrature():
    """log ∫p_r e^{−V} of a normal prior, at r = 4 less at 64."""

    def log_z(r):
        whole = quad(lambda x: norm.pdf(x, 0, np.sqrt(1 + r)) * np.exp(-2 * (x - 1.5) ** 2), -8, 8)
        return np.log(whole[0])

    found = claims.log_evidence({**FIRST, "r": 4.0})
    assert found == pytest.approx(log_z(4.0) - log_z(64.0), abs=1e-7)


def test_unweighted_as_written_down():
    assert claims.unweighted({**FIRST, "moment": "mean"}) == pytest.approx(1.2381, abs=5e-5)
    assert claims.unweighted({**FIRST, "moment": "variance"}) == pytest.approx(0.1018, abs=5e-5)


def test_unweighted_step_by_step():
    """m' = −(a + k) m + ky and P' = −2 (a + k) P + 1 as r falls, from the posterior at S² = 1,
    which is not yet forgotten at r = 0.1.
    """
    cell = {"lambda": 3.0, "y": -1.0, "sy2": 2.0, "last": 1.0, "r": 0.1}

    def fall(u, state):
        both = 1 / (4.0 - u) + 0.5
        return [-both * state[0] - 0.5, -2 * both * state[1] + 1]

    variance = 1 / (1 / 4 + 1 / 2)
    path = solve_ivp(fall, (0, 0.9), [-0.5 * variance, variance], rtol=1e-11, atol=1e-12)
    for moment, found in zip(("mean", "variance"), path.y[:, -1], strict=True):
        assert claims.unweighted({**cell, "moment": moment}) == pytest.approx(found, rel=1e-9)


@pytest.mark.parametrize(
    ("order", "fall"), [(1.05, 6.041), (1.5, 1.3510), (2.0, 0.785398), (4.0, 0.3023)]
)
def test_windows_as_written_down(order, fall):
    assert claims.window({"order": order, "sy2": 1.0}) == pytest.approx(fall, rel=1e-4)
    assert claims.window({"order": order, "sy2": 0.25}) == pytest.approx(fall / 4, rel=1e-4)


def test_a_prior_shortens_the_window():
    """λ = 1, S = 3: 0.719 in place of 0.785; the precision's equation against the variance's."""
    cell = {"lambda": 1.0, "sy2": 1.0, "last": 3.0}
    found = study.infinite_at(cell, 2.0)
    assert found == pytest.approx(0.7188, abs=5e-5)

    def a(u):
        return 1 / (10 - u)

    start = Normal(np.zeros(1), np.array([[1 / (a(0) + 1)]]))
    flow, rate = Affine(lambda u: -a(u) - 1, 1.0), Quadratic(lambda u: 1 + 2 * a(u))
    assert blow_up(flow, start, [0.0, 9.0], rate, 2.0) == pytest.approx(found, abs=1e-9)


def test_shares_as_written_down():
    """Flat prior, and λ = 1 at S = 3 by the moments."""
    for u, flat, narrow in ((0.1, 0.9946, 0.9936), (0.3, 0.9437, 0.9313), (0.5, 0.8102, 0.7606)):
        assert 1 / claims.inverse_ess({"u": u}) == pytest.approx(flat, abs=6e-5)
        cell = {"lambda": 1.0, "y": 1.5, "sy2": 1.0, "last": 3.0}
        one, two = (study._carried(cell, [9.0 - u], n)[0].log_mass for n in (1.0, 2.0))
        assert np.exp(2 * one - two) == pytest.approx(narrow, abs=6e-5)


def test_mean_weight_of_a_step_by_quadrature():
    """Over ±L and ±2L the mean of e^{hU} is the same below the largest h, and not above."""
    cell = {"lambda": 1.0, "y": 1.5, "sy2": 0.25, "last": 1.0}
    a, k = 1 / 2, 4.0
    mean, spread = k * 1.5 / (a + k), (a + k) ** -0.5

    def over(h, reach):
        def grown(x):
            rate = (k**2 * (x - 1.5) ** 2 - k) / 2 + k * a * x * (x - 1.5)
            return np.exp(norm.logpdf(x, mean, spread) + h * rate)

        return quad(grown, -reach, reach, limit=200)[0]

    longest = claims.largest_step(cell)
    assert over(0.9 * longest, 8.0) == pytest.approx(over(0.9 * longest, 12.0), rel=1e-4)
    assert over(1.02 * longest, 12.0) > 1.5 * over(1.02 * longest, 8.0)


def test_grids_as_written_down():
    """σ_y = 1, S = 8: 630 points are too few, 640 are enough. σ_y² = .25: 1600 and 3200."""
    cell = {"lambda": 1.0, "y": 1.5, "sy2": 1.0, "last": 8.0, "least": 0.002}
    assert 630 < claims.fewest_steps(cell) <= 640
    assert 1600 < claims.fewest_steps({**cell, "sy2": 0.25}) <= 3200


def test_what_the_annealed_term_is_for():
    """Without ∂_r V, γ = 2 ends at mean −1.331, variance 1.887; γ = 1 leaves float64 at σ = 3.10,
    found here by where the precision of the weighted law reaches 0.
    """
    cell = {"lambda": 1.0, "y": 1.5, "sy2": 1.0, "last": 8.0, "r": 0.0, "gamma": 2.0}
    for moment, value in (("mean", -1.331), ("variance", 1.887)):
        found = claims.altered({**cell, "moment": moment}, moving=0.0)
        assert found == pytest.approx(value, abs=5e-4)
    # The precision, of its own: L' = (2F L − L² − U_2) with k = 1/(1 + r).
    r, L, h = 64.0, 1 / 65 + 1 / 65, 1e-4
    while L > 0:
        k = a = 1 / (1 + r)
        L += h * (2 * (a + k) * L - L**2 - k**2 - 2 * k * a)
        r -= h
    assert np.sqrt(r) == pytest.approx(3.10, abs=5e-3)


def test_from_which_gamma_on_the_weights_keep_a_variance():
    """γ² = 2√2 − 2 = 0.910²: just below it the variance is infinite after a long way, above never.

    Catches a threshold of γ = 1, where the weights are constant, or none.
    """
    cell = {"sy2": 1.0, "last": 1e3}
    assert study.infinite_at({**cell, "gamma": 0.85}, 2.0) is not None
    assert study.infinite_at({**cell, "gamma": 0.915}, 2.0) is None


def test_share_with_an_annealed_misfit_as_written_down():
    """γ = 1, λ = 100, S = 8: .7077 at y = 1.5 and .7296 at y = 0."""
    for y, share in ((1.5, 0.7077), (0.0, 0.7296)):
        cell = {"lambda": 100.0, "y": y, "sy2": 1.0, "last": 8.0, "gamma": 1.0}
        one, two = (study._carried(cell, [0.0], n)[0].log_mass for n in (1.0, 2.0))
        assert np.exp(2 * one - two) == pytest.approx(share, abs=6e-5)


@pytest.mark.parametrize(
    ("table", "column", "value", "reason"),
    [
        ("afdps-ess", "measured", -1.0, "column measured must be positive"),
        ("afdps-infinite", "order", 3.0, "column order must hold a 2"),
        ("afdps-particles", "u", float("nan"), "column u holds NaN"),
    ],
)
def test_the_figure_refuses(table, column, value, reason):
    data = figure.FIGURE.sample()
    frame = data.tables[table].copy()
    frame.loc[0, column] = value
    with pytest.raises(BadTable, match=reason):
        figure.FIGURE.draw(replace(data, tables={**data.tables, table: frame}))
