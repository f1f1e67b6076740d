"""torchvision's models: the published networks, the ones their weights belong to.

``torchvision.models.get_model(name)`` alone builds another network than the published one:
detectors get BatchNorm where the weights have FrozenBatchNorm, segmenters lose their auxiliary
head, GoogLeNet keeps its. So the builders are handed the published weights, but with nothing to
download: they load what is on this machine, or nothing.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
import torchvision
from torch import nn
from torchvision.models.detection._utils import overwrite_eps

from cvexplore.catalog.torchvision_options import AUXILIARY, arguments, options
from cvexplore.catalog.torchvision_published import (
    accuracies,
    figures,
    frames,
    image_size,
    labels,
    names,
    preparation,
    task,
    weights_address,
)
from cvexplore.catalog.torchvision_published import published_entry as _published
from cvexplore.catalog.unloaded import NOTHING, entry, nothing_to_load
from cvexplore.catalog.weights import read
from cvexplore.errors import BuildError, WeightsError
from cvexplore.trace.reasons import patches_do_not_fit

__all__ = [
    "accuracies",
    "arguments",
    "build",
    "build_pretrained",
    "example",
    "figures",
    "frames",
    "image_size",
    "labels",
    "names",
    "options",
    "preparation",
    "task",
    "weights_address",
]

# Their published weights were trained with a batch normalisation that adds nothing to the variance.
_WITHOUT_EPS = frozenset(
    f"{head}_resnet50_fpn" for head in ("fasterrcnn", "keypointrcnn", "maskrcnn", "retinanet")
)


def build(name: str, chosen: Mapping[str, Any]) -> nn.Module:
    """Build the published network with random weights.

    Raises:
        BuildError: the network cannot be built with these options.
    """
    return _build(name, chosen, NOTHING)


def _build(name: str, chosen: Mapping[str, Any], state: Mapping[str, Any]) -> nn.Module:
    size = chosen.get("image_size", image_size(name))
    if name.startswith("vit_"):
        patch = int(name.rpartition("_")[2])
        if size % patch:
            why = patches_do_not_fit(patch, size)
            raise BuildError(f"{why[0].upper()}{why[1:]}.")
    given = arguments(name, chosen)
    facts: dict[str, Any] = {"min_size": (size, size)}  # a ViT takes its image size from here
    if "num_classes" in given:
        facts["categories"] = [str(each) for each in range(given["num_classes"])]
    heads = AUXILIARY.get(name, ("", True))[0]
    with_heads = given.get(heads, True)
    if not with_heads:
        del given[heads]  # with weights, no builder takes False for an answer
    weights = entry(_published(name, size), state, **facts)
    with nothing_to_load():
        network = torchvision.models.get_model_builder(name)(weights=weights, **given)
    if not with_heads:
        _remove_auxiliary_heads(network)
    if name in _WITHOUT_EPS:
        overwrite_eps(network, 0.0)
    return network


def _remove_auxiliary_heads(network: Any) -> None:
    """Do what torchvision does where a network is wanted without them."""
    network.aux_logits = False
    for head in ("AuxLogits", "aux1", "aux2", "aux_classifier"):
        if hasattr(network, head):
            setattr(network, head, None)


def build_pretrained(name: str, chosen: Mapping[str, Any], path: Path) -> nn.Module:
    """Build the published network and let its builder load the weights from a file.

    Older files have names of tensors that only the builder knows to be those of today.

    Raises:
        BuildError: the network cannot be built with these options.
        WeightsError: the options are not those the weights were trained with.
    """
    try:
        return _build(name, chosen, read(path))
    except RuntimeError as error:  # what load_state_dict finds missing, unknown or of another shape
        reason = str(error).strip().splitlines()[-1].strip()
        raise WeightsError(f"{path.name} does not fit {name} built like this: {reason}") from error


def example(name: str, size: int, device: str = "meta") -> tuple[Any, ...]:
    """Return the arguments of one forward pass, with pictures of ``size`` pixels a side."""
    kind = task(name)
    if kind == "detection":
        return ([torch.empty(3, size, size, device=device)],)
    if kind == "video":
        return (torch.empty(1, 3, frames(name), size, size, device=device),)
    if kind == "optical flow":
        picture = torch.empty(1, 3, size, size, device=device)
        return (picture, picture)
    return (torch.empty(1, 3, size, size, device=device),)
