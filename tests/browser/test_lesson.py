"""A lesson in a browser, served on this machine alone:
a slider moves, the picture follows, nothing complains.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Watched
from tests.browser.serving import PATIENCE, ROOT, served

LESSON = ROOT / "lessons" / "lesson_02_regression.py"
PICTURE = 'img[alt^="Histograms"]'


@pytest.fixture
def address(tmp_path: Path) -> Iterator[str]:
    with served(LESSON, tmp_path) as url:
        yield url


def test_a_slider_moves_the_picture(address: str, tab: Watched) -> None:
    """One key press on the first slider:
    d = 9, another picture, another number; and an exercise answered.
    """
    page = tab.page
    page.goto(address)
    picture = page.locator(PICTURE)
    expect(picture).to_be_visible(timeout=PATIENCE * 1000)
    before = picture.get_attribute("src")
    assert before is not None
    assert "d = 8," in (picture.get_attribute("alt") or "")
    slider = page.get_by_role("slider").first
    slider.focus()
    page.keyboard.press("ArrowRight")
    expect(page.locator('img[alt*="d = 9,"]')).to_be_visible(timeout=PATIENCE * 1000)
    after = page.locator(PICTURE).get_attribute("src")
    assert after != before
    assert page.locator(PICTURE).evaluate("image => image.complete && image.naturalWidth > 100")

    page.get_by_role("switch").click()
    expect(page.get_by_text("REFUTED", exact=True)).to_be_visible(timeout=PATIENCE * 1000)

    box = page.get_by_placeholder("a number").first
    box.fill("3.39")
    box.press("Enter")
    expect(page.get_by_text("Right.")).to_be_visible(timeout=PATIENCE * 1000)

    assert tab.errors == []
    assert all(url.startswith((address, "data:", "blob:", "ws:")) for url in tab.requests), (
        tab.requests
    )
