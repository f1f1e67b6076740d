"""Curves as a table."""

import csv
import io
from collections.abc import Iterable
from typing import TYPE_CHECKING

from cvexplore.runs.exports import EXPORTS, Files

if TYPE_CHECKING:
    from cvexplore.runs import Run, RunStore


@EXPORTS.register("csv")
def as_csv(store: "RunStore", run: "Run") -> Files:
    """All measurements, a row each: step, split, name, value, seconds (RFC 4180)."""
    return {"metrics.csv": together(store, [run])}


def together(store: "RunStore", runs: "Iterable[Run]") -> bytes:
    """Return all measurements of several runs as one table."""
    text = io.StringIO()
    table = csv.writer(text)
    table.writerow(["run", "step", "split", "name", "value", "seconds"])
    for run in runs:
        for each in store.metrics(run.id)[0]:
            row = (run.id, each.step, each.split, each.name, repr(each.value), each.seconds)
            table.writerow(row)
    return text.getvalue().encode()
