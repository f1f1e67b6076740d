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
)
from cvexplore.ui.layers import pick_layer
from cvexplore.ui.looking import pick_network_and_image
from cvexplore.ui.messages import told

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
    chosen = pick_network_and_image("timm/tf_efficientnet_lite0", architecture="model", tasks=TASKS)

# ------------------------------------------------------------------ compute

with right, told():
    subject, picture = chosen.subject, chosen.picture
    answer = cached.answered(subject, picture.image, picture.fingerprint)
    above = st.container()
    trace = cached.traced(subject.name, subject.options)
    path = pick_layer(trace, key=f"layer.{subject.key}")
    looking = Looking(subject, picture, path)

# ------------------------------------------------------------------ show

with above:
    answers.show(looking, answer)
    how = st.expander("What the network sees", on_change="rerun", key="seen")
    if how.open:
        with how:
            seen.show(picture, cached.preparation(subject))

with right:
    tabs = st.tabs(list(VIEWS), key="view", bind="query-params")
    for tab, show in zip(tabs, VIEWS.values(), strict=True):
        if tab.open:
            with tab, told():
                show(looking)
