"""1,797 very small handwritten digits."""

from typing import Annotated, Any

from cvexplore.plugins import Range
from cvexplore.training.datasets import DATASETS, Dataset, resized


@DATASETS.register("digits")
def digits(*, image_size: Annotated[int, Range(8, 224, unit="pixels")] = 28) -> Dataset:
    """1,797 real handwritten digits of 8 pixels, enlarged, installed with scikit-learn.

    Options:
        image_size: pixels a side; the originals have 8

    Source: Alpaydin, Kaynak, "Optical Recognition of Handwritten Digits", 1998, UCI repository.
    """
    import torch
    from sklearn.datasets import load_digits

    data: Any = load_digits()
    images = torch.from_numpy(data.images / 16 * 255).round().to(torch.uint8)[:, None]
    return Dataset(
        images=resized(images, image_size),
        labels=torch.from_numpy(data.target).long(),
        classes=tuple("0123456789"),
        source="Real handwritten digits: UCI's optical recognition test set, from scikit-learn.",
    )
