"""The only runner.

    cells × replicates − what is stored → batches → executor → store → DIR/STUDY.csv, DIR/STUDY.json.

The table holds the rows by cell, then replicate, then as measured: it has no memory of workers, of their
order, or of interruptions, and the manifest none of the clock.
"""

import csv
import hashlib
import importlib.metadata
import io
import json
import os
import platform
import signal
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Executor, Future, wait
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from types import FrameType
from typing import IO, Any

import numpy as np
from threadpoolctl import threadpool_limits
from tqdm import tqdm

from bounds.check import InvalidInput
from studies import executors
from studies.store import Key, Store, sole_writer
from studies.study import (
    ROOT,
    Cell,
    Row,
    Settings,
    Study,
    canonical,
    cell_key,
    code_version,
    dimfree_version,
    replicate_seed,
)

MANIFEST_SCHEMA = 1
DEATHS_OF_A_CELL = 3  # the worker processes that a cell may take down before it is left out


class Interrupted(Exception):
    """The run was stopped from outside; one sentence says what is stored and how to go on."""


class MeasureError(Exception):
    """A measure() raised, or returned what the study's columns do not announce."""


@dataclass(frozen=True)
class Missing:
    """A cell that lacks replicates.

    Attributes
    ----------
    cell : the cell
    replicates : how many it lacks
    reason : one sentence
    """

    cell: Cell
    replicates: int
    reason: str


@dataclass(frozen=True)
class Outcome:
    """What a run left.

    Attributes
    ----------
    table, manifest_path : DIR/STUDY.csv and DIR/STUDY.json
    manifest : what the latter holds
    missing : the cells that lack replicates, in order
    measured : replicates measured by this run, the others were stored already
    """

    table: Path
    manifest_path: Path
    manifest: dict[str, Any]
    missing: tuple[Missing, ...]
    measured: int


def run(
    study: Study,
    settings: Settings,
    out: Path,
    *,
    workers: int = 1,
    executor: Callable[[], Executor] | None = None,
    progress: bool = True,
    code: str | None = None,
) -> Outcome:
    """Measures what is not stored yet, and writes table and manifest.

    Parameters
    ----------
    study, settings : what to measure
    out : the folder DIR, made if need be
    workers : how many tasks run at once, ≥ 1
    executor : makes the executor, again whenever a worker process has died; executors.local by default
    progress : whether to report on standard error
    code : the code version; by default code_version(study)

    Returns
    -------
    Outcome
        A cell whose measure raises, or that takes down three worker processes, does not stop the others: it
        is in `missing`. With one worker there is no process but this one to take down.

    Raises
    ------
    InvalidInput
        If `out` cannot be written to or is in use, its store is damaged or foreign, or two cells are equal.
    Interrupted
        On SIGINT or SIGTERM. What was finished is stored; the same call goes on from there.

    Notes
    -----
    Memory: the cells, 2 · workers batches, and one replicate's rows when the table is written.
    """
    if workers < 1:
        raise InvalidInput("--workers", f"must be at least 1, but is {workers}")
    cells = study.cells(settings)
    twice = [cell for cell, count in Counter(map(canonical, cells)).items() if count > 1]
    if twice:
        raise InvalidInput(study.name, f"the same cell is asked for more than once: {twice[0]}")
    key = Key(study.name, settings.seed, code or code_version(study))
    say = _Report(study.name, progress)
    with sole_writer(out, study.name), closing(Store(out / f"{study.name}.sqlite")) as store:
        sweep = _Sweep(study, settings, cells, key, store, workers, executor or _local(workers), say)
        try:
            with _stoppable():
                sweep.measure()
                return sweep.write(out)
        except KeyboardInterrupt:
            total = len(cells) * settings.replicates
            raise Interrupted(
                f"stopped: {sweep.stored()} of {total} replicates of {study.name} are stored in {out};"
                " the same command goes on from there"
            ) from None


def _local(workers: int) -> Callable[[], Executor]:
    return lambda: executors.local(workers)


