"""Pictures that a person brought."""

from typing import Annotated

from cvexplore import folders, images
from cvexplore.errors import DataError
from cvexplore.plugins import Range
from cvexplore.training import own as own_data
from cvexplore.training.datasets import DATASETS, Dataset

_SAID = {
    "zip": "from a zip file",
    "folder": "from a folder",
    "photos": "from files dropped into boxes",
    "camera": "from the camera",
}


@DATASETS.register("own")
def own(*, id: str = "", image_size: Annotated[int, Range(8, 224, unit="pixels")] = 64) -> Dataset:
    """Pictures of your own: of each, the middle square.

    Options:
        id: which of your data sets; the Data page lists them
        image_size: pixels a side

    Source: whoever brought them; they lie on this machine only.

    Raises:
        DataError: there is no data set of this id, or its pictures cannot be read.
    """
    import numpy as np
    import torch

    if not id:
        raise DataError("Which data set of your own? Bring one on the Data page, then name its id.")
    found, kept = own_data.find(id), own_data.pictures(id)
    preparation = images.Preparation(image_size, crop=1.0)
    pixels = torch.empty(len(kept), 3, image_size, image_size, dtype=torch.uint8)
    for index, each in enumerate(kept):
        try:
            picture = images.load_image((folders.own_data(id) / each.file).read_bytes())
        except OSError as error:
            raise DataError(f"A picture of own:{id} cannot be read ({error}).") from None
        square = np.array(images.crop(picture, preparation))
        pixels[index] = torch.from_numpy(square).permute(2, 0, 1)
    return Dataset(
        images=pixels,
        labels=torch.tensor([each.label for each in kept]),
        classes=found.classes,
        source=f"Your own {found.pictures:,} pictures, {_SAID[found.source]}.",
    )
