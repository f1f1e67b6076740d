"""What sharing weights saves: each convolution beside the dense layer that makes the same map.

A 3×3×3 filter has 27 weights, and uses them again at every position of its map. A dense layer that
takes the same input to the same map has a weight for each pair of an input and an output.
"""

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from cvexplore.trace.records import LayerRecord, Shape, TensorRecord, Trace


@dataclass(frozen=True)
class Sharing:
    """One convolution and its dense counterpart.

    Args:
        path: the layer's.
        filter: the shape of one filter, (C, H, W); of a group's channels where there are groups.
        filters: how many there are.
        positions: at how many places of the map each filter is used; of all maps together, where
            the layer runs on several.
        parameters: weights and biases of the convolution.
        dense_parameters: of the dense layer: inputs × outputs, and a bias an output if the
            convolution has one.
    """

    path: str
    filter: Shape
    filters: int
    positions: int
    parameters: int
    dense_parameters: int

    @property
    def weights(self) -> int:
        """Weights of one filter."""
        return math.prod(self.filter)

    @property
    def ratio(self) -> float:
        """How many times as many parameters the dense layer has."""
        return self.dense_parameters / self.parameters


def sharing(trace: Trace) -> tuple[Sharing, ...]:
    """Return every convolution that ran, in order; of an unfolded trace."""
    runs: dict[str, list[LayerRecord]] = {}
    for layer in trace.layers:
        if layer.output_shape is not None and layer.input_shapes:
            runs.setdefault(layer.path, []).append(layer)
    owned: dict[str, list[TensorRecord]] = {}
    for tensor in trace.tensors:
        owned.setdefault(tensor.path.rpartition(".")[0], []).append(tensor)
    return tuple(_found(trace, runs, owned))


def _found(
    trace: Trace, runs: dict[str, list[LayerRecord]], owned: dict[str, list[TensorRecord]]
) -> Iterator[Sharing]:
    for path, tensors in owned.items():
        weight = next((each for each in tensors if _is_filter_bank(each)), None)
        if weight is not None and path in runs and "Conv" in trace.kinds.get(path, ""):
            yield _shared(path, weight, tensors, runs[path], "Transpose" in trace.kinds[path])


def _is_filter_bank(tensor: TensorRecord) -> bool:
    return tensor.path.endswith("weight") and len(tensor.shape) > 2


def _shared(
    path: str,
    weight: TensorRecord,
    tensors: Iterable[TensorRecord],
    runs: Iterable[LayerRecord],
    transposed: bool,
) -> Sharing:
    axes = len(weight.shape) - 1  # channels, and the sides of a map
    biased = any(each.path.endswith("bias") for each in tensors)
    positions = dense = filters = 0
    for run in runs:
        before, after = run.input_shapes[0][-axes:], (run.output_shape or (0,))[-axes:]
        inputs, outputs = math.prod(before), math.prod(after)
        dense += inputs * outputs + biased * outputs
        # A transposed convolution lays its filters down once for each place of its input.
        positions += math.prod((before if transposed else after)[1:])
        filters = after[0]
    parameters = sum(each.parameters for each in tensors)
    one = weight.parameters // filters
    sides = weight.shape[2:]
    return Sharing(path, (one // math.prod(sides), *sides), filters, positions, parameters, dense)
