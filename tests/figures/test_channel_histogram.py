"""The bars of a channel's histogram are its values' shares."""

import itertools
from xml.etree import ElementTree

import numpy as np
import pytest

from cvexplore.figures.channels import height, histogram

RANDOM = np.random.default_rng(0)


def bars(svg: str, name: str) -> list[float]:
    """Return how high each bar is."""
    drawn = ElementTree.fromstring(svg.replace("<svg xmlns=", "<svg about="))
    group = next(each for each in drawn.iter("g") if each.get("class") == name)
    return [float(bar.get("height") or 0) for bar in group]


def test_each_bar_stands_for_the_share_of_the_values_between_two_edges() -> None:
    layer = RANDOM.normal(size=(8, 20, 20))
    svg = histogram(layer[2], beside=layer)
    edges = np.linspace(layer.min(), layer.max(), 49)
    for name, values in (("layer", layer), ("channel", layer[2])):
        shares = []
        for low, high in itertools.pairwise(edges):
            inside = (values >= low) & ((values < high) | (high == edges[-1]))
            shares.append(inside.sum() / values.size)
        tallest = 84  # the drawing's own units
        expected = [tallest * height(share) for share in shares if share]
        assert bars(svg, name) == pytest.approx(expected, abs=0.01)


def test_heights_are_decades() -> None:
    steps = [height(10.0**-each) for each in range(4)]
    assert steps == pytest.approx([1, 0.75, 0.5, 0.25])
    assert height(0) == 0 < height(1e-6) < height(1e-3)


@pytest.mark.parametrize("value", [0.0, 3.5])
def test_a_layer_of_one_value_has_one_bar(value: float) -> None:
    svg = histogram(np.full((4, 4), value), beside=np.full((2, 4, 4), value))
    assert len(bars(svg, "channel")) == 1
