"""The house, held by its syntax trees: who imports whom, and what may lie where."""

import ast
import subprocess
from collections.abc import Iterable, Mapping
from pathlib import Path

import pytest

from tests import mutants

ROOT = Path(__file__).parent.parent
PACKAGES = ("bounds", "studies", "figures")
OURS = (*PACKAGES, "dimfree", "tests")
MAY_IMPORT = {"bounds": {"bounds"}, "studies": {"bounds", "studies"}, "figures": {"figures"}}
# What a measurement must not know: the formulas that it is tested against, and who tests.
FORBIDDEN = ("bounds.papers.kumar_2025.rates", "bounds.ledger", "bounds.claim", "studies.verdicts")
TOP_LEVEL = {
    *("README.md", "paper_repro.md", "pyproject.toml", "requirements.lock", "Makefile", "LICENSE"),
    *("CHANGELOG.md", "dimfree.py", "bounds", "studies", "figures", "lessons", "docs", "tests"),
}
# Of numpy.random, what has no state that anyone shares.
STATELESS = {"Generator", "SeedSequence", "default_rng", "PCG64", "BitGenerator"}

Sources = Mapping[str, str]


def sources() -> dict[str, str]:
    """Module name → its text, for every module of ours but the tests."""
    paths = [ROOT / "dimfree.py", *(path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))]
    found = {}
    for path in paths:
        parts = path.relative_to(ROOT).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path.read_text(encoding="utf-8")
    return found


def imported(module: str, text: str) -> set[str]:
    """Every dotted name that a module may import, at any depth of nesting; "from a import b" gives a and a.b."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            above = module.split(".")[: -node.level] if node.level else []
            base = ".".join([*above, *([node.module] if node.module else [])])
            names |= {base, *(f"{base}.{alias.name}" for alias in node.names)}
        elif isinstance(node, ast.Call) and ast.unparse(node.func).split(".")[-1] in (
            "import_module",
            "__import__",
        ):
            names |= {str(a.value) for a in node.args if isinstance(a, ast.Constant)}
    return names


def trespasses(modules: Sources) -> list[str]:
    """Imports of ours across a wall."""
    return [
        f"{module} imports {name}"
        for module, text in modules.items()
        if module.split(".")[0] in MAY_IMPORT
        for name in sorted(imported(module, text))
        if name.split(".")[0] in OURS and name.split(".")[0] not in MAY_IMPORT[module.split(".")[0]]
    ]


def reach(modules: Sources, start: str) -> set[str]:
    """Every module of ours that importing `start` brings in, itself included."""
    seen, todo = set(), [start]
    while todo:
        here = todo.pop()
        if here not in seen and here in modules:
            seen.add(here)
            todo += imported(here, modules[here])
    return seen


def binds(text: str, name: str) -> bool:
    """Whether a module has that name at its top: defined, assigned or imported."""
    for node in ast.parse(text).body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) and node.name == name:
            return True
        if isinstance(node, ast.Assign) and any(
            isinstance(t, ast.Name) and t.id == name for t in node.targets
        ):
            return True
        if isinstance(node, ast.ImportFrom) and any((a.asname or a.name) == name for a in node.names):
            return True
    return False


def insiders(modules: Sources) -> list[str]:
    """Measurements that know too much: a module with measure() from which a forbidden one can be reached."""
    return [
        f"{module} reaches {known}"
        for module, text in modules.items()
        if module.startswith("studies.") and binds(text, "measure")
        for known in sorted(reach(modules, module))
        if known in FORBIDDEN or known.startswith("bounds.claims_")
    ]


def formulas(ledger: str) -> set[str]:
    """The functions of bounds that the ledger's formulas call, as "bounds.module.function"."""
    tree = ast.parse(ledger)
    modules = {
        alias.asname or alias.name: f"bounds.{alias.name}"
        for node in tree.body
        if isinstance(node, ast.ImportFrom) and node.module == "bounds"
        for alias in node.names
    }
    return {
        f"{modules[node.value.id]}.{node.attr}"
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in modules
    }


def self_comparisons(modules: Sources) -> list[str]:
    """Modules with measure() that import, or name through their module, a function that the ledger predicts with."""
    found = []
    for module, text in modules.items():
        if not (module.startswith("studies.") and binds(text, "measure")):
            continue
        names = imported(module, text)
        attributes = {node.attr for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Attribute)}
        for formula in sorted(formulas(modules["bounds.ledger"])):
            home, function = formula.rsplit(".", 1)
            if formula in names or (home in names and function in attributes):
                found.append(f"{module} uses {formula}")
    return found


def shared_randomness(modules: Sources) -> list[str]:
    """Uses of a random state that belongs to nobody: numpy's global one, the standard library's, scipy's default."""
    found = []
    for module, text in modules.items():
        tree = ast.parse(text)
        for node in ast.walk(tree):
            if isinstance(node, ast.Attribute):
                owner = ast.unparse(node.value)
                if owner in ("np.random", "numpy.random") and node.attr not in STATELESS:
                    found.append(f"{module}: {owner}.{node.attr}")
            if isinstance(node, ast.Call):
                called = ast.unparse(node.func)
                if called.endswith(".rvs") and not any(k.arg == "random_state" for k in node.keywords):
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
        for node in ast.walk(ast.parse(text)):
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
        tree = ast.parse(text)
        found += [module] if not ast.get_docstring(tree) else []
        found += inside(tree.body, module)
    return found


