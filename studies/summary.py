"""Samples in a few numbers: means, ratios of paired means, intervals.

Means are over replicates; intervals are Student's t at 95 %.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import stdtrit

from bounds.check import Array, InvalidInput

LEVEL = 0.95


def groups(frame: pd.DataFrame, by: str | list[str]) -> Iterator[tuple[Any, pd.DataFrame]]:
    """groupby, with keys that mypy does not take for mere hashables."""
    yield from frame.groupby(by)


def half_width(error: float, replicates: int, comparisons: int = 1) -> float:
    """How far Student's interval at LEVEL reaches on either side of a mean; 0 of what has no error.

    Parameters
    ----------
    error : the standard error of the mean, ≥ 0
    replicates : whose mean it is, ≥ 2 where there is an error
    comparisons : over which intervals of this kind hold together (Bonferroni), ≥ 1

    Returns
    -------
    A length in the units of the mean.
    """
    if error == 0:
        return 0.0
    return -float(stdtrit(replicates - 1, (1 - LEVEL) / 2 / comparisons)) * error


def summary(values: pd.Series) -> dict[str, float]:
    """n, mean, standard error, 95 % interval of the mean,
    and the 5 % and 95 % quantiles of replicates.
    """
    n = len(values)
    if n < 2:
        raise InvalidInput("replicates", "an interval needs at least 2 of them")
    mean, se = float(values.mean()), float(values.std(ddof=1)) / np.sqrt(n)
    half = half_width(se, n)
    q05, q95 = np.quantile(values, (0.05, 0.95))
    return {
        "n": n,
        "mean": mean,
        "se": se,
        "low": mean - half,
        "high": mean + half,
        "q05": float(q05),
        "q95": float(q95),
    }


def ratio_of_means(a: Array, b: Array) -> tuple[float, float]:
    """mean(a)/mean(b) of paired samples, and its standard error by the delta method.

    Raises
    ------
    InvalidInput
        If they are not of one length of at least 2.
    """
    if a.shape != b.shape or a.size < 2:
        raise InvalidInput("samples", f"a paired ratio needs 2 or more, not {a.size} and {b.size}")
    mean = float(a.mean() / b.mean())
    return mean, float((a - mean * b).std(ddof=1) / np.sqrt(a.size) / b.mean())
