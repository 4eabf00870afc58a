"""Statistics of DPM-Solver-v3 by their definition along the flow; its steps by DPM-Solver++."""

from typing import Any

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.linalg import sqrtm

from bounds.check import InvalidInput
from bounds.line import Line, flow
from bounds.model_statistics import (
    ModelStatistics,
    even_grid,
    gaussian_statistics,
    line_statistics,
    solve_v3,
)
from bounds.solvers import even_levels, solve

SIGMA = np.array([[2.0, 0.6], [0.6, 0.5]])
LAW = Line(np.array([0.6, 0.4]), np.array([-1.0, 1.0]), np.array([0.2, 0.12]))


def denoiser(sigma, x):
    """Of N(0, SIGMA), rows."""
    return x @ np.linalg.inv(SIGMA + sigma**2 * np.eye(2)) @ SIGMA


def test_the_grid_is_even():
    grid = even_grid(20.0, 0.05, 4)
    np.testing.assert_allclose(np.diff(grid), np.log(400) / 4, rtol=1e-12)
    assert grid[0] == pytest.approx(-np.log(20.0))


def test_gaussian_statistics_by_their_definition():
    """l = 1 − diag A; s by the regression of f' on f, f' by differences along the flow's matrix
    √(Σ + σ'²) (Σ + σ²)^{-½} instead of its derivative.
    """
    grid = even_grid(2.0, 0.5, 2)
    found = gaussian_statistics(SIGMA, grid)
    eye, h = np.eye(2), 1e-4

    def answer(lam):
        return SIGMA @ np.linalg.inv(SIGMA + np.exp(-2 * lam) * eye)

    def spread(lam):
        return SIGMA + np.exp(-2 * lam) * eye

    for k, lam in enumerate(grid):
        np.testing.assert_allclose(found.l[k], 1 - np.diag(answer(lam)), rtol=1e-12)

        def f(at, start=lam):
            A = answer(at)
            moved = np.real(sqrtm(spread(at)) @ np.linalg.inv(sqrtm(spread(start))))
            return (np.diag(np.diag(A)) - A) @ moved

        change = (f(lam + h) - f(lam - h)) / (2 * h)
        above = np.diag(change @ spread(lam) @ f(lam).T)
        below = np.diag(f(lam) @ spread(lam) @ f(lam).T)
        np.testing.assert_allclose(found.s[k], above / below, rtol=1e-6)
    np.testing.assert_array_equal(found.b, 0)


def test_along_the_axes_nothing_is_left():
    found = gaussian_statistics(np.diag([2.0, 0.5]), even_grid(2.0, 0.5, 4))
    square = found.sigmas[:, None] ** 2
    np.testing.assert_allclose(found.l, square / (np.array([2.0, 0.5]) + square), rtol=1e-12)
    np.testing.assert_array_equal(found.s, 0)


def test_each_level_is_its_own_whatever_its_size():
    """The statistics of a level whose σ is 2e7 times another's, beside it and without it, and those
    of data in other units. Catches a threshold of what is 0 that looks at other levels, or at the
    size itself.
    """
    grid = even_grid(1e4, 5e-4, 2)
    found = gaussian_statistics(SIGMA, grid)
    np.testing.assert_allclose(found.s[1:], gaussian_statistics(SIGMA, grid[1:]).s, rtol=1e-12)
    small, grid = 1e-6, even_grid(2.0, 0.5, 2)
    found, scaled = (gaussian_statistics(c**2 * SIGMA, grid - np.log(c)) for c in (1.0, small))
    np.testing.assert_allclose(scaled.l, found.l, rtol=1e-12)
    np.testing.assert_allclose(scaled.s, found.s, rtol=1e-12)
    tiny = Line(LAW.weights, small * LAW.means, small**2 * LAW.variances)
    found, scaled = line_statistics(LAW, grid), line_statistics(tiny, grid - np.log(small))
    np.testing.assert_allclose(scaled.l, found.l, rtol=1e-12)
    np.testing.assert_allclose(scaled.s, found.s, rtol=1e-9)
    np.testing.assert_allclose(scaled.b, small * found.b, rtol=1e-9)


