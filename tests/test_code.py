"""The code version: it follows what makes the numbers, and nothing else."""

import importlib
import inspect
import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from studies import code
from studies.catalog import STUDIES
from studies.code import code_of

FILES = {
    "my_study.py": '"""About."""\nfrom bounds import gram\nimport numpy\n\n'
    'def measure(cell, seeds):\n    """Rows."""\n    return []\n',
    "bounds/__init__.py": "",
    "bounds/gram.py": "from studies.study import Cell\nfrom bounds.inner.deep import f\n",
    "bounds/inner/__init__.py": "y = 2\n",
    "bounds/inner/deep.py": "from . import near\nf = 1\n",
    "bounds/inner/near.py": "n = 1\n",
    "bounds/ledger.py": "from bounds import gram\n",
    "studies/__init__.py": "",
    "studies/study.py": "Cell = 1\n",
    "figures/style.py": "",
    "pyproject.toml": '[project]\nversion = "0.9"\n',
}
MATTER = {
    *(
        "my_study.py",
        "bounds/gram.py",
        "bounds/inner/__init__.py",
        "bounds/inner/deep.py",
        "bounds/inner/near.py",
    ),
    "studies/study.py",
}


def written(folder: Path, files: Mapping[str, str]) -> None:
    for name, text in files.items():
        (folder / name).parent.mkdir(exist_ok=True, parents=True)
        (folder / name).write_text(text, encoding="utf-8")


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A tree of its own with FILES in it."""
    written(tmp_path, FILES)
    monkeypatch.setattr(code, "ROOT", tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    yield tmp_path
    sys.modules.pop("my_study", None)


def version() -> str:
    return code_of(importlib.import_module("my_study").measure)


def test_it_is_the_version_and_twelve_digits(tree: Path) -> None:
    assert re.fullmatch(r"0\.9\+[0-9a-f]{12}", version())


@pytest.mark.parametrize("name", FILES)
def test_a_change_in_what_measure_imports_changes_it(tree: Path, name: str) -> None:
    """At any depth, by `from .
    import` too, and in a package's own __init__; elsewhere it does not.
    """
    before = version()
    if name.endswith(".py"):
        (tree / name).write_text(FILES[name] + "z = 3\n", encoding="utf-8")
        changed = name in MATTER or name in ("bounds/__init__.py", "studies/__init__.py")
        assert (version() != before) == changed, name


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"""About."""\n', '"""What it is about, in other words."""\n'),
        ('"""About."""\n', ""),
        ('    """Rows."""\n', ""),
        ("import numpy\n", "import numpy  # a comment\n\n\n"),
        ("measure(cell, seeds)", "measure(\n    cell,\n    seeds,\n)"),
    ],
)
def test_words_and_layout_do_not_change_it(tree: Path, old: str, new: str) -> None:
    """A docstring, a comment, lines: what a reader sees and a number does not."""
    before = version()
    (tree / "my_study.py").write_text(FILES["my_study.py"].replace(old, new, 1), encoding="utf-8")
    assert version() == before


def test_a_text_that_is_no_docstring_counts(tree: Path) -> None:
    """The decoy: a string in the same place of the function, but not first."""
    before = version()
    text = FILES["my_study.py"].replace("return []", 'x = "Rows."\n    return []')
    (tree / "my_study.py").write_text(text, encoding="utf-8")
    assert version() != before


def test_a_move_does_not_change_it(tree: Path) -> None:
    """The same code at another place and under another module's name;
    another function of that name does.
    """
    before = version()
    (tree / "bounds/inner/deep.py").rename(tree / "bounds/inner/moved.py")
    written(tree, {"bounds/gram.py": FILES["bounds/gram.py"].replace("inner.deep", "inner.moved")})
    assert version() == before
    written(tree, {"bounds/inner/moved.py": "from . import near\nf = 2\n"})
    assert version() != before


def test_the_names_that_are_imported_count(tree: Path) -> None:
    """`from bounds.inner.deep import f`
    for `import g` is another code, and so is another library.
    """
    before = version()
    written(tree, {"bounds/gram.py": FILES["bounds/gram.py"].replace("import f", "import g as f")})
    assert version() != before
    written(
        tree,
        {
            "bounds/gram.py": FILES["bounds/gram.py"],
            "my_study.py": FILES["my_study.py"].replace("numpy", "math"),
        },
    )
    assert version() != before


def test_no_measure_reaches_the_claims() -> None:
    """Else every new claim would make stored numbers stale;
    what a measure does use is among what is reached.
    """
    for study in STUDIES:
        found = {path.name for path in code.reached(Path(inspect.getfile(study.measure)))}
        assert {"check.py", "study.py"} <= found, study.name
        assert not found & {"claim.py", "ledger.py", "verdicts.py"}, study.name


@pytest.mark.parametrize("name", ["figure-1a", "an-estimator"])
def test_what_is_no_module_of_ours_is_not_looked_for(tree: Path, name: str) -> None:
    """A name of a function, and a module that does not exist, have no file."""
    assert code._files(f"bounds.{name}") == [tree / "bounds/__init__.py"]
