"""A trained network that teaches another: found by a word, and asked about pictures."""

import torch
from torch import Tensor, nn

from cvexplore import catalog
from cvexplore.catalog import weights
from cvexplore.errors import OptionError
from cvexplore.training.datasets import Dataset


class Teacher:
    """A network that is never changed, with what it wants done to pictures.

    It is no module, so that nothing of it is optimised or kept with what learns from it.

    Args:
        word: an architecture whose trained weights are bundled, "run:<id>", "run:<id>@<step>", or
            the path of a .safetensors file of ours.
        data: name of the data set.
        dataset: what is learned from.

    Raises:
        OptionError: there is no such network, or it does not name these classes.
        WeightsError: its weights are not here.
    """

    def __init__(self, word: str, data: str, dataset: Dataset) -> None:
        bundled = "/" in word and not word.endswith(".safetensors")
        file, of = ("bundled", word) if bundled else (word, "")
        origin = weights.origin(file, of)
        if origin is None:
            raise OptionError(
                "A teacher is an architecture that comes trained, such as cvexplore/simple_cnn, "
                f"run:<id> or a .safetensors file of ours, not {word!r}."
            )
        if origin.labels != dataset.classes:
            raise OptionError(
                f"The teacher {word} tells {_few(origin.labels)} apart, "
                f"the pictures of {data} are of {_few(dataset.classes)}: choose another teacher."
            )
        prepared = self.preparation = origin.preparation
        fits = dataset.channels in (1, prepared.channels)
        if not fits or prepared.image_size != dataset.image_size:
            raise OptionError(
                f"The teacher {word} looks at {prepared.channels} channels of "
                f"{prepared.image_size} pixels, not at {dataset.channels} of "
                f"{dataset.image_size}: choose the data set it learned from, or another teacher."
            )
        self.architecture, self.options = origin.architecture, origin.options
        self._network: nn.Module = catalog.build(origin.architecture, weights=file)
        self._network.eval().requires_grad_(False)

    @torch.no_grad()
    def scores(self, images: Tensor) -> Tensor:
        """Return its scores of pictures from 0 to 1. Shape: (B, C, H, W) -> (B, classes)"""
        network = self._network.to(images.device)
        mean, std = (
            images.new_tensor(each).reshape(1, -1, 1, 1)
            for each in (self.preparation.mean, self.preparation.std)
        )
        return network((images.expand(-1, len(self.preparation.mean), -1, -1) - mean) / std)


def _few(names: tuple[str, ...]) -> str:
    return f"{len(names)} classes ({', '.join(names[:3])}…)"
