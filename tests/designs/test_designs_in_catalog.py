"""A kept design is an architecture like any other: found, built, traced, trained."""

import dataclasses
import json
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from cvexplore import catalog, folders
from cvexplore.__main__ import main
from cvexplore.catalog import designed_models, weights
from cvexplore.designs import Design, layer, to_json
from cvexplore.designs.starts import start
from cvexplore.errors import DesignError, UnknownName
from cvexplore.plugins import Choice
from cvexplore.training import RunConfig
from cvexplore.training.loop import Training
from tests.commands.typed import assert_mendable

SMALL = Design(
    title="Tiny: <b>two</b> looks!",
    layers=(
        layer("convolution", channels=6, stride=2),
        layer("batch_norm"),
        layer("activation"),
        layer("residual", layer("convolution", channels=8, stride=2)),
        layer("global_pooling"),
        layer("classifier"),
    ),
)


def test_a_design_is_found_under_its_title_and_its_content() -> None:
    name = designed_models.keep(SMALL)
    assert name.startswith("design/tiny-b-two-b-looks-")
    assert designed_models.keep(SMALL) == name
    assert designed_models.design(name) == SMALL
    other = designed_models.keep(dataclasses.replace(SMALL, classes=3))
    assert other != name
    assert {each.name for each in catalog.architectures(library="design")} == {name, other}
    assert {each.name for each in catalog.architectures("your designs")} == {name, other}
    with pytest.raises(UnknownName) as told:
        catalog.find("design/tiny-b-two-b-looks")
    assert told.value.nearest[0] in (name, other)


@pytest.mark.parametrize("name", ["alexnet", "resnet", "densenet", "swin", "detr"])
def test_the_facts_of_a_builders_design_are_the_builders(name: str) -> None:
    ours = catalog.find(designed_models.keep(start(name)))
    theirs = catalog.find(f"cvexplore/{name}")
    for fact in (
        *("kind", "task", "image_size", "classes", "parameters", "macs", "activation_bytes"),
        *("depth", "attention_layers", "receptive_field"),
    ):
        assert getattr(ours, fact) == getattr(theirs, fact), fact


def test_a_design_fits_other_images_and_classes() -> None:
    name = designed_models.keep(SMALL)
    assert [option.default for option in catalog.options(name)] == [10, 1, 28]
    network = catalog.build(name, classes=3, channels=2, image_size=40)
    assert network(torch.rand(2, 2, 40, 40)).shape == (2, 3)
    assert catalog.traced(name, image_size=64).layers[-1].output_shape == (1, 10)
    assert catalog.preparation(name, channels=3).channels == 3
    assert catalog.labels(name) == ()
    assert weights.choices(name) == ("random",)


def test_a_design_that_fits_no_other_image_says_which_layer_does_not() -> None:
    name = designed_models.keep(Design(layers=(layer("convolution", kernel=9), layer("flatten"))))
    with pytest.raises(DesignError, match=r"Layer 1 \(convolution\) looks at 9 × 9"):
        catalog.traced(name, image_size=4)


def test_what_is_no_network_is_not_kept() -> None:
    with pytest.raises(DesignError, match=r"Layer 1 \(dense\) takes a row"):
        designed_models.keep(Design(layers=(layer("dense"),)))
    with pytest.raises(DesignError, match="title"):
        designed_models.keep(dataclasses.replace(SMALL, title="a\nb"))
    assert not folders.designs().exists()


def test_a_full_folder_keeps_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(designed_models, "MOST_KEPT", 1)
    designed_models.keep(SMALL)
    assert designed_models.keep(SMALL)
    with pytest.raises(DesignError, match="kept already"):
        designed_models.keep(dataclasses.replace(SMALL, classes=3))


def test_a_folder_that_cannot_be_written_is_told(home: Path) -> None:
    (home / "designs").write_text("a file in its place")
    with pytest.raises(DesignError, match="cannot be written to"):
        designed_models.keep(SMALL)
    assert catalog.architectures(library="design") == ()


@pytest.mark.parametrize("name", ["design/../../etc/passwd", "design/.", "design/", "design/x.csv"])
def test_a_name_is_never_a_path(name: str) -> None:
    designed_models.keep(SMALL)
    with pytest.raises(UnknownName):
        catalog.build(name)


def test_designs_are_listed_without_torch() -> None:
    name = designed_models.keep(SMALL)
    code = (
        "import sys; from cvexplore import catalog; "
        f"assert catalog.find({name!r}).parameters; sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_a_design_learns_digits_and_its_weights_come_back(tmp_path: Path) -> None:
    name = designed_models.keep(start("simple_cnn", width=8, hidden=32, dropout=0.0))
    digits = Choice("digits", {"image_size": 8})
    config = RunConfig(architecture=name, dataset=digits, learning_rate=0.01, epochs=3)
    training = Training(RunConfig.from_json(config.to_json()), "cpu")
    scores = [p.value for p in training.points() if (p.split, p.name) == ("validation", "accuracy")]
    assert scores[-1] > 0.5  # guessing gives 0.1
    training.save(tmp_path / "weights.safetensors")
    again = catalog.build(name, weights=str(tmp_path / "weights.safetensors")).eval()
    images = torch.rand(4, 1, 8, 8)
    torch.testing.assert_close(again(images), training.approach.network.eval()(images))


def test_a_file_of_a_design_is_a_name_of_the_command_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    mine = tmp_path / "mine.json"
    mine.write_text(to_json(SMALL))
    assert main(["compare", "cvexplore/simple_cnn", "--design", str(mine), "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    names = [each["name"] for each in said["architectures"]]
    assert names == ["cvexplore/simple_cnn", designed_models.keep(SMALL)]

    mine.write_text('{"cvexplore_design": 1, "layers": [{"kind": "dense"}]}')
    code = main(["train", "--design", str(mine), "--dataset", "digits"])
    assert_mendable(code, capsys.readouterr().err, "Layer 1 (dense) takes a row of features")
    both = ["features", "cvexplore/vit", "coffee", "--design", str(mine), "--layer", "a"]
    code = main([*both, "--out", "b.png"])
    assert_mendable(code, capsys.readouterr().err, "not both")
    code = main(["measure", "--design", str(tmp_path / "none.json")])
    assert_mendable(code, capsys.readouterr().err, "No such file")
