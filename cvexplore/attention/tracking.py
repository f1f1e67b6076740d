"""Where on the image every number of a forward pass comes from.

A picture of the pixels' own numbers is taken through the pass beside the image: what a network does
to move numbers (cut patches, cut windows, shift, pad, join, pick) is done to that picture too.
Convolutions and pooling keep, for each of their cells, the pixel in its middle. So tokens know
their place in any network, without a word about its architecture.
"""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.overrides import TorchFunctionMode
from torch.utils.weak import WeakIdKeyDictionary

from cvexplore.attention.contraction import Contraction, contraction
from cvexplore.attention.movements import JOINS, MOVES, by_position, name_of

NO_PLACE = -1.0
NOTHING = 0.0
"""What padding fills in; so pixels count from 1."""

_SUMMARIES = frozenset("mean sum amax amin max min norm std var logsumexp".split())
_LAYERS = ("conv", "batch_norm", "layer_norm", "group_norm", "rms_norm", "max_pool", "avg_pool")
_UNPLACED = frozenset("argmax argmin topk sort argsort size numel dim as_strided".split())
_REFUSED = (RuntimeError, TypeError, ValueError, IndexError)


@dataclass(frozen=True)
class Origins:
    """Where the numbers of a tensor come from.

    Args:
        of: for each number, its pixel's number from 1, ``NO_PLACE``, or ``NOTHING`` for padding;
            a product of two tensors has one for each factor. Shapes: that of the tensor
        product: whether it was computed from a product of two tensors that both follow the image.
    """

    of: tuple[Tensor, ...]
    product: bool = False

    def by_a_layer(self) -> "Origins":
        """Return them as of what a layer with weights made: no product, but if it has two sides."""
        return replace(self, product=self.product and len(self.of) > 1)


class Tracker(TorchFunctionMode):
    """Follows the pixels of an image through whatever runs while it is on.

    Args:
        image: Shape: (1, C, H, W), or (1, C, T, H, W) of a clip
    """

    def __init__(self, image: Tensor) -> None:
        super().__init__()
        self._known: Any = WeakIdKeyDictionary()
        sides = image.shape[2:]
        pixels = torch.arange(1, sides.numel() + 1, dtype=torch.float32, device=image.device)
        self._known[image] = Origins((pixels.view(1, 1, *sides).expand(image.shape),))

    def origins(self, tensor: Tensor) -> Origins | None:
        """Return where a tensor's numbers come from; None if nothing in it follows the image."""
        return self._known.get(tensor)

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        output = func(*args, **(kwargs or {}))
        args, kwargs = by_position(args, kwargs or {})
        known = list(self._known_in(args))
        if known:
            with suppress(*_REFUSED):  # a movement we do not know: what it moves loses its place
                self._follow(func, args, kwargs, output, known)
        return output

    def _known_in(self, args: tuple[Any, ...]) -> Iterator[tuple[Tensor, Origins]]:
        for each in args:
            if isinstance(each, (list, tuple)):
                yield from self._known_in(tuple(each))
            elif isinstance(each, Tensor) and each in self._known:
                yield each, self._known[each]

    def _follow(
        self,
        func: Any,
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
        output: Any,
        known: list[tuple[Tensor, Origins]],
    ) -> None:
        name = name_of(func)
        if name in JOINS:
            self._known[output] = self._joined(func, args, kwargs)
        elif name in MOVES and isinstance(args[0], Tensor):
            if args[0] in self._known:
                self._moved(func, args, kwargs, output)
        elif name == "__setitem__":
            self._written(*args)
        elif name in _SUMMARIES:
            self._summed_up(args, kwargs, output)
        elif not isinstance(output, Tensor) or name in _UNPLACED:
            return
        elif name.startswith("new_") or name.endswith("_like"):
            return  # of the same shape, but of other numbers
        elif name in ("to", "type_as") and args[0] not in self._known:
            return  # only the kind of numbers is taken from the image's
        elif func is F.linear:
            made = _each(known[0][1], lambda of: of[..., :1].expand(output.shape))
            self._known[output] = made.by_a_layer()
        elif func is F.scaled_dot_product_attention:
            asked = self._known.get(args[0])
            if asked is not None:
                self._known[output] = _each(asked, lambda of: of[..., :1].expand(output.shape))
        elif product := contraction(func, args):
            if found := self._multiplied(product, output):
                self._known[output] = found
        elif found := _alike(known, output):
            self._known[output] = found.by_a_layer() if name.startswith(_LAYERS) else found

    def _moved(self, func: Any, args: tuple, kwargs: dict[str, Any], output: Any) -> None:
        def move(of: Tensor) -> Any:
            if func.__name__ in ("view", "reshape") and not isinstance(args[1], torch.dtype):
                return of.reshape(*args[1:], **kwargs)
            rest = {key: value for key, value in kwargs.items() if key != "value"}
            return func(of, *args[1:3] if func is F.pad else args[1:], **rest)

        origins = self._known[args[0]]
        moved = [move(of) for of in origins.of]
        if isinstance(output, Tensor):
            self._known[output] = Origins(tuple(moved), origins.product)
        else:
            for part, of in zip(output, zip(*moved, strict=True), strict=True):
                self._known[part] = Origins(of, origins.product)

    def _written(self, into: Tensor, at: Any, what: Any) -> None:
        """Let what is written into a part of a tensor keep its places there."""
        if not isinstance(what, Tensor) or what.dim() == 0:
            return
        new, old = self._known.get(what), self._known.get(into)
        blank = torch.where(into == 0, NOTHING, NO_PLACE)
        of = old.of[0].clone() if old else blank
        of[at] = new.of[0] if new else NO_PLACE
        self._known[into] = Origins((of,), any(each.product for each in (new, old) if each))

    def _summed_up(self, args: Any, kwargs: dict[str, Any], output: Any) -> None:
        """Let a mean or largest of some tokens stand where their first stood; of all, nowhere."""
        output = output if isinstance(output, Tensor) else output[0]
        axes = kwargs.get("dim", kwargs.get("axis", args[1] if len(args) > 1 else None))
        if axes is None or args[0] not in self._known:
            return
        axes = {axis % args[0].dim() for axis in ([axes] if isinstance(axes, int) else axes)}
        origins = self._known[args[0]]
        kept = [_without(of, axes, keep=output.dim() == of.dim()) for of in origins.of]
        if all(of[of > NOTHING].unique().numel() > 1 for of in kept):
            self._known[output] = Origins(tuple(kept), origins.product)

    def _joined(self, func: Any, args: tuple, kwargs: dict[str, Any]) -> Origins:
        parts = [(each, self._known.get(each)) for each in args[0]]
        most = max(len(origins.of) for _, origins in parts if origins)

        def nth(number: int) -> list[Tensor]:
            return [
                origins.of[number]
                if origins and number < len(origins.of)
                else torch.full_like(each, NO_PLACE, dtype=torch.float32)
                for each, origins in parts
            ]

        of = tuple(func(nth(number), *args[1:], **kwargs) for number in range(most))
        return Origins(of, any(origins.product for _, origins in parts if origins))

    def _multiplied(self, product: Contraction, output: Tensor) -> Origins | None:
        """Return the origins that a product keeps: those alike along what is summed."""
        sides = ((product.left, product.of_left), (product.right, product.of_right))
        kept: list[Tensor] = []
        for factor, labels in sides:
            origins = self._known.get(factor)
            for of in origins.of if origins else ():
                summed = [axis for axis, label in enumerate(labels) if label in product.summed]
                if not any(varies(of, axis) for axis in summed):
                    kept.append(_laid_out(of, labels, product.of_result, output))
        if len(kept) == 2 and torch.equal(kept[0], kept[1]):
            return Origins((kept[0],))  # place by place
        both = all(not isinstance(f, torch.nn.Parameter) for f, _ in sides)
        return Origins(tuple(kept[:2]), product=both) if kept else None


