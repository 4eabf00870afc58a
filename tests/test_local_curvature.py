"""Both losses and their linear fits, by plain loops and a minimiser; refusals."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from scipy.optimize import minimize

from bounds import local_curvature
from bounds.check import Array, InvalidInput
from bounds.local_curvature import (
    antithetic_fit,
    antithetic_trace,
    exact_trace_fit,
    has_minimum,
    stein_trace,
    variant_a,
    variant_a_fit,
    variant_b,
    variant_b_fit,
)
from tests.test_inputs import public, spoiled

RNG = np.random.default_rng(0)
X, Z, SIGMA = RNG.standard_normal((6, 2)), RNG.standard_normal((3, 6, 2)), 0.7


def score(x: Array) -> Array:
    """Not linear, no gradient."""
    return np.stack([np.sin(x[..., 1]) - x[..., 0], x[..., 0] * x[..., 1]], axis=-1)


def test_losses_by_loops():
    """Each point and each noise by itself."""
    for k, i in np.ndindex(3, 6):
        x, z = X[i], Z[k, i]
        there, here, mirror = score(x + SIGMA * z), score(x), score(x - SIGMA * z)
        trace = sum(z[j] * there[j] for j in range(2)) / SIGMA
        both = sum(z[j] * (there[j] - mirror[j]) for j in range(2)) / (2 * SIGMA)
        for found, expected in (
            (stein_trace, trace),
            (antithetic_trace, both),
            (variant_a, trace + (there[0] ** 2 + there[1] ** 2) / 2),
            (variant_b, trace + (here[0] ** 2 + here[1] ** 2) / 2),
        ):
            assert found(score, X, Z, SIGMA)[k, i] == pytest.approx(expected, rel=1e-12)


def test_the_trace_has_no_bias():
    """Stein's identity: the mean of z·s(x')/σ is the divergence at x'. Of this score it is
    x_1 − 1. Eight standard errors.
    """
    x = np.broadcast_to([0.4, -0.3], (100_000, 2))
    z = np.random.default_rng(1).standard_normal(x.shape)
    divergence = np.mean((x + SIGMA * z)[:, 0]) - 1
    for trace in (stein_trace, antithetic_trace):
        found = trace(score, x, z, SIGMA)
        assert abs(found.mean() - divergence) < 8 * found.std() / x.shape[0] ** 0.5


def smallest(loss: Callable[[Any], Array]) -> Array:
    """The matrix at which the mean of a loss is least, by BFGS."""

    def mean(entries: Array) -> float:
        return float(np.mean(loss(lambda x: x @ entries.reshape(2, 2).T)))

    found = minimize(mean, np.zeros(4), method="BFGS", options={"gtol": 1e-9})
    return np.asarray(found.x.reshape(2, 2))


@pytest.mark.parametrize(
    ("fit", "loss"),
    [
        (lambda: variant_a_fit(X, Z, SIGMA), lambda s: variant_a(s, X, Z, SIGMA)),
        (lambda: variant_b_fit(X, Z, SIGMA), lambda s: variant_b(s, X, Z, SIGMA)),
        (
            lambda: antithetic_fit(X, Z, SIGMA),
            lambda s: antithetic_trace(s, X, Z, SIGMA) + np.sum(s(X) ** 2, axis=-1) / 2,
        ),
        (
            lambda: exact_trace_fit(X),
            lambda s: np.trace(s(np.eye(2))) + np.sum(s(X) ** 2, axis=-1) / 2,
        ),
    ],
    ids=["A", "B", "both signs", "exact trace"],
)
def test_fits_are_least(fit, loss):
    np.testing.assert_allclose(fit(), smallest(loss), atol=1e-5)


def test_fits_of_many_sets():
    """Each of several sets as if by itself."""
    x, z = RNG.standard_normal((4, 6, 2)), RNG.standard_normal((3, 4, 6, 2))
    for fit in (variant_a_fit, variant_b_fit, antithetic_fit):
        together = fit(x, z, SIGMA)
        assert together.shape == (4, 2, 2)
        np.testing.assert_allclose(together[2], fit(x[2], z[:, 2], SIGMA), rtol=1e-12)
    np.testing.assert_allclose(exact_trace_fit(x)[1], exact_trace_fit(x[1]), rtol=1e-12)
    losses = variant_b(score, x, z, SIGMA)
    np.testing.assert_allclose(losses[:, 2], variant_b(score, x[2], z[:, 2], SIGMA), rtol=1e-12)


def test_as_many_rows_as_directions_are_enough():
    """Then the fit is the exact inverse."""
    x, z = X[:2], Z[:1, :2]
    np.testing.assert_allclose(exact_trace_fit(x), -2 * np.linalg.inv(x.T @ x), rtol=1e-9)
    wanted = -(z[0].T @ z[0]) @ np.linalg.inv(x.T @ x)
    np.testing.assert_allclose(antithetic_fit(x, z, SIGMA), wanted, rtol=1e-9)


def test_where_there_is_a_minimum():
    """σ² below every variance: ∫ (p * N_σ)'²/p over growing ranges settles, or does not."""

    def grown(v: float, sigma: float) -> float:
        x = np.linspace(0, 30, 30_001)
        wide = v + sigma**2
        inside = np.exp(-(x**2) * (1 / wide - 1 / (2 * v))) * x**2
        return float(inside.sum() / inside[: x.size // 2].sum())

    for v, sigma in ((1.0, 0.9), (1.0, 1.0), (0.5, 0.6), (0.5, 0.8), (0.55, 0.8)):
        assert has_minimum([2.0, v], sigma) == (grown(v, sigma) < 1.01)


ROWS: dict[str, Any] = {"x": X, "z": Z, "sigma": SIGMA}
CALLS: list[tuple[Callable[..., Any], dict[str, Any]]] = [
    *((f, {"score": score, **ROWS}) for f in (stein_trace, antithetic_trace)),
    *((f, {"score": score, **ROWS}) for f in (variant_a, variant_b)),
    *((f, ROWS) for f in (variant_a_fit, variant_b_fit, antithetic_fit)),
    (exact_trace_fit, {"x": X}),
    (has_minimum, {"variances": [1.0, 2.0], "sigma": SIGMA}),
]


@pytest.mark.parametrize(("function", "good"), CALLS, ids=lambda one: getattr(one, "__name__", ""))
def test_whatever_is_no_number_is_refused(function, good):
    """One argument spoiled, in each way in turn."""
    function(**good)
    for name, value in good.items():
        if callable(value):
            continue
        for how, bad in spoiled(value):
            with pytest.raises(InvalidInput):
                print(name, how, function(**good | {name: bad}))


def test_every_public_function_is_called():
    assert public(local_curvature) == {one.__name__ for one, _ in CALLS}


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (
            lambda: variant_b(score, X, Z[:, :5], SIGMA),
            "z: must have the shape of x, (…, d), but has (3, 5, 2) for (6, 2)",
        ),
        (lambda: variant_b(score, X, Z, 0.0), "sigma: must be positive, but is 0"),
        (
            lambda: variant_a(lambda x: x[..., :1], X, Z, SIGMA),
            "score: must return the shape of its points (3, 6, 2), but has (3, 6, 1)",
        ),
        (
            lambda: stein_trace(lambda x: np.nan * x, X, Z, SIGMA),
            "score: holds NaN or an infinity",
        ),
        (
            lambda: variant_a_fit(X, Z[0], SIGMA),
            "z: must have shape (K, …, m, d) for x of (…, m, d), but has (6, 2)",
        ),
        (
            lambda: variant_b_fit(X[:1], Z[:, :1], SIGMA),
            "x: must hold at least d rows, but has shape (1, 2)",
        ),
        (
            lambda: exact_trace_fit(X[:1]),
            "x: must have shape (…, m, d), m ≥ d ≥ 1, but has (1, 2)",
        ),
        (
            lambda: variant_b_fit(np.ones((3, 1, 2)), np.ones((1, 3, 1, 2)), SIGMA),
            "x: must hold at least d rows, but has shape (3, 1, 2)",
        ),
        (
            lambda: exact_trace_fit(np.ones((3, 1, 2))),
            "x: must have shape (…, m, d), m ≥ d ≥ 1, but has (3, 1, 2)",
        ),
        (
            lambda: exact_trace_fit(np.ones((4, 3, 0))),
            "x: must have shape (…, m, d), m ≥ d ≥ 1, but has (4, 3, 0)",
        ),
        (
            lambda: exact_trace_fit(np.ones((3, 2))),
            "x: spans fewer than d directions: a linear score needs all",
        ),
        (lambda: has_minimum([], 1.0), "variances: must hold at least one"),
        (
            lambda: has_minimum([-1.0], 1.0),
            "variances: must not be negative, but holds -1",
        ),
    ],
)
def test_refusals(call, sentence):
    with pytest.raises(InvalidInput) as refused:
        call()
    assert str(refused.value) == sentence
