"""How little it takes to change the answer."""

import streamlit as st

st.title("Robustness")
