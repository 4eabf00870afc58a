"""Bounds on risk: classes with P parameters, population risk, a score outside the class; what they
say of single data sets, and in closed cases.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy import linalg, optimize, stats

from bounds import risk_bounds
from bounds.check import Array, InvalidInput
from bounds.concentration import risk_bound
from bounds.process import simulate, weights


@pytest.mark.parametrize(("d", "joint", "one"), [(8, 0.77, 0.857), (64, 0.96, 0.982)])
def test_how_much_of_the_tail_is_met(d: int, joint: float, one: float) -> None:
    """White data, P = d², δ = 0.05: the quantile of χ²_P over both bounds, to the digits given."""
    found = stats.chi2.isf(0.05, d * d)
    assert round(found / risk_bounds.parametric_risk_bound(1.0, d * d, 0.05, 1), 2) == joint
    assert round(found / risk_bounds.one_time_risk_bound(1.0, d * d, 0.05, 1), 3) == one


def _drawn(rng: np.random.Generator) -> tuple[Array, Array]:
    """Features cos, sin, 1 of N(0, 1) data along 30 paths, and residuals; rows are (path, time)."""
    times = np.array([0.1, 0.4, 0.9])
    phi, u = [], []
    for part, gamma in zip(
        simulate(rng.standard_normal((30, 1)), times, rng), weights(times), strict=True
    ):
        x = part.x[:, 0]
        noise = -np.expm1(-2 * part.step.t)
        phi.append(np.sqrt(gamma) * np.column_stack([np.cos(x), np.sin(x), np.ones(30)]))
        u.append(np.sqrt(gamma) * (part.z[:, 0] / noise - x))
    return np.concatenate(phi), np.concatenate(u)


@pytest.mark.parametrize("scale", [0.1, 10.0])
def test_ridge_on_every_data_set(scale: float) -> None:
    """√(m risk) ≤ √(Wᵀ (G + G_0)^{-1} W) + |θ* − θ_0|_{G_0}, ridge solved as one least squares
    problem with the penalty for rows; without the second term it fails.
    """
    rng, fails = np.random.default_rng(5), 0
    prior = scale * np.array([[2.0, 0.5, 0.0], [0.5, 1.0, 0.2], [0.0, 0.2, 3.0]])
    for _ in range(50):
        phi, u = _drawn(rng)
        true, start = rng.standard_normal(3), rng.standard_normal(3)
        # The loss is |φθ − φθ* + U|², for s = f_0 + φθ*.
        rows = np.vstack([phi, np.linalg.cholesky(prior).T])
        aim = np.concatenate([phi @ true - u, np.linalg.cholesky(prior).T @ start])
        fitted = np.linalg.lstsq(rows, aim, rcond=None)[0]
        gram, w = phi.T @ phi, phi.T @ u
        risk = np.linalg.norm(phi @ (fitted - true))
        noise = np.sqrt(w @ np.linalg.solve(gram + prior, w))
        distance = float(np.sqrt((true - start) @ prior @ (true - start)))
        assert risk <= noise + distance + 1e-12
        fails += int(risk > noise)
        # The bound is this with the bracket for the form.
        bound = float(risk_bounds.ridge_risk_bound(0.7, gram, prior, distance, 0.1, 30))
        bracket = float(risk_bounds.self_normalised_bound(0.7, gram, prior, 0.1))
        assert bound == pytest.approx((np.sqrt(bracket) + distance) ** 2 / 30, rel=1e-12)
    assert fails > 5


def test_outside_the_class_with_factor_one() -> None:
    """‖f̂ − s‖² = min ‖f − s‖² + Wᵀ G^{-1} W exactly, s = f + sin 3x; twice the minimum is wrong."""
    rng = np.random.default_rng(7)
    for _ in range(20):
        phi, u = _drawn(rng)
        off = np.sin(3 * np.arange(len(u)))  # s, as the class has f_0 = 0
        fitted = phi @ np.linalg.lstsq(phi, off - u, rcond=None)[0]
        least = np.sum((phi @ np.linalg.lstsq(phi, off, rcond=None)[0] - off) ** 2)
        w = phi.T @ u
        form = w @ np.linalg.solve(phi.T @ phi, w)
        assert np.sum((fitted - off) ** 2) == pytest.approx(least + form, rel=1e-10)
        assert np.sum((fitted - off) ** 2) < 2 * least


def test_the_averaged_supermartingale() -> None:
    """E det(I + G_0^{-1} G)^{-1/2} exp(Wᵀ (G + G_0)^{-1} W/(2κ)) is 1 for white data at one time,
    where κ is met, to 2 %; with κ/2 it is larger.
    """
    rng, t = np.random.default_rng(11), 0.4
    x0 = rng.standard_normal((30_000 * 4, 1))
    (part,) = simulate(x0, [t], rng)
    noise, kappa = -np.expm1(-2 * t), t * np.exp(-2 * t) / -np.expm1(-2 * t)
    phi = np.column_stack([np.cos(part.x), np.sin(2 * part.x)]).reshape(-1, 4, 2)
    u = (part.z / noise - part.x).reshape(-1, 4, 1)
    gram, w = t * phi.swapaxes(1, 2) @ phi, t * phi.swapaxes(1, 2) @ u
    prior = np.diag([3.0, 2.0])
    form = np.sum(w * np.linalg.solve(gram + prior, w), axis=(1, 2))
    log_det = risk_bounds.log_determinant(gram, prior)
    assert_allclose(log_det, np.linalg.slogdet(np.eye(2) + gram / np.diag(prior)[:, None])[1])
    for used, low, high in ((kappa, 0.98, 1.02), (0.5 * kappa, 1.05, 9.0)):
        values = np.exp(form / (2 * used) - log_det / 2)
        assert low < values.mean() < high


@pytest.mark.parametrize("eta", [0.0, 0.3])
def test_the_best_prior(eta: float) -> None:
    """(√(qP) + √(2L))² is the least of (1 + c/(1 − η)) (P (1 + η)/c + 2L) over G_0 = c m Γ."""
    size, level, kappa, m = 12, -np.log(0.02), 0.7, 80

    def bound(y: float) -> float:
        c = float(np.exp(y))
        return float(kappa * (1 + c / (1 - eta)) * (size * (1 + eta) / c + 2 * level) / m)

    found = risk_bounds.parametric_risk_bound(kappa, size, 0.02, m, eta)
    assert found == pytest.approx(optimize.minimize_scalar(bound).fun, rel=1e-9)
    assert risk_bounds.one_time_risk_bound(kappa, size, 0.02, m) < found


def test_the_mean_of_ridge() -> None:
    """Without a distance κP log(1 + 1/η)/m, without noise η |θ*|², and the square of the roots'
    sum.
    """
    assert risk_bounds.mean_ridge_risk_bound(0.5, 6, 0.2, 0.0, 30) == pytest.approx(
        0.5 * 6 * np.log(6) / 30
    )
    assert risk_bounds.mean_ridge_risk_bound(1e-30, 6, 0.2, 3.0, 30) == pytest.approx(1.8)
    both = risk_bounds.mean_ridge_risk_bound(0.5, 6, 0.2, 3.0, 30)
    assert np.sqrt(both) == pytest.approx(np.sqrt(0.1 * np.log(6)) + np.sqrt(1.8))


def test_the_choice() -> None:
    """For constants, E e^{−cY} = e^{−cR}, it falls to e^{−mR/(8κ)} as c grows."""
    assert risk_bounds.choice_bound(0.5, 20, 1.0, 0.0) == 1.0
    values = [risk_bounds.choice_bound(0.5, 20, c, -0.3 * c) for c in (0.1, 1.0, 1e9)]
    assert values == pytest.approx(
        [np.exp(-20 * 0.3 * c / (1 + 4 * c)) for c in (0.1, 1.0)] + [np.exp(-20 * 0.3 / 4)]
    )


def test_the_best_slack() -> None:
    """(√r + √(8κL))² is the least of (1 + η) r + 8κ(1 + 1/η)L over η."""
    least = optimize.minimize_scalar(
        lambda y: risk_bounds.misspecified_bound(0.8, 2.0, 0.1, 50, 0.3, float(np.exp(y)))
    )
    best = risk_bounds.misspecified_bound(0.8, 2.0, 0.1, 50, 0.3)
    assert best == pytest.approx(least.fun, rel=1e-9)
    assert best > 0.3 + risk_bound(0.8, 2.0, 0.1, 50)


def test_the_bound_solves_its_equation() -> None:
    """(1 − 8κL/R)² = 2θL at the bound R, and no c > 0 does better in cR − θ(cR)²/2 ≥ L(1 + 8κc)."""
    size, m, kappa, theta = 6.0, 300, 0.9, 4.0
    level = size / m
    found = risk_bounds.population_bound(kappa, size - 1, np.exp(-1), m, theta)
    assert (1 - 8 * kappa * level / found) ** 2 == pytest.approx(2 * theta * level, rel=1e-12)
    u = np.geomspace(1e-3, 1, 20_001)
    for factor, reached in ((1.001, True), (0.999, False)):
        gain = u - theta * u**2 / 2 - level * (1 + 8 * kappa * u / (factor * found))
        assert (gain.max() >= 0) == reached


def test_the_least_number_of_paths_is_enough() -> None:
    assert risk_bounds.population_bound(1.0, 3.0, 0.05, 36, 3.0) > 0


def test_the_bracket() -> None:
    """κ [log det(I + G_0^{-1} G) + 2 log(1/δ)] by eigenvalues of the pencil, for two matrices at
    once.
    """
    rng = np.random.default_rng(3)
    root = rng.standard_normal((2, 5, 3))
    gram, prior = root.swapaxes(1, 2) @ root, np.diag([0.5, 2.0, 1.0])
    found = risk_bounds.self_normalised_bound(0.7, gram, prior, 0.02)
    wanted = [
        0.7 * (np.log1p(linalg.eigh(one, prior, eigvals_only=True)).sum() + 2 * np.log(50))
        for one in gram
    ]
    assert_allclose(found, wanted, rtol=1e-12)


def test_the_edges_of_theta() -> None:
    """θ = 1 is a Y that is not random: 8κL/(1 − √(2L)); where 2θL = 1 there is no bound."""
    level = float(np.log(20))
    found = risk_bounds.population_bound(0.6, 0.0, 0.05, 50, 1.0)
    assert found == pytest.approx(4.8 * level / 50 / (1 - np.sqrt(2 * level / 50)))
    with pytest.raises(InvalidInput, match="m: must be at least 5 for"):
        risk_bounds.population_bound(0.6, 2.0 - np.log(2.0), 0.5, 4, 1.0)
    assert (risk_bounds.THETA_GAUSSIAN, risk_bounds.THETA_LOG_CONCAVE) == (3, 6)


SKEW = np.array([[1.0, 0.5], [0.0, 1.0]])
GOOD: dict[Callable[..., Any], dict[str, Any]] = {
    risk_bounds.self_normalised_bound: {
        "kappa": 2.0,
        "gram": np.eye(2),
        "prior": np.eye(2),
        "delta": 0.1,
    },
    risk_bounds.ridge_risk_bound: {
        "kappa": 2.0,
        "gram": np.eye(2),
        "prior": np.eye(2),
        "distance": 1.0,
        "delta": 0.1,
        "m": 10,
    },
    risk_bounds.parametric_risk_bound: {
        "kappa": 2.0,
        "parameters": 3,
        "delta": 0.1,
        "m": 10,
        "eta": 0.5,
    },
    risk_bounds.one_time_risk_bound: {"kappa": 2.0, "parameters": 3, "delta": 0.1, "m": 10},
    risk_bounds.mean_ridge_risk_bound: {
        "kappa": 2.0,
        "parameters": 3,
        "eta": 0.5,
        "distance": 1.0,
        "m": 10,
    },
    risk_bounds.choice_bound: {"kappa": 2.0, "m": 10, "c": 1.0, "log_laplace": -1.0},
    risk_bounds.population_bound: {
        "kappa": 2.0,
        "log_cardinality": 3.0,
        "delta": 0.1,
        "m": 100,
        "theta": 3.0,
    },
    risk_bounds.misspecified_bound: {
        "kappa": 2.0,
        "log_cardinality": 3.0,
        "delta": 0.1,
        "m": 10,
        "best": 1.0,
        "eta": 0.5,
    },
}


@pytest.mark.parametrize("function", GOOD, ids=lambda function: function.__name__)
def test_each_argument_is_refused_by_its_name(function: Callable[..., Any]) -> None:
    """NaN, in each of them by itself."""
    for key, value in GOOD[function].items():
        bad = np.full_like(value, np.nan) if isinstance(value, np.ndarray) else np.nan
        with pytest.raises(InvalidInput) as told:
            function(**{**GOOD[function], key: bad})
        assert told.value.key == key


@pytest.mark.parametrize(
    ("call", "told"),
    [
        (lambda: risk_bounds.parametric_risk_bound(1.0, 4, 0.05, 10, 1.0), "eta: must be below 1"),
        (lambda: risk_bounds.parametric_risk_bound(1.0, 0, 0.05, 10), "parameters: must be at"),
        (lambda: risk_bounds.one_time_risk_bound(1.0, 4, 1.0, 10), "delta: must lie between"),
        (lambda: risk_bounds.one_time_risk_bound(0.0, 4, 0.1, 10), "kappa: must be positive"),
        (lambda: risk_bounds.log_determinant(np.eye(2), -np.eye(2)), "prior: must be positive def"),
        (lambda: risk_bounds.log_determinant(-2 * np.eye(2), np.eye(2)), "gram: must be positive"),
        (lambda: risk_bounds.log_determinant(SKEW, np.eye(2)), "gram: must be symmetric"),
        (lambda: risk_bounds.log_determinant(np.eye(2), SKEW), "prior: must be symmetric"),
        (lambda: risk_bounds.log_determinant(np.eye(3), np.eye(2)), "gram: must have shape"),
        (lambda: risk_bounds.log_determinant(np.eye(2), np.ones((2, 2, 2))), "prior: must be one"),
        (lambda: risk_bounds.mean_ridge_risk_bound(1.0, 2, 0.0, 1.0, 9), "eta: must be positive"),
        (lambda: risk_bounds.population_bound(1.0, 3.0, 0.05, 35, 3.0), "m: must be at least 36"),
        (
            lambda: risk_bounds.population_bound(1.0, 3.0, 0.05, 99, 0.9),
            "theta: must be at least 1",
        ),
        (lambda: risk_bounds.choice_bound(1.0, 9, 1.0, 0.1), "log_laplace: must not be above 0"),
        (lambda: risk_bounds.choice_bound(1.0, 9, 0.0, -0.1), "c: must be positive"),
        (lambda: risk_bounds.misspecified_bound(1.0, 0.0, 0.1, 9, -1.0), "best: must not be neg"),
        (lambda: risk_bounds.misspecified_bound(1.0, 0.0, 0.1, 9, 1.0, 0.0), "eta: must be pos"),
    ],
)
def test_refusals(call: Any, told: str) -> None:
    with pytest.raises(InvalidInput, match=told):
        call()


def test_population_bound_next_to_its_border() -> None:
    """m just above 2θ log(|H|/δ): 1 − √(1 − ε) is ε/2 there and does not vanish by rounding; from
    the border on it is refused.
    """
    m, theta, border = 10**6, 3.0, 10**6 / 6 - np.log(20)
    for gap in (1e-3, 1e-6):
        found = risk_bounds.population_bound(1.0, border - gap, 0.05, m, theta)
        log_over_delta = m / 6 - gap
        wanted = 8 * log_over_delta / m / (3 * gap / m)  # ε = 6 gap/m, and half of it
        assert found == pytest.approx(wanted, rel=1e-3)
    for gap in (0.0, -1e-6):
        with pytest.raises(InvalidInput, match="m: must be at least"):
            risk_bounds.population_bound(1.0, border - gap + 1e-9, 0.05, m, theta)
