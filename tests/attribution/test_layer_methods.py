"""Layers are asked on their real grid, and as Captum asks them where they are maps already."""

from typing import Any

import captum.attr
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from cvexplore import catalog
from cvexplore.attribution import Asked, attribute, method
from cvexplore.attribution.layers import default_layer, grid_layers
from cvexplore.errors import LayerError, UnknownName
from cvexplore.interpret.private import private_copy
from cvexplore.plugins import Choice

SIGNED = Choice("Grad-CAM", {"positive": False})


def network(name: str, weights: str = "bundled", **options: Any) -> nn.Module:
    torch.manual_seed(0)
    return catalog.build(name, weights=weights, **options).eval().requires_grad_(False)


def picture(side: int, channels: int = 3, seed: int = 1) -> Tensor:
    """Return blobs of colour, as the network takes them. Shape: (1, channels, side, side)"""
    drawn = torch.randn(1, channels, 8, 8, generator=torch.Generator().manual_seed(seed))
    return F.interpolate(drawn, (side, side), mode="bilinear")


def asked_of(model: nn.Module, image: Tensor, **given: Any) -> Asked:
    channels = image.shape[1]
    asked = Asked(model, image, target=2, mean=(0.5,) * channels, std=(0.25,) * channels)
    return asked.of(**given)


@pytest.fixture(scope="module")
def lite0() -> nn.Module:
    return network("timm/tf_efficientnet_lite0")


@pytest.fixture(scope="module")
def vit() -> nn.Module:
    return network("cvexplore/vit")


@pytest.fixture(scope="module")
def swin() -> nn.Module:
    return network("cvexplore/swin")


class Bypass(nn.Module):
    """A network with two ways past each other, and a ReLU that overwrites what a layer returned."""

    def __init__(self) -> None:
        super().__init__()
        self.one = nn.Conv2d(3, 4, 3, padding=1)
        self.other = nn.Conv2d(3, 4, 3, padding=1)
        self.unused = nn.Conv2d(3, 4, 3)
        self.both = nn.Sequential(nn.Conv2d(4, 4, 3, padding=1), nn.ReLU(inplace=True))
        self.head = nn.Linear(4, 5)

    def forward(self, images: Tensor) -> Tensor:
        sums = F.relu(self.one(images), inplace=True) + self.other(images)
        return self.head(self.both(sums).mean((2, 3)))


@pytest.fixture
def bypass() -> nn.Module:
    torch.manual_seed(3)
    return Bypass().eval().requires_grad_(False)


def by_hand(model: nn.Module, image: Tensor, target: int, layer: str) -> tuple[Tensor, Tensor]:
    """Return what a layer returned, and the slope of the score in it."""
    private, own = private_copy(model, [layer])
    kept: list[Tensor] = []

    def keep(module: nn.Module, args: object, output: Tensor) -> Tensor:
        kept.append(output.clone().requires_grad_())
        return kept[0].clone()

    own[layer].register_forward_hook(keep)
    with torch.enable_grad():
        score = private(image.clone())[0, target]
    (slope,) = torch.autograd.grad(score, kept[0])
    return kept[0].detach(), slope


@pytest.mark.parametrize("layer", ["conv_head", "blocks.3", "bn1"])
def test_on_maps_it_is_what_captum_returns(lite0: nn.Module, layer: str) -> None:
    asked = asked_of(lite0, picture(64), layer=layer)
    private, own = private_copy(lite0, [layer])
    theirs = captum.attr.LayerGradCam(private, own[layer])
    wanted: Any = theirs.attribute(asked.image.clone(), 2, relu_attributions=True)
    assert torch.equal(attribute(asked, Choice("Grad-CAM")).values, wanted[0])
    assert wanted.any()


def test_tokens_behind_a_class_token_are_laid_out_row_by_row(vit: nn.Module) -> None:
    image = picture(56, 1)
    found = attribute(asked_of(vit, image, layer="blocks.1"), SIGNED).values
    tokens, slopes = by_hand(vit, image, 2, "blocks.1")
    assert tokens.shape == (1, 50, 64)
    wanted = torch.zeros(7, 7)
    for channel in range(64):
        weight = sum(slopes[0, 1 + place, channel] for place in range(49)) / 49
        for row in range(7):
            for column in range(7):
                wanted[row, column] += weight * tokens[0, 1 + 7 * row + column, channel]
    torch.testing.assert_close(found[0], wanted, atol=1e-7, rtol=1e-4)
    assert found.std() > 0


