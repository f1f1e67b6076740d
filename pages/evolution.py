"""Which idea came from which, and where is it all going?"""

import streamlit as st

from cvexplore.catalog.families import families
from cvexplore.figures.evolution import timeline
from cvexplore.ui.families import beginning, filters, history, pick, portrait, trends

st.title("Evolution")
st.caption(
    f"{len(families())} families of architectures. A line leads from an idea to what was built on "
    "it; a dot's size is that of the largest model."
)

# ------------------------------------------------------------------ pick

with st.container(horizontal=True, vertical_alignment="bottom"):
    picked = pick()
    shown = filters()
if not shown:
    st.info("No family is all of this: clear a filter.", icon=":material/search_off:")
    st.stop()

# ------------------------------------------------------------------ show

with st.container(border=True, key="portrait"):
    if picked:
        portrait(picked)
    else:
        beginning(shown)

name = picked.name if picked else ""
history(timeline(shown, name), name)

st.header("Where it is going")
for place, (title, figure) in zip([*st.columns(2, gap="large")] * 2, trends().items(), strict=True):
    with place:
        st.subheader(title)
        st.plotly_chart(figure, key=title, alt=f"{title}: all families by year")
