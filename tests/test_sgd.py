"""Stochastic gradient descent: second moments against brute force, Kronecker products and runs."""

import itertools
import re

import numpy as np
import pytest

from bounds import sgd
from bounds.check import InvalidInput
from bounds.gaussian import Gaussian
from bounds.process import Step
from bounds.sgd import Descent, chain, descend, mixed_noise
from bounds.stam import known_weight

V = np.array([0.7, 1.0, 1.6])
C = np.array([0.5, 0.2, 1.1])


def full_step(descent, s, noise):
    """E δδᵀ of one row after a step, whole matrix, with E XXᵀSXXᵀ summed from fourth moments."""
    d, eta, b = V.size, descent.step_size, descent.batch
    fourth = np.zeros((d, d, d, d))
    for i, j, k, m in np.ndindex(d, d, d, d):  # E x_i x_j x_k x_m
        pairs = (i == j and k == m, i == k and j == m, i == m and j == k)
        values = (V[i] * V[k], V[i] * V[j], V[i] * V[j])
        fourth[i, j, k, m] = sum(v for is_pair, v in zip(pairs, values, strict=True) if is_pair)
    v = np.diag(V)
    twice = np.einsum("ijkm,jk->im", fourth, s) / b + (1 - 1 / b) * v @ s @ v
    return s - eta * (v @ s + s @ v) + eta**2 * (twice + noise / b * v)


@pytest.mark.parametrize("batch", [1, 3])
def test_a_step_is_the_whole_matrix_recursion(batch):
    """From a matrix that is not diagonal: what lies beside the diagonal never reaches it."""
    descent, rng = Descent(0.2, batch), np.random.default_rng(1)
    roots = rng.standard_normal((3, 3, 3))
    rows = roots @ roots.swapaxes(1, 2)
    r = V * np.einsum("ijj->ij", rows)
    for _ in range(4):
        rows = np.stack([full_step(descent, s, c) for s, c in zip(rows, C, strict=True)])
        r = descent.next(r, V, C)
    np.testing.assert_allclose(r, V * np.einsum("ijj->ij", rows), rtol=1e-12)


@pytest.mark.parametrize(("eta", "batch"), [(0.05, 1), (0.25, 1), (0.6, 8)])
def test_the_fixed_point_is_where_the_recursion_ends(eta, batch):
    descent, r = Descent(eta, batch), np.zeros((3, 3))
    for _ in range(3000):
        r = descent.next(r, V, C)
    np.testing.assert_allclose(descent.stationary(V, C), r, rtol=1e-10)


@pytest.mark.parametrize("eta", [0.50, 0.52])
def test_a_step_that_is_too_large_is_refused_where_moments_grow(eta):
    """Σ_j ηv_j/(2 − 2ηv_j) passes 1 between η = 0.50 and 0.52 for these v: below it the recursion
    settles, above it it grows.
    """
    v = np.array([0.4, 0.6, 1.2])
    phi = (eta * v / (2 - 2 * eta * v)).sum()
    descent, r = Descent(eta), np.eye(3)
    for _ in range(2000):
        r = descent.next(r, v, np.zeros(3))
    if phi < 1:
        assert r.max() < 1e-3
        assert descent.stationary(v, C).min() > 0
    else:
        assert r.max() > 1e3
        with pytest.raises(InvalidInput, match=re.escape(f"step_size: {eta:g} is too large")):
            descent.stationary(v, C)


def test_noise_of_a_mix_by_covariances():
    """Var(T | X) = Var T − Cov(T, X)²/Var X, from the rows of coefficients on (X', W)."""
    lam, step, w = np.array([0.4, 2.0]), Step(0.3, 0.8), 0.35
    g, tau = 0.5, np.sqrt(1 - np.exp(-1.0))
    before = np.exp(-0.6) * lam + 1 - np.exp(-0.6)
    t = np.stack([-w * np.exp(g) / before, np.full(2, -(1 - w) / tau)])
    x = np.stack([np.full(2, np.exp(-g)), np.full(2, tau)])
    spread = np.stack([before, np.ones(2)])
    inner = [(a * b * spread).sum(axis=0) for a, b in ((t, t), (t, x), (x, x))]
    wanted = inner[0] - inner[1] ** 2 / inner[2]
    np.testing.assert_allclose(mixed_noise(Gaussian(lam), step, w), wanted, rtol=1e-12)


def test_white_targets_of_least_variance_have_no_noise():
    law, step = Gaussian(np.full(3, 1.4)), Step(0.2, 0.5)
    assert mixed_noise(law, step, float(known_weight(law)(step))).max() < 1e-14
    assert mixed_noise(law, step, step.bootstrap_weight).min() > 0.1


