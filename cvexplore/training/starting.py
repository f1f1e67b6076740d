"""The network a run starts from: random weights, or those of somebody who learned before."""

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from cvexplore import catalog
from cvexplore.errors import WeightsError
from cvexplore.images import Preparation
from cvexplore.training.config import RunConfig

if TYPE_CHECKING:
    import torch
    from torch import nn

    from cvexplore.training.datasets import Dataset


def network_options(config: RunConfig, dataset: "Dataset") -> dict[str, Any]:
    """Return the architecture's options, fitted to the data set where the recipe is silent.

    Weights that are not random bring their own options; only the classes and the size of the
    pictures are the data set's.

    Raises:
        WeightsError: the weights are not here, or are of another architecture.
    """
    known = {option.name for option in catalog.options(config.architecture)}
    fitting = {"classes": len(dataset.classes), "image_size": dataset.image_size}
    brought: Mapping[str, Any] = {}
    if config.weights == "random":
        fitting["channels"] = dataset.channels
    else:
        brought = catalog.origin_options(config.architecture, config.weights)
    fitted = {name: value for name, value in fitting.items() if name in known}
    return {**brought, **fitted, **config.options}


def build(config: RunConfig, options: Mapping[str, Any], classes: int) -> "nn.Module":
    """Return the network with the weights it starts from.

    A head for another number of classes is drawn anew; one that fits is kept.

    Raises:
        CvexploreError: the weights are not here, or do not fit these options.
    """
    network = catalog.build(config.architecture, **options)
    if config.weights == "random":
        return network
    own = catalog.origin_options(config.architecture, config.weights)
    as_learned = own or {name: value for name, value in options.items() if name != "classes"}
    teacher = catalog.build(config.architecture, weights=config.weights, **as_learned)
    _copy(teacher.state_dict(), network.state_dict(), classes, config.weights)
    return network


def _copy(
    given: Mapping[str, "torch.Tensor"],
    own: Mapping[str, "torch.Tensor"],
    classes: int,
    what: str,
) -> None:
    for name, tensor in own.items():
        if name not in given:
            raise WeightsError(
                f"The weights {what} have no {name}: leave out the options that add it."
            )
        learned = given[name]
        if learned.shape == tensor.shape:
            tensor.copy_(learned)
        elif not _is_head(learned, tensor, classes):
            have, need = tuple(learned.shape), tuple(tensor.shape)
            raise WeightsError(
                f"The weights {what} do not fit: their {name} has shape {have}, not {need}; "
                "choose the options and the image size they were learned with."
            )


def _is_head(learned: "torch.Tensor", tensor: "torch.Tensor", classes: int) -> bool:
    """Say whether only the number of classes differs; detectors also have one for no object."""
    same_inputs = tensor.dim() > 0 and learned.shape[1:] == tensor.shape[1:]
    return same_inputs and tensor.shape[0] in (classes, classes + 1)


def preparation(config: RunConfig, dataset: "Dataset", options: Mapping[str, Any]) -> Preparation:
    """Return how pictures are shifted and scaled: as the weights know them, or as they are."""
    size = dataset.image_size
    if config.weights != "random":
        learned = catalog.preparation(config.architecture, config.weights)
        return replace(learned, image_size=size, crop=1.0, interpolation="bilinear")
    mean, std = dataset.mean_and_std()
    channels = catalog.preparation(config.architecture, **options).channels
    if channels != dataset.channels:
        mean, std = mean[:1] * channels, std[:1] * channels
    return Preparation(size, channels, mean, std, crop=1.0, interpolation="bilinear")
