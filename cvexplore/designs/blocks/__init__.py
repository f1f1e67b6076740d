"""The kinds of layers a design can have; a file beside this one is found by looking.

A block is a function registered under its kind. It is given what comes in and returns the part of
the network that takes just that; its keyword-only parameters are its form. Where it cannot take
what comes in, it raises ``Misfit`` with a reason and a mend, in words that go on after the layer's
name: "takes maps, but gets 128 features: move it before flatten".

A block that holds layers is also given its branch, the part that they make together, and what the
branch makes of its input.
"""

import inspect
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, NoReturn

from cvexplore.designs import Design, Layer, layer
from cvexplore.designs.parts import Part
from cvexplore.errors import CvexploreError, DesignError
from cvexplore.plugins import Choice, Registry

Shape = tuple[int, ...]

BLOCKS: Registry[Callable[..., Part]] = Registry("block", folder=__name__)


class Misfit(DesignError):
    """Why a layer cannot take what comes in, and what would mend it."""


@dataclass(frozen=True)
class Data:
    """What flows between two layers, one image at a time.

    Args:
        shape: (C, H, W) of maps, (N, D) of tokens, (D,) of features; empty behind the end of a
            network whose answer is no single tensor.
        classes: scores that the network is to give.
    """

    shape: Shape
    classes: int

    def __str__(self) -> str:
        sizes = " × ".join(map(str, self.shape))
        match len(self.shape):
            case 3:
                return f"{sizes} maps"
            case 2:
                return f"{sizes} tokens"
            case 1:
                return f"{sizes} feature{'s' if self.shape[0] > 1 else ''}"
        return "classes and boxes"

    def of(self, shape: Shape) -> "Data":
        """Return data of another shape in the same network."""
        return replace(self, shape=shape)

    def maps(self) -> tuple[int, int, int]:
        """Return channels, height and width.

        Raises:
            Misfit: these are no maps.
        """
        match self.shape:
            case (channels, height, width):
                return channels, height, width
            case (_, _):
                self.refuse("maps", "move it before patch embedding")
        self.refuse("maps", "move it before flatten, or before the pooling that ends the maps")

    def tokens(self) -> tuple[int, int]:
        """Return the number of tokens and their features.

        Raises:
            Misfit: these are no tokens.
        """
        match self.shape:
            case (count, width):
                return count, width
            case (_, _, _):
                self.refuse("tokens", "put patch embedding before it")
        self.refuse("tokens", "move it before token pooling, or before flatten")

    def features(self) -> int:
        """Return how many features each image, or each token, has.

        Raises:
            Misfit: these are maps.
        """
        if len(self.shape) == 3:
            self.refuse("a row of features", "put flatten or global pooling before it")
        self.something()
        return self.shape[-1]

    def something(self) -> Shape:
        """Return the shape, whatever it is.

        Raises:
            Misfit: the network has ended before.
        """
        if not self.shape:
            raise Misfit("cannot follow a layer that gives classes and boxes: remove it.")
        return self.shape

    def refuse(self, wanted: str, mend: str) -> NoReturn:
        """Say that something else is wanted, and what would mend it."""
        self.something()
        raise Misfit(f"takes {wanted}, but gets {self}: {mend}.")


def divisible(what: str, number: int, by: int, parts: str, largest: int) -> None:
    """See to it that a number can be dealt out.

    Raises:
        Misfit: it cannot; the message says by what it can.
    """
    if number % by:
        fit = [each for each in range(1, min(number, largest) + 1) if number % each == 0]
        near = [each for each in fit if each < by][-1:] + [each for each in fit if each > by][:1]
        raise Misfit(
            f"cannot deal {number} {what} out to {by} {parts}: "
            f"{' or '.join(map(str, near))} would do."
        )


def fits(map_side: int, window: int, what: str) -> None:
    """See to it that a window is not larger than the map it slides over, padding included.

    Raises:
        Misfit: it is.
    """
    if window > map_side:
        raise Misfit(
            f"looks at {window} × {window} places, but gets maps of {map_side} × {map_side} with "
            f"their padding: take a smaller {what}, or fewer poolings and strides before it."
        )


def holds_layers(kind: str) -> bool:
    """Say whether a layer of this kind has layers inside."""
    return "branch" in inspect.signature(BLOCKS[kind]).parameters


def title(kind: str) -> str:
    """Return what people call a kind: "max_pooling" is "max pooling"."""
    return kind.replace("_", " ")


def standard(kind: str) -> dict[str, Any]:
    """Return the options of a kind with their defaults."""
    return {option.name: option.default for option in BLOCKS.options(kind)}


def checked(design: Design) -> Design:
    """Return the design with every option known, in its own type, and not a default.

    Raises:
        DesignError: a layer is of no kind there is, or has an option that it does not allow.
    """
    return replace(design, layers=_checked(design.layers, ()))


def _checked(layers: tuple[Layer, ...], place: tuple[int, ...]) -> tuple[Layer, ...]:
    row = []
    for index, each in enumerate(layers, 1):
        here = (*place, index)
        try:
            chosen = BLOCKS.check(Choice(each.kind, dict(each.options)))
        except CvexploreError as error:
            raise DesignError(f"{named(each, here)}: {error}") from None
        defaults = standard(each.kind)
        said = {key: value for key, value in chosen.items() if value != defaults[key]}
        row.append(Layer(each.kind, tuple(sorted(said.items())), _checked(each.inside, here)))
    return tuple(row)


def named(layer: Layer, place: tuple[int, ...]) -> str:
    """Return what messages call a layer: "Layer 3.1 (dense)"."""
    return f"Layer {'.'.join(map(str, place))} ({title(layer.kind)})"


def fresh(kind: str, incoming: Data | None) -> Layer:
    """Return a layer to begin with, which takes what comes in if one of its kind can.

    A residual layer or a concatenation holds two convolutions where maps come in, and an MLP
    elsewhere, as transformers have it.
    """
    if not holds_layers(kind):
        return Layer(kind)
    keeping = layer("convolution", channels=0)
    if incoming is not None and len(incoming.shape) < 3:
        return Layer(kind, inside=(Layer("layer_norm"), Layer("mlp")))
    return Layer(kind, inside=(keeping, Layer("batch_norm"), Layer("activation"), keeping))
