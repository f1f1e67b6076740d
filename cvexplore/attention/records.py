"""What a forward pass tells of its attention: the weights used, and where on the image they lie."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

import torch
from torch import Tensor

TOKEN = -1
"""The place of a token that stands for no place: class token, register, object query."""
PADDING = -2
"""The place of what was filled up with zeros, so that windows are whole."""

Kind = Literal["spatial", "tokens", "channels", "predicted", "unknown"]
KINDS: Mapping[Kind, str] = {
    "spatial": "between places of the image",
    "tokens": "between tokens that stand for no place, such as object queries",
    "channels": "between channels: each channel asks which channels are like it over the image",
    "predicted": "not from queries and keys: a layer predicts the weights directly",
    "unknown": "of a form whose tokens cannot be followed back to the image",
}


@dataclass(frozen=True)
class Places:
    """Where the tokens of one attention lie on the image.

    A grid is what the tokens form on the image; a place is a cell of it, counted row by row, or
    ``TOKEN`` or ``PADDING``. A clip's frames stand side by side.

    Args:
        queries: the places of the queries. Shape: (windows, Q), int64
        keys: the places of keys and values. Shape: (windows, K), int64
        query_grid: rows and columns; (0, 0) if no query has a place.
        key_grid: rows and columns; (0, 0) if no key has a place.
        frames: pictures in a clip; 1 for an image.
    """

    queries: Tensor
    keys: Tensor
    query_grid: tuple[int, int]
    key_grid: tuple[int, int]
    frames: int = 1

    @property
    def windows(self) -> int:
        """Groups of tokens that see only each other; 1 where every token sees all."""
        return len(self.queries)

    @property
    def on_one_grid(self) -> bool:
        """Whether queries and keys are the same places, so that attention can be carried on."""
        return self.query_grid == self.key_grid and self.query_grid != (0, 0)


@dataclass(frozen=True)
class Products:
    """How one attention came to its weights, for a look at single numbers.

    Args:
        queries: Q. Shape: (windows, heads, Q, d); None where the network hides them.
        keys: K. Shape: (windows, heads, K, d); None where the network hides them.
        dots: Q Kᵀ as the network computed it, perhaps of queries scaled before.
            Shape: (windows, heads, Q, K)
        scores: what the softmax was given: scaled, with position bias and mask.
            Shape: (windows, heads, Q, K)
    """

    queries: Tensor | None
    keys: Tensor | None
    dots: Tensor | None
    scores: Tensor


@dataclass(frozen=True)
class AttentionLayer:
    """The attention that one layer really used in one forward pass.

    Args:
        path: the module that computed it.
        number: which of the module's attentions, in the order of the pass.
        kind: between what; only "spatial" can be drawn on the image.
        places: where its tokens lie; None if they could not be followed.
        weights: each query's weights over the keys, rows that sum to 1.
            Shape: (windows, heads, Q, K), float32
        values: what is averaged with them. Shape: (windows, heads, K, d)
        applied: what the network multiplied the values with, where heads are mixed or gated after
            the softmax; None where it is ``weights``. Shape: (windows, heads, Q, K)
        row_sum_error: the largest |sum of a row - 1|.
        reconstruction_error: the largest |weights @ values - the layer's real output|, as a share
            of its largest value.
        stitched_error: of windows, the same for the module's whole output, from the maps as they
            lie on the image; None where the module does more than attention and one projection.
        gradients: of the asked class score with respect to the weights. Shape: as ``weights``
        products: the numbers on the way, if they were asked for.
    """

    path: str
    number: int
    kind: Kind
    places: Places | None
    weights: Tensor
    values: Tensor
    applied: Tensor | None = None
    row_sum_error: float | None = None
    reconstruction_error: float | None = None
    stitched_error: float | None = None
    gradients: Tensor | None = None
    products: Products | None = None

    @property
    def name(self) -> str:
        """The path, and which of its attentions where it has several: "blocks.3.attn #2"."""
        return self.path if self.number == 0 else f"{self.path} #{self.number + 1}"

    @property
    def heads(self) -> int:
        """Attention maps that this layer computes side by side."""
        return self.weights.shape[1]

    @property
    def on_image(self) -> Places:
        """The places; only ask a layer whose kind is "spatial"."""
        assert self.places is not None
        return self.places


@dataclass(frozen=True)
class Recording:
    """One forward pass and every attention in it.

    Args:
        output: what the network returned.
        layers: in the order of the pass.
        left_out: names of the layers that the memory cap left no room for.
        images: the shape of what the network was given.
    """

    output: Any
    layers: tuple[AttentionLayer, ...]
    left_out: tuple[str, ...] = ()
    images: tuple[int, ...] = ()

    def layer(self, name: str) -> AttentionLayer:
        """Return the layer of this name."""
        return next(layer for layer in self.layers if layer.name == name)


@dataclass(frozen=True)
class Located:
    """What is known of one attention before any image is looked at.

    Args:
        path: the module that computes it.
        number: which of the module's attentions.
        kind: between what.
        places: where its tokens lie; None if they lie nowhere or could not be followed.
        members: which of the network's own leading indices is which window and head.
            Shape: (windows, heads), int64
        shape: of the weights as the network computes them: (*leading, Q, K).
        outputs: the place of each token that the module returns; None if unknown.
        sides: of the image: (H, W), or (T, H, W) of a clip.
    """

    path: str
    number: int
    kind: Kind
    places: Places | None
    members: Tensor
    shape: tuple[int, ...]
    outputs: Tensor | None = field(default=None, repr=False)
    sides: tuple[int, ...] = ()

    @property
    def name(self) -> str:
        """As that of the attention layer."""
        return self.path if self.number == 0 else f"{self.path} #{self.number + 1}"

    @property
    def bytes(self) -> int:
        """Memory that its weights take."""
        return 4 * torch.Size(self.shape).numel()

    def arranged(self, tensor: Tensor) -> Tensor:
        """Return a tensor of the network's own order by window and head.

        Shape: (*leading, …, …) -> (windows, heads, …, …)
        """
        if tensor.dim() == 2:
            return tensor[None, None]
        leading = tensor.expand(*self.shape[:-2], *tensor.shape[-2:]).flatten(0, -3)
        if self.in_order:
            return leading.unflatten(0, self.members.shape)
        return leading[self.members]

    @cached_property
    def returned(self) -> tuple[Tensor, Tensor] | None:
        """Which tokens of the module's output have a place, and which query stands there.

        Shapes: (placed,), numbers of output tokens and of (window, query) pairs; None where there
        are no windows, where several of them ask from one place, or the output was not followed
        """
        if self.places is None or self.places.windows < 2 or self.outputs is None:
            return None
        queries = self.places.queries.flatten()
        asking = torch.full((max(int(queries.max()), int(self.outputs.max())) + 1,), -1)
        asking[queries[queries >= 0]] = (queries >= 0).nonzero()[:, 0]
        outputs = self.outputs.flatten()
        placed = (outputs >= 0).nonzero()[:, 0]
        once = len(queries[queries >= 0].unique()) == int((queries >= 0).sum())
        asked = asking[outputs[placed]]
        return (placed, asked) if once and len(placed) and bool((asked >= 0).all()) else None

    @cached_property
    def in_order(self) -> bool:
        """Whether the network's own order is by window and head already."""
        members = self.members.flatten()
        return torch.equal(members, torch.arange(len(members)))
