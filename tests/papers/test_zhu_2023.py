"""Zhu et al. 2023: each formula again by another route, the numbers written down before, and the
figure.
"""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from scipy import optimize, stats

from bounds.causal import jacobian_diagonal
from bounds.claim import verify
from bounds.hyvarinen import estimate, quadratic, terms
from bounds.papers.zhu_2023 import causes as claims
from figures.data import BadTable, FigureData
from figures.papers.zhu_2023 import zhu as figure
from figures.papers.zhu_2023 import zhu_beside as pictured
from studies.papers.zhu_2023 import beside
from studies.papers.zhu_2023 import causes as study
from studies.quantities import measured_by
from tests.measured import quick


@pytest.fixture(scope="module")
def table():
    return quick(study.STUDY.name)


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("zhu-jacobian-variance", 1 + 1e-6),
        ("zhu-jacobian-siblings", 1 + 1e-6),
        ("zhu-last-child", 1.05),
        ("zhu-wrong-leaf", 1 + 1e-6),
        ("zhu-leaf-variance", 1 + 1e-6),
        ("zhu-units", 1.0001),
        ("zhu-ridge-bias", 1.0001),
        ("zhu-samples", 1.0001),
        ("zhu-per-fold", 1.05),
        ("zhu-order-error", 1.3),
        ("zhu-linear-family", 1.5),
    ],
)
def test_a_change_of_a_law_is_seen(name, change, table):
    """Power: the formula times this is contradicted."""
    (claim,) = (c for c in claims.CLAIMS if c.name == name)
    measured = measured_by(claim)[1](table)
    wrong = replace(claim, formula=lambda c: change * claim.formula(c))
    assert verify(wrong, measured).status == "REFUTED"


# --- the formulas again ---------------------------------------------------------------------------


def test_the_numbers_written_down_before():
    """Variances, and rows for 95 % to 2 in 1000: 6436 … 147; and 1294 … 27 by H^{-1}. For d = 128
    and 512 3145 and 3937 stood there: it is 3098 and 3837, by two integrals.
    """
    square = {"a": 0.7, "b": 0.0, "v": 1.44, "w": 0.64}
    assert claims._jacobian_variance(square) == pytest.approx(41.9587, abs=1e-4)
    assert claims._curved(square) == pytest.approx(3.0625)
    assert claims._jacobian_variance({"a": 0, "b": 1, "v": 1, "w": 1}) == pytest.approx(0.552795)
    siblings = {"a": 0.5, "c": 0.4}
    assert claims._without_siblings(siblings) == pytest.approx(360.5488)
    assert claims._without_siblings(siblings) - 3.84 == pytest.approx(356.7088)
    assert claims._children({"graph": "triangle"})[-1] == pytest.approx(0.4323, abs=1e-4)
    for b, full, naive in ((0.2, 6436, 1294), (0.3, 2840, 570), (0.8, 365, 71), (1.2, 147, 27)):
        cell = {"b": b, "d": 2}
        assert claims.samples(cell) == pytest.approx(full, rel=4e-3)
        assert claims.samples(cell, inverse=True) == pytest.approx(naive, rel=0.01)
        assert claims.right({**cell, "rows": claims.samples(cell)}) == pytest.approx(0.95)
    for d, rows in ((8, 1670), (32, 2373), (128, 3098), (512, 3837)):
        assert claims.samples({"b": 0.5, "d": d}) == pytest.approx(rows, rel=3e-3)
    assert 1 - claims.right({"b": 0.5, "d": 8, "rows": 400}) == pytest.approx(0.5585, abs=1e-3)


@pytest.mark.parametrize("c", [0.2, 1.0, 7.0])
def test_a_quotient_of_squares(c):
    """P(z_1² > c z_2²) is of Fisher's law; with shifts at two squares, by the normal law."""
    found = claims.positive_chance(np.array([1.0, -c]), np.zeros(2))
    assert found == pytest.approx(stats.f.sf(c, 1, 1), abs=1e-7)
    # (z_1 + δ)² − z_2² = (z_1 + δ − z_2)(z_1 + δ + z_2), independent factors of variance 2
    both = stats.norm.cdf(c / np.sqrt(2))
    found = claims.positive_chance(np.array([1.0, -1.0]), np.array([c, 0.0]))
    assert found == pytest.approx(both**2 + (1 - both) ** 2, abs=1e-7)


