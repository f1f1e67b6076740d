"""Weights that are bundled, of a run or of a file; what fits no network, or is none, says so."""

import json
import os
import pickle
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from cvexplore import catalog, folders
from cvexplore.catalog import build, weights
from cvexplore.catalog.weights import Origin, save
from cvexplore.errors import CvexploreError, OptionError, RunError, UnknownName, WeightsError
from cvexplore.images import Preparation, prepare, sample_image
from cvexplore.interpret.predictions import predictions

LITE = "timm/tf_efficientnet_lite0"


def same(one: nn.Module, other: nn.Module) -> bool:
    states = one.state_dict(), other.state_dict()
    assert states[0].keys() == states[1].keys()
    return all(torch.equal(states[0][name], states[1][name]) for name in states[0])


# --- Bundled ---


@pytest.mark.parametrize("photo", ["coffee", "chelsea"])
def test_bundled_weights_know_what_they_see(photo: str) -> None:
    model = build(LITE, weights="bundled").eval()
    with torch.inference_mode():
        output = model(prepare(sample_image(photo), catalog.preparation(LITE, "bundled")))
    found = predictions(output, catalog.labels(LITE, "bundled"), most=3)
    if photo == "coffee":
        assert "espresso" in found[0].label
        assert found[0].probability > 0.9
    else:
        assert all("cat" in each.label for each in found), found


def test_no_weights_are_bundled_for_others() -> None:
    says = f"No weights are bundled for .*they are for {LITE}, .*cvexplore/vit"
    with pytest.raises(WeightsError, match=says):
        build("torchvision/alexnet", weights="bundled")


@pytest.mark.parametrize("options", [{"classes": 10}, {"channels": 1}])
def test_bundled_weights_fit_the_standard_network_only(options: dict) -> None:
    with pytest.raises(WeightsError, match="1,000 classes, 3 channels"):
        build(LITE, weights="bundled", **options)


def test_the_best_weights_are_offered_first() -> None:
    assert weights.choices(LITE)[0] == "bundled"
    assert "pretrained" in weights.choices("torchvision/resnet50")
    assert weights.choices("cvexplore/densenet") == ("random",)
    assert weights.choices("cvexplore/vit") == ("bundled", "random")


def test_what_is_bundled_says_what_it_learned_from() -> None:
    assert weights.bundled_from(LITE) == "ImageNet"
    assert weights.bundled_from("cvexplore/vit") == "MNIST-5k"
    assert weights.bundled_from("cvexplore/swin") == "shapes"
    assert weights.bundled_from("cvexplore/densenet") is None


def test_bundled_weights_of_ours_refuse_other_options() -> None:
    assert build("cvexplore/vit", weights="bundled", depth=4) is not None
    with pytest.raises(WeightsError, match=r"vit_mnist_5k\.safetensors belongs to another"):
        build("cvexplore/vit", weights="bundled", depth=5)


# --- Of a run ---

SMALL = "cvexplore/simple_cnn"
ORIGIN = Origin(
    architecture=SMALL,
    options={"classes": 3, "channels": 3},
    labels=("circle", "square", "triangle"),
    preparation=Preparation(32, 3, (0.1, 0.2, 0.3), (0.5, 0.6, 0.7), 1.0, "bilinear"),
)


@pytest.fixture
def run() -> nn.Module:
    """Return the network that run "r1" left its weights of."""
    model = build(SMALL, **ORIGIN.options)
    for tensor in model.state_dict().values():
        tensor.copy_(torch.rand(tensor.shape))
    path = folders.run_weights("r1")
    path.parent.mkdir(parents=True)
    save(model, ORIGIN, path)
    return model


def test_a_runs_network_comes_back_with_its_options(run: nn.Module) -> None:
    assert same(build(SMALL, weights="run:r1"), run)
    assert catalog.origin_options(SMALL, "run:r1") == ORIGIN.options
    assert catalog.preparation(SMALL, "run:r1") == ORIGIN.preparation
    assert catalog.labels(SMALL, "run:r1") == ORIGIN.labels
    assert catalog.preparation(SMALL) != ORIGIN.preparation


def test_a_runs_file_says_the_same_by_its_path(run: nn.Module, tmp_path: Path) -> None:
    copy = tmp_path / "mine.safetensors"
    copy.write_bytes(folders.run_weights("r1").read_bytes())
    assert same(build(SMALL, weights=str(copy)), run)
    assert weights.origin(str(copy)) == ORIGIN


