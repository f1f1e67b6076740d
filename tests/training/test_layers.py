"""What is measured in the layers, against loops over the layers."""

import math
import re
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from cvexplore.plugins import Choice
from cvexplore.training import VectorPoint
from cvexplore.training.freezing import Freezer, trained_parameters
from cvexplore.training.layers import Watch, weighted_layers
from cvexplore.training.loop import Training
from tests.training.test_loop import TINY, recipe


class Crooked(nn.Module):
    """Layers written in another order than they are called, and a ReLU that is a function."""

    def __init__(self) -> None:
        super().__init__()
        self.head = nn.Linear(6, 3)
        self.norm = nn.BatchNorm2d(4)
        self.second = nn.Linear(4, 6)
        self.first = nn.Conv2d(2, 4, 3)
        self.token = nn.Parameter(torch.zeros(1, 2, 1, 1))
        self.idle = nn.Linear(2, 2)
        self.before = nn.BatchNorm2d(2)

    def forward(self, images: Tensor) -> Tensor:
        maps = torch.relu_(self.norm(self.first(self.before(images + self.token))))
        return self.head(F.relu(self.second(maps.mean((2, 3)))))


def test_layers_stand_in_the_order_they_are_called_with_what_belongs_to_them() -> None:
    network = Crooked()
    layers = weighted_layers(network, torch.zeros(1, 2, 5, 5))
    assert [layer.path for layer in layers] == ["first", "second", "head", "idle"]
    assert layers[0].modules == (network, network.before, network.first, network.norm)
    assert network.training
    assert not any(module._forward_pre_hooks for module in network.modules())


def test_an_attention_is_a_layer_though_its_last_map_is_never_called() -> None:
    encoder = nn.TransformerEncoderLayer(8, 2, 16, batch_first=True)
    layers = weighted_layers(encoder, torch.zeros(1, 3, 8))
    assert [layer.path for layer in layers] == [
        *("self_attn", "self_attn.out_proj", "linear1", "linear2")
    ]


def first_step(**changed: Any) -> tuple[Training, dict[str, Tensor], dict[str, tuple[float, ...]]]:
    """Take one step; return the weights before it, and what was measured."""
    sgd = Choice("sgd", {"momentum": 0.0})
    config = recipe(options={**TINY, "dropout": 0.0}, optimizer=sgd, **changed)
    training = Training(config)
    with torch.no_grad():
        training.approach.network.get_parameter("features.0.bias")[:3] = -100.0
        training.approach.network.get_parameter("classifier.1.bias")[::2] = -100.0
    before = {k: v.detach().clone() for k, v in training.approach.network.named_parameters()}
    points = next(training.turns())
    return training, before, {p.name: p.values for p in points if isinstance(p, VectorPoint)}


def test_gradients_movements_and_dead_units_are_those_of_a_loop() -> None:
    training, before, found = first_step(clip=0.01, accumulate=2)
    assert training.layers == ("features.0", "features.3", "classifier.1", "classifier.4")
    network = training.approach.network
    after = {k: v.detach().clone() for k, v in network.named_parameters()}
    network.load_state_dict(before)
    network.zero_grad()
    (batch,) = training.approach.batches(training.batch, 64)
    features, classifier = list(network.children())
    assert isinstance(features, nn.Sequential)
    assert isinstance(classifier, nn.Sequential)
    outputs = {
        "features.0": features[:2](batch.images),
        "features.3": features[:5](batch.images),
        "classifier.1": classifier[:3](features(batch.images)),
    }
    F.cross_entropy(network(batch.images), batch.labels).backward()
    for place, layer in enumerate(training.layers):
        gradients, moved, size = [], [], []
        for kind in ("weight", "bias"):
            name = f"{layer}.{kind}"
            gradient = network.get_parameter(name).grad
            assert gradient is not None
            gradients += gradient.flatten().tolist()
            moved += (after[name] - before[name]).flatten().tolist()
            size += before[name].flatten().tolist()
        norm, far, long = (math.sqrt(sum(v * v for v in each)) for each in (gradients, moved, size))
        assert found["gradient_norm"][place] == pytest.approx(norm, rel=1e-4)
        assert found["update_ratio"][place] == pytest.approx(far / long, rel=1e-2)
        if layer in outputs:
            units = outputs[layer].transpose(0, 1).flatten(1)
            dead = sum(not unit.any() for unit in units) / len(units)
            assert found["dead"][place] == pytest.approx(dead)
    assert found["dead"][0] >= 3 / 4
    assert found["dead"][2] >= 1 / 2
    assert math.isnan(found["dead"][3])


def test_layers_that_are_frozen_have_no_gradient_and_do_not_move() -> None:
    _, _, found = first_step(frozen=0.7)
    assert [math.isnan(each) for each in found["gradient_norm"]] == [True, True, False, False]
    assert [each == 0 for each in found["update_ratio"]] == [True, True, False, False]


def test_relus_are_seen_whether_they_are_modules_or_functions() -> None:
    network = Crooked()
    layers = weighted_layers(network, torch.zeros(1, 2, 5, 5))
    with torch.no_grad():
        network.norm.bias[:] = torch.tensor([-9.0, 9.0, -9.0, 9.0])
        network.norm.weight.fill_(0.1)
    watch = Watch(layers, list(network.parameters()))
    with watch:
        network(torch.rand(4, 2, 5, 5)).sum().backward()
    watch.see_gradients()
    (dead,) = (value for name, value in watch.values() if name == "dead")
    assert isinstance(dead, tuple)
    assert dead[0] == 0.5
    assert not math.isnan(dead[1])
    assert math.isnan(dead[2])


# ------------------------------------------------------------------ frozen layers


@pytest.mark.parametrize(
    ("share", "learning"),
    [(0.0, [True] * 4), (0.4, [False, True, True, True]), (1.0, [False, False, False, True])],
)
def test_a_share_of_the_layers_keeps_its_weights_and_statistics(
    share: float, learning: list[bool]
) -> None:
    training = Training(recipe(options={**TINY, "batch_norm": True}, frozen=share, epochs=1))
    before = {k: v.clone() for k, v in training.approach.network.state_dict().items()}
    list(training.points())
    after = training.approach.network.state_dict()
    of_layers = ("features.[01]", "features.[45]", "classifier.1", "classifier.4")
    for pattern, learns in zip(of_layers, learning, strict=True):
        names = [name for name in after if re.match(pattern, name)]
        assert names
        for name in names:
            assert torch.equal(before[name], after[name]) != learns, name


def test_what_a_network_itself_keeps_fixed_is_never_thawed() -> None:
    network = Crooked()
    network.second.weight.requires_grad_(False)
    freezer = Freezer(weighted_layers(network, torch.zeros(1, 2, 5, 5)))
    freezer.freeze(1.0)
    freezer.freeze(0.0)
    assert [n for n, p in network.named_parameters() if not p.requires_grad] == ["second.weight"]


def test_trained_parameters_are_counted_without_memory() -> None:
    with torch.device("meta"):
        network = Crooked()
    picture = torch.zeros(1, 2, 5, 5, device="meta")
    assert trained_parameters(network, picture, 0.0) == sum(p.numel() for p in network.parameters())
    assert trained_parameters(network, picture, 1.0) == network.idle.weight.numel() + 2
