"""report.html: self-contained, the same bytes from the same results, other bytes from others."""

import ast
import copy
import inspect
import re
from dataclasses import replace
from functools import partial
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from matplotlib.colors import to_hex, to_rgb

import dimfree
from bounds.claim import QUANTITIES
from bounds.ledger import CLAIMS
from figures import across, style
from figures import page as page_module
from figures.catalog import FIGURES
from figures.inline import COLOURS, inline_svg
from figures.markdown import markdown
from figures.page import Picture, render
from studies import verdicts
from studies.catalog import STUDIES
from tests.measured import all_committed, committed, committed_verdicts

LIMIT = 120_000 * len({figure.paper for figure in FIGURES})  # bytes
VOID = {"meta", "link", "input", "col", "br", "img", "wbr"}

WORK: dict[str, Any] = {
    "stem": "one_2025",
    "title": "Some title",
    "authors": ("One", "Two"),
    "venue": "V",
    "link": "https://x",
    "have": "its abstract",
    "unknown": ("C",),
}
CLAIM: dict[str, Any] = {
    "name": "some-claim",
    "statement": "E risk of <DSM> is tr(C_t) d/m.",
    "assumptions": "Gaussian data.",
    "source": 'theory.md, "x"',
    "origin": "derived",
    "paper": "one_2000",
    "kind": "tight",
    "verdict": "HOLDS",
    "expected": "HOLDS",
    "reason": "",
    "decoy": "d/(m + 1)",
    "description": False,
    "about": ["risk"],
    "decoy_rejected": True,
    "decoy_share": 5 / 17,
    "decoy_reason": "",
    "measured": 1.2345678,
    "predicted": 1.2345,
    "fit": "apart by 0.5 of what is allowed",
    "worst_cell": {"d": 8},
    "cells": 17,
    "replicates": 300,
    "false_alarm": 1e-9,
    "detectable": 0.0123,
    "detectable_anywhere": 0.456,
    "certified": False,
    "uses": ["other"],
    "why": "Because.",
    "formula": "c['d'] < 1",
    "decoy_formula": "c['d'] + 1",
    "decoy_measured": 3.5,
    "decoy_predicted": 4.5,
    "decoy_fit": "far beyond what is allowed",
    "command": "dimfree verify some-claim",
}
MANIFEST: dict[str, Any] = {
    "seed": 7,
    "config": {"replicates": 11},
    "counts": {"rows": 1234, "cells_missing": 0},
    "code": "0.1.0+abc",
    "commit": None,
    "versions": {"python": "3.11"},
    "csv": {"sha256": "f" * 64},
}
SVG = (
    '<?xml version="1.0"?>\n<svg xmlns="http://www.w3.org/2000/svg" width="100pt" height="50pt">'
    '<metadata><a href="http://x"/></metadata><defs><style type="text/css">*{stroke: red}</style>'
    '<path id="p1"/></defs><use xlink:href="#p1" clip-path="url(#p1)"/></svg>'
)


class Reader(HTMLParser):
    """What a page refers to, its ids, and whether its elements close."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: list[str] = []
        self.refers: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in VOID:
            self.open.append(tag)
        for key, value in attrs:
            if key == "id":
                self.ids.append(str(value))
            if key in ("href", "src", "xlink:href", "action", "data"):
                self.refers.append(str(value))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


@pytest.fixture(scope="module")
def page() -> str:
    return dimfree.page_text(all_committed(), committed_verdicts(), "here")


def test_self_contained(page):
    """Under 120 kB a work, 1.7 MB for fourteen; every reference is to a place on the page itself,
    and is there; no id twice; all elements close.
    """
    assert len(page.encode()) < LIMIT
    reader = Reader(page)
    assert reader.open == []
    assert len(reader.ids) == len(set(reader.ids))
    for address in reader.refers:
        inline = address == "data:," or address.startswith("data:image/png;base64,")
        assert inline or address[0] == "#", address[:80]
        assert inline or address[1:] in reader.ids, address[:80]
    assert "http" not in re.sub(r"<(dd|td|p)>[^<]*</\1>", "", page)
    assert not re.search(r"@import|url\((?!#)|fetch\(|XMLHttp|<script [^>]*src", page)


def test_a_page_that_is_not_self_contained_is_seen(page):
    """The decoys: a font from elsewhere, a link into nothing, an id twice."""
    assert re.search(
        r"url\((?!#)", page.replace("<style>", "<style>@font-face{src:url(http://x)}", 1)
    )
    assert set(Reader(page + '<a href="#nowhere"></a>').refers) - {
        "#" + i for i in Reader(page).ids
    } >= {"#nowhere"}
    ids = Reader(page + '<p id="claims"></p>').ids
    assert len(ids) != len(set(ids))


def test_same_results_same_bytes():
    """Two pages of two works' results: three figures. With one verdict less it is another."""
    some = [s.name for s in STUDIES if s.name.startswith(("evidence-wang", "error-vs-timestep"))]
    results = {name: committed(name) for name in some}
    judged = verdicts.judge(CLAIMS, results)
    text = dimfree.page_text(results, judged, "here")
    assert dimfree.page_text(dict(reversed(results.items())), judged, "here") != text
    assert dimfree.page_text(dict(results), list(judged), "here") == text
    assert dimfree.page_text(results, judged[1:], "here") != text


