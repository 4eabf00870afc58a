"""Scores on features against the linear estimators,
plain least squares on the samples, and theory's recursion.
"""

from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose

from bounds import estimators, features, gram, stam
from bounds.check import InvalidInput
from bounds.features import (
    FeatureGram,
    Radial,
    bsm,
    bsm_optimal,
    bsm_stam,
    dsm,
    feature_grams,
    joint,
)
from bounds.mixture import Mixture
from bounds.process import noise_variance, simulate, steps, uniform_grid

TIMES = np.array([0.1, 0.3, 0.7, 1.0])
LAW = Mixture(
    np.array([0.8, 0.2]), np.array([[-1.0, 0.5], [1.0, -0.5]]), np.array([[0.4, 0.1], [0.1, 0.3]])
)
ORIGIN: Any = [[0.0, 0.0]]
RADIAL = Radial(np.array([[-1.0, 0.0], [0.0, 0.0], [1.0, 0.5]]), 0.8)


def data(m: int = 60, seed: int = 1) -> np.ndarray:
    return LAW.sample(m, np.random.default_rng(seed))


def identity(x: np.ndarray) -> np.ndarray:
    return x


def test_what_is_kept_of_a_step() -> None:
    """The four products, from the features themselves along the same paths; and P, entry by entry.
    Ratios of them, which is all that an estimator sees without a ridge, would not tell a factor.
    """
    x0 = data(7)
    before = RADIAL(x0)
    grams = feature_grams(x0, TIMES, RADIAL, np.random.default_rng(9))
    for found, now in zip(grams, simulate(x0, TIMES, np.random.default_rng(9)), strict=True):
        phi = RADIAL(now.x)
        assert_allclose(found.ff, np.einsum("np,nq->pq", phi, phi), rtol=1e-12)
        assert_allclose(
            found.fz, np.einsum("np,nd->pd", phi, now.z) / (1 - np.exp(-2 * now.step.t)) ** 0.5
        )
        assert_allclose(found.fw, np.einsum("np,nd->pd", phi, now.w), rtol=1e-12)
        assert_allclose(found.fp, np.einsum("np,nq->pq", phi, before), rtol=1e-12)
        before = phi
    assert_allclose(RADIAL.penalty(0.3), [0, 0, 0, 0.3, 0.3, 0.3], rtol=1e-15)


def test_features_of_x_are_the_linear_case() -> None:
    """φ(x) = x and no ridge give bounds.estimators' Â, DSM and BSM, and bounds.stam's.
    Catches a wrong carry, weight or sign; the decoy, e^{−g} for e^{g}, is 2 % off.
    """
    x0 = data()
    grams = list(feature_grams(x0, TIMES, identity, np.random.default_rng(2)))
    linear = [
        gram.Gram(
            n.step,
            len(x0),
            n.x.T @ n.x,
            n.x.T @ n.z / np.sqrt(noise_variance(n.step.t)),
            n.x.T @ n.w,
        )
        for n in simulate(x0, TIMES, np.random.default_rng(2))
    ]
    none = np.zeros(2)
    for found, wanted in (
        (dsm(grams, none), estimators.dsm(linear)),
        (bsm(grams, none), estimators.bsm(linear)),
        (bsm_stam(grams, none), stam.stam()(linear)),
    ):
        for a, b in zip(found, wanted, strict=True):
            assert_allclose(a.T, b, rtol=1e-10, atol=1e-12)
    decoy = list(bsm(grams, none, lambda step: step.bootstrap_weight * step.carry**2))
    wanted_last = list(estimators.bsm(linear))[-1]
    assert np.abs(decoy[-1].T - wanted_last).max() > 0.01 * np.abs(wanted_last).max()


def test_plain_least_squares() -> None:
    """DSM and BSM with a ridge by lstsq on rows Φ stacked over √(m P), targets from the samples:
    BSM in its control-variate form T1 + α Û_{t'}. Catches a penalty without m, and the transposed
    fp (the decoy)."""
    x0, ridge = data(), 0.02
    penalty = RADIAL.penalty(ridge)
    grams = list(feature_grams(x0, TIMES, RADIAL, np.random.default_rng(3)))
    slices = list(simulate(x0, TIMES, np.random.default_rng(3)))
    below = np.diag(np.sqrt(len(x0) * penalty))

    def fit(x: np.ndarray, target: np.ndarray) -> np.ndarray:
        rows = np.vstack([RADIAL(x), below])
        return np.asarray(
            np.linalg.lstsq(rows, np.vstack([target, np.zeros((len(below), 2))]), rcond=None)[0]
        )

    boot: list[np.ndarray] = []
    for k, (now, found, other) in enumerate(
        zip(slices, dsm(grams, penalty), bsm(grams, penalty), strict=True)
    ):
        t1 = -now.z / noise_variance(now.step.t)
        assert_allclose(found, fit(now.x, t1), rtol=1e-8, atol=1e-10)
        target = t1
        if k:
            before = slices[k - 1]
            alpha = now.step.carry * noise_variance(now.step.t_prev) / noise_variance(now.step.t)
            target = t1 + alpha * (
                before.z / noise_variance(before.step.t) + RADIAL(before.x) @ boot[-1]
            )
        boot.append(fit(now.x, target))
        assert_allclose(other, boot[-1], rtol=1e-7, atol=1e-9)
    turned = [FeatureGram(g.step, g.samples, g.ff, g.fz, g.fw, g.fp.T) for g in grams]
    assert np.abs(list(bsm(turned, penalty))[-1] - boot[-1]).max() > 1e-3


