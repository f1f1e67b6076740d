"""A choice that stands in the address by its name, while people read what it is called."""

from collections.abc import Callable, Sequence

import streamlit as st


def addressed(
    label: str, names: Sequence[str], called: Callable[[str], str], *, key: str, help: str = ""
) -> str:
    """Draw a choice among names, which begins with the one in the address, and return it.

    Args:
        label: above the choice.
        names: to choose from.
        called: what people read for a name.
        key: the widget's, and the query parameter's.
        help: on the choice.
    """
    asked = st.query_params.get(key, "")
    if key not in st.session_state:
        st.session_state[key] = asked if asked in names else names[0]
    chosen = st.selectbox(label, names, format_func=called, key=key, help=help or None)
    if st.query_params.get(key, names[0]) != chosen:
        st.query_params[key] = chosen
    return chosen
