"""A convolution beside the dense layer that does the same, built and counted."""

import pytest
import torch
from torch import Tensor, nn

from cvexplore.catalog import traced
from cvexplore.trace import trace
from cvexplore.trace.sharing import Sharing, sharing


def parameters(module: nn.Module) -> int:
    return sum(each.numel() for each in module.parameters())


def dense_twin(layer: nn.Module, given: tuple[int, ...]) -> nn.Linear:
    """Return the dense layer that computes what a convolution does, found by asking it.

    Shape: given is (C, H, W) or the like, without a batch
    """
    inputs = torch.eye(torch.Size(given).numel()).view(-1, *given)
    with torch.no_grad():
        shift = layer(torch.zeros(1, *given)).flatten()
        columns = layer(inputs).flatten(1) - shift
        dense = nn.Linear(columns.shape[0], columns.shape[1], bias=layer.bias is not None)
        dense.weight.copy_(columns.T)
        if dense.bias is not None:
            dense.bias.copy_(shift)
    return dense


def numbered(layer: nn.Module) -> nn.Module:
    """Give every weight a number of its own, from 1."""
    with torch.no_grad():
        layer.weight.copy_(torch.arange(1.0, layer.weight.numel() + 1).view_as(layer.weight))
    return layer


CASES = [
    (nn.Conv2d(3, 4, 3), (3, 7, 6)),
    (nn.Conv2d(3, 4, 3, padding=1, bias=False), (3, 5, 5)),
    (nn.Conv2d(4, 6, (1, 3), stride=2, dilation=2, groups=2), (4, 9, 9)),
    (nn.Conv2d(4, 4, 3, groups=4), (4, 6, 6)),
    (nn.Conv2d(5, 2, 1), (5, 4, 3)),
    (nn.Conv1d(3, 4, 3), (3, 8)),
    (nn.Conv3d(2, 3, 2), (2, 4, 4, 4)),
    (nn.ConvTranspose2d(4, 6, 2, stride=2, groups=2), (4, 3, 3)),
]


@pytest.mark.parametrize(("layer", "given"), CASES)
def test_a_dense_layer_of_that_many_parameters_makes_the_same_map(
    layer: nn.Module, given: tuple[int, ...]
) -> None:
    (found,) = sharing(trace(nn.Sequential(layer), torch.empty(1, *given)))
    dense = dense_twin(layer, given)
    image = torch.randn(2, *given)
    torch.testing.assert_close(dense(image.flatten(1)), layer(image).flatten(1))
    assert found.dense_parameters == parameters(dense)
    assert found.parameters == parameters(layer)
    assert found.ratio == parameters(dense) / parameters(layer)


@pytest.mark.parametrize(("layer", "given"), [case for case in CASES if not any(case[0].padding)])
def test_each_weight_stands_in_the_dense_layer_once_a_position(
    layer: nn.Module, given: tuple[int, ...]
) -> None:
    # Without padding: at the edge of a padded map some weights meet nothing.
    weights = dense_twin(numbered(layer), given).weight.round()
    values, times = weights[weights > 0.5].unique(return_counts=True)
    (found,) = sharing(trace(nn.Sequential(layer), torch.empty(1, *given)))
    assert len(values) == layer.weight.numel() == found.weights * found.filters
    assert set(times.tolist()) == {found.positions}


def test_a_filter_of_three_colours_has_27_weights() -> None:
    (found,) = sharing(
        trace(nn.Sequential(nn.Conv2d(3, 64, 3, padding=1)), torch.empty(1, 3, 224, 224))
    )
    assert found == Sharing("0", (3, 3, 3), 64, 224 * 224, 64 * 28, 3 * 64 * 224**4 + 64 * 224**2)
    assert found.weights == 27


def test_a_picture_without_a_batch_shares_alike() -> None:
    model = nn.Sequential(nn.Conv2d(3, 4, 3))
    assert sharing(trace(model, torch.empty(3, 8, 8))) == sharing(
        trace(model, torch.empty(2, 3, 8, 8))
    )


def test_a_convolution_on_several_maps_is_used_at_all_their_positions() -> None:
    class Twice(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.head = nn.Conv2d(3, 2, 1, bias=False)

        def forward(self, x: Tensor) -> list[Tensor]:
            return [self.head(x), self.head(x[..., ::2, ::2])]

    (found,) = sharing(trace(Twice(), torch.empty(1, 3, 4, 4)))
    assert found.positions == 16 + 4
    assert found.parameters == 6
    assert found.dense_parameters == 48 * 32 + 12 * 8


def test_every_convolution_of_a_network_is_there_and_no_other_layer() -> None:
    seen = traced("torchvision/resnet50")
    found = sharing(seen)
    assert [each.path for each in found] == [
        layer.path for layer in seen.layers if layer.kind == "Conv2d"
    ]
    assert sum(each.parameters for each in found) == seen.by_role()["convolution"]
    assert (found[0].filter, found[0].filters, found[0].positions) == ((3, 7, 7), 64, 112 * 112)


def test_the_patches_of_a_transformer_share_their_filter() -> None:
    (patches,) = sharing(traced("torchvision/vit_b_16"))
    assert (patches.filter, patches.filters, patches.positions) == ((3, 16, 16), 768, 14 * 14)
