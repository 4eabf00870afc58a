"""RED-diff: each formula by another route, the numbers written down before, the public code's
arithmetic, the figure.
"""

from dataclasses import replace

import mpmath as mp
import numpy as np
import pytest

from bounds.papers import mardani_2023_red_diff as claims
from figures.data import BadTable
from figures.papers import mardani_2023_red_diff as figure
from studies.papers import mardani_2023_red_diff as study

CLAIM = {claim.name: claim for claim in claims.CLAIMS}


def test_prediction_by_differences():
    """ε_θ = −σ_t ∂ log p_t at the nodes, and its slope; p_t of two Gaussians written out."""
    cell = {"t": 0.3, "mu": 0.7, "weights": [0.3, 0.7], "means": [-1.0, 1.5]}
    cell |= {"variances": [0.1, 0.4]}
    found, slope, nodes, chances = claims.prediction(cell)
    keep, noise = np.exp(-0.3), 1 - np.exp(-0.6)
    x, h = keep * 0.7 + np.sqrt(noise) * nodes[30:50], 1e-4

    def log_p(z):
        total = 0.0
        for w, m, v in zip((0.3, 0.7), (-1.0, 1.5), (0.1, 0.4), strict=True):
            u = keep**2 * v + noise
            total = total + w * np.exp(-((z - keep * m) ** 2) / (2 * u)) / np.sqrt(u)
        return np.log(total)

    first = (log_p(x + h) - log_p(x - h)) / (2 * h)
    second = (log_p(x + h) + log_p(x - h) - 2 * log_p(x)) / h**2
    assert found[30:50] == pytest.approx(-np.sqrt(noise) * first, abs=1e-6)
    assert slope[30:50] == pytest.approx(-np.sqrt(noise) * second, abs=1e-5)
    assert chances @ nodes**2 == pytest.approx(1, abs=1e-12)


def test_direction_of_one_gaussian():
    """σ_t e_t (μ − m)/v; through the network e_t σ_t/v times that."""
    cell = {"t": 0.4, "mu": 1.2, "weights": [1.0], "means": [0.5], "variances": [0.3]}
    keep, noise = np.exp(-0.4), 1 - np.exp(-0.8)
    v = keep**2 * 0.3 + noise
    plain = np.sqrt(noise) * keep * 0.7 / v
    assert claims.direction(cell) == pytest.approx(plain, rel=1e-10)
    through = keep * np.sqrt(noise) / v * plain
    assert claims.direction(cell, through=True) == pytest.approx(through, rel=1e-10)


def test_direction_through_the_network_is_a_gradient():
    """Of ½ E(ε_θ(x_t) − ε)² in μ, by differences, for two Gaussians, where the slope varies."""
    cell = {"t": 0.6, "mu": 0.7, "weights": [0.3, 0.7], "means": [-1.0, 1.5]}
    cell |= {"variances": [0.5, 0.8]}

    def loss(mu):
        found, _, nodes, chances = claims.prediction({**cell, "mu": mu})
        return chances @ (found - nodes) ** 2 / 2

    slope = (loss(0.7 + 1e-5) - loss(0.7 - 1e-5)) / 2e-5
    assert claims.direction(cell, through=True) == pytest.approx(slope, rel=1e-6)


@pytest.mark.parametrize(
    ("lam", "share"), [(0.01, 0.126), (0.1, 0.4445), (1.0, 1 / 1.2), (10.0, 0.98)]
)
def test_shares_as_written_down(lam, share):
    """τ = .1: by mpmath's quadrature, and to the numbers noted before."""
    tau = 0.1
    truth = mp.quad(
        lambda t: mp.e ** (-t / tau) / tau / (lam + mp.expm1(2 * t)), [0, 0.01, 0.1, 1, 10]
    )
    assert lam * claims.precision(lam, tau) == pytest.approx(lam * float(truth), rel=1e-9)
    assert lam * claims.precision(lam, tau) == pytest.approx(share, rel=5e-3)


def test_all_weight_at_zero_is_the_prior():
    """τ → 0: P → 1/λ, from below, and linearly."""
    for lam in (0.1, 1.0, 10.0):
        lost = [1 - lam * claims.precision(lam, tau) for tau in (1e-4, 2e-4)]
        assert 0 < lost[0] < 3e-3
        assert lost[1] == pytest.approx(2 * lost[0], rel=1e-2)


@pytest.mark.parametrize(
    ("lam", "held"), [(0.0, 0.25), (0.01, 0.2396), (1.0, 0.1811), (4.0, 0.1512), (100.0, 0.0842)]
)
def test_default_precisions_as_written_down(lam, held):
    assert claims.default_precision(lam) == pytest.approx(held, abs=1e-4)


