"""Multiply-adds, parameters and bytes against counts made one at a time."""

import itertools
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from cvexplore.trace import trace

Taps = tuple[int, ...]


def convolution_by_counting(layer: Any, sides: Taps) -> int:
    """Count, place by place, the products that a convolution adds up (padding's zeros included)."""
    into, out = layer.in_channels // layer.groups, layer.out_channels
    count = 0
    for place in itertools.product(*(range(side) for side in padded(layer, sides))):
        fits = all(
            at % step == 0 and at + gap * (kernel - 1) < side
            for at, step, gap, kernel, side in zip(
                place,
                layer.stride,
                layer.dilation,
                layer.kernel_size,
                padded(layer, sides),
                strict=True,
            )
        )
        if fits:
            for _ in itertools.product(*(range(kernel) for kernel in layer.kernel_size)):
                count += into * out
    return count


def padded(layer: Any, sides: Taps) -> Taps:
    if layer.padding == "same":
        spans = zip(layer.dilation, layer.kernel_size, strict=True)
        return tuple(s + gap * (k - 1) for s, (gap, k) in zip(sides, spans, strict=True))
    return tuple(side + 2 * pad for side, pad in zip(sides, layer.padding, strict=True))


@pytest.mark.parametrize(
    ("layer", "sides"),
    [
        (nn.Conv1d(4, 6, 5, stride=2, padding=1), (17,)),
        (nn.Conv2d(4, 6, 3), (7, 9)),
        (nn.Conv2d(4, 6, (3, 1), stride=(2, 1), padding=(0, 2), bias=False), (7, 9)),
        (nn.Conv2d(4, 8, 3, groups=2, dilation=2), (7, 9)),
        (nn.Conv2d(4, 4, 3, groups=4, padding="same"), (6, 5)),
        (nn.Conv2d(4, 4, 5, padding="same", dilation=(1, 2)), (6, 5)),
        (nn.Conv2d(4, 2, 3, padding=1, padding_mode="reflect"), (6, 5)),
        (nn.Conv3d(2, 3, (1, 3, 3), stride=(1, 2, 2)), (4, 7, 7)),
    ],
)
@pytest.mark.parametrize("batch", [1, 3])
def test_a_convolution_counts_every_product(layer: nn.Module, sides: Taps, batch: int) -> None:
    seen = trace(layer, torch.empty(batch, 4 if layer.in_channels == 4 else 2, *sides))
    assert seen.macs == batch * convolution_by_counting(layer, sides)


@pytest.mark.parametrize(
    "layer",
    [
        nn.ConvTranspose1d(4, 6, 3, stride=2),
        nn.ConvTranspose2d(4, 6, 3, stride=2, padding=1, output_padding=1, groups=2),
        nn.ConvTranspose2d(4, 6, 3, dilation=2, bias=False),
        nn.ConvTranspose3d(4, 2, 2),
    ],
)
def test_a_transposed_convolution_spreads_every_input_over_its_kernel(layer: Any) -> None:
    sides = (5, 4, 3)[: len(layer.kernel_size)]
    count = 0
    for _ in itertools.product(range(2), *(range(side) for side in sides)):
        for _ in itertools.product(*(range(kernel) for kernel in layer.kernel_size)):
            count += layer.in_channels * layer.out_channels // layer.groups
    seen = trace(layer, torch.empty(2, 4, *sides))
    assert seen.macs == count
    assert seen.layers[0].output_shape == tuple(layer(torch.empty(2, 4, *sides)).shape)


def test_a_dense_layer_counts_every_weight_once_a_row() -> None:
    seen = trace(nn.Linear(7, 5), torch.empty(2, 3, 4, 7))
    assert seen.macs == 2 * 3 * 4 * 7 * 5


# --- Functions, given by place or by name ---


class Uses(nn.Module):
    """A network that computes one thing with what a dense layer of 8 gives."""

    def __init__(self, what: Any, *weights: int) -> None:
        super().__init__()
        self.first = nn.Linear(8, 8, bias=False)
        self.weight = nn.Parameter(torch.ones(weights))
        self.what = what

    def forward(self, x: Tensor) -> Tensor:
        return self.what(self.first(x), self.weight)


