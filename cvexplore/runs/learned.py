"""What a run had learned at a moment it kept: its approach, with all its weights of then."""

from dataclasses import replace
from typing import TYPE_CHECKING

from cvexplore.errors import RunError
from cvexplore.runs import snapshots
from cvexplore.runs.records import Run
from cvexplore.runs.store import RunStore

if TYPE_CHECKING:
    from cvexplore.training.approaches import Approach
    from cvexplore.training.datasets import Dataset


def moments(store: RunStore, run: Run) -> tuple[int, ...]:
    """Return the steps of a run whose weights are kept, in their order."""
    return snapshots.kept(store.folder / run.id)


def approach_at(store: RunStore, run: Run, step: int, dataset: "Dataset") -> "Approach":
    """Return a run's approach as it was after that many steps, in evaluation mode.

    Args:
        store: where the run is.
        run: of which.
        step: one of its ``moments``.
        dataset: what it learns from.

    Raises:
        RunError: nothing is kept of that step.
        WeightsError: the weights were deleted meanwhile.
    """
    import torch
    from safetensors.torch import load_file

    from cvexplore.training.approaches import APPROACHES

    folder = store.folder / run.id
    if not snapshots.file(folder, step).is_file():
        raise RunError(f"Run {run.id} has kept no weights of step {step:,}.")
    config = replace(run.config, weights=f"run:{run.id}@{step}").checked()
    with torch.random.fork_rng(devices=[]):
        approach = APPROACHES.bind(config.approach)(config, dataset)
    beside = snapshots.file_beside(folder, step)
    if beside.is_file():
        approach.load_state_dict(load_file(beside), strict=False)
    return approach.eval().requires_grad_(False)
