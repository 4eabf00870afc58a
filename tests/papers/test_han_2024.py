"""Han, Razaviyayn and Xu 2024: kernels and noise by other routes,
the numbers written down before, power, the figure.
"""

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from bounds.claim import verify
from bounds.kernel_flow import best_stop, spectrum
from bounds.papers import han_2024 as claims
from figures.data import BadTable, FigureData
from figures.papers import han_2024 as figure
from studies import verdicts
from studies.papers import han_2024 as study
from studies.quantities import measured_by
from tests.measured import quick

NAME = study.STUDY.name
CELL = {"t": 0.1, "value": 1.0, "m": 200}


@pytest.fixture(scope="module")
def table():
    return quick(NAME)


def test_label_noise_is_what_a_posterior_leaves():
    """Var(−Z/σ_t² | X_t) on a grid over X_0; 4.516655 as written down before."""
    assert claims.label_noise(CELL) == pytest.approx(4.516655, rel=1e-6)
    assert claims.label_noise({**CELL, "factor": 0.1}) == pytest.approx(0.4516655, rel=1e-6)
    cell = {"t": 0.4, "value": 2.5}
    keep, noise, x = np.exp(-0.4), -np.expm1(-0.8), 1.3
    x0 = np.linspace(-15, 15, 40_001)
    p = stats.norm.pdf(x0, 0, 2.5**0.5) * stats.norm.pdf(x, keep * x0, noise**0.5)
    label = -(x - keep * x0) / noise
    mean = p @ label / p.sum()
    assert p @ (label - mean) ** 2 / p.sum() == pytest.approx(claims.label_noise(cell), rel=1e-9)
    assert study._law(cell) == pytest.approx(
        (keep**2 * 2.5 + noise, mean / x, claims.label_noise(cell)), rel=1e-9
    )


def test_points_are_quantiles():
    """Of X_t; the score there is −x/v."""
    x, v = claims._points({"t": 0.4, "value": 2.5, "m": 7})
    assert v == pytest.approx(2.5 * np.exp(-0.8) + 1 - np.exp(-0.8), rel=1e-12)
    np.testing.assert_allclose(stats.norm.cdf(x / v**0.5), (np.arange(7) + 0.5) / 7, rtol=1e-12)


