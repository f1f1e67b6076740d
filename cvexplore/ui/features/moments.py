"""What a run's network made of the page's image at each moment it kept, looked at once a session.

The work can be interrupted: what has been seen until then stays, and can be gone on with.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import streamlit as st

from cvexplore import catalog, images
from cvexplore.ui import cached
from cvexplore.ui.features import Looking
from cvexplore.ui.words import duration

if TYPE_CHECKING:
    from streamlit.delta_generator import DeltaGenerator
    from torch import nn

    from cvexplore.interpret.learning import Moment

_STORE = "learning.seen"
_MOST = 3  # combinations of run, layer and image that a session keeps
_QUICK = 1.0  # seconds of work that need no progress


@dataclass
class _Seen:
    """What has been looked at so far, and whether someone had enough of it."""

    moments: "dict[int, Moment]" = field(default_factory=dict)
    stopped: bool = False


def moments_of(looking: Looking, run_id: str, steps: tuple[int, ...]) -> "list[Moment]":
    """Return what the network made of the image at these steps; fewer if someone said stop.

    Raises:
        WeightsError: a moment was deleted meanwhile.
        LayerError: the layer has no maps.
    """
    seen = _seen(f"{run_id} {steps} {looking.layer} {looking.picture.fingerprint}")
    missing = len(steps) - len(seen.moments)
    if missing and seen.stopped:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.caption(f"{len(seen.moments)} of {len(steps)} moments looked at.")
            st.button("Go on", icon=":material/resume:", key="learning.on", on_click=_go_on(seen))
    elif missing:
        _look(looking, run_id, steps, seen)
    return [seen.moments[step] for step in sorted(seen.moments)]


def _seen(key: str) -> _Seen:
    store: dict[str, _Seen] = st.session_state.setdefault(_STORE, {})
    found = store.pop(key, None) or _Seen()
    store[key] = found  # the one used last stands last
    while len(store) > _MOST:
        store.pop(next(iter(store)))
    return found


def _look(looking: Looking, run_id: str, steps: tuple[int, ...], seen: _Seen) -> None:
    from cvexplore.interpret.learning import watch

    subject, picture = looking.subject, looking.picture

    def network(step: int) -> "nn.Module":
        weights = f"run:{run_id}@{step}"
        return catalog.build(subject.name, weights=weights, **dict(subject.options)).eval()

    image = images.prepare(picture.image, cached.preparation(subject))
    began, here = time.monotonic(), st.empty()
    found = watch(network, image, looking.layer, steps, seen=tuple(seen.moments))
    bar = None
    while True:
        with cached.two_at_once:
            moment = next(found, None)
        if moment is None:
            break
        seen.moments[moment.step] = moment
        done, taken = len(seen.moments), time.monotonic() - began
        left = taken / done * (len(steps) - done)
        if bar is None and left > _QUICK:
            bar = _progress(here, seen)
        if bar:
            said = f"{done} of {len(steps)} moments, about {duration(left)} left"
            bar(done / len(steps), said)
    here.empty()


def _progress(here: "DeltaGenerator", seen: _Seen) -> Callable[..., object]:
    """Draw how far it is and a button that ends it, and return what moves the bar."""

    def stop() -> None:
        seen.stopped = True

    left, right = here.container().columns([6, 1], vertical_alignment="center")
    right.button("Stop", icon=":material/stop:", key="learning.stop", on_click=stop)
    return left.progress(0.0).progress


def _go_on(seen: _Seen) -> Callable[[], None]:
    def go_on() -> None:
        seen.stopped = False

    return go_on
