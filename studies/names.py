"""What there is, by name, read from the syntax trees: nothing of what makes the numbers is imported
for it.

It rests on how a work is written: CLAIMS, STUDIES and FIGURES are tuples of calls that each hold
their name as plain text, `Claim(name="…", …)`, or of names that lead to such calls. A test compares
it with what importing gives.
"""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from bounds.check import InvalidInput

ROOT = Path(__file__).parent.parent


@dataclass(frozen=True)
class Work:
    """A work by the names of what is there of it.

    Attributes
    ----------
    stem, title, link : of its PAPER
    claims, figures, studies : their names, in order
    """

    stem: str
    title: str
    link: str
    claims: tuple[str, ...]
    figures: tuple[str, ...]
    studies: tuple[str, ...]


def works() -> tuple[Work, ...]:
    """All works, in the order of bounds.ledger.

    Raises
    ------
    InvalidInput
        If one is not written as the module docstring says.
    """
    found = []
    for stem in literal("bounds.ledger", "STEMS"):
        paper = _keywords(_calls(f"bounds.papers.{stem}", "PAPER"))
        names = {
            tuple_name: _names(f"{package}.papers.{stem}", tuple_name)
            if stem in literal(f"{package}.{catalog}", "STEMS")
            else ()
            for tuple_name, package, catalog in (
                ("CLAIMS", "bounds", "ledger"),
                ("FIGURES", "figures", "catalog"),
                ("STUDIES", "studies", "catalog"),
            )
        }
        found.append(
            Work(
                stem,
                paper["title"],
                paper["link"],
                names["CLAIMS"],
                names["FIGURES"],
                names["STUDIES"],
            )
        )
    return tuple(found)


def literal(module: str, name: str) -> Any:
    """The value of a constant that stands in a module of ours as plain numbers, texts and tuples of
    them.
    """
    return ast.literal_eval(_assigned(module)[name])


def docstring(module: str) -> str:
    """What a module opens with, from its source: `python -OO` drops it."""
    return ast.get_docstring(ast.parse(_path(module).read_bytes()), clean=False) or ""


def _path(module: str) -> Path:
    place = ROOT.joinpath(*module.split("."))
    return place / "__init__.py" if place.is_dir() else place.with_suffix(".py")


def _names(module: str, name: str) -> tuple[str, ...]:
    return tuple(_name(module, call) for call in _calls(module, name))


def _name(module: str, call: ast.Call) -> str:
    """The name that a call holds: its keyword `name`, or its first argument."""
    for value in [*(k.value for k in call.keywords if k.arg == "name"), *call.args[:1]]:
        if isinstance(value, ast.Constant) and isinstance(value.value, str):
            return value.value
    raise InvalidInput(module, f"{ast.unparse(call)[:60]} … does not hold its name as plain text")


def _keywords(calls: Iterator[ast.Call]) -> dict[str, Any]:
    (call,) = calls
    return {k.arg: ast.literal_eval(k.value) for k in call.keywords if k.arg in ("title", "link")}


@cache
def _assigned(module: str) -> dict[str, ast.expr]:
    """What a module assigns at its top, by name."""
    found: dict[str, ast.expr] = {}
    for node in ast.parse(_path(module).read_bytes()).body:
        if isinstance(node, ast.Assign):
            found |= {
                target.id: node.value for target in node.targets if isinstance(target, ast.Name)
            }
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.value:
            found[node.target.id] = node.value
    return found


def _calls(module: str, name: str) -> Iterator[ast.Call]:
    """The calls that a name of a module leads to, in order."""
    return _inside(module, _assigned(module)[name])


def _inside(module: str, value: ast.expr) -> Iterator[ast.Call]:
    match value:
        case ast.Call():
            yield value
        case ast.Tuple(elts=items):
            for item in items:
                yield from _inside(module, item)
        case ast.Starred(value=inner):
            yield from _inside(module, inner)
        case ast.Name(id=name):
            yield from _calls(module, name)
        case ast.Attribute(value=ast.Name(id=part), attr=name):
            yield from _calls(f"{module}.{part}", name)
        case _:
            raise InvalidInput(
                module,
                f"{ast.unparse(value)[:60]} … is neither a call, nor a name, nor a tuple of them",
            )
