"""Xu et al. 2023: each formula by another route, the numbers written down before, the figure."""

from dataclasses import replace
from itertools import pairwise

import mpmath as mp
import numpy as np
import pytest
from scipy import stats

from bounds.check import InvalidInput
from bounds.papers import xu_2023_pfgmpp as claims
from figures.data import BadTable
from figures.papers import xu_2023_pfgmpp as figure
from studies.papers import xu_2023_pfgmpp as study


@pytest.mark.parametrize(("N", "D"), [(1, 3.0), (3, 7.0)])
def test_the_density_is_scipy_s(N, D):
    """multivariate_t at a point, times the sphere's area: 2 π^{N/2}/Γ(N/2)."""
    law = stats.multivariate_t(np.zeros(N), 0.49 * np.eye(N), df=D)
    point = np.eye(N)[0] * 0.9
    area = mp.log(2 * mp.pi ** (mp.mpf(N) / 2) / mp.gamma(mp.mpf(N) / 2))
    found = claims.log_density({"N": N, "D": D, "sigma": 0.7, "distance": 0.9})
    assert found == pytest.approx(float(law.logpdf(point)) + float(area), rel=1e-12)


@pytest.mark.parametrize(
    ("D", "value"), [(64, 0.730), (128, 0.6475), (2048, 0.218), (3072, 0.166), (30720, 0.023)]
)
def test_total_variation_as_it_was_written_down(D, value):
    """At N = 3072, and the collapsed curve beside it; .242 N/D misses all but the last by far."""
    cell = {"N": 3072, "D": float(D)}
    assert claims.tv(cell) == pytest.approx(value, abs=6e-4)
    assert claims.tv_collapsed(cell) == pytest.approx(value, abs=1e-3)


def test_total_variation_on_the_line_by_mpmath():
    """N = 1, D = 3: half the integral of |p − q|, cut at the crossings that mpmath finds."""

    def gap(x):
        student = 2 / (mp.pi * mp.sqrt(3) * (1 + x**2 / 3) ** 2)
        return student - mp.exp(-(x**2) / 2) / mp.sqrt(2 * mp.pi)

    with mp.workdps(25):
        roots = [mp.findroot(gap, ends, solver="anderson") for ends in ((0.3, 1.2), (1.4, 3.0))]
        cuts = [0, *roots, mp.inf]
        wanted = sum(abs(mp.quad(gap, ends)) for ends in pairwise(cuts))
    assert claims.tv({"N": 1, "D": 3.0}) == pytest.approx(float(wanted), rel=1e-10)
    assert study.variation(1, 3.0) == pytest.approx(float(wanted), rel=1e-10)


@pytest.mark.parametrize(
    ("N", "limit"), [(1, 0.31646), (2, 0.27067), (10, 0.24501), (100, 0.24224), (10**6, 0.24197)]
)
def test_limits_as_they_were_written_down(N, limit):
    """And by the mean of |f|/2, quadrature over the quantiles of χ²_N."""
    found = claims.tv_limit({"N": N, "D": float(N)})
    assert found == pytest.approx(limit, abs=6e-6)
    if N <= 100:
        q = stats.chi2.ppf((np.arange(40000) + 0.5) / 40000, N)
        mean = np.mean(np.abs(q**2 / 4 - N * q / 2 - N * (2 - N) / 4)) / 2 / N
        assert found == pytest.approx(mean, rel=1e-3)


def test_the_limit_between_two_roots():
    """N = 3, where the smaller root is .55: the negative part of f = q²/4 − 3q/2 + 3/4 by
    quadrature over q.
    """
    low, high = 3 - 6**0.5, 3 + 6**0.5
    part = mp.quad(
        lambda q: -(q**2 / 4 - 3 * q / 2 + mp.mpf(3) / 4) * mp.sqrt(q) * mp.exp(-q / 2),
        [low, high],
    ) / mp.sqrt(2 * mp.pi)  # fmt: skip
    assert claims.tv_limit({"N": 3, "D": 10.0}) == pytest.approx(float(part) / 10, rel=1e-10)


def test_the_radius_as_it_was_written_down():
    """sd of log‖x − y‖ at N = 5, D = 7, and the share clipped with D ≥ 64, by mpmath."""
    assert claims.log_spread({"N": 5, "D": 7.0}) == pytest.approx(0.45297, abs=5e-6)
    for D, share in ((1.0, 0.92), (8.0, 0.0705)):
        assert claims.beyond({"N": 3072, "D": D}) == pytest.approx(share, abs=5e-4)
    tail = mp.betainc(32, 1536, 0, mp.mpf("0.001"), regularized=True)
    assert claims.beyond({"N": 3072, "D": 64.0}) == pytest.approx(float(tail), rel=1e-9)
    assert tail == pytest.approx(1.09e-30, rel=1e-3)


