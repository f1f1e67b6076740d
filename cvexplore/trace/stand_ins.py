"""Shapes on the meta device without running the function.

torch computes shapes there through Python decompositions: one ``batch_norm`` takes a millisecond,
most of a summary's time. For the functions that networks consist of the shape is known at once, so
a stand-in answers. Where something is unusual or wrong, the real function runs and says so. The
arguments bear torch's names, since a network may give them by name.
"""

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from cvexplore.trace.functions import ARITHMETIC, SAME_SHAPE, Function, argument

DROPOUTS = (F.dropout, F.dropout1d, F.dropout2d, F.dropout3d, torch.dropout)


def _same_shape(*args: Any, **kwargs: Any) -> Tensor:
    data = argument(args, kwargs, 0, "input")
    return data if kwargs.get("inplace") else _like(data, kwargs.get("dtype"))


def _batch_norm(input: Tensor, running_mean: Any = None, *args: Any, **kwargs: Any) -> Tensor:
    if running_mean is not None and running_mean.shape[0] != input.shape[1]:
        return F.batch_norm(input, running_mean, *args, **kwargs)
    return _empty(input.shape, input.dtype)


def _group_norm(
    input: Tensor, num_groups: int, weight: Any = None, *args: Any, **kw: Any
) -> Tensor:
    channels = input.shape[1]
    if channels % num_groups or (weight is not None and weight.shape[0] != channels):
        return F.group_norm(input, num_groups, weight, *args, **kw)
    return _empty(input.shape, input.dtype)


def _last_norm(function: Function) -> Function:
    def norm(input: Tensor, normalized_shape: Any, *args: Any, **kwargs: Any) -> Tensor:
        if tuple(input.shape[-len(normalized_shape) :]) != tuple(normalized_shape):
            return function(input, normalized_shape, *args, **kwargs)
        return _empty(input.shape, input.dtype)

    return norm


def _adaptive_pool(input: Tensor, output_size: Any) -> Tensor:
    if input.dim() != 4:
        return F.adaptive_avg_pool2d(input, output_size)
    sides = output_size if isinstance(output_size, (tuple, list)) else (output_size, output_size)
    both = zip(input.shape[2:], sides, strict=True)
    return _empty(
        (*input.shape[:2], *(h if want is None else want for h, want in both)), input.dtype
    )


