"""A long method among other people's work: it gives its place away after each pass."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from cvexplore.ui.cached import two_at_once

if TYPE_CHECKING:
    from cvexplore.attribution.asked import Passes

_BREATH = 0.001  # seconds: whoever waits for a place wakes up within
_DRAWN_EVERY = 0.25  # seconds: how often progress is drawn, and a click on Stop heard

Draw = Callable[[float, str], object]


def now_and_then(draw: Draw) -> Draw:
    """Return what draws progress, a share and words, but only a few times a second.

    Drawing takes longer than a small network's pass.
    """
    drawn = 0.0

    def draw_if_due(share: float, words: str) -> None:
        nonlocal drawn
        if time.monotonic() - drawn > _DRAWN_EVERY:
            drawn = time.monotonic()
            draw(min(1.0, max(0.0, share)), words)

    return draw_if_due


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
