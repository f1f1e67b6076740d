"""The command line: ``python -m cvexplore``, or ``cvexplore``.

Whatever a person can mend is one sentence on stderr and exit code 2, never a traceback.
"""

import argparse
import os
import sys
from collections.abc import Sequence
from typing import NoReturn

from cvexplore.commands import COMMANDS
from cvexplore.errors import CvexploreError


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return the exit code."""
    chosen = _parser().parse_args(arguments)
    try:
        return chosen.run(chosen) or 0
    except CvexploreError as error:
        print(error, file=sys.stderr)
        return 2
    except BrokenPipeError:  # the reader, such as head, has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except KeyboardInterrupt:
        return 130


class _Parser(argparse.ArgumentParser):
    """A parser whose errors are one sentence."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: {message}\n")


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="cvexplore", description="See, compare and train computer-vision architectures."
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for module in COMMANDS:
        module.add(commands)
    return parser


if __name__ == "__main__":
    sys.exit(main())
