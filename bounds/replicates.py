"""From replicates to a measured number with its standard error, as a claim takes it."""

from typing import Any

import numpy as np

from bounds.check import Array, InvalidInput, finite
from bounds.claim import Cell, Measured


def mean(cell: Cell, values: Any) -> Measured:
    """The mean of independent replicates; its standard error is their standard deviation over √n.

    Parameters
    ----------
    cell : where they were measured
    values : shape (n,), n ≥ 2

    Returns
    -------
    What `bounds.claim.verify` takes, one for each cell.

    Raises
    ------
    InvalidInput
        If they are not such numbers.

    Examples
    --------
    >>> mean({"d": 8}, [1.0, 2.0, 3.0])
    Measured(cell={'d': 8}, value=2.0, error=0.5773502691896258, replicates=3)
    """
    x = _replicates("values", values)
    return Measured(cell, float(x.mean()), float(x.std(ddof=1) / np.sqrt(x.size)), x.size)


def ratio(cell: Cell, above: Any, below: Any) -> Measured:
    """The ratio of two means over the same replicates, mean(a)/mean(b).

    Its standard error is by the delta method, that of the mean of a − ratio · b over mean(b): pairs
    that go up and down together cost little. It needs replicates enough that mean(b) is far from 0.

    Parameters
    ----------
    cell : where they were measured
    above, below : shape (n,), n ≥ 2, a pair for each replicate

    Raises
    ------
    InvalidInput
        If they are not such numbers, or the mean of `below` is 0.

    Examples
    --------
    >>> ratio({"d": 8}, [2.0, 4.0, 6.0], [1.0, 2.0, 3.0])
    Measured(cell={'d': 8}, value=2.0, error=0.0, replicates=3)
    """
    a, b = _replicates("above", above), _replicates("below", below)
    if a.size != b.size:
        raise InvalidInput("below", f"must pair with above, but has {b.size} and not {a.size}")
    if b.mean() == 0:
        raise InvalidInput("below", "has mean 0, and nothing can be divided by it")
    value = float(a.mean() / b.mean())
    error = (a - value * b).std(ddof=1) / np.sqrt(a.size) / abs(b.mean())
    return Measured(cell, value, float(error), a.size)


def _replicates(name: str, values: Any) -> Array:
    x = finite(name, values)
    if x.ndim != 1 or x.size < 2:
        raise InvalidInput(name, f"needs 2 replicates or more in one row, not shape {x.shape}")
    return x
