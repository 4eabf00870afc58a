"""Kills at random moments: nothing acknowledged is lost,
nothing is doubled, and all ends as if undisturbed.

    python -m tests.faults [KILLS [SEED]]     (make faults; 100 kills by default)

Three things, one after the other. A coordinator with two worker processes runs a study, over and
over in the same folder, while -9 falls on it or on one of its workers at a random moment of its
life, from before the store is made until after the table is written. A row counts as acknowledged
from when `Store.add` has returned: the coordinator then notes it in a file of its own, which
outlives it. After each kill of the coordinator every noted row must stand in the store with the
bytes that an undisturbed run has for it, and the store must pass SQLite's own check.

Then `dimfree reproduce --preset quick` is killed with its workers, a tenth as often, and what it
has left in the end, tables, manifests, figures and report, must have the bytes of a run that nobody
disturbed.

Last, `dimfree run` is asked to stop, by SIGINT and SIGTERM in turn, while it measures: it has 5 s,
and one sentence.
"""

import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterable
from contextlib import closing, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from studies.processes import Pool
from studies.store import Key, Store
from studies.sweep import run
from tests.test_sweep import HERE, files, offspring, stored
from tests.toy_studies import ToySettings, batch_of_one, study

TOY = study(batch=batch_of_one)
SETTINGS = ToySettings(replicates=60, seed=9, dims=(2, 3, 4, 5, 6), pause=0.01)
LIFE = 3.0  # seconds within which a kill comes
Rows = dict[tuple[str, int], str]


@dataclass(frozen=True)
class Count:
    """What became of some kills.

    Attributes
    ----------
    coordinators, workers : how many of each were killed
    rounds : runs that came to their end in between, each in a folder of its own
    resumed : rows that a coordinator found stored, over all its lives
    lost : acknowledged rows that were not in the store afterwards, or not with the same bytes
    doubled : rows that the table has more than once
    different : rounds whose table or manifest is not that of an undisturbed run
    """

    coordinators: int
    workers: int
    rounds: int
    resumed: int
    lost: int
    doubled: int
    different: int


def inject(
    folder: Path,
    kills: int,
    seed: int,
    settings: ToySettings = SETTINGS,
    *,
    midway: bool = False,
    how: str = "sound",
) -> Count:
    """Kills, and counts what went wrong.

    Parameters
    ----------
    folder : empty, for the runs
    kills : how many
    seed : of the moments and the victims
    settings : of the toy study
    midway : whether to let something be stored before each kill
    how : "sound", or "late": the decoy, whose store acknowledges before it writes
    """
    rng = random.Random(seed)
    run(TOY, settings, folder / "undisturbed", progress=False)
    wanted, reference = files(folder / "undisturbed"), rows(folder / "undisturbed")
    coordinators = workers = rounds = resumed = lost = doubled = different = 0
    while coordinators + workers < kills:
        out = folder / f"round-{rounds}"
        while not (out / "toy.json").exists():
            spared = coordinators + workers >= kills
            process = start(out, settings, how)
            resumed += len(rows(out))
            deadline = time.monotonic() + 120
            while process.poll() is None and not spared:
                known = stored(out)
                while midway and process.poll() is None and stored(out) <= known:
                    time.sleep(0.01)
                time.sleep(rng.uniform(0, 0.1 if midway else LIFE))
                victims = [process.pid, *offspring_now(process.pid)]
                victim = (
                    rng.choice(victims[1:]) if rng.random() < 0.5 and victims[1:] else victims[0]
                )
                if process.poll() is None:
                    os.kill(victim, signal.SIGKILL)
                    coordinators += victim == process.pid
                    workers += victim != process.pid
                spared = coordinators + workers >= kills
                assert time.monotonic() < deadline
                if victim == process.pid:
                    process.wait(timeout=60)
            complained = process.communicate(timeout=120)[1]
            assert "Traceback" not in complained, complained
            lost += len(missing(acknowledged(out), rows(out), reference))
        rounds += 1
        doubled += sum(
            count - 1 for count in Counter((out / "toy.csv").read_bytes().splitlines()).values()
        )
        different += files(out) != wanted
    return Count(coordinators, workers, rounds, resumed, lost, doubled, different)


