"""The training loop against the barest correct PyTorch loop: same model, data, batches, threads.

Lightning and fastai run beside it where they are installed; they are no requirement of ours:

    pip install lightning fastai
"""

import importlib.util
import time
from collections.abc import Callable, Iterator
from typing import Any

from benchmarks.pairs import ratio, table

STEPS = 39
ROUNDS = 7  # after one to warm up: 312 of the 315 steps that the recipe's five epochs have
LONG = 100  # epochs of the other loops, which are never at their end
CASES = (
    ("simple_cnn, batch 64", "cvexplore/simple_cnn", {}, 64),
    ("simple_cnn, width 4, batch 32", "cvexplore/simple_cnn", {"width": 4, "hidden": 16}, 32),
    ("resnet18, width 16, batch 64", "cvexplore/resnet", {"depth": 18, "width": 16}, 64),
)
FLUSH_SECONDS = 0.25  # as the worker records


def main() -> None:
    import torch

    torch.set_num_threads(1)
    rows = [_row(*case) for case in CASES]
    heads = ["network and data", "images / s", *(f"{name} / barest" for name in _contenders())]
    table("training at defaults, what is measured recorded in the store", heads, rows)
    table("recording", ["points at once", "microseconds a point"], _recording())


def _contenders() -> dict[str, Callable[..., Iterator[None]]]:
    """Return the loops that can run here: each yields after every optimiser step."""
    from cvexplore.training.precision import available

    found: dict[str, Callable[..., Iterator[None]]] = {"ours": _ours}
    if "bf16" in available("cpu"):
        found["ours in bf16"] = _ours_in_bf16
    if importlib.util.find_spec("lightning"):
        found["Lightning"] = _lightning
    if importlib.util.find_spec("fastai"):
        found["fastai"] = _fastai
    return found


