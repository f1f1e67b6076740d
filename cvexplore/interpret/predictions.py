"""What a classifier says an image is."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from torch import Tensor

from cvexplore.errors import LayerError


@dataclass(frozen=True)
class Prediction:
    """One class and the probability the network gives it."""

    label: str
    probability: float
    index: int


def predictions(output: Any, labels: Sequence[str], most: int = 5) -> tuple[Prediction, ...]:
    """Return the likeliest classes, the likeliest first.

    Args:
        output: what the network returned for one image. Shape: (1, classes), scores before softmax
        labels: names of the classes; classes beyond them are called by their number.
        most: how many to return.

    Raises:
        LayerError: the output is not one score a class.
    """
    if not isinstance(output, Tensor) or output.dim() != 2:
        raise LayerError("This network does not return one score a class.")
    likeliest = output[0].float().softmax(0).topk(min(most, output.shape[1]))
    names = dict(enumerate(labels))
    return tuple(
        Prediction(names.get(index, f"class {index}"), probability, index)
        for probability, index in zip(*map(Tensor.tolist, likeliest), strict=True)
    )
