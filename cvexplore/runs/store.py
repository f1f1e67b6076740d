"""The table of runs and their measurements: one SQLite file, many readers, no torch.

Readers and writers do not block each other (write-ahead log); each process writes its own rows. The
page writes only what is wanted of a run, the worker everything else: so what the store can do is
told in three files, ``reading``, ``wishing`` and ``recording``.
"""

from cvexplore.runs.recording import Recording
from cvexplore.runs.records import ACTIVE, ENDED, Curve, Group, Run
from cvexplore.runs.wishing import Wishing

__all__ = ["ACTIVE", "ENDED", "Curve", "Group", "Run", "RunStore"]


class RunStore(Wishing, Recording):
    """The runs in one folder.

    Args:
        folder: where ``runs.db`` and a folder a run lie; by default the user's.

    Raises:
        RunError: the folder cannot be written.
    """
