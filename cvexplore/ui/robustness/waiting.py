"""Long work: how long it will take, how far it is, and a button that stops it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import streamlit as st

from cvexplore.ui.words import about

_AT_ONCE = 10.0  # seconds; what takes longer begins when someone says so
_QUICK = 1.0  # seconds; what takes less shows no progress


def may_begin(seconds: float, what: str, *, key: str, at_once: float = _AT_ONCE) -> bool:
    """Return whether work may go on: short work unless it was stopped, other work once asked for.

    Args:
        seconds: about how long it will take.
        what: the words on the button.
        key: of this piece of work, the same as its ``stoppable``'s.
        at_once: seconds; what takes longer begins when someone says so.
    """
    if st.session_state.get(f"{key}.going", seconds <= at_once):
        return True
    st.button(
        f"{what} ({about(seconds)})",
        icon=":material/play_arrow:",
        on_click=_go,
        args=(key, True),
        key=f"{key}.go",
    )
    return False


@contextmanager
def stoppable(key: str, seconds: float = float("inf")) -> Iterator[Callable[[float, str], None]]:
    """Draw a progress bar with a Stop button, and give what moves the bar.

    A click on Stop ends the script at the bar's next move, so what is found by then must be kept
    somewhere. Both vanish when the work is done.

    Args:
        key: of this piece of work.
        seconds: about how long it takes; for a moment's nothing is drawn.
    """
    if seconds < _QUICK:
        yield lambda share, said: None
        return
    place = st.empty()
    with place.container(horizontal=True, vertical_alignment="center"):
        bar = st.progress(0.0)
        st.button(
            "Stop", icon=":material/stop:", on_click=_go, args=(key, False), key=f"{key}.stop"
        )

    def move(share: float, said: str) -> None:
        bar.progress(min(share, 1.0), said)

    yield move
    place.empty()


def _go(key: str, on: bool) -> None:
    st.session_state[f"{key}.going"] = on
