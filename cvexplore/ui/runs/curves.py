"""A run's curves: read as they grow, smoothed, thinned, over steps, epochs or seconds."""

import math
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import streamlit as st

from cvexplore.runs import Run, RunStore
from cvexplore.runs.records import Curve
from cvexplore.training import fields
from cvexplore.ui.components import live_curves as chart

AXES: dict[str, chart.Axis] = {"Steps": "step", "Epochs": "epoch", "Seconds": "second"}
_SPLITS = ("train", "validation")  # always in these colours
_GROUPS = {
    "Loss": ("loss",),
    "Accuracy": ("accuracy",),
    "Precision, recall, F1": ("precision", "recall", "f1"),
    "Learning rate": ("learning_rate",),
    "Gradient norm": ("gradient_norm",),
    "Images per second": ("images_per_second",),
}
_SEEN_FIRST = ("Loss", "Accuracy", "Learning rate")
_LOG = ("Loss", "Learning rate", "Gradient norm")  # they span orders of magnitude
_HEIGHTS = {"Loss": 260, "Accuracy": 200}
_MOST_POINTS = 600  # a curve; a stretch of two pixels has its least and its greatest
_WINDOWS = 100  # stretches in which the images per second are counted


@dataclass
class Series:
    """What has been read of a run so far, kept in the session so that only news is read."""

    run: str
    number: int = 0
    step: int = 0
    curves: dict[tuple[str, str], Curve] = field(default_factory=dict)

    def of(self, split: str, name: str) -> Curve:
        """Return a curve by its split and name; an empty one if nothing was measured."""
        return self.curves.get((split, name), Curve([], [], []))

    @property
    def seconds(self) -> float:
        """How long the run has trained; pauses do not count."""
        return max((curve.seconds[-1] for curve in self.curves.values()), default=0.0)


def series(store: RunStore, run: Run) -> Series:
    """Return all that was measured of a run; only what is new is read."""
    known = st.session_state.get("runs.series")
    # A run that goes on from a checkpoint is behind what was seen of it, and measures it again.
    if not isinstance(known, Series) or known.run != run.id or run.step < known.step:
        known = st.session_state["runs.series"] = Series(run.id)
    points, known.number = store.metrics(run.id, known.number)
    known.step = run.step
    for point in points:
        curve = known.curves.setdefault((point.split, point.name), Curve([], [], []))
        curve.steps.append(point.step)
        curve.values.append(point.value)
        curve.seconds.append(point.seconds)
    return known


def show(known: Series, run: Run) -> None:
    """Draw the curves; zoom and hidden curves survive each refresh."""
    panels = _panels(known)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        shown = st.pills(
            "Panels",
            panels,
            selection_mode="multi",
            default=[name for name in _SEEN_FIRST if name in panels],
            key="panels",
            label_visibility="collapsed",
            bind="query-params",
        )
    with st.container(horizontal=True, vertical_alignment="center", gap="medium"):
        axis = st.segmented_control(
            "Over",
            list(AXES),
            default="Steps",
            required=True,
            key="over",
            label_visibility="collapsed",
            help="Seconds are those of training: pauses do not count.",
            bind="query-params",
        )
        smoothing = st.slider(
            "Smoothing",
            0.0,
            0.99,
            0.6,
            0.01,
            key="smoothing",
            width=220,
            help="What is measured at every step is averaged: each step back weighs this much "
            "less. The shadow behind a curve is what was measured. 0 shows that alone.",
            bind="query-params",
        )
        log = st.toggle("Log axis", key="log", bind="query-params")
    place = _places(known, run, AXES[axis])
    chart.live_curves(
        [
            chart.Panel(
                name,
                _drawn(known, run, names, smoothing, place),
                height=_HEIGHTS.get(name, 150),
                log=log and name in _LOG,
            )
            for name, names in panels.items()
            if name in shown
        ],
        run=run.id,
        key="curves",
        axis=AXES[axis],
        markers=_markers(known, run, place),
    )
    st.caption("Drag across a curve to zoom, double-click to see all; click a name to hide it.")


def _panels(known: Series) -> Mapping[str, tuple[str, ...]]:
    """Return the panels by their titles: the usual ones, and one for each other measurement."""
    usual = {name for names in _GROUPS.values() for name in names}
    others = dict.fromkeys(
        name for split, name in known.curves if split in _SPLITS and name not in usual
    )
    return _GROUPS | {name.replace("_", " ").capitalize(): (name,) for name in others}


# ------------------------------------------------------------------ a panel


def _drawn(
    known: Series, run: Run, names: Sequence[str], smoothing: float, place: "Places"
) -> tuple[chart.Curve, ...]:
    drawn: list[chart.Curve] = []
    for name in names:
        for colour, split in enumerate(_SPLITS):
            curve = speed(known, run) if name == "images_per_second" else known.of(split, name)
            if not curve.steps or (name == "images_per_second" and split != "train"):
                continue
            label = split if len(names) == 1 else name.replace("_", " ").replace("f1", "F1")
            colour = colour if len(names) == 1 else len(drawn)
            smooth = split == "train" and name != "learning_rate" and smoothing > 0
            if smooth:
                drawn.append(_thin(label, curve, curve.values, colour, place, faint=True))
            values = smoothed(curve.values, smoothing) if smooth else curve.values
            spikes = not smooth and name != "learning_rate"
            drawn.append(_thin(label, curve, values, colour, place, spikes=spikes))
    return tuple(drawn)