BEFORE = 2 * 4 * 6 * 8 * 8  # what the dense layer counts on (2, 4, 6, 8)
SDPA = F.scaled_dot_product_attention


@pytest.mark.parametrize(
    ("what", "weights", "macs"),
    [
        (lambda x, w: F.conv2d(x, w), (5, 4, 3, 3), 2 * 5 * 4 * 6 * 36),
        (lambda x, w: F.conv2d(input=x, weight=w), (5, 4, 3, 3), 2 * 5 * 4 * 6 * 36),
        (lambda x, w: F.conv_transpose2d(input=x, weight=w), (4, 5, 3, 3), 2 * 4 * 6 * 8 * 45),
        (lambda x, w: F.linear(x, w), (5, 8), 2 * 4 * 6 * 5 * 8),
        (lambda x, w: F.linear(input=x, weight=w), (5, 8), 2 * 4 * 6 * 5 * 8),
        (lambda x, w: x @ w, (8, 5), 2 * 4 * 6 * 5 * 8),
        (lambda x, w: w @ x, (5, 6), 2 * 4 * 5 * 8 * 6),
        (lambda x, w: x.matmul(w), (8,), 2 * 4 * 6 * 8),
        (lambda x, w: torch.matmul(input=x, other=w), (8, 5), 2 * 4 * 6 * 5 * 8),
        (lambda x, w: torch.bmm(x.flatten(0, 1), w), (8, 8, 5), 8 * 6 * 5 * 8),
        (lambda x, w: torch.mm(x.flatten(0, 2), w), (8, 5), 48 * 5 * 8),
        (lambda x, w: torch.addmm(w[0], x.flatten(0, 2), w), (8, 5), 48 * 5 * 8),
        (lambda x, w: torch.baddbmm(w[:, :1], x.flatten(0, 1), w), (8, 8, 5), 8 * 6 * 5 * 8),
        (lambda x, w: torch.einsum("bhnd,dk->bhnk", x, w), (8, 5), 2 * 4 * 6 * 5 * 8),
        (lambda x, w: torch.tensordot(x, w, 1), (8, 5), 2 * 4 * 6 * 5 * 8),
        (lambda x, w: SDPA(x, x, x), (1,), 2 * (2 * 4 * 6 * 6 * 8)),
        (lambda x, w: SDPA(x, w, w[..., :3]), (2, 4, 9, 8), 2 * 4 * 6 * 9 * (8 + 3)),
        (lambda x, w: SDPA(query=x, key=w, value=w), (2, 4, 9, 8), 2 * (2 * 4 * 6 * 9 * 8)),
        (lambda x, w: torch.add(input=x, other=w), (8,), 0),
        (lambda x, w: x.mul(other=w).softmax(-1).cumsum(0), (8,), 0),
    ],
)
def test_a_function_counts_what_it_multiplies(what: Any, weights: Taps, macs: int) -> None:
    model = Uses(what, *weights)
    seen = trace(model, torch.empty(2, 4, 6, 8))
    assert seen.macs - BEFORE == macs
    last = next(layer for layer in reversed(seen.layers) if layer.output_shape is not None)
    assert last.output_shape == tuple(model(torch.zeros(2, 4, 6, 8)).shape)


class Around(nn.Module):
    def __init__(self, inner: nn.Module) -> None:
        super().__init__()
        self.inner = inner

    def forward(self, *args: Tensor) -> Any:
        return self.inner(*args)


