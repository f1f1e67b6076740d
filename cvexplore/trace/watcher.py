"""Watching one forward pass: which layers run, on what, and whose output goes into whose input.

A wrapper around every module's ``forward`` keeps a stack of the modules that are open; a function
mode sees the functions that run between them. A module that calls no other module is one layer,
whatever functions it uses. In a module that does call others, each function that computes or joins
is a layer of its own, so the ``x + shortcut`` of a residual block is found; functions that only
move data are seen through.

The wrappers sit on the very modules given, so those must be ours alone (see
``cvexplore.trace.trace``).
"""

from collections.abc import Iterable, Mapping
from itertools import chain
from typing import Any

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from cvexplore.errors import TraceError
from cvexplore.trace.calls import call, first_shape, tensors_in, written
from cvexplore.trace.functions import ASKS
from cvexplore.trace.making import Layer, Open, through
from cvexplore.trace.numbering import function_name, numbered
from cvexplore.trace.reasons import why
from cvexplore.trace.records import BlockRecord, TensorRecord, Trace, unique_edges
from cvexplore.trace.twin import emptied
from cvexplore.trace.uses import learned
from cvexplore.trace.windows import field, window


class Watcher(TorchFunctionMode):
    """Sees one forward pass of one private model; ``result`` is its trace."""

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self._model = model
        self._paths = {module: path for path, module in model.named_modules()}
        self._open: list[Open] = []
        self._layers: list[Layer] = []
        self._blocks: list[BlockRecord] = []
        self._sources: dict[int, tuple[Layer, ...]] = {}  # by the id of a tensor
        self._carried: dict[int, tuple[nn.Parameter, ...]] = {}  # parameters on their way, likewise
        self._alive: list[Tensor] = []  # so that no id is used twice
        self._counted: dict[int, Layer] = {}  # by the id of a parameter

    def run(self, args: tuple[Any, ...], named: Mapping[str, Any] | None = None) -> Trace:
        """Run the model once and return what was seen.

        Raises:
            TraceError: the model cannot take this input; the message names the layer, and the error
                carries the trace of what ran.
        """
        self._evaluate()
        own = {module: vars(module).get("forward") for module in self._paths}
        for module in self._paths:
            self._surround(module)
        try:
            with torch.no_grad(), self:
                self._model(*args, **(named or {}))
        except Exception as error:
            failed = self._open[-1].layer.path if self._open else ""
            raise TraceError(self._where(error), self._partial(), failed) from error
        finally:
            for module, forward in own.items():
                del module.__dict__["forward"]
                if forward is not None:  # one that was replaced for this very module
                    module.__dict__["forward"] = forward
        return self._result()

    def _evaluate(self) -> None:
        """Do what ``model.eval()`` does, whose calls take a twentieth of a summary's time."""
        plain = {nn.Module.train, nn.Module.eval}
        if plain.issuperset(each for m in self._paths for each in (type(m).train, type(m).eval)):
            for module in self._paths:
                vars(module)["training"] = False
        else:
            self._model.eval()

    # -------------------------------------------------------------- modules

    def _surround(self, module: nn.Module) -> None:
        forward = module.forward

        def watched(*args: Any, **kwargs: Any) -> Any:
            with torch._C.DisableTorchFunction():  # our own questions are none of the network's
                self._enter(module, args, kwargs)
            output = forward(*args, **kwargs)
            with torch._C.DisableTorchFunction():
                self._leave(module, output)
            return output

        module.__dict__["forward"] = watched

    def _enter(self, module: nn.Module, args: tuple, kwargs: dict) -> None:
        if self._open:
            self._open[-1].calls_modules = True
        tensors = tensors_in((args, kwargs))
        layer = Layer(
            path=self._paths[module],
            kind=type(module).__name__,
            input_shapes=tuple(tuple(t.shape) for t in tensors),
            sources=self._sources_of(tensors),
        )
        self._open.append(Open(module, layer, first=len(self._layers)))

    def _leave(self, module: nn.Module, output: Any) -> None:
        done = self._open.pop()
        if done.calls_modules or (not self._open and len(self._layers) > done.first):
            self._note_block(done, output)
            return  # its layers are the modules and functions it called
        layer = done.layer
        for part in self._layers[done.first :]:
            part.inside = layer
            layer.macs += part.macs
            layer.bytes += part.bytes
            layer.window = through(layer.window, part.window)
        del self._layers[done.first :]
        own = module.parameters() if module._modules else module._parameters.values()
        self._count(layer, own)
        self._close(layer, output)

    def _note_block(self, done: Open, output: Any) -> None:
        layer, last = done.layer, len(self._layers) - 1
        if last >= done.first:
            shapes = layer.input_shapes, first_shape(tensors_in(output))
            self._blocks.append(BlockRecord(layer.path, done.first, last, *shapes))

    def _close(self, layer: Layer, output: Any) -> None:
        tensors = tensors_in(output)
        layer.output_shape = first_shape(tensors)
        for tensor in tensors:
            self._remember(tensor, (layer,))
        self._layers.append(layer)

    # -------------------------------------------------------------- functions

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """Run one function, or its stand-in, and note what it computes or joins."""
        kwargs = kwargs or {}
        if func in ASKS or not self._open:
            return func(*args, **kwargs)
        if func.__name__ == "__get__":  # an attribute: x.shape, but also x.mT, x.real
            found = func(*args, **kwargs)
            if isinstance(found, Tensor) and found is not args[0]:
                self._remember(found, self._sources_of(args))
            return found
        try:
            output, macs = call(func, args, kwargs)
        except RuntimeError:  # a constant made on the way meets data that have no numbers
            output, macs = call(func, *emptied((args, kwargs)))
        if isinstance(output, Tensor) or (
            isinstance(output, (tuple, list)) and any(isinstance(each, Tensor) for each in output)
        ):
            self._note(func, args, kwargs, output, macs)
        elif func is Tensor.__setitem__:
            self._remember(args[0], self._sources_of(tensors_in((args[0], args[2]))))
        return output

    def _note(self, func: Any, args: Any, kwargs: dict, output: Any, macs: int) -> None:
        here = self._open[-1]
        if not here.module._modules:  # surely one layer, its functions need no telling apart
            here.layer.macs += macs
            here.layer.bytes += written(func, args, kwargs, output)
            here.layer.window = through(here.layer.window, window(func, args, kwargs, output))
            return
        inputs = tensors_in((args, kwargs))
        sources = self._sources_of(inputs)
        parameters = self._parameters_of(inputs)
        own = numbered(func, here.counts)
        joins_one = func in (torch.cat, torch.stack) and len(sources) < 2 and not parameters
        if own is None or joins_one:
            for tensor in tensors_in(output):
                self._remember(tensor, sources)
                if parameters:
                    self._carried[id(tensor)] = parameters
            return
        if not sources and not macs:
            for tensor in tensors_in(output):  # constants and parameters being prepared
                self._alive.append(tensor)
                self._carried[id(tensor)] = parameters
            return
        layer = Layer(
            path=f"{here.layer.path}.{own}" if here.layer.path else own,
            kind=function_name(func),
            input_shapes=tuple(tuple(t.shape) for t in inputs),
            sources=sources,
            macs=macs,
            bytes=written(func, args, kwargs, output),
            window=window(func, args, kwargs, output),
        )
        self._count(layer, parameters)
        self._close(layer, output)

    # -------------------------------------------------------------- where tensors come from

    def _remember(self, tensor: Tensor, sources: tuple[Layer, ...]) -> None:
        if isinstance(tensor, nn.Parameter):
            return
        self._alive.append(tensor)
        self._sources[id(tensor)] = sources

    def _sources_of(self, tensors: Iterable[Any]) -> tuple[Layer, ...]:
        sources = [self._sources.get(id(tensor), ()) for tensor in tensors]
        return sources[0] if len(sources) == 1 else tuple(dict.fromkeys(chain(*sources)))

    def _parameters_of(self, tensors: list[Tensor]) -> tuple[nn.Parameter, ...]:
        found: dict[nn.Parameter, None] = {}
        for tensor in tensors:
            if isinstance(tensor, nn.Parameter):
                found[tensor] = None
            found.update(dict.fromkeys(self._carried.get(id(tensor), ())))
        return tuple(found)

    def _count(self, layer: Layer, parameters: Iterable[nn.Parameter | None]) -> None:
        for parameter in parameters:
            if parameter is not None:
                self._counted.setdefault(id(parameter), layer)

    # -------------------------------------------------------------- the end

    def _result(self) -> Trace:
        parameters = learned(self._model)
        layers = self._layers + self._not_run(parameters)
        for index, layer in enumerate(layers):
            layer.index = index
            seen = [source.outermost().field for source in layer.sources]
            layer.field = field(layer.window, layer.input_shapes, layer.output_shape, seen)
        edges = ((s.outermost().index, each.index) for each in layers for s in each.sources)
        tensors = tuple(self._tensor(*each) for each in parameters)
        return Trace(
            layers=tuple(layer.record() for layer in layers),
            edges=unique_edges((start, end) for start, end in edges if 0 <= start != end),
            kinds={path: type(module).__name__ for module, path in self._paths.items()},
            tensors=tensors,
            blocks=tuple(self._blocks),
        )

    def _not_run(self, parameters: Iterable[tuple[str, nn.Parameter, str]]) -> list[Layer]:
        """Return a layer for each module that holds parameters which no layer used."""
        found: dict[str, Layer] = {}
        for path, parameter, _ in parameters:
            if id(parameter) not in self._counted:
                owner = path.rpartition(".")[0]
                kind = type(self._model.get_submodule(owner)).__name__
                self._count(found.setdefault(owner, Layer(owner, kind, (), ())), [parameter])
        return list(found.values())

    def _tensor(self, path: str, parameter: nn.Parameter, use: str) -> TensorRecord:
        """Return a learned tensor, and let the layer that counts it count its numbers."""
        layer = self._counted[id(parameter)].outermost()
        shape, trainable, numbers = (
            tuple(parameter.shape),
            parameter.requires_grad,
            parameter.numel(),
        )
        layer.parameters += numbers
        layer.trainable += numbers * trainable
        return TensorRecord(path, shape, use, layer.index, trainable)

    def _partial(self) -> Trace:
        """Return what ran, and after it the layer that failed, which has no output."""
        if self._open:
            failed = self._open[-1].layer
            self._count(failed, self._open[-1].module._parameters.values())
            self._layers.append(failed)
        return self._result()

    def _where(self, error: Exception) -> str:
        reason = why(error)
        if not self._open or not self._open[-1].layer.path:
            return f"The network cannot take this input: {reason}."
        layer = self._open[-1].layer
        shapes = " and ".join(str(shape) for shape in layer.input_shapes) or "its input"
        return f"Layer {layer.path} ({layer.kind}) cannot take {shapes}: {reason}."
