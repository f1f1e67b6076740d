"""Building any architecture by name, with any weights, on any device."""

import importlib
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from cvexplore import plugins
from cvexplore.catalog import downloads, names
from cvexplore.catalog import weights as weight_files
from cvexplore.errors import BuildError, CvexploreError, TraceError, WeightsError
from cvexplore.images import Preparation

if TYPE_CHECKING:
    from torch import nn

    from cvexplore.catalog.downloads import Progress
    from cvexplore.trace import Trace

# A library is a module with the functions that own_models.py has.
_LIBRARIES = {
    "cvexplore": "own_models",
    "torchvision": "torchvision_models",
    "timm": "timm_models",
    "design": "designed_models",
}

_AFFORDABLE = 50e6  # parameters of a network that is run in earnest where it asks for values
_FEW_PIXELS = 3 * 512 * 512  # and numbers of its input


def library(name: str) -> tuple[ModuleType, str]:
    """Return the module that knows this architecture, and the name it has there.

    Raises:
        UnknownName: there is no such architecture; the message offers the nearest.
    """
    shelf, _, model = name.partition("/")
    if shelf not in _LIBRARIES or not model:
        names.find(name)
    module = importlib.import_module(f"cvexplore.catalog.{_LIBRARIES[shelf]}")
    if model not in module.names():
        names.find(name)  # says what is near
    return module, model


def options(name: str) -> tuple[plugins.Option, ...]:
    """Return the options this architecture can be built with.

    Raises:
        UnknownName: there is no such architecture.
    """
    module, model = library(name)
    return module.options(model)


def build(
    name: str,
    *,
    weights: str = "random",
    device: str = "cpu",
    on_progress: "Progress | None" = None,
    **chosen: Any,
) -> "nn.Module":
    """Build an architecture of the catalog.

    Args:
        name: "torchvision/resnet50", "timm/vit_base_patch16_224", "cvexplore/resnet", …
        weights: random, bundled, pretrained, run:<id>, run:<id>@<step>, or a .safetensors or
            .pth file.
        device: where to; "meta" allocates nothing, whatever the size.
        on_progress: told (bytes so far, bytes in all) while pretrained weights are downloaded.
        chosen: the architecture's options; see ``options(name)``. Weights of a run bring their own,
            and so do those that this project trained and bundles.

    Raises:
        UnknownName: no such architecture or option.
        OptionError: an option's value is not allowed.
        BuildError: the options do not make a network together.
        WeightsError: the weights are not here, or belong to another network.
    """
    module, model = library(name)
    chosen = {**origin_options(name, weights), **chosen}
    checked = plugins.check(name, module.options(model), chosen) if chosen else {}
    if device == "meta":
        return _without_memory(module, model, checked)
    if weights == "pretrained":
        return _pretrained(name, checked, on_progress).to(device)
    network = _built(module, model, checked)
    if weights != "random":
        weight_files.load(network, weights, name)
    return network.to(device)


def origin_options(name: str, weights: str) -> Mapping[str, Any]:
    """Return the options a weights file was trained with; none for weights that bring none.

    Raises:
        WeightsError: the file belongs to another architecture.
    """
    origin = weight_files.origin(weights, name)
    if origin is None:
        return {}
    if origin.architecture != name:
        raise WeightsError(f"These weights are of {origin.architecture}, not of {name}.")
    return origin.options


def example(name: str, *, device: str = "meta", **chosen: Any) -> tuple[Any, ...]:
    """Return the arguments of one forward pass of this architecture, empty and of batch one.

    Shape: (1, C, H, W) for images, (1, C, T, H, W) for clips, a list of (C, H, W) for detectors of
        torchvision, two (1, C, H, W) for optical flow
    """
    module, model = library(name)
    size = chosen.get("image_size") or module.image_size(model)
    if module.__name__.endswith("torchvision_models"):
        return module.example(model, size, device)
    channels = chosen.get("channels") or module.preparation(model).channels
    return module.example(model, size, channels, device)


def traced(name: str, **chosen: Any) -> "Trace":
    """Build an architecture without its memory and trace one forward pass of it.

    Raises:
        UnknownName, OptionError, BuildError: as ``build`` does.
        TraceError: the network cannot take an image of this size; the message names the layer, and
            the error carries the trace of what ran.
    """
    from cvexplore.trace import needs_numbers, watch

    network = build(name, device="meta", **chosen)  # which checks what was chosen
    given = example(name, **chosen)
    try:
        return watch(network, given)
    except TraceError as error:
        if not needs_numbers(error) or not _is_small(error.partial, given):
            raise
    return watch(build(name, **chosen), _in_numbers(given))


