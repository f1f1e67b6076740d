"""Which runs are compared: any number, by name or a whole sweep; the choice stands in the URL."""

import streamlit as st

from cvexplore.runs import Run, RunStore
from cvexplore.ui.sweeps import naming

_KEY = "compared"  # the widget
_WRITTEN = "compared.url"  # what this page last wrote into the address bar
_TO_BEGIN_WITH = 3


def pick_runs(store: RunStore, known: tuple[Run, ...]) -> tuple[Run, ...]:
    """Draw the choice of runs and return them in the order they were chosen.

    Args:
        store: whose groups can be taken whole.
        known: the runs to choose from, the newest first.
    """
    ids = {run.id: run for run in known}
    _follow_url(store, ids)
    called = naming.names(known)
    left, right = st.columns([3, 1])
    with left:
        chosen = st.multiselect(
            "Runs",
            list(ids),
            key=_KEY,
            format_func=called.__getitem__,
            placeholder="Type a part of a run's name",
            wrap=True,
            help="The link in the address bar brings others to the same comparison.",
        )
    with right:
        _whole_group(store, ids)
    st.session_state[_WRITTEN] = ",".join(chosen)
    if chosen:
        st.query_params["runs"] = st.session_state[_WRITTEN]
    else:
        st.query_params.pop("runs", None)
    return tuple(ids[each] for each in chosen)


def _follow_url(store: RunStore, known: dict[str, Run]) -> None:
    """Choose what a link asks for; without a link, the newest runs."""
    asked = st.query_params.get("runs")
    group = st.query_params.pop("group", None)
    if group:
        wanted = [run.id for run in store.runs(group=group)][::-1]
    elif asked is not None and asked != st.session_state.get(_WRITTEN):
        wanted = asked.split(",")
    elif _KEY not in st.session_state:
        wanted = [run.id for run in known.values() if run.step][:_TO_BEGIN_WITH]
    else:
        wanted = st.session_state[_KEY]
    st.session_state[_KEY] = [each for each in dict.fromkeys(wanted) if each in known]


def _whole_group(store: RunStore, known: dict[str, Run]) -> None:
    """Offer to compare all runs of a sweep."""
    groups = {group.id: group for group in store.groups()}

    def take() -> None:
        if (group := st.session_state["compared.group"]) is not None:
            members = [run.id for run in store.runs(group=group) if run.id in known]
            st.session_state[_KEY] = members[::-1]
        st.session_state["compared.group"] = None

    st.selectbox(
        "Or a whole sweep",
        list(groups),
        index=None,
        format_func=lambda each: groups[each].title or each,
        key="compared.group",
        on_change=take,
        disabled=not groups,
        placeholder="Choose one" if groups else "None yet",
        help="Takes all its runs instead of those chosen now.",
    )
