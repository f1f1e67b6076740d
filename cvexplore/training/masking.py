"""Pictures as patches, some of which are hidden, as masked autoencoders see them.

Patches are numbered row by row. Which of them are hidden is drawn for each picture.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

_LEAST_VARIANCE = 1e-6  # as in the paper's code


def patches(images: Tensor, size: int) -> Tensor:
    """Cut pictures into square patches. Shape: (B, C, H, W) -> (B, N, size · size · C)"""
    rows = images.unfold(2, size, size).unfold(3, size, size)  # (B, C, h, w, size, size)
    return rows.permute(0, 2, 3, 4, 5, 1).flatten(3).flatten(1, 2)


def pictures(patches: Tensor, size: int, channels: int) -> Tensor:
    """Put the patches of square pictures together again. Shape: as ``patches``, backwards"""
    side = round(patches.shape[1] ** 0.5)
    cut = patches.unflatten(2, (size, size, channels)).unflatten(1, (side, side))
    return cut.permute(0, 5, 1, 3, 2, 4).flatten(4).flatten(2, 3)


def hidden_count(ratio: float, count: int) -> int:
    """Return how many of so many patches are hidden: never all, never none."""
    return min(max(1, round(ratio * count)), count - 1)


@dataclass(frozen=True)
class Mask:
    """Which patches of each picture are hidden.

    Args:
        visible: indices of the patches that are seen, in their order. Shape: (B, V)
        hidden: whether a patch is hidden. Shape: (B, N), bool
    """

    visible: Tensor
    hidden: Tensor

    def seen(self, tokens: Tensor) -> Tensor:
        """Return the visible ones of a picture's tokens. Shape: (B, N, D) -> (B, V, D)"""
        return tokens.gather(1, self._index(tokens))

    def filled(self, seen: Tensor, blank: Tensor) -> Tensor:
        """Put visible tokens in their places, and a blank one in all others.

        Shape: (B, V, D), (D,) -> (B, N, D)
        """
        blanks = blank.to(seen).expand(*self.hidden.shape, -1)
        return blanks.scatter(1, self._index(seen), seen)

    def _index(self, tokens: Tensor) -> Tensor:
        return self.visible[:, :, None].expand(-1, -1, tokens.shape[2])


def draw(pictures: int, count: int, ratio: float, random: torch.Generator) -> Mask:
    """Hide this share of each picture's ``count`` patches, all choices equally likely."""
    dice = torch.rand(pictures, count, generator=random, device=random.device)
    keep = count - hidden_count(ratio, count)
    visible = dice.argsort(1)[:, :keep].sort(1).values
    hidden = torch.ones_like(dice, dtype=torch.bool).scatter(1, visible, value=False)
    return Mask(visible, hidden)


def standardised(patches: Tensor) -> Tensor:
    """Give the numbers of each patch a mean of 0 and a variance of 1."""
    mean, scale = level_and_contrast(patches)
    return (patches - mean) / scale


def level_and_contrast(patches: Tensor) -> tuple[Tensor, Tensor]:
    """Return the mean and the spread of the numbers of each patch. Shape: (B, N, 1) each"""
    variance, mean = torch.var_mean(patches, dim=2, keepdim=True)
    return mean, (variance + _LEAST_VARIANCE).sqrt()


def hidden_error(predicted: Tensor, wanted: Tensor, hidden: Tensor) -> Tensor:
    """Return the mean squared error over the numbers of the hidden patches alone.

    Shape: (B, N, D) twice, (B, N) -> a scalar
    """
    each = (predicted - wanted).square().mean(2)
    return (each * hidden).sum() / hidden.sum()
