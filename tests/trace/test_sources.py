"""The lines that are shown for a part are the lines that make it."""

import inspect

import pytest
import torchvision.models.resnet as torchvisions
from torch import Tensor, nn

from cvexplore.catalog import build
from cvexplore.trace.sources import own_source, parents_source


@pytest.mark.parametrize(
    ("name", "path", "built", "used"),
    [
        (
            "torchvision/resnet50",
            "layer1.0.conv1",
            "self.conv1 = conv1x1(inplanes, width)",
            "out = self.conv1(x)",
        ),
        ("torchvision/resnet50", "layer1.0.iadd", "", "out += identity"),
        (
            "torchvision/resnet50",
            "layer1.2",
            "self.layer1 = self._make_layer(block, 64, layers[0])",
            "x = self.layer1(x)",
        ),
        ("torchvision/resnet50", "flatten", "", "x = torch.flatten(x, 1)"),
        (
            "cvexplore/resnet",
            "stages.0.1.add",
            "",
            "y = y + self.shortcut(x)  # y = F(x) + x",  # in the class it inherits from
        ),
        (
            "cvexplore/resnet",
            "stages.0.1.branch.0",
            "nn.Conv2d(inputs, width, kernel_size=1, bias=False),",  # an argument of nn.Sequential
            "y = self.branch(x)  # F(x)",
        ),
        (
            "timm/vit_tiny_patch16_224",
            "blocks.0.attn.qkv",
            "self.qkv = nn.Linear(dim, self.attn_dim * 3, bias=qkv_bias, **dd)",
            "qkv = self.qkv(x)",
        ),
    ],
)
def test_a_part_is_built_and_used_there(name: str, path: str, built: str, used: str) -> None:
    source = parents_source(build(name, device="meta"), path)
    assert source
    assert source.built == built
    assert source.used.startswith(used)


def test_a_block_shows_its_whole_class() -> None:
    network = build("torchvision/resnet50", device="meta")
    source = own_source(network, "layer1.0")
    assert source
    assert source.text == inspect.getsource(torchvisions.Bottleneck).rstrip()
    assert source.owner == "torchvision.models.resnet.Bottleneck"
    lines = inspect.getsource(torchvisions).splitlines()
    assert lines[source.first - 1] == "class Bottleneck(nn.Module):"


def test_torchs_own_modules_and_functions_have_no_class_to_show() -> None:
    network = build("torchvision/resnet18", device="meta")
    assert own_source(network, "conv1") is None
    assert own_source(network, "layer1.0.iadd") is None
    assert own_source(network, "no.such") is None
    assert parents_source(network, "no.such.part") is None


def test_a_class_without_a_file_is_no_error() -> None:
    space: dict = {"nn": nn, "Tensor": Tensor}
    text = "class Made(nn.Module):\n  def __init__(self):\n    super().__init__()\n"
    exec(text + "    self.layer = nn.Linear(2, 2)\n", space)
    assert parents_source(space["Made"](), "layer") is None
