"""Which pixels decided, and can one believe the map?"""

import streamlit as st

st.title("Attribution")
