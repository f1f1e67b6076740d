"""Distillation: the loss as in the paper, and a teacher that is found, fits and stays as it is."""

import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from cvexplore.checkpoints import checkpoints
from cvexplore.errors import OptionError
from cvexplore.plugins import Choice
from cvexplore.training import RunConfig
from cvexplore.training.approaches import APPROACHES, standard
from cvexplore.training.approaches.distillation import Distillation, distillation_loss
from cvexplore.training.datasets import DATASETS
from cvexplore.training.loop import Training

SHORT = {"steps": 3, "batch_size": 16, "every": 1000, "snapshots": 0}


def recipe(said: dict[str, Any] | None = None, **changed: Any) -> RunConfig:
    choice = Choice("distillation", said or {})
    return replace(standard("distillation"), approach=choice, **SHORT | changed)


@pytest.fixture(scope="module")
def approach() -> Distillation:
    found = Training(recipe({"temperature": 3.0, "weight": 0.7})).approach
    assert isinstance(found, Distillation)
    return found


def softened(scores: list[float], temperature: float) -> list[float]:
    powers = [math.exp(each / temperature) for each in scores]
    return [each / sum(powers) for each in powers]


@pytest.mark.parametrize("temperature", [1.0, 4.0])
def test_the_loss_is_the_paper_s_less_what_the_student_cannot_change(temperature: float) -> None:
    """Cross-entropy of the soft targets times T², less the teacher's own entropy."""
    random = torch.Generator().manual_seed(0)
    scores, taught = 3 * torch.randn(2, 6, 5, generator=random, dtype=torch.float64)
    total = 0.0
    for student, teacher in zip(scores.tolist(), taught.tolist(), strict=True):
        p, q = softened(teacher, temperature), softened(student, temperature)
        cross = -sum(a * math.log(b) for a, b in zip(p, q, strict=True))
        entropy = -sum(a * math.log(a) for a in p)
        total += temperature**2 * (cross - entropy)
    found = distillation_loss(scores, taught, temperature)
    assert found.item() == pytest.approx(total / 6, abs=1e-6)
    assert distillation_loss(taught + 2, taught, temperature).item() == pytest.approx(0, abs=1e-9)


def test_a_high_temperature_compares_the_scores_themselves() -> None:
    """The paper's limit: (1 / 2N) of the squared difference of scores of zero mean."""
    random = torch.Generator().manual_seed(1)
    scores, taught = torch.randn(2, 4, 5, generator=random, dtype=torch.float64)
    scores, taught = scores - scores.mean(1, keepdim=True), taught - taught.mean(1, keepdim=True)
    expected = (scores - taught).square().sum(1).mean() / (2 * 5)
    found = distillation_loss(scores, taught, 1e4)
    assert found.item() == pytest.approx(expected.item(), rel=1e-3)


def test_labels_and_teacher_share_the_loss(approach: Distillation) -> None:
    approach.train()
    order = torch.cat([approach.parts.labelled[:5], approach.parts.train[:20]])
    (batch,) = approach.batches(order, 25)
    known = torch.isin(order, approach.parts.labelled)
    assert torch.equal(batch.labels >= 0, known)
    found = approach.loss(batch)
    logs = approach(batch.images).log_softmax(1)
    rows = known.nonzero()[:, 0].tolist()
    of_labels = [-logs[row, batch.labels[row]].item() for row in rows]
    assert found["label_loss"].item() == pytest.approx(sum(of_labels) / len(rows), rel=1e-5)
    expected = 0.3 * found["label_loss"] + 0.7 * found["teacher_loss"]
    torch.testing.assert_close(found["loss"], expected)


def test_the_teacher_sees_the_pictures_as_it_learned_them(approach: Distillation) -> None:
    """Its accuracy on its own validation pictures is the one that is written beside it."""
    (ours,) = [each for each in checkpoints() if each.name == "simple_cnn_mnist_5k"]
    approach.eval()
    order = approach.parts.validation
    taught = torch.cat([approach.taught(b.images) for b in approach.batches(order, 100)])
    right = (taught.argmax(1) == approach.dataset.labels[order]).double().mean()
    assert len(order) == ours.score["pictures"]
    assert right.item() == pytest.approx(ours.score["accuracy"], abs=0.0005)


def test_nothing_of_the_teacher_learns_or_is_kept() -> None:
    training = Training(recipe())
    approach = training.approach
    assert isinstance(approach, Distillation)
    network = approach.teacher._network
    before = {name: each.clone() for name, each in network.state_dict().items()}
    list(training.points())
    assert all(torch.equal(each, before[name]) for name, each in network.state_dict().items())
    assert not training.beside()
    theirs = {id(each) for each in network.parameters()}
    assert not theirs & {id(each) for each in approach.parameters()}


def test_a_network_that_was_trained_here_can_teach(tmp_path: Path) -> None:
    data = {"dataset": Choice("shapes", {"count": 80, "image_size": 16}), "options": {"width": 4}}
    first = Training(replace(standard("supervised"), **SHORT | data))
    list(first.points())
    first.save(file := tmp_path / "teacher.safetensors")
    again = Training(recipe({"teacher": str(file)}, **data)).approach
    assert isinstance(again, Distillation)
    (batch,) = again.eval().batches(again.parts.validation, 64)
    expected = first.approach.eval()(batch.images)
    torch.testing.assert_close(again.taught(batch.images), expected, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize(
    ("options", "changed", "reason"),
    [
        ({"teacher": "cvexplore/lenet"}, {}, "A teacher is an architecture that comes trained"),
        ({"teacher": "run:none"}, {}, "has no weights"),
        ({"teacher": "me"}, {}, "or a .safetensors file of ours, not 'me'"),
        ({}, {"dataset": Choice("mnist_5k", {"image_size": 32})}, "looks at 1 channels of 28"),
        (
            {"teacher": "cvexplore/resnet"},
            {},
            "tells 4 classes .circle, square, triangle…. apart",
        ),
        ({}, {"augmentations": (Choice("cutmix"),)}, "mixes classes"),
    ],
)
def test_it_says_which_teacher_it_needs(
    options: dict[str, Any], changed: dict[str, Any], reason: str
) -> None:
    config = recipe(options, **changed)
    said = APPROACHES["distillation"].not_applicable(config, DATASETS.bind(config.dataset)())
    assert said
    assert said.endswith(".")
    with pytest.raises(OptionError, match=reason):
        Training(config)
