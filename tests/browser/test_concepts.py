"""The concept check: a ready-made concept is tested, and one's own needs ten pictures."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Open, settle

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

PAGE = "/attribution?view=Concepts&arch=cvexplore/simple_cnn"


def metric(page: Page, label: str) -> str:
    tile = page.get_by_test_id("stMetric").filter(has_text=label)
    return tile.locator('[data-testid="stMetricValue"]').inner_text()


def test_a_ready_made_concept_is_tested_at_a_click(go: Open) -> None:
    page = go(PAGE)
    page.get_by_role("button", name="Test the concept").click()
    expect(page.get_by_text("TCAV score")).to_be_visible(timeout=90_000)
    settle(page)
    assert re.fullmatch(r"\d+%", metric(page, "TCAV score"))
    assert re.fullmatch(r"p = [01]\.\d{3}", metric(page, "By chance"))
    assert int(metric(page, "Told apart").rstrip("%")) > 65
    expect(page.get_by_role("img", name="Most like a closed loop")).to_be_visible()


def test_ones_own_concept_waits_for_ten_pictures(go: Open) -> None:
    page = go(PAGE)
    page.get_by_role("combobox", name="Concept").click()
    page.get_by_role("option", name="My own pictures").click()
    expect(
        page.get_by_text("0 of at least 10 pictures are here; 10 more are needed.")
    ).to_be_visible()
    settle(page)
    expect(page.get_by_role("button", name="Test the concept")).to_have_count(0)
