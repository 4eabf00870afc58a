"""What leaves the program: files whole or not at all,
and streams that may be closed, full, or of another alphabet.
"""

import json
import os
import re
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import pytest

import dimfree
from bounds.check import InvalidInput
from studies.output import LIFE_OF_A_DRAFT, replacing, write
from tests.several import BETWEEN, split
from tests.test_sweep import HERE

CONFIG = "dims = [4]\nsamples = [40]\ntimes = [0.2, 0.5]\nreplicates = 3\nseed = 7\n"
NAMES = ("error-vs-timestep.csv", "error-vs-timestep.json")
EXPLAIN = f"dimfree explain class-collapse --from {HERE / 'figures' / 'results'}"
TABLE = "d,error,model\n" + "".join(f"{2**k},{1 + k % 2 / 50},é\n" for k in range(3, 9))
RUN = "run error-vs-timestep --config c.toml --workers 1 --out"


def shell(folder: Path, command: str) -> tuple[int, bytes, str]:
    """Exit code, standard output, standard error of a command line; `dimfree` is this tree's."""
    (folder / "c.toml").write_text(CONFIG)
    line = re.sub("dimfree|tests.several", rf"{sys.executable} -m \g<0>", command, count=1)
    done = subprocess.run(
        ["bash", "-c", line],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(HERE)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
        timeout=300,
    )
    said = done.stderr.decode(errors="backslashreplace")
    assert "Traceback" not in said and "Exception ignored" not in said, said
    return done.returncode, done.stdout, said


def several(folder: Path, before: str, *commands: str) -> list[tuple[int, bytes]]:
    """Exit code and words of several command lines
    in one process, which `before` sets variables of.
    """
    (folder / "t.csv").write_text(TABLE, encoding="utf-8")
    code, said, complained = shell(
        folder, f"{before} tests.several {f' {BETWEEN} '.join(commands)}"
    )
    assert code == 0, complained
    return split(said)


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """The files of that run where everything can be said."""
    folder = tmp_path_factory.mktemp("undisturbed")
    (folder / "c.toml").write_text(CONFIG)
    words = [
        "run",
        "error-vs-timestep",
        "--config",
        str(folder / "c.toml"),
        "--workers",
        "1",
        "--out",
    ]
    assert dimfree.main([*words, str(folder / "o")]) == 0
    return {name: (folder / "o" / name).read_bytes() for name in NAMES}


# Files


def test_two_writers_at_once_are_never_seen_half(tmp_path: Path) -> None:
    """Four write 1 MB each, over and over,
    and a reader only ever meets one of the four, whole; no draft is left.

    The decoy, drafts of one name, gives torn files or writers that find their draft gone: the same
    count shows it.
    """

    def spoiled(draft: bool) -> int:
        path, bad, stop = tmp_path / "f.bin", [], threading.Event()

        def work(letter: bytes) -> None:
            data = letter * 2**20
            for _ in range(15):
                try:
                    if draft:
                        part = path.with_name(".f.bin.new")
                        with part.open("wb") as file:
                            for start in range(0, len(data), 2**16):
                                file.write(data[start : start + 2**16])
                        part.replace(path)
                    else:
                        with replacing(path) as file:
                            for start in range(0, len(data), 2**16):
                                file.write(data[start : start + 2**16])
                except OSError:
                    bad.append(letter)

        def read() -> None:
            while not stop.is_set():
                if path.exists():
                    found = path.read_bytes()
                    if len(found) != 2**20 or len(set(found)) != 1:
                        bad.append(b"torn")

        reader = threading.Thread(target=read)
        reader.start()
        writers = [
            threading.Thread(target=work, args=(letter,)) for letter in (b"a", b"b", b"c", b"d")
        ]
        for one in writers:
            one.start()
        for one in writers:
            one.join()
        stop.set()
        reader.join()
        return len(bad)

    assert spoiled(draft=False) == 0
    assert [path.name for path in tmp_path.iterdir()] == ["f.bin"]
    assert spoiled(draft=True) > 0


