"""Predictions are a softmax and a sort."""

import math

import pytest
import torch

from cvexplore.errors import LayerError
from cvexplore.interpret.predictions import predictions

SCORES = torch.tensor([[0.5, 3.0, -1.0, 2.0]])


def test_probabilities_are_the_softmax_of_the_scores_the_likeliest_first() -> None:
    total = sum(math.exp(score) for score in SCORES[0].tolist())
    said = predictions(SCORES, ("a", "b", "c", "d"))
    assert [(each.label, each.index) for each in said] == [("b", 1), ("d", 3), ("a", 0), ("c", 2)]
    for each in said:
        expected = math.exp(SCORES[0, each.index].item()) / total
        assert each.probability == pytest.approx(expected, abs=1e-6)


def test_as_many_are_returned_as_asked_and_there_are() -> None:
    assert [each.index for each in predictions(SCORES, (), most=2)] == [1, 3]
    assert len(predictions(SCORES, (), most=9)) == 4


def test_a_class_without_a_name_is_called_by_its_number() -> None:
    assert [each.label for each in predictions(SCORES, ("a",), most=3)] == [
        "class 1",
        "class 3",
        "a",
    ]


def test_half_precision_scores_do_not_overflow() -> None:
    said = predictions(torch.tensor([[60000.0, 0.0]], dtype=torch.float16), ())
    assert said[0].probability == 1


@pytest.mark.parametrize("output", [{"out": SCORES}, SCORES[0], SCORES[None]])
def test_what_is_not_one_score_a_class_is_said(output: object) -> None:
    with pytest.raises(LayerError, match="one score a class"):
        predictions(output, ())
