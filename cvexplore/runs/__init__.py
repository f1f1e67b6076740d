"""Training runs that outlive the page that started them.

A run is a row in ``runs.db`` and a folder. The page and the command line write what they want of
it; the process that trains writes what it measures. See ``docs/design.md``, section 4.
"""

from cvexplore.runs.store import ACTIVE, ENDED, Curve, Group, Run, RunStore

__all__ = ["ACTIVE", "ENDED", "Curve", "Group", "Run", "RunStore"]
