"""The front is what a comparison of all pairs leaves."""

import random

import pytest

from cvexplore.choosing import front


def unbeaten(costs: list[float], gains: list[float]) -> set[int]:
    def beats(one: int, other: int) -> bool:
        no_worse = costs[one] <= costs[other] and gains[one] >= gains[other]
        return no_worse and (costs[one], gains[one]) != (costs[other], gains[other])

    everyone = range(len(costs))
    return {each for each in everyone if not any(beats(rival, each) for rival in everyone)}


@pytest.mark.parametrize("seed", range(30))
def test_nothing_beats_the_front_and_it_beats_the_rest(seed: int) -> None:
    dice = random.Random(seed)
    costs = [float(dice.randint(0, 12)) for _ in range(dice.randint(0, 40))]
    gains = [float(dice.randint(0, 12)) for _ in costs]
    found = front(costs, gains)
    assert set(found) == unbeaten(costs, gains)
    assert len(set(found)) == len(found)
    assert [costs[place] for place in found] == sorted(costs[place] for place in found)
