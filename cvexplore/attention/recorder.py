"""Every attention of a forward pass, told at the moment when it happens.

A ``TorchFunctionMode`` sees each function that this thread calls, and no other thread's. Attention
comes in three dresses:

* ``scaled_dot_product_attention`` is one call. Its weights are computed once more beside it; what
  the network goes on with is still its own result.
* ``multi_head_attention_forward`` reaches a mode as one opaque call. Its own code is run with the
  mode switched on again, so that the calls inside show; nothing global is changed.
* a softmax by hand. It is attention if, and only if, the axis it sums to 1 over is later summed
  over in a product with another tensor. A softmax that chooses among branches, or ends a
  classifier, never is.
"""

import math
import types
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from cvexplore.attention.by_hand import SOFTMAXES, Attended, ByHand
from cvexplore.attention.contraction import contraction
from cvexplore.attention.movements import KEEPS, by_position, name_of
from cvexplore.attention.records import Products
from cvexplore.interpret.private import private_copy


def _seen_through() -> Callable[..., Any]:
    """Return ``multi_head_attention_forward`` without its question whether somebody watches."""
    whole = F.multi_head_attention_forward
    names = dict(F.__dict__, has_torch_function=lambda tensors: False)
    code, defaults = whole.__code__, whole.__defaults__
    inner = types.FunctionType(code, names, whole.__name__, defaults, whole.__closure__)
    inner.__kwdefaults__ = whole.__kwdefaults__
    return inner


_multi_head_attention = _seen_through()


@dataclass
class Event:
    """One attention of a pass, and what the network does with it until its module returns.

    Args:
        path: the innermost module in which it happened.
        number: which of the module's attentions.
        found: its tensors.
        projection: weight and bias of the dense layer that its output goes through next.
        plain: whether only moves and that projection lie between its output and the module's.
    """

    path: str
    number: int
    found: Attended
    projection: tuple[Tensor, Tensor | None] | None = None
    plain: bool = True


class Recorder(TorchFunctionMode):
    """Tells each attention that happens while it is on, and once more when its module returns.

    Args:
        happened: given each attention when it happens.
        returned: given it again when its module has returned, and what it returned.
        with_gradients: the weights become a part of the network's graph.
        with_products: tell queries, keys and scores too.
    """

    def __init__(
        self,
        happened: Callable[[Event], None],
        returned: Callable[[Event, Any], None] = lambda event, output: None,
        *,
        with_gradients: bool = False,
        with_products: bool = False,
    ) -> None:
        super().__init__()
        self._happened, self._returned = happened, returned
        self._with_gradients, self._with_products = with_gradients, with_products
        self._by_hand = ByHand(with_products)
        self._running: list[tuple[str, list[Event]]] = [("", [])]  # modules, the innermost last
        self._counts: dict[str, int] = {}
        self._open: Event | None = None  # the last, until its module returns

    def watched(self, model: nn.Module) -> nn.Module:
        """Return a private copy whose modules tell this recorder when they run."""
        private, own = private_copy(model, [path for path, _ in model.named_modules()])
        for path, module in own.items():
            module.__dict__["forward"] = self._entering(path, module.forward)
        return private

    def _entering(self, path: str, forward: Callable[..., Any]) -> Callable[..., Any]:
        def entered(*args: Any, **kwargs: Any) -> Any:
            events: list[Event] = []
            self._running.append((path, events))
            try:
                output = forward(*args, **kwargs)
            finally:
                self._running.pop()
            for event in events:
                self._open = None
                self._returned(event, output)
            return output

        return entered

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        if func is F.multi_head_attention_forward:
            with self:
                return _multi_head_attention(*args, **kwargs)
        if func is F.scaled_dot_product_attention:
            return self._fused(*args, **kwargs)
        output = func(*args, **kwargs)
        if kwargs:
            args, kwargs = by_position(args, kwargs)
        if func in SOFTMAXES:
            if self._with_gradients and not output.requires_grad:
                output.requires_grad_()  # weights of learned queries alone have gradients too
            self._by_hand.softmax(output, args, kwargs)
            return output
        if self._open is not None:
            self._follow_out(func, args, kwargs, output)
        product = contraction(func, args)
        if product is None:
            self._by_hand.changed(func, args, output)
        elif found := self._by_hand.product(product, output):
            self._tell(found)
        return output

    def _fused(
        self,
        query: Tensor,
        key: Tensor,
        value: Tensor,
        attn_mask: Tensor | None = None,
        dropout_p: float = 0.0,
        is_causal: bool = False,
        scale: float | None = None,
        enable_gqa: bool = False,
    ) -> Tensor:
        each_key, each_value = key, value
        if enable_gqa:
            each_key = key.repeat_interleave(query.shape[-3] // key.shape[-3], -3)
            each_value = value.repeat_interleave(query.shape[-3] // value.shape[-3], -3)
        with torch.set_grad_enabled(self._with_gradients and torch.is_grad_enabled()):
            scaled = query * (query.shape[-1] ** -0.5 if scale is None else scale)
            scores = scaled @ each_key.transpose(-2, -1)
            if is_causal:
                later = torch.ones(scores.shape[-2:], dtype=torch.bool, device=scores.device)
                scores = scores.masked_fill(later.triu(1), -math.inf)
            if attn_mask is not None and attn_mask.dtype == torch.bool:
                scores = scores.masked_fill(~attn_mask, -math.inf)
            elif attn_mask is not None:
                scores = scores + attn_mask
            weights = scores.softmax(-1, dtype=torch.promote_types(scores.dtype, torch.float32))
            if attn_mask is not None:
                blind = weights[..., :1].isnan() & (scores[..., :1] == -math.inf)
                if blind.any():  # a query that may see nothing gathers nothing
                    weights = weights.masked_fill(blind, 0)
        if self._with_gradients:  # so that what follows depends on these very weights
            if not weights.requires_grad:
                weights.requires_grad_()
            output = weights.to(value.dtype) @ each_value
        else:
            output = F.scaled_dot_product_attention(
                query,
                key,
                value,
                attn_mask,
                dropout_p,
                is_causal,
                scale=scale,
                enable_gqa=enable_gqa,
            )
        products = None
        if self._with_products:
            dots = query @ each_key.transpose(-2, -1)
            products = Products(query, each_key, dots, scores)
        self._tell(Attended(weights, None, each_value, output, products))
        return output

    def _tell(self, found: Attended) -> None:
        path, events = self._running[-1]
        number = self._counts.get(path, 0)
        self._counts[path] = number + 1
        event = Event(path, number, found)
        events.append(event)
        self._open = event
        self._happened(event)

    def _follow_out(self, func: Any, args: Any, kwargs: dict[str, Any], output: Any) -> None:
        """Note what the module does with its last attention before it returns."""
        event = self._open
        assert event is not None
        if func is F.linear and event.projection is None:
            weight, bias = args[1], kwargs.get("bias", args[2] if len(args) > 2 else None)
            event.projection = (weight, bias)
            event.plain &= args[0].numel() == event.found.output.numel()
        elif isinstance(output, Tensor) and name_of(func) not in KEEPS:
            event.plain = False
