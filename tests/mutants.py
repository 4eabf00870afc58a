"""Small changes to the code of bounds, one at a time: do the module's own tests notice?

    python -m tests.mutants [MODULE ...]     (make mutants, make mutants MODULE="gram risk")

mutmut makes the mutants (a + for a −, a 2 for a 1, an argument left out, a text in capitals …) of
every function of bounds, and runs the tests of its module on each, in a folder of its own under
mutants/. What is not noticed must be of a claim's decoy, whose mutants are false as well and are
rejected as well, or fall under a rule of tests/survivors/rules.toml, or be counted in
tests/survivors/MODULE.toml: function by function, how many there are and why each is equivalent or
not worth a test. A count says how many and not which, so that it outlives what the formatter does.
The result is a score by module, and exit 1 where it is below 90 % in all, a function has more
survivors than reasons, or is gone. Interrupted, it goes on where it stopped; it tries again what
has changed, and every survivor when a test has, but not what was noticed once: `rm -r mutants` for
that.

A module of claims is tried by the verdicts on its claims, too, which are asked for anew. Whatever
else a test file measures once and keeps is measured by the unbroken code here, since a mutant is a
fork of the process that did it. So the score is on the low side.
"""

import ast
import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from bounds.ledger import CLAIMS
from tests.whose import tests_of

ROOT = Path(__file__).parent.parent
FOLDER = ROOT / "mutants"
REASONS = Path(__file__).parent / "survivors"
WANTED = 0.9
COPIED = (
    *("bounds", "studies", "figures", "lessons", "tests"),
    *("dimfree.py", "pyproject.toml", "README.md", "paper_repro.md"),
)
CONFIG = """
[tool.mutmut]
source_paths = ["bounds"]
only_mutate = ["{path}"]
also_copy = {copied}
pytest_add_cli_args_test_selection = {tests}
timeout_constant = 4.0
"""


@dataclass(frozen=True, order=True)
class Mutant:
    """One change.

    Attributes
    ----------
    function : "function" or "Class.method"
    before, after : the line that was, and the line that is; of several lines, those that differ
    around : these, and the lines beside them
    """

    function: str
    before: str
    after: str
    around: str = field(default="", compare=False)


@dataclass(frozen=True)
class Rule:
    """A class of mutants that no test need notice.

    Attributes
    ----------
    reason : why
    erase : a pattern; what was and what is are the same but for what matches it
    at, near : patterns that the line that was, and what is around it, must hold
    """

    reason: str
    erase: str
    at: str = ""
    near: str = ""

    def covers(self, mutant: Mutant) -> bool:
        """Whether it is of this class."""
        return (
            re.search(self.at, mutant.before) is not None
            and re.search(self.near, mutant.around) is not None
            and self._bare(mutant.before) == self._bare(mutant.after)
        )

    def _bare(self, line: str) -> str:
        return re.sub(r",+(?=[)\]]|$)", "", re.sub(rf"{self.erase}|\s", "", line))


@dataclass(frozen=True)
class Score:
    """What became of a module's mutants.

    Attributes
    ----------
    module : of bounds, a work's as papers.STEM or papers.STEM.MODULE
    mutants, noticed : how many there are, and how many a test failed on or did not come to its end
        with
    survivors : the others
    """

    module: str
    mutants: int
    noticed: int
    survivors: tuple[Mutant, ...]


def modules() -> list[str]:
    """Those of bounds, the works' too; a package's __init__ has nothing of its own."""
    paths = [path.relative_to(ROOT / "bounds") for path in (ROOT / "bounds").rglob("*.py")]
    return sorted(".".join(path.with_suffix("").parts) for path in paths if path.stem != "__init__")


def path_of(module: str) -> str:
    """Its file."""
    return f"bounds/{module.replace('.', '/')}.py"


