"""A trace as a drawing of its data flow: what the module graph shows of each layer."""

from typing import Any

from cvexplore.trace.records import LayerRecord, Trace, role

# What brings streams together is drawn as a sign instead of a box.
_JOINS = {"add": "+", "iadd": "+", "sub": "−", "mul": "×", "imul": "×", "cat": "⧺", "stack": "⧺"}
_ACTIVATIONS = frozenset(
    {"relu", "relu6", "gelu", "silu", "swish", "mish", "sigmoid", "tanh", "hardswish", "softmax"}
    | {"hardsigmoid", "leakyrelu", "prelu", "elu", "identity", "softplus", "gelutanh"}
)
INPUT = -1  # the id of the image


def drawing(trace: Trace, example: tuple[int, ...]) -> dict[str, Any]:
    """Return the layers that ran, the blocks around them, and the edges, as JSON has them.

    A layer with no source is fed by the image if it takes what has the image's shape; else it
    works on parameters alone, as the making of a table of relative positions does. A block's
    figures are the sums over its layers, so they are left to whoever draws it.

    Args:
        trace: what was watched.
        example: the shape of the image that went in.
    """
    ran = [layer for layer in trace.layers if layer.output_shape is not None]
    fed = {end for _, end in trace.edges}
    loose = [layer for layer in ran if layer.index not in fed]
    takes_it = [layer for layer in loose if example in layer.input_shapes] or loose[:1]
    first = [[INPUT, layer.index] for layer in takes_it]
    image = {
        "id": INPUT,
        "path": "input",
        "kind": "Image",
        "look": "image",
        "sign": "",
        "shape": _sides(example),
        "parameters": 0,
        "macs": 0,
        "bytes": 0,
    }
    return {
        "nodes": [image, *(_node(layer, trace) for layer in ran)],
        "edges": [*first, *([start, end] for start, end in trace.edges)],
        "kinds": {path: kind for path, kind in trace.kinds.items() if path},
        "totals": {
            "parameters": trace.parameters,
            "macs": trace.macs,
            "bytes": trace.activation_bytes,
        },
    }


def _node(layer: LayerRecord, trace: Trace) -> dict[str, Any]:
    is_function = layer.path not in trace.kinds
    return {
        "id": layer.index,
        "path": layer.path,
        "kind": layer.kind,
        "look": look(layer),
        "sign": _JOINS.get(layer.kind, "") if is_function and len(layer.input_shapes) > 1 else "",
        "shape": _sides(layer.output_shape),
        "parameters": layer.parameters,
        "macs": layer.macs,
        "bytes": layer.activation_bytes,
    }


def look(layer: LayerRecord) -> str:
    """Return what a layer is drawn as: one of eight looks, by what it does."""
    kind = layer.kind.lower()
    if layer.kind in _JOINS:
        return "join"
    if kind in _ACTIVATIONS:
        return "activation"
    if "pool" in kind:
        return "pool"
    serves = role(layer.kind)
    return serves if serves in ("convolution", "dense", "attention", "normalisation") else "other"


def _sides(shape: tuple[int, ...] | None) -> str:
    """Return a shape without its batch."""
    return "×".join(map(str, shape[1:])) if shape else ""
