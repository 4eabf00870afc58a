"""Ball arithmetic: the intervals hold what they must, and bisection ends in the truth."""

import math
import sys
from fractions import Fraction

import numpy as np
import pytest
from numpy.testing import assert_allclose

from bounds.check import InvalidInput
from bounds.intervals import Interval, maximum


def test_intervals_hold_every_exact_result():
    """Against exact rational arithmetic, inside and at the corners:
    ends rounded to nearest would leave some out.
    """
    rng = np.random.default_rng(1)
    for _ in range(300):
        (a, b), (c, d) = np.sort(
            rng.normal(size=(2, 2)) * 10.0 ** rng.integers(-6, 6, (2, 1)), axis=1
        ).tolist()
        x, y = Interval(a, b), Interval(c, d)
        for s, t in [*rng.random((2, 2)).tolist(), (0.0, 0.0), (0.0, 1.0), (1.0, 0.0), (1.0, 1.0)]:
            u = min(
                max(Fraction(a) + Fraction(s) * (Fraction(b) - Fraction(a)), Fraction(a)),
                Fraction(b),
            )
            v = Fraction(c) + Fraction(t) * (Fraction(d) - Fraction(c))
            for interval, exact in ((x + y, u + v), (x - y, u - v), (x * y, u * v), (2 - x, 2 - u)):
                assert Fraction(interval.lower) <= exact <= Fraction(interval.upper)
            if c > 0 or d < 0:
                quotient = x / y
                assert Fraction(quotient.lower) <= u / v <= Fraction(quotient.upper)
            else:
                assert (x / y).upper == math.inf
                assert (x / y).lower == -math.inf


def test_intervals_are_the_exact_range_even_where_wide():
    """Balls alone would give 1/[1, 1000] = [−0.996, 1], exp [0, 6] with a negative end."""
    for interval, low, high in (
        (1 / Interval(1.0, 1000.0), 1e-3, 1.0),
        (Interval(0.0, 6.0).increasing("exp"), 1.0, math.exp(6)),
        (Interval(-1.0, 2.0) * Interval(-3.0, 5.0), -6.0, 10.0),
        (Interval(-1.0, 2.0) * -3, -6.0, 3.0),
        (0.5 * Interval(-1.0, 2.0), -0.5, 1.0),
        (-2 / Interval(-4.0, -1.0), 0.5, 2.0),
        (-Interval(-1.0, 2.0), -2.0, 1.0),
        (Interval(0.0, 3.0).larger(Interval(1.0, 2.0)), 1.0, 3.0),
    ):
        assert_allclose([interval.lower, interval.upper], [low, high], rtol=1e-14)
        assert interval.lower <= low
        assert interval.upper >= high


def test_a_divisor_that_touches_zero_says_nothing():
    """x/0 has no value at the end of [0, 1] or [−1, 0]:
    one finite end would pass for knowledge of all of them.
    """
    for divisor in (Interval(0.0, 1.0), Interval(-1.0, 0.0), Interval(0.0)):
        for dividend in (Interval(1.0, 2.0), Interval(0.0, 1.0), Interval(-2.0, 3.0)):
            quotient = dividend / divisor
            assert (quotient.lower, quotient.upper) == (-math.inf, math.inf)


def test_without_the_extra_there_is_one_sentence(monkeypatch):
    """An ImportError would pass through as a traceback."""
    monkeypatch.setitem(sys.modules, "flint", None)
    with pytest.raises(InvalidInput, match=r"^intervals: needs python-flint, the extra \[rigor\]$"):
        maximum(lambda x: x, [(0.0, 1.0)])


# --- bisection ------------------------------------------------------------------------------------


def bump(x):
    """x − x², largest at 1/2, where it is 1/4;
    two occurrences of x, so a box says more than it should.
    """
    return x - x * x


def test_the_maximum_is_enclosed():
    """1/4 at 1/2; and 2 e^{-1} in two variables at (1, 0), where the midpoints do not lie."""
    found = maximum(bump, [(0.0, 0.9)], gap=1e-4)
    assert found.lower <= 0.25 <= found.upper <= found.lower + 1e-4
    assert abs(found.at[0] - 0.5) < 0.01

    def two(x, y):
        return 2 * x * (-1 * x - y * y).increasing("exp")

    found = maximum(two, [(0.1, 3.0), (-1.0, 2.0)], gap=0.01)
    assert found.lower <= 2 / math.e <= found.upper <= found.lower + 0.01


