"""The channels' numbers are those of plain loops; orders are what they say."""

import itertools

import numpy as np
import pytest
import scipy.stats
import torch
from torch import nn

from cvexplore.interpret.channels import ORDERS, correlations, facts, filter_weights, ordered, peaks

RANDOM = np.random.default_rng(0)
MAPS = np.maximum(RANDOM.normal(size=(12, 6, 7)), 0).astype(np.float32)


def test_each_channel_s_facts_are_those_of_its_own_map() -> None:
    maps = MAPS.copy()
    maps[3] = 0
    found = facts(maps)
    for index, channel in enumerate(maps):
        values = [float(value) for value in channel.flat]
        assert found.mean[index] == pytest.approx(sum(values) / len(values), abs=1e-6)
        assert found.std[index] == pytest.approx(np.std(values), abs=1e-6)
        assert (found.low[index], found.high[index]) == (min(values), max(values))
        assert found.zeros[index] == pytest.approx(values.count(0) / len(values))
    assert found.silent.tolist() == [index == 3 for index in range(12)]


@pytest.mark.parametrize("by", ORDERS)
def test_every_order_holds_every_channel_once(by: str) -> None:
    maps = MAPS.copy()
    maps[[0, 5]] = 0.5
    assert sorted(ordered(maps, by)) == list(range(12))


def test_the_most_active_and_the_most_varied_stand_first() -> None:
    maps = np.stack([np.full((4, 4), -9.0), np.eye(4), 3 * np.eye(4), np.full((4, 4), 0.1)])
    assert ordered(maps, "activity").tolist() == [0, 2, 1, 3]
    assert ordered(maps, "variance").tolist() == [2, 1, 0, 3]


def test_channels_that_show_the_same_stand_side_by_side() -> None:
    patterns = RANDOM.normal(size=(3, 8, 8))
    kinds = [0, 1, 2, 0, 1, 2, 0, 1, 2]
    scales = [1, 5, 0.1, -2, 3, 1, 40, -1, 2]  # neither scale nor sign matters
    maps = np.stack([patterns[k] * s + 0.05 * abs(s) * RANDOM.normal(size=(8, 8)) + s
                     for k, s in zip(kinds, scales, strict=True)])  # fmt: skip
    found = [kinds[index] for index in ordered(maps, "similarity")]
    assert sum(a != b for a, b in itertools.pairwise(found)) == 2


def test_alike_is_what_pearson_says() -> None:
    flat = MAPS.reshape(12, -1)
    found = correlations(flat)
    for one in range(12):
        for other in range(12):
            expected = scipy.stats.pearsonr(flat[one], flat[other]).statistic
            assert found[one, other] == pytest.approx(expected, abs=1e-5)


def test_the_highest_places_are_apart() -> None:
    channel = np.zeros((5, 5))
    channel[1, 1], channel[1, 2], channel[4, 4], channel[4, 0] = 9, 8, 7, 6
    assert peaks(channel, 3) == [(1, 1), (4, 4), (4, 0)]
    assert peaks(np.ones((3, 3)), 4) == [(0, 0)]
    assert peaks(np.array([[2.0]]), 4) == [(0, 0)]


def test_the_weights_of_a_channel_make_its_map() -> None:
    conv = nn.Conv2d(4, 6, 3, groups=2, bias=False)
    x = torch.randn(1, 4, 3, 3)
    with torch.no_grad():
        for channel in range(6):
            weights = filter_weights(conv, channel)
            assert weights is not None
            group = x[0, 2 * (channel // 3) :][:2]
            by_hand = (group * torch.from_numpy(weights)).sum()
            assert torch.allclose(conv(x)[0, channel, 0, 0], by_hand, atol=1e-5)
    assert filter_weights(nn.Linear(3, 3), 0) is None
