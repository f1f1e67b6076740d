"""The table that fills step by step, in a real browser: buttons, arrow keys, playing."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import ROOT, serving, settle, watched

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

PAGE = """
import streamlit as st
import torch

from cvexplore.attention import AttentionLayer, Places, Products
from cvexplore.attention.steps import steps
from cvexplore.ui.attention.step_table import table
from cvexplore.ui.components.softmax_steps import Row, softmax_steps

st.session_state.runs = st.session_state.get("runs", 0) + 1
st.text(f"runs: {st.session_state.runs}")
head = st.radio("Head", [0, 1])
draw = torch.Generator().manual_seed(0)
queries, keys, values = torch.randn(3, 1, 2, 12, 8, generator=draw)
dots = queries @ keys.transpose(-2, -1)
products = Products(queries, keys, dots, dots / 8**0.5)
places = Places(torch.arange(12)[None], torch.arange(12)[None], (3, 4), (3, 4))
weights = products.scores.softmax(-1)
layer = AttentionLayer("attention", 0, "spatial", places, weights, values, products=products)
shown = table(steps(layer, 0, head, 5), lambda key: Row(f"key {key}"))
softmax_steps(
    formula=shown.formula,
    stages=shown.stages,
    query=Row("key 5"),
    query_strip=shown.query_strip,
    rows=shown.rows,
    columns=shown.columns,
    key="steps",
)
"""
# Served as the app is: through st.App, under its Content-Security-Policy.
APP = """
import streamlit as st
from starlette.middleware import Middleware

from cvexplore.ui.server import SecurityHeaders

app = st.App("steps.py", middleware=[Middleware(SecurityHeaders)])
"""


@pytest.fixture
def steps_page(page: Page, tmp_path: Path) -> Iterator[Page]:
    (tmp_path / "steps.py").write_text(PAGE, encoding="utf-8")
    (tmp_path / "app.py").write_text(APP, encoding="utf-8")
    (tmp_path / "static").symlink_to(ROOT / "cvexplore" / "ui" / "static")
    with serving(tmp_path / "app.py") as url, watched(page, url):
        page.emulate_media(reduced_motion="reduce")
        page.goto(url)
        settle(page)
        yield page


def test_a_person_walks_through_the_steps_without_asking_the_server(steps_page: Page) -> None:
    table = steps_page.get_by_role("group", name="Left and right arrow keys")
    expect(_step(table)).to_have_text("1 Dot products")
    expect(_inside(table, "q · k")).to_have_css("opacity", "1")
    expect(_inside(table, "weight")).to_have_css("opacity", "0")

    table.focus()
    for _ in range(3):
        steps_page.keyboard.press("ArrowRight")
    expect(_step(table)).to_have_text("4 Weights")
    expect(_inside(table, "weight")).to_have_css("opacity", "1")
    expect(table.locator("tfoot td.now")).to_have_text("1.000")
    expect(table.locator(".part.now")).to_have_text("/ Σ")
    steps_page.keyboard.press("ArrowLeft")
    expect(_step(table)).to_have_text("3 Exponential")

    table.get_by_role("button", name="Play").click()
    expect(table.get_by_role("button", name="Pause")).to_be_visible()
    expect(_step(table)).to_have_text("5 Weighted sum", timeout=10_000)
    expect(table.get_by_role("button", name="Play")).to_be_visible()
    expect(table.get_by_role("button", name="Step on")).to_be_disabled()
    expect(steps_page.get_by_text("runs: 1", exact=True)).to_be_visible()

    before = table.locator("tbody").inner_text()
    steps_page.get_by_text("1", exact=True).click()  # another head: other numbers, the same step
    expect(steps_page.get_by_text("runs: 2", exact=True)).to_be_visible()
    expect(table.locator("tbody")).not_to_have_text(before)
    expect(_step(table)).to_have_text("5 Weighted sum")


def _step(table: Locator) -> Locator:
    return table.locator("button[aria-current=step]")


def _inside(table: Locator, title: str) -> Locator:
    """Return what the first row has in the column of this title."""
    titles = table.locator("thead th").all_inner_texts()
    return (
        table.locator("tbody tr")
        .first.locator("th, td")
        .nth(titles.index(title))
        .locator(".inside")
    )
