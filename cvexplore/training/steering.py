"""The recipe in force: the one a run began with, and what was changed since."""

from dataclasses import replace
from typing import Any

from cvexplore.training.config import Change, RunConfig, steered


class Steering:
    """A recipe whose fields change while the run trains.

    Changes come from the recipe itself, at the steps it says, and from people, at the next step.
    All are kept in the order they are made, so that a recipe that holds them repeats the run.

    Args:
        config: the recipe at the beginning.
    """

    def __init__(self, config: RunConfig) -> None:
        self.recipe = config
        self.changes: list[Change] = []
        self._planned = sorted(config.changes, key=lambda change: change.step)
        self._in_force = 0  # how many of the changes

    def change(self, step: int, name: str, value: float) -> Change:
        """Let a field have another value from the next step on, and return this change.

        Raises:
            OptionError: the field cannot be changed while it trains, or not to this value.
        """
        change = Change(step, name, steered(name, value))
        self._append_planned(step)
        self.changes.append(change)
        return change

    def make(self, step: int) -> tuple[Change, ...]:
        """Put in force what is due after that many steps, and return it."""
        self._append_planned(step)
        due = tuple(self.changes[self._in_force :])
        for change in due:
            self.recipe = replace(self.recipe, **{change.name: change.value})
            if change.name == "epochs":
                self.recipe = replace(self.recipe, steps=0)
        self._in_force += len(due)
        return due

    def _append_planned(self, step: int) -> None:
        while self._planned and self._planned[0].step <= step:
            self.changes.append(self._planned.pop(0))

    def state(self) -> dict[str, Any]:
        """Return what ``restore`` needs."""
        changes = [(each.step, each.name, each.value) for each in self.changes]
        return {"changes": changes, "in_force": self._in_force}

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from a state of the same recipe, which may have more changes since.

        Those the state has are the first of the recipe's; the others are made at their steps.
        """
        changes = [Change(*each) for each in state["changes"]]
        left = self._planned[len(changes) :]
        self._planned, self.changes = [], changes[: state["in_force"]]
        self.make(step=0)
        self._planned, self.changes = left, changes
