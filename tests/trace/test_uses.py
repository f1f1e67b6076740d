"""Each learned tensor is told for what it is, and all of them together are the network."""

import functools
import math
import warnings
from collections import Counter

import pytest
import torch
from torch import nn

from cvexplore.catalog import build, example, traced
from cvexplore.trace import USES, Trace, trace, watch
from cvexplore.trace.uses import learned


@functools.cache
def traced_once(name: str) -> Trace:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return traced(name)


def told(model: nn.Module) -> dict[str, str]:
    return {path: use for path, _, use in learned(model)}


def holding(**parts: nn.Module | nn.Parameter) -> nn.Module:
    module = nn.Module()
    for name, part in parts.items():
        setattr(module, name, part)
    return module


def numbers(*shape: int) -> nn.Parameter:
    return nn.Parameter(torch.zeros(shape))


# --- One module at a time ---


@pytest.mark.parametrize(
    ("module", "expected"),
    [
        (nn.Conv2d(3, 4, 3), {"weight": "filter weights", "bias": "biases"}),
        (nn.Conv1d(3, 4, 1), {"weight": "filter weights", "bias": "biases"}),
        (nn.ConvTranspose3d(3, 4, 2), {"weight": "filter weights", "bias": "biases"}),
        (nn.Linear(3, 4), {"weight": "dense weights", "bias": "biases"}),
        (nn.Bilinear(3, 4, 2), {"weight": "dense weights", "bias": "biases"}),
        (nn.BatchNorm2d(4), {"weight": "normalisation scale", "bias": "normalisation shift"}),
        (nn.LayerNorm(4), {"weight": "normalisation scale", "bias": "normalisation shift"}),
        (nn.GroupNorm(2, 4), {"weight": "normalisation scale", "bias": "normalisation shift"}),
        (nn.RMSNorm(4), {"weight": "normalisation scale"}),
        (nn.InstanceNorm2d(4), {}),
        (nn.Embedding(9, 4), {"weight": "embeddings"}),
        (nn.PReLU(), {"weight": "other"}),
        (
            nn.MultiheadAttention(4, 2),
            {
                "in_proj_weight": "attention projections",
                "in_proj_bias": "biases",
                "out_proj.weight": "attention projections",
                "out_proj.bias": "biases",
            },
        ),
        (
            nn.MultiheadAttention(4, 2, kdim=3, vdim=5, bias=False, add_bias_kv=True),
            {
                "q_proj_weight": "attention projections",
                "k_proj_weight": "attention projections",
                "v_proj_weight": "attention projections",
                "bias_k": "biases",
                "bias_v": "biases",
                "out_proj.weight": "attention projections",
            },
        ),
        (
            nn.LSTM(3, 4),
            {
                "weight_ih_l0": "dense weights",
                "weight_hh_l0": "dense weights",
                "bias_ih_l0": "biases",
                "bias_hh_l0": "biases",
            },
        ),
        (
            holding(cls_token=numbers(1, 1, 4), pos_embed=numbers(1, 5, 4), gamma=numbers(4)),
            {"cls_token": "embeddings", "pos_embed": "embeddings", "gamma": "other"},
        ),
        (
            holding(relative_position_bias_table=numbers(9, 2), attention_biases=numbers(2, 9)),
            {"relative_position_bias_table": "embeddings", "attention_biases": "embeddings"},
        ),
    ],
    ids=lambda value: type(value).__name__,
)
def test_a_tensor_is_told_by_its_module_and_name(
    module: nn.Module, expected: dict[str, str]
) -> None:
    assert told(module) == expected


def test_dense_layers_of_attention_are_projections_and_those_beside_it_are_not() -> None:
    attention = holding(
        qkv=nn.Linear(4, 12, bias=False),
        proj=nn.Linear(4, 4, bias=False),
        q_norm=nn.LayerNorm(4, bias=False),
        cpb_mlp=nn.Sequential(nn.Linear(2, 4, bias=False)),
    )
    mlp = nn.Sequential(nn.Linear(4, 16, bias=False), nn.Linear(16, 4, bias=False))
    assert told(holding(attn=attention, proj=nn.Linear(4, 4, bias=False), mlp=mlp)) == {
        "attn.qkv.weight": "attention projections",
        "attn.proj.weight": "attention projections",
        "attn.q_norm.weight": "normalisation scale",
        "attn.cpb_mlp.0.weight": "dense weights",
        "proj.weight": "dense weights",
        "mlp.0.weight": "dense weights",
        "mlp.1.weight": "dense weights",
    }


def test_attention_may_project_by_convolutions_of_one_place() -> None:
    def wrapped(kernel: int) -> nn.Module:
        return nn.Sequential(nn.Conv2d(4, 4, kernel, bias=False), nn.BatchNorm2d(4, affine=False))

    attention = holding(to_q=wrapped(1), to_kv=wrapped(3), to_out=wrapped(1))
    assert told(attention) == {
        "to_q.0.weight": "attention projections",
        "to_kv.0.weight": "filter weights",
        "to_out.0.weight": "attention projections",
    }