def test_of_one_normal_law_on_the_line_nothing_is_regressed():
    """N(μ, V): f = −l μ is constant, so s = 0, and b = f' = 2 l (1 − l) μ. Catches a slope of
    rounding on rounding.
    """
    mean, V = -0.5, 0.3
    grid = even_grid(1.2, 0.4, 200)
    found = line_statistics(Line(np.ones(1), np.array([mean]), np.array([V])), grid)
    square = found.sigmas[:, None] ** 2
    share = square / (V + square)
    np.testing.assert_allclose(found.l, share, rtol=1e-12)
    np.testing.assert_array_equal(found.s, 0)
    np.testing.assert_allclose(found.b, 2 * share * (1 - share) * mean, atol=1e-5)


def test_the_ends_of_a_grid_are_as_good_as_its_middle():
    """Against a grid that goes on: s at the ends has an error of second order, 1e-3 here, where
    one-sided differences of l of first order are off by more than 1e-2.
    """
    grid = even_grid(1.2, 0.4, 40)
    h = grid[1] - grid[0]
    on = np.concatenate([grid[0] - h * np.array([2, 1]), grid, grid[-1] + h * np.array([1, 2])])
    found, longer = line_statistics(LAW, grid).s[:, 0], line_statistics(LAW, on).s[2:-2, 0]
    np.testing.assert_allclose(found, longer, atol=2e-3)


def test_line_statistics_by_quadrature_along_the_flow():
    """At the middle of a grid: E by quad, f' by the exact flow of quantiles to both sides."""
    grid = even_grid(1.2, 0.4, 200)
    found = line_statistics(LAW, grid)
    k, h = 100, 1e-3

    def table(lam):
        return float(np.interp(lam, grid, found.l[:, 0]))

    lam = grid[k]
    now = LAW.blurred(np.exp(-lam))

    def mean(of):
        ends = {"epsabs": 1e-10, "epsrel": 1e-9, "limit": 200}
        return quad(lambda x: of(x) * np.exp(float(now.log_density(x))), -6, 6, **ends)[0]

    share = mean(lambda x: 1 - float(LAW.posterior_variance(np.exp(-lam), x)) * np.exp(2 * lam))
    assert found.l[k, 0] == pytest.approx(share, rel=1e-8)
    x = np.linspace(-5, 5, 1501)
    p = np.exp(now.log_density(x))
    p /= p.sum()

    def f(at):
        moved = flow(now, LAW.blurred(np.exp(-at)), x)
        return (1 - table(at)) * moved - LAW.posterior_mean(np.exp(-at), moved)

    change = (f(lam + h) - f(lam - h)) / (2 * h)
    slope, level = np.polynomial.polynomial.polyfit(f(lam), change, 1, w=np.sqrt(p))[::-1]
    assert found.s[k, 0] == pytest.approx(slope, rel=1e-4)
    assert found.b[k, 0] == pytest.approx(level, rel=1e-3)


def test_integrals_of_constants():
    """l = 2, s = 1, b = 3 over [0, 1]: L = 2, S = 1, B = 3 (1 − e^{−1})."""
    full = np.ones((401, 1))
    table = ModelStatistics(np.linspace(0, 1, 401), 2 * full, full, 3 * full)
    ends = [one[-1, 0] for one in table.integrals]
    np.testing.assert_allclose(ends, [2, 1, 3 * (1 - np.exp(-1))], rtol=1e-6)
    plain, one = table.without_regression(), table.constant(1.0)
    np.testing.assert_array_equal(plain.l, table.l)
    np.testing.assert_array_equal(one.l, 1.0)
    assert not any(np.any(part) for part in (plain.s, plain.b, one.s, one.b))
    for of_nothing in (table.constant(0.0), table.constant(0.0).without_regression()):
        assert not any(np.any(part) for part in (of_nothing.l, of_nothing.s, of_nothing.b))


def test_lists_are_taken_for_arrays():
    """The grid and the tables: σ = e^{−λ} of them, L = 1 at the end; and what is printed."""
    lists: list[Any] = [[0.0, 0.5, 1.0], *3 * [[[1.0], [1.0], [1.0]]]]
    table = ModelStatistics(*lists)
    np.testing.assert_allclose(table.sigmas, np.exp([0, -0.5, -1]))
    assert table.integrals[0][-1, 0] == 1.0
    assert repr(table) == "ModelStatistics(2 steps, d = 1)"


