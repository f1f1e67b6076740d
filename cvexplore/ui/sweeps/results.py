"""A sweep that was launched: how far it is, what its settings led to, and its best run."""

import time
from collections.abc import Sequence
from typing import Any

import streamlit as st

from cvexplore.figures.parallel import Dimension, parallel
from cvexplore.runs import ENDED, Run, RunStore
from cvexplore.runs.comparing import best, differences, lower_is_better, ranked
from cvexplore.runs.records import Group
from cvexplore.training import fields
from cvexplore.ui.places import page
from cvexplore.ui.runs.states import name_of
from cvexplore.ui.sweeps import measured, testing
from cvexplore.ui.sweeps.overlay import measure
from cvexplore.ui.words import duration, plain

_USUAL = "validation/accuracy"
_TURN = "sweep.turn"  # a chart with a new key has no box on it
_STATES = ("running", "starting", "queued", "stopping", "paused", *ENDED)


def show(store: RunStore, group: Group) -> None:
    """Draw a sweep, anew every second while it works."""
    st.subheader(plain(group.title))
    live = any(run.active for run in _members(store, group.id, kind=None))

    @st.fragment(run_every=1.0 if live else None)
    def parts() -> None:
        runs = _members(store, group.id)
        if not runs:
            st.info("All runs of this sweep were deleted; bring them back on the page Runs.")
            return
        _progress(store, runs, live)
        metric = _metric(runs, group)
        ended = [run for run in ranked(runs, metric) if not run.active]
        marked = _picture(ended, group, metric)
        _table([run for run in runs if marked is None or run.id in marked], group, metric)
        if metric.startswith("validation/"):
            testing.best_run(store, group, runs, best(runs, metric), metric)
        else:
            st.caption("A best run is named by what it reached on the validation pictures.")
        measured.spreads(runs)
        if live and not any(run.active for run in _members(store, group.id, kind=None)):
            st.rerun()  # once, so that the clock stops

    parts()


def _members(store: RunStore, group: str, kind: str | None = "train") -> list[Run]:
    """Return the runs of a group in the order they were sent."""
    return list(store.runs(group=group, kind=kind))[::-1]


# ------------------------------------------------------------------ progress


def _progress(store: RunStore, runs: Sequence[Run], live: bool) -> None:
    count = {state: sum(run.state == state for run in runs) for state in _STATES}
    done = sum(not run.active for run in runs)
    steps = sum(run.step / max(1, run.steps) if run.active else 1.0 for run in runs)
    words = [f"{number} {state}" for state, number in count.items() if number]
    st.progress(
        min(1.0, steps / len(runs)), f"{done} of {len(runs)} runs done · {', '.join(words)}"
    )
    with st.container(horizontal=True):
        waiting = [run for run in runs if run.state == "queued"]
        if live:
            st.button(
                f"Stop the {len(waiting)} that wait" if waiting else "None waits",
                icon=":material/stop:",
                key="sweep.stop",
                disabled=not waiting,
                on_click=_stop,
                args=(store, waiting),
                help="Those that train go on; each can be stopped on the page Runs.",
            )
        st.page_link(
            page("compare_runs"),
            label="Lay their curves over each other",
            icon=":material/stacked_line_chart:",
            query_params={"runs": ",".join(run.id for run in runs)},
        )


def _stop(store: RunStore, waiting: Sequence[Run]) -> None:
    for run in waiting:
        store.want(run.id, "stop")


# ------------------------------------------------------------------ what it led to


def _metric(runs: Sequence[Run], group: Group) -> str:
    """Draw the choice of what runs are compared by."""
    asked = str(group.about.get("metric", _USUAL))
    known = dict.fromkeys(name for run in runs for name in run.latest)
    names = [each for each in known if each.startswith("validation/")]
    names = list(dict.fromkeys([asked, *sorted(names)]))
    return st.selectbox(
        "Compared by",
        names,
        format_func=_said,
        key=f"sweep.metric.{group.id}",
        width=320,
        help="The last value of each run. Runs are chosen by what they reach on the validation "
        "pictures, never on the test's.",
    )


