"""What was measured, kept on disk as it comes in: one SQLite file per study and folder.

    (study, seed, cell, code, replicate) → rows.

A commit is acknowledged once the disk has it: neither killing this process nor a power cut loses
what was acknowledged. Nothing is unpickled.
"""

import fcntl
import os
import sqlite3
import struct
import zlib
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO
from urllib.parse import quote

from bounds.check import InvalidInput
from studies.output import reason

APPLICATION = 0x64696D66  # "dimf"
SCHEMA = 1
CREATE = """
CREATE TABLE measured (
    study TEXT NOT NULL, seed TEXT NOT NULL, cell TEXT NOT NULL, code TEXT NOT NULL,
    replicate INTEGER NOT NULL, rows TEXT NOT NULL, crc INTEGER NOT NULL,
    PRIMARY KEY (study, seed, cell, code, replicate)
) WITHOUT ROWID
"""


@contextmanager
def sole_writer(folder: Path, study: str) -> Iterator[bool]:
    """Makes the folder if need be and holds the study's lock in it,
    until this process ends at the latest.

    Yields
    ------
    Whether the one who held it before was killed.

    Raises
    ------
    InvalidInput
        If the folder cannot be made or written to, or another run holds the lock.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = (folder / f"{study}.lock").open("a+b", buffering=0)
    except OSError as error:
        raise InvalidInput("--out", f"cannot write to {folder}: {reason(error)}") from None
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise InvalidInput(
                "--out", f"{_holder(lock)} is running {study} in {folder} already"
            ) from None
        except OSError as error:  # a network file system without locks
            raise InvalidInput("--out", f"cannot lock {lock.name}: {reason(error)}") from None
        killed = os.fstat(lock.fileno()).st_size > 0
        try:
            lock.truncate(0)
            lock.write(f"{os.getpid()}\n".encode())
        except OSError as error:
            raise InvalidInput("--out", f"cannot write to {folder}: {reason(error)}") from None
        try:
            yield killed
        finally:
            with suppress(OSError):
                lock.truncate(0)


def _holder(lock: IO[bytes]) -> str:
    lock.seek(0)
    number = lock.read(20).strip()
    return f"process {number.decode() if number.isdigit() else 'of unknown number'}"


@dataclass(frozen=True)
class Key:
    """Everything but the cell and the replicate.

    Attributes
    ----------
    study : its name
    seed : of the settings
    code : studies.code.code_of its measure
    """

    study: str
    seed: int
    code: str


class Store:
    """An open store. Its only writer is the process that holds `sole_writer`.

    Parameters
    ----------
    path : the file, made if it is not there

    Raises
    ------
    InvalidInput
        If the file is damaged, another program's, or of another version of the schema; it is not
        written to.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        if not path.exists():
            _create(path)
        check(path)
        with self._errors():
            self._connection = sqlite3.connect(path, isolation_level=None)
            self._connection.execute("PRAGMA synchronous = FULL")
        self._file = path.stat()

    def close(self) -> None:
        """Folds the write-ahead log into the file and closes it."""
        with self._errors():
            self._connection.close()

    def add(self, key: Key, measured: Iterable[tuple[str, int, str]]) -> None:
        """Keeps replicates, all or none.

        Parameters
        ----------
        key : where they belong
        measured : (cell by its key, replicate, its rows as text)

        Raises
        ------
        InvalidInput
            If the disk does not take them, or the file is no longer where it was.
        """
        values = [
            (key.study, str(key.seed), cell, key.code, replicate, text, zlib.crc32(text.encode()))
            for cell, replicate, text in measured
        ]
        with self._errors(), self._transaction():
            self._connection.executemany(
                "INSERT INTO measured VALUES (?, ?, ?, ?, ?, ?, ?)", values
            )
        self.check_place()

    def check_place(self) -> None:
        """Whether the file still stands under its name: what is written to a removed one is lost.

        Raises
        ------
        InvalidInput
            If it does not.
        """
        try:
            there = os.path.samestat(self._file, self.path.stat())
        except OSError:
            there = False
        if not there:
            raise InvalidInput(
                "--out",
                f"{self.path} was removed or moved while it was written to; what was measured is "
                f"where it was moved"
                " to, and the same command goes on once that is back",
            )

    def replicates(self, key: Key, cell: str, replicates: int) -> tuple[set[int], set[int]]:
        """Which of the replicates 0 … replicates − 1 of a cell are there:
        measured by this code, and by other.
        """
        query = (
            "SELECT replicate, code FROM measured WHERE study = ? AND seed = ? AND cell = ? AND "
            "replicate < ?"
        )
        found: tuple[set[int], set[int]] = set(), set()
        with self._errors():
            for replicate, code in self._connection.execute(
                query, (key.study, str(key.seed), cell, replicates)
            ):
                found[code != key.code].add(replicate)
        return found

    def counts(self, key: Key, replicates: int) -> Iterator[tuple[str, int]]:
        """How many of the replicates 0 … replicates − 1 each cell has,
        of any config: (cell by its key, count).
        """
        query = (
            "SELECT cell, count(*) FROM measured WHERE study = ? AND seed = ? AND code = ? AND "
            "replicate < ?"
            " GROUP BY cell"
        )
        with self._errors():
            # What was begun when a signal came is in no file yet.
            if self._connection.in_transaction:
                self._connection.rollback()
            yield from self._connection.execute(
                query, (key.study, str(key.seed), key.code, replicates)
            )

    def done(self, key: Key, cell: str, replicates: int) -> set[int]:
        """The former of the two."""
        return self.replicates(key, cell, replicates)[0]

    def rows(self, key: Key, cell: str, replicates: int) -> Iterator[tuple[int, str]]:
        """The replicates below `replicates` of a cell in order,
        one at a time: (replicate, its rows as text).

        Raises
        ------
        InvalidInput
            If what is there is not what was written.
        """
        query = (
            "SELECT replicate, rows, crc FROM measured WHERE study = ? AND seed = ? AND cell = ? "
            "AND code = ?"
            " AND replicate < ? ORDER BY replicate"
        )
        with self._errors():
            found = self._connection.execute(
                query, (key.study, str(key.seed), cell, key.code, replicates)
            )
            for replicate, text, crc in found:
                if not isinstance(text, str) or zlib.crc32(text.encode()) != crc:
                    raise InvalidInput(
                        str(self.path), f"is damaged: replicate {replicate} of cell {cell[:12]}…"
                    )
                yield replicate, text

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._connection.execute("BEGIN IMMEDIATE")
        with self._connection:
            yield

    @contextmanager
    def _errors(self) -> Iterator[None]:
        with _errors(self.path):
            yield


