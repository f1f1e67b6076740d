"""Runs that are changed while they train: the change is kept, and repeats the run."""

from collections.abc import Callable
from pathlib import Path

import pytest

from cvexplore.errors import OptionError, RunError
from cvexplore.plugins import Choice
from cvexplore.runs import Run, RunStore, learning, reporting, snapshots, worker
from cvexplore.training import Change, MetricPoint, RunConfig
from cvexplore.training.loop import Training
from tests.runs.conftest import claimed, recipe, rows, stopping, train, train_on, vectors, weights

# Each of these takes part in every step.
EVERYTHING = recipe(
    epochs=4,
    schedule=Choice("constant"),
    augmentations=(Choice("rotate"),),
    weight_decay=0.1,
    learning_rate=2e-3,
)


@pytest.fixture(autouse=True)
def attentive(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the worker look for wishes and write at every step."""
    monkeypatch.setattr(reporting, "LOOK_SECONDS", 0.0)
    monkeypatch.setattr(reporting, "FLUSH_SECONDS", 0.0)


def steering(store: RunStore, at: dict[int, tuple[str, float]]) -> Callable[[MetricPoint], None]:
    """Return what changes a field of the only active run once it has done so many steps."""
    left = dict(at)

    def on_point(point: MetricPoint) -> None:
        if change := left.pop(point.step, None):
            (run,) = (each for each in store.runs() if each.active)
            store.steer(run.id, *change)

    return on_point


def assert_same(store: RunStore, some: Run, other: Run) -> None:
    assert rows(store, some.id) == rows(store, other.id)
    assert vectors(store, some.id) == vectors(store, other.id)
    assert weights(store, some.id) == weights(store, other.id)


def rates(store: RunStore, run: Run) -> list[float]:
    return store.curves(run.id)["train", "learning_rate"].values


def test_a_change_holds_from_the_next_step_and_is_kept(store: RunStore) -> None:
    run = train(store, EVERYTHING, on_point=steering(store, {7: ("learning_rate", 5e-4)}))
    assert run.state == "finished"
    assert run.changes == (Change(7, "learning_rate", 5e-4),)
    assert rates(store, run) == [2e-3] * 7 + [5e-4] * 13
    assert run.config == EVERYTHING.checked()  # as it was sent
    assert store.wishes(run.id) == ()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("learning_rate", 5e-4),
        ("weight_decay", 1.0),
        ("strength", 0.0),
        ("frozen", 0.5),
        ("epochs", 6),
    ],
)
def test_a_steered_run_is_repeated_by_its_recipe(store: RunStore, name: str, value: float) -> None:
    steered = train(store, EVERYTHING, on_point=steering(store, {7: (name, value)}))
    assert_same(store, train(store, steered.recipe), steered)
    assert rows(store, steered.id) != rows(store, train(store, EVERYTHING).id)


def test_what_was_steered_after_the_checkpoint_is_steered_again(
    store: RunStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(learning, "CHECKPOINT_SECONDS", 0.0)
    planned = RunConfig(**{**vars(EVERYTHING), "changes": (Change(12, "weight_decay", 0.5),)})
    steer = steering(store, {4: ("learning_rate", 1e-3), 9: ("strength", 0.3)})

    def crash(point: MetricPoint) -> None:
        steer(point)
        if point.step == 6:
            monkeypatch.setattr(learning, "CHECKPOINT_SECONDS", 1e9)
        if point.step == 14:
            raise ZeroDivisionError

    run = train(store, planned, on_point=crash)
    assert run.state == "failed"
    changed = [(change.step, change.name) for change in run.changes]
    assert changed == [(4, "learning_rate"), (9, "strength")]
    again = train_on(store, run.id)
    assert again.state == "finished"
    assert again.changes == run.changes
    assert again.recipe.changes == tuple(
        Change(*each)
        for each in [(4, "learning_rate", 1e-3), (9, "strength", 0.3), (12, "weight_decay", 0.5)]
    )
    assert_same(store, train(store, again.recipe), again)


# ------------------------------------------------------------------ more epochs


@pytest.mark.parametrize("halt", [None, 7])
def test_an_extended_run_is_one_that_was_longer(store: RunStore, halt: int | None) -> None:
    run = train(store, EVERYTHING, on_point=stopping(store, halt) if halt else None)
    assert run.state == ("stopped" if halt else "finished")
    store.extend(run.id, 6)
    again = store.claim()
    assert again
    assert again.id == run.id
    assert worker.work(store, again) == "finished"
    longer = store.run(run.id)
    assert (longer.step, longer.steps) == (30, 30)
    assert longer.changes == (Change(halt or 20, "epochs", 6),)
    assert_same(store, train(store, longer.recipe), longer)
    # The schedule is constant, so this is also what six epochs are from the start.
    assert rows(store, longer.id) == rows(store, train(store, recipe_of(6)).id)


def recipe_of(epochs: int) -> RunConfig:
    return RunConfig(**{**vars(EVERYTHING), "epochs": epochs})


def test_a_run_is_not_extended_to_less_than_it_has(store: RunStore) -> None:
    run = train(store, EVERYTHING)
    for epochs in (1, 4):
        with pytest.raises(RunError, match="has 4 epochs; ask for more"):
            store.extend(run.id, epochs)
    with pytest.raises(OptionError, match="epochs"):
        store.extend(run.id, 10**6)
    store.extend(run.id, 5)
    with pytest.raises(RunError, match="has 5 epochs"):
        store.extend(run.id, 5)


def test_a_run_that_waits_gets_its_epochs_before_it_begins(store: RunStore) -> None:
    run_id = store.submit(recipe(epochs=1))
    store.extend(run_id, 2)
    assert store.run(run_id).state == "queued"
    run = store.claim()
    assert run
    assert run.recipe.changes == (Change(0, "epochs", 2),)


@pytest.mark.parametrize("when", ["at the last measurement", "while it is kept"])
def test_epochs_that_come_at_the_very_end_are_trained(
    store: RunStore, monkeypatch: pytest.MonkeyPatch, when: str
) -> None:
    monkeypatch.setattr(reporting, "LOOK_SECONDS", 1e9)
    run = claimed(store, recipe(epochs=1))
    save = Training.save
    left = ["once"]

    def extend() -> None:
        if left:
            left.clear()
            store.extend(run.id, 2)

    def on_point(point: MetricPoint) -> None:
        if when == "at the last measurement" and point.split == "validation":
            extend()

    def slow_save(self: Training, path: Path) -> None:
        save(self, path)
        if when == "while it is kept":
            extend()

    monkeypatch.setattr(Training, "save", slow_save)
    assert worker.work(store, run, on_point) == "finished"
    ended = store.run(run.id)
    assert (ended.step, ended.changes) == (10, (Change(5, "epochs", 2),))
    assert_same(store, train(store, ended.recipe), ended)


def test_a_run_does_not_finish_while_more_epochs_are_wanted(store: RunStore) -> None:
    run = claimed(store, recipe())
    store.begin(run.id, 10, 10)
    store.extend(run.id, 3)
    assert not store.finish(run.id)
    (wish,) = store.wishes(run.id)
    store.record(run.id, [], 10, 10, wishes=[wish])
    assert store.finish(run.id)
    assert store.run(run.id).state == "finished"


def test_a_run_that_is_stopping_is_not_extended(store: RunStore) -> None:
    run = claimed(store, recipe())
    store.begin(run.id, 1, 10)
    store.heed(run.id)
    with pytest.raises(RunError, match="is stopping; give it more epochs once it has stopped"):
        store.extend(run.id, 3)
    assert store.run(run.id).changes == ()


def test_a_planned_change_is_not_recorded_as_a_steered_one(store: RunStore) -> None:
    planned = recipe(changes=(Change(4, "weight_decay", 0.5),))
    run = train(store, planned, on_point=steering(store, {4: ("learning_rate", 5e-4)}))
    assert run.changes == (Change(4, "learning_rate", 5e-4),)
    assert len(run.recipe.changes) == 2


def test_the_moments_follow_the_length_of_the_run(store: RunStore) -> None:
    run = train(store, recipe(snapshots=5), on_point=steering(store, {3: ("epochs", 4)}))
    steps = snapshots.kept(store.folder / run.id)
    assert steps[-1] == run.step == 20
    assert set(snapshots.moments(5, 20)) <= set(steps)


# ------------------------------------------------------------------ what cannot be


def test_only_a_run_that_trains_is_steered(store: RunStore) -> None:
    run = train(store, recipe())
    waiting = store.submit(recipe())
    for run_id, state in ((run.id, "finished"), (waiting, "queued")):
        with pytest.raises(RunError, match=f"is {state}; only a run that trains can be steered"):
            store.steer(run_id, "learning_rate", 1e-3)


@pytest.mark.parametrize(("name", "value"), [("batch_size", 3), ("learning_rate", -1.0)])
def test_only_what_can_be_steered_is(store: RunStore, name: str, value: float) -> None:
    run = claimed(store, recipe())
    with pytest.raises(OptionError, match=name):
        store.steer(run.id, name, value)
    assert store.wishes(run.id) == ()


def test_a_wish_that_came_too_late_is_forgotten(store: RunStore) -> None:
    run = claimed(store, recipe())
    store.steer(run.id, "learning_rate", 1e-3)
    store.end(run.id, "stopped")
    assert store.wishes(run.id) == ()
