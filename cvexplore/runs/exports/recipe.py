"""What repeats a run: its recipe."""

import json
from typing import TYPE_CHECKING

from cvexplore.runs.exports import EXPORTS, Files

if TYPE_CHECKING:
    from cvexplore.runs import Run, RunStore


@EXPORTS.register("recipe")
def as_recipe(store: "RunStore", run: "Run") -> Files:
    """The recipe as JSON, with what was steered on the way: ``cvexplore train --recipe FILE``."""
    return {"recipe.json": json.dumps(json.loads(run.recipe.to_json()), indent=2).encode()}
