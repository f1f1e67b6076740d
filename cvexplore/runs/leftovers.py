"""What nobody needs any more: runs that were thrown away, passing jobs, folders without a run."""

import re
import shutil
import time
from collections.abc import Iterator

from cvexplore.runs.store import Run, RunStore

BIN_SECONDS = 24 * 3600.0  # that a run which was thrown away can be brought back

_OUR_ID = re.compile(r"\d{8}-\d{6}-[0-9a-f]{8}")


def remove(store: RunStore) -> None:
    """Remove for good what has been left over for a day."""
    before = time.time() - BIN_SECONDS
    for run in (*store.runs(kind=None, deleted=True), *_passing(store)):
        if not run.active and (run.deleted or run.created) < before:
            store.purge(run.id)
    # Listed before the runs are: a run is entered before it gets its folder.
    folders = [each for each in store.folder.iterdir() if _OUR_ID.fullmatch(each.name)]
    known = store.ids()
    for folder in folders:
        if folder.name not in known and folder.is_dir() and folder.stat().st_mtime < before:
            shutil.rmtree(folder, ignore_errors=True)


def _passing(store: RunStore) -> Iterator[Run]:
    """Yield the jobs whose answer was wanted at once; that a test was made is to be known later."""
    yield from store.runs(kind="estimate")
    yield from store.runs(kind="lr_find")
    yield from (run for run in store.runs(kind="test") if run.state != "finished")
