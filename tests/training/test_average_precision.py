"""Average precision against a slow reading of its definition, and against COCO's own tools."""

import contextlib
import io
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from cvexplore.training.average_precision import average_precision
from cvexplore.training.datasets import Objects

CLASSES = 3


def guesses(pictures: int, seed: int) -> tuple[Tensor, Tensor, Objects]:
    """Return answers of a middling detector: near an object or anywhere, its class right or not."""
    random = torch.Generator().manual_seed(seed)

    def draw(*shape: int) -> Tensor:
        return torch.rand(*shape, generator=random)

    labels = torch.randint(-1, CLASSES, (pictures, 3), generator=random)
    boxes = torch.cat([draw(pictures, 3, 2) * 0.6 + 0.2, draw(pictures, 3, 2) * 0.2 + 0.15], -1)
    near = boxes.repeat(1, 2, 1) + 0.03 * torch.randn(pictures, 6, 4, generator=random)
    right = torch.nn.functional.one_hot(labels.clamp(min=0).repeat(1, 2), CLASSES + 1)
    logits = 2 * torch.randn(pictures, 6, CLASSES + 1, generator=random) + 2 * right
    return logits, near.clamp(0.05, 0.95), Objects(labels, boxes * (labels >= 0)[..., None])


def iou(one: list[float], other: list[float]) -> float:
    (x, y, w, h), (u, v, a, b) = one, other
    wide = min(x + w / 2, u + a / 2) - max(x - w / 2, u - a / 2)
    high = min(y + h / 2, v + b / 2) - max(y - h / 2, v - b / 2)
    shared = max(0.0, wide) * max(0.0, high)
    return shared / (w * h + a * b - shared)


def slowly(logits: Tensor, boxes: Tensor, objects: Objects, label: int, overlap: float) -> float:
    """Return the mean, over the objects, of the best precision at which so many are found."""
    answers = []
    for picture, scores in enumerate(logits.softmax(-1)[..., :-1].tolist()):
        for query, each in enumerate(scores):
            if each.index(max(each)) == label:
                answers.append((max(each), picture, boxes[picture, query].tolist()))
    answers.sort(key=lambda answer: -answer[0])
    free = {
        (picture, place): objects.boxes[picture, place].tolist()
        for picture, place in (objects.labels == label).nonzero().tolist()
    }
    wanted, taken = dict(free), 0
    reached = []  # (objects found, precision) after each answer
    for given, (_, picture, box) in enumerate(answers, start=1):
        here = [(iou(box, true), key) for key, true in wanted.items() if key[0] == picture]
        best, key = max(here, default=(0.0, None))
        if best >= overlap and key in free:
            del free[key]
            taken += 1
        reached.append((taken, taken / given))
    return sum(
        max((precision for found, precision in reached if found >= count), default=0.0)
        for count in range(1, len(wanted) + 1)
    ) / len(wanted)


@pytest.mark.parametrize("overlap", [0.3, 0.5, 0.65])
@pytest.mark.parametrize("seed", range(3))
def test_it_is_the_area_under_the_best_precision_to_come(seed: int, overlap: float) -> None:
    drawn = guesses(40, seed)
    found = average_precision(*drawn, overlap)
    expected = [slowly(*drawn, label, overlap) for label in range(CLASSES)]
    assert found.tolist() == pytest.approx(expected, abs=1e-6)
    assert 0.02 < found.min() < found.max() < 0.98


def of_coco(logits: Tensor, boxes: Tensor, objects: Objects) -> list[float]:
    """Return each class's average precision at IoU 0.5 as COCO's own tools have it."""
    from pycocotools.coco import COCO
    from pycocotools.cocoeval import COCOeval

    def side(box: Tensor) -> list[float]:
        x, y, width, height = (1000 * box).tolist()
        return [x - width / 2, y - height / 2, width, height]

    true: Any = COCO()
    true.dataset = {
        "images": [{"id": each} for each in range(len(logits))],
        "categories": [{"id": each} for each in range(CLASSES)],
        "annotations": [
            {"id": n, "image_id": picture, "category_id": int(objects.labels[picture, place]),
             "bbox": side(objects.boxes[picture, place]), "area": 1.0, "iscrowd": 0}
            for n, (picture, place) in enumerate((objects.labels >= 0).nonzero().tolist(), start=1)
        ],
    }  # fmt: skip
    scores, named = logits.softmax(-1)[..., :-1].max(-1)
    answers = [
        {"image_id": picture, "category_id": int(named[picture, query]),
         "bbox": side(boxes[picture, query]), "score": float(scores[picture, query])}
        for picture in range(len(logits)) for query in range(logits.shape[1])
    ]  # fmt: skip
    with contextlib.redirect_stdout(io.StringIO()):
        true.createIndex()
        judged: Any = COCOeval(true, true.loadRes(answers), "bbox")
        judged.evaluate()
        judged.accumulate()
    precision = judged.eval["precision"][0, :, :, 0, -1]  # at IoU 0.5, (101 recalls, classes)
    return np.asarray(precision).mean(0).tolist()


def test_it_is_cocos_but_for_the_hundred_and_one_points() -> None:
    drawn = guesses(400, seed=5)
    assert average_precision(*drawn).tolist() == pytest.approx(of_coco(*drawn), abs=0.01)


def perfect(objects: Objects) -> Tensor:
    return 9.0 * torch.nn.functional.one_hot(objects.labels % (CLASSES + 1), CLASSES + 1).float()


def test_a_perfect_detector_has_one_and_saying_it_twice_costs() -> None:
    _, _, objects = guesses(30, seed=2)
    logits, boxes = perfect(objects), objects.boxes.clamp(min=0.01)
    assert average_precision(logits, boxes, objects).tolist() == pytest.approx([1.0] * CLASSES)
    twice = torch.cat([logits, logits], 1), torch.cat([boxes, boxes], 1)
    assert average_precision(*twice, objects).max() < 0.9


def test_a_class_without_objects_has_none() -> None:
    logits, boxes, objects = guesses(30, seed=2)
    without = Objects(torch.where(objects.labels == 1, 2, objects.labels), objects.boxes)
    found = average_precision(logits, boxes, without)
    assert found.isnan().tolist() == [False, True, False]
