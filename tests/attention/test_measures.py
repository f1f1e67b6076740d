"""Numbers about heads, against slow loops written from their definitions."""

import functools
import math
from dataclasses import replace

import pytest
import torch
from torch import Tensor

from cvexplore import catalog
from cvexplore.attention import PADDING, TOKEN, AttentionLayer, Places, record
from cvexplore.attention.measures import (
    MEASURES,
    Setting,
    differences,
    entropy,
    mean_distance,
    relative_entropy,
    visible,
)

ON_64 = Setting((64, 64))
OF_NAME = {measure.name: measure for measure in MEASURES}


def layer_of(weights: Tensor, places: Places) -> AttentionLayer:
    values = torch.zeros(*weights.shape[:2], weights.shape[3], 1)
    return AttentionLayer("attention", 0, "spatial", places, weights, values)


def patches_with_tokens(weights: Tensor, tokens: int = 1) -> AttentionLayer:
    """Return a layer of one window: tokens of no place, then patches on a square grid."""
    side = math.isqrt(weights.shape[2] - tokens)
    places = torch.tensor([[*[TOKEN] * tokens, *range(side * side)]])
    return layer_of(weights, Places(places, places, (side, side), (side, side)))


def random_weights(*shape: int) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(0)).mul(2).softmax(-1)


@functools.cache
def swin() -> tuple[AttentionLayer, ...]:
    torch.manual_seed(0)
    model = catalog.build("cvexplore/swin", size="micro", patch_size=2).eval()
    return record(model.requires_grad_(False), torch.randn(1, 3, 56, 56)).layers


# ------------------------------------------------------------------ distance


def slow_distance(layer: AttentionLayer, height: float, width: float) -> list[float]:
    """Return the mean distance of each head, pair by pair."""
    places = layer.on_image

    def middle(place: int, grid: tuple[int, int]) -> tuple[float, float]:
        row, column = place // grid[1], place % grid[1]
        return (row + 0.5) * height / grid[0], (column + 0.5) * width / grid[1]

    heads = []
    for head in range(layer.heads):
        distances = []
        for window in range(places.windows):
            for i, query in enumerate(places.queries[window].tolist()):
                if query < 0:
                    continue
                far = whole = 0.0
                for j, key in enumerate(places.keys[window].tolist()):
                    if key >= 0:
                        weight = layer.weights[window, head, i, j].item()
                        apart = math.dist(
                            middle(query, places.query_grid), middle(key, places.key_grid)
                        )
                        far, whole = far + weight * apart, whole + weight
                distances.append(far / whole)
        heads.append(sum(distances) / len(distances))
    return heads


def test_distance_is_that_of_a_loop_over_all_pairs() -> None:
    layer = patches_with_tokens(random_weights(1, 3, 17, 17))
    expected = slow_distance(layer, 64, 64)
    assert mean_distance(layer, ON_64).tolist() == pytest.approx(expected, rel=1e-5)


def test_keys_on_a_coarser_grid_lie_in_the_middle_of_their_cells() -> None:
    places = Places(torch.arange(16)[None], torch.tensor([[0, 1, 2, 3, PADDING]]), (4, 4), (2, 2))
    layer = layer_of(random_weights(1, 2, 16, 5), places)
    assert mean_distance(layer, Setting((64, 96))).tolist() == pytest.approx(
        slow_distance(layer, 64, 96), rel=1e-5
    )
    alone = replace(layer, weights=torch.eye(5)[:1].expand(1, 1, 16, 5))  # all look at key 0
    first_only = replace(
        alone,
        weights=alone.weights[:, :, :1],
        places=replace(places, queries=torch.zeros(1, 1).long()),
    )
    assert mean_distance(first_only, ON_64).item() == pytest.approx(math.hypot(8, 8))


def test_uniform_attention_of_a_vit_looks_as_far_as_published_work_says() -> None:
    layer = patches_with_tokens(torch.full((1, 1, 197, 197), 1 / 197))
    distance = mean_distance(layer, Setting((224, 224))).item()
    assert distance == pytest.approx(116.5, abs=0.05)  # 14 x 14 patches of 16 pixels


def test_distance_in_a_clip_is_within_the_picture() -> None:
    places = torch.arange(8)[None]  # 2 rows; 2 columns in each of 2 frames
    other_frame = torch.eye(8)[[2, 3, 0, 1, 6, 7, 4, 5]]
    layer = layer_of(other_frame[None, None], Places(places, places, (2, 4), (2, 4), 2))
    assert mean_distance(layer, ON_64).item() == pytest.approx(0.0)


def test_shifted_windows_look_as_far_as_one_dense_matrix_of_all_places() -> None:
    layers = [each for each in swin() if each.on_image.windows > 1]
    assert any((~visible(each)).any() for each in layers), "no layer is shifted"
    for layer in layers[:4]:
        places = layer.on_image
        rows, columns = places.key_grid
        dense = torch.zeros(layer.heads, rows * columns, rows * columns)
        for window in range(places.windows):
            at = places.queries[window]
            dense[:, at[:, None], places.keys[window][None]] = layer.weights[window]
        where = torch.cartesian_prod(torch.arange(rows), torch.arange(columns)).float()
        apart = torch.cdist(where, where) * (56 / rows)
        expected = (dense * apart).sum(-1).mean(-1)
        assert mean_distance(layer, Setting((56, 56))).tolist() == pytest.approx(
            expected.tolist(), rel=1e-4
        )


