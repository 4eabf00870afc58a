"""Times on a command line: `0.1,0.2,0.5`; `0.1:2:0.1`, which is start, end included, step; or
`geom:1e-3:3:40`, as many in geometric progression.
"""

from decimal import Decimal, InvalidOperation

from bounds.check import InvalidInput, increasing_times
from bounds.process import geometric_grid

MOST = 10_000


def times(text: str) -> tuple[float, ...]:
    """The times that a SPEC names.

    Parameters
    ----------
    text : as above; numbers in decimals

    Returns
    -------
    They, strictly increasing and positive. A step is added up in decimals: 0.1:0.3:0.1 holds 0.3
    itself.

    Raises
    ------
    InvalidInput
        If it is no SPEC, its times are not positive and increasing, the step does not lead to the
        end, or there are more than 10 000.
    """
    if text.strip().startswith("geom:"):
        parts = text.strip().split(":")
        if len(parts) != 4:
            raise InvalidInput("times", f"geom wants first:last:count, but has {text!r:.60}")
        first, last, count = map(_number, parts[1:])
        if count != int(count) or not 2 <= count <= MOST:
            raise InvalidInput(
                "times",
                f"geom wants a whole number of times, 2 to {MOST}, but has {parts[3]!r:.60}",
            )
        ends = increasing_times("times", [float(first), float(last)])
        return tuple(map(float, geometric_grid(ends[0], ends[1], int(count))))
    if ":" in text:
        parts = text.split(":")
        if len(parts) != 3:
            raise InvalidInput("times", f"wants start:end:step, but has {text!r:.60}")
        start, end, step = map(_number, parts)
        if step <= 0 or end < start:
            raise InvalidInput(
                "times", f"wants start ≤ end and a positive step, but has {text!r:.60}"
            )
        if (end - start) / step >= MOST:
            raise InvalidInput("times", f"names more than {MOST} times: {text!r:.60}")
        if (end - start) % step:
            raise InvalidInput("times", f"the step does not lead from start to end in {text!r:.60}")
        count = (end - start) // step
        found = [float(start + k * step) for k in range(int(count) + 1)]
    else:
        found = [float(_number(part)) for part in text.split(",")]
        if len(found) > MOST:
            raise InvalidInput("times", f"names more than {MOST} times")
    return tuple(map(float, increasing_times("times", found)))


def _number(text: str) -> Decimal:
    try:
        found = Decimal(text.strip())
    except InvalidOperation:
        found = Decimal("nan")
    # Beyond float64 there is nothing to be positive or finite.
    if not found.is_finite() or not -300 <= found.adjusted() <= 300:
        raise InvalidInput("times", f"{text.strip()!r:.60} is not a number")
    return found
