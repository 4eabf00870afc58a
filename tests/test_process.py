"""Forward process: laws of simulated paths against closed forms written out here, and bad times."""

import math

import numpy as np
import pytest

from bounds.check import InvalidInput
from bounds.process import (
    Slice,
    Step,
    clock,
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

    Each of 9 statistics is standard normal in law; 6.2 deviations bound all false alarms by 6e-9.
    An error of 1 % in τ or in e^{-g} is 14 deviations or more.
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
    """γ_j = t_j − t_{j−1} telescopes to t_N;
    a grid that started at t_0 = Δ would miss the first weight.
    """
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


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: uniform_grid(0.0, 3), "spacing: must be positive, but is 0"),
        (lambda: uniform_grid(np.inf, 3), "spacing: holds NaN or an infinity"),
        (lambda: uniform_grid(0.1, 0), "steps: must be at least 1, but is 0"),
        (lambda: geometric_grid(1, 2, 1), "steps: must be at least 2, but is 1"),
        (lambda: geometric_grid(0, 2, 5), "first, last: must be positive, but the first is 0"),
        (
            lambda: geometric_grid(3, 2, 5),
            "first, last: must be strictly increasing, but 2 follows 3",
        ),
        (lambda: weights([0.2, 0.1]), "times: must be strictly increasing, but 0.1 follows 0.2"),
        (lambda: steps([]), "times: must be a non-empty list of times"),
        (
            lambda: next(simulate(np.ones((2, 1)), [-1.0], np.random.default_rng(0))),
            "times: must be positive, but the first is -1",
        ),
    ],
)
def test_bad_grids_are_named(call, sentence):
    """The one sentence, whole: a wrong key would send the reader to another line of the config."""
    with pytest.raises(InvalidInput) as caught:
        call()
    assert str(caught.value) == sentence


def test_grids_by_hand():
    """Every time of small grids, the shortest that are allowed among them:
    a time too few or too many, or one time too strict a refusal.
    """
    np.testing.assert_allclose(uniform_grid(0.25, 3), [0.25, 0.5, 0.75], rtol=1e-15)
    np.testing.assert_array_equal(uniform_grid(0.25, 1), [0.25])
    np.testing.assert_allclose(geometric_grid(0.125, 2.0, 5), [0.125, 0.25, 0.5, 1, 2], rtol=1e-14)
    np.testing.assert_allclose(geometric_grid(0.125, 2.0, 2), [0.125, 2.0], rtol=1e-15)


def test_single_precision_times_are_worked_on_in_double():
    """1/8 is a float32, its e_t and σ_t² are not:
    computed there they would be wrong in the eighth digit.
    """
    t = np.array([0.125], dtype=np.float32)
    assert float(decay(t)[0]) == pytest.approx(math.exp(-0.125), rel=1e-15, abs=0)
    assert float(noise_variance(t)[0]) == pytest.approx(
        2 * math.exp(-0.125) * math.sinh(0.125), rel=1e-15, abs=0
    )


def test_a_slice_holds_the_step_that_led_to_it_and_its_noise():
    """x is e^{-g} X_{t'} + τ w of its own step and w,
    to rounding: the Gram matrices with w depend on it.
    """
    before = np.array([[0.3, -2.0], [1.0, 0.5]])
    now = 0.0
    for one, t in zip(
        simulate(before, [0.2, 0.7], np.random.default_rng(3)), [0.2, 0.7], strict=True
    ):
        assert (one.step.t_prev, one.step.t) == (now, t)
        g = t - now
        np.testing.assert_allclose(
            one.x, np.exp(-g) * before + np.sqrt(1 - np.exp(-2 * g)) * one.w, atol=1e-14
        )
        before, now = one.x, t


def test_the_clock_by_hand():
    """e^{2t} − 1 at t = 0, (log 2)/2 and 1e-20, at 350 still, and of no times at all."""
    np.testing.assert_allclose(clock([0.0, math.log(2) / 2, 1e-20]), [0.0, 1.0, 2e-20], rtol=1e-15)
    assert np.isfinite(clock(350.0))
    assert clock([]).shape == (0,)


@pytest.mark.parametrize("function", [decay, noise_variance, clock])
def test_a_time_that_is_none_is_named(function):
    with pytest.raises(InvalidInput, match=r"^t: must not be negative, but holds -1"):
        function([0.5, -1.0])


def test_borders_of_times_are_named():
    """The last time of the clock, and a step that takes no time."""
    with pytest.raises(InvalidInput) as refused:
        clock([1.0, 350.5])
    assert str(refused.value) == (
        "t: must be at most 350, where e^(2t) leaves float64, but holds 350.5"
    )
    with pytest.raises(InvalidInput, match=r"^t: must be later than t' = 0\.5, but is 0\.5"):
        Step(0.5, 0.5)


def test_a_slice_says_its_shape():
    step = Step(0.0, 0.5)
    x = np.zeros((7, 3))
    assert "m = 7, d = 3" in repr(Slice(step, x, x, x))
