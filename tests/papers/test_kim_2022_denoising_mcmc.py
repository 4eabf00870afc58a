"""Denoising MCMC: each formula by another route, the numbers written down before, the figure."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.stats import norm

from bounds.papers import kim_2022_denoising_mcmc as claims
from figures.data import BadTable
from figures.papers import kim_2022_denoising_mcmc as figure
from studies.papers import kim_2022_denoising_mcmc as study

CLAIM = {claim.name: claim for claim in claims.CLAIMS}
WIDE = {"lambda": 1.0, "sigma_low": 0.05, "sigma_high": 10.0, "levels": 60}


def test_smallest_of_two_levels_by_quadrature():
    """d = 1, levels 0.5 and 2, one step. Started below: kept. Started above: below is kept if it is
    drawn, with z'² = x²λ/v'. By an integral over x, without the recursion.
    """
    small, large = 1.25, 5.0
    cell = {"lambda": 1.0, "sigma_low": 0.5, "sigma_high": 2.0, "levels": 2, "d": 1, "window": 1}

    def drawn(x):
        of = norm.pdf(x, scale=small**0.5)
        return of / (of + norm.pdf(x, scale=large**0.5))

    def over(f):
        return 2 * quad(lambda x: norm.pdf(x, scale=large**0.5) * f(x), 0, 40, limit=200)[0]

    moved = over(lambda x: drawn(x) * x**2 / small)
    stayed = 1 - over(drawn)
    assert claims.smallest(cell) == pytest.approx(0.5 + 0.5 * (moved + stayed), abs=1e-7)


@pytest.mark.parametrize("d", [1, 4, 30])
def test_one_level_has_nothing_to_choose(d):
    """E z² = λ whatever the window: all of χ²_d's mass is summed."""
    cell = {"lambda": 1.0, "sigma_low": 0.5, "sigma_high": 0.5, "levels": 1, "d": d, "window": 3}
    assert claims.smallest(cell) == pytest.approx(1, abs=1e-7)


def test_smallest_has_no_unit():
    """λ four times as large and σ twice: the same share of λ."""
    one = {**WIDE, "levels": 9, "d": 2, "window": 2}
    four = {**one, "lambda": 4.0, "sigma_low": 0.1, "sigma_high": 20.0}
    assert claims.smallest(four) == pytest.approx(claims.smallest(one), rel=1e-12)
    assert claims.smallest(one) > 1.05


def test_smallest_as_written_down():
    """400 levels, d = 1: 1.1921 after one step. The other numbers noted before were of samples, of
    ± .005: 1.147, 1.106 and 1.043 after 3, 10 and 30 steps in d = 4; here with 60 levels.
    """
    one = {**WIDE, "levels": 400, "d": 1, "window": 1}
    assert claims.smallest(one) == pytest.approx(1.1921, abs=5e-5)
    for window, value in ((3, 1.147), (10, 1.106), (30, 1.043)):
        found = claims.smallest({**WIDE, "d": 4, "window": window})
        assert found == pytest.approx(value, abs=0.01)


def test_pairs_drawn_apart_have_no_bias():
    """The same code with a fresh pair each time: E z² = λ to 4 standard errors, .01; the chain's
    1.19 would be seen.
    """
    cell = {**WIDE, "d": 4, "windows": [3], "chains": 80_000}
    (found,) = study.smallest_of(cell, np.random.default_rng(5), alone=True)
    assert float(found["value"]) == pytest.approx(1.0, abs=0.0103)


@pytest.mark.parametrize(("eta", "value"), [(0.8, 1.118), (0.2, 1.0285)])
def test_chain_as_written_down(eta, value):
    assert claims.chain({**WIDE, "eta": eta}) == pytest.approx(value, abs=3e-4)


def test_chain_of_one_level_is_langevin():
    """One level: v/(1 − η/(4v)) over v, in the same code."""
    cell = {"lambda": 1.0, "sigma_low": 0.5, "sigma_high": 0.5, "levels": 1, "eta": 0.8}
    assert claims.chain(cell) == pytest.approx(claims.langevin({"v": 1.25, "eta": 0.8}) / 1.25)
    assert claims.apart(cell) == pytest.approx(1 / 0.84)


def test_langevin_needs_a_variance_above_a_quarter_step():
    """v ≤ η/4: the steps have no law. The code's η = .8 asks λ + σ² > .2."""
    factor = 1 - 0.8 / (2 * np.array([0.19, 0.2, 0.21]))
    assert (np.abs(factor) < 1).tolist() == [False, False, True]
    assert claims.langevin({"v": 0.21, "eta": 0.8}) == pytest.approx(0.21 / (1 - 0.2 / 0.21))


def test_move_of_the_level_as_written_down():
    """d = 3072: .018045, and 2.2·10⁵ such steps for 8.5; and by draws of χ² in d = 4."""
    move = CLAIM["dmcmc-gibbs"].formula({"d": 3072})
    assert move**0.5 == pytest.approx(0.018045, abs=5e-7)
    assert 8.5**2 / move == pytest.approx(2.2e5, rel=0.02)
    draws = np.log(np.random.default_rng(3).chisquare(4, (2, 200_000)))
    found = np.mean((draws[0] - draws[1]) ** 2) / 4
    assert found == pytest.approx(CLAIM["dmcmc-gibbs"].formula({"d": 4}), rel=0.02)


def test_jump_and_moments_by_quadrature():
    """One level, one Gaussian: E[x_0 | x] has the variance λ²/(λ + σ²) about the mean."""
    cell = {
        "weights": [1.0],
        "means": [0.5],
        "variances": [0.4],
        "sigma_low": 2.0,
        "sigma_high": 2.0,
    }
    jumped = claims.one_jump({**cell, "levels": 1, "power": 2})
    assert jumped == pytest.approx(0.25 + 0.16 / 4.4, rel=1e-10)
    fourth = quad(lambda x: x**4 * norm.pdf(x, 0.5, 0.4**0.5), -8, 8)[0]
    assert claims.data_moment({**cell, "power": 4}) == pytest.approx(fourth, rel=1e-8)
    assert claims.data_moment({**cell, "power": 2}) == pytest.approx(0.65)


@pytest.mark.parametrize(
    ("table", "column", "value", "reason"),
    [
        ("dmcmc-smallest", "low", 1.3, "low"),
        ("dmcmc-gibbs", "decoy", -1.0, "column decoy must be positive"),
    ],
)
def test_the_figure_refuses(table, column, value, reason):
    data = figure.FIGURE.sample()
    frame = data.tables[table].copy()
    frame.loc[0, column] = value
    with pytest.raises(BadTable, match=reason):
        figure.FIGURE.draw(replace(data, tables={**data.tables, table: frame}))
