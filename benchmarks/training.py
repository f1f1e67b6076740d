"""The training loop against the barest correct PyTorch loop: same model, data, batches, threads."""

import time

from benchmarks.pairs import ratio, table

STEPS = 60
ROUNDS = 7
CASES = (
    ("simple_cnn, batch 64", "cvexplore/simple_cnn", {}, 64),
    ("simple_cnn, width 4, batch 32", "cvexplore/simple_cnn", {"width": 4, "hidden": 16}, 32),
    ("resnet18, width 16, batch 64", "cvexplore/resnet", {"depth": 18, "width": 16}, 64),
)


def main() -> None:
    import torch

    torch.set_num_threads(1)
    rows = []
    for title, name, options, batch in CASES:
        ours, bare = [], []
        for count in range(ROUNDS + 1):
            speeds = _ours(name, options, batch), _bare(name, options, batch)
            if count:
                ours.append(speeds[0])
                bare.append(speeds[1])
        middle = sorted(ours)[ROUNDS // 2]
        rows.append([title, f"{middle:,.0f}", f"{ratio(ours, bare):.2f}"])
    heads = ["network and data", "images / s", "ours / barest loop"]
    table(
        "training: every step's loss, accuracy and learning rate logged to the store", heads, rows
    )


def _config(name: str, options: dict, batch: int):
    from cvexplore.training import RunConfig

    return RunConfig(architecture=name, options=options, batch_size=batch, steps=STEPS)


def _ours(name: str, options: dict, batch: int) -> float:
    """Return images per second of our loop, its points recorded as the worker records them."""
    import tempfile
    from pathlib import Path

    from cvexplore.runs import RunStore
    from cvexplore.training.loop import Training

    config = _config(name, options, batch)
    training = Training(config, "cpu")
    with tempfile.TemporaryDirectory() as folder:
        store = RunStore(Path(folder))
        run = store.submit(config, state="starting")
        store.begin(run, 0, training.steps)
        buffer, flushed = [], time.monotonic()
        started = time.perf_counter()
        for point in training.points():
            if point.split == "validation":
                break
            buffer.append(point)
            if time.monotonic() - flushed > 0.25:
                store.record(run, buffer, training.step, training.steps)
                buffer.clear()
                flushed = time.monotonic()
            if training.step == STEPS and point.name == "learning_rate":
                break
        return STEPS * batch / (time.perf_counter() - started)


def _bare(name: str, options: dict, batch: int) -> float:
    """Return images per second of the barest loop: float tensors in memory, indexed batches."""
    import torch
    import torch.nn.functional as F

    from cvexplore.training.loop import Training

    training = Training(_config(name, options, batch), "cpu")
    model, dataset = training.approach.network, training.approach.dataset
    mean, std = training.approach.preparation.mean, training.approach.preparation.std
    pixels = dataset.images.float() / 255
    pixels = (pixels - torch.tensor(mean).view(1, -1, 1, 1)[:, : pixels.shape[1]]) / torch.tensor(
        std
    ).view(1, -1, 1, 1)[:, : pixels.shape[1]]
    if pixels.shape[1] != len(mean):
        pixels = pixels.expand(-1, len(mean), -1, -1)
    pixels = pixels.contiguous()
    model = model.to(memory_format=torch.contiguous_format).train()
    optimizer = torch.optim.AdamW(model.parameters(), lr=2e-3, weight_decay=0.01)
    order = training.train[torch.randperm(len(training.train))]
    started = time.perf_counter()
    for step in range(STEPS):
        start = step * batch % (len(order) - batch)
        chosen = order[start : start + batch]
        loss = F.cross_entropy(model(pixels[chosen]), dataset.labels[chosen])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return STEPS * batch / (time.perf_counter() - started)
