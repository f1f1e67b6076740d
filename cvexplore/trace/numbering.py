"""What functions between modules are called: by their name, and which of that name in their block.

``x + shortcut`` in block "layer1.0" is "layer1.0.add"; a second sum there is "layer1.0.add_2". The
name depends only on which functions ran before in the same call of the block, so that whoever
watches a pass finds the same ones.
"""

from collections.abc import Callable
from typing import Any

from cvexplore.trace.functions import MOVES


def function_name(func: Callable[..., Any]) -> str:
    """Return a function's bare name: "iadd" of ``Tensor.__iadd__``."""
    return func.__name__.strip("_")


def numbered(func: Callable[..., Any], counts: dict[str, int]) -> str | None:
    """Return the name of the function that runs now; None if it only moves numbers.

    Args:
        func: what runs.
        counts: how often each function ran in this call of the block; this one is added.
    """
    if func in MOVES:
        return None
    name = function_name(func)
    counts[name] = count = counts.get(name, 0) + 1
    return name if count == 1 else f"{name}_{count}"
