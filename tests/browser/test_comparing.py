"""Comparing as a person does it: narrow down, click, share, measure."""

import re

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.conftest import Open, settle

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

expect.set_options(timeout=30_000)


def test_small_transformers_picked_by_clicks_are_shared_by_the_link(
    go: Open, browser: Browser, app_url: str
) -> None:
    page = go("/compare")
    page.get_by_role("button", name="transformer", exact=True).click()
    settle(page)
    page.get_by_role("button", name="More").click()
    upper = page.get_by_role("slider", name="Parameters (M)").last
    upper.focus()
    for _ in range(6):  # no limit, 7000, 1000, 300, 100, 50, 30
        upper.press("ArrowLeft")
    expect(page.get_by_text("30", exact=True).first).to_be_visible()
    page.keyboard.press("Escape")
    settle(page)
    shown = page.locator('[data-testid="stMetric"]', has_text="Shown")
    few = shown.inner_text()
    assert 50 < int(re.sub(r"\D", "", few)) < 300

    for place in (0, 1):
        point = page.locator(".scatterlayer .point").nth(place)
        point.scroll_into_view_if_needed()
        dot = point.bounding_box()
        assert dot
        page.mouse.click(dot["x"] + dot["width"] / 2, dot["y"] + dot["height"] / 2)
        expect(page.get_by_role("button", name=re.compile("^Remove "))).to_have_count(place + 1)
        settle(page)
    chips = page.get_by_role("button", name=re.compile("^Remove "))
    names = [chip.get_attribute("aria-label") for chip in chips.all()]

    fresh = browser.new_context().new_page()
    fresh.goto(page.url)
    settle(fresh)
    again = fresh.get_by_role("button", name=re.compile("^Remove "))
    expect(again).to_have_count(2)
    assert [chip.get_attribute("aria-label") for chip in again.all()] == names
    expect(fresh.locator('[data-testid="stMetric"]', has_text="Shown")).to_have_text(
        re.compile(re.escape(few.split()[-1]))
    )
    fresh.context.close()


def test_two_small_networks_are_measured_and_their_latency_arrives(go: Open) -> None:
    page = go("/compare?pick=cvexplore/simple_cnn&pick=torchvision/squeezenet1_1")
    page.get_by_role("button", name="Measure on this machine").click()
    expect(page.get_by_role("button", name="Cancel")).to_be_visible(timeout=20_000)
    expect(page.get_by_role("button", name="Cancel")).to_have_count(0, timeout=120_000)
    settle(page)
    page.set_viewport_size({"width": 1280, "height": 2400})  # a table writes only what is in view
    cells = page.locator('[data-testid="stDataFrame"]').nth(1).locator("td")  # for screen readers
    expect(cells.filter(has_text=re.compile(r"^[\d.,]+ ms$"))).to_have_count(2)
