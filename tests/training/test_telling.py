"""Labels that are told, and those that must not be looked at."""

import pytest
import torch

from cvexplore.training.telling import UNKNOWN, of_known, only_of


def test_only_the_told_labels_are_seen() -> None:
    told, order = torch.tensor([2, 5, 7]), torch.tensor([7, 1, 2, 3])
    labels = torch.tensor([4, 4, 0, 1])
    assert only_of(told, labels, order).tolist() == [4, UNKNOWN, 0, UNKNOWN]
    assert only_of(told[:0], labels, order).tolist() == [UNKNOWN] * 4


@pytest.mark.parametrize("known", [[0, 2], [3], []])
def test_means_are_over_the_known_alone(known: list[int]) -> None:
    scores = torch.randn(4, 3, generator=torch.Generator().manual_seed(0), requires_grad=True)
    truth = torch.tensor([0, 1, 2, 1])
    labels = torch.full((4,), UNKNOWN)
    labels[known] = truth[known]
    logs = scores.log_softmax(1)
    losses = [-logs[row, truth[row]].item() for row in known]
    right = [int(scores[row].argmax() == truth[row]) for row in known]
    found = of_known(scores, labels)
    assert found["loss"].item() == pytest.approx(sum(losses) / max(1, len(known)), abs=1e-6)
    assert found["accuracy"].item() == pytest.approx(sum(right) / max(1, len(known)))
    found["loss"].backward()
    assert scores.grad is not None
    assert (scores.grad.abs().sum(1) > 0).nonzero()[:, 0].tolist() == known
