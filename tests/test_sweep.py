"""The runner: the same table whoever computes it,
in whatever order, and however often it was interrupted.
"""

import hashlib
import json
import math
import os
import re
import signal
import sqlite3
import subprocess
import sys
import threading
import time
import tomllib
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from threadpoolctl import threadpool_limits

from bounds.check import InvalidInput
from studies import executors, progress, sweep
from studies.executors import local
from studies.store import Key, Store, sole_writer
from studies.study import (
    Cell,
    Study,
    cell_key,
    load_settings,
    parse_settings,
    replicate_seed,
)
from studies.sweep import Interrupted, Outcome, run
from studies.task import Piece
from tests import toy_studies
from tests.toy_studies import SLOW, TOY, ToySettings, study

SMALL = ToySettings(replicates=7, seed=11)
HERE = Path(__file__).parent.parent


def go(out: Path, settings: ToySettings = SMALL, toy: Study = TOY, **options: Any) -> Outcome:
    defaults: dict[str, Any] = {"progress": False, "code": "1+test"}
    return run(toy, settings, out, **(defaults | options))


def files(out: Path, name: str = "toy") -> tuple[bytes, bytes]:
    return (out / f"{name}.csv").read_bytes(), (out / f"{name}.json").read_bytes()


# Seeds


def test_seeds_are_pinned() -> None:
    """Stored results stay valid only while these do not move;
    if they must, the code version has to.

    The words were read off `printf %s '{"d":8,"t":0.1}' | sha256sum`, 3c65654b a08165b2 de8c389c
    5de55923 …: a canonical form with spaces, or little-endian words, would not give them.
    """
    cell: Cell = {"t": 0.1, "d": 8}
    assert cell_key(cell) == hashlib.sha256(b'{"d":8,"t":0.1}').hexdigest()
    words = (0x3C65654B, 0xA08165B2, 0xDE8C389C, 0x5DE55923)
    seed = replicate_seed(7, cell, 3)
    assert seed.entropy == 7
    assert seed.spawn_key == (*words, 3)
    state = [3742763690, 2167660022, 223352962, 508540746]
    assert seed.generate_state(4).tolist() == state
    swapped = np.random.SeedSequence(7, spawn_key=(*words[::-1], 3))
    assert swapped.generate_state(4).tolist() != state


def test_estimators_leave_the_data_alone_and_all_else_does_not() -> None:
    """One more estimator: same draws, another place in the store.
    A change of anything else: other draws.
    """
    cell: Cell = {"d": 8, "t": 0.1, "estimators": ["dsm"]}
    more: Cell = cell | {"estimators": ["dsm", "bsm"]}
    assert cell_key(cell) != cell_key(more)

    def draw(seed: int, of: Cell, replicate: int) -> float:
        return float(np.random.default_rng(replicate_seed(seed, of, replicate)).random())

    assert draw(7, cell, 0) == draw(7, more, 0)
    others = [
        draw(8, cell, 0),
        draw(7, cell | {"t": 0.2}, 0),
        draw(7, cell | {"d": 9}, 0),
        draw(7, cell, 1),
    ]
    assert len({draw(7, cell, 0), *others}) == 5


def test_a_cell_with_nan_has_no_key() -> None:
    """NaN is no JSON, and unequal to itself."""
    with pytest.raises(ValueError, match="not JSON compliant"):
        cell_key({"t": float("nan")})


# Same table


def test_the_table_is_what_measure_says(tmp_path: Path) -> None:
    """Against calls of measure outside the runner,
    one replicate each: so results do not depend on the batch.

    The decoy, a measure with one generator for its whole batch, fails the same comparison.
    """

    def direct(toy: Study) -> str:
        lines = [",".join(toy.columns)]
        for cell in toy.cells(SMALL):
            for replicate in range(SMALL.replicates):
                (rows,) = toy.measure(cell, [replicate_seed(SMALL.seed, cell, replicate)])
                lines += [
                    f"toy,{r['d']},{r['estimator']},{replicate},{float(r['value'])!r}" for r in rows
                ]
        return "\n".join(lines) + "\n"

    outcome = go(tmp_path / "a")
    assert outcome.table.read_text(encoding="utf-8") == direct(TOY)
    assert outcome.measured == 14
    bad = study(measure=toy_studies.shared)
    assert go(tmp_path / "b", toy=bad).table.read_text(encoding="utf-8") != direct(bad)


