"""Checks on input: what is refused and in which words, what is just allowed, and what comes out."""

import math
import pickle
from collections.abc import Mapping

import numpy as np
import pytest

from bounds.catalog import ESTIMATORS, estimator
from bounds.check import InvalidInput, finite, increasing_times, positive

TINY = 5e-324  # the smallest positive float


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: finite("x", ["a"]), "x: must be numbers, but holds 'a'"),
        (lambda: finite("x", [[1.0], [1.0, 2.0]]), "x: must be numbers"),
        (lambda: finite("x", {}), "x: must be numbers"),
        (lambda: finite("x", [1.0, math.nan]), "x: holds NaN or an infinity"),
        (lambda: finite("x", [[1.0, 2.0], [-math.inf, 1.0]]), "x: holds NaN or an infinity"),
        (lambda: positive("a.b", "one"), "a.b: must be numbers, but holds 'one'"),
        (lambda: positive("a.b", math.inf), "a.b: holds NaN or an infinity"),
        (lambda: positive("a.b", 0.0), "a.b: must be positive, but is 0"),
        (lambda: positive("a.b", -0.125), "a.b: must be positive, but is -0.125"),
        (lambda: positive("a.b", [1.0, 2.0]), "a.b: must be one number, but has shape (2,)"),
        (lambda: increasing_times("t", -0.5), "t: must be positive, but the first is -0.5"),
        (lambda: increasing_times("t", []), "t: must be a non-empty list of times"),
        (lambda: increasing_times("t", np.ones((1, 1))), "t: must be a non-empty list of times"),
        (lambda: increasing_times("t", [[0.5]]), "t: must be a non-empty list of times"),
        (lambda: increasing_times("t", ["a"]), "t: must be numbers, but holds 'a'"),
        (lambda: increasing_times("t", np.array([1.0, math.nan])), "t: holds NaN or an infinity"),
        (lambda: increasing_times("t", [0.0, 1.0]), "t: must be positive, but the first is 0"),
        (lambda: increasing_times("t", [-2.5, 1.0]), "t: must be positive, but the first is -2.5"),
        (
            lambda: increasing_times("t", [0.5, 0.5]),
            "t: must be strictly increasing, but 0.5 follows 0.5",
        ),
        (
            lambda: increasing_times("t", [1.0, 2.0, 4.0, 3.0, 5.0, 0.5]),
            "t: must be strictly increasing, but 3 follows 4",
        ),
        (
            lambda: estimator("dms"),
            "estimators: 'dms' is not one of dsm, bsm, bsm-optimal, bsm-optimal-scalar, "
            "bsm-stam, joint, path, plug-in",
        ),
    ],
)
def test_refusals(call, sentence):
    """The one sentence, whole: the name that the caller gave,
    and the first of the values that are wrong.
    """
    with pytest.raises(InvalidInput) as caught:
        call()
    assert str(caught.value) == sentence
    assert f"{caught.value.key}: {caught.value.reason}" == sentence


def test_what_is_just_allowed():
    """The smallest positive number, times one bit apart, one time alone, a generator: a border one
    step further in would refuse them. All become float64, with their values and their shape
    kept."""
    assert positive("x", TINY) == TINY
    assert (
        increasing_times("t", 0.5).tolist()
        == increasing_times("t", np.array(0.5)).tolist()
        == [0.5]
    )
    apart = [TINY, 1.0, math.nextafter(1.0, 2.0)]
    for times, expected in (
        (apart, apart),
        (np.array([3], dtype=np.float32), [3.0]),
        (np.array(0.5), [0.5]),
        ((t / 4 for t in (1, 2, 3)), [0.25, 0.5, 0.75]),
    ):
        found = increasing_times("t", times)
        assert found.dtype == np.float64
        np.testing.assert_array_equal(found, expected)
    for values in (0, [], [[1, 2], [-3, 0]], np.ones((2, 1, 1), dtype=np.float32)):
        array = finite("x", values)
        assert array.dtype == np.float64
        assert array.shape == np.shape(values)
        np.testing.assert_array_equal(array, values)


def test_a_refusal_survives_the_way_from_a_worker():
    """Pickled and made anew from its arguments, one of which might be lost:
    in words, by name and as logs show it.
    """
    again = pickle.loads(pickle.dumps(InvalidInput("spectrum", "has no values")))
    assert isinstance(again, InvalidInput)
    assert (again.key, again.reason, str(again)) == (
        "spectrum",
        "has no values",
        "spectrum: has no values",
    )
    assert repr(again) == "InvalidInput('spectrum', 'has no values')"


@pytest.mark.parametrize("name", ESTIMATORS)
def test_an_estimator_by_its_name(name):
    """The one that stands under the name, not the first or the last."""
    table: Mapping[str, object] = ESTIMATORS
    assert estimator(name) is table[name]
