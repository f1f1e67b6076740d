"""Anatomy's Export view hands out what the command line writes."""

import pytest
from streamlit.testing.v1 import AppTest

from cvexplore import export
from cvexplore.designs import from_json
from tests.pages.test_pages import opened


def exporting(name: str, way: str = "PyTorch code") -> AppTest:
    app = opened("anatomy", arch=name, view="Export")
    if way != "PyTorch code":
        app.session_state["taking.as"] = way
        app.run()
    assert not app.exception
    return app


def downloads(app: AppTest) -> list[str]:
    return [each.proto.label for each in app.get("download_button")]


def test_code_is_shown_and_follows_the_options() -> None:
    app = exporting("cvexplore/simple_cnn")
    assert app.code[0].value == export.code("cvexplore/simple_cnn").strip()
    assert downloads(app) == ["Download simple_cnn.py"]
    next(each for each in app.number_input if "Width" in each.label).set_value(8).run()
    assert app.code[0].value == export.code("cvexplore/simple_cnn", {"width": 8}).strip()
    assert "--option width=8 --out simple_cnn.py" in app.code[1].value


def test_a_design_is_a_design() -> None:
    app = exporting("cvexplore/simple_cnn", "Design")
    assert from_json(app.code[0].value).classes == 10


def test_weights_say_their_size_and_that_they_are_random() -> None:
    app = exporting("cvexplore/simple_cnn", "Weights")
    app.selectbox(key="weights.cvexplore/simple_cnn").set_value("random").run()
    assert downloads(app) == ["Download simple_cnn.safetensors, 1.69 MB"]
    assert any("Random weights" in each.value for each in app.caption)


@pytest.mark.parametrize(
    ("name", "way", "says"),
    [
        ("torchvision/vit_h_14", "ONNX", "is the most to pass through a browser"),
        ("torchvision/ssdlite320_mobilenet_v3_large", "ONNX", "torchvision::nms"),
    ],
)
def test_what_cannot_be_had_is_told_in_place(name: str, way: str, says: str) -> None:
    app = exporting(name, way)
    assert says in app.error[0].value.replace("\\", "")
    assert not downloads(app)
