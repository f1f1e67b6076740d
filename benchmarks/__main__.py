"""Print every part's table, or those that are named."""

import sys

from benchmarks import (
    attention,
    attribution,
    augmentations,
    drawing,
    features,
    looking,
    memory,
    pages,
    runs,
    trace,
    training,
)

PARTS = {
    "trace": trace,
    "memory": memory,
    "features": features,
    "attention": attention,
    "attribution": attribution,
    "training": training,
    "augmentations": augmentations,
    "pages": pages,
    "runs": runs,
    "drawing": drawing,
    "looking": looking,
}

for name in sys.argv[1:] or PARTS:
    PARTS[name].main()
