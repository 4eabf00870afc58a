"""The house, held by its syntax trees: who imports whom, and what may lie where."""

import ast
import subprocess
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import ModuleType

import pytest

from bounds import ledger
from figures import catalog as figures
from studies import catalog as studies
from tests import mutants, sabotage, whose
from tests.trees import PACKAGES, ROOT, Sources, imported, parsed, sources

OURS = (*PACKAGES, "dimfree", "tests")
# Not beside a measure(): who knows a formula, or what is expected of the numbers.
KNOWING = (
    "bounds.papers",
    "bounds.ledger",
    "bounds.claim",
    "studies.verdicts",
    "studies.quantities",
)
BESIDE_A_MEASURE = ("studies.study", "studies.evidence", "studies.summary", "studies.own")
MEETING = ("studies.verdicts", "studies.graph", "studies.catalog")
BY_NAME: Mapping[str, frozenset[str]] = {
    "bounds.ledger": frozenset({"bounds.papers.{}"}),
    "studies.catalog": frozenset({"studies.papers.{}"}),
    # A work's own quantities and joins, where its studies are a package that has them.
    "studies.quantities": frozenset({"studies.papers.{}", "{}"}),
    "figures.catalog": frozenset({"figures.papers.{}"}),
    "studies.executors": frozenset({"{}"}),
    "studies.own": frozenset({"{}"}),
}
"""The one exception: what is imported by a name that is put together, by the catalogs from their
STEMS; by a worker, which is told the module of the function that it calls; and a user's estimator,
by the name that the user gave it."""
TOP_LEVEL = {
    *("README.md", "paper_repro.md", "pyproject.toml", "requirements.lock", "Makefile", "LICENSE"),
    *("CHANGELOG.md", "CONTRIBUTING.md", "CITATION.cff", "dimfree.py"),
    *("bounds", "studies", "figures", "lessons", "docs", "tests"),
}
LONGEST = 500
LONGEST_WITHOUT_REASON = 350
REASON = "Longer than 350 lines:"
# Of numpy.random, what has no state that anyone shares.
STATELESS = {"Generator", "SeedSequence", "default_rng", "PCG64", "BitGenerator"}


def within(name: str, *places: str) -> bool:
    """Whether a dotted name is one of the places or below one."""
    return any(name == place or name.startswith(f"{place}.") for place in places)


def machine(name: str, package: str) -> bool:
    """Whether a name is of a package and not of its papers."""
    return within(name, package) and not within(name, f"{package}.papers")


def measures(text: str) -> bool:
    """Whether a module has a measure() at its top: defined, assigned or imported."""
    return binds(text, "measure")


def counts(name: str, paper: str) -> bool:
    """Whether it is what a work's claims are measured by, or in it: quantities, real_quantities."""
    return name.startswith(f"{paper}.") and name.split(".")[3].endswith("quantities")


def may(module: str, name: str) -> bool:
    """Whether a module may import a name of ours: the table of the house, line by line."""
    package, _, rest = module.partition(".")
    paper = ".".join(module.split(".")[:3])  # bounds.papers.X
    if package == "dimfree":
        return any(machine(name, one) for one in PACKAGES)
    if package == "figures":
        if rest.startswith("papers."):
            return machine(name, "figures") or within(name, paper)
        return machine(name, "figures")
    if package == "bounds":
        if rest.startswith("papers."):
            return (machine(name, "bounds") and not within(name, "bounds.ledger")) or within(
                name, paper
            )
        return machine(name, "bounds") and not within(name, "bounds.ledger")
    shared = machine(name, "bounds") and not within(name, "bounds.ledger")
    if not rest.startswith("papers."):
        return (
            shared
            or machine(name, "studies")
            or (module in MEETING and within(name, "bounds.ledger"))
        )
    stem = module.split(".")[2] if rest.count(".") else ""
    own = within(name, paper)
    if within(module, f"{paper}.joins"):
        ledger = within(name, "bounds.ledger", f"bounds.papers.{stem}")
        return shared or ledger or machine(name, "studies") or own
    if counts(module, paper):
        return shared or machine(name, "studies") or (own and not within(name, f"{paper}.joins"))
    knowing = within(name, *KNOWING, f"{paper}.joins") or counts(name, paper)
    return not knowing and (shared or within(name, *BESIDE_A_MEASURE) or own)


