"""HTML of the little Markdown that the report's sentences use."""

import re
from html import escape


def markdown(text: str) -> str:
    """HTML of the little Markdown that the report's sentences use:
    paragraphs, lists, tables, `code`, **, *.
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
            cells = [[_inline(cell.strip().replace("\\|", "|")) for cell in row] for row in rows]
            head = "".join(f'<th scope="col">{cell}</th>' for cell in cells[0])
            body = "".join(
                "<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in cells[1:]
            )
            out.append(f'<div class="scroll"><table><tr>{head}</tr>{body}</table></div>')
        elif lines[0].startswith("- "):
            out.append(
                "<ul>" + "".join(f"<li>{_inline(line[2:])}</li>" for line in lines) + "</ul>"
            )
        else:
            out.append(f"<p>{_inline(' '.join(lines))}</p>")
    return "\n".join(out)


def _inline(text: str) -> str:
    text = escape(text, quote=False)
    for mark, tag in ((r"`", "code"), (r"\*\*", "strong"), (r"\*", "em")):
        text = re.sub(rf"{mark}(\S(?:.*?\S)?){mark}", rf"<{tag}>\1</{tag}>", text)
    return text
