"""Timings are kept whole, whoever writes, and shown only where they belong."""

import json
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path

import pytest

from cvexplore import folders
from cvexplore.errors import TimingError
from cvexplore.timing import Timing, stored, this_machine
from cvexplore.timing import machine as machines
from cvexplore.timing.store import alone, keep
from tests.timing.conftest import timing


def test_what_was_kept_is_returned() -> None:
    assert stored() == {}
    one, other = timing(), timing("timm/resnet50", latency_ms=80.25)
    keep(one)
    keep(other)
    assert stored() == {one.name: one, other.name: other}


def test_the_newest_wins() -> None:
    for when in (2000.0, 3000.0, 1000.0):
        keep(timing(when=when, latency_ms=when))
    assert stored()["torchvision/resnet18"].latency_ms == 3000.0


@pytest.mark.parametrize(
    "elsewhere",
    [
        {"machine": "Elbrus-16S, 16 cores"},
        {"machine": this_machine("cpu") + ", NVIDIA H200"},
        {"versions": "torch 1.0, torchvision 0.2, timm 0.1"},
    ],
)
def test_another_machine_s_and_other_versions_are_not_ours(elsewhere: dict[str, str]) -> None:
    keep(timing())
    keep(timing(when=2000.0, latency_ms=1.0, **elsewhere))
    assert stored()["torchvision/resnet18"].latency_ms == 30.0


def test_a_gpu_is_part_of_the_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machines, "gpus", lambda: ("NVIDIA H200",))
    keep(timing(device="cuda", machine=this_machine("cuda")))
    assert this_machine("cuda") == this_machine("cpu") + ", NVIDIA H200"
    assert set(stored()) == {"torchvision/resnet18"}
    monkeypatch.setattr(machines, "gpus", lambda: ("NVIDIA A100",))
    assert stored() == {}


def test_only_what_was_measured_alike_where_asked_for() -> None:
    keep(timing(threads=1, when=1.0))
    keep(timing(threads=2, when=2.0))
    assert stored()["torchvision/resnet18"].threads == 2
    assert stored(threads=1)["torchvision/resnet18"].threads == 1
    assert stored(threads=3) == {}
    assert stored(device="cuda") == {}


ROOT = Path(__file__).parents[2]
GOOD = asdict(timing("timm/resnet50"))
BROKEN = {
    "half": json.dumps(GOOD)[:60],
    "words": "these are words",
    "bytes": "\udcff\udcfe",
    "a list": "[1, 2]",
    "a number": "7",
    "nothing": "",
    "fewer facts": json.dumps({"name": "timm/resnet50"}),
    "more facts": json.dumps({**GOOD, "colour": "red"}),
    "another kind": json.dumps({**GOOD, "latency_ms": "fast"}),
    "no latency": json.dumps({**GOOD, "latency_ms": None}),
}


@pytest.mark.parametrize("line", BROKEN.values(), ids=BROKEN)
@pytest.mark.parametrize("end", ["\n", ""], ids=["a line", "unfinished"])
def test_a_broken_line_takes_no_other_with_it(line: str, end: str) -> None:
    keep(timing())
    with folders.timings().open("ab") as file:
        file.write((line + end).encode(errors="surrogateescape"))
    keep(timing("torchvision/vgg11"))
    assert set(stored()) == {"torchvision/resnet18", "torchvision/vgg11"}


KEEPS_FORTY = """
import sys
from cvexplore.timing.store import keep
from tests.timing.conftest import timing

for each in range(40):
    keep(timing(f"timm/{sys.argv[1]}.{each}." + "x" * 3000))
"""


@pytest.mark.process
def test_processes_that_write_at_once_lose_nothing() -> None:
    writers = [  # not multiprocessing, whose children import ``__main__``: perhaps a page
        subprocess.Popen([sys.executable, "-c", KEEPS_FORTY, str(number)], cwd=ROOT)
        for number in range(3)
    ]
    assert [each.wait(60) for each in writers] == [0, 0, 0]
    names = {name.split(".x")[0] for name in stored()}
    assert names == {f"timm/{worker}.{each}" for worker in range(3) for each in range(40)}


def test_two_do_not_measure_at_once() -> None:
    waited: list[int] = []

    class Enough(Exception):
        pass

    def wait() -> None:
        waited.append(1)
        if len(waited) == 2:
            raise Enough

    with alone(wait):
        assert not waited
        with pytest.raises(Enough), alone(wait):
            pytest.fail("both measure")
    with alone(wait):  # the first has gone
        assert len(waited) == 2


def test_a_home_that_is_a_file_is_told(home: Path) -> None:
    home.rmdir()
    home.write_text("mine")
    for use in (lambda: keep(timing()), lambda: alone(lambda: None).__enter__(), stored):
        with pytest.raises(TimingError, match=r"cannot be (read|written): .+\."):
            use()


def test_a_timing_is_the_same_after_a_trip_through_json() -> None:
    assert Timing(**json.loads(json.dumps(asdict(timing())))) == timing()
