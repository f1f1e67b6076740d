"""Handwritten digits on black, and others over pieces of photos."""

from typing import TYPE_CHECKING, Annotated

from cvexplore.plugins import Range
from cvexplore.training.datasets import DATASETS, Axis, Dataset, evenly
from cvexplore.training.datasets.mnist_5k import mnist_5k

if TYPE_CHECKING:
    import torch
    from torch import Tensor

_PHOTOS = ("coffee", "chelsea", "astronaut", "rocket", "motorcycle_left")


@DATASETS.register("mnist_to_photos")
def mnist_to_photos(
    *,
    count: Annotated[int, Range(100, 5000, unit="images")] = 4000,
    image_size: Annotated[int, Range(8, 224, unit="pixels")] = 28,
    seed: Annotated[int, Range(0, 10_000)] = 0,
) -> Dataset:
    """Real handwritten digits of two domains: every other one inverts a piece of a colour photo.

    No digit is in both domains. A pixel over a photo is |photo − digit|, in each colour.

    Options:
        count: digits to use, half of them over photos
        image_size: pixels a side
        seed: draws the same pieces of photos again

    Source: LeCun, Cortes, Burges, "The MNIST database of handwritten digits", 1998; blended as in
        Ganin, Lempitsky, "Unsupervised Domain Adaptation by Backpropagation", 2014, arXiv
        1409.7495, with photos of scikit-image.
    """
    import torch

    digits = mnist_5k(image_size=image_size)
    random = torch.Generator().manual_seed(seed)
    order = torch.randperm(len(digits.labels), generator=random)
    by_class = order[digits.labels[order].argsort(stable=True)]
    domain = torch.empty_like(order)
    domain[by_class] = torch.arange(len(order)) % 2  # as many of each class in both
    kept = order[evenly(2 * digits.labels[order] + domain[order], count)]
    labels, domain = digits.labels[kept], domain[kept]
    images = digits.images[kept].expand(-1, 3, -1, -1).contiguous()
    over = domain == 1
    pieces = _pieces(int(over.sum()), image_size, random)
    images[over] = (pieces.short() - images[over].short()).abs().to(torch.uint8)
    return Dataset(
        images=images,
        labels=labels,
        classes=digits.classes,
        source=f"Real handwritten digits: {len(kept):,} of MNIST, half of them blended by this "
        "project with pieces of scikit-image's photos.",
        axes={"domain": Axis(domain, ("on black", "over photos"))},
    )


def _pieces(count: int, side: int, random: "torch.Generator") -> "Tensor":
    """Return squares of photos, 28 pixels wide at a height of 256, from random places.

    Shape: () -> (count, 3, side, side), uint8
    """
    import numpy as np
    import torch

    from cvexplore.images import sample_image

    photos = []
    for name in _PHOTOS:
        photo = sample_image(name)
        scale = side / 28 * 256 / photo.height
        size = (round(photo.width * scale), round(photo.height * scale))
        photos.append(torch.from_numpy(np.array(photo.resize(size))).permute(2, 0, 1))
    which = torch.randint(len(photos), (count,), generator=random).tolist()
    places = torch.rand(count, 2, generator=random).tolist()
    found = torch.empty(count, 3, side, side, dtype=torch.uint8)
    for index, (photo, (x, y)) in enumerate(zip(which, places, strict=True)):
        height, width = photos[photo].shape[1:]
        top, left = int(y * (height - side + 1)), int(x * (width - side + 1))
        found[index] = photos[photo][:, top : top + side, left : left + side]
    return found