def trespasses(modules: Sources) -> list[str]:
    """Imports of ours across a wall."""
    found = []
    for module, text in modules.items():
        names = imported(module, text)
        built = {name for name in names if "{}" in name}
        found += [
            f"{module} imports {name}" for name in sorted(built - BY_NAME.get(module, frozenset()))
        ]
        ours = sorted(name for name in names - built if name.split(".")[0] in OURS)
        found += [f"{module} imports {name}" for name in ours if not may(module, name)]
    return found


def binds(text: str, name: str) -> bool:
    """Whether a module has that name at its top: defined, assigned or imported."""
    for node in parsed(text).body:
        if (
            isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
            and node.name == name
        ):
            return True
        if isinstance(node, ast.Assign) and any(
            isinstance(t, ast.Name) and t.id == name for t in node.targets
        ):
            return True
        if isinstance(node, ast.ImportFrom) and any(
            (a.asname or a.name) == name for a in node.names
        ):
            return True
    return False


def reach(modules: Sources, start: str) -> set[str]:
    """Every module of ours that `start` imports, at any depth, itself included;
    a package on the way is not followed, since its modules are each imported by their own names.
    """
    seen, todo = set(), [start]
    while todo:
        here = todo.pop()
        if here in seen or here not in modules:
            continue
        if here != start and any(module.startswith(f"{here}.") for module in modules):
            continue
        seen.add(here)
        todo += imported(here, modules[here])
    return seen


def insiders(modules: Sources) -> list[str]:
    """Measurements that know too much:
    a module with measure() from which one that knows can be reached.
    """
    return [
        f"{module} reaches {known}"
        for module, text in modules.items()
        if module.startswith("studies.") and measures(text)
        for known in sorted(reach(modules, module))
        if within(known, *KNOWING) or ".joins" in known
    ]


def circles(modules: Sources) -> list[str]:
    """Modules of ours that import themselves by way of others, at their tops."""
    edges = {
        module: {name for name in at_the_top(module, text) if name in modules and name != module}
        for module, text in modules.items()
    }
    found = []
    for module in modules:
        seen: set[str] = set()
        todo = list(edges[module])
        while todo:
            here = todo.pop()
            if here not in seen:
                seen.add(here)
                todo += edges[here]
        found += [module] if module in seen else []
    return found


def at_the_top(module: str, text: str) -> set[str]:
    """The modules that a module imports when it is imported:
    "from a import b" is a.b where that is a module.
    """
    body = [node for node in parsed(text).body if isinstance(node, ast.Import | ast.ImportFrom)]
    names = imported(module, "\n".join(map(ast.unparse, body)))
    return {name for name in names if not any(other.startswith(f"{name}.") for other in names)}


def shared_randomness(modules: Sources) -> list[str]:
    """Uses of a random state that belongs to nobody:
    numpy's global one, the standard library's, scipy's default.
    """
    found = []
    for module, text in modules.items():
        tree = parsed(text)
        for node in ast.walk(tree):
            if isinstance(node, ast.Attribute):
                owner = ast.unparse(node.value)
                if owner in ("np.random", "numpy.random") and node.attr not in STATELESS:
                    found.append(f"{module}: {owner}.{node.attr}")
            if isinstance(node, ast.Call):
                called = ast.unparse(node.func)
                if called.endswith(".rvs") and not any(
                    k.arg == "random_state" for k in node.keywords
                ):
                    found.append(f"{module}: {called} without random_state")
                if called.endswith("default_rng") and not node.args:
                    found.append(f"{module}: {called}() without a seed")
        names = imported(module, text)
        found += [f"{module}: imports {name}" for name in sorted(names & {"random"})]
        found += [
            f"{module}: imports {name}"
            for name in sorted(names)
            if name.startswith("numpy.random.") and name.split(".")[2] not in STATELESS
        ]
    return found


