"""DINO's loss as a slow loop, its teacher as a mean of the student, and what its centre is for."""

from dataclasses import replace
from math import exp, log

import pytest
import torch
from torch import Tensor

from cvexplore.plugins import Choice
from cvexplore.training import RunConfig
from cvexplore.training.approaches.dino import Dino, Prototypes, self_distillation
from cvexplore.training.approaches.simclr import VIEWS
from cvexplore.training.loop import Training
from tests.training.test_loop import values

SMALL = RunConfig(
    options={"width": 4, "hidden": 16, "batch_norm": True, "dropout": 0.0},
    dataset=Choice("shapes", {"count": 400, "image_size": 16}),
    augmentations=VIEWS,
    approach=Choice("dino", {"prototypes": 32}),
    batch_size=32,
    steps=40,
    every=1000,
    snapshots=0,
)


def drawn(*size: int, seed: int = 0) -> Tensor:
    random = torch.Generator().manual_seed(seed)
    return torch.randn(*size, generator=random, dtype=torch.float64)


def test_the_loss_is_that_of_the_paper() -> None:
    """Algorithm 1: H(t1, s2) / 2 + H(t2, s1) / 2, each the mean over the batch."""
    count, prototypes = 5, 7
    student, scores = drawn(2 * count, prototypes), drawn(2 * count, prototypes, seed=1)
    teacher = scores.softmax(1)

    def cross_entropy(of_teacher: int, of_student: int) -> float:
        below = sum(exp(s) for s in student[of_student].tolist())
        return -sum(
            t.item() * log(exp(s.item()) / below)
            for t, s in zip(teacher[of_teacher], student[of_student], strict=True)
        )

    one = sum(cross_entropy(b, count + b) for b in range(count)) / count
    two = sum(cross_entropy(count + b, b) for b in range(count)) / count
    found = self_distillation(student, teacher).item()
    assert found == pytest.approx((one + two) / 2, abs=1e-6)


def test_prototypes_give_cosines() -> None:
    torch.manual_seed(0)
    head = Prototypes(6, 8, 5)
    features = torch.randn(3, 6)
    found = head(features)
    inside = head.layers(features)
    for b in range(3):
        for k in range(5):
            cosine = torch.cosine_similarity(inside[b], head.directions[k], dim=0)
            assert found[b, k].item() == pytest.approx(cosine.item(), abs=1e-6)


def test_the_teacher_is_the_running_mean_of_what_the_student_was() -> None:
    training = Training(replace(SMALL, steps=4))
    approach = training.approach
    assert isinstance(approach, Dino)
    layer = "projection.directions"
    expected = approach.projection.directions.detach().clone()
    now = expected
    for point in training.points():
        if (point.split, point.name) == ("train", "loss"):
            expected = 0.99 * expected + 0.01 * now  # as it was before this step
            torch.testing.assert_close(approach.teacher.state_dict()[layer], expected)
            now = approach.projection.directions.detach().clone()
    assert not torch.equal(now, expected)


def test_batches_that_make_one_step_move_the_teacher_once() -> None:
    config = replace(SMALL, steps=2, accumulate=4, batch_size=8)
    training = Training(config)
    approach = training.approach
    assert isinstance(approach, Dino)
    first = approach.projection.directions.detach().clone()
    points = (p for p in training.points() if (p.split, p.name) == ("train", "loss"))
    next(points)
    second = approach.projection.directions.detach().clone()
    next(points)
    found = approach.teacher.state_dict()["projection.directions"]
    torch.testing.assert_close(found, 0.99 * first + 0.01 * second)


def test_no_gradient_reaches_the_teacher() -> None:
    training = Training(SMALL)
    approach = training.approach.train()
    assert isinstance(approach, Dino)
    (batch,) = approach.batches(training.train[:8], 8)
    approach.loss(batch)["loss"].backward()
    assert all(each.grad is None for each in approach.teacher.parameters())
    assert approach.projection.directions.grad is not None


def test_measuring_changes_neither_teacher_nor_centre() -> None:
    training = Training(SMALL)
    approach = training.approach.eval()
    before = {name: each.clone() for name, each in approach.state_dict().items()}
    training.evaluate()
    for name, each in approach.state_dict().items():
        assert torch.equal(each, before[name]), name


def test_without_centring_all_pictures_get_one_answer() -> None:
    """Section 5.3 of the paper: sharpening alone collapses to one prototype."""
    kept = last_used(SMALL)
    options = {"prototypes": 32, "centring": False}
    lost = last_used(replace(SMALL, approach=Choice("dino", options)))
    assert kept > 1.5 * lost


def last_used(config: RunConfig) -> float:
    config = replace(config, steps=100, schedule=Choice("constant"))
    config = replace(config, approach=Choice("dino", {**config.approach.options, "momentum": 0.9}))
    return sum(values(list(Training(config).points()), "used_prototypes")[-10:]) / 10
