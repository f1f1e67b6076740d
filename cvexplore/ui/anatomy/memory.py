"""How much memory it needs, to answer or to learn, and what fits where."""

from typing import TYPE_CHECKING

import streamlit as st

from cvexplore.figures.memory import over_time, parts_bar
from cvexplore.trace.memory import PRECISIONS
from cvexplore.ui import cached
from cvexplore.ui.anatomy import Built
from cvexplore.ui.messages import told
from cvexplore.ui.words import compact

if TYPE_CHECKING:
    from cvexplore.trace.memory import Held, Memory

_BATCHES = (1, 2, 4, 8, 16, 24, 32, 48, 64, 96, 128, 192, 256, 384, 512, 768, 1024)
_DEVICES = (4, 8, 16, 24, 80)  # GB
_OPTIMIZERS = {
    "sgd": "SGD",
    "momentum": "SGD with momentum",
    "rmsprop": "RMSprop",
    "adam": "Adam",
    "adamw": "AdamW",
}
_WORDS = {
    "weights": "weights",
    "optimizer": "optimiser state",
    "gradients": "gradients",
    "activations": "activations",
    "working": "working memory",
}
_MOST = 12  # modules in the table


@st.fragment
def show(built: Built) -> None:
    """Draw the memory of a pass, for a batch and a precision someone chooses."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        jobs = ["Inference", "Training"]
        job = st.segmented_control("For", jobs, default=jobs[0], required=True, key="memory.for")
        precision = st.selectbox(
            "Precision",
            list(PRECISIONS),
            key="memory.precision",
            width=150,
            help="  \n".join(f"**{name}**: {said}." for name, said in PRECISIONS.items()),
        )
        optimizer = "sgd"
        if job == "Training":
            optimizer = st.selectbox(
                "Optimiser",
                list(_OPTIMIZERS),
                index=list(_OPTIMIZERS).index("adamw"),
                format_func=_OPTIMIZERS.__getitem__,
                key="memory.optimizer",
                width=200,
            )
    batch = st.select_slider("Batch size", _BATCHES, 32, key="memory.batch")
    with told():
        need = cached.memory(built.name, built.options, job == "Training", precision)
    _draw_needs(need, batch, optimizer)
    _draw_pass(built, need, batch, optimizer)
    if need.kept:
        _draw_kept(need, batch)
    st.caption(
        "Worked out without taking any: a pass with shapes alone, in which a block of memory "
        "counts from the operation that takes it until nobody holds it. Peaks measured on a CPU "
        "agree within 10 %, most within 2 %. The loss is left out. What comes on top is not "
        "measured here: workspaces of libraries, what an allocator keeps in reserve and, on a GPU, "
        "the CUDA context of about 0.5 GB. Training is worked out for networks that learn from "
        "images alone, not for detectors, which need boxes too. A GB is 10⁹ bytes."
    )


def _draw_needs(need: "Memory", batch: int, optimizer: str) -> None:
    peak = need.peak(batch, optimizer).total
    more = need.peak(batch + 1, optimizer).total - peak
    with st.grid(2, min_column_width=140, border=True):
        st.metric("Needs", compact(peak, "B"), help=f"{peak:,} bytes when the most is held")
        st.metric("One image more", compact(more, "B"))
    st.markdown("**Largest batch that fits in**")
    with st.grid(len(_DEVICES), min_column_width=90, border=True):
        for size in _DEVICES:
            fits = need.largest_batch(size * 1e9, optimizer)
            st.metric(f"{size} GB", f"{fits:,}" if fits else "none")


def _draw_pass(built: Built, need: "Memory", batch: int, optimizer: str) -> None:
    peak = need.peak(batch, optimizer)
    st.markdown("**What it is for**")
    st.plotly_chart(
        parts_bar(_parts(peak)),
        config={"displayModeBar": False},
        key=f"memory.bar.{built.key}",
        alt=f"{compact(peak.total, 'B')} at the peak, by what they serve",
    )
    if len(need.moments) > 1:
        st.plotly_chart(
            over_time([_parts(each) for each in need.over_time(batch, optimizer)], need.turn),
            config={"displaylogo": False},
            key=f"memory.time.{built.key}",
            alt="How memory comes and goes in the pass",
        )
    if need.training:
        st.caption(
            f"All gradients together take {compact(need.trainable, 'B')}. They come one by one in "
            "the backward pass, while the activations go; so at the peak often few of them exist."
        )


def _draw_kept(need: "Memory", batch: int) -> None:
    kept = {path or "the network itself": line.at(batch) for path, line in need.kept.items()}
    whole = sum(kept.values())
    most = sorted(kept, key=kept.__getitem__, reverse=True)[:_MOST]
    with st.expander("Who keeps most for the backward pass", icon=":material/inventory_2:"):
        st.dataframe(
            {
                "Layer": most,
                "Keeps (MB)": [kept[path] / 1e6 for path in most],
                "Share": [kept[path] / max(1, whole) for path in most],
            },
            column_config={
                "Layer": st.column_config.TextColumn(pinned=True),
                "Keeps (MB)": st.column_config.NumberColumn(format="%.1f"),
                "Share": st.column_config.ProgressColumn(format="percent", max_value=1.0),
            },
            hide_index=True,
            alt="The layers that keep most memory for the backward pass",
        )
        st.caption(f"The first {len(most)} of {len(kept)}, of {compact(whole, 'B')} in all.")


def _parts(held: "Held") -> dict[str, int]:
    return {word: getattr(held, part) for part, word in _WORDS.items()}
