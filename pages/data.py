"""Look at the pictures a network learns from, and bring your own."""

import streamlit as st

from cvexplore.ui.data import bringing, looking
from cvexplore.ui.messages import told

VIEWS = {"Look": looking.show, "Bring your own": bringing.show}

st.title("Data")
st.caption("What a network learns from decides what it can learn: look at it before you train.")

bringing.show_what_was_made()
tabs = st.tabs(list(VIEWS), key="view", bind="query-params")
for tab, show in zip(tabs, VIEWS.values(), strict=True):
    if tab.open:
        with tab, told():
            show()
