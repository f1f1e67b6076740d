"""Few labels and many pictures: the losses as slow loops, and that no hidden label is used."""

import math
from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import Tensor

from cvexplore.plugins import Choice
from cvexplore.training import RunConfig
from cvexplore.training.approaches import APPROACHES
from cvexplore.training.approaches.fixmatch import of_the_sure
from cvexplore.training.approaches.pseudo_label import ramp
from cvexplore.training.approaches.simclr import VIEWS
from cvexplore.training.datasets import DATASETS
from cvexplore.training.loop import Training
from cvexplore.training.semi_supervised import SemiSupervised, SomeLabelled

NAMES = ["pseudo_label", "fixmatch"]


def recipe(name: str, **changed: Any) -> RunConfig:
    standard: dict[str, Any] = {
        "approach": Choice(name, {"labelled_pictures": 8}),
        "options": {"width": 4, "hidden": 16, "dropout": 0.0},
        "dataset": Choice("shapes", {"count": 80, "image_size": 16}),
        "augmentations": VIEWS,
        "batch_size": 16,
        "labels": 2,
        "steps": 3,
    }
    return RunConfig(**standard | changed)


def learner(name: str, **changed: Any) -> SemiSupervised:
    approach = Training(recipe(name, **changed)).approach
    assert isinstance(approach, SemiSupervised)
    return approach.train()


def batch_of(approach: SemiSupervised, first: int = 0) -> SomeLabelled:
    (batch,) = approach.batches(approach.parts.train[:12], 12, first)
    assert isinstance(batch, SomeLabelled)
    return batch


def shares(scores: Tensor) -> list[float]:
    powers = [math.exp(each) for each in scores.tolist()]
    return [each / sum(powers) for each in powers]


def of_labels(scores: Tensor, labels: Tensor) -> float:
    pairs = zip(scores, labels.tolist(), strict=True)
    return sum(-math.log(shares(row)[label]) for row, label in pairs) / len(labels)


# ------------------------------------------------------------------ the losses


@pytest.mark.parametrize(
    ("number", "weight"), [(0, 0.0), (9, 0.0), (15, 1.0), (20, 2.0), (99, 2.0)]
)
def test_guesses_count_more_and_more(number: int, weight: float) -> None:
    options = {"weight": 2.0, "begin": 10, "full": 20, "labelled_pictures": 8}
    approach = learner("pseudo_label", approach=Choice("pseudo_label", options))
    batch = replace(batch_of(approach), number=number)
    scores = approach(torch.cat([batch.images, *batch.views])).detach().double()
    known, unknown = scores[:8], scores[8:]
    guesses = torch.tensor([shares(row).index(max(shares(row))) for row in unknown])
    wanted = of_labels(known, batch.labels) + weight * of_labels(unknown, guesses)
    found = approach.loss(batch)
    assert found["loss"].item() == pytest.approx(wanted, abs=1e-5)
    assert found["guess_weight"].item() == pytest.approx(weight)
    right = (guesses == batch.truth).double().mean().item()
    assert found["guesses_right"].item() == pytest.approx(right)


def test_the_ramp_is_that_of_the_paper() -> None:
    assert [ramp(step, 100, 600) for step in (0, 99, 100, 350, 600, 9000)] == [0, 0, 0, 0.5, 1, 1]
    assert ramp(5, 5, 5) == 1


@pytest.mark.parametrize("threshold", [0.0, 0.5, 0.95, 1.0])
def test_only_what_is_sure_counts(threshold: float) -> None:
    random = torch.Generator().manual_seed(0)
    easy, hard = (torch.randn(20, 4, generator=random).double() * 3 for _ in range(2))
    losses = []
    for weak, strong in zip(easy, hard, strict=True):
        sure = max(shares(weak))
        guess = shares(weak).index(sure)
        losses.append(-math.log(shares(strong)[guess]) if sure >= threshold else 0.0)
    found = of_the_sure(easy, hard, threshold)
    assert found["loss"].item() == pytest.approx(sum(losses) / 20, abs=1e-6)
    assert found["sure"].sum() == sum(each > 0 for each in losses)


