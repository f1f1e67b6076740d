"""The command ``attention``, as a script or a person types it."""

from pathlib import Path

import numpy as np
import torch
from PIL import Image

from cvexplore import catalog, images
from cvexplore.attention import record
from tests.commands.typed import parsed, run


def test_attention_tells_each_layer_and_writes_its_weights_and_places(tmp_path: Path) -> None:
    out = tmp_path / "all.npz"
    said = parsed("attention", "cvexplore/swin", "coffee", "--weights", "bundled", "--out", out)
    model = catalog.build("cvexplore/swin", weights="bundled").eval()
    preparation = catalog.preparation("cvexplore/swin", "bundled")
    image = images.prepare(images.sample_image("coffee"), preparation)
    expected = record(model, image).layers
    assert [row["path"] for row in said["layers"]] == [layer.path for layer in expected]
    with np.load(out) as arrays:
        for row, layer in zip(said["layers"], expected, strict=True):
            windows, heads, queries, keys = layer.weights.shape
            assert (row["windows"], row["heads"]) == (windows, heads)
            assert (row["queries"], row["keys"]) == (queries, keys)
            assert row["row_sum_error"] <= 1e-5
            assert row["reconstruction_error"] <= 1e-5
            written = torch.from_numpy(arrays[f"{layer.name}/weights"])
            torch.testing.assert_close(written, layer.weights)
            assert (arrays[f"{layer.name}/queries"] == layer.on_image.queries.numpy()).all()


def test_attention_draws_one_layer_or_the_rollout(tmp_path: Path) -> None:
    rolled, heads = tmp_path / "rolled.png", tmp_path / "heads.png"
    said = run("attention", "timm/test_vit", "coffee", "--rollout", "--out", rolled)
    assert "random" in said.stdout
    assert Image.open(rolled).size == (448, 448)
    row = parsed("attention", "timm/test_vit", "rocket", "--layer", "blocks.2.attn", "--out", heads)
    assert [each["path"] for each in row["layers"]] == ["blocks.2.attn"]
    assert Image.open(heads).width > 20


def test_attention_says_what_cannot_be(tmp_path: Path) -> None:
    def said(*arguments: str) -> str:
        done = run("attention", *arguments)
        assert done.returncode == 2
        return done.stderr

    out = str(tmp_path / "a.npz")
    assert "no attention" in said("torchvision/resnet18", "coffee", "--out", out)
    assert "blocks.0.attn" in said("timm/test_vit", "coffee", "--layer", "head", "--out", out)
    assert ".npz" in said("timm/test_vit", "coffee", "--out", str(tmp_path / "a.jpg"))
    assert "--rollout" in said("timm/test_vit", "coffee", "--out", str(tmp_path / "a.png"))
