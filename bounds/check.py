"""Checks on what comes in: each failure is one sentence that names the input and the reason.

Numbers are what numpy calls real ones, bit for bit or by Python's own conversion. What would lose
something on the way to float64 (a mask, an imaginary part), or stand for something else (words,
dates, truth values), is refused. pandas' columns and tables are taken.
"""

import math
from collections.abc import Iterable
from decimal import Decimal
from difflib import get_close_matches
from numbers import Real
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]


class InvalidInput(ValueError):
    """An input that no formula here is true for.

    Parameters
    ----------
    key : str
        The name under which the caller gave the value.
    reason : str
        What is wrong with it, in a few words.
    """

    def __init__(self, key: str, reason: str) -> None:
        super().__init__(key, reason)
        self.key = key
        self.reason = reason

    def __str__(self) -> str:
        return f"{self.key}: {self.reason}"


def unknown(key: str, what: str, name: str, known: Iterable[str]) -> InvalidInput:
    """The refusal of a name that nothing has, with those like it.

    Parameters
    ----------
    key : the name of the input
    what : "claims", "studies", …, as `dimfree list` has them
    name : what was given
    known : all names
    """
    close = get_close_matches(name, list(known))
    meant = f"did you mean {' or '.join(close)}?" if close else f"see `dimfree list {what}`"
    return InvalidInput(key, f"{name!r} is not one of the {what}; {meant}")


def real(key: str, values: Any) -> Array:
    """`values` as a float64 array, NaN and infinities among them;
    the gate that every array here goes through.

    Parameters
    ----------
    key : the name of the input
    values : array_like of any shape: numbers, numpy's and pandas' arrays, lists of them, nested as
        one likes

    Raises
    ------
    InvalidInput
        If it holds anything but real numbers, or entries that are masked.
    """
    if not isinstance(values, np.ndarray) or isinstance(values, np.ma.MaskedArray):
        _look_into(key, values)
    try:
        array = np.asarray(values)
        if array.dtype.kind == "c":
            if np.any(array.imag != 0):
                raise InvalidInput(key, "must be real, but has an imaginary part")
            array = array.real
        elif array.dtype.kind == "O":
            _look_into(key, array.ravel().tolist())
        elif array.dtype.kind not in "iuf":
            raise InvalidInput(key, f"must be numbers, but is of type {array.dtype}")
        return np.asarray(array, dtype=np.float64)
    except OverflowError:
        raise InvalidInput(key, "holds a number beyond the range of float64") from None
    except (TypeError, ValueError) as error:
        if isinstance(error, InvalidInput):
            raise
        raise InvalidInput(key, "must be numbers") from None


def _look_into(key: str, values: Any) -> None:
    """What numpy would pass over in silence, in lists at any depth: masks, truth values, words."""
    if isinstance(values, np.ma.MaskedArray):
        if np.any(np.ma.getmaskarray(values)):
            raise InvalidInput(key, "has masked entries: fill them or leave them out")
    elif isinstance(values, np.ndarray):
        if values.dtype.kind not in "iufcO":
            raise InvalidInput(key, f"must be numbers, but is of type {values.dtype}")
    elif isinstance(values, list | tuple):
        for value in values:
            if type(value) is not float and type(value) is not int:
                _look_into(key, value)
    elif isinstance(values, bool | np.bool_ | str | bytes | np.datetime64 | np.timedelta64):
        raise InvalidInput(key, f"must be numbers, but holds {values!r:.60}")
    elif not isinstance(values, Real | Decimal | complex) and not hasattr(values, "__array__"):
        raise InvalidInput(key, "must be numbers")


def finite(key: str, values: Any) -> Array:
    """`values` as a float64 array, as `real` makes it.

    Raises
    ------
    InvalidInput
        If it holds anything but finite real numbers.
    """
    # Floats, and arrays of them, are asked about most: less than half the time that `real` takes.
    if isinstance(values, float) and math.isfinite(values):
        return np.asarray(values)
    plain = type(values) is np.ndarray and values.dtype == np.float64
    array = values if plain else real(key, values)
    if not np.isfinite(array).all():
        raise InvalidInput(key, "holds NaN or an infinity")
    return array


def number(key: str, value: Any) -> float:
    """`value`, if it is one finite number.

    Raises
    ------
    InvalidInput
        If it is not.
    """
    if isinstance(value, float) and math.isfinite(value):
        return float(value)
    array = finite(key, value)
    if array.ndim:
        raise InvalidInput(key, f"must be one number, but has shape {array.shape}")
    return float(array)


