"""What can I do here? Three doors, each with something real behind it."""

import streamlit as st

from cvexplore import images
from cvexplore.catalog import architectures
from cvexplore.runs import RunStore
from cvexplore.ui.messages import told
from cvexplore.ui.places import page
from cvexplore.ui.words import compact

every = architectures()
with told():
    runs = RunStore().runs()

st.title("Any architecture, alive in your browser")
st.markdown(
    "See how computer-vision networks are built, compare what they cost, look through their eyes, "
    "and train one while you watch. Everything runs on this machine; nothing leaves it."
)

with st.grid(4, min_column_width=150, border=True):
    st.metric(
        "Architectures", f"{len(every):,}", help="torchvision, timm and our own, all measured"
    )
    st.metric("Families", len({each.family for each in every}))
    st.metric("Largest", compact(max(each.parameters or 0 for each in every)), help="parameters")
    st.metric("Training runs", len(runs), help="kept on this machine")


def door(name: str, title: str, icon: str, text: str, action: str) -> None:
    st.subheader(f":material/{icon}: {title}")
    st.markdown(text)
    st.page_link(page(name), label=action, icon=":material/arrow_forward:")


st.header("Start here")
left, middle, right = st.columns(3, border=True)
with left:
    best = max(every, key=lambda each: each.top1 or 0)
    door(
        "compare",
        "Compare architectures",
        "table_chart",
        f"{len(every):,} networks, measured: from {min(each.year for each in every)} to "
        f"{max(each.year for each in every)}, up to {best.top1:.1f} % on ImageNet "
        f"(`{best.name}`). Pick two to four and see them side by side.",
        "Compare",
    )
with middle:
    door(
        "feature_maps",
        "Look through a network's eyes",
        "grid_view",
        "Upload a photo and see what every layer of a trained network makes of it: "
        "edges first, then textures, parts and objects.",
        "See feature maps",
    )
with right:
    door(
        "train",
        "Train one and watch",
        "model_training",
        "Choose a network and real digits, launch, and watch loss, accuracy and learning rate "
        "as they happen. Close the page: the run goes on.",
        "Start a run",
    )

st.header("What the networks will look at")
with st.container(horizontal=True):
    for name in images.SAMPLES[:6]:
        st.image(images.thumbnail(name), width=150, alt=f"Sample photo: {name}")
st.caption("Photos that come with scikit-image. Or take your own.")

st.header("Go deeper")
with st.container(horizontal=True):
    st.page_link(
        page("anatomy"), label="Build one live and take it apart", icon=":material/account_tree:"
    )
    st.page_link(page("runs"), label="Your runs", icon=":material/monitoring:")
