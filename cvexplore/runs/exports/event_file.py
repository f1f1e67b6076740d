"""Curves for TensorBoard."""

import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from cvexplore.runs.exports import EXPORTS, Files

if TYPE_CHECKING:
    from cvexplore.runs import Run, RunStore


@EXPORTS.register("tensorboard")
def as_tensorboard(store: "RunStore", run: "Run") -> Files:
    """All measurements as an event file, its tags split/name: ``tensorboard --logdir FOLDER``."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    from tensorboard.summary import Writer

    began = run.started or run.created
    with tempfile.TemporaryDirectory() as folder:
        writer = Writer(folder)
        for each in store.metrics(run.id)[0]:
            writer.add_scalar(
                f"{each.split}/{each.name}",
                each.value,
                step=each.step,
                wall_time=began + each.seconds,
            )
        writer.close()
        ((_, content),) = ((path.name, path.read_bytes()) for path in Path(folder).iterdir())
    # TensorBoard knows an event file by this word in its name.
    return {f"events.out.tfevents.{int(began)}.cvexplore": content}