@pytest.mark.parametrize("failing", ["fsync", "replace", "inside"])
def test_a_write_that_fails_leaves_what_was_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failing: str
) -> None:
    """At the end, at the very end, or in the midst of it;
    also for an error that is not the disk's.
    """
    path = tmp_path / "f.txt"
    write(path, b"old")

    def fail(*ignored: object) -> None:
        raise OSError(28, "No space left on device")

    if failing != "inside":
        monkeypatch.setattr(os if failing == "fsync" else Path, failing, fail)
        with pytest.raises(
            InvalidInput, match=r"--out: cannot write .*f\.txt: no space left on device: make room"
        ):
            write(path, b"new")
    else:
        with pytest.raises(ZeroDivisionError), replacing(path) as file:
            file.write(b"half")
            raise ZeroDivisionError
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_drafts_of_killed_writers_go_and_those_of_living_ones_stay(tmp_path: Path) -> None:
    """By age alone, and only of the same file."""
    names = (".f.csv.0123.new", ".f.csv.4567.new", ".g.csv.89ab.new")
    for name in names:
        (tmp_path / name).write_bytes(b"half")
    for name in names[1:]:
        os.utime(tmp_path / name, times=(0, time.time() - LIFE_OF_A_DRAFT - 1))
    write(tmp_path / "f.csv", b"x")
    assert sorted(path.name for path in tmp_path.iterdir()) == [names[0], names[2], "f.csv"]
    assert (tmp_path / "f.csv").stat().st_mode & 0o777 == 0o666 & ~umask()


def umask() -> int:
    """Of this process."""
    now = os.umask(0)
    os.umask(now)
    return now


def test_a_name_that_is_no_text(tmp_path: Path) -> None:
    """Bytes beyond UTF-8 in --out: files there, the path
    on standard output byte for byte; a report beside it.
    """
    raw = os.fsencode(tmp_path) + b"/bad\xff"
    code, said, complained = shell(tmp_path, f"dimfree {RUN} $'bad\\xff'")
    assert code == 0, complained
    assert said.splitlines()[0] == b"bad\xff/error-vs-timestep.csv"
    assert b"error-vs-timestep.csv" in os.listdir(raw)
    commands = (
        "draw figure-3a --from $'bad\\xff' --out $'\\xff'",
        "list $'\\xff'",
        "explain $'\\xfe'",
        "run $'\\xff'",
    )
    assert [code for code, _ in several(tmp_path, "", *commands)] == [0, 2, 2, 2]
    for encoding in ("latin-1", "ascii", "utf-8:strict"):
        code, said, _ = shell(
            tmp_path, f"PYTHONIOENCODING={encoding} dimfree {RUN} $'\\xce\\xb1\\xff'"
        )
        assert code == 0 and b"error-vs-timestep.csv" in said


# Streams


@pytest.mark.parametrize(
    ("streams", "heard"),
    [
        (">&-", False),
        ("2>&-", True),
        ("<&-", True),
        (">/dev/full", False),
        ("2>/dev/full", True),
        ("2>/dev/full >&- <&-", False),
        ("1</dev/null", False),
        ("| true", False),
    ],
)
def test_what_is_measured_does_not_depend_on_who_listens(
    tmp_path: Path, undisturbed: dict[str, bytes], streams: str, heard: bool
) -> None:
    """The table and exit 0 in each case, and in what can be heard nothing but the paths."""
    code, said, complained = shell(tmp_path, f"dimfree {RUN} o {streams}; exit ${{PIPESTATUS[0]}}")
    assert (code, bool(said)) == (0, heard), complained
    if heard:
        assert said == b"o/error-vs-timestep.csv\no/error-vs-timestep.json\n"
    assert {name: (tmp_path / "o" / name).read_bytes() for name in NAMES} == undisturbed


OWN = "printf '1,2\\n3,5\\n2,9\\n4,4\\n5,1\\n' >x.csv"


