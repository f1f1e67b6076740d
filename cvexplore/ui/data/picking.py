"""Choosing a data set: one that is here, one to download, or one of a person's own."""

from collections import Counter
from collections.abc import Mapping

import streamlit as st

from cvexplore.plugins import Choice
from cvexplore.training import own
from cvexplore.training.published import PUBLISHED, fetch, is_here
from cvexplore.ui.form import option_form
from cvexplore.ui.robustness.waiting import stoppable

_OWN = "own:"  # stands before the id in what is chosen, and in the URL
_FIRST = ("mnist_5k", "digits", "shapes", "scenes")


def pick_dataset(*, key: str = "data", start: Choice | None = None) -> Choice:
    """Let a person choose a data set and its options; the choice stands in the URL.

    A data set that is not on this machine can be downloaded here, and ends the page until it is.

    Args:
        key: the widgets' name, and the URL's, but for one with a dot in it, which is part of a
            form; of a data set of one's own it holds ``own:<id>``.
        start: what is chosen to begin with, where the URL says nothing.

    Raises:
        CvexploreError: the download failed; the message says why.
    """
    labels = _labels()
    name = _pick(labels, key, start)
    plugin = "own" if name.startswith(_OWN) else name
    if not is_here(plugin):
        _offer(plugin)
    values = dict(start.options) if start and address(start) == name else {}
    with st.expander("Its options"):
        options = option_form(_asked(plugin), key=f"{key}.{name}", start=values)
    if plugin == "own":
        options["id"] = name.removeprefix(_OWN)
    return Choice(plugin, options)


def address(choice: Choice) -> str:
    """Return a chosen data set as the URL names it: "digits", or "own:<id>"."""
    if choice.name == "own":
        return f"{_OWN}{choice.options.get('id', '')}"
    return choice.name


def _pick(labels: Mapping[str, str], key: str, start: Choice | None) -> str:
    """Draw the widget; the URL is kept by hand, for a bound widget would write its label there."""
    names = list(labels)
    linked = "." not in key  # a form of many parts keeps its own link
    asked = (linked and st.query_params.get(key)) or (address(start) if start else "")
    if st.session_state.get(key) not in names:
        st.session_state[key] = asked if asked in names else names[0]
        if asked and asked not in names:
            st.warning("The data set that was asked for is not here; choose another.")
    name = st.selectbox(
        "Data set",
        names,
        format_func=labels.__getitem__,
        key=key,
        help="Ready to use, your own, or to download. Bring your own pictures on the Data page.",
    )
    if linked and name == names[0]:
        st.query_params.pop(key, None)
    elif linked and st.query_params.get(key) != name:
        st.query_params[key] = name
    return name


def _labels() -> dict[str, str]:
    """Return what can be chosen, and how it is called."""
    from cvexplore.training.datasets import DATASETS

    others = [each for each in DATASETS if each not in (*_FIRST, *PUBLISHED, "own")]
    found = {name: name for name in (*_FIRST, *others)}
    brought = own.all_own()
    called = Counter([each.name for each in brought] + list(DATASETS))
    for each in brought:
        twice = f", {each.id}" if called[each.name] > 1 else ""
        found[f"{_OWN}{each.id}"] = f"{each.name} (yours{twice})"
    for name, about in PUBLISHED.items():
        found[name] = name if is_here(name) else f"{name} (download, {_size(about.megabytes)})"
    return found


def _asked(plugin: str) -> list:
    from cvexplore.training.datasets import DATASETS

    return [option for option in DATASETS.options(plugin) if option.name != "id"]


def _size(megabytes: float) -> str:
    return f"{megabytes / 1000:.1f} GB" if megabytes >= 1000 else f"{megabytes:,.0f} MB"


def _offer(name: str) -> None:
    """Offer to download a data set, and end the page until it is here."""
    from cvexplore.training.datasets import DATASETS

    title, summary = PUBLISHED[name].title, DATASETS.summary(name)
    st.info(
        f"{title} is not on this machine yet. {summary}",
        icon=":material/cloud_download:",
    )
    going = f"fetch.{name}.going"
    if not st.session_state.get(going):
        if not st.button("Download it", icon=":material/download:", key=f"fetch.{name}.go"):
            st.stop()
        st.session_state[going] = True
        st.rerun()
    try:
        with stoppable(f"fetch.{name}") as move:
            move(0.0, "Connecting…")

            def tell(done: int, whole: int) -> None:
                of = f" of {_size(whole / 1e6)}" if whole else ""
                move(done / whole if whole else 0.0, f"{_size(done / 1e6)}{of}")

            fetch(name, tell)
    finally:  # a click on Stop, or on anything else, ends it here too
        st.session_state[going] = False
    st.rerun()
