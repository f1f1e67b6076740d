"""Adapting to another domain: each loss as a slow loop, and what must never be looked at."""

import functools
import importlib
import math
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import Tensor

from cvexplore.errors import OptionError
from cvexplore.plugins import Choice
from cvexplore.training import RunConfig, domains
from cvexplore.training.approaches import APPROACHES, standard
from cvexplore.training.approaches.dann import ramp, reversed_gradient
from cvexplore.training.approaches.self_training import SelfTraining, pseudo_label_loss
from cvexplore.training.datasets import DATASETS, Dataset
from cvexplore.training.discrepancy import SCALES, maximum_mean_discrepancy
from cvexplore.training.domains import Adaptation, TwoDomains
from cvexplore.training.loop import Training
from cvexplore.training.telling import UNKNOWN

MODULE = importlib.import_module("cvexplore.training.datasets.mnist_to_digits")
COUNT = 300  # of the source
SMALL = {"batch_norm": True, "dropout": 0.0, "width": 4, "hidden": 16}
ADAPTING = [
    Choice("source_only"),
    Choice("source_only", {"joint": True}),
    Choice("mmd"),
    Choice("dann"),
    Choice("self_training", {"threshold": 0.15, "warm_up": 0.3}),
]


@pytest.fixture(autouse=True, scope="module")
def mnist_is_read_once() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(MODULE, "mnist_5k", functools.cache(MODULE.mnist_5k))
        yield


def recipe(approach: Choice, **changed: Any) -> RunConfig:
    """Return a short recipe whose split asks no label of the target."""
    short = {"options": SMALL, "steps": 8, "batch_size": 32, "every": 1000, "split": "random"}
    data = Choice("mnist_to_digits", {"count": COUNT})
    return replace(standard(approach.name), approach=approach, dataset=data, **short | changed)


def losses(config: RunConfig) -> list[float]:
    return [
        point.value
        for point in Training(config).points()
        if point.split == "train" and point.name == "loss"
    ]


def noise(*shape: int, seed: int = 0) -> Tensor:
    random = torch.Generator().manual_seed(seed)
    return torch.randn(*shape, generator=random, dtype=torch.float64)


# ------------------------------------------------------------------ what each loss is


def slow_discrepancy(first: list[list[float]], second: list[list[float]]) -> float:
    both = first + second
    pairs = [(i, j) for i in range(len(both)) for j in range(len(both)) if i != j]
    typical = sum(math.dist(both[i], both[j]) ** 2 for i, j in pairs) / len(pairs)

    def alike(one: list[list[float]], other: list[list[float]]) -> float:
        kernels = [
            math.exp(-(math.dist(a, b) ** 2) / (scale * typical))
            for a in one
            for b in other
            for scale in SCALES
        ]
        return sum(kernels) / (len(one) * len(other))

    return alike(first, first) + alike(second, second) - 2 * alike(first, second)


@pytest.mark.parametrize(("count", "others"), [(7, 5), (1, 4), (3, 1)])
def test_the_discrepancy_is_the_sum_over_all_pairs(count: int, others: int) -> None:
    first, second = noise(count, 3), 1 + 2 * noise(others, 3, seed=1)
    found = maximum_mean_discrepancy(first, second).item()
    assert found == pytest.approx(slow_discrepancy(first.tolist(), second.tolist()), abs=1e-6)
    assert found > 0.1


def test_the_discrepancy_is_0_where_nothing_differs() -> None:
    points = noise(6, 3).requires_grad_()
    for first, second in (
        (points, points),
        (points, points[:0]),
        (points[:0], points),
        (points[:1] * torch.ones(4, 1), points[:1]),  # all points are the same
    ):
        found = maximum_mean_discrepancy(first, second)
        (gradient,) = torch.autograd.grad(found, points)
        assert found.item() == pytest.approx(0, abs=1e-12)
        assert gradient.isfinite().all()


