"""The lines of code for a notebook compute, when they are run, what the page computes."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import cvexplore as cv
from cvexplore import export
from cvexplore.errors import ExportError
from cvexplore.export import arrays, notebook
from cvexplore.images import Preparation
from cvexplore.interpret.activations import capture, feature_maps


def run(text: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Run lines in a folder and return what they defined."""
    monkeypatch.chdir(folder)
    space: dict[str, Any] = {"__name__": "notebook"}
    exec(compile(text, "notebook", "exec"), space)
    return space


CASES = [
    ("timm/tf_efficientnet_lite0", "bundled", {}, "blocks.2"),
    ("timm/vit_tiny_patch16_224", "random", {"classes": 7}, "blocks.3.attn"),
    ("torchvision/resnet18", "random", {}, "layer1.0.bn1"),  # which a ReLU writes over
    ("cvexplore/simple_cnn", "random", {"classes": 7}, "features.3"),  # of grey images
    ("torchvision/ssdlite320_mobilenet_v3_large", "random", {}, "backbone.features.0.2"),
]


@pytest.mark.parametrize(("name", "weights", "options", "layer"), CASES)
def test_both_variants_give_the_very_numbers(
    name: str,
    weights: str,
    options: dict[str, Any],
    layer: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    model = cv.build(name, weights=weights, **options).eval()  # the page's, with its own numbers
    photo = cv.sample_image("chelsea")
    image = cv.prepare(photo, cv.preparation(name, weights, **options))
    seen = capture(model, image, [layer]).layers[layer][0]
    photo.save(tmp_path / "photo.png")
    export.save_safetensors(
        model, export.origin(name, weights, options), tmp_path / notebook.weights_file(name)
    )
    ours = run(notebook.code(name, weights, options, layer), tmp_path, monkeypatch)
    assert torch.equal(ours["image"], image)
    assert torch.equal(ours["found"].maps, feature_maps(model, image, layer).maps)
    plain = run(notebook.plain_code(name, weights, options, layer), tmp_path, monkeypatch)
    assert torch.equal(plain["image"], image)
    assert torch.equal(plain["kept"][0], seen[0] if isinstance(seen, tuple) else seen)


def test_a_sample_photo_is_read_by_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = "timm/tf_efficientnet_lite0"
    text = notebook.code(name, "bundled", {}, "conv_stem", image="coffee")
    image = cv.prepare(cv.sample_image("coffee"), cv.preparation(name, "bundled"))
    assert torch.equal(run(text, tmp_path, monkeypatch)["image"], image)


def test_names_are_quoted_in_code(tmp_path: Path) -> None:
    text = notebook.code("cvexplore/simple_cnn", "random", {}, "features.0", image='a"b\\.png')
    compile(text, "notebook", "exec")
    assert json.dumps('a"b\\.png') in text


def test_a_function_between_modules_has_no_plain_lines() -> None:
    with pytest.raises(ExportError, match="function inside"):
        notebook.plain_code("torchvision/resnet18", "random", {}, "layer1.0.add")
    text = notebook.code("torchvision/resnet18", "random", {}, "layer1.0.add")
    assert '"layer1.0.add"' in text


def test_plain_lines_know_what_is_needed_of_the_preparation() -> None:
    steps = notebook._transforms(Preparation(96, 1, (0.5,), (0.25,), 0.9, "bilinear"))
    assert steps == [
        "transforms.Resize(106, transforms.InterpolationMode.BILINEAR)",
        "transforms.CenterCrop(96)",
        "transforms.Grayscale()",
        "transforms.ToTensor()",
        "transforms.Normalize((0.5,), (0.25,))",
    ]


def test_a_file_of_arrays_is_read_by_numpy_and_says_what_it_is_of(tmp_path: Path) -> None:
    first = np.random.default_rng(0).random((3, 4, 5)).astype(np.float32)
    turned = first.transpose(2, 0, 1)
    said = arrays.facts("timm/tf_efficientnet_lite0", "bundled", {}, "blocks.2")
    with arrays.array_file(tmp_path / "maps.npz") as file:
        file.add("blocks.2", first)
        file.add("blocks.2#2", turned)
        file.add_about(said)
    with np.load(tmp_path / "maps.npz", allow_pickle=False) as read:
        assert sorted(read) == ["about", "blocks.2", "blocks.2#2"]
        assert np.array_equal(read["blocks.2"], first)
        assert np.array_equal(read["blocks.2#2"], turned)
        about = json.loads(read["about"].item())
    assert about["network"] == "timm/tf_efficientnet_lite0"
    assert about["weights"] == "bundled"
    assert about["layer"] == "blocks.2"
    assert about["versions"]["torch"] == torch.__version__.partition("+")[0]
    assert about["preparation"]["image_size"] == 224
