"""The pairing of queries and objects against every pairing there is, one after the other."""

import itertools
import math

import pytest
import torch
from torch import Tensor

from cvexplore.training.matching import Matching, cheapest, match


def drawn(queries: int, objects: int, seed: int) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Return a detector's answer for one image of three classes, and what it should have been."""
    random = torch.Generator().manual_seed(seed)
    places = torch.rand(queries + objects, 4, generator=random) * 0.5 + 0.2
    return (
        torch.randn(queries, 4, generator=random),
        places[:queries],
        torch.randint(3, (objects,), generator=random),
        places[queries:],
    )


def matched(queries: int, objects: int, seed: int) -> Matching:
    return match(*drawn(queries, objects, seed))


def corners(box: Tensor) -> tuple[float, float, float, float]:
    x, y, width, height = box.tolist()
    return x - width / 2, y - height / 2, x + width / 2, y + height / 2


def overlap(one: Tensor, other: Tensor) -> tuple[float, float]:
    """Return IoU and generalised IoU of two boxes, from their corners."""
    a, b = corners(one), corners(other)
    shared = max(0.0, min(a[2], b[2]) - max(a[0], b[0])) * max(
        0.0, min(a[3], b[3]) - max(a[1], b[1])
    )
    union = sum((each[2] - each[0]) * (each[3] - each[1]) for each in (a, b)) - shared
    hull = (max(a[2], b[2]) - min(a[0], b[0])) * (max(a[3], b[3]) - min(a[1], b[1]))
    return shared / union, shared / union - (hull - union) / hull


@pytest.mark.parametrize("seed", range(12))
def test_no_other_pairing_costs_less(seed: int) -> None:
    found = matched(6, 1 + seed % 4, seed)
    objects = found.cost.shape[1]
    least = min(
        sum(found.cost[query, index].item() for index, query in enumerate(chosen))
        for chosen in itertools.permutations(range(6), objects)
    )
    assert found.cost[found.queries, found.objects].sum().item() == pytest.approx(least, abs=1e-5)
    assert sorted(found.objects.tolist()) == list(range(objects))
    assert len(set(found.queries.tolist())) == objects


@pytest.mark.parametrize("seed", range(3))
def test_a_pair_costs_what_the_paper_says(seed: int) -> None:
    logits, boxes, labels, true_boxes = drawn(5, 3, seed)
    found = match(logits, boxes, labels, true_boxes)
    for query, index in itertools.product(range(5), range(3)):
        chances = [math.exp(score) for score in logits[query].tolist()]
        side_by_side = zip(boxes[query].tolist(), true_boxes[index].tolist(), strict=True)
        expected = (
            -chances[int(labels[index])] / sum(chances),
            5 * sum(abs(one - other) for one, other in side_by_side),
            -2 * overlap(boxes[query], true_boxes[index])[1],
        )
        parts = found.class_part, found.box_part, found.overlap_part
        assert [part[query, index].item() for part in parts] == pytest.approx(expected, abs=1e-5)
        assert found.cost[query, index].item() == pytest.approx(sum(expected), abs=1e-5)


def test_each_pair_has_its_overlap() -> None:
    _, boxes, _, true_boxes = drawn(5, 4, seed=7)
    found = matched(5, 4, seed=7)
    expected = [
        overlap(boxes[query], true_boxes[index])[0]
        for query, index in zip(found.queries.tolist(), found.objects.tolist(), strict=True)
    ]
    assert found.iou.tolist() == pytest.approx(expected, abs=1e-5)
    assert max(expected) > 0


def test_perfect_answers_are_paired_with_their_objects() -> None:
    _, _, _, true_boxes = drawn(1, 4, seed=3)
    order = torch.tensor([2, 0, 3, 1])
    logits = torch.zeros(4, 4)
    found = match(logits, true_boxes[order], torch.zeros(4, dtype=torch.long), true_boxes)
    assert torch.equal(order[found.queries], found.objects)
    torch.testing.assert_close(found.iou, torch.ones(4))


def test_places_without_an_object_are_left_out() -> None:
    logits, boxes, labels, true_boxes = drawn(6, 2, seed=5)
    padded = match(
        logits,
        boxes,
        torch.tensor([int(labels[0]), -1, int(labels[1]), -1]),
        torch.stack([true_boxes[0], torch.zeros(4), true_boxes[1], torch.zeros(4)]),
    )
    plain = match(logits, boxes, labels, true_boxes)
    assert torch.equal(padded.cost, plain.cost)
    assert torch.equal(padded.queries, plain.queries)


def test_nothing_is_paired_where_nothing_is() -> None:
    found = matched(6, 0, seed=0)
    assert found.cost.shape == (6, 0)
    assert len(found.queries) == len(found.objects) == len(found.iou) == 0


def test_of_more_objects_than_queries_the_costliest_are_left_over() -> None:
    found = matched(2, 4, seed=1)
    least = min(
        (found.cost[0, one] + found.cost[1, other]).item()
        for one, other in itertools.permutations(range(4), 2)
    )
    assert found.cost[found.queries, found.objects].sum().item() == pytest.approx(least, abs=1e-5)


def test_a_cost_that_is_no_number_is_paired_last() -> None:
    cost = torch.tensor([[torch.nan, 1.0], [2.0, torch.inf]])
    _, queries, objects = cheapest(cost[None], torch.ones(1, 2, dtype=torch.bool))
    assert dict(zip(queries.tolist(), objects.tolist(), strict=True)) == {0: 1, 1: 0}


def test_images_are_paired_each_for_itself() -> None:
    random = torch.Generator().manual_seed(0)
    cost = torch.rand(5, 6, 4, generator=random)
    there = torch.rand(5, 4, generator=random) < 0.6
    found = torch.stack(cheapest(cost, there), 1).tolist()
    assert len({(image, query) for image, query, _ in found}) == len(found)
    for image in range(5):
        objects = there[image].nonzero()[:, 0].tolist()
        mine = [(query, index) for at, query, index in found if at == image]
        assert sorted(index for _, index in mine) == objects
        least = min(
            sum(
                cost[image, query, index].item()
                for query, index in zip(chosen, objects, strict=True)
            )
            for chosen in itertools.permutations(range(6), len(objects))
        )
        spent = sum(cost[image, query, index].item() for query, index in mine)
        assert spent == pytest.approx(least, abs=1e-6)
