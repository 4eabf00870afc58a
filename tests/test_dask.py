"""Dask: the same table from other processes' hands,
and whatever happens to those, one sentence or none at all.

Schedulers and workers are real processes, on the loopback device, on ports that the system chooses.
"""

import json
import os
import pickle
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path

import pytest

import dimfree
from bounds.check import InvalidInput
from studies import executors, sweep, task
from studies.executors import Dask
from studies.store import Key, Store
from studies.study import Study
from studies.sweep import Outcome, run
from studies.task import WrongWorker
from tests import toy_studies
from tests.test_sweep import HERE, alive, files, offspring, stored
from tests.toy_studies import TOY, ToySettings, batch_of_one, study

SINGLY = study(batch=batch_of_one)
SLOW = ToySettings(replicates=20, seed=5, dims=(2, 3, 40), pause=0.05)


def go(out: Path, settings: ToySettings, address: str | None, toy: Study = SINGLY) -> Outcome:
    return run(
        toy,
        settings,
        out,
        workers=2,
        executor=partial(Dask, address, 2),
        progress=False,
        code="1+test",
    )


def here(out: Path, settings: ToySettings) -> tuple[bytes, bytes]:
    """The same by one worker in this process, without the waiting."""
    run(SINGLY, settings, out, progress=False, code="1+test")
    return files(out)


class Cluster:
    """A scheduler and workers, started by hand.

    Parameters
    ----------
    folder : for their files
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.processes: list[subprocess.Popen[bytes]] = []
        written = folder / "scheduler.json"
        words = (
            "--host",
            "127.0.0.1",
            "--port",
            "0",
            "--no-dashboard",
            "--dashboard-address",
            "127.0.0.1:0",
        )
        self.scheduler = self.start("scheduler", *words, "--scheduler-file", str(written))
        wait_until(lambda: written.exists() and written.read_text().endswith("}"))
        self.address: str = json.loads(written.read_text())["address"]

    def worker(self) -> "subprocess.Popen[bytes]":
        """One more worker, with one thread and nobody to start it again."""
        words = ("--nthreads", "1", "--no-nanny", "--no-dashboard", "--host", "127.0.0.1")
        return self.start("worker", self.address, *words, "--local-directory", str(self.folder))

    def start(self, what: str, *words: str) -> "subprocess.Popen[bytes]":
        with (self.folder / f"{what}-{len(self.processes)}.log").open("wb") as log:
            command = [sys.executable, "-m", "dask", what, *words]
            self.processes.append(subprocess.Popen(command, cwd=HERE, stdout=log, stderr=log))
        return self.processes[-1]

    def logs(self, what: str) -> list[Path]:
        """What schedulers or workers said."""
        return sorted(self.folder.glob(f"{what}-*.log"))

    def stop(self) -> None:
        """Ends what was started here and is still there."""
        for process in self.processes:
            process.kill()
            process.wait(timeout=60)


def wait_until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.01)


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Cluster]:
    folder = tmp_path / "cluster"
    folder.mkdir()
    made = Cluster(folder)
    yield made
    made.stop()


def midway(monkeypatch: pytest.MonkeyPatch, rows: int, act: Callable[[], object]) -> list[int]:
    """Has `act` called once, when that many replicates are stored;
    the list then holds how many were.
    """
    at: list[int] = []
    add = Store.add

    def counting(self: Store, key: Key, measured: Iterable[tuple[str, int, str]]) -> None:
        kept = list(measured)
        add(self, key, kept)
        counted[0] += len(kept)
        if counted[0] >= rows and not at:
            at.append(counted[0])
            act()

    counted = [0]
    monkeypatch.setattr(Store, "add", counting)
    return at


def test_a_worker_killed_midway_leaves_no_trace(
    cluster: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Scheduler and two workers by hand, one of them killed
    with -9 while both measure: table and manifest are whole.

    Catches a runner that loses what was under way, or stores a task twice when Dask runs it again.
    That the kill came midway is checked: at least 20 of 60 were stored and others were not, and
    both had measured something.
    """
    workers = [cluster.worker(), cluster.worker()]
    seen = tmp_path / "seen"
    seen.mkdir()
    monkeypatch.setattr(executors, "PATIENCE", 60.0)
    wait_until(lambda: all(b"Registered to" in log.read_bytes() for log in cluster.logs("worker")))
    before: set[str] = set()

    def kill() -> None:
        before.update(path.name for path in seen.iterdir())
        workers[0].kill()
        workers[0].wait(timeout=60)

    at = midway(monkeypatch, 20, kill)
    settings = SLOW.model_copy(update={"trouble": f"note:{seen}"})
    outcome = go(tmp_path / "dask", settings, cluster.address)
    assert 20 <= at[0] < 50
    assert before == {str(worker.pid) for worker in workers}
    assert workers[0].returncode == -signal.SIGKILL
    assert (outcome.measured, outcome.missing) == (60, ())
    assert workers[1].poll() is None
    monkeypatch.undo()
    assert files(tmp_path / "dask") == here(tmp_path / "here", settings)


