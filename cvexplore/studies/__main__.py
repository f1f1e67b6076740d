"""``python -m cvexplore.studies``: make the results of the page Approaches again."""

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from cvexplore.errors import CvexploreError
from cvexplore.studies.entries import SEEDS, studies
from cvexplore.studies.results import FILE, read
from cvexplore.studies.running import missing, run


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure what is missing, or all again."""
    parser = argparse.ArgumentParser(prog="python -m cvexplore.studies", description=__doc__)
    parser.add_argument("names", nargs="*", help="studies or entries; all where none is named")
    parser.add_argument("--seeds", type=int, nargs="+", default=SEEDS)
    parser.add_argument("--to", type=Path, default=FILE, metavar="FILE")
    parser.add_argument("--at-once", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--again", action="store_true", help="measure also what is known")
    parser.add_argument("--list", action="store_true", help="say what there is, measure nothing")
    chosen = parser.parse_args(arguments)
    if chosen.list:
        for study in studies():
            print(f"{study.name}: {study.title}")
            for entry in study.entries:
                print(f"    {entry.name}")
        return 0
    names = {each.name for study in studies() for each in (study, *study.entries)}
    if unknown := [name for name in chosen.names if name not in names]:
        print(f"No study or entry is called {unknown[0]}: try --list.", file=sys.stderr)
        return 2
    known = () if chosen.again else read(chosen.to)
    tasks = missing(known, chosen.names, chosen.seeds)
    try:
        run(
            tasks, file=chosen.to, at_once=chosen.at_once, tell=lambda text: print(text, flush=True)
        )
    except CvexploreError as error:
        print(error, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
