"""report.html in a browser with the network off:
it shows, filters, sorts, and obeys the keyboard.
"""

import re
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, expect

import dimfree
from bounds.ledger import CLAIMS
from tests.browser.conftest import Watched

READ = sum(claim.origin == "reading" for claim in CLAIMS)
UPPER_READ = sum(claim.origin == "reading" and claim.kind == "upper" for claim in CLAIMS)


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("report")
    assert dimfree.main(["report", "--out", str(folder)]) == 0
    return folder / "report.html"


@pytest.fixture
def shown(report: Path, context: BrowserContext, tab: Watched) -> Watched:
    context.set_offline(True)
    tab.page.goto(report.as_uri())
    return tab


def test_it_needs_nothing_else(shown: Watched, report: Path) -> None:
    """No request but for the file itself, no console error, every figure drawn."""
    assert [url for url in shown.requests if not url.startswith("data:")] == [report.as_uri()]
    figures = shown.page.locator("figure svg")
    assert figures.count() >= 4
    for k in range(figures.count()):
        box = figures.nth(k).bounding_box()
        assert box is not None
        assert box["width"] > 200
        assert box["height"] > 150
    assert shown.errors == []


def test_filter(shown: Watched) -> None:
    """By origin, by kind, by words, and back; the count says what is there."""
    page, rows = shown.page, shown.page.locator("#claims tbody tr:visible")
    expect(rows).to_have_count(len(CLAIMS))
    page.locator("select[name=paper]").select_option("kumar_2025")
    expect(rows).to_have_count(sum(claim.paper == "kumar_2025" for claim in CLAIMS))
    page.get_by_role("button", name="show all").click()
    page.get_by_label("Origin").select_option("reading")
    expect(rows).to_have_count(READ)
    expect(page.locator("#count")).to_have_text(f"{READ} of {len(CLAIMS)} claims")
    page.locator("select[name=kind]").select_option("upper")
    expect(rows).to_have_count(UPPER_READ)
    page.get_by_role("button", name="show all").click()
    expect(rows).to_have_count(len(CLAIMS))
    page.locator("select[name=about]").select_option("sample size")
    expect(rows).to_have_count(sum("sample size" in claim.about for claim in CLAIMS))
    page.get_by_role("button", name="show all").click()
    page.get_by_label("Verdict").select_option("REFUTED")
    expect(rows).to_have_count(sum(claim.expected == "REFUTED" for claim in CLAIMS))
    page.get_by_role("button", name="show all").click()
    page.get_by_label("Words").fill("kappa schur any weights")
    expect(rows).to_have_count(1)
    assert shown.errors == []


def shares(page: Page) -> list[float]:
    """The share of cells that reject the decoy,
    in the order of the rows; of "at 5 of 17": 0.294.
    """
    shown = page.locator("#claims tbody td:nth-child(5)").all_text_contents()
    return [int(text.split()[1].replace("NONE", "0")) / int(text.split()[3]) for text in shown]


def test_sort(shown: Watched) -> None:
    """By number where it is one: a share of 100 % comes after 9 %; once more turns it round."""
    page = shown.page
    button = page.locator("#claims thead").get_by_role("button", name="Decoy falls")
    button.click()
    cells = shares(page)
    assert cells == sorted(cells)
    words = page.locator("#claims tbody td:nth-child(5)").all_text_contents()
    assert words != sorted(words)
    button.click()
    cells = shares(page)
    assert cells == sorted(cells, reverse=True)
    expect(page.locator("#claims th[aria-sort=descending]")).to_have_count(1)
    page.get_by_role("button", name="show all").click()
    expect(page.locator("#claims th[aria-sort]")).to_have_count(0)
    assert page.locator("#claims tbody th").all_text_contents() == [one.name for one in CLAIMS]
    assert shown.errors == []


def test_no_claim_is_said(shown: Watched) -> None:
    """Where nothing is left a sentence says what to do."""
    page = shown.page
    page.get_by_label("Words").fill("no claim has these words")
    expect(page.locator("#count")).to_contain_text("No claim has all of that")
    expect(page.locator("#claims tbody tr:visible")).to_have_count(0)
    page.get_by_role("button", name="show all").click()
    expect(page.locator("#claims tbody tr:visible")).to_have_count(len(CLAIMS))


def test_keyboard(shown: Watched) -> None:
    """The first tab stop leads past the figures;
    a statement opens with Enter; the focus can be seen.
    """
    page = shown.page
    page.keyboard.press("Tab")
    expect(page.locator(":focus")).to_have_text("To the claims")
    page.keyboard.press("Enter")
    summary = page.locator("#claim-kappa-schur summary")
    summary.focus()
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") is not None
    page.keyboard.press("Enter")
    expect(page.locator("#claim-kappa-schur dl")).to_be_visible()
    expect(page.locator("#claim-kappa-schur code").last).to_have_text("dimfree verify kappa-schur")
    page.keyboard.press("Enter")
    expect(page.locator("#claim-kappa-schur dl")).to_be_hidden()
    assert shown.errors == []


