"""``cvexplore runner``: starts waiting runs."""

import argparse
from typing import Any

from cvexplore.commands.words import command


def add(commands: Any) -> None:
    """Describe the command."""
    parser = command(commands, "runner", runner, prints=False)
    parser.add_argument(
        "--run", dest="id", metavar="ID", help="train one run that the runner has claimed"
    )


def runner(chosen: argparse.Namespace) -> None:
    """Start waiting runs in the background; the app does this by itself."""
    from cvexplore.runs import RunStore
    from cvexplore.runs.runner import serve, train

    if chosen.id:
        train(RunStore(), chosen.id)
    else:
        serve(RunStore())
