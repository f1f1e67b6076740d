"""Widgets that several pages use to choose an architecture or weights."""

import streamlit as st

from cvexplore import catalog, folders
from cvexplore.catalog import architectures, weights
from cvexplore.runs import Run, RunStore, snapshots
from cvexplore.ui.cached import Subject, frozen


@st.cache_data(max_entries=16)
def _names(tasks: tuple[str, ...], designs: tuple[str, ...]) -> list[str]:
    own_first = {"cvexplore": 0, "design": 1, "torchvision": 2, "timm": 3}
    found = [each for each in architectures() if not tasks or each.task in tasks]
    return [each.name for each in sorted(found, key=lambda each: own_first[each.library])]


def pick_architecture(
    start: str, *, key: str, tasks: tuple[str, ...] = (), label: str = "Architecture"
) -> str:
    """Let a person choose one of the catalog; typing finds it, and the choice stands in the URL.

    Args:
        start: what is chosen to begin with.
        key: the widget's name, and the URL's.
        tasks: only architectures for these, such as "classification"; empty means all.
        label: above the widget.
    """
    names = _names(tasks, tuple(each.name for each in architectures(library="design")))
    return st.selectbox(
        label,
        names,
        names.index(start),
        key=key,
        bind="query-params",
        help=f"{len(names):,} architectures; type a part of a name.",
    )


def pick_weights(name: str, *, key: str) -> Subject:
    """Let a person choose an architecture's weights, fetching published ones if they say so.

    A run that kept snapshots asks at which moment; the last is what it learned in the end.

    Raises:
        WeightsError: the weights cannot be had; the message says what to use instead.
    """
    runs = {f"run:{run.id}": run for run in RunStore().runs() if _left_weights(run, name)}
    words = {
        "bundled": f"{weights.bundled_from(name)} (bundled)",
        "random": "random",
        "pretrained": "published (download)",
        **{run: f"your run {run.removeprefix('run:')}" for run in runs},
    }
    choices = [*weights.choices(name), *runs]
    asked, _, step = (st.query_params.get(key) or "").partition("@")
    chosen = st.selectbox(
        "Weights",
        choices,
        choices.index(asked) if asked in choices else 0,
        format_func=words.__getitem__,
        key=f"{key}.{name}",
    )
    if chosen == "pretrained":
        _fetch(name)
    if chosen in runs:
        chosen = _pick_moment(runs[chosen], step if chosen == asked else "", key=key)
    return Subject(name, chosen, frozen(dict(catalog.origin_options(name, chosen))))


def choose(name: str, weights: str, *, architecture: str, key: str) -> None:
    """Choose an architecture and its weights for a person, in a widget's callback.

    Args:
        name: of the architecture.
        weights: one of its choices, such as "run:<id>".
        architecture: the key of the page's ``pick_architecture``.
        key: of its ``pick_weights``.
    """
    st.session_state[architecture] = name
    st.session_state[f"{key}.{name}"] = weights


def _left_weights(run: Run, name: str) -> bool:
    if run.config.architecture != name:
        return False
    return folders.run_weights(run.id).is_file() or bool(snapshots.kept(folders.run(run.id)))


def _pick_moment(run: Run, asked: str, *, key: str) -> str:
    """Let a person choose a moment of a run, where it kept several, and return its weights."""
    steps = snapshots.kept(folders.run(run.id))
    if len(steps) == 0:
        return f"run:{run.id}"
    start = int(asked) if asked.isdecimal() and int(asked) in steps else steps[-1]
    step = start
    if len(steps) > 1:
        step = st.select_slider(
            "Moment",
            steps,
            start,
            format_func=lambda step: f"step {step:,}",
            key=f"{key}.moment.{run.id}.{steps[-1]}",
            help="The run kept its weights at these steps; the first is before it learned.",
        )
    # What a run leaves when it is interrupted is of another step, so only its end may go by its id.
    ended = run.state in ("finished", "stopped") and step == steps[-1] == run.step
    return f"run:{run.id}" if ended else f"run:{run.id}@{step}"


def _fetch(name: str) -> None:
    """Offer to download published weights that are not here, and end the page until they are."""
    if catalog.published_is_here(name):
        return
    st.info("The published weights are not on this machine yet.", icon=":material/cloud_download:")
    if not st.button("Download them", icon=":material/download:", key=f"fetch.{name}"):
        st.stop()
    bar = st.progress(0.0, "Connecting…")

    def show(done: int, whole: int) -> None:
        said = f"{done / 1e6:,.0f} of {whole / 1e6:,.0f} MB" if whole else f"{done / 1e6:,.0f} MB"
        bar.progress(done / whole if whole else 0.0, said)

    catalog.fetch_published(name, show)
    st.rerun()