def test_the_uniform_head_of_a_shifted_window_does_not_look_across_the_image() -> None:
    layers = [each for each in swin() if each.on_image.windows > 1]
    shifted = next(each for each in layers if (~visible(each)).any())
    window = 7 * 56 / shifted.on_image.key_grid[0]
    distance = OF_NAME["Mean distance"].uniform(shifted, Setting((56, 56)))
    assert 0 < distance < window / 2


# ------------------------------------------------------------------ entropy and shares


def test_entropy_is_that_of_a_loop() -> None:
    layer = patches_with_tokens(random_weights(1, 3, 10, 10))
    for head, bits in enumerate(entropy(layer).tolist()):
        rows = layer.weights[0, head, 1:].tolist()
        expected = [-sum(each * math.log2(each) for each in row) for row in rows]
        assert bits == pytest.approx(sum(expected) / len(expected), rel=1e-5)


def test_uniform_attention_has_the_largest_entropy() -> None:
    layer = patches_with_tokens(torch.full((1, 2, 17, 17), 1 / 17))
    assert entropy(layer).tolist() == pytest.approx([math.log2(17)] * 2)
    assert relative_entropy(layer).tolist() == pytest.approx([1.0] * 2)


def test_a_head_that_looks_at_its_own_place_alone_looks_no_distance_and_has_no_entropy() -> None:
    layer = patches_with_tokens(torch.eye(17)[None, None])
    found = {name: measure.of(layer, ON_64).item() for name, measure in OF_NAME.items()}
    assert found["Mean distance"] == found["Entropy"] == found["On the class token"] == 0
    assert found["On itself"] == 1


@pytest.mark.parametrize("measure", MEASURES, ids=lambda each: each.name)
def test_a_uniform_head_measures_exactly_the_uniform_number(measure) -> None:
    places = torch.tensor([[TOKEN, TOKEN, 0, 1, 2, 3, PADDING]])
    uniform = layer_of(torch.full((1, 2, 7, 7), 1 / 7), Places(places, places, (2, 2), (2, 2)))
    told = measure.uniform(uniform, ON_64)
    assert math.isfinite(told)
    assert measure.of(uniform, ON_64).tolist() == pytest.approx([told] * 2)
    sharp = replace(uniform, weights=random_weights(1, 2, 7, 7))
    assert measure.uniform(sharp, ON_64) == pytest.approx(told)


def test_shares_on_each_sort_of_key_sum_to_one() -> None:
    places = torch.tensor([[TOKEN, TOKEN, 0, 1, 2, 3, PADDING]])
    layer = layer_of(random_weights(1, 2, 7, 7), Places(places, places, (2, 2), (2, 2)))
    shares = {name: OF_NAME[name].of(layer, ON_64) for name in OF_NAME if name.startswith("On ")}
    expected = layer.weights[0, :, 2:6].mean(1)  # the patches' rows
    assert torch.allclose(shares["On the class token"], expected[:, 0])
    assert torch.allclose(shares["On registers"], expected[:, 1])
    assert torch.allclose(shares["On padding"], expected[:, 6])
    diagonal = torch.stack([layer.weights[0, :, each, each] for each in range(2, 6)]).mean(0)
    assert torch.allclose(shares["On itself"], diagonal)


def test_without_a_class_token_all_tokens_of_no_place_are_registers() -> None:
    layer = patches_with_tokens(random_weights(1, 2, 6, 6), tokens=2)
    without = Setting((64, 64), class_token=False)
    assert OF_NAME["On the class token"].of(layer, without).isnan().all()
    expected = layer.weights[0, :, 2:, :2].sum(-1).mean(-1)
    assert torch.allclose(OF_NAME["On registers"].of(layer, without), expected)


def test_where_only_a_class_token_asks_it_has_an_entropy_and_no_distance() -> None:
    places = Places(torch.tensor([[TOKEN]]), torch.arange(16)[None], (0, 0), (4, 4))
    layer = layer_of(torch.full((1, 2, 1, 16), 1 / 16), places)
    assert entropy(layer).tolist() == pytest.approx([4.0] * 2)
    assert mean_distance(layer, ON_64).isnan().all()


# ------------------------------------------------------------------ heads beside each other


def test_the_difference_of_heads_is_their_mean_jensen_shannon_divergence() -> None:
    layer = patches_with_tokens(random_weights(1, 4, 10, 10))
    found = differences(layer)

    def divergence(one: list[float], other: list[float]) -> float:
        middle = [(a + b) / 2 for a, b in zip(one, other, strict=True)]
        to_middle = [
            sum(a * math.log2(a / m) for a, m in zip(each, middle, strict=True))
            for each in (one, other)
        ]
        return sum(to_middle) / 2

    for one in range(4):
        for other in range(4):
            rows = range(1, 10)
            expected = [divergence(*layer.weights[0, [one, other], i].tolist()) for i in rows]
            mean = sum(expected) / len(expected)
            assert found[one, other].item() == pytest.approx(mean, abs=1e-6)


def test_heads_with_no_key_in_common_are_one_bit_apart() -> None:
    layer = patches_with_tokens(torch.stack([torch.eye(10), torch.eye(10).roll(1, 1)])[None])
    assert differences(layer).tolist() == [[0.0, 1.0], [1.0, 0.0]]


@pytest.mark.parametrize("measure", MEASURES, ids=lambda each: each.name)
def test_every_measure_says_what_it_is(measure) -> None:
    assert all((measure.formula, measure.source, measure.says, measure.does_not_say))
