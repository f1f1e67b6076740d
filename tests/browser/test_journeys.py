"""What a user does, in a real browser on the real app."""

import re
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest
import skimage.data
from playwright.sync_api import Browser, Error, FloatRect, Locator, Page, expect

from tests.browser.conftest import ROOT, Open, serving, settle, watched

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

PAGES = (
    *("", "compare", "evolution", "recommend", "anatomy", "design"),
    *("feature_maps", "attention", "train", "runs"),
)
COFFEE = Path(skimage.data.__file__).parent / "coffee.png"

expect.set_options(timeout=30_000)


def pick_layer(page: Page, part: str) -> None:
    field = page.get_by_role("combobox", name="Layer")
    field.click()
    field.fill(part)
    page.keyboard.press("Enter")
    settle(page)


# ------------------------------------------------------------------ the house


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("width", [1360, 390])
def test_every_page_opens_and_fits_the_screen(go: Open, path: str, width: int) -> None:
    page = go(f"/{path}")
    page.set_viewport_size({"width": width, "height": 800})
    expect(page.locator("h1")).to_be_visible()
    expect(page.locator('[data-testid="stException"]')).to_have_count(0)
    overflow = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
    assert overflow <= 0


def test_a_deep_link_works_on_a_cold_page_and_in_the_menu(go: Open) -> None:
    page = go("/anatomy?arch=torchvision%2Fresnet18")
    expect(page.get_by_text("11.7 M").first).to_be_visible()
    page.get_by_role("link", name="Runs", exact=True).click()
    expect(page.locator("h1")).to_have_text("Runs")


def test_answers_carry_headers_that_keep_the_page_at_home(app_url: str) -> None:
    with urllib.request.urlopen(app_url) as answer:
        assert "default-src 'self'" in answer.headers["content-security-policy"]
        assert answer.headers["x-content-type-options"] == "nosniff"


def test_a_second_start_on_a_busy_port_says_so(app_url: str) -> None:
    port = app_url.rpartition(":")[2]
    command = [sys.executable, "-m", "cvexplore", "app", "--no-browser", "--port", port]
    second = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert second.returncode == 2
    assert f"Port {port} is in use" in second.stderr
    assert "Traceback" not in second.stderr


# ------------------------------------------------------------------ compare


def test_compare_picks_by_tick_dot_and_name_and_is_shared_by_its_link(
    go: Open, browser: Browser, app_url: str
) -> None:
    page = go("/compare?q=torchvision%2Fresnet")
    point = page.locator(".scatterlayer .point").last
    point.scroll_into_view_if_needed()
    dot = point.bounding_box()
    assert dot
    page.mouse.click(dot["x"] + dot["width"] / 2, dot["y"] + dot["height"] / 2)
    expect(page.get_by_role("button", name="Remove torchvision/resnet50")).to_be_visible()
    expect(page.locator(".scatterlayer text", has_text="resnet50")).to_be_visible()
    settle(page)

    table = page.locator('[data-testid="stDataFrame"]').first
    table.scroll_into_view_if_needed()
    grid = table.bounding_box()
    assert grid
    page.mouse.click(grid["x"] + 18, grid["y"] + 35 + 17)  # the first row's box
    expect(page.get_by_role("button", name="Remove torchvision/resnet101")).to_be_visible()
    expect(page.get_by_text("Where it goes")).to_be_visible()
    settle(page)

    field = page.get_by_role("combobox", name="Picked")
    field.click()
    field.press_sequentially("torchvision/vgg16_bn")
    field.press("Enter")
    field.press("Escape")  # while the list is open, the rest is hidden from roles
    chips = page.get_by_role("button", name=re.compile("^Remove "))
    expect(chips).to_have_count(3)
    settle(page)

    fresh = browser.new_context().new_page()
    fresh.goto(page.url)
    expect(fresh.get_by_role("button", name=re.compile("^Remove "))).to_have_count(3)
    expect(fresh.get_by_text("Where it goes")).to_be_visible()
    fresh.context.close()


# ------------------------------------------------------------------ anatomy


def test_anatomy_turns_a_knob(go: Open) -> None:
    page = go("/anatomy?arch=cvexplore%2Fresnet")
    expect(page.get_by_text("25.6 M").first).to_be_visible()
    page.get_by_role("radio", name="18", exact=True).click()
    expect(page.get_by_text("11.7 M").first).to_be_visible()


# ------------------------------------------------------------------ feature maps


def test_an_uploaded_photo_is_an_espresso_and_every_channel_can_be_picked(go: Open) -> None:
    page = go("/feature_maps?view=Layer")
    page.locator('input[type="file"]').set_input_files(str(COFFEE))
    expect(page.get_by_text(re.compile(r"espresso · 9\d\.\d%"))).to_be_visible()
    expect(page.get_by_role("heading", name="Channel 0")).to_be_visible()

    board = page.locator(".board").last
    board.scroll_into_view_if_needed()
    box = board.bounding_box()
    assert box
    page.mouse.click(box["x"] + box["width"] * 2.5 / 7, box["y"] + box["height"] * 1.5 / 6)
    expect(page.get_by_role("heading", name="Channel 9")).to_be_visible()  # row 1, column 2 of 7
    board.press("ArrowRight")
    board.press("Enter")
    expect(page.get_by_role("heading", name="Channel 10")).to_be_visible()

    pick_layer(page, "conv_head")
    expect(page.get_by_text("The first 512 of 1,280 channels.")).to_be_visible()


