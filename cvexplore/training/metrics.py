"""What a confusion matrix says: accuracy, and precision, recall and F1 of each class.

Counting pairs of classes is all that is done while a run learns (microseconds a batch); every
score below is derived from the counts when somebody looks. Neither part needs torch to be read.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class Scores:
    """How good a classifier is, all between 0 and 1.

    The means over classes are plain ("macro"): each class that occurs, as the truth or as an
    answer, counts the same. A quotient of nothing by nothing counts as 0.

    Args:
        accuracy: share of all pictures whose class was found.
        precision: mean over the classes.
        recall: mean over the classes.
        f1: mean over the classes.
        class_precision: of the pictures given this class, the share it belongs to.
        class_recall: of the pictures of this class, the share that was given it.
        class_f1: harmonic mean of the two.
        support: pictures of each class.
    """

    accuracy: float
    precision: float
    recall: float
    f1: float
    class_precision: tuple[float, ...]
    class_recall: tuple[float, ...]
    class_f1: tuple[float, ...]
    support: tuple[int, ...]


def confusion(predicted: "Tensor", labels: "Tensor", classes: int) -> "Tensor":
    """Return how many pictures of each true class were given each class; sums add up.

    Shape: (N,) int64, (N,) int64 -> (classes, classes) int64, a row for each true class
    """
    pairs = (labels * classes + predicted).bincount(minlength=classes * classes)
    return pairs.reshape(classes, classes)


def square(values: Sequence[float]) -> np.ndarray:
    """Return the matrix whose rows, one by one, are these values.

    Shape: classes * classes values -> (classes, classes)
    """
    counts = np.asarray(values, dtype=np.float64)
    classes = round(counts.size**0.5)
    return counts.reshape(classes, classes)


def scores(confusion: ArrayLike) -> Scores:
    """Return what a confusion matrix says.

    Shape: (classes, classes) counts, a row for each true class
    Source: Sokolova, Lapalme, "A systematic analysis of performance measures for classification
    tasks", 2009, doi 10.1016/j.ipm.2009.03.002.
    """
    counts = np.asarray(confusion, dtype=np.float64)
    right, true, given = counts.diagonal(), counts.sum(1), counts.sum(0)
    precision, recall = _share(right, given), _share(right, true)
    f1 = _share(2 * right, true + given)
    occurs = true + given > 0
    return Scores(
        accuracy=float(_share(right.sum(), counts.sum())),
        precision=_mean(precision[occurs]),
        recall=_mean(recall[occurs]),
        f1=_mean(f1[occurs]),
        class_precision=tuple(precision.tolist()),
        class_recall=tuple(recall.tolist()),
        class_f1=tuple(f1.tolist()),
        support=tuple(map(int, true)),
    )


def _share(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    return np.divide(part, whole, out=np.zeros_like(part), where=whole > 0)


def _mean(values: np.ndarray) -> float:
    return float(values.mean()) if values.size else 0.0
