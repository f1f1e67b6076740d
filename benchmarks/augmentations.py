"""Augmentations of whole batches, beside torchvision v2's picture by picture.

Both change the same 64 pictures and hand back one batch of floats, on one thread; the processor's
time is counted. Policies are torchvision's own here too and are left out.
"""

import statistics
import time
from collections.abc import Callable

import torch
from torch import Tensor
from torchvision.transforms import v2

from benchmarks.pairs import in_turn, ratio, table
from cvexplore.plugins import Choice
from cvexplore.training.augmentations import AUGMENTATIONS, Pictures

BATCH, ROUNDS, CALLS = 64, 7, 5
SHAPES = ((1, 28), (3, 28), (3, 64))
BILINEAR = v2.InterpolationMode.BILINEAR


def peers(size: int) -> dict[str, tuple[Choice, Callable[[Tensor], Tensor]]]:
    """Return by name what is compared: ours, and torchvision's with the same distribution."""
    moved = v2.RandomAffine(10, (0.08, 0.08), (0.9, 1.1), interpolation=BILINEAR)
    return {
        "horizontal_flip": (Choice("horizontal_flip"), v2.RandomHorizontalFlip()),
        "rotate": (Choice("rotate"), v2.RandomRotation(15, interpolation=BILINEAR)),
        "crop": (Choice("crop"), v2.RandomCrop(size, 4)),
        "resized_crop": (
            Choice("resized_crop"),
            v2.RandomResizedCrop(size, (0.5, 1.0), (1 / 1.35, 1.35)),
        ),
        "affine": (Choice("affine"), moved),
        "brightness": (Choice("brightness"), v2.ColorJitter(brightness=0.2)),
        "contrast": (Choice("contrast"), v2.ColorJitter(contrast=0.2)),
        "colour": (Choice("colour"), v2.ColorJitter(saturation=0.3, hue=0.05)),
        "grayscale": (Choice("grayscale"), v2.RandomGrayscale(0.1)),
        "blur": (Choice("blur"), v2.GaussianBlur(7, (0.1, 1.0))),
        "noise": (Choice("noise"), v2.GaussianNoise(0.0, 0.05)),
        "random_erasing": (Choice("random_erasing"), v2.RandomErasing(0.5, value="random")),
    }


def main() -> None:
    torch.set_num_threads(1)
    for channels, size in SHAPES:
        images = torch.rand(BATCH, channels, size, size)
        rows = []
        for name, (choice, other) in peers(size).items():
            if channels == 1 and name in ("colour", "grayscale"):
                continue  # nothing to do on grey pictures
            taken = in_turn(jobs(images, choice, other), ROUNDS, time.process_time)
            speeds = [f"{BATCH * CALLS / statistics.median(taken[job]):,.0f}" for job in taken]
            rows.append([name, *speeds, f"{ratio(taken['torchvision'], taken['ours']):.1f}"])
        title = f"Pictures a second, {channels} × {size} × {size}, batches of {BATCH}"
        table(title, ["", "ours", "torchvision v2", "times"], rows)


def jobs(
    images: Tensor, choice: Choice, other: Callable[[Tensor], Tensor]
) -> dict[str, Callable[[], object]]:
    ours = AUGMENTATIONS.bind(choice)
    batch = Pictures(images, torch.zeros(len(images), dtype=torch.int64))
    random = torch.Generator().manual_seed(0)
    return {
        "ours": lambda: [ours(batch, random, 1.0) for _ in range(CALLS)],
        "torchvision": lambda: [torch.stack(list(map(other, images))) for _ in range(CALLS)],
    }


if __name__ == "__main__":
    main()
