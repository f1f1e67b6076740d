"""``cvexplore measure``: how fast networks are on this machine."""

import argparse
import json
import sys
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from cvexplore.commands.words import command, print_rows, reader, several, takes_names
from cvexplore.plugins import Option, Range

if TYPE_CHECKING:
    from cvexplore.timing import Measuring, Timing

_THREADS = Option("threads", int, 1, Range(1, 1024))
_LOOK_SECONDS = 0.1


def add(commands: Any) -> None:
    """Describe the command."""
    parser = command(commands, "measure", measure)
    takes_names(parser)
    parser.add_argument("--device", choices=("cpu", "cuda", "auto"), default="auto")
    parser.add_argument(
        "--threads",
        type=reader(_THREADS),
        metavar="int",
        help="of torch; half as many as cores if left out",
    )


def measure(chosen: argparse.Namespace) -> int:
    """Measure latency, images per second and peak memory, with random weights; they are kept."""
    from cvexplore.timing import Measuring

    measuring = Measuring.start(several(chosen), chosen.device, chosen.threads)
    try:
        _watch(measuring, chosen.json)
    finally:
        measuring.cancel()  # where a person or a reader has gone away
    found = [measuring.results[name] for name in measuring.names if name in measuring.results]
    if chosen.json:
        print(json.dumps({"measured": [asdict(each) for each in found]}))
    elif found:
        print_rows([_row(each) for each in found], False)
        print(f"{found[0].machine}; {found[0].versions}; random weights")
    for sentence in measuring.errors.values():
        print(sentence, file=sys.stderr)
    return 2 if measuring.errors else 0


def _watch(measuring: "Measuring", as_json: bool) -> None:
    """Tell how far it is, and what was measured, as it comes."""
    told: set[str] = set()
    steps = 0
    on_screen = sys.stderr.isatty() and not as_json
    ended = False
    while not ended:
        ended = measuring.wait(_LOOK_SECONDS)
        if as_json:
            for step in measuring.steps[steps:]:  # all of them: a short one may have come and gone
                print(json.dumps(asdict(step)), flush=True)
                steps += 1
            for name in measuring.results.keys() - told:
                print(json.dumps({"timing": asdict(measuring.results[name])}), flush=True)
                told.add(name)
        elif on_screen:
            line = "" if ended else f"{measuring.progress.name}: {measuring.progress.stage}"
            end = "" if ended else f" {measuring.progress.share:4.0%}"
            print(f"\r\x1b[K{line}{end}", end="", file=sys.stderr, flush=True)


def _row(timing: "Timing") -> dict[str, Any]:
    return {
        "name": timing.name,
        "device": timing.device,
        "threads": timing.threads,
        "ms": f"{timing.latency_ms:.2f}",
        "quartiles": f"{timing.latency_low_ms:.2f} to {timing.latency_high_ms:.2f}",
        "MB": _megabytes(timing.peak_bytes),
        "batch": timing.batch,
        "images/s": f"{timing.images_per_second:.2f}",
        "batch MB": _megabytes(timing.batch_peak_bytes),
    }


def _megabytes(count: int | None) -> int | None:
    return None if count is None else round(count / 1e6)
