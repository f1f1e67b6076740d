"""Each picture is judged as the run itself measures it."""

import numpy as np
import pytest

from cvexplore.plugins import Choice
from cvexplore.training.config import RunConfig, VectorPoint
from cvexplore.training.judging import Judged, judge, together
from cvexplore.training.loop import Training
from cvexplore.training.metrics import square


def found_of(config: RunConfig) -> tuple[Judged, list]:
    training = Training(config, device="cpu")
    for _ in training.points():
        pass
    approach = training.approach.eval()
    parts = judge(approach.network, approach.dataset, training.validation, approach.preparation)
    return together(list(parts)), training.measure("validation")


@pytest.mark.parametrize("data", ["digits", "shapes"])
def test_losses_and_answers_are_those_of_the_runs_own_measurement(data: str) -> None:
    options = {"image_size": 16} | ({"count": 400} if data == "shapes" else {})
    found, points = found_of(RunConfig(dataset=Choice(data, options), steps=20, snapshots=0))
    (confusion,) = (each for each in points if isinstance(each, VectorPoint))
    (loss,) = (each.value for each in points if each.name == "loss")
    counts = np.zeros_like(square(confusion.values))
    np.add.at(counts, (found.labels, found.answers), 1)
    assert np.array_equal(counts, square(confusion.values))
    assert found.losses.mean() == pytest.approx(loss, rel=1e-4)
    assert len(np.unique(found.pictures)) == len(found.pictures) > 64  # more than one batch


def hand_made() -> Judged:
    labels, answers = np.array([0, 0, 1, 1, 2]), np.array([0, 1, 0, 1, 0])
    right = np.array([0.9, 0.2, 0.1, 0.8, 0.4], np.float32)
    return Judged(np.arange(5), labels, answers, np.full(5, 0.5), right)


def test_the_worst_come_first_and_only_of_the_classes_asked_for() -> None:
    found = hand_made()
    assert found.worst().tolist() == [2, 1, 4]
    assert found.worst(true=1).tolist() == [2]
    assert found.worst(answer=0).tolist() == [2, 4]
    assert found.worst(0, 1).tolist() == [1]
    assert found.worst(2, 1).tolist() == []


def test_where_truth_and_answer_are_one_class_the_right_ones_are_found() -> None:
    assert hand_made().worst(1, 1).tolist() == [3]


def test_a_loss_is_the_cross_entropy_and_always_a_number() -> None:
    found = hand_made()
    assert found.losses == pytest.approx(-np.log(found.right))
    one = np.zeros(1, int)
    sure = Judged(one, one, one, np.ones(1), np.zeros(1, np.float32))
    assert np.isfinite(sure.losses).all()
