"""Measuring the picked networks on this machine: a button, how far it is, and the table's rows.

The measurement goes on in processes of its own and is found again by whoever comes back to the
page; what is done is kept in a file, for every session.
"""

import time
from collections.abc import Callable, Mapping, Sequence

import streamlit as st

from cvexplore.catalog import find
from cvexplore.errors import CvexploreError
from cvexplore.runs import RunStore
from cvexplore.timing import Measuring, Timing, stored, this_machine, usual_threads
from cvexplore.timing.machine import gpus
from cvexplore.ui.messages import told
from cvexplore.ui.words import compact

_HANDLE = "measuring"
_LOOK_SECONDS = 0.5
_ONE = {"video": " clips", "optical flow": " pairs"}  # what a network of this task takes at a time


def measuring(names: Sequence[str]) -> dict[str, Timing]:
    """Draw what measures these networks, and return what is known of them on this machine."""
    handle: Measuring | None = st.session_state.get(_HANDLE)
    try:
        known = stored(threads=usual_threads())
        training = any(run.active for run in RunStore().runs(limit=20))
    except CvexploreError as error:
        st.error(str(error), icon=":material/error:")
        return {}
    timings = {name: known[name] for name in names if name in known}
    if handle is not None and not handle.done:
        st.fragment(_running, run_every=_LOOK_SECONDS)(handle)
        return timings
    missing = [name for name in names if name not in timings]
    if st.button(
        "Measure again" if names and not missing else "Measure on this machine",
        icon=":material/timer:",
        key="measure",
        disabled=not names,
    ):
        with told():
            st.session_state[_HANDLE] = Measuring.start(missing or names)
        st.rerun()
    st.caption(_what_it_does(names, training))
    for sentence in handle.errors.values() if handle is not None else ():
        st.error(sentence, icon=":material/error:")
    return timings


def _running(handle: Measuring) -> None:
    """Draw how far it is; the browser's clock asks again, until the page is drawn anew."""
    if handle.done:
        st.rerun()
    progress = handle.progress
    place = handle.names.index(progress.name) + 1
    left, right = st.columns([6, 1], vertical_alignment="center")
    left.progress(
        min(1.0, progress.share),
        f"{progress.name} ({place} of {len(handle.names)}): {progress.stage}",
    )
    if right.button("Cancel", icon=":material/close:", key="measure.cancel", width="stretch"):
        handle.cancel()
        st.rerun()


def _what_it_does(names: Sequence[str], training: bool) -> str:
    threads = usual_threads()
    here = this_machine("cuda" if gpus() else "cpu")
    said = (
        "Builds each with random weights in a fresh process, warms it up and takes the median of "
        "repeated passes with one image and with a batch, some 15 s a network. "
        f"{here}; {threads} thread{'s' if threads > 1 else ''}."
    )
    if any(find(name).task == "detection" for name in names):
        said += " With random weights a detector finds nothing, so it has nothing to sort out."
    if training:
        said += " **A run trains on this machine now: times will be longer.**"
    return said


def timing_rows(names: Sequence[str], timings: Mapping[str, Timing]) -> dict[str, list[str]]:
    """Return rows for a table with a column a name: label -> cells. Without timings, no rows."""
    rows: dict[str, Callable[[Timing], str]] = {
        "Latency, 1 image": lambda each: f"{_digits(each.latency_ms)} ms",
        "Middle half of passes": lambda each: (
            f"{_digits(each.latency_low_ms)} to {_digits(each.latency_high_ms)} ms"
        ),
        "Images per second": lambda each: (
            f"{_digits(each.images_per_second)}{_ONE.get(find(each.name).task, '')}, "
            f"batch of {each.batch}"
        ),
        "Peak memory, 1 image": lambda each: compact(each.peak_bytes, "B"),
        "Peak memory, batch": lambda each: (
            f"{compact(each.batch_peak_bytes, 'B')}, batch of {each.batch}"
        ),
        "Measured on": lambda each: (
            f"{each.machine}; threads: {each.threads}; "
            f"{time.strftime('%Y-%m-%d', time.localtime(each.when))}"
        ),
    }
    if not any(name in timings for name in names):
        return {}
    return {
        label: [cell(timings[name]) if name in timings else "–" for name in names]
        for label, cell in rows.items()
    }


def _digits(value: float) -> str:
    return f"{value:,.{0 if value >= 100 else 1 if value >= 10 else 2}f}"
