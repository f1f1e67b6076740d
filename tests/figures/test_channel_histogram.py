"""The bars of a channel's histogram are its values' shares."""

import re
from xml.etree import ElementTree

import numpy as np
import pytest

from cvexplore.figures.channels import height, histogram

RANDOM = np.random.default_rng(0)


def bars(svg: str, name: str) -> list[tuple[float, float]]:
    """Return what each bar says it stands for, and how high it is."""
    drawn = ElementTree.fromstring(re.sub(r"<style>.*?</style>", "", svg, flags=re.DOTALL))
    group = next(each for each in drawn.iter("g") if each.get("class") == name)
    return [
        (float(bar[0].text.partition("%")[0]) / 100, float(bar.get("height")))  # type: ignore[union-attr,arg-type]
        for bar in group
    ]


def test_shares_sum_to_one_and_higher_bars_stand_for_more() -> None:
    layer = RANDOM.normal(size=(8, 20, 20))
    svg = histogram(layer[2], beside=layer)
    for name in ("layer", "channel"):
        found = bars(svg, name)
        assert sum(share for share, _ in found) == pytest.approx(1, abs=0.005)
        ordered = sorted(found)
        assert [tall for _, tall in ordered] == sorted(tall for _, tall in ordered)
    assert len(bars(svg, "channel")) <= len(bars(svg, "layer"))


def test_heights_are_decades() -> None:
    steps = [height(10.0**-each) for each in range(4)]
    assert steps == pytest.approx([1, 0.75, 0.5, 0.25])
    assert height(0) == 0 < height(1e-6) < height(1e-3)


@pytest.mark.parametrize("value", [0.0, 3.5])
def test_a_layer_of_one_value_has_one_bar(value: float) -> None:
    svg = histogram(np.full((4, 4), value), beside=np.full((2, 4, 4), value))
    assert len(bars(svg, "channel")) == 1