def test_a_photo_can_be_clicked_and_a_broken_file_is_told(go: Open, tmp_path: Path) -> None:
    page = go("/feature_maps")
    photos = page.locator(".board").first
    box = photos.bounding_box()
    assert box
    page.mouse.click(box["x"] + box["width"] * 1.5 / 4, box["y"] + box["height"] / 4)  # the cat
    expect(page.get_by_text(re.compile(r"(tiger|Egyptian) cat · \d+\.\d%")).first).to_be_visible()
    broken = tmp_path / "holiday.png"
    broken.write_text("not a picture")
    page.locator('input[type="file"]').set_input_files(str(broken))
    expect(page.get_by_text("This is not an image")).to_be_visible()


# ------------------------------------------------------------------ train and runs


def test_a_run_is_launched_watched_zoomed_and_looked_into(go: Open, browser: Browser) -> None:
    page = go("/train?data=digits")
    page.get_by_role("spinbutton", name="Epochs").fill("30")
    page.keyboard.press("Enter")
    settle(page)
    page.get_by_role("button", name="Launch").click()
    page.wait_for_url("**/runs*")
    expect(page.get_by_text(re.compile(r"Running · step \d+"))).to_be_visible(timeout=60_000)
    first = steps(page)
    wait_past(page, first)

    box = in_view(page.locator(".u-over").first)
    page.mouse.move(box["x"] + box["width"] * 0.2, box["y"] + 40)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.5, box["y"] + 60, steps=5)
    page.mouse.up()
    zoomed = page.get_by_role("button", name=re.compile(r"^Steps")).first
    expect(zoomed).to_be_visible()
    held = zoomed.inner_text()
    wait_past(page, steps(page) + 20)
    assert zoomed.inner_text() == held  # refreshed several times, and still zoomed

    address = page.url
    page.goto("about:blank")  # a closed tab loses nothing
    other = browser.new_context().new_page()
    other.goto(address)
    expect(other.get_by_text(re.compile(r"(Running|Finished) · step \d+"))).to_be_visible()
    expect(other.get_by_text(re.compile("Finished · step 690 of 690"))).to_be_visible(
        timeout=600_000
    )
    other.get_by_text("Its feature maps").click()
    expect(other.locator("h1")).to_have_text("Feature maps")
    expect(other.get_by_text(re.compile(r"^0 · \d+\.\d%")).first).to_be_visible()
    other.context.close()


def in_view(place: Locator) -> FloatRect:
    """Return where an element is, though the page may draw it anew while a run starts."""
    for _ in range(20):
        try:
            place.scroll_into_view_if_needed(timeout=2000)
            if box := place.bounding_box(timeout=2000):
                return box
        except Error:
            place.page.wait_for_timeout(250)
    pytest.fail("the curves never stood still")


def wait_past(page: Page, step: int) -> None:
    """Wait until the page shows a later step."""
    for _ in range(120):
        if steps(page) > step:
            return
        page.wait_for_timeout(250)
    pytest.fail(f"still at step {step} after half a minute")


def steps(page: Page) -> int:
    text = page.get_by_text(re.compile(r"· step [\d,]+ of")).first.inner_text()
    found = re.search(r"step ([\d,]+)", text)
    assert found
    return int(found[1].replace(",", ""))


def test_a_run_is_stopped_and_goes_on(go: Open) -> None:
    page = go("/train?data=digits")
    page.get_by_role("spinbutton", name="Epochs").fill("400")
    page.keyboard.press("Enter")
    settle(page)
    page.get_by_role("button", name="Launch").click()
    expect(page.get_by_text(re.compile(r"Running · step \d\d+"))).to_be_visible(timeout=60_000)
    page.get_by_role("button", name="Stop").click()
    expect(page.get_by_text(re.compile(r"Stopped · step \d+"))).to_be_visible()
    stopped_at = steps(page)
    page.get_by_role("button", name="Go on").click()
    expect(page.get_by_text(re.compile(r"Running · step \d+"))).to_be_visible(timeout=60_000)
    wait_past(page, stopped_at)
    page.get_by_role("button", name="Stop").click()
    expect(page.get_by_text(re.compile(r"Stopped · step \d+"))).to_be_visible()


def test_an_unwritable_runs_folder_is_told_in_one_sentence(page: Page, tmp_path: Path) -> None:
    (tmp_path / "runs").write_text("a file where the folder should be")
    with serving(ROOT / "app.py", CVEXPLORE_HOME=str(tmp_path)) as url, watched(page, url):
        page.goto(f"{url}/runs")
        settle(page)
        expect(page.get_by_text("The runs folder")).to_be_visible()
    assert (tmp_path / "runs").read_text() == "a file where the folder should be"
