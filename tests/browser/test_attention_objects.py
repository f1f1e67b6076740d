"""A detector's boxes in a real browser: each leads to what its object query looks at."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from playwright.sync_api import Page, expect

from cvexplore import catalog, images
from cvexplore.attention import record
from cvexplore.training.datasets.scenes import scenes
from tests.browser.conftest import ROOT, Open, serving, settle, watched

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

SCENE = 3
APP = """
import streamlit as st
from starlette.middleware import Middleware

from cvexplore.ui.server import SecurityHeaders

app = st.App("view.py", middleware=[Middleware(SecurityHeaders)])
"""
# The data set is a short one, for the real one takes seconds to draw.
VIEW = f"""
from cvexplore import catalog, images
from cvexplore.training.datasets.scenes import scenes
from cvexplore.ui import cached
from cvexplore.ui.attention import Attending, objects
from cvexplore.ui.pictures import Picture

cached.learned_from = lambda subject: ("scenes", {{"count": 40}})
options = dict(catalog.origin_options("cvexplore/detr", "bundled"))
subject = cached.Subject("cvexplore/detr", "bundled", cached.frozen(options))
picture = images.from_array(scenes(count=40).images[{SCENE}].numpy())
objects.show(Attending(subject, Picture(picture, "a scene", "a scene"), ""))
"""

expect.set_options(timeout=30_000)


@pytest.fixture(scope="module")
def view_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("objects")
    (folder / "app.py").write_text(APP, encoding="utf-8")
    (folder / "view.py").write_text(VIEW, encoding="utf-8")
    (folder / "static").symlink_to(ROOT / "cvexplore" / "ui" / "static")
    with serving(Path(folder / "app.py")) as url:
        yield url


@pytest.fixture
def view(page: Page, view_url: str) -> Iterator[Open]:
    def open_view() -> Page:
        page.goto(view_url)
        settle(page)
        return page

    with watched(page, view_url):
        yield open_view


def truth() -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Return class probabilities, boxes, and where the last layer's queries look: (heads, Q, K)."""
    options = catalog.origin_options("cvexplore/detr", "bundled")
    model = catalog.build("cvexplore/detr", weights="bundled", **options).eval()
    picture = images.from_array(scenes(count=40).images[SCENE].numpy())
    batch = images.prepare(picture, catalog.preparation("cvexplore/detr", "bundled"))
    recording = record(model, batch)
    output = recording.output
    looking = recording.layer("transformer.decoder.2.cross_attention").weights[0]
    return output["logits"][0].softmax(1), output["boxes"][0], looking


def test_a_box_leads_to_what_its_query_looks_at_by_mouse_key_and_list(view: Open) -> None:
    probabilities, places, looking = truth()
    scores = probabilities[:, :-1].amax(1)
    surest = scores.argsort(descending=True).tolist()
    sure = int((scores >= 0.5).sum())
    assert sure >= 2
    page = view()
    caption = page.locator(".caption")
    boxes = page.get_by_role("group", name="Boxes").get_by_role("button")

    def looks(query: int, head: int | None = None) -> re.Pattern[str]:
        row = looking.mean(0)[query] if head is None else looking[head - 1, query]
        strongest = divmod(int(row.argmax()), 8)
        of = "mean of heads" if head is None else f"head {head}"
        return re.compile(
            f"query {query + 1}: .* · {of} · strongest: "
            f"row {strongest[0] + 1}, column {strongest[1] + 1} "
        )

    expect(boxes).to_have_count(sure)
    expect(caption).to_have_text(looks(surest[0]))
    board = page.locator(".board").bounding_box()
    assert board
    second = surest[1]
    chosen = boxes.nth(1)  # Tab visits the surest first
    frame = chosen.bounding_box()
    assert frame
    x, y, width, height = places[second].tolist()
    assert frame["x"] - board["x"] == pytest.approx(board["width"] * (x - width / 2), abs=3)
    assert frame["y"] - board["y"] == pytest.approx(board["height"] * (y - height / 2), abs=3)
    assert frame["height"] == pytest.approx(board["height"] * height, abs=3)

    chosen.hover()
    expect(caption).to_have_text(looks(second))
    page.mouse.move(0, 0)
    expect(caption).to_have_text(looks(surest[0]))
    chosen.click()
    page.mouse.move(0, 0)
    expect(caption).to_have_text(looks(second))
    expect(chosen).to_have_attribute("aria-pressed", "true")
    page.get_by_role("radio", name="head 1", exact=True).click()
    expect(caption).to_have_text(looks(second, head=1))

    boxes.first.focus()
    page.keyboard.press("Enter")
    expect(boxes.first).to_have_attribute("aria-pressed", "true")
    expect(caption).to_have_text(looks(surest[0], head=1))

    silent = surest[-1]  # says "no object": its box is drawn once it is chosen
    page.get_by_role("combobox", name="Object query").select_option(str(silent))
    expect(caption).to_have_text(looks(silent, head=1))
    expect(boxes).to_have_count(sure + 1)
    expect(boxes.last).to_have_class(re.compile("unsure"))
    assert float(page.locator(".attention").get_attribute("data-ms") or "inf") < 20


def test_the_view_reads_on_to_all_queries_their_pairs_and_the_encoder(view: Open) -> None:
    page = view()
    page.get_by_role("slider", name="Least score").fill("0")
    expect(page.get_by_text("0 %: 12 of 12 queries")).to_be_visible()
    page.get_by_role("radio", name="Paired with what is there").click()
    settle(page)
    expect(page.get_by_text("no other pairing costs less")).to_be_visible()
    page.get_by_role("radio", name="Encoder, from a place").click()
    settle(page)
    boards = page.locator(".board")
    expect(boards).to_have_count(2)
    expect(page.locator(".caption").last).to_contain_text("point at a patch")
    # what a person set above is untouched by what runs below
    expect(page.get_by_text("0 %: 12 of 12 queries")).to_be_visible()
