"""How errors that were measured anywhere grow with the dimension, in one call: `dimfree fit`.

For each group of a table: the slope of log(error) against log d with its interval, whether it is
shown to be within a margin of flat (`slopes`), which of the rival laws, each with any offset, is
the only one left (`laws`), how often this design would name each of them, and what design would
decide where several are left (`designs`).

The noise is told by replicates, by standard errors that the table gives, or, where each d has one
run, by the scatter about the fits: one relative scatter at all d.

Longer than 350 lines: what a table must hold, and what is made of it, is told in one place.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import scipy

from bounds.check import Array, InvalidInput, finite
from studies.designs import Design, deciding_design, power
from studies.laws import LAWS, MARGIN, NONE, UNDECIDED, compare_laws
from studies.least_squares import ROUNDING
from studies.slopes import equivalence, fit_slope, log_log, predicted_tilt, summarise

SCALES = ("none", "loglogd")
LARGEST = 1e70
"""Of a dimension, an error or a divisor: squares of their ratios stay inside float64."""
FEWEST = 5
"""Replicates at each d from which the slope is weighted by standard errors (`fit_line`)."""


@dataclass(frozen=True)
class Fit:
    """One group of a table.

    Attributes
    ----------
    group : its value in the column that tells the groups, None without one; of several columns,
        their names and values: "t = 0.1, m = 60"
    d, mean, se : shape (n,), the errors that were fitted, scaled; se is None for single runs
    replicates : the fewest at a d; 1 for single runs, None where standard errors were given
    weighted : whether the slope was fitted by standard errors, or by the scatter about the line
    scatter : of single runs, relative; None otherwise
    intercept, slope, low, high, level : log(error) = intercept + slope log d, and the interval
    margin, equivalent, p : whether |slope| < margin is shown, at 1 − level, and its p-value
    tilt : the slope of a flat error after it is divided by log log d; None without that scale
    law : a key of LAWS, or "undecided"
    standing : the laws that are not excluded, best fit first
    power : law → probability that this design names it, where it holds without offset
    design : what would decide between the laws that stand; None where fewer than two do
    """

    group: Any
    d: Array
    mean: Array
    se: Array | None
    replicates: int | None
    weighted: bool
    scatter: float | None
    intercept: float
    slope: float
    low: float
    high: float
    level: float
    margin: float
    equivalent: bool
    p: float
    tilt: float | None
    law: str
    standing: tuple[str, ...]
    power: dict[str, float]
    design: Design | None

    @property
    def needed(self) -> dict[str, float | None] | None:
        """What would decide: replicates at each d, how many times those that there are, or the
        largest d. None if it decides already.
        """
        if self.design is None or self.design.decides:
            return None
        factor = self.design.replicates_factor
        count = None
        if factor is not None and self.replicates is not None:
            count = round(factor * self.replicates)
        return {"replicates": count, "times": factor, "largest_d": self.design.d_max}

    def to_json(self) -> dict[str, Any]:
        """The fields of `dimfree fit --json`."""
        return {
            "group": self.group,
            "n": self.d.size,
            "slope": self.slope,
            "low": self.low,
            "high": self.high,
            "equivalent": self.equivalent,
            "p": self.p,
            "law": self.law,
            "standing": list(self.standing),
            "power": self.power,
            "needed": self.needed,
        }


def fit(
    frame: pd.DataFrame,
    rng: np.random.Generator,
    *,
    x: str = "d",
    y: str = "error",
    error: str | None = None,
    replicate: str | None = None,
    by: str | Sequence[str] | None = None,
    scale: str = "none",
    margin: float = MARGIN,
    level: float = 0.95,
    draws: int = 2000,
    say: Callable[[str], object] | None = None,
) -> list[Fit]:
    """A table of errors against dimension: slope, equivalence, law, power, deciding design.

    Errors are taken as independent across d. Laws are judged with any offset at 99 %: a table
    whose truth is one of them gets a wrong name with probability at most 1 % (studies.laws).

    Parameters
    ----------
    frame : one row per d; or per d and replicate
    rng : source of the simulated tables behind power and design; all groups get the same draws
    x, y : columns of the dimension, above e, and of the error, positive
    error : column of standard errors of y
    replicate : column that tells the replicates of one d apart; without it, and without `error`,
        each d has a single run. Below five at some d the slope's interval is from scatter; the
        power is that of the fewest.
    by : column of groups, each fitted by itself; of several, each combination that there is
    scale : what y is divided by: "none", "loglogd" (log log d), or a column
    margin : of the slope for "flat", and of the law "constant"; to be fixed before looking
    level : of the slope's interval; its equivalence is tested at 1 − level
    draws : simulated tables per law and design; 0 leaves out power and design
    say : is told how far it is, from time to time

    Returns
    -------
    One Fit per group, in order of appearance.

    Raises
    ------
    InvalidInput
        If a column is not there or not numbers, a row comes twice, an error is not positive, some
        d ≤ e, or a group has too few dimensions: three, five for single runs.

    Examples
    --------
    >>> table = pd.DataFrame({"d": [8, 16, 32, 64, 128], "error": [1.01, 0.99, 1.0, 1.01, 0.99]})
    >>> (found,) = fit(table, np.random.default_rng(0), margin=0.05)
    >>> found.equivalent, round(found.slope, 4)
    (True, -0.0029)
    """
    if error is not None and replicate is not None:
        raise InvalidInput("error", "excludes replicate: the noise is told by one of them")
    if not 0.5 < level < 1:
        raise InvalidInput("level", f"must lie strictly between 0.5 and 1, but is {level:g}")
    if len(frame) == 0:
        raise InvalidInput("TABLE", "has no rows")
    seed = int(rng.integers(2**63))
    given = {"x": x, "y": y, "error": error, "scale": None if scale in SCALES else scale}
    held = {key: _numbers(frame, key, name) for key, name in given.items() if name is not None}
    labels = None if replicate is None else _column(frame, "replicate", replicate)
    found = []
    started = time.monotonic()
    split = (by,) if isinstance(by, str) else tuple(by or ())
    groups = list(_groups(frame, split))
    for k, (group, rows) in enumerate(groups):
        if say is not None and time.monotonic() > started + 2:
            say(f"{k} of {len(groups)} groups done")
            started = time.monotonic()
        columns = {key: values[rows] for key, values in held.items()}
        divisor = log_log(columns["x"]) if scale == "loglogd" else columns.get("scale", 1.0)
        try:
            table = _table(
                columns["x"],
                columns["y"] / divisor,
                None if error is None else columns["error"] / divisor,
                None if labels is None else labels.iloc[rows],
            )
            one = _one(group, *table, scale == "loglogd", margin, level, draws, seed)
        except InvalidInput as why:
            named = f"{split[0]} {group}" if len(split) == 1 else group
            where = "" if group is None else f"{named}, "
            raise InvalidInput(f"{where}{why.key}", why.reason) from None
        except ArithmeticError as why:
            raise InvalidInput("y", str(why)) from None
        found.append(one)
    return found


def _column(frame: pd.DataFrame, key: str, name: str) -> "pd.Series[Any]":
    """A column by name."""
    if name not in frame.columns:
        there = ", ".join(map(str, frame.columns))
        raise InvalidInput(key, f"there is no column {name!r}; there are {there:.300}")
    column = frame[name]
    if column.ndim != 1:
        raise InvalidInput(key, f"there are several columns {name!r}")
    if column.isna().any():
        raise InvalidInput(key, f"the column {name!r} has gaps or NaN")
    return column


def _numbers(frame: pd.DataFrame, key: str, name: str) -> Array:
    """A column of numbers, positive ones; but for errors, of which only means need be."""
    column = _column(frame, key, name).to_numpy()
    try:
        values = finite(key, column)
    except InvalidInput as error:
        raise InvalidInput(key, f"the column {name!r} {error.reason}") from None
    least = -LARGEST if key == "y" else 1 / LARGEST
    far = values[(values < least) | (values > LARGEST)]
    if far.size:
        reason = f"must lie within {least:g} … {LARGEST:g}, but holds {far[0]:g}"
        raise InvalidInput(key, f"the column {name!r} {reason}")
    return values


def _groups(frame: pd.DataFrame, by: Sequence[str]) -> Iterator[tuple[Any, Any]]:
    """Each group's value, as JSON takes it, and the places of its rows."""
    if not by:
        yield None, np.arange(len(frame))
        return
    if len(set(by)) < len(by):
        raise InvalidInput("by", "names the same column twice")
    columns = [_column(frame, "by", name).reset_index(drop=True) for name in by]
    for values, part in columns[0].groupby(columns, sort=False, observed=True):
        plain = [_plain(value) for value in values]
        several = ", ".join(f"{name} = {value}" for name, value in zip(by, plain, strict=True))
        yield plain[0] if len(by) == 1 else several, part.index.to_numpy()


