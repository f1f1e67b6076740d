"""What stands around the pages: response headers, and torch imported while nobody waits."""

import gc
import importlib
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

MAIN = Path(__file__).with_name("main.py")

# Everything comes from this server; workers and inline scripts are Streamlit's own.
_POLICY = "; ".join(
    (
        "default-src 'self'",
        "script-src 'self' blob: 'unsafe-inline' 'wasm-unsafe-eval'",
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data: blob:",
        "font-src 'self' data:",
        "connect-src 'self' ws: wss: data: blob:",
        "worker-src 'self' blob:",
        "object-src 'none'",
        "base-uri 'self'",
    )
)
_HEADERS = [
    (b"content-security-policy", _POLICY.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"SAMEORIGIN"),
    (b"referrer-policy", b"no-referrer"),
]


class SecurityHeaders:
    """Add headers to every answer that forbid the page to load anything from elsewhere."""

    def __init__(self, app: Callable[..., Awaitable[None]]) -> None:
        self.app = app

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        """Pass a request on; websockets have no headers to add."""

        async def send_with_headers(message: dict[str, Any]) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], *_HEADERS]
            await send(message)

        await self.app(scope, receive, send_with_headers if scope["type"] == "http" else send)


@asynccontextmanager
async def lifespan(app: Any) -> AsyncIterator[None]:
    """Import torch in the background soon after the first page was asked for."""
    threading.Thread(target=_import_ahead, daemon=True).start()
    yield


first_page_done = threading.Event()

_IMPORTED_AHEAD = (
    *("torch", "plotly.graph_objects", "torchvision", "timm"),
    "cvexplore.attribution.methods.grad_cam",
    "cvexplore.ui.cached",
)


def _import_ahead() -> None:
    first_page_done.wait()
    time.sleep(1.0)  # the page is painted from what it loads now; imports would hold it up
    for name in _IMPORTED_AHEAD:
        importlib.import_module(name)
        time.sleep(0.05)  # whoever turned to another page meanwhile comes first
    import torch

    torch.set_num_threads(1)
    gc.collect()
    gc.freeze()  # half a million objects stay: Streamlit collects garbage after every view
