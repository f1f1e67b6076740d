"""The question that every method answers: what in this image speaks for this class?"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Literal

import torch
from torch import Tensor, nn

from cvexplore.errors import LayerError, OptionError
from cvexplore.interpret.private import private_copy

Baseline = Literal["black", "grey", "white", "mean", "blurred", "noise"]


@dataclass
class Passes:
    """How many images went through the network; whoever waits is told after each pass.

    Args:
        tell: called before each pass with the number of images so far. What it raises ends the
            method: that is how a person cancels.
    """

    tell: Callable[[int], None] = lambda count: None
    count: int = 0

    def add(self, images: int) -> None:
        """Count images that are about to go through."""
        self.tell(self.count)
        self.count += images


@dataclass(frozen=True)
class Asked:
    """A network, an image, and one of its classes.

    Args:
        model: a classifier; it stays as it is, and several threads may ask about it at once.
        image: as the network takes it. Shape: (1, C, H, W)
        target: the class asked about.
        mean, std: what the pixels 0..1 were shifted and scaled by, a number a channel.
        layer: the path of the layer asked about; "" leaves it to the method.
        batch: so many images at most go through the network at once.
        passes: counts them.
    """

    model: nn.Module
    image: Tensor
    target: int
    mean: tuple[float, ...] = (0.485, 0.456, 0.406)
    std: tuple[float, ...] = (0.229, 0.224, 0.225)
    layer: str = ""
    batch: int = 8
    passes: Passes = field(default_factory=Passes, compare=False)

    def of(self, **changes: Any) -> "Asked":
        """Return the same question with something changed."""
        return replace(self, **changes)

    @property
    def device(self) -> torch.device:
        """Where the image is."""
        return self.image.device

    def leaf(self) -> Tensor:
        """Return the image as a tensor of its own to ask gradients of. Shape: (1, C, H, W)"""
        return self.image.detach().clone().requires_grad_()

    def network(self) -> "Network":
        """Return a private network for hooks: all its modules are copies, its tensors are shared.

        Its parameters ask for no gradients, and it is thrown away afterwards, so whatever a
        library hooks on it is nobody else's.
        """
        private, _ = private_copy(self.model, [path for path, _ in self.model.named_modules()])
        _freeze(private)
        return Network(private.eval(), self.passes)

    def score(self, images: Tensor) -> Tensor:
        """Return the score of the class for each of these images, before softmax. Shape: (B,)

        Raises:
            LayerError: the network does not return one score a class.
        """
        return self.scores(images)[:, self.target]

    @torch.no_grad()
    def scores(self, images: Tensor) -> Tensor:
        """Return the score of every class for each of these images. Shape: (B, K)

        Raises:
            LayerError: the network does not return one score a class.
        """
        return torch.cat([self._scores(some) for some in images.split(self.batch)])

    def _scores(self, images: Tensor) -> Tensor:
        self.passes.add(len(images))
        return scores_of(self._evaluated(images.clone()))

    @cached_property
    def _evaluated(self) -> nn.Module:
        """The network in evaluation mode: itself, or a copy where a part of it is in training."""
        training = any(module.training for module in self.model.modules())
        return self.network().private if training else self.model

    def pixels(self, image: Tensor | None = None) -> Tensor:
        """Return the image on the scale 0..1. Shape: (1, C, H, W)"""
        image = self.image if image is None else image
        return image * self._scale("std") + self._scale("mean")

    def normalised(self, pixels: Tensor) -> Tensor:
        """Return pixels on the scale 0..1 as the network takes them. Shape: (B, C, H, W)"""
        return (pixels - self._scale("mean")) / self._scale("std")

    def _scale(self, which: Literal["mean", "std"]) -> Tensor:
        numbers = self.image.new_tensor(self.mean if which == "mean" else self.std)
        if len(numbers) != self.image.shape[1]:
            raise OptionError(
                f"The image has {self.image.shape[1]} channels, but {which} has {len(numbers)} "
                "numbers; give Asked one for each channel."
            )
        return numbers.view(1, -1, 1, 1)


class Network(nn.Module):
    """A private network as libraries are to see it: it counts its passes and returns scores.

    Attributes:
        private: the network itself, with its layers under their own paths.
    """

    def __init__(self, private: nn.Module, passes: Passes) -> None:
        super().__init__()
        self.private = private
        self.passes = passes

    def forward(self, images: Tensor) -> Tensor:
        """Return one score a class; the images stay as they are. Shape: (B, C, H, W) -> (B, K)"""
        self.passes.add(len(images))
        return scores_of(self.private(images.clone()))


def _freeze(private: nn.Module) -> None:
    """Let no parameter of a private network ask for gradients; the original's may go on."""
    for module in private.modules():
        for name, parameter in module._parameters.items():
            if parameter is not None and parameter.requires_grad:
                module._parameters[name] = nn.Parameter(parameter.detach(), requires_grad=False)


def scores_of(output: Any) -> Tensor:
    """Return a classifier's output.

    Raises:
        LayerError: it is not one score a class.
    """
    if isinstance(output, Tensor) and output.dim() == 2:
        return output
    raise LayerError(
        "This network does not return one score a class, so nothing can be attributed to a class; "
        "choose a classifier."
    )
