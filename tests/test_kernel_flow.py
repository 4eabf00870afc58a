"""Gradient flow on noisy labels: each formula by an ODE, a plain loop, sums or quadrature."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from scipy import integrate, optimize

from bounds import kernel_flow
from bounds.check import Array, InvalidInput
from bounds.kernel_flow import (
    best_stop,
    descent_risk,
    limit,
    power_law_constants,
    power_law_stop,
    risk,
    spectrum,
    stopping_times,
)
from tests.test_inputs import public, spoiled

M = 5
RNG = np.random.default_rng(0)
ROOT = RNG.standard_normal((M, 3))  # a kernel of rank 3
KERNEL = ROOT @ ROOT.T
TARGET = RNG.standard_normal((M, 2))
LABELS = np.array([[0.7, 0.2], [0.2, 0.4]])  # covariance of one label
SPECTRUM = spectrum(KERNEL, TARGET)
NOISE = float(np.trace(LABELS))
Given = tuple[Array, Array, float, int]
MINE: Given = (*SPECTRUM, NOISE, M)
TWO: Given = (np.array([1.0, 1e-4]), np.array([1.0, 1.0]), 0.3, 10)


def moments(time: float) -> float:
    """E|f(τ) − s|²/m by DOP853 on the mean and the covariances of fit and labels."""
    pull = KERNEL / M

    def slope(_: float, state: Any) -> Any:
        mean = state[: 2 * M].reshape(M, 2)
        cross, own = state[2 * M :].reshape(2, M, M)
        toward = -pull @ (cross - NOISE * np.eye(M))
        spread = -pull @ (own - cross.T)
        return np.concatenate(
            [(-pull @ (mean - TARGET)).ravel(), toward.ravel(), (spread + spread.T).ravel()]
        )

    start = np.zeros(2 * M + 2 * M * M)
    end = integrate.solve_ivp(slope, (0, time), start, method="DOP853", rtol=1e-12, atol=1e-13).y[
        :, -1
    ]
    mean, own = end[: 2 * M].reshape(M, 2), end[-M * M :].reshape(M, M)
    return float((np.sum((mean - TARGET) ** 2) + np.trace(own)) / M)


@pytest.mark.parametrize("time", [0.2, 1.0, 5.0])
def test_risk_is_that_of_the_ode(time):
    """A kernel of rank 3, two outputs, labels whose noise is correlated between outputs."""
    assert float(risk(*SPECTRUM, NOISE, M, time)) == pytest.approx(moments(time), rel=1e-9)


def test_descent_is_a_loop():
    """(I − ηK/m) applied to the label's error, over and over."""
    step, steps = 0.9 / SPECTRUM.eigenvalues.max(), 7
    left = np.linalg.matrix_power(np.eye(M) - step * KERNEL / M, steps)
    learned = np.eye(M) - left
    by_loop = (np.sum((left @ TARGET) ** 2) + NOISE * np.sum(learned**2)) / M
    assert descent_risk(*SPECTRUM, NOISE, M, step, steps) == pytest.approx(by_loop, rel=1e-12)
    many = descent_risk(*SPECTRUM, NOISE, M, 1e-5, 200_000)
    assert many == pytest.approx(float(risk(*SPECTRUM, NOISE, M, 2.0)), rel=1e-4)


def test_descent_at_its_ends():
    """No step leaves the signal; the largest step, 2/Λ, turns the error's sign and no more."""
    assert descent_risk([4.0, 0.0], [1.5, 2.0], 3.0, 6, 0.5, 0) == 3.5
    assert descent_risk([4.0, 0.0], [1.5, 2.0], 3.0, 6, 0.5, 3) == 3.5 + 0.5 * 2**2


def test_spectrum():
    """Of a kernel of rank 3; the signal adds up to the target's mean square."""
    found = spectrum(KERNEL, TARGET)
    assert np.count_nonzero(found.eigenvalues) == 3
    assert found.eigenvalues.sum() == pytest.approx(np.trace(KERNEL) / M, rel=1e-12)
    assert found.signal.sum() == pytest.approx(np.sum(TARGET**2) / M, rel=1e-12)
    values, directions = np.linalg.eigh(KERNEL)
    assert found.signal[-1] == pytest.approx(
        np.sum((directions[:, -1] @ TARGET) ** 2) / M, rel=1e-12
    )
    assert found.eigenvalues[-1] == pytest.approx(values[-1] / M, rel=1e-12)


