"""Where an image can come from, and how a page tells what the network sees of it."""

import io
import json

import numpy as np
import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest
from torchvision.transforms import functional

from cvexplore import images
from cvexplore.images import Preparation
from cvexplore.training.datasets import DATASETS
from cvexplore.ui.features import seen
from cvexplore.ui.pictures import _SOURCES


def script(shown: bool = False) -> None:
    import streamlit as st

    from cvexplore.images import Preparation
    from cvexplore.ui.features import seen
    from cvexplore.ui.messages import told
    from cvexplore.ui.pictures import pick_picture

    with told():
        picture = pick_picture(key="picture")
        st.session_state["found"] = picture
        if shown:
            seen.show(picture, Preparation())


def opened(source: str, shown: bool = False) -> AppTest:
    app = AppTest.from_function(script, args=(shown,), default_timeout=60).run()
    if source != "File":
        app.segmented_control(key="picture.source").set_value(source).run()
    assert not app.exception
    return app


def alts(app: AppTest) -> list[str]:
    return [json.loads(each.proto.json).get("alt", "") for each in app.get("bidi_component")]


# ------------------------------------------------------------------ where it comes from


@pytest.mark.parametrize("source", _SOURCES)
def test_there_is_always_an_image_and_what_to_do_is_said(source: str) -> None:
    app = opened(source)
    assert min(app.session_state["found"].image.size) >= 8
    if source in ("Paste", "Camera", "Draw"):
        assert app.info[0].value.endswith("Until then you see coffee.")


def test_a_file_input_and_the_sample_photos_are_there_at_the_start() -> None:
    app = opened("File")
    assert len(app.file_uploader) == 1
    assert alts(app) == ["Sample photos"]


@pytest.mark.parametrize("kind", images.FORMATS)
def test_every_format_can_be_uploaded(kind: str) -> None:
    file = io.BytesIO()
    Image.new("RGB", (40, 30), "teal").save(file, kind)
    app = opened("File")
    app.file_uploader[0].upload(f"teal.{kind.lower()}", file.getvalue(), "image/*").run()
    found = app.session_state["found"]
    assert found.name == "your image"
    assert found.image.size == (40, 30)
    assert np.abs(np.asarray(found.image)[15, 20].astype(int) - (0, 128, 128)).max() < 6


def test_a_data_sets_picture_is_of_the_class_and_page_that_are_asked_for() -> None:
    app = opened("Data set")
    app.selectbox(key="picture.dataset").set_value("digits").run()
    app.selectbox(key="picture.class.digits").set_value("7").run()
    app.number_input(key="picture.page.digits.7").set_value(2).run()
    assert not app.exception
    dataset = DATASETS["digits"]()
    thirty_first = (dataset.labels == 7).nonzero()[30, 0]
    found = app.session_state["found"]
    assert found.name == "7"
    assert (np.asarray(found.image)[..., 0] == dataset.images[thirty_first, 0].numpy()).all()


# ------------------------------------------------------------------ what is seen of it


@pytest.mark.parametrize("size", [(600, 400), (333, 500)])
def test_the_steps_tell_the_sizes_that_torchvision_makes(size: tuple[int, int]) -> None:
    small = functional.resize(Image.new("RGB", size), [256])
    resized = seen.steps(size, Preparation())[0]
    assert "short side to 256" in resized
    assert resized.endswith(f": {small.width} × {small.height}.")


def test_no_step_is_told_that_is_not_done() -> None:
    digit = Preparation(28, 1, mean=(0.13,), std=(0.31,), crop=1.0)
    said = " ".join(seen.steps((28, 28), digit))
    assert "Resize" not in said
    assert "Cut out" not in said
    assert "grey" in said
    assert "grey" not in " ".join(seen.steps((28, 28), Preparation()))


def test_the_table_holds_the_numbers_of_each_channel() -> None:
    app = opened("File", shown=True)
    table = app.dataframe[0].value.set_index("Channel")
    square = np.asarray(images.crop(images.sample_image("coffee"), Preparation())) / 255
    values = (square - Preparation.mean) / Preparation.std
    for index, channel in enumerate(("red", "green", "blue")):
        row = table.loc[channel]
        assert row["Mean"] == pytest.approx(values[..., index].mean(), abs=1e-4)
        assert row["Standard deviation"] == pytest.approx(values[..., index].std(), abs=1e-4)
        assert row["Lowest"] == pytest.approx(values[..., index].min(), abs=1e-4)
        assert row["Highest"] == pytest.approx(values[..., index].max(), abs=1e-4)


def test_what_is_cut_off_is_darker_and_what_is_seen_is_kept() -> None:
    photo = images.sample_image("coffee")  # 600 × 400, drawn as it is
    left, top, right, bottom = (round(each) for each in images.crop_box(photo, Preparation()))
    before = np.asarray(photo, float)
    drawn = np.asarray(seen.framed(photo, (left, top, right, bottom)), float)
    inside = np.s_[top + 3 : bottom - 3, left + 3 : right - 3]
    assert (drawn[inside] == before[inside]).all()
    assert np.abs(drawn[:top] - 0.35 * before[:top]).max() <= 1
    assert np.abs(drawn[:, right:] - 0.35 * before[:, right:]).max() <= 1


@pytest.mark.parametrize("size", [(4096, 3), (1, 500), (1, 1)])
def test_even_a_thread_of_an_image_is_framed(size: tuple[int, int]) -> None:
    thread = Image.new("RGB", size, "teal")
    assert max(seen.framed(thread, images.crop_box(thread, Preparation())).size) <= 640


def test_channels_stand_side_by_side() -> None:
    values = np.random.default_rng(0).normal(size=(3, 5, 4))
    row = seen.side_by_side(values, gap=1)
    assert row.shape == (5, 14)
    assert (row[:, 5:9] == values[1]).all()
    assert (row[:, [4, 9]] == values.min()).all()
