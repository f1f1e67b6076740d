"""How little does it take to change the answer?"""

import streamlit as st

from cvexplore.ui.attribution import explaining
from cvexplore.ui.looking import pick_network_and_image
from cvexplore.ui.messages import told
from cvexplore.ui.robustness import answers, attack, corruptions, patch

VIEWS = {
    "Fool it": attack.show,
    "Common corruptions": corruptions.show,
    "Smallest patch": patch.show,
}

st.title("Robustness")
st.caption("Change an image a little, and see when the network changes its answer.")

# ------------------------------------------------------------------ pick

left, right = st.columns([1, 3], gap="large")
with left, told():
    chosen = pick_network_and_image("timm/tf_efficientnet_lite0", tasks=("classification",))

# ------------------------------------------------------------------ compute, show

with right, told():
    asked = answers.of_several_classes(explaining(chosen.subject, chosen.picture))
    answers.warn(asked)
    tabs = st.tabs(list(VIEWS), key="view", bind="query-params")
    for tab, show in zip(tabs, VIEWS.values(), strict=True):
        if tab.open:
            with tab, told():
                show(asked)
