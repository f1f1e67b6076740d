"""What comes of a design's layers: shapes, parameters and multiply-adds, or why one does not fit.

Nothing here needs memory: each layer is made and run on torch's meta device, which knows shapes and
no numbers. What was worked out for a layer and what comes into it is kept, so that after an edit
only the edited layer and those behind it whose input changed are worked out anew.
"""

import functools
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.overrides import TorchFunctionMode

from cvexplore.designs import Design, Layer
from cvexplore.designs.blocks import BLOCKS, Data, Misfit, holds_layers, named
from cvexplore.designs.parts import Part, chain
from cvexplore.errors import CvexploreError, DesignError
from cvexplore.plugins import Choice

MOST_PARAMETERS = 400_000_000  # 1.6 GB of weights
MOST_MACS = 1_000_000_000_000  # about a minute a picture on two cores
MOST_NUMBERS = 1_000_000_000  # written in one pass with one picture: 4 GB
_LARGEST_LAYER = 2**28  # numbers: 1 GB


@dataclass(frozen=True)
class Planned:
    """What comes of one layer.

    Args:
        layer: as the design says it.
        incoming: what it is given; None behind a layer that does not fit.
        outgoing: what it makes; None where it does not fit.
        part: what makes it, with all inside.
        parameters: numbers it learns, with all inside.
        macs: multiply-adds for one image.
        numbers: values it writes for one image.
        reason: why it does not fit, in words that follow its name.
        rows: what it holds, a row each time it runs.
    """

    layer: Layer
    incoming: Data | None = None
    outgoing: Data | None = None
    part: Part | None = None
    parameters: int = 0
    macs: int = 0
    numbers: int = 0
    reason: str = ""
    rows: tuple[tuple["Planned", ...], ...] = ()


def plan(design: Design) -> tuple[Planned, ...]:
    """Return what comes of each layer; behind the first that does not fit, nothing is known."""
    image = (design.channels, design.image_size, design.image_size)
    return _row(design.layers, Data(image, design.classes))


def obstacle(design: Design) -> str:
    """Return why this design is no network that can run here; empty if it is one."""
    row = plan(design)
    if reason := next(_reasons(design.layers, [row], ()), ""):
        return reason
    if not row:
        return "A design needs at least one layer."
    for what, have, most in (
        ("parameters", sum(each.parameters for each in row), MOST_PARAMETERS),
        ("multiply-adds", sum(each.macs for each in row), MOST_MACS),
        ("numbers written in one pass", sum(each.numbers for each in row), MOST_NUMBERS),
    ):
        if have > most:
            return f"This design has {have:,} {what}; {most:,} are allowed."
    return ""


def whole(design: Design) -> Part:
    """Return the part that makes the network.

    Raises:
        DesignError: a layer does not fit, or the network is too large.
    """
    if reason := obstacle(design):
        raise DesignError(reason)
    return _chained(plan(design))


def sentence(layer: Layer, place: tuple[int, ...], variants: list[Planned]) -> str:
    """Return why a layer does not fit the first time it does not; empty if it always does."""
    for time, each in enumerate(variants, 1):
        if each.reason:
            again = f" in round {time} of its stack" if time > 1 else ""
            return named(layer, place) + again + each.reason
    return ""


def _reasons(
    layers: tuple[Layer, ...], rows: list[tuple[Planned, ...]], place: tuple[int, ...]
) -> Iterator[str]:
    for index, layer in enumerate(layers):
        here = (*place, index + 1)
        variants = [row[index] for row in rows]
        if reason := sentence(layer, here, variants):
            yield reason
        yield from _reasons(layer.inside, [row for each in variants for row in each.rows], here)


def _row(layers: tuple[Layer, ...], incoming: Data | None) -> tuple[Planned, ...]:
    row = []
    for layer in layers:
        planned = Planned(layer) if incoming is None else _planned(layer, incoming)
        row.append(planned)
        incoming = planned.outgoing
    return tuple(row)


@functools.lru_cache(maxsize=4096)
def _planned(layer: Layer, incoming: Data) -> Planned:
    unknown = Planned(layer, incoming)
    try:
        options = BLOCKS.check(Choice(layer.kind, dict(layer.options)))
        block = BLOCKS[layer.kind]
    except CvexploreError as error:
        return replace(unknown, reason=f": {error}")
    try:
        if holds_layers(layer.kind):
            return _holding(unknown, block, options)
        if layer.inside:
            raise Misfit("holds no layers, but has some inside: move them out.")
        part = block(incoming, **options)
        shape, parameters, macs = _measured(part, incoming)
    except Misfit as misfit:
        return replace(unknown, reason=f" {misfit}")
    outgoing = incoming.of(shape)
    numbers = _size(shape)
    return Planned(layer, incoming, outgoing, part, parameters, macs, numbers)


