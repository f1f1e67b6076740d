"""Hiding parts of the image: against Captum itself, a plain loop, and what the theory promises."""

import itertools
import math
from typing import Any

import captum.attr
import pytest
import torch
from captum._utils.models.linear_model import SkLearnRidge
from torch import Tensor, nn

from cvexplore.attribution import Asked, attribute, method
from cvexplore.attribution.asked import Passes
from cvexplore.attribution.methods.lime import closeness
from cvexplore.attribution.superpixels import superpixels
from cvexplore.plugins import Choice

METHODS = {
    "occlusion": {"window": 25, "stride": 50},
    "feature ablation": {"regions": 9},
    "LIME": {"regions": 9, "samples": 40},
    "KernelSHAP": {"regions": 9, "samples": 40},
}


def small() -> nn.Module:
    torch.manual_seed(5)
    layers = (nn.Conv2d(3, 6, 3), nn.ReLU(), nn.AdaptiveAvgPool2d(3), nn.Flatten())
    return nn.Sequential(*layers, nn.Linear(54, 4)).eval().requires_grad_(False)


def ask(model: nn.Module | None = None, **given: Any) -> Asked:
    image = torch.rand(1, 3, 24, 20, generator=torch.Generator().manual_seed(2)) * 4 - 2
    asked = Asked(model or small(), image, 1, mean=(0.5,) * 3, std=(0.25,) * 3)
    return asked.of(**given)


def test_occlusion_is_the_mean_loss_of_the_squares_that_hid_a_pixel() -> None:
    asked = ask()
    losses, times = torch.zeros(24, 20), torch.zeros(24, 20)
    whole = asked.model(asked.image)[0, 1]
    for top, left in itertools.product(range(0, 22, 2), range(0, 18, 2)):
        hidden = asked.image.clone()
        hidden[:, :, top : top + 5, left : left + 5] = 0  # grey, and the mean is 0.5
        losses[top : top + 5, left : left + 5] += whole - asked.model(hidden)[0, 1]
        times[top : top + 5, left : left + 5] += 1
    found = attribute(asked, Choice("occlusion", METHODS["occlusion"]))
    torch.testing.assert_close(found.values[0], losses / times, atol=1e-6, rtol=1e-4)
    assert found.values.std() > 0


def test_ablation_is_what_the_score_loses_without_a_region() -> None:
    asked = ask()
    regions = superpixels(asked, 9)
    mean = asked.image.mean((2, 3), keepdim=True)
    found = attribute(asked, Choice("feature ablation", METHODS["feature ablation"])).values
    for region in regions.unique():
        without = torch.where(regions == region, mean, asked.image)
        loss = (asked.model(asked.image) - asked.model(without))[0, 1]
        torch.testing.assert_close(
            found[0][regions[0, 0] == region],
            loss.expand(int((regions == region).sum())),
            atol=1e-6,
            rtol=1e-4,
        )


@pytest.mark.parametrize("name", ["LIME", "KernelSHAP"])
def test_it_is_what_captum_returns_from_the_same_seed(name: str) -> None:
    asked = ask()
    theirs = (
        captum.attr.KernelShap(asked.model)
        if name == "KernelSHAP"
        else captum.attr.Lime(asked.model, SkLearnRidge(alpha=1.0), closeness)
    )
    torch.manual_seed(7)
    wanted = theirs.attribute(
        asked.image.clone(),
        baselines=asked.image.mean((2, 3), keepdim=True).expand_as(asked.image),
        target=1,
        feature_mask=superpixels(asked, 9),
        n_samples=40,
        perturbations_per_eval=8,
    )
    found = attribute(asked, Choice(name, {**METHODS[name], "seed": 7})).values
    torch.testing.assert_close(found, wanted[0, :1], atol=1e-6, rtol=1e-4)
    assert found.std() > 0
    other = attribute(asked, Choice(name, {**METHODS[name], "seed": 8})).values
    assert not torch.equal(found, other)


def test_kernel_shap_finds_the_shapley_values() -> None:
    asked = ask()
    regions = superpixels(asked, 4)
    count = int(regions.max()) + 1
    mean = asked.image.mean((2, 3), keepdim=True)

    def score(shown: frozenset[int]) -> float:
        kept = torch.isin(regions, torch.tensor(sorted(shown), dtype=torch.int64))
        return asked.model(torch.where(kept, asked.image, mean))[0, 1].item()

    found = attribute(asked, Choice("KernelSHAP", {"regions": 4, "samples": 600})).values[0]
    for region in range(count):
        others = [each for each in range(count) if each != region]
        fair = 0.0
        for size in range(count):
            share = math.factorial(size) * math.factorial(count - size - 1) / math.factorial(count)
            for some in itertools.combinations(others, size):
                fair += share * (score(frozenset((*some, region))) - score(frozenset(some)))
        value = found[regions[0, 0] == region][0].item()
        assert value == pytest.approx(fair, abs=0.02 * abs(found).max().item())


def test_kernel_shap_shares_out_the_whole_difference() -> None:
    found = attribute(ask(), Choice("KernelSHAP", METHODS["KernelSHAP"])).completeness
    assert found is not None
    assert found.decided
    assert found.error < 1e-3


@pytest.mark.parametrize("batch", [1, 8, 64])
@pytest.mark.parametrize("name", METHODS)
def test_the_cost_is_what_was_used_in_batches_that_fit(name: str, batch: int) -> None:
    counted: list[int] = []
    asked = ask(batch=batch, passes=Passes(tell=counted.append))
    found = attribute(asked, Choice(name, METHODS[name]))
    assert found.passes == method(Choice(name, METHODS[name])).cost(asked).forwards
    sizes = [after - before for before, after in itertools.pairwise((*counted, asked.passes.count))]
    assert max(sizes) <= batch


class Enough(Exception):
    """A person has pressed stop."""


@pytest.mark.parametrize("name", METHODS)
def test_who_has_seen_enough_stops_it_in_the_middle(name: str) -> None:
    def stop(count: int) -> None:
        if count >= 5:
            raise Enough

    model = small()
    passes = Passes(tell=stop)
    with pytest.raises(Enough):
        attribute(ask(model, passes=passes, batch=4), Choice(name, METHODS[name]))
    assert 5 <= passes.count < 5 + 4
    assert not any(each._forward_hooks or each._forward_pre_hooks for each in model.modules())
    fresh = attribute(ask(), Choice(name, METHODS[name])).values
    assert torch.equal(attribute(ask(model), Choice(name, METHODS[name])).values, fresh)


@pytest.mark.parametrize("name", ["LIME", "KernelSHAP"])
def test_what_others_draw_changes_no_map(name: str) -> None:
    asked = ask()
    torch.manual_seed(1)
    one = attribute(asked, Choice(name, METHODS[name])).values
    torch.manual_seed(2)
    assert torch.equal(attribute(asked, Choice(name, METHODS[name])).values, one)


def test_hidden_pixels_that_do_not_matter_count_nothing() -> None:
    class Corner(nn.Module):
        def forward(self, images: Tensor) -> Tensor:
            return images[:, :, :6, :5].mean((1, 2, 3))[:, None].expand(-1, 4) * 1.0

    found = attribute(ask(Corner()), Choice("occlusion", METHODS["occlusion"])).values[0]
    assert found[:6, :5].any()
    assert not found[11:, 10:].any()
