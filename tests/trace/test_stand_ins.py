"""Shapes told without running a function are the shapes that torch itself works out."""

import functools
import warnings
from collections.abc import Callable
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from cvexplore.catalog import build, example
from cvexplore.trace import Trace, calls, watch
from cvexplore.trace.functions import SAME_SHAPE
from cvexplore.trace.stand_ins import STAND_INS

TORCHVISION = """
    alexnet vgg11_bn resnet18 densenet121 googlenet inception_v3 mobilenet_v3_small mnasnet0_5
    shufflenet_v2_x0_5 efficientnet_b0 regnet_x_400mf convnext_tiny vit_b_32 swin_t swin_v2_t
    maxvit_t lraspp_mobilenet_v3_large fasterrcnn_mobilenet_v3_large_320_fpn r3d_18 mvit_v1_b
""".split()
TIMM = """
    tf_efficientnet_lite0 levit_128s mixer_s32_224 xcit_nano_12_p16_224 convnextv2_atto pit_ti_224
    crossvit_tiny_240 coat_lite_tiny cait_xxs24_224 tnt_s_legacy_patch16_224 poolformer_s12
    mobilevit_xxs resnetv2_50x1_bit ghostnet_050 vit_tiny_patch16_224 eva02_tiny_patch14_224
    hrnet_w18_small focalnet_tiny_srf efficientformer_l1 fastvit_t8 nf_resnet26 davit_tiny
""".split()
NAMES = [*(f"torchvision/{name}" for name in TORCHVISION), *(f"timm/{name}" for name in TIMM)]


def watched(name: str) -> Trace:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return watch(build(name, device="meta"), example(name))


@pytest.mark.parametrize("name", NAMES)
def test_a_network_is_told_as_torch_tells_it(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    quick = watched(name)
    monkeypatch.setattr(calls, "STAND_INS", {})
    assert watched(name) == quick


# --- One function at a time, against the real one on real numbers ---

X = torch.rand(2, 6, 5, 7) + 0.1
STATE = (torch.zeros(2, 5, 4), torch.zeros(2, 5, 4))
GATES = [torch.zeros(shape) for shape in ((16, 7), (16, 4), 16, 16)] * 2
CALLS: dict[str, Callable[[Any], Any]] = {
    "batch_norm": lambda x: F.batch_norm(x, torch.zeros(6), torch.ones(6)),
    "batch_norm in training": lambda x: F.batch_norm(x, None, None, training=True),
    "group_norm": lambda x: F.group_norm(x, 3, torch.ones(6)),
    "layer_norm": lambda x: F.layer_norm(x, (5, 7)),
    "rms_norm": lambda x: F.rms_norm(x, (7,), torch.ones(7)),
    "pool to one": lambda x: F.adaptive_avg_pool2d(x, 1),
    "pool to a size": lambda x: F.adaptive_avg_pool2d(x, (2, 3)),
    "pool one side": lambda x: F.adaptive_avg_pool2d(x, (None, 3)),
    "pool without batch": lambda x: F.adaptive_avg_pool2d(x[0], 2),
    "dropout": lambda x: F.dropout(x, 0.5, training=False),
    "softmax in another type": lambda x: F.softmax(x, -1, dtype=torch.float64),
    "add a number": lambda x: x.add(1),
    "add to a number": lambda x: torch.add(1, x) if x.is_meta else 1 + x,
    "add a row": lambda x: torch.add(x, torch.ones(7)),
    "add a column": lambda x: torch.add(torch.ones(6, 1, 1), x),
    "add a larger one": lambda x: x[:1].add(x),
    "add a halved one": lambda x: x.half().add(x),
    "add in place": lambda x: x.clone().add_(torch.ones(5, 1)),
    "divide whole numbers": lambda x: x.long().div(2),
    "whole root": lambda x: torch.sqrt(x.long()),
    "size of a complex number": lambda x: torch.abs(torch.complex(x, x)),
    "conv1d": lambda x: F.conv1d(x[0], torch.ones(4, 5, 3), stride=2, padding=1),
    "conv2d": lambda x: F.conv2d(x, torch.ones(4, 3, 3, 1), None, (2, 1), (1, 0), 1, 2),
    "conv2d dilated": lambda x: F.conv2d(x, torch.ones(4, 6, 2, 2), dilation=(3, 2)),
    "conv2d same": lambda x: F.conv2d(x, torch.ones(4, 6, 3, 3), padding="same"),
    "conv2d without batch": lambda x: F.conv2d(x[0], torch.ones(4, 6, 3, 3)),
    "conv3d": lambda x: F.conv3d(x[None], torch.ones(4, 2, 3, 3, 3), stride=2),
    "linear": lambda x: F.linear(x, torch.ones(3, 7), torch.ones(3)),
    "linear to one": lambda x: F.linear(x, torch.ones(7)),
    "product": lambda x: x @ torch.ones(6, 7, 2),
    "product by a vector": lambda x: x @ torch.ones(7),
    "product of a vector": lambda x: torch.ones(5) @ x,
    "product of rows": lambda x: torch.matmul(x[:, :1], torch.ones(3, 7, 2)),
    "attention": lambda x: F.scaled_dot_product_attention(x, x[..., :3, :], x[..., :3, :4]),
    "lstm": lambda x: torch.lstm(x[0], STATE, GATES, True, 1, 0.0, False, True, False),
    "clamp": lambda x: x[:1].clamp(min=x),
    "in place": lambda x: F.relu(x.clone(), inplace=True),
    "in place too": lambda x: x.clone().sigmoid_(),
}


def described(value: Any) -> Any:
    if isinstance(value, Tensor):
        return (tuple(value.shape), value.dtype)
    return [described(each) for each in value]


@pytest.mark.parametrize("name", CALLS)
def test_a_stand_in_tells_shape_and_type(name: str) -> None:
    class Called(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.identity = torch.nn.Identity()
            self.gave: Any = None

        def forward(self, x: Tensor) -> Tensor:
            self.gave = CALLS[name](self.identity(x))
            return self.gave

    model = Called()
    watch(model, (X.to("meta"),))
    assert described(model.gave) == described(CALLS[name](X))


@pytest.mark.parametrize(
    "how",
    [
        {},
        {"need_weights": False},
        {"average_attn_weights": False},
        {"key_padding_mask": torch.zeros(3, 5, dtype=torch.bool)},
    ],
)
@pytest.mark.parametrize("batched", [True, False])
def test_attention_gives_its_weights_as_asked(how: dict, batched: bool) -> None:
    layer = torch.nn.MultiheadAttention(8, 2).eval()
    query, key = torch.rand(4, 3, 8), torch.rand(5, 3, 8)
    if not batched:
        query, key = query[:, 0], key[:, 0]
        how = {
            name: value[0] if isinstance(value, Tensor) else value for name, value in how.items()
        }
    truth = layer(query, key, key, **how)
    given = {}
    layer.register_forward_hook(lambda module, args, out: given.update(out=out))
    model = torch.nn.Sequential(layer.to("meta"))
    model.forward = functools.partial(layer, **how)  # type: ignore[method-assign]
    watch(model, (query.to("meta"), key.to("meta"), key.to("meta")))
    assert [each if each is None else tuple(each.shape) for each in given["out"]] == [
        each if each is None else tuple(each.shape) for each in truth
    ]


def test_what_only_changes_values_has_a_stand_in() -> None:
    assert set(STAND_INS) >= SAME_SHAPE
