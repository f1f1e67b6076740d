"""The evolution page in a real browser: dots are clicked, names are readable, links are shared."""

import re

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import Open, settle

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

expect.set_options(timeout=30_000)

HISTORY = ".st-key-history"
# Every pair of a name and another name or dot that lie on each other. Letters are less high than
# the box around them, which is why 3 pixels above and below do not count.
OVERLAPS = """() => {
    const box = (found) => found.getBoundingClientRect();
    const names = [...document.querySelectorAll('.st-key-history .textpoint text')];
    const dots = [...document.querySelectorAll('.st-key-history .point')].map(box);
    const meet = (a, b) => a.left < b.right - 1 && b.left < a.right - 1
        && a.top + 3 < b.bottom - 3 && b.top + 3 < a.bottom - 3;
    const boxes = names.map(box);
    return names.filter((name, i) => boxes.some((other, j) => i !== j && meet(boxes[i], other))
        || dots.some((dot) => meet(boxes[i], dot))).map((name) => name.textContent);
}"""


def shown_names(page: Page) -> set[str]:
    page.locator(f"{HISTORY} .point").first.wait_for()
    page.wait_for_timeout(500)  # Plotly writes the names a moment after the dots
    return {name for name in page.locator(f"{HISTORY} .textpoint").all_text_contents() if name}


def click_dot(page: Page, name: str) -> None:
    label = page.locator(f"{HISTORY} .textpoint text", has_text=re.compile(f"^{name}$"))
    label.scroll_into_view_if_needed()
    box = label.bounding_box()
    assert box
    page.mouse.click(box["x"] - 8, box["y"] + box["height"] / 2)
    settle(page)


def top_of_history(page: Page) -> float:
    """Return how far down the page the picture begins, wherever the page was moved to."""
    return page.evaluate(
        f"document.querySelector('{HISTORY}').getBoundingClientRect().top"
        " - document.querySelector('h1').getBoundingClientRect().top"
    )


def test_a_picked_dot_shows_where_it_comes_from_and_is_shared_by_its_link(
    go: Open, browser: Browser
) -> None:
    page = go("/evolution")
    page.set_viewport_size({"width": 1360, "height": 900})
    assert len(shown_names(page)) > 150
    before = top_of_history(page)
    click_dot(page, "ConvNeXt V2")
    expect(page.get_by_role("heading", name="ConvNeXt V2, 2023")).to_be_visible()
    names = shown_names(page)
    assert top_of_history(page) == pytest.approx(before, abs=2)  # it stays under the pointer
    assert {"ConvNeXt V2", "ConvNeXt", "ResNet", "Swin", "ViT", "VGG", "AlexNet"} <= names
    assert "MobileNetV2" not in names

    fresh = browser.new_context().new_page()
    fresh.goto(page.url)
    expect(fresh.get_by_role("heading", name="ConvNeXt V2, 2023")).to_be_visible()
    assert shown_names(fresh) == names
    fresh.context.close()

    page.get_by_role("button", name="InceptionNeXt", exact=True).wait_for(state="detached")
    page.get_by_role("button", name="ConvNeXt", exact=True).click()
    expect(page.get_by_role("heading", name="ConvNeXt, 2022")).to_be_visible()
    page.get_by_text("Compare its models").click()
    expect(page.locator("h1")).to_have_text("Compare architectures")
    expect(page.get_by_role("textbox", name="Search")).to_have_value("ConvNeXt")


def test_a_second_click_lets_go(go: Open) -> None:
    page = go("/evolution?family=Swin")
    assert len(shown_names(page)) < 100
    click_dot(page, "Swin")
    expect(page.get_by_role("heading", name="Swin, 2021")).to_have_count(0)
    assert len(shown_names(page)) > 150


@pytest.mark.parametrize("query", ["", "?kind=CNN", "?kind=hybrid", "?task=detection"])
def test_no_name_lies_on_another_or_on_a_dot(go: Open, query: str) -> None:
    page = go(f"/evolution{query}")
    page.set_viewport_size({"width": 1360, "height": 900})
    assert shown_names(page)
    assert page.evaluate(OVERLAPS) == []


def test_on_a_phone_the_picture_is_moved_sideways(go: Open) -> None:
    page = go("/evolution")
    page.set_viewport_size({"width": 390, "height": 800})
    assert shown_names(page)
    inside, window = page.evaluate(
        f"(({{scrollWidth, clientWidth}}) => [scrollWidth, clientWidth])"
        f"(document.querySelector('{HISTORY}'))"
    )
    assert inside >= 960 > 390 >= window
    assert page.evaluate(OVERLAPS) == []
