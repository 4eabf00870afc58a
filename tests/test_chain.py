"""Chains and multistep schemes: against one matrix of all steps, and schemes of known order."""

import numpy as np
import pytest

from bounds.chain import affine_chain, multistep
from bounds.check import InvalidInput
from bounds.divergence import Normal

RNG = np.random.default_rng(7)
D, N = 3, 5
MAPS = RNG.standard_normal((N, D, D)) / 2
SHIFTS = RNG.standard_normal((N, D))
ROOTS = RNG.standard_normal((N, D, D)) / 2
START = Normal(np.array([1.0, -2.0, 0.5]), np.diag([1.0, 0.5, 2.0]))


def test_a_chain_is_one_large_linear_map() -> None:
    """X_n is linear in the start and all noises: its moments from that one matrix."""
    noises = ROOTS @ np.swapaxes(ROOTS, -1, -2)
    found = affine_chain(zip(MAPS, SHIFTS, noises, strict=True), START)
    reach = np.eye(D)
    columns, mean = [], np.zeros(D)
    for M, b, root in reversed(list(zip(MAPS, SHIFTS, ROOTS, strict=True))):
        columns.append(reach @ root)
        mean += reach @ b
        reach = reach @ M
    whole = np.concatenate([*columns, reach @ START.factor], axis=1)
    np.testing.assert_allclose(found.covariance, whole @ whole.T, rtol=1e-11)
    np.testing.assert_allclose(found.mean, mean + reach @ START.mean, rtol=1e-11)


def test_numbers_and_batches() -> None:
    """A number stands for that times I; a batch of links is each chain by itself."""
    one = affine_chain([(0.5, 2.0, 0.3)], START)
    np.testing.assert_allclose(one.covariance, START.covariance / 4 + 0.3 * np.eye(D))
    np.testing.assert_allclose(one.mean, START.mean / 2 + 2)
    many = affine_chain([(MAPS, SHIFTS, 0.1)] * 2, START)
    for k in range(N):
        single = affine_chain([(MAPS[k], SHIFTS[k], 0.1)] * 2, START)
        np.testing.assert_allclose(many.covariance[k], single.covariance, rtol=1e-12)
        np.testing.assert_allclose(many.mean[k], single.mean, rtol=1e-12)
    np.testing.assert_array_equal(affine_chain([], START).covariance, START.covariance)


def adams(order: int, h: float, steps: int) -> float:
    """Error at 1 of Adams and Bashforth's scheme for x' = A(t) x, A = −1 − 2t turned by .3."""
    turn = np.array([[0.0, 1.0], [-1.0, 0.0]])
    answers = [-(1 + 2 * k * h) * np.eye(2) + 0.3 * turn for k in range(steps)]
    weights = {1: (1.0,), 2: (1.5, -0.5), 3: (23 / 12, -16 / 12, 5 / 12)}[order]

    def truth(t: float) -> np.ndarray:
        angle = 0.3 * t
        rotation = np.cos(angle) * np.eye(2) + np.sin(angle) * turn
        return np.asarray(np.exp(-t - t**2) * rotation)

    rows = [(1.0, tuple(h * w for w in weights))] * (steps - order + 1)
    found = multistep(answers, rows, [truth(k * h) for k in range(order)])
    return float(np.abs(found - truth(steps * h)).max())


@pytest.mark.parametrize("order", [1, 2, 3])
def test_a_scheme_has_its_order(order: int) -> None:
    """Halving the step divides the error by 2^order: history taken in the wrong order, or from
    the wrong level, has order 1.
    """
    errors = [adams(order, 1 / n, n) for n in (80, 160)]
    assert np.log2(errors[0] / errors[1]) == pytest.approx(order, abs=0.08)


def test_weights_may_be_matrices_on_the_left() -> None:
    """By hand: two steps with matrices that do not commute."""
    a, b, c = MAPS[:3]
    A0, A1 = ROOTS[:2]
    found = multistep([A0, A1], [(a, (b,)), (2.0, (c, a))])
    first = a + b @ A0
    np.testing.assert_allclose(found, 2 * first + c @ A1 @ first + a @ A0, rtol=1e-12)


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (
            lambda: affine_chain([(np.ones((2, 2)), 0.0, 0.0)], START),
            "matrix: must have shape (…, 3, 3), but has (2, 2)",
        ),
        (
            lambda: affine_chain([(1.0, np.ones(2), 0.0)], START),
            "shift: must have shape (…, 3), but has (2,)",
        ),
        (
            lambda: affine_chain([(1.0, 0.0, np.ones((2, 2)))], START),
            "noise: must have shape (…, 3, 3), but has (2, 2)",
        ),
        (
            lambda: affine_chain([(np.nan, 0.0, 0.0)], START),
            "matrix: holds NaN or an infinity",
        ),
        (lambda: affine_chain([(1e200, 0.0, 0.0)] * 2, START), "links: make the chain overflow"),
        (
            lambda: affine_chain([(1e200, 0.0, 0.0)] * 2, Normal(np.zeros(D), np.eye(D))),
            "links: make the chain overflow",
        ),
        (lambda: affine_chain([(1.0, 1e308, 0.0)] * 2, START), "links: make the chain overflow"),
        (lambda: multistep([], []), "answers: must not be empty"),
        (
            lambda: multistep([np.eye(2)], [(1.0, (1.0,))] * 2),
            "rows: are more than the 1 answers serve",
        ),
        (
            lambda: multistep([np.eye(2)], [(1.0, (1.0, 1.0))]),
            "rows: step 0 uses 2 answers and has 1",
        ),
        (
            lambda: multistep([np.eye(2), np.eye(3)], [(1.0, (1.0,))]),
            "answers: must have shape (…, 2, 2), but has (3, 3)",
        ),
    ],
)
def test_bad_input_is_one_sentence(call, sentence):
    with pytest.raises(InvalidInput) as refused:
        call()
    assert str(refused.value) == sentence


def test_a_scheme_that_overflows_at_its_last_step_is_refused() -> None:
    """Every state but the last is finite."""
    with pytest.raises(InvalidInput) as refused:
        multistep([[[0.0]]] * 3, [(1.0, ()), (1e200, ()), (1e200, ())])
    assert str(refused.value) == "rows: make the scheme overflow"
