"""The pictures on which a run's loss stopped being a number."""

import json
from typing import Any

import streamlit as st

from cvexplore.runs import Run, RunStore
from cvexplore.ui import cached
from cvexplore.ui.words import plain

_MOST = 64
_COLUMNS = 16


def show(run: Run, store: RunStore) -> None:
    """Draw where the numbers ended, and the batch; nothing if they did not, or it is not known."""
    if run.state != "failed" or not (about := _read(run, store)):
        return
    with st.expander("The batch on which the loss stopped being a number"):
        layer = f" The first layer that went wrong is {plain(about['layer'])}." * bool(
            about["layer"]
        )
        st.caption(f"At step {about['step']:,}.{layer}")
        if st.toggle("Show its pictures", key=f"diverged.{run.id}"):
            _draw(run, about["pictures"])


def _read(run: Run, store: RunStore) -> dict[str, Any] | None:
    try:
        return json.loads((store.folder / run.id / "diverged.json").read_text())
    except (OSError, ValueError):
        return None


def _draw(run: Run, pictures: list[int]) -> None:
    from cvexplore.figures.sheet import mosaic

    data = run.config.dataset
    dataset = cached.dataset(data.name, cached.frozen(dict(data.options)))
    chosen = [int(each) for each in pictures if 0 <= int(each) < len(dataset.images)][:_MOST]
    if chosen:
        st.image(
            mosaic(dataset.images[chosen].numpy(), columns=_COLUMNS),
            alt=f"{len(chosen)} pictures of the batch",
        )
    if len(pictures) > len(chosen):
        st.caption(f"The first {len(chosen)} of {len(pictures)} pictures.")