def _is_small(seen: "Trace | None", given: tuple[Any, ...]) -> bool:
    """Say whether a network and its input may be made in earnest, just to look at them."""
    from cvexplore.trace.calls import tensors_in

    pixels = sum(each.numel() for each in tensors_in(given))
    return seen is not None and seen.parameters < _AFFORDABLE and pixels < _FEW_PIXELS


def _in_numbers(given: Any) -> Any:
    """Return arguments like these that have numbers: pictures of noise."""
    import torch
    from torch.utils._pytree import tree_map_only

    return tree_map_only(torch.Tensor, lambda each: torch.rand(each.shape), given)


def preparation(name: str, weights: str = "random", **chosen: Any) -> Preparation:
    """Return what is done to a picture before this network sees it."""
    origin = weight_files.origin(weights, name)
    if origin is not None:
        return origin.preparation
    module, model = library(name)
    standard = module.preparation(model)
    size = chosen.get("image_size", standard.image_size)
    channels = chosen.get("channels", standard.channels)
    if channels == standard.channels:
        return replace(standard, image_size=size)
    mean = (sum(standard.mean) / len(standard.mean),) * channels
    std = (sum(standard.std) / len(standard.std),) * channels
    return replace(standard, image_size=size, channels=channels, mean=mean, std=std)


def labels(name: str, weights: str = "random") -> tuple[str, ...]:
    """Return the names of the classes that these weights tell apart; none for random weights."""
    origin = weight_files.origin(weights, name)
    if origin is not None:
        return origin.labels
    if weights in ("bundled", "pretrained"):
        module, model = library(name)
        return module.labels(model)
    return ()


def _built(module: ModuleType, model: str, chosen: Mapping[str, Any]) -> "nn.Module":
    try:
        return module.build(model, chosen)
    except CvexploreError:
        raise
    except Exception as error:  # whatever a library's constructor finds wrong
        raise BuildError(_refusal(module, model, chosen, error)) from error


def _refusal(module: ModuleType, model: str, chosen: Mapping[str, Any], error: Exception) -> str:
    """Return which layer cannot be built with these options and why."""
    from cvexplore.trace.reasons import failing_layer, why

    asked = " and ".join(f"{key} {value}" for key, value in chosen.items()) or "its own options"
    layer = failing_layer(error)
    where = f"in its {layer}, " if layer else ""
    hint = ""
    if chosen.get("image_size", module.image_size(model)) != module.image_size(model):
        hint = f" Its own image size is {module.image_size(model)}."
    return f"{model} cannot be built with {asked}: {where}{why(error)}.{hint}"


def _reason(error: Exception) -> str:
    return str(error).strip().partition("\n")[0] or type(error).__name__


def _without_memory(module: ModuleType, model: str, chosen: Mapping[str, Any]) -> "nn.Module":
    from cvexplore.catalog.detectors import keep_all_boxes
    from cvexplore.catalog.meta import WithoutMemory, all_on_meta

    with WithoutMemory():
        network = _built(module, model, chosen)
    return keep_all_boxes(all_on_meta(network))


def published_is_here(name: str) -> bool:
    """Say whether the published weights are on this machine already."""
    module, model = library(name)
    address = module.weights_address(model)
    return address is not None and downloads.cached(address, _file_name(name, address)) is not None


def fetch_published(name: str, on_progress: "Progress | None" = None) -> Path:
    """Return the file of the published weights, downloading it if it is not here.

    Raises:
        WeightsError: none are published, or they cannot be fetched.
    """
    module, model = library(name)
    address = module.weights_address(model)
    if address is None:
        raise WeightsError(f"No published weights exist for {name}; use random ones or train it.")
    file = _file_name(name, address)
    return downloads.cached(address, file) or downloads.download(address, file, on_progress)


def _file_name(name: str, address: str) -> str:
    """Return what to call a download: by its model where addresses end alike, else as published."""
    if name.startswith("timm/"):
        return name.replace("/", "-") + Path(address).suffix
    return address.rpartition("/")[2]


def _pretrained(
    name: str, chosen: Mapping[str, Any], on_progress: "Progress | None"
) -> "nn.Module":
    module, model = library(name)
    file = fetch_published(name, on_progress)
    try:
        return module.build_pretrained(model, chosen, file)
    except CvexploreError:
        raise
    except Exception as error:  # whatever a library finds wrong with a damaged file
        raise WeightsError(f"{file.name} cannot be loaded: {_reason(error)}") from error
