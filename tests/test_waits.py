"""Somebody who never answers, and processes that cannot start:
every wait has a limit, and one sentence at its end.
"""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest

from bounds.check import InvalidInput
from studies import executors, processes, sweep
from studies.executors import Dask, within
from studies.processes import Pool
from studies.sweep import Interrupted, run
from tests import toy_studies
from tests.test_dask import SINGLY, Cluster, cluster, go, resumes_whole, wait_until
from tests.test_sweep import HERE, stored
from tests.toy_studies import SLOW, TOY, ToySettings, study

assert cluster  # a fixture


@pytest.fixture
def silent() -> Iterator[Callable[[bytes], int]]:
    """Makes ports that accept and then say no more than the given bytes."""
    sockets: list[socket.socket] = []

    def make(word: bytes) -> int:
        listening = socket.create_server(("127.0.0.1", 0))
        sockets.append(listening)

        def accept() -> None:
            while True:
                try:
                    one = listening.accept()[0]
                except OSError:
                    return
                sockets.append(one)
                one.sendall(word)

        threading.Thread(target=accept, daemon=True).start()
        return int(listening.getsockname()[1])

    yield make
    for one in sockets:
        one.close()


@pytest.mark.parametrize(
    "word",
    [b"", b"HTTP/1.0 400 Bad Request\r\n\r\n", b"\x00" * 8, b"SSH-2.0-OpenSSH_9.2\r\n", b"\x01"],
)
def test_a_port_that_never_speaks_or_speaks_otherwise(
    tmp_path: Path, silent: Callable[[bytes], int], word: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As a dashboard's does: one sentence within the limit. A client by itself waits for good."""
    monkeypatch.setattr(executors, "PATIENCE", 1.0)
    start = time.monotonic()
    with pytest.raises(
        InvalidInput, match=r"--scheduler: no scheduler answers at tcp://127.0.0.1:\d+ within 1 s: "
    ):
        go(tmp_path / "out", SLOW, f"tcp://127.0.0.1:{silent(word)}")
    assert time.monotonic() - start < 30
    assert not (tmp_path / "out" / "toy.csv").exists()


def test_an_address_that_drops_packets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A queue of connections that is full:
    the system throws away what comes, as a firewall does.
    """
    monkeypatch.setattr(executors, "PATIENCE", 1.0)
    with socket.socket() as full:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        waiting = [socket.socket() for _ in range(4)]
        for one in waiting:
            one.setblocking(False)
            one.connect_ex(full.getsockname())
        with pytest.raises(
            InvalidInput, match=r"--scheduler: no scheduler answers at .* within 1 s"
        ):
            go(tmp_path / "out", SLOW, f"tcp://127.0.0.1:{full.getsockname()[1]}")
        for one in waiting:
            one.close()


@pytest.mark.parametrize(
    "address", ["", " ", "tcp://127.0.0.1:99999", "inproc://x", "http://127.0.0.1:1/status"]
)
def test_what_is_no_address(tmp_path: Path, address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """One sentence under the option's name."""
    monkeypatch.setattr(executors, "PATIENCE", 1.0)
    with pytest.raises(InvalidInput) as caught:
        go(tmp_path / "out", SLOW, address)
    assert caught.value.key == "--scheduler" and "\n" not in str(caught.value)


@pytest.mark.parametrize("who", ["scheduler", "worker", "worker killed"])
def test_one_who_stops_speaking_midway(
    cluster: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, who: str
) -> None:
    """Stopped by SIGSTOP, its connections stay open;
    killed, nobody takes the tasks: the run ends, and another goes on.
    """
    monkeypatch.setattr(executors, "PATIENCE", 6.0)  # a busy machine stands still for seconds
    monkeypatch.setattr(executors, "SILENCE", 4.0)
    worker = cluster.worker()
    wait_until(lambda: b"Registered to" in cluster.logs("worker")[0].read_bytes())
    victim = cluster.scheduler if who == "scheduler" else worker

    def stop() -> None:
        wait_until(lambda: stored(tmp_path) >= 3)
        victim.send_signal(signal.SIGKILL if "killed" in who else signal.SIGSTOP)

    stopper = threading.Thread(target=stop)
    stopper.start()
    start = time.monotonic()
    try:
        with pytest.raises(Interrupted) as caught:
            run(SINGLY, SLOW, tmp_path, executor=partial(Dask, cluster.address, 2), progress=False)
    finally:
        stopper.join()
        victim.send_signal(signal.SIGCONT)
    assert time.monotonic() - start < 60
    assert {
        "scheduler": "the scheduler has not answered for 6 s",
        "worker": "no worker has been heard from for",
        "worker killed": "the scheduler has had no workers for 6 s",
    }[who] in str(caught.value)
    assert "the same command goes on" in str(caught.value)
    resumes_whole(tmp_path)


@pytest.mark.parametrize("workers", [1, 2])
def test_a_task_that_never_returns(tmp_path: Path, workers: int) -> None:
    """Here, too; the limit is the caller's.

    The call goes on in a thread that nobody can stop, and whatever this process measures next waits
    for it: so it is a short one.
    """
    with pytest.raises(
        Interrupted, match="stopped, no task has come back for 3 s: 0 of 2 replicates"
    ):
        run(
            study(measure=toy_studies.deaf),
            ToySettings(replicates=1, seed=1, pause=9.0),
            tmp_path,
            workers=workers,
            progress=False,
            limit=3.0,
        )
    assert sweep.LIMIT > 3600


def test_within() -> None:
    """What comes in time, comes; what fails, fails; what does not come is left."""
    assert within(9, lambda: 7) == 7
    with pytest.raises(ZeroDivisionError):
        within(9, lambda: 1 // 0)
    with pytest.raises(TimeoutError):
        within(0.05, lambda: time.sleep(1))


# Scripts that start anew when they are imported

RUNS = """
from functools import partial
from pathlib import Path
from studies.executors import Dask
from studies.sweep import run
from tests.toy_studies import TOY, ToySettings
"""
POOL = "run(TOY, ToySettings(replicates=2, seed=1), Path('out'), workers=2, progress=False)"
DASK = (
    "run(TOY, ToySettings(replicates=2, seed=1), Path('out'), executor=partial(Dask, None, 2), "
    "progress=False)"
)
MAIN = "import sys, dimfree; sys.exit(dimfree.main(['verify', 'class-collapse', '--workers', '2']))"
CAUGHT = f"try:\n    {POOL}\nexcept Exception as error:\n    print(error)\n    raise"
OWN = """
from studies.study import Settings, Study
def measure(cell, seeds):
    return [[{"value": 1.0}] for _ in seeds]
COLUMNS = ("study", "replicate", "value")
OWN = Study("own", "", Settings, lambda s: [{"a": 1}, {"a": 2}], measure, COLUMNS, len, {})
"""
RUN_OWN = "run(OWN, Settings(replicates=2, seed=1), Path('out'), workers=2, progress=False)"
GUARD = 'below the line if __name__ == "__main__":'


def script(folder: Path, text: str, how: str = "file") -> "subprocess.CompletedProcess[str]":
    """Runs it as a file, a module, or from standard input."""
    (folder / "script.py").write_text(text)
    words = {
        "file": ["script.py"],
        "module": ["-m", "script"],
        "input": ["-"],
        "command": ["-c", text],
    }[how]
    return subprocess.run(
        [sys.executable, *words],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(HERE)},
        input=text if how == "input" else "",
        capture_output=True,
        text=True,
        check=False,
        timeout=400,
    )


@pytest.mark.parametrize(
    ("text", "how"),
    [
        (RUNS + POOL, "file"),
        (RUNS + POOL, "module"),
        (RUNS + POOL, "input"),
        (RUNS + DASK, "file"),
        (RUNS + DASK, "input"),
        (RUNS + CAUGHT, "file"),
        (RUNS + OWN + RUN_OWN, "file"),
        (MAIN, "file"),
    ],
)
def test_a_script_without_the_guard(tmp_path: Path, text: str, how: str) -> None:
    """One sentence with the guard in it, from this process alone,
    and no traceback but the caller's own.
    """
    done = script(tmp_path, text, how)
    assert done.returncode in (1, 2)
    last = done.stderr.splitlines()[-1]
    assert "__main__: worker processes import the script that starts them" in last
    assert GUARD in last
    assert done.stderr.count("Traceback") <= 1 and len(done.stderr.splitlines()) < 30, done.stderr
    assert not list(tmp_path.glob("out/*.csv"))


@pytest.mark.parametrize(
    ("text", "how"),
    [
        (RUNS + f'if __name__ == "__main__":\n    {POOL}', "file"),
        (RUNS + f'if __name__ == "__main__":\n    {DASK}', "file"),
        (RUNS + POOL, "command"),
        (RUNS + POOL.replace("workers=2", "workers=1"), "input"),
    ],
)
def test_a_script_with_the_guard_or_without_need_of_it(tmp_path: Path, text: str, how: str) -> None:
    """The decoy of the test above: nothing is refused."""
    done = script(tmp_path, text, how)
    assert (done.returncode, done.stderr) == (0, "")
    assert (tmp_path / "out" / "toy.csv").exists()


@pytest.mark.parametrize("how", ["input", "command"])
def test_a_measure_that_stands_in_no_file(tmp_path: Path, how: str) -> None:
    """Typed into a session: one sentence, for any number of workers."""
    for workers in (1, 2):
        done = script(
            tmp_path, RUNS + OWN + RUN_OWN.replace("workers=2", f"workers={workers}"), how
        )
        assert done.returncode == 1
        assert "measure: stands in no file that can be read" in done.stderr.splitlines()[-1]


# Processes that cannot start


@pytest.mark.parametrize(
    ("where", "error"),
    [
        ("concurrent.futures.process.mp.SimpleQueue", OSError(30, "Read-only file system")),
        (
            "concurrent.futures.process._SafeQueue.__init__",
            PermissionError(13, "Permission denied"),
        ),
        (
            "concurrent.futures.process._check_system_limits",
            NotImplementedError("lacks semaphores"),
        ),
        ("studies.processes._WorkerProcess.start", OSError(24, "Too many open files")),
        (
            "studies.processes._WorkerProcess.start",
            BlockingIOError(11, "Resource temporarily unavailable"),
        ),
        ("threading.Thread.start", RuntimeError("can't start new thread")),
    ],
)
def test_processes_that_cannot_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, where: str, error: Exception
) -> None:
    """No shared memory, no semaphores, no files,
    no processes, no threads: what failed, and what helps.
    """

    def fail(*ignored: object, **more: object) -> None:
        raise error

    if "SimpleQueue" in where:
        monkeypatch.setattr(processes._WorkerContext, "SimpleQueue", fail)
    else:
        monkeypatch.setattr(where, fail)
    with pytest.raises(InvalidInput) as caught:
        run(TOY, ToySettings(replicates=1, seed=1), tmp_path, workers=2, progress=False)
    assert caught.value.key == "--workers"
    assert caught.value.reason.startswith("worker processes cannot be started: ")
    assert caught.value.reason.endswith("; --workers 1 needs none")
    monkeypatch.undo()
    pool = Pool(1)
    assert pool.submit(pow, 2, 3).result() == 8
    executors.stop(pool)
