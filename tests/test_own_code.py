"""A study in a Python file of a user's: found by its path, known by its code, measured by workers
that have not imported it, and one sentence for whatever is wrong with it.
"""

import csv
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from bounds.check import InvalidInput
from studies import own_code
from studies.code import code_of, code_of_file
from studies.own_code import OwnMeasure, study_in
from studies.task import Piece, WrongWorker, perform
from tests.test_fuzz import command

MINE = '''\
"""A random number times a factor."""

from functools import partial

from beside import FACTOR
from studies.evidence import evidence, measured, one_by_one, row


def draw(cell, rng):
    """One number."""
    return [row("number", cell, FACTOR * rng.standard_normal() + cell["d"])]


PARTS = {"draw": one_by_one(draw, "number")}
CELLS = [{"part": "draw", "d": d} for d in (2, 3)]
STUDY = evidence("mine", "A number.", CELLS, partial(measured, PARTS), PARTS, seed=1, replicates=5)
'''
TAIL = {
    "syntax": "def f(:\n",
    "raises": "1 / 0\n",
    "leaves": "raise SystemExit(3)\n",
    "imports": "import nowhere_at_all\n",
}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder to call dimfree in; the file lies in one below it, with a module beside it."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    write()
    forget()
    yield tmp_path
    forget()


def write(text: str = MINE, beside: str = "FACTOR = 1.0\n") -> None:
    Path("far").mkdir(exist_ok=True)
    Path("far/mine.py").write_text(text)
    Path("far/beside.py").write_text(beside)


def forget() -> None:
    """As a new process starts: nothing of the user's is imported."""
    own_code.imported.cache_clear()
    for name in [*sys.modules]:
        if name.startswith("own_") or name in ("beside", "deep", "deep.er", "spaced", "spaced.er"):
            sys.modules.pop(name)


def run(*more: str) -> tuple[int, str, str]:
    """`dimfree run` of the study, as a new process would."""
    forget()
    words = ("run", "far/mine.py:STUDY", "--preset", "quick", "--out", "out", "--workers", "1")
    return command(*words, *more)


def rows() -> list[dict[str, str]]:
    with Path("out/mine.csv").open(newline="") as file:
        return list(csv.DictReader(file))


# --- measured, and measured anew ------------------------------------------------------------------


def test_what_has_changed_is_measured_anew(folder: Path) -> None:
    """A number in the file, or in what it imports from beside it; not a docstring. The old code's
    rows are still there when it comes back. Half the factor halves what is drawn.
    """
    code, said, told = run()
    assert (code, said) == (0, "out/mine.csv\nout/mine.json\n"), told
    assert "10 to run (10 new)" in told
    first = rows()
    assert "10 stored, 0 to run" in run()[2]
    write(MINE.replace("One number.", "In other words."))
    assert "10 stored, 0 to run" in run()[2]
    write(beside="FACTOR = 0.5\n")
    assert "10 to run (10 code changed since)" in run()[2]
    for old, new in zip(first, rows(), strict=True):
        d = 2 + int(old["cell"])
        assert float(new["value"]) - d == pytest.approx((float(old["value"]) - d) / 2, abs=1e-8)
    write(MINE.replace("+ cell", "- cell"))
    assert "10 to run" in run()[2]
    write()
    assert "10 stored, 0 to run" in run()[2]
    assert rows() == first
    assert sorted(path.name for path in Path("far").iterdir()) == ["beside.py", "mine.py"]


