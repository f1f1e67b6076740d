"""How fast this very network is on this very image, so that a cost can be told in seconds."""

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass

import torch

from cvexplore.attribution import Cost
from cvexplore.attribution.asked import Asked, Network, Passes

_REPEATS = 3
_LONG = 0.2  # seconds of one image: then a whole batch is not waited for


@dataclass(frozen=True)
class Speed:
    """Seconds that one image takes.

    Args:
        forward: through the network.
        backward: for the slopes behind that, with what forward takes longer for keeping the graph.
    """

    forward: float
    backward: float

    def seconds(self, cost: Cost) -> float:
        """Return how long a method will take, about."""
        return cost.forwards * self.forward + cost.backwards * self.backward


def speed(asked: Asked) -> Speed:
    """Measure a few passes each way, after one to warm up, in batches as methods send them.

    They are not counted as passes of the question.
    """
    network = asked.of(passes=Passes()).network()
    _through(network, asked, 1)
    images = 1 if _median(lambda: _through(network, asked, 1), 1) > _LONG else asked.batch
    forward = _median(lambda: _through(network, asked, images), _REPEATS) / images
    both = _median(lambda: _there_and_back(network, asked, images), _REPEATS) / images
    return Speed(forward, max(both - forward, 0.0))


def _through(network: Network, asked: Asked, images: int) -> None:
    with torch.no_grad():
        network(asked.image.expand(images, -1, -1, -1))
    _finish(asked.device)


def _there_and_back(network: Network, asked: Asked, images: int) -> None:
    batch = asked.image.detach().repeat(images, 1, 1, 1).requires_grad_()
    with torch.enable_grad():
        torch.autograd.grad(network(batch)[:, asked.target].sum(), batch)
    _finish(asked.device)


def _median(run: Callable[[], None], repeats: int) -> float:
    times = []
    for _ in range(repeats):
        began = time.perf_counter()
        run()
        times.append(time.perf_counter() - began)
    return statistics.median(times)


def _finish(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)
