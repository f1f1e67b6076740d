"""Which architectures exist, how do they differ, and which fits me?"""

import streamlit as st

from cvexplore.catalog import architectures, find
from cvexplore.figures.comparison import AXES, parameter_bars, scatter
from cvexplore.ui import cached, comparing
from cvexplore.ui.messages import told
from cvexplore.ui.words import compact

st.title("Compare architectures")
st.caption(
    f"All {len(architectures()):,} architectures of torchvision, timm and this project, each built "
    "and measured here; accuracies are those torchvision publishes for its weights."
)

# ------------------------------------------------------------------ pick

with st.container(horizontal=True, vertical_alignment="bottom"):
    shown = comparing.filters()
if not shown:
    st.info(
        "Nothing matches: clear a filter or search for a shorter word.",
        icon=":material/search_off:",
    )
    st.stop()

with st.grid(4, min_column_width=150, border=True):
    st.metric("Shown", f"{len(shown):,}")
    st.metric("Fewest parameters", compact(min(each.parameters or 0 for each in shown)))
    st.metric("Fewest multiply-adds", compact(min(each.macs or 0 for each in shown)))
    accuracies = [each.top1 for each in shown if each.top1]
    st.metric("Best top-1", f"{max(accuracies):.1f} %" if accuracies else "–")

overview = st.container()
st.header("Side by side")
names = comparing.pick()

# ------------------------------------------------------------------ show

with overview:
    left, right = st.columns([6, 5], gap="medium")
    with left:
        comparing.table(shown)
    with right:
        x, y = comparing.axes(AXES)
        comparing.pickable(scatter(shown, x, y, names))
        missing = sum(not getattr(each, y) or not getattr(each, x) for each in shown)
        note = f" {missing:,} of those shown have no such figure." if missing else ""
        st.caption(f"A dot's size is its parameters. Click one to pick it.{note}")

if len(names) < 2:
    st.info(
        "Pick two to four architectures: tick rows, click dots, or type names.",
        icon=":material/compare_arrows:",
    )
    st.stop()

with told():
    traces = {name: cached.traced(name) for name in names}
comparing.side_by_side([find(name) for name in names], traces)
st.subheader("Where the parameters are")
st.plotly_chart(parameter_bars(traces), key="bars", alt="Parameters by kind of layer")