def revivals(modules: Sources) -> list[str]:
    """Ways to run what stands in a file of results: whatever unpickles or evaluates."""
    modules_that_do = {"pickle", "marshal", "shelve", "dill", "cloudpickle", "joblib", "yaml"}
    calls_that_do = {"eval", "exec", "read_pickle", "sympify", "parse_expr"}
    found = []
    for module, text in modules.items():
        found += [
            f"{module}: imports {name}"
            for name in imported(module, text)
            if name.split(".")[0] in modules_that_do
        ]
        for node in ast.walk(parsed(text)):
            if isinstance(node, ast.Call):
                name = ast.unparse(node.func).split(".")[-1]
                if name in calls_that_do or any(k.arg == "allow_pickle" for k in node.keywords):
                    found.append(f"{module}: {ast.unparse(node)}")
    return found


def undocumented(modules: Sources) -> list[str]:
    """Public functions, classes and their public methods without a docstring; and modules."""

    def inside(body: Iterable[ast.stmt], where: str) -> Iterable[str]:
        for node in body:
            if (
                isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
                and node.name[0] != "_"
            ):
                if not ast.get_docstring(node):
                    yield f"{where}.{node.name}"
                if isinstance(node, ast.ClassDef):
                    yield from inside(node.body, f"{where}.{node.name}")

    found = []
    for module, text in modules.items():
        tree = parsed(text)
        found += [module] if not ast.get_docstring(tree) else []
        found += inside(tree.body, module)
    return found


def test_imports_go_one_way() -> None:
    """The house's table: a picture that simulates, a formula that knows another paper,
    a measurement that knows its formula would fail here. Nothing imports itself by way of others.
    """
    modules = sources()
    assert trespasses(modules) == []
    assert circles(modules) == []


SPELLINGS = (
    "import studies.sweep",
    "import numpy, studies as s",
    "from studies import sweep",
    "from studies.sweep import run",
    "def f():\n    if True:\n        from studies.sweep import run",
    "import importlib\nimportlib.import_module('studies.sweep')",
    "from ..studies import sweep",
    "import dimfree",
    "from tests.reference import TIMES",
    "from importlib import import_module\nimport_module(f'studies.{name}')",
    "from importlib import import_module\nimport_module(name)",
)


@pytest.mark.parametrize("text", SPELLINGS)
def test_a_trespass_is_seen_however_it_is_written(text: str) -> None:
    """The decoys: each of Python's spellings, and a name that is put together."""
    assert trespasses({"bounds.decoy": text})
    assert trespasses({"figures.decoy": text})


