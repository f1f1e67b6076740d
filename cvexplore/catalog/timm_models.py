"""timm's models: 1,371 of them, with timm's own construction, preparation and weights."""

import functools
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import timm
import torch
from huggingface_hub import hf_hub_url
from timm.data.imagenet_info import ImageNetInfo, infer_imagenet_subset
from timm.models import build_model_with_cfg
from torch import nn

from cvexplore.catalog import constructors, parameters
from cvexplore.images import Preparation
from cvexplore.plugins import Option, Range

_CLASSES = "outputs of the classifier; 0 for the values it would be given"
_CHANNELS = "of the image: 3 for colours, 1 for grey"
_WORDS = {"classes": "num_classes", "channels": "in_chans"}  # ours and timm's


def names() -> list[str]:
    """Return the names of all architectures, without the tags of their weights."""
    return timm.list_models()


def task(name: str) -> str:
    """Return what the model is for: all of timm's are backbones that classify."""
    return "classification"


def options(name: str) -> tuple[Option, ...]:
    """Return what timm's constructors let one choose here; the most used first."""
    return (
        Option("classes", int, _settings(name).num_classes, Range(0, 100_000), help=_CLASSES),
        Option("channels", int, _settings(name).input_size[0], Range(1, 16), help=_CHANNELS),
        Option(
            "image_size",
            int,
            image_size(name),
            Range(8, 1024, unit="pixels"),
            help="pixels a side; some networks are built for one size",
        ),
        *_own_options(name),
    )


@functools.cache
def _own_options(name: str) -> tuple[Option, ...]:
    return constructors.options(_private(name), _call(name))


@functools.cache
def _call(name: str) -> constructors.Call:
    """Return how timm's function of this name calls the constructor of its network."""
    call = constructors.called(_private(name))
    assert call is not None, f"timm's own function refuses to build {name}"
    return call


def _private(name: str) -> Callable[..., Any]:
    builder = timm.models.model_entrypoint(name)
    return constructors.private_copy(builder, {"build_model_with_cfg": _note_last})


def _note_last(network: type, *args: Any, **kwargs: Any) -> None:
    """Do what timm does at last, but note how it calls the constructor."""
    build_model_with_cfg(constructors.note(network), *args, **kwargs)


def image_size(name: str) -> int:
    """Return the pixels a side that the default weights were trained for."""
    return _settings(name).input_size[-1]


def arguments(name: str, chosen: Mapping[str, Any]) -> dict[str, Any]:
    """Return what ``timm.create_model`` is given, beside the name, for these options.

    What is chosen as it is by default is left out.
    """
    if not chosen:
        return {}
    defaults = {option.name: option.default for option in options(name)}
    changed = {key: value for key, value in chosen.items() if value != defaults[key]}
    given = {_WORDS[key]: changed.pop(key) for key in _WORDS if key in changed}
    size = changed.pop("image_size", None)
    if size and _call(name).has("img_size"):
        given["img_size"] = size
    return given | parameters.arguments(changed, _call(name).values)


def build(name: str, chosen: Mapping[str, Any]) -> nn.Module:
    """Build the architecture with random weights; timm raises almost anything where it cannot."""
    return timm.create_model(name, **arguments(name, chosen))


def build_pretrained(name: str, chosen: Mapping[str, Any], path: Path) -> nn.Module:
    """Build the architecture with the published weights in a file.

    timm adapts them to the options, and raises almost anything where it cannot.
    """
    overlay = {"file": str(path)}
    given = arguments(name, chosen)
    return timm.create_model(name, pretrained=True, pretrained_cfg_overlay=overlay, **given)


def example(name: str, size: int, channels: int, device: str = "meta") -> tuple[Any, ...]:
    """Return the arguments of one forward pass."""
    return (torch.empty(1, channels, size, size, device=device),)


def preparation(name: str) -> Preparation:
    """Return what is done to a picture before the network sees it."""
    settings = _settings(name)
    return Preparation(
        image_size=settings.input_size[-1],
        channels=settings.input_size[0],
        mean=tuple(settings.mean),
        std=tuple(settings.std),
        crop=settings.crop_pct,
        interpolation=settings.interpolation,
    )


def labels(name: str) -> tuple[str, ...]:
    """Return the names of the default weights' classes, where timm knows them."""
    settings = _settings(name)
    subset = infer_imagenet_subset(settings.to_dict()) if settings.num_classes else None
    if subset is None:
        subset = "imagenet-1k" if settings.num_classes == 1000 else None
    if subset is None:
        return ()
    return _names_of(subset)


@functools.cache
def _names_of(subset: str) -> tuple[str, ...]:
    names = ImageNetInfo(subset)
    return tuple(names.index_to_description(index) for index in range(names.num_classes()))


def weights_address(name: str) -> str | None:
    """Return where the default weights are published."""
    settings = _settings(name)
    if settings.hf_hub_id:
        file = settings.hf_hub_filename or "model.safetensors"
        return hf_hub_url(settings.hf_hub_id, file)
    return settings.url or None


def _settings(name: str) -> Any:
    settings = timm.get_pretrained_cfg(name)
    if settings is None:
        settings = timm.models.PretrainedCfg(num_classes=1000, input_size=(3, 224, 224))
    return settings
