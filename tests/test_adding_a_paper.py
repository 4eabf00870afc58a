"""docs/adding-a-paper.md: its toy work, added to a copy of the tree,
is judged, drawn and reported, and then gone again.
"""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import dimfree
from bounds.ledger import PAPERS

ROOT = Path(dimfree.__file__).parent
PAGE = (ROOT / "docs" / "adding-a-paper.md").read_text(encoding="utf-8")
FILES = dict(re.findall(r"^## (\S+\.py)\n\n```python\n(.*?)```", PAGE, re.DOTALL | re.MULTILINE))
CATALOGS = ("bounds/ledger.py", "studies/catalog.py", "figures/catalog.py")
LINE = '    "wang_vastola_2024",\n'


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """The tree without tests' and lessons' content, results, and what git ignores."""
    for package in ("bounds", "studies", "figures"):
        leave = shutil.ignore_patterns("__pycache__", "results")
        shutil.copytree(ROOT / package, tmp_path / package, ignore=leave)
    for name in ("dimfree.py", "pyproject.toml"):
        shutil.copy(ROOT / name, tmp_path)
    (tmp_path / "tests" / "papers").mkdir(parents=True)
    return tmp_path


def call(folder: Path, *words: str) -> "subprocess.CompletedProcess[str]":
    """Python in that tree: its own modules, whatever is installed."""
    return subprocess.run([sys.executable, *words], cwd=folder, capture_output=True, text=True)


def test_the_toy_is_a_work_and_then_is_none(tree: Path) -> None:
    """A verdict, a figure, a section, its own test; a ledger without its line has none of it.
    Catches a house that needs a file or a line more than the page says.
    """
    before = {path: path.read_bytes() for path in tree.rglob("*.py")}
    assert len(FILES) == 4 and all("author_2000" in name for name in FILES)
    for name, text in FILES.items():
        (tree / name).write_text(text, encoding="utf-8")
    for name in CATALOGS:
        text = (tree / name).read_text(encoding="utf-8")
        assert text.count(LINE) == 1
        (tree / name).write_text(
            text.replace(LINE, LINE + '    "author_2000",\n'), encoding="utf-8"
        )

    judged = call(
        tree, "-m", "dimfree", "verify", "--paper", "author_2000", "--json", "--workers", "1"
    )
    assert judged.returncode == 0, judged.stderr
    (verdict,) = json.loads(judged.stdout)
    assert verdict["verdict"] == "HOLDS" and verdict["decoy_share"] == 1
    ran = call(tree, "-m", "dimfree", "run", "evidence-author", "--out", "r", "--workers", "1")
    assert ran.returncode == 0, ran.stderr
    drawn = call(tree, "-m", "dimfree", "draw", "figure-author", "--from", "r", "--out", "r")
    assert drawn.returncode == 0, drawn.stderr
    assert (tree / "r" / "figure-author.png").is_file()
    told = (
        "import dimfree; from pathlib import Path; from figures.catalog import FIGURES; from "
        "studies.catalog import study;"
        "f = next(f for f in FIGURES if f.paper == 'author_2000');"
        "j = dimfree._join(f, {n: dimfree._read(Path('r'), study(n)) for n in f.studies});"
        "print(f.paper, f.found(j.findings), f.ran(j.findings))"
    )
    words = call(tree, "-c", told)
    assert words.stdout.startswith("author_2000 At v = 4 it is "), words.stderr
    tested = call(tree, "-m", "pytest", "-q", "tests/papers/test_author_2000.py")
    assert tested.returncode == 0, tested.stdout

    for name in FILES:
        (tree / name).unlink()
    for name in CATALOGS:
        path = tree / name
        path.write_text(
            path.read_text(encoding="utf-8").replace('    "author_2000",\n', ""), encoding="utf-8"
        )
    assert {path: path.read_bytes() for path in tree.rglob("*.py")} == before
    listed = json.loads(call(tree, "-m", "dimfree", "list", "--json").stdout)
    assert "author_2000" not in [one["stem"] for one in listed["papers"]]
    assert "mean-variance" not in listed["claims"] != []


def test_the_first_neighbour_is_removed_alike(tree: Path) -> None:
    """Without the files and lines of Wang and Vastola
    2024 everything else is there: nothing leans on it.
    """
    for path in [*tree.rglob("*wang_vastola_2024*")]:
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)  # gone with its folder
    for name in CATALOGS:
        path = tree / name
        path.write_text(path.read_text(encoding="utf-8").replace(LINE, ""), encoding="utf-8")
    listed = call(tree, "-m", "dimfree", "list", "--json")
    assert listed.returncode == 0, listed.stderr
    left = [one["stem"] for one in json.loads(listed.stdout)["papers"]]
    assert left == [paper.stem for paper in PAPERS if paper.stem != "wang_vastola_2024"]