class LastFirst(Executor):
    """Runs whatever was submitted last, once nothing more has come for a moment."""

    def __init__(self) -> None:
        self.waiting: list[tuple[Future[Any], Callable[[], Any]]] = []
        self.order: list[int] = []
        self.more = threading.Condition()
        self.sent = 0
        threading.Thread(target=self.work, daemon=True).start()

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        future: Future[Any] = Future()
        with self.more:
            number, self.sent = self.sent, self.sent + 1

            def call() -> Any:
                self.order.append(number)
                return fn(*args, **kwargs)

            self.waiting.append((future, call))
            self.more.notify()
        return future

    def work(self) -> None:
        while True:
            with self.more:
                while not self.waiting or self.more.wait(0.02):
                    if not self.waiting:
                        self.more.wait()
                future, call = self.waiting.pop()
            future.set_result(call())


def test_any_order_leaves_no_trace(tmp_path: Path) -> None:
    """Tasks begun last to first, which is checked: the same bytes in both files."""
    one = study(batch=toy_studies.batch_of_one)
    backwards = LastFirst()
    go(tmp_path / "backwards", toy=one, workers=3, executor=lambda: backwards)
    go(tmp_path / "forwards", toy=one)
    order = backwards.order
    assert order != sorted(order) == list(range(len(order)))
    assert files(tmp_path / "backwards") == files(tmp_path / "forwards")


def test_workers_and_batches_leave_no_trace(tmp_path: Path) -> None:
    """1, 2 and 4 workers, threads, and batches of one: the same bytes in both files."""
    go(tmp_path / "1")
    go(tmp_path / "2", workers=2)
    go(tmp_path / "4", workers=4)
    go(tmp_path / "threads", workers=3, executor=lambda: ThreadPoolExecutor(3))
    go(tmp_path / "batch", toy=study(batch=toy_studies.batch_of_one))
    assert files(tmp_path / "1") == files(tmp_path / "2") == files(tmp_path / "4")
    assert files(tmp_path / "1") == files(tmp_path / "threads")
    assert files(tmp_path / "1") == files(tmp_path / "batch")
    assert (
        go(tmp_path / "other", ToySettings(replicates=7, seed=12)).table.read_bytes()
        != files(tmp_path / "1")[0]
    )


@pytest.mark.parametrize("workers", [1, 2])
def test_tasks_have_one_blas_thread(tmp_path: Path, workers: int) -> None:
    """Sums over several threads come out in another order.
    Here BLAS has two outside the task, so a task shows it.
    """
    with threadpool_limits(limits=2):
        assert toy_studies.threads({"d": 2}, [np.random.SeedSequence(0)])[0][0]["value"] == 2
        table = go(tmp_path, toy=study(measure=toy_studies.threads), workers=workers).table
    assert {
        line.rsplit(",", 1)[1] for line in table.read_text(encoding="utf-8").splitlines()[1:]
    } == {"1"}


def test_threads_of_one_process_do_not_give_back_each_others_blas(tmp_path: Path) -> None:
    """Three at once in this process, ending at different times:
    out of turn, one would lift another's limit.
    """
    with threadpool_limits(limits=2):
        toy = study(measure=toy_studies.staggered_threads, batch=toy_studies.batch_of_one)
        table = go(tmp_path, toy=toy, workers=3, executor=lambda: ThreadPoolExecutor(3)).table
    assert {
        line.rsplit(",", 1)[1] for line in table.read_text(encoding="utf-8").splitlines()[1:]
    } == {"1"}


