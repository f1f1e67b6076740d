"""Capturing layers against one plain forward pass of the same network, and against Captum."""

import subprocess
import sys
import warnings

from benchmarks.pairs import in_turn, ratio, table

NAMES = (
    "alexnet",
    "resnet50",
    "densenet121",
    "vit_b_16",
    "swin_t",
    "convnext_tiny",
    "mobilenet_v3_small",
)
ROUNDS = 9
WAYS = ("all", "leaves", "captum")  # of keeping every layer


def main() -> None:
    import torch

    warnings.simplefilter("ignore")
    torch.set_num_threads(1)
    rows = [[name, *_times(name), *(_peak(way, name) for way in WAYS)] for name in NAMES]
    times = ["one layer", "all modules", "all leaves", "captum, leaves"]
    peaks = ["all, MiB", "leaves, MiB", "captum, MiB"]
    table("features: capture / plain forward, and peak", ["network", *times, *peaks], rows)
    _sheet()


def _times(name: str) -> list[str]:
    model, plain, ways = _ways(name)
    leaves = _leaves(model)
    one = leaves[len(leaves) // 2]
    jobs = {"plain": plain, "one": lambda: ways["ours"]([one]), **_every(model, ways)}
    taken = in_turn(jobs, ROUNDS)
    return [f"{ratio(taken[job], taken['plain']):.2f}" for job in ("one", *WAYS)]


def _ways(name: str):
    """Return a network, its plain forward pass, and two ways to keep layers of one."""
    import torch
    import torchvision
    from captum.attr import LayerActivation

    from cvexplore.interpret.activations import capture

    torch.manual_seed(0)
    model = torchvision.models.get_model(name).eval().requires_grad_(False)
    image = torch.rand(1, 3, 224, 224)

    def plain() -> object:
        with torch.inference_mode():
            return model(image)

    def theirs(layers: list[str]) -> object:
        modules = [model.get_submodule(layer) for layer in layers]
        return LayerActivation(model, modules).attribute(image)

    return model, plain, {"ours": lambda each: capture(model, image, each), "captum": theirs}


def _every(model, ways) -> dict:
    """Return the ways of keeping every layer as jobs."""
    modules, leaves = [path for path, _ in model.named_modules()], _leaves(model)
    called = list(ways["ours"](leaves).layers.items())
    tensors = [path for path, calls in called if calls]  # Captum fails on what is never called
    return {
        "all": lambda: ways["ours"](modules),
        "leaves": lambda: ways["ours"](leaves),
        "captum": lambda: ways["captum"](tensors),
    }


def _leaves(model) -> list[str]:
    return [path for path, module in model.named_modules() if not module._modules]


def _peak(way: str, name: str) -> str:
    """Return how much more memory a fresh process holds at most while it keeps every layer."""
    child = f"from benchmarks.features import print_peak; print_peak({way!r}, {name!r})"
    command = [sys.executable, "-W", "ignore", "-c", child]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout.strip()


def print_peak(way: str, name: str) -> None:
    """Print the growth of this process in MiB."""
    import torch

    from cvexplore.timing.memory import Peak

    torch.set_num_threads(1)
    model, plain, ways = _ways(name)
    job = _every(model, ways)[way]
    plain()
    Peak("cpu").again()  # gives back what the passes before have freed
    peak = Peak("cpu")
    kept = job()
    print(f"{(peak.bytes() or 0) / 2**20:.0f}" if kept else "")


def _sheet() -> None:
    import torch

    from cvexplore.figures.sheet import sheet

    maps = torch.rand(256, 56, 56).numpy()
    smooth = torch.nn.functional.avg_pool2d(torch.rand(256, 60, 60), 5, 1).numpy()
    cases = {"noise": maps, "smooth noise": smooth}
    taken = in_turn({case: lambda each=each: sheet(each) for case, each in cases.items()}, ROUNDS)
    rows = [[case, f"{sorted(each)[ROUNDS // 2] * 1e3:.0f}"] for case, each in taken.items()]
    table("features: one sheet of 256 channels of 56 × 56", ["maps", "ms"], rows)
