"""Ways to change pictures while a network learns from them, so that it sees none twice.

A file a kind, found by looking. An augmentation is a function of a batch that is drawn anew for
every picture in it; all random numbers come from the generator it is handed, so that a run that was
killed goes on with the same pictures.

    @AUGMENTATIONS.register("brightness")
    def brightness(
        batch: Pictures, random: torch.Generator, strength: float, *, most: … = 0.2
    ) -> Pictures:

Scaled by ``strength`` (0: the batch comes back as it was, 1: as the options say), an augmentation
can be turned up and down while a run trains.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cvexplore.plugins import Registry

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class Pictures:
    """A batch of pictures and what they show, perhaps two classes mixed.

    Args:
        images: on a scale of 0 to 1. Shape: (B, C, H, W), float32
        labels: the class of each. Shape: (B,)
        others: the class that is mixed in. Shape: (B,); None if nothing is
        shares: how much of each picture is of ``labels``, the rest of ``others``. Shape: (B,)
    """

    images: "Tensor"
    labels: "Tensor"
    others: "Tensor | None" = None
    shares: "Tensor | None" = None


Augmentation = Callable[..., Pictures]

AUGMENTATIONS: Registry[Augmentation] = Registry("augmentation", folder=__name__)


def kind(name: str) -> str:
    """Return the kind of an augmentation, the file it stands in: "geometric", "photometric", …"""
    return AUGMENTATIONS[name].__module__.rpartition(".")[2]
