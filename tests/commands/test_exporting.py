"""Export, as a script or a person calls it."""

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file
from torch import nn

from cvexplore import catalog
from cvexplore.__main__ import main
from cvexplore.designs import from_json
from tests.commands.typed import WHOLE, assert_mendable, assert_shape, parsed

CNN = "cvexplore/simple_cnn"
SMALL = ["--option", "width=2", "--option", "hidden=4"]
WRITTEN = {"name": str, "to": str, "out": str, "bytes": WHOLE}
WEIGHED = {**WRITTEN, "weights": str, "seed": WHOLE}


def test_code_goes_out_and_weights_fit_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, weights = tmp_path / "network.py", tmp_path / "network.safetensors"
    said = parsed("export", CNN, "--to", "code", "--out", code, *SMALL)
    assert_shape(said, WRITTEN)
    assert said["bytes"] == code.stat().st_size
    main(["export", CNN, "--to", "safetensors", "--out", str(weights), *SMALL, "--json"])
    assert_shape(json.loads(capsys.readouterr().out), WEIGHED)
    tensors = load_file(weights)
    built(code).load_state_dict(tensors)
    loaded = catalog.build(CNN, weights=str(weights)).state_dict()  # the file has its options
    assert all(torch.equal(loaded[name], value) for name, value in tensors.items())


def built(code: Path) -> nn.Module:
    space: dict[str, Any] = {"__name__": "exported"}
    exec(compile(code.read_text(), "exported", "exec"), space)
    return space["build"]()


def test_onnx_takes_the_weights_of_a_file_and_says_what_it_wrote(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    import numpy as np
    import onnx
    import onnxruntime

    weights, out = tmp_path / "network.safetensors", tmp_path / "network.onnx"
    main(["export", CNN, "--to", "safetensors", "--out", str(weights), *SMALL])
    capsys.readouterr()
    main(["export", CNN, "--to", "onnx", "--weights", str(weights), "--out", str(out)])
    text = capsys.readouterr().out
    opset = onnx.load(out).opset_import[0].version
    assert f"It needs ONNX operator set {opset} and takes batches of any size." in text
    assert "random" not in text
    images = torch.rand(3, 1, 28, 28)
    with torch.no_grad():
        expected = catalog.build(CNN, weights=str(weights)).eval()(images).numpy()
    found = onnxruntime.InferenceSession(out).run(None, {"images": images.numpy()})[0]
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-6)
    assert sorted(tmp_path.iterdir()) == [out, weights]


def test_random_weights_are_called_random_and_come_from_the_seed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files = []
    for place, seed in enumerate(("1", "1", "2")):
        files.append(tmp_path / f"{place}.safetensors")
        words = ["export", CNN, "--to", "safetensors", "--out", str(files[-1]), *SMALL]
        assert not main([*words, "--seed", seed])
        assert f"Its weights are random, drawn from seed {seed}." in capsys.readouterr().out
    first, again, other = (file.read_bytes() for file in files)
    assert first == again != other


def test_a_design_goes_out_and_comes_back_by_its_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    design, code = tmp_path / "design.json", tmp_path / "design.py"
    assert not main(["export", CNN, "--to", "design", "--out", str(design), *SMALL])
    assert from_json(design.read_text()).image_size == 28
    capsys.readouterr()
    words = ["export", "--design", str(design), "--to", "code", "--out", str(code), "--json"]
    assert not main(words)
    assert json.loads(capsys.readouterr().out)["name"].startswith("design/")
    count = sum(each.numel() for each in built(code).parameters())
    assert count == catalog.traced(CNN, width=2, hidden=4).parameters


MISTAKES = [
    (f"export {CNN} --out x.py", "required: --to"),
    (f"export {CNN} --to code", "required: --out"),
    (f"export {CNN} --to keras --out x", "invalid choice: 'keras'"),
    ("export --to code --out x.py", "Give the NAME"),
    ("export cvexplore/simple_cmn --to code --out x.py", "Did you mean cvexplore/simple_cnn"),
    (f"export {CNN} --to code --out no/where.py", "no/where.py cannot be written"),
    (f"export {CNN} --to onnx --out no/where.onnx", "no/where.onnx cannot be written"),
    (f"export {CNN} --to code --out .", ". cannot be written"),
    (f"export {CNN} --to code --out x.py --option widht=3", "Did you mean width"),
    (f"export {CNN} --to safetensors --out x --weights best", "'best' are unknown"),
    (f"export {CNN} --to safetensors --out x --weights no.pth", "no weights file"),
    (f"export {CNN} --to safetensors --out x --seed -1", "seed must be between"),
    ("export timm/resnet18 --to design --out x.json", "not a list of layers"),
    ("export torchvision/ssdlite320_mobilenet_v3_large --to onnx --out x.onnx", "torchvision::nms"),
]


@pytest.mark.parametrize(("typed", "says"), MISTAKES, ids=[each[1] for each in MISTAKES])
def test_mistakes_are_told_and_nothing_is_written(
    typed: str,
    says: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    try:
        code: object = main(typed.split())
    except SystemExit as ended:
        code = ended.code
    assert_mendable(code, capsys.readouterr().err, says)
    assert not list(tmp_path.iterdir())
