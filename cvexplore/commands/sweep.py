"""``cvexplore sweep``: many recipes as one, each a run of its own."""

import argparse
import json
import time
from typing import TYPE_CHECKING, Any

from cvexplore.commands.recipes import recipe, takes_recipe
from cvexplore.commands.runs import values
from cvexplore.commands.words import command, print_rows
from cvexplore.errors import OptionError

if TYPE_CHECKING:
    from cvexplore.runs import Run
    from cvexplore.training.sweep import Axis

_LOOK_SECONDS = 0.5


def add(commands: Any) -> None:
    """Describe the command: a recipe, and which of its fields differ."""
    parser = command(commands, "sweep", sweep)
    takes_recipe(parser)
    parser.add_argument(
        "--axis",
        action="append",
        default=[],
        metavar="FIELD=VALUES",
        help="such as learning_rate=0.001,0.01 or weight_decay=1e-4..1e-1; may be repeated",
    )
    parser.add_argument("--random", type=int, metavar="N", help="draw N runs instead of a grid")
    parser.add_argument("--title", default="", help="what the sweep is called")
    parser.add_argument("--metric", default="validation/accuracy", help="names the best run")
    parser.add_argument("--wait", action="store_true", help="until all runs have ended")


def sweep(chosen: argparse.Namespace) -> int:
    """Queue a run for each combination of values; the best is chosen on the validation split."""
    from cvexplore.runs import RunStore, runner
    from cvexplore.training.sweep import parse, plain, trials

    base = recipe(chosen).checked()
    axes = [parse(base, each) for each in chosen.axis]
    if not axes:
        raise OptionError("A sweep needs an --axis, such as --axis learning_rate=0.001,0.01.")
    drawn = {"mode": "random", "count": chosen.random} if chosen.random else {}
    made = trials(base, axes, seed=base.seed, **drawn)
    recipes = [trial.recipe for trial in made if trial.recipe]
    left_out = [{"values": dict(t.values), "why": t.obstacle} for t in made if not t.recipe]
    if not recipes:
        raise OptionError(f"None of the {len(made)} runs can be trained: {left_out[0]['why']}")
    store = RunStore()
    about = {"axes": [plain(axis) for axis in axes], "metric": chosen.metric}
    group = store.new_group(chosen.title or _title(axes), "sweep", about)
    ids = [store.submit(each, group=group) for each in recipes]
    runner.ensure()
    while chosen.wait and any(run.active for run in store.runs(group=group)):
        time.sleep(_LOOK_SECONDS)
    runs = [store.run(each) for each in ids]
    _tell(chosen, group, runs, left_out)
    return 0


def _title(axes: "list[Axis]") -> str:
    from cvexplore.training.fields import title

    return " × ".join(title(axis.path) for axis in axes)


def _tell(
    chosen: argparse.Namespace, group: str, runs: "list[Run]", left_out: list[dict[str, Any]]
) -> None:
    from cvexplore.runs.comparing import best, differences
    from cvexplore.training.fields import word

    first = best(runs, chosen.metric)
    if chosen.json:
        told = {
            "group": group,
            "runs": [values(run) for run in runs],
            "left_out": [{**each, "values": _words(each["values"])} for each in left_out],
            "best": first and first.id,
        }
        print(json.dumps(told))
        return
    differ = differences([run.config for run in runs])
    rows = [
        {
            "run": run.id,
            "state": run.state,
            **{path: word(found[place]) for path, found in differ.items()},
            chosen.metric: run.latest.get(chosen.metric),
        }
        for place, run in enumerate(runs)
    ]
    print_rows(rows, False)
    for each in left_out:
        print(f"Left out {_words(each['values'])}: {each['why']}")
    if first:
        print(f"Best by {chosen.metric}: {first.id}.")


def _words(found: dict[str, Any]) -> dict[str, str]:
    from cvexplore.training.fields import word

    return {path: word(value) for path, value in found.items()}