def test_a_swins_channels_last_are_averaged_over_places_not_over_features(swin: nn.Module) -> None:
    image = picture(64)
    found = attribute(asked_of(swin, image, layer="stages.1.1"), SIGNED).values
    tokens, slopes = by_hand(swin, image, 2, "stages.1.1")
    assert tokens.shape == (1, 8, 8, 48)
    wanted = torch.zeros(8, 8)
    for channel in range(tokens.shape[-1]):
        wanted += slopes[0, ..., channel].mean() * tokens[0, ..., channel]
    torch.testing.assert_close(found[0], wanted, atol=1e-7, rtol=1e-4)
    assert found.std() > 0


def test_windows_are_laid_side_by_side(swin: nn.Module) -> None:
    image = picture(64)
    layer = "stages.0.1.attention.projection"  # not shifted: (windows, places, features)
    found = attribute(asked_of(swin, image, layer=layer), SIGNED).values
    tokens, slopes = by_hand(swin, image, 2, layer)
    side = round(tokens.shape[1] ** 0.5)
    windows = round(tokens.shape[0] ** 0.5)
    weights = slopes.mean((0, 1))
    for row in range(windows * side):
        for column in range(windows * side):
            window = row // side * windows + column // side
            place = row % side * side + column % side
            wanted = (tokens[window, place] * weights).sum()
            torch.testing.assert_close(found[0, row, column], wanted, atol=1e-7, rtol=1e-4)


def test_going_through_the_detour_changes_no_score(swin: nn.Module) -> None:
    from cvexplore.attribution.layers import on_grid

    asked = asked_of(swin, picture(64))
    network = asked.network()
    for layer in ("stages.0.1", "stages.1", "stages.0.1.attention.projection"):
        on_grid(network, asked, layer)
    assert torch.equal(network(asked.image), swin(asked.image))


def test_left_to_itself_it_asks_the_last_block_that_has_a_say(
    lite0: nn.Module, vit: nn.Module, swin: nn.Module
) -> None:
    assert default_layer(asked_of(lite0, picture(64))) == "bn2"
    assert default_layer(asked_of(swin, picture(64))) == "stages"
    # The class token alone is read behind the last block, so its patches have no slope.
    asked = asked_of(vit, picture(56, 1))
    assert default_layer(asked) == "blocks.2"
    assert not attribute(asked.of(layer="blocks.3"), SIGNED).values.any()
    assert attribute(asked, SIGNED).values.any()


def test_the_last_patches_stay_the_default_if_every_score_is_a_constant() -> None:
    small: dict[str, Any] = {"image_size": 32, "patch_size": 8, "width": 16, "depth": 2, "heads": 2}
    silent: Any = network("cvexplore/vit", "random", **small)
    assert default_layer(asked_of(silent, picture(32))) == "blocks.0"
    silent.head.weight.zero_()
    assert default_layer(asked_of(silent, picture(32))) == "blocks"


def test_layers_on_a_grid_have_names_and_sides(lite0: nn.Module, vit: nn.Module) -> None:
    by_path = {each.path: each for each in grid_layers(asked_of(lite0, picture(64)))}
    assert (by_path["bn2"].rows, by_path["bn2"].columns, by_path["bn2"].channels) == (2, 2, 1280)
    assert "classifier" not in by_path
    tokens = {each.path: each for each in grid_layers(asked_of(vit, picture(56, 1)))}
    assert (tokens["blocks.0"].rows, tokens["blocks.0"].columns) == (7, 7)
    assert "patches" in tokens["blocks.0"].note


def test_guided_grad_cam_is_guided_backpropagation_times_enlarged_grad_cam(
    lite0: nn.Module, vit: nn.Module
) -> None:
    for model, image, layer in (
        (lite0, picture(64), "blocks.3"),
        (vit, picture(56, 1), "blocks.1"),
    ):
        asked = asked_of(model, image, layer=layer)
        cam = attribute(asked, Choice("Grad-CAM")).values[None]
        enlarged = F.interpolate(cam, image.shape[-2:], mode="bilinear")
        guided = attribute(asked, Choice("guided backpropagation")).values
        found = attribute(asked, Choice("guided Grad-CAM")).values
        assert found.shape == image.shape[1:]
        torch.testing.assert_close(found, guided * enlarged[0], atol=1e-9, rtol=1e-4)
        assert found.any()


