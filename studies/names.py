"""What there is, by name, read from the syntax trees:
nothing of what makes the numbers is imported for it.

It rests on how a work is written: CLAIMS, STUDIES and FIGURES are tuples of calls that each hold
their name as plain text, `Claim(name="…", …)`, or of names that lead to such calls. What else a
table lists is plain text there as well, or in the module's own function that returns such a call,
or the partial of one. A statement at the top of a module has no text of its own at the margin but
its first and last lines. A test compares it with what importing gives.
"""

import ast
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path
from types import MappingProxyType
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


def table(kind: str) -> list[tuple[str | int, ...]]:
    """All claims, studies, figures or papers, a row each, under a row of heads.

    Raises
    ------
    InvalidInput
        If one is not written as the module docstring says.
    """
    if kind == "papers":
        return [("paper", "claims", "studies", "figures", "title")] + [
            (w.stem, len(w.claims), len(w.studies), len(w.figures), w.title) for w in works()
        ]
    if kind == "claims":
        return [("claim", "paper", "origin", "kind", "expected", "study"), *_claims()]
    package, heads = {
        "studies": ("studies", ("study", "paper", "measures")),
        "figures": ("figures", ("figure", "paper", "shows")),
    }[kind]
    rows: list[tuple[str | int, ...]] = [heads]
    for stem in literal(f"{package}.catalog", "STEMS"):
        module = f"{package}.papers.{stem}"
        rows += [
            (_name(module, call), stem, _about(module, call))
            for call in _calls(module, kind.upper())
        ]
    return rows


def _about(module: str, call: ast.Call) -> str:
    """The sentence that a call holds: its keyword `title` or `about`, or its second argument."""
    for value in [
        *(k.value for k in call.keywords if k.arg in ("title", "about")),
        *call.args[1:2],
    ]:
        text = _plain(module, value, {})
        if text is not None:
            return text
    raise _unread(module, call, "its title")


def _claims() -> Iterator[tuple[str, ...]]:
    for stem in literal("bounds.ledger", "STEMS"):
        for module, call in _placed(f"bounds.papers.{stem}", "CLAIMS"):
            known = {"expected": "HOLDS", **_fields(module, call)}
            texts = [known.get(key) for key in ("name", "origin", "kind", "expected")]
            measured = known.get("measurement")
            if measured is None or None in texts:
                raise _unread(module, call, "its kind or measurement")
            name, *rest = (str(text) for text in texts)
            yield (name, stem, *rest, _study_of(measured))


def _study_of(measurement: str) -> str:
    """The study of a claim's measurement, as studies.quantities has it."""
    for pattern, study in _measurements():
        if fnmatchcase(measurement, pattern):
            return study
    return measurement.partition(":")[0]


@cache
def _measurements() -> tuple[tuple[str, str], ...]:
    """What MEASUREMENTS of the works hold: a name, with * for what a loop fills in, and a study."""
    found = []
    for stem in literal("studies.catalog", "STEMS"):
        if not ROOT.joinpath("studies", "papers", stem, "quantities.py").is_file():
            continue
        module = f"studies.papers.{stem}.quantities"
        held = _assigned(module, "MEASUREMENTS")
        assert isinstance(held, ast.Dict)
        for key, value in zip(held.keys, held.values, strict=True):
            if isinstance(value, ast.DictComp):
                key, value = value.key, value.value
            match key, value:
                case ast.expr(), ast.Tuple(elts=[ast.Constant(value=study), *_]):
                    found.append((_pattern(key), str(study)))
                case _:
                    raise _unread(module, value, "its study")
    return tuple(found)


def _pattern(key: ast.expr) -> str:
    """A text that matches all that a key can be."""
    parts = key.values if isinstance(key, ast.JoinedStr) else [key]
    return "".join(str(p.value) if isinstance(p, ast.Constant) else "*" for p in parts)


def _fields(
    module: str, call: ast.Call, given: Mapping[str, str | None] = MappingProxyType({})
) -> dict[str, str | None]:
    """The keywords of a call, with those that its maker in the same module sets; None if no text.

    The maker is a function that ends by returning a call, which may use what it is given, or a
    partial, of which what is given takes the place.
    """
    texts = {k.arg: _plain(module, k.value, given) for k in call.keywords if k.arg}
    maker = _assigned(module, call.func.id) if isinstance(call.func, ast.Name) else None
    if not isinstance(maker, ast.Call):
        return texts
    made = _fields(module, maker, texts)
    return made | texts if ast.unparse(maker.func) == "partial" else texts | made


