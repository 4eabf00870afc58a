"""LCSC: each formula by another route, the numbers written down before, the figure."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.optimize import minimize

from bounds.papers import lcsc_2024 as claims
from figures.data import BadTable
from figures.papers import lcsc_2024 as figure
from studies.papers import lcsc_2024 as study

CLAIM = {claim.name: claim for claim in claims.CLAIMS}
SETTLED = {"count": 20, "r": 0.9, "every": 1}


def test_variances_as_written_down():
    """n = 20, ρ = .9: .500, the plain mean .5547, the best moving average .5165 at .932."""
    assert claims.least_variance(SETTLED) == pytest.approx(0.5, abs=1e-12)
    assert claims.plain_variance(SETTLED) == pytest.approx(0.5547, abs=5e-5)
    rows = {str(one["quantity"]): float(one["value"]) for one in study._stationary(SETTLED)}
    assert rows["ema"] == pytest.approx(0.5165, abs=5e-5)
    w = 0.068 * 0.932 ** np.arange(19, -1, -1)
    w[0] = 0.932**19
    C = 0.9 ** np.abs(np.subtract.outer(range(20), range(20)))
    assert rows["ema"] == pytest.approx(w @ C @ w, abs=2e-5)


def test_variances_of_three_by_hand():
    """n = 3: weights 1, 1 − ρ, 1 over 3 − ρ; and the mean's [3 + 4ρ + 2ρ²]/9."""
    cell, rho = {"count": 3, "r": 0.6, "every": 2}, 0.36
    w = np.array([1, 1 - rho, 1]) / (3 - rho)
    C = np.array([[1, rho, rho**2], [rho, 1, rho], [rho**2, rho, 1]])
    assert claims.least_variance(cell) == pytest.approx(w @ C @ w)
    assert claims.plain_variance(cell) == pytest.approx((3 + 4 * rho + 2 * rho**2) / 9)


def test_coefficients_by_hand():
    """r = ½ and ¾: (z − ½)(z − ¾) · 8 = 3 − 10 z + 8 z²; Σ|w| = 21."""
    cell = {"eigenvalues": [1.0, 0.5], "step": 0.5}
    assert [claims.coefficient({**cell, "k": k}) for k in range(3)] == pytest.approx([3, -10, 8])
    assert claims.size(cell) == pytest.approx(21)
    assert claims.size(cell, last=True) == pytest.approx(8)
    slowest = [claims.coefficient({**cell, "k": k}, slowest=True) for k in range(3)]
    assert slowest == pytest.approx([0, -3, 4])


def test_noise_is_multiplied():
    """What `lcsc-size` warns of: independent noise of the checkpoints of size 1, of worst signs."""
    cell = {"eigenvalues": [0.15, 0.4, 0.8, 1.5], "step": 0.5}
    w = [claims.coefficient({**cell, "k": k}) for k in range(5)]
    assert np.sign(w) @ w == pytest.approx(claims.size(cell))
    assert np.sign(w).tolist() == [1, -1, 1, -1, 1]


def test_covariances_by_simulation():
    """Means and covariances of three checkpoints of noisy descent: 2·10⁵ runs, to 2 %."""
    rng = np.random.default_rng(11)
    r, times = 0.8, [2, 3, 6]
    delta, saved = np.ones(200_000), []
    for step in range(1, 7):
        delta = r * delta + 0.5 * rng.standard_normal(delta.size)
        if step in times:
            saved.append(delta)
    means, covariances = study.checkpoints(np.array([r]), np.full(1, 0.25), np.ones(1), times)
    assert means[0] == pytest.approx([r**2, r**3, r**6])
    assert covariances[0] == pytest.approx(np.cov(saved), rel=0.02)


@pytest.mark.parametrize(("steps", "gain"), [(50, 0.25), (200, 0.14), (1000, 0.06), (5000, 0.0)])
def test_what_negative_weights_save(steps, gain):
    """As theory.md has it; the best average by another search, from the middle of the simplex."""
    cell = {"least": 0.01, "directions": 20, "step": 0.1, "noise": 0.1, "count": 10}
    cell |= {"steps": steps}
    best, average = claims.best_loss(cell), claims.best_average(cell)
    assert 1 - best / average == pytest.approx(gain, abs=0.006)
    M = claims._second_moments(cell) / average
    found = minimize(
        lambda w: w @ M @ w, np.full(10, 0.1), jac=lambda w: 2 * M @ w, method="SLSQP",
        bounds=[(0, None)] * 10, constraints=[{"type": "eq", "fun": lambda w: w.sum() - 1}],
        options={"ftol": 1e-12, "maxiter": 500},
    )  # fmt: skip
    assert found.fun == pytest.approx(1, rel=1e-5)


def test_checkpoints_between_whole_steps_are_those_before():
    """Three checkpoints of seven steps stand at 2, 4 and 7; step by step in one direction, where
    SGD's error e goes to (1 − ηλ)e + ηsλ^{1/2} z: E of e's products is propagated, not summed."""
    value, eta, noise = 0.5, 0.3, 0.2
    r, drawn = 1 - eta * value, eta**2 * noise * value
    second = np.zeros((8, 8))
    second[0, 0] = 1.0
    for k in range(1, 8):
        second[k, :k] = second[:k, k] = r * second[k - 1, :k]
        second[k, k] = r**2 * second[k - 1, k - 1] + drawn
    M = value * second[np.ix_([2, 4, 7], [2, 4, 7])] / 2
    cell = {"least": value, "directions": 1, "step": eta, "noise": noise, "count": 3, "steps": 7}
    wanted = 1 / np.linalg.inv(M).sum()
    assert claims.best_loss(cell) == pytest.approx(wanted, rel=1e-10)


def test_averages_lose_to_the_last():
    """By search over the simplex, in one of the claim's cells."""
    cell = {"eigenvalues": [0.2, 1.0], "step": 0.5, "steps": 2}
    errors = np.array([[1, 0.9, 0.81], [1, 0.5, 0.25]])
    grid = np.random.default_rng(2).dirichlet(np.ones(3), 2000)
    losses = (np.array([0.2, 1.0]) @ (errors @ grid.T) ** 2) / 2
    assert losses.min() > claims.last_loss(cell)
    assert claims.last_loss(cell) == pytest.approx((0.2 * 0.81**2 + 0.25**2) / 2)


@pytest.mark.parametrize(
    ("table", "column", "value", "reason"),
    [
        ("lcsc-ema", "r", 0.3, "has other values of count, r, every than"),
        ("lcsc-transient", "decoy", 0.0, "column decoy must be positive"),
    ],
)
def test_the_figure_refuses(table, column, value, reason):
    data = figure.FIGURE.sample()
    frame = data.tables[table].copy()
    frame.loc[0, column] = value
    with pytest.raises(BadTable, match=reason):
        figure.FIGURE.draw(replace(data, tables={**data.tables, table: frame}))
