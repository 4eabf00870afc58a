"""Where tasks run: anything with the protocol of concurrent.futures.Executor.

One worker is a thread of this process, several are processes of their own, here or wherever a Dask scheduler
has them. Tasks bring their own seeds and hold BLAS to one thread, so the numbers are the same. What is started
here listens on the loopback device only.
"""

import logging
import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import BrokenExecutor, Executor, Future, ProcessPoolExecutor
from contextlib import contextmanager, suppress
from functools import partial
from importlib import import_module
from multiprocessing.context import SpawnContext, SpawnProcess
from queue import SimpleQueue
from typing import Any, ParamSpec, TypeVar

from bounds.check import InvalidInput

P = ParamSpec("P")
T = TypeVar("T")

ONE_THREAD = dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"), "1")


DEATHS_OF_A_TASK = 3  # the workers that Dask may lose over a task before it gives it back
PATIENCE = 20.0  # seconds that a scheduler has to answer, and to have a worker


class Lost(Exception):
    """The scheduler is gone, and with it whatever was under way; one sentence."""


class WorkersDied(BrokenExecutor):
    """The workers that had a task died, one after the other.

    Parameters
    ----------
    deaths : how many
    """

    def __init__(self, deaths: int) -> None:
        super().__init__(f"{deaths} workers died")
        self.deaths = deaths


class Serial(Executor):
    """Runs tasks in this process, one after the other, in a thread that ends with the process at the latest.

    A thread, because the main one must be free to hear a signal while a long call of LAPACK runs; a daemon,
    because nobody waits for that call to end.
    """

    def __init__(self) -> None:
        self._tasks: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        threading.Thread(target=self._work, daemon=True).start()

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """The future of fn(*args, **kwargs)."""
        future: Future[T] = Future()
        self._tasks.put(partial(_run, future, partial(fn, *args, **kwargs)))
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Ends the thread after the tasks that it has, or, to cancel, after the one under way. Never waits."""
        if cancel_futures:
            while not self._tasks.empty():
                self._tasks.get()
        self._tasks.put(None)

    def _work(self) -> None:
        while task := self._tasks.get():
            task()


def _run(future: Future[T], task: Callable[[], T]) -> None:
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


class _Lent(Pool):
    """A pool that outlives the run it is lent to, unless that run leaves it broken or with work under way."""

    dead = False

    def kill(self) -> None:
        """Nothing, if its workers are idle and sound."""
        if self._broken or self._pending_work_items:
            self.end()

    def end(self) -> None:
        """Ends the workers now."""
        self.dead = True
        super().kill()


@contextmanager
def lasting(workers: int) -> Iterator[Callable[[], Executor]]:
    """A factory of local executors for several runs, which share their worker processes as long as those are sound.

    Starting a worker costs about a second of imports, which many short studies would pay each. Results do not depend
    on it: tasks bring their own seeds.
    """
    pools: list[_Lent] = []

    def make() -> Executor:
        if workers == 1:
            return local(1)
        if not pools or pools[-1].dead:
            pools.append(_Lent(workers))
        return pools[-1]

    try:
        yield make
    finally:
        for pool in pools[-1:]:
            pool.end()


class Dask(Executor):
    """Workers of a Dask cluster, through its client's own executor.

    A worker that dies is replaced or done without, by the scheduler; a task that takes several with it ends in
    WorkersDied, and one whose scheduler is gone in Lost.

    Parameters
    ----------
    address : of a scheduler; by default a cluster on this machine, on the loopback device, for as long as this
        executor lasts
    workers : how many to start where there is no address, ≥ 1

    Raises
    ------
    InvalidInput
        If the extra [cluster] is not installed, no scheduler answers, or it has no workers.
    """

    def __init__(self, address: str | None, workers: int) -> None:
        try:
            dask: Any = import_module("dask")
            distributed: Any = import_module("distributed")
        except ImportError:
            raise InvalidInput(
                "--executor", "dask needs the extra [cluster]: pip install 'dimfree[cluster]'"
            ) from None
        except Exception as error:  # whatever Dask says of a configuration of its own that it cannot read
            raise InvalidInput(
                "--executor", f"Dask does not take its own configuration: {' '.join(str(error).split())}"
            ) from None
        _hush()
        self._killed: type[Exception] = distributed.scheduler.KilledWorker
        self._cluster: Any = None
        if address is None:
            with dask.config.set({"distributed.scheduler.allowed-failures": DEATHS_OF_A_TASK - 1}):
                self._cluster = distributed.LocalCluster(
                    n_workers=workers,
                    threads_per_worker=1,
                    host="127.0.0.1",
                    dashboard_address="127.0.0.1:0",
                    worker_dashboard_address="127.0.0.1:0",
                    silence_logs=logging.CRITICAL,
                )
        try:
            # One that never got through would try to say goodbye when it is collected, for 40 s.
            client: Any = type("Client", (distributed.Client,), {"__del__": lambda self: None})
            self._client: Any = client(self._cluster or address, timeout=PATIENCE, set_as_default=False)
        except (OSError, ValueError, TypeError, ImportError) as error:
            raise InvalidInput(
                "--scheduler", f"no scheduler answers at {address}: {' '.join(str(error).split())}"
            ) from None
        try:
            self._client.wait_for_workers(1, timeout=PATIENCE)
        except TimeoutError:
            self.kill()
            raise InvalidInput("--scheduler", f"{address} has no workers") from None
        self._tasks: Executor = self._client.get_executor(pure=False)

    def threads(self) -> int:
        """How many tasks the cluster runs at once, as of now; 0 when the scheduler does not say."""
        with suppress(Exception):
            return sum(self._client.nthreads().values())
        return 0

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """The future of fn(*args, **kwargs), on some worker."""
        outer: Future[T] = Future()
        try:
            inner = self._tasks.submit(fn, *args, **kwargs)
        except Exception:  # whatever a client without a scheduler comes to
            outer.set_exception(Lost("the scheduler is gone"))
        else:
            inner.add_done_callback(partial(self._pass_on, outer))
        return outer

    def _pass_on(self, outer: Future[T], inner: Future[T]) -> None:
        if inner.cancelled():
            outer.set_exception(Lost("the scheduler is gone"))
            return
        error = inner.exception()
        if error is None:
            outer.set_result(inner.result())
        elif isinstance(error, self._killed):
            outer.set_exception(WorkersDied(error.allowed_failures + 1))  # type: ignore[attr-defined]
        else:
            outer.set_exception(error)

    def kill(self) -> None:
        """Leaves the cluster, dropping the tasks; its own one is ended at once."""
        if self._cluster is not None:
            for nanny in self._cluster.workers.values():
                nanny.auto_restart = False
                with suppress(ProcessLookupError, TypeError):
                    os.kill(nanny.pid, signal.SIGKILL)
        with suppress(Exception):
            self._client.close(timeout=1)
        if self._cluster is not None:
            with suppress(Exception):
                self._cluster.close(timeout=3)

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """The same: nothing here outlives its run."""
        self.kill()


def _hush() -> None:
    """Keeps the client's log, with its tracebacks, off standard error: what goes wrong, the run says in a sentence."""
    for name in ("distributed", *logging.root.manager.loggerDict):
        if name.partition(".")[0] == "distributed":
            logging.getLogger(name).setLevel(logging.CRITICAL)


def local(workers: int) -> Executor:
    """An executor on this machine: a thread of this process for one worker, else `workers` processes."""
    return Serial() if workers == 1 else Pool(workers)


def stop(executor: Executor) -> None:
    """Drops what an executor has not finished, without waiting for it."""
    if isinstance(executor, Pool | Dask):
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
