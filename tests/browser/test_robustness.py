"""A change that nobody sees flips the answer, and a search for a smaller one can be stopped."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Open, settle

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]


def metric(page: Page, label: str) -> str:
    return page.get_by_test_id("stMetric").filter(has_text=label).locator(
        '[data-testid="stMetricValue"]'
    ).inner_text()  # fmt: skip


def test_fgsm_flips_the_answer_for_a_sample_photo(go: Open) -> None:
    page = go("/robustness?epsilon=2")  # EfficientNet-Lite0 and its ImageNet weights
    photos = page.locator(".board").first
    box = photos.bounding_box()
    assert box is not None
    photos.click(position={"x": box["width"] * 3 / 8, "y": box["height"] / 4})  # the second: a cat
    expect(page.get_by_role("img", name=re.compile("^cat$"))).to_be_visible(timeout=60_000)
    settle(page)
    assert metric(page, "Answer") == "flipped"
    assert metric(page, "Largest change") == "2 / 255"
    expect(page.get_by_role("img", name="The changed image, now Egyptian cat")).to_be_visible()
    slider = page.get_by_role("slider", name=re.compile("^Epsilon"))
    slider.focus()
    page.keyboard.press("Home")
    expect(page.get_by_role("img", name="The changed image, still tiger cat")).to_be_visible()
    settle(page)
    assert metric(page, "Answer") == "stays"
