"""Looking at a layer in Chromium: from a click, or another layer, to the picture on the screen."""

import statistics
import time
from collections.abc import Callable

from playwright.sync_api import Page, sync_playwright

from benchmarks.pages import Server
from benchmarks.pairs import table
from tests.browser import chromium

NETWORK = "torchvision/resnet50"
LAYERS = ("layer1.0.conv1", "layer2.0.conv2", "layer3.0.bn1", "layer4.0.conv1", "layer1.2.conv3")
ROUNDS = 9
_ANOTHER = "() => !window.seen[0].isConnected || window.seen[0].src !== window.seen[1]"


def main() -> None:
    """Click channels, then change the layer, each several times."""
    with Server() as url, sync_playwright() as playwright:
        flags = ["--no-sandbox", "--disable-gpu"]
        browser = playwright.chromium.launch(executable_path=chromium.find(), args=flags)
        page = browser.new_page(viewport={"width": 1360, "height": 900})
        model = NETWORK.replace("/", "%2F")
        page.goto(f"{url}/feature_maps?view=Layer&model={model}&weights=random")
        page.locator(".atlas img").last.wait_for(timeout=120_000)
        page.wait_for_timeout(3000)
        print(page.get_by_role("combobox", name="Layer").input_value())
        clicks = [_click(page, 3 + number) for number in range(ROUNDS + 1)]
        changes = [_change(page, LAYERS[number % len(LAYERS)]) for number in range(ROUNDS + 1)]
        browser.close()
    rows = [
        [what, f"{statistics.median(each[1:]):,.0f}", f"{max(each[1:]):,.0f}"]
        for what, each in (("another channel", clicks), ("another layer", changes))
    ]
    table(f"looking: {NETWORK}, until it is shown, ms", ["", "median", "slowest"], rows)


def _click(page: Page, tile: int) -> float:
    """Click a tile of the sheet; return the milliseconds until its channel's picture is another."""
    board = page.locator(".atlas .board").last
    board.scroll_into_view_if_needed()
    box = board.bounding_box()
    assert box
    x, y = box["x"] + 8 + 28 * tile, box["y"] + box["height"] / 2
    return _until_new(page, '[alt^="Channel "]', lambda: page.mouse.click(x, y))


def _change(page: Page, layer: str) -> float:
    """Pick a layer; return the milliseconds until its sheet is shown."""
    field = page.get_by_role("combobox", name="Layer")
    field.click()
    field.fill(layer)
    page.wait_for_timeout(300)
    return _until_new(page, '.atlas img[alt^="All channels"]', lambda: page.keyboard.press("Enter"))


def _until_new(page: Page, picture: str, do: Callable[[], None]) -> float:
    """Return the milliseconds until this picture has another source and is decoded.

    The browser itself watches: to ask it again and again would take the time that is measured.
    """
    page.locator(picture).last.evaluate("image => { window.seen = [image, image.src]; }")
    started = time.perf_counter()
    do()
    page.wait_for_function(_ANOTHER, timeout=30_000)
    image = page.locator(picture).last
    image.wait_for(timeout=30_000)
    image.evaluate("image => image.decode()")
    took = (time.perf_counter() - started) * 1e3
    page.wait_for_timeout(600)
    return took
