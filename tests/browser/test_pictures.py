"""Giving a network an image: a file, the clipboard, a drawing."""

import base64
import re
from pathlib import Path

import pytest
import skimage.data
from PIL import Image
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import Open, settle

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

PHOTOS = Path(skimage.data.__file__).parent
ESPRESSO = re.compile(r"^espresso · 9\d\.\d%")
CAT = re.compile(r"(tiger|Egyptian) cat · \d+\.\d%")

expect.set_options(timeout=30_000)

PASTE = """
([base64, type]) => {
    const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
    const clipboardData = new DataTransfer();
    clipboardData.items.add(new File([bytes], "image", { type }));
    document.body.dispatchEvent(new ClipboardEvent("paste", { clipboardData, bubbles: true }));
}
"""


def choose(page: Page, source: str) -> None:
    page.get_by_role("radio", name=source, exact=True).click()
    settle(page)


def shown(page: Page, name: str) -> Locator:
    """Return the image on the page that shows what was given under this name."""
    return page.get_by_role("img", name=re.compile(f"^{name}")).first


def paste(page: Page, data: bytes, type_: str) -> None:
    page.evaluate(PASTE, [base64.b64encode(data).decode(), type_])
    settle(page)


def test_an_uploaded_webp_is_seen_until_another_source_is_chosen(go: Open, tmp_path: Path) -> None:
    file = tmp_path / "cat.webp"
    Image.open(PHOTOS / "chelsea.png").save(file)
    page = go("/feature_maps")
    expect(page.get_by_text(ESPRESSO).first).to_be_visible()
    page.locator('input[type="file"]').set_input_files(str(file))
    expect(page.get_by_text(CAT).first).to_be_visible()
    expect(shown(page, "your image")).to_be_visible()
    choose(page, "Data set")
    expect(page.get_by_text(CAT)).to_have_count(0)
    expect(page.get_by_text("0 · no. 0")).to_be_visible()
    choose(page, "File")
    expect(page.get_by_text(ESPRESSO).first).to_be_visible()


def test_an_image_is_pasted_and_a_broken_one_is_told(go: Open) -> None:
    page = go("/feature_maps")
    choose(page, "Paste")
    expect(page.get_by_text("Nothing is pasted yet")).to_be_visible()
    expect(page.get_by_text(ESPRESSO).first).to_be_visible()

    paste(page, (PHOTOS / "chelsea.png").read_bytes(), "image/png")
    expect(shown(page, "the pasted image")).to_be_visible()
    expect(page.get_by_text(CAT).first).to_be_visible()
    expect(page.get_by_text("Nothing is pasted yet")).to_have_count(0)

    paste(page, b"not a picture", "image/png")
    expect(page.get_by_text("This is not an image")).to_be_visible()
    paste(page, bytes((16 << 20) + 1), "image/png")
    expect(page.get_by_text("The image is larger than 16 MB")).to_be_visible()


def test_a_drawing_is_seen_stroke_by_stroke_and_taken_back(go: Open) -> None:
    page = go("/feature_maps")
    choose(page, "Draw")
    expect(page.get_by_text("Nothing is drawn yet")).to_be_visible()
    pad = page.locator(".pad canvas")
    box = pad.bounding_box()
    assert box

    def draw(*points: tuple[float, float]) -> None:
        for place, (x, y) in enumerate(points):
            page.mouse.move(box["x"] + x * box["width"], box["y"] + y * box["height"], steps=4)
            if not place:
                page.mouse.down()
        page.mouse.up()
        settle(page)

    draw((0.3, 0.2), (0.7, 0.2), (0.4, 0.8))
    expect(shown(page, "your drawing")).to_be_visible()
    expect(page.get_by_text(ESPRESSO)).to_have_count(0)
    draw((0.4, 0.5), (0.7, 0.5))
    expect(pad).to_have_attribute("aria-label", re.compile("2 strokes"))
    ink = pad.evaluate(
        "canvas => Array.from(canvas.getContext('2d').getImageData(0, 0, 280, 280).data)"
    )
    drawn = Image.frombytes("RGBA", (280, 280), bytes(ink)).convert("L")
    assert [drawn.getpixel((x, y)) for x, y in ((140, 56), (180, 140), (20, 20))] == [255, 255, 0]
    assert 0.05 < sum(drawn.histogram()[128:]) / 280**2 < 0.2

    page.get_by_role("button", name="Undo", exact=True).press("Enter")
    expect(pad).to_have_attribute("aria-label", re.compile("1 stroke\\."))
    page.get_by_role("button", name="Clear", exact=True).press("Enter")
    expect(page.get_by_text("Nothing is drawn yet")).to_be_visible()
    expect(page.get_by_text(ESPRESSO).first).to_be_visible()
