"""What a run's weights make of the pictures it was measured on, found out once a session."""

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import streamlit as st

from cvexplore import catalog
from cvexplore.runs import Run, RunStore, snapshots
from cvexplore.ui import cached
from cvexplore.ui.cached import Subject
from cvexplore.ui.robustness.waiting import may_begin, stoppable

if TYPE_CHECKING:
    from cvexplore.training.datasets import Dataset
    from cvexplore.training.judging import Judged

_STORE = "runs.judged"
_MOST = 3  # that a session keeps


@dataclass
class _Kept:
    """What is known so far, batch by batch, and how long a batch took."""

    parts: "list[Judged]" = field(default_factory=list)
    seconds: float = 0.0


def subject_of(run: Run, store: RunStore) -> Subject | None:
    """Return the network with the newest weights that the run has left; None if there are none.

    A run that ended has its last weights, one that trains the newest moment it kept.
    """
    folder = store.folder / run.id
    steps = snapshots.kept(folder)
    if run.state in ("finished", "stopped") and (folder / "weights.safetensors").is_file():
        weights = f"run:{run.id}"
    elif steps:
        weights = f"run:{run.id}@{steps[-1]}"
    else:
        return None
    name = run.config.architecture
    return Subject(name, weights, cached.frozen(dict(catalog.origin_options(name, weights))))


def step_of(run: Run, subject: Subject) -> int:
    """Return how many steps these weights had learned."""
    return int(subject.weights.partition("@")[2] or run.step)


def dataset_of(run: Run) -> "Dataset":
    """Return what the run learns from."""
    data = run.config.dataset
    return cached.dataset(data.name, cached.frozen(dict(data.options)))


def judged(run: Run, subject: Subject) -> "Judged | None":
    """Return what these weights make of the run's own validation pictures; None until it is known.

    It begins at once where it is short, shows how far it is, and goes on where it was stopped.

    Raises:
        WeightsError: the weights were deleted meanwhile.
    """
    from cvexplore.training.approaches import APPROACHES
    from cvexplore.training.judging import judge, together

    dataset = dataset_of(run)
    order = APPROACHES[run.config.approach.name].divide(run.config, dataset).validation
    kept = _kept(subject)
    done = sum(len(part.pictures) for part in kept.parts)
    if done < len(order):
        model, preparation = cached.network(subject), cached.preparation(subject)
        work = judge(model, dataset, order[done:], preparation)
        if not kept.parts:
            _next(work, kept)  # tells how long the rest will take
            done = len(kept.parts[0].pictures)
        left = kept.seconds * (len(order) - done)
        key = f"judge.{subject.weights}"
        if done < len(order) and not may_begin(left, "Judge all pictures", key=key):
            return None
        with stoppable(key, left) as move:
            while done < len(order):
                move(done / len(order), f"{done:,} of {len(order):,} pictures judged")
                done += _next(work, kept)
    return together(kept.parts)


def _next(work: "Iterator[Judged]", kept: _Kept) -> int:
    """Judge one more batch and return how many pictures it has."""
    began = time.perf_counter()
    with cached.two_at_once:
        part = next(work)
    kept.parts.append(part)
    kept.seconds = (time.perf_counter() - began) / len(part.pictures)
    return len(part.pictures)


def _kept(subject: Subject) -> _Kept:
    store: dict[str, _Kept] = st.session_state.setdefault(_STORE, {})
    found = store.pop(subject.weights, None) or _Kept()
    store[subject.weights] = found  # the one used last stands last
    while len(store) > _MOST:
        store.pop(next(iter(store)))
    return found
