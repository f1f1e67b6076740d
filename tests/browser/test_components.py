"""The atlas and the live curves in a real browser, on the page of component_gallery.py."""

import json
import math
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import streamlit as st
from playwright.sync_api import Locator, Page, WebSocket, expect
from streamlit.testing.v1 import AppTest

from cvexplore.ui.components import static_url
from cvexplore.ui.components.live_curves import Band, Curve, Panel, _panel
from tests.browser.conftest import READY, ROOT, Open, serving_gallery, watched

GALLERY = Path(__file__).with_name("component_gallery.py")
LIGHT_FIRST_COLOUR = (0x4F, 0x46, 0xE5)
DARK_FIRST_COLOUR = (0x8B, 0x8B, 0xFF)

expect.set_options(timeout=10_000)


@pytest.fixture(scope="session")
def gallery_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with serving_gallery("component_gallery.py", tmp_path_factory.mktemp("gallery")) as url:
        yield url


@pytest.fixture
def gallery(page: Page, gallery_url: str) -> Iterator[Open]:
    """Open the gallery; fail on errors, broken policies and requests that leave the machine."""

    def open_gallery(query: str = "") -> Page:
        answer = page.goto(f"{gallery_url}/{query}")
        assert answer
        assert "content-security-policy" in answer.headers
        page.wait_for_selector(READY)
        expect(page.locator(".caption")).not_to_be_empty()
        return page

    with watched(page, gallery_url):
        yield open_gallery


# --- the atlas ---------------------------------------------------------------------------------


