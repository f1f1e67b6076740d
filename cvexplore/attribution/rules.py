"""DeepLIFT's rules for what Captum has none for, or a wrong one, entered under classes of ours."""

from collections.abc import Callable

import torch
import torch.nn.functional as F
from captum.attr._core.deep_lift import SUPPORTED_NON_LINEAR, nonlinear
from torch import Tensor, nn


class Elementwise(nn.Module):
    """A function of one number, computed for each number of a tensor."""

    def __init__(self, function: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self.function = function

    def forward(self, numbers: Tensor) -> Tensor:
        """Return the function of each number. Shape: any -> the same"""
        return self.function(numbers)


class MaxPool(nn.MaxPool2d):
    """Max pooling whose windows may overlap: Captum's rule keeps one window a pixel."""

    def indices(self, maps: Tensor) -> Tensor:
        """Return where each window's maximum lies, counted along a map. Shape: (B, C, h, w)"""
        return F.max_pool2d(
            maps,
            self.kernel_size,
            self.stride,
            self.padding,
            self.dilation,
            self.ceil_mode,
            return_indices=True,
        )[1]


def _max_pool(
    module: MaxPool,
    inputs: Tensor,
    outputs: Tensor,
    grad_input: Tensor,
    grad_output: Tensor,
    eps: float = 1e-10,
) -> Tensor:
    """Return the multipliers of max pooling: a rise is the image's, a fall the baseline's.

    A pixel that is the maximum of several windows gets the sum of what they pass on. The image lies
    in the first half of the batch, the baseline in the second. Shape: of ``inputs``
    """
    image, baseline = outputs.chunk(2)
    highest = torch.maximum(image, baseline)
    passed = grad_output * torch.cat([highest - baseline, image - highest])
    placed = torch.zeros_like(inputs).flatten(2)
    placed.scatter_add_(2, module.indices(inputs).flatten(2), passed.flatten(2))
    rise, fall = placed.view_as(inputs).chunk(2)
    image, baseline = inputs.chunk(2)
    difference = torch.cat([image - baseline] * 2)
    shares = torch.cat([rise + fall] * 2)
    return torch.where(difference.abs() < eps, grad_input, shares / difference)


# The Rescale rule is defined for every function of one number (Shrikumar et al. 2017, section 3.5,
# arXiv:1704.02685); Captum's table names but six of them.
SUPPORTED_NON_LINEAR[Elementwise] = nonlinear
SUPPORTED_NON_LINEAR[MaxPool] = _max_pool
