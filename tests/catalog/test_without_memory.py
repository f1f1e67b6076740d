"""A network on the meta device is the real one, but for its numbers, and costs nothing."""

import json
import subprocess
import sys
import textwrap

import pytest
import torch
from torch import nn

from cvexplore.catalog import build
from cvexplore.catalog.meta import WithoutMemory

FORKED = textwrap.dedent(
    """
    import json, os, resource, sys, warnings

    warnings.simplefilter("ignore")
    import timm, torch, torchvision
    from cvexplore.catalog import build, traced
    from cvexplore.trace.watcher import Watcher

    traced("torchvision/resnet18"), traced("timm/resnet18")  # what is imported on the way

    def peak():
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024

    for name in sys.argv[1:]:
        if os.fork() == 0:  # each begins with the same memory
            before = peak()
            model = build(name, device="meta")
            print(json.dumps({
                "name": name,
                "megabytes": peak() - before,
                "parameters": sum(p.numel() for p in model.parameters()),
                "real": [n for n, p in (*model.named_parameters(), *model.named_buffers())
                         if not p.is_meta],
            }), flush=True)
            os._exit(0)
        os.wait()
    """
)

LARGE = {
    "torchvision/vit_h_14": 632e6,
    "torchvision/regnet_y_128gf": 644e6,
    "torchvision/swin3d_b": 88e6,
    "torchvision/maskrcnn_resnet50_fpn_v2": 46e6,
    "timm/eva_giant_patch14_560": 1014e6,
    "timm/swinv2_large_window12to24_192to384": 196e6,
    "cvexplore/vit": 86e6,
}


@pytest.mark.skipif(sys.platform == "win32", reason="needs fork")
def test_the_largest_networks_take_next_to_no_memory() -> None:
    done = subprocess.run(
        [sys.executable, "-c", FORKED, *LARGE], capture_output=True, text=True, check=True
    )
    measured = {row["name"]: row for row in map(json.loads, done.stdout.splitlines())}
    assert measured.keys() == LARGE.keys()
    for name, row in measured.items():
        assert row["real"] == [], name
        assert row["parameters"] == pytest.approx(LARGE[name], rel=0.01), name
        assert row["megabytes"] < 50, name


@pytest.mark.parametrize(
    "name",
    [
        "torchvision/resnet18",
        "torchvision/efficientnet_b0",
        "torchvision/regnet_y_400mf",
        "torchvision/swin_t",
        "torchvision/maxvit_t",
        "torchvision/mvit_v1_b",
        "torchvision/lraspp_mobilenet_v3_large",
        "torchvision/ssdlite320_mobilenet_v3_large",
        "torchvision/raft_small",
        "timm/convnext_atto",
        "timm/levit_128s",
        "timm/eva02_tiny_patch14_224",
        "timm/fastvit_t8",
        "cvexplore/swin",
    ],
)
def test_it_is_the_real_network_but_for_its_numbers(name: str) -> None:
    real, empty = build(name), build(name, device="meta")
    assert [(p, str(m)) for p, m in real.named_modules()] == [
        (p, str(m)) for p, m in empty.named_modules()
    ]
    for kind in ("named_parameters", "named_buffers"):
        described = [
            [(n, t.shape, t.dtype, t.requires_grad) for n, t in getattr(model, kind)()]
            for model in (real, empty)
        ]
        assert described[0] == described[1]
    assert not any(tensor.is_meta for tensor in real.state_dict().values())
    assert all(tensor.is_meta for tensor in empty.state_dict().values())


def test_afterwards_tensors_have_numbers_again() -> None:
    with WithoutMemory():
        assert nn.Linear(3, 4).weight.is_meta
        assert nn.BatchNorm2d(3).running_mean.is_meta
        assert not torch.arange(3).is_meta  # constructors compute with such
        assert torch.linspace(0, 1, 3).tolist() == [0, 0.5, 1]
    assert not nn.Linear(3, 4).weight.is_meta
    assert not nn.BatchNorm2d(3).running_mean.is_meta


class Counts(nn.Module):
    """A module that computes a table when it is made."""

    def __init__(self) -> None:
        super().__init__()
        self.steps = torch.arange(5).tolist()
        self.register_buffer("table", torch.arange(5))


def test_a_table_that_is_registered_loses_its_numbers() -> None:
    with WithoutMemory():
        module = Counts()
    assert module.table.is_meta
    assert module.steps == [0, 1, 2, 3, 4]
    assert not Counts().table.is_meta


def test_a_large_table_is_never_computed() -> None:
    many, few = torch.arange(1000), torch.arange(10)
    with WithoutMemory():
        assert (many[:, None] - many[None, :]).is_meta
        assert (few[:, None] - few[None, :]).tolist()[3][1] == 2
        assert not (many + many).is_meta


def test_what_is_computed_with_no_numbers_has_none() -> None:
    with WithoutMemory():
        assert (torch.arange(3) + torch.zeros(3)).is_meta
        assert torch.stack([torch.arange(3.0), torch.arange(3.0)]).tolist() == [[0, 1, 2]] * 2


def test_one_inside_another_ends_with_the_outer() -> None:
    with WithoutMemory():
        with WithoutMemory():
            pass
        assert Counts().table.is_meta
    assert not Counts().table.is_meta


def test_it_ends_when_a_constructor_fails() -> None:
    with pytest.raises(ZeroDivisionError), WithoutMemory():
        raise ZeroDivisionError
    assert not nn.BatchNorm2d(3).running_mean.is_meta


def test_a_defect_of_a_constructor_is_not_hidden() -> None:
    with pytest.raises(RuntimeError, match="shape"), WithoutMemory():
        torch.arange(6).reshape(4, 4)