def _plain(module: str, value: ast.expr, given: Mapping[str, str | None]) -> str | None:
    """The text that an expression is of plain texts, of what is given and the module's own."""
    match value:
        case ast.Constant(value=str(text)):
            return text
        case ast.Name(id=name) if name in given:
            return given[name]
        case ast.Name(id=name):
            found = _assigned(module, name)
            return None if found is None else _plain(module, found, {})
        case ast.FormattedValue(value=inner, conversion=-1, format_spec=None):
            return _plain(module, inner, given)
        case ast.JoinedStr(values=parts):
            texts = [_plain(module, part, given) for part in parts]
            return None if None in texts else "".join(map(str, texts))
    return None


def literal(module: str, name: str) -> Any:
    """The value of a constant that stands in a module
    of ours as plain numbers, texts and tuples of them.
    """
    return ast.literal_eval(_known(module, name))


def keys(module: str, name: str) -> tuple[str, ...]:
    """The keys of a dictionary that stands in a module of ours, as plain texts there."""
    held = _known(module, name)
    assert isinstance(held, ast.Dict)
    return tuple(ast.literal_eval(key) for key in held.keys if key is not None)


def _names(module: str, name: str) -> tuple[str, ...]:
    return tuple(_name(module, call) for call in _calls(module, name))


def _name(module: str, call: ast.Call) -> str:
    """The name that a call holds: its keyword `name`, or its first argument."""
    for value in [*(k.value for k in call.keywords if k.arg == "name"), *call.args[:1]]:
        if isinstance(value, ast.Constant) and isinstance(value.value, str):
            return value.value
    raise _unread(module, call, "its name")


def _unread(module: str, node: ast.expr, what: str) -> InvalidInput:
    return InvalidInput(module, f"{ast.unparse(node)[:60]} … does not hold {what} as plain text")


def _keywords(calls: Iterator[ast.Call]) -> dict[str, Any]:
    (call,) = calls
    return {k.arg: ast.literal_eval(k.value) for k in call.keywords if k.arg in ("title", "link")}


def _known(module: str, name: str) -> ast.expr:
    found = _assigned(module, name)
    if found is None:
        raise InvalidInput(module, f"has no {name} at its top")
    return found


@cache
def _text(module: str) -> str:
    place = ROOT.joinpath(*module.split("."))
    path = place / "__init__.py" if place.is_dir() else place.with_suffix(".py")
    return path.read_text("utf-8")


@cache
def _assigned(module: str, name: str) -> ast.expr | None:
    """What a module assigns to a name at its top; of a function, what it returns at its end.

    Only that statement is parsed, which ends where the next line at the margin begins one; a whole
    module takes ten times as long.
    """
    lines = _text(module)
    start = re.search(rf"^(?:def {name}\(|{name}(?::[^=\n]+)? = )", lines, re.MULTILINE)
    if start is None:
        return None
    end = re.compile(r"^[A-Za-z_@#\"]", re.MULTILINE).search(lines, start.end())
    (node,) = ast.parse(lines[start.start() : end.start() if end else len(lines)]).body
    match node:
        case ast.Assign(value=value) | ast.AnnAssign(value=ast.expr() as value):
            return value
        case ast.FunctionDef(body=[*_, ast.Return(value=ast.expr() as value)]):
            return value
    return None


def _calls(module: str, name: str) -> Iterator[ast.Call]:
    """The calls that a name of a module leads to, in order."""
    for _, call in _placed(module, name):
        yield call


def _placed(module: str, name: str) -> Iterator[tuple[str, ast.Call]]:
    """The same, each with the module that it stands in."""
    return _inside(module, _known(module, name))


def _inside(module: str, value: ast.expr) -> Iterator[tuple[str, ast.Call]]:
    match value:
        case ast.Call():
            yield module, value
        case ast.Tuple(elts=items):
            for item in items:
                yield from _inside(module, item)
        case ast.Starred(value=inner):
            yield from _inside(module, inner)
        case ast.Name(id=name):
            yield from _placed(module, name)
        case ast.Attribute(value=ast.Name(id=part), attr=name):
            yield from _placed(f"{module}.{part}", name)
        case _:
            raise InvalidInput(
                module,
                f"{ast.unparse(value)[:60]} … is neither a call, nor a name, nor a tuple of them",
            )
