"""Set prediction against a slow reading of DETR's loss; a short run learns, to the bit."""

import io
import math
from typing import Any

import pytest
import torch
from torch import Tensor

from cvexplore.errors import OptionError, RunError
from cvexplore.plugins import Choice
from cvexplore.training import MetricPoint, RunConfig
from cvexplore.training.approaches import Batch
from cvexplore.training.loop import Training
from cvexplore.training.matching import match

SMALL = {
    **{"backbone_depth": 18, "backbone_width": 8, "stages": 2, "norm": "batch", "mlp_ratio": 2},
    **{"width": 32, "heads": 4, "encoder_layers": 1, "decoder_layers": 2, "queries": 6},
}


def recipe(**changed: Any) -> RunConfig:
    standard: dict[str, Any] = {
        "architecture": "cvexplore/detr",
        "options": SMALL,
        "approach": Choice("detection"),
        "dataset": Choice("scenes", {"count": 80, "image_size": 32}),
        "batch_size": 16,
        "steps": 3,
    }
    return RunConfig(**standard | changed)


def known(points: list[MetricPoint]) -> list[tuple[int, str, str, float]]:
    """Return all of the points but the time they took."""
    return [(point.step, point.split, point.name, point.value) for point in points]


def first_batch(training: Training, size: int = 8) -> Batch:
    return next(training.approach.batches(training.train[:size], size))


# ------------------------------------------------------------------ the loss


def giou_and_iou(one: list[float], other: list[float]) -> tuple[float, float]:
    (x, y, w, h), (u, v, a, b) = one, other
    wide = min(x + w / 2, u + a / 2) - max(x - w / 2, u - a / 2)
    high = min(y + h / 2, v + b / 2) - max(y - h / 2, v - b / 2)
    shared = max(0.0, wide) * max(0.0, high)
    union = w * h + a * b - shared
    hull_wide = max(x + w / 2, u + a / 2) - min(x - w / 2, u - a / 2)
    hull_high = max(y + h / 2, v + b / 2) - min(y - h / 2, v - b / 2)
    hull = hull_wide * hull_high
    return shared / union - (hull - union) / hull, shared / union


def slowly(answer: dict[str, Tensor], batch: Batch) -> dict[str, float]:
    """Return the loss of one layer's answer, query by query and object by object."""
    assert batch.objects is not None
    weighted = weights = far = apart = ious = right = objects = 0.0
    for image in range(len(batch.labels)):
        logits, boxes = answer["logits"][image], answer["boxes"][image]
        labels, true = batch.objects.labels[image], batch.objects.boxes[image]
        there = labels >= 0
        labels, true = labels[there].tolist(), true[there]
        pairing = match(logits, boxes, torch.tensor(labels), true)
        pairs = dict(zip(pairing.queries.tolist(), pairing.objects.tolist(), strict=True))
        for query, scores in enumerate(logits.tolist()):
            nothing = len(scores) - 1
            label = labels[pairs[query]] if query in pairs else nothing
            weight = 0.1 if label == nothing else 1.0
            total = sum(math.exp(score) for score in scores)
            weighted -= weight * math.log(math.exp(scores[label]) / total)
            weights += weight
            if query in pairs:
                here, there_ = boxes[query].tolist(), true[pairs[query]].tolist()
                giou, iou = giou_and_iou(here, there_)
                far += sum(abs(a - b) for a, b in zip(here, there_, strict=True))
                apart += 1 - giou
                ious += iou
                right += scores.index(max(scores)) == label
                objects += 1
    parts = {
        "class_loss": weighted / weights,
        "box_loss": 5 * far / objects,
        "overlap_loss": 2 * apart / objects,
    }
    measured = {"iou": ious / objects, "accuracy": right / objects}
    return {"loss": sum(parts.values()), **parts, **measured}


def test_the_loss_is_the_papers() -> None:
    training = Training(recipe())
    batch, approach = first_batch(training), training.approach.eval()
    scores = approach.score(batch)
    found = {name: value.item() for name, value in scores.items() if not value.dim()}
    with torch.no_grad():
        assert found == pytest.approx(slowly(approach.network(batch.images), batch), rel=1e-4)
    assert found["iou"] > 0


