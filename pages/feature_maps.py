"""What does each layer make of my image?"""

import streamlit as st

from cvexplore.ui import cached
from cvexplore.ui.features import (
    Looking,
    answers,
    experiments,
    journey,
    layer,
    learning,
    looking_for,
    seen,
    taking,
    two,
    widget_key,
)
from cvexplore.ui.layers import pick_layer
from cvexplore.ui.messages import told
from cvexplore.ui.pickers import pick_architecture, pick_weights
from cvexplore.ui.pictures import pick_picture
from cvexplore.ui.places import page

TASKS = ("classification", "detection", "segmentation")
VIEWS = {
    "Journey": journey.show,
    "Layer": layer.show,
    "Experiments": experiments.show,
    "Looking for": looking_for.show,
    "While it learns": learning.show,
    "Two networks": two.show,
    "Download": taking.show,
}

st.title("Feature maps")
st.caption("Give a network an image and look at what each of its layers makes of it.")

# ------------------------------------------------------------------ pick

left, right = st.columns([1, 3], gap="large")
with left, told():
    first = st.container()
    name = pick_architecture("timm/tf_efficientnet_lite0", key="model", tasks=TASKS)
    subject = pick_weights(name, key="weights")
    with first:
        chosen = pick_picture(key="picture", trained_on=cached.trained_on(subject))
    st.page_link(
        page("anatomy"),
        label="Its anatomy",
        icon=":material/account_tree:",
        query_params={"arch": name},
    )

# ------------------------------------------------------------------ compute

with right, told():
    answer = cached.answered(subject, chosen.image, chosen.fingerprint)
    above = st.container()
    trace = cached.traced(subject.name, subject.options)
    path = pick_layer(trace, key=f"layer.{widget_key(subject)}")
    looking = Looking(subject, chosen, path)

# ------------------------------------------------------------------ show

with above:
    answers.show(looking, answer)
    how = st.expander("What the network sees", on_change="rerun", key="seen")
    if how.open:
        with how:
            seen.show(chosen, cached.preparation(subject))

with right:
    tabs = st.tabs(list(VIEWS), key="view", bind="query-params")
    for tab, show in zip(tabs, VIEWS.values(), strict=True):
        if tab.open:
            with tab, told():
                show(looking)