def varies(of: Tensor, axis: int) -> bool:
    """Say whether places differ along an axis."""
    return of.shape[axis] > 1 and bool((of.narrow(axis, 0, 1) != of).any())


def _laid_out(of: Tensor, labels: str, result: str, output: Tensor) -> Tensor:
    """Return a factor's origins by the axes of the product."""
    for axis in reversed(range(len(labels))):
        if labels[axis] not in result:
            of, labels = of.select(axis, 0), labels[:axis] + labels[axis + 1 :]
    kept = sorted(labels, key=result.index)
    of = of.permute([labels.index(each) for each in kept])
    for axis, label in enumerate(result):
        if label not in labels:
            of = of.unsqueeze(axis)
    return of.expand(output.shape)


def _alike(known: list[tuple[Tensor, Origins]], output: Tensor) -> Origins | None:
    """Return the origins of what a function computed place by place."""
    same = [origins for tensor, origins in known if tensor.shape == output.shape]
    if same:
        return max(same, key=lambda origins: len(origins.of))
    if len(known) == 2 and all(tensor.dim() == output.dim() for tensor, _ in known):
        of = tuple(origins.of[0].expand(output.shape) for _, origins in known)
        return Origins(of, product=True)  # each of the one with each of the other
    tensor, origins = known[0]
    sides = list(zip(tensor.shape, output.shape, strict=False))
    if tensor.dim() == output.dim() >= 3 and any(have not in (1, now) for have, now in sides):
        return _each(origins, lambda of: _resampled(of, output))
    return _each(origins, lambda of: of.expand(output.shape))


def _without(of: Tensor, axes: set[int], keep: bool) -> Tensor:
    for axis in sorted(axes, reverse=True):
        of = of.narrow(axis, 0, 1) if keep else of.select(axis, 0)
    return of


def _resampled(of: Tensor, output: Tensor) -> Tensor:
    """Return, for each cell of a convolution's or pooling's maps, the pixel in its middle."""
    of = of[:, :1]
    for axis in range(2, output.dim()):
        size, cells = of.shape[axis], output.shape[axis]
        if size != cells:
            middles = ((torch.arange(cells) + 0.5) * (size / cells)).long()
            of = of.index_select(axis, middles.to(of.device))
    return of.expand(output.shape)


def _each(origins: Origins, change: Any) -> Origins:
    return Origins(tuple(change(of) for of in origins.of), origins.product)
