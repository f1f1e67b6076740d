"""Transfer: the head is found whatever its name, what is frozen stays, all else learns."""

import itertools
from dataclasses import replace
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from cvexplore import catalog
from cvexplore.plugins import Choice
from cvexplore.training import RunConfig
from cvexplore.training.approaches import standard
from cvexplore.training.approaches.transfer import Transfer
from cvexplore.training.datasets import DATASETS
from cvexplore.training.loop import Training
from cvexplore.training.unfreezing import Depths

HEADS = {
    "torchvision/alexnet": "classifier.6",
    "torchvision/squeezenet1_0": "classifier.1",
    "torchvision/vgg11": "classifier.6",
    "torchvision/resnet18": "fc",
    "torchvision/densenet121": "classifier",
    "torchvision/efficientnet_b0": "classifier.1",
    "torchvision/vit_b_32": "heads.head",
    "torchvision/convnext_tiny": "classifier.2",
    "torchvision/swin_t": "head",
    "timm/resnet18": "fc",
    "timm/vgg11": "head.fc",
    "timm/densenet121": "classifier",
    "timm/efficientnet_b0": "classifier",
    "timm/vit_tiny_patch16_224": "head",
    "timm/convnext_atto": "head.fc",
    "timm/swin_tiny_patch4_window7_224": "head.fc",
    "cvexplore/resnet": "head",
    "cvexplore/vgg": "classifier.7",
    "cvexplore/densenet": "head",
    "cvexplore/vit": "head",
    "cvexplore/convnext": "head",
    "cvexplore/swin": "head",
    "cvexplore/simple_cnn": "classifier.4",
}


def of_name(name: str, groups: int = 4) -> tuple[nn.Module, Depths]:
    network = catalog.build(name, device="meta")
    (example,) = catalog.example(name)
    classes = catalog.find(name).classes
    assert classes
    return network, Depths(network, example, classes, groups)


@pytest.mark.parametrize(("name", "path"), HEADS.items())
def test_the_head_is_found_whatever_its_name(name: str, path: str) -> None:
    network, depths = of_name(name)
    assert [layer.path for layer in depths.groups[-1]] == [path]
    head = network.get_submodule(path)
    assert depths.trained("frozen", 0.5) == sum(each.numel() for each in head.parameters())
    assert depths.frozen("frozen", 0.5) == 1.0
    assert depths.trained("full", 0) == sum(each.numel() for each in network.parameters())


@pytest.mark.parametrize(
    ("name", "paths"),
    [
        ("timm/deit_tiny_distilled_patch16_224", {"head", "head_dist"}),  # the mean of two answers
        ("torchvision/inception_v3", {"fc", "AuxLogits.fc"}),  # a helper that only learning calls
    ],
)
def test_heads_beside_and_behind_the_head_learn_with_it(name: str, paths: set[str]) -> None:
    _, depths = of_name(name)
    last = {layer.path for layer in depths.groups[-1]}
    assert paths <= last
    assert all(path in paths or path.startswith("AuxLogits") for path in last)
    closed = sum(map(len, depths.groups[:-1]))
    layers = closed + len(depths.groups[-1])
    assert round(depths.frozen("frozen", 0) * (layers - 1)) == closed  # as the Freezer counts


# ------------------------------------------------------------------ learning

RESNET: dict[str, Any] = {
    "architecture": "cvexplore/resnet",
    "dataset": Choice("shapes", {"count": 80, "image_size": 96, "seed": 1}),
    "labels": 4,
    "batch_size": 8,
}


def recipe(way: str, more: dict[str, Any] | None = None, **changed: Any) -> RunConfig:
    small = {"steps": 4, "epochs": 1, "every": 1000, "snapshots": 0}
    approach = Choice("transfer", {"way": way, **(more or {})})
    return replace(standard("transfer"), approach=approach, **small | changed)


def test_a_frozen_backbone_keeps_its_weights_and_its_statistics() -> None:
    training = Training(recipe("frozen", **RESNET))
    before = {name: each.clone() for name, each in training.approach.network.state_dict().items()}
    list(training.points())
    changed = {
        name
        for name, each in training.approach.network.state_dict().items()
        if not torch.equal(each, before[name])
    }
    assert any(name.endswith("running_mean") for name in before)
    assert changed == {"head.weight", "head.bias"}


def test_full_changes_all_of_it() -> None:
    training = Training(recipe("full", **RESNET))
    before = {name: each.clone() for name, each in training.approach.network.state_dict().items()}
    list(training.points())
    after = training.approach.network.state_dict()
    assert not [name for name, each in before.items() if torch.equal(each, after[name])]


