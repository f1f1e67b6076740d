"""Print the peaks of real passes: ``python measured_peaks.py NAME:JOB:BATCH …``."""

import json
import sys

import torch

from cvexplore import catalog
from cvexplore.timing.memory import Peak


def held(network: torch.nn.Module, optimizer: torch.optim.Optimizer) -> int:
    state = [each for values in optimizer.state.values() for each in values.values()]
    every = [*network.parameters(), *network.buffers(), *state]
    return sum(each.nbytes for each in every if isinstance(each, torch.Tensor))


def step(
    network: torch.nn.Module, optimizer: torch.optim.Optimizer, shape: torch.Size, batch: int
) -> None:
    images = torch.rand(batch, *shape[1:])
    with torch.set_grad_enabled(network.training):
        output = network(images)
        if network.training:
            loss = output.sum()
            del output
            loss.backward()
            optimizer.step()
    optimizer.zero_grad()


def measured(name: str, batch: int, training: bool) -> int:
    """Return the most bytes that a pass held, weights and optimiser state included.

    The same pass runs once before with fewer images, since torch sets up things in its first.
    """
    network = catalog.build(name).train(training)
    optimizer = torch.optim.SGD(network.parameters(), 1e-6, momentum=0.9, fused=True)
    (example,) = catalog.example(name)
    step(network, optimizer, example.shape, 2)
    Peak("cpu").again()  # gives freed memory back, so that what is held now is the network
    peak = Peak("cpu")
    peak.again()
    step(network, optimizer, example.shape, batch)
    return (peak.bytes() or 0) + held(network, optimizer)


torch.manual_seed(0)
torch.set_flush_denormal(True)
found = {}
for each in sys.argv[1:]:
    name, job, batch = each.split(":")
    found[each] = measured(name, int(batch), job == "training")
sys.stdout.write(json.dumps(found))
