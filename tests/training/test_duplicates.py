"""Twins across the parts of a split, planted and found."""

import io

import numpy as np
import pytest
import torch
from PIL import Image, ImageEnhance
from torch import Tensor

from cvexplore import images
from cvexplore.plugins import Choice
from cvexplore.training.config import RunConfig
from cvexplore.training.datasets import DATASETS
from cvexplore.training.duplicates import ALIKE, thumbnails, twins
from cvexplore.training.splits import Split, split

SIDE = 64


def photos(count: int) -> Tensor:
    """Return pieces of the sample photos, none of which shows what another shows."""
    pieces = []
    for name in images.SAMPLES:
        photo = images.sample_image(name).resize((4 * SIDE, 3 * SIDE))
        for index in range(12):
            left, top = SIDE * (index % 4), SIDE * (index // 4)
            pieces.append(np.asarray(photo.crop((left, top, left + SIDE, top + SIDE))))
    pixels = torch.from_numpy(np.stack(pieces)).permute(0, 3, 1, 2)
    sharp = pixels.float().std((1, 2, 3)).argsort(descending=True)  # not the plain ones
    return pixels[sharp[:count]].contiguous()


def copied(
    picture: Tensor, *, size: int = SIDE, quality: int = 95, brighter: float = 1.0
) -> Tensor:
    """Return the picture as it comes back from another size, JPEG quality or brightness."""
    image = images.from_array(picture.numpy()).resize((size, size))
    buffer = io.BytesIO()
    ImageEnhance.Brightness(image).enhance(brighter).save(buffer, "JPEG", quality=quality)
    again = np.array(Image.open(buffer).convert("RGB").resize((SIDE, SIDE)))
    return torch.from_numpy(again).permute(2, 0, 1)


@pytest.mark.parametrize(
    "copy", [{}, {"size": 40}, {"quality": 50}, {"brighter": 0.8}, {"size": 48, "quality": 70}]
)
def test_a_planted_copy_is_found_and_nothing_else(copy: dict[str, float]) -> None:
    pictures = photos(60)
    held_out, originals = [3, 17, 40], [50, 22, 8]
    for place, original in zip(held_out, originals, strict=True):
        pictures[place] = copied(pictures[original], **copy)  # type: ignore[arg-type]
    validation = torch.tensor([1, 3, 5, 17, 40, 44])
    rest = torch.tensor([each for each in range(60) if each not in validation.tolist()])
    found = twins(pictures, Split(rest, validation, torch.arange(0)))
    assert sorted(each.held_out for each in found) == validation.tolist()
    alike = {each.held_out: each.other for each in found if each.likeness >= ALIKE}
    assert alike == dict(zip(held_out, originals, strict=True))
    assert [each.likeness for each in found] == sorted(
        (each.likeness for each in found), reverse=True
    )


def test_the_nearest_is_the_nearest_of_all() -> None:
    """Against a slow loop over numpy's correlation."""
    data = DATASETS.bind(Choice("shapes", {"count": 120}))()
    parts = split(data.labels, RunConfig(validation=0.2, test=0.2))
    small = torch.nn.functional.interpolate(
        data.images.float(), (16, 16), mode="bilinear", antialias=True
    ).flatten(1)
    correlation = np.corrcoef(small.numpy())
    train, validation = parts.train.tolist(), parts.validation.tolist()
    found = {each.held_out: each for each in twins(data.images, parts)}
    for held_out in validation:
        best = max(train, key=lambda other: correlation[held_out, other])
        assert found[held_out].other == best
        assert found[held_out].likeness == pytest.approx(correlation[held_out, best], abs=1e-5)
    for held_out in parts.test.tolist():  # may resemble neither what is learned nor what is chosen
        best = max(train + validation, key=lambda other: correlation[held_out, other])
        assert found[held_out].other == best


def test_pictures_of_one_colour_resemble_nothing() -> None:
    flat = torch.full((3, 1, 20, 20), 7, dtype=torch.uint8)
    assert thumbnails(flat).abs().max() < 1e-4
    (twin,) = twins(flat, Split(torch.tensor([0, 1]), torch.tensor([2]), torch.arange(0)))
    assert twin.likeness == pytest.approx(0, abs=1e-4)


def test_whoever_waits_is_told_and_may_stop() -> None:
    pictures = torch.randint(256, (3000, 1, 8, 8), dtype=torch.uint8)
    parts = Split(torch.arange(500), torch.arange(500, 2800), torch.arange(2800, 3000))
    told: list[tuple[int, int]] = []
    twins(pictures, parts, lambda done, whole: told.append((done, whole)))
    assert told[-1] == (2500, 2500)
    assert len(told) > 2

    class Stopped(BaseException):
        pass

    def stop(done: int, whole: int) -> None:
        raise Stopped

    with pytest.raises(Stopped):
        twins(pictures, parts, stop)
