"""Scores are scikit-learn's, whatever is missing."""

from typing import Any

import numpy as np
import pytest
import sklearn.metrics
import torch

from cvexplore.training.metrics import confusion, scores, square

sklearn_metrics: Any = sklearn.metrics
random = np.random.default_rng(0)
CASES = {
    "random": (random.integers(0, 5, 300), random.integers(0, 5, 300), 5),
    "mostly right": (np.arange(200) % 7, np.where(np.arange(200) % 11, np.arange(200) % 7, 3), 7),
    "a class is never answered": (np.array([0, 1, 2, 2]), np.array([0, 1, 1, 0]), 3),
    "a class does not occur": (np.array([0, 1, 1, 0]), np.array([0, 1, 2, 0]), 3),
    "a class neither occurs nor is answered": (np.array([0, 1, 1]), np.array([0, 1, 0]), 4),
    "all are given one class": (np.array([0, 1, 2, 3]), np.array([2, 2, 2, 2]), 4),
    "nothing is right": (np.array([0, 1, 2]), np.array([1, 2, 0]), 3),
    "one picture": (np.array([1]), np.array([1]), 2),
}


@pytest.mark.parametrize("case", CASES)
def test_scores_are_those_of_scikit_learn(case: str) -> None:
    true, given, classes = CASES[case]
    counts = confusion(torch.tensor(given), torch.tensor(true), classes)
    assert np.array_equal(
        counts, sklearn_metrics.confusion_matrix(true, given, labels=range(classes))
    )

    found = scores(counts)
    means = sklearn_metrics.precision_recall_fscore_support(
        true, given, average="macro", zero_division=0
    )
    assert (found.precision, found.recall, found.f1) == pytest.approx(means[:3])
    assert found.accuracy == pytest.approx(sklearn_metrics.accuracy_score(true, given))
    each = sklearn_metrics.precision_recall_fscore_support(
        true, given, labels=range(classes), zero_division=0
    )
    assert found.class_precision == pytest.approx(each[0])
    assert found.class_recall == pytest.approx(each[1])
    assert found.class_f1 == pytest.approx(each[2])
    assert found.support == tuple(each[3])


def test_counts_of_batches_add_up_to_the_counts_of_all() -> None:
    true, given = torch.randint(0, 6, (2, 100))
    parts = zip(given.split(17), true.split(17), strict=True)
    counted = torch.stack([confusion(*part, 6) for part in parts]).sum(0)
    assert counted.equal(confusion(given, true, 6))


def test_of_no_pictures_nothing_is_right() -> None:
    found = scores(np.zeros((3, 3)))
    assert (found.accuracy, found.f1, found.support) == (0.0, 0.0, (0, 0, 0))


def test_a_matrix_is_read_from_its_rows_one_by_one() -> None:
    counts = random.integers(0, 9, (4, 4))
    assert np.array_equal(square(counts.flatten().tolist()), counts)
