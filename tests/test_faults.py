"""Kills, full disks, read-only folders, second runs:
one sentence at most, and never a number more or less.
"""

import ctypes
import errno
import fcntl
import os
import resource
import shutil
import signal
import sqlite3
import subprocess
import sys
import tracemalloc
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bounds.check import InvalidInput
from studies.papers.kumar_2025.linear_score import LinearScoreSettings, cells
from studies.store import Key, Store
from studies.study import Cell, Lazy, Row, Study, cell_key
from studies.sweep import Outcome, run
from tests import faults, toy_studies
from tests.test_sweep import HERE, files
from tests.toy_studies import TOY, ToySettings, study

SHORT = ToySettings(replicates=25, seed=9, dims=(2, 3), pause=0.02)


def go(out: Path, settings: ToySettings, toy: Study = TOY) -> Outcome:
    return run(toy, settings, out, progress=False, code="1+test")


# Kills


def test_kills_lose_nothing_and_double_nothing(tmp_path: Path) -> None:
    """The short form of `make faults`: 4 kills,
    each after something was stored; some of that is found again.
    """
    count = faults.inject(tmp_path, 4, seed=3, settings=SHORT, midway=True)
    assert count.coordinators + count.workers == 4
    assert count.resumed > 0
    assert (count.lost, count.doubled, count.different) == (0, 0, 0)


def test_a_store_that_acknowledges_too_early_is_caught(tmp_path: Path) -> None:
    """The decoy: it notes a row and writes it 50 ms later,
    so a kill of the coordinator finds it between the two.
    """
    count = faults.inject(tmp_path, 2, seed=3, settings=SHORT, midway=True, how="late")
    assert count.coordinators > 0
    assert count.lost > 0


def test_a_lone_worker_that_was_killed_gets_a_process_of_its_own(tmp_path: Path) -> None:
    """A cell that kills the process it is measured
    in kills the run of one worker; the next run leaves it out.

    Without the note in the lock file, that run would die too, and every one after it.
    """
    settings = ToySettings(replicates=3, seed=5, dims=(2, 3), trouble="die")
    child = (
        "import sys; from pathlib import Path; from studies.sweep import run\n"
        "from tests.toy_studies import TOY, ToySettings\n"
        "run(TOY, ToySettings.model_validate_json(sys.argv[1]), Path(sys.argv[2]), progress=False, "
        "code='1+test')"
    )
    words = [sys.executable, "-c", child, settings.model_dump_json(), str(tmp_path)]
    assert subprocess.run(words, cwd=HERE, check=False).returncode == -signal.SIGKILL
    assert (tmp_path / "toy.lock").read_bytes() != b""
    outcome = go(tmp_path, settings)
    assert [(one.cell["d"], one.reason) for one in outcome.missing] == [
        (2, "took down 3 worker processes")
    ]
    assert outcome.measured == 3
    assert (tmp_path / "toy.lock").read_bytes() == b""


# Disks


def limited(out: Path, size: int) -> "subprocess.CompletedProcess[str]":
    """A run in a process that may not make a file longer than that:
    to it, the disk is full there.
    """

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))

    words = [
        "run",
        "error-vs-timestep",
        "--config",
        str(out / "c.toml"),
        "--out",
        str(out),
        "--workers",
        "1",
    ]
    return subprocess.run(
        [sys.executable, "-m", "dimfree", *words],
        cwd=HERE,
        preexec_fn=limit,
        capture_output=True,
        text=True,
        check=False,
    )


CONFIG = "dims = [4]\nsamples = [40]\ntimes = [0.2, 0.5]\nreplicates = 3000\nseed = 7\n"


def test_a_full_disk_stops_with_a_sentence_and_what_was_there_stays(tmp_path: Path) -> None:
    """At each stage: the lock, the store's making,
    its growth, the table. Given room, the run ends well.
    """
    (tmp_path / "c.toml").write_text(CONFIG, encoding="ascii")
    stored = []
    for size in (0, 2000, 9000, 250_000, 700_000):
        done = limited(tmp_path, size)
        assert done.returncode == 2, done
        assert done.stdout == ""
        last = done.stderr.splitlines()[-1]
        assert last.startswith("dimfree: ")
        assert "Traceback" not in done.stderr
        assert not list(tmp_path.glob("*.csv*")) and not list(tmp_path.glob("*.json*"))
        stored.append(count(tmp_path))
    assert stored == sorted(stored)
    assert stored[-1] > 0
    assert limited(tmp_path, 10**9).returncode == 0
    fresh = tmp_path / "fresh"
    fresh.mkdir()
    (fresh / "c.toml").write_text(CONFIG, encoding="ascii")
    assert limited(fresh, 10**9).returncode == 0
    assert files(tmp_path, "error-vs-timestep") == files(fresh, "error-vs-timestep")
    table = (tmp_path / "error-vs-timestep.csv").read_bytes()
    (tmp_path / "c.toml").write_text(CONFIG.replace("3000", "1"), encoding="ascii")
    assert limited(tmp_path, 50).returncode == 2
    assert (tmp_path / "error-vs-timestep.csv").read_bytes() == table


