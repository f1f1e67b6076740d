"""Data sets of two domains are made of what they say."""

import importlib

import pytest
import torch

from cvexplore.plugins import Choice
from cvexplore.training.datasets import DATASETS, Dataset


def load(name: str, **options: int) -> Dataset:
    return DATASETS.bind(Choice(name, options))()


def rows(images: torch.Tensor) -> set[bytes]:
    return {each.numpy().tobytes() for each in images}


def test_mnist_to_digits_holds_both_as_they_are() -> None:
    data = load("mnist_to_digits", count=300, targets=200)
    domain = data.axes["domain"].values
    assert domain.bincount().tolist() == [300, 200]
    for which, name in enumerate(("mnist_5k", "digits")):
        whole, mine = load(name), domain == which
        known = {
            (picture.numpy().tobytes(), label)
            for picture, label in zip(whole.images, whole.labels.tolist(), strict=True)
        }
        for picture, label in zip(data.images[mine], data.labels[mine].tolist(), strict=True):
            assert (picture.numpy().tobytes(), label) in known
        sizes = data.labels[mine].bincount(minlength=10)
        assert sizes.max() - sizes.min() <= 1
    assert 0.3 < domain[:100].double().mean() < 0.5  # a sheet of the first ones shows both


def test_over_photos_no_digit_is_in_both_domains() -> None:
    data, digits = load("mnist_to_photos", count=1000), load("mnist_5k")
    domain = data.axes["domain"].values
    for which in (0, 1):
        assert data.labels[domain == which].bincount().tolist() == [50] * 10
    plain = rows(data.images[domain == 0, :1])
    assert plain <= rows(digits.images)
    assert len(plain) == 500


def test_a_digit_inverts_what_is_under_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """Over white it is its own negative."""
    module = importlib.import_module("cvexplore.training.datasets.mnist_to_photos")
    white = torch.tensor(255, dtype=torch.uint8)
    monkeypatch.setattr(
        module, "_pieces", lambda count, side, _: white.expand(count, 3, side, side)
    )
    data = load("mnist_to_photos", count=200)
    over = data.images[data.axes["domain"].values == 1]
    assert rows(255 - over[:, :1]) <= rows(load("mnist_5k").images)
    assert torch.equal(over[:, 0], over[:, 2])


def test_photos_are_of_several_places_and_colours() -> None:
    data = load("mnist_to_photos", count=200)
    over = data.images[data.axes["domain"].values == 1]
    corners = over[:, :, :2, :2].double().flatten(1)  # where no digit reaches
    assert len(rows(over[:, :, :2, :2])) == len(over)
    assert corners.std(0).min() > 30
    assert not torch.equal(over[:, 0], over[:, 2])


def test_the_seed_decides_the_photos() -> None:
    first, again, other = (load("mnist_to_photos", count=100, seed=seed) for seed in (0, 0, 1))
    assert torch.equal(first.images, again.images)
    assert not torch.equal(first.images, other.images)