@pytest.mark.parametrize("b", [0.8, 1.2])
def test_the_rate_is_the_nearest_point_of_error(b):
    """min ½|z|² where Σ λ (z + δ)² ≤ 0, searched for; and the normal rate by its mean and slope."""
    values, shifts = claims._form({"b": b})
    size = np.abs(values).max()
    starts = np.random.default_rng(2).standard_normal((6, values.size))
    found = min(
        optimize.minimize(
            lambda z: z @ z / 2,
            start,
            jac=lambda z: z,
            constraints={
                "type": "ineq",
                "fun": lambda z: -np.sum(values * (z + shifts) ** 2) / size,
                "jac": lambda z: -2 * values * (z + shifts) / size,
            },
            method="SLSQP",
            options={"ftol": 1e-14, "maxiter": 500},
        ).fun
        for start in starts
    )
    assert claims.rate(b) == pytest.approx(found, rel=1e-5)
    mean, slope = np.sum(values * shifts**2), 2 * values * shifts
    assert claims._normal_rate(b) == pytest.approx(mean**2 / (2 * slope @ slope))


def test_kernel_eigenvalues_by_a_grid():
    """Mercer's eigenvalues, whose quotient is .39813 at the median bandwidth."""
    scale = 0.9538725524
    values, basis, _ = claims._kernel_basis(scale)
    x = np.linspace(-8, 8, 401)
    p = np.exp(-(x**2) / 2)
    root = np.sqrt(p / p.sum())
    K = np.exp(-(np.subtract.outer(x, x) ** 2) / (2 * scale**2)) / scale
    found = np.linalg.eigvalsh(root[:, None] * K * root)[::-1][:6]
    np.testing.assert_allclose(values[:6], found, rtol=1e-9)
    assert values[1] / values[0] == pytest.approx(0.3981299, abs=1e-6)
    _, w = np.polynomial.hermite_e.hermegauss(basis.shape[1])
    np.testing.assert_allclose((basis * w / w.sum()) @ basis.T, np.eye(len(basis)), atol=1e-6)


def test_the_floor_is_noise_and_not_the_ridge():
    """What `zhu-ridge-bias` says in words: at 100 rows of N(0, 1) each variance of three samples
    is a thousand times what the ridge alone would make.
    """
    rng = np.random.default_rng(4)
    least = min(np.var(jacobian_diagonal(rng.standard_normal((100, 1)))) for _ in range(3))
    alone = claims._ridge_bias({"scale": 0.9538725524, "eta": 1e-3, "rows": 100})
    assert least > 1 > 1000 * alone
    assert alone == pytest.approx(3.8e-4, abs=1e-5)


def test_columns_that_may_be_exchanged_are_a_coin():
    """Equal precisions, in the theory; and the counts that were written down."""
    cell = {"b": 0.5, "noise": 0.75, "law": "linear", "rows": 50}
    assert claims.right(cell) == pytest.approx(0.5, abs=1e-9)
    assert claims.right(cell | {"noise": 0.25}) == pytest.approx(
        claims.right(cell | {"noise": 0.25, "rows": 5000}), abs=1e-9
    )


# --- what is measured -----------------------------------------------------------------------------


def test_fits_are_those_of_the_library():
    """θ̂ and the variances of its second derivatives."""
    rng = np.random.default_rng(0)
    x = study._pairs({"rows": 80, "b": 0.5, "law": "sine"}, 3, rng)
    theta, variances = study.fitted(x)
    np.testing.assert_allclose(theta, estimate(quadratic(terms(study.FAMILY, x))), rtol=1e-9)
    bends = study._second(x.reshape(-1, 2)).reshape(3, 80, 2, 9)
    found = np.var(np.einsum("cnjp,cp->cnj", bends, theta), axis=1)
    np.testing.assert_allclose(variances, found, rtol=1e-9)


def test_what_is_centred_has_mean_0():
    """Under the weights, row by row; the rest stays."""
    values, w = np.array([[1.0, 5.0, 2.0], [0.0, -1.0, 1.0]]), np.array([0.5, 0.25, 0.25])
    found = claims._centred(values, w)
    np.testing.assert_allclose(found, values - [[2.25], [0.0]], rtol=1e-14)


