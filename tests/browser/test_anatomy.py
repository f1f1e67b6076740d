"""The dataflow drawing in a real browser: by mouse, by keyboard, searched, saved."""

import json
import re
from pathlib import Path
from xml.etree import ElementTree

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import Open, settle

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

expect.set_options(timeout=30_000)


def part(page: Page, name: str | int) -> Locator:
    return page.locator(f'.graph [data-part="{name}"]')


def drawn(page: Page) -> dict:
    return json.loads(page.locator(".graph").get_attribute("data-drawn") or "{}")


def titles(page: Page) -> list[str]:
    return page.locator(".graph .part .title").all_inner_texts()


def opened(go: Open, name: str) -> Page:
    page = go(f"/anatomy?arch={name.replace('/', '%2F')}")
    expect(part(page, -1)).to_be_visible()
    return page


def test_a_residual_block_opens_by_click_and_shows_its_shortcut(go: Open) -> None:
    page = opened(go, "torchvision/resnet18")
    assert "+ layer1" in page.locator(".graph .title").all_text_contents()
    part(page, "layer1").locator(".title").click()
    part(page, "layer1.0").locator(".title").click()
    block = part(page, "layer1.0")
    expect(block).to_have_attribute("aria-expanded", "true")
    expect(page.locator(".graph .sign", has_text="+")).to_have_count(1)
    expect(page.get_by_text("Used by ResNet")).to_be_visible()
    page.locator(".graph .sign").click()
    expect(page.get_by_text("Used by BasicBlock")).to_be_visible()
    expect(page.get_by_text("out += identity", exact=True)).to_be_visible()
    part(page, "layer1.0").locator(".title").click()
    expect(page.locator(".graph .sign")).to_have_count(0)


def test_a_residual_block_opens_by_keyboard(go: Open) -> None:
    page = opened(go, "torchvision/resnet18")
    page.get_by_role("button", name="SVG").focus()
    page.keyboard.press("Tab")  # to the first part
    expect(part(page, -1)).to_be_focused()
    for _ in range(5):
        page.keyboard.press("ArrowDown")
    expect(part(page, "layer1")).to_be_focused()
    page.keyboard.press("Enter")
    expect(part(page, "layer1")).to_be_focused()
    page.keyboard.press("ArrowDown")
    expect(part(page, "layer1.0")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator(".graph .sign")).to_have_count(1)
    page.keyboard.press("Escape")  # out of the block it lies in
    expect(part(page, "layer1")).to_be_focused()
    expect(part(page, "layer1.0")).to_have_count(0)


def test_a_layer_is_found_by_name_wherever_it_is_hidden(go: Open) -> None:
    page = opened(go, "torchvision/resnet50")
    search = page.get_by_role("searchbox", name=re.compile("Find a layer"))
    search.fill("layer3.4.conv2")
    expect(page.locator(".graph .status")).to_have_text("1 found")
    search.press("Enter")
    expect(page.locator(".graph .part.selected .detail")).to_have_text("conv2")
    expect(page.get_by_text("layer3.4.conv2").first).to_be_visible()
    expect(page.get_by_text("256 × 14 × 14").first).to_be_visible()
    search.fill("no such layer")
    expect(page.locator(".graph .status")).to_have_text("nothing found")


def test_all_174_layers_of_resnet50_open_and_close(go: Open) -> None:
    page = opened(go, "torchvision/resnet50")
    for _ in range(3):
        page.locator(".graph .deeper").click()
    expect(page.locator(".graph .status")).to_have_text("174 of 174 layers in sight")
    expect(page.locator(".graph .sign", has_text="+")).to_have_count(16)
    page.locator(".graph .fold").click()
    expect(page.locator(".graph .status")).to_have_text("6 of 174 layers in sight")


def test_shapes_stand_on_the_arrows_when_asked(go: Open) -> None:
    page = opened(go, "torchvision/resnet18")
    expect(page.locator(".graph .shape")).to_have_count(0)
    page.get_by_role("button", name="Shapes").click()
    texts = page.locator(".graph .shape").all_text_contents()
    assert texts[:3] == ["3×224×224", "64×112×112", "64×112×112"]


def test_fewer_larger_patches_make_fewer_tokens_in_the_open_drawing(go: Open) -> None:
    page = opened(go, "cvexplore/vit")
    part(page, "blocks").locator(".title").click()
    page.get_by_role("button", name="Shapes").click()
    expect(page.locator(".graph .shape", has_text="197×768").first).to_be_visible()
    expect(page.locator(".graph .shape", has_text="768×14×14")).to_be_visible()
    slider = page.get_by_role("slider", name="Patch size")
    slider.focus()
    for _ in range(16):
        page.keyboard.press("ArrowRight")
    settle(page)
    expect(page.locator(".graph .shape", has_text="768×7×7")).to_be_visible()  # 49 for 196 patches
    expect(page.locator(".graph .shape", has_text="50×768").first).to_be_visible()
    expect(page.locator(".graph .shape", has_text="197×768")).to_have_count(0)
    expect(part(page, "blocks")).to_have_attribute("aria-expanded", "true")  # as it was left


def test_the_drawing_is_saved_as_a_picture_of_its_own(go: Open, tmp_path: Path) -> None:
    page = opened(go, "torchvision/resnet18")
    with page.expect_download() as download:
        page.get_by_role("button", name="SVG").click()
    file = tmp_path / "drawing.svg"
    download.value.save_as(file)
    assert download.value.suggested_filename == "torchvision-resnet18.svg"
    picture = ElementTree.parse(file).getroot()
    assert picture.tag == "{http://www.w3.org/2000/svg}svg"
    text = file.read_text()
    assert "layer4" in text
    assert "var(--st-" not in text  # colours do not depend on the page


def test_two_thousand_layers_are_drawn(go: Open) -> None:
    page = opened(go, "timm/efficientnet_b8")
    for _ in range(6):
        page.locator(".graph .deeper").click()
    expect(page.locator(".graph .status")).to_have_text(re.compile(r"^(\d+) of \1 layers"))
    assert drawn(page)["boxes"] > 1000
