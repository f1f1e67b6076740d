"""Which pixels decided: maps by three methods, and a slow one that is stopped on its way."""

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import Open, settle

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

LONG = 120_000  # milliseconds


def a_map(page: Page, method: str) -> Locator:
    return page.get_by_role("img", name=re.compile(f"^{method} for .* by "))


def compute(page: Page) -> None:
    """Ask for what is too slow here to be computed at once."""
    button = page.get_by_role("button", name=re.compile("^Compute "))
    if button.count():
        button.click()
        expect(button).to_have_count(0, timeout=LONG)
    settle(page)


def test_three_methods_draw_three_maps_and_colours_follow(go: Open) -> None:
    page = go("/attribution?arch=cvexplore/vit")
    settle(page)
    compute(page)
    methods = ("saliency", "integrated gradients", "Grad-CAM")
    before = {}
    for method in methods:
        expect(a_map(page, method)).to_be_visible(timeout=LONG)
        before[method] = a_map(page, method).get_attribute("src")
    assert len(set(before.values())) == 3
    page.get_by_role("radio", name="Both").click()
    for method in methods:
        expect(a_map(page, method)).not_to_have_attribute("src", before[method] or "", timeout=LONG)


def test_a_slow_method_is_stopped_and_what_is_done_stays(go: Open) -> None:
    page = go("/attribution")
    expect(a_map(page, "saliency")).to_be_visible(timeout=LONG)
    settle(page)
    page.get_by_role("button", name="Methods").click()
    methods = page.get_by_test_id("stPopoverBody")
    methods.get_by_role("button", name="integrated gradients").click()
    methods.get_by_role("button", name="occlusion").click()
    settle(page)
    page.keyboard.press("Escape")
    page.get_by_role("button", name=re.compile("^Compute occlusion")).click()
    expect(page.get_by_text(re.compile(r"\d+ of \d+ passes"))).to_be_visible(timeout=LONG)
    page.get_by_role("button", name="Stop", exact=True).click()
    expect(page.get_by_role("button", name=re.compile("^Compute occlusion"))).to_be_visible(
        timeout=LONG
    )
    settle(page)
    expect(page.get_by_role("button", name="Stop", exact=True)).to_have_count(0)
    expect(a_map(page, "saliency")).to_be_visible()
    expect(a_map(page, "occlusion")).to_have_count(0)
