"""Checks on input: what is refused and in which words, what is just allowed, and what comes out."""

import math
import pickle
from collections.abc import Mapping

import numpy as np
import pytest

from bounds.catalog import ESTIMATORS, estimator
from bounds.check import (
    InvalidInput,
    finite,
    how_many,
    increasing_times,
    matrices,
    none_negative,
    not_negative,
    number,
    positive,
    real,
    symmetric,
    unknown,
    whole,
)

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
        (
            lambda: real("x", np.array([1.0, 2.0 + 1e-300j])),
            "x: must be real, but has an imaginary part",
        ),
        (lambda: real("x", [1 + 1j]), "x: must be real, but has an imaginary part"),
        (lambda: real("x", np.array(["a"])), "x: must be numbers, but is of type <U1"),
        (lambda: real("x", [np.array([True])]), "x: must be numbers, but is of type bool"),
        (lambda: real("x", np.array([1.0, None])), "x: must be numbers"),
        (
            lambda: real("x", np.array([1.0, "a"], dtype=object)),
            "x: must be numbers, but holds 'a'",
        ),
        (lambda: real("x", [10**400]), "x: holds a number beyond the range of float64"),
        (
            lambda: real("x", [np.ma.masked_equal([1.0, 2.0], 2.0)]),
            "x: has masked entries: fill them or leave them out",
        ),
        (lambda: finite("x", math.inf), "x: holds NaN or an infinity"),
        (lambda: number("x", math.nan), "x: holds NaN or an infinity"),
        (lambda: not_negative("x", -0.125), "x: must not be negative, but is -0.125"),
        (lambda: not_negative("x", "one"), "x: must be numbers, but holds 'one'"),
        (lambda: none_negative("x", [1.0, -0.125]), "x: must not be negative, but holds -0.125"),
        (lambda: none_negative("x", [math.nan]), "x: holds NaN or an infinity"),
        (lambda: none_negative("x", math.inf), "x: holds NaN or an infinity"),
        (lambda: none_negative("x", np.float64(-2)), "x: must not be negative, but holds -2"),
        (lambda: finite("x", np.array([1.0, math.inf])), "x: holds NaN or an infinity"),
        (lambda: finite("x", np.float64(math.nan)), "x: holds NaN or an infinity"),
        (lambda: whole("x", 2.5), "x: must be a whole number, but is 2.5"),
        (lambda: whole("x", "one"), "x: must be numbers, but holds 'one'"),
        (lambda: whole("x", 0), "x: must be at least 1, but is 0"),
        (lambda: whole("x", np.int64(2), 3), "x: must be at least 3, but is 2"),
        (lambda: whole("x", 10**300 + 1), "x: must lie within the range of float64"),
        (lambda: whole("x", -(10**400), None), "x: must lie within the range of float64"),
        (
            lambda: how_many("x", 10**9 + 1),
            "x: must be at most 1000000000, which is more than fits into memory",
        ),
        (lambda: how_many("x", 2.5), "x: must be a whole number, but is 2.5"),
        (lambda: how_many("x", 1, 2), "x: must be at least 2, but is 1"),
        (lambda: matrices("x", [1.0, 2.0]), "x: must have shape (…, d, d), but has (2,)"),
        (
            lambda: matrices("x", np.ones((2, 2, 3))),
            "x: must have shape (…, d, d), but has (2, 2, 3)",
        ),
        (lambda: matrices("x", np.eye(2), 3), "x: must have shape (…, 3, 3), but has (2, 2)"),
        (lambda: matrices("x", [[math.nan]]), "x: holds NaN or an infinity"),
        (lambda: symmetric("x", np.ones((2, 3))), "x: must have shape (…, d, d), but has (2, 3)"),
        (
            lambda: symmetric("x", [[4.0, 1.0], [1.5, 2.0]]),
            "x: must be symmetric, but S − S.T reaches 0.1 of the largest entry",
        ),
        (
            lambda: symmetric("x", [[4.0, 1.0], [1.0 + 8e-6, 2.0]]),
            "x: must be symmetric, but S − S.T reaches 2e-06 of the largest entry, as in float32: "
            "use float64, or (S + S.T) / 2",
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


def test_the_borders_of_wholes_and_the_least_numbers():
    """0, the largest whole number and the most things are taken as they are, at every default."""
    assert not_negative("x", 0.0) == 0
    assert none_negative("x", [0.0, 0.5]).tolist() == [0, 0.5]
    assert type(number("x", np.float64(2))) is type(number("x", 2)) is float
    assert none_negative("x", []).tolist() == []
    assert whole("x", 1) == how_many("x", 1) == 1
    assert how_many("x", 10**9) == 10**9
    assert whole("x", 10**300) == 10**300
    assert whole("x", -5, None) == -5
    assert whole("x", np.int64(3), 3) == 3
    assert type(whole("x", np.int64(3))) is type(whole("x", 3.0)) is int


def test_numbers_in_arrays_of_objects_in_lists():
    """As a column of a table may hold them: numbers are taken, what is among them is looked at."""
    assert real("x", [np.array([1, 2.5], dtype=object)]).tolist() == [[1, 2.5]]
    with pytest.raises(InvalidInput, match="must be numbers, but holds True"):
        real("x", [np.array([1, True], dtype=object)])


def test_matrices_keep_their_batches():
    """Matrices of 3 × 3 side by side, along one axis or two, are of the d that was asked for;
    none, and zeros, are symmetric.
    """
    values = np.arange(18.0).reshape(2, 3, 3)
    np.testing.assert_array_equal(matrices("x", values, 3), values)
    np.testing.assert_array_equal(matrices("x", values[:, None], 3), values[:, None])
    np.testing.assert_array_equal(matrices("x", [[1, 2], [3, 4]]), [[1.0, 2.0], [3.0, 4.0]])
    assert symmetric("x", np.empty((0, 2, 2))).shape == (0, 2, 2)
    assert symmetric("x", np.zeros((2, 2))).tolist() == [[0, 0], [0, 0]]


def test_how_far_from_symmetric_an_entry_may_be():
    """1e-10 of its size and 1e-13 of the largest entry, whichever way they are split: just within,
    the mean of the two is what comes back, and just beyond it is refused. Two matrices at once.
    """
    for scale in (1e-9, 1.0, 1e9):
        for small in (0.0, 1.0, -1.0):
            room = 1e-10 * abs(small) + 1e-13 * 5
            for off, is_fine in ((0.99 * room, True), (1.01 * room, False)):
                wrong = np.array([[5.0, small + off], [small, 2.0]]) * scale
                both = np.array([np.eye(2) * scale, wrong])
                if is_fine:
                    middle = small + off / 2
                    expected = np.array([np.eye(2), [[5.0, middle], [middle, 2.0]]]) * scale
                    np.testing.assert_allclose(symmetric("x", both), expected, rtol=1e-15)
                else:
                    with pytest.raises(InvalidInput, match="as in float32"):
                        symmetric("x", both)


@pytest.mark.parametrize(
    ("name", "meant"),
    [("rate", "did you mean rates or rats?"), ("xyz", "see `dimfree list studies`")],
)
def test_a_name_that_nothing_has(name, meant):
    """Those that are like it, or where all of them stand."""
    refused = unknown("which", "studies", name, iter(["rates", "rats", "gram"]))
    assert str(refused) == f"which: {name!r} is not one of the studies; {meant}"


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