@dataclass(frozen=True)
class _Batch:
    """Some replicates of one cell: a task."""

    cell: int
    replicates: tuple[int, ...]


@dataclass
class _Sweep:
    """One run, while it lasts."""

    study: Study
    settings: Settings
    cells: list[Cell]
    key: Key
    store: Store
    workers: int
    make: Callable[[], Executor]
    say: "_Report"
    failures: dict[int, str] = field(default_factory=dict)
    deaths: Counter[int] = field(default_factory=Counter)
    measured: int = 0

    def __post_init__(self) -> None:
        self.names = [cell_key(cell) for cell in self.cells]

    def measure(self) -> None:
        """All that is not stored, with the failing cells left out."""
        to_run = self.announce()
        if not to_run:
            return
        self.pool = self.make()
        try:
            with self.say.bar(to_run):
                todo = self.batches()
                room = 1 if self.workers == 1 else 2 * self.workers
                while fallen := self.wave(todo, room):
                    self.blame(fallen)
                    # One at a time from here, so that it is known which of them takes a worker down.
                    for batch in fallen:
                        while again := self.wave(iter([batch]), 1):
                            self.blame(again)
        finally:
            executors.stop(self.pool)

    def announce(self) -> int:
        """Says what is stored, what is to run and why; returns the number of replicates to run."""
        why: Counter[str] = Counter()
        for name in self.names:
            done = self.store.done(self.key, name, self.settings.replicates)
            stale = self.store.stale(self.key, name, self.settings.replicates) - done
            fresh = self.settings.replicates - len(done) - len(stale)
            why["stored"] += len(done)
            why["code changed since"] += len(stale)
            why["more replicates of cells begun before" if done or stale else "new"] += fresh
        stored = why.pop("stored")
        reasons = ", ".join(f"{count} {reason}" for reason, count in sorted(why.items()) if count)
        total = len(self.cells) * self.settings.replicates
        to_run = total - stored
        text = f"{total} replicates in {len(self.cells)} cells: {stored} stored, {to_run} to run"
        self.say.line(f"{text} ({reasons})" if reasons else text)
        return to_run

    def batches(self) -> Iterator[_Batch]:
        """The tasks, made one by one as they are asked for."""
        for place, (cell, name) in enumerate(zip(self.cells, self.names, strict=True)):
            done = self.store.done(self.key, name, self.settings.replicates)
            left = (replicate for replicate in range(self.settings.replicates) if replicate not in done)
            size = max(1, self.study.batch(cell))
            while replicates := tuple(islice(left, size)):
                yield _Batch(place, replicates)

    def wave(self, batches: Iterator[_Batch], room: int) -> list[_Batch]:
        """Runs batches, `room` at a time at most, until none is left or a worker process dies.

        Returns
        -------
        The batches that were under way when it died; there is a new pool then.
        """
        flying: dict[Future[list[str]], _Batch] = {}
        fallen: list[_Batch] = []
        while True:
            while not fallen and len(flying) < room and (batch := self.following(batches)):
                try:
                    flying[self.submit(batch)] = batch
                except BrokenExecutor:
                    fallen.append(batch)
            if not flying:
                break
            for future in wait(flying, return_when=FIRST_COMPLETED).done:
                batch = flying.pop(future)
                error = future.exception()
                if error is None:
                    self.keep(batch, future.result())
                elif isinstance(error, BrokenExecutor):
                    fallen.append(batch)
                else:
                    reason = str(error) if isinstance(error, MeasureError) else _describe(error)
                    self.give_up(batch.cell, reason)
        if fallen:
            executors.stop(self.pool)
            self.pool = self.make()
        return sorted(fallen, key=lambda batch: (batch.cell, batch.replicates))

    def following(self, batches: Iterator[_Batch]) -> _Batch | None:
        """The next batch of a cell that has not been given up."""
        return next((batch for batch in batches if batch.cell not in self.failures), None)

    def submit(self, batch: _Batch) -> Future[list[str]]:
        """Sends a batch on its way."""
        cell = self.cells[batch.cell]
        return self.pool.submit(
            measure_batch, self.study.measure, self.study.measured, cell, self.key.seed, batch.replicates
        )

    def keep(self, batch: _Batch, rows: list[str]) -> None:
        """Stores a finished batch."""
        self.store.add(self.key, self.names[batch.cell], zip(batch.replicates, rows, strict=True))
        self.measured += len(rows)
        self.say.step(len(rows))

    def blame(self, fallen: Sequence[_Batch]) -> None:
        """Counts a death against the cell that was under way alone; among several, nobody knows."""
        if len(fallen) > 1:
            return
        cell = fallen[0].cell
        self.deaths[cell] += 1
        if self.deaths[cell] == DEATHS_OF_A_CELL:
            self.give_up(cell, f"took down {DEATHS_OF_A_CELL} worker processes")

    def give_up(self, cell: int, reason: str) -> None:
        """Leaves out what remains of a cell."""
        if cell not in self.failures:
            self.failures[cell] = reason
            self.say.line(f"cell {canonical(self.cells[cell])} is left out: {reason}")

    def stored(self) -> int:
        """How many of the replicates asked for are stored."""
        return sum(len(self.store.done(self.key, name, self.settings.replicates)) for name in self.names)

    def write(self, out: Path) -> Outcome:
        """Table and manifest of what is stored."""
        table, manifest_path = out / f"{self.study.name}.csv", out / f"{self.study.name}.json"
        digest = hashlib.sha256()
        lengths: list[int] = []  # rows per replicate present
        missing: list[Missing] = []
        with _replacing(table) as file:
            for text in self.lines(lengths, missing):
                file.write(text)
                digest.update(text)
        manifest = {
            "schema": MANIFEST_SCHEMA,
            "study": self.study.name,
            "config": self.settings.model_dump(mode="json"),
            "seed": self.settings.seed,
            "versions": {
                "dimfree": dimfree_version(),
                "python": platform.python_version(),
                "numpy": np.__version__,
                "scipy": importlib.metadata.version("scipy"),
            },
            "code": self.key.code,
            "commit": _commit(),
            "counts": {
                "cells": len(self.cells),
                "cells_missing": len(missing),
                "replicates": len(self.cells) * self.settings.replicates,
                "replicates_missing": sum(one.replicates for one in missing),
                "rows": sum(lengths),
            },
            "missing": [
                {"cell": one.cell, "replicates": one.replicates, "reason": one.reason} for one in missing
            ],
            "csv": {"sha256": digest.hexdigest()},
        }
        with _replacing(manifest_path) as file:
            file.write(f"{json.dumps(manifest, indent=2, ensure_ascii=False)}\n".encode())
        return Outcome(table, manifest_path, manifest, tuple(missing), self.measured)

    def lines(self, lengths: list[int], missing: list[Missing]) -> Iterator[bytes]:
        """The table's text, a replicate at a time; notes the rows of each, and the cells that lack some."""
        yield _csv([self.study.columns])
        for place, (cell, name) in enumerate(zip(self.cells, self.names, strict=True)):
            present = 0
            for replicate, text in self.store.rows(self.key, name, self.settings.replicates):
                rows = [dict(zip(self.study.measured, row, strict=True)) for row in json.loads(text)]
                added = {"study": self.study.name, "replicate": replicate}
                yield _csv([(row | added)[column] for column in self.study.columns] for row in rows)
                lengths.append(len(rows))
                present += 1
            if present < self.settings.replicates:
                lacking = self.settings.replicates - present
                missing.append(Missing(cell, lacking, self.failures[place]))