def functions(module: str) -> set[str]:
    """What it defines: "function" or "Class.method"."""
    tree = ast.parse((ROOT / path_of(module)).read_text(encoding="utf-8"))
    classes = [node for node in tree.body if isinstance(node, ast.ClassDef)]
    return {node.name for node in tree.body if isinstance(node, ast.FunctionDef)} | {
        f"{one.name}.{node.name}"
        for one in classes
        for node in one.body
        if isinstance(node, ast.FunctionDef)
    }


def held(module: str, formula: Any) -> str:
    """The name of a claim's formula or decoy, where it is a function of that module; else ""."""
    plain = formula.func if isinstance(formula, partial) else formula
    return str(plain.__name__) if plain.__module__ == f"bounds.{module}" else ""


def verdicts_of(module: str) -> list[str]:
    """The tests of the verdicts on claims of a work whose formula or decoy it holds."""
    return [
        f"tests/test_papers.py::test_the_verdict_is_the_expected_one[{one.name}]"
        for one in CLAIMS
        if module.startswith("papers.") and (held(module, one.formula) or held(module, one.decoy))
    ]


def decoys(module: str) -> set[str]:
    """Its functions that are decoys alone."""
    return {held(module, one.decoy) for one in CLAIMS} - {
        held(module, one.formula) for one in CLAIMS
    }


def workspace(module: str) -> tuple[Path, bool]:
    """A copy of what the module's tests need, with mutmut's settings;
    what mutmut found out before stays.

    Returns
    -------
    The folder, and whether the module's tests differ from those that were tried before.
    """
    folder = FOLDER / module
    known = folder.exists()
    folder.mkdir(parents=True, exist_ok=True)
    tests = tests_of(module)
    decisive = [*tests, "tests/reference.py", "tests/measured.py", "tests/conftest.py"]

    def content(names: Sequence[str]) -> list[bytes]:
        files = [folder / name for name in names]
        return [file.read_bytes() if file.exists() else b"" for file in files]

    before, source_before = content(decisive), content([path_of(module)])
    for name in COPIED:
        source, target = ROOT / name, folder / name
        if source.is_dir():
            shutil.copytree(
                source, target, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__")
            )
        else:
            shutil.copy2(source, target)
    copied = [name for name in COPIED if name != "bounds"]
    with (folder / "pyproject.toml").open("a", encoding="utf-8") as file:
        file.write(
            CONFIG.format(
                path=path_of(module),
                copied=json.dumps(copied),
                tests=json.dumps([*tests, *verdicts_of(module)]),
            )
        )
    changed = before != content(decisive)
    if changed or source_before != content([path_of(module)]):
        # which test calls which function: of a new function or test it would know nothing
        (folder / "mutants" / "mutmut-stats.json").unlink(missing_ok=True)
    return folder, known and changed


