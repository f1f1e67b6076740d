"""torchvision's weights with nothing in them: their facts for a builder, and no file.

A builder of torchvision that is handed published weights builds the network they belong to, then
loads them. Here it is handed a copy of their entry whose file is a state of ours, or nothing.
"""

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from torch import nn
from torchvision.models import Weights, WeightsEnum

NOTHING = {"cvexplore": "no weights"}  # recognised by identity, so no real state is ever mistaken
_building = 0
_lock = threading.Lock()


def entry(published: WeightsEnum, state: Mapping[str, Any], **facts: Any) -> WeightsEnum:
    """Return a copy of the weights' entry whose file is this state, with some facts changed."""
    copy: Any = object.__new__(type(published))
    copy._name_ = published.name
    copy._value_ = Weights(
        url="", transforms=published.transforms, meta={**published.meta, **facts}
    )
    copy.get_state_dict = lambda *args, **kwargs: state
    return copy


@contextmanager
def nothing_to_load() -> Iterator[None]:
    """Let ``load_state_dict`` pass over ``NOTHING``.

    Every thread sees the change, so it changes nothing else: real states are loaded as ever.
    """
    global _building
    with _lock:
        _building += 1
        if _building == 1:
            nn.Module.load_state_dict = _pass_over  # type: ignore[method-assign]
    try:
        yield
    finally:
        with _lock:
            _building -= 1
            if _building == 0:
                nn.Module.load_state_dict = _load  # type: ignore[method-assign]


_load = nn.Module.load_state_dict


def _pass_over(module: nn.Module, state: Any, *args: Any, **kwargs: Any) -> Any:
    return None if state is NOTHING else _load(module, state, *args, **kwargs)
