"""The only runner.

    cells × replicates − what is stored → pieces → tasks → executor → store → DIR/STUDY.csv, DIR/STUDY.json.

The table holds the rows by cell, then replicate, then as measured: it has no memory of workers, of their
order, or of interruptions, and the manifest none of the clock.
"""

import csv
import hashlib
import io
import json
import math
import os
import signal
import subprocess
import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Executor, Future, wait
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from functools import partial
from itertools import islice
from pathlib import Path
from types import FrameType
from typing import Any

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits
from tqdm import tqdm

from bounds.check import InvalidInput
from studies import executors
from studies.code import ROOT, code_of
from studies.output import Listener, replacing
from studies.store import Key, Store, sole_writer
from studies.study import Cell, Settings, Study, canonical, cell_key
from studies.task import Done, Piece, WrongWorker, describe, finite, origin, perform, versions

MANIFEST_SCHEMA = 1
DEATHS_OF_A_CELL = 3  # the worker processes that a cell may take down before it is left out
SHORT = 0.1  # seconds: after a task that took less, the next may hold more
PATIENCE = 0.5  # seconds after which a task begins no further piece
MOST_PIECES = 128  # of a task, so that what is under way fits into memory however many workers there are
TRIES = 10  # at getting a worker process that answers
SECONDS_BETWEEN_LOOKS = 2.0  # at how many workers there are
SECONDS_BETWEEN_LINES = 5.0  # of progress through many cells
COUNTED_AT_ONCE = 65536  # cells, when a run that was stopped tells what is stored
LIMIT = 86400.0  # seconds after which a run ends in which no task comes back


class Interrupted(Exception):
    """The run was stopped from outside; one sentence says what is stored and how to go on."""


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

    def __repr__(self) -> str:
        gaps = f", {len(self.missing)} cells lack replicates" if self.missing else ""
        return f"Outcome({self.table}: {self.manifest['counts']['rows']} rows, {self.measured} measured now{gaps})"


def run(
    study: Study,
    settings: Settings,
    out: Path,
    *,
    workers: int = 1,
    executor: Callable[[], Executor] | None = None,
    progress: bool = True,
    code: str | None = None,
    limit: float = LIMIT,
) -> Outcome:
    """Measures what is not stored yet, and writes table and manifest.

    Parameters
    ----------
    study, settings : what to measure
    out : the folder DIR, made if need be
    workers : how many tasks run at once, ≥ 1
    executor : makes the executor, again whenever a worker process has died; executors.local by default. With
        executors.Dask, the cluster knows how many tasks run at once
    progress : whether to report on standard error
    code : the code version; by default that of its measure
    limit : seconds after which the run stops if no task comes back

    Returns
    -------
    Outcome
        A cell whose measure raises, or gives NaN or an infinity, or that takes down three worker processes, does
        not stop the others: it is in `missing`. With one worker there is no process but this one to take down;
        but then the next run knows, and measures in a process of its own.

    Raises
    ------
    InvalidInput
        If `out` cannot be written to, is in use, or is moved away meanwhile, its store is damaged or foreign, two
        cells are equal, a worker runs other code or libraries than this process, or worker processes cannot be
        started: above all from a script that calls this outside of `if __name__ == "__main__":`.
    Interrupted
        On SIGINT or SIGTERM, or when a scheduler is gone, its workers are, or no task comes back any more. What was
        finished is stored; the same call goes on.

    Notes
    -----
    Memory: what the study itself keeps of its cells (nothing, if they are Lazy) and 8 bytes for each, 40 to tell how many
    are stored; 2 tasks for
    each worker, of at most 128 pieces of a cell; one replicate's rows when the table is written; the cells that fail.
    """
    executors.refuse_if_imported()
    if workers < 1:
        raise InvalidInput("--workers", f"must be at least 1, but is {workers}")
    say = _Report(study.name, progress)
    cells = study.cells(settings)
    words = np.fromiter(
        (_word(cell_key(cell)) for cell in say.through(cells, "listed")), np.uint64, len(cells)
    )
    if (twice := _repeated(cells, words)) is not None:
        raise InvalidInput(study.name, f"the same cell is asked for more than once: {twice}")
    key = Key(study.name, settings.seed, code or code_of(study.measure))
    with (
        stoppable(),
        sole_writer(out, study.name) as killed,
        closing(Store(out / f"{study.name}.sqlite")) as store,
    ):
        # Whatever killed a lone worker's process may be the next cell: let it have another to kill.
        here = partial(executors.Pool, 1) if killed and workers == 1 else partial(executors.local, workers)
        sweep = _Sweep(study, settings, cells, words, key, store, workers, executor or here, say, limit)
        try:
            sweep.measure()
            return sweep.write(out)
        except (KeyboardInterrupt, executors.Lost) as stop:
            raise Interrupted(
                f"{f'stopped, {stop}' if str(stop) else 'stopped'}: {sweep.kept()} of"
                f" {len(cells) * settings.replicates} replicates of {study.name} are stored in {out};"
                " the same command goes on from there"
            ) from None


