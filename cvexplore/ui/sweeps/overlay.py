"""The curves of several runs over each other."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import streamlit as st

from cvexplore.runs import Run, RunStore
from cvexplore.runs.comparing import Band as Spread
from cvexplore.runs.comparing import band, repeats
from cvexplore.ui.components.live_curves import Axis, Band, Curve, Panel, live_curves
from cvexplore.ui.runs.curves import AXES, Places, Series, smoothed, steps_per_epoch, thinned
from cvexplore.ui.sweeps import naming

_SPLITS = ("train", "validation")
_FIRST = ("loss", "accuracy", "f1", "precision", "recall", "learning_rate", "gradient_norm")
_SHOWN = ("loss", "accuracy")  # to begin with
_SHARES = ("accuracy", "f1", "precision", "recall")  # at home on a linear axis
_FEW = 4  # runs whose training curves are shown beside the validation's
_MOST_POINTS = 12_000  # of all curves of a panel; more than a screen has pixels
_LEAST_POINTS = 200  # of one curve

Read = Mapping[tuple[str, str], Any]  # (split, name) -> steps, values and seconds


@dataclass(frozen=True)
class _Look:
    """How curves are drawn."""

    splits: tuple[str, ...]
    axis: Axis
    log: bool
    smoothing: float
    spread: bool


def overlay(store: RunStore, runs: Sequence[Run], key: str) -> None:
    """Draw the measurements of runs over each other, a colour a run.

    Args:
        store: where they are.
        runs: in the order of their colours.
        key: tells this chart and its controls apart from others.
    """
    read = {run.id: curves_of(store, run) for run in runs}
    known = {name for curves in read.values() for split, name in curves if split in _SPLITS}
    names = sorted(known, key=lambda name: (_place(name), name))
    if not names:
        st.info("Nothing is measured yet; curves appear here as soon as a run begins.")
        return
    shown, look = _controls(names, runs, key)
    panels = [
        Panel(
            measure(name),
            tuple(_curves(name, runs, read, look, len(shown))),
            height=280 if place == 0 else 220,
            log=look.log and name not in _SHARES,
            bands=tuple(_bands(name, runs, read, look)) if look.spread else (),
        )
        for place, name in enumerate(shown)
    ]
    live_curves(panels, run=",".join(read), key=key, axis=look.axis)
    kinds = (
        "Bands are one standard deviation of the sample to either side of the mean."
        if look.spread
        else "Training is dashed, validation solid."
    )
    st.caption(
        f"{kinds} Drag across a curve to zoom, double-click to see all; click a name to hide it."
    )


def measure(name: str) -> str:
    """Return what a measurement is called: "learning_rate" is "Learning rate"."""
    return "F1" if name == "f1" else name.replace("_", " ").capitalize()


def _place(name: str) -> int:
    return _FIRST.index(name) if name in _FIRST else len(_FIRST)


def _controls(names: list[str], runs: Sequence[Run], key: str) -> tuple[list[str], _Look]:
    repeated = any(len(each.runs) > 1 for each in repeats(runs))
    with st.container(horizontal=True, vertical_alignment="bottom"):
        shown = st.multiselect(
            "Measured",
            names,
            [name for name in names if name in _SHOWN] or names[:1],
            format_func=measure,
            key=f"{key}.names",
            width=330,
        )
        splits = st.pills(
            "Of",
            _SPLITS,
            selection_mode="multi",
            default=_SPLITS if len(runs) <= _FEW else _SPLITS[1:],
            format_func=str.capitalize,
            key=f"{key}.splits.{len(runs) <= _FEW}",
        )
        axis = st.segmented_control(
            "Over", list(AXES), default="Steps", required=True, key=f"{key}.axis"
        )
        smoothing = st.slider(
            "Smoothing",
            0.0,
            0.99,
            0.6,
            0.01,
            key=f"{key}.smoothing",
            width=150,
            help="Share of the running mean that each step keeps, of training curves; "
            "what was measured stays as a shadow.",
        )
        log = st.toggle(
            "Log axis", key=f"{key}.log", help="For losses, rates and norms; shares stay linear."
        )
        spread = repeated and st.toggle(
            "Mean ± deviation",
            key=f"{key}.spread",
            help="One curve a recipe: the mean over its folds or seeds, with a band of one "
            "standard deviation of the sample.",
        )
    return shown, _Look(tuple(splits), AXES[axis], log, smoothing, spread)


# ------------------------------------------------------------------ reading


def curves_of(store: RunStore, run: Run) -> Read:
    """Return all that was measured of a run; a run that has ended is read once."""
    if run.active or run.state == "paused":
        return store.curves(run.id)
    return _read(str(store.folder), run.id, run.step, run.ended, store)


@st.cache_resource(max_entries=32, show_spinner=False)
def _read(folder: str, run_id: str, step: int, ended: float | None, _store: RunStore) -> Read:
    return _store.curves(run_id)


# ------------------------------------------------------------------ curves


def _curves(
    name: str, runs: Sequence[Run], read: Mapping[str, Read], look: _Look, panels: int
) -> list[Curve]:
    if look.spread:
        return _means(name, runs, read, look)
    called = naming.names(runs)
    most = max(_LEAST_POINTS, _MOST_POINTS // (panels * len(runs) * max(1, len(look.splits))))
    found = []
    for colour, run in enumerate(runs):
        for split in look.splits:
            curve = read[run.id].get((split, name))
            if curve is None:
                continue
            label = called[run.id] if len(look.splits) == 1 else f"{called[run.id]} · {split}"
            places = _places(run, read[run.id], look.axis)
            training = split == "train"
            smooth = training and look.smoothing > 0 and name != "learning_rate"
            if smooth:
                found.append(_thin(label, curve, curve.values, colour, places, most, faint=True))
            values = smoothed(curve.values, look.smoothing) if smooth else curve.values
            found.append(_thin(label, curve, values, colour, places, most, dashed=training))
    return found


def _thin(
    label: str,
    curve: Any,
    values: Sequence[float],
    colour: int,
    places: Places,
    most: int,
    **style: bool,
) -> Curve:
    kept = thinned(values, most)
    return Curve(label, places.of(curve, kept), [values[i] for i in kept], colour, **style)


def _places(run: Run, read: Read, axis: Axis) -> Places:
    known = Series(run.id, curves=dict(read))
    return Places(axis, steps_per_epoch(known, run), known.of("train", "loss"))


def _means(name: str, runs: Sequence[Run], read: Mapping[str, Read], look: _Look) -> list[Curve]:
    return [
        Curve(label, found.steps, found.mean, colour)
        for colour, (label, found) in enumerate(_spread(name, runs, read, look.axis))
    ]


def _bands(name: str, runs: Sequence[Run], read: Mapping[str, Read], look: _Look) -> list[Band]:
    found = []
    for label, each in _spread(name, runs, read, look.axis):
        pairs = list(zip(each.mean, each.deviation, strict=True))
        low, high = [m - d for m, d in pairs], [m + d for m, d in pairs]
        found.append(Band(label, each.steps, low, high))
    return found


def _spread(
    name: str, runs: Sequence[Run], read: Mapping[str, Read], axis: Axis
) -> list[tuple[str, Spread]]:
    """Return mean and deviation of the validation curves of each recipe that was repeated."""
    groups = [each for each in repeats(runs) if len(each.runs) > 1]
    found = []
    for label, group in zip(naming.recipes(groups), groups, strict=True):
        lines = []
        for run in group.runs:
            if curve := read[run.id].get(("validation", name)):
                every = range(len(curve.values))
                lines.append((_places(run, read[run.id], axis).of(curve, every), curve.values))
        found.append((f"{label} (mean of {len(lines)})", band(lines)))
    return found