def reproduce(folder: Path, kills: int, seed: int) -> list[str]:
    """Kills `dimfree reproduce --preset quick` and its workers,
    so many times, and lets it come to its end.

    Parameters
    ----------
    folder : empty, for the runs
    kills : how many
    seed : of the moments

    Returns
    -------
    The names of the files that differ from those of an undisturbed run; stores and locks apart.
    """
    rng = random.Random(seed)

    def go(out: Path) -> "subprocess.Popen[bytes]":
        words = ["reproduce", "--preset", "quick", "--workers", "2", "--out", str(out)]
        return subprocess.Popen(
            [sys.executable, "-m", "dimfree", *words],
            cwd=HERE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    start = time.monotonic()
    assert go(folder / "undisturbed").wait() == 0
    life = time.monotonic() - start
    done = 0
    while done < kills:
        with go(folder / "killed") as process:
            with suppress(subprocess.TimeoutExpired):
                process.wait(rng.uniform(0, 2 * life / kills))
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                done += 1
    assert go(folder / "killed").wait() == 0
    return different(folder / "undisturbed", folder / "killed")


def different(one: Path, other: Path) -> list[str]:
    """The names of the results that two folders do not both hold with the same bytes."""
    found = [
        {
            path.relative_to(folder).as_posix(): path.read_bytes()
            for path in folder.rglob("*")
            if path.is_file() and ".sqlite" not in path.name and path.suffix != ".lock"
        }
        for folder in (one, other)
    ]
    assert found[0]
    return sorted(
        name
        for name in found[0].keys() | found[1].keys()
        if found[0].get(name) != found[1].get(name)
    )


def interrupt(folder: Path, times: int, seed: int) -> list[float]:
    """Asks `dimfree run` to stop while it measures matrices
    of d = 1024, by SIGINT and SIGTERM in turn.

    Parameters
    ----------
    folder : empty, for the runs
    times : how often
    seed : of the moments

    Returns
    -------
    The seconds from each signal until the process was gone.
    """
    rng = random.Random(seed)
    config = folder / "c.toml"
    config.write_text(
        "dims = [1024]\nsamples = [5000]\ntimes = [0.5, 1.0]\nreplicates = 999\nseed = 1\n", "ascii"
    )
    taken = []
    for k in range(times):
        words = ["run", "error-vs-dimension", "--config", str(config), "--out", str(folder / "out")]
        with subprocess.Popen(
            [sys.executable, "-m", "dimfree", *words, "--workers", str(1 + k % 4 // 2)],
            cwd=HERE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        ) as process:
            assert process.stderr is not None
            assert "to run" in process.stderr.readline()
            time.sleep(rng.uniform(0, LIFE))
            start = time.monotonic()
            if k % 2:
                process.terminate()
            else:
                os.killpg(process.pid, signal.SIGINT)  # as a terminal does
            said = process.communicate(timeout=120)[1].splitlines()[-1]
            taken.append(time.monotonic() - start)
        assert process.returncode == 1, said
        assert "the same command goes on from there" in said
    return taken


def missing(told: Iterable[tuple[str, int]], found: Rows, reference: Rows) -> set[tuple[str, int]]:
    """The acknowledged rows that are not there, or not as an undisturbed run has them."""
    return {one for one in told if found.get(one) != reference[one]}


def offspring_now(pid: int) -> list[int]:
    """The processes that a process has, if it is still there."""
    try:
        return offspring(pid)
    except (FileNotFoundError, ProcessLookupError):
        return []


def rows(out: Path) -> Rows:
    """What the store holds, read by SQLite itself once it has found nothing wrong with the file."""
    if not (out / "toy.sqlite").exists():
        return {}
    with closing(sqlite3.connect(out / "toy.sqlite")) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        return {
            (c, r): t
            for c, r, t in connection.execute("SELECT cell, replicate, rows FROM measured")
        }


def acknowledged(out: Path) -> list[tuple[str, int]]:
    """What the coordinators have noted; the last line may be half of one."""
    try:
        lines = (out / "acknowledged").read_text(encoding="ascii").split("\n")[:-1]
    except FileNotFoundError:
        return []
    return [(cell, int(replicate)) for cell, replicate in map(str.split, lines)]


def start(out: Path, settings: ToySettings, how: str) -> "subprocess.Popen[str]":
    """A coordinator with two workers."""
    words = ["coordinate", str(out), settings.model_dump_json(), how]
    return subprocess.Popen(
        [sys.executable, "-m", "tests.faults", *words], cwd=HERE, stderr=subprocess.PIPE, text=True
    )


def coordinate(out: Path, settings: ToySettings, how: str) -> None:
    """In the coordinator: the run, with a store that notes what it has acknowledged."""
    out.mkdir(parents=True, exist_ok=True)
    notes = os.open(out / "acknowledged", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    add = Store.add

    def note(kept: list[tuple[str, int, str]]) -> None:
        os.write(notes, "".join(f"{cell} {replicate}\n" for cell, replicate, _ in kept).encode())

    def noting(self: Store, key: Key, measured: Iterable[tuple[str, int, str]]) -> None:
        kept = list(measured)
        if how == "late":
            note(kept)
            time.sleep(0.05)
        add(self, key, kept)
        if how == "sound":
            note(kept)

    Store.add = noting  # type: ignore[method-assign]
    run(TOY, settings, out, workers=2, executor=partial(Pool, 2), progress=False)


def main(words: list[str]) -> int:
    """The long form, or, for itself, a coordinator."""
    if words[:1] == ["coordinate"]:
        coordinate(Path(words[1]), ToySettings.model_validate_json(words[2]), words[3])
        return 0
    kills, seed = int(words[0]) if words else 100, int(words[1]) if words[1:] else 1
    with tempfile.TemporaryDirectory() as folder:
        count = inject(Path(folder), kills, seed)
    print(json.dumps(vars(count)), flush=True)
    with tempfile.TemporaryDirectory() as folder:
        changed = reproduce(Path(folder), kills // 10, seed)
    print(
        f"reproduce, {kills // 10} times killed: {len(changed)} files different "
        f"{' '.join(changed)}",
        flush=True,
    )
    with tempfile.TemporaryDirectory() as folder:
        slowest = max(interrupt(Path(folder), max(4, kills // 10), seed))
    print(f"asked to stop: {slowest:.2f} s at most")
    return 1 if count.lost or count.doubled or count.different or changed or slowest > 5 else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
