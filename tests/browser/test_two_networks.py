"""Two networks in a real browser: compare all layers, then click a pair of them."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Open, settle

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]


def test_a_click_on_the_matrix_brings_its_two_layers_side_by_side(go: Open) -> None:
    page = go(
        "/feature_maps?view=Two+networks&model=torchvision%2Fsqueezenet1_1"
        "&second=cvexplore%2Fsimple_cnn"
    )
    page.get_by_role("radio", name="64", exact=True).click()
    settle(page)
    page.get_by_role("button", name="Compare all layers").click()
    expect(page.get_by_text(re.compile(r"without bias from 64 images\. 1:"))).to_be_visible(
        timeout=120_000
    )
    settle(page)

    cells = page.locator(".js-plotly-plot .heatmaplayer").last
    cells.scroll_into_view_if_needed()
    box = cells.bounding_box()
    assert box
    column, row = box["x"] + box["width"] - 8, box["y"] + box["height"] - 8
    page.mouse.move(column, row)
    page.mouse.click(column, row)  # the lower right: the first's first layer, the second's last
    expect(page.get_by_role("combobox", name="Its layer")).to_have_value(re.compile("classifier"))
    expect(page.get_by_text(re.compile(r"^features\.0: 64 ×"))).to_be_visible()