@pytest.mark.parametrize("norm", [nn.utils.weight_norm, nn.utils.parametrizations.weight_norm])
@pytest.mark.filterwarnings("ignore::FutureWarning")
def test_a_normalised_weight_stays_what_it_is(norm: object) -> None:
    for layer, use in (
        (nn.Linear(3, 4), "dense weights"),
        (nn.Conv2d(3, 4, 3), "filter weights"),
    ):
        assert Counter(told(norm(layer)).values()) == {use: 2, "biases": 1}  # type: ignore[operator]


# --- Networks, whose sums are known ---


def by_hand(parts: dict[str, int], seen: Trace) -> None:
    assert {use: count for use, count in seen.by_use().items() if count} == parts
    assert sum(parts.values()) == seen.parameters


def test_a_resnets_sums_are_those_of_its_modules() -> None:
    model = build("torchvision/resnet50", device="meta")
    kinds = {kind: [m for m in model.modules() if isinstance(m, kind)] for kind in (nn.Conv2d,)}
    channels = sum(m.num_features for m in model.modules() if isinstance(m, nn.BatchNorm2d))
    by_hand(
        {
            "filter weights": sum(m.weight.numel() for m in kinds[nn.Conv2d]),
            "dense weights": 2048 * 1000,
            "normalisation scale": channels,
            "normalisation shift": channels,
            "biases": 1000,
        },
        traced_once("torchvision/resnet50"),
    )


def test_a_vision_transformers_sums_are_those_of_its_paper() -> None:
    width, layers, tokens = 768, 12, 197
    by_hand(
        {
            "filter weights": 16 * 16 * 3 * width,
            "dense weights": layers * 2 * 4 * width**2 + 1000 * width,
            "attention projections": layers * 4 * width**2,
            "embeddings": (tokens + 1) * width,
            "normalisation scale": (2 * layers + 1) * width,
            "normalisation shift": (2 * layers + 1) * width,
            "biases": width + layers * (4 * width + 5 * width) + 1000,
        },
        traced_once("torchvision/vit_b_16"),
    )


def test_a_swins_sums_are_those_of_its_paper() -> None:
    stages = list(zip((96, 192, 384, 768), (2, 2, 6, 2), (3, 6, 12, 24), strict=True))
    merges = (96, 192, 384)
    norms = 96 + sum(2 * c * n for c, n, _ in stages) + sum(4 * c for c in merges) + 768
    by_hand(
        {
            "filter weights": 4 * 4 * 3 * 96,
            "dense weights": sum(8 * c * c * n for c, n, _ in stages)
            + sum(4 * c * 2 * c for c in merges)
            + 768 * 1000,
            "attention projections": sum(4 * c * c * n for c, n, _ in stages),
            "embeddings": sum(13 * 13 * heads * n for _, n, heads in stages),
            "normalisation scale": norms,
            "normalisation shift": norms,
            "biases": 96 + sum(9 * c * n for c, n, _ in stages) + 1000,
        },
        traced_once("torchvision/swin_t"),
    )


@pytest.mark.parametrize(
    "name",
    [
        "torchvision/inception_v3",
        "torchvision/retinanet_resnet50_fpn",
        "timm/levit_128s",
        "timm/xcit_nano_12_p16_224",
        "cvexplore/detr",
    ],
)
def test_every_tensor_is_there_once_at_the_layer_that_counts_it(name: str) -> None:
    seen = traced_once(name)
    model = build(name, device="meta")
    assert {each.path: each.shape for each in seen.tensors} == {
        path: tuple(parameter.shape) for path, parameter in model.named_parameters()
    }
    assert tuple(seen.by_use()) == USES
    for folded in (seen, seen.folded(2), seen.folded(1)):
        held = Counter()
        for each in folded.tensors:
            held[each.layer] += math.prod(each.shape)
        assert [held[row.index] for row in folded.layers] == [r.parameters for r in folded.layers]


def test_what_is_frozen_is_frozen_in_its_layer_and_its_block() -> None:
    model = build("torchvision/resnet18", device="meta")
    model.layer1.requires_grad_(False)
    model.layer2[0].conv1.requires_grad_(False)
    seen = watch(model, example("torchvision/resnet18"))
    learns = {path for path, p in model.named_parameters() if p.requires_grad}
    assert {each.path for each in seen.tensors if each.trainable} == learns
    folded = {row.path: row for row in seen.folded(1).layers}
    assert folded["layer1"].trainable == 0
    assert folded["layer2"].parameters - folded["layer2"].trainable == 64 * 128 * 9
    assert folded["layer3"].trainable == folded["layer3"].parameters
    assert seen.trainable == sum(p.numel() for p in model.parameters() if p.requires_grad)


def test_a_tied_tensor_stands_under_its_first_name() -> None:
    class Tied(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.words = nn.Embedding(10, 8)
            self.head = nn.Linear(8, 10, bias=False)
            self.head.weight = self.words.weight

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.head(self.words(x))

    (only,) = trace(Tied(), torch.zeros(1, 3).long()).tensors
    assert (only.path, only.use, only.layer, only.parameters) == (
        "words.weight",
        "embeddings",
        0,
        80,
    )
