"""Early stopping: a run whose validation loss no longer falls need not go to its end.

Source: Prechelt, "Early Stopping - But When?", 1998.
"""

import math
from collections.abc import Sequence

from cvexplore.training.config import RunConfig


def why(losses: Sequence[float], config: RunConfig, since: int = 0) -> str:
    """Return a sentence that says why a run ends early, or nothing if it goes on.

    Args:
        losses: of the validation split, one a measurement.
        config: the recipe, whose ``patience`` and ``improvement`` are asked.
        since: measurements made when the run was made longer; patience begins anew.
    """
    if not config.patience:
        return ""
    best, at = math.inf, since
    for number, loss in enumerate(losses[since:], start=since + 1):
        if loss < best - config.improvement:
            best, at = loss, number
    if (len(losses) - at) * config.every < config.patience:
        return ""
    return (
        f"It ended early, after epoch {len(losses) * config.every}: in {config.patience} epochs "
        f"the validation loss did not fall below the {best:.4g} of epoch {at * config.every}"
        + (f" by {config.improvement:g}." if config.improvement else ".")
    )
