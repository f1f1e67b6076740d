"""The report: made of the maps on the page, read from its file, with no network at all."""

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Open, settle

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]


def test_a_report_of_a_map_is_read_offline(go: Open, page: Page, tmp_path: Path) -> None:
    go("/attribution?arch=cvexplore%2Fvit&view=Download")
    expect(page.get_by_text("Nothing is explained yet")).to_be_visible()
    page.get_by_role("tab", name="Side by side").click()
    expect(page.get_by_role("img", name="saliency for")).to_be_visible(timeout=90_000)
    settle(page)
    page.get_by_role("tab", name="Download").click()
    button = page.get_by_role("button", name="Download the report")
    expect(button).to_be_visible(timeout=60_000)
    settle(page)
    with page.expect_download(timeout=60_000) as caught:
        button.click()
    assert caught.value.suggested_filename == "vit-explanation.html"
    file = tmp_path / "explanation.html"
    caught.value.save_as(file)

    requests: list[str] = []
    reader = page.context.new_page()
    reader.on("request", lambda request: requests.append(request.url))
    page.context.set_offline(True)
    reader.goto(file.as_uri())
    expect(reader.get_by_role("heading", name="Which pixels decided?")).to_be_visible()
    pictures = reader.locator("figure img")
    assert pictures.count() >= 3  # the image, and each map over it and alone
    widths = pictures.evaluate_all("all => all.map(each => each.naturalWidth)")
    assert set(widths) == {448}  # of 56 pixels, times 8: all of them could be shown
    expect(reader.get_by_text("cvexplore/vit", exact=True)).to_be_visible()
    map_ = reader.locator("article", has=reader.get_by_role("heading", name="saliency"))
    expect(map_).to_contain_text("arXiv:1312.6034")
    expect(map_).to_contain_text("attribute cvexplore/vit image.png --weights bundled")
    expect(reader.locator("footer")).to_contain_text("torch")
    assert {url.partition(":")[0] for url in requests} <= {"file", "data"}
    reader.close()
    page.context.set_offline(False)
