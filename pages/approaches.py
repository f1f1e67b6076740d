"""Which ways to learn are there, what does each need, and what does each reach?"""

import streamlit as st

from cvexplore.runs import RunStore
from cvexplore.studies.results import shipped
from cvexplore.ui.approaches import cards, costing, measured
from cvexplore.ui.messages import told

st.title("Approaches")
st.caption(
    "Ways to learn, each on real data on this project's machines: what it needs, what it reaches "
    "beside its controls, and where it does not help."
)

# ------------------------------------------------------------------ pick

known = cards.cards()
name = cards.pick(known)
cards.show(name, known[name])

# ------------------------------------------------------------------ measured

st.header("What it reaches")
with told():
    rows = shipped()
    study = measured.pick(rows)
    measured.show(study, rows, RunStore())

# ------------------------------------------------------------------ needed

st.header("What it needs")
costing.show(known)
