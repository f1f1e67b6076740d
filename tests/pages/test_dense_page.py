"""What a network says over its picture, and what can be taken along, without a browser."""

import io
import json
from typing import Any

import numpy as np
import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

import cvexplore as cv
from cvexplore.interpret.dense import Box, Boxes, Segmentation
from cvexplore.ui.cached import Subject
from cvexplore.ui.features import Looking, taking
from cvexplore.ui.pictures import Picture
from tests.pages.test_pages import opened

SSD = "torchvision/ssdlite320_mobilenet_v3_large"


def looking(name: str, weights: str = "random", layer: str = "") -> Looking:
    return Looking(
        Subject(name, weights), Picture(cv.sample_image("coffee"), "coffee", "coffee"), layer
    )


def answered(at: Looking, answer: Any) -> AppTest:
    """Open a page that shows nothing but this answer."""

    def page(at, answer) -> None:
        from cvexplore.ui.features import answers

        answers.show(at, answer)

    app = AppTest.from_function(page, kwargs={"at": at, "answer": answer}, default_timeout=60).run()
    assert not app.exception
    return app


def test_boxes_are_listed_from_the_score_on_that_the_slider_says() -> None:
    boxes = Boxes((Box("cup", 0.9, 10, 20, 110, 220, 1), Box("spoon", 0.3, 0, 0, 50, 60, 2)))
    app = answered(looking(SSD), boxes)
    table = app.dataframe[0].value
    assert list(table["Class"]) == ["cup"]
    assert list(table.iloc[0][["Left", "Top", "Right", "Bottom"]]) == [10, 20, 110, 220]
    app.slider[0].set_value(0.2).run()
    assert list(app.dataframe[0].value["Class"]) == ["cup", "spoon"]
    app.slider[0].set_value(0.95).run()
    assert not app.dataframe
    assert "the surest has 90.0%" in app.info[0].value


def test_where_no_box_is_sure_a_few_are_drawn_and_called_random() -> None:
    faint = Boxes(tuple(Box(f"class {n}", 0.011 - n / 1e5, 0, 0, 9, 9, n) for n in range(20)))
    app = answered(looking(SSD), faint)
    assert len(app.dataframe[0].value) == 5
    assert app.slider[0].max == pytest.approx(0.0132)
    assert any("Random weights" in each.value for each in app.caption)


def test_a_detector_without_a_box_says_from_which_score_on_it_gives_some() -> None:
    app = answered(looking("torchvision/fasterrcnn_mobilenet_v3_large_320_fpn"), Boxes(()))
    assert "itself drops those below 5.0%" in app.info[0].value
    assert not app.slider


def test_a_segmentation_has_a_legend_with_shares_and_no_one_s_markup() -> None:
    classes = np.array([[0, 0], [0, 2]], np.int16)
    found = Segmentation(classes, ("background", "cup", "<b>x</b>"), (0.75, 0.0, 0.25))
    app = answered(looking("torchvision/lraspp_mobilenet_v3_large"), found)
    legend = app.get("html")[0].proto.body
    assert "background (left clear)<b>75.0%" in legend
    assert "&lt;b&gt;x&lt;/b&gt;<b>25.0%" in legend
    assert "cup" not in legend


def test_class_names_are_no_markdown() -> None:
    from cvexplore.interpret.predictions import Prediction

    app = answered(looking("cvexplore/simple_cnn"), (Prediction("*a* [b](c)", 0.5, 0),))
    assert app.get("progress")[0].proto.text == r"\*a\* \[b\](c) · 50.0%"


# ------------------------------------------------------------------ download

LITE = "timm/tf_efficientnet_lite0"


def test_a_layer_s_file_holds_its_maps() -> None:
    at = looking(LITE, "bundled", "blocks.2")
    with np.load(io.BytesIO(taking._arrays_of_layer(at))) as arrays:
        maps, about = arrays["maps"], json.loads(arrays["about"].item())
    model = cv.build(LITE, weights="bundled").eval()
    image = cv.prepare(at.picture.image, cv.preparation(LITE, "bundled"))
    assert np.array_equal(maps, cv.feature_maps(model, image, "blocks.2").maps.numpy())
    assert (about["network"], about["layer"]) == (LITE, "blocks.2")


def test_the_picture_s_file_is_the_picture() -> None:
    at = looking(LITE)
    with Image.open(io.BytesIO(taking._png(at))) as read:
        assert np.array_equal(np.asarray(read), np.asarray(at.picture.image))


def test_file_names_are_safe() -> None:
    assert taking._file_name(looking("design/a b:c"), "../x y/0", ".npz") == "a-b-c-..-x-y-0.npz"


def test_all_layers_are_made_into_a_file_to_download() -> None:
    app = opened("feature_maps", view="Download")
    assert not app.exception
    app.button_group(key="features.taking").set_value("All layers' numbers").run()
    next(each for each in app.button if each.label == "Make the file").click().run()
    assert not app.exception
    assert any("**265** arrays, **131 MB**" in each.value for each in app.markdown)
    with np.load(io.BytesIO(app.session_state[taking._MADE].read())) as arrays:
        assert arrays["blocks.2"].shape == (40, 28, 28)
        assert json.loads(arrays["about"].item())["weights"] == "bundled"


def test_the_code_view_names_this_network_and_layer() -> None:
    app = opened("feature_maps", view="Download")
    app.button_group(key="features.taking").set_value("Code").run()
    assert not app.exception
    assert f'name, weights = "{LITE}", "bundled"' in app.code[0].value
    app.button_group(key="features.code").set_value("With PyTorch alone").run()
    assert not app.exception
    assert 'timm.create_model("tf_efficientnet_lite0")' in app.code[0].value


@pytest.mark.parametrize(("classes", "said"), [(9, "1 class "), (10, "2 classes ")])
def test_classes_that_have_no_room_in_the_legend_are_counted(classes: int, said: str) -> None:
    named = np.arange(classes).repeat(2).reshape(classes, 2)
    shares = tuple(np.bincount(named.ravel()) / named.size)
    names = tuple(f"class {each}" for each in range(classes))
    app = answered(looking(SSD), Segmentation(named, names, shares))
    assert any(each.value.startswith(f"And {said}") for each in app.caption)