def _dropout(input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
    return _like(input) if training and not inplace else input


def _in_place(input: Tensor, *args: Any, **kwargs: Any) -> Tensor:
    return input


def _arithmetic_in_place(input: Tensor, other: Any, **kwargs: Any) -> Tensor:
    if isinstance(other, Tensor) and other.shape != input.shape:
        return input.add_(other)
    return input


def _arithmetic(input: Any, other: Any, **kwargs: Any) -> Tensor:
    if not isinstance(input, Tensor):
        input, other = other, input
    dtype = torch.result_type(input, other)
    if isinstance(other, Tensor) and other.shape != input.shape:
        return _empty(torch.broadcast_shapes(input.shape, other.shape), dtype)
    return _like(input, dtype)


def _cat(tensors: Any, dim: Any = 0, **kwargs: Any) -> Tensor:
    first, shapes = tensors[0], [list(each.shape) for each in tensors]
    try:
        lengths = [shape.pop(dim) for shape in shapes]
    except (IndexError, TypeError):
        return torch.cat(tensors, dim, **kwargs)
    alike = all(each.dtype == first.dtype and each.is_meta for each in tensors)
    if kwargs or not alike or shapes != [shapes[0]] * len(shapes):
        return torch.cat(tensors, dim, **kwargs)
    shapes[0].insert(dim % first.dim(), sum(lengths))
    return _empty(shapes[0], first.dtype)


def _convolution(
    input: Tensor,
    weight: Tensor,
    bias: Any = None,
    stride: Any = 1,
    padding: Any = 0,
    dilation: Any = 1,
    groups: int = 1,
) -> Tensor:
    sides = weight.dim() - 2
    if isinstance(padding, str) or input.dim() != weight.dim():
        return _run(sides, input, weight, bias, stride, padding, dilation, groups)
    if input.shape[1] != weight.shape[1] * groups:
        return _run(sides, input, weight, bias, stride, padding, dilation, groups)
    step, pad, gap = _each(stride, sides), _each(padding, sides), _each(dilation, sides)
    out = [
        (input.shape[2 + i] + 2 * pad[i] - gap[i] * (weight.shape[2 + i] - 1) - 1) // step[i] + 1
        for i in range(sides)
    ]
    if min(out) < 1:
        return _run(sides, input, weight, bias, stride, padding, dilation, groups)
    return _empty((input.shape[0], weight.shape[0], *out), input.dtype)


def _run(sides: int, *args: Any) -> Tensor:
    """Let torch itself do the unusual convolution, or say what is wrong with it."""
    return (F.conv1d, F.conv2d, F.conv3d)[sides - 1](*args)


def _linear(input: Tensor, weight: Tensor, bias: Any = None) -> Tensor:
    if input.shape[-1] != weight.shape[-1] or weight.dim() != 2:
        return F.linear(input, weight, bias)
    return _empty((*input.shape[:-1], weight.shape[0]), input.dtype)


def _product(input: Tensor, other: Tensor) -> Tensor:
    if min(input.dim(), other.dim()) < 2 or input.shape[-1] != other.shape[-2]:
        return torch.matmul(input, other)
    batch = input.shape[:-2]
    if other.shape[:-2] != batch:
        batch = torch.broadcast_shapes(batch, other.shape[:-2])
    return _empty((*batch, input.shape[-2], other.shape[-1]), input.dtype)


def _attention(query: Tensor, key: Tensor, value: Tensor, *args: Any, **kwargs: Any) -> Tensor:
    if query.shape[-1] != key.shape[-1] or key.shape[-2] != value.shape[-2]:
        return F.scaled_dot_product_attention(query, key, value, *args, **kwargs)
    return _empty((*query.shape[:-1], value.shape[-1]), query.dtype)


def _multi_head(
    query: Tensor, key: Tensor, value: Tensor, width: int, heads: int, *args: Any, **kwargs: Any
) -> tuple:
    if query.shape[-1] != width or key.shape[:-1] != value.shape[:-1]:
        return F.multi_head_attention_forward(query, key, value, width, heads, *args, **kwargs)
    out = _empty(query.shape, query.dtype)  # (N, B, D)
    if not kwargs.get("need_weights", True):
        return out, None
    apart = () if kwargs.get("average_attn_weights", True) else (heads,)
    batch = (query.shape[1],) if query.dim() == 3 else ()
    return out, _empty((*batch, *apart, query.shape[0], key.shape[0]), query.dtype)


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
    return (_empty((*data.shape[:-1], hidden), data.dtype), *map(_like, state))


STAND_INS: dict[Function, Function] = {
    **dict.fromkeys(SAME_SHAPE, _same_shape),
    **{f: _in_place for f in SAME_SHAPE if f.__name__.endswith("_")},
    **dict.fromkeys((F.batch_norm, torch.batch_norm), _batch_norm),
    **dict.fromkeys((F.group_norm, torch.group_norm), _group_norm),
    **{norm: _last_norm(norm) for norm in (F.layer_norm, torch.layer_norm)},
    **{norm: _last_norm(norm) for norm in (F.rms_norm, torch.rms_norm)},
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
    **dict.fromkeys((torch.cat, torch.concat, torch.concatenate), _cat),
}


def _empty(shape: Any, dtype: torch.dtype) -> Tensor:
    return torch.empty(shape, dtype=dtype, device="meta")


def _like(data: Tensor, dtype: torch.dtype | None = None) -> Tensor:
    """Return a tensor of its own that lies in memory as the data do: permuted ones stay so."""
    if dtype in (None, data.dtype):
        return data.detach()
    return torch.empty_like(data, dtype=dtype)


def _each(value: Any, count: int) -> tuple[int, ...]:
    return (value,) * count if isinstance(value, int) else tuple(value) * (count // len(value))
