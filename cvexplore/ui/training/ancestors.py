"""What the weights that a run starts from have learned from already."""

from typing import TYPE_CHECKING

from cvexplore.errors import CvexploreError
from cvexplore.plugins import Choice
from cvexplore.training.config import RunConfig
from cvexplore.ui import cached
from cvexplore.ui.cached import Subject

if TYPE_CHECKING:
    from cvexplore.training.datasets import Dataset
    from cvexplore.training.splits import Split


def seen_before(config: RunConfig, dataset: "Dataset", parts: "Split") -> str:
    """Return, in a sentence, that held-out pictures were learned from before, or nothing.

    Another seed, fold or share holds out other pictures than the run did that the weights are of,
    or than the run that one started from.

    Args:
        config: a recipe.
        dataset: what it learns from.
        parts: its split of that.
    """
    import torch

    from cvexplore.training.approaches import APPROACHES

    seen, now = torch.zeros(len(dataset.labels), dtype=torch.bool), config
    while teacher := _teacher(now):
        if not now.weights.endswith("@0") and _same_pictures(teacher.dataset, config.dataset):
            seen[APPROACHES[teacher.approach.name].divide(teacher, dataset).train] = True
        now = teacher
    held_out = torch.cat([parts.validation, parts.test])
    count = int(seen[held_out].sum())
    if not count:
        return ""
    return (
        f"The weights it starts from have learned from {count:,} of the {len(held_out):,} pictures "
        "held out, so its scores will be too good: take the seed, folds and shares of their run."
    )


def _teacher(config: RunConfig) -> RunConfig | None:
    """Return the recipe of the weights that a run starts from, if it is known."""
    try:
        return cached.recipe(Subject(config.architecture, config.weights))
    except CvexploreError:  # it is gone
        return None


def _same_pictures(one: Choice, other: Choice) -> bool:
    """Return whether two data sets hold the same pictures, be they of different sizes."""
    from cvexplore.training.datasets import DATASETS

    if one.name != other.name:
        return False
    usual = {option.name: option.default for option in DATASETS.options(one.name)}
    mine, others = (usual | dict(each.options) | {"image_size": 0} for each in (one, other))
    return mine == others