def measure_batch(
    measure: Callable[[Cell, Sequence[np.random.SeedSequence]], list[list[Row]]],
    columns: tuple[str, ...],
    cell: Cell,
    seed: int,
    replicates: tuple[int, ...],
) -> list[str]:
    """One task, wherever it runs: some replicates of a cell, measured with one BLAS thread.

    Parameters
    ----------
    measure : of the study
    columns : that each row must have
    cell, seed, replicates : what to measure

    Returns
    -------
    For each replicate its rows as JSON text, a row being the list of its values; floats by repr, hence exact.

    Raises
    ------
    MeasureError
        If measure raises, or returns what it should not.
    """
    seeds = [replicate_seed(seed, cell, replicate) for replicate in replicates]
    try:
        with threadpool_limits(limits=1):
            results = measure(cell, seeds)
        if len(results) != len(replicates):
            raise MeasureError(f"returned {len(results)} replicates, not {len(replicates)}")
        return [json.dumps([_values(row, columns) for row in rows]) for rows in results]
    except MeasureError:
        raise
    except Exception as error:  # as text, because not every exception survives the way between processes
        raise MeasureError(_describe(error)) from None


def _values(row: Row, columns: tuple[str, ...]) -> list[float | int | str]:
    if set(row) != set(columns):
        raise MeasureError(f"returned a row with columns {sorted(row)}, not {sorted(columns)}")
    values = [row[column] for column in columns]
    values = [value.item() if isinstance(value, np.generic) else value for value in values]
    for column, value in zip(columns, values, strict=True):
        if type(value) not in (float, int, str):
            raise MeasureError(f"returned a {type(value).__name__} as {column}, not a number or text")
    return values


