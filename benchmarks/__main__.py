"""Print every part's table, or those that are named: trace, features, training, pages, drawing."""

import sys

from benchmarks import drawing, features, pages, trace, training

PARTS = {
    "trace": trace,
    "features": features,
    "training": training,
    "pages": pages,
    "drawing": drawing,
}

for name in sys.argv[1:] or PARTS:
    PARTS[name].main()