def _row(title: str, name: str, options: dict[str, Any], batch: int) -> list[str]:
    """Race all loops in turns, by the processor's time: the machine may have other work."""
    loops = {"bare": _bare, **_contenders()}
    running = {key: make(name, options, batch) for key, make in loops.items()}
    speeds: dict[str, list[float]] = {key: [] for key in loops}
    for count in range(ROUNDS + 1):
        for key, loop in running.items():
            started = time.process_time()
            for _ in range(STEPS):
                next(loop)
            if count:  # the first round warms up
                speeds[key].append(STEPS * batch / (time.process_time() - started))
    middle = sorted(speeds["ours"])[ROUNDS // 2]
    ratios = [f"{ratio(speeds[key], speeds['bare']):.2f}" for key in _contenders()]
    return [title, f"{middle:,.0f}", *ratios]


def _config(name: str, options: dict[str, Any], batch: int, **changed: Any):
    from cvexplore.training import RunConfig

    return RunConfig(architecture=name, options=options, batch_size=batch, **changed)


def _ours_in_bf16(name: str, options: dict[str, Any], batch: int) -> Iterator[None]:
    return _ours(name, options, batch, precision="bf16")


def _ours(name: str, options: dict[str, Any], batch: int, **changed: Any) -> Iterator[None]:
    """Our loop, its points recorded as the worker records them."""
    import tempfile
    from pathlib import Path

    from cvexplore.runs import RunStore
    from cvexplore.training.loop import Training

    config = _config(name, options, batch, **changed)
    training = Training(config, "cpu")
    training.validation = training.validation[:1]  # the other loops measure no epochs
    with tempfile.TemporaryDirectory() as folder:
        store = RunStore(Path(folder))
        run = store.submit(config, state="starting")
        store.begin(run, 0, training.steps)
        buffer, flushed = [], time.monotonic()
        for turn in training.turns():
            buffer += turn
            if time.monotonic() - flushed > FLUSH_SECONDS:
                store.record(run, buffer, training.step, training.steps)
                buffer.clear()
                flushed = time.monotonic()
            if turn and turn[0].split == "train":
                yield


def _in_memory(name: str, options: dict[str, Any], batch: int):
    """Return a fresh network, and all pictures as it takes them with their labels."""
    import torch

    from cvexplore.training.loop import Training

    training = Training(_config(name, options, batch), "cpu")
    network = training.approach.network.to(memory_format=torch.contiguous_format).train()
    training.approach.eval()
    (whole,) = training.approach.batches(training.train, len(training.train))
    return network.train(), whole.images.contiguous(), whole.labels


def _bare(name: str, options: dict[str, Any], batch: int) -> Iterator[None]:
    """The barest loop: float tensors in memory, indexed batches."""
    import torch
    import torch.nn.functional as F

    network, pixels, labels = _in_memory(name, options, batch)
    optimizer = torch.optim.AdamW(network.parameters(), lr=2e-3, weight_decay=0.01)
    while True:
        order = torch.randperm(len(labels))
        for start in range(0, len(order) - batch, batch):
            chosen = order[start : start + batch]
            loss = F.cross_entropy(network(pixels[chosen]), labels[chosen])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            yield


def _stepping(run: Callable[[Callable[[], None]], None]) -> Iterator[None]:
    """Turn a framework's fit, which calls us after each step, into a loop that yields there."""
    import threading

    turn, done = threading.Semaphore(0), threading.Semaphore(0)

    def after_step() -> None:
        done.release()
        turn.acquire()

    def work() -> None:
        turn.acquire()
        run(after_step)

    threading.Thread(target=work, daemon=True).start()
    while True:
        turn.release()
        done.acquire()
        yield


def _loader(pixels: Any, labels: Any, batch: int):
    from torch.utils.data import DataLoader, TensorDataset

    return DataLoader(TensorDataset(pixels, labels), batch, shuffle=True, drop_last=True)


def _lightning(name: str, options: dict[str, Any], batch: int) -> Iterator[None]:
    """Lightning's Trainer with all its extras switched off."""
    import lightning  # pyright: ignore[reportMissingImports]
    import torch
    import torch.nn.functional as F

    network, pixels, labels = _in_memory(name, options, batch)

    class Module(lightning.LightningModule):
        def __init__(self) -> None:
            super().__init__()
            self.network = network

        def training_step(self, given, index):
            return F.cross_entropy(self.network(given[0]), given[1])

        def configure_optimizers(self):
            return torch.optim.AdamW(self.parameters(), lr=2e-3, weight_decay=0.01)

    def run(after_step: Callable[[], None]) -> None:
        class After(lightning.Callback):
            def on_train_batch_end(self, *_: Any) -> None:
                after_step()

        trainer = lightning.Trainer(
            accelerator="cpu",
            max_epochs=LONG,
            logger=False,
            enable_checkpointing=False,
            enable_progress_bar=False,
            enable_model_summary=False,
            callbacks=[After()],
        )
        trainer.fit(Module(), _loader(pixels, labels, batch))

    return _stepping(run)


def _fastai(name: str, options: dict[str, Any], batch: int) -> Iterator[None]:
    """fastai's Learner without its progress bar."""
    import torch.nn.functional as F
    from fastai.callback.core import Callback  # pyright: ignore[reportMissingImports]
    from fastai.data.core import DataLoaders  # pyright: ignore[reportMissingImports]
    from fastai.learner import Learner  # pyright: ignore[reportMissingImports]

    network, pixels, labels = _in_memory(name, options, batch)

    def run(after_step: Callable[[], None]) -> None:
        class After(Callback):
            def after_batch(self) -> None:
                after_step()

        loader = _loader(pixels, labels, batch)
        learner = Learner(DataLoaders(loader, loader), network, F.cross_entropy, cbs=[After()])
        with learner.no_bar(), learner.no_logging():
            learner.fit(LONG, lr=2e-3, wd=0.01)

    return _stepping(run)


def _recording() -> list[list[str]]:
    """Return what a point costs in the store, written step by step and as the worker does."""
    import tempfile
    from pathlib import Path

    from cvexplore.runs import RunStore
    from cvexplore.training import MetricPoint

    names, rows = ("loss", "accuracy", "learning_rate"), []
    for steps_at_once, times in ((1, 300), (20, 100), (200, 20)):
        with tempfile.TemporaryDirectory() as folder:
            store = RunStore(Path(folder))
            run = store.submit(_config(*CASES[0][1:]), state="starting")
            store.begin(run, 0, times)
            started = time.process_time()
            for begin in range(0, times * steps_at_once, steps_at_once):
                steps = range(begin, begin + steps_at_once)
                points = [MetricPoint(s, "train", name, 0.5, 1.0) for s in steps for name in names]
                store.record(run, points, begin, times)
            points_written = times * steps_at_once * len(names)
            cost = (time.process_time() - started) / points_written * 1e6
        rows.append([str(steps_at_once * len(names)), f"{cost:.1f}"])
    return rows
