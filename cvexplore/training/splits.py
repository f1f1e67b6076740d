"""Which pictures are learned from, and which are only measured on."""

import torch
from torch import Tensor


def stratified(labels: Tensor, share: float, seed: int) -> tuple[Tensor, Tensor]:
    """Return (training, validation) indices; each class gives the same share, at least one picture.

    Shape: (N,) -> two index tensors that together hold 0..N-1 once each
    """
    random = torch.Generator().manual_seed(seed)
    held_out = []
    for label in labels.unique():
        members = (labels == label).nonzero()[:, 0]
        members = members[torch.randperm(len(members), generator=random)]
        count = min(max(1, round(share * len(members))), len(members) - 1)
        held_out.append(members[:count])
    validation = torch.cat(held_out).sort().values
    kept = torch.ones(len(labels), dtype=torch.bool)
    kept[validation] = False
    return kept.nonzero()[:, 0], validation


def shuffled(indices: Tensor, seed: int, epoch: int) -> Tensor:
    """Return the indices in the order of this epoch: the same for the same seed, on any machine."""
    random = torch.Generator().manual_seed(seed * 1_000_003 + epoch)
    return indices[torch.randperm(len(indices), generator=random)]


def steps_per_epoch(images: int, batch_size: int) -> int:
    """Return the optimiser steps of one pass.

    A single image left over makes no batch: batch normalisation has no spread to measure in it.
    """
    whole, rest = divmod(images, batch_size)
    return max(1, whole + (rest > 1))
