"""How maps follow a change: known for convolutions and pools, and equal to a slow loop."""

import math

import pytest
import torch
from torch import Tensor, nn

from cvexplore.interpret.changes import Blur, Rotate, Shift
from cvexplore.interpret.equivariance import (
    Difference,
    baseline,
    followed,
    relative_difference,
    responses,
    stride,
)


def plain_square() -> Tensor:
    """Return an image that is grey around a middle whose mean is that grey.

    A shift then fills the border with what is there anyway, as if the scene went on.
    """
    middle = torch.rand(1, 3, 24, 24, generator=torch.Generator().manual_seed(1))
    square = torch.full((1, 3, 64, 64), 0.5)
    square[..., 20:44, 20:44] = middle - middle.mean((2, 3), keepdim=True) + 0.5
    return square


def convolution(step: int) -> nn.Conv2d:
    torch.manual_seed(0)
    return nn.Conv2d(3, 6, 3, stride=step, padding=1, padding_mode="replicate")


def network(step: int) -> nn.Sequential:
    head = [nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(6, 4)]
    return nn.Sequential(convolution(step), *head).eval()


def differences(model: nn.Module, layer: str, shifts: list[int]) -> list[Difference]:
    original = baseline(model, plain_square(), lambda squares: squares - 0.5, [layer])
    changes = [Shift(right=each) for each in shifts]
    return [each.layers[layer] for each in responses(model, original, changes, batch=3)]


def test_a_convolution_of_stride_one_moves_along_exactly() -> None:
    for each in differences(network(1), "0", [1, 2, 3, 8]):
        assert each.moved == pytest.approx(0, abs=1e-4)
        assert each.unmoved > 0.3


def test_a_convolution_of_stride_two_moves_along_at_even_shifts_only() -> None:
    one, two, three, four = differences(network(2), "0", [1, 2, 3, 4])
    assert two.moved == pytest.approx(0, abs=1e-4)
    assert four.moved == pytest.approx(0, abs=1e-4)
    for odd in (one, three):
        assert odd.moved is not None
        assert odd.moved > 0.1


def test_a_global_mean_of_a_convolution_is_invariant_to_shifts() -> None:
    for each in differences(network(1), "2", [1, 2, 7]):
        assert each.moved is None  # it keeps no places that could move
        assert each.unmoved == pytest.approx(0, abs=1e-4)


def test_no_change_is_no_difference() -> None:
    model = network(2)
    original = baseline(model, plain_square(), lambda squares: squares, ["0", "2"])
    (found,) = responses(model, original, [Shift()])
    assert found.layers == {"0": Difference(0, 0), "2": Difference(None, 0)}
    assert found.effect is not None
    share = original.seen.output.softmax(1).max().item()
    assert found.effect.probability == pytest.approx(share, abs=1e-6)
    assert found.effect.distance == pytest.approx(0, abs=1e-6)
    assert found.effect.kept


def test_the_numbers_are_those_of_a_slow_loop() -> None:
    model, shift, step = network(2), 3, 2
    square = torch.rand(1, 3, 16, 16, generator=torch.Generator().manual_seed(2))
    original = baseline(model, square, lambda squares: squares, ["0"])
    (found,) = responses(model, original, [Shift(right=shift)])
    after = square.mean((2, 3), keepdim=True).expand_as(square).clone()
    after[..., shift:] = square[..., :-shift]
    with torch.no_grad():
        a, before = model[0](after)[0], model[0](square)[0]
        scores, old = model(after)[0].softmax(0), model(square)[0].softmax(0)
    off = size = still = whole = 0.0
    for channel in range(6):
        for row in range(8):
            for column in range(8):
                value = a[channel, row, column].item()
                unmoved = before[channel, row, column].item()
                still, whole = still + (value - unmoved) ** 2, whole + unmoved**2
                place = column - shift / step  # between two cells of the original's map
                if place < 0:
                    continue
                low = math.floor(place)
                left, right = before[channel, row, low], before[channel, row, min(low + 1, 7)]
                b = (left + (place - low) * (right - left)).item()
                off, size = off + (value - b) ** 2, size + b**2
    assert found.layers["0"].moved == pytest.approx(math.sqrt(off / size), rel=1e-3)
    assert found.layers["0"].unmoved == pytest.approx(math.sqrt(still / whole), rel=1e-3)
    assert found.effect is not None
    assert found.effect.probability == pytest.approx(scores[old.argmax()].item(), abs=1e-5)
    loss = sum(abs(x - y) for x, y in zip(scores.tolist(), old.tolist(), strict=True)) / 2
    assert found.effect.distance == pytest.approx(loss, abs=1e-5)


def test_a_filter_that_is_alike_in_all_directions_turns_along() -> None:
    bell = torch.exp(-(torch.arange(-3.0, 4) ** 2) / 2)
    filter_ = nn.Conv2d(1, 1, 7, padding=3, bias=False).eval()
    with torch.no_grad():
        filter_.weight[0, 0] = torch.outer(bell, bell) / bell.sum() ** 2
    rows, columns = torch.meshgrid(torch.arange(64.0), torch.arange(64.0), indexing="ij")
    far = (rows - 26) ** 2 + (columns - 36) ** 2
    hat = torch.exp(-far / 24) - torch.exp(-far / 48) / 2  # its mean is zero: the grey around it
    original = baseline(filter_, hat[None, None] + 0.5, lambda squares: squares - 0.5, [""])
    (found,) = responses(filter_, original, [Rotate(angle=30)])
    difference = found.layers[""]
    assert difference.moved is not None
    assert difference.moved < 0.05
    assert difference.unmoved > 0.5


def test_what_moves_nothing_has_no_map_to_move_along() -> None:
    model = network(1)
    original = baseline(model, plain_square(), lambda squares: squares, ["0"])
    (found,) = responses(model, original, [Blur(sigma=2)])
    assert found.layers["0"].moved is None
    assert found.layers["0"].unmoved > 0.01


def test_the_pictures_and_the_numbers_are_of_one_pass() -> None:
    model = network(2)
    original = baseline(model, plain_square(), lambda squares: squares, ["0"])
    found = followed(model, original, Shift(right=6), "0")
    assert found.known.sum(1).tolist() == [29] * 32  # three columns came in
    known = relative_difference(found.maps[:, found.known], found.expected[:, found.known])
    assert found.response.layers["0"].moved == pytest.approx(known)
    (alone,) = responses(model, original, [Shift(right=6)])
    assert found.response == alone


def test_a_network_without_classes_has_no_effect() -> None:
    model = convolution(1).eval()
    original = baseline(model, plain_square(), lambda squares: squares, [""])
    (found,) = responses(model, original, [Shift(right=1)])
    assert found.effect is None


@pytest.mark.parametrize(
    ("side", "cells", "step"),
    [
        *((224, 112, 2), (224, 7, 32), (224, 16, 14), (28, 28, 1), (28, 3, 8)),
        *((224, 55, 4), (299, 35, 8), (299, 8, 32), (260, 9, 32), (300, 10, 32)),
    ],
)
def test_strides_are_told_from_sides(side: int, cells: int, step: int) -> None:
    assert stride(side, cells) == step


def test_nothing_differs_from_nothing() -> None:
    zero, one = torch.zeros(3), torch.ones(3)
    assert relative_difference(zero, zero) == 0
    assert relative_difference(one, zero) == math.inf
    assert relative_difference(zero, one) == 1
