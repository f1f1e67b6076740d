"""The smallest occluding square, held against a slow loop over every square."""

from itertools import pairwise

import pytest
import torch
from torch import Tensor, nn

from cvexplore.attribution import Asked
from cvexplore.errors import LayerError, OptionError
from cvexplore.robustness import Squares, occlusion_map, sides, smallest_patch
from cvexplore.robustness.patches import covered, places


class SpotFinder(nn.Module):
    """Says 1 if some white is left of the image, 0 if none is, 2 where a corner is grey."""

    def forward(self, images: Tensor) -> Tensor:
        white = (images > 0.9).sum((1, 2, 3)).float()
        corner = (images[:, 0, 0, 0] == 0.5).float()
        return torch.stack([torch.ones_like(white), 0.9 + white / 5, 100 * corner], 1)


def spotted(top: int = 9, left: int = 14, size: int = 3, side: int = 24) -> Asked:
    image = torch.full((1, 1, side, side), 0.1)
    image[..., top : top + size, left : left + size] = 1
    return Asked(SpotFinder().eval(), image, 1, (0.0,), (1.0,), batch=7)


def last(squares: object) -> Squares:
    *_, whole = squares  # type: ignore[misc]
    assert whole.done
    return whole


@pytest.mark.parametrize("cover", ["black", "grey"])
@pytest.mark.parametrize(("side", "stride"), [(4, 1), (5, 3), (24, 1), (1, 5)])
def test_the_map_is_that_of_a_loop(cover: str, side: int, stride: int) -> None:
    asked = spotted()
    found = last(occlusion_map(asked, side, stride=stride, cover=cover))  # type: ignore[arg-type]
    assert found.tops == found.lefts
    assert set(range(0, 24 - side, stride)) | {24 - side} == set(found.tops)
    assert found.count == places((24, 24), side, stride)
    for row, top in enumerate(found.tops):
        for column, left in enumerate(found.lefts):
            image = asked.image.clone()
            image[..., top : top + side, left : left + side] = 0.5 if cover == "grey" else 0
            probabilities = asked.model(image)[0].softmax(0)
            assert float(found.kept[row, column]) == pytest.approx(float(probabilities[1]))
            assert int(found.labels[row, column]) == int(probabilities.argmax())
            assert float(found.probabilities[row, column]) == pytest.approx(
                float(probabilities.max())
            )


def test_the_smallest_square_is_the_one_that_just_covers_the_spot() -> None:
    asked = spotted(top=9, left=14, size=3)
    found = last(smallest_patch(asked, tried=range(1, 13), cover="black"))
    assert found.flip is not None
    # Places lie half a side apart: 3 pixels every 1 cover the spot exactly.
    assert (found.flip.side, found.flip.top, found.flip.left) == (3, 9, 14)
    assert found.flip.label == 0
    assert found.label == 1
    assert found.flip.kept < found.flip.probability


def test_sizes_grow_until_one_flips_and_each_is_asked_everywhere_first() -> None:
    told = list(smallest_patch(spotted(size=6), tried=[8, 2, 5, 12], cover="black"))
    by_size = {each.side: each for each in told}
    assert list(by_size) == [2, 5, 8]
    assert all(each.done for each in by_size.values())
    assert [bool(each.flip) for each in by_size.values()] == [False, False, True]
    for side in by_size:
        asked = [each.asked for each in told if each.side == side]
        assert asked == sorted(set(asked))


def test_a_larger_square_need_not_flip_what_a_smaller_one_does() -> None:
    class Fickle(nn.Module):
        def forward(self, images: Tensor) -> Tensor:
            dark = (images == 0).sum((1, 2, 3))
            return torch.stack([(dark == 4).float(), torch.full(dark.shape, 0.5)], 1)

    asked = Asked(Fickle().eval(), torch.full((1, 1, 8, 8), 0.3), 1, (0.0,), (1.0,))
    assert last(occlusion_map(asked, 3, cover="black")).flip is None
    found = last(smallest_patch(asked, tried=[1, 2, 3, 4], cover="black"))
    assert found.flip is not None
    assert found.flip.side == 2


def test_of_several_squares_the_one_whose_new_class_is_likeliest_is_told() -> None:
    found = last(occlusion_map(spotted(0, 0), 4, stride=1, cover="grey"))
    assert found.flip is not None
    assert (found.flip.top, found.flip.left, found.flip.label) == (0, 0, 2)


def test_a_square_that_flips_nothing_is_no_flip_and_the_lowest_place_is_told() -> None:
    found = last(occlusion_map(spotted(size=6), 4, stride=1, cover="black"))
    assert found.flip is None
    lowest = found.lowest
    assert lowest.kept == float(found.kept.min())
    assert 9 <= lowest.top <= 11
    assert 14 <= lowest.left <= 16
    *_, search = smallest_patch(spotted(size=8), tried=[2, 3], cover="black")
    assert search.flip is None
    assert search.side == 3


def test_what_was_not_asked_yet_is_unknown() -> None:
    first = next(occlusion_map(spotted(), 4, stride=1))
    assert first.asked == 7
    assert not first.done
    assert int(first.kept.isnan().sum()) == first.count - 7
    assert first.lowest.kept == float(first.kept[~first.kept.isnan()].min())


def test_the_sides_tried_go_from_a_sixteenth_to_half_of_the_image() -> None:
    tried = sides(224)
    assert (tried[0], tried[-1]) == (14, 112)
    assert all(1.1 < b / a < 1.3 for a, b in pairwise(tried))
    assert sides(8)[0] == 1


def test_the_image_stays_as_it_was() -> None:
    asked = spotted()
    kept = asked.image.clone()
    last(occlusion_map(asked, 5))
    assert torch.equal(asked.image, kept)
    assert asked.passes.count == 1 + places((24, 24), 5)


def test_the_mean_cover_is_the_mean_colour() -> None:
    pixels = torch.rand(1, 3, 9, 9, generator=torch.Generator().manual_seed(0))
    images = covered(pixels, [(0, 0), (4, 5)], 3, "mean")
    assert torch.allclose(images[1, :, 4:7, 5:8].flatten(1).T, pixels.mean((0, 2, 3)))
    assert torch.equal(images[1, :, :4], pixels[0, :, :4])
    assert torch.equal(images[0, :, 3:], pixels[0, :, 3:])


def test_what_does_not_fit_is_refused() -> None:
    with pytest.raises(OptionError, match="24"):
        next(occlusion_map(spotted(), 25))
    with pytest.raises(OptionError, match="stride"):
        next(occlusion_map(spotted(), 4, stride=0))
    asked = spotted()
    with pytest.raises(LayerError, match="clips"):
        next(occlusion_map(asked.of(image=asked.image[:, :, None]), 4))
