"""Building a small network in a real browser, hitting a shape error, mending it, training it."""

import re

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import Open, settle

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

expect.set_options(timeout=30_000)


def row(page: Page, text: str) -> None:
    """Select the first layer whose row begins with this text."""
    page.get_by_role("button", name=re.compile(rf"^{text}")).first.click()
    settle(page)


def add(page: Page, menu: str, kind: str) -> None:
    page.get_by_role("button", name=menu, exact=False).last.click()
    page.get_by_role("menuitem", name=kind, exact=True).click()
    settle(page)


def test_a_network_is_built_mended_saved_trained_and_opened(go: Open, browser: Browser) -> None:
    page = go("/design")
    page.get_by_role("button", name="Start from").click()
    field = page.get_by_role("combobox", name="Start from")
    field.fill("an empty")
    field.press("Enter")
    settle(page)
    page.get_by_role("button", name="Start", exact=True).click()
    settle(page)
    page.keyboard.press("Escape")
    title = page.get_by_role("textbox", name="Title")
    title.fill("First steps")
    title.press("Enter")
    settle(page)

    add(page, "Add a layer", "convolution")
    expect(
        page.get_by_role("button", name=re.compile("^1 convolution.*32 × 32 × 32"))
    ).to_be_visible()
    add(page, "Add a layer", "activation")
    add(page, "Add a layer", "max pooling")
    add(page, "Add a layer", "classifier")
    told = "Layer 4 (classifier) takes a row of features, but gets 32 × 16 × 16 maps"
    expect(page.get_by_role("alert").filter(has_text=told)).to_be_visible()
    expect(page.get_by_role("button", name="Save")).to_be_disabled()

    add(page, "Add before", "global pooling")  # the mend that the message names
    expect(page.get_by_role("alert")).to_have_count(0)
    expect(
        page.get_by_role("button", name=re.compile("^5 classifier.*10 features · 330"))
    ).to_be_visible()

    other = browser.new_context().new_page()
    other.goto(page.url)
    expect(other.get_by_role("button", name=re.compile("^4 global pooling"))).to_be_visible()
    other.context.close()

    page.get_by_role("button", name="Save").click()
    page.get_by_text("Open in Anatomy").click()
    expect(page.locator("h1")).to_have_text("Anatomy")
    expect(page.get_by_text("1.23 k").first).to_be_visible()
    page.go_back()
    expect(page.get_by_role("button", name=re.compile("^4 global pooling"))).to_be_visible()

    page.get_by_role("button", name="Save").click()
    page.get_by_text("Train it").click()
    expect(page.locator("h1")).to_have_text("Train")
    page.goto(f"{page.url}&data=digits")
    settle(page)
    page.get_by_role("button", name="Launch").click()
    page.wait_for_url("**/runs*")
    expect(page.get_by_text(re.compile("Finished · step 115 of 115"))).to_be_visible(
        timeout=120_000
    )


def test_a_layer_inside_a_residual_layer_is_edited(go: Open) -> None:
    page = go("/design")
    row(page, "2 activation")
    add(page, "Add behind", "residual")
    row(page, "3.1 convolution")
    channels = page.get_by_role("spinbutton", name="Channels")
    channels.fill("12")
    channels.press("Enter")
    settle(page)
    expect(
        page.get_by_role("button", name=re.compile("^3.1 convolution.*12 × 28 × 28"))
    ).to_be_visible()
    page.get_by_role("button", name="Undo").click()
    expect(
        page.get_by_role("button", name=re.compile("^3.1 convolution.*32 × 28 × 28"))
    ).to_be_visible()