def test_joint_fits() -> None:
    """With the identity as basis the joint fit is step by step, and N − 1 rounds reach step-by-step
    BSM; with B = 2 it is least squares on Kronecker features, weighted by √γ. Catches a γ left out
    of one side."""
    x0, penalty = data(), RADIAL.penalty(0.01)
    grams = list(feature_grams(x0, TIMES, RADIAL, np.random.default_rng(4)))
    gamma, one = np.diff(TIMES, prepend=0.0), np.eye(TIMES.size)
    for a, b in zip(joint(grams, penalty, one, gamma), dsm(grams, penalty), strict=True):
        assert_allclose(a, b, rtol=1e-8, atol=1e-10)
    for a, b in zip(joint(grams, penalty, one, gamma, rounds=3), bsm(grams, penalty), strict=True):
        assert_allclose(a, b, rtol=1e-7, atol=1e-9)
    assert (
        np.abs(
            joint(grams, penalty, one, gamma, rounds=2)[-1] - list(bsm(grams, penalty))[-1]
        ).max()
        > 1e-6
    )

    basis = np.stack([np.ones(TIMES.size), TIMES], axis=1)
    rows, targets = [], []
    for now, beta, g in zip(
        simulate(x0, TIMES, np.random.default_rng(4)), basis, gamma, strict=True
    ):
        phi = np.vstack([RADIAL(now.x), np.diag(np.sqrt(len(x0) * penalty))])
        rows.append(np.sqrt(g) * np.kron(beta, phi))
        t1 = -now.z / noise_variance(now.step.t)
        targets.append(np.sqrt(g) * np.vstack([t1, np.zeros((penalty.size, 2))]))
    plain = np.linalg.lstsq(np.vstack(rows), np.vstack(targets), rcond=None)[0].reshape(2, -1, 2)
    for a, beta in zip(joint(grams, penalty, basis, gamma), basis, strict=True):
        assert_allclose(a, np.tensordot(beta, plain, 1), rtol=1e-7, atol=1e-9)
    (alone,) = joint(grams[:1], penalty, np.ones((1, 1)), gamma[:1])
    assert_allclose(alone, next(dsm(grams, penalty)), rtol=1e-8, atol=1e-10)
    unweighted = joint(grams, penalty, basis, np.ones(TIMES.size))
    assert np.abs(unweighted[0] - np.tensordot(basis[0], plain, 1)).max() > 1e-3


def test_estimated_gain_is_the_oracles(monkeypatch: pytest.MonkeyPatch) -> None:
    """At m = 10⁵, Gaussian data λ = 1, φ(x) = x: J = d, v = 1, and the gain obeys theory.md's
    recursion for the best scalar, where v'/v = 1 makes ours exact. Weights read off the calls; the
    decoy without ρ is 5 % off and more at the first four.

    False alarm: Ĵ has relative deviation about 3e-3 here, the gain's margin is 3 %."""
    m, d = 100_000, 2
    rng = np.random.default_rng(5)
    times = uniform_grid(0.1, 8)
    seen: list[float] = []
    inner = features._bootstrapped

    def spy(g: FeatureGram, previous: np.ndarray, weight: float) -> np.ndarray:
        seen.append(weight)
        return inner(g, previous, weight)

    monkeypatch.setattr(features, "_bootstrapped", spy)
    list(bsm_optimal(feature_grams(rng.standard_normal((m, d)), times, identity, rng), np.zeros(d)))
    grow, tau = np.exp(0.2), -np.expm1(-0.2)
    rho = 1 / -np.expm1(-0.2) - 1
    for k, weight in enumerate(seen):
        gain = (1 / tau) / (1 / tau + grow + rho)
        assert weight == pytest.approx(gain, rel=0.03)
        assert k > 3 or weight != pytest.approx((1 / tau) / (1 / tau + grow), rel=0.05)
        rho = gain**2 * grow + (1 - gain) ** 2 / tau - 1 + gain**2 * rho