def test_all_is_there(page):
    """Every figure with its text, every claim with all
    that was promised of it, every study's manifest.
    """
    for figure in FIGURES:
        assert f'<title id="{figure.name}-alt">' in page
    for claim in CLAIMS:
        row = page[page.index(f'<tr id="claim-{claim.name}"') :]
        row = row[: row.index("</tr>")]
        for wanted in ("decoy", "compared", "cells", "again"):
            assert f"<dt>{wanted}</dt>" in row, (claim.name, wanted)
        assert f"dimfree verify {claim.name}</code>" in row
        assert f'data-paper="{claim.paper}"' in row
        assert (
            f'data-origin="{claim.origin}" data-kind="{claim.kind}" data-verdict="{claim.expected}"'
            in row
        )
    for quantity in QUANTITIES:
        assert f"<dt>{quantity}</dt>" in page
    assert page.count("<math>") > 300
    for table in all_committed().values():
        assert table.manifest["csv"]["sha256"][:16] in page


def test_numbers_come_from_the_claims():
    """Each number that is shown moves when its field does;
    a constant typed into the template would not.
    """
    base = render([WORK], [], [CLAIM], {"study": MANIFEST}, "here")
    assert "E</mi>" in base
    assert "&lt;DSM&gt;" in base
    assert "c['d']" not in base  # the code of a formula: `dimfree explain` has it
    changes: dict[str, Any] = {
        "measured": 9.87654,
        "predicted": 8.76543,
        "fit": "met with room to spare",
        "decoy_measured": 7.65432,
        "decoy_predicted": 6.54321,
        "decoy_fit": "apart by 2",
        "cells": 18,
        "replicates": 301,
        "detectable": 0.5,
        "detectable_anywhere": 0.6,
        "false_alarm": 0.25,
        "decoy_share": 6 / 17,
        "decoy_reason": "Few.",
        "description": True,
        "about": ["risk", "bias"],
        "origin": "reading",
        "paper": "two_2001",
        "verdict": "REFUTED",
        "certified": True,
        "why": "Why not.",
        "command": "dimfree verify elsewhere",
        "worst_cell": {"d": 9},
        "reason": "It is so.",
    }
    for field, value in changes.items():
        assert render([WORK], [], [CLAIM | {field: value}], {"study": MANIFEST}, "here") != base, (
            field
        )
    assert "(expected: HOLDS)" in render(
        [WORK], [], [CLAIM | {"verdict": "REFUTED"}], {"study": MANIFEST}, "here"
    )
    assert '<option value="one_2000">one_2000</option>' in base
    assert "at 5 of 17" in base
    assert (
        "A paper on score matching, checked. 1 claim: 1 derived; 1 HOLDS. All are as expected."
        in base
    )
    assert "<p>Results: here.</p>" in base
    assert (
        "<p>One, Two: Some title. V, https://x. Of it we have its abstract. Unknown: C.</p>" in base
    )
    assert "2 works on score matching, checked." in render(
        [WORK, WORK], [], [CLAIM], {"study": MANIFEST}, "here"
    )
    assert "elsewhere" in render([WORK], [], [CLAIM], {"study": MANIFEST}, "elsewhere")
    assert "at NONE of 17" in render(
        [WORK], [], [CLAIM | {"decoy_share": 0.0}], {"study": MANIFEST}, "here"
    )
    for path in (
        ("seed",),
        ("config", "replicates"),
        ("counts", "rows"),
        ("counts", "cells_missing"),
        ("code",),
    ):
        other = copy.deepcopy(MANIFEST)
        inner = other
        for key in path[:-1]:
            inner = inner[key]
        inner[path[-1]] = 987654
        assert "987654" in render([WORK], [], [CLAIM], {"study": other}, "here")


def test_the_contents_ask_what_somebody_would_ask(page):
    """A question for each quantity, in order; under it the figures with a claim on it, and no
    other. The decoy: a figure whose claims say nothing of networks.
    """
    assert list(across.QUESTIONS) == list(QUANTITIES)
    about = {claim.name: claim.about for claim in CLAIMS}
    place = 0
    for quantity, question in across.QUESTIONS.items():
        place = page.index(f"<summary>{question}</summary>", place)
        told = page[place : page.index("</details>", place)]
        wanted = [f.name for f in FIGURES if any(quantity in about[name] for name in f.claims)]
        assert re.findall(r'href="#([^"]*)"', told) == wanted != []
    assert "beyond-networks" in wanted and "figure-1b" not in wanted


