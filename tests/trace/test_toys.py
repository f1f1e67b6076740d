"""Small networks whose layers, edges and parameters can be told by reading them."""

from collections import namedtuple
from collections.abc import Callable
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from cvexplore.errors import TraceError
from cvexplore.trace import Trace, trace

X = torch.empty(2, 4, 8)


class Toy(nn.Module):
    """Modules and parameters by name, and what to do with them."""

    def __init__(self, forward: Callable[..., Any], **parts: Any) -> None:
        super().__init__()
        self.does = forward
        for name, part in parts.items():
            setattr(self, name, part)

    def forward(self, *args: Any) -> Any:
        return self.does(self, *args)


def dense() -> nn.Linear:
    return nn.Linear(8, 8)


def numbers(*shape: int) -> nn.Parameter:
    return nn.Parameter(torch.zeros(shape))


def drawn(seen: Trace) -> dict[str, list[str]]:
    """Return each layer's path and those it gets its data from."""
    sources: dict[str, list[str]] = {layer.path: [] for layer in seen.layers}
    for start, end in seen.edges:
        sources[seen.layers[end].path].append(seen.layers[start].path)
    return sources


def spent(seen: Trace) -> dict[str, int]:
    """Return each layer's path and its parameters, without the layers that have none."""
    return {layer.path: layer.parameters for layer in seen.layers if layer.parameters}


# --- Modules that run more than once, share parameters, or do not run ---


def test_a_reused_module_counts_once_and_runs_twice() -> None:
    seen = trace(Toy(lambda m, x: m.a(m.b(m.a(x))), a=dense(), b=nn.ReLU()), X)
    assert [layer.path for layer in seen.layers] == ["a", "b", "a"]
    assert [layer.parameters for layer in seen.layers] == [72, 0, 0]
    assert [layer.macs for layer in seen.layers] == [2 * 4 * 64, 0, 2 * 4 * 64]
    assert seen.edges == ((0, 1), (1, 2))


def test_a_loop_shows_every_turn() -> None:
    def turns(m: Any, x: Tensor) -> Tensor:
        for _ in range(5):
            x = m.a(x) + x
        return x

    seen = trace(Toy(turns, a=dense()), X)
    assert [layer.kind for layer in seen.layers] == ["Linear", "add"] * 5
    assert seen.parameters == 72
    assert len(seen.joins()) == 4  # the first adds what came in from outside


def test_tied_weights_count_where_they_are_used_first() -> None:
    words = nn.Embedding(10, 8)
    head = nn.Linear(8, 10, bias=False)
    head.weight = words.weight
    seen = trace(
        Toy(lambda m, x: m.head(m.words(x)), words=words, head=head), torch.zeros(2, 3).long()
    )
    assert spent(seen) == {"words": 80}
    assert seen.macs == 2 * 3 * 8 * 10


def test_a_module_under_two_names_is_one() -> None:
    shared = dense()
    seen = trace(Toy(lambda m, x: m.b(m.a(x)), a=shared, b=shared), X)
    assert [layer.path for layer in seen.layers] == ["a", "a"]
    assert seen.parameters == 72


def test_a_module_that_is_never_called_stands_last() -> None:
    seen = trace(Toy(lambda m, x: m.a(x), head=nn.Sequential(dense(), nn.ReLU()), a=dense()), X)
    assert [(layer.path, layer.output_shape) for layer in seen.layers] == [
        ("a", (2, 4, 8)),
        ("head.0", None),
    ]
    assert seen.parameters == 144
    assert seen.layers[1].macs == 0


def test_weights_that_a_parent_uses_itself_are_its_own() -> None:
    attention = nn.MultiheadAttention(8, 2)
    seen = trace(Toy(lambda m, x: m.a(x, x, x)[0], a=attention), X)
    assert spent(seen) == {"a": sum(p.numel() for p in attention.parameters())}


# --- Parameters that belong to no layer ---


