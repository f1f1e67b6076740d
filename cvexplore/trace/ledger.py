"""One pass without numbers, and every block of memory it takes and gives back, in order.

Torch's *fake* tensors say that they lie on the CPU, so a pass goes the ways it goes there: which
kernel attends, which type a layer computes in under autocast, what autograd saves. They have a
storage with a size and nothing in it. An operation that returns a new storage takes a block; when
nobody holds the storage any more, be it a variable, a view or autograd, the block is given back.

What a kernel takes and gives back inside one operation is not seen.
"""

import threading
import weakref
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, groupby
from typing import Any

import torch
from torch import Tensor, nn
from torch._subclasses.fake_tensor import FakeTensor, FakeTensorMode, in_kernel_invocation_manager
from torch.overrides import BaseTorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves, tree_map_only

from cvexplore.trace.twin import twin

_TYPES = {"float32": torch.float32, "mixed": torch.float32, "bfloat16": torch.bfloat16}
_CPU = torch.device("cpu")
_DEVICE, _CAST = torch.ops.prim.device.default, torch.ops.aten._to_copy.default
_VIEWS = frozenset(
    getattr(torch.ops.aten, name).default
    for name in "_unsafe_view alias detach expand permute t unsqueeze view".split()
) | {torch.ops.aten.select.int, torch.ops.aten.slice.Tensor, torch.ops.aten.transpose.int}
_one_at_a_time = threading.Lock()  # all threads share the copies that autocast keeps


def _batch_norm(input: Tensor, weight: Tensor | None, *rest: Any) -> tuple[Tensor, ...]:
    *_, training, _momentum, _eps = rest
    saved = input.shape[1] if training else 0
    like = input if weight is None else weight
    return torch.empty_like(input), like.new_empty(saved), like.new_empty(saved)


def _batch_norm_backward(output: Tensor, input: Tensor, *rest: Any) -> tuple[Tensor | None, ...]:
    weight, *_, (to_input, to_weight, to_bias) = rest
    like = input if weight is None else weight
    channels = [like.new_empty(input.shape[1]) if asked else None for asked in (to_weight, to_bias)]
    return torch.empty_like(input) if to_input else None, *channels


# Half the time of a convolutional network's pass goes into torch's own shapes of these.
_STAND_INS = {
    torch.ops.aten.native_batch_norm.default: _batch_norm,
    torch.ops.aten.native_batch_norm_backward.default: _batch_norm_backward,
}


@dataclass(frozen=True)
class Pass:
    """What one pass took; a block is known by its number.

    Args:
        sizes: bytes of each block.
        places: the module that was running when the block was taken.
        events: n where block n is taken, ~n where it is given back.
        turn: how many events there had been when the backward pass began; all, without one.
        weights: the blocks of parameters and buffers, and of their copies in another type.
        kept: the blocks that were held when the backward pass began, weights left out.
        gradients: the blocks that are some parameter's gradient in the end.
        trainable: bytes of the parameters that learn.
        training: whether there was a backward pass.
    """

    sizes: tuple[int, ...]
    places: tuple[str, ...]
    events: tuple[int, ...]
    turn: int
    weights: frozenset[int]
    kept: frozenset[int]
    gradients: frozenset[int]
    trainable: int
    training: bool


def followed(
    model: nn.Module, examples: Sequence[tuple[Any, ...]], *, training: bool, precision: str
) -> list[Pass]:
    """Run a model without numbers, forward and perhaps backward, and note the memory it takes.

    The loss is the sum of all outputs, which takes next to nothing. The arguments are held to the
    end and the outputs are not, as in ``criterion(model(x), y).backward()``.

    Args:
        model: left as it is.
        examples: the arguments of a forward pass, one after another, on any device.
        training: whether there is a backward pass.
        precision: a key of ``_TYPES``.
    """
    with _one_at_a_time:
        try:
            return [_pass(model, args, training, precision) for args in examples]
        finally:
            FakeTensorMode.cache_clear()  # else torch keeps every shape it was ever asked about


