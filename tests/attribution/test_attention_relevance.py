"""Attention relevance hands on what cvexplore.attention found, for transformers only."""

import pytest
import torch

from cvexplore import catalog
from cvexplore.attention import record
from cvexplore.attention.legrad import legrad
from cvexplore.attention.relevance import relevance
from cvexplore.attribution import Asked, attribute, method
from cvexplore.errors import LayerError
from cvexplore.plugins import Choice


def ask(name: str, side: int, channels: int) -> Asked:
    model = catalog.build(name, weights="bundled").eval().requires_grad_(False)
    image = torch.randn(1, channels, side, side, generator=torch.Generator().manual_seed(1))
    return Asked(model, image, 3, mean=(0.0,) * channels, std=(1.0,) * channels)


@pytest.mark.parametrize(
    ("name", "side", "channels", "grid"),
    [("cvexplore/vit", 56, 1, (7, 7)), ("cvexplore/swin", 32, 3, (8, 8))],
)
def test_it_is_the_recordings_own(
    name: str, side: int, channels: int, grid: tuple[int, int]
) -> None:
    asked = ask(name, side, channels)
    recording = record(asked.model, asked.image, target=3)
    for rule, wanted in (("relevance", relevance), ("LeGrad", legrad)):
        choice = Choice("attention relevance", {"rule": rule})
        found = attribute(asked, choice)
        assert torch.equal(found.values[0], wanted(recording).map)
        assert found.values.shape == (1, *grid)
        assert found.smooth
        assert found.passes == method(choice).cost(asked).forwards


def test_another_class_rests_on_other_places() -> None:
    asked = ask("cvexplore/vit", 56, 1)
    one, other = (
        attribute(asked.of(target=target), Choice("attention relevance")).values
        for target in (3, 5)
    )
    assert not torch.allclose(one, other)


def test_a_network_without_attention_is_told_what_to_do_instead() -> None:
    with pytest.raises(LayerError, match="choose Grad-CAM"):
        attribute(ask("cvexplore/simple_cnn", 28, 1), Choice("attention relevance"))
