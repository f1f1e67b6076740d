"""Depth as papers count it, receptive fields as gradients show them, stages that add up."""

import functools
import random
import warnings

import pytest
import torch
import torchvision
from torch import Tensor, nn

from cvexplore.catalog import traced
from cvexplore.trace import Trace, structure, trace


@functools.cache
def traced_once(name: str) -> Trace:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return traced(name)


# ------------------------------------------------------------------ depth

PAPERS = {
    "torchvision/alexnet": 8,
    "torchvision/vgg11": 11,
    "torchvision/vgg16_bn": 16,
    "torchvision/vgg19": 19,
    "torchvision/googlenet": 22,
    "torchvision/inception_v3": 48,
    "torchvision/squeezenet1_1": 18,
    "torchvision/resnet18": 18,
    "torchvision/resnet50": 50,
    "torchvision/resnet152": 152,
    "torchvision/densenet121": 121,
    "torchvision/densenet201": 201,
    "torchvision/wide_resnet101_2": 101,
    "torchvision/r3d_18": 18,
    "timm/darknet53": 53,
    "cvexplore/alexnet": 8,
    "cvexplore/vgg": 16,
    "cvexplore/resnet": 50,
    "cvexplore/densenet": 121,
}


@pytest.mark.parametrize("name", PAPERS)
def test_depth_is_what_the_papers_count(name: str) -> None:
    assert structure.depth(traced_once(name)) == PAPERS[name]


ATTENTION = {
    "torchvision/vit_b_16": 12,
    "torchvision/vit_l_32": 24,
    "torchvision/swin_t": 2 + 2 + 6 + 2,
    "torchvision/swin_v2_t": 2 + 2 + 6 + 2,
    "torchvision/resnet50": 0,
    "torchvision/efficientnet_b0": 0,  # squeeze-and-excitation is no attention of data to data
    "timm/vit_base_patch16_224": 12,
    "timm/deit3_small_patch16_224": 12,
    "timm/beit_base_patch16_224": 12,
    "timm/cait_xxs24_224": 24 + 2,  # mixes its heads before and after the softmax
    "timm/xcit_nano_12_p16_224": 12 + 2,  # channels attend to channels, then the class token
    "timm/pvt_v2_b0": 8,
    "timm/mixer_s32_224": 0,
    "timm/resnest14d": 0,  # a softmax over branches, of no product
    "timm/botnet26t_256": 3,
    "cvexplore/vit": 12,
    "cvexplore/swin": 12,
    "cvexplore/detr": 6 + 6 + 6,  # encoder; decoder, among queries and to the image
}


@pytest.mark.parametrize("name", ATTENTION)
def test_attention_layers_are_the_papers(name: str) -> None:
    assert structure.attention_layers(traced_once(name)) == ATTENTION[name]


@pytest.mark.parametrize(
    "name", ["torchvision/vit_b_16", "cvexplore/vit", "timm/vit_tiny_patch16_224"]
)
def test_a_transformer_is_as_deep_however_it_is_written(name: str) -> None:
    # patches; 12 blocks of queries-keys-values, out of the heads, and two of the MLP; classes
    assert structure.depth(traced_once(name)) == 1 + 12 * 4 + 1


# ------------------------------------------------------------------ receptive fields


