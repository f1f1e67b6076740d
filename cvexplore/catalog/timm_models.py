"""timm's models: 1,371 of them, with timm's own construction, preparation and weights."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import timm
import torch
from huggingface_hub import hf_hub_url
from timm.data.imagenet_info import ImageNetInfo, infer_imagenet_subset
from torch import nn

from cvexplore.errors import BuildError
from cvexplore.images import Preparation
from cvexplore.plugins import Option, Range


def names() -> list[str]:
    """Return the names of all architectures, without the tags of their weights."""
    return timm.list_models()


def task(name: str) -> str:
    """Return what the model is for: all of timm's are backbones that classify."""
    return "classification"


def options(name: str) -> tuple[Option, ...]:
    """Return what timm's constructors let one choose here."""
    return (
        Option("classes", int, _settings(name).num_classes, Range(0, 100_000)),
        Option("channels", int, _settings(name).input_size[0], Range(1, 16)),
        Option(
            "image_size",
            int,
            image_size(name),
            Range(8, 1024, unit="pixels"),
            help="pixels a side; some networks are built for one size",
        ),
    )


def image_size(name: str) -> int:
    """Return the pixels a side that the default weights were trained for."""
    return _settings(name).input_size[-1]


def build(name: str, chosen: Mapping[str, Any]) -> nn.Module:
    """Build the architecture with random weights.

    Raises:
        BuildError: the network cannot be built with these options.
    """
    try:
        return _create(name, chosen, pretrained=False)
    except (AssertionError, ValueError, RuntimeError, TypeError) as error:
        reason = str(error).partition("\n")[0] or type(error).__name__
        raise BuildError(f"timm cannot build {name} with {dict(chosen)}: {reason}") from error


def build_pretrained(name: str, chosen: Mapping[str, Any], path: Path) -> nn.Module:
    """Build the architecture with the published weights in a file.

    timm adapts them to the options, and raises almost anything where it cannot.
    """
    return _create(name, chosen, pretrained=True, pretrained_cfg_overlay={"file": str(path)})


def _create(name: str, chosen: Mapping[str, Any], **how: Any) -> nn.Module:
    words = {"classes": "num_classes", "channels": "in_chans"}
    how |= {words[key]: value for key, value in chosen.items() if key in words}
    size = chosen.get("image_size", image_size(name))
    if size == image_size(name):
        return timm.create_model(name, **how)
    try:
        return timm.create_model(name, img_size=size, **how)
    except TypeError:  # the constructor does not depend on the image size
        return timm.create_model(name, **how)


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
    names_of = ImageNetInfo(subset)
    return tuple(names_of.index_to_description(i) for i in range(names_of.num_classes()))


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
