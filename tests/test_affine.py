"""Affine flows: against closed forms, the matrix exponential and quadrature of the weights."""

from collections.abc import Callable

import numpy as np
import pytest
from scipy import integrate, linalg

from bounds.affine import Affine, Quadratic, blow_up, moments
from bounds.check import InvalidInput
from bounds.divergence import Normal

ONE = Normal(np.array([0.7]), np.array([[1.3]]))
F = np.array([[-0.3, 1.0], [-0.6, 0.2]])
Q = np.array([[0.5, 0.1], [0.1, 0.3]])
f = np.array([0.4, -1.0])
TWO = Normal(np.array([1.0, -0.5]), np.array([[1.0, 0.3], [0.3, 0.6]]))


def test_constant_coefficients_by_van_loan() -> None:
    """Mean and covariance by one matrix exponential each (Van Loan's block form)."""
    s = 1.7
    block = linalg.expm(s * np.block([[-F, Q], [np.zeros((2, 2)), F.T]]))
    move = block[2:, 2:].T
    spread = move @ block[:2, 2:]
    mean = linalg.expm(s * np.block([[F, f[:, None]], [np.zeros((1, 3))]])) @ [*TWO.mean, 1.0]
    for times in ([0.0, s], [5.0, 5.0 - s], [0.0, 0.4, 1.1, s]):
        first, *_, last = moments(Affine(F, Q, f), TWO, times)
        np.testing.assert_allclose(
            last.law.covariance, move @ TWO.covariance @ move.T + spread, atol=1e-11
        )
        np.testing.assert_allclose(last.law.mean, mean[:2], atol=1e-11)
        assert last.log_mass == 0
        assert (first.law, first.log_mass) == (TWO, 0.0)


def test_down_in_time_the_reverse_process_returns_the_data() -> None:
    """dY = (Y + 2 s) ds + √2 dW from p_2 down to t = 0: coefficients are taken at t, not at s."""
    data = np.diag([1.5, 0.3])

    def marginal(t: float) -> np.ndarray:
        return np.asarray(np.exp(-2 * t) * data + (1 - np.exp(-2 * t)) * np.eye(2))

    flow = Affine(lambda t: np.eye(2) - 2 * np.linalg.inv(marginal(t)), noise=2.0)
    middle, end = moments(flow, Normal(np.zeros(2), marginal(2.0)), [2.0, 0.5, 0.0])[1:]
    np.testing.assert_allclose(middle.law.covariance, marginal(0.5), atol=1e-11)
    np.testing.assert_allclose(end.law.covariance, data, atol=1e-11)


def test_weights_without_a_flow_are_bayes_rule() -> None:
    """X stands still: the weight e^{n U s} tilts N(m, P); mass, mean and variance by quadrature."""
    U2, u1, u0, s, n = -0.8, 0.5, -0.2, 1.4, 1.5

    def tilted(x: float, power: int) -> float:
        exponent = n * s * (U2 * x**2 / 2 + u1 * x + u0) - (x - 0.7) ** 2 / 2.6
        return float(x**power * np.exp(exponent) / np.sqrt(2 * np.pi * 1.3))

    mass, first, second = (
        integrate.quad(tilted, -12, 12, args=(k,), epsabs=1e-13)[0] for k in range(3)
    )
    (_, end) = moments(Affine(0.0), ONE, [0.0, s], Quadratic(U2, u1, u0), n)
    assert end.log_mass == pytest.approx(np.log(mass), rel=1e-10)
    assert end.law.mean[0] == pytest.approx(first / mass, rel=1e-10)
    assert end.law.covariance[0, 0] == pytest.approx(second / mass - (first / mass) ** 2, rel=1e-10)
    (_, plain) = moments(Affine(0.0), ONE, [0.0, s], Quadratic(U2, u1, u0), 0.0)
    assert (plain.law.mean[0], plain.log_mass) == (0.7, 0.0)


