"""What a network is made of, as far as methods care: which functions its numbers pass through.

Found in one pass on the image itself, so functional calls count as much as modules.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Structure:
    """What the network ran in one pass.

    Args:
        calls: how often each kind of function was called: "ReLU", "GELU", "MaxPool2d",
            "LayerNorm", "softmax", "product" (of two tensors that both depend on the image), …
        shared: modules of activations that were called more than once.
        in_place: activations that overwrote what they were given.
        silent_head: whether the last layer's weights are all zero, so every score is a constant.
    """

    calls: Mapping[str, int] = field(default_factory=dict)
    shared: tuple[str, ...] = ()
    in_place: int = 0
    silent_head: bool = False