TRESPASSES = (
    ("figures.decoy", "from bounds import risk"),
    ("figures.decoy", "import figures.papers.kumar_2025"),
    ("figures.papers.wang_2024", "from bounds import process"),
    ("figures.papers.wang_2024", "from studies.summary import groups"),
    ("figures.papers.wang_2024", "from figures.papers.kumar_2025 import figure_1a"),
    ("bounds.decoy", "from bounds.papers.kumar_2025 import rates"),
    ("bounds.decoy", "from bounds.ledger import CLAIMS"),
    ("bounds.papers.wang_2024", "from bounds.papers.kumar_2025 import rates"),
    ("bounds.papers.wang_2024", "from studies.summary import groups"),
    ("bounds.papers.wang_2024", "from bounds.ledger import CLAIMS"),
    ("studies.decoy", "from figures.data import FigureData"),
    ("studies.decoy", "from bounds.papers.kumar_2025 import rates"),
    ("studies.decoy", "from bounds.ledger import CLAIMS"),
    ("studies.quantities", "from bounds.ledger import CLAIMS"),
    (
        "studies.quantities",
        "from importlib import import_module\nimport_module(f'bounds.papers.{stem}')",
    ),
    ("studies.papers.wang_2024", "from bounds.papers import wang_2024"),
    ("studies.papers.wang_2024", "from bounds.claim import Claim"),
    ("studies.papers.wang_2024", "from bounds.ledger import CLAIMS"),
    ("studies.papers.wang_2024", "from studies.verdicts import judge"),
    ("studies.papers.wang_2024", "from studies.papers.kumar_2025 import perceptron"),
    ("studies.papers.wang_2024.evidence", "from studies.papers.wang_2024 import joins"),
    (
        "studies.papers.wang_2024.evidence",
        "from studies.papers.wang_2024.quantities import MEASUREMENTS",
    ),
    ("studies.papers.wang_2024.quantities", "from bounds.papers.wang_2024 import score"),
    ("studies.papers.wang_2024.joins", "from bounds.papers.kumar_2025 import rates"),
    ("dimfree", "from bounds.papers.kumar_2025 import rates"),
)


@pytest.mark.parametrize(("module", "text"), TRESPASSES)
def test_each_line_of_the_table_is_held(module: str, text: str) -> None:
    """A decoy for each "never"."""
    assert trespasses({module: text})


@pytest.mark.parametrize(
    ("module", "text"),
    [
        ("bounds.fine", "from bounds.check import Array\nfrom . import check\nimport numpy"),
        (
            "bounds.papers.wang_2024.formulas",
            "from bounds import risk\nfrom bounds.papers.wang_2024 import rates",
        ),
        ("studies.fine", "from bounds import risk\nfrom studies.sweep import run"),
        (
            "studies.papers.wang_2024",
            "from bounds.mixture import Mixture\nfrom studies.study import Study",
        ),
        ("studies.papers.wang_2024.evidence", "from studies.papers.wang_2024 import laws"),
        (
            "studies.papers.wang_2024.joins.one",
            "from bounds.ledger import CLAIMS\nfrom studies import slopes",
        ),
        ("figures.papers.wang_2024", "from figures import style"),
        ("dimfree", "import bounds, studies.sweep, figures.report"),
    ],
)
def test_what_is_allowed_is_no_trespass(module: str, text: str) -> None:
    """A rule that forbids everything would hold the house too."""
    assert trespasses({module: text}) == []


def test_a_circle_is_seen() -> None:
    """Three modules in a ring, and one beside it; an import inside of a function closes none."""
    ring = {
        "studies.a": "import studies.b",
        "studies.b": "from studies import c",
        "studies.c": "import studies.a",
    }
    assert circles({**ring, "studies.d": "import studies.a"}) == [
        "studies.a",
        "studies.b",
        "studies.c",
    ]
    assert circles({**ring, "studies.c": "def f():\n    import studies.a"}) == []


def test_a_measurement_does_not_know_its_prediction() -> None:
    """A measure() that could look up the formula
    that it is compared with would always agree with it.
    """
    modules = sources()
    measuring = [m for m, text in modules.items() if m.startswith("studies.") and measures(text)]
    assert {
        "studies.papers.kumar_2025.linear_score",
        "studies.papers.kumar_2025.error_vs_timestep",
        "studies.papers.kumar_2025.small_samples",
    } <= set(measuring)
    assert insiders(modules) == []


