"""Questions about a whole network that its trace answers: depth, receptive field, stages."""

import math
from dataclasses import dataclass

from cvexplore.trace.records import LayerRecord, Shape, Trace

_PRODUCTS = frozenset({"matmul", "mm", "bmm", "baddbmm", "einsum"})
_FUSED = "scaled_dot_product_attention"
_SOFTMAX = frozenset({"softmax", "Softmax"})


def depth(trace: Trace) -> int:
    """Return the most weighted layers on a way through the network, as papers count them.

    Convolutions and dense layers count, an attention layer twice (into queries, keys and values,
    and out of the heads); normalisation does not, nor do products of data with data.
    """
    sources = _sources(trace)
    longest: list[int] = []
    for layer in trace.layers:
        before = max(
            (longest[each] for each in sources[layer.index] if each < layer.index), default=0
        )
        longest.append(before + _weighted(layer))
    return max(longest, default=0)


def _weighted(layer: LayerRecord) -> int:
    if not layer.macs or layer.kind in _PRODUCTS or layer.kind == _FUSED:
        return 0
    return 2 if "Attention" in layer.kind else 1


def attention_layers(trace: Trace) -> int:
    """Return how many layers weigh data by a softmax of products of data."""
    sources = _sources(trace)
    users: dict[int, list[int]] = {}
    for start, end in trace.edges:
        users.setdefault(start, []).append(end)
    whole = sum(
        layer.kind == _FUSED or ("Attention" in layer.kind and layer.macs > 0)
        for layer in trace.layers
    )
    return whole + sum(
        layer.kind in _SOFTMAX
        and _meets_product(trace, layer.index, sources)
        and _meets_product(trace, layer.index, users)
        for layer in trace.layers
    )


def _meets_product(trace: Trace, start: int, onwards: dict[int, list[int]]) -> bool:
    """Say whether a product is near, past what computes nothing, or one mixing of the heads."""
    waiting, seen = [(start, 0)], {start}
    while waiting:
        place, mixed = waiting.pop()
        for each in onwards.get(place, ()):
            layer = trace.layers[each]
            if layer.kind in _PRODUCTS:
                return True
            also = mixed + (layer.macs > 0)
            if each not in seen and also < 2:
                seen.add(each)
                waiting.append((each, also))
    return False


def receptive_field(trace: Trace) -> int | None:
    """Return the pixels a side of the image that one place of the last map sees, in theory.

    None where that is not a part of the image, or cannot be told: where maps are weighed by what
    the whole image holds (squeeze-and-excitation), or have become tokens that attend to each other.

    Source: Araujo, Norris, Sim, "Computing Receptive Fields of Convolutional Neural Networks",
        Distill, 2019.
    """
    ran = [layer for layer in trace.layers if layer.output_shape is not None]
    if any(each.receptive_field is None and not _is_vector(each.output_shape) for each in ran):
        return None
    return max((each.receptive_field or 0 for each in ran), default=0) or None


def _is_vector(shape: Shape | None) -> bool:
    return shape is None or math.prod(shape[2:]) == 1 or math.prod(shape[1:-1]) == 1


@dataclass(frozen=True)
class Stage:
    """All layers that work at one resolution.

    Args:
        resolution: (H, W) of their maps, (T, H, W) of clips, (N,) of tokens, () of vectors.
        channels: of the last block that leaves such maps.
        layers: how many they are.
        parameters: what they learn.
        macs: their multiply-adds.
        activation_bytes: what they write.
    """

    resolution: Shape
    channels: int
    layers: int
    parameters: int
    macs: int
    activation_bytes: int


def stages(trace: Trace) -> tuple[Stage, ...]:
    """Return the network's layers by the resolution they work at, in the order they are reached.

    Convolutions, pools and normalisations say what the resolution is; all else, such as a gate of
    one number a channel or the products of an attention, belongs to the stage it stands in. Layers
    that did not run stand in none.
    """
    groups: dict[Shape, list[LayerRecord]] = {}
    ran = [layer for layer in trace.layers if layer.input_shapes or layer.output_shape]
    last = max((place for place, each in enumerate(ran) if _resolution(each)), default=-1)
    current: Shape = ()
    for place, layer in enumerate(ran):
        current = _resolution(layer) or (current if place <= last else ())
        groups.setdefault(current, []).append(layer)
    widths = {_resolution(block) or (): _channels(block) for block in trace.folded(2).layers}
    return tuple(
        Stage(
            resolution=resolution,
            channels=widths.get(resolution, _channels(group[-1])),
            layers=len(group),
            parameters=sum(layer.parameters for layer in group),
            macs=sum(layer.macs for layer in group),
            activation_bytes=sum(layer.activation_bytes for layer in group),
        )
        for resolution, group in groups.items()
    )


def _resolution(layer: LayerRecord) -> Shape | None:
    """Return the (H, W), (T, H, W) or (N,) a layer's output shows that it works at, if it does."""
    shape = layer.output_shape
    shows = any(word in layer.kind for word in ("Conv", "Norm", "Pool")) or layer.depth <= 2
    if not shape or not shows or _is_vector(shape) or shape[0] != 1:
        return None
    if len(shape) == 3:
        return (shape[1],)
    if _is_channels_last(shape):
        return shape[1:3]
    return None if "LayerNorm" in layer.kind and len(shape) == 4 else shape[2:]


def _channels(layer: LayerRecord) -> int:
    shape = layer.output_shape
    if shape is None or _is_vector(shape):
        return max(shape or (0,))
    return shape[-1] if len(shape) == 3 or _is_channels_last(shape) else shape[1]


def _is_channels_last(shape: Shape) -> bool:
    return len(shape) == 4 and shape[1] == shape[2] != shape[3]


def _sources(trace: Trace) -> dict[int, list[int]]:
    found: dict[int, list[int]] = {layer.index: [] for layer in trace.layers}
    for start, end in trace.edges:
        found[end].append(start)
    return found
