"""How good a detector is over many pictures: average precision.

The answers to one class, the surest first, are right or wrong: right if they overlap an object of
their class enough, and no surer answer has found it. After each answer, precision is the share of
right ones among those given, recall the share of objects found. Average precision is the area under
precision over recall, where precision counts as the best that is still to come (all points).

    Source: Everingham, Van Gool, Williams, Winn, Zisserman, "The Pascal Visual Object Classes (VOC)
    Challenge", 2010, IJCV 88, section 4.2; all points since VOC 2010.
"""

import torch
from torch import Tensor

from cvexplore.training.datasets import Objects


def average_precision(
    logits: Tensor, boxes: Tensor, objects: Objects, overlap: float = 0.5
) -> Tensor:
    """Return each class's average precision; a class without objects has none (not-a-number).

    Every query answers with its likeliest class but "no object", as sure as that is likely.

    Args:
        logits: of N pictures, the last of the classes being "no object".
        boxes: of the same queries: centre x, centre y, width and height, as shares of the picture.
        objects: what is to be found.
        overlap: the least intersection over union of a right answer.

    Shape: logits (N, Q, classes + 1), boxes (N, Q, 4) -> (classes,); its ``nanmean()`` is the mAP
    """
    scores, named = logits.softmax(-1)[..., :-1].max(-1)  # (N, Q)
    return torch.stack(
        [
            _area(*_ranked(scores, named == each, boxes, objects, objects.labels == each, overlap))
            for each in range(logits.shape[-1] - 1)
        ]
    )


def _ranked(
    scores: Tensor, given: Tensor, boxes: Tensor, objects: Objects, wanted: Tensor, overlap: float
) -> tuple[Tensor, int]:
    """Return of one class's answers, the surest first, which are right, and how many should be.

    Shape: scores and given (N, Q), wanted (N, M) -> (answers,), bool
    """
    from torchvision.ops import box_iou

    overlaps = box_iou(boxes, objects.boxes, fmt="cxcywh")  # (N, Q, M)
    best, nearest = overlaps.masked_fill(~wanted[:, None], -1.0).max(-1)
    pictures, queries = given.nonzero(as_tuple=True)
    order = scores[pictures, queries].argsort(descending=True, stable=True)
    pictures, queries = pictures[order], queries[order]
    found: set[tuple[int, int]] = set()
    right = []
    for picture, query in zip(pictures.tolist(), queries.tolist(), strict=True):
        place = picture, int(nearest[picture, query])
        right.append(bool(best[picture, query] >= overlap) and place not in found)
        if right[-1]:
            found.add(place)
    return torch.tensor(right, dtype=torch.bool), int(wanted.sum())


def _area(right: Tensor, objects: int) -> Tensor:
    """Return the area under the best precision to come, over recall. Shape: (answers,) -> ()."""
    if not objects:
        return torch.tensor(torch.nan)
    hits = right.cumsum(0)
    precision = hits / torch.arange(1, len(right) + 1)
    to_come = precision.flip(0).cummax(0).values.flip(0)
    return to_come[right].sum() / objects  # each object found is a step of recall
