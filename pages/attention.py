"""Where does a transformer look?"""

import streamlit as st

from cvexplore.ui.attention import (
    Attending,
    heads,
    layers,
    look,
    network,
    objects,
    steps,
)
from cvexplore.ui.looking import pick_network_and_image
from cvexplore.ui.messages import told

VIEWS = {
    "Look": look.show,
    "Heads": heads.show,
    "Whole network": network.show,
    "Step by step": steps.show,
}
OBJECTS = {"Objects": objects.show}  # of networks that answer with a set of boxes
OF_ALL_LAYERS = {"Objects", "Whole network"}

st.title("Attention")
st.caption("Point at a part of the image and see what each head of each layer looks at from there.")

# ------------------------------------------------------------------ pick

left, right = st.columns([1, 3], gap="large")
with left, told():
    chosen = pick_network_and_image("cvexplore/vit")
    subject = chosen.subject

# ------------------------------------------------------------------ compute, show

with right, told():
    layers.ask_for_attention(subject.name)
    above = st.container()
    views = OBJECTS | VIEWS if objects.applies(subject) else VIEWS
    tabs = dict(zip(views, st.tabs(list(views), key="view", bind="query-params"), strict=True))
    opened = {view for view, tab in tabs.items() if tab.open}
    with above:
        layer = layers.pick(subject, needed=not opened <= OF_ALL_LAYERS)
    attending = Attending(subject, chosen.picture, layer)
    for view in opened:
        with tabs[view], told():
            views[view](attending)
