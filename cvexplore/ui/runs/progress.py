"""How far a run is, how long it still takes, and what was measured last."""

import math

import streamlit as st

from cvexplore.runs import Run, RunStore
from cvexplore.ui.runs import steering
from cvexplore.ui.runs.curves import Series, steps_per_epoch
from cvexplore.ui.runs.states import ICONS, name_of, sentence, trouble
from cvexplore.ui.words import compact, duration, plain

_LAST = 60  # steps, or those of the last seconds if they are fewer: how fast it is now
_LAST_SECONDS = 20.0


def head(run: Run) -> None:
    """Draw what the run is called, and what it is."""
    st.subheader(f"{ICONS[run.state]} {plain(name_of(run))}", anchor=False)
    about = [f"{run.config.architecture} on {run.config.dataset.name}"] if run.name else []
    if run.config.approach.name != "supervised":
        about.append(run.config.approach.name)
    about += [f"optimiser {run.config.optimizer.name}", f"seed {run.config.seed}", run.id]
    with st.container(horizontal=True, vertical_alignment="center"):
        for tag in run.tags:
            st.badge(plain(tag), icon=":material/sell:")
        st.caption(" · ".join(map(plain, about)))
    if run.note:
        st.text(run.note)


def bar(run: Run, known: Series, store: RunStore) -> None:
    """Draw how far the run is, and what its state means; there is always a line for that."""
    share = min(1.0, run.step / max(1, run.steps))
    steps = f" · step {run.step:,} of {run.steps:,}" if run.steps else ""
    st.progress(share, f"{run.state.capitalize()}{steps}{_time(run, known)}")
    if run.state in ("failed", "lost"):
        st.warning(trouble(run), icon=ICONS[run.state])
        said = [_epoch(run, known)]
    else:
        said = [sentence(run, store) or _epoch(run, known), plain(run.message)]
    st.caption(" ".join(filter(None, [*said, *steering.said(run, store)])))


def _time(run: Run, known: Series) -> str:
    said = f" · {duration(trained)}" if (trained := known.seconds) else ""
    left = seconds_left(run, known)
    if run.state == "running" and left is not None:
        said += f", about {duration(left)} left"
    return said


def _epoch(run: Run, known: Series) -> str:
    each = steps_per_epoch(known, run)
    return f"Epoch {run.step / each:.1f} of {run.steps / each:.1f}." if run.steps else "–"


def seconds_left(run: Run, known: Series) -> float | None:
    """Return how long the run takes yet if it goes on as in its last steps; pauses do not count.

    Returns:
        None before there are steps to tell by.
    """
    loss = known.of("train", "loss")
    if len(loss.steps) < 2:
        return None
    first = max(0, len(loss.steps) - 1 - _LAST)
    while first < len(loss.steps) - 2 and loss.seconds[-1] - loss.seconds[first] > _LAST_SECONDS:
        first += 1
    steps = loss.steps[-1] - loss.steps[first]
    taken = loss.seconds[-1] - loss.seconds[first]
    return taken / steps * max(0, run.steps - loss.steps[-1]) if steps > 0 else None


def figures(run: Run, known: Series) -> None:
    """Draw what was measured last."""
    latest = run.latest
    score, value, best = _score(run, known)
    with st.grid(6, min_column_width=140, border=True):
        st.metric("Training loss", _number(latest.get("train/loss")))
        st.metric("Validation loss", _number(latest.get("validation/loss")))
        st.metric(
            score, _percent(value), help=f"On the held-out pictures. Best so far: {_percent(best)}"
        )
        st.metric("Learning rate", _number(latest.get("train/learning_rate"), ".3g"))
        st.metric(
            "Images/s",
            _compact(latest.get("status/images_per_second")),
            help="Learned from in the last moments",
        )
        st.metric(
            "Memory",
            _compact(latest.get("status/memory"), "B"),
            help="What its process holds",
        )


def _score(run: Run, known: Series) -> tuple[str, float | None, float | None]:
    """Return what a run is judged by: its title, its last value and its best."""
    names = ("accuracy", "average_precision")
    name = next((each for each in names if ("validation", each) in known.curves), names[0])
    values = [each for each in known.of("validation", name).values if math.isfinite(each)]
    return (
        name.replace("_", " ").capitalize(),
        run.latest.get(f"validation/{name}"),
        max(values, default=None),
    )


def _number(value: float | None, form: str = ".4f") -> str:
    return "–" if value is None or not math.isfinite(value) else f"{value:{form}}"


def _percent(value: float | None) -> str:
    return "–" if value is None or not math.isfinite(value) else f"{value:.1%}"


def _compact(value: float | None, unit: str = "") -> str:
    return "–" if value is None or not math.isfinite(value) else compact(value, unit)
