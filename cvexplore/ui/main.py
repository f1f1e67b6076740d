"""The app's contents: which pages there are, and in which order.

Streamlit runs this script for every view of every page. It must stay light: no torch, no plotly.
"""

from pathlib import Path

import streamlit as st

from cvexplore.ui.places import page as place
from cvexplore.ui.server import first_page_done

_STATIC = Path(__file__).resolve().parent / "static"


def _page(name: str, title: str, icon: str, *, default: bool = False) -> st.Page:
    return st.Page(place(name), title=title, icon=f":material/{icon}:", default=default)


st.set_page_config(
    page_title="cvexplore",
    page_icon=str(_STATIC / "icon.svg"),
    layout="wide",
    initial_sidebar_state=250,
)
st.logo(str(_STATIC / "logo.svg"), size="large", icon_image=str(_STATIC / "icon.svg"))

chosen = st.navigation(
    {
        "Explore": [
            _page("home", "Home", "home", default=True),
            _page("compare", "Compare", "table_chart"),
            _page("evolution", "Evolution", "timeline"),
            _page("recommend", "Which fits me?", "checklist"),
            _page("anatomy", "Anatomy", "account_tree"),
            _page("design", "Design", "construction"),
        ],
        "Look inside": [
            _page("feature_maps", "Feature maps", "grid_view"),
            _page("attention", "Attention", "center_focus_strong"),
            _page("attribution", "Attribution", "troubleshoot"),
            _page("robustness", "Robustness", "shield"),
        ],
        "Train": [
            _page("approaches", "Approaches", "school"),
            _page("data", "Data", "photo_library"),
            _page("train", "Train", "model_training"),
            _page("runs", "Runs", "monitoring"),
            _page("compare_runs", "Compare runs", "stacked_line_chart"),
            _page("sweep", "Sweep", "grid_on"),
        ],
    }
)
try:
    chosen.run()
finally:
    first_page_done.set()
