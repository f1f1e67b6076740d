"""``trace`` against ``torchinfo.summary``, from a name to a table, and its memory."""

import statistics
import subprocess
import sys
import warnings

from benchmarks.pairs import in_turn, ratio, table

NAMES = (
    "alexnet",
    "vgg16",
    "resnet18",
    "resnet50",
    "densenet121",
    "googlenet",
    "squeezenet1_1",
    "mobilenet_v3_large",
    "efficientnet_b0",
    "regnet_y_8gf",
    "convnext_tiny",
    "vit_b_16",
    "swin_t",
    "swin_v2_t",
    "maxvit_t",
)
LARGE = ("torchvision/vit_h_14", "torchvision/regnet_y_128gf", "torchvision/swin3d_b")
SIZE = (1, 3, 224, 224)
ROUNDS = 5


def main() -> None:
    import torch
    import torchinfo
    import torchvision

    from cvexplore import catalog
    from cvexplore.trace import trace

    warnings.simplefilter("ignore")
    torch.set_num_threads(1)
    rows, of_name, of_model, of_meta = [], [], [], []

    def summarised(model: torch.nn.Module, device: str) -> None:
        torchinfo.summary(model, SIZE, device=device, verbose=0)

    for name in NAMES:
        built = torchvision.models.get_model(name).eval()
        meta = catalog.build(f"torchvision/{name}", device="meta").eval()
        jobs = {
            "name": lambda name=name: catalog.traced(f"torchvision/{name}"),
            "cpu": lambda name=name: summarised(torchvision.models.get_model(name), "cpu"),
            "model": lambda built=built: trace(built, torch.empty(SIZE)),
            "cpu model": lambda built=built: summarised(built, "cpu"),
            "meta trace": lambda meta=meta: trace(meta, torch.empty(SIZE, device="meta")),
            "meta": lambda meta=meta: summarised(meta, "meta"),
        }
        taken = in_turn(jobs, ROUNDS)
        of_name.append(ratio(taken["name"], taken["cpu"]))
        of_model.append(ratio(taken["model"], taken["cpu model"]))
        of_meta.append(ratio(taken["meta trace"], taken["meta"]))
        milliseconds = statistics.median(taken["name"]) * 1e3
        figures = (of_name[-1], of_model[-1], of_meta[-1])
        rows.append([name, f"{milliseconds:.0f}", *(f"{each:.2f}" for each in figures)])
    medians = [statistics.median(each) for each in (of_name, of_model, of_meta)]
    rows.append(["median", "", *(f"{each:.2f}" for each in medians)])
    worst = [max(each) for each in (of_name, of_model, of_meta)]
    rows.append(["worst", "", *(f"{each:.2f}" for each in worst)])
    heads = [
        "model",
        "ms",
        "name / torchinfo CPU",
        "model / torchinfo CPU",
        "meta / torchinfo meta",
    ]
    table("trace: times as a share of torchinfo.summary's (name: build included)", heads, rows)
    memory()


def memory() -> None:
    rows = [[name, f"{_extra_megabytes(name):.0f}"] for name in LARGE]
    table("trace: peak memory above the imports, MB", ["architecture", "MB"], rows)


def _extra_megabytes(name: str) -> float:
    """Return the peak of a fresh process over what it held when a small trace was done."""
    code = (
        "import torch, torchvision; from pathlib import Path; from cvexplore import catalog\n"
        "catalog.traced('torchvision/resnet18')\n"
        "held = lambda key: int(Path('/proc/self/status').read_text().split(key)[1].split()[0])\n"
        "before = held('VmRSS:')\n"
        "Path('/proc/self/clear_refs').write_text('5')  # the peak begins anew\n"
        f"catalog.traced({name!r}); print((held('VmHWM:') - before) / 1024)"
    )
    command = [sys.executable, "-W", "ignore", "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return float(done.stdout)
