"""Views that Streamlit lacks, drawn in the browser by a little JavaScript of our own.

A component is a Python function with a ``.js`` and a ``.css`` of the same name beside it. The
function turns typed values into one JSON message, the script draws that message, and the style
takes every colour from the theme's ``--st-*`` variables. The texts are read when the module is
imported and travel inside Streamlit's own message: it serves scripts as files only for installed
distributions, and cvexplore also has to run from a plain checkout.

Larger libraries do not travel with every message. They lie in ``cvexplore/ui/static/vendor``, which
Streamlit serves because it lies beside the script it runs, and are imported by URL when a page
first draws with them.
"""

from pathlib import Path

import streamlit as st

_HERE = Path(__file__).resolve().parent


def style(*names: str) -> str:
    """Return style sheets of this folder as one, those named later having the last word."""
    return "\n".join((_HERE / f"{name}.css").read_text(encoding="utf-8") for name in names)


def static_url(path: str) -> str:
    """Return the URL of a file in ``cvexplore/ui/static``, also when the app has a base path."""
    base = (st.get_option("server.baseUrlPath") or "").strip("/")
    prefix = f"/{base}" if base else ""
    return f"{prefix}/app/static/{path}"