@pytest.mark.parametrize(
    ("what", "shape", "where"),
    [
        (lambda m, x: m.a(x) + m.p, (4, 8), "add"),
        (lambda m, x: m.a(x) * m.p, (8,), "mul"),
        (lambda m, x: m.a(x) @ m.p, (8, 3), "matmul"),
        (lambda m, x: torch.cat([m.p.expand(2, -1, -1), m.a(x)], 1), (1, 1, 8), "cat"),
        (lambda m, x: torch.where(x > 0, m.a(x), m.p), (8,), "where"),
        (lambda m, x: F.conv1d(m.a(x), m.p.reshape(3, 4, 2)), (24,), "conv1d"),
        (lambda m, x: m.a(x) + (m.p[0] * m.p[1]).exp(), (2, 8), "add"),
        (lambda m, x: m.a(x).mul_(m.p), (8,), "mul"),
    ],
)
def test_a_parameter_counts_at_the_function_that_uses_it(
    what: Callable[..., Any], shape: tuple[int, ...], where: str
) -> None:
    seen = trace(Toy(what, a=dense(), p=numbers(*shape)), X)
    assert spent(seen) == {"a": 72, where: numbers(*shape).numel()}


def test_a_parameter_that_nothing_uses_is_its_owners() -> None:
    seen = trace(Toy(lambda m, x: m.block(x), block=Toy(lambda m, x: x, p=numbers(5, 2))), X)
    assert spent(seen) == {"block": 10}
    seen = trace(Toy(lambda m, x: m.a(x), a=dense(), p=numbers(5, 2)), X)
    assert spent(seen) == {"a": 72, "": 10}


def test_frozen_parameters_count_but_do_not_learn() -> None:
    model = nn.Sequential(dense(), dense())
    model[0].requires_grad_(False)
    seen = trace(model, X)
    assert (seen.parameters, seen.trainable) == (144, 72)


@pytest.mark.parametrize("norm", [nn.utils.weight_norm, nn.utils.parametrizations.weight_norm])
@pytest.mark.filterwarnings("ignore::FutureWarning")
def test_a_normalised_weight_is_counted_as_what_is_learned(norm: Callable[..., Any]) -> None:
    seen = trace(nn.Sequential(norm(nn.Linear(8, 5)), nn.ReLU()), X)
    assert seen.parameters == 5 * 8 + 5 + 5
    assert seen.macs == 2 * 4 * 5 * 8


# --- Edges ---


@pytest.mark.parametrize(
    ("what", "expected"),
    [
        (lambda m, x: m.b(m.a(x)), {"a": [], "b": ["a"]}),
        (lambda m, x: m.a(x) + m.b(x), {"a": [], "b": [], "add": ["a", "b"]}),
        (lambda m, x: m.b(m.a(x).mT.mT), {"a": [], "b": ["a"]}),
        (lambda m, x: m.a(x).mT.real.flip(0) * m.b(x).mT, {"a": [], "b": [], "mul": ["a", "b"]}),
        (lambda m, x: m.b(torch.cat([m.a(x)], 0)), {"a": [], "b": ["a"]}),
        (
            lambda m, x: torch.cat([m.a(x), torch.zeros(2, 4, 8), m.b(x)], 1),
            {"a": [], "b": [], "cat": ["a", "b"]},
        ),
        (lambda m, x: torch.stack((m.a(x), m.b(x))), {"a": [], "b": [], "stack": ["a", "b"]}),
        (lambda m, x: m.b(m.a(x).chunk(2, 1)[1]), {"a": [], "b": ["a"]}),
        (lambda m, x: m.b(m.a(x)[:, None].flatten(1, 2)), {"a": [], "b": ["a"]}),
        (
            lambda m, x: m.a(x) * torch.full_like(m.b(x), 3),
            {"a": [], "b": [], "mul": ["a"]},
        ),
        (lambda m, x: m.a(x).masked_fill(m.b(x) > 0, 0), {"a": [], "b": [], "masked_fill": ["a"]}),
        (
            lambda m, x: (m.a(x) + m.b(x)) - m.b(x),
            {"a": [], "b": [], "add": ["a", "b"], "sub": ["add", "b"]},
        ),
    ],
)
def test_edges_follow_the_data(what: Callable[..., Any], expected: dict[str, list[str]]) -> None:
    assert drawn(trace(Toy(what, a=dense(), b=dense()), X)) == expected


