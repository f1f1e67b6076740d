"""Every field of a recipe by a path, and what it may be.

learning_rate              a plain field
optimizer                  a part that is chosen by name
optimizer.momentum         an option of the part that is chosen
options.width              an option of the network
augmentations              those of a run, one after the other
augmentations.erase.share  an option of one of them
"""

from collections.abc import Mapping
from dataclasses import fields, replace
from typing import Any

from cvexplore import plugins
from cvexplore.errors import OptionError, UnknownName
from cvexplore.plugins import Choice, Option
from cvexplore.training.config import RunConfig, settings

PARTS = ("approach", "dataset", "schedule", "optimizer")  # chosen by name, with options
NONE = "none"  # what no augmentation is called

_TITLES = {
    "options": "Network",
    "dataset": "Data set",
    "optimizer": "Optimiser",
    "ema": "EMA",
    "augmentations": "Augmentation",
    "changes": "Steered",
    "weights": "Starting weights",
    "test": "Test share",
    "validation": "Validation share",
    "frozen": "Frozen share",
}


def title(path: str) -> str:
    """Return what people read: "optimizer.momentum" is "Optimiser: momentum"."""
    first, *rest = path.split(".")
    head = _TITLES.get(first, first.replace("_", " ").capitalize())
    return ": ".join([head, *(each.replace("_", " ") for each in rest)])


def word(value: Any) -> str:
    """Return a field's value as people read it, and as ``read`` takes plain ones."""
    if isinstance(value, Choice):
        said = ", ".join(f"{name} {word(each)}" for name, each in value.options.items())
        return f"{value.name} ({said})" if said else value.name
    if isinstance(value, tuple):
        return " + ".join(map(word, value)) or NONE
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def value(recipe: RunConfig, path: str) -> Any:
    """Return a field's value; None where this recipe leaves it as it is or has none such."""
    first, *rest = path.split(".")
    found = getattr(recipe, first, None)
    if not rest:
        return found
    if first == "augmentations":
        found = next((each for each in recipe.augmentations if each.name == rest[0]), None)
        rest = rest[1:]
    options = found.options if isinstance(found, Choice) else found
    return options.get(rest[0]) if rest and isinstance(options, Mapping) else None


def having(recipe: RunConfig, path: str, value: Any) -> RunConfig:
    """Return the recipe with another value in one field; ``checked`` says whether it is allowed.

    A part named by a word keeps its options where it is the recipe's own, and has none elsewhere;
    so has a network.

    Raises:
        UnknownName: there is no such field.
        OptionError: the recipe does not have that augmentation.
    """
    first, *rest = path.split(".")
    if first not in (each.name for each in fields(RunConfig)):
        raise UnknownName("field of a recipe", first, [each.name for each in fields(RunConfig)])
    if not rest:
        return replace(recipe, **_whole(recipe, first, value))
    if first == "options":
        return replace(recipe, options={**recipe.options, rest[0]: value})
    if first in PARTS:
        return replace(recipe, **{first: _with(getattr(recipe, first), rest[0], value)})
    if first == "augmentations" and len(rest) == 2:
        return _augmented(recipe, rest[0], rest[1], value)
    raise OptionError(f"{path} is no field of a recipe; {first} has none inside.")


def _whole(recipe: RunConfig, name: str, value: Any) -> dict[str, Any]:
    if name in PARTS and isinstance(value, str):
        current = getattr(recipe, name)
        return {name: current if value == current.name else Choice(value)}
    if name == "augmentations":
        return {name: tuple(Choice(each) if isinstance(each, str) else each for each in value)}
    if name == "architecture" and value != recipe.architecture:
        return {name: value, "options": {}}  # options are a network's own
    return {name: value}


def _with(choice: Choice, name: str, value: Any) -> Choice:
    return Choice(choice.name, {**choice.options, name: value})


def _augmented(recipe: RunConfig, name: str, option: str, value: Any) -> RunConfig:
    if name not in (each.name for each in recipe.augmentations):
        raise OptionError(f"This recipe has no augmentation {name}, so {option} changes nothing.")
    changed = (_with(e, option, value) if e.name == name else e for e in recipe.augmentations)
    return replace(recipe, augmentations=tuple(changed))


# ------------------------------------------------------------------ what a field may be


