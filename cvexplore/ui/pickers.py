"""Widgets that several pages use to choose an architecture or weights."""

import streamlit as st

from cvexplore import catalog, folders
from cvexplore.catalog import architectures, weights
from cvexplore.runs import Run, RunStore
from cvexplore.ui.cached import Subject, frozen


@st.cache_data(max_entries=16)
def _names(task: str, designs: tuple[str, ...]) -> list[str]:
    own_first = {"cvexplore": 0, "design": 1, "torchvision": 2, "timm": 3}
    found = [each for each in architectures() if not task or each.task == task]
    return [each.name for each in sorted(found, key=lambda each: own_first[each.library])]


def pick_architecture(start: str, *, key: str, task: str = "", label: str = "Architecture") -> str:
    """Let a person choose one of the catalog; typing finds it, and the choice stands in the URL.

    Args:
        start: what is chosen to begin with.
        key: the widget's name, and the URL's.
        task: only architectures for this, such as "classification"; empty means all.
        label: above the widget.
    """
    names = _names(task, tuple(each.name for each in architectures(library="design")))
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

    Raises:
        WeightsError: the weights cannot be had; the message says what to use instead.
    """
    runs = {f"run:{run.id}": run for run in RunStore().runs() if _left_weights(run, name)}
    words = {
        "bundled": "trained on ImageNet (bundled)",
        "random": "random",
        "pretrained": "published (download)",
        **{run: f"your run {run.removeprefix('run:')}" for run in runs},
    }
    choices = [*weights.choices(name), *runs]
    asked = st.query_params.get(key)
    chosen = st.selectbox(
        "Weights",
        choices,
        choices.index(asked) if asked in choices else 0,
        format_func=words.__getitem__,
        key=f"{key}.{name}",
    )
    if chosen == "pretrained":
        _fetch(name)
    return Subject(name, chosen, frozen(dict(catalog.origin_options(name, chosen))))


def _left_weights(run: Run, name: str) -> bool:
    return run.config.architecture == name and folders.run_weights(run.id).is_file()


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