def check(path: Path) -> None:
    """Reads a store through without writing a byte to it.

    Raises
    ------
    InvalidInput
        If it is damaged, foreign, or of another version.

    Notes
    -----
    Cost: one pass over the file.
    """
    try:
        with path.open("rb") as file:
            head = file.read(100)
    except OSError as error:
        raise InvalidInput(str(path), f"cannot be read: {reason(error)}") from None
    if not head:
        raise InvalidInput(str(path), "is empty, not a store of results")
    if len(head) < 100 or not head.startswith(b"SQLite format 3\0"):
        raise InvalidInput(str(path), "is not a store of results: no SQLite file, or a damaged one")
    # The header's own fields, so that a foreign database is not even opened.
    (version,), (application,) = struct.unpack(">I", head[60:64]), struct.unpack(">I", head[68:72])
    if application != APPLICATION:
        raise InvalidInput(str(path), "is another program's database, not a store of results")
    if version != SCHEMA:
        raise InvalidInput(
            str(path),
            f"is a store of schema {version}, and this dimfree reads {SCHEMA}: choose another "
            f"--out",
        )
    # Without a log left by a killed writer, "immutable" keeps SQLite from making files beside this
    # one.
    how = "mode=ro" if path.with_name(f"{path.name}-wal").exists() else "immutable=1"
    address = f"file:{quote(os.fsencode(path.absolute()))}?{how}"
    with _errors(path), closing(sqlite3.connect(address, uri=True)) as connection:
        verdict = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
        tables = [
            sql
            for (sql,) in connection.execute(
                "SELECT sql FROM sqlite_schema WHERE name = 'measured'"
            )
        ]
    if verdict != "ok":
        raise InvalidInput(str(path), f"is damaged: {' '.join(verdict.split())}")
    if tables != [CREATE.strip()]:
        raise InvalidInput(str(path), "is damaged: its table is not the one that belongs there")


def _create(path: Path) -> None:
    """An empty store, there all at once or not at all."""
    log = path.with_name(f"{path.name}-wal")
    if log.exists():  # SQLite would take it for the new file's
        raise InvalidInput(str(log), "is the log of a store that is not there: move it away")
    draft = path.with_name(f"{path.name}.new")
    try:
        for suffix in ("", "-wal", "-shm", "-journal"):
            draft.with_name(draft.name + suffix).unlink(missing_ok=True)
        _fill(draft)
        draft.replace(path)
    except OSError as error:
        raise InvalidInput(str(path), f"cannot be made: {reason(error)}") from None


def _fill(draft: Path) -> None:
    with _errors(draft), closing(sqlite3.connect(draft, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute(f"PRAGMA application_id = {APPLICATION}")
        connection.execute(f"PRAGMA user_version = {SCHEMA}")
        connection.execute(CREATE.strip())


@contextmanager
def _errors(path: Path) -> Iterator[None]:
    """SQLite's errors as one sentence that names the file."""
    try:
        yield
    except sqlite3.IntegrityError:
        raise
    except sqlite3.OperationalError as error:
        raise InvalidInput(str(path), f"cannot be used: {error}{_remedy(str(error))}") from None
    except sqlite3.DatabaseError as error:
        raise InvalidInput(str(path), f"is damaged: {error}") from None


def _remedy(said: str) -> str:
    """What helps against an error of SQLite's that is the file system's."""
    if "full" in said:
        return "; make room, or choose another --out"
    if any(words in said for words in ("locked", "locking protocol", "disk I/O", "unable to open")):
        return (
            "; another program has it open, or its file system lacks what SQLite needs: choose an "
            "--out on a local disk"
        )
    return ""
