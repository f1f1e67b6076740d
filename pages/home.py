"""What can I do here? Three doors, each with something real behind it."""

import streamlit as st

from cvexplore.catalog import architectures
from cvexplore.figures.comparison import scatter
from cvexplore.runs import RunStore
from cvexplore.ui.messages import told
from cvexplore.ui.pictures import photo_sheet
from cvexplore.ui.places import page
from cvexplore.ui.runs.curves import accuracy_so_far
from cvexplore.ui.words import compact

every = architectures()
with told():
    store = RunStore()
    runs = store.runs()

st.title("Any architecture, alive in your browser")
st.markdown(
    "See how computer-vision networks are built, compare what they cost, look through their eyes, "
    "and train one while you watch. Everything runs on this machine; nothing leaves it."
)

compare, look, train = st.columns(3, border=True)
with compare:
    st.subheader(":material/table_chart: Compare")
    st.markdown(
        f"{len(every):,} architectures of {len({each.family for each in every})} families, "
        "each built and measured. Pick two to four and see them side by side."
    )
    st.plotly_chart(
        scatter(every, "macs", "top1", height=210, legend=False),
        config={"staticPlot": True},
        alt="Accuracy against multiply-adds of torchvision's classifiers",
    )
    st.page_link(page("compare"), label="Compare", icon=":material/arrow_forward:")
with look:
    st.subheader(":material/grid_view: Look inside")
    st.markdown(
        "Upload a photo and see what every layer of a trained network makes of it: edges first, "
        "then textures, parts and objects. Point at a patch and see where a transformer looks. Ask "
        "which pixels decided, and how little it takes to change the answer."
    )
    st.image(photo_sheet(), width="stretch", alt="Sample photos to look at")
    st.page_link(page("feature_maps"), label="See feature maps", icon=":material/arrow_forward:")
    st.page_link(page("attention"), label="See attention", icon=":material/arrow_forward:")
    st.page_link(page("attribution"), label="Ask why", icon=":material/arrow_forward:")
with train:
    st.subheader(":material/model_training: Train")
    st.markdown(
        "Choose a network and real digits, launch, and watch loss, accuracy and learning rate as "
        "they happen. Close the page: the run goes on."
    )
    if curve := accuracy_so_far(store, runs):
        st.metric(
            "Validation accuracy of the latest run",
            f"{curve[-1]:.1%}",
            chart_data=curve,
            border=True,
        )
    else:
        st.info(
            "Nothing to show yet: the first run takes a quarter of a minute.",
            icon=":material/rocket_launch:",
        )
    st.page_link(page("train"), label="Start a run", icon=":material/arrow_forward:")

with st.grid(4, min_column_width=150, border=True):
    own = [each for each in every if each.library == "cvexplore"]
    st.metric("Written to be read", len(own), help="Builders of our own, one family a file")
    st.metric("Smallest", compact(min(each.parameters or 0 for each in every)), help="parameters")
    st.metric("Largest", compact(max(each.parameters or 0 for each in every)), help="parameters")
    st.metric("Your runs", len(runs), help="Kept on this machine")
