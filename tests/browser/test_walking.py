"""Walking through a network with the keys, and into one of its layers."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Open, settle

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

expect.set_options(timeout=30_000)


def test_the_arrow_keys_walk_and_a_stop_opens_as_a_layer(go: Open) -> None:
    page = go("/feature_maps")
    place = page.get_by_test_id("stMarkdown").filter(has_text="channels of")
    expect(place.filter(has_text="conv_stem · ").first).to_be_visible()
    slider = page.get_by_role("slider", name=re.compile("Walk"))
    slider.focus()
    for stop in ("blocks.0", "blocks.1", "blocks.2"):
        page.keyboard.press("ArrowRight")
        settle(page)
        expect(place.filter(has_text=f"{stop} · Sequential").first).to_be_visible()
    expect(page.get_by_text("What blocks.2.1 adds")).to_be_visible()
    page.get_by_role("button", name="Look at all its channels").click()
    settle(page)
    expect(page.get_by_role("tab", name="Layer")).to_have_attribute("aria-selected", "true")
    expect(page.get_by_text("channel 0 · mean")).to_be_visible()
    expect(page.get_by_role("combobox", name="Layer")).to_have_value(re.compile(r"blocks\.2 ·"))
