"""A choice that stands in the address by its name, while people read what it is called."""

from collections.abc import Callable, Sequence

import streamlit as st

from cvexplore.ui.words import plain


def addressed(
    label: str, names: Sequence[str], called: Callable[[str], str], *, key: str, help: str = ""
) -> str:
    """Draw a choice among names, which follows the one in the address, and return it.

    Whoever goes back in the browser has another address than was written last: it is followed too.

    Args:
        label: above the choice.
        names: to choose from.
        called: what people read for a name.
        key: the widget's, and the query parameter's.
        help: on the choice.
    """
    asked, last = st.query_params.get(key, ""), f"{key}.addressed"
    if key not in st.session_state or asked != st.session_state.get(last, asked):
        st.session_state[key] = asked if asked in names else names[0]
    if asked and asked not in names:
        st.info(plain(f"There is no {label.lower()} called {asked}: this is another."))
    chosen = st.selectbox(label, names, format_func=called, key=key, help=help or None)
    if (asked or names[0]) != chosen:
        st.query_params[key] = chosen
    st.session_state[last] = st.query_params.get(key, "")
    return chosen
