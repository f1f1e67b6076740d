"""The list of runs: find one, watch it, tick several to compare."""

import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import streamlit as st

from cvexplore.runs import Run, RunStore
from cvexplore.runs.fairness import slots
from cvexplore.ui.places import page
from cvexplore.ui.runs.owner import owner

SHOW = ("All", "Active", "Mine", "Deleted")
_TABLE = "runs.table"
_ROWS_IN_VIEW = 7
_ROW, _HEAD = 35, 37  # heights in pixels, of Streamlit's tables
_MANY = 200  # rows, from which on the list is sent more rarely


@dataclass(frozen=True)
class Listed:
    """The runs on the list, the newest first, and all there are."""

    runs: tuple[Run, ...]
    every: tuple[Run, ...]

    @property
    def clock(self) -> float | None:
        """After how many seconds to draw the list again; None while nothing trains."""
        if not any(run.active for run in self.every):
            return None
        return 1.0 if len(self.runs) <= _MANY else 5.0


def asked() -> None:
    """Draw what narrows the list down."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.text_input(
            "Find",
            key="find",
            placeholder="Name, tag, network, data or state",
            help="Every word has to be somewhere in a run's name, note, tags, network, data set, "
            "group or state.",
            label_visibility="collapsed",
            width=300,
            bind="query-params",
        )
        st.segmented_control(
            "Show",
            SHOW,
            key="show",
            default="All",
            required=True,
            label_visibility="collapsed",
            help="Mine were launched in this browser. Deleted ones can be brought back here.",
            bind="query-params",
        )


def found(store: RunStore) -> Listed:
    """Return the runs that the widgets of ``asked`` ask for."""
    which = st.session_state.get("show", "All")
    words = st.session_state.get("find", "").lower().split()
    every = store.runs()
    runs = store.runs(deleted=True) if which == "Deleted" else every
    if which == "Active":
        runs = tuple(run for run in runs if run.active or run.state == "paused")
    if which == "Mine":
        me = owner()
        runs = tuple(run for run in runs if run.owner == me)
    return Listed(tuple(run for run in runs if not words or _has(run, words)), every)


def _has(run: Run, words: Sequence[str]) -> bool:
    recipe = run.config
    about = (run.name, run.note, run.state, run.group, recipe.architecture, recipe.dataset.name)
    text = " ".join((*about, recipe.approach.name, *run.tags, run.id)).lower()
    return all(word in text for word in words)


def show(store: RunStore, listed: Listed) -> None:
    """Draw the list; a click sets ``run`` in the address, ticks offer to compare."""
    runs = listed.runs
    ids = [run.id for run in runs]
    selected = _follow(ids)
    st.dataframe(
        _columns(runs, _titles(store, runs)),
        column_config=_looks(),
        height=_HEAD + _ROW * min(_ROWS_IN_VIEW, max(1, len(ids))),
        hide_index=True,
        key=_TABLE,
        on_select=_clicked,
        selection_mode=("multi-row", "single-cell"),
        selection_default=selected,
        placeholder="",
        alt="Training runs, the newest first",
    )
    ticked = [ids[row] for row in _selected("rows") if row < len(ids)]
    with st.container(horizontal=True, vertical_alignment="center"):
        st.page_link(
            page("compare_runs"),
            label=f"Compare these {len(ticked)}" if len(ticked) > 1 else "Compare",
            icon=":material/stacked_line_chart:",
            query_params={"runs": ",".join(ticked)},
            disabled=len(ticked) < 2,
            help="Tick the boxes of two runs or more to lay their curves over each other.",
        )
        st.caption(
            f"{_slots(listed.every)} Click a row to watch that run; tick boxes to compare runs."
        )


def watched(runs: Sequence[Run]) -> str | None:
    """Return the run in the address; else the newest of the list, which then stands there."""
    if runs and "run" not in st.query_params:
        st.query_params["run"] = runs[0].id
    return st.query_params.get("run")


# ------------------------------------------------------------------ what is selected


def _clicked() -> None:
    """Watch the run whose cell was clicked."""
    for row, _ in _selected("cells"):
        st.query_params["run"] = st.session_state["runs.ids"][row]


def _selected(what: str) -> list[Any]:
    return list(st.session_state.get(_TABLE, {}).get("selection", {}).get(what, ()))


def _follow(ids: list[str]) -> Any:
    """Let ticks stay with their runs when others come or go, and mark the run that is watched."""
    before = st.session_state.get("runs.ids")
    st.session_state["runs.ids"] = ids
    places = {run_id: row for row, run_id in enumerate(ids)}
    ticked = [before[row] for row in _selected("rows") if row < len(before)] if before else []
    rows = [places[run_id] for run_id in ticked if run_id in places]
    watch = st.query_params.get("run")
    cells = [(places[watch], "State")] if watch in places else []
    selected = {"selection": {"rows": rows, "columns": [], "cells": cells}}
    if before != ids and _TABLE in st.session_state:
        st.session_state[_TABLE] = selected
    return selected


# ------------------------------------------------------------------ what is drawn


def _columns(runs: Sequence[Run], groups: Mapping[str, str]) -> dict[str, list[Any]]:
    me = owner()
    named = any(run.name for run in runs)
    columns: dict[str, list[Any]] = {
        "State": [_state(run) for run in runs],
        "Name": [run.name for run in runs],
        "Architecture": [run.config.architecture for run in runs],
        "Data": [run.config.dataset.name for run in runs],
        "Progress": [min(100, 100 * run.step // max(1, run.steps)) for run in runs],
        "Accuracy": [_score(run, "validation/accuracy") for run in runs],
        "Loss": [_score(run, "validation/loss") for run in runs],
        "Whose": ["yours" if run.owner == me else "" for run in runs],
        "Tags": [list(run.tags) for run in runs],
        "Group": [groups.get(run.group, "") for run in runs],
        "Best accuracy": [_score(run, "best/validation/accuracy") for run in runs],
        "Best loss": [_score(run, "best/validation/loss") for run in runs],
        "Seconds": [_taken(run) for run in runs],
        "Launched": [datetime.fromtimestamp(run.created, UTC) for run in runs],
        "Run": [run.id for run in runs],
    }
    empty = {
        "Name": not named,
        "Tags": not any(columns["Tags"]),
        "Group": not any(columns["Group"]),
    }
    return {name: values for name, values in columns.items() if not empty.get(name)}


def _state(run: Run) -> str:
    asked_for = {"stop": "stopping", "pause": "pausing"}
    return asked_for.get(run.want, run.state) if run.state in ("running", "stopping") else run.state


def _score(run: Run, name: str) -> float | None:
    value = run.latest.get(name, math.nan)
    return value if math.isfinite(value) else None


def _taken(run: Run) -> float | None:
    if run.started is None:
        return None
    return (run.ended or time.time()) - run.started


def _looks() -> dict[str, Any]:
    column = st.column_config
    whole = column.NumberColumn(format="percent")
    loss = column.NumberColumn(format="%.4f")
    return {
        "Progress": column.ProgressColumn(format="%d%%", max_value=100, width=110),
        "Accuracy": whole,
        "Best accuracy": whole,
        "Loss": loss,
        "Best loss": loss,
        "Seconds": column.NumberColumn(format="%.0f"),
        "Tags": column.ListColumn(),
        "Launched": column.DatetimeColumn(format="distance"),
    }


def _titles(store: RunStore, runs: Sequence[Run]) -> dict[str, str]:
    if not any(run.group for run in runs):
        return {}
    return {group.id: group.title or group.kind for group in store.groups()}


def _slots(runs: Sequence[Run]) -> str:
    """Return who is at work, and who waits."""
    at_work = [run for run in runs if run.state in ("starting", "running", "stopping")]
    waiting = [run for run in runs if run.state == "queued"]
    me = owner()
    yours = sum(run.owner == me for run in at_work)
    said = f"{len(at_work)} of {slots()} slots busy"
    if at_work:
        said += f", {yours} of them yours" if len(at_work) > 1 else ", yours" if yours else ""
    return f"{said}; {len(waiting)} waiting." if waiting else f"{said}."
