"""Attacks: changes of an image too small to see, made to change the network's answer.

Captum does the work, on a private network of pixels 0..1: shifting and scaling them is part of it,
so that epsilon is a number of steps of 255, the same for each channel, and the range of pixels is
known. What Captum returns is put into the ball and the range once more, exactly.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any

import torch
import torch.nn.functional as F
from captum.robust import FGSM as CaptumFGSM
from captum.robust import PGD as CaptumPGD
from torch import Tensor

from cvexplore.attribution import Asked, Cost
from cvexplore.attribution.randomness import seeded
from cvexplore.errors import LayerError, OptionError
from cvexplore.plugins import Choice, Range, Registry
from cvexplore.robustness.attacked import Attacked, eight_bits

Scores = Callable[[Tensor], Tensor]  # pixels 0..1 (B, C, H, W) -> one score a class (B, K)
MOST_EPSILON = 255.0
_BIT = 2.0**-24  # the last bit of a float32 below one


class Attack:
    """One way to change an image; a subclass's fields are its options.

    The first line of its docstring says what it does, ``Source:`` where it comes from.
    """

    def cost(self) -> Cost:
        """Return what it will take, the three scorings of ``attack`` included."""
        raise NotImplementedError

    def perturb(
        self, scores: Scores, pixels: Tensor, epsilon: float, label: int, targeted: bool
    ) -> Tensor:
        """Return the changed image; it may leave the ball and the range by rounding.

        Args:
            scores: the network of pixels.
            pixels: Shape: (1, C, H, W), values 0..1
            epsilon: no pixel may change by more, on the scale 0..1.
            label: the class whose loss is raised; if targeted, lowered.
            targeted: whether the image is to be taken for that class.
        """
        raise NotImplementedError


ATTACKS: Registry[Callable[..., Attack]] = Registry("attack")


@ATTACKS.register("fgsm")
@dataclass(frozen=True, kw_only=True)
class FGSM(Attack):
    """Move every pixel by epsilon, the way that raises the loss at once: one step.

    Source: Goodfellow, Shlens & Szegedy, "Explaining and harnessing adversarial examples", 2014,
        arXiv:1412.6572.
    """

    def cost(self) -> Cost:
        """One pass each way, and three to score."""
        return Cost(4, 1)

    def perturb(
        self, scores: Scores, pixels: Tensor, epsilon: float, label: int, targeted: bool
    ) -> Tensor:
        """Return pixels + epsilon × sign of the loss's gradient."""
        return _Step(scores).perturb(pixels, epsilon, torch.tensor([label]), targeted=targeted)


@ATTACKS.register("pgd")
@dataclass(frozen=True, kw_only=True)
class PGD(Attack):
    """Take many small steps like FGSM's, each time back into the ball around the image.

    Source: Madry et al., "Towards deep learning models resistant to adversarial attacks", 2017,
        arXiv:1706.06083.

    Options:
        steps: how many; each is a pass forward and backward
        step: how far each goes; 0 means 2.5 × epsilon / steps, enough to cross the ball
        random_start: begin at a random place of the ball rather than at the image
        seed: of that place
    """

    steps: Annotated[int, Range(1, 100, 1)] = 10
    step: Annotated[float, Range(0, 16, 0.25, "/255")] = 0
    random_start: bool = True
    seed: Annotated[int, Range(0, 9999, 1)] = 0

    def cost(self) -> Cost:
        """A pass each way for a step, and three to score."""
        return Cost(self.steps + 3, self.steps)

    def perturb(
        self, scores: Scores, pixels: Tensor, epsilon: float, label: int, targeted: bool
    ) -> Tensor:
        """Return where the last step led."""
        captum = CaptumPGD(scores, _loss, 0.0, 1.0)
        captum.fgsm = _Step(scores)
        with seeded(self.seed):
            return captum.perturb(
                pixels,
                epsilon,
                self.step / 255 or 2.5 * epsilon / self.steps,
                self.steps,
                torch.tensor([label]),
                targeted=targeted,
                random_start=self.random_start,
            )


class _Step(CaptumFGSM):
    """Captum's FGSM, which counts every gradient: a confident network's are small, not nothing."""

    def __init__(self, scores: Scores) -> None:
        super().__init__(scores, _loss, 0.0, 1.0)
        self.zero_thresh = 0

    def perturb(self, inputs: Any, *arguments: Any, **named: Any) -> Any:
        """Take one step; Captum warns of inputs that do not ask for gradients yet."""
        for each in inputs if isinstance(inputs, tuple) else (inputs,):
            each.requires_grad_()
        return super().perturb(inputs, *arguments, **named)


