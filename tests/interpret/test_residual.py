"""A residual block's sum is its shortcut plus what its branch returned, to the bit."""

import pytest
import torch

from cvexplore import catalog
from cvexplore.interpret.activations import capture
from cvexplore.interpret.residual import residuals

IMAGE = torch.rand(1, 3, 224, 224, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize(
    ("name", "sums"),
    [
        ("cvexplore/resnet", 16),
        ("torchvision/resnet18", 8),
        ("torchvision/convnext_tiny", 18),
        ("timm/deit_tiny_patch16_224", 24),
        ("torchvision/alexnet", 0),
    ],
)
def test_the_sum_is_the_shortcut_plus_the_branch(name: str, sums: int) -> None:
    torch.manual_seed(0)
    model, seen = catalog.build(name).eval(), catalog.traced(name)
    found = residuals(seen, "")
    assert len(found) == sums
    taken = capture(model, IMAGE, [path for each in found for path in each.layers])
    for each in found:
        x, fx, y = (
            taken.layers[path][call] for path, call in (each.shortcut, each.branch, each.sum)
        )
        assert torch.equal(x + fx, y), each


def test_the_shortcut_is_the_shorter_way_also_where_it_has_a_convolution() -> None:
    found = residuals(catalog.traced("torchvision/resnet50"), "layer2.0")
    assert [(each.shortcut, each.branch) for each in found] == [
        (("layer2.0.downsample.1", 0), ("layer2.0.bn3", 0))
    ]
    plain = residuals(catalog.traced("torchvision/resnet50"), "layer2.1")
    assert [(each.shortcut, each.branch) for each in plain] == [
        (("layer2.0.relu", 2), ("layer2.1.bn3", 0))
    ]
