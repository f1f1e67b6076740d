"""Models and features, as a script or a person calls them."""

import copy
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
from PIL import Image

import cvexplore as cv
from cvexplore import catalog
from tests.commands.typed import WHOLE, assert_shape, noise, output, parsed, run


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


def test_features_writes_numbers_and_names_what_it_sees(tmp_path: Path) -> None:
    out = tmp_path / "maps.npz"
    arguments = ["coffee", "--layer", "blocks.2", "--weights", "bundled", "--out", out]
    seen = parsed("features", "timm/tf_efficientnet_lite0", *arguments)
    assert_shape(seen, {"layer": str, "shape": list, "top": list})
    arrays = np.load(out)
    maps, about = arrays["maps"], json.loads(arrays["about"].item())
    assert (about["layer"], about["weights"]) == ("blocks.2", "bundled")
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


def test_features_writes_every_layer_into_one_file(tmp_path: Path) -> None:
    out, name = tmp_path / "all.npz", "timm/tf_efficientnet_lite0"
    arguments = ["coffee", "--layer", "all", "--weights", "bundled", "--out", out]
    done = run("features", name, *arguments, "--json")
    assert done.returncode == 0
    said = json.loads(done.stdout)
    assert_shape(said, {"layer": str, "arrays": WHOLE, "top": list})
    assert "espresso" in said["top"][0]["label"]
    model = cv.build(name, weights="bundled").eval()
    image = cv.prepare(cv.sample_image("coffee"), cv.preparation(name, "bundled"))
    paths: list[str] = []  # of what is called: a list of blocks is not
    hooked = copy.deepcopy(model)
    for path, module in hooked.named_modules():
        if path:
            module.register_forward_hook(lambda *_, path=path: paths.append(path))
    hooked(image)
    assert f"{len(paths):,} of 272 layers" in done.stderr
    with np.load(out) as arrays:
        assert set(arrays) - {"about"} == set(paths)
        assert said["arrays"] == len(paths)
        for path in paths[::13]:
            assert np.array_equal(arrays[path], cv.feature_maps(model, image, path).maps.numpy())


def test_features_says_what_detectors_and_segmenters_find(tmp_path: Path) -> None:
    picture = noise(tmp_path / "picture.png")
    small = {"layer": str, "shape": list, "top": list}
    for name, layer, kinds in (
        (
            "torchvision/ssdlite320_mobilenet_v3_large",
            "backbone.features.0.0",
            {"label": str, "score": float, "left": float, "top": float}
            | {"right": float, "bottom": float},
        ),
        ("torchvision/lraspp_mobilenet_v3_large", "backbone.0", {"label": str, "share": float}),
    ):
        said = parsed("features", name, picture, "--layer", layer, "--out", tmp_path / "x.npz")
        assert_shape(said, small)
        assert said["top"]
        for each in said["top"]:
            assert_shape(each, kinds)
            if "left" in each:
                assert 0 <= each["left"] <= each["right"] <= 320
                assert 0 <= each["top"] <= each["bottom"] <= 320