def positive(key: str, value: Any) -> float:
    """`value`, if it is a positive finite number.

    Raises
    ------
    InvalidInput
        If it is not.
    """
    found = number(key, value)
    if found <= 0:
        raise InvalidInput(key, f"must be positive, but is {found:g}")
    return found


def not_negative(key: str, value: Any) -> float:
    """`value`, if it is a finite number ≥ 0.

    Raises
    ------
    InvalidInput
        If it is not.
    """
    found = number(key, value)
    if found < 0:
        raise InvalidInput(key, f"must not be negative, but is {found:g}")
    return found


def whole(key: str, value: Any, least: int | None = 1) -> int:
    """`value` as an integer, if it is a whole number, however written
    (100, 100.0, 1e6), and at least `least`, if one is named.

    Raises
    ------
    InvalidInput
        If it is not.
    """
    if type(value) is int:
        found = value
    elif isinstance(value, np.integer):
        found = int(value)
    else:
        held = number(key, value)
        if not held.is_integer():
            raise InvalidInput(key, f"must be a whole number, but is {held:g}")
        found = int(held)
    if abs(found) > 10**300:
        raise InvalidInput(key, "must lie within the range of float64")
    if least is not None and found < least:
        raise InvalidInput(key, f"must be at least {least}, but is {found}")
    return found


def how_many(key: str, value: Any, least: int = 1, most: int = 10**9) -> int:
    """`value` as a whole number of things that are made at once:
    from `least` to `most`, beyond which no memory holds them.

    Raises
    ------
    InvalidInput
        If it is not.
    """
    found = whole(key, value, least)
    if found > most:
        raise InvalidInput(key, f"must be at most {most}, which is more than fits into memory")
    return found


def matrices(key: str, values: Any, dimension: int | None = None) -> Array:
    """`values` as finite square matrices, shape (…, d, d), with that d if one is named.

    Raises
    ------
    InvalidInput
        If they are not.
    """
    array = finite(key, values)
    wanted = "d" if dimension is None else dimension
    if (
        array.ndim < 2
        or array.shape[-1] != array.shape[-2]
        or dimension not in (None, array.shape[-1])
    ):
        raise InvalidInput(key, f"must have shape (…, {wanted}, {wanted}), but has {array.shape}")
    return array


def symmetric(key: str, values: Any) -> Array:
    """The symmetric part of `values`, shape (…, d, d), if that is all but rounding in float64.

    Raises
    ------
    InvalidInput
        If it holds anything but finite real numbers, or an entry differs from its mirror image by
        more than 1e-10 of its size and 1e-13 of the largest entry.
    """
    array = matrices(key, values)
    mirror = np.swapaxes(array, -1, -2)
    largest = float(np.abs(array).max(initial=0.0))
    apart = np.abs(array - mirror)
    if (apart > 1e-10 * np.abs(mirror) + 1e-13 * largest).any():
        off = float(apart.max()) / largest
        remedy = ""
        if off < 1e-5:
            remedy = ", as in float32: use float64, or (S + S.T) / 2"
        raise InvalidInput(
            key, f"must be symmetric, but S − S.T reaches {off:.1g} of the largest entry{remedy}"
        )
    return np.asarray((array + mirror) / 2)


def increasing_times(key: str, times: Any) -> Array:
    """`times` as a float64 array of shape (N,), 0 < t_1 < … < t_N.

    Raises
    ------
    InvalidInput
        If there are none, or they are not finite, positive and strictly increasing.
    """
    listed = (
        list(times) if isinstance(times, Iterable) and not hasattr(times, "__array__") else times
    )
    array = np.atleast_1d(finite(key, listed))
    if array.ndim != 1 or array.size == 0:
        raise InvalidInput(key, "must be a non-empty list of times")
    if array[0] <= 0:
        raise InvalidInput(key, f"must be positive, but the first is {array[0]:g}")
    drops = np.flatnonzero(np.diff(array) <= 0)
    if drops.size:
        k = int(drops[0])
        raise InvalidInput(
            key, f"must be strictly increasing, but {array[k + 1]:g} follows {array[k]:g}"
        )
    return array


def none_negative(key: str, values: ArrayLike) -> Array:
    """`values` as a float64 array of finite numbers ≥ 0: times, variances.

    Raises
    ------
    InvalidInput
        If they are not.
    """
    if isinstance(values, float) and 0 <= values < math.inf:
        return np.asarray(values)
    array = finite(key, values)
    if array.size and array.min() < 0:
        raise InvalidInput(key, f"must not be negative, but holds {array.min():g}")
    return array
