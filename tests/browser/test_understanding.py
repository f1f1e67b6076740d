"""A run is understood: from a square of its matrix to a picture within its network, and on."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from cvexplore.plugins import Choice
from cvexplore.runs import RunStore, worker
from cvexplore.training.config import RunConfig
from tests.browser.conftest import Open, settle

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

MODEL = "cvexplore/simple_cnn"
expect.set_options(timeout=30_000)


def trained(home: Path) -> str:
    """Train a network in the app's home until it knows its few pictures by heart."""
    store = RunStore(home / "runs")
    data = Choice("shapes", {"count": 125, "image_size": 16})
    config = RunConfig(dataset=data, epochs=40, snapshots=3)
    run = store.run(store.submit(config, state="starting", name="by heart"))
    assert worker.work(store, run) == "finished"
    return run.id


def click_square(page: Page, row: int, column: int, classes: int) -> None:
    """Click a square of the confusion matrix, wherever the page has put it."""
    area = page.locator(".js-plotly-plot .nsewdrag").first
    area.scroll_into_view_if_needed()
    box = area.bounding_box()
    assert box
    x = box["x"] + (column + 0.5) / classes * box["width"]
    y = box["y"] + (row + 0.5) / classes * box["height"]
    page.mouse.move(x, y, steps=3)
    page.wait_for_timeout(200)  # plotly looks where the mouse is every 50 ms, and selects that
    page.mouse.click(x, y)
    settle(page)


def test_from_a_square_of_the_matrix_to_the_maps_of_a_mistake(go: Open, app_home: Path) -> None:
    run = trained(app_home)
    page = go(f"/runs?run={run}&view=Classes")
    expect(page.get_by_text("It learns its training pictures by heart")).to_be_visible()
    store = RunStore(app_home / "runs")
    counts = store.vectors(run, "confusion", split="validation")[-1].values
    cells = [(row, column) for row in range(4) for column in range(4) if row != column]
    row, column = max(cells, key=lambda cell: counts[4 * cell[0] + cell[1]])
    wrong = int(counts[4 * row + column])
    assert wrong > 0

    click_square(page, row, column, classes=4)
    names = ("circle", "square", "triangle", "cross")
    title = f"{names[row]}, taken for {names[column]}"
    expect(page.get_by_role("heading", name=title)).to_be_visible()
    expect(page.get_by_text(f"{wrong} of its 6 validation pictures of class")).to_be_visible()

    number = page.get_by_text(re.compile(r"no\. \d+$")).inner_text().rpartition("no. ")[2].strip()
    page.get_by_role("link", name="Open in Feature maps").click()
    page.wait_for_url("**/feature_maps**")
    settle(page)
    came = page.get_by_text(f"the picture you came with: {names[row]} · no. {number}")
    expect(came).to_be_visible()
    expect(page.get_by_text(names[column]).first).to_be_visible()


def test_what_is_advised_fills_the_form_and_layers_are_drawn(go: Open, app_home: Path) -> None:
    run = trained(app_home)
    page = go(f"/runs?run={run}&view=Layers")
    for view in ("Gradients", "Dead units", "Gradients by depth", "Moves"):
        page.get_by_role("radio", name=view, exact=True).click()
        settle(page)
        expect(page.locator(".js-plotly-plot").first).to_be_visible()
    page.get_by_role("link", name="Try it").click()
    page.wait_for_url("**/train**")
    settle(page)
    assert run in page.url
    assert "affine" in page.url
