"""L-BFGS of many rows: scipy's path row by row, and rows that know nothing of each other."""

from typing import Any

import numpy as np
import pytest
from scipy import optimize

from bounds import lbfgs
from bounds.lbfgs import minimise

CENTRES = np.random.default_rng(1).uniform(0.5, 2, (12, 6))


def valley(x, which):
    """Rosenbrock's function in six dimensions, stretched by another vector in each row."""
    z = x * CENTRES[which]
    off, down = z[:, 1:] - z[:, :-1] ** 2, 1 - z[:, :-1]
    value = np.sum(10 * off**2 + down**2, axis=1)
    slope = np.zeros_like(z)
    slope[:, 1:] += 20 * off
    slope[:, :-1] -= 40 * off * z[:, :-1] + 2 * down
    return value, slope * CENTRES[which]


def alone(function, start, row, budget):
    """The same by scipy, with the rules of scikit-learn's networks."""

    def one(x):
        value, slope = function(x[None], np.array([row]))
        return value[0], slope[0]

    options = {"maxiter": budget, "gtol": lbfgs.FLAT}
    return optimize.minimize(one, start[row], jac=True, method="L-BFGS-B", options=options)


@pytest.mark.parametrize("budget", [1, 4, 12, 30, 300])
def test_each_row_goes_scipys_way(budget):
    """Same points, values and numbers of iterations as scipy's, from starts where it searches along
    its lines, runs out of budget and converges. Catches another line search, memory, scaling or
    rule to stop: see the decoys below."""
    start = np.random.default_rng(2).uniform(-2, 2, (12, 6))
    found = minimise(valley, start, budget)
    for row in range(12):
        by_scipy = alone(valley, start, row, budget)
        assert found.iterations[row] == by_scipy.nit
        assert found.value[row] == pytest.approx(by_scipy.fun, rel=1e-6, abs=1e-9)
        np.testing.assert_allclose(found.x[row], by_scipy.x, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(
    ("constant", "value"), [("MEMORY", 3), ("CURVATURE", 0.1), ("DECREASE", 0.3)]
)
def test_the_comparison_tells_methods_apart(monkeypatch, constant, value):
    """Decoys: less memory, or another line search,
    leaves scipy's path by more than a hundred times the tolerance.
    """
    monkeypatch.setattr(lbfgs, constant, value)
    start = np.random.default_rng(2).uniform(-2, 2, (12, 6))
    found = minimise(valley, start, 12)
    by_scipy = np.array([alone(valley, start, row, 12).fun for row in range(12)])
    assert np.max(np.abs(found.value / by_scipy - 1)) > 1e-4


WAVES = np.random.default_rng(0)
STRETCH = 10 ** WAVES.uniform(-2, 2, (6000, 1))
HEIGHT = WAVES.standard_normal((6000, 4)) * 10 ** WAVES.uniform(-1, 1, (6000, 1))
LENGTH, PHASE = WAVES.uniform(0.2, 6, (6000, 4)), WAVES.uniform(0, 6, (6000, 4))
BEGIN = WAVES.uniform(-3, 3, (6000, 1))
BOWL = 10 ** WAVES.uniform(-3, 1, 6000) * (WAVES.random(6000) < 0.7)
# Between them each rule of the search decides at least twice.
PICKED = np.array([415, 491, 1057, 1069, 2604, 3640, 4047, 4616, 4774, 5221, 5306, 5391])


def waves(x, row):
    """Four waves over a bowl on the line, or over none, in units from 0.01 to 100."""
    which = PICKED[row]
    z = x * STRETCH[which]
    angle = LENGTH[which] * z + PHASE[which]
    value = np.sum(HEIGHT[which] * np.cos(angle), axis=1) + BOWL[which] * z[:, 0] ** 2 / 2
    slope = BOWL[which] * z[:, 0] - np.sum(HEIGHT[which] * LENGTH[which] * np.sin(angle), axis=1)
    return value, slope[:, None] * STRETCH[which]


def paths(function, start, budget):
    """All points asked of a row, by rows, here and by scipy, which asks no point twice running."""
    here: list[list[Any]] = [[] for _ in start]
    there: list[list[Any]] = [[] for _ in start]

    def told(x, which):
        for row, at in zip(which, x, strict=True):
            if not here[row] or np.any(here[row][-1] != at):
                here[row].append(at.copy())
                assert len(here[row]) < 1000, "goes on without end"
        return function(x, which)

    def asked(x, which):
        there[which[0]].append(x[0].copy())
        return function(x, which)

    found = minimise(told, start, budget)
    return here, there, found, [alone(asked, start, row, budget) for row in range(len(start))]


def goes_scipys_way(function, start, budget, rtol=1e-6):
    """Every point that is asked, and the number of iterations, which is returned."""
    here, there, found, by_scipy = paths(function, start, budget)
    for row, (one, other) in enumerate(zip(here, there, strict=True)):
        assert len(one) == len(other), row
        np.testing.assert_allclose(one, other, rtol=rtol, atol=1e-9)
        assert found.iterations[row] == by_scipy[row].nit
    return found.iterations.tolist()


def test_every_step_that_is_tried_is_scipys():
    """Two searches along each of twelve wavy lines of 6000, by the points that are asked, from the
    first far trial to the step taken. Catches each rule of the search by itself: which cubic or
    secant is believed, how a bracket is cut, and how far a step may go.
    """
    assert goes_scipys_way(waves, BEGIN[PICKED], 2) == [2] * 12


# Of each line: how it falls, how much less steeply further on, and where it is cut off.
CLIFFS = np.array([[1.0, 0, 0.3], [1.0, 1e-12, 0.01], [1e-3, 1e-13, 0.3], [0.5, 0, np.inf]])


def cliffs(x, which):
    """−ax + bx²/2, and 10 more beyond a cliff."""
    a, b, edge = CLIFFS[which].T
    return -a * x[:, 0] + b * x[:, 0] ** 2 / 2 + 10 * (x[:, 0] > edge), (b * x[:, 0] - a)[:, None]


def test_a_step_to_a_cliff_teaches_what_its_slopes_differ_by():
    """Where a search ends before a cliff the slope is as steep as at the start, or by a part of
    1e-14 or 1e-11 less steep: no pair is kept of the first, and one is of the others, after which
    a step is longer by ten orders. Without a cliff a step grows up to 1e10 and no further.
    """
    goes_scipys_way(cliffs, np.zeros((4, 1)), 3, rtol=1e-3)


def test_a_step_is_taken_for_a_decrease_in_proportion_to_its_length():
    """A cubic on the line from 0 with f' = −0.01, so that the first step is 100 along −g: at 1 it
    has f = −1e-7 and f' = 0.005, flat enough, and less of a decrease than 1e-3 · 0.01.
    """
    ends = np.linalg.solve([[1.0, 1.0], [2.0, 3.0]], [0.01 - 1e-7, 0.015])
    line = np.polynomial.Polynomial([0.0, -0.01, *ends])

    def cubic(x, which):
        return line(x[:, 0]), line.deriv()(x)

    goes_scipys_way(cubic, np.zeros((1, 1)), 1)


def test_a_row_stops_by_what_an_iteration_gains():
    """Fourth powers fall by a factor an iteration: the last one gains at most 1e7 roundings of
    max(|f|, 1), near 0 and from 10 on, long before the slope is flat enough for either.
    """

    def powers(x, which):
        off = CENTRES[which] * (x - 1)
        return np.sum(off**4, axis=1) + 10 * (which % 2), 4 * CENTRES[which] * off**3

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(lbfgs, "FLAT", 0.0)
        ends = goes_scipys_way(powers, np.full((12, 6), 3.0), 300)
    assert min(ends) > 5 and max(ends) < 100


def test_a_place_is_flat_at_the_limit_itself():
    """A slope of 1e-4 to the last bit ends a row, at the start or after an iteration, whatever is
    beside it.
    """

    def bend(x, which):
        far = np.maximum(x[:, 0] - 1, 0)
        return lbfgs.FLAT * x[:, 0] + far, (lbfgs.FLAT + (far > 0))[:, None]

    assert goes_scipys_way(bend, np.array([[0.5], [3.5]]), 9) == [0, 1]


def test_a_direction_uphill_is_left_for_the_slope(monkeypatch):
    """A guard against rounding, spoilt on purpose: the row whose Newton step goes up goes down its
    slope instead, x − g after the first, and keeps no pair; the other row sees nothing of it.
    """
    newton, bowl = lbfgs._Rows.newton, np.array([0.5, 1.25])

    def spoilt(self, *learnt):
        direction = newton(self, *learnt)
        direction[self.which == 0] = 0.1 * self.g[self.which == 0]
        return direction

    def function(x, which):
        return np.vecdot(x, bowl * x) / 2, bowl * x

    start = np.array([[1.0, -3.0], [2.0, 1.0]])
    honest, _, _, _ = paths(function, start, 20)
    monkeypatch.setattr(lbfgs._Rows, "newton", spoilt)
    here, _, found, _ = paths(function, start, 20)
    np.testing.assert_array_equal(here[1], honest[1])
    wanted = [start[0], start[0] * (1 - bowl / np.linalg.norm(bowl * start[0]))]
    while len(wanted) < len(here[0]):
        wanted.append(wanted[-1] * (1 - bowl))
    np.testing.assert_allclose(here[0], wanted, rtol=1e-12)
    assert found.iterations[0] == len(here[0]) - 1 > 8


@pytest.mark.parametrize("digits", [0, 2])
def test_a_search_that_fails_begins_anew_along_the_slope(digits):
    """The valley's values are rounded and its slopes are not: near the bottom no step goes down. As
    scipy, a row then forgets its pairs, searches along −g, and gives up where that fails at once.
    Catches what it does not forget, and another number of tries.
    """

    def terraced(x, which):
        value, slope = valley(x, which)
        return np.round(value, digits), slope

    start = np.random.default_rng(2).uniform(-2, 2, (12, 6))
    here, there, found, by_scipy = paths(terraced, start, 60)
    for row in range(12):
        assert len(here[row]) == len(there[row])
        assert found.iterations[row] == by_scipy[row].nit
        assert found.value[row] == by_scipy[row].fun
        np.testing.assert_allclose(found.x[row], by_scipy[row].x, rtol=1e-5, atol=1e-6)


def test_rows_do_not_see_each_other():
    """The same bytes alone, in any company and in any order,
    with rows that stop at different times.
    """
    start = np.random.default_rng(3).uniform(-2, 2, (12, 6))
    together = minimise(valley, start, 60)
    assert len(set(together.iterations)) > 3
    order = np.array([7, 2, 9])
    apart = minimise(lambda x, which: valley(x, order[which]), start[order], 60)
    for whole, part in zip(together, apart, strict=True):
        np.testing.assert_array_equal(whole[order], part)


def test_a_start_that_is_flat_and_a_function_without_a_way_down():
    """No iteration at a minimum. Where the gradient lies,
    so that no step goes down, the row is given up, as scipy does.
    """
    found = minimise(lambda x, which: (np.vecdot(x, x), 2 * x), np.eye(3)[:2] * [0, 1, 1], 5)
    assert found.iterations.tolist()[0] == 0 < found.iterations[1]
    assert found.iterations.dtype.kind == "i"

    def liar(x, which):
        return np.vecdot(x, x), -2 * x

    start = np.ones((1, 3))
    found = minimise(liar, start, 5)
    assert (found.iterations[0], found.value[0]) == (alone(liar, start, 0, 5).nit, 3.0)
