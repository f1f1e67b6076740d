"""The strongest images are those a slow loop finds; a region is what really moves the unit."""

import functools

import pytest
import torch
from torch import Tensor, nn

from cvexplore import catalog
from cvexplore.errors import LayerError, UnknownName
from cvexplore.interpret.exciting import (
    Excitement,
    Region,
    Responses,
    effective_region,
    excitement,
    responses,
    standing_out,
    strongest,
)
from cvexplore.interpret.gradients import differentiable_maps

NETWORKS = {
    "cvexplore/simple_cnn": ("features", (1, 28, 28)),
    "timm/tf_efficientnet_lite0": ("blocks.1.0", (3, 64, 64)),
    "timm/deit_tiny_patch16_224": ("blocks.1", (3, 224, 224)),
}


@functools.cache
def network(name: str) -> nn.Module:
    torch.manual_seed(0)
    return catalog.build(name).eval()


def pictures(count: int, shape: tuple[int, ...]) -> Tensor:
    return torch.randn(count, *shape, generator=torch.Generator().manual_seed(1))


def one_by_one(model: nn.Module, layer: str, images: Tensor) -> list[Tensor]:
    """Return the layer's maps of every image, by a plain hook and a plain forward pass each."""
    kept: list[Tensor] = []
    hook = model.get_submodule(layer).register_forward_hook(
        lambda module, args, output: kept.append(output[0].clone())
    )
    with torch.no_grad():
        for image in images:
            model(image[None])
    hook.remove()
    if kept[0].dim() == 2:  # a class token, then 14 × 14 patches
        kept = [tokens[1:].T.reshape(-1, 14, 14) for tokens in kept]
    return kept


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("by", ["highest", "mean"])
def test_the_strongest_images_are_those_a_slow_loop_finds(name: str, by: str) -> None:
    layer, shape = NETWORKS[name]
    model, images = network(name), pictures(7, shape)
    seen = Responses.joined(list(responses(model, layer, images.split(3))))
    slow = one_by_one(model, layer, images)
    assert len(seen) == 7
    assert seen.channels == len(slow[0])
    for channel in range(0, seen.channels, max(1, seen.channels // 5)):
        values = [float(m[channel].max() if by == "highest" else m[channel].mean()) for m in slow]
        wanted = sorted(range(7), key=lambda each: -values[each])[:4]
        found = strongest(seen, channel, 4, by)  # type: ignore[arg-type]
        assert [each.value for each in found] == pytest.approx(
            [values[each] for each in wanted], rel=1e-4, abs=1e-5
        )
        for each in found:
            assert each.value == pytest.approx(values[each.image], rel=1e-4, abs=1e-5)
            peak = float(slow[each.image][channel][each.row, each.column])
            assert peak == pytest.approx(float(slow[each.image][channel].max()), rel=1e-4, abs=1e-5)


def test_images_are_taken_as_they_are_asked_for() -> None:
    taken = []

    def batches():
        for each in range(5):
            taken.append(each)
            yield pictures(2, (1, 28, 28))

    found = responses(network("cvexplore/simple_cnn"), "features", batches())
    next(found)
    assert taken == [0]


def test_equal_images_stand_in_their_order() -> None:
    image = pictures(1, (1, 28, 28)).repeat(4, 1, 1, 1)
    (seen,) = responses(network("cvexplore/simple_cnn"), "features.0", [image])
    assert [each.image for each in strongest(seen, 3)] == [0, 1, 2, 3]


def test_the_channel_that_stands_out_is_the_one_that_was_made_to() -> None:
    highest = torch.randn(50, 6, generator=torch.Generator().manual_seed(0)) * torch.tensor(
        [100.0, 1, 1, 1, 1, 0]
    )
    seen = Responses(highest, highest, torch.zeros(50, 6, dtype=torch.int32), 1)
    answer = torch.tensor([[50.0, 0.1, 9.0, -3.0, 4.0, 0.0]])
    own = Responses(answer, answer, torch.zeros(1, 6, dtype=torch.int32), 1)
    assert standing_out(seen, own, 2) == [2, 4]  # not 0, whose scale is large, and never dead 5
    assert 5 not in standing_out(seen, own, 6)


# ------------------------------------------------------------------ regions


def convolutions(*settings: tuple[int, int, int]) -> nn.Sequential:
    """Return convolutions of (kernel, stride, padding) without a dead unit: weights above zero."""
    torch.manual_seed(0)
    net = nn.Sequential(*(nn.Conv2d(2, 2, k, s, p) for k, s, p in settings))
    for layer in net:
        layer.weight.data.abs_()
    return net.eval()


@pytest.mark.parametrize(
    "settings", [((3, 1, 1), (3, 2, 1), (3, 2, 1)), ((5, 2, 0), (3, 1, 0)), ((7, 4, 3), (1, 1, 0))]
)
def test_the_whole_region_is_exactly_the_receptive_field_where_it_stands(
    settings: tuple[tuple[int, int, int], ...],
) -> None:
    model, image = convolutions(*settings), pictures(1, (2, 40, 40))
    last = str(len(settings) - 1)
    side = model(image).shape[-1]
    for row, column in ((0, 0), (side // 2, side // 3), (side - 1, 1)):
        spans = []
        for place in (row, column):
            low, high = place, place
            for kernel, stride, padding in reversed(settings):  # Araujo et al., Distill, 2019
                low, high = low * stride - padding, high * stride - padding + kernel - 1
            spans.append((max(0, low), min(40, high + 1)))
        (top, bottom), (left, right) = spans
        place = Excitement(0, 0.0, row, column)
        found = effective_region(model, last, image, place, 1, share=1)
        assert found == Region(top, left, bottom, right)


@pytest.mark.parametrize("share", [0.5, 0.9])
def test_pixels_inside_move_the_unit_and_hold_their_share(share: float) -> None:
    model, image = (
        convolutions((3, 1, 1), (3, 2, 1), (3, 2, 1), (3, 2, 1)),
        pictures(1, (2, 40, 40)),
    )
    place = Excitement(0, 0.0, 2, 3)
    inner = effective_region(model, "3", image, place, 0, share)
    outer = effective_region(model, "3", image, place, 0, 1)
    assert inner
    assert outer
    assert inner.sides < outer.sides

    moved = torch.zeros(40, 40)
    with torch.no_grad():
        before = model(image)[0, 0, 2, 3]
        for row in range(40):
            for column in range(40):
                for colour in range(2):
                    other = image.clone()
                    other[0, colour, row, column] += 1
                    moved[row, column] += float(model(other)[0, 0, 2, 3] - before) ** 2
    inside = moved[inner.top : inner.bottom, inner.left : inner.right]
    assert float(inside.sum()) >= share * float(moved.sum())
    assert float(inside.min()) > 0
    moved[outer.top : outer.bottom, outer.left : outer.right] = 0
    assert float(moved.max()) < 1e-9


def test_a_unit_that_is_silent_has_no_region() -> None:
    model = nn.Sequential(nn.Conv2d(1, 1, 3), nn.ReLU()).eval()
    model[0].bias.data.fill_(-1e3)
    assert effective_region(model, "1", pictures(1, (1, 9, 9)), Excitement(0, 0, 1, 1), 0) is None


def test_maps_with_a_graph_are_what_the_layer_returned_before_it_was_written_over() -> None:
    model = nn.Sequential(nn.Conv2d(1, 2, 3), nn.ReLU(inplace=True)).train()
    image = pictures(1, (1, 9, 9)).requires_grad_()
    maps = differentiable_maps(model, image, "0").maps
    assert torch.equal(maps, model[0](image))
    assert float(maps.detach().min()) < 0
    torch.autograd.grad(maps.sum(), image)
    assert model.training
    assert all(p.grad is None for p in model.parameters())
    assert not model[0]._forward_hooks
    with pytest.raises(UnknownName):
        differentiable_maps(model, image, "no.such")


def test_a_layer_that_is_not_called_is_said_to_be() -> None:
    class Odd(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.idle = nn.Conv2d(1, 1, 1)

        def forward(self, x: Tensor) -> Tensor:
            return x * 2

    with pytest.raises(LayerError, match="not called"):
        differentiable_maps(Odd(), pictures(1, (1, 4, 4)), "idle")
    (seen,) = responses(Odd(), "", [pictures(2, (1, 4, 4))])
    assert excitement(seen, 1, 0).value == float(seen.highest[1, 0])
