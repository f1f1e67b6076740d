"""Runs that were never trained, with curves, for pages that show runs."""

from dataclasses import replace

from cvexplore.runs import Run, RunStore
from cvexplore.training.config import MetricPoint, RunConfig, VectorPoint


def made(
    store: RunStore,
    recipe: RunConfig,
    *,
    accuracy: float = 0.9,
    steps: int = 20,
    state: str = "finished",
    name: str = "",
    group: str = "",
) -> Run:
    """Return a run of two epochs whose accuracy ends there and whose loss is what is missing."""
    run_id = store.submit(recipe, state="starting", name=name, group=group)
    classes = ("cat", "dog")
    store.begin(run_id, 0, steps, labels={"classes": classes, "layers": ("first",)})
    points: list[MetricPoint | VectorPoint] = []
    for step in range(1, steps + 1):
        share = accuracy * step / steps
        points.append(MetricPoint(step, "train", "accuracy", share, step / 10))
        points.append(MetricPoint(step, "train", "loss", 1 - share, step / 10))
        if step % (steps // 2) == 0:
            points.append(MetricPoint(step, "validation", "accuracy", share, step / 10))
            points.append(MetricPoint(step, "validation", "loss", 1 - share, step / 10))
            right, wrong = 100 * share, 100 * (1 - share)
            counts = (right, wrong, wrong, right)
            points.append(VectorPoint(step, "validation", "confusion", counts, step / 10))
    store.record(run_id, points, steps, steps)
    if state != "running":
        store.end(run_id, state)
        (store.folder / run_id).mkdir(exist_ok=True)
        (store.folder / run_id / "weights.safetensors").touch()
    return store.run(run_id)


def folds(store: RunStore, recipe: RunConfig, accuracies: tuple[float, ...]) -> list[Run]:
    """Return a run for each fold, ending at these accuracies."""
    return [
        made(store, replace(recipe, folds=len(accuracies), fold=fold), accuracy=accuracy)
        for fold, accuracy in enumerate(accuracies)
    ]
