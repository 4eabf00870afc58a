"""Which code makes a number: a version by meaning,
so that a typo in a docstring makes no stored number stale.

The version is dimfree's own + 12 digits of a SHA-256 over the syntax trees that matter: of the
module of the measure and of whatever of bounds and studies that imports, at any depth, the
packages' own `__init__` included. A tree is taken without docstrings, comments and layout, and
without the place of our own modules: moved or renamed, the code is the same. What no measure
imports, presets and claims above all, can change without making stored results stale.
"""

import ast
import hashlib
import importlib.metadata
import inspect
import os
import subprocess
import sys
import sysconfig
import tomllib
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import Any

import bounds
from bounds.check import InvalidInput

ROOT = Path(bounds.__file__).parent.parent
OURS = ("bounds", "studies")


def dimfree_version() -> str:
    """The version of dimfree: of the source tree
    where there is one, else of the installed package.
    """
    source = ROOT / "pyproject.toml"
    if source.is_file():
        return str(tomllib.loads(source.read_text(encoding="utf-8"))["project"]["version"])
    return importlib.metadata.version("dimfree")


def commit() -> str | None:
    """The commit of dimfree's own source tree, if it is one of git's."""
    if not (ROOT / ".git").exists():
        return None
    # Inside a hook or another tool of git's, GIT_DIR and its like name another repository.
    clean = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    words = ["git", "-C", str(ROOT), "rev-parse", "HEAD"]
    try:
        done = subprocess.run(words, capture_output=True, text=True, check=True, env=clean)
    except (OSError, subprocess.CalledProcessError):
        return None
    return done.stdout.strip()


def code_of(measure: Callable[..., Any]) -> str:
    """The version of the code that `measure` runs.

    Parameters
    ----------
    measure : a function of a module with source; or an object whose `digits()` are its code's

    Raises
    ------
    InvalidInput
        If the measure stands in no file, as one typed into a session or a notebook.
    """
    if hasattr(measure, "digits"):
        return f"{dimfree_version()}+{measure.digits()}"
    try:
        found = reached(Path(inspect.getfile(measure)))
    except (TypeError, OSError):
        raise InvalidInput(
            getattr(measure, "__name__", "measure"),
            "stands in no file that can be read, and results are known by the code that made them: "
            "put it into a module of its own",
        ) from None
    return f"{dimfree_version()}+{_digits(found)}"


def code_of_own(module: ModuleType) -> str:
    """The version of a module of a user's: 12 digits over what it means, what it imports of ours,
    and what it imports from beside it, at any depth: the modules in its folder or, where it is
    installed, those of its own package.

    Parameters
    ----------
    module : as it was imported

    Raises
    ------
    InvalidInput
        If it has no source.
    """
    source = Path(getattr(module, "__file__", None) or "")
    if source.suffix != ".py" or not source.is_file():
        raise InvalidInput(module.__name__, "has no source that can be read")
    depth = module.__name__.count(".") + (source.name == "__init__.py")
    root, top = source.parents[depth], module.__name__.partition(".")[0]

    def home(name: str) -> Path | None:
        return None if _installed(root) and name.partition(".")[0] != top else root

    return _digits(_followed([source, *_files(module.__name__, root)], root, home))


def code_of_file(source: Path) -> str:
    """The version of a Python file of a user's: 12 digits over what it means, what it imports of
    ours, and what it imports of the user's own, at any depth: whatever is neither installed nor
    Python's.

    Parameters
    ----------
    source : a file that can be imported, what lies beside it as well
    """
    return _digits(_followed([source], source.parent, _home))


def _followed(
    files: Iterable[Path], root: Path, home: Callable[[str], Path | None]
) -> dict[Path, str]:
    """The meaning of files, of what they import of ours,
    and of the modules that they import and that have a home, at any depth.

    Parameters
    ----------
    files : some, whose own names count from the folder `root`
    home : name of a module → the folder that it counts from
    """
    meanings: dict[Path, str] = {}
    pending = [(path, root) for path in files]
    while pending:
        path, start = pending.pop()
        if path not in meanings:
            meanings |= reached(path)
            for name in filter(None, _mentioned(ast.parse(path.read_bytes()), path, start)):
                if (there := home(name)) is not None:
                    pending += [(file, there) for file in _files(name, there)]
    return meanings


def _home(name: str) -> Path | None:
    """The folder that a module of a user's counts from;
    None if it is ours, Python's own, installed or not there.
    """
    top = name.partition(".")[0]
    if top in (*OURS, "figures", "dimfree") or top in sys.stdlib_module_names:
        return None
    try:
        found = find_spec(top)
    except (ImportError, ValueError):
        return None
    if found is None:
        return None
    inside = list(found.submodule_search_locations or ())
    root = Path(inside[0] if inside else found.origin or "").parent
    return None if _installed(root) else root


def _installed(root: Path) -> bool:
    """Whether a folder is one that packages are installed into."""
    known = {Path(sysconfig.get_path(name)) for name in ("purelib", "platlib")}
    return root in known or root.name in ("site-packages", "dist-packages")


def _digits(meanings: Mapping[Path, str]) -> str:
    """Of a SHA-256 over what stands in files, wherever they lie; 12 of them."""
    found = set(meanings.values()) - {meaning(ast.parse(""))}
    return hashlib.sha256("\n".join(sorted(found)).encode()).hexdigest()[:12]


def meaning(tree: ast.Module) -> str:
    """The SHA-256 of a module's syntax tree, which is changed: without docstrings and without the
    place of our own modules.
    """
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            # Which names, but of our own modules not where from: what lies there is in the version
            # itself.
            if node.level or _is_ours(node.module or ""):
                node.module, node.level = "", 0
        elif isinstance(node, _Documented) and _told(node):
            node.body = node.body[1:]
    return hashlib.sha256(ast.dump(tree).encode()).hexdigest()


_Documented = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef


def _told(node: _Documented) -> bool:
    return ast.get_docstring(node, clean=False) is not None


def _is_ours(name: str) -> bool:
    return name.partition(".")[0] in OURS


def reached(source: Path) -> dict[Path, str]:
    """The meaning of the file and of every module
    of ours that it imports, at any depth, by path.
    """
    meanings: dict[Path, str] = {}
    pending = [source]
    while pending:
        path = pending.pop()
        if path not in meanings:
            meanings[path], files = _read(path, path.read_bytes())
            pending += files
    return meanings


@cache  # a second for all of ours, and a process may run many studies
def _read(path: Path, text: bytes) -> tuple[str, frozenset[Path]]:
    """A module's meaning, and the files of ours that importing it runs."""
    tree = ast.parse(text)
    names = list(filter(_is_ours, _mentioned(tree, path, ROOT)))
    return meaning(tree), frozenset(file for name in names for file in _files(name))


def _mentioned(tree: ast.Module, path: Path, root: Path) -> set[str]:
    """The dotted names that a module imports: `from bounds import risk` may name a module or a
    function.
    """
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level and path.is_relative_to(root):
                package = path.relative_to(root).parts[: -node.level]
                base = ".".join([*package, *([base] if base else [])])
            names |= {base, *(f"{base}.{alias.name}" for alias in node.names)}
    return names


def _files(name: str, root: Path | None = None) -> list[Path]:
    """The file of a module, if it is one, and the `__init__` of each package that importing it
    runs.
    """
    parts, root = name.split("."), root or ROOT
    packages = [root.joinpath(*parts[:k], "__init__.py") for k in range(1, len(parts) + 1)]
    module = root.joinpath(*parts).with_suffix(".py")
    return [path for path in (*packages, module) if path.is_file()]
