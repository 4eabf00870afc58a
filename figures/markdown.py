"""HTML of the little Markdown that the report's sentences use."""

import re
from collections.abc import Callable
from html import escape

from figures.mathml import sentence


def markdown(text: str) -> str:
    """HTML of the little Markdown that the report's sentences use:
    paragraphs, lists, tables, `code`, **, *.

    Formulas of paragraphs, lists and heads of tables are typeset. Of a table's other cells, which
    are mostly numbers, those are that have a script to set.
    """
    out = []
    for block in text.strip().split("\n\n"):
        lines = block.split("\n")
        if lines[0].startswith("|"):
            rows = [
                re.split(r"(?<!\\)\|", line.strip("|"))
                for line in lines
                if not line.startswith("|--")
            ]
            head, *cells = [[cell.strip().replace("\\|", "|") for cell in row] for row in rows]
            top = "".join(f'<th scope="col">{_inline(cell)}</th>' for cell in head)
            body = "".join(
                "<tr>" + "".join(f"<td>{_inline(cell, _of_cell)}</td>" for cell in row) + "</tr>"
                for row in cells
            )
            out.append(f'<div class="scroll"><table><tr>{top}</tr>{body}</table></div>')
        elif lines[0].startswith("- "):
            out.append(
                "<ul>" + "".join(f"<li>{_inline(line[2:])}</li>" for line in lines) + "</ul>"
            )
        else:
            out.append(f"<p>{_inline(' '.join(lines))}</p>")
    return "\n".join(out)


_MARKED = re.compile(r"`([^`]+)`|\*\*(\S(?:.*?\S)?)\*\*|(?<!\w)\*(\S(?:.*?\S)?)\*(?!\w)")
TAGS = ("code", "strong", "em")


def _inline(text: str, put: Callable[[str], str] = sentence) -> str:
    """The marks as elements, and what stands between them by `put`; code as it stands.

    A star right behind a letter is that letter's, as in M*, and opens no emphasis.
    """
    out, at = "", 0
    for found in _MARKED.finditer(text):
        tag, inside = next(pair for pair in zip(TAGS, found.groups(), strict=True) if pair[1])
        shown = _plain(inside) if tag == "code" else _inline(inside, put)
        out += f"{put(text[at : found.start()])}<{tag}>{shown}</{tag}>"
        at = found.end()
    return out + put(text[at:])


def _of_cell(text: str) -> str:
    return sentence(text) if re.search("[_^]", text) else _plain(text)


def _plain(text: str) -> str:
    return escape(text, quote=False)