def registered(cluster: Cluster, count: int) -> bool:
    """Whether so many workers have found their scheduler, by their own logs."""
    return sum(b"Registered to" in log.read_bytes() for log in cluster.logs("worker")) == count


def test_one_two_and_four_workers(cluster: Cluster, tmp_path: Path) -> None:
    """The same bytes as from one worker in this process.
    That there were so many is the scheduler's own word.
    """
    settings = ToySettings(replicates=20, seed=5, dims=(2, 3, 40))
    wanted = here(tmp_path / "here", settings)
    for count in (1, 2, 4):
        while len(cluster.processes) - 1 < count:
            cluster.worker()
        wait_until(partial(registered, cluster, count))
        dask = Dask(cluster.address, 1)
        assert dask.threads() == count
        dask.kill()
        go(tmp_path / str(count), settings, cluster.address)
        assert files(tmp_path / str(count)) == wanted


def test_a_scheduler_that_dies_stops_the_run_and_another_goes_on(
    cluster: Cluster, tmp_path: Path
) -> None:
    """One sentence with what is stored, no traceback;
    the rest is measured here, to the same bytes.
    """
    cluster.worker()
    with coordinator(tmp_path, cluster.address) as process:
        wait_until(lambda: stored(tmp_path) >= 3)
        cluster.scheduler.kill()
        said, complained = process.communicate(timeout=60)
    assert process.returncode == 3
    told = re.fullmatch(
        r"stopped, the scheduler is gone: (\d+) of 40 replicates of toy are stored in .*; the same "
        r".*\n",
        said,
    )
    assert told is not None
    assert int(told[1]) == stored(tmp_path)
    assert "Traceback" not in complained
    resumes_whole(tmp_path)