def _plain(value: Any) -> Any:
    """A value as JSON takes it."""
    plain = value.item() if isinstance(value, np.generic) else value
    known = isinstance(plain, str | int) or (isinstance(plain, float) and np.isfinite(plain))
    return plain if known else str(plain)


Table = tuple[Array, Array, Array | None, Array | None]


def _table(d: Array, y: Array, se: Array | None, labels: "pd.Series[Any] | None") -> Table:
    """Dimensions in order, means, standard errors and replicate counts, as the fits take them."""
    if labels is not None:
        both = pd.DataFrame({"d": d, "replicate": labels.to_numpy()})
        twice = both[both.duplicated()]
        if len(twice):
            again = f"d = {twice['d'].iloc[0]:g} has replicate {twice['replicate'].iloc[0]} twice"
            raise InvalidInput("replicate", f"{again}: name the column that differs with by")
        return summarise(d, y)
    values, counts = np.unique(d, return_counts=True)
    if counts.max() > 1:
        several = f"d = {values[np.argmax(counts > 1)]:g} has {counts[counts > 1][0]} rows"
        ways = "name the column of replicates, or the one of groups with by"
        raise InvalidInput("x", f"{several}: {ways}")
    order = np.argsort(d)
    return d[order], y[order], None if se is None else se[order], None


