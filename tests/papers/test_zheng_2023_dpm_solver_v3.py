"""Zheng et al. 2023: formulas by other routes, numbers that were written down before, figures."""

from dataclasses import replace
from functools import partial

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from bounds.check import InvalidInput
from bounds.divergence import w2
from bounds.model_statistics import even_grid, gaussian_statistics, solve_v3
from bounds.papers.zheng_2023_dpm_solver_v3 import mean_reverting, model, orders
from bounds.solvers import Stage, reached
from figures.data import BadTable
from figures.papers import zheng_2023_dpm_solver_v3 as figure
from studies.papers.zheng_2023_dpm_solver_v3 import model as study
from studies.papers.zheng_2023_dpm_solver_v3 import samplers
from studies.papers.zheng_2023_dpm_solver_v3.targets import answer, blurred, carried, turned

WIDE = {"first": float(np.exp(4)), "last": float(np.exp(-4))}
TURNED = {**WIDE, "values": [4.0, 0.25], "angle": 45.0}


@pytest.mark.parametrize(
    ("formula", "value"),
    [(model.ddim_rotated, 1.97), (model.rotated_plain, 0.912), (model.rotated, 0.36)],
)
def test_w2_at_45_degrees_as_it_was_written_down(formula, value):
    assert formula(TURNED) == pytest.approx(value, rel=2e-3)


def test_a_turned_step_by_its_equations():
    """At 30°: L, S and the integral from dL = l, dS = s, dI = e^{L + S} by integration, s as the
    regression has it and not in closed form; W2 by eigenvalues. Catches a wrong e^S, or i for j.
    """
    cell = {"values": [4.0, 0.25], "angle": 30.0, "first": 3.0, "last": 0.4}
    data, eye = turned([4.0, 0.25], 30.0), np.eye(2)

    def linear(lam):
        return data @ np.linalg.inv(data + np.exp(-2 * lam) * eye)

    def slopes(lam, state):
        A, T = linear(lam), data + np.exp(-2 * lam) * eye
        ends = [np.log(abs(linear(one)[0, 1])) for one in (lam - 1e-5, lam + 1e-5)]
        own = np.diag(A)[::-1]
        s = (ends[1] - ends[0]) / 2e-5 - 1 + own + A[0, 1] * T[0, 1] / np.diag(T)[::-1]
        return np.concatenate([1 - np.diag(A), s, np.exp(state[:2] + state[2:4])])

    span = (-np.log(3.0), -np.log(0.4))
    end = solve_ivp(slopes, span, np.zeros(6), method="DOP853", rtol=1e-10, atol=1e-12).y[:, -1]
    A = linear(span[0])
    off = np.diag(np.diag(A)) - A
    M = np.exp(-end[:2])[:, None] * (eye - end[4:, None] * off)
    found, goal = M @ (data + 9 * eye) @ M.T, data + 0.16 * eye
    cross = np.linalg.eigvals(found @ goal).real
    square = np.trace(found + goal) - 2 * np.sqrt(cross).sum()
    assert model.rotated(cell) == pytest.approx(np.sqrt(square), rel=1e-6)


@pytest.mark.parametrize(
    ("M", "value"), [(50, 1.1e-5), (120, 1.9e-6), (250, 4.4e-7), (1000, 2.8e-8)]
)
def test_the_table_s_error_as_it_was_written_down(M, value):
    """The larger of both coordinates makes W2 nearly alone: deviation times relative error."""
    off = [
        model.table_error({**WIDE, "v": v, "table": M}) * model.exact_end({**WIDE, "v": v})
        for v in (4.0, 0.25)
    ]
    assert np.linalg.norm(off) == pytest.approx(value, rel=0.05)


def test_several_steps_as_they_were_written_down():
    """N = 5 and 10 at 45°, order 1: with s, without, DPM-Solver++."""
    data = turned([4.0, 0.25], 45.0)
    full = gaussian_statistics(data, even_grid(WIDE["first"], WIDE["last"], 1000))
    wanted = {"full": (0.138, 0.068), "plain": (0.321, 0.176), "one": (0.668, 0.373)}
    tables = {"full": full, "plain": full.without_regression(), "one": full.constant(1.0)}
    for name, table in tables.items():
        for N, value in zip((5, 10), wanted[name], strict=True):
            step = partial(solve_v3, answer(data), table, N, order=1)
            end = carried([Stage(step, 0.0)], blurred(data, WIDE["first"]))
            assert float(w2(end, blurred(data, WIDE["last"]))) == pytest.approx(value, rel=6e-3)


@pytest.mark.parametrize("gamma", [0.1, 0.4])
def test_the_floor_by_steps_on_one_level(gamma):
    """Noise and Heun's step down to the same σ, 400 times, by hand; and γ² (4 + γ)/(8 + 4γ) σ²
    above v + σ² for small σ.
    """
    v, sigma = 0.5, 0.6
    high, spread = (1 + gamma) * sigma, v
    for _ in range(400):
        spread += high**2 - sigma**2
        slope = high / (v + high**2)
        ahead = 1 + (sigma - high) * slope
        slope = (slope + ahead * sigma / (v + sigma**2)) / 2
        spread *= (1 + (sigma - high) * slope) ** 2
    cell = {"v": v, "last": sigma, "gamma": gamma}
    gap = float(np.sqrt(spread) - np.sqrt(v + sigma**2))
    assert orders.fixed_point(cell) == pytest.approx(gap, rel=1e-9)
    small = orders.fixed_point({"v": v, "last": 0.01, "gamma": gamma}) * 2 * np.sqrt(v)
    assert small == pytest.approx(gamma**2 * (4 + gamma) / (8 + 4 * gamma) * 1e-4, rel=3e-3)