def mutmut(folder: Path, *words: str) -> str:
    """What mutmut says to a command, in a folder."""
    done = subprocess.run(
        [Path(sys.executable).with_name("mutmut"), *words],
        cwd=folder,
        env={**os.environ, "OPENBLAS_NUM_THREADS": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    (folder / f"{words[0]}.log").write_text(done.stdout, encoding="utf-8")
    if done.returncode:
        raise RuntimeError(f"mutmut {words[0]} failed in {folder}: see {words[0]}.log there")
    return done.stdout


def score(module: str) -> Score:
    """Makes the module's mutants, tries those
    that have not been tried or could be noticed now, and counts.
    """
    if not functions(module):  # mutmut changes functions, and fails where there is none
        return Score(module, 0, 0, ())
    folder, changed = workspace(module)
    mutmut(folder, "run", "--max-children", "1")
    left = survivors(folder)
    if left and changed:
        mutmut(folder, "run", "--max-children", "1", *left)
        left = survivors(folder)
    mutants = len(verdicts(folder))
    found = tuple(mutant(name, mutmut(folder, "show", name)) for name in left)
    return Score(module, mutants, mutants - len(left), found)


def verdicts(folder: Path) -> dict[str, str]:
    """mutmut's name of each mutant, and what it says of it."""
    return dict(
        re.findall(r"^\s+(\S+): (.+)$", mutmut(folder, "results", "--all", "true"), re.MULTILINE)
    )


def survivors(folder: Path) -> list[str]:
    """The names of those that no test has noticed."""
    return [
        name for name, verdict in verdicts(folder).items() if verdict in ("survived", "no tests")
    ]


def readable(name: str) -> str:
    """exact of bounds.gram.x_exact__mutmut_3,
    and so on for methods, which mutmut sets apart by ǁ.
    """
    function = re.sub(r"__mutmut_\d+$", "", name.rpartition(".")[2])
    return function.removeprefix("x_").removeprefix("xǁ").replace("ǁ", ".")


def mutant(name: str, diff: str) -> Mutant:
    """The mutant of that name, from the lines that mutmut shows of it."""
    lines = [line for line in diff.splitlines() if not line.startswith(("---", "+++", "@@"))]
    before, after, around = (
        " ".join(" ".join(line[1:].split()) for line in lines if line.startswith(signs))
        for signs in ("-", "+", ("-", "+", " "))
    )
    return Mutant(readable(name), before, after, around)


def rules() -> list[Rule]:
    """Those of rules.toml."""
    listed = tomllib.loads((REASONS / "rules.toml").read_text(encoding="utf-8"))
    return [Rule(**one) for one in listed.values()]


def counts(module: str) -> dict[str, int]:
    """How many survivors of each function of a module have a reason."""
    path = REASONS / f"{module}.toml"
    listed = tomllib.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    return {function: sum(reasons.values()) for function, reasons in listed.items()}


def complaints(
    survivors: Sequence[Mutant], rules: Sequence[Rule], counts: Mapping[str, int], known: set[str]
) -> list[str]:
    """What is wrong with the reasons of a module's survivors, a line each.

    Parameters
    ----------
    survivors : of the module; those that look alike are one
    rules : under which they may fall
    counts : how many of the others have a reason, by function
    known : the functions that there are
    """
    others: defaultdict[str, list[Mutant]] = defaultdict(list)
    for one in sorted(set(survivors)):
        if not any(rule.covers(one) for rule in rules):
            others[one.function].append(one)
    return [f"{function}: has reasons, and is gone" for function in sorted({*counts} - known)] + [
        f"{function}: {len(found)} survivors, {counts.get(function, 0)} reasons\n"
        + "\n".join(f"        {one.before} → {one.after}" for one in found)
        for function, found in others.items()
        if len(found) > counts.get(function, 0)
    ]


def scores(wanted: Sequence[str]) -> Iterator[Score]:
    """Those of the modules, two at a time."""
    with ThreadPoolExecutor(2) as pool:
        yield from pool.map(score, wanted)


def main(wanted: Sequence[str]) -> int:
    """Tries, tells, and returns 1 if the score is too low or a reason is missing or out of date."""
    known, found, wrong = rules(), [], 0
    strays = {path.stem for path in REASONS.glob("*.toml")} - {"rules", *modules()}
    for name in sorted(strays):
        print(f"{name}: has reasons, and is gone")
    for one in scores(list(wanted) or modules()):
        found.append(one)
        share = one.noticed / one.mutants if one.mutants else 1.0
        print(
            f"{one.module:<22} {one.noticed:>5} of {one.mutants:>5} noticed, {share:.1%}",
            flush=True,
        )
        left = [mutant for mutant in one.survivors if mutant.function not in decoys(one.module)]
        for line in complaints(left, known, counts(one.module), functions(one.module)):
            wrong += 1
            print(f"    {line}")
    mutants, noticed = sum(one.mutants for one in found), sum(one.noticed for one in found)
    print(
        f"{noticed} of {mutants} noticed, {noticed / mutants:.1%}; "
        f"{wrong} functions with missing or stale reasons"
    )
    return 1 if noticed < WANTED * mutants or wrong or strays else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