@pytest.mark.parametrize(("order", "name"), [(1, "ddim"), (2, "2M Taylor"), (3, "3M")])
def test_with_l_of_one_it_is_dpm_solver_plus_plus(order, name):
    """On a mixture, from the same states, to the trapezoid rule's error; with as few steps as the
    order, too.
    """
    first, last, N = 8.0, 0.2, 8
    table = ModelStatistics(even_grid(first, last, 2400), *np.zeros((3, 2401, 1))).constant(1.0)
    x = np.linspace(-10, 10, 7)
    for few in (order, N):
        levels = even_levels(first, last, few)
        found = solve_v3(LAW.posterior_mean, table, few, x, order)
        np.testing.assert_allclose(found, solve(name, LAW.posterior_mean, levels, x), atol=2e-6)
    begin = [x / 2, x / 3][: order - 1]
    found = solve_v3(LAW.posterior_mean, table, N, x, order, begin)
    wanted = solve(name, LAW.posterior_mean, levels, x, begin)
    np.testing.assert_allclose(found, wanted, atol=2e-5)


@pytest.mark.parametrize("order", [1, 2, 3])
def test_any_coefficients_converge_to_the_flow(order):
    """Made-up l, s and b, constant: the flow's own end is met at the solver's order, which a wrong
    sign of B, S or of the history would spoil.
    """
    first, last = 3.0, 0.5
    grid = even_grid(first, last, 1920)
    full = np.ones((1921, 1))
    table = ModelStatistics(grid, 0.4 * full, -0.7 * full, 0.3 * full)
    x = np.array([-2.0, 0.5, 3.0])
    exact = flow(LAW.blurred(first), LAW.blurred(last), x)
    off = []
    for N in (40, 80):
        levels = even_levels(first, last, N)
        begin = [flow(LAW.blurred(first), LAW.blurred(s), x) for s in levels[1:order]]
        end = solve_v3(LAW.posterior_mean, table, N, x, order, begin)
        off.append(float(np.abs(end - exact).max()))
    assert np.log2(off[0] / off[1]) == pytest.approx(order, abs=0.25)


GRID = np.linspace(0, 1, 5)
TABLE = ModelStatistics(GRID, *np.zeros((3, 5, 1)))
NONE = np.zeros((5, 1))


@pytest.mark.parametrize(
    ("call", "reason"),
    [
        (lambda: ModelStatistics(GRID**2, *np.zeros((3, 5, 1))), "grid: must be at least two"),
        *(
            (lambda grid=grid: ModelStatistics(grid, NONE, NONE, NONE), "grid: must be at least")
            for grid in (GRID[::-1], NONE[:, 0], [1.0], GRID[None], GRID + np.eye(5)[2] * 1e-9)
        ),
        (lambda: ModelStatistics(GRID, *np.zeros((3, 4, 1))), r"l: must have shape \(5, d\)"),
        (lambda: ModelStatistics(GRID, *np.zeros((3, 5))), r"l: must have shape \(5, d\)"),
        (lambda: ModelStatistics(GRID, NONE, np.zeros((5, 2)), NONE), "s: must have shape"),
        (lambda: ModelStatistics(GRID, NONE, NONE, NONE + np.nan), "b: holds NaN"),
        (lambda: solve_v3(denoiser, TABLE, 6, [1.0], 1), "steps: must be at most the 4"),
        (lambda: solve_v3(denoiser, TABLE, 2, [1.0], 3), "order: must be 1, 2 or 3"),
        (lambda: solve_v3(denoiser, TABLE, 4, [1.0], 4), "order: must be 1, 2 or 3"),
        (lambda: even_grid(0.5, 1.0, 3), "first: must be above last"),
        (lambda: line_statistics(LAW, GRID, 2), "count: must be"),
    ],
)
def test_bad_input_is_one_sentence(call, reason):
    with pytest.raises(InvalidInput, match=reason):
        call()
