"""Which map can one trust: two maps are made, measured, and seen to fade as the network forgets."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Open, settle

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

LONG = 120_000  # milliseconds


def test_two_maps_are_measured_and_fade_as_the_network_forgets(go: Open) -> None:
    page = go("/attribution?view=Trust&arch=cvexplore/simple_cnn")
    page.get_by_role("button", name="Make saliency and integrated gradients").click()
    measure = page.get_by_role("button", name=re.compile(r"Measure \(about"))
    expect(measure).to_be_visible(timeout=LONG)
    measure.click()
    expect(page.get_by_role("button", name="Measured")).to_be_disabled(timeout=LONG)
    settle(page)
    charts = page.get_by_test_id("stPlotlyChart")
    expect(charts).to_have_count(3)
    # two maps, and in the first two charts the order drawn by lot
    assert [charts.nth(place).locator(".scatterlayer .trace").count() for place in range(3)] == [
        3,
        3,
        2,
    ]
    verdict = page.get_by_text("The map changes with what the network knows", exact=False)
    expect(verdict).to_be_visible()
    whole = page.get_by_role("img", name="saliency, as it is")
    gone = page.get_by_role("img", name=re.compile(r"^saliency, features.0: "))
    expect(whole).to_be_visible()
    assert whole.get_attribute("src") != gone.get_attribute("src")
    page.get_by_test_id("stButtonGroup").last.get_by_text("integrated gradients").click()
    expect(page.get_by_role("img", name="integrated gradients, as it is")).to_be_visible()
