"""The Attention page in a real browser, on networks that learned."""

import re

import pytest
import torch
from playwright.sync_api import Locator, Page, expect

from cvexplore import catalog
from cvexplore.attention import locate
from tests.browser.conftest import OPACITY_OF_CELLS, Open, settle

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

STRONGEST = re.compile(r"strongest: (row \d+, column \d+) with ([\d.]+) %")

expect.set_options(timeout=30_000)


def centre(page: Page, row: int, column: int, side: int) -> tuple[float, float]:
    """Return the middle of a cell of the large picture; rows and columns count from 1."""
    board = page.locator(".large .board")
    board.scroll_into_view_if_needed()
    box = board.bounding_box()
    assert box
    x = box["x"] + box["width"] * (column - 0.5) / side
    return x, box["y"] + box["height"] * (row - 0.5) / side


def caption(page: Page) -> Locator:
    return page.locator(".large .caption")


def choose_layer(page: Page, name: str) -> None:
    field = page.get_by_role("combobox", name="Layer")
    field.click()
    field.fill(name)
    page.keyboard.press("Enter")
    settle(page)


def expect_the_table_agrees(page: Page) -> None:
    """The first row of the exact table is the place that the caption calls the strongest."""
    settle(page)
    said = STRONGEST.search(caption(page).inner_text())
    assert said
    table = page.get_by_test_id("stDataFrame").locator("table")
    first = table.locator("tbody tr").first.locator("td")
    expect(first.nth(0)).to_have_text(said[1])
    exact = float(first.nth(1).inner_text())
    assert float(said[2]) == pytest.approx(100 * exact, rel=0.055)  # the caption has two digits


def test_pointing_asks_nobody_and_a_lock_holds_over_keys_heads_and_layers(go: Open) -> None:
    sent: list[int] = []
    page = go("/attention")
    page.on("websocket", lambda socket: socket.on("framesent", lambda frame: sent.append(1)))
    page.reload()
    settle(page)
    expect(caption(page)).to_contain_text("average of all queries")
    assert sent  # that the frames are seen at all
    page.wait_for_timeout(500)
    sent.clear()
    said = set()
    for row, column in ((2, 3), (3, 3), (4, 5), (6, 2)):
        page.mouse.move(*centre(page, row, column, side=7))
        expect(caption(page)).to_contain_text(f"patch row {row}, column {column} · mean of heads")
        said.add(caption(page).inner_text().partition("strongest")[2])
    assert len(said) > 1
    page.wait_for_timeout(500)
    assert not sent

    page.mouse.click(*centre(page, 3, 4, side=7))
    expect(caption(page)).to_have_text(re.compile(r"patch row 3, column 4 · .* · locked"))
    expect_the_table_agrees(page)
    page.mouse.move(*centre(page, 6, 6, side=7))
    expect(caption(page)).to_contain_text("patch row 3, column 4")
    page.locator(".large .board").focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowRight")
    expect(caption(page)).to_contain_text("patch row 4, column 5")
    page.get_by_role("radio", name="head 3", exact=True).click()
    expect(caption(page)).to_contain_text("patch row 4, column 5 · head 3")
    expect_the_table_agrees(page)

    before = caption(page).inner_text()
    choose_layer(page, "blocks.0.attention")
    expect(caption(page)).not_to_have_text(before)
    expect(caption(page)).to_contain_text("patch row 4, column 5 · head 3")
    expect_the_table_agrees(page)


def test_swin_can_see_no_further_than_its_window_shifted_or_not(go: Open) -> None:
    options = catalog.origin_options("cvexplore/swin", "bundled")
    model = catalog.build("cvexplore/swin", weights="bundled", **options).eval()
    (example,) = catalog.example("cvexplore/swin", **options)
    located = {each.name: each for each in locate(model, torch.zeros(example.shape)).values()}
    plain, shifted = [name for name in located if name.startswith("stages.0.")]
    page = go("/attention?arch=cvexplore%2Fswin")
    page.locator(".overlay").fill("0")
    for name, shift in ((plain, 0), (shifted, 2)):
        choose_layer(page, name)
        places = located[name].places
        assert places
        side, _ = places.key_grid
        of_a_window = int((places.keys[0] >= 0).sum())
        for row, column in ((1, 1), (7, 9), (side, 4)):
            page.mouse.move(*centre(page, row, column, side))
            expect(caption(page)).to_contain_text(f"patch row {row}, column {column}")
            opacity = page.locator(".large canvas").evaluate(OPACITY_OF_CELLS, [side, side])
            seen = {cell for cell, alpha in enumerate(opacity) if alpha == 0}
            assert seen == window_of(row - 1, column - 1, side, of_a_window, shift)


def window_of(row: int, column: int, side: int, tokens: int, shift: int) -> set[int]:
    """Return the cells of a place's window: those of the grid that was rolled by the shift."""
    width = round(tokens**0.5)
    rolled = torch.arange(side**2).reshape(side, side).roll((-shift, -shift), (0, 1))
    at = [(where - shift) % side // width * width for where in (row, column)]
    return set(rolled[at[0] : at[0] + width, at[1] : at[1] + width].flatten().tolist())


def test_a_network_without_attention_leads_to_one_that_has_it(go: Open) -> None:
    page = go("/attention?arch=torchvision%2Fresnet18")
    expect(page.get_by_text("computes no attention")).to_be_visible()
    expect(page.locator(".attention")).to_have_count(0)
    page.get_by_role("button").filter(has_text="torchvision/").first.click()
    expect(caption(page)).to_contain_text("point at a patch")
    assert "arch=torchvision" in page.url
    assert "resnet18" not in page.url


def test_the_layer_rests_where_a_view_has_them_all_and_is_kept(go: Open) -> None:
    page = go("/attention?arch=cvexplore%2Fdetr")
    layer = page.get_by_role("combobox", name="Layer")
    expect(layer).to_be_disabled()  # the first view is Objects
    page.get_by_role("tab", name="Look").click()
    expect(layer).to_be_enabled()
    expect(layer).to_have_value(re.compile("decoder.2.cross_attention"))
    choose_layer(page, "encoder.1")
    page.get_by_role("tab", name="Whole network").click()
    expect(page.get_by_role("heading", name="Layer by layer")).to_be_visible()
    expect(layer).to_be_disabled()
    page.get_by_role("tab", name="Step by step").click()
    expect(layer).to_be_enabled()
    expect(layer).to_have_value(re.compile("encoder.1.self_attention"))
