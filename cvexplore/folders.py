"""Where cvexplore keeps what it makes: one folder of the user's, or ``CVEXPLORE_HOME``.

Nothing else of ours is written anywhere. Names that come from people never become paths: the ids of
runs and data sets are made by us and checked here, and so are the steps of a run.
"""

import os
import re
from pathlib import Path

from cvexplore.errors import DataError, RunError

_RUN_ID = re.compile(r"[0-9a-z][0-9a-z_-]{0,63}")
_DATA_ID = re.compile(r"[0-9a-z]{4,32}")
_STEP = re.compile(r"0|[1-9][0-9]{0,8}")


def home() -> Path:
    """Return the folder that holds runs, data, designs and downloads (it may not exist yet)."""
    return Path(os.environ.get("CVEXPLORE_HOME") or Path.home() / ".cvexplore")


def runs() -> Path:
    """Return the folder of the training runs."""
    return home() / "runs"


def run(run_id: str) -> Path:
    """Return one run's folder.

    Raises:
        RunError: this cannot be the id of a run.
    """
    if not _RUN_ID.fullmatch(run_id):
        raise RunError(f"{run_id!r} is not the id of a run.")
    return runs() / run_id


def run_weights(run_id: str) -> Path:
    """Return the file that a finished run leaves its weights in."""
    return run(run_id) / "weights.safetensors"


def run_snapshot(run_id: str, step: str) -> Path:
    """Return the file of what a run had learned by one step, if it kept that moment.

    Raises:
        RunError: this cannot be the id of a run, or a step.
    """
    if not _STEP.fullmatch(step):
        raise RunError(f"{step!r} is not a step; write run:<id>@<step>, such as run:{run_id}@0.")
    return run(run_id) / "snapshots" / f"{step}.safetensors"


def downloads() -> Path:
    """Return the folder of weights that were downloaded because someone asked for them."""
    return home() / "downloads"


def data() -> Path:
    """Return the folder of the data sets that people brought, a folder each."""
    return home() / "data"


def own_data(data_id: str) -> Path:
    """Return the folder of one of them.

    Raises:
        DataError: this cannot be the id of a data set.
    """
    if not _DATA_ID.fullmatch(data_id):
        raise DataError(
            f"{data_id!r} is not the id of a data set of your own: the Data page lists them."
        )
    return data() / data_id


def designs() -> Path:
    """Return the folder of the networks that people designed, a JSON file each."""
    return home() / "designs"


def timings() -> Path:
    """Return the file of what was measured of networks on this machine, a JSON object a line."""
    return home() / "timings.jsonl"
