"""The words of an exported script: what is in every one, and what only some recipes need."""

from collections.abc import Iterator, Sequence

HEADING = '''"""{architecture} learns from {data}, in plain PyTorch: run {run} of cvexplore.

It needs torch and numpy, and network.py what its first lines say. {ended}
"""'''

DATA = """data = np.load("pictures.npz")
images = torch.from_numpy(data["images"])  # (N, C, H, W), uint8
labels = torch.from_numpy(data["labels"])
train, validation = torch.from_numpy(data["train"]), torch.from_numpy(data["validation"])


def prepared(pixels):
    \"\"\"Turn pictures on a scale of 0 to 1 into what the network takes.\"\"\"
    mean, std = (torch.tensor(each).reshape(1, -1, 1, 1) for each in (MEAN, STD))
    if pixels.shape[1] != len(MEAN):  # grey is shown to each channel
        pixels = pixels.expand(-1, len(MEAN), -1, -1)
    return ((pixels - mean) / std).contiguous(memory_format=torch.channels_last)"""


def batches(augmentations: Sequence[str]) -> str:
    """Return the function that gives a step's batches, each augmented by these calls."""
    lines = [
        "def batches(chosen, first):",
        '    """Yield images, labels, the labels mixed in, and the shares of the first."""',
        "    for number, part in enumerate(chosen.split(BATCH), start=first):",
        "        pixels = images[part].float().div_(255)",
    ]
    if not augmentations:
        return "\n".join([*lines, "        yield prepared(pixels), labels[part], None, None"])
    lines += [
        "        batch = Pictures(pixels, labels[part])",
        "        random = torch.Generator()",
        '        random.manual_seed(zlib.crc32(f"{SEED} {number}".encode()))',
        *(f"        batch = {call}" for call in augmentations),
        "        yield prepared(batch.images), batch.labels, batch.others, batch.shares",
    ]
    return "\n".join(lines)


def score(ema: bool) -> str:
    """Return the function that measures on the validation split."""
    measured = "mean" if ema else "network"
    return f'''@torch.inference_mode()
def score():
    """Return loss and accuracy on the pictures that are not learned from."""
    {measured}.eval()
    total, right = 0.0, 0
    for part in validation.split(64):
        scores = answer({measured}, prepared(images[part].float().div_(255)))
        total += F.cross_entropy(scores, labels[part]).item() * len(part)
        right += (scores.argmax(1) == labels[part]).sum().item()
    return total / len(validation), right / len(validation)'''


def learning(
    schedule: str,
    *,
    still: bool,
    steered: Sequence[str],
    bf16: bool,
    mixed: bool,
    clip: float,
    ema: bool,
    patience: int,
    improvement: str,
) -> list[str]:
    """Return the lines that learn, without those that the recipe does not need."""
    return [
        *_answer(bf16),
        "",
        "",
        *_loss(mixed),
        "",
        "",
        "step, losses = 0, []",
        "steps_an_epoch = math.ceil(steps_per_epoch(len(train), BATCH) / ACCUMULATE)",
        "for epoch in range(EPOCHS):",
        "    order = shuffled(train, SEED, epoch)",
        "    order = order[: steps_per_epoch(len(train), BATCH) * BATCH]",
        "    for chosen in order.split(BATCH * ACCUMULATE)[: STEPS - epoch * steps_an_epoch]:",
        *(_steering(steered) if steered else ()),
        "        network.train()",
        *(_stillness() if still else ()),
        "        optimizer.zero_grad(set_to_none=True)",
        "        for batch in batches(chosen, step * ACCUMULATE):",
        "            (loss(*batch) * (len(batch[1]) / len(chosen))).backward()",
        "        for group in optimizer.param_groups:",
        f'            group["lr"] = rate * {schedule}',
        '        optimizer.param_groups[0]["weight_decay"] = decay',
        *(_clip(clip) if clip else ()),
        "        optimizer.step()",
        *(_average() if ema else ()),
        "        step += 1",
        "    value, accuracy = score()",
        "    losses.append(value)",
        '    print(f"epoch {epoch + 1}: loss {value:.8f}, accuracy {accuracy:.4f}", flush=True)',
        *(_patience(patience, improvement) if patience else ()),
    ]


def _answer(bf16: bool) -> Iterator[str]:
    yield "def answer(model, pictures):"
    yield '    """Return one score a class."""'
    if bf16:
        yield "    with torch.autocast(pictures.device.type, torch.bfloat16):"
        yield "        return model(pictures).float()"
    else:
        yield "    return model(pictures)"


def _loss(mixed: bool) -> Iterator[str]:
    yield "def loss(pictures, first, second, share):"
    yield '    """Return the cross-entropy; where two pictures are mixed, of both their classes."""'
    yield "    scores = answer(network, pictures)"
    if mixed:
        yield "    if second is not None:"
        yield "        one, other = ("
        yield (
            '            F.cross_entropy(scores, each, reduction="none", label_smoothing=SMOOTHING)'
        )
        yield "            for each in (first, second)"
        yield "        )"
        yield "        return torch.lerp(other, one, share).mean()"
    yield "    return F.cross_entropy(scores, first, label_smoothing=SMOOTHING)"


def _stillness() -> Iterator[str]:
    yield "        for name in STILL:"
    yield "            network.get_submodule(name).eval()"


def _steering(names: Sequence[str]) -> Iterator[str]:
    yield "        for when, what, value in CHANGES:"
    yield "            if when == step:"
    for name in sorted(set(names)):
        yield f'                {name} = value if what == "{name}" else {name}'


def _clip(clip: float) -> Iterator[str]:
    yield "        trained = [each for each in network.parameters() if each.requires_grad]"
    yield f"        torch.nn.utils.clip_grad_norm_(trained, {clip!r})"


def _average() -> Iterator[str]:
    yield "        share = min(EMA, (1 + step) / (10 + step))"
    yield "        now = network.state_dict()"
    yield "        for name, each in mean.state_dict().items():"
    yield "            if each.is_floating_point():"
    yield "                each.lerp_(now[name], 1 - share)"
    yield "            else:"
    yield "                each.copy_(now[name])"


def _patience(patience: int, improvement: str) -> Iterator[str]:
    yield "    best, at = math.inf, 0"
    yield "    for number, each in enumerate(losses, start=1):"
    yield f"        if each < best - {improvement}:"
    yield "            best, at = each, number"
    yield f"    if len(losses) - at >= {patience}:"
    yield "        break"
