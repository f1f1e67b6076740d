"""torchvision's models: the published networks, the ones their weights belong to.

``torchvision.models.get_model(name)`` alone builds another network than the published one:
detectors get BatchNorm where the weights have FrozenBatchNorm, segmenters lose their auxiliary
head, GoogLeNet keeps its. So the builders are handed the published weights, but with nothing to
download: they load what is on this machine, or nothing.
"""

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
import torchvision
from torch import nn
from torchvision.models import Weights, WeightsEnum
from torchvision.models.detection._utils import overwrite_eps

from cvexplore.catalog.detectors import is_detector
from cvexplore.catalog.weights import read
from cvexplore.errors import BuildError, WeightsError
from cvexplore.images import Preparation
from cvexplore.plugins import Option, Range

_TASKS = {
    "torchvision.models.detection": "detection",
    "torchvision.models.segmentation": "segmentation",
    "torchvision.models.video": "video",
    "torchvision.models.optical_flow": "optical flow",
}

# Their published weights were trained with a batch normalisation that adds nothing to the variance.
_WITHOUT_EPS = frozenset(
    f"{head}_resnet50_fpn" for head in ("fasterrcnn", "keypointrcnn", "maskrcnn", "retinanet")
)


def names() -> list[str]:
    """Return the names of all models."""
    return torchvision.models.list_models()


def task(name: str) -> str:
    """Return what the model is for: "classification", "detection", …"""
    module = torchvision.models.get_model_builder(name).__module__
    return next(
        (job for start, job in _TASKS.items() if module.startswith(start)), "classification"
    )


def options(name: str) -> tuple[Option, ...]:
    """Return what a builder of torchvision lets one choose here."""
    if task(name) == "optical flow":
        return (_size_option(name),)
    classes = Option("classes", int, len(_published(name).meta["categories"]), Range(1, 100_000))
    return (classes, _size_option(name))


def _size_option(name: str) -> Option:
    side = image_size(name)
    return Option("image_size", int, side, Range(8, 1024, unit="pixels"), help="pixels a side")


def image_size(name: str) -> int:
    """Return the pixels a side that the published figures are for."""
    base = name.removeprefix("quantized_")
    kind = task(name)
    if kind == "detection":
        if base.startswith("ssd"):
            return 320 if "320" in base else 300
        return 320 if "_320_" in base else 800
    if kind == "segmentation":
        return 520
    if kind == "optical flow":
        return 512  # where RAFT's published multiply-adds are met exactly
    if kind == "video":
        return 112 if base.startswith(("r3d", "mc3", "r2plus1d")) else 224
    sizes = [_crop(entry) for entry in torchvision.models.get_model_weights(name)]
    return min(size for size in sizes if size) if any(sizes) else 224


def frames(name: str) -> int:
    """Return how many pictures one input has: 16 for video models, else 0 (no time axis)."""
    return 16 if task(name) == "video" else 0


def build(name: str, chosen: Mapping[str, Any]) -> nn.Module:
    """Build the published network with random weights.

    Raises:
        BuildError: the network cannot be built with these options.
    """
    return _build(name, chosen, _NOTHING)


def _build(name: str, chosen: Mapping[str, Any], state: Mapping[str, Any]) -> nn.Module:
    size = chosen.get("image_size", image_size(name))
    published = _published(name, size)
    builder = torchvision.models.get_model_builder(name)
    if name.startswith("vit_"):
        patch = int(name.rpartition("_")[2])
        if size % patch:
            raise BuildError(
                f"Patch size {patch} does not divide image size {size}; "
                f"{max(1, size // patch) * patch} and {(size // patch + 1) * patch} work."
            )
    with _nothing_to_load():
        network = builder(weights=_entry(published, chosen.get("classes"), size, state))
    if name in _WITHOUT_EPS:
        overwrite_eps(network, 0.0)
    return network


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


def weights_address(name: str) -> str:
    """Return where the default weights are published."""
    return _published(name).url


def preparation(name: str) -> Preparation:
    """Return what is done to a picture before the published network sees it."""
    preset = _published(name).transforms()
    size = image_size(name)
    mean, std = getattr(preset, "mean", None), getattr(preset, "std", None)
    if is_detector(name) or mean is None or std is None:
        return Preparation(size, mean=(0.0,) * 3, std=(1.0,) * 3, crop=1.0)
    resize = getattr(preset, "resize_size", None) or [size]
    short = resize[0] if isinstance(resize, (list, tuple)) else resize
    how = getattr(getattr(preset, "interpolation", None), "value", "bilinear")
    return Preparation(size, 3, tuple(mean), tuple(std), min(1.0, size / short), how)


def labels(name: str) -> tuple[str, ...]:
    """Return the names of the published weights' classes."""
    return tuple(_published(name).meta.get("categories", ()))


def accuracies(name: str) -> dict[str, Any]:
    """Return the published ImageNet accuracies in per cent, and the weights they belong to."""
    published = _published(name)
    measured = published.meta.get("_metrics", {}).get("ImageNet-1K", {})
    if not measured:
        return {}
    top1, top5 = measured["acc@1"], measured["acc@5"]
    return {"top1": top1, "top5": top5, "accuracy_weights": published.name}


def _published(name: str, size: int | None = None) -> WeightsEnum:
    """Return the newest weights that classify and whose evaluation crop is this size, else any."""
    wanted = size or image_size(name)
    entries = torchvision.models.get_model_weights(name)
    whole = [entry for entry in entries if entry.meta.get("categories", ()) is not None]
    fitting = [entry for entry in whole if _crop(entry) in (None, wanted)]
    chosen = (fitting or whole)[-1]
    return chosen.meta.get("unquantized", chosen)


def _crop(entry: WeightsEnum) -> int | None:
    size = getattr(entry.transforms, "keywords", {}).get("crop_size")
    return size if isinstance(size, int) else None


# ------------------------------------------------------------------ the published network, unloaded

_NOTHING = {"cvexplore": "no weights"}  # recognised by identity, so no real state is ever mistaken
_building = 0
_lock = threading.Lock()


def _entry(
    published: WeightsEnum, classes: int | None, size: int, state: Mapping[str, Any]
) -> WeightsEnum:
    """Return a copy of the weights' entry that has the same facts and whose file is this state."""
    meta = {**published.meta, "min_size": (size, size)}  # a ViT takes its image size from here
    if classes is not None:
        meta["categories"] = [str(each) for each in range(classes)]
    copy: Any = object.__new__(type(published))
    copy._name_ = published.name
    copy._value_ = Weights(url="", transforms=published.transforms, meta=meta)
    copy.get_state_dict = lambda *args, **kwargs: state
    return copy


@contextmanager
def _nothing_to_load() -> Iterator[None]:
    """Let ``load_state_dict`` pass over ``_NOTHING``.

    Every thread sees the change, so it changes nothing else: real states are loaded as ever.
    """
    global _building
    with _lock:
        _building += 1
        if _building == 1:
            nn.Module.load_state_dict = _pass_over  # type: ignore[method-assign]
    try:
        yield
    finally:
        with _lock:
            _building -= 1
            if _building == 0:
                nn.Module.load_state_dict = _load  # type: ignore[method-assign]


_load = nn.Module.load_state_dict


def _pass_over(module: nn.Module, state: Any, *args: Any, **kwargs: Any) -> Any:
    return None if state is _NOTHING else _load(module, state, *args, **kwargs)


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
