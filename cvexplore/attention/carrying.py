"""A row of weights over tokens, carried from a network's last attention back to its first.

Rollout and relevance multiply one matrix a layer: R = M_L … M_2 M_1. Whoever asks for one row of R
needs none of the others: row M_L is a row again, and so on backwards. So each layer costs one
product of a row and a matrix, and that matrix is never laid out between all tokens: a window's
tokens gather their part of the row, and what they give is added up where the keys lie.

Where the grid of tokens changes between layers, the row moves along: a token of a coarse grid is
taken for the mean of the cells that it covers on a fine one, each by the area they share.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor

from cvexplore.attention.grids import Grid, finer, spread
from cvexplore.attention.records import PADDING, TOKEN, AttentionLayer, Places, Recording
from cvexplore.errors import LayerError


@dataclass(frozen=True)
class Attribution:
    """How much each place of the image had a part, as one method says.

    Args:
        map: on the grid of the network's first attention; a clip's frames are added up.
            Shape: (rows, columns)
        tokens: the same for tokens that stand for no place. Shape: (tokens,)
        layers: names of the layers it is made of, in the order of the pass.
        by_layer: for each of them the map as far as that layer. Shapes: (rows, columns)
        skipped: names of layers that no row can be carried through.
        branches: whether grids become finer again towards the end, as in networks with branches
            side by side; they are taken one after another here.
    """

    map: Tensor
    tokens: Tensor
    layers: tuple[str, ...]
    by_layer: tuple[Tensor, ...]
    skipped: tuple[str, ...] = ()
    branches: bool = False


@dataclass(frozen=True)
class Row:
    """One weight a token.

    Args:
        cells: of the tokens that have a place. Shape: (rows, frames, columns)
        tokens: of those that have none, in their order. Shape: (tokens,)
    """

    cells: Tensor
    tokens: Tensor

    @property
    def grid(self) -> Grid:
        """Rows, frames and columns."""
        rows, frames, columns = self.cells.shape
        return rows, frames, columns

    def on(self, grid: Grid) -> "Row":
        """Return the row on another grid; its sum stays."""
        if grid == self.grid or 0 in grid:
            return self
        return Row(spread(self.cells, grid), self.tokens)

    def __add__(self, other: "Row") -> "Row":
        return Row(self.cells + other.cells, self.tokens + other.tokens)


@dataclass(frozen=True)
class Step:
    """One layer's matrix: of a query's weight, ``own`` stays and ``passed`` goes to the keys.

    Args:
        name: the layer.
        places: where its tokens lie.
        own: Shape: (windows, Q)
        passed: Shape: (windows, Q, K)
    """

    name: str
    places: Places
    own: Tensor
    passed: Tensor

    @property
    def asks_by_window(self) -> bool:
        """Whether all windows share their queries (GCViT), so that outputs lie with the keys."""
        asked = self.places.queries[self.places.queries >= 0]
        shared = len(asked.unique()) < asked.numel()
        return shared and self.places.queries.shape == self.places.keys.shape

    @property
    def outputs(self) -> Tensor:
        """The place of each query's output. Shape: (windows, Q)"""
        return self.places.keys if self.asks_by_window else self.places.queries

    @property
    def output_grid(self) -> Grid:
        """The grid of the outputs; without cells if none has a place."""
        places = self.places
        grid = places.key_grid if self.asks_by_window else places.query_grid
        return _with_frames(grid, places.frames)

    @property
    def key_grid(self) -> Grid:
        """The grid of the keys; without cells if none has a place."""
        return _with_frames(self.places.key_grid, self.places.frames)

    @property
    def grid(self) -> Grid | None:
        """The grid of the outputs or, where those have no place, of the keys."""
        return next((each for each in (self.output_grid, self.key_grid) if 0 not in each), None)


@dataclass(frozen=True)
class Start:
    """Which row is asked for: of a token, of a place, or, of neither, the mean over all places.

    Args:
        token: which of the tokens without a place: 0 is the class token, where there is one.
        place: on the grid of the last layer's outputs, row by row.
    """

    token: int | None = None
    place: int | None = None

    def row(self, step: Step, last: Step, tokens: int) -> Row:
        """Return the row at one layer; a place of the last grid is where it lies on this one."""
        nowhere = torch.zeros(tokens)
        grid = step.grid or last.grid
        assert grid
        assert last.grid
        if self.token is not None and bool((step.outputs == TOKEN).any()):
            nowhere[self.token] = 1
            return Row(torch.zeros(grid), nowhere)
        cells = torch.zeros(last.grid)
        if self.place is None:
            cells[:] = 1 / cells.numel()
        else:
            cells.view(-1)[self.place] = 1
        return Row(cells, nowhere).on(grid)


