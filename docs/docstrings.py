"""Docstrings as they stand in the code, made reStructuredText: our notation is plain text.

What would mean something there and means nothing here (`C_t`, `|x|`, `A*`) is escaped, `code` is
code, and an indented block, a formula most often, keeps its lines.
"""

import re
from itertools import pairwise

_SPAN = re.compile(r"``(.+?)``|`([^`\n]+)`|((?<!\S)\*[a-z]{2,}\*)|([\\*|_`])")
_RULE = re.compile(r"-{3,}\s*$")
PROSE = frozenset({"Notes", "Examples", "References"})
"""Sections of numpydoc's that hold paragraphs; the others hold lists of names."""


def rst(lines: list[str]) -> list[str]:
    """A docstring for numpydoc.

    Parameters
    ----------
    lines : of the docstring, its common indent taken off

    Returns
    -------
    Lines of which Sphinx understands what is meant and no more.
    """
    starts = [k - 1 for k, line in enumerate(lines) if k and _RULE.match(line)]
    bounds = [0, *starts, len(lines)]
    out = []
    for first, last in pairwise(bounds):
        if first not in starts:
            out += _prose(lines[first:last])
        elif lines[first].strip() in PROSE:
            out += [*lines[first : first + 2], *_prose(lines[first + 2 : last])]
        else:
            out += [*lines[first : first + 2], *map(_escaped, _joined(lines[first + 2 : last]))]
    return out


def _joined(lines: list[str]) -> list[str]:
    """A list of names: with us what follows the colon goes on below it, indented."""
    out: list[str] = []
    for line in lines:
        if line.startswith("    ") and out and " : " in out[-1]:
            out[-1] += f" {line.strip()}"
        else:
            out.append(line)
    return out


def _prose(lines: list[str]) -> list[str]:
    """Paragraphs, and blocks that keep their lines."""
    out: list[str] = []
    for block in "\n".join(lines).split("\n\n"):
        text = [line for line in block.split("\n") if line.strip()]
        if not text:
            continue
        if text[0].lstrip().startswith(">>>"):
            out += [line.strip() for line in text]
        elif any(line.startswith(" ") for line in text):
            out += ["::", "", *(f"    {line}" for line in text)]
        else:
            out += _listed(text)
        out.append("")
    return out


def _listed(text: list[str]) -> list[str]:
    """A paragraph; what starts like an item of a list is one only where a list is meant."""
    return [re.sub(r"^(\(?\w{1,3}[.)])(?= )", r"\\\1", line) for line in map(_escaped, text)]


def _escaped(line: str) -> str:
    return _SPAN.sub(_kept, line)


def _kept(found: "re.Match[str]") -> str:
    code = found[1] or found[2]
    return f"``{code}``" if code else found[3] or f"\\{found[4]}"
