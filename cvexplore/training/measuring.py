"""How good a network is on pictures it does not learn from, batch by batch."""

from collections.abc import Iterator

import torch
from torch import Tensor

from cvexplore.training.approaches import Approach, Batch

BATCH = 64  # larger batches leave the processor's cache and are slower

Value = float | tuple[float, ...]  # several where one would not say it


class Measurement:
    """The scores of some pictures, measured a batch at a time.

    Args:
        approach: that is measured, in evaluation mode.
        order: indices of the pictures.
    """

    def __init__(self, approach: Approach, order: Tensor) -> None:
        self._approach = approach
        self._order = order
        self._sizes: list[int] = []
        self._answers: dict[str, list[Tensor]] = {}

    def batches(self) -> Iterator[None]:
        """Measure one batch at each turn."""
        self._approach.eval()
        for batch in self._approach.batches(self._order, BATCH):
            with torch.inference_mode():
                self._add(batch)
            yield

    def _add(self, batch: Batch) -> None:
        self._sizes.append(len(batch.labels))
        for name, value in self._approach.score(batch).items():
            self._answers.setdefault(name, []).append(value)

    @torch.inference_mode()
    def scores(self) -> dict[str, Value]:
        """Return means over the pictures, and what is measured of them all."""
        means = {
            name: _mean(each, self._sizes)
            for name, each in self._answers.items()
            if not each[0].dim()
        }
        answers = {name: torch.cat(each) for name, each in self._answers.items() if each[0].dim()}
        together = self._approach.score_of_all(self._order, answers)
        whole = {
            name: value.item() if not value.dim() else tuple(map(float, value.flatten().tolist()))
            for name, value in together.items()
        }
        return means | whole

    def first_not_finite(self) -> int:
        """Return the number of the first batch whose loss is not a number."""
        losses = torch.stack(self._answers["loss"])
        return int((~losses.isfinite()).nonzero()[0])


def _mean(values: list[Tensor], sizes: list[int]) -> float:
    total = sum(v * n for v, n in zip(torch.stack(values).tolist(), sizes, strict=True))
    return total / sum(sizes)
