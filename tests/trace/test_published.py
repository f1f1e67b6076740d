"""A trace tells what the libraries publish of their networks, and what other counters count."""

import functools
import warnings
from collections.abc import Callable

import pytest
import torch
import torchinfo
import torchvision
from torch.utils.flop_counter import FlopCounterMode

from cvexplore.catalog import build, example, traced
from cvexplore.catalog.torchvision_models import _published, names
from cvexplore.trace import Trace, trace, watch


@functools.cache
def traced_once(name: str) -> Trace:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return traced(f"torchvision/{name}")


def macs(seen: Trace, *paths: str) -> int:
    """Return the multiply-adds of the layers whose paths begin like one of these."""
    return sum(layer.macs for layer in seen.layers if layer.path.startswith(paths))


# --- torchvision's tables ---

# Where a published figure belongs to another count of boxes than the network is set to: what it
# leaves out. See "What published numbers hide" in docs/design.md.
BOXES = ("roi_heads.box_head", "roi_heads.box_predictor")
MASKS = ("roi_heads.mask_head", "roi_heads.mask_predictor")
KEYPOINTS = ("roi_heads.keypoint_head", "roi_heads.keypoint_predictor")
LEFT_OUT: dict[str, Callable[[Trace], float]] = {
    # published without a single proposal
    "fasterrcnn_mobilenet_v3_large_fpn": lambda seen: macs(seen, *BOXES),
    "fasterrcnn_mobilenet_v3_large_320_fpn": lambda seen: macs(seen, *BOXES),
    # published without a single detection
    "maskrcnn_resnet50_fpn": lambda seen: macs(seen, *MASKS),
    # published with one detection of the hundred
    "keypointrcnn_resnet50_fpn": lambda seen: macs(seen, *KEYPOINTS) * 99 / 100,
}


@pytest.mark.parametrize("name", names())
def test_multiply_adds_are_torchvisions(name: str) -> None:
    seen = traced_once(name)
    published = _published(name).meta["_ops"]
    ours = (seen.macs - LEFT_OUT.get(name, lambda _: 0)(seen)) / 1e9
    half_a_digit = 0.005 if published == round(published, 2) else 0.0005
    assert ours == pytest.approx(published, rel=0.002, abs=half_a_digit)


@pytest.mark.parametrize("name", LEFT_OUT)
def test_what_is_left_out_is_needed(name: str) -> None:
    assert traced_once(name).macs / 1e9 > 1.3 * _published(name).meta["_ops"]


@pytest.mark.parametrize("name", names())
def test_parameters_are_torchvisions(name: str) -> None:
    seen = traced_once(name)
    published = _published(name).meta["num_params"]
    if name == "quantized_inception_v3":  # its figure counts the auxiliary head it comes without
        published -= sum(
            layer.parameters
            for layer in traced_once("inception_v3").layers
            if layer.path.startswith("AuxLogits")
        )
    assert seen.parameters == published


@pytest.mark.parametrize("name", names())
def test_edges_lead_on_and_nothing_hangs_loose(name: str) -> None:
    seen = traced_once(name)
    assert [layer.index for layer in seen.layers] == list(range(len(seen.layers)))
    assert all(start < end for start, end in seen.edges)
    fed = {end for _, end in seen.edges}
    loose = [row for row in seen.layers if row.index not in fed and row.output_shape is not None]
    # Pictures come in by the first layer; Swin V2 begins anew at its tables of relative places, and
    # RAFT, which takes two pictures and encodes one of them twice, at a flow of nought.
    begins = [row.path for row in loose if not row.path.endswith(("cpb_mlp.0", "convflow1.0"))]
    assert len(begins) == (2 if name.startswith("raft") else 1), begins


# --- The joins that the papers draw ---


