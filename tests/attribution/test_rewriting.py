"""Own activations: the same numbers to the bit, and one module a call, on any network."""

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from cvexplore import catalog
from cvexplore.attribution import Asked
from cvexplore.attribution.rewriting import with_own_activations
from cvexplore.errors import LayerError
from tests.attribution.conftest import asking, convolutional

NETWORKS = {
    "torchvision/resnet18": (33, 18),  # 17 calls of 8 modules, and max pooling
    "torchvision/vgg11": (33, 15),
    "torchvision/squeezenet1_1": (33, 29),
    "torchvision/googlenet": (33, 70),
    "torchvision/inception_v3": (75, 98),
    "torchvision/mobilenet_v2": (33, 35),
    "torchvision/mobilenet_v3_small": (33, 42),
    "torchvision/efficientnet_b0": (33, 65),
    "torchvision/densenet121": (33, 122),
    "torchvision/convnext_tiny": (33, 18),
    "timm/tf_efficientnet_lite0": (33, 33),
}


@pytest.mark.parametrize("name", NETWORKS)
def test_scores_stay_the_same_to_the_bit(name: str) -> None:
    side, calls = NETWORKS[name]
    torch.manual_seed(0)
    asked = asking(catalog.build(name), side)
    own = with_own_activations(asked)
    two = torch.cat([asked.image, asked.image.flip(-1)])
    with torch.no_grad():
        assert torch.equal(own(two), asked.model(two.clone()))
    assert len(own.own) == calls


def test_what_is_overwritten_stays_overwritten(awkward: Asked) -> None:
    own = with_own_activations(awkward)
    with torch.no_grad():
        assert torch.equal(own(awkward.image), awkward.model(awkward.image.clone()))
    assert len(own.own) == 5


def test_gradients_stay_the_same(awkward: Asked) -> None:
    image = awkward.leaf()
    (ours,) = torch.autograd.grad(with_own_activations(awkward)(image)[0, 3], image)
    (plain,) = torch.autograd.grad(awkward.model(image.clone())[0, 3], image)
    torch.testing.assert_close(ours, plain)


def test_every_own_module_runs_once_a_pass_and_no_other_activation_is_known(awkward: Asked) -> None:
    own = with_own_activations(awkward)
    runs = dict.fromkeys(own.own, 0)

    def count(module: nn.Module, *_: object) -> None:
        runs[module] += 1

    for module in own.own:
        module.register_forward_hook(count)
    own(awkward.image)
    assert set(runs.values()) == {1}
    found = [module for module in own.modules() if isinstance(module, nn.ReLU | nn.MaxPool2d)]
    assert all(any(module is each for each in own.own.modules()) for module in found)


def test_a_hook_sees_the_gradient_of_its_own_call_alone() -> None:
    # The tensor has a second use; a hook on the tensor itself would see the sum of both.
    class TwoUses(nn.Module):
        def forward(self, images: Tensor) -> Tensor:
            return (F.relu(images) + 10 * images).mean((2, 3))

    asked = asking(TwoUses(), side=4, target=1)
    own = with_own_activations(asked)
    seen: list[Tensor] = []
    own.own[0].register_forward_pre_hook(
        lambda module, given: given[0].register_hook(seen.append) and None
    )
    image = asked.leaf()
    torch.autograd.grad(own(image)[0, 1], image)
    assert seen[0].max() == pytest.approx(1 / 16)


def test_a_relu_with_a_ceiling_is_a_relu_and_a_ceiling() -> None:
    asked = asking(convolutional(nn.ReLU6))
    large = asked.of(image=asked.image * 50)
    own = with_own_activations(large)
    assert next(type(each) for each in own.own[0].children()) is nn.ReLU
    with torch.no_grad():
        assert torch.equal(own(large.image), asked.model(large.image.clone()))


def test_what_does_not_depend_on_the_image_is_left_alone() -> None:
    class Biased(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.bias = nn.Parameter(torch.randn(3))

        def forward(self, images: Tensor) -> Tensor:
            return F.relu(images).mean((2, 3)) + torch.sigmoid(self.bias)

    assert len(with_own_activations(asking(Biased(), target=1)).own) == 1


def test_a_network_that_runs_other_functions_each_time_is_refused() -> None:
    class Fickle(nn.Module):
        runs = 0

        def forward(self, images: Tensor) -> Tensor:
            Fickle.runs += 1
            return (F.gelu if Fickle.runs % 2 else F.relu)(images).mean((2, 3))

    asked = asking(Fickle(), target=1)
    own = with_own_activations(asked)
    with pytest.raises(LayerError, match="same functions each time"):
        own(asked.image)


def test_the_shared_network_is_not_changed(awkward: Asked) -> None:
    modules = [(id(each), type(each)) for each in awkward.model.modules()]
    with_own_activations(awkward)(awkward.image)
    assert modules == [(id(each), type(each)) for each in awkward.model.modules()]