def test_descending_the_discrepancy_brings_two_sets_together() -> None:
    fixed, moved = noise(40, 2), 3 + noise(40, 2, seed=1)
    for _ in range(20):
        moved.requires_grad_()
        (gradient,) = torch.autograd.grad(maximum_mean_discrepancy(fixed, moved), moved)
        moved = (moved - 8 * gradient).detach()
    assert (moved.mean(0) - fixed.mean(0)).abs().max() < 1.5  # of 3


@pytest.mark.parametrize("strength", [0.0, 0.3, 1.0])
def test_a_reversed_gradient_is_the_plain_one_times_minus_the_strength(strength: float) -> None:
    values, critic = noise(5, 3).requires_grad_(), noise(3, seed=1).requires_grad_()
    (plain,) = torch.autograd.grad((values @ critic).sigmoid().log().sum(), values)
    seen = reversed_gradient(values, strength)
    assert torch.equal(seen, values)
    turned, of_critic = torch.autograd.grad((seen @ critic).sigmoid().log().sum(), (values, critic))
    torch.testing.assert_close(turned, -strength * plain)
    assert of_critic.abs().min() > 0  # the critic itself learns at full strength


def test_the_reversed_gradient_grows_as_the_paper_says() -> None:
    assert ramp(0) == 0
    assert ramp(0.1) == pytest.approx(2 / (1 + math.e**-1) - 1)
    assert 0.9999 < ramp(1) < 1


@pytest.mark.parametrize("threshold", [0.0, 0.4, 0.7, 1.1])
def test_pseudo_labels_are_a_loop_over_the_sure_answers(threshold: float) -> None:
    scores = 2 * noise(20, 3)
    answers = (2 * noise(20, 3, seed=1)).softmax(1)  # others than of these scores: balanced ones
    total, count = 0.0, 0
    for row, said in zip(scores.tolist(), answers.tolist(), strict=True):
        if max(said) >= threshold:
            of_all = sum(math.exp(each) for each in row)
            total -= math.log(math.exp(row[said.index(max(said))]) / of_all)
            count += 1
    loss, sure = pseudo_label_loss(scores, answers, threshold)
    assert loss.item() == pytest.approx(total / 20, abs=1e-6)
    assert sure.item() == pytest.approx(count / 20)
    assert pseudo_label_loss(scores[:0], answers[:0], threshold)[0].item() == 0


def test_classes_that_are_answered_often_count_less() -> None:
    approach = Training(recipe(Choice("self_training"))).approach.eval()
    assert isinstance(approach, SelfTraining)
    approach.usual.copy_(torch.tensor([0.5, 0.25, *[0.25 / 8] * 8]))
    answers = torch.full((1, 10), 0.05)
    answers[0, 0] = 0.55
    weighed = [a / u for a, u in zip(answers[0].tolist(), approach.usual.tolist(), strict=True)]
    expected = torch.tensor([[each / sum(weighed) for each in weighed]])
    torch.testing.assert_close(approach._balanced(answers), expected)
    before = approach.usual.clone()
    assert torch.equal(approach.usual, before)
    approach.train()._balanced(answers)
    torch.testing.assert_close(approach.usual, 0.95 * before + 0.05 * answers[0])


# ------------------------------------------------------------------ what is never looked at


def with_target(monkeypatch: pytest.MonkeyPatch, **changed: Any) -> None:
    """Let the target have other pictures or labels."""
    whole = MODULE.digits

    def other(*, image_size: int) -> Dataset:
        data = whole(image_size=image_size)
        return replace(
            data, **{name: change(getattr(data, name)) for name, change in changed.items()}
        )

    monkeypatch.setattr(MODULE, "digits", other)


