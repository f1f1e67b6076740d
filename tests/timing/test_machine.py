"""Which machine this is, told without torch; torch agrees."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import timm
import torch
import torchvision

from cvexplore.timing import machine as machines
from cvexplore.timing.memory import free_bytes

TWO_SOCKETS = "\n\n".join(
    f"processor\t: {each}\nmodel name\t: Some CPU @ 2 GHz \nphysical id\t: {each % 2}\n"
    f"core id\t\t: {each // 2 % 2}"
    for each in range(8)
)


@pytest.fixture(autouse=True)
def forgetful() -> Iterator[None]:
    """Ask the system anew in each test, and leave no invented machine to the tests after it."""
    remembered = (machines._all_cores, machines._processor, machines.gpus)
    for each in remembered:
        each.cache_clear()
    yield
    for each in remembered:
        each.cache_clear()


def test_the_versions_are_those_that_run() -> None:
    bare = [each.__version__.partition("+")[0] for each in (torch, torchvision, timm)]
    told = [each.split()[1].partition("+")[0] for each in machines.versions().split(", ")]
    assert told == bare


def test_a_core_with_two_threads_is_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cpus = tmp_path / "cpuinfo"
    cpus.write_text(TWO_SOCKETS)
    monkeypatch.setattr(machines, "_CPUS", cpus)
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: set(range(8)), raising=False)
    assert machines.this_machine("cpu") == "Some CPU @ 2 GHz, 4 cores"
    assert machines.usual_threads() == 2
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: {0}, raising=False)
    assert machines.usual_threads() == 1


def test_without_the_kernel_s_files_there_is_still_an_answer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(machines, "_CPUS", tmp_path / "none")
    assert f"{os.cpu_count()} cores" in machines.this_machine("cpu")
    assert machines.usual_threads() >= 1


def test_the_driver_names_the_gpus(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for slot in ("0000:01:00.0", "0000:02:00.0"):
        (tmp_path / slot).mkdir()
        (tmp_path / slot / "information").write_text(
            "Model: \t\t NVIDIA H200\nIRQ:   \t\t 17\nGPU Firmware: \t 570\n"
        )
    monkeypatch.setattr(machines, "_NVIDIA", tmp_path)
    assert machines.gpus() == ("NVIDIA H200",)
    assert machines.this_machine("cuda").endswith(" cores, NVIDIA H200")


def test_nvidia_smi_names_them_where_the_driver_has_no_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "nvidia-smi"
    program.write_text("#!/bin/sh\necho 'NVIDIA A100-SXM4-80GB'\n")
    program.chmod(0o755)
    monkeypatch.setattr(machines, "_NVIDIA", tmp_path / "none")
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    assert machines.gpus() == ("NVIDIA A100-SXM4-80GB",)
    machines.gpus.cache_clear()
    program.write_text("#!/bin/sh\nexit 9\n")
    assert machines.gpus() == ()
    assert machines.this_machine("cuda").endswith("a GPU of unknown name")


def test_what_is_free_is_less_than_all_there_is() -> None:
    import psutil

    assert 0 < free_bytes("cpu") < psutil.virtual_memory().total


@pytest.mark.gpu
def test_the_gpu_s_name_is_torch_s() -> None:
    assert torch.cuda.get_device_name(0) in machines.gpus()
    told = subprocess.run(["nvidia-smi", "-L"], capture_output=True, text=True, check=True).stdout
    assert all(name in told for name in machines.gpus())