@pytest.mark.parametrize("weight", [None, 0.4])
def test_a_run_is_the_step_written_out(weight):
    """Three steps of one replicate, with the same draws, in loops; a wrong sign, transpose or
    batch mean is seen.
    """
    law, step, descent = Gaussian(np.array([0.4, 2.0])), Step(0.3, 0.8), Descent(0.1, 2)
    previous = np.array([[[-1.0, 0.2], [0.1, -0.6]]])
    start = np.array([[[0.3, -0.1], [0.0, -0.4]]])
    got, risks = descend(law, step, weight, descent, 3, start, np.random.default_rng(2), previous)
    rng, a = np.random.default_rng(2), start[0].copy()
    spread, noise = 1 - np.exp(-0.6), 1 - np.exp(-1.6)
    tau = np.sqrt(1 - np.exp(-1.0))
    v = np.exp(-1.6) * np.array([0.4, 2.0]) + noise
    for n in range(3):
        x0, own, fresh = rng.standard_normal((3, 1, 2, 2))[:, 0]
        change = np.zeros((2, 2))
        for k in range(2):
            z = np.sqrt(spread) * own[k]
            old = np.exp(-0.3) * np.sqrt([0.4, 2.0]) * x0[k] + z
            x = np.exp(-0.5) * old + tau * fresh[k]
            target = -(np.exp(-0.5) * z + tau * fresh[k]) / noise
            if weight is not None:
                target = weight * np.exp(0.5) * previous[0] @ old - (1 - weight) / tau * fresh[k]
            change += np.outer(a @ x - target, x)
        a = a - 0.1 / 2 * change
        off = a + np.diag(1 / v)
        assert risks[n, 0] == pytest.approx(np.trace(off @ np.diag(v) @ off.T), rel=1e-12)
    np.testing.assert_allclose(got[0], a, rtol=1e-12)


def test_a_chain_that_starts_true_is_the_stationary_point():
    """At w = 0 nothing is carried: T3's own fixed point. At w > 0 the level before costs."""
    law, times, descent = Gaussian(np.array([0.4, 2.0])), [0.3, 0.8], Descent(0.1)
    v = law.variances(0.8)
    alone = descent.stationary(v, mixed_noise(law, Step(0.3, 0.8), 0.0))
    found = chain(law, times, lambda step: 0.0, descent)
    np.testing.assert_allclose(found[1], alone, rtol=1e-13)
    true = descent.stationary(v, mixed_noise(law, Step(0.3, 0.8), 0.5))
    assert chain(law, times, lambda step: 0.5, descent)[1].sum() > 1.05 * true.sum()


def test_a_chain_is_a_regression_on_each_iterate():
    """Three levels, w of each step its own. A frozen iterate −1/v' + δ', δ'_ij = ±√(r'_ij/v'_j)
    with all signs alike likely, has the second moments of the level before: given it, T2 and T3 are
    linear in (X', W), so the minimiser is a coefficient of regression and the noise what it leaves.
    Catches any factor of what the chain carries.
    """
    law, times, descent = Gaussian(np.array([0.4, 2.0])), [0.3, 0.8, 1.1], Descent(0.1, 2)
    weight = {0.8: 0.5, 1.1: 0.8}
    found = chain(law, times, lambda step: weight[step.t], descent)
    v = law.variances(0.3)
    old = descent.stationary(v, 1 / (1 - np.exp(-0.6)) - 1 / v)
    np.testing.assert_allclose(found[0], old, rtol=1e-12)
    for k, (s, t) in enumerate(itertools.pairwise(times), 1):
        before, v, carry = law.variances(s), law.variances(t), np.exp(s - t)
        tau, w = np.sqrt(1 - carry**2), weight[t]
        # columns: X'_1, X'_2, W_1, W_2, of these variances
        spread = np.diag([*before, 1.0, 1.0])
        x = np.hstack([carry * np.eye(2), tau * np.eye(2)])
        moved, left = np.zeros((2, 2)), np.zeros(2)
        for signs in itertools.product([-1, 1], repeat=4):
            error = np.reshape(signs, (2, 2)) * np.sqrt(old / before)
            target = np.hstack(
                [w / carry * (error - np.diag(1 / before)), -(1 - w) / tau * np.eye(2)]
            )
            slope = target @ spread @ x.T @ np.linalg.inv(x @ spread @ x.T)
            rest = target - slope @ x
            moved += v * (slope + np.diag(1 / v)) ** 2 / 16
            left += np.diag(rest @ spread @ rest.T) / 16
        old = moved + descent.stationary(v, left)
        np.testing.assert_allclose(found[k], old, rtol=1e-10)


