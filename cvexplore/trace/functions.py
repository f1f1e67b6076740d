"""What a function does to data, and how many multiply-adds it takes.

Multiply-adds follow torchvision's tables: convolutions, dense layers and matrix products count,
attention's included; additions, normalisation and activations do not.
"""

import math
from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import flop_registry

Function = Callable[..., Any]


def _named(names: str, *owners: Any) -> frozenset[Function]:
    return frozenset(
        getattr(owner, name) for owner in owners for name in names.split() if hasattr(owner, name)
    )


# The data only moves: to a person following it, the output still is the layer before.
MOVES = _named(
    """
    reshape reshape_as view view_as flatten unflatten squeeze unsqueeze permute transpose t movedim
    swapaxes swapdims contiguous clone detach expand expand_as broadcast_to chunk split unbind
    tensor_split narrow select index_select unfold roll flip rot90 repeat tile repeat_interleave to
    type type_as float half bfloat16 double requires_grad_ __getitem__ cpu cuda ravel hsplit vsplit
    """,
    torch,
    Tensor,
) | {F.pad}

# The values of the input do not reach the output, only its shape or type.
ASKS = _named(
    """
    size dim numel ndimension stride is_floating_point is_complex zeros ones empty full arange
    linspace meshgrid zeros_like ones_like empty_like full_like rand_like randn_like new_zeros
    new_ones new_empty new_full eye tril triu fill_ zero_ eq ne lt gt le ge __eq__ __ne__ __lt__
    __gt__ __le__ __ge__ logical_not logical_and logical_or masked_fill_ _assert
    """,
    torch,
    Tensor,
)

# The output has the shape of the first tensor, and is new memory unless in place.
SAME_SHAPE = _named(
    """
    batch_norm layer_norm group_norm instance_norm rms_norm local_response_norm normalize relu relu_
    relu6 gelu silu mish elu elu_ selu celu leaky_relu leaky_relu_ rrelu hardtanh hardswish
    hardsigmoid sigmoid sigmoid_ logsigmoid tanh tanh_ softplus softsign softmax log_softmax softmin
    dropout dropout_ dropout1d dropout2d dropout3d alpha_dropout feature_dropout exp log sqrt rsqrt
    square abs neg sin cos erf round floor
    """,
    F,
    torch,
    Tensor,
)

ARITHMETIC = _named(
    """
    add sub mul div add_ sub_ mul_ div_ __add__ __radd__ __iadd__ __sub__ __rsub__ __isub__ __mul__
    __rmul__ __imul__ __truediv__ __rtruediv__ __itruediv__ true_divide maximum minimum
    """,
    torch,
    Tensor,
)

# None of these multiplies and adds; whatever is in no set of this file is counted op by op.
FREE = (
    MOVES
    | ASKS
    | SAME_SHAPE
    | ARITHMETIC
    | _named(
        """
        max_pool1d max_pool2d max_pool3d avg_pool1d avg_pool2d avg_pool3d interpolate
        adaptive_avg_pool1d adaptive_avg_pool2d adaptive_avg_pool3d adaptive_max_pool2d mean sum
        amax amin max min std var cat concat stack where pixel_shuffle pixel_unshuffle
        channel_shuffle grid_sample embedding argmax topk __setitem__ pow __pow__ norm cumsum outer
        gather masked_fill clamp clamp_ prelu
        """,
        F,
        torch,
        Tensor,
    )
)

# ------------------------------------------------------------------ multiply-adds


def _convolution_macs(args: tuple, kwargs: dict, out: Tensor) -> int:
    weight = argument(args, kwargs, 1, "weight")
    return out.numel() * weight[0].numel()


def _transposed_macs(args: tuple, kwargs: dict, out: Tensor) -> int:
    data, weight = argument(args, kwargs, 0, "input"), argument(args, kwargs, 1, "weight")
    return data.numel() * weight[0].numel()


def _linear_macs(args: tuple, kwargs: dict, out: Tensor) -> int:
    return out.numel() * argument(args, kwargs, 1, "weight").shape[-1]


def _product_macs(args: tuple, kwargs: dict, out: Tensor) -> int:
    left = argument(args, kwargs, 0, "input")
    return out.numel() * left.shape[-1]


def _added_product_macs(args: tuple, kwargs: dict, out: Tensor) -> int:
    return out.numel() * args[1].shape[-1]


def _attention_macs(args: tuple, kwargs: dict, out: Tensor) -> int:
    query, key = argument(args, kwargs, 0, "query"), argument(args, kwargs, 1, "key")
    scores = math.prod(query.shape[:-1]) * key.shape[-2]
    return scores * query.shape[-1] + scores * out.shape[-1]


def _multi_head_macs(args: tuple, kwargs: dict, out: tuple) -> int:
    query, key, value = args[:3]  # (N, B, D), and keys of (M, B, D)
    width = query.shape[-1]
    queries, keys = query.numel() // width, key.numel() // key.shape[-1]
    into = queries * width**2 + keys * width * (key.shape[-1] + value.shape[-1])
    scores = queries * key.shape[0] * width  # over all heads
    return into + 2 * scores + queries * width**2


def _recurrent_macs(args: tuple, kwargs: dict, out: tuple) -> int:
    data, weights = args[0], args[2]
    steps = data.numel() // data.shape[-1]
    return steps * sum(weight.numel() for weight in weights if weight.dim() == 2)


MACS: dict[Function, Callable[[tuple, dict, Any], int]] = {
    **dict.fromkeys((F.conv1d, F.conv2d, F.conv3d), _convolution_macs),
    **dict.fromkeys((F.conv_transpose1d, F.conv_transpose2d, F.conv_transpose3d), _transposed_macs),
    F.linear: _linear_macs,
    **dict.fromkeys(
        (
            torch.matmul,
            torch.bmm,
            torch.mm,
            Tensor.matmul,
            Tensor.__matmul__,
            Tensor.bmm,
            Tensor.mm,
        ),
        _product_macs,
    ),
    **dict.fromkeys(
        (torch.addmm, torch.baddbmm, Tensor.addmm, Tensor.baddbmm), _added_product_macs
    ),
    F.scaled_dot_product_attention: _attention_macs,
    F.multi_head_attention_forward: _multi_head_macs,
    torch.lstm: _recurrent_macs,
    torch.gru: _recurrent_macs,
}


class OpCounter(TorchDispatchMode):
    """Multiply-adds of whatever runs inside, by torch's own formulas, operation by operation."""

    def __init__(self) -> None:
        super().__init__()
        self.macs = 0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """Run one operation; let one that has no formula fall apart into those that have."""
        kwargs = kwargs or {}
        formula = flop_registry.get(func._overloadpacket)
        if formula is None and func is not torch.ops.prim.device.default:
            with self:
                result = func.decompose(*args, **kwargs)
            if result is not NotImplemented:
                return result
        result = func(*args, **kwargs)
        if formula is not None:
            self.macs += formula(*args, **kwargs, out_val=result) // 2
        return result


def argument(args: tuple, kwargs: dict, place: int, name: str) -> Any:
    """Return an argument that may have been given by place or by name."""
    return args[place] if len(args) > place else kwargs[name]
