"""What a network is made of, held against networks whose parts are written down here or known."""

import pytest
import torch
from torch import nn

from cvexplore import catalog
from cvexplore.attribution import Asked
from cvexplore.attribution.structure import structure
from tests.attribution.conftest import asking, convolutional


def test_calls_of_functions_and_of_methods_count_as_much_as_modules(awkward: Asked) -> None:
    found = structure(awkward)
    assert dict(found.calls) == {"ReLU": 4, "MaxPool2d": 1}
    assert found.shared == ("relu",)
    assert found.in_place == 3
    assert found.rectifiers == 4


def test_what_deeplift_has_no_rule_for_is_named(gated: Asked) -> None:
    found = structure(gated)
    expected = {"GELU": 1, "LayerNorm": 1, "product": 3, "softmax": 1, "Sigmoid": 1}
    assert dict(found.calls) == expected
    assert found.normalises
    assert found.without_rescale == (
        "normalisation over features",
        "softmax",
        "products of two values that both depend on the image",
    )


def test_a_plain_network_has_nothing_special() -> None:
    found = structure(asking(convolutional(nn.ReLU)))
    assert (found.shared, found.in_place, found.silent_head) == ((), 0, False)
    assert found.without_rescale == ()
    assert not found.normalises


def test_multiplying_by_a_weight_is_no_product() -> None:
    class Scaled(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.scale = nn.Parameter(torch.ones(3, 1, 1))
            self.head = nn.Linear(3, 5)

        def forward(self, images: torch.Tensor) -> torch.Tensor:
            return self.head((images * self.scale * 2).mean((2, 3)))

    assert dict(structure(asking(Scaled())).calls) == {}


@pytest.mark.parametrize(
    ("name", "side", "calls"),
    [
        ("torchvision/mobilenet_v2", 32, {"ReLU6": 35}),
        ("torchvision/resnet18", 32, {"ReLU": 17, "MaxPool2d": 1}),
    ],
)
def test_known_networks(name: str, side: int, calls: dict[str, int]) -> None:
    found = structure(asking(catalog.build(name), side))
    assert dict(found.calls) == calls
    assert len(found.shared) == (8 if "resnet" in name else 0)


def test_a_head_of_zeros_is_silent_and_attention_is_softmax_between_products() -> None:
    found = structure(asking(catalog.build("torchvision/vit_b_32", image_size=32), 32))
    assert found.silent_head
    assert (found.calls["softmax"], found.calls["product"]) == (12, 24)


def test_the_network_is_not_changed(awkward: Asked) -> None:
    before = awkward.score(awkward.image)
    structure(awkward)
    modules = list(awkward.model.modules())
    assert not any(each._forward_hooks or each._forward_pre_hooks for each in modules)
    assert torch.equal(awkward.score(awkward.image), before)
