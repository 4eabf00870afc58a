"""One task, wherever it runs: pieces of cells, measured one after the other with one BLAS thread.

A piece is some replicates of one cell. A task holds as many of them as the coordinator thinks it
can do in a fraction of a second, and stops by itself when it was wrong: what it has not begun goes
back. So cells of a microsecond do not pay for a message and a write to disk each, and cells of an
hour do not wait for one another. The numbers know nothing of it.
"""

import importlib.metadata
import json
import math
import platform
import sys
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import cache, lru_cache

import numpy as np
from threadpoolctl import ThreadpoolController

from bounds.check import InvalidInput
from studies.code import code_of, dimfree_version
from studies.study import Cell, Row, replicate_seeds

Measure = Callable[[Cell, Sequence[np.random.SeedSequence]], list[list[Row]]]

_ONE_AT_A_TIME = threading.Lock()


class WrongWorker(InvalidInput):
    """A worker whose numbers would not be this run's.

    Parameters
    ----------
    reason : which code and libraries it has, and which it should have
    """

    def __init__(self, reason: str) -> None:
        super().__init__("--executor", reason)

    def __reduce__(self) -> tuple[type["WrongWorker"], tuple[str]]:
        return WrongWorker, (self.reason,)


@dataclass(frozen=True)
class Piece:
    """Some replicates of one cell.

    Attributes
    ----------
    place : of the cell among the study's
    name : of the cell in a store
    cell : the cell
    replicates : which of them
    """

    place: int
    name: str
    cell: Cell
    replicates: tuple[int, ...]


@dataclass(frozen=True)
class Done:
    """What became of a task.

    Attributes
    ----------
    results : for each piece that was begun, in order: for each replicate its rows as JSON text, a
        row being the list of its values (floats by repr, hence exact); or one sentence on why there
        are none
    seconds : what it took
    """

    results: tuple[list[str] | str, ...]
    seconds: float


def perform(
    measure: Measure,
    columns: tuple[str, ...],
    pieces: Sequence[Piece],
    seed: int,
    wanted: str,
    patience: float,
) -> Done:
    """Measures pieces until all are done or the time is up.

    Parameters
    ----------
    measure : of the study
    columns : that each row must have
    pieces : at least one, which is measured whatever it takes
    seed : the study's
    wanted : the `origin` that the numbers must have
    patience : seconds after which no further piece is begun

    Raises
    ------
    WrongWorker
        If the origin is another one here.
    """
    try:
        here = origin(measure)
    except InvalidInput as error:  # a user's file that is not there
        raise WrongWorker(f"a worker on {platform.node()} has other code: {error}") from None
    if here != wanted:
        raise WrongWorker(f"a worker on {platform.node()} has {here}; the run has {wanted}")
    results: list[list[str] | str] = []
    # In turn, where tasks share a process: the number of BLAS threads belongs to all of it.
    with _ONE_AT_A_TIME, one_blas_thread():
        start = time.perf_counter()
        for piece in pieces:
            results.append(_measured(measure, columns, piece, seed))
            if time.perf_counter() - start > patience:
                break
        return Done(tuple(results), time.perf_counter() - start)


def _measured(
    measure: Measure, columns: tuple[str, ...], piece: Piece, seed: int
) -> list[str] | str:
    """A piece's rows, or what went wrong: as text,
    because not every exception survives the way between processes.
    """
    seeds = replicate_seeds(seed, piece.cell, piece.replicates)
    try:
        results = measure(piece.cell, seeds)
        if len(results) != len(seeds):
            return f"returned {len(results)} replicates, not {len(seeds)}"
        return [
            json.dumps([_values(row, columns, replicate) for row in rows])
            for replicate, rows in zip(piece.replicates, results, strict=True)
        ]
    except _BadRow as bad:
        return str(bad)
    except Exception as error:
        return describe(error)


class _BadRow(Exception):
    """A row that is not what the study's columns announce."""


def _values(row: Row, columns: tuple[str, ...], replicate: int) -> list[float | int | str]:
    if set(row) != set(columns):
        raise _BadRow(f"returned a row with columns {sorted(row)}, not {sorted(columns)}")
    values = [row[column] for column in columns]
    values = [value.item() if isinstance(value, np.generic) else value for value in values]
    for column, value in zip(columns, values, strict=True):
        if type(value) not in (float, int, str):
            raise _BadRow(f"returned a {type(value).__name__} as {column}, not a number or text")
        if not finite(value):
            raise _BadRow(
                f"returned {value} as {column} in replicate {replicate}, not a finite number"
            )
    return values


def finite(value: float | int | str) -> bool:
    """Whether a value stands for something in a table:
    no NaN, no infinity, nor a word that is read as one.
    """
    if isinstance(value, int):
        return True
    try:
        return math.isfinite(float(value))
    except ValueError:
        return True


def describe(error: BaseException) -> str:
    """An exception in one line."""
    return f"raised {type(error).__name__}: {' '.join(str(error).split())}"


def versions() -> dict[str, str]:
    """What the numbers may depend on beside the study's code."""
    return dict(_versions())


@cache
def _versions() -> tuple[tuple[str, str], ...]:
    """Read once in each process."""
    return (
        ("dimfree", dimfree_version()),
        ("python", platform.python_version()),
        ("numpy", np.__version__),
        ("scipy", importlib.metadata.version("scipy")),
    )


@cache
def origin(measure: Measure) -> str:
    """Which code and libraries a process measures with, as one line; read once in each process."""
    libraries = ", ".join(
        f"{name} {version}" for name, version in versions().items() if name != "dimfree"
    )
    return f"dimfree {code_of(measure)}, {libraries}"


def one_blas_thread() -> AbstractContextManager[object]:
    """The context in which BLAS has one thread."""
    limit: AbstractContextManager[object] = _blas(len(sys.modules)).limit(limits=1)
    return limit


@lru_cache(maxsize=1)
def _blas(modules: int) -> ThreadpoolController:
    """The BLAS libraries there are, looked up anew when
    a module has been imported: it takes a millisecond.
    """
    return ThreadpoolController()
