"""How many runs train at once, and who is next."""

import os
from collections import Counter, defaultdict, deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from cvexplore.errors import OptionError

SHORT = ("lr_find", "estimate", "test")  # over in seconds, and somebody waits for the answer


def slots() -> int:
    """Return how many runs train at once: half the processor's cores, or ``CVEXPLORE_SLOTS``.

    Raises:
        OptionError: that is no number of runs.
    """
    asked = os.environ.get("CVEXPLORE_SLOTS", "")
    if not asked:
        return max(1, (os.cpu_count() or 2) // 2)
    if not asked.isdecimal() or not int(asked):
        raise OptionError(f"CVEXPLORE_SLOTS is {asked!r}; give the number of runs, 1 or more.")
    return int(asked)


@dataclass(frozen=True)
class Waiting:
    """A run in the queue."""

    id: str
    owner: str
    kind: str


def fair_order(waiting: Iterable[Waiting], active: Mapping[str, int]) -> Iterator[str]:
    """Yield the ids of waiting runs in the order they are to be started.

    Short ones go first. Then whoever has the fewest runs at work is next, and among equals the one
    who has waited longest: a hundred runs of one person hold up no other.

    Args:
        waiting: the longest waiting first.
        active: how many runs of each owner are at work.
    """
    waiting = list(waiting)
    at_work = Counter(active)
    for short in (True, False):
        queues: dict[str, deque[tuple[int, str]]] = defaultdict(deque)
        for place, run in enumerate(waiting):
            if (run.kind in SHORT) == short:
                queues[run.owner].append((place, run.id))
        while queues:
            owner = min(queues, key=lambda each: (at_work[each], queues[each][0]))
            yield queues[owner].popleft()[1]
            at_work[owner] += 1
            if not queues[owner]:
                del queues[owner]