def test_one_coordinate_and_where_the_moments_have_no_limit():
    """d = 1: c φ/(1 − φ). At ηv = 1 with one pair a step nothing is lost, with two φ is 1, both
    without rounding: each is the first step that is refused.
    """
    phi = 0.5 / 4 * 1.5 / (2 - 0.5 * (1 + 1 / 4) * 1.5)
    found = Descent(0.5, 4).stationary(np.array([1.5]), np.array([0.7]))
    np.testing.assert_allclose(found, [[0.7 * phi / (1 - phi)]])
    for batch in (1, 2):
        with pytest.raises(InvalidInput, match="step_size: 1 is too large for V_t"):
            Descent(1.0, batch).stationary(np.ones(1), np.ones(1))


def test_a_descent_keeps_plain_numbers():
    """However written: 1/4 and 3 of numpy's, or 3.0."""
    for batch in (np.int64(3), 3.0):
        descent = Descent(np.float32(0.25), batch)  # type: ignore[arg-type]
        assert (descent.step_size, descent.batch) == (0.25, 3)
        assert (type(descent.step_size), type(descent.batch)) == (float, int)


def test_replicates_from_the_true_score_side_by_side(monkeypatch):
    """Without a score at t' it is the true one, −1/v'; each replicate's risk is its own, by the
    trace; and 3 n R B d numbers may be drawn, and not one more.
    """
    law, step, descent = Gaussian(np.array([0.4, 2.0])), Step(0.3, 0.8), Descent(0.1, 2)
    start = np.array([[[0.3, -0.1], [0.0, -0.4]], [[-1.0, 0.0], [0.5, -1.0]]])
    true = np.array([np.diag(-1 / law.variances(0.3))] * 2)

    def run(previous=None):
        return descend(law, step, 0.4, descent, 5, start, np.random.default_rng(3), previous)

    monkeypatch.setattr(sgd, "MAX_DRAWS", 3 * 5 * 2 * 2 * 2)
    got, risks = run()
    for one, other in zip((got, risks), run(true), strict=True):
        np.testing.assert_array_equal(one, other)
    off = got + np.diag(1 / law.variances(0.8))
    expected = [np.trace(one @ np.diag(law.variances(0.8)) @ one.T) for one in off]
    np.testing.assert_allclose(risks[-1], expected, rtol=1e-12)
    with pytest.raises(InvalidInput, match=r"previous: must have shape \(…, 2, 2\)"):
        run(np.zeros((2, 3, 3)))
    monkeypatch.setattr(sgd, "MAX_DRAWS", 3 * 5 * 2 * 2 * 2 - 1)
    with pytest.raises(InvalidInput, match="steps: "):
        run()


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: Descent(0.0), "step_size: must be positive"),
        (lambda: Descent(0.1, 0), "batch: "),
        (lambda: Descent(0.1).stationary(V, C[:2]), "v, noise: must have one shape"),
        (lambda: Descent(0.1).stationary(-V, C), "v, noise: must have one shape"),
        (lambda: Descent(0.1).stationary(np.array([0.0, 1.0]), C[:2]), "v, noise: must have one"),
        (lambda: Descent(0.1).stationary(np.ones((2, 2)), np.ones((2, 2))), "v, noise: must have"),
        (lambda: Descent(0.1).stationary(np.array([]), np.array([])), "v, noise: must have one"),
        (lambda: Descent(0.1).stationary(V, -C), "noise: "),
        (lambda: Descent(0.1).next(np.eye(2), V, C), "r: "),
        (
            lambda: descend(
                Gaussian(V),
                Step(0.1, 0.2),
                None,
                Descent(0.1),
                9,
                np.eye(3),
                np.random.default_rng(),
            ),
            "start: must have shape (R, d, d), but has (3, 3)",
        ),
        (
            lambda: descend(
                Gaussian(V),
                Step(0.1, 0.2),
                None,
                Descent(0.1),
                9,
                np.zeros((1, 2, 2)),
                np.random.default_rng(),
            ),
            "start: must have shape (…, 3, 3), but has (1, 2, 2)",
        ),
        (
            lambda: descend(
                Gaussian(V),
                Step(0.1, 0.2),
                None,
                Descent(0.1),
                10**9,
                np.zeros((1, 3, 3)),
                np.random.default_rng(),
            ),
            "steps: ",
        ),
    ],
)
def test_refusals(call, sentence):
    with pytest.raises(InvalidInput) as said:
        call()
    assert str(said.value).startswith(sentence)
