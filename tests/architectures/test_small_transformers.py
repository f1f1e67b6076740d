"""The stem of convolutions, and the smallest Swin: torchvision's general classes are the oracle."""

from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torchvision.models import SwinTransformer, VisionTransformer
from torchvision.models.vision_transformer import ConvStemConfig

from cvexplore.architectures import BUILDERS, vit
from cvexplore.designs.network import build
from cvexplore.designs.starts import start
from cvexplore.errors import BuildError


def moved(model: nn.Module) -> Any:
    """Put every tensor off its first zeros and ones, which would hide a wrong place."""
    torch.manual_seed(0)
    for name, tensor in model.state_dict().items():
        if name.endswith("running_var"):
            tensor.uniform_(0.7, 1.3)
        elif tensor.is_floating_point():
            tensor.add_(torch.randn_like(tensor), alpha=0.1)
    return model.eval()


def in_order(model: nn.Module) -> list[Tensor]:
    """Return a model's numbers, class token and positions first: designs hold them elsewhere."""
    held = [tensor for tensor in model.state_dict().values() if tensor.is_floating_point()]
    return sorted(held, key=lambda tensor: tensor.dim() != 3)


def assert_same(theirs: nn.Module, ours: nn.Module, images: Tensor) -> None:
    """Fill our network with theirs, shape by shape in order, and compare the answers."""
    left = in_order(theirs)
    for tensor in in_order(ours):
        sides = [side for side in tensor.shape if side != 1]
        same = next(t for t in left if [side for side in t.shape if side != 1] == sides)
        left = [each for each in left if each is not same]
        tensor.copy_(same.reshape(tensor.shape))
    assert not left
    with torch.no_grad():
        expected = theirs(images)
        torch.testing.assert_close(ours.eval()(images), expected, rtol=1e-4, atol=1e-4)
    assert expected.std() > 0.01


@pytest.mark.parametrize(("patch", "channels"), [(4, [32, 64]), (16, [8, 16, 32, 64]), (2, [64])])
def test_a_stem_of_convolutions_is_torchvisions(patch: int, channels: list[int]) -> None:
    theirs = VisionTransformer(
        image_size=32, patch_size=patch, num_layers=2, num_heads=4, hidden_dim=64, mlp_dim=128,
        conv_stem_configs=[ConvStemConfig(out, kernel_size=3, stride=2) for out in channels],
    )  # fmt: skip
    chosen = {"image_size": 32, "patch_size": patch, "depth": 2, "heads": 4, "width": 64}
    ours = BUILDERS["vit"](**chosen, mlp_ratio=2.0, stem="convolutions")
    assert_same(moved(theirs), ours, torch.randn(2, 3, 32, 32))


def test_its_design_is_the_same_network() -> None:
    chosen = {"image_size": 32, "patch_size": 8, "depth": 2, "heads": 4, "width": 48}
    theirs = BUILDERS["vit"](**chosen, stem="convolutions")
    ours = build(start("vit", **chosen, stem="convolutions"))
    assert_same(moved(theirs), ours, torch.randn(2, 3, 32, 32))


def test_a_stem_of_patches_is_what_it_was() -> None:
    plain = BUILDERS["vit"](image_size=32, patch_size=8, depth=1, heads=4, width=48)
    same = BUILDERS["vit"](image_size=32, patch_size=8, depth=1, heads=4, width=48, stem="patches")
    assert list(plain.state_dict()) == list(same.state_dict())
    assert isinstance(plain.patch_embedding.projection, nn.Conv2d)


@pytest.mark.parametrize("patch", [4, 8])
def test_each_token_sees_its_place_and_a_little_around_it(patch: int) -> None:
    """With k halvings a token sees 2^(k+1) - 1 pixels a side, around its patch's first pixel."""
    stem = vit.PatchEmbedding(32, patch, 16, 1, "convolutions").eval()
    for parameter in stem.parameters():
        parameter.detach().abs_()  # so that nothing cancels and no ReLU is silent
    side = 32 // patch
    images = torch.rand(1, 1, 32, 32, requires_grad=True)
    tokens = stem(images)
    assert tokens.shape == (1, side * side, 16)
    for place in (0, side + 2, side * side - 1):
        (reached,) = torch.autograd.grad(tokens[0, place].sum(), images, retain_graph=True)
        rows, columns = reached[0, 0].nonzero().T
        for seen, at in ((rows, place // side), (columns, place % side)):
            first = at * patch
            assert seen.min() == max(first - (patch - 1), 0)
            assert seen.max() == first + (patch - 1)


@pytest.mark.parametrize("patch", [7, 14])
def test_what_cannot_be_halved_is_said(patch: int) -> None:
    with pytest.raises(BuildError, match=f"patch size {patch} does not go with it; 4, 8 and 16 do"):
        BUILDERS["vit"](image_size=28, patch_size=patch, stem="convolutions")
    BUILDERS["vit"](image_size=28, patch_size=patch, width=16, heads=1, depth=1)


@pytest.mark.parametrize("side", [64, 48])
def test_the_smallest_swin_is_torchvisions_with_its_numbers(side: int) -> None:
    theirs = SwinTransformer(
        patch_size=[4, 4], embed_dim=24, depths=[2, 2, 2], num_heads=[2, 4, 8], window_size=[4, 4],
        num_classes=4, stochastic_depth_prob=0.0,
    )  # fmt: skip
    ours = BUILDERS["swin"](size="micro", patch_size=4, window=4, classes=4, stochastic_depth=0.0)
    assert_same(moved(theirs), ours, torch.randn(2, 3, side, side))


def test_narrow_layers_begin_louder_than_the_published_ones() -> None:
    """Glorot and Bengio 2010: a variance of 2 / (inputs + outputs) keeps signals at one size."""
    torch.manual_seed(0)
    for size, says in (("micro", None), ("tiny", 0.02)):
        layer = BUILDERS["swin"](size=size, classes=4).stages[0][1].mlp[0].weight
        expected = says or (2 / sum(layer.shape)) ** 0.5
        assert layer.std().item() == pytest.approx(expected, rel=0.05)
