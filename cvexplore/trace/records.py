"""What one forward pass did, as values: a row a layer, and edges between the rows."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

Shape = tuple[int, ...]

Fact = Literal["parameters", "macs", "activation_bytes"]

# What blocks were given and returned, by path and by index of their first or last layer.
_Begins = Mapping[tuple[str, int], tuple[Shape, ...]]
_Ends = Mapping[tuple[str, int], Shape | None]

_LEARNED = "tokens, positions, scales"
_BETWEEN = "activations, pools, joins"
ROLES = ("convolution", "dense", "attention", "normalisation", _LEARNED, _BETWEEN, "other")
_ATTENDS = frozenset(
    {"scaled_dot_product_attention", "matmul", "bmm", "baddbmm", "einsum", "softmax"}
)

# What a learned tensor is for; see cvexplore.trace.uses.
USES = (
    "filter weights",
    "dense weights",
    "attention projections",
    "embeddings",
    "normalisation scale",
    "normalisation shift",
    "biases",
    "other",
)


@dataclass(frozen=True)
class LayerRecord:
    """One leaf module, or one function between modules, in the order they ran.

    Args:
        index: its place in ``Trace.layers``.
        path: the module's name, "layer1.0.conv1"; a function's is its block's and its own,
            "layer1.0.add".
        kind: the module's class, "Conv2d", or the function's name, "add".
        depth: modules around it, and itself: "layer1.0.conv1" has depth 3.
        input_shapes: of every tensor it was given.
        output_shape: of the (first) tensor it returned; None if it did not run in this pass.
        parameters: numbers it learns; a parameter used twice counts where it is used first.
        macs: multiply-adds, as torchvision's tables count them; attention counts.
        activation_bytes: bytes its functions write; in-place writes, views and moves are free.
        receptive_field: pixels a side of the image that one place of its output sees, in theory;
            None where that is the whole image, or cannot be told.
        trainable: those of its parameters that an optimiser would change.
    """

    index: int
    path: str
    kind: str
    depth: int
    input_shapes: tuple[Shape, ...]
    output_shape: Shape | None
    parameters: int
    macs: int
    activation_bytes: int
    receptive_field: int | None = None
    trainable: int = 0

    @property
    def flops(self) -> int:
        """Floating-point operations: two a multiply-add."""
        return 2 * self.macs


@dataclass(frozen=True)
class TensorRecord:
    """One tensor that the network learns.

    Args:
        path: its name, "layer1.0.conv1.weight"; the first one, if it has several.
        shape: of its numbers.
        use: what it is for, one of ``USES``.
        layer: index of the layer that counts it: the first that uses it.
        trainable: whether an optimiser would change it.
    """

    path: str
    shape: Shape
    use: str
    layer: int
    trainable: bool

    @property
    def parameters(self) -> int:
        """Numbers it holds."""
        return math.prod(self.shape)


@dataclass(frozen=True)
class BlockRecord:
    """One run of a module that holds layers: what it was given, and what it returned.

    Args:
        path: the module's.
        first: index of its first layer.
        last: index of its last layer.
        input_shapes: of every tensor it was given.
        output_shape: of the (first) tensor it returned.
    """

    path: str
    first: int
    last: int
    input_shapes: tuple[Shape, ...]
    output_shape: Shape | None


@dataclass(frozen=True)
class KindTotal:
    """All layers of one kind together."""

    kind: str
    layers: int
    parameters: int
    macs: int


@dataclass(frozen=True)
class Trace:
    """One forward pass: its layers in order, and which layer's output went into which.

    The layers are disjoint, so every total is the sum of its column.

    Args:
        layers: in the order they ran; layers with parameters that did not run stand last.
        edges: (from index, to index).
        kinds: the class of every module by its path, containers included.
        tensors: every learned tensor, once.
        blocks: the runs of modules that hold layers, inner ones first.
    """

    layers: tuple[LayerRecord, ...]
    edges: tuple[tuple[int, int], ...]
    kinds: Mapping[str, str] = field(default_factory=dict, repr=False)
    tensors: tuple[TensorRecord, ...] = field(default=(), repr=False)
    blocks: tuple[BlockRecord, ...] = field(default=(), repr=False)

    @property
    def parameters(self) -> int:
        """Numbers the network learns."""
        return sum(layer.parameters for layer in self.layers)

    @property
    def trainable(self) -> int:
        """Parameters that an optimiser would change."""
        return sum(layer.trainable for layer in self.layers)

    @property
    def macs(self) -> int:
        """Multiply-adds of the pass."""
        return sum(layer.macs for layer in self.layers)

    @property
    def flops(self) -> int:
        """Floating-point operations of the pass: two a multiply-add."""
        return 2 * self.macs

    @property
    def activation_bytes(self) -> int:
        """Bytes the layers write in the pass."""
        return sum(layer.activation_bytes for layer in self.layers)

    def joins(self) -> tuple[LayerRecord, ...]:
        """Return the layers that bring two or more streams together: additions, concatenations."""
        sources: dict[int, set[int]] = {}
        for start, end in self.edges:
            sources.setdefault(end, set()).add(start)
        return tuple(layer for layer in self.layers if len(sources.get(layer.index, ())) > 1)

    def by_kind(self) -> tuple[KindTotal, ...]:
        """Return what the layers of each kind hold together, most parameters first."""
        groups: dict[str, list[LayerRecord]] = {}
        for layer in self.layers:
            groups.setdefault(layer.kind, []).append(layer)
        totals = [
            KindTotal(
                kind, len(group), sum(r.parameters for r in group), sum(r.macs for r in group)
            )
            for kind, group in groups.items()
        ]
        return tuple(sorted(totals, key=lambda total: (-total.parameters, -total.macs)))

    def by_role(self, fact: Fact = "parameters") -> dict[str, int]:
        """Return parameters, multiply-adds or bytes by what they serve, in ``ROLES``' order."""
        spent: dict[str, int] = dict.fromkeys(ROLES, 0)
        for layer in self.layers:
            serves = role(layer.kind)
            if fact == "activation_bytes" and serves in (_LEARNED, "other"):
                serves = _BETWEEN
            spent[serves] += getattr(layer, fact)
        return spent

    def by_use(self) -> dict[str, int]:
        """Return parameters by what their tensors are for, in ``USES``' order."""
        held: dict[str, int] = dict.fromkeys(USES, 0)
        for tensor in self.tensors:
            held[tensor.use] += tensor.parameters
        return held

    def folded(self, depth: int) -> "Trace":
        """Return the trace with all that lies deeper than ``depth`` folded into its block.

        Neighbours in the same block become one layer: their figures add up, its inputs and its
        output are the block's. Folding a trace gives a trace with the same totals.
        """
        runs: list[list[LayerRecord]] = []
        place: dict[int, int] = {}
        for layer in self.layers:
            deeper = layer.depth > depth
            if not (runs and deeper and _block(runs[-1][-1], depth) == _block(layer, depth)):
                runs.append([])
            runs[-1].append(layer)
            place[layer.index] = len(runs) - 1
        begins = {(each.path, each.first): each.input_shapes for each in self.blocks}
        ends = {(each.path, each.last): each.output_shape for each in self.blocks}
        layers = (self._fold(run, depth, begins, ends) for run in runs)
        lifted = dict.fromkeys((place[start], place[end]) for start, end in self.edges)
        return Trace(
            layers=tuple(replace(layer, index=index) for index, layer in enumerate(layers)),
            edges=tuple(edge for edge in lifted if edge[0] != edge[1]),
            kinds=self.kinds,
            tensors=tuple(replace(each, layer=place[each.layer]) for each in self.tensors),
            blocks=tuple(
                replace(each, first=place[each.first], last=place[each.last])
                for each in self.blocks
                if _levels(each.path) < depth
            ),
        )

    def _fold(
        self, run: list[LayerRecord], depth: int, begins: _Begins, ends: _Ends
    ) -> LayerRecord:
        block = _block(run[0], depth)
        first = run[0]
        if len(run) == 1 and first.path == block:
            return first
        last = next((layer for layer in reversed(run) if layer.output_shape is not None), run[-1])
        # A list of blocks is never called itself: then its first and last block tell.
        given = [begins[at] for at in _around(first, depth) if at in begins]
        returned = [ends[at] for at in _around(last, depth) if at in ends]
        return LayerRecord(
            index=first.index,
            path=block,
            kind=self.kinds.get(block, first.kind),
            depth=_levels(block) or 1,
            input_shapes=(*given, first.input_shapes)[0],
            output_shape=(*returned, last.output_shape)[0],
            parameters=sum(layer.parameters for layer in run),
            macs=sum(layer.macs for layer in run),
            activation_bytes=sum(layer.activation_bytes for layer in run),
            receptive_field=run[-1].receptive_field,
            trainable=sum(layer.trainable for layer in run),
        )


def role(kind: str) -> str:
    """Return what a layer serves: filters of a convolution, weights of a dense layer, …

    Parameters that a function uses directly are position embeddings, class tokens and scales.
    """
    if "norm" in kind.lower():
        return "normalisation"
    if "Attention" in kind or kind in _ATTENDS:
        return "attention"
    if "conv" in kind.lower():
        return "convolution"
    if kind in ("Linear", "linear"):
        return "dense"
    return _LEARNED if kind.islower() else "other"


def _block(layer: LayerRecord, depth: int) -> str:
    return ".".join(layer.path.split(".")[:depth])


def _around(layer: LayerRecord, depth: int) -> list[tuple[str, int]]:
    """Return the blocks around a layer, from one of this depth inwards, as keys of their runs."""
    names = layer.path.split(".")
    return [(".".join(names[:end]), layer.index) for end in range(depth, len(names))]


def _levels(path: str) -> int:
    return path.count(".") + 1 if path else 0


def unique_edges(pairs: Iterable[tuple[int, int]]) -> tuple[tuple[int, int], ...]:
    """Return the edges once each, ordered by where they end."""
    return tuple(sorted(set(pairs), key=lambda edge: (edge[1], edge[0])))
