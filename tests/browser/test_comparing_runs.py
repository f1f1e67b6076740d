"""A sweep from its form to its best run, and its curves over each other, in a real browser."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from cvexplore.plugins import Choice
from cvexplore.runs import RunStore
from cvexplore.training import RunConfig
from tests.browser.conftest import Open, settle

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

expect.set_options(timeout=30_000)

QUICK = RunConfig(
    options={"width": 4, "hidden": 16},
    dataset=Choice("shapes", {"count": 200, "image_size": 16}),
    epochs=2,
    batch_size=32,
    snapshots=0,
)


@pytest.fixture
def base(app_home: Path) -> str:
    """Return the id of a run whose recipe takes a moment; it need not be trained to be copied."""
    return RunStore(app_home / "runs").submit(QUICK, state="finished", name="quick")


def choose(page: Page, field: str, word: str) -> None:
    """Pick an option of a field that takes several."""
    page.get_by_role("combobox", name=field).fill(word)
    page.get_by_role("option", name=word, exact=True).click()
    page.keyboard.press("Escape")
    settle(page)


def test_a_sweep_is_launched_watched_marked_tested_once_and_laid_over_each_other(
    go: Open, base: str
) -> None:
    page = go(f"/sweep?from={base}")
    choose(page, "What to vary", "Learning rate")
    page.get_by_role("button", name="Launch 3 runs").click(timeout=60_000)
    expect(page).to_have_url(re.compile("group="), timeout=60_000)
    expect(page.get_by_text("3 of 3 runs done")).to_be_visible(timeout=180_000)
    settle(page)

    lines = page.locator(".scatterlayer .trace")
    expect(lines).to_have_count(3)
    _mark_the_upper_half_of_the_first_axis(page)
    # Of three rates the middle one is below half the way: a box from there up holds one of them.
    faded = page.locator('.scatterlayer .trace[style*="opacity: 0.12"]')
    expect(faded).to_have_count(2)
    page.get_by_role("button", name="Show all").click()
    expect(faded).to_have_count(0)

    page.get_by_role("button", name="Measure the best on the test split").click()
    expect(page.get_by_text("Test accuracy")).to_be_visible(timeout=120_000)
    page.reload()
    settle(page)
    expect(page.get_by_text("Test accuracy")).to_be_visible()
    expect(page.get_by_role("button", name="Measure the best")).to_have_count(0)

    page.get_by_role("link", name="Lay their curves over each other").click()
    expect(page.locator("h1")).to_have_text("Compare runs")
    settle(page)
    expect(page.locator(".curves canvas").first).to_be_visible()
    expect(page.get_by_text("learning rate 0.006").first).to_be_visible()
    assert page.url.count(",") == 2 or page.url.count("%2C") == 2


def _mark_the_upper_half_of_the_first_axis(page: Page) -> None:
    chart = page.locator(".stPlotlyChart .nsewdrag").first
    chart.scroll_into_view_if_needed()
    frame = chart.bounding_box()
    assert frame
    left, top = frame["x"] + 4, frame["y"] + 0.08 * frame["height"]
    page.mouse.move(left, top)
    page.mouse.down()
    page.mouse.move(left + 0.2 * frame["width"], top + 0.3 * frame["height"], steps=8)
    page.mouse.up()
    settle(page)
