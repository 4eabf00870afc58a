"""Where tasks run: anything with the protocol of concurrent.futures.Executor.

One worker is a thread of this process, several are processes of their own, here or wherever a Dask
scheduler has them. Tasks bring their own seeds and hold BLAS to one thread, so the numbers are the
same. What is started here listens on the loopback device only.

Longer than 350 lines: three executors keep one promise, that a worker that dies costs its task and
no other.
"""

import logging
import multiprocessing
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import BrokenExecutor, Executor, Future, ProcessPoolExecutor
from contextlib import contextmanager, suppress
from functools import cache, partial
from importlib import import_module
from multiprocessing.context import SpawnContext, SpawnProcess
from pathlib import Path
from queue import SimpleQueue
from textwrap import shorten
from typing import Any, ParamSpec, TypeVar

from bounds.check import InvalidInput
from studies.output import reason

P = ParamSpec("P")
T = TypeVar("T")

ONE_THREAD = dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"), "1")


DEATHS_OF_A_TASK = 3  # the workers that Dask may lose over a task before it gives it back
PATIENCE = (
    30.0  # seconds that a scheduler has to answer, and to have a worker, at the start and after
)
SILENCE = (
    120.0  # seconds without a word from any worker; a call that holds Python's lock is silent, too
)
START_OF_A_WORKER = 20.0  # seconds at most, on a busy machine
GOODBYE = 5.0  # seconds to part from a cluster

