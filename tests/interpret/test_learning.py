"""Moments of a training: what is looked at is what the network was then."""

import math

import pytest
import torch
from torch import nn

from cvexplore.interpret.learning import MOST_CHANNELS, distance, watch


def network(step: int) -> nn.Module:
    """Return a network whose weights are a function of the step."""
    torch.manual_seed(0)
    model = nn.Sequential(nn.Conv2d(1, 4, 3, padding=1), nn.Flatten(), nn.Linear(4 * 64, 3))
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(step * torch.randn_like(parameter))
    return model.eval()


IMAGE = torch.rand(1, 1, 8, 8, generator=torch.Generator().manual_seed(1))
STEPS = (0, 2, 5)


def test_every_moment_is_that_of_its_own_network() -> None:
    found = list(watch(network, IMAGE, "0", STEPS))
    assert [moment.step for moment in found] == list(STEPS)
    maps = {step: network(step)[0](IMAGE)[0].detach() for step in STEPS}  # type: ignore[index]
    for moment in found:
        model = network(moment.step)
        assert torch.equal(torch.from_numpy(moment.maps), maps[moment.step])
        assert moment.filters
        weight = model.get_submodule("0").weight
        assert torch.equal(torch.from_numpy(moment.filters.values)[:, :, 0], weight)  # type: ignore[arg-type]
        assert list(moment.probabilities) == pytest.approx(model(IMAGE)[0].softmax(0).tolist())
        for apart, end in ((moment.from_start, 0), (moment.to_end, 5)):
            cosine = torch.cosine_similarity(maps[moment.step].flatten(), maps[end].flatten(), 0)
            assert apart == pytest.approx(1 - float(cosine), abs=1e-6)


def test_what_was_seen_is_not_looked_at_again() -> None:
    built: list[int] = []

    def counted(step: int) -> nn.Module:
        built.append(step)
        return network(step)

    whole = list(watch(counted, IMAGE, "0", STEPS))
    assert sorted(built) == [0, 2, 5]
    (rest,) = watch(counted, IMAGE, "0", STEPS, seen=(0, 2))
    assert (rest.step, rest.from_start) == (5, whole[-1].from_start)
    assert built.count(2) == 1


def test_large_maps_are_kept_as_means_of_blocks_and_measured_in_full() -> None:
    def wide(step: int) -> nn.Module:
        torch.manual_seed(step)
        pool = nn.AdaptiveAvgPool2d(1)
        return nn.Sequential(
            nn.Conv2d(1, 70, 3, padding=1), pool, nn.Flatten(), nn.Linear(70, 2)
        ).eval()

    image = torch.rand(1, 1, 112, 112, generator=torch.Generator().manual_seed(2))
    first, last = watch(wide, image, "0", (0, 1))
    full = [wide(step)[0](image)[0].detach() for step in (0, 1)]  # type: ignore[index]
    assert (first.channels, first.maps.shape) == (70, (MOST_CHANNELS, 56, 56))
    block = full[0][3, 10:12, 20:22].mean()
    assert first.maps[3, 5, 10] == pytest.approx(float(block), abs=1e-6)
    cosine = torch.cosine_similarity(full[0].flatten(), full[1].flatten(), 0)
    assert last.from_start == pytest.approx(1 - float(cosine), abs=1e-5)


def test_distance_is_blind_to_strength_and_has_its_ends() -> None:
    pattern = torch.rand(3, 5, 5)
    assert distance(pattern, 7 * pattern) == pytest.approx(0, abs=1e-9)
    assert distance(pattern, -pattern) == pytest.approx(2)
    assert distance(torch.tensor([1.0, 0]), torch.tensor([0, 3.0])) == 1
    assert math.isnan(distance(pattern, torch.zeros_like(pattern)))