@pytest.mark.parametrize(
    ("line", "code", "says"),
    [
        ("dimfree verify class-collapse >&-", 2, "is closed, and the result goes there"),
        (
            "dimfree verify class-collapse >/dev/full",
            2,
            "no space left on device, and the result goes there",
        ),
        ("dimfree bench 1</dev/null", 2, "bad file descriptor, and the result goes there"),
        (f"{OWN}; dimfree estimate x.csv >&-", 2, "is closed, and the result goes there"),
        ("dimfree list >/dev/full", 2, "no space left on device, and the result goes there"),
        (f"{EXPLAIN} >&-", 2, "is closed, and the result goes there"),
        ("dimfree --help >/dev/full", 2, "no space left on device, and the result goes there"),
        ("dimfree list 2>&- >/dev/full", 2, ""),
        ("dimfree nonsense 2>/dev/full", 2, ""),
        ("dimfree list | true; exit ${PIPESTATUS[0]}", 0, ""),
        (f"{EXPLAIN} | head -1; exit ${{PIPESTATUS[0]}}", 0, ""),
    ],
)
def test_a_result_that_cannot_be_printed(tmp_path: Path, line: str, code: int, says: str) -> None:
    """Where the words are the result: exit 2 and one sentence,
    before anything is measured; a reader may leave.
    """
    start = time.monotonic()
    done, _, complained = shell(tmp_path, line)
    assert done == code
    assert complained == (f"dimfree: standard output: {says}\n" if says else "")
    if "bench" in line:
        assert time.monotonic() - start < 60  # it takes minutes


COMMANDS = (
    "explain class-collapse",
    "list",
    "list --json",
    "verify one-time-need --json --workers 1",
    "bound --times 0.4 --hypotheses 5 --samples 100",
    "bound --times 0.4 --hypotheses 5 --samples 100 --json",
    "fit t.csv --by model",
    "fit t.csv --by model --json",
)


@pytest.fixture(scope="module")
def in_utf_8(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[int, bytes]]:
    """What they say where there is Greek."""
    found = several(tmp_path_factory.mktemp("utf-8"), "PYTHONIOENCODING=utf-8", *COMMANDS)
    assert not found[0][1].isascii()
    return found


@pytest.mark.parametrize(
    "setting",
    [
        "PYTHONIOENCODING=latin-1",
        "PYTHONIOENCODING=ascii",
        "LC_ALL=C PYTHONCOERCECLOCALE=0 PYTHONUTF8=0",
    ],
)
def test_an_alphabet_without_greek(
    tmp_path: Path, in_utf_8: list[tuple[int, bytes]], setting: str
) -> None:
    """What is lacking is escaped; the exit code and JSON are the same."""
    spoken = several(tmp_path, setting, *COMMANDS)
    for command, (code, plain), (same, escaped) in zip(COMMANDS, in_utf_8, spoken, strict=True):
        assert code == same == 0
        if "json" in command:
            assert json.loads(plain) == json.loads(escaped)
        else:
            assert escaped.decode(setting.partition("IOENCODING=")[2] or "ascii")
            assert len(escaped.splitlines()) == len(plain.splitlines())


def test_no_temporary_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """verify needs one: exit 2, what failed, and what helps."""

    def none(*ignored: object, **more: object) -> None:
        raise FileNotFoundError(2, "No usable temporary directory found in ['/tmp']")

    monkeypatch.setattr(tempfile, "TemporaryDirectory", none)
    assert dimfree.main(["verify", "class-collapse"]) == 2
    said = capsys.readouterr()
    assert said.out == "" and said.err.count("\n") == 1
    assert said.err.startswith(
        "dimfree: temporary folder: cannot be made: no usable temporary directory found in"
    )
    assert "set TMPDIR" in said.err


def test_an_error_of_the_system_is_not_called_standard_output(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """With a file name or without: what it says, with what helps if we know."""
    for error, says in (
        (OSError(30, "Read-only file system"), "read-only file system: choose another --out"),
        (
            OSError(24, "Too many open files", "x.csv"),
            "x.csv: too many open files: raise the limit (ulimit -n)",
        ),
        (OSError("odd"), "odd"),
    ):

        def fail(options: object, error: OSError = error) -> int:
            raise error

        monkeypatch.setattr(dimfree, "_list", fail)
        assert dimfree.main(["list"]) == 2
        said = capsys.readouterr().err
        assert (
            said.startswith(f"dimfree: {says}")
            and "standard output" not in said
            and said.count("\n") == 1
        )