def test_what_the_claims_are_about():
    """The table of works and quantities stands before the claims, with a link from the contents;
    without quantities there is none. A claim's row and the choice above it have its quantities.
    """
    claim = CLAIM | {"paper": WORK["stem"], "about": ["bias", "sample size"]}
    rendered = partial(render, [WORK], [], [claim], {"study": MANIFEST}, "here")
    told, without = rendered(quantities={"bias": "what stays wrong"}), rendered()
    assert across.html([WORK], [claim], {"bias": "what stays wrong"}) in told
    assert told.index('href="#across"') < told.index('id="across"') < told.index('id="claims"')
    assert "#across" not in without and 'id="across"' not in without
    assert '<select name="about"><option value="">all</option><option value="bias">bias<' in told
    assert 'data-about="bias; sample size"' in told
    assert "<dt>about</dt><dd>bias, sample size</dd>" in told


def test_figures_do_not_disturb_each_other():
    """Two drawings with the same ids: each keeps its own,
    and its styles to itself; nothing of outside is left.
    """
    one, two = (inline_svg(SVG, name, f"A & B {name}") for name in ("one", "two"))
    assert 'id="one-0"' in one
    assert 'href="#one-0"' in one
    assert "url(#one-0)" in one
    assert "#one-svg *{" in one
    assert 'role="img" aria-labelledby="one-alt"' in one
    assert '<title id="one-alt">A &amp; B one</title>' in one
    assert "http" not in one + two
    assert not set(Reader(one).ids) & set(Reader(two).ids)


def test_a_dark_page_has_dark_figures():
    """Ink, faint ink and paper are the page's, data keep their colours; the page and the figures
    agree on what ink is. Decoy: a colour a shade off is left alone.
    """
    named = dict(zip(COLOURS, (style.INK, style.FAINT, "white"), strict=True))
    assert all(to_hex(colour) == f"#{name}" for name, colour in named.items())
    svg = SVG.replace("</svg>", '<path style="fill: #1a1a1a; stroke: #ffffff"/></svg>')
    svg = svg.replace("</svg>", '<path style="fill: #0173b2; stroke: #1a1a1b"/></svg>')
    inline = inline_svg(svg, "one", "")
    assert "fill: var(--ink); stroke: var(--ground)" in inline
    assert "fill: #0173b2; stroke: #1a1a1b" in inline


@pytest.mark.parametrize(("ground", "least"), [("#15181c", 3.0), ("#ffffff", 2.2)])
def test_data_stand_out_from_the_ground(ground: str, least: float):
    """The contrast of each colour of data with the page's two grounds. WCAG asks 3 of graphics; on
    white the palette's orange, pink and pale blue have less, and markers, dashes and labels tell
    curves apart as well. Decoy: the dark ground's own ink-like grey has none.
    """
    css = (Path(page_module.__file__).parent / "page.css").read_text()
    assert f"--ground: {ground}" in css

    def light(colour: Any) -> float:
        shares = np.asarray(to_rgb(colour))
        linear = np.where(shares <= 0.04045, shares / 12.92, ((shares + 0.055) / 1.055) ** 2.4)
        return float(linear @ [0.2126, 0.7152, 0.0722])

    def contrast(colour: Any) -> float:
        one, two = sorted((light(colour), light(ground)))
        return (two + 0.05) / (one + 0.05)

    assert min(map(contrast, style.COLOURS)) >= least
    assert contrast({"#15181c": "#202428", "#ffffff": "#e0e0e0"}[ground]) < least


def test_coordinates_are_rounded():
    """To a hundredth of a point, in paths, places and shifts; a scale keeps its digits."""
    path = '<path d="M 1.234567 -0.001 \nL 10 2.5" x="3.14159" transform="translate(1.00049 2) '
    inline = inline_svg(SVG.replace("</svg>", path + 'scale(0.015625)"/></svg>'), "one", "")
    assert '<path d="M 1.23 -0 L 10 2.5" x="3.14" transform="translate(1 2) scale(0.015625)"/>' in (
        inline
    )