def test_kernels_by_their_features():
    """The tangent kernel as a mean over the circle of w, E|w|² = 2;
    the radial one by its value at distance 1, the linear one as a product.
    """
    x = np.array([-1.7, -0.2, 0.0, 0.6, 3.0])
    turn = 2 * np.pi * (np.arange(200_000) + 0.5) / 200_000
    inputs = np.column_stack([x, np.ones(5)])
    before = inputs @ np.array([np.cos(turn), np.sin(turn)])
    active, on = np.maximum(before, 0), (before > 0).astype(float)
    circle = 2 * active @ active.T / turn.size + inputs @ inputs.T * (on @ on.T / turn.size)
    np.testing.assert_allclose(claims._kernel("tangent", x), circle, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(study._tangent(x), claims._kernel("tangent", x), rtol=1e-10)
    assert claims._kernel("radial", np.array([0.5, 1.5]))[0, 1] == pytest.approx(np.exp(-2))
    assert claims._kernel("linear", x)[0, 4] == x[0] * x[4]


def test_numbers_as_written_down_before():
    """Least risk with 200 drawn points, tangent kernel: near .0533 at τ = 2.07, in units where that
    kernel is twice ours.
    """
    rng = np.random.default_rng(4)
    stops = []
    for x in rng.standard_normal((6, 200)):
        held = spectrum(2 * claims._kernel("tangent", x), -x)
        stops.append(best_stop(*held, claims.label_noise(CELL), 200))
    time, least = np.mean(stops, axis=0)
    assert time == pytest.approx(2.07, rel=0.1)
    assert least == pytest.approx(0.0533, rel=0.05)


def test_linear_gains_as_written_down_before():
    """.667, .953, .9955, .9998 of the risk are left at t = .001, .01, .1, 1."""
    for t, left in ((0.001, 0.667), (0.01, 0.953), (0.1, 0.9955), (1.0, 0.9998)):
        cell = {"t": t, "value": 1.0, "m": 1000}
        assert 1 - claims._linear_gain(cell) == pytest.approx(left, abs=6e-4)


def test_the_linear_gain_is_one_directions():
    """One eigenfunction x of signal 1/v, whose best stop leaves 1 − (c/m)/(1/v + c/m) of the risk:
    at λ = 2.5 v is not 1.
    """
    cell = {"t": 0.3, "value": 2.5, "m": 60}
    v = np.exp(-0.6) * 1.5 + 1
    each = claims.label_noise(cell) / 60
    assert claims._linear_gain(cell) == pytest.approx(each / (1 / v + each), rel=1e-12)


def test_never_stopping_by_least_squares():
    """c times the share of directions that three bumps reach, and what they leave of −x/v; λ = 2.5,
    so that v is not 1.
    """
    cell = {"t": 0.3, "value": 2.5, "m": 12, "features": 3, "width": 0.8}
    v = np.exp(-0.6) * 1.5 + 1
    x = stats.norm.ppf((np.arange(12) + 0.5) / 12, scale=v**0.5)
    centres = stats.norm.ppf([1 / 6, 1 / 2, 5 / 6], scale=v**0.5)
    bumps = stats.norm.pdf(x[:, None], centres, 0.8)
    left = np.linalg.lstsq(bumps, x / v)[1][0] / 12
    wanted = claims.label_noise(cell) * 3 / 12 + left
    assert left > 0.01 * wanted
    assert claims._limit(cell) == pytest.approx(wanted, rel=1e-8)


def test_measured_rates_are_free_of_alpha(table):
    """Slopes −½ and −⅔ of the measured least risk, whatever α is."""
    (claim,) = (c for c in claims.CLAIMS if c.name == "power-law-stop-risk")
    points = measured_by(claim)[1](table)
    for alpha, beta, slope in ((2.0, 2.0, -1 / 2), (1.5, 3.0, -2 / 3), (4.0, 3.0, -2 / 3)):
        mine = [p for p in points if (p.cell["alpha"], p.cell["beta"]) == (alpha, beta)]
        n = [p.cell["per_noise"] for p in mine]
        found = np.polyfit(np.log(n), np.log([p.value for p in mine]), 1)[0]
        assert found == pytest.approx(slope, abs=2e-3)


@pytest.mark.parametrize(
    ("name", "factor"),
    [("kernel-descent-risk", 1.2), ("linear-score-stop", 1.1), ("power-law-stop-risk", 1.02)],
)
def test_a_small_change_of_a_law_is_seen(name, factor, table):
    """Power: the formula times the factor is contradicted."""
    (claim,) = (c for c in claims.CLAIMS if c.name == name)
    wrong = replace(claim, formula=lambda c: factor * claim.formula(c))
    assert verify(wrong, measured_by(claim)[1](table)).status == "REFUTED"


# --- the figure -----------------------------------------------------------------------------------


def test_the_figure_shows_what_the_verdicts_judge(table):
    """All claims are quoted; marks are measured, lines predicted; risk is the sum of both parts."""
    assert set(figure.FIGURE.claims) == {claim.name for claim in claims.CLAIMS}
    found = verdicts.joined(figure.FIGURE.name, list(claims.CLAIMS), {NAME: table})
    drawing = figure.FIGURE.draw(FigureData("han", found.tables, found.facts))
    lines = {
        one.get_gid(): np.asarray(one.get_xydata()) for axes in drawing.axes for one in axes.lines
    }
    noise = found.tables["kernel-flow-noise"]
    mine = noise[(noise["kernel"] == "tangent") & (noise["predicted"] > figure.LOWEST / 4)]
    mine = mine.sort_values("time")
    np.testing.assert_array_equal(lines["points-tangent-noise learned"], mine[["time", "measured"]])
    bias = found.tables["kernel-flow-bias"]
    bias = bias[bias["kernel"] == "tangent"].sort_values("time")
    total = lines["line-tangent-risk"][:, 1]
    assert total[0] == pytest.approx(
        bias["predicted"].iloc[0]
        + noise[noise["kernel"] == "tangent"].sort_values("time")["predicted"].iloc[0]
    )
    assert lines["ceiling-tangent"][0, 1] == pytest.approx(4.516655, rel=1e-6)
    for words in (
        figure.FIGURE.found(found.findings),
        figure.FIGURE.alt(found.findings),
        figure.FIGURE.ran(found.findings),
    ):
        assert not set("[]") & set(words) and "nan" not in words
    assert "least risk 0.0989 near τ = 4" in figure.FIGURE.found(found.findings)
    assert "34 % off" in figure.FIGURE.found(found.findings)


@pytest.mark.parametrize(
    ("name", "column", "value", "reason"),
    [
        ("kernel-flow-bias", "kernel", "cubic", "has other values of kernel, time"),
        ("linear-score-stop", "low", 1.0, "measured lies outside low … high"),
        ("never-stopping", "m", 30, "holds no kernel that fits any labels"),
    ],
)
def test_the_figure_refuses(name, column, value, reason):
    data = figure.FIGURE.sample()
    frame = data.tables[name].assign(**{column: value}).iloc[:1]
    with pytest.raises(BadTable, match=reason):
        figure.FIGURE.draw(replace(data, tables={**data.tables, name: frame}))
