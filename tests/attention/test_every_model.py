"""Contract: the attention of every family that has any is found whole, proven, and located."""

import pytest
import torch
from torch import Tensor

from cvexplore import catalog
from cvexplore.attention import locate, record
from cvexplore.catalog.names import Architecture

LIMIT = 25e9  # multiply-adds of timm's models; the few above are too slow here
TORCHVISION = [
    each for each in catalog.architectures(library="torchvision") if each.attention_layers
]


def cheapest_of_each_family() -> list[Architecture]:
    """Return the smallest model with attention of each of timm's families."""
    having = [each for each in catalog.architectures(library="timm") if each.attention_layers]
    having.sort(key=lambda each: (each.macs or 0) + (each.parameters or 0))
    cheapest: dict[str, Architecture] = {}
    for each in having:
        cheapest.setdefault(each.family, each)
    return [each for each in cheapest.values() if each.macs and each.macs < LIMIT]


TIMM = cheapest_of_each_family()
# Where the trace, which counts products of products, counts otherwise, and why.
COUNTED_OTHERWISE = {
    "timm/csatv2": 4,  # fourteen gates more compare the images of a batch, one number each
    "timm/lamhalobotnet50ts_256": 6,  # two lambda layers more, a softmax of the keys alone
    "timm/volo_d1_224": 20,  # four layers of outlook attention more, predicted by a dense layer
}
# Attention that is not between places that form a grid, and how many layers of it.
OTHERWISE = {
    "timm/davit_tiny": {"channels": 6},
    "timm/edgenext_xx_small": {"channels": 3},
    "timm/lamhalobotnet50ts_256": {"predicted": 2},
    "timm/nextvit_small": {"unknown": 3},  # keys are means of 64 patches in a row, not of a square
    "timm/volo_d1_224": {"predicted": 4},
    "timm/xcit_nano_12_p16_224": {"channels": 12},
}


def test_there_are_enough_of_them() -> None:
    assert len(TORCHVISION) == 17
    assert len(TIMM) >= 60


@pytest.mark.slow
@pytest.mark.parametrize("each", [*TORCHVISION, *TIMM], ids=lambda each: each.name)
def test_all_attention_of_a_model_is_the_real_thing(each: Architecture) -> None:
    torch.manual_seed(0)
    model = catalog.build(each.name).eval().requires_grad_(False)
    (example,) = catalog.example(each.name)
    image = torch.randn(example.shape, generator=torch.Generator().manual_seed(1))
    locations = locate(model, image)
    recording = record(model, image, locations=locations, cap=2**40)
    assert len(recording.layers) == COUNTED_OTHERWISE.get(each.name, each.attention_layers)

    kinds: dict[str, int] = {}
    for layer in recording.layers:
        assert layer.row_sum_error is not None
        assert layer.row_sum_error <= 1e-5
        assert layer.reconstruction_error is not None
        assert layer.reconstruction_error <= 1e-5
        assert layer.stitched_error is None or layer.stitched_error <= 1e-5
        if layer.kind == "spatial":
            windows, _, queries, keys = layer.weights.shape
            assert layer.on_image.queries.shape == (windows, queries)
            assert layer.on_image.keys.shape == (windows, keys)
            assert layer.on_image.key_grid > (1, 1)
        else:
            kinds[layer.kind] = kinds.get(layer.kind, 0) + 1
    assert kinds == OTHERWISE.get(each.name, {})

    with torch.no_grad():
        plain = model(image)
    for mine, real in zip(tensors(recording.output), tensors(plain), strict=True):
        torch.testing.assert_close(mine, real, rtol=1e-3, atol=1e-4)


def tensors(output: object) -> list[Tensor]:
    """Return what a network returned as a list of tensors."""
    if isinstance(output, Tensor):
        return [output]
    if isinstance(output, dict):
        return [each for value in output.values() for each in tensors(value)]
    return [each for value in output for each in tensors(value)]  # type: ignore[union-attr]
