"""Every token lies where an independent computation says."""

import pytest
import torch
from torch import Tensor, nn

from cvexplore import catalog
from cvexplore.attention import PADDING, TOKEN, Places, locate
from tests.attention.conftest import noise


def places_of(model: nn.Module, image: Tensor) -> dict[str, Places]:
    """Return the places of every attention that has some."""
    found = locate(model, image).values()
    return {each.name: each.places for each in found if each.places is not None}


def built(name: str, **options: object) -> nn.Module:
    """Return a network in evaluation mode."""
    return catalog.build(name, **options).eval().requires_grad_(False)


def windows_of_swin(height: int, width: int, window: int, shift: int) -> Tensor:
    """Return the places in each of Swin's windows by moving a picture of numbers.

    Shape: -> (windows, window²), ``PADDING`` where the map was filled up
    """
    index = torch.arange(height * width).view(height, width)
    high, wide = -(-height // window) * window, -(-width // window) * window
    padded = torch.full((high, wide), PADDING)
    padded[:height, :width] = index
    shifts = (-shift if window < high else 0, -shift if window < wide else 0)
    rolled = padded.roll(shifts, (0, 1))
    cut = rolled.view(high // window, window, wide // window, window).transpose(1, 2)
    return cut.reshape(-1, window * window)


@pytest.mark.parametrize(
    ("name", "sides", "window"),
    [
        ("torchvision/swin_t", (224, 224), 7),
        ("torchvision/swin_t", (200, 248), 7),
        ("torchvision/swin_v2_t", (256, 256), 8),
        ("torchvision/swin_v2_t", (224, 224), 8),
        ("cvexplore/swin", (224, 224), 7),
        ("timm/swin_tiny_patch4_window7_224", (224, 224), 7),
    ],
)
def test_swins_windows_lie_where_rolling_a_picture_of_numbers_puts_them(
    name: str, sides: tuple[int, int], window: int
) -> None:
    found = list(places_of(built(name), noise(1, 3, *sides)).values())
    assert len(found) == 12
    depths = (2, 2, 6, 2)
    height, width = sides[0] // 4, sides[1] // 4
    at = 0
    for depth in depths:
        for block in range(depth):
            places = found[at]
            assert places.query_grid == places.key_grid == (height, width)
            expected = windows_of_swin(height, width, window, block % 2 * (window // 2))
            assert torch.equal(places.queries, expected)
            assert torch.equal(places.keys, expected)
            at += 1
        height, width = -(-height // 2), -(-width // 2)


def test_maxvits_windows_and_grids_lie_where_its_own_partition_puts_them() -> None:
    model = built("torchvision/maxvit_t")
    found = places_of(model, noise(1, 3, 224, 224))
    assert len(found) == 22
    for block, side in enumerate((56, 28, 14, 7)):
        layers = f"blocks.{block}.layers.0.layers"
        index = torch.arange(side * side, dtype=torch.float32).view(1, 1, side, side)
        for part in ("window_attention", "grid_attention"):
            module = model.get_submodule(f"{layers}.{part}")
            size = module.p if hasattr(module, "p") else 7
            moved = module.partition_op(index, size if part == "window_attention" else side // 7)
            moved = module.partition_swap(moved) if part == "grid_attention" else moved
            expected = moved[0, :, :, 0].long()
            places = found[f"{layers}.{part}.attn_layer.1"]
            assert torch.equal(places.queries, expected)


@pytest.mark.parametrize(
    ("name", "tokens", "grid"),
    [
        ("torchvision/vit_b_32", 1, (7, 7)),
        ("timm/test_vit", 1, (10, 10)),
        ("timm/vit_pwee_patch16_reg1_gap_256", 1, (16, 16)),
        ("timm/deit_tiny_patch16_224", 1, (14, 14)),
    ],
)
def test_a_vision_transformers_tokens_lie_row_by_row_behind_those_of_no_place(
    name: str, tokens: int, grid: tuple[int, int]
) -> None:
    size = catalog.example(name)[0].shape[-1]
    for places in places_of(built(name), noise(1, 3, size, size)).values():
        assert places.query_grid == grid
        expected = [TOKEN] * tokens + list(range(grid[0] * grid[1]))
        assert places.queries.tolist() == places.keys.tolist() == [expected]


def test_pooled_keys_lie_on_a_coarser_grid() -> None:
    found = list(places_of(built("timm/pvt_v2_b0"), noise(1, 3, 224, 224)).values())
    assert [places.query_grid for places in found[::2]] == [(56, 56), (28, 28), (14, 14), (7, 7)]
    assert {places.key_grid for places in found} == {(7, 7)}
    assert all(places.keys.tolist() == [list(range(49))] for places in found)


def test_detrs_queries_lie_nowhere_and_its_keys_on_the_image() -> None:
    model = built("cvexplore/detr", backbone_depth=18, encoder_layers=1, decoder_layers=2)
    found = locate(model, noise(1, 3, 96, 128))
    kinds = {each.name: each.kind for each in found.values()}
    assert kinds == {
        "transformer.encoder.0.self_attention": "spatial",
        "transformer.decoder.0.self_attention": "tokens",
        "transformer.decoder.0.cross_attention": "spatial",
        "transformer.decoder.1.self_attention": "tokens",
        "transformer.decoder.1.cross_attention": "spatial",
    }
    cross = found["transformer.decoder.1.cross_attention", 0].places
    assert cross is not None
    assert cross.query_grid == (0, 0)
    assert set(cross.queries.flatten().tolist()) == {TOKEN}
    assert (cross.key_grid, cross.keys.tolist()) == ((3, 4), [list(range(12))])


@pytest.mark.parametrize(
    ("name", "kind"),
    [("timm/xcit_nano_12_p16_224", "channels"), ("timm/edgenext_xx_small", "channels")],
)
def test_attention_over_channels_is_named(name: str, kind: str) -> None:
    size = catalog.example(name)[0].shape[-1]
    kinds = [each.kind for each in locate(built(name), noise(1, 3, size, size)).values()]
    assert kinds.count(kind) >= len(kinds) - 2  # XCiT ends with two class attentions


def test_a_clips_frames_stand_side_by_side() -> None:
    model = built("torchvision/swin3d_t")
    found = list(places_of(model, noise(1, 3, 8, 64, 64)).values())
    places = found[0]
    assert places.frames == 4
    assert places.query_grid == (16, 4 * 16)
    assert sorted(places.queries[places.queries >= 0].tolist()) == list(range(4 * 16 * 16))
