"""LeGrad is the mean positive slope, layer by layer and key by key."""

import torch

from cvexplore.attention import record
from cvexplore.attention.legrad import legrad
from tests.attention.conftest import noise, sharpened
from tests.attention.test_places import windows_of_swin
from tests.attention.test_rollout import SMALL_SWIN, SMALL_VIT


def test_a_vits_map_is_the_papers_mean_over_layers_heads_and_queries() -> None:
    recording = record(sharpened("cvexplore/vit", **SMALL_VIT), noise(1, 3, 32, 32), target=3)
    maps = []
    for layer in recording.layers:
        assert layer.gradients is not None
        _, heads, queries, _ = layer.gradients.shape
        wanted = torch.zeros(17)
        for head in range(heads):
            for query in range(queries):
                wanted += torch.relu(layer.gradients[0, head, query]) / (heads * queries)
        maps.append(wanted[1:].view(4, 4))
    found = legrad(recording)
    for got, wanted in zip(found.by_layer, maps, strict=True):
        torch.testing.assert_close(got, wanted, atol=1e-9, rtol=1e-4)
    torch.testing.assert_close(found.map, sum(maps) / len(maps), atol=1e-9, rtol=1e-4)
    assert found.map.std() > 0


def test_a_swins_windows_put_each_slope_where_its_key_lies_and_padding_nowhere() -> None:
    recording = record(sharpened("cvexplore/swin", **SMALL_SWIN), noise(1, 3, 36, 44), target=3)
    found = legrad(recording)
    height, width = 18, 22
    for block, got in enumerate(found.by_layer[:2]):
        gradients = recording.layers[block].gradients
        assert gradients is not None
        wanted = torch.zeros(height * width)
        for window, places in enumerate(windows_of_swin(height, width, 4, 2 * block).tolist()):
            for query, place in enumerate(places):
                for key, other in enumerate(places):
                    if min(place, other) >= 0:
                        each = gradients[window, :, query, key].clamp(min=0).mean()
                        wanted[other] += each / (height * width)
        torch.testing.assert_close(got.flatten(), wanted, atol=1e-9, rtol=1e-4)
    assert found.map.shape == (height, width)


def test_a_coarse_layers_value_holds_for_all_the_places_it_covers() -> None:
    recording = record(sharpened("cvexplore/swin", **SMALL_SWIN), noise(1, 3, 32, 32), target=3)
    second = legrad(recording).by_layer[2]
    blocks = second.view(8, 2, 8, 2)
    torch.testing.assert_close(blocks, blocks[:, :1, :, :1].expand_as(blocks))
    assert second.std() > 0
