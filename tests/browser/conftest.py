"""A real server and a real Chromium; a page error or a request that leaves fails a test."""

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Page

from tests.browser import chromium

ROOT = Path(__file__).resolve().parents[2]
READY = '[data-testid="stApp"][data-test-script-state="notRunning"]'

# A gallery of components is served as the app is: through st.App, under its security headers.
GALLERY_APP = """
import streamlit as st
from starlette.middleware import Middleware

from cvexplore.ui.server import SecurityHeaders

app = st.App("{script}", middleware=[Middleware(SecurityHeaders)])
"""
# The opacity of the layer over a picture at the centre of each cell, row by row.
OPACITY_OF_CELLS = """
(canvas, [rows, columns]) => {
    const { width, height } = canvas;
    const { data } = canvas.getContext("2d").getImageData(0, 0, width, height);
    return Array.from({ length: rows * columns }, (_, cell) => {
        const x = Math.floor(((cell % columns) + 0.5) / columns * width);
        const y = Math.floor((Math.floor(cell / columns) + 0.5) / rows * height);
        return data[4 * (y * width + x) + 3];
    });
}
"""

Open = Callable[..., Page]


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict) -> dict:
    quiet = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]
    return {**browser_type_launch_args, "executable_path": chromium.find(), "args": quiet}


@contextmanager
def serving(script: Path, **environment: str) -> Iterator[str]:
    """Serve a Streamlit script on a free port and give its address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    options = ["--server.port", str(port), "--server.headless", "true"]
    server = subprocess.Popen(
        [sys.executable, "-m", "streamlit", "run", str(script), *options],
        cwd=ROOT,  # where .streamlit/config.toml is
        env={**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1", **environment},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.STDOUT,
    )
    try:
        _wait_until_healthy(url, server)
        yield url
    finally:
        server.terminate()
        server.wait(10)


@contextmanager
def serving_gallery(script: str, folder: Path) -> Iterator[str]:
    """Serve a script of this folder from another folder and give its address.

    Streamlit serves the folder ``static`` beside a script: the copy of the script gets ours.
    """
    shutil.copy(Path(__file__).with_name(script), folder)
    (folder / "app.py").write_text(GALLERY_APP.format(script=script), encoding="utf-8")
    (folder / "static").symlink_to(ROOT / "cvexplore" / "ui" / "static")
    with serving(folder / "app.py") as url:
        yield url


def _wait_until_healthy(url: str, server: subprocess.Popen) -> None:
    for _ in range(600):
        assert server.poll() is None, "the server did not start"
        try:
            urllib.request.urlopen(f"{url}/_stcore/health", timeout=1)
            return
        except OSError:
            time.sleep(0.1)
    pytest.fail("the server did not answer within a minute")


@contextmanager
def watched(page: Page, url: str) -> Iterator[None]:
    """Fail on page errors, broken policies and requests that leave the machine."""
    faults: list[str] = []

    def note(message: str, is_fault: bool = True) -> None:
        if is_fault:
            faults.append(message)

    def leaves(address: str) -> bool:
        host = url.partition("//")[2]
        return address.startswith(("http", "ws")) and address.split("/")[2] != host

    page.set_default_timeout(20_000)
    page.on("pageerror", lambda error: note(str(error)))
    page.on("console", lambda said: note(said.text, "Content Security Policy" in said.text))
    page.on("request", lambda request: note(f"asked for {request.url}", leaves(request.url)))
    yield
    assert not faults


@pytest.fixture(scope="session")
def app_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cvexplore-home")


@pytest.fixture(scope="session")
def app_url(app_home: Path) -> Iterator[str]:
    with serving(ROOT / "app.py", CVEXPLORE_HOME=str(app_home)) as url:
        yield url
    subprocess.run(["pkill", "-f", str(app_home)], check=False)


@pytest.fixture
def go(page: Page, app_url: str) -> Iterator[Open]:
    """Open a page of the app and wait until its script has run."""

    def open_page(path: str = "/") -> Page:
        page.goto(app_url + path)
        settle(page)
        return page

    with watched(page, app_url):
        yield open_page


def settle(page: Page) -> None:
    """Wait until the script has run and stays so."""
    for _ in range(3):
        page.wait_for_selector(READY, timeout=60_000)
        page.wait_for_timeout(150)
