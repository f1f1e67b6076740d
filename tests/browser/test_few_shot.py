"""A run learns to learn; then a person teaches it classes of their own with a few photos."""

import io
import re
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import FilePayload, expect

from cvexplore.plugins import Choice
from cvexplore.runs import RunStore
from cvexplore.training import RunConfig
from cvexplore.training.datasets import DATASETS
from tests.browser.conftest import Open, settle

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

expect.set_options(timeout=60_000)

RECIPE = RunConfig(
    approach=Choice("prototypical", {"ways": 10}),
    dataset=Choice("digits"),
    options={"batch_norm": True, "dropout": 0.0, "width": 8, "hidden": 64},
    batch_size=32,
    steps=40,
    every=1000,
    snapshots=2,
)


def photos(label: int, *places: int) -> list[FilePayload]:
    """Return digits as a person would photograph them: large, dark on white."""
    data = DATASETS.bind(Choice("digits"))()
    found: list[FilePayload] = []
    for place in (data.labels == label).nonzero()[list(places), 0].tolist():
        buffer = io.BytesIO()
        pixels = 255 - data.images[place, 0].numpy()
        Image.fromarray(pixels).convert("RGB").resize((200, 200)).save(buffer, "JPEG")
        found.append(
            {"name": f"{place}.jpg", "mimeType": "image/jpeg", "buffer": buffer.getvalue()}
        )
    return found


def test_two_classes_of_ones_own_are_taught_and_a_photo_is_named(go: Open, app_home: Path) -> None:
    run = RunStore(app_home / "runs").submit(RECIPE)
    page = go(f"/runs?run={run}")
    expect(page.get_by_text(re.compile(r"Finished · step 40 of 40"))).to_be_visible(timeout=120_000)
    page.goto(f"{page.url.partition('/runs')[0]}/runs?run={run}&view=Learned")
    settle(page)
    expect(page.get_by_role("heading", name="A task of classes it never saw")).to_be_visible()
    expect(page.get_by_text(re.compile(r"\d+ of 20 are named right"))).to_be_visible()
    page.get_by_role("button", name="Another task").click()
    settle(page)

    page.get_by_text("Swap dark and light").click()
    settle(page)
    for index, (name, label) in enumerate((("zero", 0), ("one", 1))):
        field = page.get_by_label(f"Class {index + 1}")
        field.fill(name)
        field.press("Tab")
        settle(page)
        files = page.locator('input[type="file"]').nth(index)
        files.set_input_files(photos(label, 0, 1, 2, 3, 4))
        settle(page)
    expect(page.get_by_text("Now a further picture")).to_be_visible()
    page.locator('input[type="file"]').nth(2).set_input_files(photos(0, 5))
    expect(page.get_by_role("heading", name="It is taken for zero")).to_be_visible()