def _holding(unknown: Planned, block: Callable[..., Part], options: dict[str, Any]) -> Planned:
    """Return what comes of a layer that holds layers.

    Raises:
        Misfit: what they make cannot be joined with what comes in.
    """
    layer, incoming = unknown.layer, unknown.incoming
    assert incoming is not None
    if not layer.inside:
        raise Misfit("holds no layers yet: add some inside it.")
    rows: list[tuple[Planned, ...]] = []
    made: Data | None = incoming
    for _ in range(options.get("times", 2) if layer.kind == "stack" else 1):
        rows.append(_row(layer.inside, made))
        made = rows[-1][-1].outgoing
        if made is None:
            return replace(unknown, rows=tuple(rows))
    assert made is not None
    inside = [each for row in rows for each in row]
    rounds = {f"round_{time}": _chained(row) for time, row in enumerate(rows, 1)}
    branch = chain(rounds) if len(rounds) > 1 else _chained(rows[0])
    part = block(incoming, made, branch, **options)
    joined, parameters, macs = _joining(part, incoming, made)
    return Planned(
        layer,
        incoming,
        joined,
        part,
        parameters + sum(each.parameters for each in inside),
        macs + sum(each.macs for each in inside),
        (_size(joined.shape) if part is not branch else 0) + sum(each.numbers for each in inside),
        rows=tuple(rows),
    )


def _joining(part: Part, incoming: Data, made: Data) -> tuple[Data, int, int]:
    """Return what a layer makes of its input and its branch's output, and what that costs."""
    if "axis" in part.options:
        axis = part.options["axis"] - 1
        sizes = list(made.shape)
        sizes[axis] += incoming.shape[axis]
        return made.of(tuple(sizes)), 0, 0
    if "shortcut" in part.options:
        _, parameters, macs = _measured(part.options["shortcut"], incoming)
        return made, parameters + part.options["scaled"], macs
    return made, 0, 0


def _chained(row: tuple[Planned, ...]) -> Part:
    parts = {
        f"{each.layer.kind}_{place}": each.part for place, each in enumerate(row, 1) if each.part
    }
    return chain(parts)


def _measured(part: Part, incoming: Data) -> tuple[tuple[int, ...], int, int]:
    """Return the shape a part makes, its parameters and its multiply-adds, without its memory.

    Raises:
        Misfit: it cannot take what comes in, or is too large.
    """
    try:
        with torch.device("meta"), torch.no_grad(), _Counter() as counter:
            module = part.build().eval()
            made = torch.empty(1, *incoming.shape)
            if not part.keeps_shape:
                made = module(made)
    except (RuntimeError, ValueError, TypeError, OverflowError) as error:
        said = str(error).partition("\n")[0].rstrip(".")
        raise Misfit(f"cannot take {incoming}: {said}.") from None
    parameters = sum(each.numel() for each in module.parameters())
    if parameters > MOST_PARAMETERS:
        raise Misfit(f"needs {parameters:,} parameters; {MOST_PARAMETERS:,} are allowed in all.")
    shape = tuple(made.shape[1:]) if isinstance(made, Tensor) else ()
    if _size(shape) > _LARGEST_LAYER:
        raise Misfit(f"makes {incoming.of(shape)}: {_LARGEST_LAYER:,} numbers are allowed.")
    return shape, parameters, counter.macs


def _size(shape: tuple[int, ...]) -> int:
    size = 1
    for each in shape:
        size *= each
    return size if shape else 0


# Functions that make the same shapes: for a mean, torch would import its compiler, for seconds.
_TWINS = {F.adaptive_avg_pool2d: F.adaptive_max_pool2d, Tensor.mean: Tensor.amax}


class _Counter(TorchFunctionMode):
    """Multiply-adds of the convolutions, dense layers and attentions that run inside.

    These are not run, nor are normalisation and what fills tensors: their shapes are known, and
    torch's own meta kernels for them take seconds to import and most of a design's time.
    """

    def __init__(self) -> None:
        super().__init__()
        self.macs = 0

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """Count one function, and return the shape of what it makes."""
        if func is F.linear:
            x, weight = args[:2]
            self.macs += x.numel() * weight.shape[0]
            return x.new_empty(*x.shape[:-1], weight.shape[0])
        if func is F.conv2d:
            x, weight, _, stride, padding, dilation, _ = args
            reach = [d * (k - 1) + 1 for d, k in zip(dilation, weight.shape[2:], strict=True)]
            sides = zip(x.shape[2:], reach, stride, padding, strict=True)
            made = x.new_empty(
                len(x), len(weight), *[(n + 2 * p - r) // s + 1 for n, r, s, p in sides]
            )
            self.macs += made.numel() * weight[0].numel()
            return made
        if func is F.scaled_dot_product_attention:
            query, key, value = args[:3]
            made = query.new_empty(*query.shape[:-1], value.shape[-1])
            self.macs += query.numel() * key.shape[-2] + made.numel() * value.shape[-2]
            return made
        if func is torch.cat:
            parts, axis = args[0], (kwargs or {})["dim"]
            sizes = list(parts[0].shape)
            sizes[axis] = sum(each.shape[axis] for each in parts)
            return parts[0].new_empty(sizes)
        if func is Tensor.add and isinstance(args[1], Tensor):
            return args[0].new_empty(torch.broadcast_shapes(args[0].shape, args[1].shape))
        fills = func.__name__.endswith("_") and not func.__name__.endswith("__")
        if fills or func in (F.batch_norm, F.layer_norm):
            return args[0] if args else kwargs["tensor"]
        return _TWINS.get(func, func)(*args, **(kwargs or {}))
