"""Checks on what comes in: each failure is one sentence that names the input and the reason."""

from collections.abc import Iterable

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


def finite(key: str, values: ArrayLike) -> Array:
    """`values` as a float64 array.

    Raises
    ------
    InvalidInput
        If it is not numeric, or holds NaN or an infinity.
    """
    try:
        array = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError):
        raise InvalidInput(key, "must be numbers") from None
    if not np.all(np.isfinite(array)):
        raise InvalidInput(key, "holds NaN or an infinity")
    return array


def increasing_times(key: str, times: ArrayLike | Iterable[float]) -> Array:
    """`times` as a float64 array of shape (N,), 0 < t_1 < … < t_N.

    Raises
    ------
    InvalidInput
        If there are none, or they are not finite, positive and strictly increasing.
    """
    listed = list(times) if isinstance(times, Iterable) and not isinstance(times, np.ndarray) else times
    array = np.atleast_1d(finite(key, listed))  # type: ignore[arg-type]
    if array.ndim != 1 or array.size == 0:
        raise InvalidInput(key, "must be a non-empty list of times")
    if array[0] <= 0:
        raise InvalidInput(key, f"must be positive, but the first is {array[0]:g}")
    drops = np.flatnonzero(np.diff(array) <= 0)
    if drops.size:
        k = int(drops[0])
        raise InvalidInput(key, f"must be strictly increasing, but {array[k + 1]:g} follows {array[k]:g}")
    return array


def positive(key: str, value: float) -> float:
    """`value`, if it is a positive finite number.

    Raises
    ------
    InvalidInput
        If it is not.
    """
    array = finite(key, value)
    if array.ndim:
        raise InvalidInput(key, f"must be one number, but has shape {array.shape}")
    number = float(array)
    if number <= 0:
        raise InvalidInput(key, f"must be positive, but is {number:g}")
    return number