def test_each_layer_of_the_decoder_is_taught_and_the_last_is_measured() -> None:
    training = Training(recipe(options={**SMALL, "decoder_layers": 3, "dropout": 0.0}))
    batch, approach = first_batch(training), training.approach.train()
    for module in approach.modules():  # the same statistics in each pass
        if isinstance(module, torch.nn.BatchNorm2d):
            module.momentum = 0.0
    found = {name: value.item() for name, value in approach.loss(batch).items()}
    with torch.no_grad():
        answer = approach.network(batch.images)
    layers = [slowly(each, batch) for each in (*answer["auxiliary"], answer)]
    assert len(layers) == 3
    for name in ("loss", "class_loss", "box_loss", "overlap_loss"):
        assert found[name] == pytest.approx(sum(each[name] for each in layers) / 3, rel=1e-4)
    for name in ("iou", "accuracy"):
        assert found[name] == pytest.approx(layers[-1][name], rel=1e-4)


def test_what_is_learned_from_reaches_every_parameter() -> None:
    training = Training(recipe())
    training.approach.train().loss(first_batch(training))["loss"].backward()
    idle = {
        name
        for name, each in training.approach.network.named_parameters()
        if each.grad is None or not each.grad.any()
    }
    # The first self-attention of the decoder has only zeros for values.
    assert {name for name in idle if ".decoder.0.self_attention." not in name} == set()


# ------------------------------------------------------------------ the run


def test_a_hundred_steps_bring_the_loss_down_and_the_boxes_near() -> None:
    config = recipe(
        options={**SMALL, "backbone_width": 16, "dropout": 0.0},
        dataset=Choice("scenes", {"count": 200, "image_size": 32}),
        steps=100,
        learning_rate=3e-3,
    )
    training = Training(config)
    before = training.evaluate()
    points = list(training.points())
    after = training.evaluate()
    assert after["loss"] < 0.7 * before["loss"]
    assert after["iou"] > 2 * before["iou"]
    names = {"loss", "class_loss", "box_loss", "overlap_loss", "iou", "accuracy"}
    for split, extra in (
        ("train", {"learning_rate", "gradient_norm"}),
        ("validation", {"average_precision"}),
    ):
        assert {point.name for point in points if point.split == split} == names | extra


def test_a_continued_run_is_the_uninterrupted_one() -> None:
    whole = Training(recipe(steps=6))  # with dropout, over two epochs of four steps
    points, kept = [], None
    for point in whole.points():
        points.append(point)
        if point.name == "learning_rate" and point.step == 3:
            file = io.BytesIO()
            torch.save(whole.checkpoint(), file)
            kept = len(points), file
    assert kept
    kept[1].seek(0)
    torch.manual_seed(12345)
    again = Training(recipe(steps=6))
    again.restore(torch.load(kept[1], weights_only=True))
    assert known(list(again.points())) == known(points[kept[0] :])
    for name, tensor in again.approach.state_dict().items():
        assert torch.equal(tensor, whole.approach.state_dict()[name]), name


def test_a_run_that_diverges_ends_in_a_sentence() -> None:
    training = Training(recipe(steps=8))
    with torch.no_grad():
        training.approach.network.get_parameter("projection.bias").fill_(torch.nan)
    with pytest.raises(RunError, match=r"^The train loss is not a number at step 1: "):
        list(training.points())


def test_a_dataset_with_boxes_can_be_classified_as_well() -> None:
    config = recipe(
        architecture="cvexplore/simple_cnn",
        options={"width": 4, "hidden": 16},
        approach=Choice("supervised"),
    )
    points = list(Training(config).points())
    assert [point.name for point in points].count("loss") == 4


# ------------------------------------------------------------------ what cannot work is said


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"dataset": Choice("digits")}, "The pictures of digits come without boxes: choose"),
        (
            {"architecture": "cvexplore/resnet", "options": {}},
            "cvexplore/resnet does not answer with boxes: choose a DETR",
        ),
        (
            {"architecture": "torchvision/ssd300_vgg16", "options": {}},
            "torchvision/ssd300_vgg16 does not answer with a set of boxes: choose a DETR",
        ),
        ({"augmentations": (Choice("rotate"),)}, "rotate moves or mixes objects, but not their"),
        ({"augmentations": (Choice("mixup"),)}, "mixup moves or mixes objects, but not their"),
        ({"options": {**SMALL, "classes": 91}}, "tells 91 classes apart, but scenes has 4"),
        ({"options": {**SMALL, "image_size": 64}}, "image_size is 64, but that of the pictures"),
        ({"options": {**SMALL, "channels": 1}}, "channels is 1, but that of the pictures is 3"),
        ({"options": {**SMALL, "heads": 5}}, "Width 32 is not a multiple of 5 heads"),
        ({"approach": Choice("supervised")}, "is a network for detection, not a classifier"),
    ],
)
def test_what_cannot_learn_to_find_objects_is_refused_with_the_reason(
    changed: dict[str, Any], says: str
) -> None:
    with pytest.raises(OptionError) as caught:
        Training(recipe(**changed))
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)