def _thin(
    label: str,
    curve: Curve,
    values: Sequence[float],
    colour: int,
    place: "Places",
    *,
    spikes: bool = True,
    faint: bool = False,
) -> chart.Curve:
    """Return a curve with as many points as a screen can show; what is smooth needs fewer."""
    kept = thinned(values) if spikes else every_nth(len(values), _MOST_POINTS // 2)
    x = place.of(curve, kept)
    return chart.Curve(label, x, [values[i] for i in kept], colour=colour, faint=faint)


def smoothed(values: Sequence[float], weight: float) -> list[float]:
    """Return a running mean in which each step back weighs ``weight`` times less.

    It is divided by the sum of its weights, so that it does not begin at zero; what is not a
    number stays so, and does not count. Source: Kingma and Ba, 2015, arXiv:1412.6980, section 3.
    """
    mean, share = 0.0, 0.0
    found = []
    for value in values:
        if not math.isfinite(value):
            found.append(value)
            continue
        mean = weight * mean + (1 - weight) * value
        share = weight * share + (1 - weight)
        found.append(mean / share)
    return found


def thinned(values: Sequence[float], most: int = _MOST_POINTS) -> list[int]:
    """Return which values to draw: the least and greatest of each stretch, so no spike is lost."""
    if len(values) <= most:
        return list(range(len(values)))
    import numpy as np

    length = -(-len(values) // (most // 2))
    whole = len(values) // length * length
    rows = np.nan_to_num(np.asarray(values[:whole], float).reshape(-1, length))
    starts = np.arange(0, whole, length)
    kept = set((starts + rows.argmin(1)).tolist()) | set((starts + rows.argmax(1)).tolist())
    return sorted(kept | set(range(whole, len(values))) | {len(values) - 1})


def every_nth(count: int, most: int) -> list[int]:
    """Return places at even distances, and the last."""
    stride = max(1, -(-count // most))
    return [*range(0, count - 1, stride), count - 1] if count else []


def speed(known: Series, run: Run) -> Curve:
    """Return the images learned from in each second, measuring and checkpoints included."""
    loss = known.of("train", "loss")
    stride = max(1, run.steps // _WINDOWS)
    images = run.config.batch_size * run.config.accumulate
    curve = Curve([], [], [])
    for first, last in zip(
        range(0, len(loss.steps) - stride, stride),
        range(stride, len(loss.steps), stride),
        strict=True,
    ):
        taken = loss.seconds[last] - loss.seconds[first]
        if taken > 0:
            curve.steps.append(loss.steps[last])
            curve.values.append(images * (loss.steps[last] - loss.steps[first]) / taken)
            curve.seconds.append(loss.seconds[last])
    return curve


# ------------------------------------------------------------------ the x axis


@dataclass(frozen=True)
class Places:
    """Where a measurement stands on the x axis."""

    axis: chart.Axis
    steps_per_epoch: float
    clock: Curve  # what tells at which second a step was done

    def of(self, curve: Curve, kept: Sequence[int]) -> list[float]:
        """Return the places of some of a curve's points."""
        if self.axis == "second":
            return [round(curve.seconds[i], 3) for i in kept]
        if self.axis == "epoch":
            return [round(curve.steps[i] / self.steps_per_epoch, 3) for i in kept]
        return [curve.steps[i] for i in kept]

    def at(self, step: int) -> float:
        """Return the place of a step."""
        if self.axis == "epoch":
            return step / self.steps_per_epoch
        if self.axis == "second" and self.clock.steps:
            index = max(0, bisect_right(self.clock.steps, step) - 1)
            return self.clock.seconds[index]
        return step


def _places(known: Series, run: Run, axis: chart.Axis) -> Places:
    return Places(axis, steps_per_epoch(known, run), known.of("train", "loss"))


def steps_per_epoch(known: Series, run: Run) -> float:
    """Return the steps of an epoch: the held-out pictures are measured at the end of some."""
    measured, every = known.of("validation", "loss").steps, run.config.every
    if measured and (every == 1 or measured[0] < run.steps):  # else it may be a part of an epoch
        return measured[0] / every
    return max(1.0, run.steps / max(1, run.config.epochs))


def _markers(known: Series, run: Run, place: Places) -> list[chart.Marker]:
    return [
        chart.Marker(place.at(each.step), f"{fields.title(each.name)} {each.value:g}")
        for each in run.recipe.changes
        if each.step <= max(run.step, known.step)
    ]


def accuracy_so_far(store: RunStore, runs: Sequence[Run]) -> list[float]:
    """Return the validation accuracies of the newest run that has more than one, epoch by epoch."""
    for run in runs[:5]:
        curve = store.curves(run.id).get(("validation", "accuracy"))
        if curve and len(curve.values) > 1:
            return curve.values
    return []