@pytest.mark.parametrize(
    "known", ["bounds.papers.kumar_2025.rates", "bounds.ledger", "bounds.claim", "studies.verdicts"]
)
@pytest.mark.parametrize("detours", [0, 1, 3])
def test_a_measurement_that_knows_is_caught(known: str, detours: int) -> None:
    """The decoy: the tree as it is plus one forbidden import,
    at the end of a chain of other studies modules.
    """
    modules = sources()
    chain = ["studies.decoy", *(f"studies.between{k}" for k in range(detours))]
    for here, there in zip(chain, [*chain[1:], known], strict=True):
        home, name = there.rsplit(".", 1)
        modules[here] = f"from {home} import {name}\n"
    assert insiders(modules) == []
    modules["studies.decoy"] += "def measure(cell, seeds): ...\n"
    assert f"studies.decoy reaches {known}" in insiders(modules)


def test_randomness_is_passed_in() -> None:
    """No global random state: results would depend on what ran before."""
    assert shared_randomness(sources()) == []


def test_shared_randomness_is_seen() -> None:
    """The decoys: each way to draw from a state that nobody passed in."""
    for text in (
        "import numpy as np\nnp.random.seed(0)",
        "import numpy as np\nnp.random.normal()",
        "import numpy as np\nnp.random.RandomState(1)",
        "import numpy as np\nnp.random.default_rng()",
        "from numpy.random import seed",
        "import random",
        "from random import gauss",
        "stats.norm.rvs(size=3)",
    ):
        assert shared_randomness({"bounds.decoy": text}), text
    fine = "import numpy as np\nnp.random.default_rng(3).normal()\nx: np.random.Generator"
    assert not shared_randomness({"bounds.fine": fine})


def test_results_are_data() -> None:
    """Nothing of ours unpickles or evaluates:
    a file of results, from wherever, runs no code. And the decoys.
    """
    assert revivals(sources()) == []
    for text in (
        "import pickle",
        "def f():\n    from pickle import loads",
        "import importlib\nimportlib.import_module('marshal')",
        "eval(row['value'])",
        "import pandas as pd\npd.read_pickle('x')",
        "import numpy as np\nnp.load('x', allow_pickle=True)",
        "import sympy\nsympy.sympify('__import__(1)')",
    ):
        assert revivals({"studies.decoy": text}), text


def test_what_is_public_is_documented() -> None:
    """Every module, public function, class and method of the mathematics says what it is."""
    assert (
        undocumented({m: text for m, text in sources().items() if m.split(".")[0] == "bounds"})
        == []
    )
    decoy = (
        '"""m"""\nclass A:\n    """a"""\n    def f(self): ...\n    def _g(self): ...\n'
        "def h(): ...\n"
    )
    assert undocumented({"decoy": decoy, "bare": "x = 1"}) == ["decoy.A.f", "decoy.h", "bare"]


def code() -> list[Path]:
    """Every Python file of the tree, from the root; not what is built, installed or generated."""
    apart = {"build", "mutants", "results"}
    paths = [path.relative_to(ROOT) for path in ROOT.rglob("*.py")]
    return sorted(p for p in paths if not p.parts[0].startswith(".") and p.parts[0] not in apart)


def folders() -> set[str]:
    """Every package of ours, dotted."""
    return {".".join(path.parent.parts) for path in code() if path.name == "__init__.py"}


PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def test_every_room_is_installed() -> None:
    """The packages of pyproject.toml are those of the tree:
    a new folder that is not listed would be lost in a wheel.
    """
    ours = {name for name in folders() if name.split(".")[0] in PACKAGES}
    assert {name.split(".")[0] for name in folders()} == {*PACKAGES, "docs", "tests"}
    results = {f"figures.results.{path.name}" for path in (ROOT / "figures/results").iterdir()}
    assert set(PROJECT["tool"]["setuptools"]["packages"]) == ours | results
    listed = PROJECT["tool"]["setuptools"]["package-data"]
    for name in ours:
        lying = {
            p.name
            for p in (ROOT / name.replace(".", "/")).iterdir()
            if p.is_file() and p.suffix not in (".py", ".pyc")
        }
        assert lying == set(listed.get(name, ())), name


