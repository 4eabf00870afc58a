"""Times and weights on a command line: `0.1,0.2,0.5`; `0.1:2:0.1`, which is start, end included,
step; or `geom:1e-3:3:40`, as many in geometric progression.
"""

from decimal import Decimal, InvalidOperation

from bounds.check import InvalidInput, increasing_times
from bounds.process import geometric_grid

MOST = 10_000


def times(text: str, key: str = "times") -> tuple[float, ...]:
    """The times that a SPEC names: `numbers`, strictly increasing and positive.

    Raises
    ------
    InvalidInput
        As `numbers`; if they are not positive and increasing.
    """
    return tuple(map(float, increasing_times(key, numbers(text, key))))


def numbers(text: str, key: str) -> tuple[float, ...]:
    """The numbers that a SPEC names.

    Parameters
    ----------
    text : as above; numbers in decimals
    key : what they are, for the message

    Returns
    -------
    They, in order. A step is added up in decimals: 0.1:0.3:0.1 holds 0.3 itself.

    Raises
    ------
    InvalidInput
        If it is no SPEC, a progression does not go up, the step does not lead to the end, or there
        are more than 10 000.

    Examples
    --------
    >>> numbers("0.1:0.5:0.2", "times")
    (0.1, 0.3, 0.5)
    >>> [round(t, 9) for t in numbers("geom:1:100:3", "times")]
    [1.0, 10.0, 100.0]
    """
    if text.strip().startswith("geom:"):
        parts = text.strip().split(":")
        if len(parts) != 4:
            raise InvalidInput(key, f"geom wants first:last:count, but has {text!r:.60}")
        first, last, count = (_number(part, key) for part in parts[1:])
        if count != int(count) or not 2 <= count <= MOST:
            wants = f"geom wants a whole number of {key}, 2 to {MOST}"
            raise InvalidInput(key, f"{wants}, but has {parts[3]!r:.60}")
        ends = increasing_times(key, [float(first), float(last)])
        return tuple(map(float, geometric_grid(ends[0], ends[1], int(count))))
    if ":" in text:
        parts = text.split(":")
        if len(parts) != 3:
            raise InvalidInput(key, f"wants start:end:step, but has {text!r:.60}")
        start, end, step = (_number(part, key) for part in parts)
        if step <= 0 or end < start:
            raise InvalidInput(key, f"wants start ≤ end and a positive step, but has {text!r:.60}")
        if (end - start) / step >= MOST:
            raise InvalidInput(key, f"names more than {MOST} {key}: {text!r:.60}")
        if (end - start) % step:
            raise InvalidInput(key, f"the step does not lead from start to end in {text!r:.60}")
        count = (end - start) // step
        return tuple(float(start + k * step) for k in range(int(count) + 1))
    found = tuple(float(_number(part, key)) for part in text.split(","))
    if len(found) > MOST:
        raise InvalidInput(key, f"names more than {MOST} {key}")
    return found


def _number(text: str, key: str) -> Decimal:
    try:
        found = Decimal(text.strip())
    except InvalidOperation:
        found = Decimal("nan")
    # Beyond float64 there is nothing to be positive or finite.
    if not found.is_finite() or not -300 <= found.adjusted() <= 300:
        raise InvalidInput(key, f"{text.strip()!r:.60} is not a number")
    return found
