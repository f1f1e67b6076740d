"""What is told of an explanation is what the network and the method say themselves."""

import json

import pytest
import torch
from torch import Tensor, nn

from cvexplore.attribution import METHODS, Asked, Structure, attribute, method
from cvexplore.attribution.account import account, options, probability, source
from cvexplore.attribution.layers import default_layer
from cvexplore.attribution.validity import doubts_before
from cvexplore.plugins import Choice


def small() -> nn.Module:
    layers = (nn.Conv2d(1, 4, 3), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 3))
    return nn.Sequential(*layers).eval().requires_grad_(False)


def question(**changes: object) -> Asked:
    image = torch.randn(1, 1, 8, 8, generator=torch.Generator().manual_seed(0))
    return Asked(small(), image, 2, (0.5,), (0.25,)).of(**changes)


@pytest.mark.parametrize("name", METHODS)
def test_every_method_names_its_source_by_a_paper(name: str) -> None:
    said = source(name)
    assert "arXiv:" in said or "doi:" in said
    assert "  " not in said
    assert "Options" not in said


def test_the_probability_is_the_softmax_of_the_scores() -> None:
    asked = question()
    scores: Tensor = asked.model(asked.image)[0].double()
    expected = scores[2].exp() / scores.exp().sum()
    assert probability(asked) == pytest.approx(float(expected), rel=1e-5)


def test_the_layer_is_the_one_that_the_method_asked_about() -> None:
    asked, choice = question(), Choice("Grad-CAM")
    told = account(asked, attribute(asked, choice), "two")
    assert told.layer == default_layer(asked) != ""
    again = attribute(asked.of(layer=told.layer), choice)
    assert torch.equal(again.values, told.explanation.values)
    of_pixels = account(asked, attribute(asked, Choice("saliency")), "two")
    assert of_pixels.layer == ""


def test_options_left_alone_are_told_too() -> None:
    chosen = Choice("integrated gradients", {"steps": 8})
    filled = method(chosen)
    names = ("baseline", "steps", "tolerance")
    assert options(chosen) == {each: getattr(filled, each) for each in names}


def test_doubts_are_those_that_are_known_before_of_this_structure() -> None:
    asked = question()
    explanation = attribute(asked, Choice("integrated gradients", {"steps": 8}))
    silent = Structure(silent_head=True)
    told = account(asked, explanation, "two", silent)
    expected = doubts_before(asked, silent, explanation.method)
    assert told.doubts == expected != ()
    assert expected[0].sentence in told.sentences
    assert account(asked, explanation, "two").doubts == ()


def test_settings_are_json_and_make_the_same_map_again() -> None:
    asked = question()
    explanation = attribute(asked, Choice("integrated gradients", {"steps": 8}))
    told = json.loads(json.dumps(account(asked, explanation, "two").settings))
    again = attribute(asked.of(target=told["target"]), Choice(told["method"], told["options"]))
    assert torch.equal(again.values, explanation.values)
    assert told["completeness"]["sum"] == pytest.approx(float(explanation.values.sum()))
    assert told["silent"] is False
