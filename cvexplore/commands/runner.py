"""``cvexplore runner``: starts waiting runs."""

import argparse
from typing import Any

from cvexplore.commands.words import command


def add(commands: Any) -> None:
    """Describe the command."""
    command(commands, "runner", runner, prints=False)


def runner(chosen: argparse.Namespace) -> None:
    """Start waiting runs in the background; the app does this by itself."""
    from cvexplore.runs import RunStore
    from cvexplore.runs.runner import serve

    serve(RunStore())