UNGUARDED = 86  # what a worker process ends with that finds itself starting the run again
GUARD = 'below the line if __name__ == "__main__":'


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
        self._tasks.put(partial(_run, future, partial(fn, *args, **kwargs)))
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
def _probe_main() -> None:
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

    Raises
    ------
    InvalidInput
        If the system has no place for them, or the main script cannot be imported. One that starts
        a run when it is imported is found out by its first worker, and told of by `kill`.
    """

    def __init__(self, workers: int) -> None:
        refuse_if_imported()
        _check_main()
        with _starting():
            super().__init__(workers, mp_context=_WorkerContext(), initializer=_end_with_parent)

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


class _Lent(Pool):
    """A pool that outlives the run it is lent to,
    unless that run leaves it broken or with work under way.
    """

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
    """A factory of local executors for several runs,
    which share their worker processes as long as those are sound.

    Starting a worker costs about a second of imports, which many short studies would pay each.
    Results do not depend on it: tasks bring their own seeds.
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

    A worker that dies is replaced or done without, by the scheduler; a task that takes several with
    it ends in WorkersDied, and one whose scheduler is gone in Lost.

    Parameters
    ----------
    address : of a scheduler; by default a cluster on this machine, on the loopback device, for as
        long as this executor lasts
    workers : how many to start where there is no address, ≥ 1
    patience : seconds that the scheduler has to answer, and to have a worker; PATIENCE by default.
        For workers that queue for longer, wait before (`cluster.wait_for_workers`)

    Raises
    ------
    InvalidInput
        If the extra [cluster] is not installed, no scheduler answers, it has no workers, or a
        cluster of ours does not start.
    """

    def __init__(self, address: str | None, workers: int, patience: float | None = None) -> None:
        refuse_if_imported()
        if address is not None and not address.strip():
            raise InvalidInput("--scheduler", "the address is empty")
        try:
            dask: Any = import_module("dask")
            distributed: Any = import_module("distributed")
        except ImportError:
            raise InvalidInput(
                "--executor", "dask needs the extra [cluster]: pip install 'dimfree[cluster]'"
            ) from None
        except (
            Exception
        ) as error:  # whatever Dask says of a configuration of its own that it cannot read
            raise InvalidInput(
                "--executor",
                f"Dask does not take its own configuration: {' '.join(str(error).split())}",
            ) from None
        _hush()
        self._patience = PATIENCE if patience is None else patience
        self._pulse, self._heard = 0.0, time.monotonic()
        self._killed: type[Exception] = distributed.scheduler.KilledWorker
        self._client: Any = None
        self._cluster: Any = None
        if address is None:
            _probe_main()
            with dask.config.set({"distributed.scheduler.allowed-failures": DEATHS_OF_A_TASK - 1}):
                self._cluster = self._start(distributed, workers)
        # One that never got through would try to say goodbye when it is collected, for 40 s.
        client: Any = type("Client", (distributed.Client,), {"__del__": lambda self: None})
        connect = partial(
            client, self._cluster or address, timeout=self._patience, set_as_default=False
        )
        try:
            # A moment more than the client takes by itself: it has no limit for a port that never
            # speaks.
            self._client = within(self._patience + 1, connect)
        except Exception as error:  # whatever its many protocols come to over an address
            self.kill()
            why = reason(error)
            if isinstance(error, TimeoutError) and not str(error):
                why = "nothing came back"
            elif isinstance(
                error, MemoryError | KeyError
            ):  # lengths and fields read out of another protocol
                why = "what answers there is no scheduler"
            raise InvalidInput(
                "--scheduler",
                f"no scheduler answers at {address} within {self._patience:g} s: "
                f"{' '.join(why.split())}",
            ) from None
        try:
            within(
                self._patience + 1,
                partial(self._client.wait_for_workers, 1, timeout=self._patience),
            )
        except Exception:
            self.kill()
            raise InvalidInput(
                "--scheduler",
                f"{address} has no workers, {self._patience:g} s after it was asked; start some "
                f"first",
            ) from None
        self._tasks: Executor = self._client.get_executor(pure=False)

    def _start(self, distributed: Any, workers: int) -> Any:
        """A cluster on this machine."""
        start = partial(
            distributed.LocalCluster,
            n_workers=workers,
            threads_per_worker=1,
            host="127.0.0.1",
            dashboard_address="127.0.0.1:0",
            worker_dashboard_address="127.0.0.1:0",
            silence_logs=logging.CRITICAL,
        )
        limit = self._patience + START_OF_A_WORKER * workers
        try:
            return within(limit, start)
        except Exception as error:
            slow = isinstance(error, TimeoutError) and not str(error)
            why = (
                f"it was not there after {limit:g} s"
                if slow
                else shorten(reason(error), 200, placeholder="…")
            )
            raise InvalidInput(
                "--executor",
                f"dask cannot start a cluster here: {why}; --executor local needs none",
            ) from None

    def threads(self) -> int:
        """How many tasks the cluster runs at once, as of now; 0 when the scheduler does not say.

        Raises
        ------
        Lost
            If it says nothing at all.
        """
        try:
            return sum(self._ask(self._client.nthreads).values())
        except Lost:
            raise
        except Exception:
            return 0

    def watch(self, since: float) -> None:
        """Whether there is anybody to wait for.

        Parameters
        ----------
        since : by time.monotonic(), when something last came back

        Raises
        ------
        Lost
            If the scheduler is silent, or without workers, or all of its workers are silent, for
            too long.
        """
        try:
            workers = self._ask(partial(self._client.scheduler_info, n_workers=-1))[
                "workers"
            ].values()
            # Of the scheduler's clock, so only looked at for a change.
            pulse = max((float(worker["last_seen"]) for worker in workers), default=0.0)
        except Lost:
            raise
        except Exception:
            pulse = self._pulse
        now = time.monotonic()
        if pulse != self._pulse or self._heard < since:
            self._heard = max(since, now if pulse != self._pulse else since)
            self._pulse = pulse
        silent = now - self._heard
        if not pulse and silent > self._patience:
            raise Lost(f"the scheduler has had no workers for {self._patience:g} s")
        if silent > max(SILENCE, self._patience):
            raise Lost(f"no worker has been heard from for {silent:.0f} s")

    def _ask(self, question: Callable[[], T]) -> T:
        try:
            return within(self._patience, question)
        except TimeoutError as error:
            if str(error):  # the client's own
                raise
            raise Lost(f"the scheduler has not answered for {self._patience:g} s") from None

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
            died = error.allowed_failures + 1  # type: ignore[attr-defined]
            outer.set_exception(WorkersDied(died))
        else:
            outer.set_exception(error)

    def kill(self) -> None:
        """Leaves the cluster, dropping the tasks; its own one is ended at once."""
        if self._cluster is not None:
            for nanny in self._cluster.workers.values():
                nanny.auto_restart = False
                with suppress(ProcessLookupError, TypeError):
                    os.kill(nanny.pid, signal.SIGKILL)
        if self._client is not None:
            with suppress(Exception):
                within(GOODBYE, partial(self._client.close, timeout=1))
        if self._cluster is not None:
            with suppress(Exception):
                within(GOODBYE, partial(self._cluster.close, timeout=3))

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """The same: nothing here outlives its run."""
        self.kill()


def within(seconds: float, call: Callable[[], T]) -> T:
    """What a call returns, if it does so in time;
    else TimeoutError, and it is left to a thread that nobody waits for.
    """
    future: Future[T] = Future()
    threading.Thread(target=_run, args=(future, call), daemon=True).start()
    return future.result(seconds)


def _hush() -> None:
    """Keeps the client's log, with its tracebacks, off standard error:
    what goes wrong, the run says in a sentence.
    """
    for name in ("distributed", *logging.root.manager.loggerDict):
        if name.partition(".")[0] == "distributed":
            logging.getLogger(name).setLevel(logging.CRITICAL)


def local(workers: int) -> Executor:
    """An executor on this machine:
    a thread of this process for one worker, else `workers` processes.
    """
    return Serial() if workers == 1 else Pool(workers)


def stop(executor: Executor) -> None:
    """Drops what an executor has not finished, without waiting for it."""
    if isinstance(executor, Pool | Dask):
        executor.kill()
    else:
        executor.shutdown(wait=False, cancel_futures=True)


def _end_with_parent() -> None:
    """In a worker: a parent killed outright closes no pipe
    that the worker reads from, so watch it.
    """
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
