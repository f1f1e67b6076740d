"""What one forward pass did, as values: a row a layer, and edges between the rows."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

Shape = tuple[int, ...]

Fact = Literal["parameters", "macs", "activation_bytes"]

_LEARNED = "tokens, positions, scales"
_BETWEEN = "activations, pools, joins"
ROLES = ("convolution", "dense", "attention", "normalisation", _LEARNED, _BETWEEN, "other")
_ATTENDS = frozenset(
    {"scaled_dot_product_attention", "matmul", "bmm", "baddbmm", "einsum", "softmax"}
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

    @property
    def flops(self) -> int:
        """Floating-point operations: two a multiply-add."""
        return 2 * self.macs


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
        trainable: parameters that an optimiser would change.
        kinds: the class of every module by its path, containers included.
    """

    layers: tuple[LayerRecord, ...]
    edges: tuple[tuple[int, int], ...]
    trainable: int
    kinds: Mapping[str, str] = field(default_factory=dict, repr=False)

    @property
    def parameters(self) -> int:
        """Numbers the network learns."""
        return sum(layer.parameters for layer in self.layers)

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

    def folded(self, depth: int) -> "Trace":
        """Return the trace with all that lies deeper than ``depth`` folded into its block.

        Neighbours in the same block become one layer: their figures add up, the first one's inputs
        and the last one's output are the block's. Folding a trace gives a trace with the same
        totals.
        """
        runs: list[list[LayerRecord]] = []
        place: dict[int, int] = {}
        for layer in self.layers:
            deeper = layer.depth > depth
            if not (runs and deeper and _block(runs[-1][-1], depth) == _block(layer, depth)):
                runs.append([])
            runs[-1].append(layer)
            place[layer.index] = len(runs) - 1
        layers = tuple(self._fold(run, index, depth) for index, run in enumerate(runs))
        lifted = dict.fromkeys((place[start], place[end]) for start, end in self.edges)
        return replace(self, layers=layers, edges=tuple(e for e in lifted if e[0] != e[1]))

    def _fold(self, run: list[LayerRecord], index: int, depth: int) -> LayerRecord:
        block = _block(run[0], depth)
        if len(run) == 1 and run[0].path == block:
            return replace(run[0], index=index)
        members = {layer.index for layer in run}
        fed = {end for start, end in self.edges if end in members and start in members}
        outside = [layer for layer in run if layer.index not in fed] or run[:1]
        ran = [layer.output_shape for layer in run if layer.output_shape is not None]
        return LayerRecord(
            index=index,
            path=block,
            kind=self.kinds.get(block, run[0].kind),
            depth=block.count(".") + 1,
            input_shapes=outside[0].input_shapes,
            output_shape=ran[-1] if ran else None,
            parameters=sum(layer.parameters for layer in run),
            macs=sum(layer.macs for layer in run),
            activation_bytes=sum(layer.activation_bytes for layer in run),
            receptive_field=run[-1].receptive_field,
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


def unique_edges(pairs: Iterable[tuple[int, int]]) -> tuple[tuple[int, int], ...]:
    """Return the edges once each, ordered by where they end."""
    return tuple(sorted(set(pairs), key=lambda edge: (edge[1], edge[0])))
