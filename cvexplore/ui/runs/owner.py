"""Who this browser is, without a login: everyone finds their own runs again.

A browser gets a random cookie at its first visit. Pages know only a hash of it, which is no key to
anything: it says which runs were launched from here, and protects nothing.
"""

import hashlib
import secrets
from collections.abc import Awaitable, Callable
from http.cookies import CookieError, SimpleCookie
from typing import Any

import streamlit as st

COOKIE = "cvexplore_browser"
_YEAR = 365 * 24 * 3600


def owner() -> str:
    """Return a word that stands for this browser; without its cookie, for this session alone."""
    known = st.context.cookies.get(COOKIE)
    if not isinstance(known, str):  # AppTest's cookies are stand-ins
        known = st.session_state.setdefault("owner", secrets.token_urlsafe(16))
    return hashlib.blake2b(known.encode(), digest_size=8, person=b"cvexplore owner").hexdigest()


class BrowserCookie:
    """Give each browser that opens a page a cookie of its own, and keep it for another year."""

    def __init__(self, app: Callable[..., Awaitable[None]]) -> None:
        self.app = app

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        """Pass a request on; only a page is answered with the cookie, not what it loads."""
        headers = dict(scope.get("headers", ()))
        if scope["type"] != "http" or b"text/html" not in headers.get(b"accept", b""):
            await self.app(scope, receive, send)
            return
        cookie = _cookie(headers.get(b"cookie", b""))

        async def send_with_cookie(message: dict[str, Any]) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], (b"set-cookie", cookie)]
            await send(message)

        await self.app(scope, receive, send_with_cookie)


def _cookie(sent: bytes) -> bytes:
    """Return the header that sets the cookie: the one that was sent, or a new one."""
    try:
        held = SimpleCookie(sent.decode("latin-1")).get(COOKIE)
    except CookieError:
        held = None
    value = held.value if held and held.value.isascii() else ""
    known = value.replace("-", "").replace("_", "").isalnum() and len(value) <= 64
    value = value if known else secrets.token_urlsafe(16)
    return f"{COOKIE}={value}; Path=/; Max-Age={_YEAR}; HttpOnly; SameSite=Lax".encode()
