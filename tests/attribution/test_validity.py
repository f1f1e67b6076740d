"""Doubts name what is wrong, with the numbers, and offer what helps."""

import pytest
import torch
from torch import Tensor, nn

from cvexplore.attribution import METHODS, Asked, Completeness, Explanation, attribute
from cvexplore.attribution.structure import Structure
from cvexplore.attribution.validity import doubts_after, doubts_before
from cvexplore.plugins import Choice

ONES = torch.ones(1, 4, 4)


def explained(choice: Choice, values: Tensor = ONES, *scores: float) -> Explanation:
    found = Completeness(*scores) if scores else None
    return Explanation(choice, target=0, values=values, completeness=found)


def asked(model: nn.Module | None = None) -> Asked:
    image = torch.randn(1, 3, 16, 16, generator=torch.Generator().manual_seed(0))
    return Asked(model or nn.Identity(), image, 0)


def test_a_sum_that_fits_leaves_no_doubt() -> None:
    assert not doubts_after(explained(Choice("integrated gradients"), ONES, 10.2, 12.0, 2.0))
    assert not doubts_after(explained(Choice("saliency")))


def test_a_gap_is_told_in_numbers_and_more_steps_are_offered() -> None:
    choice = Choice("integrated gradients", {"steps": 16, "baseline": "grey"})
    (doubt,) = doubts_after(explained(choice, ONES, 8.0, 12.0, 2.0))
    assert doubt.level == "caution"
    assert all(number in doubt.sentence for number in ("8", "10", "12", "2", "20%"))
    assert doubt.mend == Choice("integrated gradients", {"steps": 64, "baseline": "grey"})


def test_a_sum_that_misses_most_is_meaningless_and_another_baseline_is_offered() -> None:
    choice = Choice("integrated gradients", {"baseline": "black"})
    (doubt,) = doubts_after(explained(choice, ONES, -1.0, 12.0, 2.0))
    assert doubt.level == "meaningless"
    assert doubt.mend is not None
    assert doubt.mend.options["baseline"] != "black"
    METHODS.check(doubt.mend)


def test_a_difference_of_next_to_nothing_is_not_called_a_gap() -> None:
    (doubt,) = doubts_after(explained(Choice("integrated gradients"), ONES, 5.0, 7.0001, 7.0))
    assert doubt.level == "caution"
    assert "little to explain" in doubt.sentence


def test_values_that_are_no_numbers_are_counted() -> None:
    values = ONES.clone()
    values[0, 0, :2] = torch.tensor([torch.nan, torch.inf])
    (doubt,) = doubts_after(explained(Choice("DeepLIFT"), values, float("nan"), 1.0, 0.0))
    assert doubt.level == "meaningless"
    assert "2 of 16" in doubt.sentence


def test_a_sum_that_is_no_number_is_not_taken_for_a_fit() -> None:
    (doubt,) = doubts_after(explained(Choice("DeepLIFT"), ONES, float("nan"), 1.0, 0.0))
    assert doubt.level == "meaningless"


def test_an_empty_map_is_explained_by_its_cause() -> None:
    (doubt,) = doubts_after(explained(Choice("Grad-CAM"), 0 * ONES))
    assert doubt.mend == Choice("Grad-CAM", {"positive": False})
    (doubt,) = doubts_after(explained(Choice("Grad-CAM", {"positive": False}), 0 * ONES))
    assert doubt.level == "meaningless"
    (doubt,) = doubts_after(explained(Choice("saliency"), 0 * ONES))
    assert doubt.level == "meaningless"


def test_the_mend_of_a_one_sided_map_fills_it() -> None:
    class Against(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.part = nn.Sequential(nn.ReLU())

        def forward(self, images: Tensor) -> Tensor:
            return -self.part(images).mean((2, 3))

    against = asked(Against())
    empty = attribute(against, Choice("Grad-CAM"))
    assert empty.is_silent
    (doubt,) = doubts_after(empty)
    assert doubt.mend is not None
    assert not attribute(against, doubt.mend).is_silent


@pytest.mark.parametrize("name", METHODS)
def test_a_silent_head_is_the_one_doubt_of_every_method(name: str) -> None:
    (doubt,) = doubts_before(asked(), Structure(silent_head=True), Choice(name))
    assert doubt.level == "meaningless"


def test_attention_casts_doubt_on_places_of_layers_only() -> None:
    mixing = Structure(calls={"softmax": 2, "product": 4})
    assert doubts_before(asked(), mixing, Choice("Grad-CAM"))
    assert not doubts_before(asked(), mixing, Choice("occlusion"))
    assert not doubts_before(asked(), Structure(calls={"ReLU": 2}), Choice("Grad-CAM"))


def test_attention_relevance_means_nothing_where_nothing_attends() -> None:
    plain, gate = Structure(calls={"ReLU": 2}), Structure(calls={"product": 2, "Sigmoid": 1})
    for structure in (plain, gate):
        (doubt,) = doubts_before(asked(), structure, Choice("attention relevance"))
        assert doubt.level == "meaningless"
        assert doubt.mend == Choice("Grad-CAM")
    attends = Structure(calls={"softmax": 1, "product": 2})
    assert not doubts_before(asked(), attends, Choice("attention relevance"))


def test_few_sets_for_many_regions_are_doubted() -> None:
    few = Choice("KernelSHAP", {"regions": 100, "samples": 150})
    (doubt,) = doubts_before(asked(), Structure(), few)
    assert doubt.mend is not None
    assert not doubts_before(asked(), Structure(), doubt.mend)
