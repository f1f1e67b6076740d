"""The running mean of the weights: it lies nearer to the middle of a valley than any single step.

Source: Polyak, Juditsky, "Acceleration of Stochastic Approximation by Averaging", 1992; in use as
an exponential mean since Tarvainen, Valpola, 2017, arXiv 1703.01780.
"""

import copy

import torch

from cvexplore.training.approaches import Approach


class Average:
    """A copy of an approach that holds the running mean of its weights.

    Args:
        approach: what learns.
        share: of the old value that each step keeps. Of the first steps fewer are kept, or the mean
            would long remember the weights before any learning: (1 + t) / (10 + t) after t steps.
    """

    def __init__(self, approach: Approach, share: float) -> None:
        shared = {id(approach.dataset): approach.dataset}
        self.approach = copy.deepcopy(approach, shared).eval().requires_grad_(False)
        self._share = share
        pairs = _pairs(self.approach, approach)
        self._mean = [mean for mean, now in pairs if now.is_floating_point()]
        self._now = [now for _, now in pairs if now.is_floating_point()]
        self._counts = [pair for pair in pairs if not pair[1].is_floating_point()]

    @torch.no_grad()
    def update(self, steps: int) -> None:
        """Move the mean towards the weights after that many steps."""
        share = min(self._share, (1 + steps) / (10 + steps))
        torch._foreach_lerp_(self._mean, self._now, 1 - share)  # pyright: ignore[reportPrivateImportUsage]
        for count, now in self._counts:
            count.copy_(now)


def _pairs(mean: Approach, now: Approach) -> list[tuple[torch.Tensor, torch.Tensor]]:
    """Return what belongs together, each once: layers may share their weights."""
    tensors = (each.state_dict().values() for each in (mean, now))
    return list({pair[1].data_ptr(): pair for pair in zip(*tensors, strict=True)}.values())
