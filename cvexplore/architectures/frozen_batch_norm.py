"""Batch normalisation as detectors have it: with the numbers of a network trained before."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class FrozenBatchNorm(nn.Module):
    """Batch normalisation whose numbers are fixed: a batch of a few large photos is too small.

    They are buffers of a BatchNorm2d's names, so those of a trained ResNet can be loaded.

    Shape: (B, C, H, W) -> (B, C, H, W)
    """

    weight: Tensor
    bias: Tensor
    running_mean: Tensor
    running_var: Tensor

    def __init__(self, width: int) -> None:
        super().__init__()
        self.register_buffer("weight", torch.ones(width))
        self.register_buffer("bias", torch.zeros(width))
        self.register_buffer("running_mean", torch.zeros(width))
        self.register_buffer("running_var", torch.ones(width))

    def forward(self, x: Tensor) -> Tensor:
        """Return the maps, scaled and moved by channel."""
        return F.batch_norm(x, self.running_mean, self.running_var, self.weight, self.bias)
