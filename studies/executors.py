"""Where tasks run: anything with the protocol of concurrent.futures.Executor.

One worker runs in this process, several in processes of their own. Tasks bring their own seeds and hold BLAS
to one thread, so the numbers are the same.
"""

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing.context import SpawnContext, SpawnProcess
from typing import Any, ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")

ONE_THREAD = dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"), "1")


class Serial(Executor):
    """Runs each task in this process, at once, when it is submitted."""

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """A future that is done already. KeyboardInterrupt passes through."""
        future: Future[T] = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except Exception as error:
            future.set_exception(error)
        return future


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


class Pool(ProcessPoolExecutor):
    """Worker processes, spawned, which end when this process does, however it does.

    Parameters
    ----------
    workers : how many, ≥ 1
    """

    def __init__(self, workers: int) -> None:
        super().__init__(workers, mp_context=_WorkerContext(), initializer=_end_with_parent)

    def kill(self) -> None:
        """Ends the workers now, whatever they are at."""
        for process in list((self._processes or {}).values()):
            process.kill()
        self.shutdown(wait=True, cancel_futures=True)


def local(workers: int) -> Executor:
    """An executor on this machine: in this process for one worker, else `workers` processes."""
    return Serial() if workers == 1 else Pool(workers)


def stop(executor: Executor) -> None:
    """Drops what an executor has not finished, without waiting for it."""
    if isinstance(executor, Pool):
        executor.kill()
    else:
        executor.shutdown(wait=False, cancel_futures=True)


def _end_with_parent() -> None:
    """In a worker: a parent killed outright closes no pipe that the worker reads from, so watch it."""
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
