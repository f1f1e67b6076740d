"""How fast the networks are on this very machine, measured and kept.

Each network is measured in a process of its own, so that nothing which ran before it warms its
caches or counts as its memory. What was measured belongs to a machine and to the libraries'
versions, and is shown for no other. Nothing here imports torch but the process that measures.
"""

from cvexplore.timing.machine import this_machine, usual_threads
from cvexplore.timing.measuring import Measuring
from cvexplore.timing.records import Progress, Timing
from cvexplore.timing.store import stored

__all__ = ["Measuring", "Progress", "Timing", "stored", "this_machine", "usual_threads"]
