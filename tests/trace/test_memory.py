"""Memory worked out from shapes is what a real pass takes."""

import copy
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
import torchvision
from torch import Tensor, nn
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.distributed._tools.mem_tracker import MemTracker
from torch.utils.weak import WeakIdKeyDictionary

from cvexplore import catalog
from cvexplore.errors import OptionError, TraceError
from cvexplore.trace import ledger
from cvexplore.trace.memory import OPTIMIZERS, Memory, memory

MEASURED = {  # images of a batch for inference and for training
    "torchvision/resnet50": {"inference": 4, "training": 3},
    "torchvision/mobilenet_v3_large": {"inference": 24, "training": 8},
    "timm/vit_tiny_patch16_224": {"inference": 16, "training": 6},
}


def needs(name: str, **how: Any) -> Memory:
    return memory(catalog.build(name, device="meta"), catalog.example(name), **how)


class Attends(nn.Module):
    """A network with what decides which kernel runs and what is kept."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Sequential(
            nn.Conv2d(3, 16, 4, 4), nn.BatchNorm2d(16), nn.ReLU(inplace=True), nn.MaxPool2d(2)
        )
        self.norm = nn.LayerNorm(16)
        self.qkv = nn.Linear(16, 48)
        self.attention = nn.MultiheadAttention(16, 2, batch_first=True)
        self.drop = nn.Dropout(0.1)
        self.head = nn.Sequential(nn.Linear(16, 32), nn.GELU(), nn.Linear(32, 5), nn.Softmax(-1))

    def forward(self, x: Tensor) -> Tensor:
        x = self.stem(x).flatten(2).transpose(1, 2)
        q, k, v = self.qkv(self.norm(x)).unflatten(-1, (3, 4, 4)).permute(2, 0, 3, 1, 4)
        y = nn.functional.scaled_dot_product_attention(q, k, v).transpose(1, 2).flatten(2)
        x = x + self.drop(y)
        x = x + self.attention(x, x, x, need_weights=False)[0]
        return self.head(x.mean(1))


# ------------------------------------------------------------------ measured


@pytest.fixture(scope="module")
def peaks() -> dict[str, int]:
    """Return the peaks of real passes on the CPU, measured in a process of their own."""
    asked = [f"{name}:{job}:{b}" for name, jobs in MEASURED.items() for job, b in jobs.items()]
    script = Path(__file__).with_name("measured_peaks.py")
    # Blocks that are given back leave the process at once, so that its size is what is held.
    prompt = {"MALLOC_MMAP_THRESHOLD_": "65536", "MALLOC_TRIM_THRESHOLD_": "65536"}
    done = subprocess.run(
        [sys.executable, str(script), *asked],
        env={**os.environ, **prompt, "MALLOC_TOP_PAD_": "0", "OMP_NUM_THREADS": "1"},
        check=True,
        capture_output=True,
        text=True,
    )
    return json.loads(done.stdout)


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="the peak of a process can be put back there")
@pytest.mark.parametrize("job", ["inference", "training"])
@pytest.mark.parametrize("name", MEASURED)
def test_the_peak_is_within_15_percent_of_the_measured_one(
    name: str, job: str, peaks: dict[str, int]
) -> None:
    need = needs(name, training=job == "training").peak(MEASURED[name][job], "momentum")
    assert need.total == pytest.approx(peaks[f"{name}:{job}:{MEASURED[name][job]}"], rel=0.15)


@pytest.mark.parametrize("precision", ["float32", "mixed", "bfloat16"])
def test_what_is_kept_is_what_autograd_saves_in_a_real_pass(precision: str) -> None:
    torch.manual_seed(0)
    model = Attends().to(torch.bfloat16 if precision == "bfloat16" else torch.float32)
    image = torch.rand(6, 3, 64, 64, dtype=next(model.parameters()).dtype)
    own = {tensor.untyped_storage()._cdata for tensor in (*model.parameters(), *model.buffers())}
    saved: dict[int, int] = {}

    def pack(tensor: Tensor) -> Tensor:
        storage = tensor.untyped_storage()
        if storage._cdata not in own:
            saved[storage._cdata] = storage.nbytes()
        return tensor

    hooks = torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor)
    with hooks, torch.autocast("cpu", torch.bfloat16, enabled=precision == "mixed"):
        output = model(image)
    assert output.requires_grad
    assert saved
    saved[image.untyped_storage()._cdata] = image.nbytes  # the caller holds it anyway

    need = memory(model, image[:1], training=True, precision=precision)
    start = need.over_time(6)[need.turn]
    weights = sum(t.numel() * t.element_size() for t in (*model.parameters(), *model.buffers()))
    copies = start.weights - weights
    assert (copies > 0) == (precision == "mixed")
    # Beside what is saved, the loss is held, and those of autocast's copies that nobody saves.
    assert start.activations + copies == pytest.approx(sum(saved.values()), rel=0.01)


# ------------------------------------------------------------------ against torch's own tracker


@pytest.mark.parametrize("name", ["torchvision/resnet18", "timm/vit_tiny_patch16_224"])
def test_torchs_memory_tracker_sees_the_same_peak(name: str) -> None:
    library, _, model_name = name.partition("/")
    real = catalog.build(name) if library == "timm" else None  # it looks at numbers as it builds
    with FakeTensorMode(allow_non_fake_inputs=True):
        model = copy.deepcopy(real) if real else torchvision.models.get_model(model_name)
        image = torch.empty(5, 3, 224, 224)
        tracker = MemTracker()
        tracker.track_external(model, image)
        with tracker:
            model(image).sum().backward()
    theirs = tracker.get_tracker_snapshot("peak")[torch.device("cpu")]["Total"]
    assert needs(name, training=True).peak(5).total == pytest.approx(theirs, abs=64)


# ------------------------------------------------------------------ by hand


def test_a_small_network_by_hand() -> None:
    model = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 4))
    weights = 4 * (8 * 16 + 16 + 16 * 4 + 4)
    for batch in (1, 10, 1000):
        held = memory(model, torch.empty(1, 8)).peak(batch)
        # The images, what the first layer writes, and what the ReLU makes of it.
        assert (held.weights, held.activations) == (weights, 4 * batch * (8 + 16 + 16))
        assert held.total == held.weights + held.activations

        need = memory(model, torch.empty(1, 8), training=True)
        start = need.over_time(batch, "adamw")[need.turn]
        # The images and the second layer's inputs; ReLU keeps what it gave, which is the latter.
        assert start.activations == pytest.approx(4 * batch * (8 + 16), abs=16)
        end = need.over_time(batch, "adamw")[-1]
        assert (end.gradients, end.optimizer) == (weights, 2 * weights)
    assert {path for path, line in need.kept.items() if line.image} == {"images", "1"}


def test_16_bit_floats_halve_all_of_it() -> None:
    whole, half = (
        memory(nn.Linear(64, 64), torch.empty(1, 64), training=True, precision=precision)
        for precision in ("float32", "bfloat16")
    )
    assert whole.peak(50, "adam").weights == 2 * half.peak(50, "adam").weights
    assert whole.peak(50, "adam").total == pytest.approx(2 * half.peak(50, "adam").total, abs=64)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_the_optimisers_state_is_as_large_as_torchs(name: str) -> None:
    model = nn.Sequential(nn.Linear(20, 30), nn.BatchNorm1d(30))
    model[0].bias.requires_grad_(False)
    learning = [each for each in model.parameters() if each.requires_grad]
    optimizer = {
        "sgd": torch.optim.SGD(learning),
        "momentum": torch.optim.SGD(learning, momentum=0.9),
        "rmsprop": torch.optim.RMSprop(learning),
        "adam": torch.optim.Adam(learning),
        "adamw": torch.optim.AdamW(learning),
    }[name]
    model(torch.rand(4, 20)).sum().backward()
    optimizer.step()
    state = [each for values in optimizer.state.values() for each in values.values()]
    theirs = sum(each.nbytes for each in state if isinstance(each, Tensor) and each.ndim)
    need = memory(model, torch.empty(1, 20), training=True)
    assert need.peak(4, name).optimizer == theirs


# ------------------------------------------------------------------ at every batch size


@pytest.mark.parametrize(
    ("name", "training"),
    [
        ("torchvision/alexnet", True),
        ("timm/vit_tiny_patch16_224", False),
        ("timm/vit_tiny_patch16_224", True),
        ("torchvision/ssdlite320_mobilenet_v3_large", False),  # takes its images one by one
    ],
)
def test_any_batch_is_what_a_pass_with_it_takes(name: str, training: bool) -> None:
    model, (image,) = catalog.build(name, device="meta"), catalog.example(name)
    need = memory(model, (image,), training=training)
    for batch in (1, 9):
        several = isinstance(image, list)
        images = image * batch if several else image.new_empty((batch, *image.shape[1:]))
        (one,) = ledger.followed(model, [(images,)], training=training, precision="float32")
        held = most = 0
        for event in one.events:
            held += one.sizes[event] if event >= 0 else -one.sizes[~event]
            most = max(most, held)
        assert need.peak(batch).total == most


def test_the_largest_batch_fits_and_one_image_more_does_not() -> None:
    need = needs("torchvision/alexnet", training=True)  # its peak moves as the batch grows
    assert len({need.peak(batch).gradients for batch in (1, 4096)}) == 2
    for limit in (1e9, 2e9, 8e9):
        most = need.largest_batch(limit, "adamw")
        assert need.peak(most, "adamw").total <= limit < need.peak(most + 1, "adamw").total
    assert need.largest_batch(0.5e9, "adamw") == 0


# ------------------------------------------------------------------ the mechanism


def test_the_quick_ways_give_what_torch_gives(monkeypatch: pytest.MonkeyPatch) -> None:
    args = (torch.empty(3, 3, 64, 64),)
    quick = ledger.followed(Attends(), [args], training=True, precision="float32")
    monkeypatch.setattr(ledger, "_VIEWS", frozenset())
    monkeypatch.setattr(ledger, "_STAND_INS", {})
    assert ledger.followed(Attends(), [args], training=True, precision="float32") == quick


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("training", [False, True])
def test_what_batch_normalisation_saves_is_what_its_kernel_saves(
    training: bool, dtype: torch.dtype
) -> None:
    image, vector = torch.rand(2, 4, 3, 3, dtype=dtype), torch.ones(4)
    args = (image, vector, vector, vector.clone(), vector.clone(), training, 0.1, 1e-5)
    theirs = torch.ops.aten.native_batch_norm.default(*args)
    ours = ledger._STAND_INS[torch.ops.aten.native_batch_norm.default](*args)
    assert [(t.shape, t.dtype) for t in ours] == [(t.shape, t.dtype) for t in theirs]
    args = (image, image, *args[1:2], *args[3:5], *theirs[1:], training, 1e-5, (True, False, True))
    theirs = torch.ops.aten.native_batch_norm_backward.default(*args)
    ours = ledger._STAND_INS[torch.ops.aten.native_batch_norm_backward.default](*args)
    assert ours[1] is None
    assert [ours[n].nbytes for n in (0, 2)] == [theirs[n].nbytes for n in (0, 2)]


def test_the_network_is_left_as_it_is() -> None:
    model = Attends().eval()
    before = WeakIdKeyDictionary({t: t.clone() for t in (*model.parameters(), *model.buffers())})
    memory(model, torch.rand(1, 3, 64, 64), training=True)
    assert not model.training
    assert all(torch.equal(tensor, old) for tensor, old in before.items())
    assert all(each.grad is None for each in model.parameters())
    assert not any(module._forward_hooks for module in model.modules())


def test_what_cannot_be_told_is_said_in_a_sentence() -> None:
    with pytest.raises(TraceError, match=r"training in float32 cannot be told.*targets"):
        needs("torchvision/ssdlite320_mobilenet_v3_large", training=True)
    with pytest.raises(TraceError, match="nothing in it learns"):
        memory(nn.ReLU(), torch.empty(1, 3), training=True)
    with pytest.raises(TraceError, match="takes 8 channels and is given 3"):
        memory(nn.Conv2d(8, 8, 1), torch.empty(1, 3, 4, 4))
    with pytest.raises(OptionError, match="float8"):
        memory(nn.ReLU(), torch.empty(1, 3), precision="float8")
    with pytest.raises(OptionError, match="lion"):
        memory(nn.ReLU(), torch.empty(1, 3)).peak(1, "lion")
