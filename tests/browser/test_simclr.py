"""A run that learns without labels is looked at: pictures as points, in a real browser."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import FloatRect, Locator, Page, expect

from cvexplore.plugins import Choice
from cvexplore.runs import RunStore
from cvexplore.training.approaches.simclr import VIEWS
from cvexplore.training.config import RunConfig
from tests.browser.conftest import Open, settle

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

expect.set_options(timeout=30_000)
CLASSES = "0123456789"


def submit(home: Path) -> str:
    recipe = RunConfig(
        approach=Choice("simclr"),
        dataset=Choice("digits", {"image_size": 16}),
        options={"width": 8},
        augmentations=VIEWS,
        batch_size=128,
        epochs=2,
        snapshots=3,
    )
    return RunStore(home / "runs").submit(recipe)


def middle_of(mark: Locator) -> tuple[float, float]:
    box = mark.bounding_box()
    assert box
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def inside(inner: FloatRect | None, outer: FloatRect | None) -> bool:
    assert inner
    assert outer
    return (
        inner["x"] >= outer["x"]
        and inner["y"] >= outer["y"]
        and inner["x"] + inner["width"] <= outer["x"] + outer["width"]
    )


def opened(go: Open, home: Path) -> Page:
    page = go(f"/runs?run={submit(home)}")
    expect(page.get_by_text(re.compile(r"Finished · step"))).to_be_visible(timeout=120_000)
    page.get_by_role("tab", name="Learned").click()
    expect(page.locator(".picture-map .mark").first).to_be_visible()
    settle(page)
    return page


def test_a_point_shows_its_picture_and_a_click_those_most_like_it(go: Open, app_home: Path) -> None:
    page = opened(go, app_home)
    map_, card = page.locator(".picture-map"), page.locator(".picture-map .card")
    map_.scroll_into_view_if_needed()
    marks = map_.locator(".mark")
    assert marks.count() == 359  # a fifth of all digits
    expect(card).to_be_hidden()
    page.mouse.move(*middle_of(marks.nth(5)))
    expect(card).to_be_visible()
    assert inside(card.bounding_box(), map_.locator(".board").bounding_box())
    said = card.inner_text().strip()
    assert said in CLASSES
    assert "url(" in map_.locator(".thumbnail").evaluate("e => e.style.backgroundImage")
    page.mouse.click(*middle_of(marks.nth(5)))
    expect(page.get_by_text(re.compile(r"Most like it: \d of 8 are of its class"))).to_be_visible()
    settle(page)

    before = map_.locator(".ring.selected").get_attribute("cx")
    map_.locator(".board").focus()
    page.keyboard.press("ArrowRight")
    expect(card).to_be_visible()
    page.keyboard.press("Enter")
    settle(page)
    assert map_.locator(".ring.selected").get_attribute("cx") != before


def test_one_class_is_shown_alone_and_the_moment_moves_the_points(go: Open, app_home: Path) -> None:
    page = opened(go, app_home)
    map_ = page.locator(".picture-map")
    map_.get_by_role("button", name="3", exact=True).click()
    loud = map_.locator(".mark:not(.quiet)").count()
    assert 20 < loud < 60
    expect(map_.get_by_role("button", name="3", exact=True)).to_have_attribute(
        "aria-pressed", "true"
    )
    map_.get_by_role("button", name="3", exact=True).click()
    expect(map_.locator(".quiet")).to_have_count(0)

    was = map_.locator(".mark").first.get_attribute("transform")
    page.get_by_role("slider").first.press("ArrowLeft")
    settle(page)
    expect(map_.locator(".mark").first).not_to_have_attribute("transform", was or "")
    page.get_by_role("radio", name=re.compile("t-SNE")).click()
    settle(page)
    expect(page.get_by_text(re.compile("means nothing"))).to_be_visible(timeout=120_000)
