"""Shapes on the meta device without running the function.

torch computes shapes there through Python decompositions: one ``batch_norm`` takes a millisecond,
most of a summary's time. For the functions that networks consist of the shape is known at once, so
a stand-in answers. Where something is unusual or wrong, the real function runs and says so.
"""

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from cvexplore.trace.functions import ARITHMETIC, SAME_SHAPE, Function, argument

DROPOUTS = (F.dropout, F.dropout1d, F.dropout2d, F.dropout3d, torch.dropout)


def _same_shape(*args: Any, **kwargs: Any) -> Tensor:
    data = argument(args, kwargs, 0, "input")
    if kwargs.get("inplace"):
        return data
    return data.new_empty(data.shape)


def _batch_norm(data: Tensor, mean: Any = None, *args: Any, **kwargs: Any) -> Tensor:
    if mean is not None and mean.shape[0] != data.shape[1]:
        return F.batch_norm(data, mean, *args, **kwargs)
    return data.new_empty(data.shape)


def _layer_norm(data: Tensor, normalized_shape: Any, *args: Any, **kwargs: Any) -> Tensor:
    if tuple(data.shape[-len(normalized_shape) :]) != tuple(normalized_shape):
        return F.layer_norm(data, normalized_shape, *args, **kwargs)
    return data.new_empty(data.shape)


def _adaptive_pool(data: Tensor, output_size: Any) -> Tensor:
    if data.dim() != 4:
        return F.adaptive_avg_pool2d(data, output_size)
    sides = output_size if isinstance(output_size, (tuple, list)) else (output_size, output_size)
    out = [have if want is None else want for have, want in zip(data.shape[2:], sides, strict=True)]
    return data.new_empty((*data.shape[:2], *out))


def _dropout(data: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
    return data.new_empty(data.shape) if training and not inplace else data


def _in_place(data: Tensor, *args: Any, **kwargs: Any) -> Tensor:
    return data


def _arithmetic_in_place(left: Tensor, right: Any, **kwargs: Any) -> Tensor:
    if isinstance(right, Tensor) and right.shape != left.shape:
        return left.add_(right)
    return left


def _arithmetic(left: Any, right: Any, **kwargs: Any) -> Tensor:
    if not isinstance(left, Tensor):
        left, right = right, left
    shape = left.shape
    if isinstance(right, Tensor) and right.shape != shape:
        shape = torch.broadcast_shapes(shape, right.shape)
    dtype = torch.result_type(left, right)
    return left.new_empty(shape, dtype=dtype)


def _convolution(
    data: Tensor,
    weight: Tensor,
    bias: Any = None,
    stride: Any = 1,
    padding: Any = 0,
    dilation: Any = 1,
    groups: int = 1,
) -> Tensor:
    sides = weight.dim() - 2
    if isinstance(padding, str) or data.dim() != weight.dim():
        return _run(sides, data, weight, bias, stride, padding, dilation, groups)
    if data.shape[1] != weight.shape[1] * groups:
        return _run(sides, data, weight, bias, stride, padding, dilation, groups)
    step, pad, gap = _each(stride, sides), _each(padding, sides), _each(dilation, sides)
    out = [
        (data.shape[2 + i] + 2 * pad[i] - gap[i] * (weight.shape[2 + i] - 1) - 1) // step[i] + 1
        for i in range(sides)
    ]
    if min(out) < 1:
        return _run(sides, data, weight, bias, stride, padding, dilation, groups)
    return data.new_empty((data.shape[0], weight.shape[0], *out))


def _run(sides: int, *args: Any) -> Tensor:
    """Let torch itself do the unusual convolution, or say what is wrong with it."""
    return (F.conv1d, F.conv2d, F.conv3d)[sides - 1](*args)


def _linear(data: Tensor, weight: Tensor, bias: Any = None) -> Tensor:
    if data.shape[-1] != weight.shape[-1]:
        return F.linear(data, weight, bias)
    return data.new_empty((*data.shape[:-1], weight.shape[0]))


def _product(left: Tensor, right: Tensor) -> Tensor:
    if min(left.dim(), right.dim()) < 2 or left.shape[-1] != right.shape[-2]:
        return torch.matmul(left, right)
    batch = left.shape[:-2]
    if right.shape[:-2] != batch:
        batch = torch.broadcast_shapes(batch, right.shape[:-2])
    return left.new_empty((*batch, left.shape[-2], right.shape[-1]))


def _attention(query: Tensor, key: Tensor, value: Tensor, *args: Any, **kwargs: Any) -> Tensor:
    return query.new_empty((*query.shape[:-1], value.shape[-1]))


def _multi_head(query: Tensor, key: Tensor, *args: Any, **kwargs: Any) -> tuple:
    out = query.new_empty(query.shape)  # (N, B, D)
    if not kwargs.get("need_weights", True):
        return out, None
    heads = () if kwargs.get("average_attn_weights", True) else (args[2],)
    batch = (query.shape[1],) if query.dim() == 3 else ()
    return out, query.new_empty((*batch, *heads, query.shape[0], key.shape[0]))


def _lstm(
    data: Tensor,
    state: tuple,
    weights: Any,
    bias: bool,
    layers: int,
    dropout: float,
    training: bool,
    both_ways: bool,
    batch_first: bool,
) -> tuple:
    hidden = state[0].shape[-1] * (2 if both_ways else 1)
    return (data.new_empty((*data.shape[:-1], hidden)), *(s.new_empty(s.shape) for s in state))


STAND_INS: dict[Function, Function] = {
    **dict.fromkeys(SAME_SHAPE, _same_shape),
    **{f: _in_place for f in SAME_SHAPE if f.__name__.endswith("_")},
    **dict.fromkeys((F.batch_norm, torch.batch_norm), _batch_norm),
    **dict.fromkeys((F.layer_norm, torch.layer_norm), _layer_norm),
    F.adaptive_avg_pool2d: _adaptive_pool,
    **dict.fromkeys(DROPOUTS, _dropout),
    **{f: _arithmetic for f in ARITHMETIC if f.__name__ in ("add", "sub", "mul", "div")},
    **{
        f: _arithmetic_in_place
        for f in ARITHMETIC
        if f.__name__ in ("add_", "sub_", "mul_", "div_")
    },
    **dict.fromkeys((F.conv1d, F.conv2d, F.conv3d), _convolution),
    F.linear: _linear,
    **dict.fromkeys((torch.matmul, Tensor.matmul, Tensor.__matmul__), _product),
    F.scaled_dot_product_attention: _attention,
    F.multi_head_attention_forward: _multi_head,
    torch.lstm: _lstm,
}


def _each(value: Any, count: int) -> tuple[int, ...]:
    return (value,) * count if isinstance(value, int) else tuple(value) * (count // len(value))
