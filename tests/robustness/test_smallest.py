"""The smallest epsilon, held against a classifier of which it is known by a formula."""

import math

import pytest
import torch
from torch import Tensor, nn

from cvexplore.attribution import Asked
from cvexplore.errors import OptionError
from cvexplore.plugins import Choice
from cvexplore.robustness import Search, smallest_epsilon

FGSM = Choice("fgsm")
PLAIN = {"mean": (0.0,), "std": (1.0,)}


class TwoSided(nn.Module):
    """The score of class 0 is a weighted sum of pixels less a threshold; class 1 has 0."""

    def __init__(self, weights: Tensor, threshold: float) -> None:
        super().__init__()
        self.weights = nn.Parameter(weights, requires_grad=False)
        self.threshold = threshold

    def forward(self, images: Tensor) -> Tensor:
        score = (images * self.weights).sum((1, 2, 3)) - self.threshold
        return torch.stack([score, torch.zeros_like(score)], 1)


def grey_image() -> Tensor:
    generator = torch.Generator().manual_seed(0)
    return torch.randint(100, 150, (1, 1, 6, 6), generator=generator) / 255


def linear(needed: float) -> Asked:
    """Return a classifier of which exactly this epsilon makes the score zero."""
    image = grey_image()
    weights = torch.linspace(-1, 1, 36).view(1, 1, 6, 6)
    margin = needed / 255 * float(weights.abs().sum())
    return Asked(TwoSided(weights, float((image * weights).sum()) - margin).eval(), image, 0,
                 **PLAIN)  # type: ignore[arg-type]  # fmt: skip


def answer(asked: Asked, choice: Choice = FGSM, **options: object) -> Search:
    *_, last = smallest_epsilon(asked, choice, **options)  # type: ignore[arg-type]
    assert last.done
    return last


@pytest.mark.parametrize("name", ["fgsm", "pgd"])
@pytest.mark.parametrize("needed", [0.05, 0.3, 1.06, 2.9, 7.55, 20.2])
def test_of_a_linear_classifier_it_is_the_formulas_answer(name: str, needed: float) -> None:
    options = {"steps": 40} if name == "pgd" else {}
    found = answer(linear(needed), Choice(name, options)).found
    assert found is not None
    assert found.epsilon == math.ceil(needed * 8) / 8


def test_the_tries_double_then_halve_and_are_told_one_by_one() -> None:
    searches = list(smallest_epsilon(linear(2.9), FGSM))
    assert [len(each.tries) for each in searches] == list(range(1, len(searches) + 1))
    assert [each.done for each in searches] == [False] * (len(searches) - 1) + [True]
    tried = [each.epsilon for each in searches[-1].tries]
    assert tried == [0.125, 0.25, 0.5, 1, 2, 4, 3, 2.5, 2.75, 2.875]
    assert searches[-1].failed is not None
    assert searches[-1].failed.epsilon == 2.875
    assert [s.found.epsilon if s.found else None for s in searches] == [None] * 5 + [4] + [3] * 4


def test_none_is_found_where_none_is_enough() -> None:
    search = answer(linear(20.2), most=12)
    assert search.found is None
    assert search.failed is not None
    assert search.failed.epsilon == 12
    assert [each.epsilon for each in search.tries][-2:] == [8, 12]


def test_a_step_below_the_answer_was_tried_and_fails() -> None:
    for needed in (0.6, 3.3, 11.9):
        search = answer(linear(needed))
        assert search.found is not None
        assert search.failed is not None
        assert search.found.epsilon - search.failed.epsilon == 1 / 8


def test_in_eight_bits_only_whole_steps_count() -> None:
    search = answer(linear(0.3), in_eight_bits=True)
    assert search.found is not None
    assert search.found.survives
    assert 0.5 <= search.found.epsilon <= 1
    assert answer(linear(0.3)).found.epsilon == 0.375  # type: ignore[union-attr]


def test_towards_a_class_success_is_that_class() -> None:
    found = answer(linear(1.06), towards=1).found
    assert found is not None
    assert found.label_after == 1
    assert found.epsilon == 1.125


def test_a_largest_epsilon_that_is_none_is_refused() -> None:
    with pytest.raises(OptionError, match="255"):
        next(smallest_epsilon(linear(1), FGSM, most=300))
