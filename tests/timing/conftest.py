"""A timing to write down, of this machine unless told otherwise, and a network's size."""

from typing import Any

from cvexplore import catalog
from cvexplore.timing import Timing, this_machine
from cvexplore.timing.machine import versions


def timing(name: str = "torchvision/resnet18", **facts: Any) -> Timing:
    standard = {
        "device": "cpu",
        "threads": 1,
        "image_size": 224,
        "latency_ms": 30.0,
        "latency_low_ms": 29.0,
        "latency_high_ms": 32.5,
        "batch": 16,
        "images_per_second": 40.0,
        "peak_bytes": 73_000_000,
        "batch_peak_bytes": None,
        "machine": this_machine("cpu"),
        "versions": versions(),
        "when": 1000.0,
    }
    return Timing(name, **{**standard, **facts})


def parameter_bytes(name: str) -> int:
    return 4 * sum(each.numel() for each in catalog.build(name, device="meta").parameters())