def test_what_is_written_into_a_part_reaches_the_whole() -> None:
    def fill(m: Any, x: Tensor) -> Tensor:
        y = m.a(x)
        y[:, 0] = m.b(x)[:, 0]
        return m.c(y)

    seen = trace(Toy(fill, a=dense(), b=dense(), c=dense()), X)
    assert drawn(seen) == {"a": [], "b": [], "c": ["a", "b"]}


def test_an_empty_container_hands_on() -> None:
    seen = trace(nn.Sequential(dense(), nn.Sequential(), dense()), X)
    assert drawn(seen) == {"0": [], "1": ["0"], "2": ["1"]}


def test_functions_are_told_apart_in_their_block() -> None:
    inner = Toy(lambda m, x: F.relu(m.a(x)) + F.relu(m.a(x) * 2), a=dense())
    seen = trace(Toy(lambda m, x: m.block(m.block(x)), block=inner), X)
    once = ["block.a", "block.relu", "block.a", "block.mul", "block.relu_2", "block.add"]
    assert [layer.path for layer in seen.layers] == once + once
    assert {layer.depth for layer in seen.layers} == {2}


def test_a_module_of_functions_is_one_layer() -> None:
    leaf = Toy(lambda m, x: F.relu(F.linear(x, m.w)) + x, w=numbers(8, 8))
    (layer,) = trace(nn.Sequential(leaf), X).layers
    assert (layer.path, layer.kind) == ("0", "Toy")
    assert (layer.parameters, layer.macs) == (64, 2 * 4 * 64)
    assert layer.activation_bytes == 3 * 4 * X.numel()


def test_a_module_that_calls_none_of_its_own_is_one_layer() -> None:
    def inner(m: Any, x: Tensor) -> Tensor:
        m.kept = F.relu(x)
        return m.kept * 2

    block = Toy(inner, spare=nn.ReLU())
    seen = trace(
        Toy(lambda m, x: [m.block(m.a(x)), m.a(m.block.kept)][1], block=block, a=dense()), X
    )
    assert [layer.path for layer in seen.layers] == ["a", "block", "a"]
    assert seen.layers[1].activation_bytes == 2 * 4 * X.numel()
    assert seen.edges == ((0, 1), (1, 2))


def test_a_network_of_functions_shows_them_all() -> None:
    seen = trace(Toy(lambda m, x: F.relu(F.linear(x, m.w)), w=numbers(8, 8), spare=dense()), X)
    assert [layer.path for layer in seen.layers] == ["linear", "relu", "spare"]


def test_what_was_thrown_away_is_nobodys_source() -> None:
    def waste(m: Any, x: Tensor) -> Tensor:
        for _ in range(9):
            m.a(x)
            x = m.b(x) + torch.zeros(8)
        return x

    seen = trace(Toy(waste, a=dense(), b=dense()), X)
    assert drawn(seen)["add"] == ["b"]


# --- What goes in and comes out ---

Pair = namedtuple("Pair", "left right")


@pytest.mark.parametrize(
    ("what", "given"),
    [
        (lambda m, x, y: m.a(x) + m.b(y), (X, X)),
        (lambda m, xs: m.a(xs[0]) + m.b(xs[1][0]), ([X, [X]],)),
        (lambda m, xs: m.a(xs["x"]) + m.b(xs["more"]["y"]), {"x": X, "more": {"y": X}}),
        (lambda m, xs: m.a(xs.left) + m.b(xs.right), (Pair(X, X),)),
        (lambda m, x, scale, name: m.a(x) * scale + m.b(x), (X, 2.0, "text")),
    ],
)
def test_inputs_may_be_nested(what: Callable[..., Any], given: Any) -> None:
    seen = trace(Toy(what, a=dense(), b=dense()), given)
    assert drawn(seen)["add"][-1] == "b"
    assert len(seen.joins()) == 1


