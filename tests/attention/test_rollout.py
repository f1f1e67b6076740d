"""Rollout equals the textbook's dense product, for windows and merged tokens too."""

from collections.abc import Sequence
from itertools import pairwise

import pytest
import timm
import torch
from torch import Tensor

from cvexplore.attention import PADDING, AttentionLayer, Recording, record
from cvexplore.attention.carrying import Start
from cvexplore.attention.rollout import Fuse, rollout
from cvexplore.errors import LayerError
from tests.attention.conftest import noise, sharpened
from tests.attention.test_places import windows_of_swin

SMALL_VIT = {"image_size": 32, "patch_size": 8, "width": 32, "heads": 2, "depth": 3, "classes": 10}
SMALL_SWIN = {"size": "tiny", "patch_size": 2, "window": 4, "classes": 10}


@pytest.fixture(scope="module")
def vit() -> Recording:
    return record(sharpened("cvexplore/vit", **SMALL_VIT), noise(1, 3, 32, 32))


@pytest.fixture(scope="module")
def swin() -> Recording:
    return record(sharpened("cvexplore/swin", **SMALL_SWIN), noise(1, 3, 48, 64))


def textbook(matrices: Sequence[Tensor], alpha: float = 0.5) -> Tensor:
    """Return R as the paper writes it. Shapes: (N, N)"""
    product = torch.eye(matrices[0].shape[1])
    for each in matrices:
        mixed = alpha * each + (1 - alpha) * torch.eye(len(each))
        product = mixed / mixed.sum(1, keepdim=True) @ product
    return product


def on_image(layer: AttentionLayer, windows: Tensor, cells: int) -> Tensor:
    """Return a windowed layer's mean attention between all places. Shape: (cells, cells)"""
    matrix = torch.zeros(cells, cells)
    for window, weights in zip(windows.tolist(), layer.weights.mean(1), strict=True):
        for query, place in enumerate(window):
            for key, other in enumerate(window):
                if PADDING not in (place, other):
                    matrix[place, other] = weights[query, key]
    return matrix


