"""Tokens of no place bear the names that their networks give them."""

import pytest
import torch

from cvexplore import catalog
from cvexplore.attention.tokens import token_names


@pytest.mark.parametrize(
    ("name", "count", "names"),
    [
        ("torchvision/vit_b_32", 1, ("class token",)),
        ("cvexplore/vit", 1, ("class token",)),
        ("timm/test_vit", 1, ("class token",)),
        ("timm/vit_small_patch14_reg4_dinov2", 5, ("class token", *"1234")),
        ("timm/vit_medium_patch16_reg4_gap_256", 4, tuple("1234")),
        ("timm/swin_tiny_patch4_window7_224", 0, ()),
        ("timm/cait_xxs24_224", 1, ("class token",)),
    ],
)
def test_a_networks_class_token_and_registers_are_told_apart(
    name: str, count: int, names: tuple[str, ...]
) -> None:
    model = catalog.build(name, device="meta")
    places = torch.tensor([[-1] * count + list(range(4))])
    expected = tuple(f"register {each}" if each.isdecimal() else each for each in names)
    assert token_names(model, places) == expected


def test_a_detectors_queries_are_numbered() -> None:
    model = catalog.build("cvexplore/detr", device="meta", queries=3)
    names = token_names(model, torch.full((1, 3), -1))
    assert names == ("object query 1", "object query 2", "object query 3")


def test_a_query_that_only_pools_is_called_learned() -> None:
    model = catalog.build("timm/vit_base_patch16_siglip_224", device="meta")
    assert token_names(model, torch.full((1, 1), -1)) == ("learned query",)
