"""Several tasks at once: what they are, what they weigh, what is shared."""

import math
from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import Tensor

from cvexplore.errors import OptionError
from cvexplore.plugins import Choice
from cvexplore.training import RunConfig
from cvexplore.training.approaches import APPROACHES, standard
from cvexplore.training.approaches.multi_task import Asked, MultiTask
from cvexplore.training.datasets import DATASETS, Dataset
from cvexplore.training.datasets.shapes import COLOURS
from cvexplore.training.loop import Training
from cvexplore.training.optimizers import groups
from cvexplore.training.tasks import Placing, by_uncertainty, tasks_of

SMALL = {"batch_norm": True, "dropout": 0.0, "width": 4, "hidden": 16}
SHAPES = Choice("shapes", {"count": 80, "image_size": 16})


def recipe(options: dict[str, Any] | None = None, **changed: Any) -> RunConfig:
    short = {"dataset": SHAPES, "options": SMALL, "steps": 6, "batch_size": 16, "every": 1000}
    choice = Choice("multi_task", options or {})
    return replace(standard("multi_task"), approach=choice, **short | changed)


def approach_of(config: RunConfig) -> MultiTask:
    found = Training(config).approach
    assert isinstance(found, MultiTask)
    return found


def drawn(name: str, **options: Any) -> Dataset:
    return DATASETS.bind(Choice(name, options))()


# ------------------------------------------------------------------ weights


def test_uncertainty_weighs_as_the_paper_does() -> None:
    losses, log_sigma = torch.tensor([0.3, 2.0, 0.01]), torch.tensor([0.2, -0.4, -1.5])
    losses, log_sigma = losses.double(), log_sigma.double().requires_grad_()
    expected = 0.0
    for loss, log in zip(losses.tolist(), log_sigma.tolist(), strict=True):
        sigma = math.exp(log)
        expected += loss / (2 * sigma**2) + math.log(sigma)
    found = by_uncertainty(losses, log_sigma)
    assert found.item() == pytest.approx(expected, abs=1e-6)
    (gradient,) = torch.autograd.grad(found, log_sigma)
    by_hand = [1 - x / math.exp(s) ** 2 for x, s in zip(losses, log_sigma.tolist(), strict=True)]
    torch.testing.assert_close(gradient, torch.tensor(by_hand).double(), rtol=0, atol=1e-6)


def test_sigma_settles_where_its_square_is_the_loss() -> None:
    losses = torch.tensor([0.3, 2.0, 0.01])
    (gradient,) = torch.autograd.grad(
        by_uncertainty(losses, settled := (losses.log() / 2).requires_grad_()), settled
    )
    assert gradient.abs().max() < 1e-5


@pytest.mark.parametrize(
    ("options", "weights"),
    [
        ({"weighting": "equal", "box_weight": 9.0}, (1.0, 1.0, 1.0)),
        (
            {"weighting": "hand", "class_weight": 2.0, "axis_weight": 0.5, "box_weight": 9.0},
            (2.0, 0.5, 9.0),
        ),
    ],
)
def test_fixed_weights_are_the_recipe_s(
    options: dict[str, Any], weights: tuple[float, ...]
) -> None:
    approach = approach_of(recipe(options)).train()
    (batch,) = approach.batches(torch.arange(12), 12)
    found = approach.loss(batch)
    parts = [found[f"{name}_loss"] for name in ("class", "colour", "box")]
    expected = sum(w * each.item() for w, each in zip(weights, parts, strict=True))
    assert found["loss"].item() == pytest.approx(expected, rel=1e-5)
    assert not any(name.startswith("sigma") for name in found)


def test_sigmas_are_curves_learn_and_never_decay() -> None:
    config = recipe({"sigma_rate": 5.0}, weight_decay=0.1, decay_all=True)
    training = Training(config)
    points = list(training.points())
    approach = training.approach
    assert isinstance(approach, MultiTask)
    for place, task in enumerate(("class", "colour", "box")):
        curve = [each.value for each in points if each.name == f"sigma_{task}"]
        assert curve[0] == 1
        assert len(set(curve)) == len(curve) == 6
        assert approach.log_sigma[place] != 0
    grouped = groups(approach, 0.1, True, approach.rates(), approach.undecayed())
    (mine,) = [g for g in grouped if any(p is approach.log_sigma for p in g["params"])]
    assert not mine["decays"]
    assert mine["scale"] == 5


# ------------------------------------------------------------------ tasks


def test_losses_and_scores_are_loops_over_pictures() -> None:
    approach = approach_of(recipe()).eval()
    order = approach.parts.validation
    (batch,) = approach.batches(order, 64)
    assert isinstance(batch, Asked)
    with torch.no_grad():
        found, answers = approach.score(batch), approach.answers(batch.images)
    data = approach.dataset
    assert data.objects is not None
    colours, boxes = data.axes["colour"].values[order], data.objects.boxes[order, 0]
    for name, truth in (("class", data.labels[order]), ("colour", colours)):
        logs = answers[name].log_softmax(1)
        each = [-logs[i, label].item() for i, label in enumerate(truth.tolist())]
        right = [int(logs[i].argmax() == label) for i, label in enumerate(truth.tolist())]
        score = "accuracy" if name == "class" else "colour_accuracy"
        assert found[f"{name}_loss"].item() == pytest.approx(sum(each) / len(each), rel=1e-5)
        assert found[score].item() == pytest.approx(sum(right) / len(right))
    said = [[1 / (1 + math.exp(-x)) for x in row] for row in answers["box"].tolist()]
    pairs = list(zip(said, boxes.tolist(), strict=True))
    squares = [sum((a - b) ** 2 for a, b in zip(*pair, strict=True)) for pair in pairs]
    assert found["box_loss"].item() == pytest.approx(sum(squares) / len(squares), rel=1e-5)
    overlaps = [overlap(*pair) for pair in pairs]
    assert found["box_iou"].item() == pytest.approx(sum(overlaps) / len(overlaps), rel=1e-4)
    total = sum(found[f"{name}_loss"].item() for name in ("class", "colour", "box"))
    assert found["loss"].item() == pytest.approx(total, rel=1e-6)


