"""How much memory a network needs, for inference or for a training step, at any batch size.

Two passes are followed, with two and with three images. Through the two sizes of a block of memory
goes a line: so many bytes, and so many more an image. What is held at a moment is a sum of lines,
and the peak is the highest of all moments; so every batch size is known at once, and the largest
that fits.

>>> need = memory(build("torchvision/resnet50"), torch.empty(1, 3, 224, 224), training=True)
>>> need.peak(32, "adamw").total / 1e9, need.largest_batch(8e9, "adamw")
(3.09, 88)
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

from cvexplore.errors import OptionError, TraceError

if TYPE_CHECKING:
    from torch import nn

    from cvexplore.trace.ledger import Pass

PRECISIONS = {
    "float32": "32-bit floats throughout",
    "mixed": "32-bit weights and 16-bit copies of them, with which most layers compute; "
    "as torch.autocast does it on the CPU",
    "bfloat16": "16-bit floats throughout: weights, gradients, optimiser state and activations",
}
# How often an optimiser of torch's keeps the bytes of the trainable parameters, in their own type.
# Its step takes nothing more if it is fused.
OPTIMIZERS = {"sgd": 0, "momentum": 1, "rmsprop": 1, "adam": 2, "adamw": 2}

_SIZES = (2, 3)  # images; not one: batch normalisation refuses to learn from a single value


@dataclass(frozen=True)
class Held:
    """Bytes that are held at one moment, by what they serve.

    Args:
        weights: parameters and buffers, and the copies of them that autocast makes.
        optimizer: what the optimiser remembers between steps.
        gradients: of the parameters.
        activations: in training what the backward pass will need, the images included; in
            inference all that the layers hold.
        working: what is soon gone: values that nobody will need again, gradients of activations.
    """

    weights: int
    optimizer: int
    gradients: int
    activations: int
    working: int

    @property
    def total(self) -> int:
        """All of it."""
        return sum(getattr(self, part.name) for part in fields(self))


@dataclass(frozen=True, slots=True)
class Line:
    """Bytes as they grow with the number of images."""

    fixed: int = 0
    image: int = 0

    def at(self, batch: int) -> int:
        """Return the bytes for a batch of so many images."""
        return self.fixed + batch * self.image

    def plus(self, other: "Line", times: int = 1) -> "Line":
        """Return the sum with another line, or the difference if ``times`` is -1."""
        return Line(self.fixed + times * other.fixed, self.image + times * other.image)


@dataclass(frozen=True)
class Moment:
    """What is held at one moment, as lines; ``Held`` says what for."""

    weights: Line
    gradients: Line
    activations: Line
    working: Line

    @property
    def total(self) -> Line:
        """All of it."""
        parts = (self.weights, self.gradients, self.activations, self.working)
        return Line(sum(each.fixed for each in parts), sum(each.image for each in parts))

    def at(self, batch: int, optimizer: int) -> Held:
        """Return it for a batch, beside the bytes of the optimiser's state."""
        return Held(
            weights=self.weights.at(batch),
            optimizer=optimizer,
            gradients=self.gradients.at(batch),
            activations=self.activations.at(batch),
            working=self.working.at(batch),
        )


