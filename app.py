"""The app's entry: ``python -m cvexplore app``, ``python app.py`` or ``streamlit run app.py``.

The pages are registered in ``cvexplore/ui/main.py``; here are only what a server needs around them.
"""

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")  # several threads a forward are slower on busy cores
os.environ.setdefault("OMP_WAIT_POLICY", "passive")
os.environ.setdefault("THP_MEM_ALLOC_ENABLE", "1")  # torch asks for huge pages: fewer faults

import streamlit as st
from starlette.middleware import Middleware

from cvexplore.ui.runs.owner import BrowserCookie
from cvexplore.ui.server import MAIN, SecurityHeaders, lifespan

app = st.App(
    str(MAIN),
    middleware=[Middleware(SecurityHeaders), Middleware(BrowserCookie)],
    lifespan=lifespan,
)

if __name__ == "__main__":
    app.run()