def overlap(one: list[float], other: list[float]) -> float:
    shared = 1.0
    for axis in (0, 1):
        low = max(box[axis] - box[axis + 2] / 2 for box in (one, other))
        high = min(box[axis] + box[axis + 2] / 2 for box in (one, other))
        shared *= max(0.0, high - low)
    return shared / (one[2] * one[3] + other[2] * other[3] - shared)


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (drawn("shapes", count=40), {"class": 4, "colour": 6, "box": 4}),
        (
            drawn("shapes", count=40, domain="both"),
            {"class": 4, "colour": 6, "domain": 2, "box": 4},
        ),
        (drawn("scenes", count=40), {"class": 4, "objects": 4, "colour": 6, "box": 4}),
        (drawn("digits"), {"class": 10}),
    ],
)
def test_tasks_are_what_is_known_of_every_picture(data: Dataset, expected: dict[str, int]) -> None:
    assert {task.name: task.outputs for task in tasks_of(data)} == expected


def test_a_box_is_that_of_the_pixels_of_its_shape() -> None:
    data = drawn("shapes", count=48, classes=24, image_size=64, noise=0.0)
    assert data.masks is not None
    (task,) = [each for each in tasks_of(data) if isinstance(each, Placing)]
    for mask, (x, y, width, height) in zip(data.masks, task.truth.tolist(), strict=True):
        rows, columns = (mask.any(axis).nonzero()[:, 0] for axis in (1, 0))
        edges = (x - width / 2, y - height / 2, x + width / 2, y + height / 2)
        seen = (columns[0], rows[0], columns[-1] + 1, rows[-1] + 1)
        assert [64 * each for each in edges] == pytest.approx([float(each) for each in seen], abs=1)


def test_of_several_shapes_all_is_asked_of_the_largest() -> None:
    """The named class has its own pixels at the middle of the box, and its colour is there."""
    data = drawn("scenes", count=300, noise=0.0)
    assert data.objects is not None
    assert data.masks is not None
    assert torch.equal(data.objects.labels[:, 0], data.labels)
    assert torch.equal((data.objects.labels >= 0).sum(1) - 1, data.axes["objects"].values)
    boxes = next(each for each in tasks_of(data) if isinstance(each, Placing)).truth
    numbers = torch.arange(len(boxes))
    x, y = (boxes[:, :2] * 64).long().unbind(1)
    assert torch.equal(data.masks[numbers, y, x].long(), data.labels + 1)
    painted = torch.tensor(COLOURS)[data.axes["colour"].values]
    assert (data.images[numbers, :, y, x].long() - painted).abs().max() <= 1


# ------------------------------------------------------------------ what is shared


@pytest.mark.parametrize("only", ["class", "colour", "box"])
def test_a_task_alone_teaches_nothing_to_the_others_heads(only: str) -> None:
    approach = approach_of(recipe({"only": only, "weighting": "equal"})).train()
    (batch,) = approach.batches(torch.arange(12), 12)
    found = approach.loss(batch)
    assert f"{only}_loss" in found
    assert sum(name.endswith("_loss") for name in found) == 1
    found["loss"].backward()
    first = next(approach.network.parameters())
    assert gradient_of(first).abs().max() > 0  # the features are shared
    assert (approach.head.weight.grad is None) == (only != "class")
    assert list(approach.heads) == ([] if only == "class" else [f"to_{only}"])


def gradient_of(parameter: Tensor) -> Tensor:
    assert parameter.grad is not None
    return parameter.grad


def test_a_task_alone_trains_to_the_end() -> None:
    training = Training(recipe({"only": "box"}))
    values = {p.name: p.value for p in training.points() if p.split == "validation"}
    assert {"loss", "box_loss", "box_iou"} == set(values)


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"options": {"only": "weight"}}, "There is no task 'weight'; these pictures have: class"),
        ({"dataset": Choice("digits")}, "a class and nothing else"),
        ({"augmentations": (Choice("mixup"),)}, "mixes pictures, but not their answers"),
        ({"augmentations": (Choice("affine"),)}, "moves objects, but not their boxes"),
        ({"augmentations": (Choice("grayscale"),)}, "changes colours"),
    ],
)
def test_it_says_what_it_needs(changed: dict[str, Any], reason: str) -> None:
    options = changed.pop("options", None)
    config = replace(recipe(options), **changed)
    said = APPROACHES["multi_task"].not_applicable(config, DATASETS.bind(config.dataset)())
    assert said
    assert reason in said
    with pytest.raises(OptionError):
        Training(config)


def test_what_spoils_no_answer_is_allowed() -> None:
    fine = (Choice("noise"),)
    assert approach_of(recipe(augmentations=fine))
    assert approach_of(recipe({"only": "class"}, augmentations=(Choice("affine"),)))
