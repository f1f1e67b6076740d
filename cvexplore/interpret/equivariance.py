"""How a layer and the prediction follow when the image is changed.

A layer f is equivariant to a change T that moves things if its maps move along, f(T x) = T f(x),
and invariant to any change if its maps stay as they were, f(T x) = f(x). Few layers are either
exactly. How far off they are is the relative difference ‖a − b‖ / ‖b‖ of a = f(T x) from b, what it
should be.

Source: Lenc & Vedaldi, "Understanding image representations by measuring their equivariance and
    equivalence", 2015, arXiv:1411.5908; for shifts Zhang, "Making convolutional networks
    shift-invariant again", 2019, arXiv:1904.11486.
"""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from cvexplore.interpret.activations import Capture, capture, maps_at
from cvexplore.interpret.changes import Change, Motion, moved

_KNOWN = 0.999  # of a cell that lies inside the moved map but for rounding
_PATCHES = (0.89, 1.2)  # a stride this near to a power of two is one, seen through padding


@dataclass(frozen=True)
class Difference:
    """How far a layer's maps of the changed image are from those of the original.

    Args:
        moved: from the original's moved along: the error of equivariance, 0 if exact. None where
            the change moves nothing, or the layer keeps no places, or no place is known.
        unmoved: from the original's as they were: the error of invariance, 0 if exact.
    """

    moved: float | None
    unmoved: float


@dataclass(frozen=True)
class Effect:
    """What a change does to a classifier's answer.

    Args:
        probability: of the class that was likeliest for the original.
        distance: total variation between the classes' probabilities, half the sum of their
            absolute differences: 0 alike, 1 no class in common.
        kept: whether that class is still the likeliest.
    """

    probability: float
    distance: float
    kept: bool


@dataclass(frozen=True)
class Response:
    """How layers, by path, and the prediction respond to one change.

    ``effect`` is None for networks that do not return one score a class.
    """

    layers: Mapping[str, Difference]
    effect: Effect | None


@dataclass(frozen=True)
class Baseline:
    """The original image and what the network makes of it.

    Args:
        square: what the network sees, before its values are normalised. Shape: (1, C, H, W), 0..1
        normalise: what is done to values before the network takes them.
        seen: the forward pass of the original.
    """

    square: Tensor
    normalise: Callable[[Tensor], Tensor]
    seen: Capture


@dataclass(frozen=True)
class Followed:
    """One layer's maps of a changed image beside those that perfect equivariance would give.

    Args:
        response: the same in numbers.
        output: what the network returned for the changed image.
        maps: of the changed image. Shape: (C, h, w)
        expected: of the original, moved along; zero where they are unknown. Shape: (C, h, w)
        known: where ``expected`` is known. Shape: (h, w), bool
    """

    response: Response
    output: Any
    maps: Tensor
    expected: Tensor
    known: Tensor


def baseline(
    model: nn.Module,
    square: Tensor,
    normalise: Callable[[Tensor], Tensor],
    layers: Sequence[str],
) -> Baseline:
    """Return what the network makes of the original at these layers."""
    return Baseline(square, normalise, capture(model, normalise(square), layers))


def responses(
    model: nn.Module, original: Baseline, changes: Sequence[Change], *, batch: int = 8
) -> Iterator[Response]:
    """Yield the response to each change, in their order; ``batch`` of them in one forward pass.

    Raises:
        LayerError: a layer was not called, or what it returned is not maps.
    """
    for start in range(0, len(changes), batch):
        some = changes[start : start + batch]
        seen = _seen(model, original, some)
        for place, change in enumerate(some):
            yield _response(model, original, seen, change, place)


def followed(model: nn.Module, original: Baseline, change: Change, layer: str) -> Followed:
    """Return one layer's maps of the changed image and what perfect equivariance would give.

    Raises:
        LayerError: the layer was not called, or what it returned is not maps.
    """
    seen = _seen(model, original, [change])
    expected, known = _along(maps_at(original.seen, layer, model).maps, original, change)
    return Followed(
        response=_response(model, original, seen, change, 0),
        output=seen.output,
        maps=maps_at(seen, layer, model).maps[0],
        expected=(expected * known)[0],
        known=known,
    )


def _seen(model: nn.Module, original: Baseline, changes: Sequence[Change]) -> Capture:
    squares = torch.cat([change(original.square) for change in changes])
    return capture(model, original.normalise(squares), list(original.seen.layers))


def _response(
    model: nn.Module, original: Baseline, seen: Capture, change: Change, place: int
) -> Response:
    differences = {}
    for layer in original.seen.layers:
        before = maps_at(original.seen, layer, model).maps
        after = maps_at(seen, layer, model).maps[place : place + 1]
        differences[layer] = _difference(before, after, original, change)
    return Response(differences, _effect(original.seen.output, seen.output, place))


# ------------------------------------------------------------------ a layer


def _difference(before: Tensor, after: Tensor, original: Baseline, change: Change) -> Difference:
    unmoved = relative_difference(after, before)
    if change.motion is None or before.shape[-2:] == (1, 1):
        return Difference(None, unmoved)
    expected, known = _along(before, original, change)
    if not known.any():
        return Difference(None, unmoved)
    return Difference(relative_difference(after[..., known], expected[..., known]), unmoved)


def _along(maps: Tensor, original: Baseline, change: Change) -> tuple[Tensor, Tensor]:
    """Return the original's maps moved as the image was, and where they are known.

    Shape: (1, C, h, w) -> (1, C, h, w) and (h, w)
    """
    if change.motion in (None, Motion()) or maps.shape[-2:] == (1, 1):
        return maps, maps.new_ones(maps.shape[-2:], dtype=torch.bool)
    expected, known = moved(maps, change.motion, stride(original.square.shape[-1], maps.shape[-1]))
    return expected, known[0, 0] > _KNOWN


def stride(side: int, cells: int) -> float:
    """Return the pixels from one cell of a map to the next, told from the sides alone.

    Convolutions at the border lose or add cells, so that the quotient of the sides is not quite it;
    but strides are powers of two, except for those of patches, which fit exactly.
    """
    quotient = side / cells
    power = 2.0 ** round(math.log2(quotient))
    return power if _PATCHES[0] < quotient / power < _PATCHES[1] else quotient


def relative_difference(a: Tensor, b: Tensor) -> float:
    """Return ‖a − b‖ / ‖b‖: 0 for equal tensors, infinite if only b is zero everywhere."""
    difference, size = (a - b).double().norm().item(), b.double().norm().item()
    return difference / size if size else (0.0 if not difference else math.inf)


# ------------------------------------------------------------------ the prediction


def _effect(before: Any, after: Any, place: int) -> Effect | None:
    if not isinstance(before, Tensor) or before.dim() != 2:
        return None
    old, new = before[0].double().softmax(0), after[place].double().softmax(0)
    likeliest = int(old.argmax())
    return Effect(
        probability=new[likeliest].item(),
        distance=0.5 * (new - old).abs().sum().item(),
        kept=int(new.argmax()) == likeliest,
    )