def test_discriminative_rates_are_those_of_torchs_groups() -> None:
    """Three steps of a network of four layers, one a group, in a loop written by hand."""
    config = recipe(
        "discriminative",
        {"decay": 0.5, "groups": 4},
        steps=3,
        optimizer=Choice("sgd"),
        schedule=Choice("constant"),
        weight_decay=0.01,
        learning_rate=0.05,
        options={"dropout": 0.0},
    )
    training, other = Training(config), Training(config)
    network = other.approach.network.train()
    names = ("features.0", "features.3", "classifier.1", "classifier.4")
    rates = dict(zip(names, (0.05 / 8, 0.05 / 4, 0.05 / 2, 0.05), strict=True))
    optimizer = torch.optim.SGD(
        [{"params": network.get_submodule(n).parameters(), "lr": r} for n, r in rates.items()],
        momentum=0.9,
        nesterov=True,
        weight_decay=0.01,
    )
    points = training.points()
    for step in range(3):
        while training.step == step:
            next(points)
        batch = next(other.approach.batches(training.batch, len(training.batch)))
        optimizer.zero_grad()
        F.cross_entropy(network(batch.images), batch.labels).backward()
        optimizer.step()
    for found, expected in zip(
        training.approach.network.parameters(), network.parameters(), strict=True
    ):
        torch.testing.assert_close(found, expected, rtol=1e-5, atol=1e-7)


def test_gradual_opens_one_group_after_the_other() -> None:
    config = recipe("gradual", {"groups": 4}, steps=8)
    training = Training(config)
    counts, points = [], training.points()
    for step in range(8):
        while training.step == step:
            next(points)
        learn = [each for each in training.approach.network.parameters() if each.requires_grad]
        counts.append(sum(each.numel() for each in learn))
    sizes = [1290, 1290 + 401536, 1290 + 401536 + 18496, 421642]
    assert counts == [each for each in sizes for _ in range(2)]
    assert isinstance(training.approach, Transfer)
    told = [training.approach.depths.trained("gradual", step / 8) for step in range(8)]
    assert told == counts


def test_what_will_learn_is_known_before() -> None:
    sizes = [1290, 1290 + 401536, 1290 + 401536 + 18496, 421642]
    digits = DATASETS["digits"]()
    assert Transfer.opening(standard("transfer"), digits) == [(0.0, 421642)]
    assert Transfer.opening(recipe("frozen"), digits) == [(0.0, 1290)]
    opening = Transfer.opening(recipe("gradual"), digits)
    assert opening == list(zip((0.0, 0.25, 0.5, 0.75), sizes, strict=True))
    kept = Transfer.opening(recipe("gradual", frozen=0.7), digits)  # two of three by the recipe
    assert [count for _, count in kept] == [sizes[0], sizes[1], sizes[1], sizes[1]]


@pytest.mark.parametrize("steps", [1, 3, 7, 10, 49])
@pytest.mark.parametrize("groups", [2, 3, 4, 32])
def test_whatever_the_length_it_opens_in_order_and_to_the_end(steps: int, groups: int) -> None:
    _, depths = of_name("torchvision/resnet18", groups)
    closed = [depths.closed("gradual", step / steps) for step in range(steps)]
    assert closed[0] == len(depths.groups) - 1
    assert all(before >= after for before, after in itertools.pairwise(closed))
    assert depths.closed("gradual", 1.0) == 0
    if steps >= len(depths.groups):
        assert closed[-1] == 0


def test_more_groups_than_layers_are_as_many_as_there_are_layers() -> None:
    _, depths = of_name("cvexplore/simple_cnn", groups=32)
    assert [len(group) for group in depths.groups] == [1, 1, 1, 1]


def test_nothing_is_transferred_from_random_weights() -> None:
    config = replace(standard("transfer"), weights="random")
    digits = DATASETS.bind(config.dataset)()
    reason = Transfer.not_applicable(config, digits)
    assert reason == (
        "There is nothing to transfer from random weights: choose bundled, pretrained or a run's."
    )


def last_accuracy(config: RunConfig) -> float:
    points = Training(config).points()
    return [point.value for point in points if point.name == "accuracy"][-1]


def test_with_five_labels_a_class_it_beats_random_weights() -> None:
    """Measured over three seeds: 90 to 91 percent of the held-out half, against 85 from scratch."""
    given = replace(standard("transfer"), validation=0.5, epochs=15, every=1000)
    scratch = replace(given, approach=Choice("supervised"), weights="random")
    assert last_accuracy(given) > last_accuracy(scratch) + 0.02


def test_weights_of_a_thousand_classes_get_a_head_of_their_own() -> None:
    """The bundled EfficientNet-Lite0 knows ImageNet's classes, in pictures of 224 pixels."""
    changed: dict[str, Any] = RESNET | {"architecture": "timm/tf_efficientnet_lite0"}
    training = Training(recipe("frozen", None, **changed, steps=2))
    assert training.approach.head_path == "classifier"
    assert training.approach.head.weight.shape == (4, 1280)
    before = training.approach.network.state_dict()["conv_stem.weight"].clone()
    list(training.points())
    assert torch.equal(training.approach.network.state_dict()["conv_stem.weight"], before)
    learned = catalog.build("timm/tf_efficientnet_lite0", weights="bundled").state_dict()
    torch.testing.assert_close(before, learned["conv_stem.weight"])
