"""What a run learned."""

from typing import TYPE_CHECKING

from cvexplore.runs.exports import EXPORTS, OBSTACLES, Files

if TYPE_CHECKING:
    from cvexplore.runs import Run, RunStore


@EXPORTS.register("weights")
def as_weights(store: "RunStore", run: "Run") -> Files:
    """The network's parameters and buffers as safetensors, with what they belong to."""
    path = store.folder / run.id / "weights.safetensors"
    return {path.name: path.read_bytes()}


@OBSTACLES.register("weights")
def not_yet(store: "RunStore", run: "Run") -> str:
    """Say that a run leaves weights when it pauses or ends."""
    if (store.folder / run.id / "weights.safetensors").is_file():
        return ""
    return f"Run {run.id} is {run.state} and has left no weights yet."
