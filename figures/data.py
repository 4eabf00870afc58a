"""What a figure is given, and the checks on it that come before any drawing.

A figure trusts nothing about its tables: it asks for columns by name, for finite numbers, for one
replicate count everywhere, for estimates inside their intervals. What fails is one sentence that
names the table and the reason.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from numbers import Real
from typing import Any

import numpy as np
import pandas as pd

Fact = str | int | float | bool


class BadTable(ValueError):
    """A table, or a fact, that cannot be drawn as it stands.

    Parameters
    ----------
    table : figure and table, as "figure-1a/points"; the facts go by "figure-1a/facts"
    reason : what is wrong with it, in a few words
    """

    def __init__(self, table: str, reason: str) -> None:
        super().__init__(table, reason)
        self.table = table
        self.reason = reason

    def __str__(self) -> str:
        return f"{self.table}: {self.reason}"


@dataclass(frozen=True)
class FigureData:
    """The tables and facts of one figure.

    Attributes
    ----------
    name : the figure's name in the catalog, "figure-1a"
    tables : by name; one row per mark or per point of a curve
    facts : what holds for the whole figure (spectrum, engine, …)
    """

    name: str
    tables: Mapping[str, pd.DataFrame]
    facts: Mapping[str, Fact]

    def __repr__(self) -> str:
        tables = ", ".join(f"{name} ({len(table)} rows)" for name, table in self.tables.items())
        return f"FigureData({self.name}: {tables}; facts {', '.join(self.facts) or 'none'})"

    def bad(self, table: str, reason: str) -> BadTable:
        """The error for one of this figure's tables."""
        return BadTable(f"{self.name}/{table}", reason)

    def table(
        self,
        name: str,
        key: Sequence[str],
        *,
        numbers: Sequence[str] = (),
        positive: Sequence[str] = (),
        words: Sequence[str] = (),
        flags: Sequence[str] = (),
    ) -> pd.DataFrame:
        """A copy of the table `name`, checked, with the columns asked for, sorted by `key`.

        Parameters
        ----------
        name : of the table
        key : columns that together name a row
        numbers : columns of finite numbers
        positive : columns of finite numbers > 0, such as those on a log axis
        words : columns of strings
        flags : columns of True or False

        Raises
        ------
        BadTable
            If the table is missing or empty, lacks a column, holds something else than was asked
            for, or has two rows of one key.
        """
        if name not in self.tables:
            raise self.bad(name, "the table is missing")
        source = self.tables[name]
        columns = list(dict.fromkeys([*key, *numbers, *positive, *words, *flags]))
        missing = [column for column in columns if column not in source.columns]
        if missing:
            raise self.bad(name, f"lacks the column{'s' * (len(missing) > 1)} {', '.join(missing)}")
        if source.empty:
            raise self.bad(name, "holds no rows")
        checked: dict[str, Any] = {}
        for column in [*numbers, *positive]:
            try:
                values = source[column].to_numpy(dtype=np.float64)
            except (TypeError, ValueError):
                raise self.bad(name, f"column {column} must hold numbers") from None
            if not np.all(np.isfinite(values)):
                raise self.bad(name, f"column {column} holds NaN or an infinity")
            if column in positive and values.min() <= 0:
                raise self.bad(
                    name, f"column {column} must be positive, but holds {values.min():g}"
                )
            checked[column] = values
        for kind, names, what in (
            (str, words, "strings"),
            ((bool, np.bool_), flags, "True or False"),
        ):
            for column in names:
                if not all(isinstance(value, kind) for value in source[column]):
                    raise self.bad(name, f"column {column} must hold {what}")
        frame = pd.DataFrame({column: checked.get(column, source[column]) for column in columns})
        if frame.duplicated(list(key)).any():
            raise self.bad(name, f"has two rows of the same {', '.join(key)}")
        return frame.sort_values(list(key), ignore_index=True)

    def check_order(self, name: str, frame: pd.DataFrame, low: str, middle: str, high: str) -> None:
        """Raise BadTable unless low ≤ middle ≤ high in every row, but for rounding."""
        slack = 1e-12 * frame[middle].abs()
        if ((frame[low] > frame[middle] + slack) | (frame[middle] > frame[high] + slack)).any():
            raise self.bad(name, f"{middle} lies outside {low} … {high}")

    def check_cells(self, frames: Mapping[str, pd.DataFrame], by: Sequence[str]) -> None:
        """Raise BadTable unless all `frames`, by table name, hold the same combinations of `by`."""
        cells = {
            name: set(map(tuple, frame[list(by)].to_numpy())) for name, frame in frames.items()
        }
        first, *others = cells
        for name in others:
            if cells[name] != cells[first]:
                raise self.bad(name, f"has other values of {', '.join(by)} than the table {first}")

    def check_grid(self, name: str, frame: pd.DataFrame, by: Sequence[str], along: str) -> None:
        """Raise BadTable unless every combination of `by` has the same values of `along`."""
        grids = {tuple(sorted(group[along])) for _, group in frame.groupby(list(by))}
        if len(grids) > 1:
            raise self.bad(
                name, f"the values of {along} differ from one {', '.join(by)} to another"
            )

    def replicates(self, frames: Mapping[str, pd.DataFrame]) -> int:
        """n, the one replicate count of all `frames`,
        by table name, and of the fact n where there is one.

        Raises
        ------
        BadTable
            If a table has another count than the first row of the first, or the count is no whole
            number of at least 2 (fewer have no interval).
        """
        n = float(next(iter(frames.values()))["n"].iloc[0])
        for name, frame in frames.items():
            others = sorted({value for value in frame["n"] if value != n})
            if others:
                raise self.bad(name, f"the replicate counts n differ: {n:g} and {others[0]:g}")
            if n != int(n) or n < 2:
                raise self.bad(
                    name, f"the replicate count n must be a whole number ≥ 2, but is {n:g}"
                )
        if self.facts.get("n", n) != n:
            raise self.bad("facts", f"n is {self.facts['n']}, but the tables have {n:g} replicates")
        return int(n)

    def fact(self, key: str) -> str:
        """The fact `key` as it is printed.

        Raises
        ------
        BadTable
            If it is missing, or a number that is not finite.
        """
        if key not in self.facts:
            raise self.bad("facts", f"lack {key}")
        value = self.facts[key]
        return value if isinstance(value, str) else f"{self.number(key):.10g}"

    def number(self, key: str) -> float:
        """The fact `key` as a number.

        Raises
        ------
        BadTable
            If it is missing, no number, or not finite.
        """
        if key not in self.facts:
            raise self.bad("facts", f"lack {key}")
        value = self.facts[key]
        if isinstance(value, bool) or not isinstance(value, Real) or not np.isfinite(value):
            raise self.bad("facts", f"{key} must be a finite number, but is {value!r}")
        return float(value)
