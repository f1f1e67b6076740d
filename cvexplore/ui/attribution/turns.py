"""A long method among other people's work: it gives its place away after each pass."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from cvexplore.ui.cached import two_at_once

if TYPE_CHECKING:
    from cvexplore.attribution.asked import Passes

_BREATH = 0.001  # seconds: whoever waits for a place wakes up within


@contextmanager
def in_turns(tell: Callable[[int], None]) -> "Iterator[Passes]":
    """Give passes of which each holds one of the two places that all sessions share.

    Args:
        tell: called between passes, while the place is free; what it raises ends the method.
    """
    from cvexplore.attribution.asked import Passes

    held = False

    def leave() -> None:
        nonlocal held
        if held:
            two_at_once.release()
            held = False

    def before_each(count: int) -> None:
        nonlocal held
        leave()
        time.sleep(_BREATH)
        tell(count)
        held = two_at_once.acquire()

    try:
        yield Passes(before_each)
    finally:
        leave()
