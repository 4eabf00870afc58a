"""Where tasks run on this machine: a thread of this process, or processes of their own.

A process is born with one BLAS thread, ends when this one does, and never starts the run again.
"""

import gc
import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import BrokenExecutor, Executor, Future, ProcessPoolExecutor
from contextlib import contextmanager, suppress
from functools import cache, partial
from multiprocessing.context import SpawnContext, SpawnProcess
from pathlib import Path
from queue import SimpleQueue
from typing import Any, Generic, ParamSpec, TypeVar

from bounds.check import InvalidInput
from studies.output import reason

P = ParamSpec("P")
T = TypeVar("T")

ONE_THREAD = dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"), "1")
START_OF_A_WORKER = 20.0  # seconds at most, on a busy machine
UNGUARDED = 86  # what a worker process ends with that finds itself starting the run again
LOWEST = 19  # priority: what takes only the time that nobody else wants
# New objects between two searches for garbage, in a worker. At Python's own 700 the searches are a
# tenth of drawing; at this many 60 MB more are in use.
BETWEEN_SEARCHES = 20_000
GUARD = 'below the line if __name__ == "__main__":'


class Serial(Executor):
    """Runs tasks in this process, one after the other,
    in a thread that ends with the process at the latest.

    A thread, because the main one must be free to hear a signal while a long call of LAPACK runs; a
    daemon, because nobody waits for that call to end.
    """

    def __init__(self) -> None:
        self._tasks: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        threading.Thread(target=self._work, daemon=True).start()

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """The future of fn(*args, **kwargs)."""
        future: Future[T] = Future()
        self._tasks.put(partial(settle, future, partial(fn, *args, **kwargs)))
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Ends the thread after the tasks that it has, or,
        to cancel, after the one under way. Never waits.
        """
        if cancel_futures:
            while not self._tasks.empty():
                self._tasks.get()
        self._tasks.put(None)

    def _work(self) -> None:
        while task := self._tasks.get():
            task()


def settle(future: Future[T], task: Callable[[], T]) -> None:
    """Does the task, and gives the future what comes of it."""
    if future.set_running_or_notify_cancel():
        try:
            future.set_result(task())
        except BaseException as error:  # as concurrent.futures does: the future's owner decides
            future.set_exception(error)


class _WorkerProcess(SpawnProcess):
    """A process born with one BLAS thread and deaf to Ctrl-C, before its first import."""

    def start(self) -> None:
        # The child inherits both; a Ctrl-C that comes meanwhile reaches this process afterwards.
        signals = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        try:
            with _environment(ONE_THREAD):
                super().start()
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, signals)


class _WorkerContext(SpawnContext):
    Process = _WorkerProcess


def refuse_if_imported() -> None:
    """Ends a worker process in which the main script,
    being imported, starts what started the worker.

    The parent learns of it by the exit code. multiprocessing would raise here, in each worker, with
    a traceback.
    """
    if getattr(multiprocessing.current_process(), "_inheriting", False):
        os._exit(UNGUARDED)


def _unguarded() -> InvalidInput:
    return InvalidInput(
        "__main__",
        "worker processes import the script that starts them, and this one starts them anew when "
        f"it is imported: put what starts the run {GUARD} or use 1 worker",
    )


def _check_main() -> None:
    """Whether workers can import the main script, if they will try."""
    main = sys.modules["__main__"]
    file = getattr(main, "__file__", None)
    if getattr(main, "__spec__", None) is None and file is not None and not Path(file).exists():
        raise InvalidInput(
            "__main__",
            f"worker processes import the script that starts them, and {file} is no file that they "
            f"can read: save it as one, with what starts the run {GUARD} or use 1 worker",
        )


@cache
def probe_main() -> None:
    """The same by trial, for those that would not tell why a worker
    of theirs ended: one process that only imports.
    """
    _check_main()
    if getattr(sys.modules["__main__"], "__file__", None) is None:
        return
    with _starting():
        process = _WorkerProcess(target=int, daemon=True)
        process.start()
    process.join(START_OF_A_WORKER)
    process.kill()
    process.join()
    if process.exitcode == UNGUARDED:
        raise _unguarded()


@contextmanager
def _starting() -> Iterator[None]:
    """What the system has against a process of ours, as one sentence."""
    try:
        yield
    except BrokenExecutor:
        raise
    except (OSError, RuntimeError, ImportError) as error:  # RuntimeError: no thread, no semaphores
        raise InvalidInput(
            "--workers",
            f"worker processes cannot be started: {reason(error)}; --workers 1 needs none",
        ) from None


class Pool(ProcessPoolExecutor):
    """Worker processes, spawned, which end when this process does, however it does.

    Parameters
    ----------
    workers : how many, ≥ 1
    nice : how much lower their priority is than this process's, 0 to LOWEST

    Raises
    ------
    InvalidInput
        If the system has no place for them, or the main script cannot be imported. One that starts
        a run when it is imported is found out by its first worker, and told of by `kill`.
    """

    def __init__(self, workers: int, nice: int = 0) -> None:
        refuse_if_imported()
        _check_main()
        with _starting():
            super().__init__(
                workers, mp_context=_WorkerContext(), initializer=_begin, initargs=(nice,)
            )

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """The future of fn(*args, **kwargs)."""
        with _starting():
            return super().submit(fn, *args, **kwargs)

    def kill(self) -> None:
        """Ends the workers now, whatever they are at."""
        processes = list((self._processes or {}).values())
        for process in processes:
            process.kill()
        with suppress(RuntimeError):  # there was no thread for it, so nobody to wait for
            self.shutdown(wait=True, cancel_futures=True)
        if any(process.exitcode == UNGUARDED for process in processes):
            raise _unguarded()


class Beside(Generic[P, T]):
    """Calls of one function while this process goes on with something else: in processes of their
    own, at the lowest priority.

    Where such a process dies, what is left is done here.

    Parameters
    ----------
    call : a function of a module
    workers : how many at once, ≥ 1; with 1 all is done here, once it is asked for

    Raises
    ------
    InvalidInput
        As Pool does.
    """

    def __init__(self, call: Callable[P, T], workers: int) -> None:
        self._call = call
        self._begun: list[tuple[Future[T] | None, Callable[[], T]]] = []
        self._pool = Pool(workers, LOWEST) if workers > 1 else None
        if self._pool:
            # All start here and now: `begin` may be called in a thread, and what a process is born
            # with is set for a moment in this one.
            with suppress(BrokenExecutor):
                for _ in range(workers):
                    self._pool.submit(int)

    def begin(self, *arguments: P.args, **named: P.kwargs) -> None:
        """One more call; its arguments go to another process."""
        future = None
        if self._pool:
            with suppress(BrokenExecutor):
                future = self._pool.submit(self._call, *arguments, **named)
        self._begun.append((future, partial(self._call, *arguments, **named)))

    def results(self) -> Generator[T, None, None]:
        """What the calls return, in the order in which they were begun; or what one raises, at its
        place.
        """
        for future, again in self._begun:
            try:
                yield future.result() if future else again()
            except BrokenExecutor:
                yield again()

    def close(self) -> None:
        """Ends the processes, whatever they are at."""
        if self._pool:
            self._pool.kill()


def _begin(nice: int) -> None:
    """In a worker: takes its priority, looks for garbage less often, and ends with its parent. One
    killed outright closes no pipe that the worker reads from, so watch it.
    """
    os.nice(nice)
    gc.set_threshold(BETWEEN_SEARCHES)
    parent = multiprocessing.parent_process()

    def watch() -> None:
        if parent is not None:
            parent.join()
            os.kill(os.getpid(), signal.SIGKILL)

    threading.Thread(target=watch, daemon=True).start()


@contextmanager
def _environment(values: dict[str, str]) -> Iterator[None]:
    before: dict[str, Any] = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
