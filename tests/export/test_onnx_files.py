"""ONNX files answer in ONNX Runtime what the networks answer in torch."""

import json
import sys
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from torch import Tensor, nn

from cvexplore import catalog, export
from cvexplore.architectures.swin import SwinBlock
from cvexplore.errors import ExportError
from cvexplore.export import onnx_child, onnx_file

SMALL = {"depth": 1, "width": 32, "heads": 2, "image_size": 32, "classes": 5}
NETWORKS: dict[str, tuple[str, dict[str, Any]]] = {
    "convolutions": ("cvexplore/resnet", {"depth": 18, "width": 8, "image_size": 64}),
    "attention": ("cvexplore/vit", SMALL),
    "timm": ("timm/test_efficientnet", {}),
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with each network as weights and as the ONNX file made of them."""
    place = tmp_path_factory.mktemp("onnx")
    for each, (name, options) in NETWORKS.items():
        given, made = place / f"{each}.safetensors", place / f"{each}.onnx"
        model = catalog.build(name, **options)
        export.save_safetensors(model, export.origin(name, options=options), given)
        assert onnx_child.main(str(given), str(made)) == 0
    return place


def answer(file: Path, images: Tensor) -> dict[str, np.ndarray]:
    session = onnxruntime.InferenceSession(file, providers=["CPUExecutionProvider"])
    names = [each.name for each in session.get_outputs()]
    return dict(zip(names, session.run(None, {"images": images.numpy()}), strict=True))


@pytest.mark.parametrize("each", NETWORKS)
@pytest.mark.parametrize("batch", [1, 3])
def test_it_answers_what_torch_answers_for_any_batch(each: str, batch: int, folder: Path) -> None:
    name, options = NETWORKS[each]
    model = catalog.build(name, weights=str(folder / f"{each}.safetensors")).eval()
    images = torch.rand(batch, *catalog.example(name, **options)[0].shape[1:])
    with torch.no_grad():
        expected = model(images).numpy()
    found = answer(folder / f"{each}.onnx", images)
    assert list(found) == ["scores"]
    np.testing.assert_allclose(found["scores"], expected, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("each", NETWORKS)
def test_one_file_says_what_it_is_and_not_where_it_was_made(each: str, folder: Path) -> None:
    file = folder / f"{each}.onnx"
    onnx.checker.check_model(file, full_check=True)
    model = onnx.load(file, load_external_data=False)
    assert not any(tensor.external_data for tensor in model.graph.initializer)
    said = {each.key: json.loads(each.value) for each in model.metadata_props}
    assert said["cvexplore"]["architecture"] == NETWORKS[each][0]
    assert said["cvexplore"]["preparation"]["mean"]
    for tensor in model.graph.initializer:
        tensor.raw_data = b""
    text = model.SerializeToString()
    for place in (str(Path.cwd()), sys.prefix, str(folder), tempfile.gettempdir(), ".py"):
        assert place.encode() not in text


def test_attention_in_windows_is_exported(tmp_path: Path) -> None:
    block = SwinBlock(width=32, heads=2, window=4, shift=2, drop_rate=0.0).eval()
    nn.init.normal_(block.attention.position_bias)
    maps = torch.rand(1, 8, 8, 32)
    program = onnx_child.export(block, (maps,), False, "cvexplore/swin")
    program.save(tmp_path / "block.onnx")
    with torch.no_grad():
        expected = block(maps).numpy()
    found = answer(tmp_path / "block.onnx", maps)["scores"]
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)


# ------------------------------------------------------------------ its process


def leftovers() -> set[str]:
    return {each.name for each in Path(tempfile.gettempdir()).glob("cvexplore-*")}


@pytest.fixture
def tiny() -> Iterator[tuple[nn.Module, Any]]:
    """Yield the smallest network, and see to it that nothing of its export is left."""
    before = leftovers()
    options = {"width": 1, "hidden": 1, "image_size": 4}
    yield (
        catalog.build("cvexplore/simple_cnn", **options).eval(),
        export.origin("cvexplore/simple_cnn", options=options),
    )
    assert leftovers() == before
    assert onnx_file._one_at_a_time.acquire(blocking=False)
    onnx_file._one_at_a_time.release()


def test_it_ends_when_its_time_is_over(tiny: Any, tmp_path: Path) -> None:
    with pytest.raises(ExportError, match="ended after 1 seconds"):
        export.save_onnx(*tiny, tmp_path / "x.onnx", seconds=1)
    assert not list(tmp_path.iterdir())


def test_whoever_is_told_how_far_it_is_can_end_it(tiny: Any, tmp_path: Path) -> None:
    def leave(stage: str, seconds: float) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        export.save_onnx(*tiny, tmp_path / "x.onnx", on_progress=leave)
    assert not list(tmp_path.iterdir())


def test_a_second_export_waits_for_the_first(tiny: Any, tmp_path: Path) -> None:
    told: list[str] = []
    with onnx_file._one_at_a_time, pytest.raises(ExportError, match="try again"):
        export.save_onnx(
            *tiny, tmp_path / "x.onnx", seconds=0.2, on_progress=lambda s, _: told.append(s)
        )
    assert set(told) == {"waiting for another export to end"}


def test_the_process_ends_when_nobody_waits_for_it(tiny: Any, tmp_path: Path) -> None:
    export.save_safetensors(*tiny, tmp_path / "in.safetensors")
    with (tmp_path / "told").open("w") as log:
        given, made = tmp_path / "in.safetensors", tmp_path / "out.onnx"
        process = onnx_file._child(given, made, log)
    assert process.stdin is not None
    process.stdin.close()
    threading.Timer(60, process.kill).start()
    assert process.wait() == 1
    assert not made.exists()


# ------------------------------------------------------------------ what it cannot hold


class Eigenvalues(nn.Module):
    def forward(self, images: Tensor) -> Tensor:
        return torch.linalg.eigvalsh(images[:, 0] @ images[:, 0].mT)


class Branches(nn.Module):
    def forward(self, images: Tensor) -> Tensor:
        return images if images.mean() > 0 else 2 * images


@pytest.mark.parametrize(
    ("model", "says"),
    [
        (Eigenvalues(), "no ONNX operator for aten._linalg_eigh"),
        (Branches(), "depends on the data"),
    ],
    ids=["operator", "branch"],
)
def test_a_network_it_cannot_hold_is_told_in_a_sentence(model: nn.Module, says: str) -> None:
    with pytest.raises(Exception, match=r"export|convert") as failure:
        onnx_child.export(model, (torch.rand(1, 3, 8, 8),), True, "cvexplore/simple_cnn")
    sentence = onnx_child.reason(failure.value)
    assert says in sentence
    assert "\n" not in sentence


def test_detectors_and_giants_are_refused_at_once() -> None:
    assert "torchvision::nms" in export.obstacle_to_onnx("torchvision/fcos_resnet50_fpn", 10**6)
    assert export.obstacle_to_onnx("timm/resnet18", 10**6) == ""
    assert "weights take 3.0 GB" in export.obstacle_to_onnx("timm/vit_giant", 3 * 10**9)
    name = "torchvision/ssdlite320_mobilenet_v3_large"
    with pytest.raises(ExportError, match="nms"):
        export.save_onnx(catalog.build(name, device="meta"), export.origin(name), Path("x.onnx"))