def attack(asked: Asked, choice: Choice, epsilon: float, *, towards: int | None = None) -> Attacked:
    """Change an image so that the network takes it for something else.

    Args:
        asked: the network and the image; its target is not looked at.
        choice: one of ``ATTACKS``, with its options.
        epsilon: no pixel changes by more than so many steps of 255.
        towards: the class it is to be taken for; None means any but the one predicted.

    Raises:
        UnknownName: no such attack or option.
        OptionError: a value that is not allowed, or the class is predicted already.
        LayerError: the network is no classifier of images, or has no gradient.
    """
    method = ATTACKS.bind(choice)()
    if not 0 <= epsilon <= MOST_EPSILON:
        raise OptionError(f"Epsilon must be between 0 and 255 steps, not {epsilon:g}.")
    first = asked.passes.count
    scores = on_pixels(asked)
    original = original_pixels(asked)
    before = _scored(scores, original)
    label = _label(before, towards)
    began = time.perf_counter()
    try:
        found = method.perturb(scores, original.clone(), epsilon / 255, label, towards is not None)
    except RuntimeError as error:
        raise LayerError(_why_not(error)) from error
    seconds = time.perf_counter() - began
    adversarial = inside(found.detach(), original, epsilon)
    return Attacked(
        method=choice,
        epsilon=epsilon,
        towards=towards,
        original=original,
        adversarial=adversarial,
        before=before,
        after=_scored(scores, adversarial),
        saved=_scored(scores, eight_bits(adversarial).float() / 255),
        seconds=seconds,
        passes=asked.passes.count - first,
    )


def on_pixels(asked: Asked) -> Scores:
    """Return a private network that takes pixels 0..1 and shifts and scales them itself."""
    network = asked.network()
    return lambda pixels: network(asked.normalised(pixels))


def classes(asked: Asked) -> int:
    """Return how many classes the network knows, by asking it."""
    return len(_scored(on_pixels(asked), original_pixels(asked)))


def original_pixels(asked: Asked) -> Tensor:
    """Return the image on the scale 0..1. Shape: (1, C, H, W)

    Raises:
        LayerError: it is a clip.
    """
    if asked.image.dim() != 4:
        raise LayerError("This network takes clips; attacks are of still images.")
    return asked.pixels().detach().clamp(0, 1)


def inside(changed: Tensor, original: Tensor, epsilon: float) -> Tensor:
    """Return the image in the ball around the original and in the range 0..1, both exactly.

    float32 rounds each sum and product: what is clamped may still leave the ball by the last bit.
    It is moved towards the original by so much until it does not, whichever way one computes it.

    Args:
        changed: pixels, anywhere.
        original: pixels within 0..1.
        epsilon: steps of 255.
    """
    radius = epsilon / 255
    held = torch.minimum(torch.maximum(changed, original - radius), original + radius).clamp(0, 1)
    while (outside := _is_outside(held, original, epsilon)).any():
        held = torch.where(outside, held + (original - held).clamp(-_BIT, _BIT), held)
    return held


def _is_outside(held: Tensor, original: Tensor, epsilon: float) -> Tensor:
    exact = (held.double() - original.double()).abs() * 255 > epsilon
    rounded = (held * 255 - original * 255).abs() > epsilon
    return exact | rounded | ((held - original).abs() > epsilon / 255)


def _loss(scores: Tensor, labels: Tensor) -> Tensor:
    """Cross entropy, in double precision: float32 has no loss left where a network is sure."""
    return F.cross_entropy(scores.double(), labels.to(scores.device), reduction="none")


@torch.no_grad()
def _scored(scores: Scores, pixels: Tensor) -> Tensor:
    return scores(pixels)[0]


def _label(before: Tensor, towards: int | None) -> int:
    """Return the class whose loss the attack changes."""
    predicted, classes = int(before.argmax()), len(before)
    if classes < 2:
        raise LayerError("This network knows one class only: there is no other to take it for.")
    if towards is None:
        return predicted
    if not 0 <= towards < classes:
        raise OptionError(f"This network's classes are 0 to {classes - 1}, not {towards}.")
    if towards == predicted:
        raise OptionError("The network predicts that class already; choose another to aim at.")
    return towards


def _why_not(error: RuntimeError) -> str:
    return (
        "This network cannot be attacked, for its gradient by the pixels cannot be computed: "
        f"{str(error).partition(chr(10))[0].rstrip('.')}."
    )
