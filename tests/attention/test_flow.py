"""Attention flow is the greatest flow, as the narrowest cut tells."""

from itertools import product

import numpy as np
import pytest

from cvexplore.attention import Recording, record
from cvexplore.attention.carrying import Start
from cvexplore.attention.flow import attention_flow, pipe_widths
from cvexplore.errors import LayerError
from tests.attention.conftest import noise, sharpened
from tests.attention.test_rollout import SMALL_SWIN, SMALL_VIT

TINY = {"image_size": 16, "patch_size": 8, "width": 32, "heads": 2, "classes": 10}


def tiny(depth: int) -> Recording:
    return record(sharpened("cvexplore/vit", depth=depth, **TINY), noise(1, 3, 16, 16))


def narrowest_cut(widths: list[np.ndarray], source: int, patch: int) -> float:
    """Return the least width that parts the source on top from a patch: all cuts are tried."""
    count, size = len(widths), len(widths[0])
    least = np.inf
    for sides in product((False, True), repeat=(count + 1) * size - 2):
        above = list(sides)
        above.insert(patch, False)
        above.insert(count * size + source, True)
        levels = np.array(above).reshape(count + 1, size)
        cut = sum(
            each[np.ix_(levels[level + 1], ~levels[level])].sum()
            for level, each in enumerate(widths)
        )
        least = min(least, cut)
    return float(least)


def test_one_layer_lets_through_what_the_pipe_is_wide() -> None:
    recording = tiny(1)
    widths = pipe_widths(recording.layers[0])
    found = dict(attention_flow(recording))
    assert list(found) == [0, 1, 2, 3]
    for place, flow in found.items():
        assert flow == pytest.approx(widths[0, 1 + place], abs=1e-6)


@pytest.mark.parametrize("start", [Start(token=0), Start(place=2)])
def test_two_layers_let_through_the_narrowest_of_all_cuts(start: Start) -> None:
    recording = tiny(2)
    widths = [pipe_widths(each) for each in recording.layers]
    source = 0 if start.token == 0 else 3
    for place, flow in attention_flow(recording, start):
        if place in (0, 2):
            cut = narrowest_cut(widths, source, 1 + place)
            assert flow == pytest.approx(cut, abs=1e-5)


def test_no_more_flows_than_leaves_the_class_token_or_enters_the_patch() -> None:
    recording = record(sharpened("cvexplore/vit", **SMALL_VIT), noise(1, 3, 32, 32))
    into = pipe_widths(recording.layers[0]).sum(0)
    flows = dict(attention_flow(recording))
    assert len(flows) == 16
    for place, flow in flows.items():
        assert 0 < flow <= min(1, into[1 + place]) + 1e-5


def test_it_refuses_windows_and_means_and_says_what_to_take() -> None:
    swin = record(sharpened("cvexplore/swin", **SMALL_SWIN), noise(1, 3, 32, 32))
    with pytest.raises(LayerError, match=r"within 16 windows\. Rollout"):
        next(attention_flow(swin))
    with pytest.raises(LayerError, match="no class token"):
        next(attention_flow(tiny(2), Start()))
    pooled = record(sharpened("timm/pvt_v2_b0"), noise(1, 3, 64, 64), check=False)
    with pytest.raises(LayerError, match="same tokens"):
        next(attention_flow(pooled))
