"""Which work says what about which quantity: one table of all works,
for the report in Markdown and for the page in HTML.

A row is a work, a column a quantity. A cell says how many of the work's claims speak of the
quantity, and leads to their names. A claim may speak of several.
"""

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from figures.told import judged

Record = Mapping[str, Any]
TITLE = "Which work says what about which quantity"
LEAD = (
    "A row is a work, a column a quantity. A number says how many of the work's claims speak of "
    "the quantity, and leads to their names. A claim may speak of several quantities, so a row "
    "adds up to more than its claims. What is derived here beside a work stands in its row. An "
    "empty cell says that no claim here speaks of the quantity; the work itself may."
)


QUESTIONS: Mapping[str, str] = {
    "scores and laws": "What are scores, targets and laws?",
    "bias": "What stays wrong, however many the data?",
    "variance": "What scatters, and how much?",
    "risk": "How large is the error, and how small can it be?",
    "sample size": "How many data, or noise draws, are enough?",
    "dimension": "What does the dimension cost?",
    "sampled law": "What do samplers return?",
    "discretisation": "What do finite steps cost?",
    "confidence": "What holds with a stated chance?",
    "optimisation": "How is a fit found, or picked?",
    "data and networks": "What is measured on real data, or with networks?",
}
"""Of each quantity, what somebody would ask."""


def year(work: Record) -> str:
    """The year of a work: of the words of its stem the number."""
    return next(word for word in str(work["stem"]).split("_") if word.isdigit())


def short(work: Record) -> str:
    """A work as it is cited in passing: one author or two, or the first of more, and the year.

    Parameters
    ----------
    work : with the fields of bounds.claim.Paper

    Examples
    --------
    >>> short({"authors": ("One", "Two", "Three"), "stem": "one_2024_kernels"})
    'One et al. 2024'
    """
    names = work["authors"]
    who = " and ".join(names) if len(names) < 3 else f"{names[0]} et al."
    return f"{who} {year(work)}"


def _of(claims: Sequence[Record], work: Record, quantity: str) -> list[Record]:
    return [v for v in claims if v["paper"] == work["stem"] and quantity in v["about"]]


def _claims_of(claims: Sequence[Record], work: Record) -> int:
    return sum(v["paper"] == work["stem"] for v in claims)


def _claims_on(claims: Sequence[Record], quantity: str) -> int:
    return sum(quantity in v["about"] for v in claims)


def _marks(claim: Record) -> str:
    """What else there is to say beside its name; nothing of one that holds and is a theorem."""
    marks = [
        *([judged(claim)] if claim["verdict"] != "HOLDS" else []),
        *(["description"] if claim["description"] else []),
    ]
    return f" ({', '.join(marks)})" if marks else ""


def markdown(
    works: Sequence[Record], claims: Sequence[Record], quantities: Mapping[str, str]
) -> str:
    """The section of paper_repro.md: what the quantities mean, the table, the names.

    Parameters
    ----------
    works : each with the fields of bounds.claim.Paper
    claims : each with the fields of `dimfree verify --json`
    quantities : bounds.claim.QUANTITIES: each quantity and what it means

    Returns
    -------
    Markdown that ends with an empty line, a function of the arguments alone.
    """
    rows = [
        f"| work | {' | '.join(quantities)} | claims |",
        f"|---|{'---:|' * (len(quantities) + 1)}",
    ]
    names = []
    for work in works:
        cells = []
        names.append(f"**{short(work)}**\n")
        for quantity in quantities:
            held = _of(claims, work, quantity)
            place = f"about-{work['stem']}-{quantity.replace(' ', '-')}"
            cells.append(f"[{len(held)}](#{place})" if held else "")
            told = ", ".join(f"`{v['name']}`{_marks(v)}" for v in held)
            if held:
                names.append(f'- <a id="{place}"></a>*{quantity}*: {told}')
        names.append("")
        whole = _claims_of(claims, work)
        rows.append(f"| {short(work)} | {' | '.join(cells)} | {whole} |")
    sums = [str(_claims_on(claims, quantity)) for quantity in quantities]
    rows.append(f"| *all works* | {' | '.join(sums)} | {len(claims)} |")
    meanings = [f"- *{quantity}*: {meaning}" for quantity, meaning in quantities.items()]
    return "\n".join(
        [f"## {TITLE}\n", f"{LEAD}\n", *rows, "", "The quantities:\n", *meanings, "", *names, ""]
    )


def html(works: Sequence[Record], claims: Sequence[Record], quantities: Mapping[str, str]) -> str:
    """The same as a section of report.html: a number opens the names below its row, without script.

    Parameters
    ----------
    works, claims, quantities : as for `markdown`

    Returns
    -------
    HTML, a function of the arguments alone.
    """
    head = "".join(f'<th scope="col"><span>{q}</span></th>' for q in (*quantities, "claims"))
    rows = []
    for work in works:
        cells = "".join(_cell(_of(claims, work, q), short(work), q) for q in quantities)
        whole = _claims_of(claims, work)
        name = escape(short(work), quote=False)
        rows.append(f'<tr><th scope="row">{name}</th>{cells}<td>{whole}</td></tr>')
    sums = "".join(f"<td>{_claims_on(claims, q)}</td>" for q in quantities)
    rows.append(f'<tr><th scope="row">all works</th>{sums}<td>{len(claims)}</td></tr>')
    meanings = "".join(
        f"<dt>{q}</dt><dd>{escape(m, quote=False)}</dd>" for q, m in quantities.items()
    )
    body = "\n".join(rows)
    return (
        f'<section id="across" class="across">\n<h2>{TITLE}</h2>\n<p>{LEAD}</p>\n'
        f'<div class="scroll"><table><thead><tr><th scope="col">work</th>{head}</tr></thead>'
        "<tbody>\n"
        f"{body}\n</tbody></table></div>\n<h3>The quantities</h3>\n<dl>{meanings}</dl>\n</section>"
    )


def _cell(held: Sequence[Record], work: str, quantity: str) -> str:
    if not held:
        return "<td></td>"
    links = "".join(
        f'<li><a href="#claim-{v["name"]}">{v["name"]}</a>{escape(_marks(v), quote=False)}</li>'
        for v in held
    )
    what = f"{escape(work)}: {quantity}"
    count = len(held)
    return (
        f'<td><details name="across"><summary aria-label="{count}, {what}">{count}</summary>'
        f"<div><strong>{what}</strong><ul>{links}</ul></div></details></td>"
    )
