"""Print every part's table, or those that are named: trace, features, training, pages."""

import sys

from benchmarks import features, pages, trace, training

PARTS = {"trace": trace, "features": features, "training": training, "pages": pages}

for name in sys.argv[1:] or PARTS:
    PARTS[name].main()
