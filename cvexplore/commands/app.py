"""``cvexplore app``: the pages, in the browser."""

import argparse
from typing import Any

from cvexplore.commands.words import command, reader
from cvexplore.plugins import Option, Range

_PORT = Option("port", int, 8501, Range(1, 65535))


def add(commands: Any) -> None:
    """Describe the command."""
    parser = command(commands, "app", app, prints=False)
    parser.add_argument("--port", type=reader(_PORT), default=_PORT.default)
    parser.add_argument("--no-browser", action="store_true")


def app(chosen: argparse.Namespace) -> int:
    """Start the app on this machine and open it in the browser."""
    from cvexplore.ui.launch import launch

    return launch(chosen.port, open_browser=not chosen.no_browser)
