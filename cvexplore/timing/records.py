"""What was measured of a network on a machine, and how far a measurement is, as values."""

from dataclasses import dataclass
from typing import Any, get_type_hints


@dataclass(frozen=True)
class Timing:
    """One network, measured on one machine with random weights.

    Args:
        name: "library/model".
        device: "cpu" or "cuda".
        threads: of torch, within an operation.
        image_size: pixels a side.
        latency_ms: milliseconds of a forward pass with one image, the median of the passes.
        latency_low_ms: the first quartile, which a quarter of the passes stayed below.
        latency_high_ms: the third quartile, which a quarter took longer than.
        batch: images in a pass for ``images_per_second``: 16, or fewer where that does not fit.
        images_per_second: of the median pass with a batch. A clip or a pair counts as one image.
        peak_bytes: the most memory held in a pass with one image: parameters, input, activations
            and the libraries' scratch space. On the CPU that of the process above what it held
            before the network was built, on CUDA what torch had allocated; None if not known.
        batch_peak_bytes: the same in a pass with a batch.
        machine: the processor and its cores, and with CUDA the GPU.
        versions: of the libraries.
        when: seconds since 1970.
    """

    name: str
    device: str
    threads: int
    image_size: int
    latency_ms: float
    latency_low_ms: float
    latency_high_ms: float
    batch: int
    images_per_second: float
    peak_bytes: int | None
    batch_peak_bytes: int | None
    machine: str
    versions: str
    when: float


@dataclass(frozen=True)
class Progress:
    """How far a measurement is.

    Args:
        name: the network it is at.
        stage: what it does, in words: "building", "one image", …
        share: of the whole that is done, 0 to 1.
    """

    name: str
    stage: str
    share: float


_KINDS = get_type_hints(Timing)


def timing_of(row: Any) -> Timing | None:
    """Return the timing that a row of JSON holds; None if it holds none."""
    if not isinstance(row, dict) or row.keys() != _KINDS.keys():
        return None
    if all(isinstance(row[name], kind) for name, kind in _KINDS.items()):
        return Timing(**row)
    return None
