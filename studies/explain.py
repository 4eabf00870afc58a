"""A claim in words: what it says, why, from where,
with its formulas as they stand in the code and its last verdict.
"""

import ast
from collections.abc import Mapping
from functools import cache, partial
from inspect import getclosurevars
from pathlib import Path
from textwrap import fill, indent
from types import CodeType
from typing import Any

from bounds.claim import Claim, Comparison, Formula, Verdict

WIDTH = 100
INDENT = " " * 14
MARGINS: dict[str, Any] = {
    "initial_indent": INDENT,
    "subsequent_indent": INDENT,
    "break_on_hyphens": False,
}


@cache
def _tree(path: Path) -> ast.Module:
    return ast.parse(path.read_bytes())


def opening(path: Path) -> str:
    """What a module opens with, from its source: `python -OO` drops it."""
    return ast.get_docstring(_tree(path), clean=False) or ""


def formula_text(formula: Formula) -> str:
    """A formula as it stands in the code: of a lambda its expression, of a function all but its
    docstring; with the numbers that it was given beforehand.

    Parameters
    ----------
    formula : a lambda or function of a module with source; of anything else its name
    """
    if isinstance(formula, partial):
        given = [*map(repr, formula.args), *(f"{k}={v!r}" for k, v in formula.keywords.items())]
        return f"{formula_text(formula.func)}  # with {', '.join(given)}"
    code = getattr(formula, "__code__", None)
    if code is None or not Path(code.co_filename).is_file():
        return str(getattr(formula, "__qualname__", type(formula).__qualname__))
    held = getclosurevars(formula).nonlocals.items()
    where = ", ".join(f"{name} = {value}" for name, value in held if isinstance(value, int | float))
    return f"{_source(code)}{f'  # where {where}' if where else ''}"


def _source(code: CodeType) -> str:
    starts = [(line, column) for line, _, column, _ in code.co_positions() if line and column]
    for node in ast.walk(_tree(Path(code.co_filename))):
        if isinstance(node, ast.FunctionDef) and node.name == code.co_name:
            body = node.body[1:] if ast.get_docstring(node) else node.body
            header = f"def {node.name}({ast.unparse(node.args)}):"
            return "\n".join([header, *(indent(ast.unparse(line), "    ") for line in body)])
        if isinstance(node, ast.Lambda) and (node.body.lineno, node.body.col_offset) == min(starts):
            return ast.unparse(node.body)
    return str(code.co_qualname)


def record(claim: Claim, verdict: Verdict | None = None) -> dict[str, Any]:
    """All there is to say of a claim, as JSON values:
    the fields of `Verdict.to_json` if there is a verdict, and

    why, formula, decoy_formula, command; with a verdict also fit, decoy_measured, decoy_predicted,
    decoy_margin, decoy_fit.
    """
    known: dict[str, Any] = {
        "name": claim.name,
        "paper": claim.paper,
        "statement": claim.statement,
        "assumptions": claim.assumptions,
        "source": claim.source,
        "origin": claim.origin,
        "kind": claim.kind,
        "description": claim.description,
        "about": list(claim.about),
        "decoy": claim.decoy_note,
        "expected": claim.expected,
        "reason": claim.reason,
        "uses": list(claim.uses),
        "why": claim.why,
        "formula": formula_text(claim.formula),
        "decoy_formula": formula_text(claim.decoy),
        "command": f"dimfree verify {claim.name}",
    }
    if verdict is not None:
        known |= verdict.to_json() | _told("", verdict.formula) | _told("decoy_", verdict.decoy)
    return known


def _told(prefix: str, comparison: Comparison) -> dict[str, float | str]:
    return {
        f"{prefix}measured": comparison.measured,
        f"{prefix}predicted": comparison.predicted,
        f"{prefix}margin": comparison.margin,
        f"{prefix}fit": fit(comparison.margin),
    }


def fit(margin: float) -> str:
    """How far measured and predicted are apart, in words;
    the margin is in units of what is allowed.
    """
    if margin <= 0:
        return "met with room to spare"
    if margin > 1e3:
        return "far beyond what is allowed"
    return f"apart by {margin:.3g} of what is allowed"


def text(known: Mapping[str, Any], where: str) -> str:
    """The record as a page of plain text.

    Parameters
    ----------
    known : of `record`
    where : the results that the verdict is from; without verdict, why there is none
    """
    lines = [known["name"], "", fill(known["statement"], WIDTH), ""]
    uses = ", ".join(known["uses"])
    for label, value in (
        (
            "kind",
            f"{known['kind']}, {known['origin']}"
            f"{', a description' if known['description'] else ''}",
        ),
        ("about", ", ".join(known["about"])),
        ("paper", known["paper"]),
        ("assumes", known["assumptions"]),
        ("why", known["why"]),
        ("source", known["source"]),
        ("uses", uses),
        ("formula", known["formula"]),
        ("decoy", known["decoy"]),
        ("", known["decoy_formula"]),
        ("verdict", _verdict(known, where)),
        ("expected", f"{known['expected']}: {known['reason']}" if known["reason"] else ""),
        ("again", known["command"]),
    ):
        if value:
            shown = indent(value, INDENT) if "\n" in value else fill(value, WIDTH, **MARGINS)
            lines.append(f"  {label:<12}{shown[len(INDENT) :]}")
    return "\n".join(lines)


def _verdict(known: Mapping[str, Any], where: str) -> str:
    if "verdict" not in known:
        return f"none: {where}"
    fallen = round(known["decoy_share"] * known["cells"])
    decoy = f"decoy {'' if known['decoy_rejected'] else 'NOT '}rejected, at {fallen} cells"
    cell = ", ".join(f"{key} = {value}" for key, value in known["worst_cell"].items())
    return (
        f"{known['verdict']}, {decoy}; {known['cells']} cells, {known['replicates']} replicates, "
        f"from {where}. At the worst cell: measured {known['measured']:.6g}, predicted "
        f"{known['predicted']:.6g}, {known['fit']}; the decoy at its worst predicts "
        f"{known['decoy_predicted']:.6g} for {known['decoy_measured']:.6g}, {known['decoy_fit']}. "
        f"Cell: {cell if len(cell) < 300 else cell[:300] + ' …'}"
    )
