"""Every method on five kinds of network: a map, or a sentence that says why there is none."""

from functools import cache

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from cvexplore import catalog
from cvexplore.attribution import METHODS, Asked, attribute, method
from cvexplore.attribution.structure import structure
from cvexplore.attribution.validity import doubts_after, doubts_before
from cvexplore.errors import LayerError
from cvexplore.plugins import Choice

NETWORKS = {
    "cvexplore/simple_cnn": ("bundled", {}, 1, 28),
    "cvexplore/resnet": ("bundled", {}, 3, 64),
    "cvexplore/vit": ("bundled", {}, 1, 56),
    "cvexplore/swin": ("bundled", {}, 3, 32),
    "timm/tf_efficientnet_lite0": ("bundled", {}, 3, 64),
}
QUICK = {"steps": 4, "samples": 10, "regions": 6, "window": 50, "stride": 100, "tolerance": 0}
REFUSED = {  # who computes no attention cannot be asked about it
    ("attention relevance", "cvexplore/simple_cnn"),
    ("attention relevance", "cvexplore/resnet"),
    ("attention relevance", "timm/tf_efficientnet_lite0"),
}


@cache
def network(name: str) -> nn.Module:
    weights, options, _, _ = NETWORKS[name]
    torch.manual_seed(0)
    return catalog.build(name, weights=weights, **options).eval().requires_grad_(False)


def question(name: str) -> Asked:
    _, _, channels, side = NETWORKS[name]
    drawn = torch.rand(1, channels, 6, 6, generator=torch.Generator().manual_seed(1))
    pixels = F.interpolate(drawn, (side, side), mode="bilinear")
    asked = Asked(network(name), pixels, 3, (0.5,) * channels, (0.25,) * channels)
    image = asked.normalised(pixels)
    return asked.of(image=image, target=int(network(name)(image).argmax()))


def quick(name: str) -> Choice:
    lowest = {option.name: option.range for option in METHODS.options(name)}
    chosen = {
        key: max(value, int(bounds.low))
        for key, value in QUICK.items()
        if (bounds := lowest.get(key)) is not None
    }
    return Choice(name, chosen)


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("of", METHODS)
def test_it_works_or_says_why_not(of: str, name: str) -> None:
    asked, choice = question(name), quick(of)
    if (of, name) in REFUSED:
        with pytest.raises(LayerError, match=r"^[A-Z].{20,}\.$"):
            attribute(asked, choice)
        return
    cost = method(choice).cost(asked)
    found = attribute(asked, choice)
    assert found.values.isfinite().all()
    assert found.values.any()
    channels, height, width = found.values.shape
    assert (channels, height, width) == tuple(asked.image.shape[1:]) or channels == 1
    assert height > 1
    assert width > 1
    assert found.passes == cost.forwards
    assert found.heat("absolute").max() == 1
    for doubt in (*doubts_before(asked, structure(asked), choice), *doubts_after(found)):
        assert doubt.sentence.endswith(".")
        if doubt.mend is not None:
            METHODS.check(doubt.mend)