@pytest.mark.parametrize(
    ("how", "keys"),
    [({}, 5), ({"kdim": 6, "vdim": 4}, 5), ({"bias": False}, 1), ({"batch_first": True}, 5)],
)
@pytest.mark.parametrize("batched", [True, False])
def test_attention_counts_projections_scores_and_mixture(
    how: dict, keys: int, batched: bool
) -> None:
    width, heads, queries, batch = 8, 2, 3, 2 if batched else 1
    wide_key, wide_value = how.get("kdim", width), how.get("vdim", width)
    layer = nn.MultiheadAttention(width, heads, **how)

    def tokens(count: int, wide: int) -> Tensor:
        shape = (batch, count, wide) if how.get("batch_first") else (count, batch, wide)
        return torch.empty(*(shape if batched else (count, wide)))

    count = queries * width * width + keys * width * (wide_key + wide_value)
    for _ in range(heads):
        count += queries * keys * (width // heads)  # scores
        count += queries * (width // heads) * keys  # mixture of the values
    count += queries * width * width
    given = (tokens(queries, width), tokens(keys, wide_key), tokens(keys, wide_value))
    (seen,) = trace(Around(layer), given).layers
    assert seen.kind == "MultiheadAttention"
    assert seen.macs == batch * count
    assert seen.parameters == sum(p.numel() for p in layer.parameters())
    assert seen.output_shape == tuple(given[0].shape)


@pytest.mark.parametrize(
    ("kind", "gates"), [(nn.RNN, 1), (nn.GRU, 3), (nn.LSTM, 4)], ids=["RNN", "GRU", "LSTM"]
)
@pytest.mark.parametrize(
    "how",
    [{}, {"num_layers": 2, "bidirectional": True}, {"batch_first": True, "bias": False}],
)
def test_a_recurrent_layer_counts_its_gates_at_every_step(kind: Any, gates: int, how: dict) -> None:
    wide, hidden, steps, batch = 7, 5, 6, 3
    ways, count, into = 1 + how.get("bidirectional", False), 0, wide
    for _ in range(how.get("num_layers", 1)):
        for _ in range(ways * steps * batch):
            count += gates * (into * hidden + hidden * hidden)
        into = ways * hidden
    layer = kind(wide, hidden, **how)
    given = torch.zeros(*((batch, steps) if how.get("batch_first") else (steps, batch)), wide)
    seen = trace(layer, given)
    assert seen.macs == count
    assert seen.layers[0].output_shape == tuple(layer(given)[0].shape)


def test_a_projecting_lstm_counts_its_projection() -> None:
    seen = trace(nn.LSTM(7, 5, proj_size=2), torch.empty(6, 3, 7))
    assert seen.macs == 6 * 3 * (4 * (7 * 5 + 2 * 5) + 5 * 2)
    assert seen.layers[0].output_shape == (6, 3, 2)


# --- Bytes that are written ---


def test_bytes_are_those_of_new_tensors() -> None:
    model = nn.Sequential(
        nn.Conv2d(3, 4, 3, padding=1),  # writes 4 × 8 × 8 floats
        nn.ReLU(inplace=True),  # writes over them
        nn.BatchNorm2d(4),  # writes as many
        nn.MaxPool2d(2),  # writes a quarter
        nn.Dropout(0.5),  # hands on what it gets
        nn.Flatten(),  # moves nothing
        nn.Linear(64, 10),  # writes ten
    )
    seen = trace(model, torch.empty(1, 3, 8, 8))
    assert [layer.activation_bytes // 4 for layer in seen.layers] == [256, 0, 256, 64, 0, 0, 10]


@pytest.mark.parametrize(
    ("what", "size"),
    [
        (lambda x, w: x.half() + 1, 2),
        (lambda x, w: x.softmax(-1, dtype=torch.float64), 8),
        (lambda x, w: torch.sqrt(x.long()), 8 + 4),
        (lambda x, w: torch.div(x.int(), 2), 4 + 4),
        (lambda x, w: torch.fft.fft2(x).abs(), 8 + 4),
        (lambda x, w: x.mul_(2).add_(1).relu_(), 0),
        (lambda x, w: F.silu(x, inplace=True), 0),
        (lambda x, w: F.leaky_relu(x, 0.1, True), 0),
        (lambda x, w: x.transpose(1, 2).reshape(2, 24, 8).unsqueeze(0).flip(0), 0),
    ],
)
def test_every_type_has_its_own_size(what: Any, size: int) -> None:
    seen = trace(Uses(what, 1), torch.empty(2, 4, 6, 8))
    written = sum(layer.activation_bytes for layer in seen.layers[1:])
    assert written == size * 2 * 4 * 6 * 8


def test_flops_are_twice_the_multiply_adds() -> None:
    seen = trace(nn.Sequential(nn.Linear(3, 4), nn.Linear(4, 5)), torch.empty(1, 3))
    assert seen.flops == 2 * seen.macs == 2 * (12 + 20)
    assert [layer.flops for layer in seen.layers] == [24, 40]