def test_the_public_code_s_clip():
    """Its arithmetic, as read at d57c1ee: at D = 1 a share of .92 stands at one radius, √999 r,
    which is 31.6 σ where the true median is 82 σ; at D = 1000 N the lower end takes .519.
    """
    levels = (np.arange(2000) + 0.5) / 2000
    beta = stats.beta.ppf(levels, 1536, 0.5)
    clipped = np.clip(beta, 1e-3, 1 - 1e-3)
    radius = np.sqrt(clipped / (1 - clipped + 1e-8) + 1e-8)
    assert np.mean(radius == radius.max()) == pytest.approx(0.92, abs=1e-3)
    assert radius.max() == pytest.approx(31.6, abs=0.01)
    assert np.sqrt(3072 * stats.f.ppf(0.5, 3072, 1)) == pytest.approx(82, abs=0.5)
    assert stats.beta.cdf(1e-3, 1536, 1536e3) == pytest.approx(0.519, abs=1e-3)


def test_the_flow_keeps_levels():
    """D = 1 by scipy's Cauchy law, from starts far on both sides."""
    part = {"noise": "student", "D": 1.0, "first": 2.0, "last": 0.5}
    starts = [-8.0, -1.0, 0.5, 9.0]
    levels = [float(study._carried({**part, "x": x})[0]["value"]) for x in starts]
    wanted = [np.dot(study.SHARES, stats.cauchy.cdf((x - study.ATOMS) / 2)) for x in starts]
    np.testing.assert_allclose(levels, wanted, rtol=1e-9)


@pytest.mark.parametrize(("D", "gap"), [(1.0, 0.03), (200.0, 1e-4)])
def test_the_score_s_form_misses(D, gap):
    """By much at D = 1, by little at D = 200: it is right in the limit of normal noise."""
    cell = {"noise": "student", "D": D, "x": -1.5, "first": 2.0, "last": 0.5}
    cell |= {"atoms": study.ATOMS, "shares": study.SHARES}
    off = abs(claims._by_score(cell) - claims.level(cell))
    assert gap < off < 20 * gap


@pytest.mark.parametrize(
    ("D", "x", "value"), [(1.0, 6.0, 0.354), (1.0, 30.0, 0.067), (20.0, 3.0, 1.399)]
)
def test_the_denoiser_as_it_was_written_down(D, x, value):
    assert study.denoised(x, D, 1.0, 1.0) == pytest.approx(value, abs=5e-4)
    if D > 1:
        cell = {"x": x, "D": D, "variance": 1.0, "sigma": 1.0}
        assert claims.potential(cell) == pytest.approx(value, abs=5e-4)


def test_the_denoiser_far_out_and_at_another_variance():
    """λ = 1.7, σ = 0.6: by quadrature over y, near and far; and Tweedie's from the density of
    y + σT itself, by differences.
    """
    cell = {"x": 2.0, "D": 5.0, "variance": 1.7, "sigma": 0.6}
    assert claims.potential(cell) == pytest.approx(study.denoised(2.0, 5.0, 1.7, 0.6), rel=1e-8)
    out = {"x": 1e4, "D": 5.0, "variance": 1.7, "sigma": 0.6}
    assert claims.far(out) == pytest.approx(study.denoised(1e4, 5.0, 1.7, 0.6), rel=1e-4)
    y = np.linspace(-14, 14, 20001)
    clean = stats.norm.pdf(y, scale=1.7**0.5)
    log_p = [np.log(clean @ stats.t.pdf((x - y) / 0.6, 5)) for x in (2.0 - 1e-4, 2.0 + 1e-4)]
    wanted = 2.0 + 0.36 * (log_p[1] - log_p[0]) / 2e-4
    assert claims.tweedie(cell) == pytest.approx(wanted, rel=1e-6)


def test_the_denoiser_s_first_order_as_it_was_written_down():
    cell = {"x": 1.5, "D": 400.0, "variance": 1.0, "sigma": 0.8}
    assert claims.first_order(cell) == pytest.approx(-0.48709, abs=5e-6)
    gap = study.denoised(**cell) - 1.5 / 1.64
    assert 400 * gap == pytest.approx(-0.48649, abs=5e-6)


@pytest.mark.parametrize(
    ("function", "cell", "reason"),
    [
        (claims.tv, {"N": 3, "D": 0.0}, "D: must be positive"),
        (claims.log_spread, {"N": -1, "D": 2.0}, "N: must be positive"),
        (claims.second_moment, {"N": 3, "D": 2.0, "sigma": 1.0}, "D: must be above 2"),
    ],
)
def test_bad_dimensions_are_refused(function, cell, reason):
    with pytest.raises(InvalidInput, match=reason):
        function(cell)


@pytest.mark.parametrize(
    ("table", "column", "value", "reason"),
    [
        ("student-tv", "measured", -1.0, "column measured must be positive"),
        ("student-tv", "D", 65.0, "lacks one of the marked D"),
        ("student-tv-collapse", "predicted", float("nan"), "column predicted holds NaN"),
    ],
)
def test_the_figure_refuses(table, column, value, reason):
    data = figure.FIGURE.sample()
    frame = data.tables[table].copy()
    row = frame.index[frame["D"] == 64.0][0]
    frame.loc[row, column] = value
    with pytest.raises(BadTable, match=reason):
        figure.FIGURE.draw(replace(data, tables={**data.tables, table: frame}))
