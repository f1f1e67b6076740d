"""How well the class of each pixel is told: pairs of classes are counted, all else follows."""

import torch
import torch.nn.functional as F
from torch import Tensor


def counted(predicted: Tensor, masks: Tensor, kinds: int) -> Tensor:
    """Return how many pixels of each true kind were given each kind, for each picture.

    Counts of pictures add up to those of all pixels together.

    Shape: (B, H, W) twice, int64 -> (B, kinds, kinds) int64, a row for each true kind
    """
    pairs = (masks * kinds + predicted).flatten(1)
    found = torch.zeros(len(masks), kinds * kinds, dtype=torch.int64, device=masks.device)
    found.scatter_add_(1, pairs, torch.ones_like(pairs))
    return found.reshape(-1, kinds, kinds)


def overlaps(confusion: Tensor) -> Tensor:
    """Return each kind's intersection over union; not a number where it is nowhere.

    Source: Everingham et al., "The Pascal Visual Object Classes Challenge", 2010, section 4.2.3.

    Shape: (kinds, kinds) -> (kinds,), float64
    """
    counts = confusion.double()
    both = counts.diagonal()
    return both / (counts.sum(0) + counts.sum(1) - both)


def dice_loss(scores: Tensor, masks: Tensor) -> Tensor:
    """Return one minus the mean over the kinds in the batch of 2 Σ p g / (Σ p² + Σ g²).

    Sums run over all pixels of the batch; p is how likely a pixel is of the kind, and g is 1 where
    it is. A small object counts as much as a large one.

    Source: Milletari, Navab, Ahmadi, "V-Net", 2016, arXiv 1606.04797, equation 6.

    Shape: (B, kinds, H, W), (B, H, W) -> a scalar
    """
    likely = scores.softmax(1)
    true = F.one_hot(masks, scores.shape[1]).movedim(-1, 1).to(likely)
    both = (likely * true).sum((0, 2, 3))
    sizes = likely.square().sum((0, 2, 3)) + true.sum((0, 2, 3))  # a square of 0 or 1 is itself
    there = true.amax((0, 2, 3))
    return 1 - (2 * both / sizes * there).sum() / there.sum()