@pytest.mark.parametrize("approach", ADAPTING, ids=str)
def test_labels_of_the_target_are_never_used(
    approach: Choice, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = losses(recipe(approach))
    with_target(monkeypatch, labels=lambda labels: (labels + 3) % 10)
    assert losses(recipe(approach)) == expected


def test_the_bound_does_use_them(monkeypatch: pytest.MonkeyPatch) -> None:
    config = recipe(Choice("target_supervised"))
    expected = losses(config)
    with_target(monkeypatch, labels=lambda labels: labels.roll(1))
    assert losses(config) != expected


@pytest.mark.parametrize("joint", [False, True])
def test_pictures_of_the_target_count_only_where_both_are_normalised(
    joint: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = recipe(Choice("source_only", {"joint": joint}))
    expected = losses(config)
    with_target(monkeypatch, images=lambda images: images.flip(3))  # no other mean, nor spread
    assert (losses(config) == expected) == (not joint)


# ------------------------------------------------------------------ parts and batches


@pytest.fixture(scope="module")
def approach() -> Adaptation:
    found = Training(recipe(Choice("mmd"), labels=4, test=0.2)).approach
    assert isinstance(found, Adaptation)
    return found


def test_it_is_measured_on_the_target_alone(approach: Adaptation) -> None:
    source, parts = domains.is_source(approach.dataset), approach.parts
    assert int(source.sum()) == COUNT
    assert not source[torch.cat([parts.validation, parts.test])].any()
    assert source[parts.labelled].all()
    assert approach.dataset.labels[parts.labelled].bincount().tolist() == [4] * 10
    every = [approach.at_home, parts.train, parts.validation, parts.test]
    assert torch.cat(every).sort().values.tolist() == list(range(len(source)))


def test_batches_tell_only_what_may_be_known(approach: Adaptation) -> None:
    order = torch.cat([approach.parts.train[:50], approach.parts.labelled[:3]])
    for learning in (True, False):
        approach.train(learning)
        batches = list(approach.batches(order, 20, first=2))
        labels = torch.cat([each.labels for each in batches])
        known = torch.isin(order, approach.parts.labelled)
        told = approach.dataset.labels[order]
        assert torch.equal(labels, told.where(known, UNKNOWN) if learning else told)
        assert [each.progress for each in batches] == [2 / 8, 3 / 8, 4 / 8]
        source = torch.cat([each.source for each in batches])
        assert torch.equal(source, domains.is_source(approach.dataset)[order])


@pytest.mark.parametrize("choice", ADAPTING, ids=str)
@pytest.mark.parametrize("source", [True, False])
def test_a_batch_of_one_domain_has_a_loss(choice: Choice, source: bool) -> None:
    approach = Training(recipe(choice)).approach.train()
    order = (domains.is_source(approach.dataset) == source).nonzero()[:9, 0]
    (batch,) = approach.batches(order, 9, first=7)
    assert isinstance(batch, TwoDomains)
    values = approach.loss(batch)
    values["loss"].backward()
    assert all(each.isfinite() for each in values.values())


def test_accuracy_at_home_is_of_pictures_it_did_not_learn_from(approach: Adaptation) -> None:
    approach.eval()
    order = approach.parts.validation
    predicted = approach.answers_on(order).argmax(1)
    scores = approach.score_of_all(order, {"predicted": predicted})
    labels = approach.dataset.labels
    home = approach.answers_on(approach.at_home).argmax(1)
    right = sum(int(a == b) for a, b in zip(home, labels[approach.at_home], strict=True))
    assert scores["source_accuracy"].item() == pytest.approx(right / len(home))
    assert scores["accuracy"] == (predicted == labels[order]).double().mean()


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"dataset": Choice("mnist_5k")}, "of one kind"),
        ({"augmentations": (Choice("mixup"),)}, "mixes classes"),
    ],
)
def test_it_says_what_it_needs(changed: dict[str, Any], reason: str) -> None:
    config = replace(standard("mmd"), **changed)
    dataset = DATASETS.bind(config.dataset)()
    assert reason in (APPROACHES["mmd"].not_applicable(config, dataset) or "")
    with pytest.raises(OptionError, match=reason):
        Training(config)
