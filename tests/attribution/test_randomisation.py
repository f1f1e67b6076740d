"""The sanity check: it leaves the network alone, and fails guided backpropagation only."""

import copy
import functools

import numpy as np
import pytest
import torch
from scipy.stats import spearmanr
from skimage.metrics import structural_similarity
from torch import nn

from cvexplore import catalog, images
from cvexplore.attribution import Asked, Explanation, attribute
from cvexplore.attribution.layers import default_layer
from cvexplore.attribution.trust.again import settled
from cvexplore.attribution.trust.randomisation import (
    Check,
    Stage,
    blocks,
    cascade,
    forgotten,
    rank,
    structure,
)
from cvexplore.checkpoints import checkpoint
from cvexplore.plugins import Choice
from cvexplore.training.datasets import DATASETS


@functools.cache
def network(name: str, weights: str) -> nn.Module:
    torch.manual_seed(0)
    return catalog.build(name, weights=weights).eval().requires_grad_(False)


def asked(name: str, weights: str = "random", place: int | str = 0) -> Asked:
    """Ask about a sample photo, or a picture that our own weights learned from."""
    preparation = catalog.preparation(name, weights)
    ours = checkpoint(name)
    if isinstance(place, str) or ours is None:
        picture = images.sample_image(str(place) if place else "chelsea")
    else:
        learned = DATASETS.bind(Choice(*ours.dataset))()
        picture = images.from_array(learned.images[place].numpy())
    model, image = network(name, weights), images.prepare(picture, preparation)
    target = int(model(image).argmax())
    return Asked(model, image, target, preparation.mean, preparation.std)


