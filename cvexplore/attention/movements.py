"""Functions that move numbers without changing them, by name."""

from typing import Any

MOVES = frozenset(
    """
    reshape view flatten unflatten permute transpose t swapaxes swapdims movedim moveaxis squeeze
    unsqueeze __getitem__ narrow select chunk split unbind tensor_split roll flip rot90 expand
    expand_as repeat repeat_interleave tile index_select gather take_along_dim pad unfold
    pixel_shuffle pixel_unshuffle channel_shuffle view_as reshape_as ravel mT T split_with_sizes
    unsafe_chunk unsafe_split
    """.split()
)
"""What is done to a tensor, the same can be done to a picture of where its numbers came from."""

JOINS = frozenset("cat concat concatenate stack hstack vstack".split())
"""Functions that put tensors side by side."""

KEEPS = MOVES | JOINS
KEEPS |= frozenset("contiguous clone detach data to type_as float half double bfloat16".split())
KEEPS |= frozenset("dropout dropout1d dropout2d alpha_dropout feature_alpha_dropout".split())
"""Functions whose result has the numbers it was given: in evaluation, dropout too."""


_TENSORS = ("input", "tensors", "mat1", "batch1", "other", "mat2", "batch2", "weight")


def name_of(function: Any) -> str:
    """Return a function's name; of a property such as ``Tensor.mT``, which is a getter, its own."""
    name = function.__name__
    return function.__self__.__name__ if name == "__get__" else name


def by_position(
    args: tuple[Any, ...], kwargs: dict[str, Any]
) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """Return a call as most write it: the tensors it names stand behind those it does not name."""
    named = [name for name in _TENSORS if name in kwargs]
    if not named:
        return args, kwargs
    rest = {name: value for name, value in kwargs.items() if name not in named}
    return (*args, *(kwargs[name] for name in named)), rest
