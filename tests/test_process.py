"""Forward process: laws of simulated paths against closed forms written out here, and bad times."""

import numpy as np
import pytest

from bounds.check import InvalidInput
from bounds.process import (
    Step,
    decay,
    geometric_grid,
    noise_variance,
    simulate,
    steps,
    uniform_grid,
    weights,
)


def test_noise_variance_keeps_its_digits_at_tiny_times():
    """σ_t² → 2t. Catches 1 − exp(−2t), which has lost half its digits at t = 1e-9."""
    t = 1e-9
    exact = 2 * t - 2 * t**2
    assert noise_variance(t) == pytest.approx(exact, rel=1e-14, abs=0)
    assert 1 - np.exp(-2 * t) != pytest.approx(exact, rel=1e-10, abs=0)  # the decoy


def test_paths_have_the_forward_law():
    """Mean, variance and cross-time covariance of X_t given X_0, over 400 000 scalar paths.

    Each of 9 statistics is standard normal in law; 6.2 deviations bound all false alarms by 6e-9. An error of
    1 % in τ or in e^{-g} is 14 deviations or more.
    """
    rng = np.random.default_rng(11)
    n, start, times = 400_000, 1.7, [0.05, 0.3, 1.2]
    slices = list(simulate(np.full((n, 1), start), times, rng))
    centred = [s.x[:, 0] - start * np.exp(-t) for s, t in zip(slices, times, strict=True)]
    for k, t in enumerate(times):
        variance = 1 - np.exp(-2 * t)
        assert abs(centred[k].mean()) / np.sqrt(variance / n) < 6.2
        assert abs((centred[k] ** 2).mean() / variance - 1) / np.sqrt(2 / n) < 6.2
        np.testing.assert_allclose(slices[k].z[:, 0], centred[k], atol=1e-12)
        for j in range(k):
            shared = np.exp(-(t - times[j])) * (1 - np.exp(-2 * times[j]))
            spread = np.sqrt((variance * (1 - np.exp(-2 * times[j])) + shared**2) / n)
            assert abs((centred[k] * centred[j]).mean() - shared) / spread < 6.2
    decoy = 1 - np.exp(-times[0])  # σ² with the factor 2 dropped
    assert abs((centred[0] ** 2).mean() / decoy - 1) / np.sqrt(2 / n) > 6.2


def test_grids_weights_and_steps():
    """γ_j = t_j − t_{j−1} telescopes to t_N; a grid that started at t_0 = Δ would miss the first weight."""
    grid = uniform_grid(0.1, 30)
    np.testing.assert_allclose(weights(grid), 0.1)
    assert weights(geometric_grid(1e-4, 4, 80)).sum() == pytest.approx(4)
    path = steps([0.1, 0.4])
    assert path[0].is_first and not path[1].is_first
    assert path[1].gap == pytest.approx(0.3)
    assert path[1].fresh_variance + path[1].carry ** 2 == pytest.approx(1)
    assert float(decay(np.log(2.0))) == pytest.approx(0.5)


def test_bootstrap_weight_is_the_share_of_old_noise():
    """w = Var(e^{-g} Z_{t'})/Var(Z_t), which lies in (0, 1) and is 0 at the first step."""
    step = Step(0.3, 0.5)
    assert step.bootstrap_weight == pytest.approx(1 - step.fresh_variance / noise_variance(0.5))
    assert Step(0.0, 0.5).bootstrap_weight == 0


@pytest.mark.parametrize(
    ("times", "reason"),
    [
        ([], "non-empty"),
        ([0.0, 1.0], "positive"),
        ([-1.0], "positive"),
        ([0.2, 0.2], "strictly increasing, but 0.2 follows 0.2"),
        ([0.3, 0.1], "strictly increasing"),
        ([0.1, np.nan], "NaN"),
        ([0.1, np.inf], "infinity"),
        (["a"], "numbers"),
    ],
)
def test_bad_times_are_named(times, reason):
    """Every user of a time grid goes through the same check."""
    with pytest.raises(InvalidInput, match=reason) as caught:
        steps(times)
    assert caught.value.key == "times"


def test_bad_grids_are_named():
    for call in (lambda: uniform_grid(0.0, 3), lambda: uniform_grid(0.1, 0), lambda: geometric_grid(1, 2, 1)):
        with pytest.raises(InvalidInput):
            call()