def support(network: nn.Module, side: int) -> int:
    """Return the pixels a side whose change moves the unit in the middle of the last map.

    All weights are positive and every pool is a mean, so that nothing cancels and nothing is shut.
    """
    for module in network.modules():
        if isinstance(module, (nn.Conv2d, nn.ConvTranspose2d)):
            nn.init.constant_(module.weight, 1 / module.weight[0].numel())
            if module.bias is not None:
                nn.init.zeros_(module.bias)
        for name, child in module.named_children():
            if isinstance(child, nn.MaxPool2d):
                pool = nn.AvgPool2d(child.kernel_size, child.stride, child.padding, child.ceil_mode)
                setattr(module, name, pool)
    image = torch.ones(1, 3, side, side, dtype=torch.float64, requires_grad=True)
    maps = network.double().eval()(image)
    height, width = maps.shape[-2:]
    maps[0, :, height // 2, width // 2].sum().backward()
    touched = image.grad[0].abs().sum(0).nonzero()
    low, high = touched.min(0).values, touched.max(0).values
    assert (low > 0).all(), "the image is too small to tell"
    assert (high < side - 1).all(), "the image is too small to tell"
    return int((high - low).max()) + 1


def features(name: str) -> nn.Module:
    network = torchvision.models.get_model(name)
    if hasattr(network, "features"):
        return network.features
    return nn.Sequential(*[child for path, child in network.named_children() if path not in END])


END = ("avgpool", "fc", "dropout", "aux1", "aux2")
MEASURED = {"alexnet": 320, "vgg16": 320, "resnet18": 640, "resnet50": 640, "googlenet": 576}


@pytest.mark.parametrize("name", MEASURED)
def test_a_receptive_field_is_where_gradients_reach(name: str) -> None:
    told = structure.receptive_field(traced_once(f"torchvision/{name}"))
    assert told == support(features(name), MEASURED[name])


PUBLISHED = {"alexnet": 195, "vgg16": 212, "resnet18": 435, "inception_v3": 1311}


@pytest.mark.parametrize("name", PUBLISHED)
def test_receptive_fields_are_the_published(name: str) -> None:
    """Araujo, Norris, Sim (Distill 2019), table of well-known networks."""
    assert structure.receptive_field(traced_once(f"torchvision/{name}")) == PUBLISHED[name]


class Branches(nn.Module):
    """A join of a wide and a narrow way."""

    def __init__(self, join: str) -> None:
        super().__init__()
        self.wide = nn.Conv2d(4, 4, 5, padding=2)
        self.narrow = nn.Conv2d(4, 4, 3, padding=1)
        self.join = join

    def forward(self, x: Tensor) -> Tensor:
        ways = [self.wide(x), self.narrow(x)]
        return ways[0] + ways[1] if self.join == "add" else torch.cat(ways, 1)[:, :4]


def random_network(seed: int) -> nn.Module:
    dice = random.Random(seed)
    layers: list[nn.Module] = [nn.Conv2d(3, 4, 3)]
    for _ in range(dice.randint(2, 6)):
        kernel, dilation = dice.randint(1, 5), dice.randint(1, 2)
        convolution = nn.Conv2d(
            4, 4, kernel, dice.choice((1, 1, 2)), dice.randint(0, kernel // 2), dilation
        )
        pool = nn.AvgPool2d(dice.randint(2, 3), dice.choice((1, 2)))
        layers += [dice.choice((convolution, pool, Branches("add"), Branches("cat"), nn.ReLU()))]
    return nn.Sequential(*layers)


@pytest.mark.parametrize("seed", range(25))
def test_any_chain_reaches_as_far_as_its_gradients(seed: int) -> None:
    network = random_network(seed)
    told = structure.receptive_field(trace(network, torch.empty(1, 3, 224, 224)))
    assert told == support(network, 224)


def test_growing_maps_see_no_less() -> None:
    small = nn.Sequential(nn.Conv2d(3, 4, 3, 2, 1), nn.Conv2d(4, 4, 3, 2, 1))
    for grow in (nn.Upsample(scale_factor=2), nn.ConvTranspose2d(4, 4, 2, 2)):
        network = nn.Sequential(small, grow, nn.Conv2d(4, 4, 3, padding=1))
        told = structure.receptive_field(trace(network, torch.empty(1, 3, 96, 96)))
        # a window of 3 on a map of step 2 covers two places of the map below it, or three
        assert told == 7 + 4
        assert support(network, 96) in (7 + 4, 7 + 4 * 2)


@pytest.mark.parametrize(
    "name",
    [
        "torchvision/vit_b_16",
        "torchvision/swin_t",
        "torchvision/efficientnet_b0",
        "torchvision/mobilenet_v3_small",
        "torchvision/deeplabv3_resnet50",
        "torchvision/fasterrcnn_resnet50_fpn",
        "timm/mixer_s32_224",
        "timm/seresnet50",
        "cvexplore/detr",
    ],
)
def test_what_sees_the_whole_image_has_no_field(name: str) -> None:
    assert structure.receptive_field(traced_once(name)) is None


def test_every_layer_of_a_chain_has_its_own_field() -> None:
    seen = traced_once("torchvision/vgg16")
    fields = [layer.receptive_field for layer in seen.layers if layer.kind == "Conv2d"]
    assert fields == [3, 5, 10, 14, 24, 32, 40, 60, 76, 92, 132, 164, 196]


# ------------------------------------------------------------------ stages

STAGES = {
    "torchvision/vgg16": [(224, 64), (112, 128), (56, 256), (28, 512), (14, 512), (7, 512)],
    "torchvision/resnet50": [(112, 64), (56, 256), (28, 512), (14, 1024), (7, 2048)],
    "torchvision/efficientnet_b0": [(112, 16), (56, 24), (28, 40), (14, 112), (7, 1280)],
    "torchvision/convnext_tiny": [(56, 96), (28, 192), (14, 384), (7, 768)],
    "torchvision/swin_t": [(56, 96), (28, 192), (14, 384), (7, 768)],
    "cvexplore/swin": [(56, 96), (28, 192), (14, 384), (7, 768)],
}


@pytest.mark.parametrize("name", STAGES)
def test_stages_are_the_papers(name: str) -> None:
    *maps, head = structure.stages(traced_once(name))
    assert [(*stage.resolution, stage.channels) for stage in maps] == [
        (side, side, channels) for side, channels in STAGES[name]
    ]
    assert head.resolution == ()
    assert head.channels == 1000


def test_tokens_are_a_stage() -> None:
    patches, tokens, head = structure.stages(traced_once("torchvision/vit_b_16"))
    assert patches.resolution == (14, 14)
    assert (tokens.resolution, tokens.channels) == ((197,), 768)
    assert head.parameters == 768 * 1000 + 1000


@pytest.mark.parametrize(
    "name", [*STAGES, "torchvision/fasterrcnn_resnet50_fpn", "timm/volo_d1_224"]
)
def test_stages_add_up(name: str) -> None:
    seen = traced_once(name)
    stages = structure.stages(seen)
    assert sum(stage.macs for stage in stages) == seen.macs
    assert sum(stage.activation_bytes for stage in stages) == seen.activation_bytes
    ran = [layer for layer in seen.layers if layer.input_shapes or layer.output_shape]
    assert sum(stage.layers for stage in stages) == len(ran)
    assert sum(stage.parameters for stage in stages) == sum(layer.parameters for layer in ran)
    assert len({stage.resolution for stage in stages}) == len(stages)