def test_conductance_is_captums_asked_there_and_back(lite0: nn.Module) -> None:
    asked = asked_of(lite0, picture(64), layer="blocks.3")
    found = attribute(asked, Choice("layer conductance", {"steps": 6}))
    private, own = private_copy(lite0, ["blocks.3"])
    theirs = captum.attr.LayerConductance(private, own["blocks.3"])
    black = torch.full_like(asked.image, -2.0)
    how: dict[str, Any] = {"target": 2, "n_steps": 6, "method": "riemann_trapezoid"}
    there = theirs.attribute(asked.image.clone(), black.clone(), **how)
    back = theirs.attribute(black.clone(), asked.image.clone(), **how)
    wanted = ((there - back) / 2).sum(1)
    torch.testing.assert_close(found.values, wanted, atol=1e-6, rtol=1e-3)


def test_all_that_flows_through_a_layer_is_the_difference_of_the_scores(bypass: nn.Module) -> None:
    asked = asked_of(bypass, picture(16), layer="both")
    found = attribute(asked, Choice("layer conductance", {"steps": 64})).completeness
    assert found is not None
    assert found.error < 0.01


def test_a_layer_that_others_pass_by_promises_no_sum(bypass: nn.Module) -> None:
    asked = asked_of(bypass, picture(16), layer="one")
    assert attribute(asked, Choice("layer conductance", {"steps": 8})).completeness is None


def test_the_class_token_counts_in_the_sum_though_it_has_no_place(vit: nn.Module) -> None:
    asked = asked_of(vit, picture(56, 1), layer="blocks.1")
    found = attribute(asked, Choice("layer conductance", {"steps": 64, "baseline": "grey"}))
    assert found.completeness is not None
    assert found.completeness.error < 0.05
    assert found.values.sum().item() != pytest.approx(found.completeness.difference, rel=0.05)


@pytest.mark.parametrize("name", ["Grad-CAM", "guided Grad-CAM", "layer conductance"])
@pytest.mark.parametrize("layer", ["", "both"])
def test_the_cost_is_what_was_used(bypass: nn.Module, name: str, layer: str) -> None:
    for batch in (1, 3, 8):
        asked = asked_of(bypass, picture(16), layer=layer, batch=batch)
        choice = Choice(name, {"steps": 7} if name == "layer conductance" else {})
        cost = method(choice).cost(asked)
        assert attribute(asked, choice).passes == cost.forwards


@pytest.mark.parametrize("name", ["Grad-CAM", "guided Grad-CAM", "layer conductance"])
def test_layers_that_cannot_be_asked_are_told_in_a_sentence(bypass: nn.Module, name: str) -> None:
    asked = asked_of(bypass, picture(16))
    with pytest.raises(UnknownName, match="Did you mean both"):
        attribute(asked.of(layer="bot"), Choice(name))
    with pytest.raises(LayerError, match=r"unused is not called|unused has no part"):
        attribute(asked.of(layer="unused"), Choice(name))


def test_a_layer_of_no_place_is_refused(vit: nn.Module) -> None:
    with pytest.raises(LayerError, match="head returns one vector"):
        attribute(asked_of(vit, picture(56, 1), layer="head"), Choice("Grad-CAM"))


def test_windows_cannot_fade_in(swin: nn.Module) -> None:
    layer = "stages.0.1.attention.projection"
    with pytest.raises(LayerError, match="choose the block around it"):
        attribute(asked_of(swin, picture(64), layer=layer), Choice("layer conductance"))


def test_a_network_without_places_is_told_so() -> None:
    flat = nn.Sequential(nn.Flatten(), nn.Linear(48, 5)).requires_grad_(False).eval()
    with pytest.raises(LayerError, match="No layer of this network lies on a grid"):
        attribute(asked_of(flat, picture(4)), Choice("Grad-CAM"))