@pytest.mark.parametrize(
    ("inner", "use"),
    [
        (lambda m, x: {"out": m.a(x), "none": None}, lambda out: out["out"]),
        (lambda m, x: (m.a(x), 3), lambda out: out[0]),
        (lambda m, x: [[m.a(x)]], lambda out: out[0][0]),
        (lambda m, x: Pair(m.a(x), x), lambda out: out.left),
    ],
)
def test_outputs_may_be_nested(inner: Callable[..., Any], use: Callable[..., Any]) -> None:
    block = Toy(inner, a=dense())
    seen = trace(Toy(lambda m, x: m.b(use(m.block(x))), block=block, b=dense()), X)
    assert drawn(seen) == {"block.a": [], "b": ["block.a"]}
    assert [layer.output_shape for layer in seen.layers] == [(2, 4, 8)] * 2


def test_arguments_may_be_given_by_name() -> None:
    inner = Toy(lambda m, x: m.a(x), a=dense())
    inner.forward = lambda *, data: inner.a(data)
    leaf = nn.Bilinear(8, 8, 3)
    seen = trace(
        Toy(
            lambda m, x: m.leaf(input1=m.a(x), input2=m.b(input=x)), a=dense(), b=dense(), leaf=leaf
        ),
        X,
    )
    assert drawn(seen)["leaf"] == ["a", "b"]
    assert seen.layers[-1].input_shapes == ((2, 4, 8), (2, 4, 8))


def test_a_recurrent_layer_gives_its_output_first() -> None:
    seen = trace(Toy(lambda m, x: m.a(m.lstm(x)[0]), lstm=nn.LSTM(8, 8), a=dense()), X)
    assert [layer.output_shape for layer in seen.layers] == [(2, 4, 8)] * 2
    assert drawn(seen) == {"lstm": [], "a": ["lstm"]}


def test_whole_and_complex_numbers_pass() -> None:
    model = Toy(
        lambda m, x: torch.fft.fft(m.a(m.words(x))).abs().argmax(-1), words=nn.Embedding(9, 8)
    )
    model.a = dense()
    seen = trace(model, torch.zeros(2, 3).long())
    assert drawn(seen) == {
        "words": [],
        "a": ["words"],
        "fft_fft": ["a"],
        "abs": ["fft_fft"],
        "argmax": ["abs"],
    }


def test_what_depends_on_shapes_is_followed() -> None:
    model = Toy(lambda m, x: m.a(x) if x.shape[1] > 4 else m.b(m.a(x)), a=dense(), b=dense())
    assert len([row for row in trace(model, torch.empty(1, 5, 8)).layers if row.output_shape]) == 1
    assert len(trace(model, torch.empty(1, 4, 8)).layers) == 2


def test_memory_order_survives_elementwise_functions() -> None:
    def blocks(m: Any, x: Tensor) -> Tensor:
        last = F.relu(m.c(x).permute(0, 2, 3, 1)) * 2
        return last.permute(0, 3, 1, 2).view(2, -1)  # torch allows it: memory was never reordered

    model = Toy(blocks, c=nn.Conv2d(4, 4, 1))
    assert model(torch.zeros(2, 4, 3, 3)).shape == (2, 36)
    assert drawn(trace(model, torch.empty(2, 4, 3, 3))) == {"c": [], "relu": ["c"], "mul": ["relu"]}


def into_zeros(m: Any, x: Tensor) -> Tensor:
    whole = torch.zeros(2, 4, 8)
    whole[:, :2] = m.a(x)[:, :2]
    return m.a(whole)


@pytest.mark.parametrize(
    "use",
    [
        lambda m, x: m.a(m.kept * m.a(x)),
        lambda m, x: m.a(torch.cat([m.a(x), m.kept], 1)),
        lambda m, x: m.a(m.a(x) + m.listed[0]),
        lambda m, x: m.a(torch.ones(4, 4) @ m.a(x)),
        lambda m, x: m.a(m.a(x).add_(torch.rand(8))),
        lambda m, x: m.a(m.a(x)[:, torch.arange(3).flip(0)]),
        into_zeros,
    ],
)
def test_a_tensor_that_is_no_parameter_goes_along(use: Callable[..., Any]) -> None:
    kept = torch.ones(2, 4, 8)
    seen = trace(Toy(use, a=dense(), kept=kept, listed=[kept]), X)
    assert seen.parameters == 72
    calls = [layer.index for layer in seen.layers if layer.path == "a"]
    assert len(calls) == 2
    assert any(end == calls[1] for _, end in seen.edges)