def test_what_counts_as_rounding_grows_with_the_kernel():
    """Of two eigenvalues of K/m the small one, of either sign, is 0 beside 1e6; 1e-6 leaves it."""
    for large, small, counted in [(1e6, 1e-12, 0), (1e6, -1e-9, 0), (1e-6, 1e-12, 1e-12)]:
        found = spectrum(np.diag([2 * small, 2 * large]), np.ones(2)).eigenvalues
        np.testing.assert_allclose(found, [counted, large], rtol=1e-9)
    with pytest.raises(InvalidInput, match="has the eigenvalue -1e-08"):
        spectrum(np.diag([-2e-8, 2e6]), np.ones(2))


def test_the_limit_is_late():
    assert limit(*SPECTRUM, NOISE, M) == pytest.approx(
        float(risk(*SPECTRUM, NOISE, M, 1e4)), rel=1e-12
    )


def test_one_direction_stops_where_its_slope_vanishes():
    for time, value, held in zip(
        stopping_times(*SPECTRUM, NOISE, M), SPECTRUM.eigenvalues, SPECTRUM.signal, strict=True
    ):
        if value == 0:
            assert time == np.inf
            continue
        around = risk([value], [held], NOISE, M, [0.99 * time, time, 1.01 * time])
        assert around[1] < around[0] and around[1] < around[2]
        slope = np.diff(risk([value], [held], NOISE, M, [time - 1e-4, time + 1e-4]))[0] / 2e-4
        assert abs(slope) < 1e-6


@pytest.mark.parametrize("given", [MINE, TWO])
def test_best_stop_is_the_least_of_a_dense_grid(given: Given) -> None:
    """The second has directions whose own times are 10⁴ apart."""
    time, least = best_stop(*given)
    dense = risk(*given, np.geomspace(1e-3, 1e6, 200_001))
    assert least <= dense.min() * (1 + 1e-12)
    assert least == pytest.approx(dense.min(), rel=1e-8)
    assert float(risk(*given, time)) == pytest.approx(least, rel=1e-12)


@pytest.mark.parametrize("value", [0.1, 10.0])
@pytest.mark.parametrize("each", [0.1, 10.0])
@pytest.mark.parametrize("ratio", [0.01, 100.0])
def test_the_best_stop_of_one_direction_in_closed_form(
    value: float, each: float, ratio: float
) -> None:
    """τ = ln(1 + a m/c)/Λ, risk a (c/m)/(a + c/m): small and large signal, noise and eigenvalue."""
    held = ratio * each
    time, least = best_stop([value], [held], 7 * each, 7)
    assert time == pytest.approx(np.log1p(ratio) / value, rel=1e-6)  # risk is flat there
    assert least == pytest.approx(held / (1 + ratio), rel=1e-12)


@pytest.mark.parametrize("share", [0.51, 0.9])
def test_the_best_stop_may_be_near_its_lower_bound(share: float) -> None:
    """All signal in the steepest direction, a thousand others that only learn noise: its size is
    such that a chosen τ, above 1/(2 Λ_max), is stationary. The first lies within one step of where
    the grid starts; steps are wide, since a last direction is slower by 21 orders of magnitude.
    """
    values = np.concatenate([[10.0], np.ones(1000), [1e-20]])
    time = share / 10.0
    slope = values * np.exp(-values * time) * -np.expm1(-values * time)
    held = np.zeros(1002)
    held[0], held[-1] = slope.sum() * np.exp(2 * share) / 10.0, 1.0
    found = best_stop(values, held, 5.0, 5)
    assert found.time == pytest.approx(time, rel=1e-6)
    assert found.risk == pytest.approx(float(risk(values, held, 5.0, 5, time)), rel=1e-12)


def test_stops_at_the_ends():
    """No signal: at once. No noise: never."""
    assert best_stop([1.0, 0.0], [0.0, 2.0], 1.0, 3) == (0.0, 2.0)
    assert best_stop([1.0, 0.0], [3.0, 2.0], 0.0, 3) == (np.inf, 2.0)
    assert stopping_times([0.0, 2.0], [0.0, 0.0], 1.0, 3).tolist() == [0.0, 0.0]