def test_gradient_of_the_public_loss():
    """The loss of algos/reddiff.py in NVlabs/RED-diff at 66482f2, line by line, for one pixel,
    m = n, exact prediction: its derivative in μ, with its stops, is .25 σ²/(ᾱλ + σ²) μ in the mean.
    Catches a weight σ/√ᾱ on the divergence in place of the prediction.
    """
    rng = np.random.default_rng(1)
    lam, mu, level = 0.7, 1.3, 400
    alpha = claims.LEVELS[level]
    eps = rng.standard_normal(200_000)
    eps = np.concatenate([eps, -eps])
    xt = np.sqrt(alpha) * mu + np.sqrt(1 - alpha) * eps
    et = np.sqrt(1 - alpha) * xt / (alpha * lam + 1 - alpha)
    snr_inv = np.sqrt(1 - alpha) / np.sqrt(alpha)
    slope = 0.25 * snr_inv * np.mean(et - eps)  # of w_t * mean((et − noise) * x0), et detached
    held = 0.25 * (1 - alpha) / (alpha * lam + 1 - alpha)
    assert slope == pytest.approx(held * mu, rel=1e-10)


def test_fixed_point_by_descent():
    """Gradient descent on the objective with P by quadrature: 4000 steps."""
    cell = {"tau": 0.1, "eigenvalues": [0.05, 2.0], "angle": 0.4, "H": [[1.0, 0.5]], "y": [1.0]}
    cell |= {"sy2": 0.25}
    turn = np.array([[np.cos(0.4), -np.sin(0.4)], [np.sin(0.4), np.cos(0.4)]])
    held = [
        float(mp.quad(lambda t, v=v: mp.e ** (-10 * t) * 10 / (v + mp.expm1(2 * t)), [0, 0.1, 5]))
        for v in (0.05, 2.0)
    ]
    P, H, mu = turn @ np.diag(held) @ turn.T, np.array([[1.0, 0.5]]), np.zeros(2)
    for _ in range(4000):
        mu -= 0.05 * (H.T @ (H @ mu - 1.0) / 0.25 + P @ mu)
    assert [claims.fixed_point({**cell, "i": i}) for i in (0, 1)] == pytest.approx(mu, rel=1e-8)


def test_posterior_mean_by_conditioning():
    """`exact`: E[x | y] = ΣHᵀ(HΣHᵀ + σ_y²)^{-1} y."""
    cell = {"tau": 0.1, "eigenvalues": [0.05, 2.0], "angle": 0.4, "H": [[1.0, 0.5]], "y": [1.0]}
    turn = np.array([[np.cos(0.4), -np.sin(0.4)], [np.sin(0.4), np.cos(0.4)]])
    S, h = turn @ np.diag([0.05, 2.0]) @ turn.T, np.array([1.0, 0.5])
    mean = S @ h / (h @ S @ h + 0.25)
    found = [claims.fixed_point({**cell, "sy2": 0.25, "i": i}, exact=True) for i in (0, 1)]
    assert found == pytest.approx(mean, rel=1e-12)


def test_noise_by_hand():
    """One direction, t = ½ log 2: σ² = ½, v = ½λ + ½, so (1 − 1/(λ + 1))²."""
    cell = {"t": np.log(2) / 2, "eigenvalues": [3.0]}
    assert claims.gradient_noise(cell) == pytest.approx(0.75**2)
    assert claims.gradient_noise(cell, 1.0) == pytest.approx(0.75)
    assert claims.narrowest({"eigenvalues": [0.5, 0.25]}) == pytest.approx(2 / 6)


def test_regulariser_needs_all_times():
    """The study's quadrature over t holds the whole weight: for white data P = 1/(1 + 2τ)."""
    for tau in (0.02, 0.5):
        rows = study._share({"lambda": 1.0, "tau": tau})
        assert float(rows[0]["value"]) == pytest.approx(1 / (1 + 2 * tau), rel=1e-8)


@pytest.mark.parametrize(
    ("table", "column", "value", "reason"),
    [
        ("red-precision", "lambda", 0.0, "column lambda must be positive"),
        ("red-implied-noise", "measured", float("nan"), "column measured holds NaN"),
    ],
)
def test_the_figure_refuses(table, column, value, reason):
    data = figure.FIGURE.sample()
    frame = data.tables[table].copy()
    frame.loc[0, column] = value
    with pytest.raises(BadTable, match=reason):
        figure.FIGURE.draw(replace(data, tables={**data.tables, table: frame}))
