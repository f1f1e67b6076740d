"""Relevance follows the paper's rule, and its gradients are slopes of the real score."""

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from cvexplore.attention import Recording, record
from cvexplore.attention.carrying import Start
from cvexplore.attention.relevance import relevance
from cvexplore.errors import LayerError
from tests.attention.conftest import noise, sharpened
from tests.attention.test_places import windows_of_swin
from tests.attention.test_rollout import SMALL_SWIN, SMALL_VIT, means_of_four

TARGET = 3


@pytest.fixture(scope="module")
def vit() -> Recording:
    return record(sharpened("cvexplore/vit", **SMALL_VIT), noise(1, 3, 32, 32), target=TARGET)


def chefer(weights: list[Tensor], gradients: list[Tensor]) -> Tensor:
    """Return R by the paper's equations 5 and 6. Shapes: (heads, N, N) -> (N, N)"""
    product = torch.eye(weights[0].shape[-1], dtype=weights[0].dtype)
    for attention, gradient in zip(weights, gradients, strict=True):
        relevant = (gradient * attention).clamp(min=0).mean(dim=0)
        product = product + relevant @ product
    return product


def slopes(recording: Recording) -> list[Tensor]:
    return [each.gradients[0] for each in recording.layers if each.gradients is not None]


def test_a_vits_relevance_is_the_papers_class_row(vit: Recording) -> None:
    product = chefer([each.weights[0] for each in vit.layers], slopes(vit))
    found = relevance(vit).map.flatten()
    torch.testing.assert_close(found, product[0, 1:], atol=1e-9, rtol=1e-4)
    assert found.std() > 0.1 * found.mean() > 0


def test_a_row_keeps_digits_that_are_far_smaller_than_what_the_token_is_itself(
    vit: Recording,
) -> None:
    exact = chefer(
        [each.weights[0].double() for each in vit.layers], [each.double() for each in slopes(vit)]
    )
    wanted = (exact - torch.eye(17))[1:, 1:].mean(0).float()
    torch.testing.assert_close(relevance(vit, Start()).map.flatten(), wanted, atol=0, rtol=1e-4)


def test_a_swins_relevance_is_the_dense_product_through_windows_and_merging() -> None:
    recording = record(
        sharpened("cvexplore/swin", **SMALL_SWIN), noise(1, 3, 32, 32), target=TARGET
    )
    product, at, side = torch.eye(256, dtype=torch.double), 0, 16
    moved = torch.eye(256, dtype=torch.double)
    for stage, depth in enumerate((2, 2, 6, 2)):
        if stage:
            merging = means_of_four(side, side).double()
            product, moved, side = merging @ product, merging @ moved, side // 2
        for block in range(depth):
            layer = recording.layers[at]
            at += 1
            assert layer.gradients is not None
            shift = 2 * (block % 2)
            relevant = torch.zeros(side * side, side * side, dtype=torch.double)
            positive = (layer.gradients * layer.weights).clamp(min=0).mean(1)
            windows = windows_of_swin(side, side, 4, shift).tolist()
            for window, places in enumerate(windows):
                for query, place in enumerate(places):
                    for key, other in enumerate(places):
                        if min(place, other) >= 0:
                            relevant[place, other] = positive[window, query, key]
            product = product + relevant @ product
    wanted = (product - moved).mean(0).float()
    found = relevance(recording).map.flatten()
    torch.testing.assert_close(found, wanted, atol=0, rtol=1e-3)
    assert found.std() > 0


class OneAttention(nn.Module):
    """One attention, fused or written by hand; a change of its weights can be added."""

    def __init__(self, fused: bool) -> None:
        super().__init__()
        self.fused = fused
        self.patches = nn.Conv2d(3, 8, 4, 4)
        self.qkv = nn.Linear(8, 24)
        self.head = nn.Linear(8, 5)
        self.change = torch.zeros(1, 2, 16, 16)

    def forward(self, image: Tensor) -> Tensor:
        tokens = self.patches(image).flatten(2).transpose(1, 2)
        q, k, v = self.qkv(tokens).view(1, 16, 3, 2, 4).permute(2, 0, 3, 1, 4)
        if self.fused:
            mixed = F.scaled_dot_product_attention(q, k, v)
        else:
            mixed = (q @ k.transpose(-2, -1)).softmax(-1) @ v
        mixed = (mixed + self.change @ v).transpose(1, 2).reshape(1, 16, 8)
        return self.head(mixed.mean(1).tanh())


@pytest.mark.parametrize("fused", [True, False])
@pytest.mark.parametrize("index", [(0, 0, 0, 0), (0, 1, 7, 12), (0, 0, 15, 3)])
def test_gradients_are_what_the_score_changes_by_when_one_weight_does(
    index: tuple[int, int, int, int], fused: bool
) -> None:
    torch.manual_seed(0)
    model, image = OneAttention(fused).eval(), noise(1, 3, 16, 16)
    (layer,) = record(model, image, target=2).layers
    assert layer.gradients is not None
    scores = []
    for change in (1e-2, -1e-2):
        model.change.zero_()[index] = change
        with torch.no_grad():
            scores.append(float(model(image)[0, 2]))
    slope = (scores[0] - scores[1]) / 2e-2
    assert float(layer.gradients[index]) == pytest.approx(slope, rel=1e-2, abs=1e-6)


def test_a_last_layer_that_starts_at_zero_is_told_instead_of_an_empty_map() -> None:
    model = sharpened("cvexplore/vit", **SMALL_VIT)
    last = [each for each in model.modules() if isinstance(each, nn.Linear)][-1]
    last.weight.data.zero_()
    with pytest.raises(LayerError, match="still zero"):
        relevance(record(model, noise(1, 3, 32, 32), target=TARGET))


def test_it_asks_for_a_class_where_none_was_asked_about() -> None:
    plain = record(sharpened("cvexplore/vit", **SMALL_VIT), noise(1, 3, 32, 32))
    with pytest.raises(LayerError, match="record it with target"):
        relevance(plain)
