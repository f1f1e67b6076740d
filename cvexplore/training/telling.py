"""Labels that are told, and those that are there but must not be looked at."""

import torch
import torch.nn.functional as F
from torch import Tensor

UNKNOWN = -100  # the label of a picture whose class is not told; no class, so no loss can use it


def only_of(told: Tensor, labels: Tensor, order: Tensor) -> Tensor:
    """Return the labels of these pictures, ``UNKNOWN`` for those that are not told.

    Shape: indices of pictures (T,), labels (B,) of the pictures (B,) -> (B,)
    """
    return labels.where(torch.isin(order, told).to(labels.device), UNKNOWN)


def of_known(scores: Tensor, labels: Tensor) -> dict[str, Tensor]:
    """Return the mean cross-entropy and accuracy over the pictures whose class is told.

    Both are 0 where no class is. Shape: (B, classes), (B,) -> two scalars
    """
    known = labels >= 0
    count = known.sum().clamp(min=1)
    loss = F.cross_entropy(scores, labels, ignore_index=UNKNOWN, reduction="sum") / count
    return {"loss": loss, "accuracy": (scores.detach().argmax(1) == labels).sum() / count}
