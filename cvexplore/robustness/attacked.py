"""What an attack came to, as a value: the image before and after, and what the network says."""

from dataclasses import dataclass

import torch
from torch import Tensor

from cvexplore.plugins import Choice


def eight_bits(pixels: Tensor) -> Tensor:
    """Return pixels 0..1 as a picture file keeps them: whole steps 0..255. Shape: any, uint8"""
    return (pixels * 255).round().to(torch.uint8)


@dataclass(frozen=True)
class Attacked:
    """An image, what was made of it to change the answer, and the answers.

    Args:
        method: the attack's name and options.
        epsilon: no pixel was to change by more than so many steps of 255.
        towards: the class it was to be taken for; None if any other class would do.
        original, adversarial: pixels 0..1. Shape: (1, C, H, W)
        before, after: the scores of the classes for them, before softmax. Shape: (K,)
        saved: the scores for the adversarial image rounded to eight bits. Shape: (K,)
        seconds: how long the attack took, without the three scorings.
        passes: how many images went forward through the network in all.
    """

    method: Choice
    epsilon: float
    towards: int | None
    original: Tensor
    adversarial: Tensor
    before: Tensor
    after: Tensor
    saved: Tensor
    seconds: float = 0
    passes: int = 0

    @property
    def perturbation(self) -> Tensor:
        """What was added, in steps of 255. Shape: (1, C, H, W)"""
        return self.adversarial * 255 - self.original * 255

    @property
    def distance(self) -> float:
        """The largest change of a pixel (L-infinity), in steps of 255; at most epsilon."""
        return self.perturbation.abs().max().item()

    @property
    def picture(self) -> Tensor:
        """The adversarial image as a picture file keeps it. Shape: (C, H, W), uint8"""
        return eight_bits(self.adversarial)[0]

    def magnified(self, times: float) -> Tensor:
        """Return the perturbation to look at: grey where nothing changed. Shape: (1, C, H, W)"""
        return (0.5 + times * self.perturbation / 255).clamp(0, 1)

    @property
    def label_before(self) -> int:
        """The class the network predicts for the original."""
        return int(self.before.argmax())

    @property
    def label_after(self) -> int:
        """The class it predicts for the adversarial image."""
        return int(self.after.argmax())

    @property
    def label_saved(self) -> int:
        """The class it predicts for the adversarial image rounded to eight bits."""
        return int(self.saved.argmax())

    @property
    def flipped(self) -> bool:
        """Whether the prediction changed."""
        return self.label_after != self.label_before

    @property
    def succeeded(self) -> bool:
        """Whether the attack reached what it was for: the class named, else any other class."""
        return self._is_reached(self.label_after)

    @property
    def survives(self) -> bool:
        """Whether that is still so once the image is rounded to eight bits, as a file is."""
        return self._is_reached(self.label_saved)

    def _is_reached(self, label: int) -> bool:
        return label != self.label_before if self.towards is None else label == self.towards

    def probabilities(self) -> tuple[Tensor, Tensor, Tensor]:
        """Return each class's probability before, after, and after rounding. Shape: (K,) each"""
        before, after, saved = (
            scores.float().softmax(0) for scores in (self.before, self.after, self.saved)
        )
        return before, after, saved