@pytest.mark.parametrize(
    ("name", "kind", "count"),
    [
        ("alexnet", "add", 0),
        ("resnet18", "add", 8),
        ("resnet50", "add", 16),
        ("resnet152", "add", 3 + 8 + 36 + 3),
        ("densenet121", "cat", 6 + 12 + 24 + 16),
        ("vit_b_16", "add", 24),
        ("swin_t", "add", 24),
        ("convnext_tiny", "add", 3 + 3 + 9 + 3),
        ("googlenet", "cat", 9),
        ("squeezenet1_1", "cat", 8),
        ("mobilenet_v2", "add", 10),
        ("shufflenet_v2_x1_0", "cat", 16),
    ],
)
def test_joins_are_those_of_the_paper(name: str, kind: str, count: int) -> None:
    found = [join.kind for join in traced_once(name).joins()]
    assert found == [kind] * count


def test_the_first_addition_of_a_resnet_joins_shortcut_and_branch() -> None:
    seen = traced_once("resnet18")
    first = seen.joins()[0]
    sources = [seen.layers[start].path for start, end in seen.edges if end == first.index]
    assert first.path == "layer1.0.add"
    assert sources == ["maxpool", "layer1.0.bn2"]


# --- Other people's counters ---


@pytest.mark.parametrize(
    "name",
    [
        "torchvision/alexnet",
        "torchvision/vgg11_bn",
        "torchvision/resnet18",
        "torchvision/densenet121",
        "torchvision/inception_v3",
        "torchvision/efficientnet_b0",
        "torchvision/regnet_y_400mf",
        "torchvision/convnext_tiny",
        "torchvision/vit_b_32",
        "torchvision/swin_t",
        "torchvision/swin_v2_t",
        "torchvision/maxvit_t",
        "torchvision/deeplabv3_mobilenet_v3_large",
        "torchvision/r2plus1d_18",
        "torchvision/mvit_v2_s",
        "timm/levit_128s",
        "timm/mixer_s32_224",
        "timm/xcit_nano_12_p16_224",
    ],
)
def test_multiply_adds_are_those_of_torchs_own_counter(name: str) -> None:
    model = build(name, device="meta").eval()
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        model(*example(name))
    assert 2 * watch(model, example(name)).macs == counter.get_total_flops()


@pytest.mark.parametrize(
    "name",
    ["alexnet", "vgg11", "resnet50", "densenet121", "mobilenet_v3_small", "shufflenet_v2_x1_0"],
)
def test_torchinfo_sees_the_same_layers(name: str) -> None:
    model = torchvision.models.get_model(name).eval()
    seen = trace(model, torch.empty(1, 3, 224, 224))
    summary = torchinfo.summary(model, input_size=(1, 3, 224, 224), device="meta", verbose=0)
    theirs = [
        (row.class_name, tuple(row.output_size), 0 if row.is_recursive else row.num_params)
        for row in summary.summary_list
        if row.is_leaf_layer and row.executed
    ]
    modules = {type(module).__name__ for module in model.modules()}
    ours = [
        (row.kind, row.output_shape, row.parameters) for row in seen.layers if row.kind in modules
    ]
    assert ours == theirs
    assert seen.parameters == summary.total_params


# --- What the catalog asks for is what a person traces ---


@pytest.mark.parametrize("name", ["resnet18", "vit_b_32", "swin_t", "googlenet"])
def test_a_network_with_numbers_is_traced_like_one_without(name: str) -> None:
    real = build(f"torchvision/{name}")
    assert trace(real, torch.empty(1, 3, 224, 224)) == traced_once(name)


def test_multiply_adds_grow_with_the_picture_and_the_batch() -> None:
    model = torchvision.models.resnet18().eval()
    small, large, two = (
        trace(model, torch.empty(batch, 3, side, side))
        for batch, side in ((1, 64), (1, 128), (2, 64))
    )
    head = small.layers[-1].macs
    assert large.macs - head == 4 * (small.macs - head)
    assert two.macs == 2 * small.macs
    assert two.activation_bytes == 2 * small.activation_bytes
    assert two.parameters == large.parameters == small.parameters
