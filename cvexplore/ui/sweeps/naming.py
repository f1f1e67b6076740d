"""What runs are called where several stand side by side."""

from collections import Counter
from collections.abc import Sequence

from cvexplore.runs import Run
from cvexplore.runs.comparing import Repeats, differences
from cvexplore.training import fields
from cvexplore.training.config import RunConfig
from cvexplore.ui.runs.states import name_of

_REPEATED = ("fold", "seed")


def subject(recipe: RunConfig) -> str:
    """Return a recipe's network and data in a few words."""
    return f"{recipe.architecture.partition('/')[2]} on {recipe.dataset.name}"


def names(runs: Sequence[Run]) -> dict[str, str]:
    """Return each run's name by its id; where two are alike, with the end of the id."""
    count = Counter(map(name_of, runs))
    return {
        run.id: f"{name_of(run)} · {run.id[-4:]}" if count[name_of(run)] > 1 else name_of(run)
        for run in runs
    }


def recipes(groups: Sequence[Repeats]) -> list[str]:
    """Return in what each of several recipes differs from the others, as a name for it."""
    found = differences([each.recipe for each in groups])
    paths = [path for path in found if path not in _REPEATED]
    if len(groups) == 1 or not paths:
        return [subject(each.recipe) for each in groups]
    return [
        ", ".join(
            setting(path, found[path][place]) for path in paths if found[path][place] is not None
        )
        for place in range(len(groups))
    ]


def setting(path: str, value: object) -> str:
    """Return a field and its value in a few words: a part's name needs no more."""
    if isinstance(value, str) or not isinstance(value, (bool, int, float)):
        return fields.word(value)
    return f"{fields.title(path).rpartition(': ')[2].lower()} {fields.word(value)}"
