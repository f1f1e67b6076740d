"""Two sets of handwritten digits, to learn from one and be asked about the other."""

from typing import Annotated

from cvexplore.plugins import Range
from cvexplore.training.datasets import DATASETS, Axis, Dataset, evenly
from cvexplore.training.datasets.digits import digits
from cvexplore.training.datasets.mnist_5k import mnist_5k

_ORDER = 7  # draws the order in which the two are mixed


@DATASETS.register("mnist_to_digits")
def mnist_to_digits(
    *,
    count: Annotated[int, Range(100, 5000, unit="images")] = 2000,
    targets: Annotated[int, Range(100, 1797, unit="images")] = 1797,
    image_size: Annotated[int, Range(8, 224, unit="pixels")] = 28,
) -> Dataset:
    """Real handwritten digits of two domains: MNIST's, and scikit-learn's, which are coarser.

    Options:
        count: pictures of MNIST, the first domain
        targets: pictures of scikit-learn's digits, the second domain
        image_size: pixels a side; the originals have 28 and 8

    Source: LeCun, Cortes, Burges, "The MNIST database of handwritten digits", 1998; Alpaydin,
        Kaynak, "Optical Recognition of Handwritten Digits", 1998, UCI repository.
    """
    import torch

    first, second = mnist_5k(image_size=image_size), digits(image_size=image_size)
    ours, theirs = evenly(first.labels, count), evenly(second.labels, targets)
    mixed = torch.randperm(len(ours) + len(theirs), generator=torch.Generator().manual_seed(_ORDER))
    return Dataset(
        images=torch.cat([first.images[ours], second.images[theirs]])[mixed],
        labels=torch.cat([first.labels[ours], second.labels[theirs]])[mixed],
        classes=first.classes,
        source=f"Real handwritten digits: {len(ours):,} of MNIST, {len(theirs):,} of UCI's set.",
        axes={"domain": Axis((mixed >= len(ours)).long(), ("MNIST", "UCI digits"))},
    )
