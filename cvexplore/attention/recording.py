"""All attention of one forward pass, by window and head, and proof that it is what was used."""

from collections.abc import Collection
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor, nn

from cvexplore.attention.checks import gathered, relative_error, row_sum_error, stitched_error
from cvexplore.attention.locating import Locations, locate
from cvexplore.attention.recorder import Event, Recorder
from cvexplore.attention.records import AttentionLayer, Located, Products, Recording
from cvexplore.errors import LayerError

CAP = 512 * 2**20
"""Bytes of attention weights that one recording keeps unless it is asked for certain layers."""


def record(
    model: nn.Module,
    image: Tensor,
    *,
    locations: Locations | None = None,
    layers: Collection[str] | None = None,
    check: bool = True,
    target: int | None = None,
    with_products: bool = False,
    cap: int = CAP,
) -> Recording:
    """Run the network once and return the attention of its layers.

    Several threads may record on one network at once; it is left as it is.

    Args:
        model: the network, in evaluation mode.
        image: Shape: (1, C, H, W), or (1, C, T, H, W) of a clip
        locations: what ``locate`` said of this network and size of image.
        layers: names of layers to keep; None keeps all that the cap leaves room for.
        check: compute how exactly each layer's real output follows from its weights.
        target: also return the gradient of this class's score with respect to all weights.
        with_products: keep queries, keys and scores too, of which only few layers should be asked.
        cap: bytes of weights to keep at most, if no layers are named.

    Raises:
        LayerError: the network computes no attention, or none of these names; there are several
            images, or ``locations`` are of another size.
    """
    if locations is None:
        locations = locate(model, image)
    _ask_for_the_same_size(locations, image)
    wanted, left_out = _chosen(locations, layers, cap * (1 if target is None else 0.5))
    events: dict[str, Event] = {}
    found: dict[str, AttentionLayer] = {}
    by_queries: dict[str, Tensor] = {}  # what they gathered, until their module returns

    def happened(event: Event) -> None:
        where = locations.get((event.path, event.number))
        if where is not None and where.name in wanted:
            layer = _layer(event, where, check)
            if target is not None:
                events[where.name] = event
            if check:  # at once: a network may add to its output in place
                by_queries[where.name] = by_query = gathered(layer)
                real = where.arranged(event.found.output.detach())
                layer = replace(layer, reconstruction_error=relative_error(by_query, real))
            found[where.name] = layer

    def returned(event: Event, output: Any) -> None:
        where = locations.get((event.path, event.number))
        if check and where is not None and where.name in wanted:
            error = stitched_error(where, event, by_queries.pop(where.name), output)
            found[where.name] = replace(found[where.name], stitched_error=error)

    recorder = Recorder(
        happened, returned, with_gradients=target is not None, with_products=with_products
    )
    with torch.set_grad_enabled(target is not None), recorder:
        output = recorder.watched(model)(image.clone().requires_grad_(target is not None))
    if target is not None:
        found = _with_gradients(found, events, locations, output, target)
    return Recording(_detached(output), tuple(found.values()), left_out, tuple(image.shape))


def _ask_for_the_same_size(locations: Locations, image: Tensor) -> None:
    for each in locations.values():
        if len(image) != 1 or tuple(image.shape[2:]) != each.sides:
            raise LayerError(
                f"Attention was located for one image of {' x '.join(map(str, each.sides))}; "
                f"this is of shape {tuple(image.shape)}. Locate it for this size."
            )


def _chosen(
    locations: Locations, layers: Collection[str] | None, cap: float
) -> tuple[set[str], tuple[str, ...]]:
    """Return the names of the layers to keep, and of those that the cap leaves out."""
    names = [each.name for each in locations.values()]
    if not names:
        raise LayerError(
            "This network computes no attention weights: no softmax whose result averages values."
        )
    if layers is not None:
        unknown = sorted(set(layers) - set(names))
        if unknown:
            known = ", ".join(names[:3])
            raise LayerError(f"{unknown[0]} computes no attention here; {known} … do.")
        return set(layers), ()
    wanted, size = set(), 0
    for each in locations.values():
        size += each.bytes
        if size <= cap:
            wanted.add(each.name)
    return wanted, tuple(name for name in names if name not in wanted)


def _layer(event: Event, where: Located, check: bool) -> AttentionLayer:
    found = event.found
    weights, values = where.arranged(found.weights.detach()), where.arranged(found.values.detach())
    applied = None if found.applied is None else where.arranged(found.applied.detach())
    products = found.products and _arranged(found.products, where)
    return AttentionLayer(
        path=event.path,
        number=event.number,
        kind=where.kind,
        places=where.places,
        weights=_kept(weights),
        values=_kept(values),
        applied=None if applied is None else _kept(applied),
        row_sum_error=row_sum_error(found.weights.detach()) if check else None,
        products=products,
    )


def _kept(tensor: Tensor) -> Tensor:
    """Return a copy in full precision: what the network holds it may overwrite."""
    return tensor.to(torch.float32, copy=True) if tensor.dtype != torch.float64 else tensor.clone()


def _arranged(products: Products, where: Located) -> Products:
    def arranged(tensor: Tensor | None) -> Tensor | None:
        return None if tensor is None else where.arranged(tensor.detach())

    scores = arranged(products.scores)
    assert scores is not None
    return Products(
        arranged(products.queries), arranged(products.keys), arranged(products.dots), scores
    )


def _with_gradients(
    found: dict[str, AttentionLayer],
    events: dict[str, Event],
    locations: Locations,
    output: Any,
    target: int,
) -> dict[str, AttentionLayer]:
    scores = class_scores(output)
    attended = [events[name].found for name in found]
    sources = [each.weights if each.source is None else each.source for each in attended]
    gradients = torch.autograd.grad(scores[0, target], sources, allow_unused=True)
    where = {each.name: each for each in locations.values()}
    return {
        name: replace(
            layer,
            gradients=torch.zeros_like(layer.weights)
            if gradient is None
            else where[name].arranged(each.by_query(gradient)),
        )
        for (name, layer), each, gradient in zip(found.items(), attended, gradients, strict=True)
    }


def class_scores(output: Any) -> Tensor:
    """Return a classifier's scores. Shape: (1, classes)

    Raises:
        LayerError: the network does not return one score a class.
    """
    if isinstance(output, (tuple, list)):
        output = output[0]
    if not isinstance(output, Tensor) or output.dim() != 2:
        raise LayerError("This network returns no class scores, so no class can be asked about.")
    return output


def _detached(output: Any) -> Any:
    if isinstance(output, Tensor):
        return output.detach()
    if isinstance(output, dict):
        return {key: _detached(value) for key, value in output.items()}
    if isinstance(output, (tuple, list)):
        return tuple(_detached(each) for each in output)
    return output
