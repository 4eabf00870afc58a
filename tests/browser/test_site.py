"""The documentation site: built without a warning, it needs nothing from elsewhere, no link of it
leads nowhere, and no formula is cut on a telephone, a tablet or a desk.
"""

import re
import subprocess
import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from playwright.sync_api import BrowserContext

import dimfree
from docs.pages import drawn
from tests.browser.conftest import Watched

ROOT = Path(dimfree.__file__).parent
WIDTHS = (390, 768, 1280)
CHAPTERS = len(re.findall(r"^## ", (ROOT / "bounds/theory.md").read_text("utf-8"), re.MULTILINE))

CUT = """() => {
  const width = document.documentElement.clientWidth;
  const cut = formula => {
    const box = formula.getBoundingClientRect();
    if (box.width < 1 || box.height < 1) return true;
    for (let e = formula.parentElement; e; e = e.parentElement) {
      const around = e.getBoundingClientRect(), how = getComputedStyle(e);
      const tall = box.top < around.top - 1 || box.bottom > around.bottom + 1;
      const wide = box.left < around.left - 1 || box.right > around.right + 1;
      if (how.display !== 'inline' && how.overflowY === 'hidden' && tall) return true;
      if (['hidden', 'clip'].includes(how.overflowX) && wide) return true;
      const within = e.parentElement && e.parentElement.closest('article');
      if (['auto', 'scroll'].includes(how.overflowX) && within) {  // it scrolls, not the page
        const still = wide && e.scrollWidth <= e.clientWidth;
        return still || around.left < -1 || around.right > width + 1;
      }
    }
    return box.left < -1 || box.right > width + 1;
  };
  return [...document.querySelectorAll('article math')].filter(cut).map(f => f.textContent);
}"""
"""The formulas of a page that cannot be seen whole, by scrolling the formula or its table if need
be, but not the page."""


class Page(HTMLParser):
    """What a page asks for, where it leads, and the places in it.

    Attributes
    ----------
    asks : addresses that a browser fetches by itself
    leads : addresses of its links
    names : ids
    """

    def __init__(self, text: str) -> None:
        super().__init__()
        self.asks: list[str] = []
        self.leads: list[str] = []
        self.names: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        of = {name: value or "" for name, value in attrs}
        self.names |= {of["id"]} if "id" in of else set()
        if tag == "a" and "href" in of:
            self.leads.append(of["href"])
        elif "src" in of:
            self.asks.append(of["src"])
        elif tag == "link" and of.get("rel") in ("stylesheet", "icon", "preload", "modulepreload"):
            self.asks.append(of.get("href", ""))


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built as `make docs` does it."""
    folder = tmp_path_factory.mktemp("site")
    made = subprocess.run(
        [sys.executable, "-m", "docs.pages", str(folder)], cwd=ROOT, capture_output=True, text=True
    )
    assert (made.returncode, made.stderr) == (0, "")
    return folder / "html"


@pytest.fixture(scope="module")
def pages(site: Path) -> dict[Path, Page]:
    return {path: Page(path.read_text("utf-8")) for path in sorted(site.rglob("*.html"))}


def test_all_is_there(site: Path, pages: dict[Path, Page]) -> None:
    """A chapter of the theory each, a picture of each figure, and a way to all of it from the
    start page.
    """
    assert len(list((site / "theory").glob("*.html"))) == CHAPTERS + 1
    shown = pages[site / "gallery.html"].asks
    for figure in drawn():
        assert any(address.endswith(f"/{figure.name}.png") for address in shown), figure.name
    seen, todo = set[Path](), [site / "index.html"]
    while todo:
        here = todo.pop()
        if here in pages and here not in seen:
            seen.add(here)
            todo += [(here.parent / urlsplit(lead).path).resolve() for lead in pages[here].leads]
    assert set(pages) - seen == {site / "search.html"}  # by its form


def test_nothing_is_asked_for_from_elsewhere(pages: dict[Path, Page]) -> None:
    """No address of another host, in no page and no style sheet."""
    for path, page in pages.items():
        for address in page.asks:
            assert not urlsplit(address).netloc, (path, address)
            here = path.parent / unquote(urlsplit(address).path)
            assert address.startswith("data:") or here.is_file(), (path, address)
    for sheet in {path.parent for path in pages}.pop().rglob("*.css"):
        found = re.findall(r"url\(\s*['\"]?(\w+:)?//[^)]*\)|@import", sheet.read_text("utf-8"))
        assert found == [], sheet


def test_links_lead_somewhere(pages: dict[Path, Page]) -> None:
    """To a page that is there, and to a place in it."""
    count = 0
    for path, page in pages.items():
        for lead in page.leads:
            parts = urlsplit(lead)
            if parts.scheme or parts.netloc:
                continue
            there = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            assert there in pages, (path, lead)
            place = unquote(parts.fragment)
            assert not place or place in pages[there].names, (path, lead)
            count += 1
    assert count > 1000


def texts(site: Path) -> Iterator[Path]:
    """The start page, the glossary and the theory."""
    yield site / "index.html"
    yield site / "glossary.html"
    yield from sorted((site / "theory").glob("*.html"))


def test_no_formula_is_cut(site: Path, context: BrowserContext, tab: Watched) -> None:
    """At none of three widths, nor is the page wider than the screen; with the network off nothing
    complains, and nothing but files of the site is read.
    """
    context.set_offline(True)
    counts = []
    for path in texts(site):
        for width in WIDTHS:
            tab.page.set_viewport_size({"width": width, "height": 900})
            tab.page.goto(path.as_uri())
            assert tab.page.evaluate(CUT) == [], (path.name, width)
            for part in ("html", ".content"):  # the theme lets the latter scroll
                wide = f"(e => e.scrollWidth - e.clientWidth)(document.querySelector('{part}'))"
                assert tab.page.evaluate(wide) <= 0, (path.name, width, part)
        counts.append(tab.page.locator("article math").count())
    assert sum(counts) > 2000
    assert tab.errors == []
    home = site.as_uri()
    assert {url for url in tab.requests if not url.startswith((home, "data:"))} == set()


def test_a_cut_formula_is_seen(site: Path, tab: Watched) -> None:
    """The decoys: too wide for its box, too tall for it, wider than the page, and not drawn; a box
    that scrolls is none.
    """
    tab.page.goto((site / "glossary.html").as_uri())
    sum_of = f"<math><mi>x</mi>{'<mo>+</mo><mi>x</mi>' * 60}</math>"
    for style, seen in (
        ("width: 5rem; overflow: hidden", 1),
        ("height: 4px; overflow: hidden", 1),
        ("width: 5rem", 1),
        ("display: none", 1),
        ("width: 5rem; overflow-x: auto", 0),
    ):
        tab.page.evaluate(
            "([style, inside]) => document.querySelector('article').innerHTML ="
            " `<div style='${style}'>${inside}</div>`",
            [style, sum_of],
        )
        assert len(tab.page.evaluate(CUT)) == seen, style


def test_search_finds_without_a_server(site: Path, tab: Watched) -> None:
    """The index is a script of the site's own."""
    tab.page.goto((site / "search.html").as_uri() + "?q=kappa")
    found = tab.page.locator("#search-results li a")
    found.first.wait_for()
    assert found.count() > 3
    assert tab.errors == []
