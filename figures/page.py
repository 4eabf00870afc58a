"""report.html: the figures and claims as one page that needs nothing else:
no network, no font, no script from outside.

The same results give the same bytes: no clock, no machine, no number that is not in a table, a
verdict or a manifest.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any

from figures.markdown import markdown
from figures.mathml import sentence
from figures.report import ORIGINS, counted, fell, judged, kind
from figures.told import Figure, Findings, number

HERE = Path(__file__).parent
TITLE = "dimfree: figures and claims"
KINDS = {
    "identity": "equal, to rounding or a stated tolerance",
    "tight": "equal, within what chance allows",
    "upper": "at most",
    "lower": "at least",
    "rate": "proportional: log-log slope 0 of measured over formula",
}


@dataclass(frozen=True)
class Picture:
    """One figure of the page.

    Attributes
    ----------
    figure : what is told of it
    svg : the drawing, as an SVG file's text
    findings : what was found, for its words
    """

    figure: Figure
    svg: str
    findings: Findings


# --- the figures ----------------------------------------------------------------------------------


def _paper(shows: str, unknown: str) -> list[str]:
    """What the paper shows and what is unknown of it; nothing for what is beyond the paper."""
    told = (("What the paper shows", shows), ("Unknown of its setting", unknown))
    return [
        f"<p><strong>{name}.</strong> {escape(text, quote=False)}</p>"
        for name, text in told
        if text
    ]


def inline_svg(text: str, name: str, alt: str) -> str:
    """An SVG file as an element of the page:
    its styles and ids its own, with a text in place of the picture.

    Parameters
    ----------
    text : the file's
    name : unique on the page
    alt : what is to be seen
    """
    body = text[text.index("<svg") :]
    body = re.sub(r"<metadata>.*?</metadata>", "", body, flags=re.DOTALL)
    body = re.sub(r' xmlns(:\w+)?="[^"]*"', "", body)
    used = set(re.findall(r'(?:href="#|url\(#)([^")]+)', body))
    body = re.sub(
        r' id="([^"]*)"', lambda found: f' id="{name}-{found[1]}"' if found[1] in used else "", body
    )
    body = re.sub(r'(?:xlink:)?href="#', f'href="#{name}-', body)
    body = body.replace("url(#", f"url(#{name}-").replace(
        '"text/css">*', f'"text/css">#{name}-svg *'
    )
    width = float(re.findall(r'width="([\d.]+)pt"', body)[0])
    return body.replace(
        "<svg ",
        f'<svg id="{name}-svg" role="img" aria-labelledby="{name}-alt" style="width: '
        f'{1.8 * width:.0f}px" ',
        1,
    ).replace(">", f'><title id="{name}-alt">{escape(alt, quote=False)}</title>', 1)


def _figure(picture: Picture, command: str) -> str:
    f, figure = picture.findings, picture.figure
    alt = figure.alt(f)
    drawing = inline_svg(picture.svg, figure.name, alt)
    used = ", ".join(f'<a href="#claim-{name}">{name}</a>' for name in figure.claims)
    return "\n".join(
        [
            f'<section id="{figure.name}">',
            f"<h2>{escape(figure.heading)}</h2>",
            f"<figure>{drawing}<figcaption>{escape(alt, quote=False)}</figcaption></figure>",
            *_paper(figure.shows, figure.unknown),
            f"<details><summary>What we ran, and what we found</summary>{markdown(figure.ran(f))}"
            f"{markdown(figure.found(f))}</details>",
            f"<p><strong>Claims.</strong> {used}</p>",
            f"<p><code>{escape(command)}</code></p>",
            "</section>",
        ]
    )


# --- the claims -----------------------------------------------------------------------------------


def _cell(cell: Mapping[str, Any]) -> str:
    text = ", ".join(f"{key} = {value}" for key, value in cell.items())
    return text if len(text) <= 400 else text[:400] + " …"


def _claim(v: Mapping[str, Any], known: frozenset[str]) -> str:
    name = escape(v["name"])
    uses = ", ".join(
        f'<a href="#claim-{u}">{u}</a>' if u in known else escape(u) for u in v["uses"]
    )
    unexpected = "" if v["verdict"] == v["expected"] else f" (expected: {v['expected']})"
    worst = (
        f"measured {number(v['measured'], 6)}, predicted {number(v['predicted'], 6)}: {v['fit']}"
    )
    decoy = (
        f"measured {number(v['decoy_measured'], 6)}, predicted {number(v['decoy_predicted'], 6)}: "
        f"{v['decoy_fit']}"
    )
    cells = (
        f"{v['cells']}, {v['replicates']} replicates at least; the worst: {_cell(v['worst_cell'])}"
    )
    seen = [number(v[size], 2) for size in ("detectable", "detectable_anywhere")]
    smallest = (
        f"a relative change of {seen[0]} at its most precise cell, of {seen[1]} at any"
        if v["detectable"]
        else ""
    )
    terms = (
        ("assumes", sentence(v["assumptions"])),
        ("why", sentence(v["why"])),
        ("paper", escape(v["paper"])),
        ("source", escape(v["source"], quote=False)),
        ("uses", uses),
        ("formula", f"<pre><code>{escape(v['formula'], quote=False)}</code></pre>"),
        ("compared", sentence(worst)),
        ("decoy", sentence(v["decoy"])),
        ("its formula", f"<pre><code>{escape(v['decoy_formula'], quote=False)}</code></pre>"),
        ("compared", sentence(decoy)),
        ("cells", escape(cells, quote=False)),
        ("would see", smallest),
        ("few cells", sentence(v["decoy_reason"])),
        ("expected", sentence(f"{v['expected']}: {v['reason']}") if v["reason"] else ""),
        ("again", f"<code>{escape(v['command'])}</code>"),
    )
    details = "".join(f"<dt>{term}</dt><dd>{text}</dd>" for term, text in terms if text)
    words = escape(" ".join((v["name"], v["statement"], v["source"], v["decoy"])).lower())
    fallen = v["decoy_share"] * 100
    return (
        f'<tr id="claim-{name}" data-paper="{escape(v["paper"])}" '
        f'data-origin="{v["origin"]}" data-kind="{v["kind"]}" data-verdict="{v["verdict"]}" '
        f'data-words="{words}"><th scope="row"><a '
        f'href="#claim-{name}">{name}</a></th><td>{v["origin"]}</td>'
        f'<td>{kind(v)}</td><td><span class="{v["verdict"]}">{judged(v)}</span>{unexpected}</td>'
        f'<td data-key="{fallen:.1f}">at {fell(v)}</td>'
        f"<td><details><summary>{sentence(v['statement'])}</summary><dl>{details}</dl></details>"
        "</td></tr>"
    )


def _choice(field: str, label: str, options: Sequence[tuple[str, str]]) -> str:
    shown = "".join(
        f'<option value="{value}">{escape(text)}</option>'
        for value, text in (("", "all"), *options)
    )
    return f'<label>{label}<select name="{field}">{shown}</select></label>'


def _claims(verdicts: Sequence[Mapping[str, Any]]) -> str:
    def present(field: str) -> list[str]:
        return list(dict.fromkeys(str(v[field]) for v in verdicts))

    choices = (
        _choice("paper", "Paper", [(p, p or "of no paper") for p in present("paper")]),
        _choice(
            "origin", "Origin", [(o, text) for o, text in ORIGINS.items() if o in present("origin")]
        ),
        _choice("kind", "Kind", [(k, f"{k}: {KINDS[k]}") for k in KINDS if k in present("kind")]),
        _choice("verdict", "Verdict", [(v, v) for v in present("verdict")]),
    )
    widths = {
        "Claim": 11,
        "Origin": 6,
        "Kind": 6.5,
        "Verdict": 7.5,
        "Decoy falls": 6.5,
        "Statement": 0,
    }
    columns = "".join(f'<col style="width: {w}rem">' if w else "<col>" for w in widths.values())
    head = "".join(f'<th scope="col"><button type="button">{h}</button></th>' for h in widths)
    names = frozenset(v["name"] for v in verdicts)
    budget = sum(v["false_alarm"] for v in verdicts)
    return (
        '<section id="claims">\n<h2>The claims</h2>\n'
        "<p>Each formula went through the same comparison as a decoy, its smallest false variant; "
        "HOLDS needs the one "
        "accepted and the other rejected. A verdict is about the cells that were measured. A "
        "reading is a sentence of the "
        "paper in a setting or with a threshold of ours: where it fails, nothing is said against "
        "the paper. A description "
        "was chosen after looking: measured, not a theorem. Open a statement for the rest. "
        "Together the stochastic checks "
        f"raise a false alarm in at most {sentence(number(budget, 2))} of runs, exactly where "
        f"replicates are normal and "
        "nominally where they are skewed.</p>\n"
        f'<form id="filter" hidden>{"".join(choices)}'
        '<label>Words<input name="words" type="search" autocomplete="off"></label>'
        '<button type="reset">show all</button><output id="count" '
        'aria-live="polite"></output></form>\n'
        f'<div class="scroll"><table><colgroup>{columns}</colgroup><thead><tr>{head}</tr></thead>'
        "<tbody>\n"
        + "\n".join(_claim(v, names) for v in verdicts)
        + "\n</tbody></table></div>\n</section>"
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


def _proof(proof: str) -> str:
    return (
        '<section id="proof">\n<h2>The explicit bounds, with their proof</h2>\n<p>Derived here; '
        "not in the paper, "
        "and reviewed by nobody outside.</p>\n<details><summary>The proof</summary><pre>"
        f"{escape(proof.strip(), quote=False)}</pre></details>\n</section>"
    )


def render(
    works: Sequence[Mapping[str, Any]],
    pictures: Sequence[Picture],
    claims: Sequence[Mapping[str, Any]],
    manifests: Mapping[str, Mapping[str, Any]],
    where: str,
    proof: str = "",
) -> str:
    """The page.

    Parameters
    ----------
    works : the papers, each with the fields of bounds.claim.Paper
    pictures : the figures, in order
    claims : of each claim, the fields of `dimfree verify --json` and why, formula, decoy_formula,
        fit, decoy_measured, decoy_predicted, decoy_fit, command
    manifests : of each study, by name, what the tables are from
    where : whose results they are, and which preset's
    proof : the derivation of the explicit bounds, printed as it stands

    Returns
    -------
    HTML, a function of the arguments alone.
    """
    links = "".join(
        f'<li><a href="#{p.figure.name}">{escape(p.figure.title)}</a></li>' for p in pictures
    )
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
            f'<nav aria-label="Contents"><ul>{links}<li><a href="#claims">The claims</a></li>'
            '<li><a href="#provenance">Where this comes '
            "from</a></li></ul></nav>\n</header>\n<main>",
            *(_figure(p, f"dimfree draw {p.figure.name}") for p in pictures),
            _claims(claims),
            _proof(proof) if proof else "",
            f"</main>\n{_provenance(works, manifests)}\n<script>\n{script}</script>\n"
            "</body>\n</html>\n",
        ]
    )
