"""A lesson in a browser, served on this machine alone:
a slider moves, the picture follows, nothing complains.
"""

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from playwright.sync_api import expect

import dimfree
from tests.browser.conftest import Watched

ROOT = Path(dimfree.__file__).parent
LESSON = ROOT / "lessons" / "lesson_02_regression.py"
PICTURE = 'img[alt^="Histograms"]'
PATIENCE = 60  # seconds until the server answers; it takes about three


@pytest.fixture
def address(tmp_path: Path) -> Iterator[str]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [
        sys.executable,
        "-m",
        "marimo",
        "--yes",
        "run",
        str(LESSON),
        "--headless",
        "--no-token",
    ]
    server = subprocess.Popen(
        [*command, "--host", "127.0.0.1", "--port", str(port)],
        cwd=ROOT,
        env={**os.environ, "MARIMO_SKIP_UPDATE_CHECK": "1", "XDG_CONFIG_HOME": str(tmp_path)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    url = f"http://127.0.0.1:{port}"
    try:
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline and server.poll() is None:
            with suppress(OSError), urllib.request.urlopen(f"{url}/health", timeout=1) as answer:
                if answer.status == 200:
                    break
            time.sleep(0.2)
        assert server.poll() is None, "the lesson's server ended"
        yield url
    finally:
        server.terminate()
        server.wait(timeout=20)


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
