"""The whole way in one go: a zip of one's own pictures, a fine-tuned network, its feature maps."""

import io
import re
import zipfile

import pytest
import torch
from PIL import Image
from playwright.sync_api import expect

from cvexplore.training.datasets import DATASETS
from tests.browser.conftest import Open, settle

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

expect.set_options(timeout=60_000)


def zipped() -> bytes:
    """Return drawn circles and crosses as a person would send photos: a folder a class."""
    drawn = DATASETS["shapes"](count=160, image_size=64)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for index in torch.isin(drawn.labels, torch.tensor([0, 3])).nonzero()[:, 0].tolist():
            file = io.BytesIO()
            pixels = drawn.images[index].permute(1, 2, 0).contiguous().numpy()
            Image.fromarray(pixels).save(file, "PNG")
            name = drawn.classes[int(drawn.labels[index])]
            archive.writestr(f"{name}/{index}.png", file.getvalue())
    return buffer.getvalue()


def test_a_zip_becomes_a_fine_tuned_network_whose_maps_are_looked_at(go: Open) -> None:
    page = go("/data?view=Bring+your+own")
    page.get_by_label("What to call it").fill("Signs")
    page.locator('input[type="file"]').first.set_input_files(
        {"name": "signs.zip", "mimeType": "application/zip", "buffer": zipped()}
    )
    page.get_by_role("button", name="Make a data set of 80 files in 2 classes").click()
    expect(page.get_by_text("Signs is kept: 80 pictures of 2 classes.")).to_be_visible()
    settle(page)
    own = re.search(r"own(?::|%3A)([0-9a-f]{8})", page.url)
    assert own

    # The bundled ResNet knows shapes of four classes at 96 pixels; half of it stays as it is.
    address = page.url.partition("/data")[0]
    page.goto(
        f"{address}/train?data=own:{own[1]}&architecture=cvexplore/resnet&weights=bundled"
        "&frozen=0.5&epochs=6&learning_rate=0.005&batch_size=16"
    )
    settle(page)
    expect(page.get_by_role("combobox", name="Data set")).to_have_value("Signs (yours)")
    expect(page.get_by_role("spinbutton", name="Epochs")).to_have_value("6")
    page.get_by_role("button", name="Launch").click()
    page.wait_for_url("**/runs*")
    expect(page.get_by_text(re.compile(r"Finished · step 24 of 24"))).to_be_visible(timeout=120_000)
    page.get_by_text("Its feature maps").click()
    expect(page.locator("h1")).to_have_text("Feature maps")
    expect(page.get_by_text(re.compile(r"^(circle|cross) · \d+\.\d%")).first).to_be_visible()
