"""Attribution: which pixels decided? Captum's methods behind one call, and what each is worth here.

    asked = Asked(model, image, target=281)
    explanation = attribute(asked, Choice("integrated gradients", {"steps": 32}))
    heat = explanation.heat("positive")                    # (H, W), 0..1

A method is a frozen dataclass registered under its name; its fields are its options. It lies in
``methods/``, a file an idea, found by looking: to add one, add a file.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import ClassVar, Literal

from torch import Tensor

from cvexplore.attribution.asked import Asked
from cvexplore.attribution.explanation import Completeness, Explanation
from cvexplore.attribution.structure import Structure
from cvexplore.plugins import Choice, Registry

__all__ = [
    "METHODS",
    "Asked",
    "Completeness",
    "Cost",
    "Doubt",
    "Explanation",
    "Found",
    "Method",
    "Structure",
    "attribute",
    "method",
]

Level = Literal["fine", "caution", "meaningless"]


@dataclass(frozen=True)
class Cost:
    """What a method takes: images sent forward through the network, and backward."""

    forwards: float
    backwards: float = 0


@dataclass(frozen=True)
class Doubt:
    """Why a map may mean less than it seems to, on this network.

    Args:
        level: "meaningless" where the map says nothing of what the method promises; "caution"
            where it says less.
        sentence: why, for a person.
        mend: what to ask for instead, where something helps.
    """

    level: Level
    sentence: str
    mend: Choice | None = None


@dataclass(frozen=True)
class Found:
    """What a method found.

    Args:
        values: signed attributions. Shape: (C, H, W) of pixels, (1, h, w) of a layer's places
        baseline: what the image was compared with, as the network takes it. Shape: (1, C, H, W)
        smooth: whether values between places are to be interpolated when drawn.
        total: what the attributions sum to, where that is not the sum of ``values``.
    """

    values: Tensor
    baseline: Tensor | None = None
    smooth: bool = True
    total: float | None = None


class Method:
    """One way to ask which pixels decided; a subclass's fields are its options.

    The first line of its docstring says what it does, ``Source:`` where it comes from (paper,
    year, arXiv), and ``Options:`` what each option is.
    """

    group: ClassVar[Literal["gradients", "a layer", "perturbations", "attention"]]
    complete: ClassVar[bool] = False  # promises that attributions sum to f(image) - f(baseline)
    slopes: ClassVar[bool] = False  # finds slopes, which count only times a change of the image
    of_layer: ClassVar[bool] = False  # asks which layer; ``Asked.layer`` "" leaves it to the method

    def cost(self, asked: Asked) -> Cost:
        """Return what it will take."""
        raise NotImplementedError

    def doubts(self, asked: Asked, structure: Structure) -> Iterator[Doubt]:
        """Yield what is known before it runs against its meaning anything on this network."""
        yield from ()

    def find(self, asked: Asked) -> Found:
        """Ask the network.

        Raises:
            LayerError: this network cannot be asked that way; the message says why.
        """
        raise NotImplementedError


METHODS: Registry[Callable[..., Method]] = Registry("method", folder=f"{__name__}.methods")


def method(choice: Choice) -> Method:
    """Return a method with its options.

    Raises:
        UnknownName: no such method, or no such option.
        OptionError: a value that is not allowed.
    """
    return METHODS.bind(choice)()


def attribute(asked: Asked, choice: Choice) -> Explanation:
    """Return which pixels decided, by one method.

    Raises:
        UnknownName, OptionError: no such method or option.
        LayerError: the method cannot be used on this network; the message says why.
    """
    chosen = method(choice)
    began, passes = time.perf_counter(), asked.passes.count
    found = chosen.find(asked)
    seconds, passes = time.perf_counter() - began, asked.passes.count - passes
    return Explanation(
        method=choice,
        target=asked.target,
        values=found.values.detach(),
        smooth=found.smooth,
        baseline=found.baseline,
        completeness=_completeness(asked, found) if chosen.complete else None,
        seconds=seconds,
        passes=passes,
    )


def _completeness(asked: Asked, found: Found) -> Completeness | None:
    if found.baseline is None:
        return None
    image, baseline = (asked.score(each).item() for each in (asked.image, found.baseline))
    total = found.values.sum().item() if found.total is None else found.total
    return Completeness(total, image, baseline)
