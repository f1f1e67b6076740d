"""``cvexplore runs``: list, watch over, steer, compare and keep."""

import argparse
import json
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from cvexplore.commands.words import command, print_rows
from cvexplore.errors import OptionError, RunError
from cvexplore.runs import Run, RunStore

_COLUMNS = ("run", "state", "architecture", "dataset", "step", "steps")


def add(commands: Any) -> None:
    """Describe the commands."""
    text = "List, watch over, steer, compare, export or delete runs."
    under = commands.add_parser("runs", help=text, description=text)
    under = under.add_subparsers(required=True, metavar="COMMAND")
    listing = command(under, "list", list_runs)
    listing.add_argument("--deleted", action="store_true", help="those that were thrown away")
    listing.add_argument("--group", metavar="ID", help="only a sweep's")
    of_one = (show, stop, pause, resume, extend, steer, describe, delete, restore, test)
    parsers = {each.__name__: command(under, each.__name__, each) for each in of_one}
    for parser in parsers.values():
        parser.add_argument("id")
    parsers["extend"].add_argument("--epochs", type=int, required=True, help="in all")
    parsers["steer"].add_argument("change", metavar="NAME=VALUE", help="learning_rate=0.001")
    parsers["describe"].add_argument("--name")
    parsers["describe"].add_argument("--tag", action="append", metavar="WORD", help="may repeat")
    parsers["describe"].add_argument("--note")
    parsers["delete"].add_argument("--for-good", action="store_true", help="cannot be undone")
    command(under, "compare", compare).add_argument("ids", nargs="+", metavar="ID")
    exporting = command(under, "export", export)
    exporting.add_argument("id")
    exporting.add_argument("--to", required=True, metavar="FORMAT", help="csv, script, mlflow, …")
    exporting.add_argument("--output", metavar="FILE", help="or, for mlflow, its tracking URI")


def list_runs(chosen: argparse.Namespace) -> None:
    """List the runs, the newest first."""
    found = RunStore().runs(group=chosen.group, deleted=chosen.deleted)
    rows = [values(run) for run in found]
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


def pause(chosen: argparse.Namespace) -> None:
    """Let a run save itself and leave its place to others."""
    _wish(chosen, lambda store: store.want(chosen.id, "pause"))


def resume(chosen: argparse.Namespace) -> None:
    """Let a run that was paused or ended early go on from its last checkpoint."""
    _go_on(chosen, lambda store: store.resume(chosen.id))


def extend(chosen: argparse.Namespace) -> None:
    """Let a run have more epochs; one that has ended goes on."""
    _go_on(chosen, lambda store: store.extend(chosen.id, chosen.epochs))


def steer(chosen: argparse.Namespace) -> None:
    """Change the learning rate, weight decay, strength, frozen share or epochs of a living run."""
    name, _, text = chosen.change.partition("=")
    try:
        value = float(text)
    except ValueError:
        raise OptionError(f"A change is NAME=VALUE, not {chosen.change!r}.") from None
    _wish(chosen, lambda store: store.steer(chosen.id, name.replace("-", "_"), value))


def describe(chosen: argparse.Namespace) -> None:
    """Give a run a name, tags or a note."""
    said = {"name": chosen.name, "tags": chosen.tag, "note": chosen.note}
    _wish(chosen, lambda store: store.describe(chosen.id, **said))


def delete(chosen: argparse.Namespace) -> None:
    """Throw a run away; restore brings it back."""
    if not chosen.for_good:
        _wish(chosen, lambda store: store.delete(chosen.id))
        return
    RunStore().purge(chosen.id)
    print(json.dumps({"purged": chosen.id}) if chosen.json else f"Run {chosen.id} is no more.")


def restore(chosen: argparse.Namespace) -> None:
    """Bring back a run that was deleted."""
    _wish(chosen, lambda store: store.restore(chosen.id))


def test(chosen: argparse.Namespace) -> None:
    """Measure a run on its test split, which is done once."""
    _go_on(chosen, lambda store: store.test_best(chosen.id))


def compare(chosen: argparse.Namespace) -> None:
    """Compare runs: the settings in which they differ, and what they reached."""
    from cvexplore.runs.comparing import differences
    from cvexplore.training.fields import word

    store = RunStore()
    runs = [store.run(each) for each in chosen.ids]
    differ = differences([run.recipe for run in runs])
    metrics = sorted({name for run in runs for name in run.latest if _is_score(name)})
    rows = [
        {
            "run": run.id,
            "state": run.state,
            **{path: word(found[place]) for path, found in differ.items()},
            **{name: _number(run.latest.get(name)) for name in metrics},
        }
        for place, run in enumerate(runs)
    ]
    print_rows(rows, chosen.json)


def export(chosen: argparse.Namespace) -> None:
    """Write a run as csv, tensorboard, script, recipe or weights, or enter it into mlflow."""
    from cvexplore.runs import exports

    store = RunStore()
    run = store.run(chosen.id)
    if chosen.to == "mlflow":
        from cvexplore.runs.exports.mlflow_run import to_mlflow

        where = chosen.output or "sqlite:///mlflow.db"
        told = {"run": run.id, "mlflow": to_mlflow(store, run, where), "uri": where}
        print(json.dumps(told) if chosen.json else f"Run {run.id} is {told['mlflow']} at {where}.")
        return
    name, content = exports.export(store, run, chosen.to)
    path = Path(chosen.output or name)
    try:
        path.write_bytes(content)
    except OSError as error:
        raise RunError(f"{path} cannot be written: {error.strerror}.") from None
    told = {"run": run.id, "file": str(path), "bytes": len(content)}
    print(json.dumps(told) if chosen.json else f"Wrote {path}, {len(content):,} bytes.")


def _is_score(name: str) -> bool:
    return name.startswith(("validation/", "test/"))


def _number(value: float | None) -> float | None:
    return None if value is None or value != value else value


def _go_on(chosen: argparse.Namespace, act: Callable[[RunStore], object]) -> None:
    from cvexplore.runs import runner

    _wish(chosen, act)
    runner.ensure()


def _wish(chosen: argparse.Namespace, act: Callable[[RunStore], object]) -> None:
    store = RunStore()
    act(store)
    run = store.run(chosen.id)
    ends = run.active and run.want in ("stop", "pause")
    wanted = f", and will {run.want} at its next step" if ends else ""
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
        "metrics": {name: _number(value) for name, value in run.latest.items()},
        "message": run.message,
        "name": run.name,
        "tags": list(run.tags),
        "note": run.note,
        "group": run.group,
        "changes": [asdict(each) for each in run.changes],
        "config": json.loads(run.config.to_json()),
    }
