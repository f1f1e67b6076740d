"""Models, trace and features, as a script or a person calls them."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from cvexplore import catalog
from tests.commands.typed import WHOLE, assert_shape, noise, output, parsed


def test_models_lists_the_catalog() -> None:
    rows = parsed("models")
    assert [row["name"] for row in rows] == [each.name for each in catalog.architectures()]
    assert len(rows) > 1400
    for row in rows:
        year = WHOLE if row["year"] is not None else type(None)
        assert_shape(row, {"name": str, "library": str, "family": str, "kind": str, "year": year})
        assert row["name"].startswith(row["library"] + "/")


def test_models_finds_by_pattern_and_library() -> None:
    found = parsed("models", "resnet*", "--library", "torchvision")
    assert {"torchvision/resnet18", "torchvision/resnet50"} <= {row["name"] for row in found}
    assert {row["library"] for row in found} == {"torchvision"}
    assert parsed("models", "nothing-is-called-this") == []


def test_models_prints_a_table_for_people() -> None:
    head, *lines = output("models", "simple").splitlines()
    assert head.split() == ["name", "library", "family", "kind", "year"]
    assert any(line.split()[0] == "cvexplore/simple_cnn" for line in lines)
    assert "No architecture matches 'nothing-is-called-this'." in output(
        "models", "nothing-is-called-this"
    )


def test_models_and_help_import_no_torch() -> None:
    for arguments in (
        ["models", "resnet"],
        ["--help"],
        ["train", "--help"],
        ["measure", "-h"],
        ["runs", "list"],
    ):
        code = (
            "import sys; from cvexplore.__main__ import main\n"
            f"try: main({arguments})\n"
            "except SystemExit: pass\n"
            "sys.exit('torch' in sys.modules)"
        )
        done = subprocess.run([sys.executable, "-c", code], check=False, capture_output=True)
        assert done.returncode == 0, arguments


TRACE = {
    "name": str,
    "image_size": WHOLE,
    "parameters": WHOLE,
    "trainable": WHOLE,
    "macs": WHOLE,
    "activation_bytes": WHOLE,
    "layers": list,
    "edges": list,
}
LAYER = {
    "path": str,
    "kind": str,
    "depth": WHOLE,
    "input_shapes": list,
    "output_shape": list,
    "parameters": WHOLE,
    "macs": WHOLE,
}


def test_trace_gives_layers_and_totals() -> None:
    seen = parsed("trace", "torchvision/resnet18")
    assert_shape(seen, TRACE)
    for layer in seen["layers"]:
        assert_shape(layer, LAYER)
    assert (seen["name"], seen["image_size"]) == ("torchvision/resnet18", 224)
    assert seen["parameters"] == seen["trainable"] == 11_689_512  # as torchvision publishes
    assert seen["macs"] == pytest.approx(1.814e9, rel=1e-3)
    assert [layer["output_shape"] for layer in seen["layers"]][-1] == [1, 1000]
    count = len(seen["layers"])
    assert all(0 <= start < count and 0 <= end < count for start, end in seen["edges"])


def test_trace_takes_a_size_and_options() -> None:
    options = ["--option", "width=8", "--option", "classes=3"]
    seen = parsed("trace", "cvexplore/simple_cnn", "--image-size", "32", *options)
    assert seen["image_size"] == 32
    assert seen["parameters"] == 80 + 1168 + (16 * 8 * 8 * 128 + 128) + (128 * 3 + 3)
    assert seen["layers"][0]["input_shapes"] == [[1, 1, 32, 32]]


def test_trace_prints_a_table_for_people() -> None:
    lines = output("trace", "cvexplore/simple_cnn").splitlines()
    assert lines[0].split() == ["path", "kind", "output_shape", "parameters", "macs"]
    assert any("1 × 32 × 28 × 28" in line for line in lines)
    assert "421,642" in lines[-1]


def test_features_writes_numbers_and_names_what_it_sees(tmp_path: Path) -> None:
    out = tmp_path / "maps.npz"
    arguments = ["coffee", "--layer", "blocks.2", "--weights", "bundled", "--out", out]
    seen = parsed("features", "timm/tf_efficientnet_lite0", *arguments)
    assert_shape(seen, {"layer": str, "shape": list, "top": list})
    maps = np.load(out)["maps"]
    assert list(maps.shape) == seen["shape"] == [40, 28, 28]
    assert maps.dtype == np.float32
    for each in seen["top"]:
        assert_shape(each, {"label": str, "probability": float})
    likely = [each["probability"] for each in seen["top"]]
    assert likely == sorted(likely, reverse=True)
    assert sum(likely) <= 1
    assert "espresso" in seen["top"][0]["label"]


def test_features_draws_a_picture(tmp_path: Path) -> None:
    picture = noise(tmp_path / "picture.png")
    out = tmp_path / "maps.png"
    text = output(
        "features", "cvexplore/simple_cnn", picture, "--layer", "features.0", "--out", out
    )
    assert "features.0: 32 × 28 × 28" in text
    assert "random" in text
    with Image.open(out) as drawn:
        assert drawn.format == "PNG"
        assert drawn.width * drawn.height >= 32 * 28 * 28