def _one(
    group: Any,
    d: Array,
    mean: Array,
    se: Array | None,
    counts: Array | None,
    tilted: bool,
    margin: float,
    level: float,
    draws: int,
    seed: int,
) -> Fit:
    """One group's fit."""
    fewest = None if counts is None else int(counts.min())
    weighted = se is not None and (fewest is None or fewest >= FEWEST)
    compared = compare_laws(d, mean, se, replicates=counts, margin=margin)
    line = fit_slope(
        d,
        mean,
        se if weighted else None,
        level=level,
        replicates=counts if weighted else None,
    )
    weights = 1.0 if se is None or not weighted else se / mean
    flat = equivalence(line, margin, 1 - level)
    relative = _relative(d, mean, se, counts)
    replicates = 1 if se is None else fewest
    named = compared.verdict not in (UNDECIDED, NONE)
    chances, design = {}, None
    if draws:
        told = power(
            *(d, relative, np.random.default_rng(seed), draws),
            replicates=replicates,
            margin=margin,
        )
        chances = {one.law: one.right for one in told}
        if not named and len(compared.standing) > 1:
            design = deciding_design(
                *(d, relative, np.random.default_rng(seed), compared.standing),
                replicates=replicates,
                margin=margin,
                draws=draws,
            )
    return Fit(
        group=group,
        d=d,
        mean=mean,
        se=se,
        replicates=replicates,
        weighted=weighted,
        scatter=float(relative[0]) if se is None else None,
        intercept=line.intercept,
        slope=line.slope,
        low=line.low,
        high=line.high,
        level=level,
        margin=margin,
        equivalent=flat.equivalent,
        p=flat.p,
        tilt=predicted_tilt(d, weights) if tilted else None,
        law=compared.verdict if named else "undecided",
        standing=compared.standing,
        power=chances,
        design=design,
    )


def _relative(d: Array, mean: Array, se: Array | None, counts: Array | None) -> Array:
    """The noise that power and design are asked for, over the mean.

    A few replicates tell each d's noise badly, and power takes what they say for exact. So unless
    Bartlett's test finds at 1 % that the relative noise of a run differs between the d, it is one
    for all, pooled.
    """
    if se is None:
        return np.full(d.size, _scatter(d, mean))
    if counts is None:
        return se / mean
    variances, dof = counts * (se / mean) ** 2, counts - 1
    pooled = np.average(variances, weights=dof)
    spread = dof.sum() * np.log(pooled) - np.sum(dof * np.log(variances))
    spread /= 1 + (np.sum(1 / dof) - 1 / dof.sum()) / (3 * (d.size - 1))
    if scipy.stats.chi2.sf(spread, d.size - 1) < 0.01:
        return se / mean
    return np.asarray(np.sqrt(pooled / counts))


def _scatter(d: Array, mean: Array) -> float:
    """Relative scatter of single runs about all four shapes at once, as the laws' rule has it."""
    shapes = np.column_stack([shape(d) / shape(d).max() for shape in LAWS.values()])
    design = shapes / mean[:, None]
    left = 1 - design @ np.linalg.lstsq(design, np.ones(d.size))[0]
    return max(float(np.sqrt(np.sum(left**2) / (d.size - shapes.shape[1]))), ROUNDING)
