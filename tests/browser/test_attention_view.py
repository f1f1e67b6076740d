"""The attention explorer in a real browser, on the page of attention_gallery.py."""

import re
import statistics
from collections.abc import Iterator

import pytest
import torch
from playwright.sync_api import Page, expect

from tests.browser.conftest import OPACITY_OF_CELLS, Open, serving_gallery, settle, watched

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]


expect.set_options(timeout=20_000)


@pytest.fixture(scope="module")
def gallery_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with serving_gallery("attention_gallery.py", tmp_path_factory.mktemp("attention")) as url:
        yield url


@pytest.fixture
def gallery(page: Page, gallery_url: str) -> Iterator[Open]:
    """Open the gallery at one of its layouts."""

    def open_gallery(layout: str) -> Page:
        page.goto(gallery_url)
        settle(page)
        choose(page, layout)
        return page

    with watched(page, gallery_url):
        yield open_gallery


def choose(page: Page, layout: str) -> None:
    page.get_by_role("radio", name=layout, exact=True).click()
    settle(page)


def centre(page: Page, row: int, column: int, side: int) -> tuple[float, float]:
    board = page.locator(".board")
    board.scroll_into_view_if_needed()
    box = board.bounding_box()
    assert box
    x = box["x"] + box["width"] * (column + 0.5) / side
    return x, box["y"] + box["height"] * (row + 0.5) / side


def expect_selection(page: Page, query: int | None, head: int | None) -> None:
    expect(page.get_by_test_id("stMetricValue").first).to_have_text(f"{query} {head}")


def expect_strongest_as_in_python(page: Page, metric: str = "Looks at") -> None:
    """The caption's place and percentage are those of the exact weights."""
    settle(page)
    said = page.get_by_test_id("stMetric").filter(has_text=metric).get_by_test_id("stMetricValue")
    row, column, weight = said.inner_text().split()
    expect(page.locator(".caption")).to_contain_text(
        f"strongest: row {int(row) + 1}, column {int(column) + 1} with"
    )
    shown = re.search(r"with ([\d.]+) %", page.locator(".caption").inner_text())
    assert shown
    assert float(shown[1]) == pytest.approx(100 * float(weight), rel=0.055)  # two digits


@pytest.mark.parametrize("layout", ["shifted", "large"])
def test_hovering_repaints_all_heads_at_once_and_sends_nothing(gallery: Open, layout: str) -> None:
    sent: list[int] = []
    page = gallery(layout)
    page.on("websocket", lambda socket: socket.on("framesent", lambda frame: sent.append(1)))
    page.reload()
    settle(page)
    choose(page, layout)
    assert sent  # that the frames are seen at all
    page.wait_for_timeout(500)
    sent.clear()
    captions, times = set(), []
    for step in range(16):
        page.mouse.move(*centre(page, 2 + step // 2, 1 + step % 7, side=14))
        page.wait_for_timeout(30)
        captions.add(page.locator(".caption").inner_text())
        times.append(float(page.locator(".attention").get_attribute("data-ms") or "nan"))
    page.wait_for_timeout(500)
    assert not sent
    assert len(captions) == 16
    assert statistics.median(times) < 20


def test_python_learns_what_is_locked_by_mouse_keyboard_and_chips(gallery: Open) -> None:
    page = gallery("plain")
    tokens = 1 + 4  # a class token and four registers come before the patches
    expect_selection(page, None, None)
    expect(page.locator(".caption")).to_contain_text("average of all queries")
    expect_strongest_as_in_python(page)
    page.mouse.click(*centre(page, 5, 6, side=14))
    expect_selection(page, tokens + 5 * 14 + 6, None)
    expect_strongest_as_in_python(page)
    page.mouse.move(*centre(page, 9, 9, side=14))
    expect(page.locator(".caption")).to_contain_text("patch row 6, column 7 · mean of heads")
    page.get_by_role("radio", name="head 4", exact=True).click()
    expect_selection(page, tokens + 5 * 14 + 6, 3)
    expect_strongest_as_in_python(page)
    page.locator(".board").focus()
    for key in ("ArrowDown", "ArrowDown", "ArrowRight"):
        page.keyboard.press(key)
    expect_selection(page, tokens + 7 * 14 + 7, 3)
    expect_strongest_as_in_python(page)
    page.get_by_role("button", name="Who looks at it").click()
    expect_strongest_as_in_python(page, "Looking")
    page.get_by_role("button", name="What it looks at").click()
    choose(page, "smaller")  # seven patches a side: the same point of the picture
    expect_selection(page, 1 + 3 * 7 + 3, 3)
    expect(page.locator(".caption")).to_contain_text("patch row 4, column 4 · head 4")
    page.locator(".board").focus()
    page.keyboard.press("Escape")
    expect_selection(page, None, 3)
    choose(page, "plain")
    page.get_by_role("button", name="register 2").click()
    expect_selection(page, 2, 3)
    expect(page.locator(".caption")).to_contain_text("register 2 · head 4")
    expect_strongest_as_in_python(page)
    choose(page, "pooled")  # without registers and of two heads
    expect_selection(page, None, None)


def test_the_outline_of_a_shifted_window_has_exactly_its_cells(gallery: Open) -> None:
    side, window = 56, 7
    page = gallery("shifted")
    page.locator(".overlay").fill("0")
    index = torch.arange(side**2).reshape(side, side).roll((-3, -3), (0, 1))
    places = {int(place): divmod(at, side) for at, place in enumerate(index.flatten())}
    for row, column in ((16, 16), (0, 0), (30, 55), (55, 20), (52, 53)):
        page.mouse.move(*centre(page, row, column, side))
        expect(page.locator(".caption")).to_contain_text(
            f"patch row {row + 1}, column {column + 1}"
        )
        opacity = page.locator(".board canvas").evaluate(OPACITY_OF_CELLS, [side, side])
        top, left = (at // window * window for at in places[row * side + column])
        inside = set(index[top : top + window, left : left + window].flatten().tolist())
        assert len(inside) == window**2
        assert {cell for cell, alpha in enumerate(opacity) if alpha == 0} == inside
