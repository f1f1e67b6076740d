"""Measuring one network here and now. The process should be a fresh one: it is changed for good.

The weights are random: how long a multiplication takes does not depend on the numbers. There is one
exception, numbers so small that a processor handles them slowly, which trained networks do not have
and deep random ones may; the processor is told to take them for zero. And a detector sorts out what
it finds; with random weights it finds next to nothing, so that last step is hardly in its time.
"""

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from cvexplore import catalog
from cvexplore.errors import CvexploreError, TimingError
from cvexplore.timing import stopwatch
from cvexplore.timing.machine import this_machine, usual_threads, versions
from cvexplore.timing.memory import Peak, free_bytes
from cvexplore.timing.records import Progress, Timing

if TYPE_CHECKING:
    from torch import nn

BATCHES = (16, 8, 4, 2, 1)
BATCH_SECONDS = 3.0  # the longest a pass with a batch should take
_FREE_SHARE = 0.5  # of the free memory that a batch may take
_NUMBER = 4  # bytes of a 32-bit float

OnProgress = Callable[[Progress], object]


def measure(
    name: str,
    device: str = "auto",
    threads: int | None = None,
    on_progress: OnProgress = lambda progress: None,
) -> Timing:
    """Measure a network's speed and memory with random weights.

    Args:
        name: "torchvision/resnet50", …
        device: "cpu", "cuda", or "auto": CUDA where torch has it.
        threads: of torch; half as many as cores if None.
        on_progress: told what is done now, and the share of this measurement.

    Raises:
        UnknownName: there is no such architecture.
        TimingError: it cannot be run here.
        BuildError: it cannot be built.
    """
    facts = catalog.find(name)
    import torch

    device = _device(device)
    threads = threads or usual_threads()
    torch.set_num_threads(threads)
    torch.set_flush_denormal(True)  # before torch makes its threads, which take it over
    torch.manual_seed(0)

    def say(stage: str, share: float) -> None:
        on_progress(Progress(name, stage, share))

    say("building", 0.05)
    _refuse_giants(name, _NUMBER * (facts.parameters or 0), free_bytes(device))
    try:
        arguments = catalog.example(name, device="cpu")  # imports what the network is made of
        _use_once(device)
        peak = Peak(device)
        model = catalog.build(name, device=device).eval().requires_grad_(False)
        run = _pass(model, _batched(arguments, 1, device), device)

        say("warming up", 0.2)
        peak.again()
        quick = stopwatch.warm_up(run)
        times = stopwatch.repeat(
            run, stopwatch.ONE_IMAGE, lambda share: say("one image", 0.3 + 0.35 * share)
        )
        one = stopwatch.quartiles(times)
        peak_bytes = peak.bytes()

        fitting = batch_that_fits(
            facts.parameters or 0, facts.activation_bytes, free_bytes(device), quick
        )
        batch, median, batch_peak = 1, one.median, peak_bytes
        for size in (each for each in BATCHES if 1 < each <= fitting):
            say(f"a batch of {size}", 0.65)
            try:
                run = _pass(model, _batched(arguments, size, device), device)
                peak.again()
                stopwatch.warm_up(run)
                times = stopwatch.repeat(
                    run,
                    stopwatch.BATCH,
                    lambda share, size=size: say(f"a batch of {size}", 0.7 + 0.3 * share),
                )
            except (RuntimeError, MemoryError):  # more memory than was thought: try half of it
                continue
            batch, median, batch_peak = size, stopwatch.quartiles(times).median, peak.bytes()
            break
    except CvexploreError:
        raise
    except Exception as error:  # whatever a network or a library finds wrong
        reason = str(error).strip().partition("\n")[0] or type(error).__name__
        raise TimingError(f"{name} cannot be run here: {reason}") from error
    return Timing(
        name=name,
        device=device,
        threads=threads,
        image_size=facts.image_size,
        latency_ms=1e3 * one.median,
        latency_low_ms=1e3 * one.low,
        latency_high_ms=1e3 * one.high,
        batch=batch,
        images_per_second=batch / median,
        peak_bytes=peak_bytes,
        batch_peak_bytes=batch_peak,
        machine=this_machine(device),
        versions=versions(),
        when=time.time(),
    )


def batch_that_fits(
    parameters: int, activation_bytes: int | None, free: int, seconds: float
) -> int:
    """Return the largest batch that is sure to fit in memory and does not take too long.

    Args:
        parameters: of the network; a library may keep a second copy in an order of its own.
        activation_bytes: all that the layers write for one image, more than is held at a time;
            None if it was not measured: then the batch is one.
        free: bytes of memory.
        seconds: that one image takes.
    """
    if activation_bytes is None:
        return 1
    for batch in BATCHES:
        memory = _NUMBER * parameters + batch * activation_bytes
        if memory <= _FREE_SHARE * free and batch * seconds <= BATCH_SECONDS:
            return batch
    return 1


def _device(asked: str) -> str:
    import torch

    if asked == "auto":
        return "cuda" if torch.cuda.is_available() else "cpu"
    if asked == "cuda" and not torch.cuda.is_available():
        raise TimingError("torch finds no CUDA device here; measure on the CPU instead.")
    return asked


def _refuse_giants(name: str, weights: int, free: int) -> None:
    """Say that a network's parameters alone do not fit, before the system ends the process."""
    if weights > free:
        raise TimingError(
            f"The parameters of {name} take {weights / 1e9:.1f} GB of memory, "
            f"and only {free / 1e9:.1f} GB are free here."
        )


def _use_once(device: str) -> None:
    """Let torch set up what it sets up when first used; that is no network's memory."""
    import torch

    with torch.inference_mode():
        maps = torch.nn.Conv2d(3, 8, 3, device=device)(torch.rand(1, 3, 16, 16, device=device))
        torch.nn.Linear(8 * 14 * 14, 8, device=device)(maps.flatten(1))


def _batched(arguments: Any, batch: int, device: str) -> Any:
    """Return the arguments of a forward pass, filled with numbers: ``batch`` times the example.

    Shape: (1, …) becomes (batch, …); a list of one picture becomes one of ``batch`` pictures.
    """
    import torch

    def filled(value: Any) -> Any:
        if isinstance(value, list):
            return [torch.rand(each.shape, device=device) for each in value * batch]
        return torch.rand((batch, *value.shape[1:]), device=device)

    return tuple(filled(each) for each in arguments)


def _pass(model: "nn.Module", arguments: Any, device: str) -> Callable[[], None]:
    """Return what runs one forward pass to its end."""
    import torch

    def run() -> None:
        with torch.inference_mode():
            model(*arguments)
        if device == "cuda":
            torch.cuda.synchronize()

    return run
