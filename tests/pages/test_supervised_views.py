"""What a run learned, as its approach shows it: masks, boxes, unfrozen layers."""

from dataclasses import replace
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from cvexplore.plugins import Choice
from cvexplore.runs import Run, RunStore, worker
from cvexplore.training.approaches import standard
from tests.pages.test_pages import no_runner, opened

__all__ = ["no_runner"]

SMALL: dict[str, dict[str, Any]] = {
    "transfer": {"approach": Choice("transfer", {"way": "gradual"})},
    "segmentation": {
        "options": {"width": 4, "depth": 2},
        "dataset": Choice("shapes", {"count": 80, "image_size": 16}),
    },
    "detection": {"dataset": Choice("scenes", {"count": 60, "image_size": 32})},
}


def learned(approach: str) -> tuple[Run, AppTest]:
    """Return a run of four steps that kept three moments, and what is shown of it."""
    config = replace(standard(approach), **SMALL[approach], steps=4, snapshots=3)
    store = RunStore()
    run_id = store.submit(replace(config, batch_size=min(8, config.batch_size)))
    run = store.claim()
    assert run
    assert worker.work(store, run) == "finished"
    return store.run(run_id), opened("runs", run=run_id, view="Learned")


def said(app: AppTest) -> str:
    return " ".join(each.value for each in (*app.caption, *app.markdown, *app.subheader))


def moved_to(app: AppTest, run: Run, step: int) -> AppTest:
    app.select_slider(key=f"learned.{run.id}.step").set_value(step).run()
    assert not app.exception
    return app


@pytest.mark.parametrize("approach", list(SMALL))
def test_a_view_is_drawn_at_each_moment(approach: str) -> None:
    run, app = learned(approach)
    slider = app.select_slider(key=f"learned.{run.id}.step")
    assert slider.value == 4
    assert list(slider.options) == ["0", "1", "4"]
    for step in (0, 1):
        moved_to(app, run, step)
        assert not app.error


def test_layers_that_were_frozen_have_not_moved() -> None:
    run, app = learned("transfer")
    table = app.dataframe[-1].value
    assert list(table["Layers"]) == ["features.0", "features.3", "classifier.1", "classifier.4"]
    assert list(table["Rate"]) == ["× 1"] * 4
    assert table["Moved"].iloc[-1] != "0"
    table = moved_to(app, run, 1).dataframe[-1].value
    assert list(table["Rate"]) == ["frozen", "frozen", "× 1", "× 1"]
    assert list(table["Moved"])[:3] == ["0", "0", "0"]  # one step was taken, with the head alone
    assert table["Moved"].iloc[-1] != "0"
    assert "25% of the run" in said(app)


def test_masks_are_measured_and_the_wrong_pixels_shown() -> None:
    _, app = learned("segmentation")
    assert "16 validation pictures" in said(app)
    for words in ("What is there", "What the network sees", "Where it is wrong"):
        assert f"**{words}**" in said(app)
    assert len(app.get("image")) == 4


def test_boxes_can_be_asked_to_be_surer() -> None:
    run, app = learned("detection")
    app.slider(key=f"learned.{run.id}.least").set_value(0.0).run()
    shown = next(each.value for each in app.caption if " objects." in each.value)
    boxes, objects = int(shown.split()[0]), int(shown.split()[3])
    assert boxes == 8 * 8  # every query of every picture
    assert 8 <= objects <= 32
    app.slider(key=f"learned.{run.id}.least").set_value(1.0).run()
    assert any(each.value.startswith("0 boxes") for each in app.caption)


# ------------------------------------------------------------------ the formats of annotations


def test_the_formats_are_shown_on_the_same_pictures() -> None:
    app = opened("data", data="scenes", look="Annotations")
    assert not app.error
    assert '"bbox": [' in "".join(each.value for each in app.code)
    for words in ("**Class** · 2 s each", "**Box** · 42.4 s each", "**Mask** · 79.2 s each"):
        assert words in said(app)
    assert len(app.get("image")) == 3


def test_only_what_is_known_is_shown() -> None:
    app = opened("data", data="shapes", look="Annotations")
    assert "**Mask**" in said(app)
    app = opened("data", data="digits")
    assert "Annotations" not in [each.label for each in app.tabs]
