"""Every architecture that can be built, by name, and the weights it can be built with."""

from cvexplore.catalog.build import build, example, labels, options, preparation, traced
from cvexplore.catalog.names import Architecture, architectures, find

__all__ = [
    "Architecture",
    "architectures",
    "build",
    "example",
    "find",
    "labels",
    "options",
    "preparation",
    "traced",
]