def check(question: Asked, method: str, most: int = 10) -> Check:
    """Forget the upper half only: that is what the verdict rests on."""
    explanation = attribute(question, Choice(method))
    count = len(blocks(question, most))
    stages = cascade(question, explanation, most=most)
    return Check(tuple(next(stages) for _ in range(max(1, count // 2))), count)


@pytest.mark.parametrize(
    ("name", "place"), [("cvexplore/simple_cnn", 5), ("cvexplore/simple_cnn", 300)]
)
def test_gradients_pass_and_guided_backpropagation_fails(name: str, place: int) -> None:
    question = asked(name, "bundled", place)
    found = {
        method: check(question, method)
        for method in ("saliency", "integrated gradients", "guided backpropagation")
    }
    assert {method: each.passes for method, each in found.items()} == {
        "saliency": True,
        "integrated gradients": True,
        "guided backpropagation": False,
    }
    assert found["guided backpropagation"].kept > found["saliency"].kept + 0.25
    assert "shows the image" in found["guided backpropagation"].verdict


def test_on_efficientnet_lite0_too() -> None:
    question = asked("timm/tf_efficientnet_lite0", "bundled", "coffee")
    guided, plain = (check(question, each) for each in ("guided backpropagation", "saliency"))
    assert (guided.passes, plain.passes) == (False, True)
    assert guided.kept > plain.kept + 0.4


def test_the_shared_network_stays_as_it_is() -> None:
    question = asked("torchvision/resnet18")
    before = copy.deepcopy(question.model.state_dict())
    tensors = [id(each) for each in (*question.model.parameters(), *question.model.buffers())]
    stages = list(cascade(question, attribute(question, Choice("saliency")), most=4))
    assert len(stages) == 4
    after = question.model.state_dict()
    assert all(torch.equal(after[name], value) for name, value in before.items())
    assert tensors == [id(t) for t in (*question.model.parameters(), *question.model.buffers())]
    assert not any(module._forward_pre_hooks for module in question.model.modules())


def test_what_is_forgotten_is_random_and_what_is_not_is_shared() -> None:
    model = network("torchvision/resnet18", "random")
    twin = forgotten(model, ["fc", "layer4.1.bn2"], torch.Generator().manual_seed(0))
    old, new = dict(model.named_parameters()), dict(twin.named_parameters())
    changed = {name for name in old if old[name] is not new[name]}
    assert changed == {
        f"{at}.{what}" for at in ("fc", "layer4.1.bn2") for what in ("weight", "bias")
    }
    assert new["fc.weight"].std().item() == pytest.approx((2 / 512) ** 0.5, rel=0.02)
    assert not new["fc.bias"].any()
    assert (new["layer4.1.bn2.weight"] == 1).all()
    assert (twin.get_submodule("layer4.1.bn2").running_var == 1).all()


def test_the_last_stage_knows_nothing_of_the_weights() -> None:
    """After all blocks, networks with other weights give the same map: everything was redrawn."""
    first = asked("torchvision/resnet18")
    torch.manual_seed(1)
    other = first.of(model=catalog.build("torchvision/resnet18").eval().requires_grad_(False))
    ends = [
        list(cascade(each, attribute(each, Choice("saliency")), most=3))[-1].explanation.values
        for each in (first, other)
    ]
    assert torch.equal(*ends)


@pytest.mark.parametrize(
    "name",
    ["torchvision/googlenet", "cvexplore/vit", "torchvision/densenet121", "torchvision/vgg11"],
)
def test_blocks_hold_every_parameter_that_is_used_once_and_in_order(name: str) -> None:
    preparation = catalog.preparation(name, "random")
    image = torch.rand(1, preparation.channels, preparation.image_size, preparation.image_size)
    question = Asked(network(name, "random"), image, 0)
    found = blocks(question)
    assert 4 <= len(found) <= 10
    modules = [path for each in found for path in each.modules]
    assert len(modules) == len(set(modules))
    held = {
        f"{path}.{parameter}".lstrip(".")
        for path in modules
        for parameter, _ in question.model.get_submodule(path).named_parameters(recurse=False)
    }
    everything = {path for path, _ in question.model.named_parameters()}
    unused = {path for path in everything if path.startswith("aux")}
    assert held == everything - unused
    last = list(question.model.named_children())[-1][0]
    assert found[-1].name.startswith(last)


def test_likeness_is_what_the_libraries_say() -> None:
    random = torch.Generator().manual_seed(0)
    one = Explanation(Choice("saliency"), 0, torch.randn(3, 20, 20, generator=random))
    other = Explanation(
        Choice("saliency"), 0, one.values + torch.randn(3, 20, 20, generator=random)
    )
    sizes = [each.values.abs().sum(0).numpy() for each in (one, other)]
    assert rank(one, other) == pytest.approx(spearmanr(*[each.ravel() for each in sizes])[0])
    scaled = [np.clip(each / np.percentile(each, 99), 0, 1) for each in sizes]
    truth = structural_similarity(*scaled, data_range=1.0)
    assert structure(one, other) == pytest.approx(truth, abs=1e-4)
    assert structure(one, one) == pytest.approx(1)
    flipped = Explanation(Choice("saliency"), 0, -one.values)
    assert rank(one, flipped) == pytest.approx(1)  # sizes, whatever their signs


def test_small_and_silent_maps_have_numbers_too() -> None:
    silent = Explanation(Choice("saliency"), 0, torch.zeros(1, 4, 4))
    some = Explanation(Choice("saliency"), 0, torch.rand(1, 4, 4))
    assert rank(silent, some) == 0
    assert -1 <= structure(silent, some) <= 1


def test_a_verdict_rests_on_the_upper_half() -> None:
    def stages(*values: float) -> tuple[Stage, ...]:
        some = Explanation(Choice("saliency"), 0, torch.rand(1, 4, 4))
        return tuple(Stage("block", some, 0, value) for value in values)

    assert not Check(stages(0.9), 4).done
    assert not Check(stages(0.9, 0.8, 0.1, 0.1), 4).passes
    assert Check(stages(0.5, 0.4, 0.9, 0.9), 4).passes
    assert "45%" in Check(stages(0.5, 0.4), 4).verdict


def test_a_question_for_many_networks_has_its_layer_named_and_its_steps_fixed() -> None:
    question = asked("cvexplore/simple_cnn", "bundled")
    named, choice = settled(question, Choice("Grad-CAM"))
    assert named.layer == default_layer(question)
    assert choice == Choice("Grad-CAM")
    named, choice = settled(question, Choice("integrated gradients", {"steps": 8}))
    assert named.layer == ""
    assert attribute(named, choice).passes == 8
