"""The memory estimate: beside measured peaks, and its time beside that of torch's own tracker.

The tracker (torch.distributed's MemTracker) follows one pass at one batch size; the estimate
follows two and then knows every batch size.
"""

import copy
import json
import os
import statistics
import subprocess
import sys
from pathlib import Path

import torch
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.distributed._tools.mem_tracker import MemTracker

from benchmarks.pairs import in_turn, ratio, table
from cvexplore import catalog
from cvexplore.trace.memory import memory

MEASURED = (
    "torchvision/resnet50:inference:8",
    "torchvision/resnet50:training:4",
    "torchvision/vgg11:training:4",
    "torchvision/mobilenet_v3_large:inference:32",
    "torchvision/mobilenet_v3_large:training:8",
    "torchvision/convnext_tiny:training:4",
    "torchvision/densenet121:training:4",
    "torchvision/swin_t:training:4",
    "timm/vit_small_patch16_224:training:8",
)
TIMED = ("torchvision/resnet50", "torchvision/vit_b_16", "torchvision/swin_t")
ROUNDS = 3


def main() -> None:
    script = Path(__file__).parents[1] / "tests" / "trace" / "measured_peaks.py"
    prompt = {"MALLOC_MMAP_THRESHOLD_": "65536", "MALLOC_TRIM_THRESHOLD_": "65536"}
    run = subprocess.run(
        [sys.executable, str(script), *MEASURED],
        env={**os.environ, **prompt, "MALLOC_TOP_PAD_": "0"},
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    rows = []
    for asked, measured in json.loads(run.stdout).items():
        name, job, batch = asked.split(":")
        model, example = catalog.build(name, device="meta"), catalog.example(name)
        need = memory(model, example, training=job == "training")
        told = need.peak(int(batch), "momentum").total
        rows.append([asked, *(f"{each / 1e6:.0f} MB" for each in (told, measured))])
        rows[-1].append(f"{told / measured:.3f}")
    table("Peak of a pass (SGD with momentum)", ["", "estimate", "measured", "ratio"], rows)

    rows = []
    for name in TIMED:
        real, example = catalog.build(name), catalog.example(name)
        empty = catalog.build(name, device="meta")
        jobs = {
            "estimate": lambda empty=empty, example=example: memory(empty, example, training=True),
            "tracker": lambda real=real, example=example: tracked(real, example[0].shape[1:]),
        }
        taken = in_turn(jobs, ROUNDS)
        cells = [f"{statistics.median(taken[job]):.2f} s" for job in jobs]
        rows.append([name, *cells, f"{ratio(taken['estimate'], taken['tracker']):.2f}"])
    table("Time of a training estimate", ["", "estimate", "MemTracker", "ratio"], rows)


def tracked(real: torch.nn.Module, shape: torch.Size) -> int:
    FakeTensorMode.cache_clear()
    with FakeTensorMode(allow_non_fake_inputs=True):
        model, image = faked(real), torch.empty(2, *shape)
        tracker = MemTracker()
        tracker.track_external(model, image)
        with tracker:
            model(image).sum().backward()
    return tracker.get_tracker_snapshot("peak")[torch.device("cpu")]["Total"]


def faked(real: torch.nn.Module) -> torch.nn.Module:
    """Return a copy with fake tensors; run inside the fake mode."""
    made = {
        id(tensor): torch.nn.Parameter(torch.empty_like(tensor, device="cpu"))
        if isinstance(tensor, torch.nn.Parameter)
        else torch.empty(tensor.shape, dtype=tensor.dtype)
        for tensor in (*real.parameters(), *real.buffers())
    }
    return copy.deepcopy(real, made)
