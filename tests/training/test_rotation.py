"""Pictures in all four turns, and the loss of telling them apart."""

import math
from typing import Any

import numpy as np
import pytest
import torch

from cvexplore.plugins import Choice
from cvexplore.training import RunConfig
from cvexplore.training.approaches.rotation import Rotation, all_turns
from cvexplore.training.approaches.simclr import VIEWS
from cvexplore.training.loop import Training


def learner(**changed: Any) -> Any:
    recipe: dict[str, Any] = {
        "approach": Choice("rotation"),
        "options": {"width": 4, "hidden": 16},
        "dataset": Choice("shapes", {"count": 60, "image_size": 16}),
        "augmentations": VIEWS,
        "steps": 2,
    }
    approach = Training(RunConfig(**recipe | changed)).approach
    assert isinstance(approach, Rotation)
    return approach


def test_turns_are_numpys() -> None:
    images = torch.arange(2 * 3 * 4 * 4).reshape(2, 3, 4, 4)
    turned, quarters = all_turns(images)
    assert quarters.tolist() == [0, 0, 1, 1, 2, 2, 3, 3]
    for place, quarter in enumerate(quarters.tolist()):
        picture = images[place % 2].permute(1, 2, 0).numpy()
        wanted = np.rot90(picture, quarter)
        np.testing.assert_array_equal(turned[place].permute(1, 2, 0), wanted)


def test_the_loss_is_that_of_the_paper() -> None:
    """The mean over pictures and turns of what the right turn's share is short of."""
    approach = learner().eval()
    (batch,) = approach.batches(torch.arange(5), 5)
    weight, bias = (each.detach().double() for each in approach.turns.parameters())
    logs = []
    for picture in approach.drawn(torch.arange(5)).images:
        for quarter in range(4):
            pixels = approach.prepared(picture.rot90(quarter, (1, 2))[None])
            features = approach.features(pixels)[0].detach().double()
            shares = [math.exp(score) for score in (weight @ features + bias).tolist()]
            logs.append(-math.log(shares[quarter] / sum(shares)))
    found = approach.loss(batch)["loss"].item()
    assert found == pytest.approx(sum(logs) / len(logs), abs=1e-6)


def test_it_is_augmented_before_it_is_turned_and_only_while_it_learns() -> None:
    approach = learner()
    order = torch.arange(4)
    plain = approach.prepared(approach.drawn(order).images)
    (seen,) = approach.eval().batches(order, 4)
    assert torch.equal(seen.turned[:4], plain)
    (learned,) = approach.train().batches(order, 4)
    assert not torch.equal(learned.turned[:4], plain)
    for quarter in range(4):
        torch.testing.assert_close(
            learned.turned[4 * quarter : 4 * quarter + 4],
            learned.turned[:4].rot90(quarter, (2, 3)),
        )
