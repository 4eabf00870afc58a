"""The only runner.

    cells × replicates − what is stored → pieces → tasks → executor → store → DIR/STUDY.csv,
    DIR/STUDY.json.

The table holds the rows by cell, then replicate, then as measured: it has no memory of workers, of
their order, or of interruptions, and the manifest none of the clock.

Longer than 350 lines: one run is one state (what is under way, handed back, given up), and its
steps stand together.
"""

import math
import os
import signal
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

from bounds.check import InvalidInput
from studies import executors, processes, tables
from studies.code import code_of
from studies.progress import Report
from studies.store import Key, Store, sole_writer
from studies.study import Cell, Settings, Study, canonical, cell_key
from studies.tables import Missing
from studies.task import Done, Piece, WrongWorker, describe, one_blas_thread, origin, perform

DEATHS_OF_A_CELL = 3  # the worker processes that a cell may take down before it is left out
SHORT = 0.1  # seconds: after a task that took less, the next may hold more
PATIENCE = 0.5  # seconds after which a task begins no further piece
MOST_PIECES = 128  # of a task, so that what is under way fits into memory
TRIES = 10  # at getting a worker process that answers
SECONDS_BETWEEN_LOOKS = 2.0  # at how many workers there are
COUNTED_AT_ONCE = 65536  # cells, when a run that was stopped tells what is stored
LIMIT = 86400.0  # seconds after which a run ends in which no task comes back


class Interrupted(Exception):
    """The run was stopped from outside; one sentence says what is stored and how to go on."""


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
        rows = self.manifest["counts"]["rows"]
        return f"Outcome({self.table}: {rows} rows, {self.measured} measured now{gaps})"


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
    executor : makes the executor, again whenever a worker process has died; executors.local by
        default. With executors.Dask, the cluster knows how many tasks run at once
    progress : whether to report on standard error
    code : the code version; by default that of its measure
    limit : seconds after which the run stops if no task comes back

    Returns
    -------
    Outcome
        A cell whose measure raises, or gives NaN or an infinity, or that takes down three worker
        processes, does not stop the others: it is in `missing`. With one worker there is no process
        but this one to take down; but then the next run knows, and measures in a process of its
        own.

    Raises
    ------
    InvalidInput
        If the study needs what is not installed, `out` cannot be written to, is in use, or is moved
        away meanwhile, its store is damaged or foreign, two cells are equal, a worker runs other
        code or libraries than this process, or worker processes cannot be started: above all from a
        script that calls this outside of `if __name__ == "__main__":`.
    Interrupted
        On SIGINT or SIGTERM, or when a scheduler is gone, its workers are, or no task comes back
        any more. What was finished is stored; the same call goes on.

    Notes
    -----
    Memory: what the study itself keeps of its cells (nothing, if they are Lazy) and 16 bytes for
    each, 48 to tell how many are stored; 2 tasks for each worker, of at most 128 pieces of a cell;
    one replicate's rows when the table is written, and the cells of normalised columns; the cells
    that fail.
    """
    processes.refuse_if_imported()
    if workers < 1:
        raise InvalidInput("--workers", f"must be at least 1, but is {workers}")
    if study.lacks():
        raise InvalidInput(study.name, study.lacks())
    say = Report(study.name, progress)
    listed = _listed(study, settings, say)
    key = Key(study.name, settings.seed, code or code_of(study.measure))
    with (
        stoppable(),
        sole_writer(out, study.name) as killed,
        closing(Store(out / f"{study.name}.sqlite")) as store,
    ):
        # Whatever killed a lone worker's process may be the next cell: let it have another to kill.
        here = (
            partial(processes.Pool, 1)
            if killed and workers == 1
            else partial(executors.local, workers)
        )
        sweep = _Sweep(study, settings, listed, key, store, workers, executor or here, say, limit)
        try:
            sweep.measure()
            return sweep.write(out)
        except (KeyboardInterrupt, executors.Lost) as stop:
            raise Interrupted(
                f"{f'stopped, {stop}' if str(stop) else 'stopped'}: {sweep.kept()} of "
                f"{listed.total} replicates of"
                f" {study.name} are stored in {out}; the same command goes on from there"
            ) from None


@dataclass(frozen=True)
class _Listed:
    """The cells of a run, after all have been looked at.

    Attributes
    ----------
    cells : in order
    words : the first 8 bytes of each one's name in a store
    needed : how many replicates each needs
    total : how many they need together
    """

    cells: Sequence[Cell]
    words: NDArray[np.uint64]
    needed: NDArray[np.int64]
    total: int


def _listed(study: Study, settings: Settings, say: Report) -> _Listed:
    """Lists the cells of a study.

    Raises
    ------
    InvalidInput
        If a cell is there twice. Compares 8 bytes of each first, so as not to keep them all.
    """
    cells = study.cells(settings)
    words, needed, total = np.empty(len(cells), np.uint64), np.empty(len(cells), np.int64), 0
    for place, cell in enumerate(say.through(cells, "listed")):
        words[place] = _word(cell_key(cell))
        needed[place] = study.replicates(cell, settings)
        total += int(needed[place])
    found, counts = np.unique(words, return_counts=True)
    suspects = {int(word) for word in found[counts > 1]}
    if suspects:
        texts = Counter(canonical(cell) for cell in cells if _word(cell_key(cell)) in suspects)
        twice = next((text for text, count in texts.items() if count > 1), None)
        if twice:
            raise InvalidInput(study.name, f"the same cell is asked for more than once: {twice}")
    return _Listed(cells, words, needed, total)


def _word(name: str) -> int:
    """The first 8 bytes of a cell's name in a store."""
    return int(name[:16], 16)


