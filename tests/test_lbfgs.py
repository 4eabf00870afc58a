"""L-BFGS of many rows: scipy's path row by row, and rows that know nothing of each other."""

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
    found = minimise(lambda x, which: (np.vecdot(x, x), 2 * x), np.zeros((2, 3)), 5)
    assert found.iterations.tolist() == [0, 0]

    def liar(x, which):
        return np.vecdot(x, x), -2 * x

    start = np.ones((1, 3))
    found = minimise(liar, start, 5)
    assert (found.iterations[0], found.value[0]) == (alone(liar, start, 0, 5).nit, 3.0)