def _said(metric: str) -> str:
    split, _, name = metric.partition("/")
    return f"{split.capitalize()} {measure(name) if name == 'f1' else measure(name).lower()}"


def _varied(runs: Sequence[Run], group: Group) -> dict[str, tuple[Any, ...]]:
    """Return the fields that the sweep varied, by their titles, and the values of each run."""
    paths = [str(axis["path"]) for axis in group.about.get("axes", ())]
    paths = [path for path in paths if path != "folds"] + ["fold"] * ("folds" in paths)
    if not paths:  # a group that something else made
        paths = list(differences([run.config for run in runs]))
    return {
        fields.title(path): tuple(_shown(fields.value(run.config, path)) for run in runs)
        for path in paths
    }


def _shown(value: Any) -> Any:
    """Return a number as it is, and anything else in words."""
    if value is None:
        return "–"
    plain_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return value if plain_number else fields.word(value)


def _picture(ended: Sequence[Run], group: Group, metric: str) -> set[str] | None:
    """Draw the runs that have ended, so that the picture stays while others train.

    Return the ids of those that a person marked; None if nothing is marked.
    """
    if len(ended) < 2:
        st.caption("The settings are drawn against what they led to once two runs have ended.")
        return None
    turn = st.session_state.get(_TURN, 0)
    key = f"sweep.parallel.{group.id}.{metric}.{turn}"
    marked = _through(st.session_state.get(key), len(ended))
    dimensions = [Dimension(*each) for each in _varied(ended, group).items()]
    reached = Dimension(_said(metric), tuple(run.latest[metric] for run in ended))
    st.plotly_chart(
        parallel(
            dimensions,
            reached,
            [name_of(run) for run in ended],
            lower=lower_is_better(metric),
            through=marked,
        ),
        key=key,
        on_select="rerun",
        selection_mode="box",
        config={"displaylogo": False, "displayModeBar": False},
        alt="Parallel coordinates: a line a run, through its settings to what it reached",
    )
    left, right = st.columns([5, 1], vertical_alignment="top")
    left.caption(
        "A line a run that has ended, the more orange the better. Drag a box along an axis to see "
        "only the runs that pass there."
    )
    right.button(
        "Show all",
        key="sweep.unmark",
        disabled=marked is None,
        on_click=lambda: st.session_state.update({_TURN: turn + 1}),
        width="stretch",
    )
    return None if marked is None else {ended[place].id for place in marked}


def _through(state: Any, runs: int) -> set[int] | None:
    """Return the places of the runs that pass through every axis with a box on it."""
    points = (state or {}).get("selection", {}).get("points", [])
    by_axis: dict[int, set[int]] = {}
    for point in points:
        by_axis.setdefault(round(point["x"]), set()).add(int(point["customdata"][0]))
    found = set.intersection(*by_axis.values()) if by_axis else None
    return found if found is None or max(found, default=0) < runs else None


def _table(runs: Sequence[Run], group: Group, metric: str) -> None:
    first = ranked(runs, metric)
    rows = first + [run for run in runs if run not in first]
    name = metric.rpartition("/")[2]
    form = "percent" if name in ("accuracy", "f1", "precision", "recall") else "%.4f"
    st.dataframe(
        {
            "Run": [name_of(run) for run in rows],
            _said(metric): [run.latest.get(metric) for run in rows],
            "State": [run.state for run in rows],
            "Progress": [run.step / max(1, run.steps) for run in rows],
            **{
                title: [fields.word(each) for each in values]
                for title, values in _varied(rows, group).items()
            },
            "Time": [_time(run) for run in rows],
        },
        column_config={
            "Run": st.column_config.TextColumn(pinned=True, width="medium"),
            _said(metric): st.column_config.NumberColumn(format=form),
            "Progress": st.column_config.ProgressColumn(format="percent", max_value=1.0),
        },
        hide_index=True,
        height=min(460, 38 + 35 * len(rows)),
        key="sweep.table",
        alt="The runs of this sweep, the best first",
    )


def _time(run: Run) -> str:
    return duration((run.ended or time.time()) - run.started) if run.started else "–"