def test_headlines(page):
    """Above each picture one sentence of at most 25 words that holds a number; and no number of it
    is typed in: the template's own words have no digit.
    """
    shown = dict(
        re.findall(r'<section id="([^"]+)">\n.*\n<p class="headline"><strong>(.*)</strong>', page)
    )
    assert set(shown) == {figure.name for figure in FIGURES}
    for name, text in shown.items():
        assert len(text.split()) <= 25, name
        assert re.fullmatch(r"[^a-z].*[^.]\.", text) and not re.search(r"[.!?] [A-Z]", text), name
        assert re.search(r"\d", text), name
        assert "nan" not in text and "inf" not in text.split(), name
    for figure in FIGURES:
        for said in spoken(inspect.getsource(figure.headline)):
            assert not re.search("[0-9]", said), (figure.name, said)
    assert spoken("def f(x):\n    return f'{x:.0f} of 12'") == [" of 12"]


def spoken(source: str) -> list[str]:
    """The words that a function's source puts between the values of its f-strings."""
    nodes = list(ast.walk(ast.parse(source)))
    formats = {id(one.format_spec) for one in nodes if isinstance(one, ast.FormattedValue)}
    parts = [one for one in nodes if isinstance(one, ast.JoinedStr) and id(one) not in formats]
    return [
        str(one.value) for part in parts for one in part.values if isinstance(one, ast.Constant)
    ]


def test_captions_stand_under_the_pictures(page):
    """Each its own, with whose results it shows; the alternative text is not said twice."""
    for figure in FIGURES:
        part = page[page.index(f'<section id="{figure.name}">') :]
        part = part[: part.index("</section>")]
        (caption,) = re.findall(
            r"<figcaption>(.+?) Results: (?:preset|settings).*?</figcaption>", part
        )
        (alt,) = re.findall(rf'<title id="{figure.name}-alt">(.+?)</title>', part)
        assert part.count(alt) == 1 and caption != alt
    captions = re.findall("<figcaption>(.+?)</figcaption>", page)
    assert len(set(captions)) == len(FIGURES)


def test_a_figure_has_its_own_words():
    figure = replace(
        FIGURES[0],
        name="figure-9",
        alt=lambda f: "What is seen",
        headline=lambda f: "What it says & means.",
        ran=lambda f: "r",
        found=lambda f: f["x"],
    )
    picture = Picture(figure, SVG, {"x": "what is found"}, "What is <drawn>.", "preset quick")
    text = render([WORK], [picture], [CLAIM], {"study": MANIFEST}, "here")
    assert '<p class="headline"><strong>What it says &amp; means.</strong></p>\n<figure>' in text
    assert "<figcaption>What is &lt;drawn&gt;. Results: preset quick.</figcaption>" in text
    assert '<title id="figure-9-alt">What is seen</title>' in text
    assert "<p>what is found</p>" in text
    assert "dimfree draw figure-9" in text


def test_markdown():
    """Paragraphs, lists, tables with an escaped bar, the three marks;
    and nothing that looks like HTML gets through.
    """
    assert markdown("one **two** `c` *four* <five>") == (
        "<p>one <strong>two</strong> <code>c</code> <em>four</em> &lt;five&gt;</p>"
    )
    assert markdown("- one\n- two") == "<ul><li>one</li><li>two</li></ul>"
    assert "<td>−2</td><td><math><msub>" in markdown("| one | two |\n|---|---|\n| −2 | x_i |")
    table = markdown("| one | σ_t |\n|---|---|\n| log\\|H\\| | 2 * 3 * 4 |")
    assert '<th scope="col">one</th><th scope="col"><math><msub>' in table
    assert "<td>log|H|</td><td>2 * 3 * 4</td>" in table


def test_formulas_of_prose_are_typeset():
    """Under a mark as well, and not in code; the star of M* is no mark. Catches scripts that would
    be printed as underscores and carets, and marks that a formula swallows.
    """
    shown = markdown("risk **below σ_t²** at `σ_t²`, with M* and *here* M*.")
    assert "<strong>below <math><msubsup>" in shown
    assert "<code>σ_t²</code>" in shown
    assert shown.count("<mi>M</mi><mo>*</mo></msup>") == 2 and "<em>here</em>" in shown


def test_no_script_is_printed_as_it_is_written(page):
    """No caret and no underscore, but in code and links, in all that is told of the figures: from
    headings and alternative texts to tables. Decoy: one in front of a headline is found.
    """

    def raw(text: str) -> list[str]:
        text = text[text.index("<main>") : text.index('<section id="claims"')]
        text = re.sub(r"<(code|a|style|script|svg)\b.*?</\1>", lambda m: alt_of(m[0]), text)
        return re.findall(r"[^\s<>]*[_^][^\s<>]*", re.sub(r"<[^>]*>", " ", text))

    def alt_of(element: str) -> str:
        return " ".join(re.findall(r"<title id=[^>]*>([^<]*)</title>", element))

    assert raw(page) == []
    assert raw(page.replace('<p class="headline"><strong>', "<p>x_i ", 1)) == ["x_i"]
