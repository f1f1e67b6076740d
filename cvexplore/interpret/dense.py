"""What a network found and where: the boxes of a detector, the class of every pixel.

All places are pixels of the square that the network was given, from its upper left corner.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from cvexplore.errors import LayerError
from cvexplore.interpret.predictions import Prediction, predictions

_SURE = 0.5  # of a pixel of an object's mask; Mask R-CNN's own threshold (arXiv 1703.06870, 3.1)
_MOST_BOXES = 100  # COCO's evaluation takes no more of an image either


@dataclass(frozen=True)
class Mask:
    """Which pixels an object covers, kept as the smallest rectangle that holds them.

    Args:
        left: the rectangle's first column in the square.
        top: its first row.
        inside: whether each of its pixels is the object's. Shape: (h, w), bool
    """

    left: int
    top: int
    inside: np.ndarray


@dataclass(frozen=True)
class Box:
    """One object: what it is, how sure the network is, and where.

    Args:
        label: the class's name.
        score: from 0 to 1.
        x0, y0, x1, y1: the left, upper, right and lower edge, in pixels.
        index: the class's number.
        mask: its pixels, of networks that tell them.
        keypoints: places of its joints, of networks that tell them, as (x, y).
    """

    label: str
    score: float
    x0: float
    y0: float
    x1: float
    y1: float
    index: int
    mask: Mask | None = field(default=None, compare=False)
    keypoints: tuple[tuple[float, float], ...] = ()

    @property
    def corners(self) -> tuple[float, float, float, float]:
        """(x0, y0, x1, y1)."""
        return self.x0, self.y0, self.x1, self.y1


@dataclass(frozen=True)
class Boxes:
    """What a detector found, the surest first."""

    found: tuple[Box, ...]

    def above(self, score: float) -> tuple[Box, ...]:
        """Return the boxes of at least this score."""
        return tuple(box for box in self.found if box.score >= score)


@dataclass(frozen=True)
class Segmentation:
    """The class of every pixel.

    Args:
        classes: each pixel's class. Shape: (H, W), int16
        names: what the classes are called, by number.
        shares: how much of the picture each class covers, by number; together 1.
        background: the class that means "none of the others".
    """

    classes: np.ndarray = field(compare=False)
    names: tuple[str, ...]
    shares: tuple[float, ...]
    background: int = 0

    def present(self) -> tuple[int, ...]:
        """Return the classes that cover anything, the largest first."""
        found = [index for index, share in enumerate(self.shares) if share]
        return tuple(sorted(found, key=lambda index: -self.shares[index]))


Answer = Boxes | Segmentation | tuple[Prediction, ...]


def decode(output: Any, labels: Sequence[str], task: str, sides: tuple[int, int]) -> Answer:
    """Return what a network's output says of the first image.

    Args:
        output: what the network returned.
        labels: names of the classes; classes beyond them are called by their number.
        task: the network's, as the catalog has it: "classification", "detection", "segmentation".
        sides: height and width of the images it was given.

    Raises:
        LayerError: the output is not of a kind we know for this task.
    """
    if task == "detection":
        return boxes(output, labels, sides)
    if task == "segmentation":
        return segmentation(output, labels)
    return predictions(output, labels)


# ------------------------------------------------------------------ boxes


def boxes(output: Any, labels: Sequence[str], sides: tuple[int, int]) -> Boxes:
    """Return the objects a detector found in the first image, the surest first, at most 100.

    Args:
        output: a dictionary an image with boxes (N, 4), labels (N,) and scores (N,), and maybe
            masks (N, 1, H, W) and keypoints (N, K, 3), as torchvision has it; or the class scores
            (B, Q, classes + 1) and boxes (B, Q, 4) of a DETR.
        labels: names of the classes.
        sides: height and width of the images.

    Raises:
        LayerError: it is neither.
    """
    first = output[0] if isinstance(output, (list, tuple)) and output else output
    if isinstance(first, dict) and "scores" in first:
        return _of_dictionary(first, labels)
    if isinstance(first, dict) and "logits" in first:
        return _of_queries(first["logits"][0], first["boxes"][0], labels, sides)
    raise LayerError("This network does not return boxes in a form we can read.")


def _of_dictionary(found: dict[str, Tensor], labels: Sequence[str]) -> Boxes:
    order = found["scores"].argsort(descending=True, stable=True)[:_MOST_BOXES]
    return Boxes(
        tuple(
            _box(
                labels,
                int(found["labels"][place]),
                float(found["scores"][place]),
                found["boxes"][place],
                _mask(found["masks"][place, 0]) if "masks" in found else None,
                _joints(found["keypoints"][place]) if "keypoints" in found else (),
            )
            for place in order.tolist()
        )
    )


def _of_queries(
    logits: Tensor, places: Tensor, labels: Sequence[str], sides: tuple[int, int]
) -> Boxes:
    """Return what DETR's queries answer; the last class means "no object" and is never the answer.

    Shape: logits (Q, classes + 1), places (Q, 4): centre x, centre y, width, height, as shares

    Source: Carion et al., "End-to-End Object Detection with Transformers", 2020, arXiv 2005.12872.
    """
    scores, classes = logits.float().softmax(-1)[:, :-1].max(-1)
    centre, size = places[:, :2].float(), places[:, 2:].float()
    height, width = sides
    scale = places.new_tensor([width, height, width, height]).float()
    corners = scale * torch.cat([centre - size / 2, centre + size / 2], dim=1)
    return _of_dictionary({"boxes": corners, "labels": classes, "scores": scores}, labels)


def _box(
    labels: Sequence[str],
    index: int,
    score: float,
    corners: Tensor,
    mask: Mask | None,
    keypoints: tuple[tuple[float, float], ...],
) -> Box:
    x0, y0, x1, y1 = corners.tolist()
    return Box(_name(labels, index), score, x0, y0, x1, y1, index, mask, keypoints)


def _mask(probabilities: Tensor) -> Mask:
    """Shape: (H, W)."""
    sure = (probabilities > _SURE).cpu().numpy()
    rows, columns = np.flatnonzero(sure.any(1)), np.flatnonzero(sure.any(0))
    if not len(rows):
        return Mask(0, 0, np.zeros((0, 0), bool))
    top, left = int(rows[0]), int(columns[0])
    return Mask(left, top, sure[top : rows[-1] + 1, left : columns[-1] + 1].copy())


def _joints(keypoints: Tensor) -> tuple[tuple[float, float], ...]:
    """Shape: (K, 3): x, y, whether it is seen."""
    return tuple((x, y) for x, y, seen in keypoints.tolist() if seen)


def least_score(model: nn.Module) -> float:
    """Return the score below which a detector itself drops boxes; 0 if it keeps all."""
    holder = getattr(model, "roi_heads", model)
    return float(getattr(holder, "score_thresh", 0.0))


# ------------------------------------------------------------------ classes of pixels


def segmentation(output: Any, labels: Sequence[str]) -> Segmentation:
    """Return the likeliest class of every pixel of the first image.

    Args:
        output: a dictionary whose "out" is one score a class and pixel. Shape: (B, classes, H, W)
        labels: names of the classes.

    Raises:
        LayerError: it is something else.
    """
    scores = output.get("out") if isinstance(output, dict) else output
    if not isinstance(scores, Tensor) or scores.dim() != 4:
        raise LayerError("This network does not return one score a class and pixel.")
    classes = scores[0].argmax(0).cpu().numpy().astype(np.int16)
    count = scores.shape[1]
    shares = np.bincount(classes.ravel(), minlength=count) / classes.size
    names = tuple(_name(labels, index) for index in range(count))
    return Segmentation(classes, names, tuple(shares.tolist()))


def _name(labels: Sequence[str], index: int) -> str:
    return labels[index].strip("_") if index < len(labels) else f"class {index}"
