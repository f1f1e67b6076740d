"""The launch: one run, or a run a fold as one group."""

from collections.abc import Sequence

import streamlit as st

from cvexplore.runs import RunStore, runner
from cvexplore.training.config import RunConfig
from cvexplore.ui.messages import told
from cvexplore.ui.places import page
from cvexplore.ui.runs.owner import owner
from cvexplore.ui.training.beginning import Beginning
from cvexplore.ui.words import plain

K_FOLD = "k-fold"


def launch(
    store: RunStore, start: Beginning, recipes: Sequence[RunConfig], obstacle: str | None
) -> None:
    """Draw the name and the button; a click launches and leads to the run.

    Args:
        store: where runs are sent.
        start: of the form.
        recipes: a run each.
        obstacle: why it cannot be launched, if so.
    """
    if obstacle:
        st.warning(plain(obstacle), icon=":material/block:")
    name = st.text_input(
        "Name",
        max_chars=80,
        key=start.key("name"),
        placeholder="to find it again by",
        help="Free text; a run without one goes by the time it was launched.",
    )
    label = f"Launch {len(recipes)} runs" if len(recipes) > 1 else "Launch"
    if not st.button(
        label,
        type="primary",
        icon=":material/play_arrow:",
        disabled=obstacle is not None,
        width="stretch",
        key="launch",
    ):
        return
    with told():
        run_id = submit(store, recipes, name)
        runner.ensure()
    st.switch_page(page("runs"), query_params={"run": run_id})


def submit(store: RunStore, recipes: Sequence[RunConfig], name: str) -> str:
    """Send the runs and return the first one's id; several are the folds of one group.

    Raises:
        CvexploreError: the runs cannot be written.
    """
    sender = owner()
    if len(recipes) == 1:
        return store.submit(recipes[0], owner=sender, name=name)
    count = recipes[0].folds
    title = name or f"{recipes[0].architecture} on {recipes[0].dataset.name}, {count} folds"
    group = store.new_group(title, K_FOLD, {"folds": count}, owner=sender)
    sent = [
        store.submit(
            each,
            owner=sender,
            group=group,
            name=f"{name or 'fold'} {each.fold + 1} of {count}",
        )
        for each in recipes
    ]
    return sent[0]
