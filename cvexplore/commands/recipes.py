"""A run's recipe as flags: the recipe's own fields, read from ``RunConfig``."""

import argparse
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cvexplore.commands.words import designed, read_options, reader
from cvexplore.errors import OptionError
from cvexplore.plugins import Choice
from cvexplore.training.config import RunConfig, settings

if TYPE_CHECKING:
    from cvexplore.plugins import Registry

_PARTS = ("approach", "dataset", "optimizer", "schedule")
_EPILOG = (
    "An --option is the architecture's, such as width=16, or, with a part before it, that part's: "
    "dataset.image_size=32, optimizer.momentum=0.8, schedule.warm_up=0.2, and of an augmentation "
    "by its name: rotate.degrees=10."
)


def takes_recipe(parser: argparse.ArgumentParser) -> None:
    """Let a command take a whole recipe, of which every flag changes one field."""
    base = parser.add_mutually_exclusive_group()
    base.add_argument("--from", dest="base", metavar="RUN", help="begin with this run's recipe")
    base.add_argument("--recipe", metavar="FILE", help="begin with a recipe's JSON")
    network = parser.add_mutually_exclusive_group()
    network.add_argument("--architecture", metavar="NAME", help="such as cvexplore/simple_cnn")
    network.add_argument("--design", metavar="FILE", help="a design's JSON, in its place")
    parser.add_argument(
        "--weights", metavar="WORD", help="to start from: random, bundled, pretrained or run:ID"
    )
    for part in _PARTS:
        parser.add_argument(f"--{part}", metavar="NAME")
    parser.add_argument(
        "--augmentation",
        action="append",
        metavar="NAME",
        help="may be repeated: one is done after the other",
    )
    for option in settings():
        flag = f"--{option.name.replace('_', '-')}"
        parser.add_argument(
            flag, type=reader(option), metavar=option.type.__name__, help=option.help
        )
    parser.add_argument(
        "--option", action="append", default=[], metavar="KEY=VALUE", help="may be repeated"
    )
    parser.epilog = _EPILOG


def recipe(chosen: argparse.Namespace) -> RunConfig:
    """Return the recipe that the flags describe.

    Raises:
        CvexploreError: a run, file, name or value that does not exist or is not allowed.
    """
    from cvexplore import catalog
    from cvexplore.training.augmentations import AUGMENTATIONS

    base = _base(chosen)
    names = chosen.augmentation or [each.name for each in base.augmentations]
    grouped = _grouped(chosen.option, names)
    architecture = designed(chosen.design) if chosen.design else chosen.architecture
    kept = base.options if architecture in (None, base.architecture) else {}
    architecture = architecture or base.architecture
    given = {option.name: getattr(chosen, option.name) for option in settings()}
    parts = {
        part: _part(registry, getattr(chosen, part), getattr(base, part), grouped[part])
        for part, registry in _registries().items()
    }
    before = {each.name: each for each in base.augmentations}
    return replace(
        base,
        architecture=architecture,
        options={**kept, **read_options(catalog.options(architecture), grouped[""])},
        weights=chosen.weights or base.weights,
        augmentations=tuple(
            _part(AUGMENTATIONS, name, before.get(name, Choice(name)), grouped[name])
            for name in names
        ),
        **parts,
        **{name: value for name, value in given.items() if value is not None},
    )


def _base(chosen: argparse.Namespace) -> RunConfig:
    if chosen.base:
        from cvexplore.runs import RunStore

        return RunStore().run(chosen.base).recipe
    if chosen.recipe:
        try:
            return RunConfig.from_json(Path(chosen.recipe).read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError) as error:
            raise OptionError(f"The recipe {chosen.recipe} cannot be read: {error}.") from None
    if chosen.approach:
        from cvexplore.training.approaches import standard

        return standard(chosen.approach)
    return RunConfig()


def _registries() -> "dict[str, Registry[Any]]":
    from cvexplore.training.approaches import APPROACHES
    from cvexplore.training.datasets import DATASETS
    from cvexplore.training.optimizers import OPTIMIZERS
    from cvexplore.training.schedules import SCHEDULES

    return dict(zip(_PARTS, (APPROACHES, DATASETS, OPTIMIZERS, SCHEDULES), strict=True))


def _grouped(given: Iterable[str], augmentations: Iterable[str]) -> dict[str, list[str]]:
    """Return the KEY=VALUEs by the part before the first dot; "" is the architecture's."""
    grouped: dict[str, list[str]] = {part: [] for part in ("", *_PARTS, *augmentations)}
    for each in given:
        part, dot, rest = each.partition(".")
        named = bool(dot) and "=" not in part
        if named and part not in grouped:
            raise OptionError(f"--option {each}: the parts are {', '.join(filter(None, grouped))}.")
        grouped[part if named else ""].append(rest if named else each)
    return grouped


def _part(registry: "Registry[Any]", name: str | None, base: Choice, given: list[str]) -> Choice:
    """Return the part of this name, with the base's options where it is the base's."""
    kept = base.options if name in (None, base.name) else {}
    name = name or base.name
    return Choice(name, {**kept, **read_options(registry.options(name), given)})
