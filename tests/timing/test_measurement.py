"""One network measured in this process: its input, its batch, its memory."""

from collections.abc import Iterator

import pytest
import torch

from cvexplore import catalog
from cvexplore.catalog.names import find
from cvexplore.errors import TimingError, UnknownName
from cvexplore.timing import this_machine
from cvexplore.timing.measurement import _batched, batch_that_fits, measure
from tests.timing.conftest import parameter_bytes

SMALL = "cvexplore/simple_cnn"


@pytest.fixture(autouse=True)
def torch_as_it_was() -> Iterator[None]:
    """Undo what a measurement does to its process, for the tests that come after."""
    threads = torch.get_num_threads()
    yield
    torch.set_num_threads(threads)
    torch.set_flush_denormal(False)


def test_an_unknown_name_is_told() -> None:
    with pytest.raises(UnknownName, match="torchvision/resnet18"):
        measure("torchvision/resnet19")


def test_a_network_larger_than_the_memory_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cvexplore.timing.measurement.free_bytes", lambda device: 400_000_000)
    with pytest.raises(TimingError, match=r"vgg16 take 0\.6 GB of memory, and only 0\.4 GB"):
        measure("torchvision/vgg16", "cpu", 1)


def test_the_batch_stays_within_memory_and_patience() -> None:
    def fits(free: int, seconds: float = 0.001) -> int:
        return batch_that_fits(1_000_000, 10_000_000, free, seconds)

    assert fits(2 * (4_000_000 + 160_000_000)) == 16
    assert fits(2 * (4_000_000 + 160_000_000) - 2) == 8
    assert fits(2 * (4_000_000 + 20_000_000)) == 2
    assert fits(0) == 1  # one has been run already
    assert [fits(1 << 40, seconds) for seconds in (0.18, 0.19, 0.4, 1.0, 60.0)] == [16, 8, 4, 2, 1]
    assert batch_that_fits(1, None, 1 << 40, 0.001) == 1


def test_a_batch_that_needs_more_memory_than_thought_is_halved(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def batched(arguments: tuple, batch: int, device: str) -> tuple:
        if batch > 4:
            raise RuntimeError("DefaultCPUAllocator: can't allocate memory")
        return _batched(arguments, batch, device)

    monkeypatch.setattr("cvexplore.timing.measurement._batched", batched)
    timing = measure(SMALL, "cpu", 1)
    assert timing.batch == 4


ONE_OF_EACH_TASK = {
    "torchvision/ssdlite320_mobilenet_v3_large": "detection",
    "torchvision/lraspp_mobilenet_v3_large": "segmentation",
    "torchvision/s3d": "video",
    "torchvision/raft_small": "optical flow",
}


@pytest.mark.parametrize("name", ONE_OF_EACH_TASK)
def test_every_task_s_input_can_be_filled_and_batched(name: str) -> None:
    assert find(name).task == ONE_OF_EACH_TASK[name]
    example = catalog.example(name, device="cpu")
    for batch in (1, 2):
        filled = _batched(example, batch, "cpu")
        assert len(filled) == len(example)
        for new, old in zip(filled, example, strict=True):
            if isinstance(old, list):
                assert [each.shape for each in new] == [old[0].shape] * batch
            else:
                assert new.shape == (batch, *old.shape[1:])
            assert all(each.min() >= 0 and each.max() <= 1 for each in new)


@pytest.mark.slow
@pytest.mark.parametrize("name", ONE_OF_EACH_TASK)
def test_every_task_can_be_measured(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cvexplore.timing.measurement.BATCH_SECONDS", 0.0)  # a pass is enough
    monkeypatch.setattr("cvexplore.timing.stopwatch.ONE_IMAGE", ((2, 0.0),))
    told = []
    timing = measure(name, "cpu", 1, lambda progress: told.append(progress.stage))
    assert (timing.batch, timing.name) == (1, name)
    assert timing.images_per_second == pytest.approx(1e3 / timing.latency_ms)
    assert list(dict.fromkeys(told)) == ["building", "warming up", "one image"]


@pytest.mark.gpu
def test_on_cuda_memory_is_what_torch_allocated() -> None:
    timing = measure("torchvision/resnet18", "auto")
    assert (timing.device, timing.batch) == ("cuda", 16)
    assert timing.machine == this_machine("cuda")
    assert timing.peak_bytes
    assert timing.batch_peak_bytes
    assert parameter_bytes(timing.name) <= timing.peak_bytes < timing.batch_peak_bytes
