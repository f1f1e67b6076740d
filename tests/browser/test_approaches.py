"""From the page Approaches to a run by one of them, in a real browser."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Open, settle

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

expect.set_options(timeout=30_000)


def test_a_point_leads_to_its_runs_and_a_click_repeats_one(go: Open) -> None:
    page = go("/approaches?question=labels")
    expect(page.get_by_role("heading", name="Approaches")).to_be_visible()
    chart = page.locator(".js-plotly-plot").first
    expect(chart.locator(".legendtext").first).to_be_visible()
    page.get_by_role("button", name="Repeat").first.scroll_into_view_if_needed()
    page.get_by_role("button", name="Repeat").first.click()
    settle(page)
    expect(page).to_have_url(re.compile("/runs"))
    expect(page.get_by_text(re.compile(r"(Running|Finished) · step [\d,]+"))).to_be_visible(
        timeout=120_000
    )
    page.go_back()
    settle(page)
    expect(page.get_by_role("link", name="Your run").first).to_be_visible()


def test_a_card_leads_to_a_form_that_is_filled_in(go: Open) -> None:
    page = go("/approaches?approach=simclr")
    page.get_by_role("link", name="Train by SimCLR").click()
    settle(page)
    expect(page).to_have_url(re.compile("/train"))
    expect(page.get_by_role("button", name="Launch")).to_be_enabled(timeout=60_000)
    expect(page.get_by_role("combobox", name="Learn by")).to_have_value("Self-supervised: SimCLR")


def test_back_in_the_browser_goes_back_to_the_card_before(go: Open) -> None:
    page = go("/approaches?approach=dino")
    choice = page.get_by_role("combobox", name="Way to learn")
    expect(choice).to_have_value(re.compile("DINO"))
    choice.click()
    page.get_by_role("option", name=re.compile("Rotation")).click()
    settle(page)
    expect(page).to_have_url(re.compile("approach=rotation"))
    expect(page.get_by_text("Turn a picture by a quarter")).to_be_visible()
    page.go_back()
    settle(page)
    expect(page).to_have_url(re.compile("approach=dino"))
    expect(choice).to_have_value(re.compile("DINO"))
    expect(page.get_by_text("A slow copy of the network")).to_be_visible()
