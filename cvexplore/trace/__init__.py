"""One watched forward pass: layers, shapes, parameters, multiply-adds, memory and edges.

>>> from cvexplore import build, trace
>>> seen = trace(build("torchvision/resnet18"), torch.empty(1, 3, 224, 224))
>>> seen.parameters, len(seen.joins())
(11689512, 8)
"""

from typing import TYPE_CHECKING, Any

from cvexplore.trace.records import KindTotal, LayerRecord, Trace

if TYPE_CHECKING:
    from torch import nn

__all__ = ["KindTotal", "LayerRecord", "Trace", "trace", "watch"]


def trace(model: "nn.Module", example: Any) -> Trace:
    """Return what one forward pass in evaluation mode does, without computing it.

    The pass runs on a private twin of the model whose tensors have shapes but no memory (torch's
    meta device), so the model is left as it is, other threads may use it, and the largest costs
    megabytes.

    Args:
        model: any module, on any device.
        example: a tensor, or a tuple of the arguments ``forward`` takes; only shapes matter.

    Raises:
        TraceError: the model cannot take this input; the message names the layer.
    """
    from cvexplore.trace.twin import emptied, twin

    args = example if isinstance(example, tuple) else (example,)
    return watch(twin(model), emptied(args))


def watch(model: "nn.Module", args: tuple[Any, ...]) -> Trace:
    """Trace a model that is the caller's own, such as one just built on the meta device.

    Raises:
        TraceError: the model cannot take this input; the message names the layer.
    """
    from cvexplore.trace.watcher import Watcher

    return Watcher(model.eval()).run(args)