def test_moments_below_w2_by_hand():
    cell = {"gaps": [3.0, 4.0]}
    assert orders.moments_part(cell) == 5 and orders.moments_part(cell, 1.0) == 7


def test_the_mean_reverting_flow_by_its_equation():
    """dx = [(μ − x) − σ_∞² s] dt with the score s of N(m_t, v_t); and the start's error."""
    cell = {"mu": 0.4, "scale": 1.3, "mean": -1.0, "variance": 0.3, "t": 2.0, "to": 0.1, "x": 1.7}

    def speed(t, x):
        mean = 0.4 - 1.4 * np.exp(-t)
        spread = 0.3 * np.exp(-2 * t) + 1.69 * (1 - np.exp(-2 * t))
        return 0.4 - x + 1.69 * (x - mean) / spread

    end = solve_ivp(speed, (2.0, 0.1), [1.7], rtol=1e-11, atol=1e-12).y[0, -1]
    assert mean_reverting.flow(cell) == pytest.approx(end, rel=1e-8)
    end = solve_ivp(speed, (2.0, 0.0), [0.4], rtol=1e-11, atol=1e-12).y[0, -1]
    assert mean_reverting.start_error(cell) == pytest.approx(end + 1.0, rel=1e-8)


def test_a_short_mean_reverting_step_is_the_flow():
    """Two atoms, a step of 1e-6: x' − x is the flow's speed, the score by differences."""
    atoms, weights = [-1.0, 2.0], [0.3, 0.7]
    cell = {"mu": 0.5, "scale": 0.7, "atoms": atoms, "weights": weights}
    cell |= {"t": 0.6, "to": 0.6 - 1e-6, "x": 0.9}
    alpha = np.exp(-0.6)
    means = alpha * np.array(atoms) + (1 - alpha) * 0.5
    square = 0.49 * (1 - alpha**2)

    def log(x):
        return np.log(np.dot(weights, np.exp(-((x - means) ** 2) / (2 * square))))

    score = (log(0.9 + 1e-5) - log(0.9 - 1e-5)) / 2e-5
    speed = (mean_reverting.ddim_in_y(cell) - 0.9) / -1e-6
    assert speed == pytest.approx(0.5 - 0.9 - 0.49 * score, rel=1e-5)


@pytest.fixture(scope="module")
def on_the_line():
    """The target on the line, with the statistics of v3."""
    return samplers.OnTheLine()


@pytest.mark.parametrize(
    ("sampler", "answers", "value"), [("2M", 8, 0.0361), ("3M", 24, 7.69e-4), ("v3", 8, 0.0299)]
)
def test_w2_does_not_depend_on_the_places(on_the_line, sampler, answers, value):
    """With 1201 places for 801, by the general route for the short one: to 3 in a thousand."""
    target = on_the_line
    stage = Stage(samplers.flow(target, sampler, answers), 0.0)
    end = reached([stage], samplers.MIXTURE.blurred(samplers.FIRST), 1201)
    found = target.off([stage])[0]
    assert end.w2(target.goal) == pytest.approx(found, rel=3e-3)
    assert found == pytest.approx(value, rel=4e-3)


def test_a_turn_keeps_eigenvalues():
    for values in ([4.0, 0.25], [4.0, 1.0, 0.25]):
        found = turned(values, 20.0)
        np.testing.assert_allclose(np.linalg.eigvalsh(found)[::-1], values, rtol=1e-12)
        assert abs(found[0, 1]) > 0.1
    np.testing.assert_allclose(turned([4.0, 0.25], 90.0), np.diag([0.25, 4.0]), atol=1e-12)


@pytest.mark.parametrize(
    ("function", "cell", "reason"),
    [
        (model.exact_end, {"v": 1.0, "first": 0.0, "last": 1.0}, "first: must be positive"),
        (orders.fixed_point, {"v": 1.0, "last": 0.5, "gamma": 0.0}, "gamma: must be positive"),
        (orders.moments_part, {"gaps": [-1.0]}, "gaps: must not be negative"),
    ],
)
def test_bad_cells_are_refused(function, cell, reason):
    with pytest.raises(InvalidInput, match=reason):
        function(cell)


@pytest.mark.parametrize(
    ("one", "table", "column", "value", "reason"),
    [
        (figure.SOLVER, "v3-rotated", "measured", -1.0, "column measured must be positive"),
        (figure.SOLVER, "3m-order", "x", float("nan"), "column x holds NaN"),
        (figure.COMPARED, "w2-above-moments", "sampler", "rk4", "must have each sampler"),
        (figure.COMPARED, "w2-above-moments", "target", "ring", "must have each target"),
    ],
)
def test_the_figures_refuse(one, table, column, value, reason):
    data = one.sample()
    frame = data.tables[table].copy()
    frame.loc[frame.index[0], column] = value
    with pytest.raises(BadTable, match=reason):
        one.draw(replace(data, tables={**data.tables, table: frame}))


def test_the_study_of_the_solver_is_the_tables_of_the_figure():
    """Panel (a) shows each angle that was measured, from 5° on."""
    angles = [cell["angle"] for cell in study.CELLS if cell["part"] == "turned"]
    assert min(angles) == 5 and max(angles) == 45