def test_a_runs_options_without_memory_too(run: nn.Module) -> None:
    model = build(SMALL, weights="run:r1", device="meta")
    assert [p.shape for p in model.parameters()] == [p.shape for p in run.parameters()]


def test_weights_know_whose_they_are(run: nn.Module) -> None:
    with pytest.raises(
        WeightsError, match=f"These weights are of {SMALL}, not of cvexplore/resnet"
    ):
        build("cvexplore/resnet", weights="run:r1")


def test_an_option_other_than_the_runs_does_not_fit(run: nn.Module) -> None:
    with pytest.raises(WeightsError, match=r"belongs to another network: .* has shape"):
        build(SMALL, weights="run:r1", classes=4)


@pytest.mark.parametrize(
    ("run_id", "error", "says"),
    [("r2", WeightsError, "Run r2 has no weights"), ("../r1", RunError, "is not the id of a run")],
)
def test_a_run_without_weights_says_so(run_id: str, error: type[Exception], says: str) -> None:
    for ask in (build, catalog.labels, catalog.preparation):
        with pytest.raises(error, match=says):
            ask(SMALL, weights=f"run:{run_id}")


@pytest.mark.parametrize(
    "name",
    [
        "torchvision/mnasnet0_5",
        "torchvision/shufflenet_v2_x0_5",
        "torchvision/googlenet",
        "torchvision/lraspp_mobilenet_v3_large",
        "timm/tf_efficientnet_lite0",
        "timm/levit_128s",
        "cvexplore/densenet",
        "cvexplore/detr",
    ],
)
def test_every_kind_of_network_comes_back(name: str, tmp_path: Path) -> None:
    model = build(name)
    path = tmp_path / "saved.safetensors"
    save(model, Origin(name, {}, (), Preparation()), path)
    assert same(build(name, weights=str(path)), model)


# --- Of a file ---


@pytest.fixture
def network() -> nn.Module:
    return build("torchvision/resnet18")


def test_a_file_of_tensors_is_enough(network: nn.Module, tmp_path: Path) -> None:
    torch.save(network.state_dict(), tmp_path / "net.pth")
    save_file(network.state_dict(), tmp_path / "net.safetensors")
    for name in ("net.pth", "net.safetensors"):
        assert same(build("torchvision/resnet18", weights=str(tmp_path / name)), network)
        assert catalog.labels("torchvision/resnet18", str(tmp_path / name)) == ()


def larger(state: dict) -> dict:
    return build(
        "torchvision/resnet34"
    ).state_dict()  # all of resnet18's names and shapes, and more


def smaller(state: dict) -> dict:
    return {name: tensor for name, tensor in state.items() if not name.startswith("layer4.1")}


def reshaped(state: dict) -> dict:
    return {**state, "fc.weight": torch.zeros(10, 512), "fc.bias": torch.zeros(10)}


def renamed(state: dict) -> dict:
    return {f"module.{name}": tensor for name, tensor in state.items()}


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (larger, r"it has layer1\.2\.\S+ as well"),
        (smaller, "it has no layer4.1.conv1.weight"),
        (reshaped, r"fc.weight has shape \(10, 512\), not \(1000, 512\)"),
        (renamed, "it has no conv1.weight"),
        (lambda state: {}, "it has no conv1.weight"),
    ],
)
@pytest.mark.parametrize("kind", ["pth", "safetensors"])
def test_weights_of_another_network_are_told_by_the_first_difference(
    network: nn.Module, change: Any, says: str, kind: str, tmp_path: Path
) -> None:
    path = tmp_path / f"other.{kind}"
    (torch.save if kind == "pth" else save_file)(change(network.state_dict()), path)
    with pytest.raises(WeightsError, match=f"^other.{kind} belongs to another network: {says}"):
        build("torchvision/resnet18", weights=str(path))


def test_a_refused_file_changes_nothing(network: nn.Module) -> None:
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    with pytest.raises(WeightsError):
        weights.load_state(network, reshaped({n: t + 1 for n, t in before.items()}), "it")
    assert all(torch.equal(tensor, before[name]) for name, tensor in network.state_dict().items())