def test_workers_find_it(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two processes that have imported nothing of it, asked from another folder: the bytes of one
    thread of this process.
    """
    assert run()[0] == 0
    Path("elsewhere").mkdir()
    monkeypatch.chdir("elsewhere")
    words = ("run", "../far/mine.py:STUDY", "--preset", "quick", "--out", ".", "--workers", "2")
    code, _, told = command(*words)
    assert code == 0, told
    assert Path("mine.csv").read_bytes() == Path("../out/mine.csv").read_bytes()


def test_a_config(folder: Path) -> None:
    """In the place of a preset; and what is wrong with one is a sentence."""
    Path("c.toml").write_text("replicates = 3\nseed = 2\n")
    words = ("run", "far/mine.py:STUDY", "--out", "out", "--workers", "1", "--config", "c.toml")
    assert command(*words)[0] == 0
    assert len(rows()) == 6
    Path("c.toml").write_text("replicates = 3\n")
    assert command(*words)[2] == "dimfree: seed: is missing (in c.toml)\n"


def test_a_worker_with_another_file_is_refused(folder: Path) -> None:
    """Its numbers would be of other code; so would those of one that lacks the file."""
    one = study_in("far/mine.py:STUDY", ())
    held = one.measure
    assert isinstance(held, OwnMeasure)
    assert code_of(held).endswith(f"+{held.code}")
    (piece,) = [Piece(0, "x", {"part": "draw", "d": 2}, (0,))]
    work = partial(perform, columns=one.measured, pieces=[piece], seed=1, patience=1.0)
    with pytest.raises(WrongWorker, match=r"^--executor: a worker on .*; the run has another$"):
        work(held, wanted="another")
    gone = OwnMeasure(str(folder / "gone.py"), "STUDY", "mine", held.code)
    with pytest.raises(WrongWorker, match=r"has other code: .*gone\.py: cannot be imported: File"):
        work(gone, wanted="another")


def test_a_change_under_a_running_process_is_refused(folder: Path) -> None:
    study_in("far/mine.py:STUDY", ())
    write(beside="FACTOR = 3.0\n")
    with pytest.raises(InvalidInput, match="has changed since it was imported: start anew"):
        study_in("far/mine.py:STUDY", ())


# --- which code counts ----------------------------------------------------------------------------

PROJECT = {
    "far/mine.py": "import beside, numpy, json\nfrom deep import er\nimport spaced.er\n",
    "far/beside.py": "def f():\n    from bounds import check\n",
    "far/deep/__init__.py": "",
    "far/deep/er.py": "from . import near\nimport figures.style\n",
    "far/deep/near.py": "x = 1\n",
    "far/deep/apart.py": "x = 1\n",
    "far/spaced/er.py": "x = 1\n",
    "far/json.py": "x = 1\n",
    "far/unasked.py": "x = 1\n",
    "site-packages/beside2.py": "x = 1\n",
}
COUNT = {name for name in PROJECT if name.split("/")[-1] not in ("apart.py", "json.py")} - {
    *("far/unasked.py", "site-packages/beside2.py"),
}


@pytest.mark.parametrize("name", PROJECT)
def test_the_digits_follow_the_project(
    folder: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """Packages, relative imports and packages without `__init__`; and not what nobody imports,
    what is installed, or what Python's own module of that name hides.
    """
    for file, text in PROJECT.items():
        Path(file).parent.mkdir(parents=True, exist_ok=True)
        Path(file).write_text(text + ("import beside2\n" if file == "far/mine.py" else ""))
    for place in ("far", "site-packages"):
        monkeypatch.syspath_prepend(folder / place)
    before = code_of_file(Path("far/mine.py").resolve())
    Path(name).write_text(Path(name).read_text() + "z = 3\n")
    assert (code_of_file(Path("far/mine.py").resolve()) != before) == (name in COUNT)


# --- what is wrong is one sentence ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "word", "says"),
    [
        (MINE, "far/none.py:STUDY", "STUDY: far/none.py does not exist"),
        (MINE, "far.py:STUDY", "STUDY: far.py does not exist"),
        (MINE, "far/mine.py", "STUDY: far/mine.py must name the study in the file: far/mine.py:S"),
        (MINE, "far/mine.py:NONE", "far/mine.py: 'NONE' is not in it; studies there: STUDY"),
        (MINE, "far/mine.py:draw", "far/mine.py: 'draw' is a function, no Study; studies there"),
        (MINE, "far/mine.py:", "far/mine.py: '' is not in it"),
        (MINE, "mine:STUDY", "STUDY: 'mine:STUDY' is not one of the studies"),
        (MINE + TAIL["syntax"], "", "far/mine.py cannot be imported: SyntaxError: "),
        (MINE + TAIL["raises"], "", "ZeroDivisionError: division by zero (line 17)"),
        (MINE + TAIL["leaves"], "", "far/mine.py cannot be imported: SystemExit: 3 (line 17)"),
        (MINE + TAIL["imports"], "", "No module named 'nowhere_at_all' (line 17)"),
        ("\0", "", "far/mine.py cannot be imported: "),
        ("x = '\udcff'\n", "", "far/mine.py cannot be imported: SyntaxError: "),
        (MINE.replace('"mine"', '"error-vs-timestep"'), "", "'error-vs-timestep' is a study of d"),
        (MINE.replace('"mine"', '"../mine"'), "", "the study's name '../mine' must be made of"),
        (MINE.replace('"mine"', "3"), "", "the study's name 3 must be made of letters"),
        (MINE.replace("replicates=5", "replicates=0"), "", "replicates"),
        (MINE + "object.__setattr__(STUDY, 'presets', {})\n", "", "mine has no 'quick'; it has no"),
    ],
)
def test_bad_files(folder: Path, text: str, word: str, says: str) -> None:
    """Exit 2, one line, and nothing is written."""
    Path("far/mine.py").write_bytes(text.encode("utf-8", "surrogateescape"))
    word = word or "far/mine.py:STUDY"
    code, said, told = command("run", word, "--preset", "quick", "--out", "out", "--workers", "1")
    assert (code, said, told.count("\n")) == (2, "", 1), told
    assert told.startswith("dimfree: ") and says in told
    assert not Path("out").exists()


@pytest.mark.parametrize(
    ("field", "value", "says"),
    [
        ("cells", "lambda s: {}['no such']", "far/mine.py: KeyError: 'no such' (line 17)"),
        ("cells", "lambda s: None", "far/mine.py: TypeError: object of type 'NoneType' has no len"),
        ("cells", "lambda s: [{'part': {1}}]", "far/mine.py: TypeError: Object of type set is not"),
        ("cells", "lambda s: CELLS * 2", "mine: the same cell is asked for more than once"),
        ("batch", "lambda cell: 'many'", "far/mine.py: TypeError: "),
        ("replicates", "lambda cell, s: 1 / 0", "ZeroDivisionError: division by zero (line 17)"),
        ("replicates", "lambda cell, s: exit(0)", "far/mine.py: SystemExit: 0 (line 17)"),
        ("presets", "{'quick': 3}", "far/mine.py: AttributeError: 'int' object has no attribute"),
    ],
)
def test_what_its_functions_raise_is_one_sentence(
    folder: Path, field: str, value: str, says: str
) -> None:
    """Exit 2 and no traceback, whatever part of the study it is; progress may come before."""
    write(f"{MINE}object.__setattr__(STUDY, {field!r}, {value})\n")
    code, said, told = run()
    assert (code, said) == (2, ""), told
    assert "Traceback" not in told
    assert told.splitlines()[-1].startswith("dimfree: ") and says in told.splitlines()[-1]


def test_a_measure_that_raises_leaves_a_gap_with_a_sentence(folder: Path) -> None:
    """As that of any study: the other cell is measured, exit 1."""
    write(MINE.replace("FACTOR *", "1 / (cell['d'] - 2) *"))
    code, _, told = run()
    assert code == 1
    assert "5 replicates missing: raised ZeroDivisionError: division by zero, in cell" in told
    assert len(rows()) == 5
