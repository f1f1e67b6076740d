"""The Data page: what is in a data set, and how a person brings their own."""

import io
import json
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torchvision.datasets
from PIL import Image
from streamlit.testing.v1 import AppTest

from cvexplore.plugins import Choice
from cvexplore.training import own
from cvexplore.training.config import RunConfig
from cvexplore.training.datasets import DATASETS
from cvexplore.training.own import finding
from cvexplore.training.own.finding import in_boxes
from cvexplore.training.own.making import make
from cvexplore.training.splits import split
from tests.pages.test_pages import opened

OPEN = {"view": "Bring your own"}


def picture(seed: int) -> bytes:
    pixels = np.random.default_rng(seed).integers(0, 256, (6, 8, 3), np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(pixels).resize((80, 60)).save(buffer, "PNG")
    return buffer.getvalue()


def brought(name: str = "Pets", **boxes: list[bytes]) -> own.OwnData:
    contents = boxes or {
        "cat": [picture(i) for i in range(10)],
        "dog": [picture(10 + i) for i in range(10)],
    }
    return make(in_boxes(contents), name=name, source="photos")


def metrics(app: AppTest) -> dict[str, str]:
    return {each.label: each.value for each in app.metric}


def said(app: AppTest) -> str:
    return "\n".join(each.value for each in [*app.markdown, *app.caption])


def pictures(app: AppTest) -> list[str]:
    return [image.url for each in app.get("image") for image in each.proto.imgs]  # type: ignore[attr-defined]


def charts(app: AppTest) -> list[dict[str, Any]]:
    return [json.loads(each.proto.spec) for each in app.get("plotly_chart")]


def test_a_data_set_is_shown_class_by_class() -> None:
    app = opened("data", data="digits")
    assert not app.exception
    assert metrics(app) == {"Pictures": "1,797", "Classes": "10", "Pixels a side": "28"}
    assert len(pictures(app)) == 10
    data = DATASETS["digits"]()
    for label, count in enumerate(data.labels.bincount().tolist()):
        assert f"**{label}** · {count}" in said(app)
    assert data.source in said(app)


def test_other_samples_are_shown_on_request_and_are_the_same_for_everybody() -> None:
    first, again = opened("data", data="digits"), opened("data", data="digits")
    before = pictures(first)
    for app in (first, again):
        app.button(key="data.others").click().run()
    assert pictures(first) == pictures(again) != before


def test_objects_are_grouped_by_what_is_known_of_them() -> None:
    app = opened("data", data="scenes")
    app.segmented_control(key="data.by.scenes").set_value("objects").run()
    counts = DATASETS["scenes"]().axes["objects"].values.bincount().tolist()
    for value, count in enumerate(counts):
        assert f"**{value + 1}** · {count}" in said(app)
    app.segmented_control(key="data.marks.scenes").set_value("masks").run()
    assert not app.exception


def test_the_split_is_previewed_as_a_run_would_make_it() -> None:
    app = opened("data", data="digits", look="Classes and split")
    app.slider(key="data.split.test").set_value(0.1).run()
    app.slider(key="data.split.validation").set_value(0.3).run()
    labels = DATASETS["digits"]().labels
    parts = split(labels, RunConfig(test=0.1, validation=0.3))
    for part in ("train", "validation", "test"):
        assert metrics(app)[part.capitalize()] == f"{len(getattr(parts, part)):,}"
    (balance,) = charts(app)
    assert [bar["name"] for bar in balance["data"]] == ["train", "validation", "test"]


def test_folds_are_drawn_with_the_one_that_is_asked_for() -> None:
    app = opened("data", data="digits", look="Classes and split")
    app.slider(key="data.split.folds").set_value(4).run()
    app.slider(key="data.fold").set_value(2).run()
    assert not app.exception
    parts = split(DATASETS["digits"]().labels, RunConfig(folds=4, fold=2))
    assert metrics(app)["Validation"] == f"{len(parts.validation):,}"
    assert len(charts(app)) == 2
    assert "fold 2 (this one)" in json.dumps(charts(app)[1])


def test_a_split_that_leaves_nothing_is_told_in_place() -> None:
    app = opened("data", data="digits", look="Classes and split")
    app.slider(key="data.split.test").set_value(0.5).run()
    app.slider(key="data.split.validation").set_value(0.5).run()
    assert "leave no pictures to learn from" in app.error[0].value


def test_planted_twins_are_found_and_another_label_is_noticed() -> None:
    twin = picture(3)
    made = brought(cat=[picture(i) for i in range(10)], dog=[twin] * 10)
    app = opened("data", data=f"own:{made.id}", look="Twins")
    app.button(key="data.twins.go").click().run()
    assert not app.exception
    assert "have a twin" in said(app)
    assert "**2 of 4**" in said(app)  # the held-out dogs; each has eight twins to learn from
    app.slider(key="data.alike").set_value(1.0).run()
    assert not app.exception


def test_data_sets_that_are_not_here_are_offered_and_nothing_is_fetched_unasked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[str] = []

    def fetch(name: str, tell: Any) -> None:
        asked.append(name)
        tell(1_000_000, 2_000_000)

    monkeypatch.setattr("cvexplore.ui.data.picking.fetch", fetch)
    app = opened("data", data="cifar10")
    assert "CIFAR-10 is not on this machine yet" in app.info[0].value
    assert "171 MB" in app.info[0].value
    assert not asked
    app.button(key="fetch.cifar10.go").click().run()
    assert not app.exception
    assert asked == ["cifar10"]


def test_a_download_with_no_network_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torchvision.datasets.MNIST, "mirrors", ["http://127.0.0.1:9/"])
    app = opened("data", data="mnist")
    app.button(key="fetch.mnist.go").click().run()
    assert "MNIST could not be downloaded" in app.error[0].value


