"""Which pixels decided, and can one believe the map?"""

import streamlit as st

from cvexplore.ui.attribution import concepts, explaining, predicted, side_by_side, taking, trust
from cvexplore.ui.looking import pick_network_and_image
from cvexplore.ui.messages import told

VIEWS = {
    "Side by side": side_by_side.show,
    "Trust": trust.show,
    "Concepts": concepts.show,
    "Download": taking.show,
}

st.title("Attribution")
st.caption(
    "Ask which pixels decided for a class, by several methods at once, and how far to trust each."
)

# ------------------------------------------------------------------ pick

left, right = st.columns([1, 3], gap="large")
with left, told():
    chosen = pick_network_and_image("timm/tf_efficientnet_lite0", tasks=("classification",))

# ------------------------------------------------------------------ compute, show

with right, told():
    seen = explaining(chosen.subject, chosen.picture)
    predicted.show(seen)
    tabs = st.tabs(list(VIEWS), key="view", bind="query-params")
    for tab, show in zip(tabs, VIEWS.values(), strict=True):
        if tab.open:
            with tab, told():
                show(seen)