def test_wrong_level_is_another_estimator() -> None:
    """lag = 2 differs from lag = 1 from the third step on,
    and only there; a large lag stays at t_1.
    """
    grams = list(feature_grams(data(), TIMES, RADIAL, np.random.default_rng(6)))
    right, wrong, far = (list(bsm(grams, RADIAL.penalty(0.01), lag=lag)) for lag in (1, 2, 99))
    assert np.array_equal(right[1], wrong[1])
    assert np.abs(right[2] - wrong[2]).max() > 1e-3
    assert np.array_equal(wrong[2], far[2])
    assert np.abs(wrong[3] - far[3]).max() > 1e-3


def test_bad_input() -> None:
    """Each refusal names its key."""
    grams = list(feature_grams(data(4), TIMES, RADIAL, np.random.default_rng(7)))
    grams[0] = FeatureGram(
        grams[0].step, 4, np.zeros((6, 6)), grams[0].fz, grams[0].fw, grams[0].fp
    )
    with pytest.raises(InvalidInput, match="ridge"):
        list(dsm(grams, np.zeros(6)))
    with pytest.raises(InvalidInput, match="lag"):
        list(bsm(grams, np.ones(6), lag=0))
    with pytest.raises(InvalidInput, match="basis"):
        joint(grams, np.ones(6), np.eye(3), np.ones(4))
    with pytest.raises(InvalidInput, match="centres"):
        Radial(np.zeros(3), 1.0)
    with pytest.raises(InvalidInput, match="width"):
        Radial(np.zeros((3, 1)), 0.0)


def test_radial_functions_by_hand():
    """φ(x) = (1, x, exp(−‖x − c‖²/2ℓ²)) by loops over points and centres, ℓ = 0.7 in the plane. The
    mixture's fits do not care whether a width is ℓ or 1.2 ℓ, so this is where a wrong exponent
    shows."""
    rng = np.random.default_rng(5)
    centres, points = rng.standard_normal((4, 2)), rng.standard_normal((6, 2))
    found = Radial(centres, 0.7)(points)
    for row, x in zip(found, points, strict=True):
        bumps = [np.exp(-((x[0] - c[0]) ** 2 + (x[1] - c[1]) ** 2) / (2 * 0.49)) for c in centres]
        assert_allclose(row, [1, *x, *bumps], rtol=1e-12)


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: Radial(np.ones(3), 1.0), "centres: must have shape (q, d), but have (3,)"),
        (lambda: Radial(np.array([[np.nan]]), 1.0), "centres: holds NaN or an infinity"),
        (lambda: Radial(np.ones((3, 1)), 0.0), "width: must be positive, but is 0"),
        (lambda: Radial(ORIGIN, 1.0)(np.ones(2)), "x: must have shape (n, 2), but has (2,)"),
        (
            lambda: Radial(ORIGIN, 1.0)(np.ones((3, 1))),
            "x: must have shape (n, 2), but has (3, 1)",
        ),
        (lambda: list(bsm([], np.zeros(1), lag=0)), "lag: must be at least 1, but is 0"),
        (
            lambda: list(dsm([], np.array([0.0, -0.5]))),
            "penalty: must not be negative, but holds -0.5",
        ),
        (
            lambda: joint([], np.zeros(1), np.eye(1), np.ones(1), rounds=-1),
            "rounds: must be at least 0, but is -1",
        ),
    ],
)
def test_refusals_are_one_sentence(call, sentence):
    """Key and reason, word for word."""
    with pytest.raises(InvalidInput) as refused:
        call()
    assert str(refused.value) == sentence


FITTING: dict[str, Any] = {
    "ff": np.eye(3),
    "fz": np.ones((3, 2)),
    "fw": np.ones((3, 2)),
    "fp": np.eye(3),
}


@pytest.mark.parametrize(
    ("given", "shape", "at_fault"),
    [
        ("ff", (3, 2), "ff"),
        ("fw", (3, 1), "fw"),
        ("fp", (3, 2), "fp"),
        ("fz", (3,), "ff"),  # p and d are read off fz
    ],
)
def test_products_that_do_not_fit(given: str, shape: tuple[int, ...], at_fault: str) -> None:
    """Three features of points in the plane: the refusal names a product and the shapes wanted."""
    with pytest.raises(InvalidInput) as refused:
        FeatureGram(steps([0.1])[0], 4, **FITTING | {given: np.ones(shape)})
    words = "does not fit: ff and fp have shape (p, p), fz and fw (p, d)"
    assert str(refused.value) == f"{at_fault}: {words}"


