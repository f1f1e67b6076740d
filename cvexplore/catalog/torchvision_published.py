"""What torchvision says of its models: their tasks, sizes, weights and figures."""

from typing import Any

import torchvision
from torchvision.models import WeightsEnum

from cvexplore.catalog.detectors import is_detector
from cvexplore.images import Preparation

_TASKS = {
    "torchvision.models.detection": "detection",
    "torchvision.models.segmentation": "segmentation",
    "torchvision.models.video": "video",
    "torchvision.models.optical_flow": "optical flow",
}


def names() -> list[str]:
    """Return the names of all models."""
    return torchvision.models.list_models()


def task(name: str) -> str:
    """Return what the model is for: "classification", "detection", …"""
    module = torchvision.models.get_model_builder(name).__module__
    return next(
        (job for start, job in _TASKS.items() if module.startswith(start)), "classification"
    )


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


def weights_address(name: str) -> str:
    """Return where the default weights are published."""
    return published_entry(name).url


def preparation(name: str) -> Preparation:
    """Return what is done to a picture before the published network sees it."""
    preset = published_entry(name).transforms()
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
    return tuple(published_entry(name).meta.get("categories", ()))


def accuracies(name: str) -> dict[str, Any]:
    """Return the published ImageNet accuracies in per cent, and the weights they belong to."""
    published = published_entry(name)
    measured = published.meta.get("_metrics", {}).get("ImageNet-1K", {})
    if not measured:
        return {}
    top1, top5 = measured["acc@1"], measured["acc@5"]
    return {"top1": top1, "top5": top5, "accuracy_weights": published.name}


def figures(name: str, size: int) -> dict[str, Any]:
    """Return what is published of the network for pictures of this size, by Published's names."""
    published = published_entry(name, size)
    crop = _crop(published)
    return {
        "source": "torchvision",
        "weights": published.name,
        "image_size": image_size(name) if crop is None else crop,
        "parameters": published.meta["num_params"],
        "gmacs": published.meta["_ops"],
        "top1": published.meta["_metrics"].get("ImageNet-1K", {}).get("acc@1"),
    }


def published_entry(name: str, size: int | None = None) -> WeightsEnum:
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
