"""A store gives back exactly what was put in,
or says what is wrong with its file and leaves it as it is.
"""

import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from bounds.check import InvalidInput
from studies.store import Key, Store, sole_writer

KEY = Key("toy", 2**100, "1+abc")
CELL = "c" * 64


def filled(path: Path, replicates: int = 300) -> Path:
    """A store of some pages."""
    with closing(Store(path)) as store:
        store.add(KEY, [(CELL, r, f'[["{"filling" * 20}", {r}.5]]') for r in range(replicates)])
    return path


def refusal(path: Path) -> str:
    """What opening it says; checks that the bytes
    of the file, and its neighbours, are as before.
    """
    before = path.read_bytes()
    neighbours = set(path.parent.iterdir())
    with pytest.raises(InvalidInput) as caught:
        Store(path)
    assert path.read_bytes() == before
    assert set(path.parent.iterdir()) == neighbours
    assert caught.value.key == str(path)
    assert "\n" not in str(caught.value)
    return caught.value.reason


def test_what_goes_in_comes_out_by_key(tmp_path: Path) -> None:
    """Each part of the key counts. Catches a query that forgets one:
    then a decoy's rows would come out as well.
    """
    other = {
        "seed": (Key("toy", 2**100 + 1, "1+abc"), CELL),
        "study": (Key("yot", 2**100, "1+abc"), CELL),
        "code": (Key("toy", 2**100, "1+abd"), CELL),
        "cell": (KEY, "d" * 64),
    }
    with closing(Store(tmp_path / "s.sqlite")) as store:
        store.add(KEY, [(CELL, 7, "[[7.5]]"), (CELL, 2, "[[0.1]]"), (CELL, 9, "[]")])
        for name, (key, cell) in other.items():
            store.add(key, [(cell, 2, f'["{name}"]'), (cell, 4, "[]")])
    with closing(Store(tmp_path / "s.sqlite")) as store:
        assert list(store.rows(KEY, CELL, 9)) == [(2, "[[0.1]]"), (7, "[[7.5]]")]
        assert store.done(KEY, CELL, 10) == {2, 7, 9}
        assert store.replicates(KEY, CELL, 9) == ({2, 7}, {2, 4})
        for name, (key, cell) in other.items():
            assert list(store.rows(key, cell, 4)) == [(2, f'["{name}"]')]


def test_a_task_is_kept_whole_or_not_at_all_and_never_twice(tmp_path: Path) -> None:
    """All its cells. Catches a commit per row or cell,
    and INSERT OR REPLACE, which lets a replicate computed twice pass.
    """
    with closing(Store(tmp_path / "s.sqlite")) as store:
        store.add(KEY, [(CELL, 1, "[1]")])
        with pytest.raises(sqlite3.IntegrityError):
            store.add(KEY, [("d" * 64, 0, "[0]"), (CELL, 1, "[2]")])
        assert list(store.rows(KEY, CELL, 9)) == [(1, "[1]")]
        assert list(store.rows(KEY, "d" * 64, 9)) == []


def test_a_killed_writer_loses_nothing_acknowledged(tmp_path: Path) -> None:
    """The child kills itself right after the last `add` has returned;
    catches a commit left for later.
    """
    path = tmp_path / "s.sqlite"
    child = (
        "import os, signal, sys; from pathlib import Path; from studies.store import Key, Store\n"
        f"store = Store(Path({str(path)!r}))\n"
        f"for r in range(50): store.add(Key('toy', 2**100, '1+abc'), [({CELL!r}, r, "
        f"f'[[{{r}}.25]]')])\n"
        "os.kill(os.getpid(), signal.SIGKILL)"
    )
    died = subprocess.run(
        [sys.executable, "-c", child], cwd=Path(__file__).parent.parent, check=False
    )
    assert died.returncode == -signal.SIGKILL
    # the kill did come before anything was tidied up
    assert path.with_name("s.sqlite-wal").exists()
    with closing(Store(path)) as store:
        assert list(store.rows(KEY, CELL, 99)) == [(r, f"[[{r}.25]]") for r in range(50)]