def test_counters_of_batches_are_no_matter(network: nn.Module) -> None:
    state = network.state_dict()
    state["layer1.9.num_batches_tracked"] = torch.tensor(3)
    weights.load_state(network, state, "it")
    weights.load_state(network, {n: t for n, t in state.items() if "num_batches" not in n}, "it")


# --- Hostile and damaged files ---


class Bomb:
    """A pickle that runs a command when it is read."""

    def __init__(self, marker: Path) -> None:
        self.marker = marker

    def __reduce__(self) -> tuple:
        return os.system, (f"touch {self.marker}",)


@pytest.mark.parametrize("how", ["torch", "pickle", "inside"])
@pytest.mark.parametrize("suffix", [".pth", ".pt", ".safetensors"])
def test_a_pickle_that_runs_a_command_is_not_run(how: str, suffix: str, tmp_path: Path) -> None:
    path, marker = tmp_path / f"bomb{suffix}", tmp_path / "it_ran"
    if how == "pickle":
        path.write_bytes(pickle.dumps(Bomb(marker), protocol=2))
    else:
        torch.save(Bomb(marker) if how == "torch" else {"fc.weight": Bomb(marker)}, path)
    with pytest.raises(WeightsError, match=f"^bomb{suffix} "):
        build("torchvision/resnet18", weights=str(path))
    assert not marker.exists()


@pytest.mark.parametrize(
    "content",
    [
        torch.zeros(3),
        [torch.zeros(3)],
        {"conv1.weight": 3},
        {"state_dict": {"conv1.weight": torch.zeros(3)}, "epoch": 7},
        {"conv1.weight": [torch.zeros(3)]},
        "text",
        None,
    ],
    ids=repr,
)
def test_a_file_of_other_things_is_no_weights(content: Any, tmp_path: Path) -> None:
    torch.save(content, tmp_path / "odd.pth")
    with pytest.raises(WeightsError, match=r"^odd.pth (cannot be read as weights|belongs to)"):
        build("torchvision/resnet18", weights=str(tmp_path / "odd.pth"))


@pytest.mark.parametrize(
    "damage", [lambda d: b"", lambda d: d[:-1000], lambda d: d[:7], lambda d: d[9:]]
)
@pytest.mark.parametrize("kind", ["pth", "safetensors"])
def test_a_damaged_file_is_said(damage: Any, kind: str, tmp_path: Path) -> None:
    path = tmp_path / f"half.{kind}"
    state = build(SMALL).state_dict()
    (torch.save if kind == "pth" else save_file)(state, path)
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(WeightsError, match=f"^half.{kind} (cannot be read|is not a readable)"):
        build(SMALL, weights=str(path))


PREPARED = {"image_size": 28, "channels": 1, "mean": [0.0], "std": [1.0], "crop": 1.0}
SAID = {"architecture": SMALL, "options": {}, "labels": [], "preparation": PREPARED}


@pytest.mark.parametrize(
    ("header", "error"),
    [
        ("not JSON", WeightsError),
        ("[1, 2]", WeightsError),
        ("{}", WeightsError),
        (json.dumps({**SAID, "preparation": {"eyes": 2}}), WeightsError),
        (json.dumps({**SAID, "labels": 3}), WeightsError),
        (json.dumps({**SAID, "options": 3}), WeightsError),
        (json.dumps({**SAID, "options": {"legs": 4}}), UnknownName),
        (json.dumps({**SAID, "options": {"classes": -1}}), OptionError),
        (json.dumps({**SAID, "options": {"classes": "ten"}}), OptionError),
    ],
)
def test_a_header_that_is_not_ours_is_refused(
    header: str, error: type[CvexploreError], tmp_path: Path
) -> None:
    path = tmp_path / "odd.safetensors"
    save_file(build(SMALL).state_dict(), path, metadata={"cvexplore": header})
    with pytest.raises(error):
        build(SMALL, weights=str(path))


@pytest.mark.parametrize("name", ["gone.safetensors", "gone.pth", "gone/gone.pt"])
def test_a_missing_file_is_said(name: str, tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match=r"gone\."):
        build(SMALL, weights=str(tmp_path / name))


@pytest.mark.parametrize("word", ["", "best", "Random", "resnet.ckpt", "run", "pretrained "])
def test_an_unknown_word_names_those_that_are_known(word: str) -> None:
    with pytest.raises(
        WeightsError,
        match=r"use random, bundled, pretrained, run:<id>, run:<id>@<step>, or the path",
    ):
        build(SMALL, weights=word)
