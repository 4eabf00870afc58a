"""report.html: the figures and claims as one page that needs nothing else:
no network, no font, no script from outside.

The same results give the same bytes: no clock, no machine, no number that is not in a table, a
verdict or a manifest.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from types import MappingProxyType
from typing import Any

from figures import across, minute
from figures.claims_table import ledger, yours
from figures.inline import inline_svg
from figures.markdown import markdown
from figures.mathml import sentence
from figures.report import counted
from figures.told import Figure, Findings, ended

HERE = Path(__file__).parent
TITLE = "dimfree: figures and claims"


@dataclass(frozen=True)
class Picture:
    """One figure of the page.

    Attributes
    ----------
    figure : what is told of it
    svg : the drawing, as an SVG file's text
    findings : what was found, for its words
    caption : what is drawn
    results : whose results it shows: "preset paper"
    """

    figure: Figure
    svg: str
    findings: Findings
    caption: str
    results: str


@dataclass(frozen=True)
class Yours:
    """A reader's own claims.

    Attributes
    ----------
    file : where they are from, as the reader named it
    claims : each with the fields that a claim has in `render`
    paper : the work that they are of, with the fields of bounds.claim.Paper; None without one
    """

    file: str
    claims: Sequence[Mapping[str, Any]]
    paper: Mapping[str, Any] | None


# --- the figures ----------------------------------------------------------------------------------


def _paper(shows: str, unknown: str) -> list[str]:
    """What the paper shows and what is unknown of it; nothing for what is beyond the paper."""
    told = (("What the paper shows", shows), ("Unknown of its setting", unknown))
    return [
        f"<p><strong>{name}.</strong> {sentence(ended(text))}</p>" for name, text in told if text
    ]


def _figure(picture: Picture, command: str) -> str:
    f, figure = picture.findings, picture.figure
    drawing = inline_svg(picture.svg, figure.name, figure.alt(f))
    headline = figure.headline(f)
    caption = sentence(f"{picture.caption} Results: {picture.results}.".strip())
    used = ", ".join(f'<a href="#claim-{name}">{name}</a>' for name in figure.claims)
    return "\n".join(
        [
            f'<section id="{figure.name}">',
            f"<h2>{escape(figure.heading)}</h2>",
            f'<p class="headline"><strong>{escape(headline, quote=False)}</strong></p>',
            f"<figure>{drawing}<figcaption>{caption}</figcaption></figure>",
            *_paper(figure.shows, figure.unknown),
            f"<details><summary>What we ran, and what we found</summary>{markdown(figure.ran(f))}"
            f"{markdown(figure.found(f))}</details>",
            f"<p><strong>Claims.</strong> {used}</p>",
            f"<p><code>{escape(command)}</code></p>",
            "</section>",
        ]
    )


# --- where it all comes from ----------------------------------------------------------------------


def _provenance(
    works: Sequence[Mapping[str, Any]], manifests: Mapping[str, Mapping[str, Any]]
) -> str:
    headings = (
        *("study", "seed", "replicates", "rows", "cells missing"),
        *("code", "commit", "made with", "SHA-256 of the CSV"),
    )
    rows = []
    for name, m in manifests.items():
        versions = ", ".join(f"{what} {version}" for what, version in m["versions"].items())
        counts = m["counts"]
        cells = (
            name,
            m["seed"],
            m["config"]["replicates"],
            counts["rows"],
            counts["cells_missing"],
            m["code"],
        )
        rows.append(
            [*cells, str(m["commit"] or "none")[:12], versions, m["csv"]["sha256"][:16] + "…"]
        )
    head = "".join(f'<th scope="col">{h}</th>' for h in headings)
    body = "".join(
        "<tr>" + "".join(f"<td>{escape(str(c))}</td>" for c in row) + "</tr>" for row in rows
    )
    return (
        '<footer id="provenance">\n<h2>Where this comes from</h2>\n'
        "<p>Made by <code>dimfree report</code> from the tables of these studies, and from nothing "
        "else; the same "
        "tables give the same bytes. The works, of which every setting is ours:</p>\n"
        + "".join(_work(work) for work in works)
        + f'<div class="scroll"><table><tr>{head}</tr>{body}</table></div>\n</footer>'
    )


def _subject(works: Sequence[Mapping[str, Any]]) -> str:
    return (
        "A paper on score matching" if len(works) < 2 else f"{len(works)} works on score matching"
    )


def _work(work: Mapping[str, Any]) -> str:
    """A work as a bibliography has it, what we have of it, and what we do not."""
    cited = f"{', '.join(work['authors'])}: {work['title']}. {work['venue']}, {work['link']}."
    unknown = f" Unknown: {'; '.join(work['unknown'])}." if work["unknown"] else ""
    text = f"{cited} Of it we have {work['have']}.{unknown}"
    return f"<p>{escape(text, quote=False)}</p>\n"


def _contents(
    works: Sequence[Mapping[str, Any]],
    pictures: Sequence[Picture],
    claims: Sequence[Mapping[str, Any]],
    own: bool,
    across_works: bool,
    proof: bool,
) -> str:
    """Where things are: by work, what goes across all, and by question."""
    lines = []
    for work in works:
        figures = [p.figure for p in pictures if p.figure.paper == work["stem"]]
        links = "; ".join(f'<a href="#{one.name}">{escape(one.title)}</a>' for one in figures)
        if links:
            lines.append(f"<li>{escape(across.short(work))}: {links}</li>")
    ends = [
        *([("your-claims", "Your claims")] if own else []),
        *([("across", "Which work says what about which quantity")] if across_works else []),
        ("claims", "The claims"),
        *([("proof", "The dimension-free theorem, with its proof")] if proof else []),
        ("provenance", "Where this comes from"),
    ]
    lines += [f'<li><a href="#{place}">{words}</a></li>' for place, words in ends]
    return (
        f'<nav id="contents" aria-label="Contents">\n<h2>By work</h2>\n<ul>{"".join(lines)}</ul>\n'
        f"{_by_question(pictures, claims)}</nav>"
    )


def _by_question(pictures: Sequence[Picture], claims: Sequence[Mapping[str, Any]]) -> str:
    """The figures once more, under each question that a claim of theirs speaks to."""
    about = {v["name"]: v["about"] for v in claims}
    lines = []
    for quantity, question in across.QUESTIONS.items():
        links = [
            f'<li><a href="#{p.figure.name}">{escape(p.figure.title)}</a></li>'
            for p in pictures
            if any(quantity in about.get(name, ()) for name in p.figure.claims)
        ]
        if links:
            told = f"<summary>{question}</summary><ul>{''.join(links)}</ul>"
            lines.append(f"<details>{told}</details>")
    return f"<h2>By question</h2>\n{''.join(lines)}\n" if lines else ""


def _proof(proof: str) -> str:
    return (
        '<section id="proof" class="proof">\n<h2>The dimension-free theorem, with its proof</h2>\n'
        "<p>Derived here; not in the paper, and reviewed by nobody outside. Its claims: "
        '<a href="#claim-log-concave-bound">log-concave-bound</a> and those that it uses. Other '
        "sections that it names are of bounds/theory.md.</p>\n"
        f"{proof}</section>"
    )


def render(
    works: Sequence[Mapping[str, Any]],
    pictures: Sequence[Picture],
    claims: Sequence[Mapping[str, Any]],
    manifests: Mapping[str, Mapping[str, Any]],
    where: str,
    proof: str = "",
    own: Yours | None = None,
    quantities: Mapping[str, str] = MappingProxyType({}),
) -> str:
    """The page.

    Parameters
    ----------
    works : the papers, each with the fields of bounds.claim.Paper
    pictures : the figures, in order
    claims : of each claim, the fields of `dimfree verify --json` and why, fit, decoy_measured,
        decoy_predicted, decoy_fit, command; of the reader's own also formula and decoy_formula
    manifests : of each study, by name, what the tables are from
    where : whose results they are, and which preset's
    proof : the theorem and its proof as HTML, printed as it stands
    own : the reader's own claims, in a section of their own
    quantities : what a claim can be about, and what each means; without them there is no table

    Returns
    -------
    HTML, a function of the arguments alone.
    """
    style, script = ((HERE / name).read_text(encoding="utf-8") for name in ("page.css", "page.js"))
    return "\n".join(
        [
            '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            '<link rel="icon" href="data:,">',
            f"<title>{TITLE}</title>\n<style>\n{style}</style>\n</head>\n<body>",
            '<a class="skip" href="#claims">To the claims</a>',
            f"<header>\n<h1>{TITLE}</h1>",
            f"<p>{_subject(works)}, checked. {counted(claims)}</p>",
            f"<p>Results: {escape(where, quote=False)}.</p>",
            "</header>\n<main>",
            minute.html([(p.figure, p.findings) for p in pictures]),
            _contents(works, pictures, claims, own is not None, bool(quantities), bool(proof)),
            yours(own.file, own.claims, _work(own.paper) if own.paper else "") if own else "",
            *(_figure(p, f"dimfree draw {p.figure.name}") for p in pictures),
            across.html(works, claims, quantities) if quantities else "",
            ledger(claims),
            _proof(proof) if proof else "",
            f"</main>\n{_provenance(works, manifests)}\n<script>\n{script}</script>\n"
            "</body>\n</html>\n",
        ]
    )