def option(recipe: RunConfig, path: str) -> Option:
    """Return what a field may be; an option of a part may be that of another of its kind.

    Raises:
        UnknownName: there is no such field, or no part of this kind has such an option.
    """
    first, *rest = path.split(".")
    plain = {each.name: each for each in settings()}
    if not rest and first in plain:
        return plain[first]
    if not rest:
        return _named(recipe, first)
    if first == "options":
        from cvexplore import catalog

        return _of_this_name(catalog.options(recipe.architecture), path)
    if first == "augmentations" and len(rest) == 2:
        return _of_this_name(registry(first).options(rest[0]), path)
    if first not in PARTS:
        raise UnknownName("field of a recipe", path, [*plain, *PARTS])
    known, own = registry(first), getattr(recipe, first).name
    names = [own, *(each for each in known if each != own)]
    return _of_this_name([each for name in names for each in known.options(name)], path)


def _of_this_name(options: Any, path: str) -> Option:
    name = path.rpartition(".")[2]
    for each in options:
        if each.name == name:
            return each
    raise UnknownName("option", name, [each.name for each in options])


def _named(recipe: RunConfig, name: str) -> Option:
    if name in PARTS:
        own = getattr(recipe, name).name
        return Option(name, str, own, choices=tuple(registry(name)), help="The kind of it")
    if name == "architecture":
        return Option(name, str, recipe.architecture, help="Any of the catalog, by name")
    if name == "weights":
        return Option(name, str, recipe.weights, help="random, bundled, pretrained or run:<id>")
    if name == "augmentations":
        return Option(name, tuple, recipe.augmentations, help="Sets, joined by +")
    raise UnknownName("field of a recipe", name, [each.name for each in settings()])


def registry(name: str) -> plugins.Registry[Any]:
    """Return where the parts of a kind are found; approaches bring torch along."""
    if name == "approach":
        from cvexplore.training.approaches import APPROACHES as known
    elif name == "dataset":
        from cvexplore.training.datasets import DATASETS as known
    elif name == "schedule":
        from cvexplore.training.schedules import SCHEDULES as known
    elif name == "augmentations":
        from cvexplore.training.augmentations import AUGMENTATIONS as known
    else:
        from cvexplore.training.optimizers import OPTIMIZERS as known
    return known


def read(recipe: RunConfig, path: str, text: str) -> Any:
    """Return the value of a field that a person typed: sets of augmentations are joined by +.

    Raises:
        UnknownName: there is no such field.
        OptionError: the field cannot have that value.
    """
    if path == "augmentations":
        names = [each.strip() for each in text.split("+")]
        return () if names == [NONE] else tuple(_own_or_new(recipe, name) for name in names)
    return option(recipe, path).parse(text.strip())


def _own_or_new(recipe: RunConfig, name: str) -> Choice:
    found = (each for each in recipe.augmentations if each.name == name)
    return next(found, None) or Choice(name)


# ------------------------------------------------------------------ all of them


def flat(recipe: RunConfig) -> dict[str, Any]:
    """Return every field of a recipe by its path; optimiser and schedule with their defaults."""
    found: dict[str, Any] = {}
    for each in fields(RunConfig):
        held = getattr(recipe, each.name)
        if isinstance(held, Choice):
            found[each.name] = held.name
            given = {**_defaults(each.name, held.name), **held.options}
            found |= {f"{each.name}.{name}": option for name, option in given.items()}
        elif each.name == "options":
            found |= {f"options.{name}": option for name, option in held.items()}
        elif each.name == "augmentations":
            found[each.name] = " + ".join(choice.name for choice in held) or NONE
            for choice in held:
                inside = choice.options.items()
                found |= {f"{each.name}.{choice.name}.{name}": option for name, option in inside}
        elif each.name == "changes":
            said = [f"{c.name} = {word(c.value)} at step {c.step:,}" for c in held]
            found[each.name] = "; ".join(said) or NONE
        else:
            found[each.name] = held
    return found


def _defaults(part: str, name: str) -> dict[str, Any]:
    """Return the defaults of a part's options, of those that need no torch."""
    if part not in ("optimizer", "schedule") or name not in registry(part):
        return {}
    return {each.name: each.default for each in registry(part).options(name)}
