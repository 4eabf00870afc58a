r"""Intervals with rigorous ends, and the maximum of a function over a box of them.

    f(B) ⊂ [f](B) for every box B,     sup f over the box ≤ max over its pieces B of upper [f](B).

[f] is f evaluated in intervals whose ends are balls (numbers with rigorous rounding: python-flint's
arb, the optional extra [rigor]). Pieces are halved, the one with the highest upper end first, until
the question is settled or the budget of boxes is spent; the midpoints give lower ends, so that a
false inequality ends in a certified counterexample.
"""

import heapq
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from bounds.check import InvalidInput

# A float, or an interval.
Number = Any
Box = Sequence[tuple[float, float]]


class Interval:
    """[low, high], each end a ball (flint's arb),
    so that rounding is accounted for and no width is added by it.

    A wide ball by itself is a poor interval: arb keeps midpoint and radius, and 1/[1, 1000] comes
    out as [−0.996, 1]. With ends apart, each operation gives the exact range, up to rounding of the
    ends.

    Parameters
    ----------
    low, high : floats, which are taken as exact, or balls; one number if `high` is left out

    Raises
    ------
    InvalidInput
        If python-flint is not installed.
    """

    __slots__ = ("high", "low")

    def __init__(self, low: Any, high: Any = None) -> None:
        try:
            from flint import arb
        except ImportError:
            raise InvalidInput("intervals", "needs python-flint, the extra [rigor]") from None
        self.low = arb(low)
        self.high = self.low if high is None else arb(high)

    @classmethod
    def _of(cls, low: Any, high: Any) -> "Interval":
        """From ends that are balls already: every operation makes one, in half the time."""
        new = cls.__new__(cls)
        new.low, new.high = low, high
        return new

    def __add__(self, other: Number) -> "Interval":
        other = _interval(other)
        return Interval._of(self.low + other.low, self.high + other.high)

    def __neg__(self) -> "Interval":
        return Interval._of(-self.high, -self.low)

    def __sub__(self, other: Number) -> "Interval":
        return self + -_interval(other)

    def __rsub__(self, other: Number) -> "Interval":
        return _interval(other) + -self

    def __mul__(self, other: Number) -> "Interval":
        if isinstance(other, int | float):  # most factors: no ends to compare
            low, high = self.low * other, self.high * other
            return Interval._of(low, high) if other >= 0 else Interval._of(high, low)
        other = _interval(other)
        if self.low >= 0 and other.low >= 0:
            return Interval._of(self.low * other.low, self.high * other.high)
        ends = [x * y for x in (self.low, self.high) for y in (other.low, other.high)]
        low = high = ends[0]
        for end in ends[1:]:
            low, high = low.min(end), high.max(end)
        return Interval._of(low, high)

    __radd__ = __add__
    __rmul__ = __mul__

    def __truediv__(self, other: Number) -> "Interval":
        return _interval(other)._inverse(self)

    def __rtruediv__(self, other: Number) -> "Interval":
        return self._inverse(other)

    def _inverse(self, times: Number) -> "Interval":
        """`times`/self; nothing is known of it where 0 lies inside or at an end."""
        if not (self.low > 0 or self.high < 0):
            return Interval(math.nan)
        found: Interval = Interval._of(1 / self.high, 1 / self.low) * times
        return found

    def increasing(self, name: str) -> "Interval":
        """An increasing function, by arb's name for it."""
        return Interval._of(getattr(self.low, name)(), getattr(self.high, name)())

    def larger(self, other: "Interval") -> "Interval":
        """The range of max(x, y)."""
        return Interval._of(self.low.max(other.low), self.high.max(other.high))

    @property
    def lower(self) -> float:
        """A float that is at most every number inside; minus infinity if that is not known."""
        return (
            math.nextafter(float(self.low.lower()), -math.inf)
            if self.low.is_finite()
            else -math.inf
        )

    @property
    def upper(self) -> float:
        """A float that is at least every number inside; infinity if that is not known."""
        return (
            math.nextafter(float(self.high.upper()), math.inf)
            if self.high.is_finite()
            else math.inf
        )


def _interval(value: Number) -> Interval:
    return value if isinstance(value, Interval) else Interval(value)


# --- bisection ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Maximum:
    """An enclosure of the largest value of f on a box.

    Attributes
    ----------
    lower, upper : rigorous bounds on it
    at : where f ≥ lower
    boxes : how many boxes were evaluated
    open : share of the box's volume on which f ≤ threshold is not settled; 1 if there was no
        threshold
    status : about f ≤ threshold on the box: "certified", "counterexample" (f(at) > threshold), or
        "unfinished"
    """

    lower: float
    upper: float
    at: tuple[float, ...]
    boxes: int
    open: float
    status: Literal["certified", "counterexample", "unfinished"]


def maximum(
    f: Callable[..., Number],
    box: Box,
    *,
    threshold: float | None = None,
    gap: float = 0.0,
    limit: int = 20_000,
) -> Maximum:
    """Best-first bisection, until f ≤ threshold is settled,
    or upper − lower ≤ gap, or the budget is spent.

    Parameters
    ----------
    f : a function of as many balls as the box has sides; it may return NaN where it is not defined
    box : the (low, high) of each side, finite
    threshold : stop once f ≤ threshold is certified or contradicted
    gap : stop once the maximum is known to within this
    limit : of boxes evaluated

    Raises
    ------
    InvalidInput
        If a side is not an interval, or python-flint is not installed.

    Notes
    -----
    Two evaluations of f a box. Bisects the side that has been halved least, so pieces keep the
    box's shape: a side of many orders of magnitude takes many halvings, and none where the sign is
    settled without them.
    """
    for side in box:
        if not (np.all(np.isfinite(side)) and side[0] < side[1]):
            raise InvalidInput("box", f"has a side {side} that is not an interval")
    widths = [high - low for low, high in box]
    best, at, boxes = -math.inf, tuple(0.5 * (low + high) for low, high in box), 0
    heap: list[tuple[float, int, tuple[tuple[float, float], ...]]] = []

    def add(piece: tuple[tuple[float, float], ...]) -> None:
        nonlocal best, at, boxes
        boxes += 1
        middle = tuple(0.5 * (low + high) for low, high in piece)
        here = f(*(Interval(x) for x in middle)).lower
        if here > best:
            best, at = here, middle
        heapq.heappush(heap, (-f(*(Interval(*side) for side in piece)).upper, boxes, piece))

    def settled() -> bool:
        top = -heap[0][0]
        return top - best <= gap or (
            threshold is not None and (top <= threshold or best > threshold)
        )

    add(tuple((float(low), float(high)) for low, high in box))
    while not settled() and boxes < limit:
        _, _, piece = heapq.heappop(heap)
        relative = [(high - low) / width for (low, high), width in zip(piece, widths, strict=True)]
        k = int(np.argmax(relative))
        low, high = piece[k]
        cut = 0.5 * (low + high)
        add((*piece[:k], (low, cut), *piece[k + 1 :]))
        add((*piece[:k], (cut, high), *piece[k + 1 :]))
    top = -heap[0][0]
    left = sum(
        math.prod((high - low) / width for (low, high), width in zip(piece, widths, strict=True))
        for value, _, piece in heap
        if threshold is None or -value > threshold
    )
    status: Literal["certified", "counterexample", "unfinished"] = "unfinished"
    if threshold is not None and best > threshold:
        status = "counterexample"
    elif threshold is not None and top <= threshold:
        status = "certified"
    return Maximum(best, top, at, boxes, left, status)