def _pass(model: nn.Module, args: tuple[Any, ...], training: bool, precision: str) -> Pass:
    own = twin(model).train(training)
    mixed = torch.autocast("cpu", torch.bfloat16, enabled=precision == "mixed")
    fake = FakeTensorMode(allow_fallback_kernels=False, allow_non_fake_inputs=True)
    ledger = _Ledger(fake)
    _fake(own, fake, _TYPES[precision])
    args = tree_map_only(Tensor, lambda each: _faked(each, fake, _TYPES[precision]), args)
    for tensor in chain(own.parameters(), own.buffers()):
        ledger.number(tensor)
    weights = ledger.held()
    ledger.name_places(own)
    for tensor in tree_leaves(args):
        ledger.number(tensor)
    # Where a function mode is on, nn.MultiheadAttention leaves out its shortcut for inference,
    # which has no shapes alone; the way round it calls the fused attention that CUDA runs anyway.
    with fake, BaseTorchFunctionMode(), ledger:
        with torch.set_grad_enabled(training), mixed:
            loss = _summed(own(*args)) if training else own(*args)
        turn, kept = len(ledger.events), ledger.held() - weights - ledger.copies
        if training:
            loss.backward()
        learning = [each for each in own.parameters() if each.requires_grad]
        return Pass(
            sizes=tuple(ledger.sizes),
            places=tuple(ledger.places),
            events=tuple(_ordered(ledger.events)),
            turn=turn,
            weights=weights | ledger.copies,
            kept=kept if training else frozenset(),
            gradients=frozenset(ledger.number(p.grad) for p in learning if p.grad is not None),
            trainable=sum(p.numel() * p.element_size() for p in learning),
            training=training,
        )


class _Ledger(TorchDispatchMode):
    """Notes when a block is taken and when it is given back."""

    def __init__(self, fake: FakeTensorMode) -> None:
        super().__init__()
        self._fake = fake
        self.sizes: list[int] = []
        self.places: list[str] = []
        self.events: list[int] = []
        self.copies: set[int] = set()  # of weights, as autocast makes them
        self._alive: dict[int, tuple[int, weakref.ref]] = {}  # by the storage's address
        self._open = ["images"]  # the paths of the modules that are running

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """Run an operation and note the storages that are new."""
        if func is _DEVICE:  # asked between any two operations, and slow to find out
            return args[0].fake_device
        kwargs = kwargs or {}
        if func in _VIEWS and getattr(args[0], "constant", args) is None:  # fake, and no constant
            with in_kernel_invocation_manager(self._fake):  # half of all operations, much quicker
                return FakeTensor(self._fake, func(*args, **kwargs), _CPU)
        output = _STAND_INS.get(func, func)(*args, **kwargs)
        for tensor in output if isinstance(output, (tuple, list)) else (output,):
            if isinstance(tensor, Tensor):
                number = self.number(tensor)
                if func is _CAST and getattr(args[0], "_is_param", False):
                    self.copies.add(number)
        return output

    def number(self, tensor: Tensor) -> int:
        """Return the number of the block a tensor lies in, a new one for a new block."""
        storage = tensor.untyped_storage()
        address = storage._cdata
        if address not in self._alive:
            number = len(self.sizes)

            def given_back(_: Any) -> None:
                del self._alive[address]
                self.events.append(~number)

            self._alive[address] = number, weakref.ref(storage, given_back)
            self.sizes.append(storage.nbytes())
            self.places.append(self._open[-1])
            self.events.append(number)
        return self._alive[address][0]

    def held(self) -> frozenset[int]:
        """Return the blocks that are held now."""
        return frozenset(number for number, _ in self._alive.values())

    def name_places(self, model: nn.Module) -> None:
        """Note from now on which module is running; the model must be ours alone."""
        for path, module in model.named_modules():
            module.register_forward_pre_hook(lambda *_, path=path: self._open.append(path))
            module.register_forward_hook(lambda *_: self._close())

    def _close(self) -> None:
        self._open.pop()


def _fake(model: nn.Module, fake: FakeTensorMode, dtype: torch.dtype) -> None:
    """Put fake tensors in the place of all the tensors a private model holds."""
    faked: dict[int, Tensor] = {}  # by the tensor, for two modules may share one
    for module in model.modules():
        places: Any = (module._parameters, module._buffers, vars(module))
        for values in places:
            for name, tensor in values.items():
                if isinstance(tensor, Tensor):
                    if id(tensor) not in faked:
                        faked[id(tensor)] = _faked(tensor, fake, dtype)
                    values[name] = faked[id(tensor)]


def _faked(tensor: Tensor, fake: FakeTensorMode, dtype: torch.dtype) -> Tensor:
    """Return a tensor of the same shape that holds nothing, in this type if it has fractions."""
    own = dtype if tensor.is_floating_point() else tensor.dtype
    empty = torch.empty_like(tensor, dtype=own, device="meta", requires_grad=tensor.requires_grad)
    faked = FakeTensor(fake, empty, _CPU)
    faked._is_param = isinstance(tensor, nn.Parameter)
    return faked


def _summed(output: Any) -> Tensor:
    """Return the sum of all that the network's parameters had a part in."""
    every = [each for each in tree_leaves(output) if isinstance(each, Tensor)]
    learned = [each.sum() for each in every if each.requires_grad]
    if not learned:
        raise ValueError("nothing in it learns")
    return sum(learned[1:], learned[0])


def _ordered(events: Iterable[int]) -> Iterator[int]:
    """Yield events with blocks that are given back together in the order they were taken."""
    for given_back, run in groupby(events, lambda event: event < 0):
        together = list(run)
        yield from sorted(together, reverse=True) if given_back else together