def cut(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


def overwrite_pages(path: Path) -> None:
    with path.open("r+b") as file:
        file.seek(2 * 4096)
        file.write(b"\xa5" * 3 * 4096)


def overwrite_header(path: Path) -> None:
    with path.open("r+b") as file:
        file.write(b"nonsense")


def make_text(path: Path) -> None:
    path.write_text("study,d\n" * 40, encoding="ascii")


def make_empty(path: Path) -> None:
    path.write_bytes(b"")


def make_foreign(path: Path) -> None:
    path.unlink()
    with closing(sqlite3.connect(path)) as other:
        other.execute("CREATE TABLE bookmarks (url TEXT)")


def newer_schema(path: Path) -> None:
    with closing(sqlite3.connect(path)) as store:
        store.execute("PRAGMA user_version = 2")


def other_table(path: Path) -> None:
    with closing(sqlite3.connect(path)) as store:
        store.execute("ALTER TABLE measured ADD COLUMN extra TEXT")


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (cut, "damaged"),
        (overwrite_pages, "damaged"),
        (overwrite_header, "no SQLite file, or a damaged one"),
        (make_text, "no SQLite file, or a damaged one"),
        (make_empty, "empty"),
        (make_foreign, "another program's"),
        (newer_schema, "schema 2, and this dimfree reads 1"),
        (other_table, "its table is not the one"),
    ],
)
def test_a_file_that_is_no_store_is_refused_untouched(
    tmp_path: Path, spoil: Callable[[Path], None], says: str
) -> None:
    """The control: the same file opens before it is spoiled."""
    path = filled(tmp_path / "s.sqlite")
    Store(path).close()
    spoil(path)
    assert says in refusal(path)


def test_a_changed_digit_is_found(tmp_path: Path) -> None:
    """A flipped digit leaves the file a sound database; only the checksum of the row can tell."""
    path = filled(tmp_path / "s.sqlite")
    data = path.read_bytes()
    assert data.count(b", 123.5]]") == 1
    path.write_bytes(data.replace(b", 123.5]]", b", 124.5]]"))
    with closing(Store(path)) as store, pytest.raises(InvalidInput, match="damaged: replicate 123"):
        list(store.rows(KEY, CELL, 300))


def test_a_folder_or_a_leftover_draft_in_its_place(tmp_path: Path) -> None:
    """A folder is refused by name; a draft that a killed process left is no obstacle."""
    (tmp_path / "f.sqlite").mkdir()
    with pytest.raises(InvalidInput, match="cannot be read"):
        Store(tmp_path / "f.sqlite")
    (tmp_path / "s.sqlite.new").write_bytes(b"half")
    filled(tmp_path / "s.sqlite")
    assert not (tmp_path / "s.sqlite.new").exists()


def test_one_writer_at_a_time(tmp_path: Path) -> None:
    """A second one is refused by the first one's number,
    and another study's or a later one's is not.
    """
    with sole_writer(tmp_path / "new" / "out", "toy"):
        second = sole_writer(tmp_path / "new" / "out", "toy")
        with pytest.raises(InvalidInput, match=f"process {os.getpid()} is running toy"), second:
            pass
        with sole_writer(tmp_path / "new" / "out", "other"):
            pass
    with sole_writer(tmp_path / "new" / "out", "toy"):
        pass


def test_a_path_below_a_file_cannot_be_written(tmp_path: Path) -> None:
    """One sentence under the option's name; nothing is made."""
    (tmp_path / "file").write_text("x", encoding="ascii")
    for folder in (tmp_path / "file", tmp_path / "file" / "deep" / "er"):
        with pytest.raises(InvalidInput) as caught, sole_writer(folder, "toy"):
            pass
        assert caught.value.key == "--out"
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