def test_true_is_certified_false_contradicted_and_the_edge_left_open():
    """The three ways to end:
    a search that calls 'no counterexample found' certified would fail at 1/4 itself.
    """
    box = [(0.0, 0.9)]
    true, false = maximum(bump, box, threshold=0.2501), maximum(bump, box, threshold=0.2499)
    assert (true.status, true.open) == ("certified", 0.0)
    assert false.status == "counterexample"
    assert bump(false.at[0]) > 0.2499
    edge = maximum(bump, box, threshold=0.25, limit=100)
    longer = maximum(bump, box, threshold=0.25, limit=1000)
    assert edge.status == longer.status == "unfinished"
    assert edge.boxes >= 100
    assert 0 < longer.open < 0.5 * edge.open < 0.25
    assert edge.lower <= 0.25 < edge.upper


def test_what_is_not_defined_is_never_certified():
    """1/x over a box with 0 inside: NaN must not pass for a small number."""
    found = maximum(lambda x: 1 / x, [(-1.0, 1.0)], threshold=1e300, limit=200)
    assert found.status == "unfinished"
    assert found.upper == math.inf


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: maximum(bump, [(1.0, 1.0)]), "box: has a side (1.0, 1.0) that is not an interval"),
        (lambda: maximum(bump, [(2.0, 1.0)]), "box: has a side (2.0, 1.0) that is not an interval"),
        (
            lambda: maximum(bump, [(0.0, math.inf)]),
            "box: has a side (0.0, inf) that is not an interval",
        ),
        (
            lambda: maximum(bump, [(math.nan, 1.0)]),
            "box: has a side (nan, 1.0) that is not an interval",
        ),
        (
            lambda: maximum(lambda x, y: x, [(0.0, 1.0), (3.0, 2.0)]),
            "box: has a side (3.0, 2.0) that is not an interval",
        ),
    ],
)
def test_bad_input_is_named(call, sentence):
    """The one sentence, whole, with the side that is wrong and not the first one."""
    with pytest.raises(InvalidInput) as caught:
        call()
    assert str(caught.value) == sentence


def one(x):
    """1, whose ends are the floats around it: lower = 1 − 2^{-53} and upper = 1 + 2^{-52}."""
    return 0 * x + 1


BELOW, ABOVE = math.nextafter(1.0, 0.0), math.nextafter(1.0, 2.0)


@pytest.mark.parametrize(
    ("asked", "status", "boxes", "left"),
    [
        ({"threshold": ABOVE}, "certified", 1, 0.0),
        ({"threshold": 1.0}, "unfinished", 5, 1.0),
        ({"threshold": BELOW}, "unfinished", 5, 1.0),
        ({"threshold": math.nextafter(BELOW, 0.0)}, "counterexample", 1, 1.0),
        ({"gap": ABOVE - BELOW}, "unfinished", 1, 1.0),
        ({"gap": 2.0**-53}, "unfinished", 5, 1.0),
        ({"gap": 1.0, "threshold": 1.0}, "unfinished", 1, 1.0),
        ({}, "unfinished", 5, 1.0),
    ],
)
def test_borders_of_the_question(asked, status, boxes, left):
    """f = 1 between its neighbours: upper = threshold is settled, lower = threshold is not a
    counterexample, upper − lower = gap is close enough. What is settled takes one box, what is not
    takes what it is given: a search that goes on, or gives up a box early or late, is another
    number of boxes."""
    found = maximum(one, [(0.0, 1.0)], limit=5, **asked)
    assert (found.status, found.boxes, found.open) == (status, boxes, left)
    assert (found.lower, found.upper) == (BELOW, ABOVE)


def test_a_maximum_below_zero_is_enclosed():
    """−3/4, to 1e-3: upper + lower ≤ gap would be true at once."""
    found = maximum(lambda x: bump(x) - 1, [(0.0, 0.9)], gap=1e-3)
    assert found.lower <= -0.75 <= found.upper <= found.lower + 1e-3


def test_pieces_keep_the_shape_of_the_box():
    """Halved in turn, whatever the sides' units;
    and where f has no value anywhere, the place named is the middle.
    """
    seen: list[tuple[float, ...]] = []

    def nowhere(x, y):
        seen.append(tuple(side.upper - side.lower for side in (x, y)))
        return Interval(math.nan)

    found = maximum(nowhere, [(0.0, 1.0), (-50.0, 150.0)], limit=7)
    assert found.at == (0.5, 50.0)
    assert (found.lower, found.upper, found.open) == (-math.inf, math.inf, 1.0)
    whole, half, quarter = (1.0, 200.0), (0.5, 200.0), (0.5, 100.0)
    assert_allclose(seen[1::2], [whole, *2 * [half], *4 * [quarter]], rtol=1e-12)
