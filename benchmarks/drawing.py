"""The drawing of the data flow in Chromium: how long until a fully opened network stands."""

import json
import statistics

from playwright.sync_api import Page, sync_playwright

from benchmarks.pages import Server
from benchmarks.pairs import table
from tests.browser import chromium

NAMES = (
    "torchvision/resnet50",
    "torchvision/densenet201",
    "torchvision/swin_v2_b",
    "torchvision/maxvit_t",
    "timm/efficientnet_b8",
    "timm/hrnet_w64",
)
DEEPEST = 12


def main() -> None:
    """Open each network level by level, then close it and open it whole again."""
    rows = []
    with Server() as url, sync_playwright() as playwright:
        flags = ["--no-sandbox", "--disable-gpu"]
        browser = playwright.chromium.launch(executable_path=chromium.find(), args=flags)
        page = browser.new_page(viewport={"width": 1360, "height": 900})
        for name in NAMES:
            page.goto(f"{url}/anatomy?arch={name.replace('/', '%2F')}")
            page.locator('.graph [data-part="-1"]').wait_for(timeout=120_000)
            boxes, first = _open_whole(page)
            again = [_redraw(page) for _ in range(5)]
            rows.append([name, str(boxes), f"{first:,.0f}", f"{statistics.median(again):,.0f}"])
        browser.close()
    table(
        "drawing: fully opened, layout and SVG, ms",
        ["network", "boxes", "slowest first time", "median again"],
        rows,
    )


def _open_whole(page: Page) -> tuple[int, float]:
    """Return how many boxes there are in the end, and the longest time a level took."""
    slowest, boxes = 0.0, -1
    for _ in range(DEEPEST):
        page.locator(".graph .deeper").click()
        drawn = _drawn(page)
        slowest = max(slowest, drawn["milliseconds"])
        if drawn["boxes"] == boxes:
            break
        boxes = drawn["boxes"]
    return boxes, slowest


def _redraw(page: Page) -> float:
    page.locator(".graph .shapes").click()
    return _drawn(page)["milliseconds"]


def _drawn(page: Page) -> dict:
    page.evaluate("() => new Promise((done) => requestAnimationFrame(() => setTimeout(done)))")
    return json.loads(page.locator(".graph").get_attribute("data-drawn") or "{}")
