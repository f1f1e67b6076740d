"""What was measured: a chart a study, what it says in words, and the run behind each point."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import streamlit as st

from cvexplore.runs import Run, RunStore, runner
from cvexplore.studies.results import Point, Row, points, short
from cvexplore.training.config import RunConfig
from cvexplore.ui.addressed import addressed
from cvexplore.ui.messages import told
from cvexplore.ui.places import page
from cvexplore.ui.runs.owner import owner
from cvexplore.ui.training import link
from cvexplore.ui.words import duration, plain

_FIRST_PART = (
    " It is the first of two: what is shown here then started from that run's weights, or had it "
    "for a teacher."
)
_GOOD = ("queued", "starting", "running", "stopping", "paused", "finished")

if TYPE_CHECKING:
    from cvexplore.figures.approaches import Line
    from cvexplore.studies.entries import Study


def pick(rows: Sequence[Row]) -> "Study":
    """Draw the choice of a study that was measured, and return it."""
    from cvexplore.studies.entries import studies

    have = {row.study for row in rows}
    known = {each.name: each for each in studies() if each.name in have}
    return known[addressed("Question", list(known), lambda name: known[name].title, key="question")]


def show(study: "Study", rows: Sequence[Row], store: RunStore) -> None:
    """Draw a study's chart, its verdicts, and what is behind the point that is clicked."""
    found = {
        each.name: own for each in study.entries if (own := points(rows, study.name, each.name))
    }
    left, right = st.columns([3, 2], gap="large")
    with left:
        picked = _chart(study, found)
        st.caption(plain(study.note))
    with right:
        _say(study, rows)
        _times(found)
    name, labels = picked or _first(study, found)
    point = next((each for each in found.get(name, ()) if each.labels == labels), None)
    if point:
        _behind(study, name, point, store)


def _chart(study: "Study", found: dict[str, tuple[Point, ...]]) -> tuple[str, int] | None:
    """Draw the chart and return the name and labels of the point that was clicked."""
    from cvexplore.figures.approaches import bars, by_labels

    controls = {each.name for each in study.entries if each.control}
    lines = [_line(name, own, name in controls) for name, own in found.items()]
    curves = any(len(line.labels) > 1 for line in lines)
    percent = study.percent
    figure = by_labels(lines, study.what) if curves else bars(lines, study.what, percent=percent)
    said = "; ".join(f"{line.name} {line.means[-1]:.3f}" for line in lines)
    event: Any = st.plotly_chart(
        figure,
        key=f"measured.{study.name}",
        on_select="rerun",
        selection_mode="points",
        alt=f"{study.what}: {said}",
    )
    clicked = event.selection.points if event else []
    if not clicked:
        return None
    name, labels = clicked[0]["customdata"][:2]
    return str(name), int(labels)


def _line(name: str, own: Sequence[Point], control: bool) -> "Line":
    from cvexplore.figures.approaches import Line

    return Line(
        name,
        [each.labels for each in own],
        [each.mean for each in own],
        [each.spread for each in own],
        max(len(each.rows) for each in own),
        control,
    )


def _first(study: "Study", found: dict[str, tuple[Point, ...]]) -> tuple[str, int]:
    """Return the point that is shown before any is clicked: the first that is no control."""
    controls = {each.name for each in study.entries if each.control}
    name = next((each for each in found if each not in controls), next(iter(found)))
    middle = found[name][len(found[name]) // 2]
    return name, middle.labels


def _say(study: "Study", rows: Sequence[Row]) -> None:
    from cvexplore.studies.verdicts import verdicts

    st.markdown("**What it says**")
    for first, *others in verdicts(rows, study):
        last = others[-1] if others else first
        icon = "trending_up" if last.helps else "balance" if last.better else "trending_flat"
        said = [first.sentence(study.percent), *(each.beside(study.percent) for each in others)]
        st.markdown(f":material/{icon}: {plain(' '.join(said))}")


def _times(found: dict[str, tuple[Point, ...]]) -> None:
    rows = [{"": name, "Seconds": max(each.seconds for each in own)} for name, own in found.items()]
    st.dataframe(
        rows,
        column_config={
            "Seconds": st.column_config.ProgressColumn(
                "Time to train",
                format="%.0f s",
                min_value=0,
                max_value=max(row["Seconds"] for row in rows),
                help="Processor seconds on one core of the machine that measured, the longest.",
            )
        },
        hide_index=True,
        alt="Processor seconds to train, by approach",
    )


def _behind(study: "Study", name: str, point: Point, store: RunStore) -> None:
    """Draw the runs behind a point: open those that are here, repeat those that are not."""
    asked = f" with {point.labels} labels a class" if point.labels else ""
    st.markdown(f"**{plain(name)}{asked}**, each seed. Click in the chart for others.")
    mine = (run for run in reversed(store.runs()) if run.owner == owner() and run.state in _GOOD)
    runs = {short(run.config): run for run in mine}  # the newest of several
    for row, place in zip(point.rows, st.columns(max(3, len(point.rows))), strict=False):
        with place, st.container(border=True):
            _row(study, row, runs.get(row.before or row.recipe), store)


def _row(study: "Study", row: Row, run: Run | None, store: RunStore) -> None:
    """Draw one run: its value, its recipe, and itself or a button that repeats it."""
    value = f"{row.value:.1%}" if study.percent else f"{row.value:.3f}"
    st.metric(
        f"Seed {row.seed}", value, help=f"After {row.steps:,} steps, {duration(row.seconds)}."
    )
    config = RunConfig.from_json(row.before or row.recipe)
    with st.container(horizontal=True):
        st.page_link(
            page("train"),
            label="Recipe",
            icon=":material/tune:",
            query_params={"recipe": link.written(config)},
            help="In the form that trains." + (_FIRST_PART if row.before else ""),
        )
        if run:
            st.page_link(
                page("runs"),
                label="Your run" + (", first part" if row.before else ""),
                icon=":material/monitoring:",
                query_params={"run": run.id},
            )
            return
        part = ", first part" if row.before else ""
        key = f"repeat.{'.'.join(map(str, row.key))}"
        help_ = "Trains it again." + (_FIRST_PART if row.before else "")
        if not st.button(f"Repeat{part}", icon=":material/replay:", key=key, help=help_):
            return
    with told():
        run_id = store.submit(config, owner=owner(), name=f"{row.entry}{part}, seed {row.seed}")
        runner.ensure()
    st.switch_page(page("runs"), query_params={"run": run_id})
