"""Design your own network: add, move and remove layers, and see what comes of each."""

import streamlit as st

from cvexplore.designs import SETTINGS
from cvexplore.designs.network import obstacle, steps
from cvexplore.ui import designing
from cvexplore.ui.designing import files, form, rows
from cvexplore.ui.form import option_widget
from cvexplore.ui.messages import told
from cvexplore.ui.words import compact, shape

st.title("Design")
st.caption("Put a network together, layer by layer: shapes and parameters follow at once.")

# ------------------------------------------------------------------ pick

with told():
    design = designing.settings(form.typed(designing.current()))
    designing.changed(design)
    designing.show_link(design)
with st.container(horizontal=True, vertical_alignment="center"):
    files.start()
    files.open_file()
    st.button(
        "Undo", icon=":material/undo:", on_click=designing.undo, disabled=not designing.can_undo()
    )
with st.grid(4, min_column_width=160):
    key = designing.form_key()
    st.text_input("Title", design.title, max_chars=60, key=f"{key}.title")
    for setting in SETTINGS:
        option_widget(setting, getattr(design, setting.name), key=f"{key}.{setting.name}")

# ------------------------------------------------------------------ compute

found = steps(design)
why_not = obstacle(design)
outer = [step for step in found if len(step.place) == 1]
made = outer[-1].outgoing if outer else None

# ------------------------------------------------------------------ show

with st.grid(4, min_column_width=130, border=True):
    st.metric("Parameters", compact(sum(step.parameters for step in outer)))
    st.metric("MACs", compact(sum(step.macs for step in outer)), help="For one image")
    st.metric("Output", shape((1, *made.shape)) or str(made) if made else "?")
    st.metric("Layers", len(found), help="As they are written, those inside others included")
with st.container(horizontal=True, vertical_alignment="center"), told():
    files.save(design, whole=not why_not)
    files.take_along(design, whole=not why_not)
if why_not:
    st.caption(f":material/block: {why_not}")
rows.show(design, found)