def means_of_four(height: int, width: int) -> Tensor:
    """Return patch merging as a matrix: each coarse place is the mean of 2 x 2 fine ones."""
    matrix = torch.zeros(height * width // 4, height * width)
    for row in range(height):
        for column in range(width):
            matrix[row // 2 * (width // 2) + column // 2, row * width + column] = 0.25
    return matrix


def dense_swin(recording: Recording, alpha: float = 0.5) -> Tensor:
    """Return the rollout of a Swin with 2, 2, 6 and 2 blocks on maps of 24 x 32 at first."""
    product, at, height, width = torch.eye(24 * 32), 0, 24, 32
    for stage, depth in enumerate((2, 2, 6, 2)):
        if stage:
            product = means_of_four(height, width) @ product
            height, width = height // 2, width // 2
        for block in range(depth):
            windows = windows_of_swin(height, width, 4, 2 * (block % 2))
            each = on_image(recording.layers[at], windows, height * width)
            product = textbook([each], alpha) @ product
            at += 1
    return product


@pytest.mark.parametrize("alpha", [0.5, 0.8])
def test_a_vits_rollout_is_the_textbooks(vit: Recording, alpha: float) -> None:
    product = textbook([each.weights[0].mean(0) for each in vit.layers], alpha)
    found = rollout(vit, alpha=alpha)
    torch.testing.assert_close(found.map.flatten(), product[0, 1:], atol=1e-6, rtol=0)
    torch.testing.assert_close(found.tokens, product[0, :1], atol=1e-6, rtol=0)
    place = rollout(vit, Start(place=6), alpha=alpha)
    torch.testing.assert_close(place.map.flatten(), product[7, 1:], atol=1e-6, rtol=0)
    mean = rollout(vit, Start(), alpha=alpha)
    torch.testing.assert_close(mean.map.flatten(), product[1:, 1:].mean(0), atol=1e-6, rtol=0)
    assert found.map.std() > 1e-3  # so that an even map would not pass


def test_it_builds_up_as_if_the_network_ended_after_each_layer(vit: Recording) -> None:
    maps = rollout(vit).by_layer
    for count, found in enumerate(maps, 1):
        product = textbook([each.weights[0].mean(0) for each in vit.layers[:count]])
        torch.testing.assert_close(found.flatten(), product[0, 1:], atol=1e-6, rtol=0)


def test_a_swins_rollout_is_the_dense_product_with_its_own_windows_shifts_and_merging(
    swin: Recording,
) -> None:
    product = dense_swin(swin)
    found = rollout(swin)
    assert found.map.shape == (24, 32)
    torch.testing.assert_close(found.map.flatten(), product.mean(0), atol=1e-6, rtol=0)
    for place in range(0, len(product), 13):
        row = rollout(swin, Start(place=place)).map.flatten()
        torch.testing.assert_close(row, product[place], atol=1e-6, rtol=0)
    assert product.std() > 1e-4


def vit_explain(weights: Sequence[Tensor], fuse: Fuse, discard: float) -> Tensor:
    """Return what the loop of vit-explain computes, without its exception for one entry."""
    product = torch.eye(weights[0].shape[-1])
    for attention in weights:
        if fuse == "mean":
            fused = attention.mean(dim=1)
        elif fuse == "max":
            fused = attention.max(dim=1)[0]
        else:
            fused = attention.min(dim=1)[0]
        flat = fused.clone().view(fused.size(0), -1)
        _, indices = flat.topk(int(flat.size(-1) * discard), -1, False)
        flat[0, indices] = 0
        mixed = (flat.view(fused.shape)[0] + 1.0 * torch.eye(fused.size(-1))) / 2
        product = torch.matmul(mixed / mixed.sum(dim=-1)[:, None], product)
    return product


@pytest.mark.parametrize("fuse", ["mean", "max", "min"])
@pytest.mark.parametrize("discard", [0.0, 0.3, 0.9])
def test_heads_fuse_and_the_smallest_weights_go_as_in_vit_explain(
    vit: Recording, fuse: Fuse, discard: float
) -> None:
    wanted = vit_explain([each.weights for each in vit.layers], fuse, discard)[0, 1:]
    found = rollout(vit, fuse=fuse, discard=discard).map.flatten()
    torch.testing.assert_close(found, wanted, atol=1e-6, rtol=0)


@pytest.mark.parametrize(
    ("name", "options", "sides", "grid"),
    [
        ("timm/test_maxvit", {}, (160, 160), (40, 40)),
        ("timm/test_vit", {}, (160, 160), (10, 10)),
        ("cvexplore/swin", SMALL_SWIN, (44, 60), (22, 30)),
        ("timm/levit_128s", {}, (224, 224), (14, 14)),
        ("timm/pvt_v2_b0", {}, (96, 96), (24, 24)),
    ],
)
def test_no_family_loses_anything_on_the_way(
    name: str, options: dict, sides: tuple[int, int], grid: tuple[int, int]
) -> None:
    found = rollout(record(sharpened(name, **options), noise(1, 3, *sides), check=False))
    assert found.map.shape == grid
    assert not found.skipped
    assert found.map.min() >= 0
    for each in found.by_layer[:-1]:
        assert each.shape == found.map.shape
    assert float(found.map.sum() + found.tokens.sum()) == pytest.approx(1, abs=1e-5)


def test_pooled_keys_stand_for_the_mean_of_the_places_they_cover() -> None:
    model = sharpened("timm/pvt_v2_b0")
    recording = record(model, noise(1, 3, 64, 64), check=False)
    product, before = torch.eye(16 * 16), 16
    for each in recording.layers:
        (side, _), (keys, _) = each.on_image.query_grid, each.on_image.key_grid
        while before > side:
            product, before = means_of_four(before, before) @ product, before // 2
        means = torch.eye(side * side)
        while before > keys:
            means, before = means_of_four(before, before) @ means, before // 2
        before = side
        product = textbook([each.weights[0].mean(0) @ means]) @ product
    found = rollout(recording).map.flatten()
    torch.testing.assert_close(found, product.mean(0), atol=1e-6, rtol=0)


def test_without_attention_to_others_every_place_keeps_what_it_is(vit: Recording) -> None:
    place = rollout(vit, Start(place=5), alpha=0.0)
    assert place.map.flatten().argmax() == 5
    assert float(place.map.max()) == pytest.approx(1)


def registers_only() -> torch.nn.Module:
    torch.manual_seed(0)
    return timm.models.vision_transformer.VisionTransformer(
        img_size=32,
        patch_size=8,
        embed_dim=32,
        depth=2,
        num_heads=2,
        num_classes=10,
        reg_tokens=3,
        class_token=False,
        global_pool="avg",
    ).eval()


def test_gradients_tell_a_class_token_from_registers_that_the_classifier_never_reads(
    vit: Recording,
) -> None:
    pooled = record(registers_only(), noise(1, 3, 32, 32), target=1)
    mean = rollout(pooled, Start()).map
    assert torch.equal(rollout(pooled).map, mean)
    assert not torch.equal(rollout(pooled, Start(token=0)).map, mean)
    of_class = record(sharpened("cvexplore/vit", **SMALL_VIT), noise(1, 3, 32, 32), target=1)
    torch.testing.assert_close(rollout(of_class).map, rollout(vit, Start(token=0)).map)


def test_an_object_querys_row_goes_through_decoder_and_encoder() -> None:
    size = {"width": 32, "heads": 2, "encoder_layers": 2, "decoder_layers": 2, "queries": 5}
    recording = record(
        sharpened("cvexplore/detr", **size, backbone_width=8), noise(1, 3, 64, 96), check=False
    )
    cells = recording.layers[0].weights.shape[-1]
    product = torch.eye(cells + 5)
    for each in recording.layers:
        matrix = torch.eye(cells + 5)
        rows = slice(0, cells) if each.on_image.query_grid != (0, 0) else slice(cells, None)
        columns = slice(0, cells) if each.on_image.key_grid != (0, 0) else slice(cells, None)
        matrix[rows] *= 0.5
        matrix[rows, columns] += 0.5 * each.weights[0].mean(0)
        product = matrix @ product
    found = rollout(recording, Start(token=3))
    torch.testing.assert_close(found.map.flatten(), product[cells + 3, :cells], atol=1e-6, rtol=0)


def test_attention_between_channels_is_passed_over_and_named() -> None:
    recording = record(sharpened("timm/xcit_nano_12_p16_224"), noise(1, 3, 224, 224), check=False)
    found = rollout(recording)
    channels = [each.name for each in recording.layers if each.kind == "channels"]
    assert found.skipped == tuple(channels)
    assert len(channels) == 12


def test_it_says_what_to_do_when_layers_are_missing_or_a_share_is_no_share(vit: Recording) -> None:
    with pytest.raises(LayerError, match="from 0 to under 1"):
        rollout(vit, discard=1.0)
    cut = Recording(vit.output, vit.layers[1:], (vit.layers[0].name,), vit.images)
    with pytest.raises(LayerError, match="leaves out 1"):
        rollout(cut)
    with pytest.raises(LayerError, match="no way back"):
        rollout(Recording(vit.output, (), (), vit.images))


def test_maps_of_all_layers_lie_on_the_grid_of_the_first(swin: Recording) -> None:
    assert {each.shape for each in rollout(swin).by_layer} == {(24, 32)}
    grids = [each.on_image.query_grid for each in swin.layers]
    assert any(one != other for one, other in pairwise(grids))
