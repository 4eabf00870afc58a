"""What a piece of our code uses, read from syntax trees:
imports, and the names of bounds that a function reaches.
"""

import ast
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
PACKAGES = ("bounds", "studies", "figures")

Sources = Mapping[str, str]


def module_of(path: Path) -> str:
    """The dotted name of a file below the root."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def sources() -> dict[str, str]:
    """Module name → its text, for every module of ours but the tests."""
    paths = [
        ROOT / "dimfree.py",
        *(p for package in PACKAGES for p in (ROOT / package).rglob("*.py")),
    ]
    return {module_of(path): path.read_text(encoding="utf-8") for path in sorted(paths)}


@cache
def parsed(text: str) -> ast.Module:
    """The syntax tree of a text; parsed once however often it is asked for."""
    return ast.parse(text)


def base_of(module: str, node: ast.ImportFrom) -> str:
    """The dotted name that "from … import" starts from."""
    above = module.split(".")[: -node.level] if node.level else []
    return ".".join([*above, *([node.module] if node.module else [])])


def named(argument: ast.expr) -> str:
    """What an argument of import_module names: {} stands for each part that is not written down."""
    if isinstance(argument, ast.Constant):
        return str(argument.value)
    if isinstance(argument, ast.JoinedStr):
        return "".join(
            str(v.value) if isinstance(v, ast.Constant) else "{}" for v in argument.values
        )
    return "{}"


@cache
def imported(module: str, text: str) -> frozenset[str]:
    """Every dotted name that a module may import,
    at any depth of nesting; "from a import b" gives a and a.b. Looked for once in each text.
    """
    names: set[str] = set()
    for node in ast.walk(parsed(text)):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = base_of(module, node)
            names |= {base, *(f"{base}.{alias.name}" for alias in node.names)}
        elif isinstance(node, ast.Call) and ast.unparse(node.func).split(".")[-1] in (
            "import_module",
            "__import__",
        ):
            names |= {named(argument) for argument in node.args[:1]}
    return frozenset(names)


# --- what a function reaches ----------------------------------------------------------------------


@dataclass(frozen=True)
class Scope:
    """The names at the top of a module.

    Attributes
    ----------
    imports : local name → dotted name
    made : local name → the statements that define or assign it
    """

    imports: Mapping[str, str]
    made: Mapping[str, tuple[ast.AST, ...]]


def bindings(module: str, tree: ast.AST) -> dict[str, str]:
    """Local name → dotted name, for the imports anywhere in a tree."""
    found = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                local = alias.asname or alias.name.split(".")[0]
                found[local] = alias.name if alias.asname else local
        elif isinstance(node, ast.ImportFrom):
            base = base_of(module, node)
            found |= {alias.asname or alias.name: f"{base}.{alias.name}" for alias in node.names}
    return found


def targets(node: ast.AST) -> list[str]:
    """The names that a statement assigns."""
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return [node.name]
    if isinstance(node, ast.Assign):
        return [n.id for t in node.targets for n in ast.walk(t) if isinstance(n, ast.Name)]
    if isinstance(node, ast.AnnAssign | ast.AugAssign) and isinstance(node.target, ast.Name):
        return [node.target.id]
    return []


@cache
def scope(module: str, text: str) -> Scope:
    """The scope of a module, with the imports that its functions make for themselves."""
    tree = parsed(text)
    made: dict[str, tuple[ast.AST, ...]] = {}
    for node in tree.body:
        for name in targets(node):
            made[name] = (*made.get(name, ()), node)
    return Scope(bindings(module, tree), made)


def is_method(node: ast.AST) -> bool:
    """Whether a statement of a class body is a public method or property."""
    return isinstance(node, ast.FunctionDef) and not node.name.startswith("_")


def only_refuses(node: ast.AST) -> bool:
    """Whether a function returns nothing, as a check does: it hands no number on."""
    return (
        isinstance(node, ast.FunctionDef)
        and isinstance(node.returns, ast.Constant)
        and node.returns.value is None
    )


class Reach:
    """Follows names from pieces of code through our modules.

    Parameters
    ----------
    modules : module name → text
    through : the modules whose functions are followed, by a test on the name

    Attributes
    ----------
    names : dotted names of ours that were reached, such as bounds.risk.dsm_risk
    classes : classes of bounds that an object may be of: named by the code, or by what a function
        reached returns
    attributes : all attributes that were read
    """

    def __init__(self, modules: Sources, through: Callable[[str], bool]) -> None:
        self.modules, self.through = modules, through
        self.names: set[str] = set()
        self.classes: set[str] = set()
        self.attributes: set[str] = set()
        self._done: set[tuple[str, int]] = set()
        self._methods: list[tuple[str, ast.FunctionDef]] = []

    def home(self, dotted: str) -> tuple[str, str]:
        """The module that defines a dotted name,
        and the rest of the name: through re-exports to the origin.
        """
        for _ in range(20):
            parts = dotted.split(".")
            module = next(
                (m for k in range(len(parts), 0, -1) if (m := ".".join(parts[:k])) in self.modules),
                "",
            )
            rest = dotted[len(module) + 1 :]
            if not module or not rest:
                return module, rest
            first, _, after = rest.partition(".")
            origin = scope(module, self.modules[module])
            if first in origin.made or first not in origin.imports:
                return module, rest
            dotted = origin.imports[first] + (f".{after}" if after else "")
        raise RecursionError(dotted)

    def follow(self, module: str, node: ast.AST) -> None:
        """Everything that a piece of a module's code names."""
        if (module, id(node)) in self._done:
            return
        self._done.add((module, id(node)))
        for inner in ast.walk(node):
            if isinstance(inner, ast.Attribute):
                self.attributes.add(inner.attr)
                written = ast.unparse(inner)
                if all(part.isidentifier() for part in written.split(".")):
                    self.meet(module, written)
            elif isinstance(inner, ast.Name):
                self.meet(module, inner.id)

    def meet(self, module: str, written: str) -> None:
        """One name as it is written in a module."""
        here = scope(module, self.modules[module])
        first, _, after = written.partition(".")
        if first in here.made:
            self.enter(module, first if not after else written)
        elif first in here.imports:
            self.enter(*self.home(here.imports[first] + (f".{after}" if after else "")))

    def enter(self, module: str, name: str) -> None:
        """A name at the top of a module of ours: followed, or found."""
        first = name.split(".")[0]
        if not module or not first:
            return
        nodes = scope(module, self.modules[module]).made.get(first, ())
        if module.startswith("bounds."):
            self.classes |= {f"{module}.{n.name}" for n in nodes if isinstance(n, ast.ClassDef)}
            for node in nodes:
                if isinstance(node, ast.FunctionDef) and node.returns is not None:
                    self._may_be(module, node.returns)
        if nodes:
            self.names.add(f"{module}.{first}")
        if self.through(module):
            for node in nodes:
                if isinstance(node, ast.ClassDef):
                    self._enter_class(module, node)
                elif not only_refuses(node):
                    self.follow(module, node)

    def _enter_class(self, module: str, node: ast.ClassDef) -> None:
        """A class as it is made; its methods wait until their names are read."""
        for part in (*node.bases, *node.decorator_list, *node.body):
            if not isinstance(part, ast.FunctionDef) or part.name.startswith("__"):
                self.follow(module, part)
            elif (module, part) not in self._methods:
                self._methods.append((module, part))

    def _follow_methods(self) -> None:
        """The methods that are read, and what they read in turn."""
        before = -1
        while before != len(self._done):
            before = len(self._done)
            for module, node in list(self._methods):
                if node.name in self.attributes:
                    self.follow(module, node)

    def _may_be(self, module: str, annotation: ast.expr) -> None:
        here = scope(module, self.modules[module])
        for node in ast.walk(annotation):
            if isinstance(node, ast.Name):
                dotted = (
                    f"{module}.{node.id}" if node.id in here.made else here.imports.get(node.id, "")
                )
                where, name = self.home(dotted)
                made = (
                    scope(where, self.modules[where]).made.get(name, ()) if where and name else ()
                )
                self.classes |= {f"{where}.{name}" for n in made if isinstance(n, ast.ClassDef)}

    def used(self) -> set[str]:
        """The names that were found, and bounds.module.Class.method
        for each method that may have been called.
        """
        self._follow_methods()
        methods = set()
        for dotted in self.classes:
            module, name = dotted.rsplit(".", 1)
            for node in scope(module, self.modules[module]).made[name]:
                if isinstance(node, ast.ClassDef):
                    methods |= {
                        f"{dotted}.{m.name}"
                        for m in node.body
                        if isinstance(m, ast.FunctionDef)
                        and is_method(m)
                        and m.name in self.attributes
                    }
        return self.names | methods


# --- functions that stand in a claim --------------------------------------------------------------


def parts_of(function: Any) -> Iterator[Any]:
    """A function and those that it holds: in a partial, among its defaults, in its closure."""
    if isinstance(function, partial):
        for one in (function.func, *function.args, *function.keywords.values()):
            yield from parts_of(one)
    elif hasattr(function, "__code__"):
        yield function
        held: Iterable[Any] = (
            *(function.__defaults__ or ()),
            *(function.__kwdefaults__ or {}).values(),
            *(cell.cell_contents for cell in function.__closure__ or ()),
        )
        for one in held:
            yield from parts_of(one)


def nodes_of(function: Any, text: str) -> list[ast.AST]:
    """Where a function stands in the text of its module; of several that begin on one line, all."""
    line = function.__code__.co_firstlineno
    found: list[ast.AST] = []
    for node in ast.walk(parsed(text)):
        if isinstance(node, ast.Lambda) and node.lineno == line:
            found.append(node)
        elif isinstance(node, ast.FunctionDef):
            first = min([node.lineno, *(one.lineno for one in node.decorator_list)])
            if first == line and node.name == function.__name__:
                found.append(node)
    return found