def _repeated(cells: Sequence[Cell], words: NDArray[np.uint64]) -> str | None:
    """A cell that is there twice. Compares 8 bytes of each first, so as not to keep them all."""
    found, counts = np.unique(words, return_counts=True)
    suspects = {int(word) for word in found[counts > 1]}
    if not suspects:
        return None
    texts = Counter(canonical(cell) for cell in cells if _word(cell_key(cell)) in suspects)
    return next((text for text, count in texts.items() if count > 1), None)


def _word(name: str) -> int:
    """The first 8 bytes of a cell's name in a store."""
    return int(name[:16], 16)


@dataclass
class _Sweep:
    """One run, while it lasts."""

    study: Study
    settings: Settings
    cells: Sequence[Cell]
    words: NDArray[np.uint64]  # of the cells, in their order
    key: Key
    store: Store
    workers: int
    make: Callable[[], Executor]
    say: "_Report"
    limit: float
    failures: dict[int, str] = field(default_factory=dict)
    deaths: Counter[int] = field(default_factory=Counter)
    handed_back: deque[Piece] = field(default_factory=deque)
    size: int = 1  # pieces in the next task
    stored: int = 0
    measured: int = 0

    def measure(self) -> None:
        """All that is not stored, with the failing cells left out."""
        to_run = self.announce()
        if not to_run:
            return
        self.origin = origin(self.study.measure)
        self.pool = self.make()
        try:
            # Here too: only the thread that holds a limit can change it, and tasks may run in another one of ours.
            with self.say.bar(to_run), threadpool_limits(limits=1):
                todo = self.pieces()
                while fallen := self.wave(todo, self.room):
                    # One at a time from here, so that it is known which of them takes a worker down.
                    for piece in fallen:
                        while piece.place not in self.failures and self.alone(piece):
                            pass
        finally:
            executors.stop(self.pool)

    def announce(self) -> int:
        """Says what is stored, what is to run and why; returns the number of replicates to run."""
        why: Counter[str] = Counter()
        for cell in self.say.through(self.cells, "looked up"):
            done, other = self.store.replicates(self.key, cell_key(cell), self.settings.replicates)
            stale = other - done
            fresh = self.settings.replicates - len(done) - len(stale)
            self.stored += len(done)
            why["code changed since"] += len(stale)
            why["more replicates of cells begun before" if done or stale else "new"] += fresh
        reasons = ", ".join(f"{count} {reason}" for reason, count in sorted(why.items()) if count)
        total = len(self.cells) * self.settings.replicates
        to_run = total - self.stored
        text = f"{total} replicates in {len(self.cells)} cells: {self.stored} stored, {to_run} to run"
        self.say.line(f"{text} ({reasons})" if reasons else text)
        return to_run

    def kept(self) -> int:
        """How many of the replicates the store holds, whatever was noted here when the run was stopped.

        In one pass over the store, because a run of many cells may be stopped before it has looked them all up.
        """
        self.store.check_place()
        own = np.unique(self.words)
        counted = self.store.counts(self.key, self.settings.replicates)
        total = 0
        while part := list(islice(counted, COUNTED_AT_ONCE)):
            names, counts = zip(*part, strict=True)
            found = np.fromiter(map(_word, names), np.uint64, len(names))
            total += int(np.array(counts)[np.isin(found, own)].sum())
        return total

    def room(self) -> int:
        """How many tasks to have under way: two for each worker, so that none waits for the next."""
        if isinstance(self.pool, executors.Dask):
            return 2 * max(1, self.pool.threads())
        return 1 if self.workers == 1 else 2 * self.workers

    def pieces(self) -> Iterator[Piece]:
        """What there is to do, made as it is asked for; without the cells that have been given up."""
        for place, cell in enumerate(self.cells):
            name = cell_key(cell)
            done = self.store.done(self.key, name, self.settings.replicates)
            left = (replicate for replicate in range(self.settings.replicates) if replicate not in done)
            size = max(1, self.study.batch(cell))
            while place not in self.failures and (replicates := tuple(islice(left, size))):
                yield Piece(place, name, cell, replicates)

    def following(self, pieces: Iterator[Piece]) -> tuple[Piece, ...]:
        """The next task: as many pieces as it may hold, first those that another one handed back."""
        task: list[Piece] = []
        while len(task) < self.size:
            if self.handed_back:
                piece = self.handed_back.popleft()
                if piece.place in self.failures:
                    continue
            elif (following := next(pieces, None)) is not None:
                piece = following
            else:
                break
            task.append(piece)
        return tuple(task)

    def wave(self, pieces: Iterator[Piece], room: Callable[[], int]) -> list[Piece]:
        """Runs tasks, as many at a time as there is room, until nothing is left or a worker process dies.

        Returns
        -------
        The pieces that were under way when it died; there are workers again then.
        """
        flying: dict[Future[Done], tuple[Piece, ...]] = {}
        fallen: list[Piece] = []
        asked, most = -math.inf, 1
        while True:
            if (now := time.monotonic()) > asked + SECONDS_BETWEEN_LOOKS:
                asked, most = now, room()
            while not fallen and len(flying) < most and (task := self.following(pieces)):
                try:
                    flying[self.submit(task)] = task
                except BrokenExecutor:
                    fallen += task
            if not flying:
                break
            for future in self.first(flying):
                task = flying.pop(future)
                if self.died(future, task):
                    fallen += task
        if fallen:
            self.replace_pool()
        return sorted(fallen, key=lambda piece: (piece.place, piece.replicates))

    def first(self, flying: Iterable[Future[Any]]) -> set[Future[Any]]:
        """Those that are done, once one is; meanwhile sees that there is anything to wait for."""
        since = time.monotonic()
        while not (done := wait(flying, SECONDS_BETWEEN_LOOKS, FIRST_COMPLETED).done):
            if time.monotonic() - since > self.limit:
                raise executors.Lost(f"no task has come back for {self.limit:g} s")
            if isinstance(self.pool, executors.Dask):
                self.pool.watch(since)
        return done

    def alone(self, piece: Piece) -> bool:
        """Runs one piece with no other beside it; whether it took its worker down, which counts against its cell."""
        self.wait_for_a_worker()
        future = self.submit((piece,))
        self.first([future])
        if not self.died(future, (piece,)):
            return False
        self.replace_pool()
        error = future.exception()
        self.deaths[piece.place] += error.deaths if isinstance(error, executors.WorkersDied) else 1
        if self.deaths[piece.place] >= DEATHS_OF_A_CELL:
            self.give_up(piece, f"took down {self.deaths[piece.place]} worker processes")
        return True

    def wait_for_a_worker(self) -> None:
        """Returns once a worker has answered: one that dies before that is not the fault of a cell."""
        for _ in range(TRIES):
            try:
                (future,) = self.first([self.pool.submit(os.getpid)])
                future.result()
                return
            except BrokenExecutor:
                self.replace_pool()
        raise InvalidInput("--workers", f"{TRIES} worker processes in a row died before they did anything")

    def replace_pool(self) -> None:
        """Ends what is left of a pool whose workers died, and starts another; a cluster heals by itself."""
        if not isinstance(self.pool, executors.Dask):
            executors.stop(self.pool)
            self.pool = self.make()

    def died(self, future: Future[Done], task: tuple[Piece, ...]) -> bool:
        """Takes in what became of a task: stored, cells given up, pieces handed back, or, the answer, its worker dead."""
        error = future.exception()
        if error is None:
            self.keep(task, future.result())
        elif isinstance(error, BrokenExecutor):
            return True
        elif isinstance(error, executors.Lost | WrongWorker):
            raise error
        else:
            for piece in task:
                self.give_up(piece, describe(error))
        return False

    def submit(self, task: tuple[Piece, ...]) -> Future[Done]:
        """Sends a task on its way."""
        measure, columns = self.study.measure, self.study.measured
        return self.pool.submit(perform, measure, columns, task, self.key.seed, self.origin, PATIENCE)

    def keep(self, task: tuple[Piece, ...], done: Done) -> None:
        """Stores what a task has measured, all at once, and learns from it how much the next may hold."""
        results = list(zip(task, done.results, strict=False))
        measured = [(piece, rows) for piece, rows in results if not isinstance(rows, str)]
        rows = [
            (piece.name, replicate, text)
            for piece, texts in measured
            for replicate, text in zip(piece.replicates, texts, strict=True)
        ]
        self.store.add(self.key, rows)
        for piece, _ in measured:
            self.deaths.pop(piece.place, None)  # it does not kill whoever measures it
        for piece, reason in results:
            if isinstance(reason, str):
                self.give_up(piece, reason)
        self.handed_back.extend(task[len(results) :])
        if len(results) < len(task):
            self.size = len(results)
        elif done.seconds < SHORT and len(task) == self.size:
            self.size = min(2 * self.size, MOST_PIECES)
        self.stored += len(rows)
        self.measured += len(rows)
        self.say.step(len(rows))

    def give_up(self, piece: Piece, reason: str) -> None:
        """Leaves out what remains of a piece's cell."""
        if piece.place not in self.failures:
            self.failures[piece.place] = reason
            self.say.line(f"cell {canonical(piece.cell)} is left out: {reason}")

    def write(self, out: Path) -> Outcome:
        """Table and manifest of what is stored."""
        self.store.check_place()
        table, manifest_path = out / f"{self.study.name}.csv", out / f"{self.study.name}.json"
        digest = hashlib.sha256()
        rows = 0
        missing: list[Missing] = []
        with replacing(table) as file:
            for count, text in self.lines(missing):
                file.write(text)
                digest.update(text)
                rows += count
        manifest = {
            "schema": MANIFEST_SCHEMA,
            "study": self.study.name,
            "config": self.settings.model_dump(mode="json"),
            "seed": self.settings.seed,
            "versions": versions(),
            "code": self.key.code,
            "commit": _commit(),
            "counts": {
                "cells": len(self.cells),
                "cells_missing": len(missing),
                "replicates": len(self.cells) * self.settings.replicates,
                "replicates_missing": sum(one.replicates for one in missing),
                "rows": rows,
            },
            "missing": [
                {"cell": one.cell, "replicates": one.replicates, "reason": one.reason} for one in missing
            ],
            "csv": {"sha256": digest.hexdigest()},
        }
        with replacing(manifest_path) as file:
            file.write(f"{json.dumps(manifest, indent=2, ensure_ascii=False)}\n".encode())
        return Outcome(table, manifest_path, manifest, tuple(missing), self.measured)

    def lines(self, missing: list[Missing]) -> Iterator[tuple[int, bytes]]:
        """The table, header and then a replicate at a time: (rows, text); notes the cells that lack some."""
        yield 0, _csv([self.study.columns])
        for place, cell in enumerate(self.say.through(self.cells, "written")):
            present = 0
            for replicate, stored in self.store.rows(self.key, cell_key(cell), self.settings.replicates):
                rows = [dict(zip(self.study.measured, row, strict=True)) for row in json.loads(stored)]
                if not all(finite(value) for row in rows for value in row.values()):
                    reason = f"replicate {replicate} is stored with a number that is not finite"
                    self.failures.setdefault(place, reason)  # by a version that let it pass
                    continue
                added = {"study": self.study.name, "replicate": replicate}
                text = _csv([(row | added)[column] for column in self.study.columns] for row in rows)
                yield len(rows), text
                present += 1
            if present < self.settings.replicates:
                lacking = self.settings.replicates - present
                missing.append(Missing(cell, lacking, self.failures[place]))


