"""Times and weights as they are written on a command line.

0.1,0.2,0.5         these
0.1:2:0.1           from, to (included), step
geom:1e-3:3:40      from, to (included), how many, at equal ratios
"""

from decimal import Decimal, DecimalException

import numpy as np

from bounds.check import Array, InvalidInput, finite

MOST = 10_000
FORMS = "0.1,0.2,0.5 or 0.1:2:0.1 (from, to, step) or geom:1e-3:3:40 (from, to, how many)"


def numbers(key: str, text: str) -> Array:
    """What a SPEC stands for, shape (N,).

    Steps are added as decimals, so that 0.1:2:0.1 holds the same 0.3 as 0.1,0.2,0.3.

    Parameters
    ----------
    key : the option that it was given to
    text : in one of the three forms of the module docstring

    Raises
    ------
    InvalidInput
        If it is of none of the forms, its end is not met by whole steps, or it stands for more
        than 10,000 numbers.

    Examples
    --------
    >>> numbers("--times", "0.1:0.5:0.2").tolist()
    [0.1, 0.3, 0.5]
    >>> numbers("--times", "geom:1:100:3").round(9).tolist()
    [1.0, 10.0, 100.0]
    """
    parts = text.split(":")
    try:
        if parts[0].strip() == "geom" and len(parts) == 4:
            return _ratios(key, float(parts[1]), float(parts[2]), int(parts[3]))
        if len(parts) == 3:
            return _steps(key, *(Decimal(part.strip()) for part in parts))
        listed = [float(part) for part in text.split(",")]
    except InvalidInput:
        raise
    except (ValueError, OverflowError, DecimalException):
        raise InvalidInput(key, f"must be like {FORMS}, but is {text!r:.60}") from None
    return finite(key, listed)


def _steps(key: str, start: Decimal, end: Decimal, step: Decimal) -> Array:
    if not (start.is_finite() and end.is_finite() and step.is_finite()):
        raise InvalidInput(key, "holds NaN or an infinity")
    if step <= 0 or end < start:
        raise InvalidInput(key, f"must go up from {start} to {end}, in steps above 0, not {step}")
    count = (end - start) / step
    if count >= MOST:
        raise InvalidInput(key, f"stands for more than {MOST} numbers")
    if count != int(count):
        raise InvalidInput(key, f"does not meet {end} from {start} in whole steps of {step}")
    return finite(key, [float(start + k * step) for k in range(int(count) + 1)])


def _ratios(key: str, start: float, end: float, count: int) -> Array:
    low, high = finite(key, [start, end])
    if low <= 0 or high <= low:
        raise InvalidInput(key, f"must go up from a positive number, not from {low:g} to {high:g}")
    if not 2 <= count <= MOST:
        raise InvalidInput(key, f"must hold 2 to {MOST} numbers, not {count}")
    return np.geomspace(low, high, count)