def test_imports_go_one_way() -> None:
    """bounds needs nothing of ours, studies bounds, figures figures: a picture that simulates would fail here."""
    assert trespasses(sources()) == []


def test_a_trespass_is_seen_however_it_is_written() -> None:
    """The decoys: each forbidden import, in each of Python's spellings, is caught; the allowed ones are not."""
    for text in (
        "import studies.sweep",
        "import numpy, studies as s",
        "from studies import sweep",
        "from studies.sweep import run",
        "def f():\n    if True:\n        from studies.sweep import run",
        "import importlib\nimportlib.import_module('studies.sweep')",
        "from ..studies import sweep",
        "import dimfree",
        "from tests.reference import TIMES",
    ):
        assert trespasses({"bounds.decoy": text}), text
        assert trespasses({"figures.decoy": text}), text
    assert trespasses({"figures.decoy": "from bounds import rates"})
    assert trespasses({"studies.decoy": "from figures.data import FigureData"})
    assert not trespasses({"studies.fine": "from bounds import rates\nfrom studies.sweep import run"})
    assert not trespasses(
        {"bounds.fine": "from bounds.check import Array\nfrom . import check\nimport numpy"}
    )
    assert not trespasses({"dimfree": "import bounds, studies.sweep, figures.report"})


def test_a_measurement_does_not_know_its_prediction() -> None:
    """A measure() that could look up the formula that it is compared with would always agree with it."""
    modules = sources()
    measuring = [m for m, text in modules.items() if m.startswith("studies.") and binds(text, "measure")]
    assert {
        "studies.papers.kumar_2025.linear_score",
        "studies.papers.kumar_2025.error_vs_timestep",
        "studies.papers.kumar_2025.small_samples",
    } <= set(measuring)
    assert insiders(modules) == []
    assert self_comparisons(modules) == []


@pytest.mark.parametrize("known", FORBIDDEN)
@pytest.mark.parametrize("detours", [0, 1, 3])
def test_a_measurement_that_knows_is_caught(known: str, detours: int) -> None:
    """The decoy: the tree as it is plus one forbidden import, at the end of a chain of other studies modules."""
    modules = sources()
    chain = ["studies.decoy", *(f"studies.between{k}" for k in range(detours))]
    for here, there in zip(chain, [*chain[1:], known], strict=True):
        home, name = there.rsplit(".", 1)
        modules[here] = f"from {home} import {name}\n"
    assert insiders(modules) == []
    modules["studies.decoy"] += "def measure(cell, seeds): ...\n"
    assert f"studies.decoy reaches {known}" in insiders(modules)


def test_a_measurement_that_returns_its_prediction_is_caught() -> None:
    """The decoy: the formula itself, imported by name or used through its module, which no import rule forbids."""
    modules = sources()
    assert {"bounds.risk.dsm_risk", "bounds.risk.bootstrap_risk"} <= formulas(modules["bounds.ledger"])
    measure = "def measure(cell, seeds): return {}\n"
    for text in (
        "from bounds.risk import dsm_risk\n" + measure.format("dsm_risk()"),
        "from bounds import risk\n" + measure.format("risk.dsm_risk()"),
    ):
        assert self_comparisons(modules | {"studies.decoy": text}), text
    fine = "from bounds.risk import risk, empirical_risk\n" + measure.format("risk()")
    assert not self_comparisons(modules | {"studies.decoy": fine})


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
    assert not shared_randomness(
        {"bounds.fine": "import numpy as np\nnp.random.default_rng(3).normal()\nx: np.random.Generator"}
    )


def test_results_are_data() -> None:
    """Nothing of ours unpickles or evaluates: a file of results, from wherever, runs no code. And the decoys."""
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
    assert undocumented({m: text for m, text in sources().items() if m.split(".")[0] == "bounds"}) == []
    decoy = '"""m"""\nclass A:\n    """a"""\n    def f(self): ...\n    def _g(self): ...\ndef h(): ...\n'
    assert undocumented({"decoy": decoy, "bare": "x = 1"}) == ["decoy.A.f", "decoy.h", "bare"]


def test_the_survivors_of_mutation_are_of_this_code() -> None:
    """Each stands under a reason, and the code that it changes is still there: a list that has gone stale fails."""
    listed = mutants.reasons()
    assert len(listed) > 100
    assert all(len(reason.split()) > 3 for reason in listed.values())
    texts = {
        name: " ".join((ROOT / "bounds" / f"{name}.py").read_text("utf-8").split())
        for name in mutants.modules()
    }

    def stale(mutant: mutants.Mutant) -> bool:
        return mutant.change.split(" → ")[0] not in texts[mutant.function.split(".")[0]]

    assert [mutant for mutant in listed if stale(mutant)] == []
    assert stale(mutants.Mutant("gram.exact", "d = law.dimension + 1 → d = law.dimension"))


def strangers(paths: Iterable[str]) -> set[str]:
    """Top-level entries beside the allowed ones and dotfiles."""
    return {path.split("/")[0] for path in paths if not path.startswith(".")} - TOP_LEVEL


def test_nothing_else_lies_at_the_top() -> None:
    """The shape does not change by accident. Outside a git tree, what lies there but for build output."""
    assert strangers(["bounds/x.py", ".github/w.yml", "notes.md", "src/a/b.py"]) == {"notes.md", "src"}
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
