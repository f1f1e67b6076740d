"""Pictures of augmentations, and of a learning-rate range test."""

import io

import numpy as np
import pytest
from PIL import Image

from cvexplore.figures.augmentation import before_and_after
from cvexplore.figures.lr_range import lr_range
from cvexplore.training.lr_range import Suggestion


@pytest.mark.parametrize("channels", [1, 3])
def test_the_original_stands_above_what_was_made_of_it(channels: int) -> None:
    originals = np.full((2, channels, 4, 4), 0.2, np.float32)
    augmented = np.full((2, channels, 4, 4), 0.8, np.float32)
    pictures = before_and_after(originals, augmented, side=16)
    assert len(pictures) == 2
    for each in pictures:
        pixels = np.asarray(Image.open(io.BytesIO(each)))
        opaque = pixels[pixels[..., 3] == 255]
        assert len(opaque) == 2 * 16 * 16
        assert np.all(opaque[:256, :3] == 51)
        assert np.all(opaque[256:, :3] == 204)


def test_a_range_is_shaded_between_its_ends_and_the_chosen_rate_is_marked() -> None:
    found = Suggestion(low=1e-3, high=1e-2, steepest=5e-4, bottom=3e-3, diverges=0.1)
    rates, losses = [1e-5, 1e-4, 1e-3, 1e-2, 1e-1], [2.0, 1.9, 1.0, 0.9, 50.0]
    figure = lr_range(rates, losses, losses, found, chosen=2e-3)
    band, line = figure.layout.shapes
    assert (band.x0, band.x1) == (1e-3, 1e-2)
    assert line.x0 == line.x1 == 2e-3
    places = {each.text: 10**each.x for each in figure.layout.annotations}
    assert places["chosen"] == pytest.approx(2e-3)
    assert 1e-3 < places["worth a try"] < 1e-2
    assert figure.layout.xaxis.type == "log"
    assert figure.layout.yaxis.range[1] < 3  # the burst does not flatten the rest
    assert all(each.line.color or each.marker.color for each in figure.data)


def test_a_test_that_has_just_begun_can_be_drawn() -> None:
    assert len(lr_range([], []).data) == 1
    assert not lr_range([1e-6], [2.3]).layout.shapes
