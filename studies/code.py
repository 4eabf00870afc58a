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
import tomllib
from collections.abc import Callable
from functools import cache
from pathlib import Path
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
    measure : a function of a module with source

    Raises
    ------
    InvalidInput
        If the measure stands in no file, as one typed into a session or a notebook.
    """
    try:
        found = reached(Path(inspect.getfile(measure)))
    except (TypeError, OSError):
        raise InvalidInput(
            getattr(measure, "__name__", "measure"),
            "stands in no file that can be read, and results are known by the code that made them: "
            "put it into a module of its own",
        ) from None
    meanings = set(found.values()) - {meaning(ast.parse(""))}
    digest = hashlib.sha256("\n".join(sorted(meanings)).encode())
    return f"{dimfree_version()}+{digest.hexdigest()[:12]}"


def meaning(tree: ast.Module) -> str:
    """The SHA-256 of a module's syntax tree without docstrings
    and without the place of our own modules.
    """
    return hashlib.sha256(ast.dump(_Bare().visit(tree)).encode()).hexdigest()


class _Bare(ast.NodeTransformer):
    """Takes away what a number does not depend on."""

    def generic_visit(self, node: ast.AST) -> ast.AST:
        if isinstance(
            node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef
        ) and _told(node):
            node.body = node.body[1:]
        return super().generic_visit(node)

    def visit_ImportFrom(self, node: ast.ImportFrom) -> ast.AST:
        """Which names, but of our own modules not where from:
        what lies there is in the version itself.
        """
        if node.level or _is_ours(node.module or ""):
            return ast.ImportFrom(module="", names=node.names, level=0)
        return node


def _told(node: ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
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
            meanings[path], names = _read(path, path.read_bytes())
            pending += [file for name in names for file in _files(name)]
    return meanings


@cache  # half a second for all of ours, and a process may run many studies
def _read(path: Path, text: bytes) -> tuple[str, frozenset[str]]:
    """A module's meaning, and the names of ours that it imports."""
    tree = ast.parse(text)
    names = frozenset(_mentioned(tree, path))
    return meaning(tree), names


def _mentioned(tree: ast.Module, path: Path) -> set[str]:
    """The dotted names of ours that a module imports:
    `from bounds import risk` may name a module or a function.
    """
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level and path.is_relative_to(ROOT):
                package = path.relative_to(ROOT).parts[: -node.level]
                base = ".".join([*package, *([base] if base else [])])
            names |= {base, *(f"{base}.{alias.name}" for alias in node.names)}
    return {name for name in names if _is_ours(name)}


def _files(name: str) -> list[Path]:
    """The file of a module, if it is one,
    and the `__init__` of each package that importing it runs.
    """
    parts = name.split(".")
    packages = [ROOT.joinpath(*parts[:k], "__init__.py") for k in range(1, len(parts) + 1)]
    module = ROOT.joinpath(*parts).with_suffix(".py")
    return [path for path in (*packages, module) if path.is_file()]
