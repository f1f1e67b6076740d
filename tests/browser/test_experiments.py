"""The shift experiment: move the slider, and the map and the curve's numbers follow."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Open, settle

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]


def metric(page: Page, label: str) -> float:
    return float(page.get_by_test_id("stMetric").filter(has_text=label).locator(
        '[data-testid="stMetricValue"]'
    ).inner_text())  # fmt: skip


def test_a_shift_moves_the_map_and_the_numbers(go: Open) -> None:
    page = go("/feature_maps?view=Experiments")
    maps = page.get_by_role("img", name="Its map")
    expect(maps).to_be_visible()
    expect(page.get_by_role("button", name="Stop", exact=True)).to_have_count(0, timeout=90_000)
    assert metric(page, "Equivariance error") == metric(page, "Invariance error") == 0
    before = maps.get_attribute("src")
    slider = page.get_by_role("slider", name="Right")
    slider.focus()
    for _ in range(8):
        page.keyboard.press("ArrowRight")
    expect(page.get_by_text("8 pixels", exact=True).first).to_be_visible()
    settle(page)
    expect(maps).not_to_have_attribute("src", before or "")
    moved, still = metric(page, "Equivariance error"), metric(page, "Invariance error")
    assert 0 < moved < still  # the map moved with the image
    hover = page.get_by_test_id("stPlotlyChart").first
    assert hover.locator(".scatterlayer .trace").count() == 2
    marks = hover.locator(".shapelayer path")
    expect(marks).to_have_count(1)