def test_every_room_is_checked() -> None:
    """mypy's files hold all of the code but the lessons' cells:
    a folder beside them would go unchecked.
    """
    listed = [Path(name) for name in PROJECT["tool"]["mypy"]["files"]]
    left = [p for p in code() if not any(p == one or one in p.parents for one in listed)]
    assert {p.parent.name for p in left} <= {"lessons"}
    assert all(p.name.startswith("lesson_") for p in left)


def test_every_room_is_broken() -> None:
    """Mutants and sabotage reach every module of bounds,
    the works' too, and each has tests that are there.
    """
    names = {
        ".".join(p.with_suffix("").parts[1:])
        for p in code()
        if p.parts[0] == "bounds" and p.name != "__init__.py"
    }
    assert set(mutants.modules()) == names
    assert {
        name for name in names for file in whose.tests_of(name) if not (ROOT / file).is_file()
    } == set()
    reached = {*sabotage.reached([]), *sabotage.reached(["papers"])}
    assert reached == names - set(sabotage.APART)


@pytest.mark.parametrize(
    ("catalog", "package"), [(ledger, "bounds"), (studies, "studies"), (figures, "figures")]
)
def test_every_work_is_in_its_catalog(catalog: ModuleType, package: str) -> None:
    """A line for each module or package of papers, in each of the three catalogs."""
    inside = [path for path in (ROOT / package / "papers").iterdir() if path.name[0] not in "_."]
    assert {path.stem for path in inside} == set(catalog.STEMS)


def test_the_table_names_modules_that_are_there() -> None:
    """A module that is renamed would drop out of what is forbidden, unseen."""
    modules = sources()
    for name in (*KNOWING, *BESIDE_A_MEASURE, *MEETING, *BY_NAME):
        assert name in modules


def too_long(modules: Sources) -> list[str]:
    """Modules over the limit, and those over the smaller one
    of studies and figures that give no reason.
    """
    found = []
    for module, text in modules.items():
        count = len(text.splitlines())
        told = any(
            line.startswith(REASON) for line in (ast.get_docstring(parsed(text)) or "").splitlines()
        )
        small = module.split(".")[0] in ("studies", "figures") and not told
        limit = LONGEST_WITHOUT_REASON if small else LONGEST
        found += [f"{module} has {count} lines of {limit}"] if count > limit else []
    return found


def test_no_module_is_too_long() -> None:
    """What cannot be read in one sitting is not read."""
    assert too_long(sources()) == []
    text = '"""About.\n\nLonger than 350 lines: so."""\n' + "x = 1\n" * 400
    assert (
        too_long({"studies.a": text, "bounds.a": "x = 1\n" * 500, "figures.a": "x = 1\n" * 350})
        == []
    )
    for module, size in (("studies.a", 351), ("figures.papers.a", 351), ("bounds.a", 501)):
        assert too_long({module: "x = 1\n" * size})
    assert too_long({"studies.a": text + text})


def strangers(paths: Iterable[str]) -> set[str]:
    """Top-level entries beside the allowed ones and dotfiles."""
    return {path.split("/")[0] for path in paths if not path.startswith(".")} - TOP_LEVEL


def test_nothing_else_lies_at_the_top() -> None:
    """The shape does not change by accident.
    Outside a git tree, what lies there but for build output.
    """
    assert strangers(["bounds/x.py", ".github/w.yml", "notes.md", "src/a/b.py"]) == {
        "notes.md",
        "src",
    }
    if (ROOT / ".git").exists():
        listing = subprocess.run(
            ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=True,
        ).stdout.splitlines()
        # A file that was deleted but not yet committed is still listed.
        paths = [path for path in listing if (ROOT / path).exists()]
    else:
        build = {"__pycache__", "build", "results", "dimfree.egg-info"}
        paths = [path.name for path in ROOT.iterdir() if path.name not in build]
    assert len(paths) > 5
    assert strangers(paths) == set()
