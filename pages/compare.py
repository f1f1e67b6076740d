"""Which architectures exist, and how do they differ?"""

import streamlit as st

from cvexplore.catalog import architectures, csv_text, find
from cvexplore.catalog.families import families
from cvexplore.figures.comparison import AXES, SPENT, role_bars, scatter
from cvexplore.timing import stored, usual_threads
from cvexplore.ui import cached, comparing, filters, side_by_side
from cvexplore.ui.measuring import measuring, timing_rows
from cvexplore.ui.messages import told
from cvexplore.ui.words import compact

st.title("Compare architectures")
st.caption(
    f"All {len(architectures()):,} architectures of torchvision, timm and this project, each built "
    "and measured here; accuracies are those torchvision publishes for its weights."
)

# ------------------------------------------------------------------ pick

shown = filters.filtered()
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

papers = {family.name: family for family in families()}
with overview:
    left, right = st.columns([6, 5], gap="medium")
    with left, told():
        comparing.table(shown, papers, stored(threads=usual_threads()))
        st.download_button(
            f"{len(shown):,} rows as CSV",
            lambda: csv_text(shown),
            "architectures.csv",
            "text/csv",
            icon=":material/download:",
            on_click="ignore",
        )
    with right:
        x, y, size, linear = comparing.axes(AXES)
        front = comparing.frontier(shown, x, y, AXES)
        papers = {family.name: family.title for family in families()}
        figure = scatter(shown, x, y, size, picked=names, front=front, papers=papers, linear=linear)
        comparing.pickable(figure)
        missing = sum(not getattr(each, y) or not getattr(each, x) for each in shown)
        note = f" {missing:,} of those shown have no such figure." if missing else ""
        line = " Nothing shown beats those on the dotted line." if front else ""
        st.caption(f"Click a dot to pick it.{line}{note}")

if len(names) < 2:
    st.info(
        "Pick two to four architectures: tick rows, click dots, or type names.",
        icon=":material/compare_arrows:",
    )
    st.stop()

chosen = [find(name) for name in names]
with told():
    traces = {name: cached.traced(name) for name in names}
    side_by_side.differences(chosen)
    timings = measuring(names)
    side_by_side.facts(chosen, traces, timing_rows(names, timings))

st.subheader("Stages", help="What becomes of the image on its way: maps shrink, channels grow")
side_by_side.stages(traces)

st.subheader("Where it goes")
title = st.segmented_control(
    "Of what",
    list(SPENT),
    default=next(iter(SPENT)),
    required=True,
    format_func=lambda title: title.partition(" (")[0],
    key="where",
    label_visibility="collapsed",
)
st.plotly_chart(role_bars(traces, title), key="bars", alt="By what the layers serve")
