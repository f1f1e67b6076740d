"""Every architecture that can be built, by name, and the weights it can be built with."""

from cvexplore.catalog.build import (
    build,
    example,
    fetch_published,
    labels,
    options,
    origin_options,
    preparation,
    published_is_here,
    traced,
)
from cvexplore.catalog.names import Architecture, architectures, csv_text, find

__all__ = [
    "Architecture",
    "architectures",
    "build",
    "csv_text",
    "example",
    "fetch_published",
    "find",
    "labels",
    "options",
    "origin_options",
    "preparation",
    "published_is_here",
    "traced",
]
