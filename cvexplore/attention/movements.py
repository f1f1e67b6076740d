"""Functions that move numbers without changing them, by name."""

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

JOINS = {"cat": 0, "concat": 0, "concatenate": 0, "stack": 0, "hstack": 1, "vstack": 0}
"""Functions that put tensors side by side."""

KEEPS = (
    MOVES | JOINS.keys() | {"contiguous", "clone", "detach", "to", "type_as", "float", "__get__"}
)
KEEPS |= {"dropout", "feature_alpha_dropout", "dropout2d", "alpha_dropout", "identity"}
"""Functions whose result has the numbers it was given: in evaluation, dropout too."""
