"""Attention flow on demand: one patch after another, and a Stop that keeps what is there."""

from typing import TYPE_CHECKING, Any

import streamlit as st

from cvexplore.ui.attention import Attending

if TYPE_CHECKING:
    import numpy as np

    from cvexplore.attention.carrying import Start

_AT_ONCE = 64  # patches that take about a second

# No fragment here: a click in one waits for its end, and Stop is to interrupt.


def show(attending: Attending, start: "Start | None") -> "np.ndarray | None":
    """Compute the flow to patches that have none yet, and return the map as far as it is known.

    Shape: (rows, columns); None before the first patch
    """
    import numpy as np

    from cvexplore.attention.flow import flow_grid

    recording = attending.all_attention()
    rows, columns = flow_grid(recording, start)
    flows: dict[int, float] = _shelf(_key(attending, start))
    if len(flows) < rows * columns:
        _fill(attending, start, flows, rows * columns)
    if not flows:
        return None
    map_ = np.full(rows * columns, min(flows.values()), np.float32)
    map_[list(flows)] = list(flows.values())
    full = sum(each > 0.999 for each in flows.values())
    st.caption(f"{full} of {len(flows)} patches get all that the token can give.")
    return map_.reshape(rows, columns)


def _fill(attending: Attending, start: "Start | None", flows: dict[int, float], count: int) -> None:
    from cvexplore.attention.flow import attention_flow

    going = f"network.flow.going.{_key(attending, start)}"

    def go(on: bool) -> None:
        st.session_state[going] = on

    room = st.empty()
    if not st.session_state.get(going, count <= _AT_ONCE):
        the_rest = "; the others are drawn dark" if flows else ""
        with room.container(key="network.flow.asks"):
            st.caption(f"{len(flows)} of {count} patches computed{the_rest}.")
            words = "Go on" if flows else "Compute the flow"
            st.button(words, icon=":material/play_arrow:", on_click=go, args=(True,))
        return
    with room.container(key="network.flow.goes"):
        bar = st.progress(len(flows) / count, "Finding the narrowest places…")
        st.button("Stop", icon=":material/stop:", on_click=go, args=(False,))
    for patch, flow in attention_flow(attending.all_attention(), start, known=tuple(flows)):
        flows[patch] = flow
        bar.progress(len(flows) / count, f"{len(flows)} of {count} patches")
    room.empty()


def _key(attending: Attending, start: "Start | None") -> str:
    subject, picture = attending.subject, attending.picture
    return f"{subject}.{picture.fingerprint}.{start}"


@st.cache_resource(max_entries=8, scope="session", show_spinner=False)
def _shelf(key: str) -> dict[int, Any]:
    """Return where this session keeps the flow to each patch."""
    return {}
