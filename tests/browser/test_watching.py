"""Runs are chosen, steered, paused and compared while they train, in a real browser."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import FloatRect, Page, expect

from cvexplore.plugins import Choice
from cvexplore.runs import RunStore
from cvexplore.training.config import RunConfig
from tests.browser.conftest import Open, settle
from tests.browser.test_journeys import steps, wait_past

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

expect.set_options(timeout=30_000)
ROW, HEAD = 35, 37


def submit(home: Path, epochs: int, name: str = "") -> str:
    """Enter a run in the app's own folder; the page sees to it that it is started."""
    return RunStore(home / "runs").submit(
        RunConfig(dataset=Choice("digits"), epochs=epochs), name=name
    )


def table(page: Page) -> FloatRect:
    box = page.locator('[data-testid="stDataFrame"]').first.bounding_box()
    assert box
    return box


def test_a_run_is_steered_paused_and_goes_on_and_the_change_stays_marked(
    go: Open, app_home: Path
) -> None:
    page = go(f"/runs?run={submit(app_home, 400)}")
    expect(page.get_by_text(re.compile(r"Running · step \d+"))).to_be_visible(timeout=90_000)
    page.get_by_role("button", name="Steer").click()
    rate = page.get_by_role("spinbutton", name="Learning rate")
    rate.fill("0.0005")
    rate.press("Enter")
    settle(page)
    page.get_by_role("button", name="Apply").click()
    changed = page.get_by_text(re.compile(r"learning rate 0\.0005 from step [\d,]+ on"))
    expect(changed).to_be_visible(timeout=60_000)
    page.keyboard.press("Escape")

    page.get_by_role("button", name="Pause").click()
    expect(page.get_by_text(re.compile(r"Paused · step"))).to_be_visible(timeout=60_000)
    paused_at = steps(page)
    page.get_by_role("button", name="Go on").click()
    expect(page.get_by_text(re.compile(r"Running · step"))).to_be_visible(timeout=90_000)
    wait_past(page, paused_at)
    expect(changed).to_be_visible()
    page.get_by_role("button", name="Stop").click()
    expect(page.get_by_text(re.compile(r"Stopped · step"))).to_be_visible(timeout=60_000)


def test_a_click_watches_a_run_and_two_ticks_compare(go: Open, app_home: Path) -> None:
    submit(app_home, 1, "The first one")
    page = go(f"/runs?run={submit(app_home, 1, 'The second one')}")
    expect(page.get_by_text(re.compile(r"Finished · step"))).to_be_visible(timeout=90_000)
    settle(page)
    grid = table(page)
    page.mouse.click(grid["x"] + 120, grid["y"] + HEAD + 1.5 * ROW)  # the row below the newest
    expect(page.get_by_role("heading", name=re.compile("The first one"))).to_be_visible()
    settle(page)
    compare = page.get_by_role("link", name="Compare these 2")
    for row in (0, 1):
        page.mouse.click(grid["x"] + 18, grid["y"] + HEAD + (row + 0.5) * ROW)
        settle(page)
    expect(compare).to_be_visible()
    assert len((compare.get_attribute("href") or "").split("%2C")) == 2
