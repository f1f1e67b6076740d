"""The command ``attribute``, as a script or a person types it."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from captum.attr import IntegratedGradients, LayerGradCam, Saliency
from PIL import Image

from cvexplore import catalog, images
from cvexplore.__main__ import main
from cvexplore.attribution import METHODS
from cvexplore.commands.classes import class_number as target_of
from cvexplore.errors import OptionError, UnknownName

CNN, LITE = "cvexplore/simple_cnn", "timm/tf_efficientnet_lite0"


def typed(capsys: pytest.CaptureFixture[str], *arguments: str | Path) -> str:
    """Run the command in this process and return what it says."""
    assert main(["attribute", *map(str, arguments)]) == 0
    said = capsys.readouterr()
    assert said.err == ""
    return said.out


def failing(capsys: pytest.CaptureFixture[str], *arguments: str | Path) -> str:
    assert main(["attribute", *map(str, arguments)]) == 2
    told = capsys.readouterr().err
    assert told.count("\n") == 1
    return told


def network_and_image(name: str) -> tuple[torch.nn.Module, torch.Tensor]:
    model = catalog.build(name, weights="bundled").eval().requires_grad_(False)
    prepared = images.prepare(images.sample_image("coffee"), catalog.preparation(name, "bundled"))
    return model, prepared


def arrays_of(path: Path) -> tuple[np.ndarray, dict[str, Any]]:
    with np.load(path) as arrays:
        assert set(arrays.files) == {"values", "about"}
        return arrays["values"], json.loads(arrays["about"].item())


def test_the_numbers_are_those_of_captum_called_directly(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "map.npz"
    given = [
        "--method",
        "integrated_gradients",
        "--option",
        "steps=16",
        "--option",
        "tolerance=0",
        "--option",
    ]
    line = [CNN, "coffee", "--weights", "bundled", *given, "baseline=grey", "--out", out, "--json"]
    said = json.loads(typed(capsys, *line))
    model, image = network_and_image(CNN)
    preparation = catalog.preparation(CNN, "bundled")
    grey = torch.full_like(image, (0.5 - preparation.mean[0]) / preparation.std[0])
    scores = model(torch.cat([image, grey]))
    best = int(scores[0].argmax())
    expected = IntegratedGradients(model).attribute(image, grey, best, n_steps=16)[0].numpy()
    values, about = arrays_of(out)
    np.testing.assert_allclose(values, expected, rtol=1e-4, atol=1e-6)
    assert (said["method"], said["target"]) == ("integrated gradients", best)
    assert said["options"] == {"steps": 16, "tolerance": 0, "baseline": "grey"}
    assert said["class"] == catalog.labels(CNN, "bundled")[best]
    assert said["probability"] == pytest.approx(float(scores[0].softmax(0)[best]), rel=1e-5)
    whole = said["completeness"]
    difference = float(scores[0, best] - scores[1, best])
    assert whole["sum"] == pytest.approx(expected.sum(), rel=1e-4)
    assert whole["image"] - whole["baseline"] == pytest.approx(difference, rel=1e-4)
    assert whole["error"] == pytest.approx(abs(whole["sum"] / difference - 1), abs=1e-4)
    assert said["passes"] == 16
    assert (about["network"], about["weights"]) == (CNN, "bundled")
    kept = about["maps"]["values"]
    assert {key: kept[key] for key in kept} == {key: said[key] for key in kept}
    assert about["versions"]["torch"] == torch.__version__.partition("+")[0]


def test_a_class_and_a_layer_can_be_named_as_people_write_them(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "map.npz"
    line = ["--method", "grad-cam", "--target", "Cup", "--layer", "blocks.5", "--out", out]
    said = typed(capsys, LITE, "coffee", "--weights", "bundled", *line)
    model, image = network_and_image(LITE)
    layer = dict(model.named_modules())["blocks.5"]
    expected = LayerGradCam(model, layer).attribute(
        image.requires_grad_(), 968, relu_attributions=True
    )
    values, about = arrays_of(out)
    np.testing.assert_allclose(values, expected[0].detach().numpy(), rtol=1e-4, atol=1e-6)
    probability = model(image)[0].softmax(0)[968].item()
    assert said.startswith(f"Grad-CAM of blocks.5 for cup (class 968, {probability:.1%})\n")
    assert f"written to {out}" in said
    assert about["maps"]["values"]["layer"] == "blocks.5"


def test_a_picture_is_hot_where_the_gradient_is(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "map.png"
    line = ["--weights", "bundled", "--method", "Saliency", "--sign", "both", "--out", out]
    typed(capsys, CNN, "coffee", *line)
    model, image = network_and_image(CNN)
    best = int(model(image).argmax())
    signed = Saliency(model).attribute(image.requires_grad_(), best, abs=False)[0].sum(0)
    drawn = np.asarray(Image.open(out)).astype(int)
    assert drawn.shape == (448, 448, 3)
    row, column = divmod(int(signed.argmax()), 28)
    red, _, blue = drawn[16 * row + 8, 16 * column + 8]
    assert red > blue
    row, column = divmod(int(signed.argmin()), 28)
    red, _, blue = drawn[16 * row + 8, 16 * column + 8]
    assert blue > red


def test_a_report_names_the_file_and_what_was_asked(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    picture, out = tmp_path / "<b>my.png", tmp_path / "map.html"
    images.sample_image("coffee").save(picture)
    line = [
        "--weights",
        "bundled",
        "--method",
        "integrated-gradients",
        "--target",
        "3",
        "--out",
        out,
    ]
    said = typed(capsys, CNN, picture, *line)
    page = out.read_text()
    assert "&lt;b&gt;my.png" in page
    assert "<b>my.png" not in page
    assert "--target 3" in page
    assert "of the difference." in page
    assert "of the difference." in said


def test_random_weights_are_called_random(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    said = typed(capsys, CNN, "coffee", "--method", "saliency", "--out", tmp_path / "map.png")
    assert said.startswith("The weights are random")
    assert "class " in said


def test_the_methods_are_listed_with_their_options(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["attribute", "--methods"])
    assert ended.value.code == 0
    said = capsys.readouterr().out
    for name in METHODS:
        assert f"\n{name}: {METHODS.summary(name)}\n" in f"\n{said}"
        for option in METHODS.options(name):
            assert f"    {option.name}={option.default}  " in said


@pytest.mark.parametrize(
    ("line", "says"),
    [
        (f"{CNN} coffee --method salience --out x.png", "Did you mean saliency"),
        (f"{CNN} coffee --method integated-gradients --out x.png", "integrated gradients"),
        (f"{CNN} coffee --method saliency --out x.jpg", "must end in .png or .npz or .html"),
        (f"{CNN} coffee --method saliency --out no/where/x.png", "cannot be written"),
        (f"{CNN} coffee --method saliency --out no/where/x.npz", "cannot be written"),
        (f"{CNN} coffee --method saliency --out no/where/x.html", "cannot be written"),
        (f"{CNN} nowhere.png --method saliency --out x.png", "nowhere.png cannot be read"),
        (f"{CNN} coffee --method saliency --layer features.0 --out x.png", "leave --layer out"),
        (f"{CNN} coffee --method grad-cam --layer feature.0 --out x.png", "Did you mean features"),
        (f"{CNN} coffee --method occlusion --option widow=9 --out x.png", "Did you mean window"),
        (f"{CNN} coffee --method occlusion --option window=0 --out x.png", "must be between"),
        (f"{CNN} coffee --method saliency --target 10 --out x.png", "between 0 and 9, not 10"),
        (f"{CNN} coffee --method saliency --target cat --out x.png", "name no classes"),
        (f"{CNN} coffee --method saliency --weights best --out x.png", "'best' are unknown"),
        ("torchvision/raft_small coffee --method saliency --out x.png", "takes classifiers"),
        ("torchvision/resnet19 coffee --method saliency --out x.png", "torchvision/resnet18"),
    ],
)
def test_a_mistake_is_told_in_a_sentence(
    line: str,
    says: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert says in failing(capsys, *line.split())
    assert not list(tmp_path.iterdir())


def test_classes_are_found_by_any_of_their_names() -> None:
    labels = ("tench, Tinca tinca", "crane", "7", "crane", "hen")
    assert target_of("HEN", labels, 5) == 4
    assert target_of("tinca tinca", labels, 5) == 0
    assert target_of("7", labels, 9) == 2  # a name before a number
    assert target_of("3", labels, 5) == 3
    with pytest.raises(OptionError, match="1 and 3"):
        target_of("crane", labels, 5)
    with pytest.raises(UnknownName, match="tench"):
        target_of("tensh", labels, 5)
    with pytest.raises(OptionError, match="between 0 and 4"):
        target_of("5", labels, 5)


def test_a_name_may_be_typed_without_its_signs(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in METHODS:
        for written in (name.replace(" ", "-"), name.replace(" ", "_").upper()):
            plain = written.replace("×", "x")
            line = ["--method", plain, "--option", "none=1", "--out", tmp_path / "map.png"]
            assert "There is no option named 'none'" in failing(capsys, CNN, "coffee", *line)