def count(out: Path) -> int:
    path = out / "error-vs-timestep.sqlite"
    if not path.exists():
        return 0
    with closing(sqlite3.connect(path)) as connection:
        return int(connection.execute("SELECT count(*) FROM measured").fetchone()[0])


def test_a_disk_that_fills_up_while_the_table_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The earlier table stays, nothing half-written lies beside it,
    and the sentence gives the reason.
    """
    go(tmp_path, SHORT)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}

    def full(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(InvalidInput) as caught:
        go(tmp_path, SHORT)
    assert str(caught.value) == (
        f"--out: cannot write {tmp_path / 'toy.csv'}: no space left on device: make room, or "
        "choose another --out"
    )
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_a_read_only_folder(tmp_path: Path) -> None:
    """One sentence and no file, in an empty folder
    and in one that has results, which stay as they are.

    Root may write anywhere, so there the child gives up the right to. The control: it cannot write
    a file either.
    """
    (tmp_path / "c.toml").write_text(CONFIG.replace("3000", "2"), encoding="ascii")
    empty, full = tmp_path / "empty", tmp_path / "full"
    empty.mkdir()
    words = [
        "run",
        "error-vs-timestep",
        "--config",
        str(tmp_path / "c.toml"),
        "--workers",
        "1",
        "--out",
    ]
    made = subprocess.run(
        [sys.executable, "-m", "dimfree", *words, str(full)], cwd=HERE, capture_output=True
    )
    assert made.returncode == 0
    for folder in (empty, full):
        before = {path: path.read_bytes() for path in folder.iterdir()}
        for path in before:
            path.chmod(0o444)
        folder.chmod(0o555)
        control = subprocess.run(
            [sys.executable, "-c", f"open({str(folder / 'x')!r}, 'w')"],
            preexec_fn=unprivileged,
            capture_output=True,
        )
        assert b"PermissionError" in control.stderr
        done = subprocess.run(
            [sys.executable, "-m", "dimfree", *words, str(folder)],
            cwd=HERE,
            preexec_fn=unprivileged,
            capture_output=True,
            text=True,
            check=False,
        )
        folder.chmod(0o755)
        assert (done.returncode, done.stdout) == (2, "")
        assert done.stderr == f"dimfree: --out: cannot write to {folder}: permission denied\n"
        assert {path: path.read_bytes() for path in folder.iterdir()} == before


def unprivileged() -> None:
    """In a child before it runs its program:
    root's right to pass over permissions, CAP_DAC_OVERRIDE, is dropped.
    """
    if os.geteuid() == 0:
        ctypes.CDLL(None).prctl(24, 1, 0, 0, 0)


def test_a_log_without_its_store_is_left_alone(tmp_path: Path) -> None:
    """SQLite would read it into the new file. Nothing is made beside it."""
    (tmp_path / "toy.sqlite-wal").write_bytes(b"rows of a store that was moved away")
    with pytest.raises(InvalidInput, match="is the log of a store that is not there"):
        Store(tmp_path / "toy.sqlite")
    assert [path.name for path in tmp_path.iterdir()] == ["toy.sqlite-wal"]


# Stopping


def test_a_long_call_does_not_delay_the_end(tmp_path: Path) -> None:
    """One worker, in the midst of a call that hears nothing for minutes:
    Ctrl-C ends the run all the same.

    A runner that measures in its main thread would hear it when the call is over.
    """
    child = (
        "import sys; from pathlib import Path; from studies.sweep import run, Interrupted\n"
        "from tests.toy_studies import ToySettings, deaf, study\n"
        "try: run(study(measure=deaf), ToySettings(replicates=1, seed=1), Path(sys.argv[1]), "
        "progress=False)\n"
        "except Interrupted as stopped: print(stopped)"
    )
    with subprocess.Popen(
        [sys.executable, "-c", child, str(tmp_path)],
        cwd=HERE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stderr is not None
        assert process.stderr.readline() == "deaf\n"
        process.send_signal(signal.SIGINT)
        said, complained = process.communicate(timeout=60)
    assert said.startswith("stopped: 0 of 2 replicates of toy are stored in")
    assert complained == ""
    assert process.returncode == 0


# Many cells


def test_memory_does_not_grow_with_the_cells(tmp_path: Path) -> None:
    """Peak memory of runs over 500 and 2500 cells: under 150 bytes more for each further cell.

    A million then adds less than 150 MB to what Python takes. One dict a cell would be 270 bytes
    and more, its key as text 110, a future 500; a list of the cells, the decoy, fails the same
    bound.
    """
    assert growth(tmp_path / "lazy", "many") < 150
    assert growth(tmp_path / "kept", "many_kept") > 250


def growth(out: Path, kind: str) -> float:
    """Bytes for each cell of 2500 beyond 500, after a run that fills whatever caches there are."""
    peak(out / "first", 100, kind)
    return (peak(out / "more", 2500, kind) - peak(out / "few", 500, kind)) / 2000


def peak(out: Path, cells: int, kind: str) -> int:
    """Most bytes that Python has at once in a run over so many small cells."""
    toy = study(measure=toy_studies.tiny, cells=getattr(toy_studies, kind))
    tracemalloc.start()
    try:
        outcome = go(out, ToySettings(replicates=1, seed=1, dims=(cells,)), toy)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
        assert outcome.measured == outcome.manifest["counts"]["rows"] == cells


def test_a_repeated_cell_among_many_is_found(tmp_path: Path) -> None:
    """Though they are not kept: the first and the last of 500 are the same."""
    toy = study(
        measure=toy_studies.tiny,
        cells=lambda s: Lazy(500, lambda k: toy_studies.small_cell(k % 499)),
    )
    with pytest.raises(InvalidInput, match=r'the same cell is asked for more than once: {"d":0,'):
        go(tmp_path, ToySettings(replicates=1, seed=1), toy)


def test_cells_made_when_asked_for_are_a_sequence() -> None:
    """Length, places from both ends, slices, iteration to the end and no further."""
    cells = Lazy(3, toy_studies.small_cell)
    as_list = [toy_studies.small_cell(k) for k in range(3)]
    assert (len(cells), list(cells), cells[-1], cells[1:]) == (3, as_list, as_list[2], as_list[1:])
    with pytest.raises(IndexError):
        cells[3]


def test_one_cell_for_each_combination() -> None:
    """As nested loops have it, the last axis fastest;
    an axis left empty leaves none. Catches axes in another order.
    """
    cells = Lazy.over(lambda a, b, c: {"a": a, "b": b, "c": c}, "xy", (1, 2, 3), [0.5, 0.25])
    loops = [{"a": a, "b": b, "c": c} for a in "xy" for b in (1, 2, 3) for c in (0.5, 0.25)]
    assert list(cells) == loops
    assert cells[-1] == loops[-1]
    assert list(Lazy.over(lambda a, b: {"a": a, "b": b}, (1, 2), ())) == []


def test_a_million_cells_of_a_base_study_take_no_room() -> None:
    """Under 1 MB for cells whose list would take 232 MB
    and more (232 bytes is an empty dict of six keys).
    """
    settings = LinearScoreSettings(
        dims=tuple(range(1, 1001)),
        samples=tuple(range(1001, 2001)),
        times=(0.5,),
        replicates=1,
        seed=1,
    )
    tracemalloc.start()
    try:
        found = cells(settings)
        assert tracemalloc.get_traced_memory()[1] < 1e6
    finally:
        tracemalloc.stop()
    assert len(found) == 10**6
    assert (found[0]["d"], found[0]["m"], found[1]["m"], found[-1]["d"]) == (1, 1001, 1002, 1000)


# Folders that go, locks that there are none of, numbers that are none


def moved(out: Path) -> None:
    out.rename(out.with_name("elsewhere"))


def removed(out: Path) -> None:
    shutil.rmtree(out)


def replaced(out: Path) -> None:
    moved(out)
    shutil.copytree(out.with_name("elsewhere"), out)


def without_store(out: Path) -> None:
    (out / "toy.sqlite").unlink()


@pytest.mark.parametrize("act", [moved, removed, replaced, without_store])
def test_a_folder_that_goes_is_noticed_at_the_next_commit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, act: Callable[[Path], None]
) -> None:
    """After the third of 50 commits; at most one more comes after it.
    Moved back, the same call goes on.
    """
    out, commits = tmp_path / "out", [0]
    add = Store.add

    def counting(self: Store, *more: object) -> None:
        commits[0] += 1
        if commits[0] == 4:
            act(out)
        add(self, *more)  # type: ignore[arg-type]

    monkeypatch.setattr(Store, "add", counting)
    toy = study(batch=toy_studies.batch_of_one)
    with pytest.raises(
        InvalidInput, match=r"--out: .*toy\.sqlite was removed or moved while it was written to"
    ):
        go(out, SHORT, toy)
    assert commits[0] == 4
    if act is moved:
        out.with_name("elsewhere").rename(out)
        whole = go(out, SHORT, toy)
        assert whole.missing == () and 0 < whole.measured < 50


@pytest.mark.parametrize(
    ("number", "says"),
    [
        (errno.ENOLCK, "that file system has no locks; choose another --out, on a local disk"),
        (errno.EOPNOTSUPP, "that file system has no locks"),
        (errno.EIO, "cannot lock"),
    ],
)
def test_a_file_system_without_locks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, says: str
) -> None:
    """As some network file systems are: under --out, with what helps."""

    def none(*ignored: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(fcntl, "flock", none)
    with pytest.raises(InvalidInput, match=f"--out: cannot lock .*: .*{says}|--out: {says}"):
        go(tmp_path, SHORT)


@pytest.mark.parametrize(
    ("error", "helps"),
    [
        ("database is locked", "choose an --out on a local disk"),
        ("disk I/O error", "choose an --out on a local disk"),
        ("locking protocol", "choose an --out on a local disk"),
        ("unable to open database file", "choose an --out on a local disk"),
        ("database or disk is full", "make room, or choose another --out"),
    ],
)
def test_what_sqlite_says_of_a_file_system(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: str, helps: str
) -> None:
    """Its words, and what helps."""

    def fail(*ignored: object, **more: object) -> None:
        raise sqlite3.OperationalError(error)

    monkeypatch.setattr(sqlite3, "connect", fail)
    with pytest.raises(InvalidInput, match=error) as caught:
        go(tmp_path, SHORT)
    assert caught.value.reason.endswith(helps)


@pytest.mark.parametrize(
    ("value", "says"),
    [
        (float("nan"), "nan"),
        (float("inf"), "inf"),
        (-float("inf"), "-inf"),
        (np.float32("nan"), "nan"),
        (np.float64("inf"), "inf"),
        ("NaN", "NaN"),
        ("-Infinity", "-Infinity"),
        ("1e999", "1e999"),
    ],
)
def test_a_number_that_is_none_is_a_cell_that_failed(
    tmp_path: Path, value: object, says: str
) -> None:
    """Named, with the replicate;
    a word that the table's reader would take for one is no better. The other cell stands.

    Names that only look odd, zero, and the smallest and largest numbers are kept (the control).
    """
    outcome = go(
        tmp_path / "a",
        ToySettings(replicates=4, seed=1),
        study(measure=one_bad(value), batch=toy_studies.batch_of_one),
    )
    (missing,) = outcome.missing
    assert (missing.cell["d"], missing.replicates) == (2, 1)
    assert missing.reason == f"returned {says} as value in replicate 3, not a finite number"
    assert outcome.manifest["counts"] == {
        **outcome.manifest["counts"],
        "cells_missing": 1,
        "replicates_missing": 1,
        "rows": 7,
    }
    for sound in (0.0, -5e-324, 1.7e308, 10**400, "NA", "", "infinite", "nano", "None"):
        good = go(
            tmp_path / repr(sound)[:20],
            ToySettings(replicates=4, seed=1),
            study(measure=one_bad(sound)),
        )
        assert good.missing == ()


def one_bad(value: Any) -> Callable[[Cell, Sequence[np.random.SeedSequence]], list[list[Row]]]:
    """A measure that gives a certain value in replicate 3 of d = 2."""

    def measure(cell: Cell, seeds: Sequence[np.random.SeedSequence]) -> list[list[Row]]:
        bad = [cell["d"] == 2 and seed.spawn_key[-1] == 3 for seed in seeds]
        return [[{"d": cell["d"], "estimator": "e", "value": value if b else 1.0}] for b in bad]

    return measure


def test_what_an_earlier_version_stored_is_looked_at_again(tmp_path: Path) -> None:
    """NaN and infinities in the store: left out of the table, named, missing."""
    settings = ToySettings(replicates=3, seed=1)
    with closing(Store(tmp_path / "toy.sqlite")) as store:
        for cell, word in zip(TOY.cells(settings), ("NaN", "-Infinity"), strict=True):
            rows = [
                (cell_key(cell), r, f'[[{cell["d"]}, "mean", {word if r == 1 else 0.5}]]')
                for r in range(3)
            ]
            store.add(Key("toy", 1, "1+test"), rows)
    outcome = go(tmp_path, settings)
    assert outcome.measured == 0
    assert [(one.replicates, one.reason) for one in outcome.missing] == 2 * [
        (1, "replicate 1 is stored with a number that is not finite")
    ]
    assert outcome.manifest["counts"]["rows"] == 4