def test_coefficients_are_taken_at_their_time() -> None:
    """Where nothing else moves, only their integral counts: 2t c over (0, 1) is c all the while."""

    def growing(c: float) -> Callable[[float], float]:
        return lambda t: 2 * t * c

    moved = (0.0, growing(0.7), growing(0.4))
    pulled = (growing(-0.8), growing(0.5), growing(-0.2))
    for flow, grown, reaction, late in (
        (Affine(0.0, 0.7, 0.4), Affine(*moved), None, None),
        (Affine(0.0), Affine(0.0), Quadratic(-0.8, 0.5, -0.2), Quadratic(*pulled)),
    ):
        (_, still) = moments(flow, ONE, [0.0, 1.0], reaction)
        (_, end) = moments(grown, ONE, [0.0, 1.0], late)
        assert end.log_mass == pytest.approx(still.log_mass, rel=1e-10)
        np.testing.assert_allclose(end.law.mean, still.law.mean, rtol=1e-10)
        np.testing.assert_allclose(end.law.covariance, still.law.covariance, rtol=1e-10)


def test_weights_move_the_mean_beside_the_drift() -> None:
    """exp(u ∫X) on an Ornstein-Uhlenbeck path keeps the variance P and adds u ∫ e^{−(t−s)} P(s) ds
    to the mean.
    """
    t, u, v = 1.2, 0.6, 1.3
    (_, end) = moments(Affine(-1.0, 2.0), ONE, [0.0, t], Quadratic(slope=u))
    gone = 1 - np.exp(-t)
    moved = 0.7 * np.exp(-t) + u * (gone + (v - 1) * np.exp(-t) * gone)
    assert end.law.mean[0] == pytest.approx(moved, rel=1e-10)
    assert end.law.covariance[0, 0] == pytest.approx(1 + (v - 1) * np.exp(-2 * t), rel=1e-10)


def test_what_grows_without_weights_is_finite() -> None:
    (_, end) = moments(Affine(20.0), ONE, [0.0, 1.0])
    assert end.law.covariance[0, 0] == pytest.approx(1.3 * np.exp(40), rel=1e-9)


def test_a_wide_start_blows_up_at_its_own_time() -> None:
    """P' = P² from 10⁴: at 10⁻⁴, in whatever units."""
    start = Normal(np.zeros(1), np.array([[1e4]]))
    assert blow_up(Affine(0.0), start, [0.0, 1.0], Quadratic(1.0)) == pytest.approx(1e-4, rel=1e-9)


def test_weighted_brownian_motion_in_the_plane() -> None:
    """E exp(½ ∫XᵀU₂X + ∫u₁·X) for X = x + W, by a Gaussian of all steps of a fine grid (midpoints
    in s, error 1/K²), extrapolated: no moment equation in it.
    """
    U2, u1 = np.array([[-0.7, 0.2], [0.2, -0.1]]), np.array([0.3, -0.4])

    def gridded(K: int) -> tuple[float, np.ndarray]:
        h = 1.0 / K
        mid = (np.arange(K) + 0.5) * h
        every = np.append(mid, 1.0)
        cov = np.kron(np.minimum.outer(every, every), np.eye(2)) + np.kron(
            np.ones((K + 1, K + 1)), TWO.covariance
        )
        mean = np.tile(TWO.mean, K + 1)
        U = np.zeros((2 * K + 2, 2 * K + 2))
        U[: 2 * K, : 2 * K] = np.kron(np.eye(K), U2 * h)
        u = np.concatenate([np.tile(u1 * h, K), np.zeros(2)])
        tilted = np.linalg.solve(np.eye(len(U)) - cov @ U, cov)
        shift = np.linalg.solve(np.eye(len(U)) - cov @ U, mean + cov @ u)
        log = -np.linalg.slogdet(np.eye(len(U)) - cov @ U)[1] / 2
        precise = np.linalg.solve(cov, np.stack([mean, shift], axis=1))
        log += float(shift @ np.linalg.solve(tilted, shift) - mean @ precise[:, 0]) / 2
        return log, np.concatenate([shift[-2:], tilted[-2:, -2:].ravel()])

    (a, x), (b, y) = gridded(40), gridded(80)
    (_, end) = moments(Affine(0.0, noise=1.0), TWO, [0.0, 1.0], Quadratic(U2, u1))
    assert end.log_mass == pytest.approx((4 * b - a) / 3, abs=1e-6)
    found = np.concatenate([end.law.mean, end.law.covariance.ravel()])
    np.testing.assert_allclose(found, (4 * y - x) / 3, atol=1e-6)


