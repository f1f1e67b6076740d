"""Several people ask about one shared network at once: nobody gets another's map."""

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from cvexplore import catalog
from cvexplore.attribution import Asked, attribute
from cvexplore.plugins import Choice

CHOICES = (
    Choice("saliency"),
    Choice("Grad-CAM"),
    Choice("guided backpropagation"),
    Choice("DeepLIFT"),
    Choice("integrated gradients", {"steps": 8}),
    Choice("layer conductance", {"steps": 4}),
    Choice("KernelSHAP", {"regions": 6, "samples": 10}),
)
SESSIONS = 4


def shared(name: str) -> nn.Module:
    if name == "cvexplore/simple_cnn":
        return catalog.build(name, weights="bundled").eval().requires_grad_(False)
    torch.manual_seed(0)
    small: dict[str, Any] = {"depth": 18, "width": 8, "classes": 10}
    return catalog.build(name, **small).eval().requires_grad_(False)


def image(session: int, channels: int, side: int) -> Tensor:
    random = torch.Generator().manual_seed(session)
    return torch.randn(1, channels, side, side, generator=random)


def hooks(model: nn.Module) -> list[tuple[str, str, int]]:
    """Return every hook there is, on modules and on parameters."""
    return [
        (path, kind, len(held))
        for path, module in model.named_modules()
        for kind, held in vars(module).items()
        if "hooks" in kind and isinstance(held, dict)
    ]


@pytest.mark.parametrize(
    ("name", "channels", "side"), [("cvexplore/simple_cnn", 1, 28), ("cvexplore/resnet", 3, 32)]
)
def test_every_map_is_the_one_made_alone(name: str, channels: int, side: int) -> None:
    model = shared(name)
    questions = [
        Asked(model, image(each, channels, side), each, (0.5,) * channels, (0.25,) * channels)
        for each in range(SESSIONS)
    ]
    alone = [[attribute(asked, choice).values for choice in CHOICES] for asked in questions]
    assert not torch.equal(alone[0][0], alone[1][0])
    before, seen = hooks(model), []
    start = threading.Barrier(SESSIONS)

    def session(number: int) -> list[Tensor]:
        start.wait()
        found = {}
        for turn in range(len(CHOICES)):  # each at another method at the same moment
            choice = CHOICES[(turn + 2 * number) % len(CHOICES)]
            found[choice.name] = attribute(questions[number], choice).values
            seen.append(hooks(model) == before)
        return [found[choice.name] for choice in CHOICES]

    with ThreadPoolExecutor(SESSIONS) as pool:
        together = list(pool.map(session, range(SESSIONS)))
    for number in range(SESSIONS):
        for choice, one, other in zip(CHOICES, alone[number], together[number], strict=True):
            assert torch.allclose(one, other, atol=1e-7, rtol=1e-5), f"{choice.name} of {number}"
    assert all(seen)
    assert hooks(model) == before
    assert all(parameter.grad is None for parameter in model.parameters())
    assert not any(parameter.requires_grad for parameter in model.parameters())
