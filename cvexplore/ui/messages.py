"""Errors in place: what went wrong and what to do, in one sentence, where it went wrong."""

from collections.abc import Iterator
from contextlib import contextmanager

import streamlit as st

from cvexplore.errors import CvexploreError
from cvexplore.ui.words import plain


@contextmanager
def told() -> Iterator[None]:
    """Show what a person can mend as a message here, and end the page there."""
    try:
        yield
    except CvexploreError as error:
        st.error(plain(str(error)), icon=":material/error:")
        st.stop()
