"""What is published of a network, beside what is measured of it, and why they differ.

torchvision publishes parameters and multiply-adds of every network; its tables call the latter
GFLOPS, but count a multiplication and its addition as one, as is done here. timm's package holds no
figures, and neither do builders of our own.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cvexplore.catalog.build import library


@dataclass(frozen=True)
class Published:
    """What a library says of a network.

    Args:
        source: the library.
        weights: the entry of its tables.
        image_size: pixels a side its figures are for.
        parameters: how many there are.
        gmacs: billions of multiply-adds of one forward pass.
        top1: accuracy on ImageNet-1k in per cent; None where it is for another task.
    """

    source: str
    weights: str
    image_size: int
    parameters: int
    gmacs: float
    top1: float | None


@dataclass(frozen=True)
class Comparison:
    """A published network beside a measured one.

    Args:
        published: what is said of it.
        same: whether both figures are met, the multiply-adds to the last digit published.
        explanation: a sentence on why it is other here; empty where it is the same.
        met_by: the options that would meet the figures; empty where there are none.
    """

    published: Published
    same: bool
    explanation: str = ""
    met_by: Mapping[str, Any] | None = None


# Figures that were counted for other settings than the published network has, and these settings.
_COUNTED_WITH: Mapping[str, Mapping[str, Any]] = {
    "fasterrcnn_mobilenet_v3_large_fpn": {"proposals": 0},
    "fasterrcnn_mobilenet_v3_large_320_fpn": {"proposals": 0},
    "maskrcnn_resnet50_fpn": {"detections": 0},
    "keypointrcnn_resnet50_fpn": {"detections": 1},
    "quantized_inception_v3": {"auxiliary_heads": True},
}
_BECAUSE = {
    "proposals": "the second stage of this detector works on each proposal that it is handed",
    "detections": "the head of this detector works on each detection that is kept",
    "auxiliary_heads": "they serve training only, and this network comes without them",
}

UNEXPLAINED = "Here it is another, and why is not known."


def published(name: str, image_size: int | None = None) -> Published | None:
    """Return what is published of an architecture; None where nothing is.

    Args:
        name: as in the catalog.
        image_size: pixels a side, where weights for several sizes are published.

    Raises:
        UnknownName: there is no such architecture.
    """
    module, model = library(name)
    if not hasattr(module, "figures"):
        return None
    return Published(**module.figures(model, image_size or module.image_size(model)))


def comparison(
    name: str, parameters: int, macs: int, chosen: Mapping[str, Any]
) -> Comparison | None:
    """Return how measured figures compare with what is published; None where nothing is.

    Args:
        name: as in the catalog.
        parameters: as measured.
        macs: multiply-adds of one forward pass, as measured.
        chosen: the options it was built with.
    """
    said = published(name, chosen.get("image_size"))
    if said is None:
        return None
    if parameters == said.parameters and _rounds_to(macs / 1e9, said.gmacs):
        return Comparison(said, same=True)
    module, model = library(name)
    standard = {option.name: option.default for option in module.options(model)}
    standard["image_size"] = said.image_size
    counted_with = _COUNTED_WITH.get(model, {})
    here = {**standard, **chosen}
    others = [key for key in here if here[key] != standard[key] and key not in counted_with]
    if others:
        return Comparison(said, False, _of_other_options(others, here, standard))
    if not counted_with:
        return Comparison(said, False, UNEXPLAINED)
    return Comparison(said, False, _counted_otherwise(counted_with, here), counted_with)


def _rounds_to(value: float, published: float) -> bool:
    """Say whether a value is the published one, to its last digit: the second or the third."""
    digits = 2 if published == round(published, 2) else 3
    return abs(value - published) <= 0.5 * 10**-digits * (1 + 1e-9)


def _of_other_options(names: list[str], here: Mapping[str, Any], standard: Mapping) -> str:
    changes = " and ".join(_change(key, here[key], standard[key]) for key in names)
    return f"The published figures are for other options: {changes}."


def _change(key: str, here: Any, standard: Any) -> str:
    if isinstance(here, bool):
        return f"this is {'with' if here else 'without'} {_words(key)}"
    return f"{_words(key)} is {_value(here)} here, not {_value(standard)}"


def _counted_otherwise(counted_with: Mapping[str, Any], here: Mapping[str, Any]) -> str:
    """Return how a figure was counted; each of these differs in one setting."""
    ((key, value),) = counted_with.items()
    if isinstance(value, bool):
        how = f"counts {_words(key)}"
    else:
        what = _words(key)[:-1] if value == 1 else _words(key)
        how = f"counts {value} {what}, the one here up to {_value(here[key])}"
    return f"The published figure {how}: {_BECAUSE[key]}."


def _words(option: str) -> str:
    return option.replace("_", " ")


def _value(value: Any) -> str:
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else str(value)
