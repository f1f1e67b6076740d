"""The app as a browser sees it: a cold server's first page, and warm reruns of every page."""

import asyncio
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

from benchmarks.pairs import table

ROOT = Path(__file__).resolve().parents[1]
PAGES = (
    "home",
    "compare",
    "evolution",
    "recommend",
    "anatomy",
    "feature_maps",
    "train",
    "runs",
)
RERUNS = 12


def main() -> None:
    rows = [[page, f"{_cold(page):.2f}"] for page in ("home", "compare")]
    table("pages: from starting the server to the first page's end, s", ["page", "s"], rows)
    with Server() as url:
        rows = []
        for page in PAGES:
            times = asyncio.run(_reruns(url, page))
            first, warm = times[0], statistics.median(times[2:])
            rows.append([page, f"{first * 1e3:,.0f}", f"{warm * 1e3:,.0f}"])
    table("pages: script time of a session, ms", ["page", "first visit", "warm rerun"], rows)


class Server:
    """A running app with a folder of its own; entering gives its address."""

    def __enter__(self) -> str:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        self.home = tempfile.TemporaryDirectory()
        command = [sys.executable, "-m", "cvexplore", "app", "--no-browser", "--port", str(port)]
        self.process = subprocess.Popen(
            command,
            cwd=ROOT,
            env={**os.environ, "CVEXPLORE_HOME": self.home.name},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        url = f"http://127.0.0.1:{port}"
        while True:
            try:
                urllib.request.urlopen(f"{url}/_stcore/health", timeout=1)
                return url
            except OSError:
                time.sleep(0.02)

    def __exit__(self, *error: object) -> None:
        self.process.terminate()
        self.process.wait()
        subprocess.run(["pkill", "-f", self.home.name], check=False)
        self.home.cleanup()


def _cold(page: str) -> float:
    times = []
    for _ in range(3):
        started = time.perf_counter()
        with Server() as url:
            asyncio.run(_reruns(url, page, reruns=0))
            times.append(time.perf_counter() - started)
    return statistics.median(times)


async def _reruns(url: str, page: str, reruns: int = RERUNS) -> list[float]:
    """Return how long the page's script takes: at the first visit, then at each rerun."""
    import websockets
    from streamlit.proto.BackMsg_pb2 import BackMsg
    from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

    times = []
    async with websockets.connect(
        url.replace("http", "ws") + "/_stcore/stream",
        subprotocols=["streamlit"],
        origin=url,
        max_size=None,
    ) as connection:
        for _ in range(reruns + 1):
            ask = BackMsg()
            ask.rerun_script.query_string = ""
            ask.rerun_script.page_name = "" if page == "home" else page
            started = time.perf_counter()
            await connection.send(ask.SerializeToString())
            while True:
                said = ForwardMsg()
                said.ParseFromString(await connection.recv())
                if said.WhichOneof("type") == "script_finished":
                    break
            times.append(time.perf_counter() - started)
    return times