# ------------------------------------------------------------------ one's own


def test_a_zip_file_becomes_a_data_set_that_is_looked_at() -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for index in range(6):
            archive.writestr(f"pets/{'cat' if index % 2 else 'dog'}/{index}.png", picture(index))
        archive.writestr("pets/readme.txt", "hello")
    app = opened("data", **OPEN)
    app.text_input(key="data.called").set_value("My *pets*").run()
    app.file_uploader(key="data.zip").upload("pets.zip", buffer.getvalue()).run()
    assert app.button(key="data.making.go").label == "Make a data set of 6 files in 2 classes"
    app.button(key="data.making.go").click().run()
    assert not app.exception
    (made,) = own.all_own()
    assert (made.name, made.classes, made.counts) == ("My *pets*", ("cat", "dog"), (3, 3))
    assert app.query_params["data"] == f"own:{made.id}"
    assert metrics(app)["Pictures"] == "6"
    assert r"My \*pets\* is kept" in app.toast[0].value
    assert "1 not a picture" in app.toast[0].value


def test_a_zip_file_is_looked_through_once_and_again_only_when_it_is_another(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    read: list[bytes] = []
    look = finding.in_zip

    def counted(data: bytes) -> finding.Found:
        read.append(data)
        return look(data)

    monkeypatch.setattr(finding, "in_zip", counted)

    def zipped(count: int) -> bytes:
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w") as archive:
            for index in range(count):
                archive.writestr(f"{'cat' if index % 2 else 'dog'}/{index}.png", picture(index))
        return buffer.getvalue()

    four, six = zipped(4), zipped(6)  # once each: a zip file holds the time it was made
    app = opened("data", **OPEN)
    app.file_uploader(key="data.zip").upload("pets.zip", four).run()
    app.text_input(key="data.called").set_value("Pets").run()
    assert read == [four]
    app.file_uploader(key="data.zip").upload("pets.zip", six).run()
    assert "6 files" in app.button(key="data.making.go").label
    app.button(key="data.making.go").click().run()
    assert read == [four, six]
    assert own.all_own()[0].counts == (3, 3)
    assert "data.zip.read" not in app.session_state  # nor does it stay in memory


def test_a_file_that_is_no_zip_is_told_in_place() -> None:
    app = opened("data", **OPEN)
    app.file_uploader(key="data.zip").upload("pets.zip", b"no").run()
    assert "This is not a zip file" in app.error[0].value
    assert not own.all_own()


def test_photos_dropped_into_boxes_become_a_data_set() -> None:
    app = opened("data", **OPEN, bring="Boxes")
    app.button(key="data.box.more").click().run()
    for index, name in enumerate(("cup", "", "<i>pen</i>")):
        app.text_input(key=f"data.box.{index}.name").set_value(name).run()
        box = app.file_uploader(key=f"data.box.{index}.files")
        for number in range(3):
            box.upload(f"{number}.png", picture(10 * index + number))
        box.run()
    app.button(key="data.making.go").click().run()
    assert not app.exception
    (made,) = own.all_own()
    assert made.classes == ("<i>pen</i>", "class 2", "cup")
    assert made.source == "photos"
    assert "**\\<i\\>pen\\</i\\>** · 3" in said(app)


def test_one_of_ones_own_is_renamed_and_deleted_for_good(home: Path) -> None:
    made = brought()
    app = opened("data", data=f"own:{made.id}")
    app.text_input(key=f"data.name.{made.id}").set_value("Cats and dogs").run()
    app.button(key=f"data.rename.{made.id}").click().run()
    assert own.find(made.id).name == "Cats and dogs"
    assert "Cats and dogs (yours)" in app.selectbox(key="data").options
    app.button(key=f"data.delete.{made.id}").click().run()
    assert not app.exception
    assert not own.all_own()
    assert not list((home / "data").rglob("*.png"))
    assert app.selectbox(key="data").value == "mnist_5k"
    assert "Cats and dogs is deleted" in app.toast[0].value


def test_sizes_of_ones_own_are_those_that_came() -> None:
    app = opened("data", data=f"own:{brought().id}", look="Sizes")
    (chart,) = charts(app)
    assert (chart["data"][0]["x"], chart["data"][0]["y"]) == ([80], [60])
    assert chart["data"][0]["customdata"] == [20]


def test_uneven_classes_are_pointed_out() -> None:
    made = brought(a=[picture(i) for i in range(12)], b=[picture(20 + i) for i in range(4)])
    app = opened("data", data=f"own:{made.id}", look="Classes and split")
    assert "3.0 times as many" in app.info[0].value
    assert "right for 75%" in app.info[0].value


def test_an_old_link_to_a_deleted_data_set_says_so_and_shows_another() -> None:
    app = opened("data", data="own:deadbeef")
    assert not app.exception
    assert "not here" in app.warning[0].value
    assert app.selectbox(key="data").value == "mnist_5k"


def test_two_of_one_name_are_told_apart() -> None:
    ids = {brought("Same").id, brought("Same").id}
    labels = [each for each in opened("data").selectbox(key="data").options if "Same" in each]
    assert len(labels) == len(set(labels)) == 2
    assert all(any(each in label for label in labels) for each in ids)


def test_the_choice_of_an_own_data_set_is_one_a_recipe_takes() -> None:
    made = brought()
    config = RunConfig(dataset=Choice("own", {"id": made.id, "image_size": 32})).checked()
    again = RunConfig.from_json(config.to_json())
    assert DATASETS.bind(again.dataset)().image_size == 32


def test_photos_of_the_camera_are_collected_class_by_class() -> None:
    app = opened("data", **OPEN, bring="Camera")
    assert not app.get("camera_input")
    app.text_input(key="data.shots.classes").set_value("up, *down*, up").run()
    assert not app.exception
    assert app.segmented_control(key="data.shots.of").options == ["up", r"\*down\*"]
    assert r"**\*down\*** · 0" in said(app)
