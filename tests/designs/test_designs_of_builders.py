"""Each readable builder as a design: the same network, to the bit."""

from typing import Any

import pytest
import torch
from torch import Tensor, nn

from cvexplore.architectures import BUILDERS
from cvexplore.designs import count, from_json, to_json
from cvexplore.designs.code import source
from cvexplore.designs.network import build, steps
from cvexplore.designs.starts import start, starts
from cvexplore.plugins import Choice

SMALL_VIT = {"image_size": 32, "patch_size": 8, "width": 48, "heads": 3, "depth": 2}
SMALL_DETR = {
    **{"backbone_depth": 18, "width": 32, "heads": 4, "queries": 7, "classes": 3},
    **{"encoder_layers": 1, "decoder_layers": 2},
}
# A builder, its options, and the pixels a side of the images to compare at.
CASES: list[tuple[str, dict[str, Any], int]] = [
    ("simple_cnn", {}, 28),
    ("simple_cnn", {"width": 5, "hidden": 9, "channels": 3, "image_size": 30}, 30),
    ("alexnet", {"classes": 7}, 96),
    ("vgg", {"depth": 11, "batch_norm": True, "classes": 3}, 32),
    ("resnet", {"depth": 18, "width": 16}, 64),
    ("resnet", {"depth": 50, "width": 8, "channels": 1}, 64),
    ("resnet", {"depth": 34, "width": 8, "residual": False}, 64),
    ("densenet", {"growth_rate": 12}, 64),
    ("vit", SMALL_VIT, 32),
    ("vit", {**SMALL_VIT, "norm": "post", "mlp_ratio": 2.5, "dropout": 0.1}, 32),
    ("convnext", {"layer_scale": 0.5}, 64),
    ("swin", {"patch_size": 2, "window": 4, "stochastic_depth": 0.0}, 36),
    ("swin", {"size": "micro", "window": 4, "stem": "convolutions"}, 64),
    ("detr", SMALL_DETR, 96),
    (
        "detr",
        {**SMALL_DETR, "backbone_width": 8, "stages": 2, "norm": "batch", "mlp_ratio": 2.0},
        64,
    ),
]


def in_order_of_use(network: nn.Module, images: Tensor) -> list[Tensor]:
    """Return all tensors a network holds, module by module as these first run."""
    used: list[nn.Module] = []
    for module in network.modules():
        module.register_forward_pre_hook(lambda module, _: used.append(module))
    with torch.no_grad():
        network(images)
    held = [
        tensor
        for module in dict.fromkeys(used)
        for tensor in (*module._parameters.values(), *module._buffers.values())
        if tensor is not None
    ]
    learned = {id(each) for each in held}
    assert learned >= {id(each) for each in network.state_dict(keep_vars=True).values()}
    return held


def answer(network: nn.Module, images: Tensor) -> Tensor:
    with torch.no_grad():
        said = network(images)
    return torch.cat([said["logits"], said["boxes"]], -1) if isinstance(said, dict) else said


def randomised(network: nn.Module) -> nn.Module:
    """Return the network in evaluation mode, no norm, bias or scale of it as it was made."""
    torch.manual_seed(0)
    for tensor in network.state_dict().values():
        if tensor.is_floating_point() and tensor.dim() < 3:
            tensor.add_(torch.rand_like(tensor), alpha=0.02)
    return network.eval()


@pytest.mark.parametrize(("name", "options", "pixels"), CASES, ids=lambda value: str(value)[:40])
def test_a_builder_and_its_design_are_the_same_network(
    name: str, options: dict[str, Any], pixels: int
) -> None:
    design = start(name, **options)
    theirs = randomised(BUILDERS.bind(Choice(name, options))())
    ours = build(design).eval()
    images = torch.rand(2, design.channels, pixels, pixels)
    given, taken = in_order_of_use(theirs, images), in_order_of_use(ours, images)
    if name == "detr":  # its queries lie in the network itself there, in the transformer here
        given = sorted(given, key=lambda t: t.shape == (7, 32))
        taken = sorted(taken, key=lambda t: t.shape == (7, 32))
    assert [each.shape for each in taken] == [each.shape for each in given]
    with torch.no_grad():
        for there, here in zip(given, taken, strict=True):
            here.copy_(there)
    expected = answer(theirs, images)
    torch.testing.assert_close(answer(ours, images), expected, rtol=1e-5, atol=1e-5)
    assert expected.std() > 0
    outer = [step for step in steps(design) if len(step.place) == 1]
    counted = sum(each.numel() for each in theirs.parameters())
    assert sum(step.parameters for step in outer) == counted
    assert from_json(to_json(design)) == design
    assert count(design.layers) <= 100


def test_there_is_a_design_for_every_builder() -> None:
    # No block pads a shortcut with zeros, as the small ResNet does, or enlarges maps, as the U-Net.
    assert set(starts()) == set(BUILDERS) - {"resnet_cifar", "unet"}


CODE = [case for case in CASES if case[0] in ("resnet", "densenet", "vit", "detr")]


@pytest.mark.parametrize(("name", "options", "pixels"), CODE, ids=lambda value: str(value)[:40])
def test_the_code_of_a_design_makes_the_same_network(
    name: str, options: dict[str, Any], pixels: int
) -> None:
    design = start(name, **options)
    text = source(design)
    assert "cvexplore" not in text.replace("designed in cvexplore", "")
    alone: dict[str, Any] = {}
    exec(compile(text, name, "exec"), alone)
    theirs, ours = alone["build"](), build(design)
    theirs.load_state_dict(randomised(ours).state_dict())
    images = torch.rand(1, design.channels, pixels, pixels)
    assert torch.equal(answer(theirs.eval(), images), answer(ours, images))
    assert sum(p.numel() for p in theirs.parameters()) == sum(p.numel() for p in ours.parameters())
