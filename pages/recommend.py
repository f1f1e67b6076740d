"""A budget, and the architectures that keep to it."""

import streamlit as st

from cvexplore.catalog import architectures
from cvexplore.choosing import recommend
from cvexplore.timing import stored, usual_threads
from cvexplore.ui import budgeting
from cvexplore.ui.messages import told

st.title("Which fits me?")
st.caption(
    "Set the limits that matter to you; empty ones do not. The most accurate come first, then "
    "those without a published accuracy, the newest first."
)

# ------------------------------------------------------------------ pick

left, right = st.columns([1, 3], gap="large")
with left:
    budget = budgeting.form()

# ------------------------------------------------------------------ compute

with told():
    timings = stored(threads=usual_threads())
    latencies = {name: timing.latency_ms for name, timing in timings.items()}
    said = recommend(architectures(), budget, latencies)

# ------------------------------------------------------------------ show

with right:
    if said.fits:
        budgeting.short_list(said.fits, latencies)
    else:
        st.info(
            "Nothing keeps to all of these limits. The table below says which to raise.",
            icon=":material/search_off:",
        )
    budgeting.limits(said)
