"""Smoothed and mixed labels, and augmentations in a run."""

from typing import Any

import pytest
import torch
from torch.nn import functional as F

from cvexplore.plugins import Choice
from cvexplore.training.approaches import Batch
from cvexplore.training.augmentations import Pictures
from cvexplore.training.loop import Training
from tests.training.test_loop import TINY, known, recipe, through_a_file


@pytest.mark.parametrize("smoothing", [0.0, 0.2])
def test_of_mixed_pictures_both_classes_count_by_their_shares(smoothing: float) -> None:
    approach = Choice("supervised", {"label_smoothing": smoothing})
    training = Training(recipe(options={**TINY, "dropout": 0.0}, approach=approach))
    (batch,) = training.approach.batches(torch.arange(6), 6)
    others, shares = torch.tensor([1, 3, 0, 2, 2, 1]), torch.tensor([1.0, 0.9, 0.5, 0.7, 0.3, 0.0])
    found = training.approach.loss(Batch(batch.images, batch.labels, None, others, shares))
    logs = training.approach(batch.images).log_softmax(1).tolist()

    def loss(row: list[float], label: int) -> float:
        return -(1 - smoothing) * row[label] - smoothing * sum(row) / 4

    pairs = zip(logs, batch.labels.tolist(), others.tolist(), shares.tolist(), strict=True)
    each = [s * loss(row, one) + (1 - s) * loss(row, two) for row, one, two, s in pairs]
    assert found["loss"].item() == pytest.approx(sum(each) / 6, rel=1e-5)
    plain = training.approach.loss(batch)
    assert found["accuracy"] == plain["accuracy"]
    smooth = F.cross_entropy(
        training.approach(batch.images), batch.labels, label_smoothing=smoothing
    )
    assert plain["loss"].item() == pytest.approx(smooth.item())


# ------------------------------------------------------------------ augmentations


def darker(
    batch: Pictures, random: torch.Generator, strength: float, *, most: float = 1.0
) -> Pictures:
    """Take light away, and mix every picture with the one behind it."""
    assert batch.images.min() >= 0
    assert batch.images.max() <= 1
    drawn = torch.rand(len(batch.labels), 1, 1, 1, generator=random)
    shares = 1 - strength * most * drawn[:, 0, 0, 0] / 2
    return Pictures(
        batch.images * (1 - strength * drawn), batch.labels, batch.labels.roll(1), shares
    )


def augmented(config: Any) -> Training:
    training = Training(config)
    training.approach._augmentations = [darker]
    return training


def test_pictures_are_augmented_while_it_learns_and_never_while_it_is_measured() -> None:
    approach = augmented(recipe()).approach
    order = torch.arange(8)
    plain, measured = (
        next(each.batches(order, 8))
        for each in (Training(recipe()).approach.eval(), approach.eval())
    )
    assert torch.equal(plain.images, measured.images)
    assert measured.others is None
    first, again, later = (next(approach.train().batches(order, 8, n)) for n in (5, 5, 6))
    assert torch.equal(first.images, again.images)
    assert not torch.equal(first.images, later.images)
    assert first.others is not None
    approach.strength = 0.0
    still = next(approach.batches(order, 8))
    torch.testing.assert_close(still.images, plain.images)


def test_a_continued_run_sees_the_same_augmented_pictures() -> None:
    config = recipe(epochs=2, accumulate=2, batch_size=20)
    whole = augmented(config)
    points, kept, count = [], {}, 0
    for point in whole.points():
        points.append(point)
        if point.step == 5 and point.name == "learning_rate":
            kept, count = through_a_file(whole.checkpoint()), len(points)
    again = augmented(config)
    again.restore(kept)
    assert known(list(again.points())) == known(points[count:])
    assert known(points) != known(list(Training(config).points()))


def test_the_strength_can_be_changed_while_it_learns() -> None:
    training = augmented(recipe(strength=0.8))
    turns = training.turns()
    next(turns)
    assert training.approach.strength == 0.8
    training.change("strength", 0.25)
    next(turns)
    assert training.approach.strength == 0.25
