"""Pictures of one's own in a real browser: from a zip file to a data set to train on."""

import io
import re
import zipfile
from collections.abc import Iterator

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from tests.browser import chromium
from tests.browser.conftest import Open, settle, watched

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

expect.set_options(timeout=30_000)


def zipped() -> bytes:
    random = np.random.default_rng(0)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for index in range(12):
            colour = random.integers(0, 256, (4, 4, 3), np.uint8)
            file = io.BytesIO()
            Image.fromarray(colour).resize((90, 70)).save(file, "JPEG")
            archive.writestr(f"pets/{'cat' if index % 2 else 'dog'}/{index}.jpg", file.getvalue())
    return buffer.getvalue()


def test_a_zip_file_becomes_a_data_set_to_train_on_and_is_deleted(go: Open) -> None:
    page = go("/data?view=Bring+your+own")
    page.get_by_label("What to call it").fill("Pets *of mine*")
    page.locator('input[type="file"]').first.set_input_files(
        {"name": "pets.zip", "mimeType": "application/zip", "buffer": zipped()}
    )
    page.get_by_role("button", name="Make a data set of 12 files in 2 classes").click()
    expect(page.get_by_text("Pets *of mine* is kept: 12 pictures of 2 classes.")).to_be_visible()
    expect(page).to_have_url(re.compile(r"data=own(:|%3A)[0-9a-f]{8}"))
    expect(page.get_by_alt_text("Pictures of cat")).to_be_visible()
    page.reload()  # the link alone brings it back
    settle(page)
    expect(page.get_by_alt_text("Pictures of dog")).to_be_visible()
    expect(page.get_by_role("link", name="Train on it")).to_have_attribute(
        "href", re.compile(r"train\?data=own")
    )
    page.get_by_role("button", name="Rename or delete").click()
    page.get_by_role("button", name="Delete for good").click()
    expect(page.get_by_text("Pets *of mine* is deleted.")).to_be_visible()
    settle(page)
    expect(page.get_by_role("combobox", name="Data set")).to_have_value("mnist_5k")


@pytest.fixture
def with_camera(browser: Browser, app_url: str) -> Iterator[Page]:
    """Open the camera's tab in a browser whose camera shows a test picture."""
    kind = browser.browser_type
    args = [
        *("--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"),
        *("--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream"),
    ]
    own = kind.launch(executable_path=chromium.find(), args=args)
    context = own.new_context(permissions=["camera"])
    page = context.new_page()
    with watched(page, app_url):
        page.goto(f"{app_url}/data?view=Bring+your+own&bring=Camera")
        settle(page)
        yield page
    own.close()


def test_the_camera_takes_one_photo_after_the_other(with_camera: Page) -> None:
    page = with_camera
    page.get_by_role("textbox", name="Classes, with commas between them").fill("up, down")
    page.keyboard.press("Enter")
    settle(page)
    for name in ("up", "down"):
        page.get_by_role("radio", name=name, exact=True).click()
        settle(page)
        for count in (1, 2):
            shutter = page.get_by_role("button", name="Take Photo")
            expect(shutter).to_be_enabled()
            shutter.click()
            expect(page.get_by_text(re.compile(rf"^{name} · {count}$"))).to_be_visible()
            settle(page)
    page.get_by_role("button", name="Make a data set of 4 files in 2 classes").click()
    expect(page.get_by_text("My pictures is kept: 4 pictures of 2 classes.")).to_be_visible()