def test_a_link_to_a_claim_opens_it(shown: Watched, report: Path) -> None:
    """Even one that the filter hides."""
    page = shown.page
    page.get_by_label("Origin").select_option("reading")
    expect(page.locator("#claim-kappa-schur")).to_be_hidden()
    page.goto(report.as_uri() + "#claim-kappa-schur")
    expect(page.locator("#claim-kappa-schur dl")).to_be_visible()
    expect(page.locator("#claim-kappa-schur msub").first).to_be_visible()


def test_light_and_dark(shown: Watched) -> None:
    """Ink and ground change places, and the contrast
    of every text colour is at least 4.5 both times.
    """
    page = shown.page
    grounds = []
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        colours = {
            what: luminance(
                page.evaluate(f"getComputedStyle(document.querySelector('{selector}')).{what}")
            )
            for what, selector in (("backgroundColor", "body"), ("color", "body"))
        }
        ground = colours["backgroundColor"]
        grounds.append(ground)
        for selector in ("body", "footer", "a", ".HOLDS", "figcaption", "#claims td"):
            ink = luminance(
                page.evaluate(f"getComputedStyle(document.querySelector('{selector}')).color")
            )
            assert (max(ink, ground) + 0.05) / (min(ink, ground) + 0.05) >= 4.5, (scheme, selector)
        fills = page.evaluate(
            "[...document.querySelectorAll('#figure-3a svg text')]"
            ".map(text => getComputedStyle(text).fill)"
        )
        assert len(fills) > 10
        for ink in map(luminance, fills):  # the figures' words turn dark and light with the page
            assert (max(ink, ground) + 0.05) / (min(ink, ground) + 0.05) >= 4.5, scheme
    assert grounds[0] > 0.9
    assert grounds[1] < 0.1


@pytest.mark.parametrize("width", [360, 1280])
def test_works_and_quantities(shown: Watched, width: int) -> None:
    """By the keyboard alone a number opens its claims' names, all of them in sight, and a link
    leads to the claim; another number closes it, and so does Escape.
    """
    page = shown.page
    page.set_viewport_size({"width": width, "height": 740})
    names = [one.name for one in CLAIMS if one.paper == "vuong_2025" and "risk" in one.about]
    number = page.get_by_label(f"{len(names)}, Vuong et al. 2025: risk")
    number.focus()
    page.keyboard.press("Enter")
    links = page.locator("#across details[open] a")
    expect(links).to_have_text(names)
    for box in [links.nth(k).bounding_box() for k in range(len(names))]:
        assert box is not None and box["x"] >= 0 and box["x"] + box["width"] <= width
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.get_by_label("Vuong et al. 2025: variance").focus()
    expect(links).to_have_count(0)
    page.keyboard.press("Enter")
    expect(links).to_have_count(1)
    page.keyboard.press("Escape")
    expect(links).to_have_count(0)
    number.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator(f"#claim-{names[0]} dl")).to_be_visible()
    assert shown.errors == []


def luminance(colour: str) -> float:
    """Relative luminance of "rgb(r, g, b)" (WCAG)."""
    shares = [int(value) / 255 for value in re.findall(r"\d+", colour)[:3]]
    linear = [s / 12.92 if s <= 0.04045 else ((s + 0.055) / 1.055) ** 2.4 for s in shares]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_narrow_screen(shown: Watched) -> None:
    """On a telephone only the table scrolls sideways, not the page."""
    shown.page.set_viewport_size({"width": 360, "height": 740})
    assert shown.page.evaluate("document.documentElement.scrollWidth") <= 360


@pytest.mark.parametrize("width", [390, 768, 1280])
def test_no_formula_is_cut(shown: Watched, width: int) -> None:
    """With every claim open no formula is wider than what it stands in, on a phone, a tablet and a
    desktop; and the page itself does not scroll sideways.

    Decoy: with lines that may not break, many are.
    """
    page = shown.page
    page.set_viewport_size({"width": width, "height": 1000})
    cut = """() => {
      for (const one of document.querySelectorAll("details")) one.open = true;
      return Array.from(document.querySelectorAll("math")).filter((formula) => {
        const place = formula.closest("summary, dd, td, th, p, li, figcaption, .wide");
        const room = place.getBoundingClientRect();
        return formula.getBoundingClientRect().right > room.right + 1;
      }).map((formula) => formula.textContent);
    }"""
    assert page.evaluate(cut) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.add_style_tag(content="summary, dd { white-space: nowrap; }")
    assert len(page.evaluate(cut)) > 50
