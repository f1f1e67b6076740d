"""A short list keeps to every limit, and each limit answers for what it excludes."""

import dataclasses
import random
from typing import Any

import pytest

from cvexplore.catalog import Architecture, architectures, find
from cvexplore.choosing import Budget, recommend

EVERY = architectures()


def keeps(each: Architecture, budget: Budget, latencies: dict[str, float]) -> bool:
    """Say the same as the budget does, limit by limit."""
    b = budget
    return (
        (b.max_parameters is None or (each.parameters or 1e99) <= b.max_parameters)
        and (b.max_macs is None or (each.macs or 1e99) <= b.max_macs)
        and (
            b.max_activation_mb is None
            or (each.activation_bytes or 1e99) <= b.max_activation_mb * 1e6
        )
        and (b.max_image_size is None or each.image_size <= b.max_image_size)
        and (b.max_latency_ms is None or latencies.get(each.name, 1e99) <= b.max_latency_ms)
        and (b.min_top1 is None or (each.top1 or 0) >= b.min_top1)
        and (b.min_year is None or each.year >= b.min_year)
        and (b.weights == "any" or each.weights == "bundled" or each.weights == b.weights)
        and (not b.kind or each.kind == b.kind)
        and (not b.task or each.task == b.task)
    )


def some_budget(dice: random.Random) -> Budget:
    def maybe(*values: Any) -> Any:
        return dice.choice((None, *values))

    return Budget(
        max_parameters=maybe(5e6, 30e6),
        max_macs=maybe(1e9, 10e9),
        max_activation_mb=maybe(50, 200),
        max_image_size=maybe(224, 384),
        max_latency_ms=maybe(20),
        min_top1=maybe(70, 80),
        min_year=maybe(2015, 2020),
        weights=dice.choice(("any", "published", "bundled")),
        kind=dice.choice(("", "CNN", "transformer")),
        task=dice.choice(("", "classification", "detection")),
    )


@pytest.mark.parametrize("seed", range(12))
def test_the_list_is_what_keeps_to_every_limit(seed: int) -> None:
    dice = random.Random(seed)
    budget = some_budget(dice)
    latencies = {each.name: dice.uniform(1, 60) for each in EVERY if dice.random() < 0.2}
    said = recommend(EVERY, budget, latencies)
    fitting = {each.name for each in EVERY if keeps(each, budget, latencies)}
    assert {each.name for each in said.fits} == fitting
    for row in said.excluded:
        none = "" if row.limit in ("kind", "task") else "any" if row.limit == "weights" else None
        without = dataclasses.replace(budget, **{row.limit: none})
        more = {each.name for each in EVERY if keeps(each, without, latencies)} - fitting
        assert row.alone == len(more)
        assert (row.best.name in more) if more else row.best is None
        only = Budget(**{"task": "", row.limit: getattr(budget, row.limit)})
        assert row.count == sum(not keeps(each, only, latencies) for each in EVERY)


def test_the_most_accurate_comes_first_then_the_newest() -> None:
    fits = recommend(EVERY, Budget(max_parameters=10e6)).fits
    known = [each.top1 for each in fits if each.top1]
    assert known == sorted(known, reverse=True)
    assert all(each.top1 for each in fits[: len(known)])
    rest = [(each.year, each.parameters) for each in fits[len(known) :]]
    assert rest == sorted(rest, reverse=True)


def test_a_known_answer() -> None:
    said = recommend(EVERY, Budget(max_parameters=10e6, max_macs=1e9))
    best = max(
        (e for e in EVERY if e.top1 and e.parameters <= 10e6 and e.macs <= 1e9),
        key=lambda each: each.top1,
    )
    assert said.fits[0] == best
    assert best.name == "torchvision/efficientnet_b1"  # 79.838 %, 7.8 M, 0.69 G


def test_what_was_not_measured_cannot_keep_a_latency() -> None:
    resnet, alexnet = find("torchvision/resnet18"), find("torchvision/alexnet")
    said = recommend([resnet, alexnet], Budget(max_latency_ms=50), {resnet.name: 20.0})
    assert said.fits == (resnet,)
    (row,) = said.excluded
    assert (row.limit, row.count, row.unknown) == ("max_latency_ms", 1, 1)


def test_nothing_fits_an_impossible_budget_and_it_says_why() -> None:
    said = recommend(EVERY, Budget(max_parameters=1))
    assert said.fits == ()
    assert said.excluded[0].limit == "max_parameters"
    assert said.excluded[0].alone > 1000