def point_in(page: Page, tile: int, *, columns: int, rows: int) -> tuple[float, float]:
    board = page.locator(".board")
    board.scroll_into_view_if_needed()
    box = board.bounding_box()
    assert box
    x = box["x"] + box["width"] * (tile % columns + 0.5) / columns
    y = box["y"] + box["height"] * (tile // columns + 0.5) / rows
    return x, y


def framed_tile(page: Page, *, columns: int, rows: int) -> int:
    """Return the tile that the frame of the selection lies on."""
    left, top = page.locator(".choice").evaluate("({ style }) => [style.left, style.top]")
    column = round(float(left.rstrip("%")) / 100 * columns)
    return round(float(top.rstrip("%")) / 100 * rows) * columns + column


def expect_selected(page: Page, tile: int) -> None:
    expect(page.get_by_test_id("stMetricValue")).to_have_text(str(tile))


def choose(page: Page, name: str) -> None:
    page.get_by_role("radio", name=name, exact=True).click()
    page.wait_for_selector(READY)


@pytest.mark.browser
def test_hovering_tells_and_leaving_returns_to_the_selection(gallery: Open) -> None:
    page = gallery("?still")
    assert page.locator(".board img").evaluate("image => image.naturalWidth") == 8 * 58
    expect(page.locator(".caption")).to_have_text("channel 3 · 4 waves")
    page.mouse.move(*point_in(page, 20, columns=8, rows=8))
    expect(page.locator(".caption")).to_have_text("channel 20 · 7 waves")
    expect(page.locator(".place")).to_have_text("21 / 64")
    page.mouse.move(1, 1)
    expect(page.locator(".caption")).to_have_text("channel 3 · 4 waves")
    expect_selected(page, 3)


@pytest.mark.browser
def test_a_click_reaches_python(gallery: Open) -> None:
    page = gallery("?still")
    expect_selected(page, 3)
    page.mouse.click(*point_in(page, 42, columns=8, rows=8))
    expect_selected(page, 42)
    assert framed_tile(page, columns=8, rows=8) == 42


@pytest.mark.browser
def test_a_click_does_not_send_the_picture_again(gallery: Open) -> None:
    received: list[int] = []

    def count(socket: WebSocket) -> None:
        socket.on("framereceived", lambda frame: received.append(len(frame)))

    page = gallery("?still")
    page.on("websocket", count)
    page.reload()
    page.wait_for_selector(READY)
    choose(page, "256 tiles")
    expect(page.locator(".place")).to_have_text("4 / 256")
    page.wait_for_timeout(500)
    with_picture = sum(received)
    received.clear()
    page.mouse.click(*point_in(page, 100, columns=16, rows=16))
    expect_selected(page, 100)
    page.wait_for_timeout(500)
    assert with_picture > 500_000
    assert sum(received) < 20_000


@pytest.mark.browser
def test_the_keyboard_does_what_the_mouse_does(gallery: Open) -> None:
    page = gallery("?still")
    board = page.locator(".board")
    page.get_by_role("radio", name="No picture").focus()
    page.keyboard.press("Tab")
    expect(board).to_be_focused()
    expect(board).to_have_css("outline-style", "solid")
    for key, caption in (
        ("ArrowRight", "channel 4 ·"),
        ("ArrowDown", "channel 12 ·"),
        ("ArrowLeft", "channel 11 ·"),
        ("End", "channel 63 ·"),
        ("ArrowDown", "channel 63 ·"),
        ("ArrowUp", "channel 55 ·"),
    ):
        page.keyboard.press(key)
        expect(page.locator(".caption")).to_contain_text(caption)
    expect_selected(page, 3)
    page.keyboard.press("Enter")
    expect_selected(page, 55)
    page.keyboard.press("Home")
    page.keyboard.press(" ")
    expect_selected(page, 0)


@pytest.mark.browser
def test_another_sheet_keeps_the_selection_while_it_can(gallery: Open) -> None:
    page = gallery("?still")
    page.mouse.click(*point_in(page, 40, columns=8, rows=8))
    expect_selected(page, 40)
    choose(page, "6 tiles")
    expect_selected(page, 3)
    expect(page.locator(".place")).to_have_text("4 / 6")
    assert framed_tile(page, columns=3, rows=2) == 3
    choose(page, "256 tiles")
    expect_selected(page, 40)
    assert framed_tile(page, columns=16, rows=16) == 40


@pytest.mark.browser
def test_a_sheet_without_picture_says_so(gallery: Open) -> None:
    page = gallery("?still")
    choose(page, "No picture")
    expect(page.get_by_text("There is no picture to show.")).to_be_visible()
    expect(page.locator(".board")).to_be_hidden()
    expect_selected(page, 0)
    choose(page, "64 tiles")
    expect(page.locator(".board")).to_be_visible()
    expect_selected(page, 3)


@pytest.mark.browser
def test_only_an_enlarged_picture_shows_its_pixels(gallery: Open) -> None:
    page = gallery("?still")
    image = page.locator(".board img")
    expect(image).to_have_css("image-rendering", "pixelated")
    page.set_viewport_size({"width": 390, "height": 800})
    expect(image).to_have_css("image-rendering", "auto")


# --- the live curves ---------------------------------------------------------------------------


def refreshes(page: Page) -> int:
    text = page.get_by_text(re.compile(r"^Refresh \d+$")).text_content()
    return int((text or "").removeprefix("Refresh "))


def wait_for_refreshes(page: Page, count: int) -> None:
    wanted = refreshes(page) + count
    deadline = time.monotonic() + 20
    while refreshes(page) < wanted:
        assert time.monotonic() < deadline, "the fragment no longer refreshes"
        page.wait_for_timeout(100)


def panel(page: Page, title: str) -> Locator:
    return page.locator(".panel").filter(has=page.get_by_text(title, exact=True)).first


def drawing_area(page: Page, title: str) -> Locator:
    return panel(page, title).locator(".u-over")


def hover(page: Page, title: str, share: float) -> None:
    """Move the mouse to this share of the width of a panel."""
    area = drawing_area(page, title)
    area.scroll_into_view_if_needed()
    box = area.bounding_box()
    assert box
    page.mouse.move(box["x"] + share * (box["width"] - 1), box["y"] + box["height"] / 2)


def drag(page: Page, title: str, start: float, end: float) -> None:
    hover(page, title, start)
    page.mouse.down()
    hover(page, title, (start + end) / 2)
    hover(page, title, end)
    page.mouse.up()


def step_of(page: Page, title: str) -> int:
    text = panel(page, title).locator(".step").text_content() or ""
    return int(text.removeprefix("step ").replace(",", ""))


def count_pixels(page: Page, title: str, colour: tuple[int, int, int]) -> int:
    """Count the pixels of a panel that are painted in this very colour."""
    return (
        panel(page, title)
        .locator("canvas")
        .evaluate(
            """(canvas, [red, green, blue]) => {
                const { width, height } = canvas;
                const { data } = canvas.getContext("2d").getImageData(0, 0, width, height);
                let count = 0;
                for (let i = 0; i < data.length; i += 4) {
                    const same = data[i] === red && data[i + 1] === green && data[i + 2] === blue;
                    if (same && data[i + 3] > 127) count += 1;
                }
                return count;
            }""",
            list(colour),
        )
    )


@pytest.mark.browser
def test_the_axis_follows_new_points_under_a_resting_cursor(gallery: Open) -> None:
    page = gallery()
    hover(page, "Loss", 1.0)
    before = step_of(page, "Loss")
    wait_for_refreshes(page, 3)
    assert step_of(page, "Loss") >= before + 40
    assert count_pixels(page, "Loss", LIGHT_FIRST_COLOUR) > 200


@pytest.mark.browser
def test_zoom_outlasts_refreshes_and_a_double_click_ends_it(gallery: Open) -> None:
    page = gallery()
    wait_for_refreshes(page, 1)
    drag(page, "Loss", 0.25, 0.5)
    reset = panel(page, "Loss").locator(".reset")
    zoomed = reset.text_content() or ""
    first, last = map(int, re.findall(r"\d+", zoomed.replace(",", "")))
    assert 0 < first < last < 400

    wait_for_refreshes(page, 4)
    expect(reset).to_have_text(zoomed)
    for title in ("Loss", "Learning rate"):  # the zoom is shared
        hover(page, title, 0.0)
        assert abs(step_of(page, title) - first) <= 5
        hover(page, title, 1.0)
        assert abs(step_of(page, title) - last) <= 5

    area = drawing_area(page, "Learning rate")
    area.dblclick(position={"x": 100, "y": 20})
    expect(reset).to_be_hidden()
    hover(page, "Loss", 0.0)
    assert step_of(page, "Loss") == 0
    hover(page, "Loss", 1.0)
    assert step_of(page, "Loss") > 400


@pytest.mark.browser
def test_the_button_ends_the_zoom_and_so_does_another_run(gallery: Open) -> None:
    page = gallery()
    reset = panel(page, "Loss").locator(".reset")
    drag(page, "Loss", 0.6, 0.3)
    reset.click()
    expect(reset).to_be_hidden()
    drag(page, "Accuracy (%)", 0.3, 0.6)
    expect(reset).to_be_visible()
    choose(page, "second")
    expect(reset).to_be_hidden()


@pytest.mark.browser
def test_hidden_curves_stay_hidden(gallery: Open) -> None:
    page = gallery()
    name = panel(page, "Loss").get_by_role("button", name="training")
    expect(name).to_have_attribute("aria-pressed", "true")
    name.click()
    expect(name).to_have_attribute("aria-pressed", "false")
    wait_for_refreshes(page, 3)
    expect(name).to_have_attribute("aria-pressed", "false")
    assert count_pixels(page, "Loss", LIGHT_FIRST_COLOUR) == 0
    name.click()
    wait_for_refreshes(page, 1)
    assert count_pixels(page, "Loss", LIGHT_FIRST_COLOUR) > 200


@pytest.mark.browser
def test_panels_share_the_cursor(gallery: Open) -> None:
    page = gallery("?still")
    hover(page, "Loss", 0.5)
    assert abs(step_of(page, "Learning rate") - step_of(page, "Loss")) <= 5
    # Validation is sparse: its nearest point is told.
    assert step_of(page, "Accuracy (%)") == 200
    page.mouse.move(1, 1)
    assert step_of(page, "Loss") == 415


@pytest.mark.browser
def test_the_last_values_are_there_in_words(gallery: Open) -> None:
    page = gallery("?still")
    described = re.compile(r"^Loss at step 415: training \d\.\d+, validation \d\.\d+$")
    expect(page.get_by_role("img", name=described)).to_be_visible()


@pytest.mark.browser
def test_a_panel_without_points_waits_in_its_place(gallery: Open) -> None:
    page = gallery("?still")
    waiting = page.get_by_role("img", name="Loss: waiting for the first step")
    expect(waiting).to_have_text("Waiting for the first step")
    box = waiting.bounding_box()
    assert box
    assert box["height"] == 120


@pytest.mark.browser
def test_a_new_theme_recolours_what_is_drawn(gallery: Open) -> None:
    page = gallery()
    drag(page, "Loss", 0.25, 0.5)
    zoomed = panel(page, "Loss").locator(".reset").text_content() or ""
    assert count_pixels(page, "Loss", LIGHT_FIRST_COLOUR) > 200
    page.emulate_media(color_scheme="dark")
    wait_for_refreshes(page, 1)
    assert count_pixels(page, "Loss", LIGHT_FIRST_COLOUR) == 0
    assert count_pixels(page, "Loss", DARK_FIRST_COLOUR) > 200
    expect(panel(page, "Loss").locator(".reset")).to_have_text(zoomed)


@pytest.mark.browser
def test_the_dark_theme_can_be_asked_for(gallery: Open) -> None:
    page = gallery("?still&embed=true&embed_options=dark_theme")
    expect(page.get_by_test_id("stApp")).to_have_css("background-color", "rgb(15, 17, 23)")
    assert count_pixels(page, "Loss", DARK_FIRST_COLOUR) > 200


@pytest.mark.browser
@pytest.mark.parametrize("width", [320, 390, 1400])
def test_everything_fits_the_window(gallery: Open, width: int) -> None:
    page = gallery("?still")
    page.set_viewport_size({"width": width, "height": 800})
    area = drawing_area(page, "Loss")
    expect(area).to_be_visible()
    page.wait_for_timeout(300)
    assert page.evaluate("document.documentElement.scrollWidth") == width
    for box in (area.bounding_box(), page.locator(".board").bounding_box()):
        assert box
        assert box["width"] > 0.5 * min(width, 800)
        assert box["x"] + box["width"] <= width


@pytest.mark.browser
def test_a_missing_library_is_told(gallery: Open, page: Page) -> None:
    page.route("**/uPlot.esm.js", lambda route: route.abort())
    gallery("?still")
    expect(page.get_by_text("The chart could not be loaded.").first).to_be_visible()


# --- what needs no browser ---------------------------------------------------------------------


def test_the_messages_hold_only_numbers_that_json_has() -> None:
    def refuse(constant: str) -> None:
        raise AssertionError(f"{constant} is not JSON")

    app = AppTest.from_file(GALLERY, default_timeout=20).run()
    assert not app.exception
    components = app.get("bidi_component")
    assert len(components) == 3
    for component in components:
        json.loads(component.proto.json, parse_constant=refuse)


def test_curves_are_put_in_order_and_gaps_are_null() -> None:
    x = np.array([10, 0, 5, 5, 15, 20])
    y = np.array([1.0, -1.0, 7.0, 2.0, math.inf, math.nan], dtype=np.float32)
    panel = _panel(Panel("Loss", (Curve("training", x, y),), log=True))
    curve = json.loads(json.dumps(panel))["curves"][0]
    assert curve["x"] == [0, 5, 10, 15, 20]
    assert curve["y"] == [None, 2, 1, None, None]


def test_shadows_and_bands_have_the_colour_of_their_curve() -> None:
    curves = (
        Curve("first", [0, 1], [1, 2], faint=True),
        Curve("first", [0, 1], [1, 2]),
        Curve("second", [0, 1], [1, 2]),
        Curve("third", [0, 1], [1, 2], colour=5),
    )
    bands = (Band("third", [1, 0], [0, math.nan], [4, 3]), Band("second", [0], [1], [2]))
    panel = _panel(Panel("Loss", curves, bands=bands))
    assert [each["colour"] for each in panel["curves"]] == [0, 0, 1, 5]
    assert [each["colour"] for each in panel["bands"]] == [5, 1]
    assert panel["bands"][0]["x"] == [0, 1]
    assert (panel["bands"][0]["low"], panel["bands"][0]["high"]) == ([None, 0], [3, 4])


def test_a_curve_has_as_many_values_as_steps() -> None:
    with pytest.raises(ValueError, match="'training' has 3 steps but 2 values"):
        Curve("training", [1, 2, 3], [0.5, 0.4])


@pytest.mark.parametrize("base", ["", "lab", "/lab/"])
def test_static_files_are_found_under_a_base_path(
    monkeypatch: pytest.MonkeyPatch, base: str
) -> None:
    monkeypatch.setattr(st, "get_option", {"server.baseUrlPath": base}.get)
    prefix = "/lab" if base else ""
    assert static_url("vendor/uPlot.esm.js") == f"{prefix}/app/static/vendor/uPlot.esm.js"


def test_importing_the_components_imports_streamlit_only() -> None:
    code = (
        "import sys, streamlit.components.v2\n"
        "before = set(sys.modules)\n"
        "import cvexplore.ui.components.atlas, cvexplore.ui.components.live_curves\n"
        "print(*(name for name in set(sys.modules) - before if not name.startswith('cvexplore')))"
    )
    found = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert found.stdout.split() == []
