"""Try many recipes as one: a grid or a random sample, its runs, and the best of them."""

import streamlit as st

from cvexplore.runs import RunStore, runner
from cvexplore.ui.messages import told
from cvexplore.ui.sweeps import listing, planning, results

st.title("Sweep")
st.caption("Try many recipes as one: choose what varies, launch the runs, and see what it led to.")

with told():
    store = RunStore()
    asked = st.query_params.get("group")
    group = store.group(asked) if asked else None
    runner.ensure()  # it imports torch while the form is filled in, so that a run starts at once

if group is None:
    with told():
        planning.form(store)
        listing.show(store)
else:
    if st.button("New sweep, and those so far", icon=":material/arrow_back:", type="tertiary"):
        st.query_params.clear()
        st.rerun()
    with told():
        results.show(store, group)