def test_children_by_differences():
    """∂_11 f of x_2 = a x_1² + ε and of c x_1² + …, squared: (2a)² and (2c)²."""
    found = claims._children({"graph": "cancelled", "a": 0.7, "c": 0.3})
    for value, slope in zip(found, (0.7, 0.3), strict=True):
        bend = (slope * 1.1**2 + slope * 0.9**2 - 2 * slope) / 0.01
        assert value == pytest.approx(bend**2, rel=1e-10)


def test_an_order_is_right_where_every_pair_is():
    """The least of all columns is taken, again and again; right if no cause comes before its
    effect.
    """
    rng = np.random.default_rng(1)
    seen = set()
    for _ in range(40):
        variances = rng.random((3, 2))  # causes, effects
        left = {(k, j): variances[k, j] for k in range(3) for j in range(2)}
        taken = []
        while left:
            column = min(left, key=left.__getitem__)
            left.pop(column)
            taken.append(column)
        right = all(taken.index((k, 1)) < taken.index((k, 0)) for k in range(3))
        assert right == bool(np.all(variances[:, 1] < variances[:, 0]))
        seen.add(right)
    assert seen == {True, False}


# --- the figure -----------------------------------------------------------------------------------


def test_the_figure_shows_its_tables():
    data = figure.sample()
    first, second, third = figure.draw(data).axes
    marks: dict[Any, Any] = {
        line.get_gid(): line for line in (*first.lines, *second.lines, *third.lines)
    }
    errors = data.tables["zhu-order-error"]
    for d in (2, 8, 32, 128):
        mine = errors[(errors["d"] == d) & (errors["b"] == 0.5)]
        np.testing.assert_allclose(marks[f"points-{d}"].get_ydata(), mine["measured"])
        np.testing.assert_allclose(marks[f"line-{d}"].get_ydata(), mine["predicted"])
    np.testing.assert_allclose(marks["inverse"].get_ydata(), [1250, 200, 250 / 1.44 / 5])
    np.testing.assert_allclose(marks["ridge"].get_ydata(), [0.2, 0.05, 0.5])
    assert marks["family"].get_ydata()[0] == 0.1


def test_without_the_pairs_beside_the_ridge_there_is_no_figure():
    data = figure.sample()
    errors = data.tables["zhu-order-error"]
    tables = {**data.tables, "zhu-order-error": errors[errors["b"] == 0.5]}
    with pytest.raises(BadTable, match=r"lacks pairs of b = 1\.2 at 100 rows"):
        figure.draw(FigureData("zhu", tables, {}))


# --- beside others --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "law"),
    [("SCORE, ridge 1", "sine"), ("nine functions", "sine"), ("DirectLiNGAM", "two modes")],
)
def test_a_method_names_the_effect_wherever_it_stands(method, law):
    """Columns exchanged, the answer is the other one: no method reads the order of the columns.
    600 rows of a law that the method knows, where it is right almost surely.
    """
    x = beside.pair(law, 600, np.random.default_rng(3))
    assert beside.METHODS[method](x)
    assert not beside.METHODS[method](x[:, ::-1])


def test_additive_noise_is_asked_both_ways():
    x = beside.pair("sine", 60, np.random.default_rng(0))
    assert beside.METHODS["additive noise"](x) != beside.METHODS["additive noise"](x[:, ::-1])


def test_laws_beside_have_the_precisions_that_the_words_say():
    """The effect has the smaller one, in all three: 1/Var(x_j | the other, by lines)."""
    for law in ("sine", "two modes", "line"):
        x = beside.pair(law, 200_000, np.random.default_rng(1))
        causes, effects = np.diag(np.linalg.inv(np.cov(x, rowvar=False)))
        assert effects < 0.75 * causes


def test_the_figure_beside_shows_its_table():
    data = pictured.sample()
    shares = data.tables["zhu-beside"]
    for axes, law in zip(pictured.draw(data).axes, pictured.LAWS, strict=True):
        (marks,) = (one for one in axes.collections if one.get_gid() == f"shares-{law}")
        wanted = shares[shares["law"] == law].set_index("method").loc[list(pictured.METHODS)]
        np.testing.assert_allclose(np.asarray(marks.get_offsets())[:, 0], wanted["measured"])
    fewer = shares[shares["method"] != "SCORE"]
    with pytest.raises(BadTable, match="needs all five methods at the law 'sine'"):
        pictured.draw(FigureData("zhu-beside", {"zhu-beside": fewer}, {}))
