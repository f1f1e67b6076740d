"""What does each layer make of my image?"""

import streamlit as st

from cvexplore import images
from cvexplore.catalog import find
from cvexplore.ui import cached
from cvexplore.ui.features import Looking, layer
from cvexplore.ui.layers import pick_layer
from cvexplore.ui.messages import told
from cvexplore.ui.pickers import pick_architecture, pick_weights
from cvexplore.ui.pictures import pick_picture
from cvexplore.ui.places import page
from cvexplore.ui.words import shape

VIEWS = {
    "Layer": layer.show,
}

st.title("Feature maps")
st.caption("Give a network an image and look at what each of its layers makes of it.")

# ------------------------------------------------------------------ pick

left, right = st.columns([1, 3], gap="large")
with left, told():
    first = st.container()
    name = pick_architecture("timm/tf_efficientnet_lite0", key="model", task="classification")
    subject = pick_weights(name, key="weights")
    with first:
        chosen = pick_picture(key="picture", trained_on=cached.trained_on(subject))
    st.page_link(
        page("anatomy"),
        label=f"Anatomy of {find(name).family}",
        icon=":material/account_tree:",
        query_params={"arch": name},
    )

# ------------------------------------------------------------------ compute

with right, told():
    answer = st.container()
    path = pick_layer(
        cached.traced(subject.name, subject.options), key=f"layer.{name}.{subject.weights}"
    )
    looking = Looking(subject, chosen, path)
    found = cached.look(subject, chosen.image, chosen.fingerprint, path)

# ------------------------------------------------------------------ show

with answer:
    picture, words = st.columns([1, 2])
    square = images.crop(chosen.image, cached.preparation(subject))
    picture.image(square, width="stretch", alt=f"{chosen.name}, cropped as the network sees it")
    picture.caption(
        f"As it sees it: {shape((1, *square.size))} of {shape((1, *chosen.image.size))}"
    )
    with words:
        if subject.weights == "random":
            st.caption(
                ":material/casino: Random weights: maps show structure, classes mean nothing."
            )
        for each in found.predictions:
            st.progress(each.probability, f"{each.label} · {each.probability:.1%}")

with right:
    tabs = st.tabs(list(VIEWS), key="view", bind="query-params")
    for tab, show in zip(tabs, VIEWS.values(), strict=True):
        if tab.open:
            with tab, told():
                show(looking)
