"""Curves of deletion and insertion are what a slow loop over images gives."""

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from cvexplore.attribution import METHODS, Asked, Explanation
from cvexplore.attribution.asked import Passes
from cvexplore.attribution.baselines import baseline
from cvexplore.attribution.trust.deletion import (
    chance,
    curve,
    deletion,
    importance,
    insertion,
    mean_curve,
    replaced,
)
from cvexplore.plugins import Choice

IMAGE = torch.rand(1, 3, 8, 8, generator=torch.Generator().manual_seed(0))


class Corner(nn.Module):
    """A network that looks at the upper left quarter only."""

    def forward(self, images: Tensor) -> Tensor:
        seen = 4 * images[..., :4, :4].mean((1, 2, 3))
        return torch.stack([seen, torch.ones_like(seen)], 1)


def asked(model: nn.Module | None = None, **more) -> Asked:
    torch.manual_seed(0)
    made = model or nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(), nn.Flatten(), nn.Linear(144, 5))
    return Asked(made.eval().requires_grad_(False), IMAGE, 1, **more)


def test_each_point_is_the_image_with_its_first_pixels_replaced() -> None:
    question = asked(batch=3)
    order = torch.rand(8, 8, generator=torch.Generator().manual_seed(1))
    before, after = IMAGE, torch.zeros_like(IMAGE)
    ranked = sorted(range(64), key=lambda place: -order.flatten()[place])
    for number, (share, probability) in enumerate(replaced(question, before, after, order, 16)):
        image = before.clone().flatten(2)
        image[..., ranked[: number * 4]] = 0
        truth = question.model(image.view(1, 3, 8, 8)).softmax(1)[0, 1].item()
        assert share == pytest.approx(number / 16)
        assert probability == pytest.approx(truth, abs=1e-6)
    assert number == 16


def test_coarse_orders_replace_whole_cells() -> None:
    order = torch.tensor([[1.0, 0.0], [0.0, 0.0]])
    share, probability = list(replaced(asked(Corner()), IMAGE, 0 * IMAGE, order, 4))[1]
    assert share == 0.25
    empty = asked(Corner()).model(0 * IMAGE).softmax(1)[0, 1].item()
    assert probability == pytest.approx(empty)  # the one corner that counts is gone


def test_curves_go_from_the_image_to_its_mean_and_from_a_blur_to_the_image() -> None:
    question = asked()
    order = torch.rand(8, 8)

    def probability(image: Tensor) -> float:
        return question.model(image).softmax(1)[0, 1].item()

    down = [value for _, value in deletion(question, order)]
    up = [value for _, value in insertion(question, order)]
    assert (down[0], up[-1]) == pytest.approx((probability(IMAGE), probability(IMAGE)))
    assert down[-1] == pytest.approx(probability(baseline(question, "mean")), abs=1e-6)
    assert up[0] == pytest.approx(probability(baseline(question, "blurred")), abs=1e-6)


def test_the_map_that_knows_beats_lots_and_its_opposite() -> None:
    bright = torch.zeros_like(IMAGE)
    bright[..., :4, :4] = 1
    question = Asked(Corner(), bright, 0)
    truth = torch.zeros(8, 8)
    truth[:4, :4] = 1
    area = {
        name: curve(list(deletion(question, order))).area
        for name, order in (("map", truth), ("opposite", -truth))
    }
    lots = mean_curve([curve(list(deletion(question, chance(8, 8, seed)))) for seed in range(4)])
    assert area["map"] < lots.area - 0.05 < area["opposite"] - 0.1


def test_the_area_is_the_mean_on_the_way() -> None:
    points = [(0.0, 1.0), (0.5, 0.5), (1.0, 0.0)]
    assert curve(points).area == pytest.approx(0.5)
    assert curve([(0.0, 0.3), (1.0, 0.3)]).area == pytest.approx(0.3)
    assert mean_curve([curve(points), curve([(x, 0.0) for x, _ in points])]).area == 0.25


def test_equals_are_not_taken_row_by_row() -> None:
    """Of a map that is zero almost everywhere the rest must not be an order of rows."""
    seen: list[Tensor] = []

    class Watching(nn.Module):
        def forward(self, images: Tensor) -> Tensor:
            seen.append(images)
            return images.mean((2, 3))

    list(
        replaced(
            asked(Watching()), torch.zeros(1, 3, 8, 8), torch.ones(1, 3, 8, 8), 0 * IMAGE[0, 0]
        )
    )
    half = torch.cat(seen)[16, 0]
    assert half.sum() == 32
    assert 4 < half[:4].sum() < 28


def test_slopes_are_ordered_by_their_sizes_and_all_else_by_its_sign(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(METHODS["saliency"], "slopes", True)
    values = torch.zeros(3, 8, 8)
    values[:, 0, 0], values[:, 7, 7] = -5, 1
    found = {
        name: np.unravel_index(
            importance(Explanation(Choice(name), 0, values), 8, 8).argmax().item(), (8, 8)
        )
        for name in ("saliency", "occlusion")
    }
    assert found == {"saliency": (0, 0), "occlusion": (7, 7)}


def test_a_pass_can_end_it() -> None:
    class Stop(Exception):
        pass

    def tell(count: int) -> None:
        if count >= 8:
            raise Stop

    points = deletion(asked(passes=Passes(tell)), torch.rand(8, 8))
    found = []
    with pytest.raises(Stop):
        found.extend(points)
