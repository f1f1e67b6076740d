"""From the training form to a run and back, in a real browser."""

import re
from urllib.parse import parse_qs, urlparse

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import Open, settle

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

expect.set_options(timeout=60_000)
SLOW = 180_000  # for what trains on a machine that others use too


def test_a_learning_rate_is_searched_for_and_filled_in(go: Open) -> None:
    page = go("/train?data=digits")
    page.get_by_text("Find a learning rate").click()
    page.get_by_role("button", name="Search").click()
    use = page.get_by_role("button", name=re.compile(r"Use [\d.e-]+"))
    expect(use).to_be_visible(timeout=SLOW)
    rate = re.search(r"Use ([\d.e-]+)", use.inner_text())
    assert rate
    expect(page.locator(".scatterlayer").first).to_be_visible()
    use.click()
    settle(page)
    field = page.get_by_role("spinbutton", name="Learning rate")
    expect(field).to_have_value(re.compile(re.escape(rate[1].rstrip("0"))))
    assert f'"learning_rate":{rate[1]}' in parse_qs(urlparse(page.url).query)["recipe"][0]


def test_measured_steps_say_how_long_a_run_takes_and_others_find_them(
    go: Open, browser: Browser
) -> None:
    page = go("/train?data=digits&batch_size=48")
    page.get_by_role("button", name="Measure a few steps").click()
    expect(page.get_by_text("It will take")).to_be_visible(timeout=SLOW)
    other = browser.new_context().new_page()
    other.goto(page.url)
    expect(other.get_by_text("It will take")).to_be_visible()
    other.context.close()


def test_a_run_is_launched_cloned_into_the_form_and_found_by_its_name(go: Open) -> None:
    page = go("/train?data=digits")
    fill(page, "Epochs", "2")
    name = page.get_by_role("textbox", name="Name")
    name.fill("<b>first</b> *try*")
    name.press("Enter")
    settle(page)
    page.get_by_role("button", name="Launch").click()
    page.wait_for_url("**/runs*")
    run = parse_qs(urlparse(page.url).query)["run"][0]
    expect(page.get_by_text("<b>first</b> *try*").first).to_be_visible()
    page.goto(f"{page.url.partition('/runs')[0]}/train?from={run}")
    expect(page.get_by_text(f"The recipe of run {run}")).to_be_visible()
    expect(page.get_by_role("spinbutton", name="Epochs")).to_have_value("2")


def fill(page: Page, field: str, value: str) -> None:
    page.get_by_role("spinbutton", name=field).fill(value)
    page.keyboard.press("Enter")
    settle(page)