@dataclass
class _Sweep:
    """One run, while it lasts."""

    study: Study
    settings: Settings
    listed: _Listed
    key: Key
    store: Store
    workers: int
    make: Callable[[], Executor]
    say: Report
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
            # Here too: only the thread that holds a limit can change it, and tasks may run in
            # another one of ours.
            with self.say.bar(to_run), one_blas_thread():
                todo = self.pieces()
                while fallen := self.wave(todo, self.room):
                    # One at a time from here, so that it is known which of them takes a worker
                    # down.
                    for piece in fallen:
                        while piece.place not in self.failures and self.alone(piece):
                            pass
        finally:
            executors.stop(self.pool)

    def announce(self) -> int:
        """Says what is stored, what is to run and why; returns the number of replicates to run."""
        why: Counter[str] = Counter()
        cells = self.say.through(self.listed.cells, "looked up")
        for cell, needed in zip(cells, map(int, self.listed.needed), strict=True):
            done, other = self.store.replicates(self.key, cell_key(cell), needed)
            stale = other - done
            fresh = needed - len(done) - len(stale)
            self.stored += len(done)
            why["code changed since"] += len(stale)
            why["more replicates of cells begun before" if done or stale else "new"] += fresh
        reasons = ", ".join(f"{count} {reason}" for reason, count in sorted(why.items()) if count)
        total, count = self.listed.total, len(self.listed.cells)
        to_run = total - self.stored
        text = f"{total} replicates in {count} cells: {self.stored} stored, {to_run} to run"
        self.say.line(f"{text} ({reasons})" if reasons else text)
        return to_run

    def kept(self) -> int:
        """How many of the replicates the store holds,
        whatever was noted here when the run was stopped.

        In one pass over the store for all cells that need as many, because a run of many cells may
        be stopped before it has looked them all up.
        """
        self.store.check_place()
        total = 0
        for needed in np.unique(self.listed.needed).tolist():
            own = np.unique(self.listed.words[self.listed.needed == needed])
            counted = self.store.counts(self.key, needed)
            while part := list(islice(counted, COUNTED_AT_ONCE)):
                names, counts = zip(*part, strict=True)
                found = np.fromiter(map(_word, names), np.uint64, len(names))
                total += int(np.array(counts)[np.isin(found, own)].sum())
        return total

    def room(self) -> int:
        """How many tasks to have under way:
        two for each worker, so that none waits for the next.
        """
        if isinstance(self.pool, executors.Dask):
            return 2 * max(1, self.pool.threads())
        return 1 if self.workers == 1 else 2 * self.workers

    def pieces(self) -> Iterator[Piece]:
        """What there is to do, made as it is asked for;
        without the cells that have been given up.
        """
        for place, cell in enumerate(self.listed.cells):
            name, needed = cell_key(cell), int(self.listed.needed[place])
            done = self.store.done(self.key, name, needed)
            left = (replicate for replicate in range(needed) if replicate not in done)
            size = max(1, self.study.batch(cell))
            while place not in self.failures and (replicates := tuple(islice(left, size))):
                yield Piece(place, name, cell, replicates)

    def following(self, pieces: Iterator[Piece]) -> tuple[Piece, ...]:
        """The next task: as many pieces as it may hold,
        first those that another one handed back.
        """
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
        """Runs tasks, as many at a time as there is room,
        until nothing is left or a worker process dies.

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
        """Runs one piece with no other beside it;
        whether it took its worker down, which counts against its cell.
        """
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
        """Returns once a worker has answered:
        one that dies before that is not the fault of a cell.
        """
        for _ in range(TRIES):
            try:
                (future,) = self.first([self.pool.submit(os.getpid)])
                future.result()
                return
            except BrokenExecutor:
                self.replace_pool()
        raise InvalidInput(
            "--workers", f"{TRIES} worker processes in a row died before they did anything"
        )

    def replace_pool(self) -> None:
        """Ends what is left of a pool whose workers died,
        and starts another; a cluster heals by itself.
        """
        if not isinstance(self.pool, executors.Dask):
            executors.stop(self.pool)
            self.pool = self.make()

    def died(self, future: Future[Done], task: tuple[Piece, ...]) -> bool:
        """Takes in what became of a task: stored, cells given up,
        pieces handed back, or, the answer, its worker dead.
        """
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
        return self.pool.submit(
            perform, measure, columns, task, self.key.seed, self.origin, PATIENCE
        )

    def keep(self, task: tuple[Piece, ...], done: Done) -> None:
        """Stores what a task has measured, all at once,
        and learns from it how much the next may hold.
        """
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
        cells = self.say.through(self.listed.cells, "written")
        kept = tables.Kept(self.study, self.settings, self.store, self.key, self.failures)
        manifest, missing = tables.write(out, kept, cells)
        table, manifest_path = tables.paths(out, self.study.name)
        return Outcome(table, manifest_path, manifest, missing, self.measured)


@contextmanager
def stoppable() -> Iterator[None]:
    """SIGTERM stops what is inside as Ctrl-C does, once:
    what comes while it is stopping changes nothing.
    """
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
