"""A traced model is not changed by it, and may be used and traced by many at once."""

import copy
import threading
from typing import Any

import pytest
import torch
import torchvision
from torch import Tensor, nn

from cvexplore.catalog import build, example
from cvexplore.errors import TraceError
from cvexplore.trace import trace, watch

X = torch.empty(1, 3, 64, 64)


def everything(model: nn.Module) -> dict[str, Any]:
    """Return all that a network holds, module by module."""
    found = {}
    for path, module in model.named_modules():
        for name, value in vars(module).items():
            found[f"{path}:{name}"] = copy.copy(value)
        found[f"{path}:forward"] = module.forward
    return found


def copied(model: nn.Module) -> dict[str, Tensor]:
    return {name: tensor.clone() for name, tensor in model.state_dict().items()}


@pytest.mark.parametrize("training", [True, False])
def test_a_traced_model_is_as_it_was(training: bool) -> None:
    model = torchvision.models.resnet18().train(training)
    model.conv1.requires_grad_(False)
    model(torch.randn(2, 3, 32, 32)).sum().backward()
    held, numbers = everything(model), copied(model)
    gradients = [None if p.grad is None else p.grad.clone() for p in model.parameters()]
    trace(model, X)
    assert everything(model) == held
    for name, tensor in model.state_dict().items():
        assert torch.equal(tensor, numbers[name]), name
    for parameter, gradient in zip(model.parameters(), gradients, strict=True):
        assert (parameter.grad is None) == (gradient is None)
        assert gradient is None or torch.equal(parameter.grad, gradient)


def test_a_model_that_could_not_be_traced_is_as_it_was() -> None:
    model = nn.Sequential(nn.Linear(3, 4), nn.Linear(5, 6))
    held = everything(model)
    with pytest.raises(TraceError, match=r"Layer 1 \(Linear\)"):
        trace(model, torch.empty(1, 3))
    assert everything(model) == held


def test_evaluation_mode_is_traced_whatever_the_models_own() -> None:
    model = torchvision.models.googlenet(init_weights=False).train()  # three outputs in training
    paths = {layer.path for layer in trace(model, X).layers if layer.output_shape}
    assert not any(path.startswith("aux") for path in paths)
    assert model.training


@pytest.mark.parametrize(
    "name", ["torchvision/resnet18", "torchvision/fasterrcnn_mobilenet_v3_large_320_fpn"]
)
def test_a_model_of_ones_own_can_be_watched_again(name: str) -> None:
    model = build(name, device="meta")
    forwards = [module.forward for module in model.modules()]
    assert watch(model, example(name)) == watch(model, example(name))
    assert [module.forward for module in model.modules()] == forwards


def test_the_input_is_not_touched_and_not_read() -> None:
    image = torch.full((1, 3, 64, 64), torch.nan, requires_grad=True)
    trace(nn.Sequential(nn.ReLU(inplace=True), nn.Conv2d(3, 4, 3)), image)
    assert image.isnan().all()
    assert image.grad is None


def test_many_threads_may_trace_and_run_one_model() -> None:
    model = torchvision.models.resnet18().eval()
    image = torch.randn(1, 3, 32, 32)
    with torch.no_grad():
        truth = model(image)
    alone = {side: trace(model, torch.empty(1, 3, side, side)) for side in (32, 64, 96)}
    wrong: list[str] = []
    ready = threading.Barrier(4)

    def trace_often(side: int) -> None:
        ready.wait()
        traces = [trace(model, torch.empty(1, 3, side, side)) for _ in range(5)]
        wrong.extend(f"trace at {side}" for seen in traces if seen != alone[side])

    def run_often() -> None:
        ready.wait()
        for _ in range(20):
            with torch.no_grad():
                if not torch.equal(model(image), truth):
                    wrong.append("run")

    threads = [threading.Thread(target=trace_often, args=(side,)) for side in alone]
    threads.append(threading.Thread(target=run_often))
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_a_trace_inside_a_trace_is_its_own() -> None:
    class Curious(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            self.seen = trace(nn.Linear(64, 2), torch.empty(1, 64))
            return x.relu()

    seen = trace(nn.Sequential(nn.Conv2d(3, 4, 3), Curious()), X)
    assert [layer.path for layer in seen.layers] == ["0", "1"]
    assert seen.layers[1].macs == 0


def test_an_empty_model_costs_no_memory() -> None:
    with torch.device("meta"):
        model = nn.Sequential(nn.Linear(100_000, 100_000), nn.Linear(100_000, 100_000))
    seen = trace(model, torch.empty(1, 100_000))
    assert seen.parameters == 2 * (10**10 + 10**5)
