"""Any computer-vision architecture, alive: see it, compare it, look through its eyes, train it.

    import cvexplore as cv
    model = cv.build("timm/tf_efficientnet_lite0", weights="bundled").eval()
    seen = cv.trace(model, torch.empty(1, 3, 224, 224))
    image = cv.prepare(cv.sample_image("coffee"), cv.preparation("timm/tf_efficientnet_lite0"))
    maps = cv.feature_maps(model, image, "blocks.2")

Everything is imported when it is first used, so ``import cvexplore`` costs nothing.
"""

import importlib
from typing import TYPE_CHECKING, Any

_HOME = {
    "architectures": "cvexplore.catalog",
    "build": "cvexplore.catalog",
    "find": "cvexplore.catalog",
    "labels": "cvexplore.catalog",
    "options": "cvexplore.catalog",
    "preparation": "cvexplore.catalog",
    "traced": "cvexplore.catalog",
    "trace": "cvexplore.trace",
    "load_image": "cvexplore.images",
    "prepare": "cvexplore.images",
    "sample_image": "cvexplore.images",
    "feature_maps": "cvexplore.interpret.activations",
    "predictions": "cvexplore.interpret.predictions",
    "RunConfig": "cvexplore.training",
    "RunStore": "cvexplore.runs",
    "Training": "cvexplore.training.loop",
}

__all__ = [
    "RunConfig",
    "RunStore",
    "Training",
    "architectures",
    "build",
    "feature_maps",
    "find",
    "labels",
    "load_image",
    "options",
    "predictions",
    "preparation",
    "prepare",
    "sample_image",
    "trace",
    "traced",
]

if TYPE_CHECKING:
    from cvexplore.catalog import (
        architectures,
        build,
        find,
        labels,
        options,
        preparation,
        traced,
    )
    from cvexplore.images import load_image, prepare, sample_image
    from cvexplore.interpret.activations import feature_maps
    from cvexplore.interpret.predictions import predictions
    from cvexplore.runs import RunStore
    from cvexplore.trace import trace
    from cvexplore.training import RunConfig
    from cvexplore.training.loop import Training


def __getattr__(name: str) -> Any:
    if name in _HOME:
        return getattr(importlib.import_module(_HOME[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
