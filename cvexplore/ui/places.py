"""Where the pages lie, so that one page can lead to another."""

from pathlib import Path

_PAGES = Path(__file__).resolve().parents[2] / "pages"


def page(name: str) -> str:
    """Return the file of a page, as Streamlit's pages, links and switches take it."""
    return str(_PAGES / f"{name}.py")
