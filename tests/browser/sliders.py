"""How long a lesson's picture takes to follow a slider, in the browser, from key to pixels.

    python -m tests.browser.sliders [LESSON ...]

Each slider of each lesson is pressed PRESSES times, each time once the picture before has come. The
time runs from the key's event in the page to the first picture that is there and decoded. Prints
the median and the largest for each lesson, and how many presses brought no new picture. Nothing
here is a test: a busy machine is slower. Takes about a minute and a half.
"""

import statistics
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from playwright.sync_api import Page, sync_playwright
from playwright.sync_api import TimeoutError as TooLong

from tests.browser.conftest import ARGUMENTS, CHROMIUM
from tests.browser.serving import PATIENCE, ROOT, served

PRESSES = 6
LONGEST = 5000  # milliseconds that a picture is waited for
WATCH = """
() => {
  const shown = () => [...document.querySelectorAll("img")].map(one => one.src).join();
  const before = shown();
  window.took = null;
  addEventListener("keydown", () => {
    const begun = performance.now();
    const look = () => {
      const images = [...document.querySelectorAll("img")];
      if (shown() !== before && images.every(one => one.complete && one.naturalWidth))
        window.took = performance.now() - begun;
      else requestAnimationFrame(look);
    };
    requestAnimationFrame(look);
  }, {once: true, capture: true});
}
"""


def pressed(page: Page, key: str) -> float | None:
    """Milliseconds from the key to a new picture; None if none came."""
    page.evaluate(WATCH)
    page.keyboard.press(key)
    try:
        page.wait_for_function("window.took !== null", timeout=LONGEST)
    except TooLong:
        return None
    return float(page.evaluate("window.took"))


def measured(page: Page, url: str) -> list[float | None]:
    """Of every slider and press, what it took."""
    page.goto(url)
    page.locator("img").first.wait_for(timeout=PATIENCE * 1000)
    sliders = page.get_by_role("slider")
    page.wait_for_timeout(1000)
    found = []
    for k in range(sliders.count()):
        sliders.nth(k).focus()
        for press in range(PRESSES):
            found.append(pressed(page, "ArrowRight" if press % 2 == 0 else "ArrowLeft"))
    return found


def main(wanted: Sequence[str]) -> int:
    """Measures and tells."""
    lessons = [Path(one) for one in wanted] or sorted((ROOT / "lessons").glob("lesson_*.py"))
    with tempfile.TemporaryDirectory() as home, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(ARGUMENTS))
        for lesson in lessons:
            with served(lesson.resolve(), Path(home)) as url:
                page = browser.new_page()
                found = measured(page, url)
                page.close()
            times = [one for one in found if one is not None]
            told = f"median {statistics.median(times):.0f} ms, largest {max(times):.0f} ms"
            print(
                f"{lesson.stem:<28} {told}, {len(found)} presses, {len(found) - len(times)} of "
                "them without a new picture",
                flush=True,
            )
        browser.close()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
