"""A run that kept snapshots is seen learning, and taken home as a film."""

from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import expect

from cvexplore.plugins import Choice
from cvexplore.runs import RunStore, worker
from cvexplore.training import RunConfig
from tests.browser.conftest import Open, settle

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

MODEL = "cvexplore/simple_cnn"


def trained(home: Path) -> str:
    """Train a small network in the app's home and return the run's name."""
    store = RunStore(home / "runs")
    config = RunConfig(dataset=Choice("shapes", {"count": 200}), steps=12, snapshots=5)
    run = store.run(store.submit(config, state="starting"))
    assert worker.work(store, run) == "finished"
    return run.id


def test_a_run_is_watched_from_its_first_step_to_its_last_and_downloaded(
    go: Open, app_home: Path, tmp_path: Path
) -> None:
    run = trained(app_home)
    page = go(f"/feature_maps?model={MODEL}&weights=run:{run}&view=While+it+learns")
    pictures = page.get_by_role("img", name="Feature maps: features.1")
    expect(pictures).to_be_visible()
    last = pictures.get_attribute("src")

    slider = page.get_by_role("slider", name="Step")
    expect(slider).to_have_attribute("aria-valuetext", "12")
    for step in ("7", "3", "1", "0"):
        slider.press("ArrowLeft")
        expect(slider).to_have_attribute("aria-valuetext", step)
    settle(page)
    assert pictures.get_attribute("src") != last

    for name in ("Feature maps", "First filters"):
        page.get_by_role("radio", name=name).click()
        settle(page)
        playing = page.get_by_role("img", name="Film of")
        playing.scroll_into_view_if_needed()
        expect(playing).to_be_visible()
        assert (playing.get_attribute("src") or "").endswith(".gif")
        with page.expect_download() as caught:
            page.get_by_role("button", name="Download the film").click()
        file = tmp_path / caught.value.suggested_filename
        caught.value.save_as(file)
        assert file.name.startswith(run)
        with Image.open(file) as film:
            assert (film.format, film.n_frames) == ("GIF", 5)  # type: ignore[attr-defined]