def carriable(recording: Recording) -> tuple[tuple[AttentionLayer, ...], tuple[str, ...]]:
    """Return the layers that a row can be carried through, and the names of the others.

    Carried are attention between places and, where they are the same tokens as some that look at
    places, such as object queries, attention between tokens.

    Raises:
        LayerError: no layer's attention is between places, or the recording lacks some.
    """
    if recording.left_out:
        raise LayerError(
            "A way through the whole network needs all its layers, and this recording leaves out "
            f"{len(recording.left_out)} for their size: record with a larger cap, or choose a "
            "smaller network or image."
        )
    looking = {_tokens(each.on_image.queries) for each in recording.layers if _is_spatial(each)}
    if not looking:
        raise LayerError(
            "No attention of this network is between places of the image, so there is no way back "
            "to the image: choose a network such as cvexplore/vit or cvexplore/swin."
        )
    layers = tuple(
        each
        for each in recording.layers
        if _is_spatial(each)
        or (each.kind == "tokens" and each.places and _tokens(each.places.queries) in looking)
    )
    names = {each.name for each in layers}
    return layers, tuple(each.name for each in recording.layers if each.name not in names)


def ends(steps: Sequence[Step], start: Start) -> tuple[Row, ...]:
    """Return the row that is asked for at the end of each layer."""
    tokens = max(max(_tokens(step.outputs), _tokens(step.places.keys)) for step in steps)
    return tuple(start.row(step, steps[-1], tokens) for step in steps)


def carried(steps: Sequence[Step], row: Row) -> Row:
    """Return a row times all layers' matrices, from the last layer back to the first."""
    for step in reversed(steps):
        stays, passed = through(row, step)
        row = stays + passed
    return row


def through(row: Row, step: Step) -> tuple[Row, Row]:
    """Return what of a row one layer's own tokens keep, and what passes to its keys.

    Places that the layer does not attend from keep their weight.
    """
    asking = row.on(step.output_grid)
    answering = row.on(step.key_grid)
    outputs = _slots(step.outputs, asking)
    keys = _slots(step.places.keys, answering)
    before = _vector(asking)
    copies = torch.bincount(outputs.flatten(), minlength=len(before))
    asked = (before / copies.clamp(min=1))[outputs]
    stays = before.masked_fill(copies > 0, 0)
    stays.index_add_(0, outputs.flatten(), (asked * step.own).flatten())
    passed = torch.zeros_like(_vector(answering))
    given = torch.einsum("wq,wqk->wk", asked, step.passed)
    passed.index_add_(0, keys.flatten(), given.flatten())
    both = finer(asking.grid, answering.grid)
    return _row(stays, asking).on(both), _row(passed, answering).on(both)


def attribution(
    rows: Sequence[Row], steps: Sequence[Step], skipped: tuple[str, ...]
) -> Attribution:
    """Return rows, each of one layer more, as maps on the image."""
    grids = [step.output_grid for step in steps if 0 not in step.output_grid]
    return Attribution(
        map=rows[-1].cells.sum(1),
        tokens=rows[-1].tokens,
        layers=tuple(step.name for step in steps),
        by_layer=tuple(row.cells.sum(1) for row in rows),
        skipped=skipped,
        branches=any(one < after for one, after in pairwise(grids)),
    )


def _is_spatial(layer: AttentionLayer) -> bool:
    return layer.kind == "spatial" and layer.places is not None


def _tokens(places: Tensor) -> int:
    """Return how many tokens of a window have no place."""
    return int((places == TOKEN).sum(1).max())


def _with_frames(grid: tuple[int, int], frames: int) -> Grid:
    return grid[0], frames, grid[1] // frames


def _slots(places: Tensor, row: Row) -> Tensor:
    """Return where in a row's vector each token stands; padding has the last slot."""
    cells, tokens = row.cells.numel(), len(row.tokens)
    order = (places == TOKEN).cumsum(1) - 1
    slots = torch.where(places == TOKEN, cells + order, places)
    return slots.masked_fill(places == PADDING, cells + tokens)


def _vector(row: Row) -> Tensor:
    return torch.cat([row.cells.flatten(), row.tokens, torch.zeros(1)])


def _row(vector: Tensor, like: Row) -> Row:
    cells = like.cells.numel()
    return Row(vector[:cells].view(like.grid), vector[cells:-1])
