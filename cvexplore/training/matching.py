"""Which of a detector's queries answers for which object: the cheapest pairing there is.

A detector that gives all its answers at once must be told which answer should have found which
object before it can be told how wrong it was. DETR pairs them one to one, so that the pairs cost
the least together; what is left over should say "no object".

    Source: Carion, Massa, Synnaeve, Usunier, Kirillov, Zagoruyko, "End-to-End Object Detection with
    Transformers", 2020, arXiv 2005.12872, section 3.1; Kuhn, "The Hungarian method for the
    assignment problem", 1955.

Boxes are centre x, centre y, width and height, as shares of the image.
"""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

CLASS, BOX, OVERLAP = 1.0, 5.0, 2.0  # the paper's weights of the three parts

_DEAR = 1e6


@dataclass(frozen=True)
class Matching:
    """Which query answers for which object, and what each pair would cost.

    Args:
        queries: (P,), int64: of each pair, the query.
        objects: (P,), int64: of each pair, the object.
        cost: (Q, M): the sum of the three parts.
        class_part: (Q, M): minus the probability of the object's class, weighted.
        box_part: (Q, M): the sum of the four sides' differences (L1), weighted.
        overlap_part: (Q, M): minus the generalised IoU, weighted.
        iou: (P,): of each pair, intersection over union, 0 to 1.
    """

    queries: Tensor
    objects: Tensor
    cost: Tensor
    class_part: Tensor
    box_part: Tensor
    overlap_part: Tensor
    iou: Tensor


def match(logits: Tensor, boxes: Tensor, true_labels: Tensor, true_boxes: Tensor) -> Matching:
    """Return the cheapest pairing of one image's queries and objects.

    Shape: logits (Q, classes + 1), the last for "no object", boxes (Q, 4), true labels (M,), -1 for
        none, true boxes (M, 4)
    """
    from torchvision.ops import box_iou

    there = true_labels >= 0
    true_labels, true_boxes = true_labels[there], true_boxes[there]
    parts = costs(logits, boxes, true_labels, true_boxes)
    cost = torch.stack(parts).sum(0)
    _, queries, objects = cheapest(cost[None], there[there][None])
    iou = box_iou(boxes[queries], true_boxes[objects], fmt="cxcywh").diagonal()
    return Matching(queries, objects, cost, *parts, iou)


def costs(
    logits: Tensor, boxes: Tensor, true_labels: Tensor, true_boxes: Tensor
) -> tuple[Tensor, Tensor, Tensor]:
    """Return what each query would cost for each object: of its class, its box, its overlap.

    Shape: logits (..., Q, classes + 1), boxes (..., Q, 4), true labels (..., M), true boxes
        (..., M, 4) -> three times (..., Q, M)
    """
    from torchvision.ops import box_convert, generalized_box_iou

    asked = true_labels.clamp(min=0)[..., None, :].expand(*logits.shape[:-1], -1)
    probabilities = logits.softmax(-1).gather(-1, asked)
    corners, true_corners = (box_convert(each, "cxcywh", "xyxy") for each in (boxes, true_boxes))
    return (
        -CLASS * probabilities,
        BOX * torch.cdist(boxes, true_boxes, p=1),
        -OVERLAP * generalized_box_iou(corners, true_corners),
    )


def cheapest(cost: Tensor, there: Tensor) -> tuple[Tensor, ...]:
    """Return of each image the pairs that cost the least in sum: their (image, query, object).

    What is no number, as when training diverges, counts as very dear.

    Shape: cost (N, Q, M), there (N, M), false where is no object -> three times (P,), int64
    """
    from scipy.optimize import linear_sum_assignment

    known = cost.detach().nan_to_num(_DEAR, posinf=_DEAR).cpu().numpy()
    pairs = []
    for image, (table, objects) in enumerate(zip(known, there.cpu().numpy(), strict=True)):
        places = objects.nonzero()[0]
        queries, chosen = linear_sum_assignment(table[:, places])
        pairs.append(np.stack([np.full_like(queries, image), queries, places[chosen]]))
    return tuple(torch.from_numpy(np.concatenate(pairs, 1)).to(cost.device))
