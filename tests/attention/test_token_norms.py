"""Norms of tokens, against those that a hook sees."""

from typing import Any

import pytest
import torch
from torch import Tensor, nn

from cvexplore import catalog
from cvexplore.attention.token_norms import token_norms


def hooked(model: nn.Module, block: str, image: Tensor) -> Tensor:
    """Return what a block returned."""
    given: list[Tensor] = []
    hook = model.get_submodule(block).register_forward_hook(lambda _, x, y: given.append(y.clone()))
    with torch.no_grad():
        model(image)
    hook.remove()
    return given[0]


def test_a_vits_patches_and_class_token_have_the_norms_that_a_hook_sees() -> None:
    torch.manual_seed(0)
    own: dict[str, Any] = {"patch_size": 8, "width": 32, "depth": 3, "heads": 2, "image_size": 32}
    model = catalog.build("cvexplore/vit", **own).eval()
    image = torch.randn(1, 3, 32, 32)
    found = token_norms(model, image, ["blocks.0", "blocks.2"])
    assert [each.block for each in found] == ["blocks.0", "blocks.2"]
    for each in found:
        tokens = hooked(model, each.block, image)[0]
        for row in range(4):
            for column in range(4):
                expected = sum(x**2 for x in tokens[1 + 4 * row + column].tolist()) ** 0.5
                assert each.places[row, column].item() == pytest.approx(expected, rel=1e-5)
        assert each.others.tolist() == pytest.approx([tokens[0].norm().item()], rel=1e-5)


def test_a_swins_maps_have_a_norm_at_each_place_and_no_other_tokens() -> None:
    torch.manual_seed(0)
    model = catalog.build("cvexplore/swin", size="micro").eval()
    image = torch.randn(1, 3, 64, 96)
    (found,) = token_norms(model, image, ["stages.0.1"])
    tokens = hooked(model, "stages.0.1", image)  # (1, H, W, D)
    torch.testing.assert_close(found.places, tokens[0].norm(dim=-1))
    assert len(found.others) == 0
    assert found.outliers == pytest.approx((found.places.max() / found.places.median()).item())
