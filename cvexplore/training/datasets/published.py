"""The data sets that everybody compares on; each is downloaded once somebody asks for it."""

from typing import Annotated

from cvexplore.plugins import Range
from cvexplore.training import published
from cvexplore.training.datasets import DATASETS, Dataset, evenly, resized

_Side = Annotated[int, Range(8, 224, unit="pixels")]


def _opened(name: str, count: int, image_size: int) -> Dataset:
    images, labels, classes = published.read(name)
    chosen = evenly(labels, count)
    about = published.PUBLISHED[name]
    return Dataset(
        images=resized(images[chosen], image_size),
        labels=labels[chosen],
        classes=classes,
        source=f"{about.title}: {len(chosen):,} of its {len(labels):,} labelled pictures, "
        "those of its training and its test part together.",
    )


@DATASETS.register("mnist")
def mnist(
    *,
    count: Annotated[int, Range(1000, 70_000, unit="images")] = 10_000,
    image_size: _Side = 28,
) -> Dataset:
    """Real handwritten digits of 28 pixels; 12 MB to download.

    Options:
        count: pictures to use, as many of each class as can be
        image_size: pixels a side; the originals have 28

    Source: LeCun, Cortes, Burges, "The MNIST database of handwritten digits", 1998.
    """
    return _opened("mnist", count, image_size)


@DATASETS.register("fashion_mnist")
def fashion_mnist(
    *,
    count: Annotated[int, Range(1000, 70_000, unit="images")] = 10_000,
    image_size: _Side = 28,
) -> Dataset:
    """Real photos of ten kinds of clothes and shoes, grey and of 28 pixels; 31 MB to download.

    Options:
        count: pictures to use, as many of each class as can be
        image_size: pixels a side; the originals have 28

    Source: Xiao, Rasul, Vollgraf, "Fashion-MNIST", 2017, arXiv:1708.07747.
    """
    return _opened("fashion_mnist", count, image_size)


@DATASETS.register("cifar10")
def cifar10(
    *,
    count: Annotated[int, Range(1000, 60_000, unit="images")] = 10_000,
    image_size: _Side = 32,
) -> Dataset:
    """Real colour photos of ten kinds of animals and vehicles, of 32 pixels; 171 MB to download.

    Options:
        count: pictures to use, as many of each class as can be
        image_size: pixels a side; the originals have 32

    Source: Krizhevsky, "Learning multiple layers of features from tiny images", 2009.
    """
    return _opened("cifar10", count, image_size)


@DATASETS.register("cifar100")
def cifar100(
    *,
    count: Annotated[int, Range(1000, 60_000, unit="images")] = 20_000,
    image_size: _Side = 32,
) -> Dataset:
    """Real colour photos of a hundred kinds of things, of 32 pixels; 169 MB to download.

    Options:
        count: pictures to use, as many of each class as can be
        image_size: pixels a side; the originals have 32

    Source: Krizhevsky, "Learning multiple layers of features from tiny images", 2009.
    """
    return _opened("cifar100", count, image_size)


@DATASETS.register("svhn")
def svhn(
    *,
    count: Annotated[int, Range(1000, 99_289, unit="images")] = 10_000,
    image_size: _Side = 32,
) -> Dataset:
    """Real colour photos of house numbers, one digit in the middle, 32 pixels; 247 MB to download.

    Options:
        count: pictures to use, as many of each class as can be
        image_size: pixels a side; the originals have 32

    Source: Netzer et al., "Reading digits in natural images with unsupervised feature learning",
        2011.
    """
    return _opened("svhn", count, image_size)


@DATASETS.register("stl10")
def stl10(
    *,
    count: Annotated[int, Range(1000, 13_000, unit="images")] = 5000,
    image_size: _Side = 96,
) -> Dataset:
    """Real colour photos of ten kinds of animals and vehicles, of 96 pixels; 2.6 GB to download.

    Options:
        count: pictures to use, as many of each class as can be
        image_size: pixels a side; the originals have 96

    Source: Coates, Ng, Lee, "An analysis of single-layer networks in unsupervised feature
        learning", 2011.
    """
    return _opened("stl10", count, image_size)