def _describe(error: BaseException) -> str:
    return f"raised {type(error).__name__}: {' '.join(str(error).split())}"


def _csv(rows: Iterable[Iterable[object]]) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue().encode()


def _commit() -> str | None:
    """The commit of dimfree's own source tree, if it is one of git's."""
    if not (ROOT / ".git").exists():
        return None
    try:
        done = subprocess.run(
            ["git", "-C", ROOT, "rev-parse", "HEAD"], capture_output=True, text=True, check=True
        )
    except (OSError, subprocess.CalledProcessError):
        return None
    return done.stdout.strip()


@contextmanager
def _replacing(path: Path) -> Iterator[IO[bytes]]:
    """A file that takes the place of `path` when it is complete."""
    draft = path.with_name(f"{path.name}.new")
    try:
        try:
            with draft.open("wb") as file:
                yield file
                file.flush()
                os.fsync(file.fileno())
            draft.replace(path)
        except OSError as error:
            raise InvalidInput("--out", f"cannot write {path}: {(error.strerror or '').lower()}") from None
    finally:
        draft.unlink(missing_ok=True)


@contextmanager
def _stoppable() -> Iterator[None]:
    """SIGTERM stops a run as Ctrl-C does; what comes while it is stopping changes nothing."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    stopping = False

    def stop(number: int, frame: FrameType | None) -> None:
        nonlocal stopping
        if not stopping:
            stopping = True
            raise KeyboardInterrupt

    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


class _Report:
    """Progress on standard error: a bar with the time left on a terminal, else a line at each quarter.

    Parameters
    ----------
    study : its name, which opens each line
    wanted : whether to say anything
    """

    def __init__(self, study: str, wanted: bool) -> None:
        self.study, self.wanted = study, wanted
        self._bar: tqdm[Any] | None = None
        self._done = self._total = 0

    def line(self, text: str) -> None:
        """One line, above the bar."""
        if self.wanted:
            tqdm.write(f"{self.study}: {text}", file=sys.stderr)

    @contextmanager
    def bar(self, total: int) -> Iterator[None]:
        """Shows the way to `total` replicates."""
        self._total = total
        shown = self.wanted and sys.stderr.isatty()
        self._bar = tqdm(total=total, desc=self.study, unit="replicate", file=sys.stderr, disable=not shown)
        with self._bar:
            yield

    def step(self, count: int) -> None:
        """`count` replicates more are done."""
        before, self._done = self._done, self._done + count
        if self._bar is not None and not self._bar.disable:
            self._bar.update(count)
        elif 4 * before // self._total < 4 * self._done // self._total:
            self.line(f"{self._done} of {self._total} done")
