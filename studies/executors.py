"""Where tasks run: anything with the protocol of concurrent.futures.Executor.

One worker is a thread of this process, several are processes of their own, here or wherever a Dask
scheduler has them. Tasks bring their own seeds and hold BLAS to one thread, so the numbers are the
same. What is started here listens on the loopback device only.

They keep one promise, that a worker that dies costs its task and no other.
"""

import logging
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import BrokenExecutor, Executor, Future
from contextlib import contextmanager, suppress
from functools import partial
from importlib import import_module
from textwrap import shorten
from typing import Any, ParamSpec, TypeVar

from bounds.check import InvalidInput
from studies.output import reason
from studies.processes import (
    START_OF_A_WORKER,
    Pool,
    Serial,
    probe_main,
    refuse_if_imported,
    settle,
)

P = ParamSpec("P")
T = TypeVar("T")

DEATHS_OF_A_TASK = 3  # the workers that Dask may lose over a task before it gives it back
PATIENCE = 30.0  # seconds that a scheduler has to answer, and to have a worker
SILENCE = 120.0  # seconds without a word from any worker; one that holds Python's lock is silent
GOODBYE = 5.0  # seconds to part from a cluster


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
        except Exception as error:  # whatever Dask says of a configuration that it cannot read
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
            probe_main()
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
            elif isinstance(error, MemoryError | KeyError):
                # lengths and fields read out of another protocol
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
    threading.Thread(target=settle, args=(future, call), daemon=True).start()
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