def test_a_network_that_remembers_its_last_output_can_be_traced() -> None:
    def remember(m: Any, x: Tensor) -> Tensor:
        m.last = m.a(x)
        return m.last

    model = Toy(remember, a=dense())
    model(torch.zeros(2, 4, 8))
    last = model.last
    assert trace(model, X).parameters == 72
    assert model.last is last


# --- What cannot be traced says where and why ---


@pytest.mark.parametrize(
    ("layer", "given"),
    [
        (nn.Linear(7, 2), (1, 8)),
        (nn.Conv2d(3, 4, 3), (1, 4, 8, 8)),
        (nn.Conv2d(4, 4, 9), (1, 4, 8, 8)),
        (nn.BatchNorm2d(3), (1, 4, 8, 8)),
        (nn.GroupNorm(3, 6), (1, 4, 8, 8)),
        (nn.LayerNorm(7), (1, 4, 8)),
        (nn.RMSNorm(7), (1, 4, 8)),
        (nn.PReLU(3), (1, 4, 8)),
        (nn.MaxPool2d(9), (1, 4, 8, 8)),
        (nn.LSTM(7, 3), (1, 4, 8)),
    ],
    ids=lambda value: type(value).__name__,
)
def test_the_layer_that_does_not_fit_is_named(layer: nn.Module, given: tuple[int, ...]) -> None:
    with pytest.raises((RuntimeError, ValueError)):
        layer(torch.zeros(given))
    with pytest.raises(TraceError) as caught:
        trace(nn.Sequential(nn.Identity(), nn.Sequential(layer)), torch.empty(given))
    start = f"Layer 1.0 ({type(layer).__name__}) cannot take {given}: "
    assert str(caught.value).startswith(start)
    assert len(str(caught.value)) > len(start) + 10


@pytest.mark.parametrize(
    "what",
    [
        lambda m, x: m.a(x) + torch.zeros(5),
        lambda m, x: m.a(x).mul_(torch.zeros(3, 4, 8)),
        lambda m, x: m.a(x) @ m.a(x),
        lambda m, x: torch.cat([m.a(x), x[:1]], 1),
        lambda m, x: m.a(x).view(7, -1),
        lambda m, x: F.scaled_dot_product_attention(m.a(x), x, x[..., :5, :].mT),
        lambda m, x: F.scaled_dot_product_attention(m.a(x), x[..., :6], x),
    ],
)
def test_a_function_that_does_not_fit_is_refused_as_torch_refuses(what: Callable[..., Any]) -> None:
    model = nn.Sequential(nn.Identity(), Toy(what, a=dense()))
    with pytest.raises(RuntimeError):
        model(torch.zeros(2, 4, 8))
    with pytest.raises(TraceError, match=r"^Layer 1 \(Toy\) cannot take \(2, 4, 8\): "):
        trace(model, X)


@pytest.mark.parametrize("width", [6, 10])
def test_attention_of_another_width_is_refused(width: int) -> None:
    model = Toy(lambda m, x: m.a(x, x, x)[0], a=nn.MultiheadAttention(width, 2))
    with pytest.raises(TraceError, match=r"^Layer a \(MultiheadAttention\) cannot take "):
        trace(model, X)


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ((), "The network cannot take this input: .*missing 1 required positional argument"),
        ((X, X), "The network cannot take this input: .*takes 2 positional arguments but 3"),
        ("text", "Layer 0 .Linear. cannot take its input: .*must be Tensor, not str"),
        (None, "Layer 0 .Linear. cannot take its input: .*must be Tensor, not NoneType"),
    ],
)
def test_arguments_that_do_not_fit_are_said(given: Any, says: str) -> None:
    with pytest.raises(TraceError, match=f"^{says}"):
        trace(nn.Sequential(dense()), given)
