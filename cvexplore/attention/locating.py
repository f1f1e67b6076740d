"""Where the tokens of each attention lie, found once for a network and a size of image."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor, nn

from cvexplore.attention.recorder import Event, Recorder
from cvexplore.attention.records import PADDING, TOKEN, Kind, Located, Places
from cvexplore.attention.tracking import NO_PLACE, NOTHING, Origins, Tracker, varies
from cvexplore.errors import LayerError

Locations = Mapping[tuple[str, int], Located]
"""What is known of each attention, by its module's path and its number there."""


def locate(model: nn.Module, image: Tensor) -> Locations:
    """Return where the queries and keys of every attention lie, in the order of the pass.

    It runs the network once; what it returns is the same for all images of this size.

    Args:
        model: the network, in evaluation mode; it is left as it is.
        image: Shape: (1, C, H, W), or (1, C, T, H, W) of a clip

    Raises:
        LayerError: there are several images.
    """
    if len(image) != 1:
        raise LayerError(f"Attention is told of one image at a time; these are {len(image)}.")
    tracker = Tracker(image)
    found: dict[tuple[str, int], Located] = {}
    lattices: dict[tuple[str, int], _Lattice] = {}
    sides = tuple(image.shape[2:])

    def happened(event: Event) -> None:
        key = (event.path, event.number)
        found[key], lattices[key] = _located(event, tracker, sides)

    def returned(event: Event, output: Any) -> None:
        key = (event.path, event.number)
        output = output[0] if isinstance(output, tuple) else output
        origins = tracker.origins(output) if isinstance(output, Tensor) else None
        if origins is not None and found[key].places is not None:
            outputs = lattices[key].places(origins.of[0][..., 0].cpu())
            found[key] = replace(found[key], outputs=outputs)

    recorder = Recorder(happened, returned)
    with torch.no_grad(), tracker, recorder:
        recorder.watched(model)(image)
    return found


@dataclass(frozen=True)
class _Lattice:
    """The rows and columns of pixels that tokens stand on.

    Args:
        sides: of the image: (H, W), or (T, H, W) of a clip.
        frames, rows, columns: the coordinates that occur, in their order.
    """

    sides: tuple[int, ...]
    frames: Tensor
    rows: Tensor
    columns: Tensor

    @classmethod
    def of(cls, pixels: Tensor, sides: tuple[int, ...]) -> "_Lattice":
        """Return the lattice of all pixels that occur."""
        frames, rows, columns = _coordinates(pixels[pixels > NOTHING], sides)
        return cls(sides, frames.unique(), rows.unique(), columns.unique())

    @property
    def grid(self) -> tuple[int, int]:
        """Rows and columns; a clip's frames stand side by side."""
        return len(self.rows), len(self.frames) * len(self.columns)

    def places(self, pixels: Tensor) -> Tensor:
        """Return the cell of each pixel, row by row; ``TOKEN`` and ``PADDING`` for the others."""
        frames, rows, columns = _coordinates(pixels.clamp(min=1), self.sides)
        frame = torch.searchsorted(self.frames, frames.contiguous())
        row = torch.searchsorted(self.rows, rows.contiguous())
        column = torch.searchsorted(self.columns, columns.contiguous())
        places = (row * len(self.frames) + frame) * len(self.columns) + column
        places = places.masked_fill(pixels == NOTHING, PADDING)
        return places.masked_fill(pixels == NO_PLACE, TOKEN)


def _coordinates(pixels: Tensor, sides: tuple[int, ...]) -> tuple[Tensor, Tensor, Tensor]:
    height, width = sides[-2:]
    numbers = pixels.long() - 1
    rest = numbers.div(width, rounding_mode="floor")
    return rest.div(height, rounding_mode="floor"), rest % height, numbers % width


def _located(event: Event, tracker: Tracker, sides: tuple[int, ...]) -> tuple[Located, _Lattice]:
    found = event.found
    used = found.weights if found.applied is None else found.applied
    weights, values = tracker.origins(used), tracker.origins(found.values)
    *leading, asking, answering = used.shape
    queries = _queries(weights, (*leading, asking)).cpu()
    keys = _keys(weights, values, (*leading, answering)).cpu()
    kind = _kind(weights, values, keys)
    lattice = _Lattice.of(queries, sides)
    count = torch.Size(leading).numel()
    members = torch.arange(count)[None]
    places = None
    if kind == "spatial":
        key_lattice = _Lattice.of(keys, sides)
        groups = _groups(queries, keys)
        whole = _is_whole(queries, lattice) and _is_whole(keys, key_lattice)
        if groups is None or not whole or _disagree(weights, keys):
            kind = "unknown"
        else:
            members = groups
            places = Places(
                lattice.places(queries)[groups[:, 0]],
                key_lattice.places(keys)[groups[:, 0]],
                lattice.grid,
                key_lattice.grid,
                max(len(key_lattice.frames), 1),
            )
    if kind == "tokens":
        nowhere = torch.full((1, asking), TOKEN), torch.full((1, answering), TOKEN)
        places = Places(*nowhere, (0, 0), (0, 0))
    shape = (*leading, asking, answering)
    located = Located(event.path, event.number, kind, places, members, shape, sides=sides)
    return located, lattice


def _queries(weights: Origins | None, shape: tuple[int, ...]) -> Tensor:
    """Return the pixel of each query, by (leading, query)."""
    for of in weights.of if weights else ():
        if not varies(of, -1):
            return of[..., 0].expand(shape).reshape(-1, shape[-1])
    return torch.full(shape, NO_PLACE).reshape(-1, shape[-1])


def _keys(weights: Origins | None, values: Origins | None, shape: tuple[int, ...]) -> Tensor:
    """Return the pixel of each key, by (leading, key): where the values stand."""
    if values is not None and not varies(values.of[0], -1):
        return values.of[0][..., 0].expand(shape).reshape(-1, shape[-1])
    for of in weights.of if weights else ():
        if varies(of, -1):
            return of[..., 0, :].expand(shape).reshape(-1, shape[-1])
    return torch.full(shape, NO_PLACE).reshape(-1, shape[-1])


def _disagree(weights: Origins | None, keys: Tensor) -> bool:
    """Say whether the keys' own vectors came from elsewhere than the values that they stand for."""
    for of in weights.of if weights else ():
        if varies(of, -1):
            of_keys = of[..., 0, :].reshape(-1, of.shape[-1]).cpu()
            return not torch.equal(of_keys.expand_as(keys), keys)
    return False


def _kind(weights: Origins | None, values: Origins | None, keys: Tensor) -> Kind:
    if values is not None and varies(values.of[0], -1):
        return "channels"
    if len(keys[keys > NOTHING].unique()) < 2:
        return "tokens"
    return "spatial" if weights is not None and weights.product else "predicted"


def _groups(queries: Tensor, keys: Tensor) -> Tensor | None:
    """Return which leading indices are the heads of each window: those of the same tokens.

    Shapes: (leading, Q), (leading, K) -> (windows, heads); None if windows differ in heads
    """
    tokens = torch.cat([queries, keys], dim=1)
    _, window, counts = tokens.unique(dim=0, return_inverse=True, return_counts=True)
    if len(counts.unique()) > 1:
        return None
    members = window.argsort(stable=True).view(len(counts), -1)
    return members[members[:, 0].argsort()]


def _is_whole(pixels: Tensor, lattice: _Lattice) -> bool:
    """Say whether tokens fill most of their lattice, as those of one resolution do."""
    cells = lattice.grid[0] * lattice.grid[1]
    return cells == 0 or len(pixels[pixels > NOTHING].unique()) > cells / 2
