"""What one may choose of torchvision's models, and what their builders are given for it."""

import functools
import inspect
from collections.abc import Callable, Mapping
from typing import Any

import torchvision

from cvexplore.catalog import constructors, parameters
from cvexplore.catalog.detectors import BOXES, is_detector
from cvexplore.catalog.torchvision_published import image_size, published_entry, task
from cvexplore.catalog.unloaded import NOTHING, entry
from cvexplore.plugins import Option, Range

# What a builder calls its auxiliary heads, and whether the published network has them.
AUXILIARY = {
    "googlenet": ("aux_logits", False),
    "quantized_googlenet": ("aux_logits", False),
    "inception_v3": ("aux_logits", True),
    "quantized_inception_v3": ("aux_logits", False),
    "deeplabv3_mobilenet_v3_large": ("aux_loss", True),
    "deeplabv3_resnet50": ("aux_loss", True),
    "deeplabv3_resnet101": ("aux_loss", True),
    "fcn_resnet50": ("aux_loss", True),
    "fcn_resnet101": ("aux_loss", True),
}

_CLASSES = {
    "detection": "kinds of things to find; the background is one of them",
    "segmentation": "kinds a pixel can be of; the background is one of them",
}


def options(name: str) -> tuple[Option, ...]:
    """Return what a builder of torchvision lets one choose here; the most used first."""
    if task(name) == "optical flow":
        return (_size_option(name),)
    classes = Option(
        "classes",
        int,
        len(published_entry(name).meta["categories"]),
        Range(1, 100_000),
        help=_CLASSES.get(task(name), "outputs of the classifier"),
    )
    return (classes, _size_option(name), *_auxiliary_option(name), *_own_options(name))


def _size_option(name: str) -> Option:
    resized = is_detector(name) and "; a detector resizes each picture, see min_size"
    help = f"pixels a side{resized or ''}"
    return Option("image_size", int, image_size(name), Range(8, 1024, unit="pixels"), help=help)


def _auxiliary_option(name: str) -> tuple[Option, ...]:
    if name not in AUXILIARY:
        return ()
    help = "a second classifier halfway, to train by; it is not asked when predicting"
    return (Option("auxiliary_heads", bool, AUXILIARY[name][1], help=help),)


@functools.cache
def _own_options(name: str) -> tuple[Option, ...]:
    call = _call(name)
    weights = entry(published_entry(name), NOTHING)
    boxes = tuple(
        Option(ours, int, call.values[theirs], Range(0, 2000), help=help)
        for theirs, (ours, help) in BOXES.items()
        if theirs in call.values
    )
    return (*boxes, *constructors.options(_private(name), call, weights=weights))


@functools.cache
def _call(name: str) -> constructors.Call:
    """Return how the builder of the published network calls its constructor."""
    call = constructors.called(_private(name), weights=entry(published_entry(name), NOTHING))
    assert call is not None, f"torchvision refuses to build its own {name}"
    return call


def _private(name: str) -> Callable[..., Any]:
    """Return a private copy of the builder that ends where the network's class is called."""
    builder: Any = torchvision.models.get_model_builder(name)
    network = inspect.unwrap(builder).__annotations__["return"]
    return constructors.private_copy(builder, {network.__name__: constructors.note(network)})


def arguments(name: str, chosen: Mapping[str, Any]) -> dict[str, Any]:
    """Return what ``torchvision.models.get_model`` is given, beside the name, for these options.

    What the published network has and a builder without weights has not, such as its auxiliary
    heads, is part of it. Only detectors cannot be had so: their builders take FrozenBatchNorm
    where they are given weights, and BatchNorm elsewhere.
    """
    defaults = {option.name: option.default for option in options(name)} if chosen else {}
    changed = {key: value for key, value in chosen.items() if value != defaults[key]}
    given: dict[str, Any] = {}
    if "classes" in changed:
        given["num_classes"] = changed.pop("classes")
    size = changed.pop("image_size", image_size(name))
    if name.startswith("vit_"):
        given["image_size"] = size
    if name.startswith("maxvit"):
        given["input_size"] = (size, size)
    if name in AUXILIARY:
        word, published = AUXILIARY[name]
        given[word] = changed.pop("auxiliary_heads", published)
        if word == "aux_logits":  # of the networks whose weights came from another library
            given["transform_input"] = True
    if not changed:
        return given
    values = _call(name).values
    theirs = {ours: each for each, (ours, _) in BOXES.items() if each in values}
    renamed = {theirs.get(key, key): value for key, value in changed.items()}
    return given | parameters.arguments(renamed, values)
