"""What the watcher knows while the pass runs: layers in the making, and modules that are open."""

from dataclasses import dataclass, field

from torch import nn

from cvexplore.trace.records import LayerRecord, Shape
from cvexplore.trace.windows import POINT, Field, Window


@dataclass(eq=False)
class Layer:
    """A layer in the making."""

    path: str
    kind: str
    input_shapes: tuple[Shape, ...]
    sources: tuple["Layer", ...]
    output_shape: Shape | None = None
    parameters: int = 0
    trainable: int = 0
    macs: int = 0
    bytes: int = 0
    window: Window | None = POINT  # what one place of its output sees of its input
    field: Field | None = None  # and of the image
    index: int = -1
    inside: "Layer | None" = None  # the layer that took this one in

    def outermost(self) -> "Layer":
        """Return the layer of the trace that this one is a part of, or is."""
        return self if self.inside is None else self.inside.outermost()

    def record(self) -> LayerRecord:
        """Return what the trace keeps of it."""
        return LayerRecord(
            index=self.index,
            path=self.path,
            kind=self.kind,
            depth=self.path.count(".") + 1,
            input_shapes=self.input_shapes,
            output_shape=self.output_shape,
            parameters=self.parameters,
            macs=self.macs,
            activation_bytes=self.bytes,
            receptive_field=round(max(self.field.window.size)) if self.field else None,
            trainable=self.trainable,
        )


@dataclass(eq=False)
class Open:
    """A module that is running."""

    module: nn.Module
    layer: Layer
    first: int  # how many layers there were when it began
    calls_modules: bool = False
    counts: dict[str, int] = field(default_factory=dict)  # functions that ran in it, by name


def through(first: Window | None, later: Window | None) -> Window | None:
    """Return what a place sees through two functions, None where that cannot be told."""
    return first.then(later) if first and later else None
