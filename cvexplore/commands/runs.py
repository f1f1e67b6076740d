"""``cvexplore runs``: list, show, stop and resume."""

import argparse
import json
from collections.abc import Callable
from typing import Any

from cvexplore.commands.words import command, print_rows
from cvexplore.runs import Run, RunStore

_COLUMNS = ("run", "state", "architecture", "dataset", "step", "steps")


def add(commands: Any) -> None:
    """Describe the commands."""
    text = "List, show, stop or resume runs."
    under = commands.add_parser("runs", help=text, description=text)
    under = under.add_subparsers(required=True, metavar="COMMAND")
    command(under, "list", list_runs)
    for name, run in (("show", show), ("stop", stop), ("resume", resume)):
        command(under, name, run).add_argument("id")


def list_runs(chosen: argparse.Namespace) -> None:
    """List the runs, the newest first."""
    rows = [values(run) for run in RunStore().runs()]
    if not chosen.json:
        accuracy = [row["metrics"].get("validation/accuracy") for row in rows]
        rows = [
            {**{key: row[key] for key in _COLUMNS}, "accuracy": each}
            for row, each in zip(rows, accuracy, strict=True)
        ]
    print_rows(rows, chosen.json, empty="There are no runs yet; cvexplore train starts one.")


def show(chosen: argparse.Namespace) -> None:
    """Show one run and its recipe."""
    found = values(RunStore().run(chosen.id))
    if chosen.json:
        print(json.dumps(found))
        return
    print_rows([{"field": key, "value": value} for key, value in found.items()], False)


def stop(chosen: argparse.Namespace) -> None:
    """Ask a run to stop at its next step."""
    _wish(chosen, lambda store: store.want(chosen.id, "stop"))


def resume(chosen: argparse.Namespace) -> None:
    """Let a run that ended early go on from its last checkpoint."""
    from cvexplore.runs import runner

    _wish(chosen, lambda store: store.resume(chosen.id))
    runner.ensure()


def _wish(chosen: argparse.Namespace, act: Callable[[RunStore], None]) -> None:
    store = RunStore()
    act(store)
    run = store.run(chosen.id)
    wanted = ", and will stop at its next step" if run.active and run.want == "stop" else ""
    print(json.dumps(values(run)) if chosen.json else f"Run {run.id} is {run.state}{wanted}.")


def values(run: Run) -> dict[str, Any]:
    """Return a run as the JSON that scripts read."""
    return {
        "run": run.id,
        "state": run.state,
        "architecture": run.config.architecture,
        "dataset": run.config.dataset.name,
        "step": run.step,
        "steps": run.steps,
        "metrics": {k: None if v != v else v for k, v in run.latest.items()},
        "message": run.message,
        "config": json.loads(run.config.to_json()),
    }