def test_the_easy_view_is_a_target_and_is_not_moved() -> None:
    easy, hard = (torch.eye(4).mul(9).requires_grad_() for _ in range(2))
    of_the_sure(easy, hard, 0.9)["loss"].backward()
    assert easy.grad is None
    assert hard.grad is not None
    assert hard.grad.abs().sum() > 0


@pytest.mark.parametrize("weight", [0.0, 1.5])
def test_fixmatch_adds_what_is_sure_to_the_labels(weight: float) -> None:
    options = {"threshold": 0.0, "weight": weight, "labelled_pictures": 8}
    approach = learner("fixmatch", approach=Choice("fixmatch", options))
    batch = batch_of(approach)
    scores = approach(torch.cat([batch.images, *batch.views])).detach().double()
    known, easy, hard = scores[:8], scores[8:20], scores[20:]
    wanted = of_labels(known, batch.labels) + weight * of_labels(hard, easy.argmax(1))
    assert approach.loss(batch)["loss"].item() == pytest.approx(wanted, abs=1e-5)


# ------------------------------------------------------------------ the pictures


@pytest.mark.parametrize("name", NAMES)
def test_labelled_pictures_come_from_the_labelled_ones_alone(name: str) -> None:
    approach = learner(name, augmentations=())
    labelled = approach.prepared(approach.drawn(approach.parts.labelled).images)
    assert len(labelled) == 8
    for first in range(5):
        batch = batch_of(approach, first)
        assert batch.images.shape[0] == 8
        for picture, label in zip(batch.images, batch.labels, strict=True):
            (places,) = (labelled == picture).all((1, 2, 3)).nonzero(as_tuple=True)
            assert label in approach.dataset.labels[approach.parts.labelled[places]]
        assert all(len(view) == 12 for view in batch.views)
    assert not torch.equal(batch_of(approach, 1).images, batch_of(approach, 2).images)


@pytest.mark.parametrize("name", NAMES)
def test_hidden_labels_teach_nothing(name: str) -> None:
    """With all other labels changed, a run learns the same weights."""
    training, other = Training(recipe(name)), Training(recipe(name))
    labels = other.approach.dataset.labels.clone()
    hidden = torch.ones(len(labels), dtype=torch.bool)
    hidden[other.approach.parts.labelled] = False
    labels[hidden] = 0
    other.approach.dataset = replace(other.approach.dataset, labels=labels)
    for each in (training, other):
        list(each.points())
    pairs = zip(
        training.approach.state_dict().values(), other.approach.state_dict().values(), strict=True
    )
    assert all(torch.equal(one, two) for one, two in pairs)


def test_the_easy_view_is_changed_less_than_the_hard_one() -> None:
    approach = learner("fixmatch", augmentations=(Choice("noise", {"deviation": 0.2}),))
    batch = batch_of(approach)
    plain = approach.prepared(approach.drawn(approach.parts.train[:12]).images)
    weak, strong = ((view - plain).abs().mean().item() for view in batch.views)
    assert 0 < weak < 0.5 * strong


@pytest.mark.parametrize("name", NAMES)
def test_it_is_measured_as_a_supervised_run_is(name: str) -> None:
    training = Training(recipe(name))
    control = Training(recipe("supervised", approach=Choice("supervised")))
    control.approach.network.load_state_dict(training.approach.network.state_dict())
    assert training.evaluate() == control.evaluate()
    assert torch.equal(training.approach.parts.labelled, control.train)
    assert torch.equal(training.validation, control.validation)


@pytest.mark.parametrize("name", NAMES)
def test_classes_that_are_unknown_cannot_be_mixed(name: str) -> None:
    config = recipe(name, augmentations=(Choice("mixup"),))
    said = APPROACHES[name].not_applicable(config, DATASETS.bind(config.dataset)())
    assert said == (
        "mixup mixes the classes of two pictures, and here most classes are unknown: leave it out."
    )