def _csv(rows: Iterable[Iterable[object]]) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue().encode()


def _commit() -> str | None:
    """The commit of dimfree's own source tree, if it is one of git's."""
    if not (ROOT / ".git").exists():
        return None
    # Inside a hook or another tool of git's, GIT_DIR and its like name another repository.
    clean = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    words = ["git", "-C", str(ROOT), "rev-parse", "HEAD"]
    try:
        done = subprocess.run(words, capture_output=True, text=True, check=True, env=clean)
    except (OSError, subprocess.CalledProcessError):
        return None
    return done.stdout.strip()


@contextmanager
def stoppable() -> Iterator[None]:
    """SIGTERM stops what is inside as Ctrl-C does, once: what comes while it is stopping changes nothing."""
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
            tqdm.write(f"{self.study}: {text}", file=Listener())

    def through(self, cells: Sequence[Cell], done: str) -> Iterator[Cell]:
        """The cells one by one; says how many have been `done`, every few seconds where it takes so long."""
        last = time.monotonic()
        for count, cell in enumerate(cells):
            if (now := time.monotonic()) > last + SECONDS_BETWEEN_LINES:
                last = now
                self.line(f"{count} of {len(cells)} cells {done}")
            yield cell

    @contextmanager
    def bar(self, total: int) -> Iterator[None]:
        """Shows the way to `total` replicates."""
        self._total = total
        if not (self.wanted and Listener().isatty()):
            yield  # without a tqdm, which takes semaphores that a process that is killed leaves behind
            return
        self._bar = tqdm(total=total, desc=self.study, unit="replicate", file=Listener())
        with self._bar:
            yield

    def step(self, count: int) -> None:
        """`count` replicates more are done."""
        before, self._done = self._done, self._done + count
        if self._bar is not None:
            self._bar.update(count)
        elif 4 * before // self._total < 4 * self._done // self._total:
            self.line(f"{self._done} of {self._total} done")
