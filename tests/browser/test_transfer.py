"""A network that learned MNIST is taught scikit-learn's digits, group after group of its layers."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Open, settle

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

expect.set_options(timeout=30_000)


def test_layers_unfreeze_while_a_run_transfers(go: Open) -> None:
    page = go("/train?approach=transfer")
    page.get_by_text("How it learns").click()
    page.get_by_role("radio", name="gradual").click()
    settle(page)
    expect(page.get_by_text("How many parameters learn")).to_be_visible(timeout=60_000)
    expect(page.get_by_text("1,290: 0.31 %, one of 327")).to_be_visible()
    page.get_by_role("button", name="Launch").click()
    expect(page.get_by_text(re.compile(r"Finished · step"))).to_be_visible(timeout=120_000)
    expect(page.get_by_role("img", name=re.compile("^Loss at step"))).to_be_visible()

    page.get_by_role("tab", name="Learned").click()
    settle(page)
    expect(page.get_by_role("heading", name="What learned, and how far it went")).to_be_visible()
    expect(page.get_by_text("100% of the run: 421,642 of 421,642 parameters")).to_be_visible()
    steps = page.get_by_role("slider", name="After so many steps")
    steps.focus()
    steps.press("Home")
    settle(page)
    expect(page.get_by_text("0% of the run: 1,290 of 421,642 parameters")).to_be_visible()
