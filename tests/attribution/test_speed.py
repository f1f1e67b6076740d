"""Seconds are measured on this network and image, and multiply as the cost says."""

import time

import pytest
import torch
from torch import Tensor, nn

from cvexplore.attribution import Asked, Cost
from cvexplore.attribution.speed import Speed, speed


class Sleeper(nn.Module):
    """Takes 10 ms an image to go forward, and 20 ms back."""

    def forward(self, images: Tensor) -> Tensor:
        time.sleep(0.01 * len(images))
        scores = images.flatten(1).sum(1, keepdim=True).expand(-1, 3) * 1.0
        if scores.requires_grad:
            scores.register_hook(lambda slope: time.sleep(0.02 * len(slope)))
        return scores


def asked() -> Asked:
    return Asked(Sleeper(), torch.ones(1, 3, 12, 12), target=1, batch=4)


def test_each_way_is_timed_for_one_image() -> None:
    found = speed(asked())
    assert found.forward == pytest.approx(0.01, rel=0.5)
    assert found.backward == pytest.approx(0.02, rel=0.5)


def test_measuring_is_no_pass_of_the_question() -> None:
    question = asked()
    speed(question)
    assert question.passes.count == 0


def test_costs_are_added_up() -> None:
    assert Speed(0.5, 2).seconds(Cost(3, 1)) == 3.5