def test_counts_are_whole_numbers_however_written() -> None:
    """m = 4.0 and K = 2.0 are held as integers; NaN in a product is refused by its name."""
    step = steps([0.1])[0]
    counts: Any = {"samples": 4.0, "redraws": 2.0}
    found = FeatureGram(step, **counts, **FITTING)
    assert (type(found.samples), type(found.redraws), found.paths) == (int, int, 8)
    with pytest.raises(InvalidInput, match=r"^fp: holds NaN"):
        FeatureGram(step, 4, **FITTING | {"fp": np.full((3, 3), np.nan)})


def test_only_rounds_need_consecutive_steps() -> None:
    """Every other step of a path has a fit by DSM, each on its own or jointly, and no BSM."""
    grams = list(feature_grams(data(), TIMES, RADIAL, np.random.default_rng(8)))[::2]
    penalty, one, gamma = RADIAL.penalty(0.01), np.eye(2), np.ones(2)
    for a, b in zip(joint(grams, penalty, one, gamma), dsm(grams, penalty), strict=True):
        assert_allclose(a, b, rtol=1e-8, atol=1e-10)
    with pytest.raises(InvalidInput, match="grams: must be of consecutive steps"):
        joint(grams, penalty, one, gamma, rounds=1)


def test_the_estimated_gain_begins_with_denoising_and_its_ridge():
    """At t_1 it is DSM, ridge and all: a penalty of the other sign, or none, is far from it."""
    rng = np.random.default_rng(6)
    features = Radial(rng.standard_normal((3, 2)), 0.8)
    grams = list(feature_grams(data(), uniform_grid(0.2, 2), features, rng))
    for ridge in (0.0, 0.3):
        penalty = features.penalty(ridge)
        for fit in (bsm_optimal, bsm_stam):
            assert_allclose(next(fit(grams, penalty)), next(dsm(grams, penalty)), rtol=1e-10)
    assert (
        np.abs(
            next(dsm(grams, features.penalty(0.3))) - next(dsm(grams, features.penalty(0.0)))
        ).max()
        > 1e-3
    )


@pytest.mark.parametrize("bad", [2.0, [1.0], [1.0, 1.0, 1.0], np.eye(2), [[1.0, 1.0]]])
def test_a_penalty_of_another_shape_is_refused(bad: object) -> None:
    """A number, one entry (numpy would add it everywhere),
    one too many, a matrix: by every estimator.
    """
    grams = list(
        feature_grams(np.eye(2), np.array([0.1, 0.4]), lambda x: x, np.random.default_rng(1))
    )
    good = np.ones(2)
    for estimate in (
        lambda penalty: list(dsm(grams, penalty)),
        lambda penalty: list(bsm(grams, penalty)),
        lambda penalty: list(bsm_optimal(grams, penalty)),
        lambda penalty: list(bsm_stam(grams, penalty)),
        lambda penalty: joint(grams, penalty, np.eye(2), np.ones(2)),
    ):
        estimate(good)
        with pytest.raises(InvalidInput, match=r"penalty: must have shape \(2,\)"):
            estimate(bad)


def test_redraws_are_the_data_taken_again():
    """K = 3 is three paths for each datum: the Gram matrices of the data stacked thrice, each row
    with its next, and a penalty of mK P. The decoy: a penalty of m P.
    """
    rng = np.random.default_rng(5)
    x0, features = rng.standard_normal((20, 2)), Radial(rng.standard_normal((3, 2)), 0.8)
    times = uniform_grid(0.3, 3)
    many = list(feature_grams(x0, times, features, np.random.default_rng(1), redraws=3))
    again = np.array([row for row in x0 for _ in range(3)])
    flat = list(feature_grams(again, times, features, np.random.default_rng(1)))
    for one, other in zip(many, flat, strict=True):
        assert (one.samples, one.redraws, one.paths) == (20, 3, 60)
        for name in ("ff", "fz", "fw", "fp"):
            assert_allclose(getattr(one, name), getattr(other, name), rtol=1e-13)
    penalty = features.penalty(0.2)
    for fit in (dsm, bsm, bsm_optimal, bsm_stam):
        for mine, wanted in zip(fit(many, penalty), fit(flat, penalty), strict=True):
            assert_allclose(mine, wanted, rtol=1e-10)
    assert abs(next(dsm(many, penalty / 3)) - next(dsm(many, penalty))).max() > 1e-3
    with pytest.raises(InvalidInput, match=r"^redraws: "):
        next(feature_grams(x0, times, features, rng, redraws=0))
