"""Weights go out, and come back to our networks and to the exported code's."""

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file
from torch import nn

from cvexplore import catalog, export
from cvexplore.errors import ExportError

LITE = "timm/tf_efficientnet_lite0"


def exported(name: str, options: dict[str, Any]) -> nn.Module:
    space: dict[str, Any] = {"__name__": "exported"}
    exec(compile(export.code(name, options), "exported", "exec"), space)
    return space["build"]()


@pytest.mark.parametrize(
    ("name", "weights", "options", "shape"),
    [
        ("cvexplore/simple_cnn", "random", {"width": 4, "classes": 3}, (2, 1, 28, 28)),
        ("cvexplore/resnet", "random", {"depth": 18, "width": 8}, (2, 3, 64, 64)),
        (LITE, "bundled", {}, (1, 3, 96, 96)),
    ],
    ids=["simple_cnn", "resnet", "lite0"],
)
def test_a_file_fits_our_network_and_the_exported_code(
    name: str, weights: str, options: dict[str, Any], shape: tuple[int, ...], tmp_path: Path
) -> None:
    model = catalog.build(name, weights=weights, **options).eval()
    file = tmp_path / "network.safetensors"
    export.save_safetensors(model, export.origin(name, weights, options), file)
    ours = catalog.build(name, weights=str(file)).eval()  # the options come from the file
    theirs = exported(name, options).eval()
    theirs.load_state_dict(load_file(file))
    images = torch.rand(*shape)
    with torch.no_grad():
        assert torch.equal(ours(images), model(images))
        assert torch.equal(theirs(images), model(images))


def test_a_file_says_what_it_is_and_not_where_it_was_made(tmp_path: Path) -> None:
    file = tmp_path / "lite0.safetensors"
    model = catalog.build(LITE, weights="bundled")
    export.save_safetensors(model, export.origin(LITE, "bundled"), file)
    with safe_open(file, framework="pt") as opened:
        said = json.loads(opened.metadata()["cvexplore"])
    assert said["architecture"] == LITE
    assert said["labels"][967] == "espresso"
    assert said["preparation"]["image_size"] == 224
    assert str(tmp_path).encode() not in file.read_bytes()


def test_a_place_that_cannot_be_written_to_is_told(tmp_path: Path) -> None:
    model = catalog.build("cvexplore/simple_cnn", width=1, hidden=1)
    origin = export.origin("cvexplore/simple_cnn", options={"width": 1, "hidden": 1})
    with pytest.raises(ExportError, match=r"x\.safetensors cannot be written"):
        export.save_safetensors(model, origin, tmp_path / "nowhere" / "x.safetensors")