def test_brownian_motion_blows_up_where_cosine_is_zero() -> None:
    """E exp(n ½ ∫W²) is infinite from s = π/(2√n) on: P' = 1 + n P², P = tan(√n s)/√n. Before it
    the mass is 1/√cos.
    """
    start = Normal(np.zeros(1), np.zeros((1, 1)))
    flow, reaction = Affine(0.0, noise=1.0), Quadratic(1.0)
    for n in (1.0, 4.0):
        end = blow_up(flow, start, [0.0, 3.0], reaction, n)
        assert end == pytest.approx(np.pi / 2 / np.sqrt(n), rel=1e-9)
        down = blow_up(flow, start, [10.0, 7.0], reaction, n)
        assert down == pytest.approx(10 - np.pi / 2 / np.sqrt(n), rel=1e-9)
    assert blow_up(flow, start, [0.0, 1.5], reaction) is None
    (_, before) = moments(flow, start, [0.0, 1.5], reaction)
    assert before.log_mass == pytest.approx(-np.log(np.cos(1.5)) / 2, rel=1e-9)
    assert before.law.covariance[0, 0] == pytest.approx(np.tan(1.5), rel=1e-9)
    with pytest.raises(InvalidInput) as refused:
        moments(flow, start, [0.0, 3.0], reaction)
    assert (
        str(refused.value)
        == "power: the moment of order 1 of the weights is infinite from t = 1.5708"
    )


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (
            lambda: moments(Affine(0.0), ONE, [1.0]),
            "times: must be at least two, increasing or decreasing",
        ),
        (
            lambda: moments(Affine(0.0), ONE, [1.0, 2.0, 1.5]),
            "times: must be at least two, increasing or decreasing",
        ),
        (
            lambda: moments(Affine(0.0), ONE, [1.0, 1.5, 1.2]),
            "times: must be at least two, increasing or decreasing",
        ),
        (
            lambda: moments(Affine(0.0), ONE, [1.0, 1.0]),
            "times: must be at least two, increasing or decreasing",
        ),
        (
            lambda: moments(Affine(0.0), ONE, np.array([[0.0, 1.0], [1.0, 2.0]]).tolist()),
            "times: must be at least two, increasing or decreasing",
        ),
        (
            lambda: moments(Affine(0.0, np.eye(2)), ONE, [0.0, 1.0]),
            "noise: must have shape (1, 1), but has (2, 2)",
        ),
        (
            lambda: blow_up(Affine(0.0), ONE, [0.0, 1.0], Quadratic(np.eye(2))),
            "hessian: must have shape (1, 1), but has (2, 2)",
        ),
        (
            lambda: blow_up(Affine(0.0), ONE, [0.0, 1.0], Quadratic(slope=np.zeros(2))),
            "slope: must have shape (1,), but has (2,)",
        ),
        (
            lambda: moments(Affine(0.0), Normal(np.zeros((3, 1)), np.eye(1)), [0.0, 1.0]),
            "start: must be one law, not a batch",
        ),
        (
            lambda: moments(Affine(np.eye(2)), ONE, [0.0, 1.0]),
            "drift: must have shape (1, 1), but has (2, 2)",
        ),
        (
            lambda: moments(Affine(lambda t: np.nan), ONE, [0.0, 1.0]),
            "drift: holds NaN or an infinity",
        ),
        (
            lambda: moments(Affine(0.0, shift=np.zeros(3)), ONE, [0.0, 1.0]),
            "shift: must have shape (1,), but has (3,)",
        ),
        (
            lambda: blow_up(Affine(0.0), ONE, [0.0, 1.0], Quadratic(), -1.0),
            "power: must not be negative, but is -1",
        ),
        (
            lambda: moments(Affine(0.0), ONE, [0.0, 1.0], Quadratic(constant=np.zeros(2))),
            "constant: must have shape (), but has (2,)",
        ),
    ],
)
def test_bad_input_is_one_sentence(call, sentence):
    with pytest.raises(InvalidInput) as refused:
        call()
    assert str(refused.value) == sentence


def test_a_flow_that_leaves_float64_is_told() -> None:
    """e^{60} on 1e300."""
    large = Normal(np.zeros(1), np.array([[1e300]]))
    with pytest.raises(InvalidInput, match="drift: carries the law out of float64 near t ="):
        moments(Affine(30.0), large, [0.0, 1.0])
