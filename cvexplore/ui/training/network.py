"""Which network learns, what its weights are to begin with, and how much of it stays as it is."""

from collections.abc import Mapping
from typing import Any

import streamlit as st

from cvexplore import catalog, folders
from cvexplore.catalog import architectures, weights
from cvexplore.runs import Run, RunStore, snapshots
from cvexplore.ui.form import option_form
from cvexplore.ui.training.beginning import Beginning
from cvexplore.ui.training.fields import START, fields
from cvexplore.ui.words import plain

_FITTED = ("classes", "channels", "image_size")  # the data set decides these
_LIBRARIES = ("cvexplore", "design", "torchvision", "timm")  # in the order of the list


def network(start: Beginning, approach: str) -> dict[str, Any]:
    """Draw the choice of a network; the recipe's fields that describe it are returned.

    Args:
        start: what the form begins with.
        approach: the way to learn, which says what its networks do.
    """
    name = _architecture(start, approach)
    chosen = _weights(name, start)
    begun = start.config.options if name == start.config.architecture else {}
    frozen = 0.0
    if chosen != "random":
        frozen = fields(START, start)["frozen"]
    options = _options(name, chosen, start.key(f"network.{name}"), begun)
    return {"architecture": name, "options": options, "weights": chosen, "frozen": frozen}


def _architecture(start: Beginning, approach: str) -> str:
    from cvexplore.training.approaches import APPROACHES, standard

    task = APPROACHES[approach].task
    found = [each for each in architectures() if each.task == task]
    names = [each.name for each in sorted(found, key=lambda e: _LIBRARIES.index(e.library))]
    first = start.config.architecture
    first = first if first in names else standard(approach).architecture
    return st.selectbox(
        "Architecture",
        names,
        names.index(first),
        key=start.key(f"architecture.{task}"),
        help=f"{len(names):,} networks for {task}; type a part of a name.",
    )


def _options(name: str, chosen: str, key: str, begun: Mapping[str, Any]) -> dict[str, Any]:
    """Draw the network's own options; weights of a run or of ours bring theirs."""
    if brought := catalog.origin_options(name, chosen):
        said = ", ".join(f"{k.replace('_', ' ')} {v}" for k, v in brought.items())
        st.caption(f"These weights bring their network's options with them: {plain(said)}.")
        return {}
    own = [option for option in catalog.options(name) if option.name not in _FITTED]
    if not own:
        return {}
    with st.expander("Options of the network"):
        return option_form(own, key=key, start=begun)


# ------------------------------------------------------------------ weights to begin with


def _weights(name: str, start: Beginning) -> str:
    """Draw the choice of the weights that learning begins with."""
    runs = {f"run:{run.id}": run for run in RunStore().runs() if _left_weights(run, name)}
    asked = start.config.weights if name == start.config.architecture else "random"
    first, _, moment = asked.partition("@")
    choices = ["random", *(each for each in weights.choices(name) if each != "random"), *runs]
    words = {
        "random": "Random weights",
        "bundled": f"What it learned from {weights.bundled_from(name)}",
        "pretrained": "The library's published weights",
        **{word: _called(run) for word, run in runs.items()},
    }
    chosen = st.selectbox(
        "Start from",
        choices,
        choices.index(first) if first in choices else 0,
        format_func=words.__getitem__,
        key=start.key(f"weights.{name}"),
        help="Learning from other weights than random ones is called transfer learning: a last "
        "layer for other classes begins anew, all others keep what they know.",
    )
    if chosen == "pretrained":
        _fetch(name)
    if chosen in runs:
        return _moment(runs[chosen], int(moment) if moment.isdecimal() else None, start)
    return chosen


def _left_weights(run: Run, name: str) -> bool:
    return run.config.architecture == name and (
        folders.run_weights(run.id).is_file() or bool(snapshots.kept(folders.run(run.id)))
    )


def _called(run: Run) -> str:
    return f"Your run {run.name or run.id} on {run.config.dataset.name}"


def _moment(run: Run, first: int | None, start: Beginning) -> str:
    """Draw the choice of a moment of a run that kept several."""
    steps = snapshots.kept(folders.run(run.id))
    if len(steps) < 2:
        return f"run:{run.id}@{steps[0]}" if steps and not _at_end(run) else f"run:{run.id}"
    step = st.select_slider(
        "Moment",
        steps,
        first if first in steps else steps[-1],
        format_func=lambda each: f"step {each:,}",
        key=start.key(f"moment.{run.id}.{steps[-1]}"),
        help="The run kept its weights at these steps; the first is before it learned.",
    )
    return f"run:{run.id}" if _at_end(run) and step == run.step else f"run:{run.id}@{step}"


def _at_end(run: Run) -> bool:
    """Say whether the run's own weights are those of its last step."""
    return run.state in ("finished", "stopped") and folders.run_weights(run.id).is_file()


def _fetch(name: str) -> None:
    """Offer to download published weights that are not here yet."""
    if catalog.published_is_here(name):
        return
    st.caption("These weights are not on this machine yet: the run cannot start without them.")
    if not st.button("Download them", icon=":material/download:", key=f"train.fetch.{name}"):
        return
    bar = st.progress(0.0, "Connecting…")

    def show(done: int, whole: int) -> None:
        said = f"{done / 1e6:,.0f} of {whole / 1e6:,.0f} MB" if whole else f"{done / 1e6:,.0f} MB"
        bar.progress(done / whole if whole else 0.0, said)

    catalog.fetch_published(name, show)
    st.rerun()
