"""Tables of the quick preset and the verdicts on them, made once in a test session however many
test files and workers ask for them; and the committed ones, read once in a process that asks and
judged once in a session: at the first test and not when tests are collected, which every worker
does.
"""

import fcntl
import os
import pickle
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from copy import deepcopy
from functools import cache
from pathlib import Path

import dimfree
from bounds.claim import Verdict
from bounds.ledger import CLAIMS, claim
from studies import tables, verdicts
from studies.catalog import STUDIES, study
from studies.quantities import study_of
from studies.sweep import run
from studies.tables import Table
from studies.verdicts import judge


def quick(name: str) -> Table:
    """A study's table at the preset quick, all of it; the caller's own, to change at will."""
    kept = _measured(name)
    return Table(kept.frame.copy(), deepcopy(kept.manifest))


SHARED = "DIMFREE_TESTS"
"""The variable with the folder that the workers of one session have in common; conftest sets it."""


@contextmanager
def _folder(name: str) -> Iterator[Path]:
    """Where a study is measured, for one worker at a time; alone, a folder that is gone after."""
    if SHARED not in os.environ:
        with tempfile.TemporaryDirectory() as own:
            yield Path(own)
        return
    folder = Path(os.environ[SHARED]) / name
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield folder


@cache
def _measured(name: str) -> Table:
    one = study(name)
    with _folder(name) as folder:
        if not (folder / f"{name}.json").exists():
            outcome = run(one, one.presets["quick"], folder, progress=False)
            assert outcome.missing == ()
        return tables.read(folder, name, one.columns)


def verdict(name: str) -> Verdict:
    """What the preset quick makes of a claim; judged once in a process, or once a mutant of it."""
    return _verdict(name, os.environ.get("MUTANT_UNDER_TEST", ""))


@cache
def _verdict(name: str, mutant: str) -> Verdict:
    if mutant:
        verdicts.forget()
    one = claim(name)
    (found,) = judge([one], {study_of(one): _measured(study_of(one))})
    return found


@cache
def committed(name: str) -> Table:
    """A study's committed table; all tests' own, so not to be changed."""
    return dimfree._read(dimfree.COMMITTED, study(name))


def all_committed() -> Mapping[str, Table]:
    """Every study's."""
    return {one.name: committed(one.name) for one in STUDIES}


@cache
def committed_verdicts() -> Sequence[Verdict]:
    """What they make of the claims; judged by one worker of a session, since it takes long."""
    with _folder("verdicts") as folder:
        path = folder / "pickled"
        if not path.exists():  # but for the claims, of which some are made of lambdas
            parts = [
                {key: value for key, value in vars(one).items() if key != "claim"}
                for one in judge(CLAIMS, all_committed())
            ]
            path.write_bytes(pickle.dumps(parts))
        parts = pickle.loads(path.read_bytes())
    return [Verdict(claim=one, **rest) for one, rest in zip(CLAIMS, parts, strict=True)]
