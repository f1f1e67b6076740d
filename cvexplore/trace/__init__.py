"""One watched forward pass: layers, shapes, parameters, multiply-adds, memory and edges.

>>> from cvexplore import build, trace
>>> seen = trace(build("torchvision/resnet18"), torch.empty(1, 3, 224, 224))
>>> seen.parameters, len(seen.joins())
(11689512, 8)
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from cvexplore.errors import TraceError
from cvexplore.trace.records import USES, KindTotal, LayerRecord, TensorRecord, Trace

if TYPE_CHECKING:
    from torch import nn

__all__ = [
    "USES",
    "KindTotal",
    "LayerRecord",
    "TensorRecord",
    "Trace",
    "needs_numbers",
    "trace",
    "watch",
]


def trace(model: "nn.Module", example: Any = (), /, **named: Any) -> Trace:
    """Return what one forward pass in evaluation mode does, without computing it.

    The pass runs on a private twin of the model whose tensors have shapes but no memory (torch's
    meta device), so the model is left as it is, other threads may use it, and the largest costs
    megabytes. A model that asks for values, such as ``if x.sum() > 0``, is copied with its numbers
    and run in earnest, on the example's numbers.

    Args:
        model: any module, on any device.
        example: a tensor, or a tuple of the arguments ``forward`` takes; a list or a dictionary is
            one argument. Only shapes matter, but to a model that asks for values.
        named: arguments ``forward`` takes by name.

    Raises:
        TraceError: the model cannot take this input; the message names the layer, and the error
            carries the trace of what ran.
    """
    from cvexplore.trace.twin import cloned, emptied, twin, twin_with_numbers

    args = example if isinstance(example, tuple) else (example,)
    try:
        return watch(twin(model), emptied(args), emptied(named))
    except TraceError as error:
        if not needs_numbers(error) or not _has_numbers(model, (args, named)):
            raise
    return watch(twin_with_numbers(model), cloned(args), cloned(named))


def watch(
    model: "nn.Module", args: tuple[Any, ...], named: Mapping[str, Any] | None = None
) -> Trace:
    """Trace a model that is the caller's own, such as one just built on the meta device.

    Raises:
        TraceError: the model cannot take this input; the message names the layer, and the error
            carries the trace of what ran.
    """
    from cvexplore.trace.watcher import Watcher

    return Watcher(model).run(args, named)


def needs_numbers(error: TraceError) -> bool:
    """Say whether a pass failed because its tensors have shapes and no numbers."""
    why = error.__cause__
    said = str(why)
    return isinstance(why, NotImplementedError) or "meta" in said.lower() or "__format__" in said


def _has_numbers(model: "nn.Module", args: Any) -> bool:
    from cvexplore.trace.calls import tensors_in

    held = (*model.parameters(), *model.buffers(), *tensors_in(args))
    return not any(tensor.is_meta for tensor in held)