@dataclass(frozen=True)
class Memory:
    """What a network needs.

    Args:
        training: whether this is a training step, and not inference.
        trainable: bytes of the parameters that learn, and so of all gradients.
        moments: in order, each a moment after which something is given back. A single one, the
            peak, if the network takes its images one by one.
        turn: the moment with which the backward pass begins.
        kept: what modules keep for the backward pass, by path; "images" for the images.
    """

    training: bool
    trainable: int
    moments: tuple[Moment, ...]
    turn: int
    kept: dict[str, Line]

    def over_time(self, batch: int, optimizer: str = "sgd") -> tuple[Held, ...]:
        """Return what is held from moment to moment.

        Raises:
            OptionError: there is no such optimiser.
        """
        state = self._state(optimizer)
        return tuple(moment.at(batch, state) for moment in self.moments)

    def peak(self, batch: int, optimizer: str = "sgd") -> Held:
        """Return what is held when the most is.

        Raises:
            OptionError: there is no such optimiser.
        """
        highest = max(self.moments, key=lambda moment: moment.total.at(batch))
        return highest.at(batch, self._state(optimizer))

    def largest_batch(self, limit: float, optimizer: str = "sgd") -> int:
        """Return how many images fit in so many bytes at once; 0 if not even one does.

        Raises:
            OptionError: there is no such optimiser.
        """
        free = limit - self._state(optimizer)
        totals = [moment.total for moment in self.moments]
        if any(total.at(1) > free for total in totals):
            return 0
        return int(min((free - each.fixed) // each.image for each in totals if each.image > 0))

    def _state(self, optimizer: str) -> int:
        if optimizer not in OPTIMIZERS:
            raise OptionError(
                f"There is no optimiser {optimizer!r} here; choose one of {', '.join(OPTIMIZERS)}."
            )
        return OPTIMIZERS[optimizer] * self.trainable if self.training else 0


def memory(
    model: "nn.Module", example: Any, *, training: bool = False, precision: str = "float32"
) -> Memory:
    """Return how much memory a network needs, without taking it.

    The loss, what a kernel takes for itself inside one operation, and what a device's library
    takes are not in it.

    Args:
        model: any module, on any device; it is left as it is.
        example: a tensor, or a tuple of the arguments ``forward`` takes; only shapes matter.
        training: whether a backward pass follows the forward pass.
        precision: a key of ``PRECISIONS``.

    Shape: (1, …) for each tensor of the example; a list of one picture stands for a batch.

    Raises:
        OptionError: there is no such precision.
        TraceError: the network cannot be run like that; the message says why.
    """
    if precision not in PRECISIONS:
        raise OptionError(
            f"There is no precision {precision!r}; choose one of {', '.join(PRECISIONS)}."
        )
    from cvexplore.trace.ledger import followed
    from cvexplore.trace.reasons import why

    args = example if isinstance(example, tuple) else (example,)
    batches = [tuple(_batch(each, size) for each in args) for size in _SIZES]
    try:
        small, large = followed(model, batches, training=training, precision=precision)
    except Exception as error:  # whatever a network or torch finds wrong
        job = "training" if training else "inference"
        raise TraceError(
            f"The memory for {job} in {precision} cannot be told, since the network does not run "
            f"like that: {why(error)}."
        ) from error
    return _memory(small, large)


def _batch(example: Any, size: int) -> Any:
    if isinstance(example, list):
        return example * size
    return example.new_empty((size, *example.shape[1:]))


# ------------------------------------------------------------------ from two passes to lines


def _memory(small: "Pass", large: "Pass") -> Memory:
    if small.events != large.events:  # the more images, the more operations
        low, high = _highest(small), _highest(large)
        parts = (field.name for field in fields(Moment))
        lines = (_line(getattr(low, part).fixed, getattr(high, part).fixed) for part in parts)
        return Memory(small.training, small.trainable, (Moment(*lines),), 0, {})
    lines = [_line(*sizes) for sizes in zip(small.sizes, large.sizes, strict=True)]
    kept: dict[str, Line] = {}
    for number in sorted(small.kept):
        place = small.places[number]
        kept[place] = kept.get(place, Line()).plus(lines[number])
    return Memory(
        training=small.training,
        trainable=small.trainable,
        moments=tuple(_moments(small, lines)),
        turn=sum(place < small.turn for place in _tops(small.events)),
        kept=kept,
    )


def _line(small: int, large: int) -> Line:
    """Return the line through a size at two images and one at three."""
    return Line(3 * small - 2 * large, large - small)


def _highest(one: "Pass") -> Moment:
    moments = _moments(one, [Line(size) for size in one.sizes])
    return max(moments, key=lambda moment: moment.total.fixed)


def _moments(one: "Pass", lines: Sequence[Line]) -> Iterator[Moment]:
    """Yield what is held at each top."""
    serves = dict.fromkeys(range(len(lines)), "working" if one.training else "activations")
    serves |= dict.fromkeys(one.kept, "activations")
    serves |= dict.fromkeys(one.weights, "weights")
    serves |= dict.fromkeys(one.gradients, "gradients")
    held = {field.name: Line() for field in fields(Moment)}
    tops = set(_tops(one.events))
    for place, event in enumerate(one.events):
        number, times = (event, 1) if event >= 0 else (~event, -1)
        held[serves[number]] = held[serves[number]].plus(lines[number], times)
        if place in tops:
            yield Moment(**held)


def _tops(events: Sequence[int]) -> Iterator[int]:
    """Yield the places where a block is taken and then one is given back, or nothing follows."""
    for place, (event, after) in enumerate(zip(events, (*events[1:], -1), strict=True)):
        if event >= 0 > after:
            yield place
