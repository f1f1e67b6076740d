"""The errors cvexplore raises, as a tree.

    CvexploreError             whatever a person can mend: the message is one sentence for them
    ├── UnknownName            no plug-in, architecture, layer or run of that name
    ├── OptionError            an option that does not exist, or a value it does not allow
    ├── BuildError             these options do not make a network
    ├── DesignError            a design that is none, is too large, or whose layers do not fit
    ├── ExportError            a network that a file format cannot hold
    ├── WeightsError           those weights are not here, or belong to another network
    ├── TraceError             the network cannot take this input
    ├── LayerError             a layer that was not run, or that has no maps
    ├── ImageError             bytes that are not an image we can read
    ├── DataError              a data set that is not here, or pictures that make none
    ├── RunError               the runs folder, or one run, does not allow that
    └── TimingError            a network cannot be measured here

A page shows the message in place, the command line prints it and exits with code 2.
Anything that is not a CvexploreError is a defect of ours.
"""

import difflib
from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cvexplore.trace.records import Trace


class CvexploreError(Exception):
    """Something a person can mend; the message says in one sentence how."""


class UnknownName(CvexploreError):
    """A name that nothing bears; the message offers the nearest ones that exist."""

    def __init__(self, kind: str, name: str, known: Iterable[str]) -> None:
        self.name = name
        self.nearest = nearest(name, known)
        hint = f"Did you mean {' or '.join(self.nearest)}?" if self.nearest else "None is near it."
        super().__init__(f"There is no {kind} named {name!r}. {hint}")


class OptionError(CvexploreError):
    """An option that does not exist, or a value it does not allow."""


class BuildError(CvexploreError):
    """Options that are each allowed but do not make a network together."""


class DesignError(CvexploreError):
    """A design that is none, is too large, or whose layers do not fit; the message names one."""


class ExportError(CvexploreError):
    """A network that a file format cannot hold, or that could not be written; it says why."""


class WeightsError(CvexploreError):
    """Weights that are not here, cannot be fetched, or belong to another network."""


class TraceError(CvexploreError):
    """A network that cannot take the input it was given; the message names the layer.

    Args:
        message: one sentence.
        partial: the trace of what ran; the layer that failed stands after it, without an output.
        layer: the path of that layer; empty if it is the network itself.
    """

    def __init__(self, message: str, partial: "Trace | None" = None, layer: str = "") -> None:
        super().__init__(message)
        self.partial = partial
        self.layer = layer


class LayerError(CvexploreError):
    """A layer that was not run in this forward pass, or whose output is not maps."""


class ImageError(CvexploreError):
    """Bytes that are not an image, or are one we refuse to open."""


class DataError(CvexploreError):
    """A data set that is not on this machine, or pictures that do not make one."""


class RunError(CvexploreError):
    """A runs folder or a run that does not allow what was asked."""


class TimingError(CvexploreError):
    """A network that cannot be measured on this machine, or timings that cannot be kept."""


def nearest(name: str, known: Iterable[str], most: int = 3) -> tuple[str, ...]:
    """Return up to ``most`` known names like this one, nearest first, whatever their library."""

    def bare(full: str) -> str:
        return full.rpartition("/")[2].lower()

    names = list(known)
    inside = [each for each in names if bare(name) and bare(each).startswith(bare(name))]
    by_bare: dict[str, list[str]] = {}
    for each in names:
        by_bare.setdefault(bare(each), []).append(each)
    alike = difflib.get_close_matches(bare(name), by_bare, n=most, cutoff=0.6)
    found = [full for each in alike for full in by_bare[each]] + sorted(inside, key=len)
    return tuple(dict.fromkeys(found))[:most]
