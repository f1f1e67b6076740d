"""``cvexplore train``: a run in the foreground, kept like any other."""

import argparse
import json
import math
import sys
from typing import TYPE_CHECKING, Any

from cvexplore.commands.runs import values
from cvexplore.commands.words import command, designed, read_options, reader, takes_options
from cvexplore.errors import OptionError
from cvexplore.plugins import Choice
from cvexplore.training.config import MetricPoint, RunConfig, settings

if TYPE_CHECKING:
    from cvexplore.plugins import Registry

_PARTS = ("approach", "dataset", "schedule")


def add(commands: Any) -> None:
    """Describe the command: the recipe's own fields are its flags."""
    parser = command(commands, "train", train)
    standard = RunConfig()
    network = parser.add_mutually_exclusive_group()
    network.add_argument("--architecture", default=standard.architecture)
    network.add_argument("--design", metavar="FILE", help="a design's JSON, in its place")
    for part in _PARTS:
        parser.add_argument(f"--{part}", default=getattr(standard, part).name)
    for option in settings():
        flag = f"--{option.name.replace('_', '-')}"
        parser.add_argument(
            flag, type=reader(option), metavar=option.type.__name__, help=option.help
        )
    takes_options(parser)
    parser.epilog = (
        "An --option is the architecture's, such as width=16, or, with a part before it, that "
        "part's: dataset.image_size=32, schedule.warm_up=0.2."
    )


def train(chosen: argparse.Namespace) -> int:
    """Train here and now, printing what is measured; the run is kept like any other."""
    from cvexplore.runs import RunStore
    from cvexplore.runs.worker import work

    store = RunStore()
    run = store.run(store.submit(_config(chosen), state="starting"))
    show = _print_json if chosen.json else _print_line
    state = work(store, run, on_point=show)
    last = values(store.run(run.id))
    print(json.dumps(last) if chosen.json else f"Run {run.id} {state}.")
    if state == "failed":
        print(last["message"], file=sys.stderr)
        return 2
    return 0


def _print_json(point: MetricPoint) -> None:
    row = {
        "step": point.step,
        "split": point.split,
        "name": point.name,
        "value": point.value if math.isfinite(point.value) else None,
        "seconds": round(point.seconds, 4),
    }
    print(json.dumps(row), flush=point.split == "validation")


def _print_line(point: MetricPoint) -> None:
    if point.split == "validation":
        value = f"{point.name:>10} {point.value:.4f}"
        print(f"step {point.step:6}  {value}  {point.seconds:6.1f} s", flush=True)


def _config(chosen: argparse.Namespace) -> RunConfig:
    from cvexplore import catalog
    from cvexplore.training.approaches import APPROACHES
    from cvexplore.training.datasets import DATASETS
    from cvexplore.training.schedules import SCHEDULES

    grouped: dict[str, list[str]] = {part: [] for part in ("", *_PARTS)}
    for each in chosen.option:
        part, dot, rest = each.partition(".")
        mine = bool(dot) and "=" not in part
        if mine and part not in grouped:
            raise OptionError(f"--option {each}: the parts are {', '.join(_PARTS)}.")
        grouped[part if mine else ""].append(rest if mine else each)

    def choice(registry: "Registry[Any]", part: str) -> Choice:
        name = getattr(chosen, part)
        return Choice(name, read_options(registry.options(name), grouped[part]))

    given = {option.name: getattr(chosen, option.name) for option in settings()}
    architecture = designed(chosen.design) if chosen.design else chosen.architecture
    return RunConfig(
        architecture=architecture,
        options=read_options(catalog.options(architecture), grouped[""]),
        approach=choice(APPROACHES, "approach"),
        dataset=choice(DATASETS, "dataset"),
        schedule=choice(SCHEDULES, "schedule"),
        **{name: value for name, value in given.items() if value is not None},
    )
