"""A masked autoencoder draws a person's own picture, in a real browser."""

import io
import re
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from cvexplore.plugins import Choice
from cvexplore.runs import RunStore
from cvexplore.training.config import RunConfig
from tests.browser.conftest import Open, settle

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

expect.set_options(timeout=30_000)


def submit(home: Path) -> str:
    recipe = RunConfig(
        architecture="cvexplore/vit",
        options={"patch_size": 4, "width": 32, "depth": 1, "heads": 2},
        approach=Choice("mae"),
        dataset=Choice("digits", {"image_size": 16}),
        batch_size=128,
        epochs=2,
        snapshots=3,
    )
    return RunStore(home / "runs").submit(recipe)


def pictures(page: Page) -> list[str]:
    """Return the addresses of the pictures that are shown; another picture has another one."""
    found = page.locator('[data-testid="stImage"] img')
    return [found.nth(each).get_attribute("src") or "" for each in range(found.count())]


def test_ones_own_picture_is_drawn_from_what_is_left_of_it(go: Open, app_home: Path) -> None:
    page = go(f"/runs?run={submit(app_home)}")
    expect(page.get_by_text(re.compile(r"Finished · step"))).to_be_visible(timeout=120_000)
    page.get_by_role("tab", name="Learned").click()
    expect(page.get_by_text("What the network saw")).to_be_visible()
    settle(page)
    assert len(pictures(page)) == 3

    page.get_by_role("radio", name="A picture of yours").click()
    settle(page)
    buffer = io.BytesIO()
    Image.linear_gradient("L").convert("RGB").save(buffer, "PNG")
    upload = {"name": "mine.png", "mimeType": "image/png", "buffer": buffer.getvalue()}
    page.locator('input[type="file"]').set_input_files(upload)  # type: ignore[arg-type]
    settle(page)
    expect(page.get_by_text("What it drew")).to_be_visible()
    expect(page.get_by_text("the mean of all training pictures")).to_be_visible()
    picture, masked, drawn = pictures(page)
    assert len({picture, masked, drawn}) == 3

    slider = page.get_by_role("slider", name="Share that is hidden")
    slider.press("ArrowLeft")
    settle(page)
    assert pictures(page)[0] == picture
    assert pictures(page)[1] != masked
