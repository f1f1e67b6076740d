"""Which machine this is, and which libraries' versions: what a measurement belongs to. No torch.

The process that measures and the page that shows ask the same functions, so they cannot disagree.
"""

import functools
import importlib.metadata
import os
import platform
import re
import shutil
import subprocess
from pathlib import Path

_LIBRARIES = ("torch", "torchvision", "timm")
_CPUS = Path("/proc/cpuinfo")
_NVIDIA = Path("/proc/driver/nvidia/gpus")


def this_machine(device: str) -> str:
    """Return what a network runs on: "AMD EPYC, 2 cores", with CUDA and "NVIDIA H200" behind."""
    parts = [_processor(), f"{_all_cores()} cores"]
    if device == "cuda":
        parts += gpus() or ("a GPU of unknown name",)
    return ", ".join(parts)


@functools.cache
def versions() -> str:
    """Return the versions of the libraries: "torch 2.14.1, torchvision 0.29.1, timm 1.0.31"."""
    return ", ".join(f"{each} {importlib.metadata.version(each)}" for each in _LIBRARIES)


def usual_threads() -> int:
    """Return the threads to measure with: half the cores that this process may use.

    The page, the browser and training have the other half. Threads of one operation wait for each
    other, so one that shares its core with somebody multiplies the time of all.
    """
    usable = _all_cores()
    if hasattr(os, "sched_getaffinity"):
        usable = min(usable, len(os.sched_getaffinity(0)))
    return max(1, usable // 2)


@functools.cache
def gpus() -> tuple[str, ...]:
    """Return the names of NVIDIA's GPUs, as their driver tells them."""
    told = "\n".join(_text(each) for each in sorted(_NVIDIA.glob("*/information")))
    names = re.findall(r"^Model:\s*(.+?)\s*$", told, flags=re.MULTILINE)
    if not names and (program := shutil.which("nvidia-smi")):
        names = _lines_of(program, "--query-gpu=name", "--format=csv,noheader")
    return tuple(dict.fromkeys(names))


@functools.cache
def _processor() -> str:
    model = re.search(r"^model name\s*:\s*(.+?)\s*$", _text(_CPUS), flags=re.MULTILINE)
    return model[1] if model else platform.processor() or platform.machine()


@functools.cache
def _all_cores() -> int:
    """Return how many cores there are, not counting a core's second thread as one."""
    blocks = _text(_CPUS).split("\n\n")
    places = [re.findall(r"^(?:physical|core) id\s*:\s*(\d+)$", each, re.M) for each in blocks]
    different = {tuple(place) for place in places if len(place) == 2}
    return len(different) or os.cpu_count() or 1


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


def _lines_of(*command: str) -> list[str]:
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=10, check=True)
    except (OSError, subprocess.SubprocessError):
        return []
    return [line.strip() for line in done.stdout.splitlines() if line.strip()]