@pytest.mark.parametrize(("alpha", "beta"), [(2.0, 2.0), (1.5, 3.0), (4.0, 3.0)])
def test_power_law_constants_are_integrals(alpha, beta):
    """∫ e^{−2u^{−α}} u^{−β} du and ∫ (1 − e^{−u^{−α}})² du, and the minimum by search."""

    def whole(f: Callable[[float], float]) -> float:
        return float(integrate.quad(f, 0, 1)[0] + integrate.quad(f, 1, np.inf, limit=200)[0])

    B, V = power_law_constants(alpha, beta)
    assert whole(lambda u: np.exp(-2 * max(u, 1e-9) ** -alpha) * max(u, 1e-9) ** -beta) == (
        pytest.approx(B, rel=1e-7)
    )
    assert whole(lambda u: np.expm1(-(max(u, 1e-9) ** -alpha)) ** 2) == pytest.approx(V, rel=1e-7)
    found = optimize.minimize_scalar(
        lambda s: B * np.exp(-s * (beta - 1) / alpha) + V / 1e5 * np.exp(s / alpha)
    )
    time, least = power_law_stop(alpha, beta, 1e5)
    assert time == pytest.approx(np.exp(found.x), rel=1e-5)
    assert least == pytest.approx(found.fun, rel=1e-10)


CALLS: list[tuple[Callable[..., Any], dict[str, Any]]] = [
    (spectrum, {"kernel": np.eye(2), "target": np.ones(2)}),
    (risk, {"eigenvalues": [1.0], "signal": [1.0], "noise": 1.0, "samples": 3, "time": [1.0]}),
    (
        descent_risk,
        {
            "eigenvalues": [1.0],
            "signal": [1.0],
            "noise": 1.0,
            "samples": 3,
            "step": 0.5,
            "steps": 2,
        },
    ),
    (limit, {"eigenvalues": [1.0], "signal": [1.0], "noise": 1.0, "samples": 3}),
    (stopping_times, {"eigenvalues": [1.0], "signal": [1.0], "noise": 1.0, "samples": 3}),
    (best_stop, {"eigenvalues": [1.0], "signal": [1.0], "noise": 1.0, "samples": 3}),
    (power_law_constants, {"alpha": 2.0, "beta": 2.0}),
    (power_law_stop, {"alpha": 2.0, "beta": 2.0, "per_noise": 100.0}),
]


@pytest.mark.parametrize(("function", "good"), CALLS, ids=lambda one: getattr(one, "__name__", ""))
def test_whatever_is_no_number_is_refused(function, good):
    """One argument spoiled, in each way in turn."""
    function(**good)
    for name, value in good.items():
        for how, bad in spoiled(value):
            with pytest.raises(InvalidInput):
                print(name, how, function(**good | {name: bad}))


def test_every_public_function_is_called():
    assert public(kernel_flow) - {one.__name__ for one, _ in CALLS} == {
        "Spectrum",
        "Stop",
    }


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (
            lambda: spectrum([[1.0, 2.0], [2.0, 1.0]], [1.0, 1.0]),
            "kernel: is not positive semidefinite: K/m has the eigenvalue -0.5",
        ),
        (
            lambda: spectrum(np.ones((1, 2, 2)), [1.0, 1.0]),
            "kernel: must have shape (m, m), but has (1, 2, 2)",
        ),
        (
            lambda: spectrum(np.eye(2), [1.0]),
            "target: must have shape (2,) or (2, d), but has (1,)",
        ),
        (
            lambda: risk([1.0, 2.0], [1.0], 1.0, 3, 1.0),
            "eigenvalues, signal: must be two lists of one length, but have shapes (2,) and (1,)",
        ),
        (
            lambda: risk([], [], 1.0, 3, 1.0),
            "eigenvalues, signal: must be two lists of one length, but have shapes (0,) and (0,)",
        ),
        (
            lambda: risk([[1.0]], [[1.0]], 1.0, 3, 1.0),
            "eigenvalues, signal: must be two lists of one length, "
            "but have shapes (1, 1) and (1, 1)",
        ),
        (
            lambda: risk([-1.0], [1.0], 1.0, 3, 1.0),
            "eigenvalues: must not be negative, but holds -1",
        ),
        (
            lambda: risk([1.0], [-1.0], 1.0, 3, 1.0),
            "signal: must not be negative, but holds -1",
        ),
        (lambda: risk([1.0], [1.0], 1.0, 0, 1.0), "samples: must be at least 1, but is 0"),
        (
            lambda: risk([1.0], [1.0], 1.0, 3, [-1.0]),
            "time: must not be negative, but holds -1",
        ),
        (
            lambda: descent_risk([4.0], [1.0], 1.0, 3, 0.6, 2),
            "step: must be at most 2/Λ = 0.5, or descent diverges: 0.6",
        ),
        (
            lambda: stopping_times([1.0], [1.0], 0.0, 3),
            "noise: must be positive, but is 0",
        ),
        (
            lambda: power_law_stop(1.0, 2.0, 10.0),
            "alpha, beta: must exceed 1, but are 1 and 2",
        ),
    ],
)
def test_refusals(call, sentence):
    with pytest.raises(InvalidInput) as refused:
        call()
    assert str(refused.value) == sentence
