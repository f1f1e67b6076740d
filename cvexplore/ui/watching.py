"""The parts of the page that shows a run: which one, how far it is, and its curves."""

import json
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

import streamlit as st

from cvexplore.runs import Run, RunStore, runner
from cvexplore.ui.components.live_curves import Curve, Panel, live_curves
from cvexplore.ui.places import page
from cvexplore.ui.words import duration

_ICONS = {
    "queued": ":material/schedule:",
    "starting": ":material/hourglass_top:",
    "running": ":material/play_arrow:",
    "stopping": ":material/hourglass_bottom:",
    "finished": ":material/check_circle:",
    "stopped": ":material/stop_circle:",
    "failed": ":material/error:",
    "lost": ":material/warning:",
}
_SPLITS = ("train", "validation")  # always in these colours
_MOST_POINTS = 800  # a curve; more than a screen has pixels


def pick_run(runs: Sequence[Run]) -> Run:
    """Draw the list of runs and return the chosen one; it stands in the URL."""
    ids = [run.id for run in runs]
    asked = st.query_params.get("run")
    place = ids.index(asked) if asked in ids else 0
    seen = st.dataframe(
        {
            "State": [run.state for run in runs],
            "Run": ids,
            "Architecture": [run.config.architecture for run in runs],
            "Data": [run.config.dataset.name for run in runs],
            "Progress": [run.step / max(1, run.steps) for run in runs],
            "Validation accuracy": [run.latest.get("validation/accuracy") for run in runs],
            "Validation loss": [run.latest.get("validation/loss") for run in runs],
        },
        column_config={
            "Progress": st.column_config.ProgressColumn(format="percent", max_value=1.0),
            "Validation accuracy": st.column_config.NumberColumn(format="percent"),
            "Validation loss": st.column_config.NumberColumn(format="%.4f"),
        },
        height=min(213, 38 + 35 * len(runs)),
        hide_index=True,
        key=f"runs.{ids[0]}",  # a new run on top moves the others, so the choice starts anew
        on_select="rerun",
        selection_mode="single-row-required",
        placeholder="",
        selection_default={"selection": {"rows": [place]}},
        alt="Training runs, the newest first",
    )
    rows = seen["selection"]["rows"]
    chosen = runs[rows[0] if rows else place]
    st.query_params["run"] = chosen.id
    return chosen


def progress(run: Run) -> None:
    """Draw how far a run is, and what it says."""
    st.subheader(f"{_ICONS[run.state]} {run.config.architecture} on {run.config.dataset.name}")
    share = min(1.0, run.step / max(1, run.steps))
    st.progress(share, f"{run.state.capitalize()} · step {run.step:,} of {run.steps:,}{_time(run)}")
    if run.message:
        st.warning(run.message, icon=":material/error:")
    elif run.state == "queued":
        st.caption("Waiting for a free slot; runs start in the order they were launched.")


def _time(run: Run) -> str:
    if run.started is None:
        return ""
    taken = (run.ended or time.time()) - run.started
    said = f" · {duration(taken)}"
    if run.state == "running" and run.step > 20:
        said += f", about {duration(taken / run.step * (run.steps - run.step))} left"
    return said


def figures(run: Run) -> None:
    """Draw the latest measurements."""
    latest = run.latest
    with st.grid(4, min_column_width=130, border=True):
        st.metric("Training loss", _number(latest.get("train/loss")))
        st.metric("Validation loss", _number(latest.get("validation/loss")))
        accuracy = latest.get("validation/accuracy")
        st.metric("Validation accuracy", "–" if accuracy is None else f"{accuracy:.1%}")
        st.metric("Learning rate", _number(latest.get("train/learning_rate"), ".3g"))


def _number(value: float | None, form: str = ".4f") -> str:
    return "–" if value is None or value != value else f"{value:{form}}"


def controls(run: Run, store: RunStore) -> None:
    """Draw what can be done with a run now."""
    if run.active and st.button("Stop", icon=":material/stop:", key="stop", width="stretch"):
        store.want(run.id, "stop")
    if run.state in ("stopped", "lost") and st.button(
        "Go on", icon=":material/resume:", key="resume", width="stretch"
    ):
        store.resume(run.id)
        runner.ensure()
        st.rerun()
    if not run.active and (store.folder / run.id / "weights.safetensors").is_file():
        st.page_link(
            page("feature_maps"),
            label="Its feature maps",
            icon=":material/grid_view:",
            query_params={"model": run.config.architecture, "weights": f"run:{run.id}"},
        )


# ------------------------------------------------------------------ curves


@dataclass
class _Series:
    """What has been read of a run so far, kept in the session so that only news is read."""

    run: str
    number: int = 0
    curves: dict[tuple[str, str], tuple[list[int], list[float]]] = field(default_factory=dict)


def curves(store: RunStore, run: Run) -> None:
    """Draw loss, accuracy and learning rate; zoom and hidden curves survive each refresh."""
    series = st.session_state.get("series")
    if not isinstance(series, _Series) or series.run != run.id or run.step == 0:
        series = st.session_state["series"] = _Series(run.id)
    points, series.number = store.metrics(run.id, series.number)
    for point in points:
        steps, values = series.curves.setdefault((point.name, point.split), ([], []))
        steps.append(point.step)
        values.append(point.value)
    live_curves(
        [
            Panel("Loss", _split_curves(series, "loss"), height=260),
            Panel("Accuracy", _split_curves(series, "accuracy"), height=200),
            Panel("Learning rate", _split_curves(series, "learning_rate"), height=130),
        ],
        run=run.id,
        key="curves",
    )
    st.caption("Drag across a curve to zoom, double-click to see all; click a name to hide it.")


def _split_curves(series: _Series, name: str) -> tuple[Curve, ...]:
    found = []
    for colour, split in enumerate(_SPLITS):
        if (name, split) in series.curves:
            steps, values = _thinned(*series.curves[name, split])
            found.append(Curve(split, steps, values, colour=colour))
    return tuple(found)


def _thinned(steps: list[int], values: list[float]) -> tuple[list[int], list[float]]:
    """Keep the least and the greatest of each stretch, so that no spike is lost."""
    if len(steps) <= _MOST_POINTS:
        return steps, values
    stretch = -(-len(steps) // (_MOST_POINTS // 2))
    kept: list[int] = []
    for start in range(0, len(steps), stretch):
        places = range(start, min(start + stretch, len(steps)))
        extremes = {min(places, key=values.__getitem__), max(places, key=values.__getitem__)}
        kept.extend(sorted(extremes))
    kept.append(len(steps) - 1)
    return [steps[i] for i in kept], [values[i] for i in kept]


def recipe(run: Run) -> None:
    """Draw the run's recipe, folded away."""
    with st.expander("Recipe"):
        st.json(json.loads(run.config.to_json()), expanded=2)


def accuracy_so_far(store: RunStore, runs: Sequence[Run]) -> list[float]:
    """Return the validation accuracies of the newest run that has more than one, epoch by epoch."""
    for run in runs[:5]:
        points, _ = store.metrics(run.id)
        found = [p.value for p in points if (p.split, p.name) == ("validation", "accuracy")]
        if len(found) > 1:
            return found
    return []