def coordinator(out: Path, address: str) -> "subprocess.Popen[str]":
    """A run of toy_studies.SLOW in a process of its own."""
    return subprocess.Popen(
        [sys.executable, "-m", "tests.toy_studies", str(out), "2", address],
        cwd=HERE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def resumes_whole(out: Path) -> None:
    """What is left of that run after an accident midway is measured here,
    to the bytes of an undisturbed one.
    """
    before = stored(out)
    assert 3 <= before < 40
    assert run(SINGLY, toy_studies.SLOW, out, progress=False).measured == 40 - before
    run(SINGLY, toy_studies.SLOW, out / "whole", progress=False)
    assert files(out) == files(out / "whole")


def test_a_scheduler_that_is_not_there_or_has_no_workers(
    cluster: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One sentence under the option's name; nothing is measured."""
    monkeypatch.setattr(executors, "PATIENCE", 1.0)
    refusals = {
        cluster.address: f"{cluster.address} has no workers",
        "tcp://127.0.0.1:1": "no scheduler answers at tcp://127.0.0.1:1",
        "warp://127.0.0.1:1": "no scheduler answers at warp://127.0.0.1:1",
        "nonsense": "no scheduler answers at nonsense",
        "tls://127.0.0.1:1": "no scheduler answers at tls://127.0.0.1:1",
    }
    for address, says in refusals.items():
        with pytest.raises(InvalidInput) as caught:
            go(tmp_path / "out", SLOW, address)
        assert caught.value.key == "--scheduler"
        assert says in caught.value.reason
        assert "\n" not in str(caught.value)
        assert not (tmp_path / "out" / "toy.csv").exists()
    monkeypatch.setitem(sys.modules, "distributed", None)  # as where the extra is not installed
    with pytest.raises(InvalidInput, match=r"--executor: dask needs the extra \[cluster\]"):
        go(tmp_path / "out", SLOW, None)


def test_a_cluster_of_ones_own(tmp_path: Path) -> None:
    """It gives the same bytes, listens on the loopback device only,
    and leaves no process and no port behind.

    A cell that kills its workers takes three of them, and is named; the others are measured.
    """
    listening: set[str] = set()

    class Watched(Dask):
        def __init__(self) -> None:
            super().__init__(None, 2)
            listening.update(ports(os.getpid(), *offspring(os.getpid())))
            children.extend(offspring(os.getpid()))

    children: list[int] = []
    settings = ToySettings(replicates=3, seed=5, dims=(2, 3, 40), trouble="die")
    outcome = run(
        TOY, settings, tmp_path / "dask", workers=2, executor=Watched, progress=False, code="1+test"
    )
    assert [(one.cell["d"], one.replicates, one.reason) for one in outcome.missing] == [
        (2, 3, "took down 3 worker processes")
    ]
    sound = here(tmp_path / "here", settings.model_copy(update={"dims": (3, 40), "trouble": ""}))
    assert outcome.table.read_bytes() == sound[0]
    assert len(children) >= 2
    assert len(listening) >= 3
    assert {address.partition(":")[0] for address in listening} == {"0100007F"}
    wait_until(lambda: not [pid for pid in children if alive(pid)])
    assert ports(os.getpid()) == set()


def ports(*processes: int) -> set[str]:
    """Where processes listen, as /proc has it: addresses in hexadecimal."""
    sockets: set[str] = set()
    for pid in processes:
        for link in Path(f"/proc/{pid}/fd").iterdir():
            try:
                sockets |= set(re.findall(r"socket:\[(\d+)\]", os.readlink(link)))
            except FileNotFoundError:
                continue
    lines = [
        line.split()
        for table in ("tcp", "tcp6")
        for line in Path(f"/proc/net/{table}").read_text(encoding="ascii").splitlines()[1:]
    ]
    return {line[1] for line in lines if line[3] == "0A" and line[9] in sockets}


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_interrupted_with_a_cluster_of_its_own(tmp_path: Path, number: signal.Signals) -> None:
    """Asked to stop, it says how to go on;
    killed, it takes its workers with it; the rest is measured afterwards.
    """
    with coordinator(tmp_path, "own") as process:
        wait_until(lambda: stored(tmp_path) >= 3)
        children = offspring(process.pid)
        if number == signal.SIGINT:
            os.killpg(process.pid, number)  # as a terminal does: the workers get it too
        else:
            process.send_signal(number)
        said, complained = process.communicate(timeout=60)
    assert len(children) >= 2
    assert "Traceback" not in complained
    if number == signal.SIGKILL:
        assert process.returncode == -signal.SIGKILL
    else:
        assert process.returncode == 3
        assert re.fullmatch(r"stopped: \d+ of 40 replicates of toy .* the same command .*\n", said)
    wait_until(lambda: not [pid for pid in children if alive(pid)])
    resumes_whole(tmp_path)


def test_a_worker_with_other_code_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its numbers would stand in the table under the wrong name.
    The refusal survives the way between processes.
    """
    here = task.origin(TOY.measure)
    assert re.fullmatch(r"dimfree \d+\.\d+\.\d+\+[0-9a-f]{12}, python .*, numpy .*, scipy .*", here)
    monkeypatch.setattr(sweep, "origin", lambda measure: "dimfree 0.0.1+old")
    with pytest.raises(WrongWorker) as caught:
        go(tmp_path, SLOW.model_copy(update={"pause": 0.0}), None)
    assert caught.value.key == "--executor"
    assert here in caught.value.reason
    assert "the run has dimfree 0.0.1+old" in caught.value.reason
    copy = pickle.loads(pickle.dumps(caught.value))
    assert (type(copy), str(copy)) == (WrongWorker, str(caught.value))
    assert stored(tmp_path) == 0


def test_from_the_command_line(
    tmp_path: Path, cluster: Cluster, capsys: pytest.CaptureFixture[str]
) -> None:
    """dimfree run --executor dask --scheduler ADDRESS gives
    the bytes of --executor local; an address needs it.
    """
    cluster.worker()
    config = tmp_path / "c.toml"
    config.write_text(
        "dims = [3, 5]\nsamples = [40]\ntimes = [0.2, 0.5]\nreplicates = 7\nseed = 7\n"
    )
    words = ["run", "error-vs-timestep", "--config", str(config), "--out"]
    assert (
        dimfree.main(
            [*words, str(tmp_path / "a"), "--executor", "dask", "--scheduler", cluster.address]
        )
        == 0
    )
    assert dimfree.main([*words, str(tmp_path / "b"), "--workers", "1"]) == 0
    name = "error-vs-timestep"
    assert files(tmp_path / "a", name) == files(tmp_path / "b", name)
    capsys.readouterr()
    assert dimfree.main([*words, str(tmp_path / "c"), "--scheduler", cluster.address]) == 2
    assert capsys.readouterr().err == "dimfree: --scheduler: needs --executor dask\n"
    assert not (tmp_path / "c").exists()