def test_workers_are_born_deaf_to_ctrl_c_and_with_one_thread(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Both hold in the worker only: this process keeps its signals and its environment."""
    monkeypatch.delenv("OPENBLAS_NUM_THREADS", raising=False)
    with local(2) as pool:
        assert signal.SIGINT in pool.submit(signal.pthread_sigmask, signal.SIG_BLOCK, ()).result()
        assert pool.submit(os.getenv, "OPENBLAS_NUM_THREADS").result() == "1"
    assert signal.SIGINT not in signal.pthread_sigmask(signal.SIG_BLOCK, ())
    assert "OPENBLAS_NUM_THREADS" not in os.environ


def test_the_manifest_tells_where_the_table_comes_from(tmp_path: Path) -> None:
    """All that its users rely on, and the table's own sum."""
    outcome = go(tmp_path)
    manifest = json.loads(outcome.manifest_path.read_text(encoding="utf-8"))
    assert manifest == outcome.manifest
    assert (manifest["study"], manifest["seed"], manifest["code"]) == ("toy", 11, "1+test")
    assert manifest["csv"]["sha256"] == hashlib.sha256(outcome.table.read_bytes()).hexdigest()
    assert manifest["counts"]["rows"] == outcome.table.read_bytes().count(b"\n") - 1 == 28
    assert ToySettings.model_validate_json(json.dumps(manifest["config"])) == SMALL
    assert set(manifest["versions"]) == {"dimfree", "python", "numpy", "scipy"}
    assert manifest["missing"] == []
    assert "commit" in manifest


# Going on


def test_only_what_lacks_is_measured_and_why(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """More replicates, a new cell, new code:
    each runs what it must and no more, and ends as a run from scratch.
    """

    def told(settings: ToySettings, code: str) -> tuple[int, str]:
        measured = go(tmp_path / "a", settings, progress=True, code=code).measured
        return measured, capsys.readouterr().err.splitlines()[0]

    few, many = ToySettings(replicates=2, seed=1), ToySettings(replicates=5, seed=1)
    wide = ToySettings(replicates=5, seed=1, dims=(2, 40, 3))
    assert told(few, "A") == (4, "toy: 4 replicates in 2 cells: 0 stored, 4 to run (4 new)")
    assert told(few, "A") == (0, "toy: 4 replicates in 2 cells: 4 stored, 0 to run")
    measured, line = told(many, "A")
    assert (measured, line[-45:]) == (6, "6 to run (6 more replicates of cells begun before)"[-45:])
    measured, line = told(wide, "A")
    assert (measured, "10 stored, 5 to run (5 new)" in line) == (5, True)
    measured, line = told(few, "B")
    assert (measured, "0 stored, 4 to run (4 code changed since)" in line) == (4, True)
    assert told(wide, "A")[0] == 0  # what older code measured is still there for older code
    go(tmp_path / "b", wide, code="A")
    assert files(tmp_path / "a") == files(tmp_path / "b")
    go(tmp_path / "a", few, code="A")
    go(tmp_path / "c", few, code="A")
    assert files(tmp_path / "a") == files(tmp_path / "c")


def start(out: Path, workers: int) -> "subprocess.Popen[str]":
    """A run of SLOW in a process of its own, once it has stored something."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.toy_studies", str(out), str(workers)],
        cwd=HERE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    while process.poll() is None and stored(out) < 3:
        time.sleep(0.01)
    return process


def stored(out: Path) -> int:
    if not (out / "toy.sqlite").exists():
        return 0
    with closing(sqlite3.connect(f"file:{out / 'toy.sqlite'}?mode=ro", uri=True)) as connection:
        return int(connection.execute("SELECT count(*) FROM measured").fetchone()[0])


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> tuple[bytes, bytes]:
    """The files of SLOW, without the waiting, from scratch."""
    out = tmp_path_factory.mktemp("undisturbed")
    toy = study(batch=toy_studies.batch_of_one)
    run(toy, SLOW, out, workers=2, progress=False)
    return files(out)


@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT, signal.SIGTERM])
def test_interrupted_and_resumed_equals_undisturbed(
    tmp_path: Path, undisturbed: tuple[bytes, bytes], number: signal.Signals, workers: int
) -> None:
    """Nothing is lost, nothing counted twice;
    asked to stop, it says how to go on; no worker stays behind.

    That it was stopped midway is checked too: some are stored and some are not.
    """
    with start(tmp_path, workers) as process:
        assert process.poll() is None
        children = offspring(process.pid)
        if number == signal.SIGINT:
            os.killpg(process.pid, number)  # as a terminal does: the workers get it too
        else:
            process.send_signal(number)
        said, complained = process.communicate(timeout=60)
    assert len(children) >= workers - 1
    before = stored(tmp_path)
    assert 3 <= before < 40
    assert not (tmp_path / "toy.csv").exists()
    if number == signal.SIGKILL:
        assert process.returncode == -signal.SIGKILL
    else:
        assert process.returncode == 3
        told = re.fullmatch(
            r"stopped: (\d+) of 40 replicates of toy are stored in .*; the same command .*\n", said
        )
        assert told is not None
        assert int(told[1]) == before
    assert "Traceback" not in complained
    deadline = time.monotonic() + 60
    while (left := [pid for pid in children if alive(pid)]) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert left == []
    outcome = run(
        study(batch=toy_studies.batch_of_one), SLOW, tmp_path, workers=workers, progress=False
    )
    assert outcome.measured == 40 - before
    assert files(tmp_path) == undisturbed


def offspring(pid: int) -> list[int]:
    """The processes that a process has started,
    but for the one that multiprocessing keeps to tidy up.
    """
    threads = Path(f"/proc/{pid}/task").glob("*/children")
    children = [
        int(child) for thread in threads for child in thread.read_text(encoding="ascii").split()
    ]
    return [
        child
        for child in children
        if b"resource_tracker" not in Path(f"/proc/{child}/cmdline").read_bytes()
    ]


def alive(pid: int) -> bool:
    """Whether a process is there and not merely waiting to be reaped."""
    try:
        return (
            Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()[0]
            != "Z"
        )
    except (FileNotFoundError, ProcessLookupError):
        return False


def test_a_second_run_in_the_same_folder_is_refused(tmp_path: Path) -> None:
    """While another writes; nothing is measured."""
    with sole_writer(tmp_path, "toy"), pytest.raises(InvalidInput) as caught:
        go(tmp_path)
    assert caught.value.key == "--out"
    assert f"process {os.getpid()} is running toy" in caught.value.reason
    assert [path.name for path in tmp_path.iterdir()] == ["toy.lock"]


# What goes wrong


def trouble(what: str, **changes: Any) -> ToySettings:
    return SMALL.model_copy(update={"trouble": what} | changes)


@pytest.mark.parametrize("workers", [1, 2])
def test_a_cell_that_raises_is_named_and_the_others_go_on(
    tmp_path: Path, workers: int, capsys: pytest.CaptureFixture[str]
) -> None:
    """The table holds the sound cell, exactly as it is without the other."""
    outcome = go(tmp_path / "a", trouble("raise"), workers=workers, progress=True)
    (missing,) = outcome.missing
    assert (missing.cell["d"], missing.replicates) == (2, 7)
    assert missing.reason == "raised LinAlgError: matrix is singular"
    assert '"d":2' in capsys.readouterr().err
    assert outcome.manifest["counts"]["cells_missing"] == 1
    assert outcome.manifest["counts"]["replicates_missing"] == 7
    assert outcome.manifest["missing"][0]["cell"] == missing.cell
    sound = go(tmp_path / "b", trouble("", dims=(40,)))
    assert outcome.table.read_bytes() == sound.table.read_bytes()
    assert sound.missing == ()


def test_a_cell_that_raises_halfway_keeps_its_first_batch(tmp_path: Path) -> None:
    """Batches of one: replicates 0 and 1 are in the table,
    5 of 7 are missing; an InvalidInput is no different.
    """
    toy = study(batch=toy_studies.batch_of_one)
    outcome = go(tmp_path, trouble("raise from 2"), toy=toy)
    assert [(one.replicates, one.reason) for one in outcome.missing] == [
        (5, "raised InvalidInput: d: is too large")
    ]
    assert outcome.manifest["counts"]["rows"] == 2 * 2 + 7 * 2


def test_a_row_with_the_wrong_columns_is_reported(tmp_path: Path) -> None:
    """Rather than written into the wrong place."""
    outcome = go(tmp_path, toy=study(measure=toy_studies.misnamed))
    assert len(outcome.missing) == 2
    assert "['d', 'estimator', 'worth']" in outcome.missing[0].reason


def test_a_worker_that_dies_once_costs_nothing(tmp_path: Path) -> None:
    """Its batch, and those that were under way beside it, are run again."""
    marker = tmp_path / "died"
    outcome = go(tmp_path / "a", trouble(f"die once:{marker}"), workers=2)
    assert marker.exists()
    assert outcome.missing == ()
    assert outcome.measured == 14
    marker.unlink()
    marker.touch()
    again = go(tmp_path / "b", trouble(f"die once:{marker}"))
    assert files(tmp_path / "a") == files(tmp_path / "b")
    assert again.measured == 14


def test_a_cell_that_always_kills_its_worker_is_left_out(tmp_path: Path) -> None:
    """It alone: the innocent that were under way beside it are measured."""
    outcome = go(tmp_path, trouble("die", replicates=3, dims=(2, 3, 4)), workers=2)
    assert [(one.cell["d"], one.replicates, one.reason) for one in outcome.missing] == [
        (2, 3, "took down 3 worker processes")
    ]
    assert outcome.measured == 6


# Tasks

MANY = ToySettings(replicates=1, seed=3, dims=tuple(range(2, 42)))


def shuffled(settings: ToySettings) -> list[Cell]:
    """The cells, the one with the trouble in the midst of the others."""
    first, *others = toy_studies.cells(settings)
    return [*others[:30], first, *others[30:]]


def commits(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many rows each write to a store is given from here on."""
    counts: list[int] = []
    add = Store.add

    def counting(self: Store, key: Key, measured: Iterable[tuple[str, int, str]]) -> None:
        kept = list(measured)
        counts.append(len(kept))
        add(self, key, kept)

    monkeypatch.setattr(Store, "add", counting)
    return counts


def test_small_cells_share_tasks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """300 cells of microseconds take few tasks, of at most MOST_PIECES;
    one cell a task gives the same bytes.

    Catches a runner that pays for a message and a write to disk with every cell.
    """
    toy = study(measure=toy_studies.tiny, cells=toy_studies.many)
    settings = ToySettings(replicates=1, seed=1, dims=(300,))
    monkeypatch.setattr(sweep, "SHORT", math.inf)  # however slow this machine is at the moment
    monkeypatch.setattr(sweep, "PATIENCE", math.inf)
    counts = commits(monkeypatch)
    go(tmp_path / "shared", settings, toy)
    assert counts[:4] == [1, 2, 4, 8]
    assert (sum(counts), max(counts)) == (300, sweep.MOST_PIECES)
    assert len(counts) < 15
    counts.clear()
    monkeypatch.setattr(sweep, "MOST_PIECES", 1)
    go(tmp_path / "apart", settings, toy)
    assert counts == [1] * 300
    assert files(tmp_path / "shared") == files(tmp_path / "apart")


def test_what_is_slow_beside_the_measuring_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Listing, looking up and writing many cells:
    a line for each cell where none may take any time, none where 5 s may pass.
    """
    go(tmp_path, progress=True)
    assert "cells" not in re.sub(r"in 2 cells: ", "", capsys.readouterr().err)
    monkeypatch.setattr(progress, "SECONDS_BETWEEN_LINES", -1.0)
    go(tmp_path, progress=True)
    told = re.findall(r"^toy: (\d) of 2 cells (.*)$", capsys.readouterr().err, re.MULTILINE)
    assert told == [(k, done) for done in ("listed", "looked up", "written") for k in "01"]


def test_a_task_that_took_too_much_hands_it_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without patience every task ends after its first piece,
    and nothing is lost, doubled or in another place.

    A runner that drops what comes back measures 2 of 40. One that tries the same again and again is
    caught by the sizes of its tasks: after one that came back, the next holds what was done in it.
    """
    go(tmp_path / "patient", MANY)
    monkeypatch.setattr(sweep, "SHORT", math.inf)
    monkeypatch.setattr(sweep, "PATIENCE", -1.0)
    sizes = []
    submit = sweep._Sweep.submit

    def watched(self: sweep._Sweep, task: tuple[Piece, ...]) -> Any:
        sizes.append(len(task))
        return submit(self, task)

    monkeypatch.setattr(sweep._Sweep, "submit", watched)
    outcome = go(tmp_path / "hasty", MANY)
    assert (outcome.measured, outcome.missing) == (40, ())
    assert max(sizes) == 2
    assert files(tmp_path / "patient") == files(tmp_path / "hasty")
    greedy(monkeypatch)
    outcome = go(tmp_path / "greedy", MANY)
    assert max(sizes) == 20
    assert files(tmp_path / "patient") == files(tmp_path / "greedy")


def greedy(monkeypatch: pytest.MonkeyPatch) -> None:
    """Has every task hold 20 pieces, whatever was learnt."""
    following = sweep._Sweep.following

    def twenty(self: sweep._Sweep, pieces: Iterator[Piece]) -> tuple[Piece, ...]:
        self.size = 20
        return following(self, pieces)

    monkeypatch.setattr(sweep._Sweep, "following", twenty)


@pytest.mark.parametrize("what", ["raise", "die"])
def test_one_bad_cell_in_a_task_of_many(
    tmp_path: Path, what: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It alone is left out, with its own reason:
    the 39 that shared tasks with it are as they are without it.
    """
    greedy(monkeypatch)
    settings = MANY.model_copy(update={"trouble": what})
    outcome = go(tmp_path / "bad", settings, study(cells=shuffled), workers=2)
    reasons = {
        "raise": "raised LinAlgError: matrix is singular",
        "die": "took down 3 worker processes",
    }
    assert [(one.cell["d"], one.replicates, one.reason) for one in outcome.missing] == [
        (2, 1, reasons[what])
    ]
    assert outcome.measured == 39
    sound = MANY.model_copy(update={"dims": MANY.dims[1:]})
    assert outcome.table.read_bytes() == go(tmp_path / "sound", sound).table.read_bytes()


def test_bad_places_and_bad_cells(tmp_path: Path) -> None:
    """One sentence each; nothing is written."""
    (tmp_path / "file").write_text("x", encoding="ascii")
    with pytest.raises(InvalidInput) as caught:
        go(tmp_path / "file" / "out")
    assert caught.value.key == "--out"
    with pytest.raises(InvalidInput, match="asked for more than once"):
        go(tmp_path / "out", ToySettings(replicates=1, seed=1, dims=(2, 2)))
    with pytest.raises(InvalidInput, match="--workers: must be at least 1"):
        go(tmp_path / "out", workers=0)
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_a_damaged_store_stops_the_run_untouched(tmp_path: Path) -> None:
    """And its neighbours, the earlier table and manifest, stay too."""
    go(tmp_path)
    (tmp_path / "toy.sqlite").write_bytes((tmp_path / "toy.sqlite").read_bytes()[:5000])
    before = {path: path.read_bytes() for path in tmp_path.iterdir() if path.suffix != ".lock"}
    with pytest.raises(InvalidInput, match="damaged"):
        go(tmp_path)
    assert {
        path: path.read_bytes() for path in tmp_path.iterdir() if path.suffix != ".lock"
    } == before


# Settings


@pytest.mark.parametrize(
    ("written", "key", "says"),
    [
        ("seed = 1", "replicates", "is missing (in c.toml)"),
        ("replicates = 0\nseed = 1", "replicates", "must be greater than or equal to 1, but is 0"),
        ("replicates = 1.0\nseed = 1", "replicates", "must be a valid integer, but is 1.0"),
        ('replicates = "8"\nseed = 1', "replicates", "must be a valid integer, but is '8'"),
        ("replicates = true\nseed = 1", "replicates", "must be a valid integer, but is True"),
        ("replicates = 1\nseed = -1", "seed", "must be greater than or equal to 0, but is -1"),
        (
            "replicate = 3\nseed = 1",
            "replicate",
            "unknown key; known are dims, estimators, pause, replicates, seed",
        ),
        (
            "replicates = 1\nseed = 1\ndims = [2, 2.5]",
            "dims.1",
            "must be a valid integer, but is 2.5",
        ),
        ("replicates = 1\nseed = 1\npause = nan", "pause", "must be a finite number"),
        (
            "replicates = 1\nseed = 1\ntimes = [0.2, 0.1]",
            "times",
            "must be strictly increasing, but 0.1 follows 0.2",
        ),
        (
            'replicates = 1\nseed = 1\nshape = { kind = "ball", radius = 1, size = 2 }',
            "shape.size",
            "unknown key; known are kind, radius",
        ),
    ],
)
def test_bad_settings_name_key_and_reason(written: str, key: str, says: str) -> None:
    """The control is the last line: a good one is taken, with lists for tuples and 1 for 1.0."""
    mapping = tomllib.loads(written)
    with pytest.raises(InvalidInput) as caught:
        parse_settings(ToySettings, mapping, "c.toml")
    assert (caught.value.key, says in caught.value.reason) == (key, True), str(caught.value)
    assert "\n" not in str(caught.value)
    good = parse_settings(
        ToySettings, {"replicates": 1, "seed": 0, "dims": [3], "pause": 1}, "c.toml"
    )
    assert good == ToySettings(replicates=1, seed=0, dims=(3,), pause=1.0)


def test_settings_from_files(tmp_path: Path) -> None:
    """Each way a file can fail has its own sentence, under the file's name."""
    path = tmp_path / "c.toml"

    def turn_into_folder() -> None:
        path.unlink()
        path.mkdir()

    wrong: list[tuple[Callable[[], Any], str]] = [
        (lambda: None, "does not exist"),
        (lambda: path.write_bytes(b"seed = \xff"), "is not text in UTF-8"),
        (lambda: path.write_bytes(b"seed = = 1"), "is not TOML: "),
        (lambda: path.write_bytes(b"a = " + b"[" * 100_000), "is not TOML: "),
        (turn_into_folder, "cannot be read: "),
    ]
    for make, says in wrong:
        make()
        with pytest.raises(InvalidInput) as caught:
            load_settings(ToySettings, path)
        assert (caught.value.key, caught.value.reason.startswith(says)) == (str(path), True)
    path.rmdir()
    path.write_bytes(b"seed = 3\nreplicates = 4\ndims = [5]")
    assert load_settings(ToySettings, path) == ToySettings(seed=3, replicates=4, dims=(5,))


# Code version


def test_a_study_announces_its_columns() -> None:
    """The runner's own two must be among them, none twice."""
    assert TOY.measured == ("d", "estimator", "value")
    for columns in (("study", "value"), ("study", "replicate", "d", "d")):
        with pytest.raises(ValueError, match="columns must differ"):
            study(columns=columns)


def test_stopping_before_anything_is_done(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A signal in this very process, while it plans: said in a sentence, handlers put back."""
    before = signal.getsignal(signal.SIGTERM)

    def interrupt(cell: Cell) -> int:
        signal.raise_signal(signal.SIGTERM)
        return 1

    with pytest.raises(Interrupted, match="stopped: 0 of 14 replicates"):
        go(tmp_path, toy=study(batch=interrupt))
    assert signal.getsignal(signal.SIGTERM) is before


def test_lasting_workers_serve_several_runs() -> None:
    """Stopped while idle, a pool is lent again;
    stopped with work under way, or broken, it is ended and replaced.
    """
    with executors.lasting(2) as make:
        first = make()
        worker = first.submit(os.getpid).result()
        executors.stop(first)
        assert make() is first
        assert worker in {first.submit(os.getpid).result() for _ in range(20)}
        under_way = first.submit(time.sleep, 60)
        executors.stop(first)
        assert under_way.done() or under_way.cancel() or under_way.exception(timeout=10)
        second = make()
        assert second is not first
        with pytest.raises(BrokenProcessPool):
            second.submit(os._exit, 1).result()
        executors.stop(second)
        assert make() is not second
        assert make().submit(pow, 2, 3).result() == 8
    with executors.lasting(1) as make:
        assert make().submit(os.getpid).result() == os.getpid()
