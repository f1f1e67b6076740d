"""The job that trains: from its last checkpoint to the end, or to where it is asked to halt.

Everything happens between two turns of the loop, when all is consistent: a checkpoint, a change
that somebody steered, a stop. So a run that goes on has the same numbers as one that never halted.
"""

import io
import json
import pickle
import time
from typing import TYPE_CHECKING, Any

from cvexplore.errors import CvexploreError, RunError
from cvexplore.runs import snapshots, writing
from cvexplore.runs.recording import Recorded
from cvexplore.runs.reporting import Reporting
from cvexplore.training.config import Change

if TYPE_CHECKING:
    from cvexplore.training.loop import Training

CHECKPOINT_SECONDS = 10.0
CHECKPOINT_SHARE = 0.02  # of the time, where steps are so long that each is worth keeping
LONG_TURN_SECONDS = 0.2  # whoever asks it to stop might not wait for the end of such a step
# What torch raises for a file that is not whole.
_TORN = (RuntimeError, EOFError, ValueError, LookupError, pickle.UnpicklingError)
MOST_CHECKPOINT_BYTES = 500_000_000  # that a finished run keeps, so that it can be extended


def train(reporting: Reporting) -> tuple[str, str]:
    """Train, and return the state it ended in and why; an empty state if others said it."""
    from cvexplore.training.loop import Training
    from cvexplore.training.nonfinite import Diverged

    learning = _Learning(reporting, Training(reporting.run.recipe))
    try:
        return learning.go()
    except Diverged as error:
        found = {"step": error.step, "layer": error.layer, "pictures": error.pictures}
        text = json.dumps(found)
        writing.replace(reporting.folder / "diverged.json", lambda path: path.write_text(text))
        raise


class _Learning:
    def __init__(self, reporting: Reporting, training: "Training") -> None:
        self.reporting = reporting
        self.training = training
        self.folder = reporting.folder
        self.checkpoint = self.folder / "checkpoint.pt"
        self.kept = time.monotonic()  # when the last checkpoint was
        self.cost = 0.0  # seconds that it took
        self.moments = snapshots.Moments(self.folder, training)
        self.pace = _Pace(training)

    def go(self) -> tuple[str, str]:
        """Train from where it stands to its end, or until it is to halt."""
        self._restore()
        self.moments.plan()
        while not self._learn():
            if self._steer():
                continue  # more epochs, perhaps
            self._keep_all()
            if self.reporting.store.finish(self.reporting.run.id, self.training.ended_early):
                break
            if not self._steer():
                break  # the runner was faster
        else:
            return self._halt()
        return "", ""

    def _learn(self) -> bool:
        """Train to the end of the recipe, and return whether it is to halt before."""
        training, reporting = self.training, self.reporting
        try:
            for points in training.turns():
                turn = self.pace.turn()
                reporting.add(points)
                self.moments.keep_if_due()
                if reporting.flush_if_due(training.step, training.steps):
                    reporting.status["images_per_second"] = self.pace.images_per_second()
                    if self._checkpoint_is_due(turn):
                        self._save_checkpoint()
                if reporting.look_if_due():
                    self._steer()
                    if reporting.wanted() != "run":
                        return True
        finally:
            reporting.flush(training.step, training.steps)
        return False

    def _restore(self) -> None:
        import torch

        training, recorded = self.training, Recorded()
        if self.checkpoint.exists():
            try:
                saved = torch.load(self.checkpoint, "cpu", weights_only=True)
            except _TORN as error:
                reason = str(error).partition("\n")[0]
                text = f"{self.checkpoint.name} cannot be read, so the run began anew: {reason}\n"
                writing.log(self.folder, text)
            else:
                training.restore(saved["training"])
                recorded = Recorded(*saved["recorded"])
        classes = getattr(training.approach.dataset, "classes", ())
        labels = {"layers": training.layers, "classes": classes}
        self.reporting.begin(training.step, training.steps, recorded, labels)

    # ---------------------------------------------------------------- steering

    def _steer(self) -> bool:
        """Make the changes that somebody wants, and return whether there were any."""
        training, reporting = self.training, self.reporting
        wishes = reporting.store.wishes(reporting.run.id)
        changes: list[Change] = []
        for wish in wishes:
            try:
                changes.append(training.change(wish.name, wish.value))
            except CvexploreError as error:
                writing.log(self.folder, f"{wish.name} stays as it is: {error}\n")
        if wishes:
            reporting.flush(training.step, training.steps, tuple(changes), wishes)
        return bool(wishes)

    # ---------------------------------------------------------------- the end

    def _halt(self) -> tuple[str, str]:
        """Keep all that is needed to go on, and return what was asked for."""
        reporting = self.reporting
        if not reporting.store.heed(reporting.run.id):
            return "", ""  # the runner was faster
        self._save_weights()
        if self.training.config.snapshots:
            self.moments.keep()  # the last there is, until it goes on
        self._save_checkpoint()
        return ("paused" if reporting.wanted() == "pause" else "stopped"), ""

    def _keep_all(self) -> None:
        self._save_weights()
        try:
            self._save_checkpoint(MOST_CHECKPOINT_BYTES)  # so that it can be extended
        except RunError as error:
            self.checkpoint.unlink(missing_ok=True)
            writing.log(self.folder, f"{error}\n")

    # ---------------------------------------------------------------- what is kept

    def _save_weights(self) -> None:
        writing.replace(self.folder / "weights.safetensors", self.training.save)

    def _checkpoint_is_due(self, turn: float) -> bool:
        wait = CHECKPOINT_SECONDS
        if turn > LONG_TURN_SECONDS:
            wait = min(wait, self.cost / CHECKPOINT_SHARE)
        return time.monotonic() - self.kept > wait

    def _save_checkpoint(self, most_bytes: float = float("inf")) -> None:
        import torch

        began = time.monotonic()
        state = {"training": self.training.checkpoint(), "recorded": tuple(self.reporting.recorded)}
        if _bytes(state) > most_bytes:
            self.checkpoint.unlink(missing_ok=True)
            return
        file = io.BytesIO()  # torch would hide from us why a file cannot be written
        torch.save(state, file)
        writing.replace(self.checkpoint, lambda path: path.write_bytes(file.getbuffer()))
        self.kept = time.monotonic()
        self.cost = self.kept - began


class _Pace:
    """How many pictures a second the network learns from, measurements apart."""

    def __init__(self, training: "Training") -> None:
        self.training = training
        self.step = training.step
        self.began = time.monotonic()
        self.steps = 0
        self.seconds = 0.0
        self.last = 0.0

    def turn(self) -> float:
        """Notice a turn of the loop and return how long it took."""
        now = time.monotonic()
        took, self.began = now - self.began, now
        if self.training.step > self.step:
            self.steps += self.training.step - self.step
            self.seconds += took
        self.step = self.training.step
        return took

    def images_per_second(self) -> float:
        """Return the pace since the last time it was asked for, or before if nothing was done."""
        if self.seconds:
            per_step = len(self.training.train) / self.training.steps_per_epoch
            self.last = self.steps * per_step / self.seconds
            self.steps, self.seconds = 0, 0.0
        return self.last


def _bytes(state: Any) -> int:
    """Return what the tensors in a checkpoint take."""
    if isinstance(state, dict):
        return sum(map(_bytes, state.values()))
    if isinstance(state, list | tuple):
        return sum(map(_bytes, state))
    return getattr(state, "nbytes", 0)
