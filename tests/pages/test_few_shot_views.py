"""An episode of novel classes, and classes of one's own, on the page of a run."""

import io
from typing import Any

import pytest
import torch
from PIL import Image
from streamlit.testing.v1 import AppTest

from cvexplore.plugins import Choice
from cvexplore.runs import Run, RunStore
from cvexplore.runs.learned import approach_at
from cvexplore.training import RunConfig
from cvexplore.training.datasets import DATASETS, Dataset
from cvexplore.training.few_shot import FewShot
from tests.pages.test_pages import no_runner, opened, sheet
from tests.runs.conftest import train

pytestmark = pytest.mark.usefixtures("no_runner")

__all__ = ["no_runner"]

DIGITS = Choice("digits")
NAMES = ("prototypical", "relation", "maml", "nearest_centroid")


def learned(name: str = "prototypical", **options: Any) -> Run:
    recipe = RunConfig(
        approach=Choice(name, options),
        dataset=DIGITS,
        options={"width": 4, "hidden": 16, "batch_norm": True},
        batch_size=32,
        steps=2,
        snapshots=1,
    )
    return train(RunStore(), recipe)


def data() -> Dataset:
    return DATASETS.bind(DIGITS)()


def looking(run: Run) -> AppTest:
    app = opened("runs", run=run.id, view="Learned")
    assert not app.exception
    return app


def said(app: AppTest) -> str:
    assert not app.exception
    return " ".join(each.value for each in (*app.caption, *app.markdown, *app.subheader))


def control(app: AppTest, label: str) -> Any:
    every = (*app.slider, *app.button, *app.toggle, *app.number_input, *app.multiselect)
    return next(each for each in every if each.label == label)


def photo(label: int, which: int) -> bytes:
    """Return a digit as a person would send a photo of it: large, and dark on white."""
    place = (data().labels == label).nonzero()[which, 0]
    pixels = 255 - data().images[place, 0].numpy()
    buffer = io.BytesIO()
    Image.fromarray(pixels).convert("RGB").resize((120, 120)).save(buffer, "PNG")
    return buffer.getvalue()


@pytest.mark.parametrize("name", NAMES)
def test_an_episode_says_what_the_approach_answers(name: str) -> None:
    run = learned(name)
    app = looking(run)
    approach = approach_at(RunStore(), run, 2, data())
    assert isinstance(approach, FewShot)
    episode = approach.episode(0)
    with torch.inference_mode():
        right = int((approach.answer(episode).argmax(1) == episode.labels).sum())
    assert f"**{right} of {len(episode.labels)}** are named right" in said(app)
    captions = sheet(app, "Pictures to name")["captions"]
    assert sum(each.endswith(": right") for each in captions) == right
    assert len(captions) == len(episode.labels)


def test_another_task_and_fewer_shots_are_other_pictures() -> None:
    app = looking(learned())
    before = sheet(app, "Pictures to name")["sheet"]
    control(app, "Another task").click().run()
    assert control(app, "Task").value == 2
    another = sheet(app, "Pictures to name")["sheet"]
    assert another != before
    control(app, "Pictures of each class to go by").set_value(1).run()
    assert not app.exception


def upload(app: AppTest, run: Run, name: str, *files: bytes) -> None:
    for number, file in enumerate(files):
        app.file_uploader(key=f"learned.{run.id}.teach.{name}").upload(f"{number}.png", file)


def test_own_classes_are_taught_and_a_photo_of_one_is_named() -> None:
    run = learned()
    app = looking(run)
    assert "Give two classes a picture each" in said(app)
    for index, (name, label) in enumerate((("six", 6), ("one", 1))):
        app.text_input(key=f"learned.{run.id}.teach.name.{index}").set_value(name)
        upload(app, run, f"files.{index}", *(photo(label, each) for each in range(3)))
    app.run()
    assert "Now a further picture" in said(app)
    upload(app, run, "asked", photo(6, 0))  # which it has seen
    app.run()
    assert "It is taken for six" in said(app)
    control(app, "Swap dark and light").set_value(True).run()
    assert "It is taken for six" in said(app)


def test_a_file_that_is_no_picture_is_told_by_its_name() -> None:
    run = learned()
    app = looking(run)
    upload(app, run, "files.0", b"no picture")
    app.run()
    assert not app.exception
    assert app.error[0].value.startswith("0.png")
    assert "This is not an image" in app.error[0].value


def test_pictures_of_the_data_set_will_do_too() -> None:
    app = looking(learned())
    next(each for each in app.button_group if "Your photos" in str(each.options)).set_value(
        "Pictures of the data set"
    ).run()
    assert "It is taken for" in said(app)
    control(app, "Classes it never learned from").set_value(["7"]).run()
    assert "Give two classes a picture each" in said(app)
